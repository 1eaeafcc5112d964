"""Anisotropy of embeddings, and the frequency direction."""

from __future__ import annotations

from mi_course.checking import Exercise, Question

QUESTIONS: list[Question] = []
EXERCISES: list[Exercise] = []
