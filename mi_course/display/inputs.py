"""What figures accept: numbers of the right shape, finite, at least one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from mi_course.errors import CourseError


def finite(values: Any, what: str, shape: Sequence[int | None]) -> np.ndarray:
    """The values as an array of float64.

    values: a tensor, an array or nested lists. what: what they are called in a message, "values".
    shape: the sizes they must have; None leaves a size open.
    Raises CourseError when they are no numbers, none at all, of another shape, or NaN or infinite somewhere.
    """
    try:
        array = np.asarray(values.detach().cpu() if isinstance(values, Tensor) else values, dtype=np.float64)
    except (TypeError, ValueError):
        raise CourseError(f"{what} has to be a table of numbers; give a tensor, an array or lists.") from None
    wanted = "(" + ", ".join("any" if size is None else str(size) for size in shape) + ("," * (len(shape) == 1)) + ")"
    fits = array.ndim == len(shape) and all(
        size in (None, found) for size, found in zip(shape, array.shape, strict=True)
    )
    if not fits:
        raise CourseError(
            f"{what} has shape {array.shape} where {wanted} is due; give one number for each name on the axes."
        )
    if array.size == 0:
        raise CourseError(f"{what} is empty, so there is nothing to draw; give at least one number.")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        place = ", ".join(map(str, bad[0]))
        raise CourseError(
            f"{what} holds {array[tuple(bad[0])]} at [{place}] ({len(bad)} such in all); "
            "leave these out or find where they come from before drawing."
        )
    return array


def strings(names: Any, what: str) -> list[str]:
    """The names as a list. Raises CourseError when there are none, or something is no string."""
    listed = [] if isinstance(names, str) else list(names)
    if isinstance(names, str) or not all(isinstance(name, str) for name in listed):
        raise CourseError(f"{what} has to be a list of strings, one for each position; turn numbers into text first.")
    if not listed:
        raise CourseError(f"{what} is empty, so there is nothing to draw; give at least one.")
    return listed


Band = tuple[np.ndarray, np.ndarray] | None
"""The low and the high ends of intervals, where there are any."""


def bounds(values: np.ndarray, result: Any, what: str) -> Band:
    """The two ends of the intervals of `values`, or None where there are none.

    result: what is drawn; it has `intervals`, or their ends as `low` and `high`.
    Raises CourseError when only one end is given, both forms are, shapes differ, or a value lies outside its interval.
    """
    low, high = result.low, result.high
    if result.intervals is not None:
        if low is not None or high is not None:
            raise CourseError(f"{what} has its intervals twice; give intervals, or low and high.")
        low, high = [each.low for each in result.intervals], [each.high for each in result.intervals]
    if low is None and high is None:
        return None
    if low is None or high is None:
        raise CourseError(f"{what} has only one end of its intervals; give both low and high, or neither.")
    below, above = finite(low, f"low of {what}", values.shape), finite(high, f"high of {what}", values.shape)
    if (below > values).any() or (above < values).any():
        raise CourseError(f"{what} has a value outside its interval; check that low and high are not swapped.")
    return below, above
