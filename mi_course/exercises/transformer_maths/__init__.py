"""Chapter 1, transformer maths: what each exercise asks and how it is judged, one file a section."""

from __future__ import annotations

from mi_course.checking import Check, Predict
from mi_course.exercises.transformer_maths import (
    attention,
    attribution,
    circuits,
    composition,
    copying,
    decomposition,
    embedding,
    folding,
    forward,
    lens,
    loss,
    low_rank,
    masks,
    mixing,
    mlps,
    norms,
    notation,
    rotary,
    shortest_path,
    skip_trigrams,
    vocabulary,
)

CHAPTER = "transformer_maths"

_SECTIONS = (
    notation,
    embedding,
    norms,
    masks,
    attention,
    rotary,
    mixing,
    mlps,
    forward,
    loss,
    folding,
    decomposition,
    attribution,
    lens,
    vocabulary,
    circuits,
    copying,
    low_rank,
    shortest_path,
    skip_trigrams,
    composition,
)

check = Check(CHAPTER)
predict = Predict(CHAPTER, [question for section in _SECTIONS for question in section.QUESTIONS])

EXERCISES = [exercise for section in _SECTIONS for exercise in section.EXERCISES]
