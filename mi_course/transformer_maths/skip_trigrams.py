"""Skip trigrams: `A … B -> C`, read from the weights of a model with one layer of attention and nothing else.

Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", section "One-Layer Attention-Only
Transformers". Shlegeris 2023, "One-layer transformers aren't equivalent to a set of skip-trigrams", says what such a
table leaves out: a softmax divides one attention among all that is there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.transformer_maths.attention import attention_pattern
from mi_course.transformer_maths.forward import Weights

_NEEDED = ("W_E", "W_Q", "W_K", "W_V", "W_O", "W_U")


class SkipTrigrams(NamedTuple):
    """The two entries of each triple in each head.

    attend: from the full QK circuit, the score (before the softmax) that the destination gives to the source.
    write: from the full OV circuit, what the head adds to the logit of the out token when all its attention is on the
        source.
    """

    attend: Float[Tensor, "triple head"]
    write: Float[Tensor, "triple head"]


def skip_trigrams(
    weights: Weights,
    source: Int[Tensor, " triple"],
    destination: Int[Tensor, " triple"],
    out: Int[Tensor, " triple"],
) -> SkipTrigrams:
    """Look up `source … destination -> out` in the full QK and OV circuits of every head of one layer.

    weights: W_E (d_vocab, d_model), W_Q, W_K, W_V (head, d_model, d_head), W_O (head, d_head, d_model), W_U (d_model,
        d_vocab). Biases and positions are left out: the tables are about tokens alone.
    source, destination, out: token ids, one of each for every triple.
    Scores of one destination can be compared with each other; a constant added to all of them changes no attention.
    Raises CourseError for weights that are missing and token lists of different lengths.
    """
    missing = [name for name in _NEEDED if name not in weights]
    if missing:
        raise CourseError(f"skip_trigrams needs the weights {', '.join(_NEEDED)} of one layer; missing: {missing}.")
    if not source.shape == destination.shape == out.shape or source.ndim != 1:
        raise CourseError(
            "source, destination and out are lists of token ids of one length, not of shapes "
            f"{tuple(source.shape)}, {tuple(destination.shape)} and {tuple(out.shape)}."
        )
    A, B = weights["W_E"][source], weights["W_E"][destination]
    query = torch.einsum("tm,hme->the", B, weights["W_Q"])
    key = torch.einsum("tm,hme->the", A, weights["W_K"])
    moved = torch.einsum("tm,hme,hen->thn", A, weights["W_V"], weights["W_O"])
    return SkipTrigrams(
        attend=(query * key).sum(-1) / key.shape[-1] ** 0.5,
        write=torch.einsum("thn,nt->th", moved, weights["W_U"][:, out]),
    )


def one_layer_weights(model: Any) -> Weights:
    """The weights of a model with one layer of attention, no MLP, no LayerNorm, and learned positions, by name.

    Beside those that `skip_trigrams` needs: W_pos, b_Q, b_K, b_V, b_O, b_U. The tensors are copies.
    Raises CourseError for another kind of model.
    """
    cfg = model.cfg
    state = model.state_dict()
    if cfg.n_layers != 1 or any(".mlp." in name or ".ln" in name for name in state) or "pos_embed.weight" not in state:
        raise CourseError(
            "one_layer_weights reads models with one layer of attention, learned positions, no MLP and no LayerNorm, "
            "such as load_model('story-attn-1l')."
        )
    stacked = {name: getattr(model, name)[0] for name in ("W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O")}
    whole = {name: getattr(model, name) for name in ("W_E", "W_pos", "W_U", "b_U")}
    return {name: weight.detach().clone() for name, weight in (stacked | whole).items()}


def tables_say(weights: Weights, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch d_vocab"]:
    """The logits at the last position as the token tables give them: bigrams, and the skip trigrams of all heads.

    The same forward pass as the model's, with every token as if it stood nowhere: positions are left out, biases are
    not. Where positions matter, the model's logits are others; how far is a measurement.
    """
    x = weights["W_E"][tokens]
    q, k, v = (
        torch.einsum("bpm,hme->bphe", x, weights[f"W_{each}"]) + weights[f"b_{each}"] for each in ("Q", "K", "V")
    )
    looks = attention_pattern(q, k)[:, :, -1]
    z = torch.einsum("bhs,bshe->bhe", looks, v)
    last = x[:, -1] + torch.einsum("bhe,hem->bm", z, weights["W_O"]) + weights["b_O"]
    return last @ weights["W_U"] + weights["b_U"]


class CorpusRate(NamedTuple):
    """How often a skip trigram's out token comes after its destination, with and without its source before.

    with_source, without: shares of the destinations, NaN where there are none.
    n_with, n_without: how many destinations each share is of.
    """

    with_source: float
    without: float
    n_with: int
    n_without: int


def corpus_rate(
    tokens: Int[Tensor, "batch pos"], source: int, destination: int, out: int, *, window: int = 8
) -> CorpusRate:
    """Count `source … destination -> out` in texts.

    window: the source counts if it is among so many tokens just before the destination.
    Raises CourseError for a window below 1.
    """
    if window < 1:
        raise CourseError(f"A window has at least one token, not {window}.")
    here = tokens[:, :-1] == destination
    follows = (tokens[:, 1:] == out)[here]
    before = _lately(tokens == source, window)[:, :-1][here]

    def share(of: Bool[Tensor, " place"]) -> float:
        return float(of.float().mean())

    return CorpusRate(share(follows[before]), share(follows[~before]), int(before.sum()), int((~before).sum()))


def _lately(there: Bool[Tensor, "batch pos"], window: int) -> Bool[Tensor, "batch pos"]:
    """Whether something was there at one of so many positions just before."""
    seen = torch.zeros_like(there)
    for back in range(1, min(window, there.shape[1] - 1) + 1):
        seen[:, back:] |= there[:, :-back]
    return seen
