"""What a check costs beside the learner's function and the bank's: less than 20 ms of computing.

Measured as CPU time of this thread, the least of several repetitions, so that a busy machine matters little.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from mi_course.checking import Case, Exercise, exercises, judge_exercise, progress
from mi_course.checking.drivers import call
from tests.checking import toys

BUDGET = 0.020  # seconds


def identity(x: Any) -> Any:
    return x


trivial = replace(
    toys.toy("trivial", identity, lambda x: x + 0, cases=lambda draw: []),
    cases=lambda draw: [Case(f"case {i}", (draw.normal("8 8"),)) for i in range(6)],
)


class Stopwatch:
    """CPU seconds of this thread spent inside the functions that it wraps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            started = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds += time.thread_time() - started

        return timed


def measure(exercise: Exercise, answer: Callable[..., Any], repetitions: int = 15) -> dict[str, Any]:
    """The share of the budget that a check takes beside answer, oracle and the making of the cases.

    The least of several runs, each taken apart within itself; `max_diff` is 0 when the check passed.
    """
    least, passed = float("inf"), True
    for _ in range(repetitions):
        inside = Stopwatch()
        timed = replace(
            exercise,
            oracle=replace(exercise.oracle, expected=inside.around(exercise.oracle.expected)),
            cases=inside.around(exercise.cases),
        )
        started = time.thread_time()
        result = judge_exercise(timed, inside.around(answer))
        progress.append("check", id=result.id, status=str(result.status))
        assert str(result)
        least = min(least, time.thread_time() - started - inside.seconds)
        passed = passed and result.passed
    return {
        "name": f"check of {exercise.name}",
        "peer": "a budget of 20 ms beside answer and oracle",
        "ratio": least / BUDGET,
        "bound": 1.0,
        "max_diff": 0.0 if passed else 1.0,
    }


ANSWERS: list[tuple[Exercise, Callable[..., Any]]] = [
    (trivial, lambda x: x * 1),
    (toys.mean_output, lambda model, x: model(x).sum(0) / len(x)),
    (toys.first_pattern, lambda model, tokens: toys.first_pattern.oracle.expected(model, tokens)),
]


def rows() -> list[dict[str, Any]]:
    """What `make bench` shows."""
    with torch.no_grad():
        return [measure(exercise, answer) for exercise, answer in [*ANSWERS, *of_the_course()]]


def of_the_course() -> list[tuple[Exercise, Callable[..., Any]]]:
    """Every function exercise of the course that is called as it stands, with its first alternative answer."""
    return [(each, next(iter(each.alternatives.values()))) for each in exercises() if each.driver is call]
