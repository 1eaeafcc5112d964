"""The notation page: nothing to solve, one thing to guess."""

from __future__ import annotations

from mi_course.checking import Exercise, Question


def _near(value: float, outcome: float) -> bool:
    return abs(value - outcome) <= 10


QUESTIONS = [
    Question(
        name="share_in_mlps",
        text="Of all the numbers that story consists of, how many per cent are in its MLPs? (Right if within 10.)",
        kind=float,
        low=0,
        high=100,
        unit="per cent",
        comes_true=_near,
    ),
]
EXERCISES: list[Exercise] = []
