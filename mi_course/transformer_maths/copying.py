"""Does a head copy? (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", on copying heads and on
telling them by eigenvalues.)"""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.transformer_maths.circuits import ov_circuit
from mi_course.transformer_maths.factored import FactoredMatrix


def copying_score(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
) -> Float[Tensor, ""]:
    """Sum of the eigenvalues of a head's full OV circuit over the sum of their absolute values: from −1 to 1.

    An eigenvector is a mixture of tokens that comes out as itself, times the eigenvalue. The score is 1 if every such
    mixture is raised, −1 if every one is lowered, near 0 for matrices with no preference. The sum of eigenvalues is
    real, since complex ones come in conjugate pairs; it is the sum of the diagonal.
    A score near 1 does not say that each token raises itself most: see `raises_itself_most`.
    Raises CourseError when the shapes do not fit, when source tokens and logits are not the same tokens, or when all
    eigenvalues are zero.
    """
    eigenvalues = ov_circuit(W_E, W_V, W_O, W_U).eigenvalues()
    total = eigenvalues.abs().sum()
    if total == 0:
        raise CourseError("All eigenvalues are zero: this head writes nothing, so it has no copying score.")
    return eigenvalues.sum().real / total


def raises_itself_most(circuit: FactoredMatrix) -> Bool[Tensor, " d_vocab"]:
    """For each source token, whether the logit that an OV circuit raises most is its own.

    circuit: a full OV circuit, one row for each token and one column for each logit.
    """
    own = circuit.diagonal()
    return own >= circuit.product().amax(-1) - 1e-6 * own.abs()
