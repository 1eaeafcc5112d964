"""What a check costs beside the learner's function and the bank's: less than 20 ms of computing.

Measured as CPU time of this thread, the least of many repetitions, so that a busy machine does not matter; the bound is
several times what it takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from mi_course.checking import Case, Draw, Exercise, judge_exercise, progress
from tests.checking import toys

BUDGET = 0.020  # seconds


def identity(x: Any) -> Any:
    return x


trivial = replace(
    toys.toy("trivial", identity, lambda x: x + 0, cases=lambda draw: []),
    cases=lambda draw: [Case(f"case {i}", (draw.normal("8 8"),)) for i in range(6)],
)


def least(work: Callable[[], Any], repetitions: int = 20) -> float:
    """CPU seconds of the quickest of several runs."""
    seconds = []
    for _ in range(repetitions):
        started = time.thread_time()
        work()
        seconds.append(time.thread_time() - started)
    return min(seconds)


def measure(exercise: Exercise, answer: Callable[..., Any]) -> dict[str, Any]:
    """The share of the budget that a check takes on top of answer and oracle; `max_diff` is 0 when the check passed."""

    def check() -> None:
        result = judge_exercise(exercise, answer)
        progress.append("check", id=result.id, status=str(result.status))
        assert str(result)

    def bare() -> None:
        for case in exercise.cases(Draw(0)):
            answer(*case.args, **case.kwargs)
            exercise.oracle.expected(*case.args, **case.kwargs)

    overhead = least(check) - least(bare)
    passed = judge_exercise(exercise, answer).passed
    return {
        "name": f"check of {exercise.name}",
        "peer": "a budget of 20 ms over answer and oracle alone",
        "ratio": overhead / BUDGET,
        "bound": 1.0,
        "max_diff": 0.0 if passed else 1.0,
    }


ANSWERS: list[tuple[Exercise, Callable[..., Any]]] = [
    (trivial, lambda x: x * 1),
    (toys.mean_output, lambda model, x: model(x).sum(0) / len(x)),
    (toys.first_pattern, lambda model, tokens: toys.first_pattern.oracle.expected(model, tokens)),
]


@pytest.mark.parametrize(("exercise", "answer"), ANSWERS, ids=[exercise.name for exercise, _ in ANSWERS])
def test_a_check_adds_little(exercise: Exercise, answer: Callable[..., Any]) -> None:
    with torch.no_grad():
        row = measure(exercise, answer)
    assert row["max_diff"] == 0
    assert row["ratio"] < row["bound"], row
