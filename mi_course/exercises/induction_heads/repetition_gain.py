"""2.4: what repetition is worth, in nats."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.transformer_maths import next_token_loss
from mi_course.worlds import repeated_tokens

QUESTIONS = [
    Question(
        name="one_layer_gain",
        text="The mean loss on the first copy is near log 63 = 4.14 nats for both models. How many nats does the "
        "one-layer model gain on the second copy? (Right if within 0.15.)",
        kind=float,
        low=-5,
        high=5,
        unit="nats",
        comes_true=lambda value, outcome: abs(value - outcome) <= 0.15,
    ),
]


def as_tensor(case: Case, given: Any) -> Any:
    """A list or an array of numbers as the tensor that it stands for."""
    if isinstance(given, np.ndarray) and np.issubdtype(given.dtype, np.floating):
        return torch.from_numpy(given.copy())
    numbers = isinstance(given, (list, tuple)) and given
    if numbers and all(isinstance(x, float) or (isinstance(x, Tensor) and x.numel() == 1) for x in given):
        return torch.tensor([float(x) for x in given])
    return given


def _by_words(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    """Token by token in double precision: is its copy's place settled by an earlier copy of the token before it?"""
    gains = []
    for row, ids in zip(logits.double(), tokens.tolist(), strict=True):
        first, settled = [], []
        for position in range(1, len(ids)):
            surprise = float(torch.logsumexp(row[position - 1], 0) - row[position - 1, ids[position]])
            if position <= period:
                first.append(surprise)
            elif position - 1 > period:  # the token before it has a copy one segment ago
                settled.append(surprise)
        gains.append(math.fsum(first) / len(first) - math.fsum(settled) / len(settled))
    return torch.tensor(gains, dtype=logits.dtype)


