"""Sums modulo a prime: `a b =` and then a + b, taken round the circle. Small enough to hold every sum there is.

A model that is trained on a share of the sums first learns these by heart, and only much later the rule. (Power et al.
2022, "Grokking"; Nanda et al. 2023, "Progress measures for grokking via mechanistic interpretability".)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mi_course.errors import CourseError


@dataclass(frozen=True, eq=False)
class ModularAddition:
    """All p² sums, in the order (0, 0), (0, 1), …, with their labels.

    tokens: the two numbers and the sign of equality, whose id is p.
    first, second: the numbers. answer: their sum modulo p.
    train: True for the sums that training sees; the others are held out.
    p: the modulus.
    """

    tokens: Int[Tensor, "sum 3"]
    first: Int[Tensor, " sum"]
    second: Int[Tensor, " sum"]
    answer: Int[Tensor, " sum"]
    train: Bool[Tensor, " sum"]
    p: int

    @property
    def equals(self) -> int:
        """The token id of the sign of equality."""
        return self.p

    @property
    def d_vocab(self) -> int:
        """Token ids: the numbers and the sign."""
        return self.p + 1


def modular_addition(p: int = 53, train_share: float = 0.35, *, seed: int = 0) -> ModularAddition:
    """All sums modulo p, a random share of them for training.

    p: the modulus, at least 2.
    train_share: how much of the sums training sees, between 0 and 1.
    seed: settles which sums these are.
    Raises CourseError for a modulus, a share or a seed out of range.
    """
    if isinstance(p, bool) or not isinstance(p, int) or p < 2:
        raise CourseError(f"modular_addition needs p to be a whole number of at least 2, not {p!r}.")
    if not isinstance(train_share, float) or not 0 < train_share < 1:
        raise CourseError(f"modular_addition needs train_share to lie between 0 and 1, which {train_share!r} does not.")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise CourseError(f"seed must be a whole number of at least 0, not {seed!r}.")
    number = torch.arange(p)
    first, second = number.repeat_interleave(p), number.repeat(p)
    order = torch.randperm(p * p, generator=torch.Generator().manual_seed(seed))
    train = torch.zeros(p * p, dtype=torch.bool)
    train[order[: int(train_share * p * p)]] = True
    return ModularAddition(
        tokens=torch.stack([first, second, torch.full_like(first, p)], dim=1),
        first=first,
        second=second,
        answer=(first + second) % p,
        train=train,
        p=p,
    )


def corrupted_sums(data: ModularAddition, *, seed: int = 0) -> Int[Tensor, "sum 3"]:
    """For each sum another one that differs in the second number only, and so in its answer."""
    generator = torch.Generator().manual_seed(seed)
    shift = torch.randint(1, data.p, (data.p * data.p,), generator=generator)
    tokens = data.tokens.clone()
    tokens[:, 1] = (tokens[:, 1] + shift) % data.p
    return tokens


def fourier_basis(p: int) -> Float[Tensor, "wave p"]:
    """The waves on the circle of p numbers, each of length 1: the constant, then cosine and sine of 1, 2, … rounds.

    The rows are orthonormal. For odd p there are p of them; for even p the last wave, which only alternates, has no
    sine.
    """
    if isinstance(p, bool) or not isinstance(p, int) or p < 2:
        raise CourseError(f"fourier_basis needs p to be a whole number of at least 2, not {p!r}.")
    number = torch.arange(p, dtype=torch.float64)
    waves = [torch.ones(p, dtype=torch.float64)]
    for rounds in range(1, p // 2 + 1):
        angle = 2 * torch.pi * rounds * number / p
        waves.append(angle.cos())
        if 2 * rounds < p:
            waves.append(angle.sin())
    return torch.stack([wave / wave.norm() for wave in waves]).float()
