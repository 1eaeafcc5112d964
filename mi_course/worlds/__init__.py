"""Synthetic data whose truth is known: every batch comes with the labels that say what is where, and why."""

from __future__ import annotations

from mi_course.worlds.repeated import BOS, RepeatedTokens, repeated_tokens

__all__ = ["BOS", "RepeatedTokens", "repeated_tokens"]
