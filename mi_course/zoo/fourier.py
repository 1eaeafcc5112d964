"""Waves round a circle of p numbers: which of them a table is made of, and what is left of logits without the others.

A *frequency* k is how many rounds a wave makes while the number goes once round the circle. On p numbers a wave of
p − k rounds is the same as one of k rounds, the sine with its sign turned, so for odd p the frequencies are 1 to
(p − 1)/2. At each there are a cosine and a sine, which together make every shift of the wave.

The losses are those of Nanda et al. 2023, "Progress measures for grokking via mechanistic interpretability", section
5.1. The waves kept or removed are cos and sin of w·(a + b), as in the code released with the paper; its text can also
be read to mean all four products of cos and sin of w·a and of w·b, which would keep waves of a − b too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.worlds import fourier_basis


def frequency_power(table: Float[Tensor, "number column"]) -> Float[Tensor, " frequency"]:
    """The power of each frequency in a table with a row for each number of the circle.

    table: row n belongs to the number n, so p rows, p odd; a row for `=` does not belong in it.
    Returns (p − 1)/2 numbers, entry k − 1 for frequency k: the squared length of what the table has along the cosine
    and the sine of k rounds, over all columns. The constant wave is left out.
    """
    _check_table(table)
    along = fourier_basis(len(table)).double() @ table.detach().double()
    return along[1:].pow(2).sum(1).unflatten(0, (-1, 2)).sum(1)


def key_frequencies(table: Float[Tensor, "number column"], threshold: float = 0.1) -> list[int]:
    """The frequencies that each have more than a given share of a table's power, in order.

    table: row n belongs to the number n, so p rows, p odd. threshold: a share, of the power of all frequencies.
    """
    power = frequency_power(table)
    total = power.sum()
    if not total > 0:
        raise CourseError("All rows of this table are alike: no frequency has any power, so none is key.")
    return (1 + (power / total > threshold).nonzero()[:, 0]).tolist()


def sum_waves(p: int, frequencies: Iterable[int]) -> Float[Tensor, "wave first second"]:
    """cos and sin of w·(a + b) for each frequency, each of length 1 over all p² pairs (a, b).

    w = 2πk/p for frequency k. Waves of different frequencies, and the two of one, are orthogonal.
    """
    angle = 2 * torch.pi / p * (torch.arange(p)[:, None] + torch.arange(p)).double()
    waves = [torch.stack([(k * angle).cos(), (k * angle).sin()]) for k in _check_frequencies(p, frequencies)]
    if not waves:
        return torch.zeros(0, p, p, dtype=torch.float64)
    return torch.cat(waves) * (2**0.5 / p)


def along_sum_waves(
    logits: Float[Tensor, "first second answer"], frequencies: Iterable[int]
) -> Float[Tensor, "first second answer"]:
    """The part of the logits that lies along cos and sin of w·(a + b), by answer, in double precision."""
    _check_logits(logits)
    waves, logits = sum_waves(len(logits), frequencies), logits.double()
    return torch.einsum("wab,wc->abc", waves, torch.einsum("wab,abc->wc", waves, logits))


def sum_losses(logits: Float[Tensor, "first second answer"]) -> Float[Tensor, "first second"]:
    """The loss of every sum, in nats: minus the log-probability of (a + b) mod p."""
    _check_logits(logits)
    number = torch.arange(len(logits))
    answer = (number[:, None] + number) % len(logits)
    return -logits.double().log_softmax(-1).gather(-1, answer[..., None])[..., 0]


def restricted_losses(
    logits: Float[Tensor, "first second answer"], frequencies: Iterable[int]
) -> Float[Tensor, "first second"]:
    """The loss of every sum when the logits keep only their mean over all pairs and the waves of these frequencies."""
    kept = along_sum_waves(logits, frequencies)
    return sum_losses(kept + logits.double().mean((0, 1)))


def excluded_losses(
    logits: Float[Tensor, "first second answer"], frequencies: Iterable[int]
) -> Float[Tensor, "first second"]:
    """The loss of every sum when the logits have lost the waves of these frequencies and keep all else."""
    return sum_losses(logits.double() - along_sum_waves(logits, frequencies))


def restricted_loss(logits: Float[Tensor, "first second answer"], frequencies: Iterable[int]) -> Float[Tensor, ""]:
    """Mean loss over all pairs, in nats, of logits that keep only the waves of a few frequencies.

    logits: logits[a, b, c] speaks for c as the answer to a + b; all p² pairs, p odd.
    frequencies: whole numbers from 1 to (p − 1)/2. The mean of each answer's logit over all pairs is kept.
    """
    return restricted_losses(logits, frequencies).mean()


def excluded_loss(
    logits: Float[Tensor, "first second answer"], frequencies: Iterable[int], train: Bool[Tensor, "first second"]
) -> Float[Tensor, ""]:
    """Mean loss over the trained pairs, in nats, of logits that have lost the waves of a few frequencies.

    logits: logits[a, b, c] speaks for c as the answer to a + b; all p² pairs, p odd.
    train: True for the pairs that training saw. What is removed is fitted on all pairs, held-out ones included.
    """
    losses = excluded_losses(logits, frequencies)
    if train.shape != losses.shape or train.dtype != torch.bool or not train.any():
        raise CourseError(
            f"train says of each of the {len(losses)} × {len(losses)} pairs whether training saw it, True for one at "
            f"least; this is {train.dtype} of shape {tuple(train.shape)}, with {int(train.sum())} true."
        )
    return losses[train].mean()


def _check_table(table: Any) -> None:
    if not isinstance(table, Tensor) or table.ndim != 2 or len(table) < 3 or len(table) % 2 == 0:
        shape = tuple(table.shape) if isinstance(table, Tensor) else type(table).__name__
        raise CourseError(
            f"The table has a row for each of p numbers, p odd, and columns; this is {shape}. "
            "Of an embedding leave out the row of `=`: model.W_E[:p]."
        )


def _check_logits(logits: Any) -> None:
    good = isinstance(logits, Tensor) and logits.ndim == 3 and len(set(logits.shape)) == 1 and len(logits) % 2 == 1
    if not good:
        shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise CourseError(
            f"Logits of sums have shape (p, p, p): first number, second number, answer, p odd; this is {shape}. "
            "Rows in the order of modular_addition unflatten to it: logits.unflatten(0, (p, p))."
        )


def _check_frequencies(p: int, frequencies: Iterable[int]) -> list[int]:
    chosen = [int(k) for k in frequencies]
    if len(set(chosen)) < len(chosen) or not all(1 <= k <= (p - 1) // 2 for k in chosen):
        raise CourseError(
            f"Frequencies on {p} numbers are different whole numbers from 1 to {(p - 1) // 2}, not {chosen}; "
            f"{p} − k rounds are k rounds."
        )
    return chosen
