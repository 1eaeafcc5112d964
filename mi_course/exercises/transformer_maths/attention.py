"""Queries and keys: where a head looks."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="on_itself",
        text="Averaged over story's 16 heads and all positions after [BOS], how many per cent of its attention does a "
        "position pay to itself? (Right if within 5.)",
        kind=float,
        low=0,
        high=100,
        unit="per cent",
        comes_true=lambda value, outcome: abs(value - outcome) <= 5,
    ),
]


def _by_torch(q: Tensor, k: Tensor) -> Tensor:
    """Torch gives the mixed values only; mixed with one-hot values, they are the pattern."""
    batch, pos, head, _ = q.shape
    one_hot = torch.eye(pos, dtype=q.dtype).expand(batch, head, pos, pos)
    return F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), one_hot, is_causal=True)


def _by_matmul(q: Tensor, k: Tensor) -> Tensor:
    scores = q.permute(0, 2, 1, 3) @ k.permute(0, 2, 3, 1) / q.size(-1) ** 0.5
    allowed = torch.tril(torch.ones_like(scores))
    return F.softmax(scores.masked_fill(allowed == 0, float("-inf")), dim=3)


def _by_loops(q: Tensor, k: Tensor) -> Tensor:
    batch, pos, head, d_head = q.shape
    pattern = torch.zeros(batch, head, pos, pos, dtype=q.dtype)
    for b in range(batch):
        for h in range(head):
            for dest in range(pos):
                scores = torch.stack([q[b, dest, h].dot(k[b, src, h]) for src in range(dest + 1)])
                pattern[b, h, dest, : dest + 1] = (scores * d_head**-0.5).softmax(0)
    return pattern


def _masked_afterwards_and_renormalised(q: Tensor, k: Tensor) -> Tensor:
    pattern = torch.einsum("bihe,bjhe->bhij", q * q.shape[-1] ** -0.25, k * q.shape[-1] ** -0.25).softmax(-1).tril()
    return pattern / pattern.sum(-1, keepdim=True)


def attention_variant(
    *, scale: str = "root d_head", axis: int = -1, mask: str = "before", product: str = "q by k"
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(q: Tensor, k: Tensor) -> Tensor:
        _, pos, head, d_head = q.shape
        by = {
            "root d_head": d_head**0.5,
            "none": 1.0,
            "d_head": float(d_head),
            "root d_model": (head * d_head) ** 0.5,
            "root pos": pos**0.5,
            "times": d_head**-0.5,
            "afterwards": 1.0,
        }[scale]
        scores = torch.einsum("bihe,bjhe->bhij", *((k, q) if product == "k by q" else (q, k))) / by
        future = torch.ones(pos, pos, dtype=torch.bool).triu(1)
        if mask == "before":
            scores = scores.masked_fill(future, -torch.inf)
        if mask == "zero":
            scores = scores.masked_fill(future, 0.0)
        if mask == "past":
            scores = scores.masked_fill(future.T, -torch.inf)
        if axis == 0:
            return scores  # no softmax at all
        pattern = scores.softmax(axis)
        if mask == "after":
            pattern = pattern.masked_fill(future, 0.0)
        return pattern / d_head**0.5 if scale == "afterwards" else pattern

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, dims: str) -> Case:
        q, k = (draw.normal(dims, mean=mean, sd=1.3) for mean in (0.3, -0.2))
        return Case(label, (q, k), axes=("batch", "head", "dest", "src"))

    return [
        case("a batch, all sizes different", "batch pos head d_head"),
        case("batch of 1, one head", "1 6 1 d_head"),
        case("two positions, many heads", "2 2 7 5"),
        case("one position: all attention stays there", "2 1 3 4"),
    ]


attention_pattern = Exercise(
    name="attention_pattern",
    chapter="transformer_maths",
    section="1.5",
    title="Where a head looks",
    core=True,
    difficulty=3,
    minutes=15,
    points=3,
    prerequisites=("causal_mask",),
    hints=(
        "Three steps: a score for every pair of destination and source, the mask, the softmax. Which axes does the "
        "score sum over, and which does it keep?",
        "The score of destination d and source s in head h is the sum over e of q[b, d, h, e] · k[b, s, h, e]; "
        "torch.einsum writes that down almost as it stands. Divide by the root of d_head before the mask.",
        'scores = torch.einsum("bdhe,bshe->bhds", q, k) / d_head ** 0.5; then causal_mask(scores).softmax(dim=-1): '
        "each row, one destination, sums to one.",
    ),
    reference=helper.attention_pattern,
    oracle=Oracle("torch.nn.functional.scaled_dot_product_attention on one-hot values", _by_torch),
    cases=_cases,
    variant=attention_variant,
    alternatives={
        "permute and matmul": _by_matmul,
        "loops over destinations": _by_loops,
        "masked afterwards, then divided by what is left": _masked_afterwards_and_renormalised,
    },
    misconceptions=(
        Misconception(
            "the scores are not scaled",
            "You do not divide by √d_head. The dot product of two random vectors grows with their length, so without "
            "it the softmax is sharper than the model was trained with, the more so the larger the heads.",
            switches={"scale": "none"},
        ),
        Misconception(
            "divided by d_head",
            "You divide by d_head, not by its root. A sum of d_head independent terms has a standard deviation of "
            "√d_head; dividing by d_head makes every pattern too flat.",
            switches={"scale": "d_head"},
        ),
        Misconception(
            "divided by the root of d_model",
            "You divide by the root of heads times d_head. What counts is how many terms the dot product of one head "
            "sums: d_head.",
            switches={"scale": "root d_model"},
        ),
        Misconception(
            "divided by the root of the number of positions",
            "You divide by the root of the number of positions, so the pattern would change with the length of the "
            "text. The dot product sums over d_head entries: divide by √d_head (q.shape[-1]).",
            switches={"scale": "root pos"},
        ),
        Misconception(
            "multiplied by the root of d_head",
            "You multiply by √d_head, which makes the pattern much sharper. The scores are divided by it.",
            switches={"scale": "times"},
        ),
        Misconception(
            "scaled after the softmax",
            "You divide the probabilities by √d_head, so a row no longer sums to one. The scores are divided, before "
            "the softmax.",
            switches={"scale": "afterwards"},
        ),
        Misconception(
            "softmax over the destinations",
            "Your columns sum to one: every source divides itself among those who look at it. It is the destination "
            "that divides its attention among the sources: softmax along the last axis.",
            switches={"axis": -2},
        ),
        Misconception(
            "softmax over the heads",
            "For each pair of positions your heads sum to one, as if they competed. Heads do not know of each other: "
            "the softmax runs over the sources, the last axis.",
            switches={"axis": 1},
        ),
        Misconception(
            "no softmax",
            "These are the masked scores. The pattern is their softmax over the sources, so that each row sums to one.",
            switches={"axis": 0},
        ),
        Misconception(
            "masked after the softmax",
            "You set the future to zero after the softmax, so rows sum to less than one: what the future had is lost, "
            "and the size of its scores still shows in the rest. Mask the scores, before the softmax.",
            switches={"mask": "after"},
        ),
        Misconception(
            "no mask",
            "Your positions look at what comes after them, also at the token they are to predict. Put the future at "
            "minus infinity before the softmax: causal_mask.",
            switches={"mask": "none"},
        ),
        Misconception(
            "a mask of zeros",
            "You set the future's scores to zero. That is an ordinary score, and gets its share of the softmax. Minus "
            "infinity gets none.",
            switches={"mask": "zero"},
        ),
        Misconception(
            "the past is masked",
            "You mask what came before and let positions look ahead. Rows are destinations, columns are sources.",
            switches={"mask": "past"},
        ),
        Misconception(
            "queries and keys exchanged",
            "Your rows belong to keys. The position that looks has the query, the position looked at has the key: "
            "queries along the rows (dest), keys along the columns (src).",
            switches={"product": "k by q"},
        ),
    ),
)

EXERCISES = [attention_pattern]
