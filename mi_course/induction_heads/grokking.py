"""A rule found late: the waves a model adds with, and four losses that follow it through training.

What the waves and the losses are stands in `mi_course.zoo.fourier`, since the cards of modular-addition give the same
numbers. (Nanda et al. 2023, "Progress measures for grokking via mechanistic interpretability", section 5.1.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.worlds import ModularAddition
from mi_course.zoo import checkpoints, load_model
from mi_course.zoo.fourier import (
    excluded_loss,
    frequency_power,
    key_frequencies,
    restricted_loss,
    sum_losses,
    sum_waves,
)
from mi_course.zoo.modular_measures import sum_logits
from mi_course.zoo.recipes import recipe

__all__ = [
    "LossesInTraining",
    "excluded_loss",
    "follow_losses",
    "frequency_power",
    "key_frequencies",
    "restricted_loss",
    "sum_logits",
    "sum_losses",
    "sum_waves",
    "sums_of",
]


def sums_of(name: str, seed: int) -> ModularAddition:
    """All sums, and which of them a model of the zoo was trained on: each seed saw a share of its own."""
    chosen = recipe(name)
    if not hasattr(chosen, "data"):
        raise CourseError(f"{name} was not trained on a table of sums; modular-addition was.")
    return chosen.data(seed)


@dataclass(frozen=True)
class LossesInTraining:
    """Four losses of one model at some steps of its training, in nats, and two more numbers.

    steps: optimiser steps done. frequencies: those kept in `restricted` and removed in `excluded`.
    train, test: mean over the sums training sees, and over the others. restricted: over all. excluded: over the first.
    accuracy: share of the held-out sums that come right. weights: the sum of the squares of all weights.
    """

    steps: Int[Tensor, " step"]
    frequencies: tuple[int, ...]
    train: Float[Tensor, " step"]
    test: Float[Tensor, " step"]
    restricted: Float[Tensor, " step"]
    excluded: Float[Tensor, " step"]
    accuracy: Float[Tensor, " step"]
    weights: Float[Tensor, " step"]


def follow_losses(name: str, seed: int, frequencies: Iterable[int]) -> LossesInTraining:
    """The four losses at every checkpoint that the course ships of a training, and at its end.

    Raises CourseError for a seed without checkpoints.
    """
    steps = checkpoints(name, seed)
    if not steps:
        raise CourseError(f"{name} is shipped without checkpoints for seed {seed}, so there is nothing to follow.")
    data, chosen = sums_of(name, seed), tuple(frequencies)
    then = [load_model(name, seed=seed, checkpoint=step) for step in steps]
    rows = [_losses(model, data, chosen) for model in [*then, load_model(name, seed=seed)]]
    last = int(recipe(name).describe()["steps"])
    columns = torch.tensor(rows, dtype=torch.float64).T
    return LossesInTraining(torch.tensor([*steps, last]), chosen, *columns)


def _losses(model: Any, data: ModularAddition, frequencies: tuple[int, ...]) -> list[float]:
    logits, train = sum_logits(model, data), data.train.view(data.p, data.p)
    losses = sum_losses(logits)
    right = logits.argmax(-1) == data.answer.view(data.p, data.p)
    size = sum(float(weight.detach().pow(2).sum()) for weight in model.parameters())
    return [
        float(losses[train].mean()),
        float(losses[~train].mean()),
        float(restricted_loss(logits, frequencies)),
        float(excluded_loss(logits, frequencies, train)),
        float(right[~train].double().mean()),
        size,
    ]
