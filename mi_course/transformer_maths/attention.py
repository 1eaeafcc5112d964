"""Attention (Vaswani et al. 2017, "Attention Is All You Need", section 3.2), read as in Elhage et al. 2021.

Each head decides where to look (the pattern) and what to move from there (values, then W_O), independently of the
others; what the heads write is added up.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mi_course.errors import CourseError


def causal_mask(scores: Float[Tensor, "*batch dest src"]) -> Float[Tensor, "*batch dest src"]:
    """The scores with minus infinity wherever the source comes after the destination.

    Raises CourseError when there are not as many sources as destinations.
    """
    dest, src = scores.shape[-2:]
    if dest != src:
        raise CourseError(
            f"A text looks at itself, so there are as many sources as destinations, not {src} and {dest}."
        )
    future = torch.ones(dest, src, dtype=torch.bool, device=scores.device).triu(1)
    return scores.masked_fill(future, -torch.inf)


def attention_pattern(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head dest src"]:
    """Causal attention probabilities, from queries and keys that are rotated already if the model rotates them.

    Raises CourseError when queries and keys differ in shape.
    """
    if q.shape != k.shape:
        raise CourseError(f"Queries and keys have one shape, not {tuple(q.shape)} and {tuple(k.shape)}.")
    scores = torch.einsum("bdhe,bshe->bhds", q, k) / q.shape[-1] ** 0.5
    return causal_mask(scores).softmax(-1)


def attention_output(
    pattern: Float[Tensor, "batch head dest src"],
    v: Float[Tensor, "batch src head d_head"],
    W_O: Float[Tensor, "head d_head d_model"],
    b_O: Float[Tensor, " d_model"],
) -> Float[Tensor, "batch dest d_model"]:
    """What an attention layer adds to the residual stream: the sum over heads of z W_O, and b_O once.

    Raises CourseError when the number of heads differs between the arguments.
    """
    heads = {"pattern": pattern.shape[1], "v": v.shape[2], "W_O": W_O.shape[0]}
    if len({*heads.values()}) > 1:
        said = ", ".join(f"{name} {count}" for name, count in heads.items())
        raise CourseError(f"The number of heads differs: {said}. The axis of heads is 1 of pattern, 2 of v, 0 of W_O.")
    z = torch.einsum("bhds,bshe->bdhe", pattern, v)
    return torch.einsum("bdhe,hem->bdm", z, W_O) + b_O
