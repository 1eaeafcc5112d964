"""The whole forward pass of a decoder-only transformer, with rotary or learned positions, from its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.transformer_maths.attention import attention_output, attention_pattern
from mi_course.transformer_maths.mlp import gelu_new, mlp
from mi_course.transformer_maths.norm import layer_norm
from mi_course.transformer_maths.notation import WEIGHTS
from mi_course.transformer_maths.positions import embed_positions, rotate

Weights = dict[str, Tensor]
"""The tensors of a model by the names of the notation page, those of the layers stacked: `weights["W_Q"][2]` is W_Q of
layer 2, shape (head, d_model, d_head)."""

# Where the state dict of a bridge keeps them.
_WHOLE = {
    "W_E": "embed.weight",
    "ln_final_w": "ln_final.weight",
    "ln_final_b": "ln_final.bias",
    "W_U": "unembed.weight",
    "b_U": "unembed.bias",
}
_W_POS = "pos_embed.weight"
_BY_LAYER = {
    "ln1_w": "ln1.weight",
    "ln1_b": "ln1.bias",
    "W_Q": "attn.q.weight",
    "b_Q": "attn.q.bias",
    "W_K": "attn.k.weight",
    "b_K": "attn.k.bias",
    "W_V": "attn.v.weight",
    "b_V": "attn.v.bias",
    "W_O": "attn.o.weight",
    "b_O": "attn.o.bias",
    "ln2_w": "ln2.weight",
    "ln2_b": "ln2.bias",
    "W_in": "mlp.in.weight",
    "b_in": "mlp.in.bias",
    "W_out": "mlp.out.weight",
    "b_out": "mlp.out.bias",
}


def weights_of(model: Any) -> Weights:
    """A model's state dict by the names, and with the shapes, of the notation page (see `notation.WEIGHTS`).

    model: a bridge of a checkpoint with LayerNorm, MLPs and biases, such as `load_model("story")` or
        `load_model("gpt2")`. One with learned positions has W_pos as well, (n_ctx, d_model), after the others.
    The tensors are copies.
    Raises CourseError for a model that lacks one of them, or whose parts follow each other in another way.
    """
    state, cfg = model.state_dict(), model.cfg
    wanted = [*_WHOLE.values(), *(f"blocks.{i}.{name}" for i in range(cfg.n_layers) for name in _BY_LAYER.values())]
    missing = [name for name in wanted if name not in state]
    if missing or not cfg.n_layers:
        raise CourseError(
            f"weights_of() needs a checkpoint with layers, LayerNorm and MLPs, such as load_model('story'); "
            f"this model has no {missing[0] if missing else 'layers'}."
        )
    if cfg.parallel_attn_mlp:
        raise CourseError(
            "In this model attention and MLP read the same stream (parallel residual), and transformer_forward() "
            "computes one after the other; take a model that does so too, such as load_model('story')."
        )
    weights = {name: _as_rows(name, model, state, key) for name, key in _WHOLE.items()}
    for name, key in _BY_LAYER.items():
        weights[name] = torch.stack([_as_rows(name, model, state, f"blocks.{i}.{key}") for i in range(cfg.n_layers)])
    ordered = {symbol.name: weights[symbol.name] for symbol in WEIGHTS}
    if _W_POS in state:
        ordered["W_pos"] = state[_W_POS].detach().clone()
    return ordered


def _as_rows(name: str, model: Any, state: Mapping[str, Tensor], key: str) -> Tensor:
    """A tensor of the state dict turned so that it multiplies rows, with the heads on an axis of their own."""
    value, n_heads = state[key].detach().clone(), model.cfg.n_heads
    if name.startswith("W_") and name != "W_E" and not _multiplies_rows(model, key):
        value = value.T
    if name in ("W_Q", "W_K", "W_V"):  # (d_model, head · d_head), the columns of a head together
        return value.unflatten(1, (n_heads, -1)).transpose(0, 1)
    if name in ("b_Q", "b_K", "b_V", "W_O"):  # W_O: (head · d_head, d_model)
        return value.unflatten(0, (n_heads, -1))
    return value


def _multiplies_rows(model: Any, key: str) -> bool:
    """Whether a matrix is kept as (in, out): GPT-2's Conv1D layers do so, torch's Linear layers keep (out, in)."""
    from transformers.pytorch_utils import Conv1D

    module = model.get_submodule(key.removesuffix(".weight"))
    return isinstance(getattr(module, "original_component", module), Conv1D)


def transformer_forward(
    tokens: Int[Tensor, "batch pos"],
    weights: Weights,
    *,
    eps: float = 1e-5,
    rotation: Callable[[Tensor], Tensor] | None = None,
    activation: Callable[[Tensor], Tensor] = gelu_new,
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits: at each position, one number for each possible next token.

    weights: as `weights_of` gives them; where W_pos is among them, its rows are added to the embedding.
    eps: of the LayerNorms. activation: of the neurons.
    rotation: of queries and keys; if none is given, `rotate` for a model without W_pos, and nothing for one with it.
    The order is the one of GPT-2 and of GPT-NeoX without parallel residual: each part reads a normalised copy of the
    residual stream and adds what it computes.
    """
    if rotation is None:
        rotation = (lambda x: x) if "W_pos" in weights else rotate
    x = embed_positions(tokens, weights["W_E"], weights.get("W_pos"))
    for layer in range(len(weights["W_Q"])):
        w = {name: weights[name][layer] for name in _BY_LAYER}
        normed = layer_norm(x, w["ln1_w"], w["ln1_b"], eps)
        q, k, v = (torch.einsum("bpm,hme->bphe", normed, w[f"W_{each}"]) + w[f"b_{each}"] for each in "QKV")
        pattern = attention_pattern(rotation(q), rotation(k))
        x = x + attention_output(pattern, v, w["W_O"], w["b_O"])
        normed = layer_norm(x, w["ln2_w"], w["ln2_b"], eps)
        x = x + mlp(normed, w["W_in"], w["b_in"], w["W_out"], w["b_out"], activation=activation)
    return layer_norm(x, weights["ln_final_w"], weights["ln_final_b"], eps) @ weights["W_U"] + weights["b_U"]
