"""Which mistake is it? The learner's answer beside every misconception, on the same inputs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from mi_course.checking.exercise import Exercise, Misconception
from mi_course.checking.limits import on_this_thread
from mi_course.checking.run import Outcome, agree, run

BUDGET = 2.0  # seconds of computing for the whole bank: a longer diagnosis is given up, the verdict is not
HANGS = 5.0  # seconds after which a wrong answer of the bank itself is stopped


def diagnose(exercise: Exercise, outcomes: Sequence[Outcome], seed: int) -> Misconception | None:
    """The first misconception that does what the learner's answer does on every case; None if there is none.

    An answer that only ever raises has not done anything yet by which a mistake could be known, unless it raises word
    for word what the mistake raises.
    Single mistakes come before pairs, so that two mistakes are named only where one does not explain the results.
    """
    deadline = _clock() + BUDGET
    for candidates in (exercise.misconceptions, exercise.pairs()):
        found = _match(exercise, candidates, outcomes, seed, deadline)
        if found is not None:
            return found
    return None


def _match(
    exercise: Exercise, candidates: Iterable[Misconception], outcomes: Sequence[Outcome], seed: int, deadline: float
) -> Misconception | None:
    for candidate in candidates:
        if _clock() > deadline:
            return None
        if _explains(exercise, candidate, outcomes, seed):
            return candidate
    return None


def _explains(exercise: Exercise, candidate: Misconception, outcomes: Sequence[Outcome], seed: int) -> bool:
    telling = False
    for outcome in outcomes:
        other = run(exercise, candidate.answer, outcome.case, HANGS, seed)
        if not agree(exercise, other, outcome):
            return False
        telling = telling or outcome.error is None or outcome.said == other.said
    return telling


def _clock() -> float:
    """Seconds of computing in this thread; by the wall where answers run on helper threads, which it cannot see."""
    return time.thread_time() if on_this_thread() else time.monotonic()
