"""The step of training at which a curve jumps."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from statistics import median

from mi_course.errors import CourseError


def phase_change(
    steps: Sequence[float], values: Sequence[float], least: float = 0.1, share: float = 0.5
) -> float | None:
    """The step from which a curve stays beyond half of its way from start to end; None when it hardly moves.

    steps: rising, and as uneven as checkpoints are. values: the curve at them, a score or a loss, rising or falling.
    least: a curve whose start and end differ by less than this has no change.
    share: of the way, in place of half; from .1 to .9 is a measure of how sudden the change is.

    1. The curve is cleaned by `running_median`. A single outlier goes; a rise that never turns back stays where it
       was (its two ends apart), which a moving average would smear.
    2. Its start is the first value of the cleaned curve, its end the last, and half-way is the middle of the two.
    3. The change lies between the last checkpoint that is not beyond half-way and the one after it; between the two the
       curve is taken as straight.

    Raises CourseError for fewer than five checkpoints, steps that do not rise, NaN, lists of different length, and a
    share that is not between 0 and 1.
    """
    at, raw = [float(step) for step in steps], [float(value) for value in values]
    if len(at) != len(raw) or len(at) < 5:
        raise CourseError(
            f"phase_change needs five checkpoints or more and a value for each; there are {len(at)} steps and "
            f"{len(raw)} values."
        )
    if any(value != value for value in (*at, *raw)):
        raise CourseError("There is a NaN among the steps or the values; leave that checkpoint out.")
    if any(after <= before for before, after in itertools.pairwise(at)):
        raise CourseError("phase_change needs steps that rise from each checkpoint to the next; sort them first.")
    if not 0 < share < 1:
        raise CourseError(f"The share of the way lies between 0 and 1, both left out; it is {share}.")
    curve = running_median(raw)
    start, end = curve[0], curve[-1]
    if abs(end - start) < least or start == end:
        return None
    level = (1 - share) * start + share * end
    before = max(i for i, value in enumerate(curve) if (value - level) * (end - start) <= 0)
    part = (level - curve[before]) / (curve[before + 1] - curve[before])
    return at[before] + part * (at[before + 1] - at[before])


def running_median(values: Sequence[float]) -> list[float]:
    """Each value replaced by the median of itself and its two neighbours; the two ends take their neighbour's.

    (Tukey 1977, "Exploratory Data Analysis": running medians of three.) Raises CourseError for fewer than three values.
    """
    if len(values) < 3:
        raise CourseError(f"A running median of three needs three values or more; there are {len(values)}.")
    inner = [median(values[i - 1 : i + 2]) for i in range(1, len(values) - 1)]
    return [inner[0], *inner, inner[-1]]
