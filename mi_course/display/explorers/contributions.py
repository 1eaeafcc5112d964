"""What each component writes, read in logits: direct logit attribution and the logit lens."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.interventions import (
    Cache,
    attn_out,
    embed,
    head_contribution,
    mlp_out,
    resid_post,
    resid_pre,
)


def component_names(model: Any) -> list[str]:
    """The components whose outputs add up to the residual stream: embedding, heads, what heads share, MLPs."""
    names = ["embedding"]
    for layer in range(model.cfg.n_layers):
        names += [f"L{layer}H{head}" for head in range(model.cfg.n_heads)] + [f"b_O {layer}"]
        names += [f"MLP{layer}"] if _has_mlp(model, layer) else []
    return names


def component_outputs(model: Any, cache: Cache) -> Float[Tensor, "component pos d_model"]:
    """What each component adds to the residual stream, in the order of `component_names`; their sum is its end.

    cache: of one text, from `Passes`. The embedding includes learned positions where a model has them; b_O is what the
    attention of a layer adds beside its heads.
    """
    outputs = [cache[resid_pre(0)][0] if resid_pre(0) in cache else cache[embed()][0]]
    for layer in range(model.cfg.n_layers):
        heads = head_contribution(model, cache, layer)[0].transpose(0, 1)
        outputs += [*heads, cache[attn_out(layer)][0] - heads.sum(0)]
        outputs += [cache[mlp_out(layer)][0]] if _has_mlp(model, layer) else []
    return torch.stack(outputs)


def direct_contribution(model: Any, cache: Cache, output: Float[Tensor, "pos d_model"]) -> Float[Tensor, "pos d_vocab"]:
    """The share of the logits that one component's output makes up on the direct path, in logits.

    The final LayerNorm divides by the scale that it has in this very pass; so the contributions of all components, with
    its bias and b_U, add up to the logits. What later components make of the output is not counted. (Direct logit
    attribution; Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits".)
    Raises CourseError for a final normalisation other than LayerNorm, RMSNorm or none.
    """
    kind = model.cfg.normalization_type
    if kind is None:
        return output @ model.W_U
    end = cache[resid_post(model.cfg.n_layers - 1)][0]
    if kind in ("LN", "LNPre"):
        end, output = end - end.mean(-1, keepdim=True), output - output.mean(-1, keepdim=True)
    elif kind not in ("RMS", "RMSPre"):
        raise CourseError(f"The final normalisation of this model, {kind}, cannot be divided among the components.")
    scale = (end.square().mean(-1, keepdim=True) + model.cfg.eps).sqrt()
    return output / scale * model.ln_final.weight @ model.W_U


def logit_lens(model: Any, cache: Cache) -> Float[Tensor, "layer pos d_vocab"]:
    """Log-probabilities (natural) that the residual stream holds before layer 0 and after each layer.

    The final LayerNorm and W_U are applied to it as if the later layers were not there. (Logit lens; nostalgebraist
    2020, "interpreting GPT: the logit lens".)
    """
    before = cache[resid_pre(0)] if resid_pre(0) in cache else cache[embed()]
    stream = torch.cat([before, *(cache[resid_post(layer)] for layer in range(model.cfg.n_layers))])
    with torch.no_grad():
        return model.unembed(model.ln_final(stream)).log_softmax(-1)


def _has_mlp(model: Any, layer: int) -> bool:
    return mlp_out(layer)._hook_name in model.hook_dict
