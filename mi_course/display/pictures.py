"""A table of small pictures: inputs, filters, saliency maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mi_course.display.figure import Figure, canvas
from mi_course.display.inputs import finite, strings
from mi_course.display.theme import DIVERGING, GREY
from mi_course.display.words import number
from mi_course.errors import CourseError


@dataclass(frozen=True)
class Pictures:
    """One picture for every row and column.

    pictures: grey values or other numbers, one a point. rows, columns: what each stands for, in order; "" for none.
    name: what the numbers are. title: of which model, on which data.
    range: over which pictures black and white are settled: each picture by itself, the pictures of a row, or all.
    diverging: colours centred on zero, for numbers whose sign matters.
    shows: a sentence that says what is to be seen, for people who do not see them.
    Raises CourseError for pictures that do not fit the names, NaN, or an unknown range.
    """

    pictures: Float[Tensor, "row column y x"]
    rows: Sequence[str]
    columns: Sequence[str]
    name: str
    title: str = ""
    range: Literal["each", "row", "all"] = "each"
    diverging: bool = False
    shows: str = ""

    def __post_init__(self) -> None:
        finite(
            self.pictures,
            "pictures",
            (len(strings(self.rows, "rows")), len(strings(self.columns, "columns")), None, None),
        )
        if self.range not in ("each", "row", "all"):
            raise CourseError(f"range is 'each', 'row' or 'all', not {self.range!r}.")


def plot_pictures(result: Pictures, *, caption: str = "") -> Figure:
    """The pictures side by side, black the lowest value and white the highest; or orange-red, white and blue."""
    shape = (len(result.rows), len(result.columns), None, None)
    values = finite(result.pictures, "pictures", shape)
    rows, columns = values.shape[:2]
    label = 0.09 * max(map(len, result.rows))
    size = (1.15 * columns + label + 0.2, 1.15 * rows + 0.5)
    with canvas(*size, nrows=rows, ncols=columns, squeeze=False) as (picture, axes):
        for (row, column), axis in np.ndenumerate(axes):
            among = {"each": values[row, column], "row": values[row], "all": values}[result.range]
            low, high = float(among.min()), float(among.max())
            if result.diverging:
                high = max(abs(low), abs(high)) or 1.0
                low = -high
            axis.imshow(values[row, column], cmap=DIVERGING if result.diverging else "gray", vmin=low, vmax=high)
            axis.spines[:].set(visible=True, color=GREY, linewidth=0.5)  # where a picture is as white as the page
            axis.set_xticks([])
            axis.set_yticks([])
            if row == 0:
                axis.set_title(result.columns[column], fontsize=9, loc="center")
            if column == 0:
                axis.set_ylabel(result.rows[row], rotation=0, ha="right", va="center", fontsize=9)
        if result.title:
            picture.suptitle(result.title, fontsize=11, x=0.0, ha="left")
        return Figure(picture, caption=caption or _caption(result), alt=_alt(result, values))


def _caption(result: Pictures) -> str:
    about = f", {result.title}" if result.title else ""
    over = {"each": "each picture by itself", "row": "the pictures of a row", "all": "all pictures"}[result.range]
    ends = "Blue above zero, orange-red below" if result.diverging else "White the highest, black the lowest"
    return f"{result.name[0].upper() + result.name[1:]}{about}. {ends}, settled over {over}."


def _alt(result: Pictures, values: np.ndarray) -> str:
    rows, columns = (
        ", ".join(name.replace("\n", " ") for name in names if name) for names in (result.rows, result.columns)
    )
    named = "".join(f" {what}: {said}." for what, said in (("Rows", rows), ("Columns", columns)) if said)
    return (
        f"{values.shape[0]} rows of {values.shape[1]} small pictures of {values.shape[2]} by {values.shape[3]} points, "
        f"showing {result.name}.{named} Values from {number(float(values.min()))} to {number(float(values.max()))}."
        f"{' ' * bool(result.shows)}{result.shows}"
    )
