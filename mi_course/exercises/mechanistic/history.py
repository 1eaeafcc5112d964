"""Which earlier methods the methods of mechanistic interpretability continue."""

from __future__ import annotations

from mi_course.checking import Exercise, Question

QUESTIONS: list[Question] = []
EXERCISES: list[Exercise] = []
