"""Another attention row with the same output: what a row can and cannot say about the output of its head.

Jain & Wallace 2019, "Attention is not Explanation", look for attention far from the model's own that leaves the
prediction nearly as it was. Inside one head the question is linear algebra: z is a weighted mean of values, and asking
for another set of weights with the same mean is a linear program.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.optimize import linprog
from torch import Tensor

from mi_course.errors import CourseError

ALIKE = 1e-5
"""Values closer than this, as a share of the longest value, are one value: attention moved between them is not moved
to other information."""
LEAST_CHANGE = 0.01
"""Attention that has to leave the favourite for a row to count as another one."""


def favourite_sources(weights: Float[Tensor, " src"], values: Float[Tensor, "src d"]) -> Bool[Tensor, " src"]:
    """The source with the largest weight, and every source whose value is the same."""
    best = values[weights.argmax()]
    return (values - best).norm(dim=-1) <= ALIKE * values.norm(dim=-1).max()


def same_output_other_attention(
    weights: Float[Tensor, " src"], values: Float[Tensor, "src d"], dest: int
) -> Float[Tensor, " src"] | None:
    """The attention row with the same output that leaves least on what this row attends to most; None if none does.

    weights: what position `dest` pays to every source, the row of a pattern: sums to one, zero after `dest`.
    values: what each source has to offer; the output of the row is weights @ values.
    Of all rows that are not negative, sum to one, look at no source after `dest`, and have the same output, the one
    with the least attention on the favourite: the source with the largest weight together with all sources of the same
    value. None where that attention cannot fall by at least 0.01: then the output holds the row to its favourite.
    Where the values seen are affinely independent, the row is the only one with its output.

    After Jain & Wallace 2019, "Attention is not Explanation", who change the attention of a trained classifier, and
    Wiegreffe & Pinter 2019, "Attention is not not Explanation", who ask whether what is found that way is a model.
    Raises CourseError when the row is no row of a causal pattern, or there is not one value for each source.
    """
    _check(weights, values, dest)
    seen = dest + 1
    p = weights[:seen].double().numpy(force=True)
    offered = values[:seen].double().numpy(force=True)
    favourite = favourite_sources(weights[:seen], values[:seen]).numpy(force=True)
    scale = max(float(np.abs(offered).max()), 1e-30)
    conditions = np.vstack([offered.T / scale, np.ones(seen)])
    # Right-hand sides from the row itself, so that it satisfies them to the last digit.
    found = linprog(favourite.astype(float), A_eq=conditions, b_eq=conditions @ p, bounds=(0, None), method="highs")
    if found.x is None or p[favourite].sum() - found.x[favourite].sum() < LEAST_CHANGE:
        return None
    other = torch.zeros_like(weights)
    row = np.clip(found.x, 0, None)
    other[:seen] = torch.as_tensor(row / row.sum(), dtype=weights.dtype)
    return other


def _check(weights: Tensor, values: Tensor, dest: int) -> None:
    if weights.ndim != 1 or values.ndim != 2 or len(weights) != len(values):
        raise CourseError(
            "weights is one row of a pattern and values has one vector for each of its sources; these have shapes "
            f"{tuple(weights.shape)} and {tuple(values.shape)}."
        )
    if not 0 <= dest < len(weights):
        raise CourseError(f"dest is a position from 0 to {len(weights) - 1}, not {dest}.")
    if bool((weights < 0).any()) or abs(float(weights.sum()) - 1) > 1e-3 or bool((weights[dest + 1 :] != 0).any()):
        raise CourseError(
            f"weights has to be a row of a causal pattern: not negative, summing to one, zero after position {dest}."
        )


def freedom(weights: Float[Tensor, "row src"], values: Float[Tensor, "row src d"], dest: int) -> Float[Tensor, " row"]:
    """For each of many rows, the share of the favourite's attention that can leave with the output unchanged.

    0 where nothing can, 1 where all can. weights, values: as for `same_output_other_attention`, one row of each.
    """
    shares = []
    for row, offered in zip(weights, values, strict=True):
        other = same_output_other_attention(row, offered, dest)
        favourite = favourite_sources(row, offered)
        before = row[favourite].sum()
        shares.append(0.0 if other is None else float((before - other[favourite].sum()) / before))
    return torch.tensor(shares)
