"""Two communities on one timeline: who did what, when, and where it was published.

The events (`timeline.csv`) follow the history told by Saphra & Wiegreffe 2024, "Mechanistic?" (section 3), with roots
in neuroscience, cognitive science and early connectionism added. It is a selection: who comes first here need not have
been the first of all.

Dates are those of the first public version where it is known (arXiv, a forum, a thread), else of the publication. The
community of a paper goes by its lead authors (footnote 3 there); where that paper does not place a work, the placing is
this course's and can be argued with.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from mi_course.errors import CourseError, did_you_mean

COMMUNITIES = {
    "roots": "Earlier roots",
    "vision": "Vision and general machine learning",
    "nlp": "NLP interpretability",
    "mi": "Mechanistic interpretability",
}

TOPICS = {
    "vectors": "Vector arithmetic",
    "similarity": "Comparing representations",
    "attention": "Attention patterns and heads",
    "neurons": "Single neurons",
    "probing": "Probing",
    "interventions": "Causal interventions",
    "circuits": "Circuits and sub-networks",
    "sparse": "Sparse features",
    "lens": "Reading states as words",
    "steering": "Steering",
    "saliency": "Saliency and attribution",
    "words": "Words and venues",
}


@dataclass(frozen=True)
class Event:
    """One thing that was done.

    year, month: of the first public version; the month (1 to 12) is None where it is not known.
    who: the authors as they are cited. what: one sentence. where: venue or medium.
    community: a key of COMMUNITIES. topics: keys of TOPICS, at least one.
    source: where to read it, a URL. section: where Saphra & Wiegreffe 2024 mention it ("3.1.1"); "" where they do not.
    """

    year: int
    month: int | None
    who: str
    what: str
    where: str
    community: str
    topics: tuple[str, ...]
    source: str
    section: str = ""

    @property
    def date(self) -> str:
        """The date as far as it is known: "2020-03" or "1959"."""
        return f"{self.year}" if self.month is None else f"{self.year}-{self.month:02d}"


def _read() -> tuple[Event, ...]:
    lines = (files("mi_course.mechanistic") / "timeline.csv").read_text(encoding="utf-8").splitlines()
    found = []
    for row in csv.DictReader(lines):
        year, _, month = row.pop("date").partition("-")
        topics = tuple(row.pop("topics").split())
        found.append(Event(year=int(year), month=int(month) if month else None, topics=topics, **row))
    return tuple(found)


EVENTS = _read()


def events(
    topic: str | None = None, community: str | None = None, since: int | None = None, until: int | None = None
) -> list[Event]:
    """The events that fit, in the order of their dates.

    topic: a key of TOPICS, such as "sparse"; community: a key of COMMUNITIES, such as "nlp"; since, until: years, both
    included. What is left out does not filter.
    Raises CourseError for a topic or community that there is not.
    """
    _known(topic, TOPICS, "topic")
    _known(community, COMMUNITIES, "community")
    return in_order(
        event
        for event in EVENTS
        if (topic is None or topic in event.topics)
        and (community is None or event.community == community)
        and (since is None or event.year >= since)
        and (until is None or event.year <= until)
    )


def in_order(chosen: Iterable[Event]) -> list[Event]:
    """The events by date. One whose month is not known comes before those of its year whose month is."""
    return sorted(chosen, key=lambda event: (event.year, event.month or 0, event.who))


def firsts(topic: str) -> dict[str, Event]:
    """For each community that has an event on the topic, its earliest one in this timeline.

    The communities stand in the order of these events, so that the first one answers "who did it first?" as far as the
    selection reaches. Raises CourseError for a topic that there is not.
    """
    found: dict[str, Event] = {}
    for event in events(topic):
        found.setdefault(event.community, event)
    return found


@dataclass(frozen=True)
class Timeline:
    """Events to draw. events: in any order, at least one. title: what they have in common."""

    events: Sequence[Event]
    title: str = ""

    def __post_init__(self) -> None:
        if not self.events:
            raise CourseError("There are no events to draw; widen the years or leave out a filter.")


def timeline_of(
    topic: str | None = None, community: str | None = None, since: int | None = None, until: int | None = None
) -> Timeline:
    """The events that fit, ready for `plot()`. Arguments and errors as for `events`; none that fits is an error."""
    chosen = events(topic, community, since, until)
    parts = [*([TOPICS[topic]] if topic else []), *([COMMUNITIES[community]] if community else [])]
    return Timeline(chosen, ", ".join(parts) or "All topics")


def _known(name: str | None, names: dict[str, str], what: str) -> None:
    if name is not None and name not in names:
        raise CourseError(f"There is no {what} {name!r}.{did_you_mean(name, names)} Choose from {', '.join(names)}.")
