"""Chapter 2, induction heads: from what heads look at to what that is worth.

An induction head continues a pattern: having seen `A B … A`, it attends to the token after the earlier `A` and raises
the logit of `B`. (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Olsson et al. 2022,
"In-context Learning and Induction Heads".)
"""

from __future__ import annotations

from mi_course.induction_heads.ablation import ABLATIONS, ablate_head, ablated, ablation_effects, loss_where
from mi_course.induction_heads.attention_flow import (
    attention_rollout,
    carried_norms,
    token_effects,
    value_weighted_attention,
)
from mi_course.induction_heads.by_hand import build_by_hand, one_match_ceiling, write_induction_model
from mi_course.induction_heads.conflict import (
    RULES,
    Conflict,
    Gap,
    conflicting_tokens,
    end_to_end_gap,
    rule_predictions,
)
from mi_course.induction_heads.counterfactual_attention import (
    favourite_sources,
    freedom,
    same_output_other_attention,
)
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
from mi_course.induction_heads.in_context import (
    count_pairs,
    in_context_differences,
    in_context_score,
    table_loss,
)
from mi_course.induction_heads.key_composition import (
    KeyContributions,
    cut_path,
    k_composition,
    key_contributions,
    match_table,
)
from mi_course.induction_heads.patterns import (
    Head,
    HeadScores,
    attention_patterns,
    duplicate_stripe,
    duplicate_token_score,
    find_heads,
    head_scores,
    induction_score,
    induction_scores,
    previous_stripe,
    previous_token_score,
    stripe,
)
from mi_course.induction_heads.phase import phase_change, running_median
from mi_course.induction_heads.repetition import bag_loss, repetition_gain
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
    "ABLATIONS",
    "RULES",
    "Conflict",
    "Gap",
    "Head",
    "HeadMatch",
    "HeadScores",
    "KeyContributions",
    "LossesInTraining",
    "SyntacticHead",
    "ablate_head",
    "ablated",
    "ablation_effects",
    "agreement_margin",
    "attention_patterns",
    "attention_rollout",
    "bag_loss",
    "build_by_hand",
    "carried_norms",
    "conflicting_tokens",
    "count_pairs",
    "cut_path",
    "direct_effects",
    "duplicate_stripe",
    "duplicate_token_score",
    "end_to_end_gap",
    "excluded_loss",
    "favourite_sources",
    "find_heads",
    "follow_losses",
    "freedom",
    "frequency_power",
    "head_scores",
    "head_signatures",
    "in_context_differences",
    "in_context_score",
    "induction_score",
    "induction_scores",
    "interval_over_models",
    "k_composition",
    "key_contributions",
    "key_frequencies",
    "logits_without",
    "looks_from",
    "loss_where",
    "match_heads_across_seeds",
    "match_table",
    "one_match_ceiling",
    "over_pairs",
    "phase_change",
    "previous_stripe",
    "previous_token_score",
    "repetition_gain",
    "restricted_loss",
    "rule_predictions",
    "running_median",
    "same_output_other_attention",
    "signature_correlations",
    "stripe",
    "sum_logits",
    "sum_losses",
    "sum_waves",
    "sums_of",
    "suppression_heads",
    "syntactic_heads",
    "table_loss",
    "token_effects",
    "value_weighted_attention",
    "write_induction_model",
]
