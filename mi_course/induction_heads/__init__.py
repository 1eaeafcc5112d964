"""Chapter 2, induction heads: from what heads look at to what that is worth.

An induction head continues a pattern: having seen `A B … A`, it attends to the token after the earlier `A` and raises
the logit of `B`. (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Olsson et al. 2022,
"In-context Learning and Induction Heads".)
"""

from __future__ import annotations

from mi_course.induction_heads.patterns import (
    Head,
    HeadScores,
    attention_patterns,
    find_heads,
    induction_score,
    induction_scores,
    stripe,
)

__all__ = [
    "Head",
    "HeadScores",
    "attention_patterns",
    "find_heads",
    "induction_score",
    "induction_scores",
    "stripe",
]
