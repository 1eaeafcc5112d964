"""The same head in another model: heads matched by what they do, and what a match is worth."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any, TypedDict

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mi_course.claims import Interval
from mi_course.errors import CourseError
from mi_course.induction_heads.patterns import attention_patterns


class HeadMatch(TypedDict):
    """partner: for each head of the first model its head of the second. similarity: mean correlation of the pairs.
    p: share of shuffles that match as well or better, this one counted in."""

    partner: list[int]
    similarity: float
    p: float


def head_signatures(
    model: Any, tokens: Int[Tensor, "batch pos"], beyond_even: bool = False
) -> Float[Tensor, "head feature"]:
    """Where each head looks, on average over these texts: one row a head, layer by layer, one column a cell.

    Only cells with the source at or before the destination are in it.
    beyond_even: take from each cell what a head that looks everywhere alike has there, 1 over the number of sources.
    """
    patterns = attention_patterns(model, tokens).mean(2).flatten(0, 1)
    n = patterns.shape[-1]
    if beyond_even:
        patterns = patterns - torch.ones(n, n).tril() / torch.arange(1, n + 1)[:, None]
    dest, src = torch.tril_indices(n, n)
    return patterns[:, dest, src]


def signature_correlations(
    one: Float[Tensor, "head_one feature"], two: Float[Tensor, "head_two feature"]
) -> Float[Tensor, "head_one head_two"]:
    """Pearson correlation of every signature of one model with every signature of the other."""
    one, two = ((each - each.mean(-1, keepdim=True)).double() for each in (one, two))
    norms = one.norm(dim=-1)[:, None] * two.norm(dim=-1)
    return (one @ two.T) / norms.clamp(min=1e-300)


def match_heads_across_seeds(
    one: Float[Tensor, "head feature"],
    two: Float[Tensor, "head feature"],
    shuffles: Int[Tensor, "shuffle feature"],
) -> HeadMatch:
    """Pair the heads of two models so that the pairs are as alike as can be, and ask how alike chance makes them.

    one, two: a signature for each head, such as `head_signatures` gives; features in the same order.
    shuffles: orders of the features. For each, all signatures of `two` are put into that order and the heads are
        matched anew.
    Every head has one partner and every partner one head (the assignment of Kuhn 1955, "The Hungarian method for the
    assignment problem"). p is (1 + number of shuffles that reach the similarity) / (1 + number of shuffles).
    Raises CourseError when the two tables differ in shape, or shuffles are not orders of the features.
    """
    if one.shape != two.shape or one.ndim != 2:
        raise CourseError(
            f"Both models have as many heads and features, not {tuple(one.shape)} and {tuple(two.shape)}."
        )
    if shuffles.shape[1:] != one.shape[1:]:
        raise CourseError(f"Each shuffle orders all {one.shape[1]} features; these have shape {tuple(shuffles.shape)}.")
    partner, similarity = _match(signature_correlations(one, two))
    chance = [_match(signature_correlations(one, two[:, order]))[1] for order in shuffles]
    reached = sum(each >= similarity for each in chance)
    return {"partner": partner, "similarity": similarity, "p": (1 + reached) / (1 + len(chance))}


def _match(correlations: Tensor) -> tuple[list[int], float]:
    table = correlations.numpy(force=True)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return columns.tolist(), float(table[rows, columns].mean())


def over_pairs(count: int, measure: Callable[[int, int], float]) -> dict[tuple[int, int], float]:
    """A measure of every two of so many models."""
    return {pair: measure(*pair) for pair in combinations(range(count), 2)}


def interval_over_models(
    values: dict[tuple[int, int], float], *, level: float = 0.95, seed: int = 0, resamples: int = 2000
) -> Interval:
    """A bootstrap interval for the mean over pairs of models: models are drawn, not pairs.

    Two pairs that share a model are not independent. Pairs of a model with itself are left out of a resample. With
    five models it is too narrow: it cannot know models unlike these five.
    """
    names = sorted({name for pair in values for name in pair})
    if len(names) < 3:
        raise CourseError("An interval over models needs at least three models.")
    table = np.full((len(names), len(names)), np.nan)
    for (a, b), value in values.items():
        i, j = names.index(a), names.index(b)
        table[i, j] = table[j, i] = value
    generator = np.random.default_rng(seed)
    means = []
    while len(means) < resamples:
        drawn = generator.integers(len(names), size=len(names))
        if len({*drawn.tolist()}) > 1:
            means.append(float(np.nanmean(table[np.ix_(drawn, drawn)][np.triu_indices(len(names), 1)])))
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    estimate = float(np.mean([*values.values()]))
    method = f"bootstrap over {len(names)} models, percentile, {resamples} resamples"
    return Interval(min(float(low), estimate), max(float(high), estimate), level, method)
