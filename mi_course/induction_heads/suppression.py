"""Heads that lower the right answer: what each head writes straight into its logit."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.induction_heads.patterns import Head
from mi_course.interventions import resid_post, run
from mi_course.interventions import z as z_site


def direct_effects(
    model: Any,
    tokens: Int[Tensor, "prompt pos"],
    answer: Int[Tensor, " prompt"],
    *,
    wrong: Int[Tensor, " prompt"] | None = None,
    end: Int[Tensor, " prompt"] | None = None,
) -> Float[Tensor, "prompt layer head"]:
    """What each head writes straight into the logit of the answer, against the mean logit or a wrong answer's.

    The head's output at the last position is multiplied by the unembedding: z W_O W_U. A final LayerNorm is linear once
    its scale is held at what it was. What later parts make of the head's output is not in this number.
    answer, wrong: token ids, one for each prompt. Without `wrong` the answer's logit is taken against the mean over the
    vocabulary, since what moves all logits alike moves no probability.
    end: position of the prediction, by default the last. (Direct logit attribution, as in Wang et al. 2022,
    "Interpretability in the Wild".)
    Raises CourseError when there is not one answer for each prompt.
    """
    if answer.shape != tokens.shape[:1]:
        raise CourseError(f"There are {len(tokens)} prompts and answers of shape {tuple(answer.shape)}; give one each.")
    rows = torch.arange(len(tokens))
    at = torch.full((len(tokens),), tokens.shape[1] - 1) if end is None else end
    layers = range(model.cfg.n_layers)
    last = resid_post(model.cfg.n_layers - 1)
    cache = run(model, tokens, cache=[*map(z_site, layers), last]).cache
    z = torch.stack([cache[z_site(layer)][rows, at] for layer in layers], dim=1)
    unembedding = model.W_U.detach()
    other = unembedding.mean(-1, keepdim=True).T if wrong is None else unembedding.T[wrong]
    direction = unembedding.T[answer] - other
    if model.cfg.normalization_type is not None:
        norm = model.ln_final.original_component
        scale = (cache[last][rows, at].var(-1, correction=0, keepdim=True) + norm.eps).sqrt()
        direction = direction * norm.weight.detach() / scale
        direction = direction - direction.mean(-1, keepdim=True)  # LayerNorm takes the mean off what is written
    return torch.einsum("plhe,lhem,pm->plh", z, model.W_O.detach(), direction)


def suppression_heads(
    model: Any, tokens: Int[Tensor, "prompt pos"], answer: Int[Tensor, " prompt"], threshold: float
) -> list[Head]:
    """Heads that lower the right answer: their mean direct effect on it is below minus the threshold.

    tokens: prompts of one length; the answer is what should come after the last token.
    threshold: in logits, above zero.
    (Negative name movers in Wang et al. 2022, "Interpretability in the Wild"; McDougall et al. 2023, "Copy
    Suppression: Comprehensively Understanding an Attention Head".)
    Returns (layer, head) pairs in order. Raises CourseError for a threshold below zero.
    """
    if threshold < 0:
        raise CourseError(f"threshold says by how much the answer is lowered, so it is not below zero: {threshold}.")
    mean = direct_effects(model, tokens, answer).mean(0)
    return [(int(layer), int(head)) for layer, head in (mean < -threshold).nonzero()]
