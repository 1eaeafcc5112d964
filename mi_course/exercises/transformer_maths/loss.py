"""The loss for each token."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="as_many_words",
        text="story's mean loss is that of guessing among how many equally probable words? (There are 686 in all; "
        "right if within a factor of 1.5.)",
        kind=float,
        low=1,
        high=686,
        comes_true=lambda value, outcome: outcome / 1.5 <= value <= outcome * 1.5,
    ),
]


def _by_torch(logits: Tensor, tokens: Tensor) -> Tensor:
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")


def _by_loops(logits: Tensor, tokens: Tensor) -> Tensor:
    rows = []
    for row, ids in zip(logits, tokens.tolist(), strict=True):
        probabilities = row.double().softmax(-1)
        rows.append([-math.log(float(probabilities[i, ids[i + 1]])) for i in range(len(ids) - 1)])
    return torch.tensor(rows, dtype=logits.dtype)


def _by_logsumexp(logits: Tensor, tokens: Tensor) -> Tensor:
    ahead = torch.take_along_dim(logits[:, :-1], tokens[:, 1:, None], -1)[..., 0]
    return logits[:, :-1].logsumexp(-1) - ahead


def _by_one_hot(logits: Tensor, tokens: Tensor) -> Tensor:
    hot = F.one_hot(tokens[:, 1:], logits.shape[-1]).to(logits)
    return -torch.einsum("bpv,bpv->bp", logits.log_softmax(2)[:, :-1], hot)


def _by_indexing(logits: Tensor, tokens: Tensor) -> Tensor:
    batch, pos = tokens.shape
    rows, places = torch.arange(batch)[:, None], torch.arange(pos - 1)[None, :]
    return -logits.log_softmax(-1)[rows, places, tokens[:, 1:]]


def _variant(
    *, shift: str = "next", score: str = "nats", axis: int = -1, reduce: str = "none"
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(logits: Tensor, tokens: Tensor) -> Tensor:
        shifted = {
            "next": lambda: (logits[:, :-1], tokens[:, 1:]),
            "previous": lambda: (logits[:, 1:], tokens[:, :-1]),
            "none": lambda: (logits, tokens),
            "none, cut": lambda: (logits[:, 1:], tokens[:, 1:]),
            "round": lambda: (logits, tokens.roll(-1, 1)),
            "padded": lambda: (logits[:, :-1], tokens[:, 1:]),
        }
        ahead, right = shifted[shift]()
        log_probs = ahead.log_softmax(axis)
        picked = log_probs.gather(-1, right[..., None])[..., 0]
        loss = {
            "nats": lambda: -picked,
            "bits": lambda: -picked / math.log(2),
            "sign": lambda: picked,
            "probability": lambda: picked.exp(),
            "logit": lambda: -ahead.gather(-1, right[..., None])[..., 0],
            "best": lambda: -log_probs.amax(-1),
        }[score]()
        if shift == "padded":
            loss = F.pad(loss, (1, 0))
        return {"none": lambda: loss, "mean": lambda: loss.mean(), "rows": lambda: loss.mean(-1)}[reduce]()

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, batch: int, pos: int, d_vocab: int) -> Case:
        tokens = draw.integers(f"{batch} {pos}", high=d_vocab, low=1)
        tokens[:, 0] = 0  # [BOS]
        logits = draw.normal(f"{batch} {pos} {d_vocab}", mean=2.0, sd=2.0)
        return Case(label, (logits, tokens), axes=("batch", "pos"))

    return [
        case("batch of 3, seven positions", 3, 7, 11),
        case("batch of 1", 1, 5, 9),
        case("as many positions as tokens exist", 2, 6, 6),
        case("two positions", 4, 2, 5),
    ]


next_token_loss = Exercise(
    name="next_token_loss",
    chapter="transformer_maths",
    section="1.10",
    title="How surprised is the model?",
    core=False,
    difficulty=2,
    minutes=10,
    points=2,
    hints=(
        "Position i predicts token i + 1. Which position has nothing to be compared with, and which token is predicted "
        "by nobody?",
        "log_probs = logits.log_softmax(-1); leave out the last position of it and the first token. gather(-1, "
        "index) picks one entry along the last axis.",
        "-log_probs[:, :-1].gather(-1, tokens[:, 1:, None]).squeeze(-1), or "
        "F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction='none'), "
        "which wants the axis of the tokens in second place.",
    ),
    reference=helper.next_token_loss,
    oracle=Oracle("torch.nn.functional.cross_entropy", _by_torch),
    cases=_cases,
    variant=_variant,
    alternatives={
        "loops and math.log": _by_loops,
        "logsumexp minus the logit": _by_logsumexp,
        "one-hot vectors": _by_one_hot,
        "indexing with ranges": _by_indexing,
    },
    misconceptions=(
        Misconception(
            "shifted the wrong way",
            "You compare the logits of position i with token i − 1: how well the model tells what it has just read. "
            "Position i predicts what comes next: logits[:, :-1] belong to tokens[:, 1:].",
            switches={"shift": "previous"},
        ),
        Misconception(
            "not shifted",
            "You compare the logits of position i with token i, which the model can see. Position i predicts token "
            "i + 1: logits[:, :-1] belong to tokens[:, 1:].",
            switches={"shift": "none"},
        ),
        Misconception(
            "both cut at the start",
            "You left out the first position of both, so token i is still compared with the logits of position i. The "
            "logits lose their last position, the tokens their first.",
            switches={"shift": "none, cut"},
        ),
        Misconception(
            "[BOS] as the last token",
            "Your tokens are rolled round: at the last position the model is scored on [BOS], which never comes "
            "there. What follows the last token is not known: leave that position out.",
            switches={"shift": "round"},
        ),
        Misconception(
            "a loss for [BOS]",
            "You put a zero in front, as if [BOS] had been predicted without error. Nothing predicts it; a mean over "
            "your result is too low. There are pos − 1 predictions.",
            switches={"shift": "padded"},
        ),
        Misconception(
            "the sign",
            "These are log-probabilities, which are negative. The loss is minus them: the larger, the more surprised.",
            switches={"score": "sign"},
        ),
        Misconception(
            "bits",
            "Your logarithm has base 2, so your unit is the bit. Losses are given in nats here, as torch does: the "
            "natural logarithm.",
            switches={"score": "bits"},
        ),
        Misconception(
            "probabilities",
            "These are the probabilities of the right tokens. The loss is minus their logarithm.",
            switches={"score": "probability"},
        ),
        Misconception(
            "logits are no log-probabilities",
            "You take minus the logit of the right token. Logits become log-probabilities only by subtracting the "
            "logarithm of the sum of all their exponentials: log_softmax.",
            switches={"score": "logit"},
        ),
        Misconception(
            "the most probable token",
            "You score the token that the model holds most probable, whatever came. That says how sure it was, not "
            "whether it was right: score the token that follows in the text.",
            switches={"score": "best"},
        ),
        Misconception(
            "softmax over positions",
            "Your softmax runs over positions. At each position the probabilities of all tokens sum to one: the "
            "last axis.",
            switches={"axis": 1},
        ),
        Misconception(
            "one mean for everything",
            "You return one number. Asked for is the loss of each token, shape (batch, pos − 1): a mean hides which "
            "tokens are hard.",
            switches={"reduce": "mean"},
        ),
        Misconception(
            "a mean for each text",
            "You return one number for each text. Asked for is the loss of each token, shape (batch, pos − 1).",
            switches={"reduce": "rows"},
        ),
    ),
)

EXERCISES = [next_token_loss]
