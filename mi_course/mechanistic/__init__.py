"""Chapter 0: what is mechanistic. The methods of the chapter, one file each."""

from mi_course.mechanistic.analogies import AnalogyScores, analogy_questions, analogy_scores, solve
from mi_course.mechanistic.behaviour import TestCase, behavioural_test, failed_cases, story_answers, story_suite
from mi_course.mechanistic.by_design import (
    Bottleneck,
    additive_model,
    concepts,
    fit_bottleneck,
    interpretable_by_design,
    linear_model,
    measure,
)
from mi_course.mechanistic.embeddings import (
    frequency_correlation,
    frequency_direction,
    mean_cosine,
    mean_cosine_interval,
    remove_direction,
    remove_frequency,
)
from mi_course.mechanistic.ppmi import count_neighbours, ppmi
from mi_course.mechanistic.saliency import (
    Cascade,
    cascade,
    edge_map,
    rank_correlation,
    saliency_map,
    saliency_sanity_check,
    signed_map,
    with_random_layers,
)
from mi_course.mechanistic.timeline import COMMUNITIES, TOPICS, Event, Timeline, events, firsts, timeline_of

__all__ = [
    "COMMUNITIES",
    "TOPICS",
    "AnalogyScores",
    "Bottleneck",
    "Cascade",
    "Event",
    "TestCase",
    "Timeline",
    "additive_model",
    "analogy_questions",
    "analogy_scores",
    "behavioural_test",
    "cascade",
    "concepts",
    "count_neighbours",
    "edge_map",
    "events",
    "failed_cases",
    "firsts",
    "fit_bottleneck",
    "frequency_correlation",
    "frequency_direction",
    "interpretable_by_design",
    "linear_model",
    "mean_cosine",
    "mean_cosine_interval",
    "measure",
    "ppmi",
    "rank_correlation",
    "remove_direction",
    "remove_frequency",
    "saliency_map",
    "saliency_sanity_check",
    "signed_map",
    "solve",
    "story_answers",
    "story_suite",
    "timeline_of",
    "with_random_layers",
]
