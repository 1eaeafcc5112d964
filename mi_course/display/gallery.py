"""Small pictures beside each other: filters, optimised inputs, examples from data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mi_course.display.figure import Figure, canvas
from mi_course.display.inputs import finite, strings
from mi_course.display.theme import DIVERGING
from mi_course.errors import CourseError


@dataclass(frozen=True)
class Gallery:
    """Pictures in a grid, in reading order.

    pictures: one or two dimensions of pictures, all of one size. names: a short title each.
    what: what they are, for people who do not see them: "first-layer filters of shapes-cnn".
    shows: a sentence that says what is to be seen. columns: how many in a row.
    signed: orange-red below zero, white at zero, blue above; otherwise grey, from the darkest point to the brightest.
    each_its_own: every picture has its own scale, of which the caption should speak; otherwise they share one.
    Raises CourseError for names that do not fit, or pictures that are no tables of numbers.
    """

    pictures: Float[Tensor, "picture y x"]
    names: Sequence[str]
    what: str
    shows: str
    columns: int = 8
    signed: bool = False
    each_its_own: bool = False

    def __post_init__(self) -> None:
        finite(self.pictures, "pictures", (len(strings(self.names, "names")), None, None))
        if self.columns < 1:
            raise CourseError(f"A grid has at least one column, not {self.columns!r}.")


def plot_gallery(result: Gallery, *, caption: str = "") -> Figure:
    """The pictures with their titles, without axes: rows run downwards, as in the tensors."""
    names = list(result.names)
    pictures = finite(result.pictures, "pictures", (len(names), None, None))
    columns = min(result.columns, len(names))
    rows = -(-len(names) // columns)
    with canvas(1.05 * columns + 0.2, 1.3 * rows + 0.1, nrows=rows, ncols=columns, squeeze=False) as (picture, grid):
        for axes in grid.flat:
            axes.axis("off")
        for axes, name, one in zip(grid.flat, names, pictures, strict=False):
            among = one if result.each_its_own else pictures
            most = float(np.abs(among).max()) or 1.0
            if result.signed:
                axes.imshow(one, cmap=DIVERGING, vmin=-most, vmax=most)
            else:
                axes.imshow(one, cmap="gray", vmin=float(among.min()), vmax=float(among.max()))
            axes.set_title(name, fontsize=8, loc="center")
        scale = "each on its own scale" if result.each_its_own else "all on one scale"
        colours = "blue above zero, orange-red below" if result.signed else "bright is high"
        said = caption or f"{result.what[0].upper() + result.what[1:]}; {colours}, {scale}."
        alt = (
            f"{len(names)} pictures of {pictures.shape[1]} by {pictures.shape[2]} points, {result.what}. {result.shows}"
        )
        return Figure(picture, caption=said, alt=alt)
