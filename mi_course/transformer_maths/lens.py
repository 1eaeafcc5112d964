"""The logit lens: the residual stream read by the end of the model before the model has come to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.transformer_maths.forward import Weights
from mi_course.transformer_maths.norm import layer_norm


def logit_lens(
    cache: Mapping[str, Tensor] | Any, weights: Weights, *, eps: float = 1e-5
) -> Float[Tensor, "reading batch pos d_vocab"]:
    """Logits read from the residual stream as it enters layer 0 and as it leaves each layer; reading = layer + 1.

    cache: activations by the names of their hooks, as `model.run_with_cache(tokens)` gives them; wanted are
        `blocks.0.hook_resid_pre` and, of every layer l, `blocks.{l}.hook_resid_post`.
    weights: as `weights_of` gives them.
    eps: of the last LayerNorm.

    Each stream goes through the last LayerNorm, with a mean and a scale of its own, and through W_U and b_U. Entry 0 is
    what enters layer 0, entry l + 1 what leaves layer l; the last entry holds the model's own logits.
    nostalgebraist 2020, "interpreting GPT: the logit lens". Belrose et al. 2023, "Eliciting Latent Predictions from
    Transformers with the Tuned Lens", train an affine map for each layer to put in between; there is none here.

    Raises CourseError when the cache lacks one of these activations.
    """
    layers = len(weights["W_Q"])
    names = ["blocks.0.hook_resid_pre", *(f"blocks.{layer}.hook_resid_post" for layer in range(layers))]
    missing = [name for name in names if name not in cache]
    if missing:
        raise CourseError(
            f"The cache holds no {missing[0]!r}; take the cache of model.run_with_cache(tokens) without a filter of "
            f"names, and the weights of the same model."
        )
    streams = torch.stack([cache[name] for name in names])
    read = layer_norm(streams, weights["ln_final_w"], weights["ln_final_b"], eps)
    return read @ weights["W_U"] + weights["b_U"]
