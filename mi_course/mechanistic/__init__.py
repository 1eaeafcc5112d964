"""Chapter 0: what is mechanistic. The methods of the chapter, one file each."""

from mi_course.mechanistic.analogies import AnalogyScores, analogy_questions, analogy_scores, solve
from mi_course.mechanistic.behaviour import TestCase, behavioural_test, failed_cases, story_answers, story_suite
from mi_course.mechanistic.embeddings import (
    frequency_correlation,
    frequency_direction,
    mean_cosine,
    mean_cosine_interval,
    remove_direction,
    remove_frequency,
)
from mi_course.mechanistic.ppmi import count_neighbours, ppmi

__all__ = [
    "AnalogyScores",
    "TestCase",
    "analogy_questions",
    "analogy_scores",
    "behavioural_test",
    "count_neighbours",
    "failed_cases",
    "frequency_correlation",
    "frequency_direction",
    "mean_cosine",
    "mean_cosine_interval",
    "ppmi",
    "remove_direction",
    "remove_frequency",
    "solve",
    "story_answers",
    "story_suite",
]
