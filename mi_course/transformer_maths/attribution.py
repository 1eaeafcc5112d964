"""Direct logit attribution: how much each part of the residual stream adds to a difference of two logits."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError


def direct_logit_attribution(
    parts: Mapping[str, Float[Tensor, "batch pos d_model"]],
    scale: Float[Tensor, "batch pos 1"],
    weights: Mapping[str, Tensor],
    right: Int[Tensor, " batch"],
    wrong: Int[Tensor, " batch"],
    position: Int[Tensor, " batch"],
) -> dict[str, Float[Tensor, " batch"]]:
    """What each part adds to logit(right) − logit(wrong), and `constant`, which no part adds.

    With the divisor of the last LayerNorm as it was on this text, the logits are linear in the residual stream: a part
    loses its mean, is divided by the scale at its position, multiplied by the gain, and read by W_U. The constant comes
    from the bias of the last LayerNorm and from b_U. Where the parts are all that was written, their contributions and
    the constant sum to the model's difference. (Elhage et al. 2021, "A Mathematical Framework for Transformer
    Circuits"; Wang et al. 2022, "Interpretability in the Wild", for differences of two names.)

    parts: what was written, by name, as `residual_decomposition` gives it; some parts or all.
    scale: what the last LayerNorm divided by, `cache["ln_final.hook_scale"]`.
    weights: read are ln_final_w, ln_final_b, W_U and b_U.
    right, wrong: token ids, one pair a text. position: where each text is read; negative counts from the end.
    Raises CourseError when there are not as many tokens and positions as texts, or a part is called `constant`.
    """
    if "constant" in parts:
        raise CourseError("A part is called 'constant', the name of what no part adds; give it another name.")
    texts = {"right": right, "wrong": wrong, "position": position} | {
        f"the part {name!r}": part for name, part in parts.items()
    }
    for name, given in texts.items():
        if len(given) != len(scale):
            raise CourseError(f"scale is of {len(scale)} texts and {name} of {len(given)}; give one of each a text.")
    rows = torch.arange(len(scale), device=scale.device)
    direction = (weights["W_U"][:, right] - weights["W_U"][:, wrong]).T  # (batch, d_model)
    read_by = weights["ln_final_w"] * direction / scale.reshape(*scale.shape[:2], 1)[rows, position]
    contributions = {}
    for name, part in parts.items():
        written = part[rows, position]
        contributions[name] = ((written - written.mean(-1, keepdim=True)) * read_by).sum(-1)
    contributions["constant"] = direction @ weights["ln_final_b"] + weights["b_U"][right] - weights["b_U"][wrong]
    return contributions
