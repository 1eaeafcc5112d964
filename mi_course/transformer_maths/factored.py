"""A large matrix of low rank, kept as the two thin factors whose product it is.

The idea, and the name, are those of TransformerLens' `FactoredMatrix`. That one carries axes of layers and heads as
well; this one is a single matrix and needs nothing but torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from mi_course.errors import CourseError


@dataclass(frozen=True, eq=False, repr=False)
class FactoredMatrix:
    """The matrix A B, of which only A and B are stored.

    A: shape (row, inner). B: shape (inner, column). With few inner entries the two are far smaller than their product,
    and its rank is at most `inner`.
    `M @ factored` and `factored @ M` are factored again.
    Raises CourseError when the factors do not fit each other.
    """

    A: Float[Tensor, "row inner"]
    B: Float[Tensor, "inner column"]

    def __post_init__(self) -> None:
        if self.A.ndim != 2 or self.B.ndim != 2 or self.A.shape[1] != self.B.shape[0]:
            raise CourseError(
                f"The factors have shapes (row, inner) and (inner, column), not {tuple(self.A.shape)} and "
                f"{tuple(self.B.shape)}."
            )

    @property
    def shape(self) -> tuple[int, int]:
        """(row, column), as of the product."""
        return self.A.shape[0], self.B.shape[1]

    @property
    def inner(self) -> int:
        """How many numbers everything passes through between A and B."""
        return self.A.shape[1]

    @property
    def T(self) -> FactoredMatrix:
        """The transpose."""
        return FactoredMatrix(self.B.T, self.A.T)

    def product(self) -> Float[Tensor, "row column"]:
        """The whole matrix, row · column numbers."""
        return self.A @ self.B

    def rows(self, index: Int[Tensor, "*some"]) -> Float[Tensor, "*some column"]:
        """Some rows of the product, such as those of the tokens of texts."""
        return self.A[index] @ self.B

    def columns(self, index: Int[Tensor, " some"]) -> Float[Tensor, "row some"]:
        """Some columns of the product."""
        return self.A @ self.B[:, index]

    def diagonal(self) -> Float[Tensor, " row"]:
        """The entries M[i, i] of a square product."""
        self._check_square("A diagonal")
        return (self.A * self.B.T).sum(-1)

    def norm(self) -> Float[Tensor, ""]:
        """Frobenius norm: the root of the sum of all squared entries."""
        return ((self.A.T @ self.A) * (self.B @ self.B.T)).sum().clamp(min=0).sqrt()

    def eigenvalues(self) -> Complex[Tensor, " inner"]:
        """Eigenvalues of a square product, computed from B A, which has only inner · inner entries.

        A B and B A have the same eigenvalues other than zero: from v A B = λ v follows (v A) B A = λ (v A). The product
        has row − inner zeros more, or A and B have more inner entries than rows and these are `inner − row` zeros.
        """
        self._check_square("Eigenvalues")
        return torch.linalg.eigvals(self.B @ self.A)

    def svd(self) -> tuple[Float[Tensor, "row rank"], Float[Tensor, " rank"], Float[Tensor, "column rank"]]:
        """U, S and V with U diag(S) Vᵀ = A B, S falling; rank is the least of row, inner and column.

        From a QR decomposition of each factor, so that nothing larger than the factors is made.
        """
        q_left, r_left = torch.linalg.qr(self.A)
        q_right, r_right = torch.linalg.qr(self.B.T)
        U, S, Vh = torch.linalg.svd(r_left @ r_right.T, full_matrices=False)
        return q_left @ U, S, q_right @ Vh.T

    def __matmul__(self, other: Tensor | FactoredMatrix) -> FactoredMatrix:
        if isinstance(other, FactoredMatrix):
            return FactoredMatrix(self.A, self.B @ other.A @ other.B)
        return FactoredMatrix(self.A, self.B @ other)

    def __rmatmul__(self, other: Tensor) -> FactoredMatrix:
        return FactoredMatrix(other @ self.A, self.B)

    def __repr__(self) -> str:
        return f"FactoredMatrix{self.shape} through {self.inner}"

    def _check_square(self, what: str) -> None:
        if self.shape[0] != self.shape[1]:
            raise CourseError(f"{what} belongs to a square matrix; this one has shape {self.shape}.")
