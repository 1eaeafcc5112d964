"""Models that are made to be read, and what that costs."""

from __future__ import annotations

from mi_course.checking import Exercise, Question

QUESTIONS: list[Question] = []
EXERCISES: list[Exercise] = []
