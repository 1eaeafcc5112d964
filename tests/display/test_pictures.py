"""Tables of small pictures: drawn with their names, refused when they do not fit them."""

from __future__ import annotations

import pytest
import torch

from mi_course.display import Pictures, plot
from mi_course.errors import CourseError


def table(rows: int = 2, columns: int = 3, **options) -> Pictures:
    values = torch.linspace(-1, 4, rows * columns * 20).reshape(rows, columns, 4, 5)
    names = [f"row {i}" for i in range(rows)], [f"column {i}" for i in range(columns)]
    return Pictures(values, *names, name="grey values", **options)


@pytest.mark.parametrize("options", [{}, {"range": "row", "title": "of a model"}, {"range": "all", "diverging": True}])
def test_figure_says_what_is_in_it(options):
    figure = plot(table(**options))
    assert figure.png.startswith(b"\x89PNG")
    assert "2 rows of 3 small pictures of 4 by 5 points" in figure.alt and "row 1" in figure.alt
    assert plot(table(shows="They rise.", **options)).alt == f"{figure.alt} They rise."
    assert "-1.00 to 4.00" in figure.alt and figure.caption.startswith("Grey values")


def test_one_picture_and_flat_pictures_can_be_drawn():
    assert plot(Pictures(torch.zeros(1, 1, 3, 3), [""], [""], name="nothing", diverging=True)).png
    assert plot(table(1, 1), caption="Mine.").caption == "Mine."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.zeros(1, 2, 3), ["a"], ["b"], "n"), "has shape"),
        ((torch.zeros(2, 1, 3, 3), ["a"], ["b"], "n"), "has shape"),
        ((torch.full((1, 1, 2, 2), torch.nan), ["a"], ["b"], "n"), "nan"),
        ((torch.zeros(1, 1, 2, 2), ["a"], ["b"], "n", "", "whole"), "range is"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, message):
    with pytest.raises(CourseError, match=message):
        Pictures(*arguments)
