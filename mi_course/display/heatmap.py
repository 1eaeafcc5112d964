"""A table of numbers as colours: any quantity by layer and head, by layer and position, by clean and corrupted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mi_course.display.figure import Figure, canvas
from mi_course.display.inputs import finite, strings
from mi_course.display.theme import DIVERGING, SEQUENTIAL
from mi_course.display.words import extremes, number

_WRITTEN = 120  # cells; up to here each number is written into its cell


@dataclass(frozen=True)
class Heatmap:
    """Numbers by row and column.

    values: one number a cell. rows, columns: what each stands for, in order.
    name: what the numbers are, with their unit. row_axis, column_axis: what rows and columns are.
    title: of which model, on which data.
    diverging: colours centred on zero, for numbers whose sign matters, such as effects and contributions.
    Raises CourseError for values that do not fit the names, or are NaN or empty.
    """

    values: Float[Tensor, "row column"]
    rows: Sequence[str]
    columns: Sequence[str]
    name: str
    row_axis: str
    column_axis: str
    title: str = ""
    diverging: bool = False

    def __post_init__(self) -> None:
        sizes = (len(strings(self.rows, "rows")), len(strings(self.columns, "columns")))
        finite(self.values, "values", sizes)


def plot_heatmap(result: Heatmap, *, caption: str = "") -> Figure:
    """One coloured cell a number; in small tables the number stands in it."""
    rows, columns = list(result.rows), list(result.columns)
    values = finite(result.values, "values", (len(rows), len(columns)))
    written = values.size <= _WRITTEN
    most = float(np.abs(values).max()) or 1.0
    limits = {"cmap": DIVERGING, "vmin": -most, "vmax": most} if result.diverging else {"cmap": SEQUENTIAL}
    wide = 0.55 if written else 0.2
    with canvas(wide * len(columns) + 2.4, max(2.0, (0.34 if written else 0.2) * len(rows) + 1.4)) as (picture, axes):
        image = axes.imshow(values, aspect="auto", **limits)
        for axis, names in ((axes.xaxis, columns), (axes.yaxis, rows)):
            every = 1 if written else max(1, len(names) // 26)
            places = list(range(0, len(names), every))
            axis.set_ticks(places, [names[i] for i in places], fontsize=8)
        if max(map(len, columns)) > (6 if written else 2):
            axes.tick_params(axis="x", rotation=90)
        if written:
            for (row, column), value in np.ndenumerate(values):
                colour = readable_on(image.cmap(image.norm(value)))
                axes.text(column, row, _in_cell(value, most), ha="center", va="center", fontsize=7, color=colour)
        axes.set_xlabel(result.column_axis)
        axes.set_ylabel(result.row_axis)
        axes.set_title(result.title)
        picture.colorbar(image, ax=axes, shrink=0.8, label=result.name)
        return Figure(picture, caption=caption or _caption(result), alt=_alt(result, values))


def _in_cell(value: float, most: float) -> str:
    """Two decimals throughout, so that cells can be compared; more digits in tables of small numbers."""
    if not 0.05 <= most < 1e5:
        return number(value)
    return f"{round(value, 2) + 0.0:.2f}"  # adding zero turns −0.00 into 0.00


def readable_on(rgba: Sequence[float]) -> str:
    """Black or white, whichever reads better on a ground of this colour."""
    red, green, blue = rgba[:3]
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def _caption(result: Heatmap) -> str:
    about = f", {result.title}" if result.title else ""
    centre = " Blue above zero, orange-red below, white at zero." if result.diverging else ""
    return f"{result.name[0].upper() + result.name[1:]} by {result.row_axis} and {result.column_axis}{about}.{centre}"


def _alt(result: Heatmap, values: np.ndarray) -> str:
    cells = [f"{row} × {column}" for row in result.rows for column in result.columns]
    return (
        f"Heatmap of {result.name}, {len(result.rows)} rows ({result.row_axis}) by {len(result.columns)} columns "
        f"({result.column_axis}): {extremes(values.ravel(), cells)}."
    )
