"""The residual stream taken apart into what was written into it."""

from __future__ import annotations

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from mi_course.errors import CourseError


def residual_decomposition(
    cache: Mapping[str, Tensor], weights: Mapping[str, Tensor]
) -> dict[str, Float[Tensor, "batch pos d_model"]]:
    """Everything that was added to the residual stream, by name; the sum is the stream after the last layer.

    The names, in the order in which things are added: `embed`; `pos` if the model has learned positions; and for each
    layer l its heads `LlH0`, `LlH1` …, its attention's bias `b_O l`, and `MLP l` (b_out included) if it has one.
    (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits": the stream is a sum, and a head adds
    z W_O by itself.)

    cache: of `run_with_cache`, activations by hook name; read are hook_embed and each layer's attn.hook_z and
        hook_mlp_out.
    weights: read are W_O (layer, head, d_head, d_model), b_O (layer, d_model), and W_pos (n_ctx, d_model) where there
        is one; no other weight is needed. A layer without an MLP (no hook_mlp_out in the cache, no W_in in the weights)
        has no such entry.
    Raises CourseError when an activation or a weight is missing or they are not of one model.
    """
    for name in ("W_O", "b_O"):
        if name not in weights:
            raise CourseError(f"residual_decomposition needs {name}; weights_of(model) has it.")
    embedded = _of(cache, "hook_embed")
    parts = {"embed": embedded}
    if "W_pos" in weights:
        parts["pos"] = weights["W_pos"][: embedded.shape[1]].expand(embedded.shape)
    for layer, (W_O, b_O) in enumerate(zip(weights["W_O"], weights["b_O"], strict=True)):
        z = _of(cache, f"blocks.{layer}.attn.hook_z")
        if z.shape[-2:] != W_O.shape[:2]:
            raise CourseError(
                f"hook_z of layer {layer} has (head, d_head) {tuple(z.shape[-2:])} and W_O {tuple(W_O.shape[:2])}: "
                "cache and weights are not of one model."
            )
        for head in range(len(W_O)):
            parts[f"L{layer}H{head}"] = z[..., head, :] @ W_O[head]
        parts[f"b_O {layer}"] = b_O.expand(embedded.shape)
        mlp_out = f"blocks.{layer}.hook_mlp_out"
        if mlp_out in cache or "W_in" in weights:
            parts[f"MLP {layer}"] = _of(cache, mlp_out)
    return parts


def _of(cache: Mapping[str, Tensor], name: str) -> Tensor:
    try:
        return cache[name]
    except KeyError:
        raise CourseError(f"The cache has no {name}; make it with model.run_with_cache(tokens).") from None
