"""What the neurons of an MLP write, as words (Geva et al. 2021, "Transformer Feed-Forward Layers Are Key-Value
Memories"; Geva et al. 2022, "Transformer Feed-Forward Layers Build Predictions by Promoting Concepts in the Vocabulary
Space").

A neuron adds its activation times its row of W_out to the stream. Up to what the last LayerNorm divides by, which is
the same for all words, its direct effect on the logits is the activation times the numbers given here.
"""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.transformer_maths.forward import Weights


def vocabulary_scores(written: Float[Tensor, "*rows d_model"], weights: Weights) -> Float[Tensor, "*rows d_vocab"]:
    """How much each word's logit rises by something that is written into the stream, times the last LayerNorm's scale.

    written: vectors of the stream's size, one a row: rows of W_out, what a head wrote, random directions.
    Subtracts each row's mean and multiplies by the gain, as the last LayerNorm does, then by W_U. Divided by the scale
    that the LayerNorm has at a position, it is the direct effect there on every logit. Biases are in it nowhere: they
    belong to no part.
    Raises CourseError when the rows are not of the stream's size.
    """
    if written.shape[-1] != len(weights["ln_final_w"]):
        raise CourseError(
            f"What is written into the stream has {len(weights['ln_final_w'])} numbers on its last axis, not "
            f"{written.shape[-1]}; give rows of W_out, one a neuron."
        )
    centred = written - written.mean(-1, keepdim=True)
    return (centred * weights["ln_final_w"]) @ weights["W_U"]


def mlp_vocabulary(weights: Weights, layer: int, k: int) -> Int[Tensor, "d_mlp k"]:
    """For each neuron of a layer the k tokens whose logits its row of W_out raises most, the most raised first.

    weights: as `weights_of` gives them. layer: from 0. k: from 1 to d_vocab.
    It is a list of what an active neuron raises. It does not say when the neuron is active, and a neuron whose
    activation is below zero lowers what is on its list.
    Raises CourseError for a layer or a k that does not exist.
    """
    layers, words = len(weights["W_out"]), weights["W_U"].shape[-1]
    if not 0 <= layer < layers:
        raise CourseError(f"There is no layer {layer}: there are {layers} layers, numbered 0 to {layers - 1}.")
    if not 1 <= k <= words:
        raise CourseError(f"k is the number of words for each neuron, from 1 to {words}, not {k}.")
    return vocabulary_scores(weights["W_out"][layer], weights).topk(k, dim=-1).indices
