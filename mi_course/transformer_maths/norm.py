"""LayerNorm (Ba, Kiros & Hinton 2016, "Layer Normalization")."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mi_course.errors import CourseError


def layer_norm(
    x: Float[Tensor, "*batch d_model"],
    w: Float[Tensor, " d_model"],
    b: Float[Tensor, " d_model"],
    eps: float = 1e-5,
) -> Float[Tensor, "*batch d_model"]:
    """Subtract the mean, divide by the scale, multiply by the gain `w`, add the bias `b`; each vector by itself.

    The scale is the root of the biased variance plus `eps`.
    Raises CourseError when gain or bias do not fit the vectors.
    """
    for name, parameter in (("w", w), ("b", b)):
        if parameter.shape != x.shape[-1:]:
            raise CourseError(
                f"{name} has shape {tuple(parameter.shape)}; it needs one number for each of the {x.shape[-1]} "
                "entries of a vector (the last axis of x)."
            )
    centred = x - x.mean(-1, keepdim=True)
    scale = (centred.pow(2).mean(-1, keepdim=True) + eps).sqrt()
    return centred / scale * w + b
