"""A check runs nothing more often than it has to; how long it takes is measured in tests/benchmarks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from mi_course.checking import Misconception, Oracle, judge_exercise
from tests.checking import toys


def test_each_function_runs_once_a_case() -> None:
    runs: Counter[str] = Counter()

    def counted(name: str, function: Any) -> Any:
        def answer(x: Any) -> Any:
            runs[name] += 1
            return function(x)

        return answer

    exercise = replace(
        toys.centre,
        oracle=Oracle("counted", counted("oracle", toys.centre.oracle.expected)),
        misconceptions=(
            Misconception("first", "F.", counted("first", lambda x: x)),
            Misconception("second", "S.", counted("second", lambda x: 2 * x)),
            Misconception("third", "T.", counted("third", lambda x: 3 * x)),
        ),
        variant=None,
    )
    assert judge_exercise(exercise, counted("right", toys.centre.alternatives["loops"])).passed
    assert runs == {"right": 3, "oracle": 3}  # a right answer runs no mistake of the bank

    runs.clear()
    assert judge_exercise(exercise, counted("wrong", lambda x: x + x)).misconception == "second"
    assert runs == {"wrong": 3, "oracle": 3, "first": 1, "second": 3}  # a mistake is given up at its first difference
