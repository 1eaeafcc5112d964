"""Random, seeded inputs for cases. One seed gives the same inputs on every machine and in every order of use."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


class Draw:
    """A source of seeded randomness for one round of cases.

    Sizes are named as in jaxtyping: `draw.normal("batch pos d_model")` draws a size for every name once, all of them
    different, so that a transposed or wrongly reduced axis cannot go unnoticed.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._random = random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self._sizes: dict[str, int] = {}

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return self._random.randint(low, high)

    def choice(self, options: Sequence[T]) -> T:
        """One of the options."""
        return self._random.choice(options)

    def sample(self, options: Sequence[T], k: int) -> list[T]:
        """k different options in random order."""
        return self._random.sample(list(options), k)

    def size(self, name: str, low: int = 2, high: int = 7) -> int:
        """The size that goes by this name in this draw: the same at every call, different from all other names'."""
        if name.isdigit():
            return int(name)
        if name not in self._sizes:
            free = [size for size in range(low, high + 1) if size not in self._sizes.values()]
            self._sizes[name] = self._random.choice(free) if free else max(self._sizes.values()) + 1
        return self._sizes[name]

    def shape(self, dims: str) -> tuple[int, ...]:
        """The shape that jaxtyping dimension names (or numbers) stand for: `"batch pos 3"`."""
        return tuple(self.size(name) for name in dims.split())

    def normal(self, dims: str, mean: float = 0.0, sd: float = 1.0, **kwargs: Any) -> Tensor:
        """Gaussian float tensor; give it a mean other than zero where centring matters."""
        return torch.randn(self.shape(dims), generator=self.generator, **kwargs) * sd + mean

    def integers(self, dims: str, high: int, low: int = 0) -> Tensor:
        """Whole numbers from low (included) to high (excluded) as int64."""
        return torch.randint(low, high, self.shape(dims), generator=self.generator)

    def pattern(self, dims: str, causal: bool = True, sharpness: float = 2.0) -> Tensor:
        """Attention probabilities: the last axis sums to one and, if causal, looks at no later position."""
        scores = self.normal(dims, sd=sharpness)
        if causal:
            dest, src = scores.shape[-2:]
            later = torch.ones(dest, src, dtype=torch.bool).triu(1)
            scores = scores.masked_fill(later, -torch.inf)
        return scores.softmax(-1)
