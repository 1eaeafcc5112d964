"""Who did it first: events of several communities, filtered by topic."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import ipywidgets as widgets

from mi_course.display.explorers.frame import Panel
from mi_course.display.explorers.markup import figure
from mi_course.display.theme import BLUE
from mi_course.display.timeline import LOOKS
from mi_course.errors import CourseError, did_you_mean
from mi_course.mechanistic.timeline import COMMUNITIES, EVENTS, TOPICS, Event, Timeline, in_order

ALL = "all"
"""The value of the topic when none is chosen; ipywidgets keeps None for "nothing chosen"."""

_WIDTH, _LEFT, _SIDE = 900, 150, 17
_BREAK = 2012  # before it the scale is narrow: few events, many decades


class TimelineExplorer(Panel):
    """Lanes of communities, events by date; a topic brings its events forward and lists them below.

    result: what to explore, by default all events. topic: a key of TOPICS to begin with.
    Hovering over an event shows who did what and where it was published; clicking opens the source.
    Raises CourseError for a topic that there is not.
    """

    def __init__(self, result: Timeline | None = None, topic: str | None = None) -> None:
        if topic is not None and topic not in TOPICS:
            raise CourseError(
                f"There is no topic {topic!r}.{did_you_mean(topic, TOPICS)} Choose from {', '.join(TOPICS)}."
            )
        self.events = in_order(EVENTS if result is None else result.events)
        options = [("all topics", ALL), *((name, key) for key, name in TOPICS.items())]
        self.topic = widgets.Dropdown(options=options, value=topic or ALL, description="topic")
        self.picture = widgets.HTML()
        super().__init__([self.topic, self.picture])
        self.draw()
        self.topic.observe(lambda _: self.draw(), "value")

    def draw(self) -> None:
        """Draw the lanes with the chosen topic's events in front, and the list of these."""
        topic = self.topic.value
        chosen = [event for event in self.events if topic in (ALL, *event.topics)]
        name = "all topics" if topic == ALL else TOPICS[topic].lower()
        said = _said(chosen, name)
        caption = (
            f"{said} Filled and numbered: {name}; outlined: the others. Before {_BREAK} the years are drawn closer. "
            "Hover for who, what and where; click for the source. A selection: an earlier work may exist."
        )
        self.picture.value = figure(_lanes(self.events, chosen, said) + _table(chosen), caption)


def _said(chosen: Sequence[Event], name: str) -> str:
    if not chosen:
        return f"There is no event on {name} here."
    first: dict[str, Event] = {}
    for event in chosen:
        first.setdefault(event.community, event)
    each = "; ".join(f"{COMMUNITIES[community]}: {event.who} {event.date}" for community, event in first.items())
    return f"Earliest on {name}, by community: {each}."


def _across(event: Event) -> float:
    """Where an event stands from left to right, in pixels."""
    when = event.year + (0 if event.month is None else (event.month - 0.5) / 12)  # in the order of the list
    return _place(when)


def _place(when: float) -> float:
    room = _WIDTH - _LEFT - 30
    if when < _BREAK:
        return _LEFT + 12 + 0.24 * room * (when - 1955) / (_BREAK - 1955)
    return _LEFT + 12 + room * (0.27 + 0.73 * (when - _BREAK) / (2025 - _BREAK))


def _lanes(events: Sequence[Event], chosen: Sequence[Event], alt: str) -> str:
    numbers = {id(event): i + 1 for i, event in enumerate(chosen)}
    parts: list[str] = []
    top = 6
    for community, name in COMMUNITIES.items():
        own = [event for event in events if event.community == community]
        ends: list[float] = []  # where the last event of each line of the lane ends
        drawn = []
        for event in own:
            x = _across(event)
            line = next((i for i, end in enumerate(ends) if x - end >= _SIDE + 1), len(ends))
            ends[line:] = [x, *ends[line + 1 :]]
            drawn.append(_mark(event, x, top + _SIDE * (line + 0.5) + 3, numbers.get(id(event))))
        height = max(30, _SIDE * len(ends) + 6)
        ground = "#f1f1f1" if len(parts) % 2 == 0 else "#fff"
        words = "".join(
            f'<tspan x="4" dy="{0 if i == 0 else 12}">{escape(word)}</tspan>' for i, word in enumerate(_two(name))
        )
        start = top + height / 2 - 6 * (len(_two(name)) - 1)
        parts.append(
            f'<rect x="0" y="{top}" width="{_WIDTH}" height="{height}" fill="{ground}"/>'
            f'<text x="4" y="{start}" dominant-baseline="central">{words}</text>{"".join(drawn)}'
        )
        top += height
    ticks = "".join(
        f'<text x="{_place(year):.0f}" y="{top + 14}" text-anchor="middle">{year}</text>'
        f'<path d="M{_place(year):.0f} {top}v4" stroke="#000"/>'
        for year in (1960, 1980, 2000, *range(2012, 2026, 2))
    )
    gap = (_place(_BREAK - 0.01) + _place(_BREAK)) / 2
    broken = f'<path d="M{gap:.0f} 6V{top + 4}" stroke="#000" stroke-dasharray="2 4" fill="none"/>'
    return (
        f'<svg role="img" aria-label="{escape(alt, quote=True)}" width="100%" style="max-width:{_WIDTH}px" '
        f'viewBox="0 0 {_WIDTH} {top + 22}" font-size="11" font-family="sans-serif">'
        f"{''.join(parts)}{broken}{ticks}</svg>"
    )


