"""2.5: are later tokens easier?"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="late_minus_early",
        text="On rows of unconnected sentences, story's mean loss on tokens 80 to 94 minus that on tokens 20 to 34: "
        "how many nats? (Right if within 0.15.)",
        kind=float,
        low=-7,
        high=7,
        unit="nats",
        comes_true=lambda value, outcome: abs(value - outcome) <= 0.15,
    ),
]


def _by_words(loss: Tensor, early: range, late: range, lengths: Tensor) -> float:
    """Text by text: leave out those that end too early, and add up differences in Python's own floats."""
    differences = []
    for row, length in zip(loss.double().tolist(), lengths.tolist(), strict=True):
        if {*early, *late} <= set(range(length)):
            means = [math.fsum(row[token - 1] for token in window) / len(window) for window in (early, late)]
            differences.append(means[1] - means[0])
    return math.fsum(differences) / len(differences)


def _by_slices(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
    kept = loss[lengths >= late.stop]
    return kept[:, late.start - 1 : late.stop - 1].mean() - kept[:, early.start - 1 : early.stop - 1].mean()


def _by_weights(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
    token = torch.arange(1, loss.shape[1] + 1)
    weight = torch.zeros(loss.shape[1])
    weight[(token >= late.start) & (token < late.stop)] += 1 / len(late)
    weight[(token >= early.start) & (token < early.stop)] -= 1 / len(early)
    long_enough = (lengths > late[-1]).float()
    return (long_enough @ (loss.float() @ weight)) / long_enough.sum()


def _by_lined_up(loss: Tensor, early: range, late: range, lengths: Tensor) -> float:
    by_token = torch.cat([torch.zeros(len(loss), 1), loss], 1)  # entry i is now token i
    differences = [
        (row[list(late)].mean() - row[list(early)].mean()).item()
        for row, n in zip(by_token, lengths, strict=True)
        if n > max(late)
    ]
    return sum(differences) / len(differences)


def _by_numpy(loss: Tensor, early: range, late: range, lengths: Tensor) -> Any:
    kept = loss.detach().double().numpy()[lengths.numpy() > late.stop - 1]
    return kept[:, [t - 1 for t in late]].mean(1).mean() - kept[:, [t - 1 for t in early]].mean(1).mean()


def _variant(
    *,
    index: str = "token",
    texts: str = "both",
    combine: str = "late minus early",
    window: str = "whole",
    reduce: str = "mean",
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def score(loss: Tensor, early: range, late: range, lengths: Tensor) -> Any:
        back = {"token": 1, "entry": 0, "two": 2}[index]
        n = loss.shape[1]

        def entries(positions: range) -> list[int]:
            chosen = list(positions)
            if window == "first token":
                chosen = chosen[:1]
            if window == "last token":
                chosen = chosen[-1:]
            if window == "one more":
                chosen = [*chosen, chosen[-1] + 1]
            if window == "one less":
                chosen = chosen[:-1]
            return [min(max(token - back, 0), n - 1) for token in chosen]

        if texts == "tokens that are there":
            there = torch.arange(1, n + 1) < lengths[:, None]
            means = [
                (loss * there)[:, entries(part)].sum() / there[:, entries(part)].sum().clamp(min=1)
                for part in (early, late)
            ]
        else:
            reach = {
                "both": lambda part: lengths > late[-1],
                "each its own": lambda part: lengths > part[-1],
                "those that reach early": lambda part: lengths > early[-1],
                "those that reach the start of late": lambda part: lengths > late[0],
                "one too many": lambda part: lengths >= late[-1],
                "one too few": lambda part: lengths > late[-1] + 1,
                "all": lambda part: lengths > 0,
                "only the longest": lambda part: lengths == lengths.max(),
                "the first": lambda part: torch.arange(len(lengths)) == 0,
            }[texts]
            parts = [loss[reach(part)][:, entries(part)] for part in (early, late)]
            if reduce == "per text" and len(parts[0]) == len(parts[1]):
                means = [part.mean(1) for part in parts]
            elif reduce == "sum":
                means = [part.sum(1).mean() for part in parts]
            elif reduce == "median":
                means = [part.mean(1).median() for part in parts]
            elif reduce == "divided by all":
                means = [part.mean(1).sum() / len(loss) for part in parts]
            else:
                means = [part.mean() for part in parts]
        x, y = means
        return {
            "late minus early": lambda: y - x,
            "sign": lambda: x - y,
            "ratio": lambda: y / x,
            "perplexity": lambda: y.exp() - x.exp(),
            "late alone": lambda: y,
            "absolute": lambda: (y - x).abs(),
            "bits": lambda: (y - x) / math.log(2),
        }[combine]()

    return score


def _padding_as_zero(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
    loss = loss * (torch.arange(1, loss.shape[1] + 1) < lengths[:, None])
    return loss[:, late.start - 1 : late.stop - 1].mean() - loss[:, early.start - 1 : early.stop - 1].mean()


def _from_the_end(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
    differences = [
        row[max(n - 1 - len(late), 0) : n - 1].mean() - row[early.start - 1 : early.stop - 1].mean()
        for row, n in zip(loss, lengths.tolist(), strict=True)
    ]
    return torch.stack(differences).mean()


def _by_length(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
    kept, weight = loss[lengths > late[-1]], lengths[lengths > late[-1]].to(loss)
    late_mean, early_mean = (kept[:, [t - 1 for t in part]].mean(1) for part in (late, early))
    return ((late_mean - early_mean) * weight).sum() / weight.sum()


def _two_sets(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
    """The early mean over every row, the late one over the texts that are long enough."""
    late_mean = loss[lengths > late[-1]][:, [t - 1 for t in late]].mean()
    return late_mean - loss[:, [t - 1 for t in early]].mean()


def _one_token_each(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
    kept = loss[lengths > late[-1]]
    return (kept[:, late[-1] - 1] - kept[:, early[0] - 1]).mean()


def _made_of(
    late_part: Callable[..., Tensor], early_part: Callable[..., Tensor] | None = None
) -> Callable[..., Tensor]:
    """The right texts; a late and an early number made of their losses in another way."""

    def score(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
        kept = loss[lengths > late[-1]]
        return late_part(kept, early, late) - (early_part or _early_mean)(kept, early, late)

    return score


def _early_mean(kept: Tensor, early: range, late: range) -> Tensor:
    return kept[:, early.start - 1 : early.stop - 1].mean()


def _late_mean(kept: Tensor, early: range, late: range) -> Tensor:
    return kept[:, late.start - 1 : late.stop - 1].mean()


def _not_divided(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
    kept = loss[lengths > late[-1]]
    return (kept[:, [t - 1 for t in late]].mean(1) - kept[:, [t - 1 for t in early]].mean(1)).sum()


def _what_each_text_holds(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
    """Text by text the means over what is there of each window; texts that reach none of the late one are dropped."""
    differences = []
    for row, length in zip(loss, lengths.tolist(), strict=True):
        parts = [row[[t - 1 for t in window if t < length]].mean() for window in (late, early)]
        differences.append(parts[0] - parts[1])
    return torch.stack(differences).nanmean()


def _relative(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
    kept = loss[lengths > late[-1]]
    x = _early_mean(kept, early, late)
    return (_late_mean(kept, early, late) - x) / x


def _median_of_differences(loss: Tensor, early: range, late: range, lengths: Tensor) -> Tensor:
    kept = loss[lengths > late[-1]]
    by_text = kept[:, [t - 1 for t in late]].mean(1) - kept[:, [t - 1 for t in early]].mean(1)
    return by_text.median()


Row = list[float]


def _cases(draw: Draw) -> list[Case]:
    def case(
        label: str, lengths: list[int], early: range, late: range, fall: float, levels: tuple[Row, Row] | None = None
    ) -> Case:
        n = max(lengths) + draw.integer(0, 2)
        loss = draw.normal(f"{len(lengths)} {n - 1}").abs() + 3
        loss = loss + torch.linspace(0, fall, n - 1) + torch.tensor(lengths)[:, None] / 10  # long texts are harder
        if levels is not None:
            loss[:, :8] += torch.tensor(levels[0])[:, None]
            loss[:, 8:] += torch.tensor(levels[1])[:, None]
        token = torch.arange(1, n)
        padding = token >= torch.tensor(lengths)[:, None]
        loss = torch.where(padding, draw.normal(f"{len(lengths)} {n - 1}", mean=11.0, sd=3.0), loss)
        return Case(label, (loss, early, late, torch.tensor(lengths)))

    short, middle, long = 9, 14, 21
    return [
        # Early, late and in the difference another text is in the middle, and never the first.
        case(
            "four texts of one length",
            [18, 18, 18, 18],
            range(2, 6),
            range(11, 15),
            -2.0,
            ([6.0, 0.0, 2.0, 4.0], [0.0, 2.5, 5.0, 3.0]),
        ),
        case(
            "texts of different lengths; some end inside a window, one just before the last token of the late one",
            draw.sample([5, short, middle, long, long + 2, 17, 16], 7),
            range(3, 6),
            range(13, 17),
            -1.5,
        ),
        case(
            "later tokens are harder, windows of different size", [long, 15, long + 1], range(1, 3), range(9, 15), 2.5
        ),
        case("one text", [12], range(2, 4), range(6, 10), -1.0),
    ]


in_context_score = Exercise(
    name="in_context_score",
    chapter="induction_heads",
    section="2.5",
    title="Are later tokens easier?",
    core=False,
    difficulty=2,
    minutes=15,
    points=2,
    prerequisites=("repetition_gain",),
    hints=(
        "Two questions come before the means: which texts count, and in which column of `loss` is the loss of token t?",
        "Token t has its loss in column t − 1. A text of length n has the tokens 0 to n − 1, so it holds all of `late` "
        "when n is greater than late[-1].",
        "kept = loss[lengths > late[-1]]; then kept[:, [t - 1 for t in late]].mean() minus the same for early.",
    ),
    reference=helper.in_context_score,
    oracle=Oracle("text by text, with sets of positions and Python's own sums", _by_words),
    cases=_cases,
    variant=_variant,
    alternatives={
        "slices": _by_slices,
        "one vector of weights": _by_weights,
        "losses lined up with tokens, text by text": _by_lined_up,
        "numpy, means of means": _by_numpy,
        "in double precision": lambda loss, early, late, lengths: _by_slices(loss.double(), early, late, lengths),
    },
    misconceptions=(
        Misconception(
            "the sign",
            "You have early minus late (or the two windows exchanged). By this definition the score is late minus "
            "early: below zero where later tokens are easier.",
            switches={"combine": "sign"},
        ),
        Misconception(
            "columns for tokens",
            "You take column t of the losses for token t. Column t is the loss of token t + 1, since position t "
            "predicts it: token t has its loss in column t − 1.",
            switches={"index": "entry"},
        ),
        Misconception(
            "shifted twice",
            "You take column t − 2 for token t. Column i belongs to position i, which predicts token i + 1, so the "
            "loss of token t is in column t − 1.",
            switches={"index": "two"},
        ),
        Misconception(
            "padding counted as text",
            "You take all rows. Some texts end before the late window, and what stands there is padding: its losses "
            "mean nothing. A text counts only if it is longer than late[-1].",
            switches={"texts": "all"},
        ),
        Misconception(
            "other texts early than late",
            "Your early mean is over all texts that reach the early window, your late mean over those that reach the "
            "late one. If long texts are harder from the start, the difference is one between texts. Take both means "
            "over the texts that hold both windows.",
            switches={"texts": "each its own"},
        ),
        Misconception(
            "the early mean over all rows",
            "Your early mean is over all texts, your late mean over the long ones. If long texts are harder from the "
            "start, the difference is one between texts; and a row that ends early has padding in it. Choose the texts "
            "once, those longer than late[-1], and take both means over them.",
            _two_sets,
        ),
        Misconception(
            "one late token minus one early one",
            "You take the last late token and the first early one. One token is noisy: the mean goes over all tokens "
            "of each window.",
            _one_token_each,
        ),
        Misconception(
            "summed over texts",
            "You add the differences of the texts up. Asked for is their mean: divide by the number of texts that "
            "hold both windows.",
            _not_divided,
        ),
        Misconception(
            "what each text holds of a window",
            "You take what each text holds of a window, and leave out only texts that hold nothing of it. A text "
            "counts if it holds all tokens of both windows; the others do not count at all.",
            _what_each_text_holds,
        ),
        Misconception(
            "relative to the early loss",
            "You divide the difference by the early loss. Losses are logarithms, so a share of one has no meaning of "
            "its own: asked for is the difference itself, in nats.",
            _relative,
        ),
        Misconception(
            "the exponential of each loss",
            "You take the exponential of each loss before the mean, so that a few tokens held impossible decide. Asked "
            "for is the difference of mean losses, in nats.",
            _made_of(
                lambda kept, early, late: _late_mean(kept.exp(), early, late),
                lambda kept, early, late: _early_mean(kept.exp(), early, late),
            ),
        ),
        Misconception(
            "the last late token minus the early mean",
            "You take only the last token of the late window. One token is noisy: the mean goes over all of them.",
            _made_of(lambda kept, early, late: kept[:, late[-1] - 1].mean()),
        ),
        Misconception(
            "the whole text minus the early window",
            "You subtract the early mean from the mean over all columns, padding included. Asked for is the mean over "
            "the tokens of `late`.",
            _made_of(lambda kept, early, late: kept.mean()),
        ),
        Misconception(
            "everything after the early window",
            "Your late part begins where the early window ends and goes on to the last column, padding included. It "
            "is the tokens of `late`, and no others.",
            _made_of(lambda kept, early, late: kept[:, early.stop - 1 :].mean()),
        ),
        Misconception(
            "from the late window to the end",
            "Your late part begins with the late window and goes on to the last column, padding included. It ends with "
            "token late[-1].",
            _made_of(lambda kept, early, late: kept[:, late.start - 1 :].mean()),
        ),
        Misconception(
            "everything up to the early window",
            "Your early part begins with the first column. It begins with token early[0], whose loss is in column "
            "early[0] − 1.",
            _made_of(_late_mean, lambda kept, early, late: kept[:, : early.stop - 1].mean()),
        ),
        Misconception(
            "bits",
            "Your difference is divided by log 2, so it is in bits. Losses are in nats here, and so is their "
            "difference.",
            _variant(combine="bits"),
        ),
        Misconception(
            "the median of the differences",
            "You take the median over texts of late minus early. It hides the few texts on which a model does badly; "
            "the score is the mean.",
            _median_of_differences,
        ),
        Misconception(
            "every token that is there",
            "You average over all tokens that exist in each window. A text that ends early then counts in the early "
            "mean and hardly in the late one, so the two means are over different texts. Leave out every text that "
            "does not hold all of both windows.",
            switches={"texts": "tokens that are there"},
        ),
        Misconception(
            "texts that reach the early window only",
            "You keep the texts that reach the early window. Some of them end before the late one, so padding is in "
            "your late mean. Keep those that are longer than late[-1].",
            switches={"texts": "those that reach early"},
        ),
        Misconception(
            "texts that end inside the late window",
            "You keep texts that reach the first token of the late window. Some end inside it, and the rest is "
            "padding. A text has to hold the last token of the window, late[-1], as well.",
            switches={"texts": "those that reach the start of late"},
        ),
        Misconception(
            "one text too many",
            "You keep a text whose length equals late[-1]. A text of n tokens has positions 0 to n − 1, so its last "
            "late token is missing. Its length has to be greater than late[-1].",
            switches={"texts": "one too many"},
        ),
        Misconception(
            "one text too few",
            "You leave out a text that ends exactly with the last token of the late window. It holds the whole window: "
            "with n tokens the last position is n − 1, so lengths > late[-1] is enough.",
            switches={"texts": "one too few"},
        ),
        Misconception(
            "only the longest texts",
            "You keep only the longest texts. Every text counts that holds both windows, however it goes on.",
            switches={"texts": "only the longest"},
        ),
        Misconception(
            "divided by all texts",
            "You add up over the texts that are long enough and divide by the number of all texts. Divide by the "
            "number of those you added.",
            switches={"reduce": "divided by all"},
        ),
        Misconception(
            "one token of each window",
            "You look at the first token of each window only. One token is noisy, and may stand at a special place of "
            "its sentence; the mean goes over the whole window.",
            switches={"window": "first token"},
        ),
        Misconception(
            "the last token of each window",
            "You look at the last token of each window only. One token is noisy, and may stand at a special place of "
            "its sentence; the mean goes over all tokens of the window.",
            switches={"window": "last token"},
        ),
        Misconception(
            "padding as zero",
            "You set the losses of padding to zero and average over all rows. A loss of zero means certain and "
            "right, so texts that have ended look perfectly predicted. Leave out the texts that do not hold both "
            "windows.",
            _padding_as_zero,
        ),
        Misconception(
            "the end of each text",
            "Your late window is the end of each text, wherever that is. The windows are positions in the text, the "
            "same for all; texts that do not reach the late one do not count.",
            _from_the_end,
        ),
        Misconception(
            "long texts count more",
            "You weight texts by their length. Each text that holds both windows gives the same number of tokens to "
            "them, and counts once.",
            _by_length,
        ),
        Misconception(
            "only the first text",
            "You score the first text only. The mean goes over all texts that hold both windows.",
            switches={"texts": "the first"},
        ),
        Misconception(
            "one token more",
            "Your windows take in one token more than asked for. range(5, 15) ends with 14, as ranges in Python do.",
            switches={"window": "one more"},
        ),
        Misconception(
            "one token less",
            "Your windows lack their last token. range(5, 15) begins with 5 and ends with 14; all ten count.",
            switches={"window": "one less"},
        ),
        Misconception(
            "a ratio",
            "You divide one loss by the other. A difference of losses says by what factor probabilities have grown; "
            "their ratio does not.",
            switches={"combine": "ratio"},
        ),
        Misconception(
            "a difference of perplexities",
            "You take the exponential of the mean losses before you subtract. Asked for is the difference of the "
            "losses, in nats.",
            switches={"combine": "perplexity"},
        ),
        Misconception(
            "without a sign",
            "You take the absolute value, so that a model that gets worse along the text looks like one that gets "
            "better. Keep the sign: late minus early.",
            switches={"combine": "absolute"},
        ),
        Misconception(
            "only the late loss",
            "This is the loss on the late tokens alone. A model may be good everywhere, the early tokens included: "
            "subtract the loss on those.",
            switches={"combine": "late alone"},
        ),
        Misconception(
            "one number per text",
            "You give one difference for each text. Asked for is their mean, one number.",
            switches={"reduce": "per text"},
        ),
        Misconception(
            "sums instead of means",
            "You add the losses of a window up. Windows of different size then have different sums, even where nothing "
            "changes along the text. Take means.",
            switches={"reduce": "sum"},
        ),
        Misconception(
            "medians over texts",
            "You take the median over texts. It is defensible, but a median of differences and a difference of medians "
            "are not the same, and the score is defined with the mean.",
            switches={"reduce": "median"},
        ),
    ),
)

EXERCISES = [in_context_score]
