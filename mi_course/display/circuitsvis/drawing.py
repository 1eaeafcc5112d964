"""One circuitsvis figure: a place in the page, what to draw there, a caption and alternative text."""

from __future__ import annotations

import hashlib
import html
import json
from typing import Any

from mi_course.display.circuitsvis.script import READY
from mi_course.display.figure import caption_html

# Drawn once the script has arrived and the place is in sight: a chart drawn in a hidden or detached cell would have no
# size. The place gets its id here, not in Python, so that equal figures give equal notebooks, and a second view of
# the same output draws into its own place. The classic notebook runs a script in the page's head, before its output is
# in the page: there the place is found a moment later, as the first one with these properties that nobody draws into.
_DRAW = """\
(() => {
  const begin = (place) => {
    window.miCourseDrawings = (window.miCourseDrawings || 0) + 1;
    place.id = "mi-course-circuitsvis-" + window.miCourseDrawings;
    const draw = () => {
      place.textContent = "";
      window.CircuitsVis.render(place.id, window.CircuitsVis[place.dataset.circuitsvis], PROPS);
    };
    const once_in_sight = () => {
      const watch = new IntersectionObserver((seen) => {
        if (seen.some((entry) => entry.isIntersecting)) { watch.disconnect(); draw(); }
      });
      watch.observe(place);
    };
    if (window.CircuitsVis) once_in_sight();
    else window.addEventListener("READY", once_in_sight, { once: true });
  };
  const wanted = "[data-circuitsvis][data-props='DIGEST']";
  const place = document.currentScript.parentElement.querySelector(wanted);
  if (place) begin(place);
  else setTimeout(() => { const found = document.querySelector(wanted + ":not([id])"); if (found) begin(found); });
})();
"""

_WAITING = "This figure waits for its script: run the cell with circuitsvis.load(), in a trusted notebook. It shows: "


class Drawing:
    """A figure of circuitsvis; it draws itself when `load()` has put the script into the page.

    Until then, and in a notebook that is not trusted, its place holds the alternative text and says what to do. The
    drawing has a white ground of its own, as the other figures have, and reads in light and in dark themes.
    """

    def __init__(self, component: str, props: dict[str, Any], *, caption: str, alt: str, room: int = 0) -> None:
        """component: a component of CircuitsVis. props: its properties. room: pixels kept free below for tooltips."""
        self.component, self.props = component, props
        self.caption, self.alt, self.room = caption, alt, room

    def __str__(self) -> str:
        return f"{self.caption}\n[{self.alt}]"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        # A token may hold "</script>" or "<!--"; within JSON no "<" is needed.
        props = json.dumps(self.props, allow_nan=False).replace("<", "\\u003c")
        digest = hashlib.sha256(f"{self.component} {props}".encode()).hexdigest()[:12]
        draw = _DRAW.replace("READY", READY).replace("DIGEST", digest).replace("PROPS", props)
        label = html.escape(self.alt, quote=True)
        return (
            f'<figure style="margin:8px 0"><div data-circuitsvis="{self.component}" data-props="{digest}" role="img" '
            f'aria-label="{label}" '
            f'style="background:#fff;color:#000;color-scheme:light;padding:6px;max-width:60em;--room:{self.room}px">'
            f"<p>{_WAITING}{html.escape(self.alt)}</p></div>{caption_html(self.caption)}<script>{draw}</script></figure>"
        )
