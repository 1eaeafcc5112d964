"""How a learner stands: by chapter, by misconception met, and in their predictions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mi_course.checking import progress
from mi_course.checking.calibration import Calibration, calibration
from mi_course.checking.exercise import Exercise
from mi_course.checking.progress import Event, Standing
from mi_course.checking.registry import chapters, exercises


@dataclass(frozen=True)
class ChapterStanding:
    """One chapter: how many of its `exercises` are passed, skipped (the reference was used) or tried without success,
    the hints seen, and the points."""

    chapter: str
    exercises: int
    passed: int
    skipped: int
    tried: int
    hints: int
    points: float
    max_points: float


@dataclass(frozen=True)
class Meeting:
    """A misconception in one exercise.

    exercise: the id. times: in how many checks. message: what the check said, empty if the exercise no longer knows
    the misconception. passed: whether the exercise is passed by now.
    """

    exercise: str
    times: int
    message: str
    passed: bool


@dataclass(frozen=True)
class MisconceptionMet:
    """A misconception by its name, with every exercise in which it was met: one that comes back is worth knowing."""

    name: str
    meetings: tuple[Meeting, ...]

    @property
    def times(self) -> int:
        """In how many checks it was met, over all exercises."""
        return sum(meeting.times for meeting in self.meetings)


@dataclass(frozen=True)
class ProgressReport:
    """Everything the record says, summed up. Shown as a panel in a notebook, and as plain text anywhere else.

    record: the file. damage: one sentence about lines that cannot be read, or empty.
    misconceptions: the one met most often first.
    """

    record: Path
    damage: str
    chapters: tuple[ChapterStanding, ...]
    misconceptions: tuple[MisconceptionMet, ...]
    predictions: Calibration

    @property
    def points(self) -> float:
        return sum(each.points for each in self.chapters)

    @property
    def max_points(self) -> float:
        return sum(each.max_points for each in self.chapters)

    def __str__(self) -> str:
        from mi_course.checking.report_view import text_report

        return "\n\n".join(filter(None, [self.damage, text_report(self)]))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from mi_course.checking.report_view import html_report

        return html_report(self)


def progress_panel() -> ProgressReport:
    """How you stand, by chapter and by misconception met, and how well your confidence fits what came true."""
    record = progress.read()
    standings = progress.standings(record.events)
    return ProgressReport(
        record=progress.path(),
        damage=record.damage,
        chapters=tuple(_chapter(name, exercises(name), standings) for name in chapters()),
        misconceptions=misconceptions_met(record.events, exercises()),
        predictions=calibration(record.events),
    )


def misconceptions_met(events: Iterable[Event], known: Iterable[Exercise]) -> tuple[MisconceptionMet, ...]:
    """Every misconception in the record, the one met most often first. Two made at once count as both."""
    events = list(events)
    by_id = {exercise.id: exercise for exercise in known}
    standings = progress.standings(events)
    counts: dict[str, dict[str, int]] = {}
    for event in events:
        name, where = event.get("misconception"), event.get("id")
        if event["event"] == "check" and isinstance(name, str) and isinstance(where, str):
            for single in _singles(name, by_id.get(where)):
                met = counts.setdefault(single, {})
                met[where] = met.get(where, 0) + 1
    found = [
        MisconceptionMet(
            name,
            tuple(
                Meeting(where, times, _message(name, by_id.get(where)), standings[where].status == "passed")
                for where, times in met.items()
            ),
        )
        for name, met in counts.items()
    ]
    return tuple(sorted(found, key=lambda each: -each.times))


def _chapter(name: str, own: list[Exercise], standings: Mapping[str, Standing]) -> ChapterStanding:
    at = [standings.get(exercise.id, Standing()) for exercise in own]
    return ChapterStanding(
        chapter=name,
        exercises=len(own),
        passed=sum(each.status == "passed" for each in at),
        skipped=sum(each.status == "skipped" for each in at),
        tried=sum(each.status == "tried" for each in at),
        hints=sum(each.hints for each in at),
        points=sum(each.points for each in at),
        max_points=sum(exercise.points for exercise in own),
    )


def _singles(name: str, exercise: Exercise | None) -> Iterator[str]:
    """The names in "this, and that" (see `Exercise.pairs`), or the name itself."""
    known = {misconception.name for misconception in exercise.misconceptions} if exercise else set()
    for first in known - {name}:
        second = name.removeprefix(f"{first}, and ")
        if second != name and second in known:
            yield from (first, second)
            return
    yield name


def _message(name: str, exercise: Exercise | None) -> str:
    messages = {each.name: each.message for each in exercise.misconceptions} if exercise else {}
    return messages.get(name, "")