def _mark(event: Event, x: float, y: float, number: int | None) -> str:
    colour, shape = LOOKS[event.community]
    half = _SIDE / 2 - 1
    path = {
        "o": f"M{x - half:.1f} {y:.1f}a{half} {half} 0 1 0 {2 * half} 0a{half} {half} 0 1 0 {-2 * half} 0Z",
        "s": f"M{x - half + 0.5:.1f} {y - half + 0.5:.1f}h{2 * half - 1}v{2 * half - 1}h{1 - 2 * half}Z",
        "D": f"M{x - half - 1:.1f} {y:.1f}l{half + 1} {-half - 1}l{half + 1} {half + 1}l{-half - 1} {half + 1}Z",
        "^": f"M{x - half - 1:.1f} {y + half:.1f}l{half + 1} {-2 * half - 2}l{half + 1} {2 * half + 2}Z",
    }[shape]
    ink = "#000" if shape == "^" else "#fff"
    fill = f'fill="{colour}"' if number else f'fill="#fff" fill-opacity="0" stroke="{colour}" stroke-opacity="0.5"'
    lower = 2 if shape == "^" else 0
    text = (
        f'<text x="{x:.1f}" y="{y + lower:.1f}" fill="{ink}" font-size="9" text-anchor="middle" '
        f'dominant-baseline="central">{number}</text>'
        if number
        else ""
    )
    title = f"{event.date} {event.who}: {event.what} ({event.where}; {COMMUNITIES[event.community]})"
    return f'{_link(event)}<title>{escape(title)}</title><path d="{path}" {fill}/>{text}</a>'


def _link(event: Event) -> str:
    return f'<a href="{escape(event.source, quote=True)}" target="_blank" rel="noopener" style="color:{BLUE}">'


def _two(name: str) -> list[str]:
    """A name in at most two lines."""
    words = name.split()
    if len(name) <= 22:
        return [name]
    middle = min(range(1, len(words)), key=lambda i: abs(len(" ".join(words[:i])) - len(" ".join(words[i:]))))
    return [" ".join(words[:middle]), " ".join(words[middle:])]


def _table(chosen: Sequence[Event]) -> str:
    cell = "text-align:left;vertical-align:top;padding:2px 8px 2px 0"
    head = "".join(f'<th style="{cell}">{name}</th>' for name in ("", "date", "community", "who", "what", "where"))
    rows = "".join(
        f'<tr style="background:#fff"><td style="{cell}">{i + 1}</td><td style="{cell};white-space:nowrap">{event.date}'
        f'</td><td style="{cell};border-left:4px solid {LOOKS[event.community][0]};padding-left:6px">'
        f'{escape(COMMUNITIES[event.community])}</td><td style="{cell}">{escape(event.who)}</td>'
        f'<td style="{cell}">{escape(event.what)}{_mentioned(event)}</td><td style="{cell}">'
        f"{_link(event)}{escape(event.where)}</a></td></tr>"
        for i, event in enumerate(chosen)
    )
    return (
        '<div style="max-height:22em;overflow:auto;margin-top:6px"><table style="color:#000;background:#fff;'
        'font-size:12px;line-height:1.35;border-collapse:collapse">'
        f'<tr style="background:#fff">{head}</tr>{rows}</table></div>'
    )


def _mentioned(event: Event) -> str:
    return f" [Saphra &amp; Wiegreffe, {_section(event.section)}]" if event.section else ""


def _section(name: str) -> str:
    return f"section {name}" if name[0].isdigit() else f"appendix {name}"
