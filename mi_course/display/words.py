"""Numbers in words, for alternative text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def number(value: float) -> str:
    """A number as the alternative texts say it: two decimals, more digits where two would say 0."""
    if (value and abs(value) < 0.005) or abs(value) >= 1e5:
        return f"{value:.2g}"
    return f"{value:.2f}"


def strongest_attention(pattern: np.ndarray, tokens: Sequence[str], how_many: int = 3) -> str:
    """The largest attentions of one head, leaving out the first position, which can look at nothing but itself.

    pattern: shape (dest, src).
    """
    if len(tokens) == 1:
        return "The one position attends to itself."
    later = pattern[1:]
    order = np.argsort(-later, axis=None, kind="stable")[:how_many]
    said = []
    for dest, source in zip(*np.unravel_index(order, later.shape), strict=True):
        dest = dest + 1
        said.append(f"{tokens[dest]} ({dest}) to {tokens[source]} ({source}) {number(pattern[dest, source])}")
    return f"Largest attention: {'; '.join(said)}."


def extremes(values: np.ndarray, names: Sequence[str], how_many: int = 3) -> str:
    """The highest and the lowest of a list of named numbers, or all of them when they are few.

    values: one number a name.
    """
    if len(values) <= 8:
        return ", ".join(f"{name} {number(value)}" for name, value in zip(names, values, strict=True))
    order = np.argsort(-values, kind="stable")
    high = ", ".join(f"{names[i]} {number(values[i])}" for i in order[:how_many])
    low = ", ".join(f"{names[i]} {number(values[i])}" for i in order[::-1][:how_many])
    return f"highest {high}; lowest {low}; mean {number(values.mean())}"
