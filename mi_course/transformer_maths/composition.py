"""Heads that read what heads of earlier layers wrote: scores from weights, and the experiment that checks them.

Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", section "Two-Layer Attention-Only
Transformers". In the order of rows, an earlier head writes x W_OV with W_OV = W_V W_O, and a later one scores
x_dest W_QK x_src^T with W_QK = W_Q W_K^T. The later head may read the earlier one's output where its queries are made
(Q-composition), where its keys are made (K) and where its values are made (V).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError, did_you_mean
from mi_course.interventions import Cache, Edit, Run, Site, add, pattern, resid_pre, run, z

Kind = Literal["Q", "K", "V"]
Head = tuple[int, int]
HeadWeights = Mapping[str, Tensor]
"""W_Q, W_K, W_V (head, d_model, d_head) and W_O (head, d_head, d_model) of one layer."""

_INPUT = {"Q": "q", "K": "k", "V": "v"}


def composition_scores(earlier: HeadWeights, later: HeadWeights, kind: Kind) -> Float[Tensor, "earlier later"]:
    """How much more each later head reads of what each earlier one writes than a randomly turned head would.

    The share |W_OV R| / (|W_OV| |R|) of Elhage et al., with Frobenius norms, less 1 / sqrt(d_model). R is what the
    later head reads with: W_QK for Q, W_QK^T for K, W_OV of the later head for V.

    1 / sqrt(d_model) is the root of the mean square that this share has when one of the two is turned at random
    (E |A T B|^2 = |A|^2 |B|^2 / d_model for a rotation T drawn evenly), whatever their singular values. Zero is chance;
    below zero, heads read *less* of each other than chance.

    earlier: W_V and W_O of the earlier layer's heads. later: W_Q and W_K, or for V W_V and W_O, of the later layer's.
    A head whose matrix is zero writes or reads nothing, and its scores are 0. One whose matrix is merely tiny has
    scores like any other: a share says nothing of sizes.
    Raises CourseError for another kind, weights that are missing or do not fit.
    """
    return composition_shares(earlier, later, kind) - _width(earlier) ** -0.5


def composition_shares(earlier: HeadWeights, later: HeadWeights, kind: Kind) -> Float[Tensor, "earlier later"]:
    """The share |W_OV R| / (|W_OV| |R|) itself, between 0 and 1: `composition_scores` before anything is taken away.

    Norms of products of d_model × d_model matrices, from d_head × d_head ones: |A B C|^2 = trace(A^T A B C C^T B^T).
    Where a head's matrix is zero the share is that of chance.
    """
    _check_weights(earlier, later, kind)
    before, reads, after = _factors(later, kind)
    # |W_V1 (W_O1 before) after|, with the outer two as Gram matrices.
    value, out = earlier["W_V"].double(), earlier["W_O"].double()
    gram_value, gram_after = _gram(value), _gram(after.transpose(-1, -2))
    inner = torch.einsum("aem,bmf->abef", out, before)
    squares = torch.einsum("aef,abfg,bgh,abeh->ab", gram_value, inner, gram_after, inner)
    own = torch.einsum("aef,aef->a", gram_value, out @ out.transpose(-1, -2))
    theirs = torch.einsum("bgh,bgh->b", _gram(before), gram_after)
    whole = own[:, None] * theirs[None, :]
    chance = torch.full_like(whole, 1 / _width(earlier))
    shares = torch.where(
        whole > 0, squares.clamp_min(0) / whole.clamp_min(torch.finfo(whole.dtype).tiny), chance
    ).sqrt()
    return shares.to(reads.dtype)


def rotated_shares(
    earlier: HeadWeights, later: HeadWeights, kind: Kind, *, draws: int = 200, seed: int = 0
) -> Float[Tensor, "draw earlier later"]:
    """The shares after the later heads have been turned at random against the earlier ones: same singular values.

    draws: how many rotations, drawn evenly (QR of a Gaussian matrix; Mezzadri 2007, "How to generate random matrices
        from the classical compact groups"). Compare a share with these to see how far chance alone would take it: heads
        of few large singular values spread wider.
    """
    _check_weights(earlier, later, kind)
    generator, width = torch.Generator().manual_seed(seed), _width(earlier)
    drawn = []
    for _ in range(draws):
        q, r = torch.linalg.qr(torch.randn(width, width, generator=generator, dtype=torch.double))
        turn = (q * r.diagonal().sign()).to(earlier["W_O"].dtype)
        drawn.append(composition_shares({**earlier, "W_O": earlier["W_O"] @ turn}, later, kind))
    return torch.stack(drawn)


def head_weights(model: Any) -> list[dict[str, Tensor]]:
    """W_Q, W_K, W_V and W_O of the heads of each layer, with LayerNorm folded into what reads the stream.

    Where the model has LayerNorm, the gain is multiplied into W_Q, W_K and W_V, and what LayerNorm takes away (the mean
    of the stream) is taken away from them. Its scale, one number for each position, stays out. Rotary positions come
    after these matrices and are not in them.
    """
    state, layers = model.state_dict(), []
    for layer in range(model.cfg.n_layers):
        heads = {f"W_{each}": getattr(model, f"W_{each}")[layer].detach().clone() for each in "QKVO"}
        gain = state.get(f"blocks.{layer}.ln1.weight")
        if gain is not None:
            for each in "QKV":
                read = heads[f"W_{each}"] * gain[:, None]
                heads[f"W_{each}"] = read - read.mean(-2, keepdim=True)
        layers.append(heads)
    return layers


def cut_path(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    earlier: Head,
    later: Head,
    kind: Kind,
    *,
    cache: list[Site] | None = None,
) -> Run:
    """Run the model with what one head wrote missing from the queries, keys or values of one later head, nowhere else.

    earlier, later: (layer, head). kind: which input of the later head goes without.
    cache: sites to keep, as for `interventions.run`.
    All else is as in the whole model: the earlier head writes what it wrote, and everybody but the later head's one
    input reads it. Heads between the two are left alone, so this is the direct path. LayerNorm keeps the scale that it
    had with everything there.
    Raises CourseError for another kind, and for a head that is in the same layer as the other or before it.
    """
    _check_kind(kind)
    if not 0 <= earlier[0] < later[0]:
        raise CourseError(
            f"A head can only read what an earlier layer wrote, and layer {earlier[0]} is not before layer {later[0]}."
        )
    before = run(model, tokens, cache=[z(earlier[0], head=earlier[1]), resid_pre(later[0])]).cache
    return run(model, tokens, edits=[_cut(model, before, earlier, later, kind)], cache=cache or [])


def _cut(model: Any, before: Cache, earlier: Head, later: Head, kind: Kind) -> Edit:
    """The edit that takes what the earlier head wrote out of one input of the later one.

    before: z and, for LayerNorm, resid_pre of the whole model.
    """
    written = before[z(earlier[0], head=earlier[1])] @ model.W_O[earlier[0], earlier[1]].detach()
    gain = model.state_dict().get(f"blocks.{later[0]}.ln1.weight")
    if gain is not None:
        stream = before[resid_pre(later[0])]
        centred = stream - stream.mean(-1, keepdim=True)
        scale = (centred.pow(2).mean(-1, keepdim=True) + model.cfg.eps).sqrt()
        written = (written - written.mean(-1, keepdim=True)) / scale * gain.detach()
    read = written @ getattr(model, f"W_{kind}")[later[0], later[1]].detach()
    return add(Site(_INPUT[kind], later[0], head=later[1]), -read)


def pattern_change(
    model: Any, tokens: Int[Tensor, "batch pos"], earlier: Head, later: Head, kind: Kind = "K"
) -> Float[Tensor, " batch"]:
    """How much of the later head's attention moves elsewhere when the path is cut: between 0 and 1, one number a text.

    Half the sum of absolute differences of a row of attention (total variation), averaged over destinations.
    """
    site = pattern(later[0], head=later[1])
    whole = run(model, tokens, cache=[site]).cache[site]
    cut = cut_path(model, tokens, earlier, later, kind, cache=[site]).cache[site]
    return _moved(whole, cut)


def composing_heads(model: Any, tokens: Int[Tensor, "batch pos"], threshold: float = 0.05) -> list[tuple[Head, Head]]:
    """The pairs (earlier head, later head) in which the later head finds its keys through the earlier one.

    A pair counts if cutting the path from the earlier head to the later one's keys moves more than `threshold` of the
    later head's attention, averaged over texts and destinations.
    tokens: texts on which the heads have something to find.
    """
    layers = range(model.cfg.n_layers)
    heads = [(layer, head) for layer in layers for head in range(model.cfg.n_heads)]
    before = run(model, tokens, cache=[site(layer) for layer in layers for site in (z, resid_pre, pattern)]).cache
    found = []
    for earlier in heads:
        for later in heads:
            if earlier[0] < later[0]:
                site = pattern(later[0], head=later[1])
                cut = run(model, tokens, edits=[_cut(model, before, earlier, later, "K")], cache=[site]).cache
                if float(_moved(before[site], cut[site]).mean()) > threshold:
                    found.append((earlier, later))
    return found


def _moved(one: Tensor, other: Tensor) -> Float[Tensor, " batch"]:
    """How much of the attention of a head is elsewhere in another run."""
    return (one - other).abs().sum(-1).mean(-1) / 2


def _factors(later: HeadWeights, kind: Kind) -> tuple[Tensor, Tensor, Tensor]:
    """What the later head reads with, as (d_model, d_head) times (d_head, d_model), and one of its own tensors."""
    first, second = {"Q": ("W_Q", "W_K"), "K": ("W_K", "W_Q"), "V": ("W_V", "W_O")}[kind]
    before, after = later[first].double(), later[second].double()
    return before, later[first], after if kind == "V" else after.transpose(-1, -2)


def _gram(factor: Tensor) -> Tensor:
    return factor.transpose(-1, -2) @ factor


def _width(earlier: HeadWeights) -> int:
    return earlier["W_O"].shape[-1]


def _check_kind(kind: str) -> None:
    if kind not in _INPUT:
        raise CourseError(f"Composition is of kind 'Q', 'K' or 'V', not {kind!r}.{did_you_mean(str(kind), _INPUT)}")


def _check_weights(earlier: HeadWeights, later: HeadWeights, kind: str) -> None:
    _check_kind(kind)
    needed = {"earlier": ("W_V", "W_O"), "later": ("W_V", "W_O") if kind == "V" else ("W_Q", "W_K")}
    for name, heads in (("earlier", earlier), ("later", later)):
        missing = [each for each in needed[name] if each not in heads]
        if missing:
            raise CourseError(
                f"{kind}-composition needs {', '.join(needed[name])} of the {name} heads; missing: {missing}."
            )
        widths = {heads[each].shape[-1 if each == "W_O" else -2] for each in needed[name]}
        if widths != {_width(earlier)}:
            raise CourseError(
                f"The {name} heads work on {sorted(widths)} numbers and the earlier heads write {_width(earlier)}: "
                "both need the same d_model."
            )
