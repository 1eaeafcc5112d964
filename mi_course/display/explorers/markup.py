"""Small HTML and SVG pictures: quick to make, replaced in place, text that one can select, numbers on hovering.

matplotlib needs a tenth of a second and more for a picture, which is too slow under a slider.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from mi_course.display.figure import caption_html
from mi_course.display.theme import BLUE, FUTURE, VERMILLION

_FAINT = 0.01  # an attention below this cannot be told from white and is left out


def figure(body: str, caption: str) -> str:
    """A picture on white ground with its caption."""
    ground = "background:#fff;color:#000;padding:6px;max-width:60em;overflow-x:auto"
    return f'<figure style="margin:4px 0"><div style="{ground}">{body}</div>{caption_html(caption)}</figure>'


def pattern_svg(pattern: np.ndarray, tokens: Sequence[str], alt: str) -> str:
    """An attention pattern, destination (rows) by source (columns), as SVG.

    pattern: shape (dest, src), causal.
    """
    n = len(tokens)
    side = max(9, min(24, 440 // n))
    top = 12 + 6.5 * max(map(len, tokens))
    left = top + 16  # and the axis' name
    cells = [
        f'<rect x="{source * side}" y="{dest * side}" width="{side}" height="{side}" '
        f'fill-opacity="{pattern[dest, source]:.2f}"><title>{escape(tokens[dest])} ({dest}) to '
        f"{escape(tokens[source])} ({source}): {pattern[dest, source]:.3f}</title></rect>"
        for dest, source in np.argwhere(np.tril(pattern) >= _FAINT)
    ]
    steps = "".join(f"L{(i + 1) * side} {i * side}L{(i + 1) * side} {(i + 1) * side}" for i in range(n))
    future = f'<path d="M0 0{steps}L{n * side} 0Z" fill="{FUTURE}"/>'
    size = min(11, side)
    rows = "".join(
        f'<text x="-4" y="{(i + 0.5) * side}" text-anchor="end" dominant-baseline="central">{escape(token)}</text>'
        for i, token in enumerate(tokens)
    )
    columns = "".join(
        f'<text transform="translate({(i + 0.5) * side} -4) rotate(-90)" dominant-baseline="central">{escape(token)}'
        "</text>"
        for i, token in enumerate(tokens)
    )
    width, height = n * side + left + 4, n * side + top + 18
    dest = f'<text transform="translate({8 - left:.0f} {n * side}) rotate(-90)">destination</text>'
    return (
        f'<svg role="img" aria-label="{escape(alt, quote=True)}" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{-left:.0f} {-top:.0f} {width:.0f} {height:.0f}" font-size="{size}" font-family="sans-serif">'
        f'{future}<g fill="{BLUE}">{"".join(cells)}</g>{rows}{columns}{dest}'
        f'<text x="{n * side / 2:.0f}" y="{n * side + 13}" text-anchor="middle">source: the position looked at</text>'
        "</svg>"
    )


def bar_table(names: Sequence[str], values: Sequence[float], heading: str, most: float) -> str:
    """Names with numbers and bars, blue above zero and orange-red below; `most` fills the width."""
    rows = "".join(
        f'<tr><td style="text-align:right">{escape(name)}</td><td style="text-align:right">{value:+.2f}</td>'
        f'<td style="text-align:left"><div style="width:{150 * min(1.0, abs(value) / most):.0f}px;height:11px;'
        f'background:{BLUE if value >= 0 else VERMILLION}"></div></td></tr>'
        for name, value in zip(names, values, strict=True)
    )
    return (
        '<table style="display:inline-table;margin-right:24px;color:#000;background:#fff">'
        f'<tr><th colspan="3" style="text-align:left">{escape(heading)}</th></tr>{rows}</table>'
    )


def coloured_table(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    shares: np.ndarray,
    marked: int | None = None,
) -> str:
    """A table of words on blue grounds; shares from 0 to 1 say how blue. marked: a column with a frame."""

    def style(column: int, share: float) -> str:
        frame = f"box-shadow:inset 2px 0 {VERMILLION},inset -2px 0 {VERMILLION};" if column == marked else ""
        ink = "#fff" if share > 0.6 else "#000"
        return f"background:rgba(0,114,178,{share:.2f});color:{ink};{frame}padding:2px 6px;text-align:center"

    head = "".join(f'<th style="padding:2px 6px;text-align:center">{escape(column)}</th>' for column in columns)
    body = "".join(
        '<tr style="background:#fff"><th style="text-align:right;padding-right:6px;white-space:nowrap">'
        f"{escape(row)}</th>"
        + "".join(
            f'<td style="{style(i, share)}">{cell}</td>' for i, (cell, share) in enumerate(zip(line, each, strict=True))
        )
        + "</tr>"
        for row, line, each in zip(rows, cells, shares, strict=True)
    )
    return f'<table style="color:#000;background:#fff;font-size:11px"><tr><td></td>{head}</tr>{body}</table>'
