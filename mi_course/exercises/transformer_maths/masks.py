"""The causal mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="changed_logits",
        text="In a text of ten tokens, the one at position 4 is replaced by another. At how many of the ten positions "
        "do story's logits change?",
        low=0,
        high=10,
    ),
]

_FORBIDDEN = (
    -1e4
)  # this and what lies below counts as minus infinity: its softmax is zero beside any score of the cases


def _observe(case: Case, masked: Any) -> Any:
    """A very negative number does the same as minus infinity, and is taken for it."""
    if isinstance(masked, Tensor) and masked.is_floating_point():
        return masked.masked_fill(masked <= _FORBIDDEN, -torch.inf)
    return masked


def _by_words(scores: Tensor) -> Tensor:
    """The definition, entry by entry, in numpy."""
    table = scores.numpy().copy()
    for index in np.ndindex(table.shape):
        if index[-1] > index[-2]:
            table[index] = -np.inf
    return torch.from_numpy(table)


def _by_adding(scores: Tensor) -> Tensor:
    n = scores.shape[-1]
    return scores + torch.full((n, n), float("-inf"), dtype=scores.dtype).triu(1)


def _by_where(scores: Tensor) -> Tensor:
    at = torch.arange(scores.shape[-1])
    return torch.where(at[None, :] <= at[:, None], scores, torch.finfo(scores.dtype).min)


def _by_rows(scores: Tensor) -> Tensor:
    out = scores.clone()
    for dest in range(scores.shape[-2]):
        out[..., dest, dest + 1 :] = -1e9
    return out


def _variant(*, forbidden: str = "future", fill: float = -torch.inf, end: str = "scores") -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(scores: Tensor) -> Tensor:
        n = scores.shape[-1]
        every = torch.ones(n, n, dtype=torch.bool)
        mask = {
            "future": every.triu(1),
            "future and self": every.triu(0),
            "future but the next": every.triu(2),
            "past": every.tril(-1),
            "past and self": every.tril(0),
        }[forbidden]
        masked = scores.masked_fill(mask, fill)
        return masked.softmax(-1) if end == "pattern" else masked

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, batch: int, head: int, pos: int) -> Case:
        scores = draw.normal(f"{batch} {head} {pos} {pos}", mean=-1.0, sd=3.0)
        if pos > 1:  # a score of exactly zero is a score like any other, in the past and in the future
            scores[..., 1, 0] = scores[..., 0, 1] = 0.0
        return Case(label, (scores,), axes=("batch", "head", "dest", "src"))

    return [
        case("batch of 2, three heads, five or six positions", 2, 3, draw.integer(5, 6)),
        case("one head, four positions", 1, 1, 4),
        case("two positions", 3, 2, 2),
        case("one position, which may look at itself", 2, 3, 1),
    ]


causal_mask = Exercise(
    name="causal_mask",
    chapter="transformer_maths",
    section="1.4",
    title="No looking ahead",
    core=True,
    difficulty=1,
    minutes=8,
    points=1,
    hints=(
        "Which cells of the table have a source that comes after the destination? Draw a table of three by three.",
        "torch.triu(ones, diagonal=1) keeps what is above the diagonal. Rows are destinations, columns are sources, so "
        "above the diagonal the source comes later.",
        "future = torch.ones(n, n, dtype=torch.bool).triu(1), with n the number of positions; return "
        "scores.masked_fill(future, -torch.inf).",
    ),
    reference=helper.causal_mask,
    oracle=Oracle("the definition, entry by entry, in numpy", _by_words),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    alternatives={
        "adding a table of zeros and minus infinities": _by_adding,
        "torch.where and the smallest float": _by_where,
        "row by row, with -1e9": _by_rows,
    },
    misconceptions=(
        Misconception(
            "a position cannot see itself",
            "You mask the diagonal as well, so a position may look at earlier ones but not at itself, and [BOS] at "
            "nothing at all: its softmax would be NaN. Mask only sources after the destination: triu(1).",
            switches={"forbidden": "future and self"},
        ),
        Misconception(
            "the past is masked",
            "You mask the sources before the destination and leave the future open: rows and columns are swapped. "
            "Rows are destinations (who looks), columns are sources (what is looked at).",
            switches={"forbidden": "past"},
        ),
        Misconception(
            "only the future is left",
            "You mask the past and the position itself, and leave exactly what should be masked. Where tril and triu "
            "say which cells to *keep*, masked_fill wants those to *fill*.",
            switches={"forbidden": "past and self"},
        ),
        Misconception(
            "the next token is visible",
            "Each position still sees the one right after it: the token that it is asked to predict. The mask begins "
            "at the first cell above the diagonal: triu(1).",
            switches={"forbidden": "future but the next"},
        ),
        Misconception(
            "zero in place of minus infinity",
            "You put zeros where the future is. A score of zero is an ordinary score: e⁰ = 1, and after the softmax "
            "the future has its share. Only minus infinity (or a very negative number) becomes zero there.",
            switches={"fill": 0.0},
        ),
        Misconception(
            "scores of zero taken for the future",
            "You fill wherever the triangle of the scores is zero, so a score that happens to be exactly zero is "
            "masked as well, although its source is in the past. Make the mask from positions, not from scores: "
            "torch.ones(n, n).tril() == 0.",
            lambda scores: scores.masked_fill(scores.tril() == 0, -torch.inf),
        ),
        Misconception(
            "a future of zero stays open",
            "You fill wherever the upper triangle of the scores is not zero, so a future score that happens to be "
            "exactly zero stays. Make the mask from positions, not from scores: torch.ones(n, n).triu(1) == 1.",
            lambda scores: scores.masked_fill(scores.triu(1) != 0, -torch.inf),
        ),
        Misconception(
            "infinity times zero",
            "You multiply minus infinity by a table of zeros and ones. Infinity times zero is NaN, so the scores that "
            "should stay are gone. Fill the future with minus infinity (masked_fill), or add a table that holds zeros "
            "elsewhere.",
            lambda scores: scores + torch.ones_like(scores).triu(1) * -torch.inf,
        ),
        Misconception(
            "the pattern already",
            "You have taken the softmax as well: these are probabilities. Asked for are the scores, with the future at "
            "minus infinity; the softmax follows in the next section.",
            switches={"end": "pattern"},
        ),
        Misconception(
            "the mask itself",
            "You return the mask, True where the future is. Asked for are the scores with the mask applied.",
            lambda scores: torch.ones_like(scores, dtype=torch.bool).triu(1),
        ),
        Misconception(
            "the mask itself, the other way round",
            "You return a mask, True where looking is allowed. Asked for are the scores, with minus infinity where it "
            "is not.",
            lambda scores: torch.ones_like(scores, dtype=torch.bool).tril(),
        ),
    ),
)

EXERCISES = [causal_mask]