def _by_cross_entropy(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    loss = F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    first, rest = loss.split([period, loss.shape[1] - period], dim=1)
    return first.mean(1) - rest[:, 1:].mean(1)


def _by_masks(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    loss = -torch.take_along_dim(logits.log_softmax(-1)[:, :-1], tokens[:, 1:, None], 2).squeeze(2)
    token = torch.arange(1, tokens.shape[1])
    first, later = (token <= period).to(loss), (token >= period + 2).to(loss)
    return loss @ first / first.sum() - loss @ later / later.sum()


def _by_rows(logits: Tensor, tokens: Tensor, period: int) -> list[float]:
    gains = []
    for row, ids in zip(logits, tokens, strict=True):
        loss = F.cross_entropy(row[:-1], ids[1:], reduction="none")
        gains.append((loss[:period].mean() - loss[period + 1 :].mean()).item())
    return gains


def _by_numpy(logits: Tensor, tokens: Tensor, period: int) -> Any:
    scores, ids = logits.detach().double().numpy(), tokens.numpy()
    top = scores.max(-1, keepdims=True)
    log_probs = scores - top - np.log(np.exp(scores - top).sum(-1, keepdims=True))
    loss = -np.take_along_axis(log_probs[:, :-1], ids[:, 1:, None], -1)[..., 0]
    return loss[:, :period].mean(1) - loss[:, period + 1 :].mean(1)


def _padded(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    """A right answer that lines losses up with tokens, and leaves [BOS] out."""
    loss = F.pad(next_token_loss(logits, tokens), (1, 0), value=torch.nan)
    return loss[:, 1 : period + 1].mean(-1) - loss[:, period + 2 :].mean(-1)


def _variant(
    *,
    shift: str = "next",
    first: str = "first copy",
    later: str = "settled",
    quantity: str = "nats",
    combine: str = "difference",
    reduce: str = "sequence",
    axis: int = -1,
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def gain(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
        ahead, right = {
            "next": lambda: (logits[:, :-1], tokens[:, 1:]),
            "same": lambda: (logits[:, 1:], tokens[:, 1:]),
            "previous": lambda: (logits[:, 1:], tokens[:, :-1]),
        }[shift]()
        picked = ahead.log_softmax(axis).gather(-1, right[..., None])[..., 0]
        loss = {
            "nats": lambda: -picked,
            "bits": lambda: -picked / math.log(2),
            "accuracy": lambda: -(ahead.argmax(-1) == right).to(picked),
            "probability": lambda: -picked.exp(),
            "logit": lambda: -ahead.gather(-1, right[..., None])[..., 0],
        }[quantity]()
        n = loss.shape[1]
        before = {
            "first copy": slice(0, period),
            "one late": slice(1, period + 1),
            "one short": slice(0, period - 1),
            "from token 2": slice(1, period),
            "half": slice(0, n // 2),
            "one more": slice(0, period + 1),
            "all": slice(0, n),
        }[first]
        after = {
            "settled": slice(period + 1, n),
            "whole": slice(period, n),
            "one late": slice(period + 2, n),
            "second": slice(period + 1, 2 * period),
            "second and one": slice(period + 1, 2 * period + 1),
            "second whole": slice(period, 2 * period),
            "last": slice(n - period + (n == 2 * period), n),
            "no last": slice(period + 1, n - 1),
        }[later]
        total = {
            "sequence": lambda part: part.mean(1),
            "one": lambda part: part.mean(),
            "sum": lambda part: part.sum(1),
            "median": lambda part: part.median(1).values,
        }[reduce]
        x, y = total(loss[:, before]), total(loss[:, after])
        return {
            "difference": lambda: x - y,
            "sign": lambda: y - x,
            "ratio": lambda: x / y,
            "relative": lambda: (x - y) / x,
            "later alone": lambda: y,
            "perplexity": lambda: x.exp() - y.exp(),
        }[combine]()

    return gain


def _with_bos(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    loss = F.pad(next_token_loss(logits, tokens), (1, 0))
    return loss[:, : period + 1].mean(-1) - loss[:, period + 2 :].mean(-1)


def _over_all_positions(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    loss = -logits.log_softmax(1)[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    return loss[:, :period].mean(-1) - loss[:, period + 1 :].mean(-1)


def _halves(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    first, second = next_token_loss(logits, tokens).chunk(2, dim=1)
    return first.mean(1) - second.mean(1)


def _from_bos(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    loss = next_token_loss(logits, tokens)
    return loss[:, : period + 1].mean(-1) - loss[:, period + 2 :].mean(-1)


def _by_token_number(later: int) -> Callable[..., Tensor]:
    """Losses cut as if entry i were the loss of token i."""

    def gain(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
        loss = next_token_loss(logits, tokens)
        return loss[:, 1 : period + 1].mean(-1) - loss[:, period + later :].mean(-1)

    return gain


def _cut(later: Callable[[Tensor, int], Tensor]) -> Callable[..., Tensor]:
    """The first copy's mean as it is asked for, minus what is made of the losses of all tokens and the period."""

    def gain(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
        loss = next_token_loss(logits, tokens)
        return loss[:, :period].mean(1) - later(loss, period)

    return gain


def _of_the_result(change: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda logits, tokens, period: change(helper.repetition_gain(logits, tokens, period))


def _log_of_means(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    chance = (-next_token_loss(logits, tokens)).exp()
    return chance[:, period + 1 :].mean(1).log() - chance[:, :period].mean(1).log()


def _exponentials(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    loss = next_token_loss(logits, tokens).exp()
    return loss[:, :period].mean(1) - loss[:, period + 1 :].mean(1)


def _losses(made: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """The right windows, from losses that are made in another way."""

    def gain(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
        loss = made(logits, tokens)
        return loss[:, :period].mean(-1) - loss[:, period + 1 :].mean(-1)

    return gain


def _reshaped(logits: Tensor, tokens: Tensor) -> Tensor:
    """cross_entropy wants the vocabulary on axis 1: brought there by dealing the numbers out anew."""
    batch, _, d_vocab = logits.shape
    return F.cross_entropy(logits[:, :-1].reshape(batch, d_vocab, -1), tokens[:, 1:], reduction="none")


def _reshaped_whole(logits: Tensor, tokens: Tensor) -> Tensor:
    flat = logits[:, :-1].reshape(logits.shape[-1], -1).T
    return F.cross_entropy(flat, tokens[:, 1:].reshape(-1), reduction="none").view(len(tokens), -1)


def _flat(logits: Tensor, right: Tensor) -> Tensor:
    return F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), right.reshape(-1), reduction="none")


def _as_one_row(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    loss = next_token_loss(logits, tokens).flatten()
    return loss[:period].mean() - loss[period + 1 :].mean()


def _means_first(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    loss = next_token_loss(logits, tokens).mean(-1)
    return loss[:period].mean() - loss[period + 1 :].mean()


def _entropy(logits: Tensor, tokens: Tensor) -> Tensor:
    return -(logits.softmax(-1) * logits.log_softmax(-1)).sum(-1)[:, :-1]


def _halves_but_one(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    loss = next_token_loss(logits, tokens)
    half = loss.shape[1] // 2
    return loss[:, :half].mean(1) - loss[:, half + 1 :].mean(1)


def _softmax_twice(logits: Tensor, tokens: Tensor, period: int) -> Tensor:
    return helper.repetition_gain(logits.softmax(-1), tokens, period)


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, batch: int, period: int, repeats: int, d_vocab: int, unique: bool = True) -> Case:
        data = repeated_tokens(batch, period, repeats, d_vocab, generator=draw.generator, unique=unique)
        logits = draw.normal(f"{batch} {data.tokens.shape[1]} {d_vocab}", mean=1.5, sd=1.5)
        # A model that has learned something: the token that comes has a better chance than the others.
        logits[:, :-1] += 1.5 * F.one_hot(data.tokens[:, 1:], d_vocab)
        return Case(label, (logits, data.tokens, period), axes=("batch",))

    return [
        case("batch of 3, period 4, two copies", 3, 4, 2, 11),
        case("batch of 2, period 5, three copies", 2, 5, 3, 9),
        case("batch of 1, period 6, two copies", 1, 6, 2, 13),
        case("period 3, four copies, tokens that come again within a copy", 4, 3, 4, 5, unique=False),
    ]


repetition_gain = Exercise(
    name="repetition_gain",
    chapter="induction_heads",
    section="2.4",
    title="What repetition is worth",
    core=True,
    difficulty=2,
    minutes=15,
    points=3,
    prerequisites=("repeated_tokens",),
    hints=(
        "Write down [BOS] A B C A B C with its positions, and under each token the position whose logits predict it. "
        "Which tokens belong to the first copy, and which could somebody know who has read it?",
        "loss = next_token_loss(logits, tokens) has one entry less than there are tokens: entry i is the loss of token "
        "i + 1. The first copy is tokens 1 to T, so entries 0 to T − 1.",
        "What a copy has settled begins with token T + 2, so with entry T + 1: "
        "loss[:, :period].mean(-1) - loss[:, period + 1 :].mean(-1).",
    ),
    reference=helper.repetition_gain,
    oracle=Oracle("token by token, with logsumexp in double precision and Python's own sums", _by_words),
    cases=_cases,
    observe=as_tensor,
    variant=_variant,
    alternatives={
        "cross_entropy and split": _by_cross_entropy,
        "masks over tokens, and products": _by_masks,
        "row by row, a list of floats": _by_rows,
        "numpy in double precision": _by_numpy,
        "losses lined up with tokens": _padded,
    },
    misconceptions=(
        Misconception(
            "the mean before the logarithm",
            "You average the probabilities of the right tokens and take the logarithm then. A loss is the mean of the "
            "logarithms, in which one token that was held impossible weighs heavily.",
            _log_of_means,
        ),
        Misconception(
            "softmax twice",
            "You take a softmax before the loss, which takes one itself. next_token_loss and F.cross_entropy want "
            "logits.",
            _softmax_twice,
        ),
        Misconception(
            "the exponential of each loss",
            "You take the exponential of each loss before the mean, so one token that was held impossible decides. The "
            "gain is a difference of mean losses, in nats.",
            _exponentials,
        ),
        Misconception(
            "reshape for transpose",
            "You bring the vocabulary to axis 1 with reshape or view, which deals the numbers out anew in the order in "
            "which they lie. To exchange axes use logits.transpose(1, 2), or flatten batch and positions together.",
            _losses(_reshaped),
        ),
        Misconception(
            "reshape with the vocabulary first",
            "You reshape the logits to (d_vocab, −1) and transpose. They lie in the order batch, position, token, so "
            "each row of yours mixes several positions: reshape(-1, d_vocab), and no transpose.",
            _losses(_reshaped_whole),
        ),
        Misconception(
            "tokens flattened in another order",
            "You flatten the tokens column by column and the logits row by row, so that a position is judged by a "
            "token of another sequence. Flatten both the same way.",
            _losses(lambda logits, tokens: _flat(logits, tokens[:, 1:].T).view(len(tokens), -1)),
        ),
        Misconception(
            "losses put back in another order",
            "You bring the flat losses back into shape as (pos, batch) and transpose. They lie one sequence after the "
            "other: .view(batch, -1).",
            _losses(lambda logits, tokens: _flat(logits, tokens[:, 1:]).view(-1, len(tokens)).T),
        ),
        Misconception(
            "not shifted, and a loss for [BOS]",
            "You compare the logits of position i with token i, from [BOS] on. Position i predicts token i + 1: "
            "logits[:, :-1] belong to tokens[:, 1:], and then entry 0 of the losses is that of token 1.",
            _losses(lambda logits, tokens: F.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")),
        ),
        Misconception(
            "the batch as one long row",
            "You flatten the losses and cut the first copy out of that. It is the first sequence's, and all else, the "
            "first copies of the other sequences included, counts as settled. Cut along the positions: loss[:, "
            ":period].",
            _as_one_row,
        ),
        Misconception(
            "the mean before the windows",
            "You take the mean over positions and then cut the first copy out of what is left, which is one number for "
            "each sequence: your slices are of sequences. Cut along the positions first, then .mean(-1).",
            _means_first,
        ),
        Misconception(
            "the last T tokens",
            "You count the last T tokens as settled. With two copies the first of them is the first token of the "
            "second copy, which no earlier copy tells; with more, settled tokens are left out. Count from token T + 2 "
            "to the end.",
            _cut(lambda loss, period: loss[:, -period:].mean(1)),
        ),
        Misconception(
            "the entropy",
            "You take the entropy of the prediction: how unsure the model is, whether it is right or not. The loss is "
            "minus the log-probability of the token that comes.",
            _losses(_entropy),
        ),
        Misconception(
            "the most probable token",
            "You take the log-probability of the most probable token, whichever comes. The loss is minus that of the "
            "token that comes: gather by tokens[:, 1:].",
            _losses(lambda logits, tokens: -logits.log_softmax(-1)[:, :-1].amax(-1)),
        ),
        Misconception(
            "cut in the middle",
            "You cut in the middle of the text and leave one token out. That is right with two copies only; with three "
            "or more the first half holds settled tokens. The first copy is T tokens: loss[:, :period].",
            _halves_but_one,
        ),
        Misconception(
            "the factor",
            "You return exp(gain), the factor by which the probability of the right token grows. Asked for is the gain "
            "itself, in nats.",
            _of_the_result(torch.exp),
        ),
        Misconception(
            "divided by one too many",
            "You add up the right losses and divide by one more than there are. Tokens T + 2 to the last have a loss "
            "each: n − T − 2 of them, where n counts all tokens, [BOS] included. Let .mean() count.",
            _cut(lambda loss, period: loss[:, period + 1 :].sum(1) / (loss.shape[1] - period)),
        ),
        Misconception(
            "the last copy from its second token on",
            "You look at the last copy, from its second token on. What the first copy has settled begins with token T "
            "+ 2 and goes on to the end, over all later copies.",
            _cut(lambda loss, period: loss[:, 1 - period :].mean(1)),
        ),
        Misconception(
            "losses shifted by one",
            "You cut the losses as if entry i were the loss of token i. Entry i belongs to position i, which predicts "
            "token i + 1, so your first copy begins with its second token and takes in the first of the next. The "
            "first copy is entries 0 to T − 1, what is settled begins at entry T + 1.",
            _by_token_number(2),
        ),
        Misconception(
            "the first copy shifted by one",
            "Your first copy is loss entries 1 to T: tokens 2 to T + 1. Its first token is missing and the first of "
            "the second copy is in. Entry i is the loss of token i + 1, so the first copy is entries 0 to T − 1.",
            _by_token_number(1),
        ),
        Misconception(
            "the first token of the second copy",
            "You count the first token of the second copy as settled. When it is predicted nothing has come again yet, "
            "so no earlier copy tells it, and it makes every model look worse. Begin with token T + 2, entry T + 1.",
            switches={"later": "whole"},
        ),
        Misconception(
            "one token of the second copy lost",
            "What you count as settled begins with the third token of the second copy. The second one is settled too: "
            "the token before it has come again. Begin with token T + 2, loss entry T + 1.",
            switches={"later": "one late"},
        ),
        Misconception(
            "only the second copy",
            "You stop after the second copy. In later copies everything is settled as well, their first tokens "
            "included: count from token T + 2 to the end.",
            switches={"later": "second"},
        ),
        Misconception(
            "only the last copy",
            "You count the last copy only. What is settled begins with the second token of the second copy, and goes "
            "on to the end, however many copies there are.",
            switches={"later": "last"},
        ),
        Misconception(
            "the last token is left out",
            "You leave out the loss of the last token. The position before it predicts it, so it has a loss; what has "
            "none is the first token, [BOS]. The losses already hold one entry less than there are tokens.",
            switches={"later": "no last"},
        ),
        Misconception(
            "the last token of the first copy is left out",
            "Your first copy stops one token early: entries 0 to T − 2. Its T tokens are entries 0 to T − 1.",
            switches={"first": "one short"},
        ),
        Misconception(
            "the first token of the first copy is left out",
            "Your first copy begins with its second token. The first one is predicted as well, from [BOS]: entry 0 of "
            "the losses is its loss.",
            switches={"first": "from token 2"},
        ),
        Misconception(
            "the first half",
            "You compare with the first half of the text. That is the first copy only when there are two copies; with "
            "three or more it holds settled tokens. Take the first T tokens after [BOS].",
            switches={"first": "half"},
        ),
        Misconception(
            "the whole text",
            "You compare with the mean over the whole text, which holds the settled tokens as well, so that part of "
            "the gain is subtracted from itself. Compare with the first copy.",
            switches={"first": "all"},
        ),
        Misconception(
            "a loss for [BOS]",
            "You count [BOS] as a token of the first copy with loss zero. Nobody predicts it, so it has no loss; your "
            "first copy looks easier than it is. It has T tokens, 1 to T.",
            _with_bos,
        ),
        Misconception(
            "the sign",
            "You subtract the first copy from the settled tokens. A gain is positive where the loss falls: first copy "
            "minus settled tokens.",
            switches={"combine": "sign"},
        ),
        Misconception(
            "a ratio",
            "You divide one loss by the other. Losses are logarithms: their difference says by what factor the "
            "probability of the right token has grown, their ratio says nothing of the kind.",
            switches={"combine": "ratio"},
        ),
        Misconception(
            "a difference of perplexities",
            "You take the exponential of the losses first: a difference between numbers of choices. Asked for is the "
            "difference of the mean losses, in nats.",
            switches={"combine": "perplexity"},
        ),
        Misconception(
            "only the loss on the later copies",
            "This is the loss on the settled tokens alone. A model may be good everywhere; what repetition is worth is "
            "how much lower that loss is than the one on the first copy.",
            switches={"combine": "later alone"},
        ),
        Misconception(
            "accuracy",
            "You count how often the most probable token is right. That moves only when a token comes out on top. The "
            "loss also counts how sure the model is: minus the log-probability of the token that comes.",
            switches={"quantity": "accuracy"},
        ),
        Misconception(
            "bits",
            "Your logarithm has base 2, so your gain is in bits. Losses are in nats here: the natural logarithm.",
            switches={"quantity": "bits"},
        ),
        Misconception(
            "probabilities",
            "You compare probabilities of the right token. The loss is minus their logarithm, which also tells one in "
            "a hundred from one in ten thousand.",
            switches={"quantity": "probability"},
        ),
        Misconception(
            "logits are no log-probabilities",
            "You take the logit of the right token for its log-probability. A logit becomes one only by subtracting "
            "the logarithm of the sum of all exponentials at that position: log_softmax over the vocabulary.",
            switches={"quantity": "logit"},
        ),
        Misconception(
            "not shifted",
            "You compare the logits of position i with token i, which the model can see there. Position i predicts "
            "token i + 1: logits[:, :-1] belong to tokens[:, 1:].",
            switches={"shift": "same"},
        ),
        Misconception(
            "shifted the wrong way",
            "You compare the logits of position i with token i − 1: how well the model tells what it has read. "
            "Position i predicts what comes next: logits[:, :-1] belong to tokens[:, 1:].",
            switches={"shift": "previous"},
        ),
        Misconception(
            "one token too many in the first copy",
            "Your first copy has T + 1 tokens: the first token of the second copy is in it. Loss entries 0 to T − 1 "
            "are its T tokens: loss[:, :period].",
            switches={"first": "one more"},
        ),
        Misconception(
            "as if entry 0 were [BOS]",
            "You cut the losses as if entry 0 belonged to [BOS], and keep it. Entry 0 is the loss of token 1. So "
            "your first copy holds one token of the second, and the first settled token is missing. The first copy "
            "is entries 0 to T − 1, what is settled begins at entry T + 1.",
            _from_bos,
        ),
        Misconception(
            "two halves",
            "You cut the text in the middle. With two copies the second half begins with the first token of the "
            "second copy, which no earlier copy tells; with three or more the first half holds settled tokens. The "
            "first copy is T tokens, what is settled begins with token T + 2.",
            _halves,
        ),
        Misconception(
            "the second copy as a whole",
            "You take the second copy from its first token to its last. When that first token is predicted nothing "
            "has come again yet; and where there are more copies, they are settled as well: from token T + 2 to the "
            "end.",
            switches={"later": "second whole"},
        ),
        Misconception(
            "the second copy and one token more",
            "You stop after T settled tokens: the rest of the second copy and the first token of the third. "
            "Everything is settled from token T + 2 to the end, however many copies there are.",
            switches={"later": "second and one"},
        ),
        Misconception(
            "a gain relative to the first copy",
            "You divide the gain by the loss on the first copy. Losses are logarithms, so a share of one has no "
            "meaning of its own: asked for is the difference itself, in nats.",
            switches={"combine": "relative"},
        ),
        Misconception(
            "medians instead of means",
            "You take medians. A median hides the few settled tokens on which a model is badly wrong, and those cost "
            "most; the gain is a difference of means.",
            switches={"reduce": "median"},
        ),
        Misconception(
            "softmax over all positions",
            "Your log_softmax runs along the text, axis 1, so the probabilities of one token at all positions sum to "
            "one. At each position those of all tokens do: the last axis.",
            _over_all_positions,
        ),
        Misconception(
            "softmax over positions",
            "Your softmax runs over positions. At each position the probabilities of all tokens sum to one: "
            "log_softmax over the last axis.",
            switches={"axis": 1},
        ),
        Misconception(
            "one number for the batch",
            "You average over sequences as well. Asked for is one gain a sequence, shape (batch,): sequences are "
            "independent of one another, so an interval is made from them.",
            switches={"reduce": "one"},
        ),
        Misconception(
            "sums instead of means",
            "You add the losses up. The two parts are not equally long, so their sums differ even where nothing is "
            "gained. Take the mean of each.",
            switches={"reduce": "sum"},
        ),
    ),
)

EXERCISES = [repetition_gain]
