"""What a check found: the object that judge returns, and the exceptions that check raises from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mi_course.errors import CourseError


class Status(StrEnum):
    """How an answer fared. Only PASSED earns points."""

    PASSED = "passed"
    PARTLY = "partly"
    FAILED = "failed"
    NOT_ATTEMPTED = "not attempted"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"


@dataclass(frozen=True)
class CaseReport:
    """One case: its label, whether the answer was right on it, and what was wrong if not.

    result_right: the result was as expected; without `passed`, something was left changed.
    """

    label: str
    passed: bool
    sentence: str = ""
    result_right: bool = False


@dataclass(frozen=True)
class Result:
    """The verdict on one answer.

    misconception: name of the recognised mistake, or None.
    message: what a learner reads, in whole sentences.
    points, max_points: `points` is `max_points` when passed on the learner's own, else 0.
    borrowed: "reference" or "helper" when the answer is the course's own code; passed, but without points.
    printed: what the answer printed while it ran.
    counted: the message itself says how many cases were right.
    """

    id: str
    title: str
    status: Status
    message: str
    misconception: str | None = None
    points: float = 0.0
    max_points: float = 0.0
    cases: tuple[CaseReport, ...] = ()
    borrowed: str | None = None
    printed: str = ""
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())
    counted: bool = False

    @property
    def passed(self) -> bool:
        return self.status is Status.PASSED

    def __str__(self) -> str:
        from mi_course.checking.panel import text_panel

        return text_panel(self, colour=False)

    def _repr_html_(self) -> str:
        from mi_course.checking.panel import html_panel

        return html_panel(self)


class CheckFailed(CourseError):
    """An answer did not pass. Shows the panel instead of a stack, which would lead into the course's code."""

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(str(result))

    def __reduce__(self) -> tuple[type, tuple[Result]]:
        return type(self), (self.result,)

    def _render_traceback_(self) -> list[str]:
        from mi_course.checking.panel import text_panel

        return text_panel(self.result, colour=True).splitlines()


class NotAttempted(CheckFailed):
    """The answer is still the stub."""
