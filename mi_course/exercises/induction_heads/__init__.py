"""Chapter 2, induction heads: what each exercise asks and how it is judged, one file an exercise."""

from __future__ import annotations

from mi_course.checking import Check, Predict
from mi_course.exercises.induction_heads import (
    ablation,
    attention_flow,
    by_hand,
    conflict,
    counterfactual_attention,
    excluded,
    find_heads,
    fourier,
    in_context_score,
    induction_score,
    key_composition,
    kinds_of_head,
    phase_change,
    repeated_tokens,
    repetition_gain,
    restricted,
    stripe_by_hand,
    suppression,
    syntax,
    universality,
)
from mi_course.exercises.induction_heads.models import suspect

__all__ = ["CHAPTER", "EXERCISES", "check", "predict", "suspect"]

CHAPTER = "induction_heads"

_FILES = (
    repeated_tokens,
    stripe_by_hand,
    induction_score,
    find_heads,
    repetition_gain,
    in_context_score,
    kinds_of_head,
    phase_change,
    ablation,
    key_composition,
    fourier,
    restricted,
    excluded,
    by_hand,
    attention_flow,
    counterfactual_attention,
    syntax,
    suppression,
    universality,
    conflict,
)

check = Check(CHAPTER)
predict = Predict(CHAPTER, [question for file in _FILES for question in file.QUESTIONS])

EXERCISES = [exercise for file in _FILES for exercise in file.EXERCISES]
