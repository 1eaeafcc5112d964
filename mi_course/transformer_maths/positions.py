"""How a model knows where a token stands: learned vectors that are added, or a rotation of queries and keys."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError


def embed_positions(
    tokens: Int[Tensor, "batch pos"],
    W_E: Float[Tensor, "d_vocab d_model"],
    W_pos: Float[Tensor, "n_ctx d_model"] | None = None,
) -> Float[Tensor, "batch pos d_model"]:
    """The residual stream as it enters layer 0.

    W_pos: one row for each position, for models with learned positions (GPT-2); None for rotary ones.
    Raises CourseError when the text is longer than the table of positions.
    """
    embedded = W_E[tokens]
    if W_pos is None:
        return embedded
    if tokens.shape[-1] > len(W_pos):
        raise CourseError(f"{tokens.shape[-1]} tokens do not fit a table of {len(W_pos)} positions; shorten the text.")
    return embedded + W_pos[: tokens.shape[-1]]


def rotate(x: Float[Tensor, "batch pos head d_head"], base: float = 10000.0) -> Float[Tensor, "batch pos head d_head"]:
    """Turn queries or keys by angles that grow with their position (Su et al. 2021, "RoFormer").

    Entry j and entry j + d_head/2 are one point in a plane, as in GPT-NeoX; it turns by pos · base^(−2j/d_head).
    (Su et al. pair neighbours, 2j and 2j + 1: the same up to an order of the entries.) All of d_head is rotated.
    Raises CourseError when d_head is odd.
    """
    pos, d_head = x.shape[1], x.shape[-1]
    if d_head % 2:
        raise CourseError(f"The entries are rotated in pairs, so d_head has to be even; it is {d_head}.")
    half = d_head // 2
    # Angles in double precision: far into a text their rounding would be seen.
    speed = base ** (-torch.arange(half, dtype=torch.float64) * 2 / d_head)
    angle = (torch.arange(pos, dtype=torch.float64)[:, None] * speed)[:, None, :]
    cos, sin = angle.cos().to(x), angle.sin().to(x)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
