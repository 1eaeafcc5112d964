"""Chapter 2, induction heads: what each exercise asks and how it is judged, one file an exercise."""

from __future__ import annotations

from mi_course.checking import Check, Predict
from mi_course.exercises.induction_heads import (
    find_heads,
    in_context_score,
    induction_score,
    kinds_of_head,
    phase_change,
    repeated_tokens,
    repetition_gain,
    ablation,
    by_hand,
    conflict,
    find_heads,
    induction_score,
    key_composition,
    repeated_tokens,
    stripe_by_hand,
)
from mi_course.exercises.induction_heads import find_heads, grokking, induction_score, repeated_tokens, stripe_by_hand
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
)
_FILES = (repeated_tokens, stripe_by_hand, induction_score, find_heads, ablation, key_composition, by_hand, conflict)
_FILES = (repeated_tokens, stripe_by_hand, induction_score, find_heads, grokking)

check = Check(CHAPTER)
predict = Predict(CHAPTER, [question for file in _FILES for question in file.QUESTIONS])

EXERCISES = [exercise for file in _FILES for exercise in file.EXERCISES]
