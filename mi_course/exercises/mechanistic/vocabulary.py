"""Terms in context, and the ways into a model."""

from __future__ import annotations

from mi_course.checking import Exercise, Question

QUESTIONS: list[Question] = []
EXERCISES: list[Exercise] = []
