"""Chapter 0, what is mechanistic: what each exercise asks and how it is judged, one file a section."""

from __future__ import annotations

from mi_course.checking import Check, Predict
from mi_course.exercises.mechanistic import (
    analogies,
    behaviour,
    by_design,
    circuits,
    curve_detector,
    definitions,
    embeddings,
    evidence,
    history,
    saliency,
    tuning,
    visualisation,
    vocabulary,
)

CHAPTER = "mechanistic"

_SECTIONS = (
    definitions,
    history,
    vocabulary,
    evidence,
    behaviour,
    by_design,
    embeddings,
    analogies,
    saliency,
    tuning,
    curve_detector,
    visualisation,
    circuits,
)

check = Check(CHAPTER)
predict = Predict(CHAPTER, [question for section in _SECTIONS for question in section.QUESTIONS])

EXERCISES = [exercise for section in _SECTIONS for exercise in section.EXERCISES]
