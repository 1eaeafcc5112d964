"""Symbols, shapes and hook names, fixed once for all chapters; tests compare them with the models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mi_course.errors import CourseError

AXES: Mapping[str, str] = {
    "batch": "texts that are run together",
    "pos": "positions of a text, from 0; [BOS] stands at 0",
    "dest": "positions that look (destinations, queries)",
    "src": "positions looked at (sources, keys)",
    "layer": "layers, from 0",
    "head": "attention heads of a layer, from 0",
    "n_ctx": "positions that a text may have at most",
    "d_vocab": "tokens that exist",
    "d_model": "numbers in the residual stream at one position",
    "d_head": "numbers in a query, a key or a value of one head",
    "d_mlp": "neurons of a layer's MLP",
}
"""Names of axes, and what each counts."""


@dataclass(frozen=True)
class Symbol:
    """A tensor that has a name.

    name: in formulas and code.
    axes: the names of its axes, in order, separated by blanks.
    meaning: what it holds.
    hook: for an activation, the name of its hook point, with {l} for the layer; empty for a weight.
    """

    name: str
    axes: str
    meaning: str
    hook: str = ""


WEIGHTS: tuple[Symbol, ...] = (
    Symbol("W_E", "d_vocab d_model", "embedding: one row for each token"),
    Symbol("ln1_w", "layer d_model", "gain of the LayerNorm before the attention"),
    Symbol("ln1_b", "layer d_model", "its bias"),
    Symbol("W_Q", "layer head d_model d_head", "makes queries"),
    Symbol("b_Q", "layer head d_head", "bias of the queries"),
    Symbol("W_K", "layer head d_model d_head", "makes keys"),
    Symbol("b_K", "layer head d_head", "bias of the keys"),
    Symbol("W_V", "layer head d_model d_head", "makes values"),
    Symbol("b_V", "layer head d_head", "bias of the values"),
    Symbol("W_O", "layer head d_head d_model", "writes a head's result into the residual stream"),
    Symbol("b_O", "layer d_model", "bias of the attention, one for all heads together"),
    Symbol("ln2_w", "layer d_model", "gain of the LayerNorm before the MLP"),
    Symbol("ln2_b", "layer d_model", "its bias"),
    Symbol("W_in", "layer d_model d_mlp", "what each neuron reads, one column each"),
    Symbol("b_in", "layer d_mlp", "bias of the neurons"),
    Symbol("W_out", "layer d_mlp d_model", "what each neuron writes, one row each"),
    Symbol("b_out", "layer d_model", "bias of the MLP"),
    Symbol("ln_final_w", "d_model", "gain of the last LayerNorm"),
    Symbol("ln_final_b", "d_model", "its bias"),
    Symbol("W_U", "d_model d_vocab", "unembedding: one column for each token"),
    Symbol("b_U", "d_vocab", "bias of the logits"),
)
"""The weights of a model with LayerNorm, MLPs and rotary positions; models with learned positions have
W_pos (n_ctx d_model) as well."""

ACTIVATIONS: tuple[Symbol, ...] = (
    Symbol("embed", "batch pos d_model", "rows of W_E", "hook_embed"),
    Symbol("resid_pre", "batch pos d_model", "the residual stream as it enters a layer", "blocks.{l}.hook_resid_pre"),
    Symbol("ln1 scale", "batch pos 1", "what the first LayerNorm divides by", "blocks.{l}.ln1.hook_scale"),
    Symbol(
        "ln1 normalized", "batch pos d_model", "after dividing, before gain and bias", "blocks.{l}.ln1.hook_normalized"
    ),
    Symbol("ln1 out", "batch pos d_model", "after gain and bias: what the attention reads", "blocks.{l}.ln1.hook_out"),
    Symbol("q", "batch pos head d_head", "queries, before any rotation", "blocks.{l}.attn.hook_q"),
    Symbol("k", "batch pos head d_head", "keys, before any rotation", "blocks.{l}.attn.hook_k"),
    Symbol("v", "batch pos head d_head", "values", "blocks.{l}.attn.hook_v"),
    Symbol(
        "attn_scores",
        "batch head dest src",
        "scores, scaled and masked (with the lowest number there is, not −∞), before softmax",
        "blocks.{l}.attn.hook_attn_scores",
    ),
    Symbol("pattern", "batch head dest src", "attention probabilities", "blocks.{l}.attn.hook_pattern"),
    Symbol("z", "batch pos head d_head", "values mixed by the pattern, before W_O", "blocks.{l}.attn.hook_z"),
    Symbol("attn_out", "batch pos d_model", "what the attention adds: all heads and b_O", "blocks.{l}.hook_attn_out"),
    Symbol(
        "resid_mid", "batch pos d_model", "the residual stream between attention and MLP", "blocks.{l}.hook_resid_mid"
    ),
    Symbol("ln2 out", "batch pos d_model", "what the MLP reads", "blocks.{l}.ln2.hook_out"),
    Symbol("mlp pre", "batch pos d_mlp", "neurons before the activation function", "blocks.{l}.mlp.hook_pre"),
    Symbol("mlp post", "batch pos d_mlp", "neurons after it", "blocks.{l}.mlp.hook_post"),
    Symbol("mlp_out", "batch pos d_model", "what the MLP adds: all neurons and b_out", "blocks.{l}.hook_mlp_out"),
    Symbol("resid_post", "batch pos d_model", "the residual stream as it leaves a layer", "blocks.{l}.hook_resid_post"),
    Symbol("final scale", "batch pos 1", "what the last LayerNorm divides by", "ln_final.hook_scale"),
    Symbol("final out", "batch pos d_model", "what the unembedding reads", "ln_final.hook_out"),
    Symbol("logits", "batch pos d_vocab", "one number for each possible next token", "unembed.hook_out"),
)
"""What can be looked at on the way through such a model, in the order in which it is computed."""


def axis_sizes(model: Any) -> dict[str, int]:
    """The sizes that a model settles: layer, head, n_ctx, d_vocab, d_model, d_head and d_mlp."""
    cfg = model.cfg
    return {
        "layer": cfg.n_layers,
        "head": cfg.n_heads,
        "n_ctx": cfg.n_ctx,
        "d_vocab": cfg.d_vocab,
        "d_model": cfg.d_model,
        "d_head": cfg.d_head,
        "d_mlp": cfg.d_mlp,
    }


def shape_of(symbol: Symbol, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape of a symbol's tensor where the axes have these sizes.

    Raises CourseError when the size of an axis is not given.
    """
    missing = [axis for axis in symbol.axes.split() if axis not in sizes and not axis.isdigit()]
    if missing:
        raise CourseError(f"The shape of {symbol.name} needs a size for {', '.join(missing)}; add it to `sizes`.")
    return tuple(int(axis) if axis.isdigit() else sizes[axis] for axis in symbol.axes.split())
