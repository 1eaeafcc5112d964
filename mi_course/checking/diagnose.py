"""Which mistake is it? The learner's answer beside every misconception, on the same inputs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from mi_course.checking.exercise import Exercise, Misconception
from mi_course.checking.guard import Watch
from mi_course.checking.limits import on_this_thread
from mi_course.checking.run import Outcome, agree, models_in, run

BUDGET = 2.0  # seconds of computing for the whole bank: a longer diagnosis is given up, the verdict is not
HANGS = 5.0  # seconds after which a wrong answer of the bank itself is stopped


def diagnose(exercise: Exercise, outcomes: Sequence[Outcome], seed: int) -> Misconception | None:
    """The first misconception that does what the learner's answer does on every case; None if there is none.

    An answer that only ever raises has not done anything yet by which a mistake could be known, unless it raises word
    for word what the mistake raises.
    Nor has one that is wrong only by handing back nothing (an empty list, one number everywhere): too many
    mistakes end there.
    Single mistakes come before pairs, so that two mistakes are named only where one does not explain the results; and
    no pair is named for an answer that gives one number whatever the input.
    """
    deadline = _clock() + BUDGET
    pairs = () if _constant(outcomes) else exercise.pairs()
    given = [(outcome.case.args, outcome.case.kwargs) for outcome in outcomes]
    watches = [Watch(model) for model in {id(model): model for model in models_in(given)}.values()]
    try:
        for candidates in (exercise.misconceptions, pairs):
            found = _match(exercise, candidates, outcomes, seed, deadline)
            if found is not None:
                return found
    finally:
        for watch in watches:
            watch.restore()
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
        # Those made of switches leave models as they were, which the bank proves; watching costs more than running.
        other = run(exercise, candidate.answer, outcome.case, HANGS, seed, watched=not candidate.switches)
        if not agree(exercise, other, outcome):
            return False
        shown = outcome.said == other.said if outcome.error is not None else not _hollow(outcome.value)
        telling = telling or shown
    return telling


def _constant(outcomes: Sequence[Outcome]) -> bool:
    numbers = [outcome.value for outcome in outcomes]
    numbers = [n.item() if isinstance(n, torch.Tensor) and n.ndim == 0 else n for n in numbers]
    return len(numbers) > 2 and all(isinstance(n, (bool, int, float)) and n == numbers[0] for n in numbers)


def _hollow(thing: Any) -> bool:
    """A result with nothing in it: None, empty, or a tensor with the same number everywhere."""
    if isinstance(thing, torch.Tensor):
        return thing.ndim > 0 and bool((thing == thing.flatten()[:1]).all())
    if isinstance(thing, dict):
        return all(_hollow(item) for item in thing.values())
    if isinstance(thing, (list, tuple, set, str)):
        return len(thing) == 0
    return thing is None


def _clock() -> float:
    """Seconds of computing in this thread; by the wall where answers run on helper threads, which it cannot see."""
    return time.thread_time() if on_this_thread() else time.monotonic()
