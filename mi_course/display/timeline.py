"""Events of several communities, one row an event, a lane for each community."""

from __future__ import annotations

import textwrap

from mi_course.display.figure import Figure, canvas
from mi_course.display.theme import BLUE, ORANGE, VERMILLION
from mi_course.mechanistic.timeline import COMMUNITIES, Event, Timeline, in_order

LOOKS = {"roots": ("#444444", "D"), "vision": (ORANGE, "^"), "nlp": (BLUE, "o"), "mi": (VERMILLION, "s")}
"""Colour and marker of each community; the lane and the marker tell them apart without colour."""

_LINE = 136  # characters of text beside the lanes
_ROW = 0.2  # inches


def plot_timeline(result: Timeline, *, caption: str = "") -> Figure:
    """One row an event, in the order of dates: its date, a marker in the lane of its community, and what was done.

    Time runs down, not to scale. Years are told apart by the ground behind the rows.
    """
    shown = in_order(result.events)
    texts = [textwrap.wrap(f"{event.who}: {event.what} ({event.where})", _LINE) for event in shown]
    heights = [max(1, len(text)) for text in texts]
    tops = [sum(heights[:i]) for i in range(len(shown))]
    total = sum(heights)
    lanes = list(COMMUNITIES)
    with canvas(11, _ROW * total + 1.6) as (picture, axes):
        for i, (event, text, top) in enumerate(zip(shown, texts, tops, strict=True)):
            colour, marker = LOOKS[event.community]
            if len({before.year for before in shown[: i + 1]}) % 2:
                axes.axhspan(top - 0.5, top + heights[i] - 0.5, color="#f1f1f1", linewidth=0, zorder=0)
            axes.text(-0.7, top, event.date, ha="right", va="center", fontsize=8)
            axes.plot(lanes.index(event.community), top, marker, color=colour, markersize=7, zorder=3)
            axes.text(3.8, top - 0.36, "\n".join(text), ha="left", va="top", fontsize=8, in_layout=False)
        for lane, community in enumerate(lanes):
            colour, _ = LOOKS[community]
            axes.plot([lane, lane], [-0.5, total - 0.5], color=colour, linewidth=1, alpha=0.45, zorder=1)
            axes.text(lane, -0.8, COMMUNITIES[community], rotation=35, ha="left", va="bottom", fontsize=8)
        axes.set_xlim(-3.2, 28)
        axes.set_ylim(total - 0.4, -0.6)
        axes.axis("off")
        return Figure(picture, caption=caption or _caption(result), alt=_alt(shown))


def _caption(result: Timeline) -> str:
    about = f" ({result.title})" if result.title else ""
    return (
        f"Timeline{about}. One row an event, by the date of the first public version; time runs down and is not to "
        "scale. The marker stands in the lane of the community; the venue is in brackets. A selection: an earlier work "
        "may exist that is not in it."
    )


def _alt(shown: list[Event]) -> str:
    parts = []
    for community, name in COMMUNITIES.items():
        own = [f"{event.who} {event.year}" for event in shown if event.community == community]
        if own:
            ends = f"the first {own[0]}, the last {own[-1]}" if len(own) > 1 else own[0]
            parts.append(f"{name}: {len(own)}, {ends}")
    events = "1 event" if len(shown) == 1 else f"{len(shown)} events"
    return f"Timeline of {events} from {shown[0].year} to {shown[-1].year}. {'; '.join(parts)}."
