"""A finished figure: a picture with caption and alternative text, as it stands in a notebook."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as MatplotlibFigure
from PIL import Image

from mi_course.display.theme import STYLE


class Figure:
    """A picture (PNG), its caption, and alternative text that says what the picture shows.

    The picture goes into the notebook as `<img alt=…>` inside `<figure>`, because Jupyter's own PNG output has no
    alternative text.
    """

    def __init__(self, picture: MatplotlibFigure, *, caption: str, alt: str) -> None:
        self.caption, self.alt = caption, alt
        buffer = io.BytesIO()
        with mpl.rc_context(STYLE):
            picture.savefig(buffer, format="png", dpi=144, bbox_inches="tight", metadata={"Software": None})
        self.png = _small(buffer)
        self.width = int.from_bytes(self.png[16:20], "big") // 2

    def __str__(self) -> str:
        return f"{self.caption}\n[{self.alt}]"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.png).decode()
        return (
            f'<figure style="margin:8px 0"><img src="data:image/png;base64,{data}" '
            f'alt="{html.escape(self.alt, quote=True)}" width="{self.width}" style="max-width:100%;background:#fff">'
            f"{caption_html(self.caption)}</figure>"
        )

    def save(self, path: Any) -> None:
        """Write the picture to a PNG file."""
        with open(path, "wb") as file:
            file.write(self.png)


def _small(png: io.BytesIO) -> bytes:
    """The same picture with 256 colours at most: half the bytes, which add up where a chapter has thirty pictures."""
    small = io.BytesIO()
    few = Image.open(png).convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(small, format="png", optimize=True)
    return small.getvalue()


def caption_html(caption: str) -> str:
    """The caption under a figure, in the page's own colours."""
    return f'<figcaption style="max-width:52em">{html.escape(caption)}</figcaption>'


@contextmanager
def canvas(width: float, height: float, **subplots: Any) -> Iterator[tuple[MatplotlibFigure, Any]]:
    """A matplotlib figure of the course's looks, in inches, that pyplot knows nothing of: nothing is shown twice."""
    with mpl.rc_context(STYLE):
        picture = MatplotlibFigure(figsize=(width, height), layout="constrained")
        yield picture, picture.subplots(**subplots)
