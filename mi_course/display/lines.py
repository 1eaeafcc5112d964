"""Numbers that change along an axis, such as training steps, each with the band of its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from torch import Tensor

from mi_course.claims import Interval
from mi_course.display.figure import Figure, canvas
from mi_course.display.inputs import bounds, finite, strings
from mi_course.display.theme import SERIES
from mi_course.display.words import number
from mi_course.errors import CourseError


@dataclass(frozen=True)
class Line:
    """One line: its name, a value for each point of the axis, and its intervals or their ends if there are any."""

    name: str
    values: Float[Tensor, " x"]
    low: Float[Tensor, " x"] | None = None
    high: Float[Tensor, " x"] | None = None
    intervals: Sequence[Interval] | None = None


@dataclass(frozen=True)
class Lines:
    """Lines over one axis.

    x: the points of the axis, rising. lines: up to seven. x_name, y_name: what the axes are, with units.
    title: of which model, on which data. interval: what the bands are, "95 % interval (bootstrap over sequences)".
    baseline: a height that the lines are compared with, and what it is: (0.5, "chance").
    log_x: a logarithmic axis; every point above zero.
    Raises CourseError for lines that do not fit the axis, values outside their interval, NaN, bands without a name.
    """

    x: Float[Tensor, " x"]
    lines: Sequence[Line]
    x_name: str
    y_name: str
    title: str = ""
    interval: str = ""
    baseline: tuple[float, str] | None = None
    log_x: bool = False

    def __post_init__(self) -> None:
        x = finite(self.x, "x", (None,))
        if (np.diff(x) <= 0).any():
            raise CourseError("x does not rise from each point to the next; sort the points and join equal ones.")
        if self.log_x and x[0] <= 0:
            raise CourseError(f"x begins at {number(x[0])}, which a logarithmic axis does not have; leave out log_x.")
        names = strings([line.name for line in self.lines], "lines")
        if len(names) > len(SERIES):
            raise CourseError(f"{len(names)} lines cannot be told apart; draw at most {len(SERIES)} in one figure.")
        for line in self.lines:
            values = finite(line.values, line.name, x.shape)
            if bounds(values, line, line.name) and not self.interval:
                raise CourseError(f"{line.name} has a band; say in `interval` what it is, with its level and method.")
        if self.baseline is not None:
            finite([self.baseline[0]], "baseline", (1,))


def plot_lines(result: Lines, *, caption: str = "") -> Figure:
    """The lines, each with its own colour, dashes and marker, over their bands."""
    x = finite(result.x, "x", (None,))
    with canvas(6.4, 3.4) as (picture, axes):
        for line, (colour, dashes, marker) in zip(result.lines, SERIES, strict=False):
            values = finite(line.values, line.name, x.shape)
            band = bounds(values, line, line.name)
            if band:
                axes.fill_between(x, *band, color=colour, alpha=0.2, linewidth=0)
            shown = {"marker": marker, "markersize": 4} if len(x) <= 40 else {}
            axes.plot(x, values, color=colour, linestyle=dashes, label=line.name, **shown)
        if result.baseline is not None:
            height, name = result.baseline
            axes.axhline(height, color="black", linewidth=0.8, linestyle=":", label=name)
        if result.log_x:
            axes.set_xscale("log")
            if x[-1] <= 1000 * x[0]:  # few decades: powers of ten alone would leave most of the axis without a number
                axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
                axes.xaxis.set_minor_formatter(NullFormatter())
        elif len(x) <= 12 and (x == np.round(x)).all():
            axes.set_xticks(x)  # counts, of layers for instance: there is nothing at 0.5
        axes.set_xlabel(result.x_name)
        axes.set_ylabel(result.y_name)
        axes.set_title(result.title)
        # Beside the lines: inside, it would cover some of them.
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return Figure(picture, caption=caption or _caption(result), alt=_alt(result, x))


def _has_band(line: Line) -> bool:
    return line.low is not None or line.intervals is not None


def _caption(result: Lines) -> str:
    about = f", {result.title}" if result.title else ""
    band = f" Band: {result.interval}." if any(map(_has_band, result.lines)) else ""
    dotted = f" Dotted: {result.baseline[1]}, {number(result.baseline[0])}." if result.baseline else ""
    return f"{result.y_name[0].upper() + result.y_name[1:]} by {result.x_name}{about}.{band}{dotted}"


def _alt(result: Lines, x: np.ndarray) -> str:
    said = []
    for line in result.lines:
        values = finite(line.values, line.name, x.shape)
        top, bottom = int(values.argmax()), int(values.argmin())
        said.append(
            f"{line.name}: from {number(values[0])} at {x[0]:g} to {number(values[-1])} at {x[-1]:g}, "
            f"highest {number(values[top])} at {x[top]:g}, lowest {number(values[bottom])} at {x[bottom]:g}"
        )
    dotted = f" {result.baseline[1]}: {number(result.baseline[0])}." if result.baseline else ""
    return f"Line chart of {result.y_name} by {result.x_name}. {'; '.join(said)}.{dotted}"
