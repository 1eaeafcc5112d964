"""Chapter 0: what is mechanistic. The methods of the chapter, one file each."""

from __future__ import annotations

from mi_course.mechanistic.by_design import (
    Bottleneck,
    additive_model,
    concepts,
    fit_bottleneck,
    interpretable_by_design,
    linear_model,
    measure,
)
from mi_course.mechanistic.saliency import (
    Cascade,
    cascade,
    edge_map,
    rank_correlation,
    saliency_map,
    saliency_sanity_check,
    signed_map,
    with_random_layers,
)

__all__ = [
    "Bottleneck",
    "Cascade",
    "additive_model",
    "cascade",
    "concepts",
    "edge_map",
    "fit_bottleneck",
    "interpretable_by_design",
    "linear_model",
    "measure",
    "rank_correlation",
    "saliency_map",
    "saliency_sanity_check",
    "signed_map",
    "with_random_layers",
]
