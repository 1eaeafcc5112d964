"""What an attention pattern is taken to say about the text, and a measurement to hold it against.

Three readings of one forward pass (the pattern as it is, the rollout, the norms of what is carried), and what becomes
of the prediction when a token is really taken away.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.interventions import embed, replace, run
from mi_course.interventions import pattern as pattern_site
from mi_course.interventions import v as v_site


def attention_rollout(patterns: Float[Tensor, "layer head *batch dest src"]) -> Float[Tensor, "*batch dest src"]:
    """How much of each destination comes from each source, if attention and the skip connection share evenly.

    patterns: the attention probabilities of all layers and heads, first layer first; `attention_patterns` gives them.
    Each layer is the mean over its heads, mixed half and half with the identity; the layers are multiplied, later ones
    from the left, since rows are destinations: Ã_L ⋯ Ã_1. Each row of the result sums to one.
    (Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers".)
    Raises CourseError for fewer than four axes, or where there are not as many sources as destinations.
    """
    if patterns.ndim < 4 or patterns.shape[-1] != patterns.shape[-2]:
        raise CourseError(
            "attention_rollout takes the patterns of all layers and heads, (layer, head, …, dest, src), with as many "
            f"sources as destinations; this has shape {tuple(patterns.shape)}."
        )
    here = torch.eye(patterns.shape[-1], dtype=patterns.dtype, device=patterns.device)
    rollout = here
    for pattern in patterns.mean(1):
        rollout = (pattern + here) / 2 @ rollout
    return rollout


def value_weighted_attention(
    pattern: Float[Tensor, "batch head dest src"],
    x: Float[Tensor, "batch src d_model"],
    W_V: Float[Tensor, "head d_model d_head"],
    b_V: Float[Tensor, "head d_head"],
    W_O: Float[Tensor, "head d_head d_model"],
) -> Float[Tensor, "batch head dest src"]:
    """Length of what each head carries from each source to each destination: ‖α f(x)‖ with f(x) = (x W_V + b_V) W_O.

    pattern: the attention probabilities α of the heads of one layer.
    x: what the values are made from: the residual stream before the layer, after its LayerNorm if there is one.
    The norm is Euclidean and taken of each carried vector by itself, before anything is summed; b_O belongs to no
    source and is left out. (Kobayashi et al. 2020, "Attention is Not Only a Weight".)
    Raises CourseError when the number of heads differs between the arguments.
    """
    heads = {"pattern": pattern.shape[1], "W_V": W_V.shape[0], "b_V": b_V.shape[0], "W_O": W_O.shape[0]}
    if len({*heads.values()}) > 1:
        said = ", ".join(f"{name} {count}" for name, count in heads.items())
        raise CourseError(f"The number of heads differs: {said}. It is axis 1 of pattern, axis 0 of the weights.")
    v = torch.einsum("bsm,hme->bshe", x, W_V) + b_V
    return _carried(pattern, v, W_O)


def _carried(pattern: Tensor, v: Tensor, W_O: Tensor) -> Tensor:
    """α ‖v W_O‖, since α is a number and not negative."""
    length = torch.einsum("bshe,hem->bhsm", v, W_O).norm(dim=-1)
    return pattern * length[:, :, None, :]


def carried_norms(model: Any, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "layer head batch dest src"]:
    """`value_weighted_attention` of every layer, in the shape of `attention_patterns`.

    Raises CourseError when the tokens do not fit the model.
    """
    layers = range(model.cfg.n_layers)
    cache = run(model, tokens, cache=[site(layer) for layer in layers for site in (pattern_site, v_site)]).cache
    norms = [_carried(cache[pattern_site(layer)], cache[v_site(layer)], model.W_O[layer]) for layer in layers]
    return torch.stack([each.detach().transpose(0, 1) for each in norms])


def token_effects(
    model: Any, tokens: Int[Tensor, "batch pos"], end: Int[Tensor, " batch"]
) -> Float[Tensor, "batch pos"]:
    """What the prediction at `end` loses when one token is taken away: a divergence in nats for each position.

    Taken away means: its embedding is replaced by the mean embedding of the tokens of these texts, at this position
    only, and everything after it is computed anew. The number is the Kullback-Leibler divergence of the prediction so
    obtained from the prediction before, KL(before ‖ after). It is zero at positions after `end`.
    end: position whose prediction is looked at, one for each text.
    Raises CourseError when a position lies outside the text.
    """
    if bool((end < 0).any() or (end >= tokens.shape[1]).any()):
        raise CourseError(f"end is a position of the text, from 0 to {tokens.shape[1] - 1}, one for each text.")
    rows = torch.arange(len(tokens))
    clean = run(model, tokens, cache=[embed()])
    before = clean.logits[rows, end].log_softmax(-1)
    read = (torch.arange(tokens.shape[1]) <= end[:, None]) & (torch.arange(tokens.shape[1]) > 0)
    blank = clean.cache[embed()][read].mean(0)
    effects = torch.zeros(tokens.shape)
    for position in range(tokens.shape[1]):
        after = run(model, tokens, [replace(embed(position=position), blank)]).logits[rows, end].log_softmax(-1)
        effects[:, position] = (before.exp() * (before - after)).sum(-1)
    return effects.clamp(min=0)
