"""Chapter 2, induction heads: from what heads look at to what that is worth.

An induction head continues a pattern: having seen `A B … A`, it attends to the token after the earlier `A` and raises
the logit of `B`. (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Olsson et al. 2022,
"In-context Learning and Induction Heads".)
"""

from __future__ import annotations

from mi_course.induction_heads.attention_flow import (
    attention_rollout,
    carried_norms,
    token_effects,
    value_weighted_attention,
)
from mi_course.induction_heads.counterfactual_attention import (
    favourite_sources,
    freedom,
    same_output_other_attention,
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
from mi_course.induction_heads.suppression import direct_effects, suppression_heads
from mi_course.induction_heads.syntax import (
    SyntacticHead,
    agreement_margin,
    logits_without,
    looks_from,
    syntactic_heads,
)
from mi_course.induction_heads.universality import (
    HeadMatch,
    head_signatures,
    interval_over_models,
    match_heads_across_seeds,
    over_pairs,
    signature_correlations,
)

__all__ = [
    "Head",
    "HeadMatch",
    "HeadScores",
    "SyntacticHead",
    "agreement_margin",
    "attention_patterns",
    "attention_rollout",
    "carried_norms",
    "direct_effects",
    "favourite_sources",
    "find_heads",
    "freedom",
    "head_signatures",
    "induction_score",
    "induction_scores",
    "interval_over_models",
    "logits_without",
    "looks_from",
    "match_heads_across_seeds",
    "over_pairs",
    "same_output_other_attention",
    "signature_correlations",
    "stripe",
    "suppression_heads",
    "syntactic_heads",
    "token_effects",
    "value_weighted_attention",
]
