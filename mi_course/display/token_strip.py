"""A text with each token on a ground coloured by a value, the number below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from torch import Tensor

from mi_course.display.figure import Figure, canvas
from mi_course.display.heatmap import readable_on
from mi_course.display.inputs import finite, strings
from mi_course.display.theme import DIVERGING, SEQUENTIAL
from mi_course.display.words import extremes, number

_LINE = 72  # letters; a longer text goes on in the next line


@dataclass(frozen=True)
class TokenStrip:
    """A value for each token of a text.

    tokens: what stands at each position. values: one number a token. name: what they are, with their unit.
    title: of which model or feature. diverging: colours centred on zero, for values whose sign matters.
    Raises CourseError for values that do not fit the tokens, or are NaN or empty.
    """

    tokens: Sequence[str]
    values: Float[Tensor, " pos"]
    name: str
    title: str = ""
    diverging: bool = False

    def __post_init__(self) -> None:
        finite(self.values, "values", (len(strings(self.tokens, "tokens")),))


def plot_token_strip(result: TokenStrip, *, caption: str = "") -> Figure:
    """The text in reading order."""
    tokens = list(result.tokens)
    values = finite(result.values, "values", (len(tokens),))
    most = float(np.abs(values).max()) or 1.0
    norm = Normalize(-most, most) if result.diverging else Normalize(float(values.min()), float(values.max()))
    colours = ScalarMappable(norm, DIVERGING if result.diverging else SEQUENTIAL)
    boxes, lines = _layout(tokens)
    # No bar of colours: each number stands below its token.
    with canvas(8.6, 0.62 * lines + 0.4) as (picture, axes):
        for (line, start, width), token, value in zip(boxes, tokens, values, strict=True):
            ground = colours.to_rgba(value)
            axes.add_patch(Rectangle((start, -line), width, 0.55, facecolor=ground, edgecolor="#BBBBBB", linewidth=0.5))
            middle = start + width / 2
            axes.text(
                middle,
                0.27 - line,
                _shown(token),
                ha="center",
                va="center",
                color=readable_on(tuple(ground)),
                fontsize=9,
            )
            axes.text(middle, -0.14 - line, number(value), ha="center", va="center", fontsize=6.5, color="#333333")
        axes.set_xlim(0, _LINE)
        axes.set_ylim(0.7 - lines, 0.6)
        axes.axis("off")
        axes.set_title(f"{result.title}: {result.name}" if result.title else result.name)
        return Figure(picture, caption=caption or _caption(result), alt=_alt(result, values))


def _layout(tokens: Sequence[str]) -> tuple[list[tuple[int, float, float]], int]:
    """Line, left edge and width of each token's box, in letters, and the number of lines."""
    boxes, line, at = [], 0, 0.0
    for token in tokens:
        width = max(4.2, len(_shown(token)) * 1.15 + 1.2)
        if at + width > _LINE and at:
            line, at = line + 1, 0.0
        boxes.append((line, at, width))
        at += width + 0.3
    return boxes, line + 1


def _shown(token: str) -> str:
    # matplotlib would set what stands between dollars as a formula.
    return token.replace("\n", "↵").replace("$", r"\$")


def _caption(result: TokenStrip) -> str:
    about = f", {result.title}" if result.title else ""
    centre = " Blue above zero, orange-red below, white at zero." if result.diverging else ""
    return f"{result.name[0].upper() + result.name[1:]} of each token{about}.{centre}"


def _alt(result: TokenStrip, values: np.ndarray) -> str:
    places = [f"{token} ({i})" for i, token in enumerate(result.tokens)]
    return f"Text of {len(places)} tokens coloured by {result.name}: {extremes(values, places)}."
