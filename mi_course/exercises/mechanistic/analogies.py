"""Vector arithmetic beside what a nearest neighbour does."""

from __future__ import annotations

from mi_course.checking import Exercise, Question

QUESTIONS: list[Question] = []
EXERCISES: list[Exercise] = []
