"""Which mistake is it? The learner's answer beside every misconception, on the same inputs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from mi_course.checking.exercise import Exercise, Misconception
from mi_course.checking.run import Outcome, agree, run

BUDGET = 2.0  # seconds of computing for the whole bank: a longer diagnosis is given up, the verdict is not
HANGS = 5.0  # seconds after which a wrong answer of the bank itself is stopped


def diagnose(exercise: Exercise, outcomes: Sequence[Outcome], seed: int) -> Misconception | None:
    """The first misconception that does what the learner's answer does on every case; None if there is none.

    Single mistakes come before pairs, so that two mistakes are named only where one does not explain the results.
    """
    deadline = time.thread_time() + BUDGET
    for candidates in (exercise.misconceptions, exercise.pairs()):
        found = _match(exercise, candidates, outcomes, seed, deadline)
        if found is not None:
            return found
    return None


def _match(
    exercise: Exercise, candidates: Iterable[Misconception], outcomes: Sequence[Outcome], seed: int, deadline: float
) -> Misconception | None:
    for candidate in candidates:
        if time.thread_time() > deadline:
            return None
        if all(_same(exercise, candidate, outcome, seed) for outcome in outcomes):
            return candidate
    return None


def _same(exercise: Exercise, candidate: Misconception, outcome: Outcome, seed: int) -> bool:
    return agree(exercise, run(exercise, candidate.answer, outcome.case, HANGS, seed), outcome)
