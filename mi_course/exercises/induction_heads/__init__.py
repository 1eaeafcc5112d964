"""Chapter 2, induction heads: what each exercise asks and how it is judged, one file an exercise."""

from __future__ import annotations

from mi_course.checking import Check, Predict
from mi_course.exercises.induction_heads import (
    attention_flow,
    counterfactual_attention,
    find_heads,
    induction_score,
    repeated_tokens,
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
    attention_flow,
    counterfactual_attention,
    syntax,
    suppression,
    universality,
)

check = Check(CHAPTER)
predict = Predict(CHAPTER, [question for file in _FILES for question in file.QUESTIONS])

EXERCISES = [exercise for file in _FILES for exercise in file.EXERCISES]
