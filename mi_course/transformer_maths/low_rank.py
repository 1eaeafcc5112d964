"""How many directions a head uses: the singular value decomposition of W_V W_O.

Millidge & Black 2022, "The Singular Value Decompositions of Transformer Weight Matrices are Highly Interpretable" (a
forum post), read singular directions of such matrices in tokens. That cutting off small singular values gives the
closest matrix of its rank is Eckart & Young 1936, "The approximation of one matrix by another of lower rank".
"""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.transformer_maths.factored import FactoredMatrix


class LowRank(NamedTuple):
    """The strongest directions of a head, one a row, the strongest first.

    reads: unit vectors in the stream that the head listens to. writes: the unit vectors that it writes in return. A
    direction and its opposite are the same, as long as both of a pair are turned.
    kept: the share of W_V W_O (of the sum of its squared entries) that the first one, two, … pairs make up together.
    """

    reads: Float[Tensor, "k d_model"]
    writes: Float[Tensor, "k d_model"]
    kept: Float[Tensor, " k"]


def low_rank(W_V: Float[Tensor, "d_model d_head"], W_O: Float[Tensor, "d_head d_model"], k: int) -> LowRank:
    """The k pairs of directions that make up most of W_V W_O.

    x W_V W_O = Σ_i σ_i (x · reads_i) writes_i: the singular value σ_i says how strongly direction i passes through.
    Raises CourseError when the shapes do not fit, k is not from 1 to the rank, or all of it is zero.
    """
    U, S, V = FactoredMatrix(W_V, W_O).svd()
    if not 1 <= k <= len(S):
        raise CourseError(
            f"k is a number of directions from 1 to {len(S)}, the most that this head can use, not {k!r}."
        )
    squares = S**2
    if not squares.sum() > 0:
        raise CourseError("W_V W_O is zero: this head writes nothing, so none of its directions is the strongest.")
    return LowRank(U.T[:k], V.T[:k], squares.cumsum(0)[:k] / squares.sum())
