"""One number for each of some things, with its interval, beside a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mi_course.claims import Interval
from mi_course.display.figure import Figure, canvas
from mi_course.display.inputs import Band, bounds, finite, strings
from mi_course.display.theme import BLUE, GREY
from mi_course.display.words import extremes, number
from mi_course.errors import CourseError


@dataclass(frozen=True)
class Bars:
    """A number a name.

    names: what is compared, in order. values: one number each. name: what the numbers are, with their unit.
    intervals: one each, or low, high: their ends; interval: what they are, "95 % interval (bootstrap over prompts)".
    baseline: the same number without what is claimed: one for all, or one each; baseline_name says without what.
    axis: what is compared, "head". title: of which model, on which data.
    Raises CourseError for values that do not fit the names, values outside their interval, NaN, intervals or a baseline
    that nothing is said about.
    """

    names: Sequence[str]
    values: Float[Tensor, " bar"]
    name: str
    low: Float[Tensor, " bar"] | None = None
    high: Float[Tensor, " bar"] | None = None
    interval: str = ""
    baseline: float | Float[Tensor, " bar"] | None = None
    baseline_name: str = ""
    axis: str = ""
    title: str = ""
    intervals: Sequence[Interval] | None = None

    def __post_init__(self) -> None:
        values = finite(self.values, "values", (len(strings(self.names, "names")),))
        if bounds(values, self, "values") and not self.interval:
            raise CourseError("values has intervals; say in `interval` what they are, with level and method.")
        if self.baseline is not None and not self.baseline_name:
            raise CourseError(
                "There is a baseline without a name; say in `baseline_name` what it was measured without."
            )
        _baseline(self, len(values))


def plot_bars(result: Bars, *, caption: str = "") -> Figure:
    """A bar for each number, black its interval; the baseline as hatched bars, or as a dashed line where one does."""
    names = list(result.names)
    values = finite(result.values, "values", (len(names),))
    band, baseline = bounds(values, result, "values"), _baseline(result, len(names))
    places = np.arange(len(names))
    each = baseline is not None and baseline.ndim == 1
    left = places - 0.2 if each else places
    longest = max(map(len, names))
    upright = longest > 8 and longest * len(names) > 90
    room = 0.7 if each else 0.5
    wide = room * len(names) if upright else max(room, 0.095 * longest) * len(names)
    with canvas(max(4.5, wide + 2.0), 3.2 + upright * 0.08 * longest) as (picture, axes):
        shown = [axes.bar(left, values, 0.4 if each else 0.65, color=BLUE, label=result.title or "measured")]
        if band:
            errors = [values - band[0], band[1] - values]
            axes.errorbar(left, values, yerr=errors, fmt="none", ecolor="black", capsize=3, linewidth=1)
        if baseline is not None and each:
            shown.append(axes.bar(places + 0.2, baseline, 0.4, color=GREY, hatch="//", label=result.baseline_name))
        elif baseline is not None:
            line = axes.axhline(float(baseline), color="black", linewidth=1, linestyle="--", label=result.baseline_name)
            shown.append(line)
        if (values < 0).any():
            axes.axhline(0, color="black", linewidth=0.8)
        axes.set_xticks(places, names, rotation=90 if upright else 0)
        axes.set_xlabel(result.axis)
        axes.set_ylabel(result.name)
        if baseline is not None:
            picture.legend(handles=shown, loc="outside upper left", ncols=2)
        else:
            axes.set_title(result.title)
        return Figure(
            picture, caption=caption or _caption(result, band, baseline), alt=_alt(result, values, band, baseline)
        )


def _baseline(result: Bars, n: int) -> np.ndarray | None:
    """One number (no axis) or one for each bar."""
    if result.baseline is None:
        return None
    if isinstance(result.baseline, int | float) or getattr(result.baseline, "ndim", 1) == 0:
        return finite([float(result.baseline)], "baseline", (1,))[0]
    return finite(result.baseline, "baseline", (n,))


def _caption(result: Bars, band: Band, baseline: np.ndarray | None) -> str:
    about = f", {result.title}" if result.title else ""
    by = f" by {result.axis}" if result.axis else ""
    black = f" Black: {result.interval}." if band else ""
    kind = "" if baseline is None else f" {'Hatched' if baseline.ndim else 'Dashed'}: {result.baseline_name}."
    return f"{result.name[0].upper() + result.name[1:]}{by}{about}.{black}{kind}"


def _alt(result: Bars, values: np.ndarray, band: Band, baseline: np.ndarray | None) -> str:
    text = f"Bar chart of {result.name}: {extremes(values, result.names)}."
    if band:
        text += f" The widest interval is {number(float((band[1] - band[0]).max()))} across."
    if baseline is None:
        return text
    if not baseline.ndim:
        return f"{text} {result.baseline_name}: {number(float(baseline))}."
    return f"{text} {result.baseline_name}: {extremes(baseline, result.names)}."
