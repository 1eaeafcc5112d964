"""Synthetic data whose truth is known: every batch comes with the labels that say what is where, and why.

Story World is large enough for a package of its own: `mi_course.worlds.story`.
"""

from __future__ import annotations

from mi_course.worlds.modular import ModularAddition, corrupted_sums, fourier_basis, modular_addition
from mi_course.worlds.repeated import BOS, RepeatedTokens, repeated_tokens
from mi_course.worlds.shapes import Shapes, draw_shapes

__all__ = [
    "BOS",
    "ModularAddition",
    "RepeatedTokens",
    "Shapes",
    "corrupted_sums",
    "draw_shapes",
    "fourier_basis",
    "modular_addition",
    "repeated_tokens",
]
