"""Chapter 2, induction heads: from what heads look at to what that is worth.

An induction head continues a pattern: having seen `A B … A`, it attends to the token after the earlier `A` and raises
the logit of `B`. (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Olsson et al. 2022,
"In-context Learning and Induction Heads".)
"""

from __future__ import annotations

from mi_course.induction_heads.grokking import (
    LossesInTraining,
    excluded_loss,
    follow_losses,
    frequency_power,
    key_frequencies,
    restricted_loss,
    sum_logits,
    sum_losses,
    sum_waves,
    sums_of,
)
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
    "LossesInTraining",
    "attention_patterns",
    "excluded_loss",
    "find_heads",
    "follow_losses",
    "frequency_power",
    "induction_score",
    "induction_scores",
    "key_frequencies",
    "restricted_loss",
    "stripe",
    "sum_logits",
    "sum_losses",
    "sum_waves",
    "sums_of",
]
