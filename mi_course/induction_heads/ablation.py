"""What becomes of the loss when what one head gathers is replaced: by zeros, by its mean, or by another text's.

Zero ablation asks what the model would do without the head's output, whether or not it was trained to meet that; mean
ablation keeps what does not depend on the text; resample ablation keeps each position's output a usual one and takes
away what it says about this text. (Chan et al. 2022, "Causal Scrubbing", argue for resampling; Wang et al. 2022,
"Interpretability in the Wild", knock heads out by their mean.)
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mi_course.errors import CourseError, did_you_mean
from mi_course.interventions import replace, run
from mi_course.interventions import z as z_site
from mi_course.transformer_maths import next_token_loss

ABLATIONS = ("zero", "mean", "resample")
"""The ways of `ablate_head` to replace a head's output."""


def ablated(z: Float[Tensor, "batch pos d_head"], how: str) -> Float[Tensor, "batch pos d_head"]:
    """What is put in place of the z of one head.

    how: "zero", zeros; "mean", at each position the mean over the batch; "resample", the z of the next row of the
        batch (of the last row: the first). The rows are taken to be independent draws, so that the next one is a random
        other one.
    Raises CourseError for another word, and for a batch of one where something has to come from other rows.
    """
    if how not in ABLATIONS:
        raise CourseError(
            f"how is one of {', '.join(map(repr, ABLATIONS))}, not {how!r}.{did_you_mean(how, ABLATIONS)}"
        )
    if how == "zero":
        return torch.zeros_like(z)
    if len(z) < 2:
        raise CourseError(f"Ablation by {how} takes what other texts of the batch give; give it two rows or more.")
    return z.mean(0, keepdim=True).expand_as(z) if how == "mean" else z.roll(1, dims=0)


def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: str
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits of the model with one head's z replaced, all else computed as usual.

    z is what the head has gathered, before W_O: the pattern times the values, b_V included. b_O belongs to no head and
    stays. how: see `ablated`. Means and rows come from the tokens' own batch, taken from the model as it is.
    """
    site = z_site(layer, head=head)
    clean = run(model, tokens, cache=[site]).cache[site]
    return run(model, tokens, edits=[replace(site, ablated(clean, how))]).logits


def loss_where(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"], where: Bool[Tensor, "batch pos"]
) -> Float[Tensor, " batch"]:
    """The mean loss (in nats) of each text over the positions marked, such as `data.predictable`.

    where: True at the positions whose prediction of the next token counts. Never the last one.
    Raises CourseError when a text has no such position, or its last position is marked.
    """
    if where.shape != tokens.shape or bool(where[:, -1].any()) or not bool(where.any(-1).all()):
        raise CourseError(
            f"where marks, for tokens of shape {tuple(tokens.shape)}, at least one position in each text and never "
            "the last one; data.predictable of repeated_tokens does."
        )
    marked = where[:, :-1].to(logits.dtype)
    return (next_token_loss(logits, tokens) * marked).sum(-1) / marked.sum(-1)


def ablation_effects(
    model: Any, tokens: Int[Tensor, "batch pos"], where: Bool[Tensor, "batch pos"], how: str
) -> Float[Tensor, "layer head batch"]:
    """By how much the loss of each text rises when each head is ablated, one head at a time, in nats.

    where: the positions whose loss counts, see `loss_where`.
    """
    base = loss_where(run(model, tokens).logits, tokens, where)
    rises = [
        [
            loss_where(ablate_head(model, tokens, layer, head, how), tokens, where) - base
            for head in range(model.cfg.n_heads)
        ]
        for layer in range(model.cfg.n_layers)
    ]
    return torch.stack([torch.stack(heads) for heads in rises])
