"""The MLP: neurons that read from the residual stream and write into it, each position by itself."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


def gelu_new(x: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """The tanh approximation of GELU (Hendrycks & Gimpel 2016, "Gaussian Error Linear Units"), called gelu_new.

    The exact GELU is x Φ(x), with the normal distribution's Φ; the two differ by less than 0.0005.
    """
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def mlp(
    x: Float[Tensor, "*batch d_model"],
    W_in: Float[Tensor, "d_model d_mlp"],
    b_in: Float[Tensor, " d_mlp"],
    W_out: Float[Tensor, "d_mlp d_model"],
    b_out: Float[Tensor, " d_model"],
    *,
    activation: Callable[[Tensor], Tensor] = gelu_new,
) -> Float[Tensor, "*batch d_model"]:
    """What the MLP adds to the residual stream, for an input that is normalised already."""
    return activation(x @ W_in + b_in) @ W_out + b_out
