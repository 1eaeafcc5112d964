"""The same model with other weights: LayerNorm's gain and bias folded into what reads it, and everything centred.

After Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", and the comments on folding LayerNorm in
TransformerLens, whose `enable_compatibility_mode` does both of these and two further steps.
"""

from __future__ import annotations

from mi_course.errors import CourseError
from mi_course.transformer_maths.forward import Weights

# Each LayerNorm, and the matrices that read what it gives, with the bias that is added to each product.
_READERS = {
    "ln1": (("W_Q", "b_Q"), ("W_K", "b_K"), ("W_V", "b_V")),
    "ln2": (("W_in", "b_in"),),
    "ln_final": (("W_U", "b_U"),),
}
_WRITERS = ("W_E", "W_pos", "W_O", "b_O", "W_out", "b_out")
"""What is added to the residual stream; d_model is the last axis of all of them."""


def fold_layer_norm(weights: Weights) -> Weights:
    """The weights of the same model, in which every LayerNorm has gain 1 and bias 0.

    A LayerNorm gives n · w + b, with n the normalised vector, w its gain and b its bias, and a matrix W reads it:
    (n · w + b) W + c = n (w · W) + (b W + c), where w · W multiplies the rows of W. So the matrix takes the gain and
    the bias c takes b W. All activations behind the matrices, logits included, stay what they were.

    weights: as `weights_of` gives them; W_pos may be among them.
    Returns a new dictionary with the same names. Tensors that do not change are the ones given.
    Raises CourseError when a LayerNorm, or what reads it, is missing.
    """
    _require(weights, *(name for norm, readers in _READERS.items() for name in _names_of(norm, readers)))
    folded = dict(weights)
    for norm, readers in _READERS.items():
        gain, bias = weights[f"{norm}_w"], weights[f"{norm}_b"]
        for matrix, offset in readers:
            W = weights[matrix]
            # The matrices of heads have an axis of heads between those of layers and of d_model.
            between = [1] * (W.ndim - 1 - gain.ndim)
            column, row = (each.reshape(*each.shape[:-1], *between, each.shape[-1]) for each in (gain, bias))
            folded[matrix] = column.unsqueeze(-1) * W
            folded[offset] = weights[offset] + (row.unsqueeze(-2) @ W).squeeze(-2)
        folded[f"{norm}_w"], folded[f"{norm}_b"] = gain.new_ones(gain.shape), bias.new_zeros(bias.shape)
    return folded


def centre_weights(weights: Weights) -> Weights:
    """The weights of the same model with nothing in them that LayerNorm or the softmax takes away anyhow.

    Whatever is written into the residual stream loses its mean over d_model, which each LayerNorm would subtract: W_E,
    W_pos if there is one, W_O, b_O, W_out, b_out. W_U and b_U lose their mean over the vocabulary, which moves all
    logits of a position by one number. The residual stream and the logits change; log-probabilities do not, and no
    more does anything that reads a LayerNorm.

    weights: as `weights_of` gives them, folded or not.
    Returns a new dictionary with the same names. Tensors that do not change are the ones given.
    Raises CourseError when one of those named is missing (W_pos excepted).
    """
    _require(weights, *(name for name in _WRITERS if name != "W_pos"), "W_U", "b_U")
    last_axis = {name: weights[name] for name in (*_WRITERS, "W_U", "b_U") if name in weights}
    return weights | {name: value - value.mean(-1, keepdim=True) for name, value in last_axis.items()}


def _names_of(norm: str, readers: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return (f"{norm}_w", f"{norm}_b", *(name for pair in readers for name in pair))


def _require(weights: Weights, *names: str) -> None:
    missing = [name for name in names if name not in weights]
    if missing:
        raise CourseError(
            f"The weights lack {', '.join(missing)}; give the whole dictionary, such as "
            f"weights_of(load_model('story'))."
        )
