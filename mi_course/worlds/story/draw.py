"""Random choices, settled by a seed and the same on every machine and version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A source of choices. Built on `random.Random.random`, whose numbers Python promises to keep; `choice` and
    `sample` have changed before, so they are written out here."""

    __slots__ = ("number",)

    def __init__(self, seed: int, stream: int = 0) -> None:
        """seed: settles all. stream: another independent series of the same seed, such as a training step."""
        self.number = random.Random(f"{seed}/{stream}").random
        """The next number from 0 up to 1."""

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""
        return int(self.number() * n)

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.number() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.number() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, each as likely."""
        return options[int(self.number() * len(options))]

    def other(self, options: Sequence[T], *taken: T) -> T:
        """One of the options that is none of those taken."""
        while True:
            found = options[int(self.number() * len(options))]
            if found not in taken:
                return found

    def sample(self, options: Sequence[T], k: int) -> list[T]:
        """k different options in random order."""
        if k > len(options):
            raise ValueError(f"{k} of {len(options)} cannot all be different")
        chosen: list[int] = []
        while len(chosen) < k:
            index = int(self.number() * len(options))
            if index not in chosen:
                chosen.append(index)
        return [options[index] for index in chosen]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All options in random order."""
        return self.sample(options, len(options))
