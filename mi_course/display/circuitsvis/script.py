"""The script of circuitsvis, put into the page once."""

from __future__ import annotations

import base64
import gzip
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution

from mi_course.errors import CourseError

READY = "mi-course-circuitsvis"
"""Name of the event on `window` that tells the figures that the script has arrived."""

# As base64 of the packed script: 0.5 MB in the saved notebook instead of 1.3. `var CircuitsVis` at the top of a classic
# script becomes window.CircuitsVis. The place for what the loader says is looked for in the whole page and a moment
# later: the classic notebook runs scripts in the page's head, before their output is in the page.
_LOADER = """\
(async () => {
  if (!window.CircuitsVis) {
    const packed = Uint8Array.from(atob("PACKED"), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    const style = document.createElement("style");
    style.textContent = "STYLE";
    document.head.append(style, script);
  }
  await new Promise((done) => setTimeout(done));
  for (const said of document.querySelectorAll("[data-circuitsvis-script]"))
    said.textContent = "circuitsvis VERSION is in this page.";
  window.dispatchEvent(new Event("READY"));
})();
"""

# Tokens that are whole words stand apart; the tooltips below a text get the room they need, no more and no less; the
# name of a head does not hide its small pattern.
_STYLE = (
    "[data-circuitsvis=ColoredTokens] span > span, [data-circuitsvis=TokenLogProbs] > div > span > span "
    "{ padding: 3px 5px !important; } "
    "[data-circuitsvis=ColoredTokens] > div, [data-circuitsvis=TokenLogProbs] > div "
    "{ padding-bottom: var(--room) !important; } "
    "[data-circuitsvis=AttentionHeads] h4 { font-size: 9px; line-height: 1.1; }"
)

_WAITING = (
    "circuitsvis is not in this page yet: the notebook is not trusted. "
    "Run this cell, or choose Trust Notebook in the command palette."
)


class Script:
    """What `load()` returns: displayed, it puts the script of circuitsvis into the page."""

    def __init__(self, version: str, packed: str) -> None:
        self.version = version
        self._packed = packed

    def __repr__(self) -> str:
        return f"circuitsvis {self.version}, shown in a notebook that runs in a browser"

    def _repr_html_(self) -> str:
        parts = {"VERSION": self.version, "READY": READY, "STYLE": _STYLE, "PACKED": self._packed}
        loader = _LOADER
        for name, part in parts.items():
            loader = loader.replace(name, part)
        return f"<div><small data-circuitsvis-script>{_WAITING}</small><script>{loader}</script></div>"


def load() -> Script:
    """The script of circuitsvis for this page; make it the last line of a cell, once a notebook.

    Figures may stand before this cell or after it, and show a description until it has run. Nothing is asked of the
    network.
    Raises CourseError when the installed circuitsvis has no script.
    """
    return Script(*_packed_script())


@cache
def _packed_script() -> tuple[str, str]:
    """Version of circuitsvis, and its script packed and written as base64; equal on every run."""
    try:
        # By way of the distribution: importing circuitsvis imports torch, which nothing here needs.
        wheel = distribution("circuitsvis")
        content = wheel.locate_file("circuitsvis/dist/cdn/iife.js").read_bytes()  # type: ignore[attr-defined]
    except (PackageNotFoundError, OSError) as error:
        raise CourseError(
            f"The script of circuitsvis cannot be read ({error}); reinstall it with `pip install circuitsvis`."
        ) from error
    # Developers' tools would ask for the source map, which is not in the page.
    content = content.rsplit(b"//# sourceMappingURL=", 1)[0]
    return wheel.version, base64.b64encode(gzip.compress(content, mtime=0)).decode()
