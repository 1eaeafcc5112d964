"""A head as two circuits (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").

W_Q and W_K meet only in the score, W_V and W_O only in what is written. So a head is two matrices of low rank, and with
embedding and unembedding around them both can be read in tokens: the full QK circuit says where a token looks, the full
OV circuit what a token that is looked at does to the logits. (Elhage et al. write columns: their W_U W_O W_V W_E is the
transpose of what is called OV here, and their W_Eᵀ W_Qᵀ W_K W_E is QK, without the scale.)
"""

from __future__ import annotations

import itertools

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.transformer_maths.factored import FactoredMatrix
from mi_course.transformer_maths.positions import embed_positions, rotate


def ov_circuit(
    W_E: Float[Tensor, "source d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
) -> FactoredMatrix:
    """The full OV circuit of one head, W_E W_V W_O W_U: what full attention to a source token adds to each logit.

    Row: the source token. Column: the token whose logit it is. The biases b_V and b_O are left out: they add the same
    to the logits whatever is looked at. In place of W_E any rows that the head reads will do, and in place of W_U
    anything that reads what it writes; where a LayerNorm stands between, its gain can be multiplied in, its scale
    cannot.
    Raises CourseError when the shapes do not fit.
    """
    _check_fit(("W_E", W_E), ("W_V", W_V), ("W_O", W_O), ("W_U", W_U))
    return FactoredMatrix(W_E @ W_V, W_O @ W_U)


def qk_circuit(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_Q: Float[Tensor, "d_model d_head"],
    W_K: Float[Tensor, "d_model d_head"],
    *,
    distance: int | None = None,
    base: float = 10000.0,
) -> FactoredMatrix:
    """The full QK circuit of one head, W_E W_Q W_Kᵀ W_Eᵀ / √d_head: the score between any two tokens.

    Row: the destination token, which looks. Column: the source token, which is looked at.
    distance: for a head with rotary positions, how many positions the source stands before the destination: there is
        one circuit for each distance, W_E W_Q R W_Kᵀ W_Eᵀ / √d_head, where R turns by that many positions (as
        `rotate` does, with the same base). None for heads without rotation.
    Biases and added positions are not in it; see `score_terms`. In place of W_E any rows that the head reads will do.
    Raises CourseError when the shapes do not fit or the distance is negative.
    """
    _check_fit(("W_E", W_E), ("W_Q", W_Q), ("W_Kᵀ", W_K.T), ("W_Eᵀ", W_E.T))
    d_head = W_Q.shape[1]
    queries = W_E @ W_Q / d_head**0.5
    if distance is not None:
        queries = queries @ rotation(distance, d_head, base).to(queries)
    return FactoredMatrix(queries, (W_E @ W_K).T)


def rotation(distance: int, d_head: int, base: float = 10000.0) -> Float[Tensor, "d_head d_head"]:
    """The matrix R for which q R is a query turned by `distance` positions; the score of a pair is then q R · k.

    A query at position i and a key at position j are turned by i and by j; turning both back by j leaves the query
    turned by i − j (Su et al. 2021, "RoFormer", section 3.2).
    Raises CourseError for a negative distance: a source never comes after its destination.
    """
    if distance < 0:
        raise CourseError(f"A source stands 0 or more positions before its destination, not {distance}.")
    rows = torch.eye(d_head, dtype=torch.float64)[:, None, None, :].expand(d_head, distance + 1, 1, d_head)
    return rotate(rows, base)[:, -1, 0]


def score_terms(
    tokens: Int[Tensor, "batch pos"],
    W_E: Float[Tensor, "d_vocab d_model"],
    W_pos: Float[Tensor, "n_ctx d_model"],
    W_Q: Float[Tensor, "d_model d_head"],
    b_Q: Float[Tensor, " d_head"],
    W_K: Float[Tensor, "d_model d_head"],
    b_K: Float[Tensor, " d_head"],
) -> dict[tuple[str, str], Float[Tensor, "batch dest src"]]:
    """The scores of a head of layer 0 with learned positions, as the sum of four terms.

    What the head reads is e + p, the row of W_E and the row of W_pos, so its score is a sum over what of the
    destination ("token" or "position") meets what of the source. The keys of the result are (of the destination, of the
    source). The term ("token", "token") is an entry of the full QK circuit. The biases count with the positions, since
    like these they do not depend on the token.
    Raises CourseError when the text is longer than the table of positions.
    """
    embedded = {"token": embed_positions(tokens, W_E), "position": W_pos[: tokens.shape[1]].expand(len(tokens), -1, -1)}
    q = {part: x @ W_Q + (b_Q if part == "position" else 0) for part, x in embedded.items()}
    k = {part: x @ W_K + (b_K if part == "position" else 0) for part, x in embedded.items()}
    root = W_Q.shape[1] ** 0.5
    return {(one, other): q[one] @ k[other].transpose(1, 2) / root for one in q for other in k}


def _check_fit(*matrices: tuple[str, Tensor]) -> None:
    for (left, first), (right, second) in itertools.pairwise(matrices):
        if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[0]:
            raise CourseError(
                f"{left} {right} cannot be formed from shapes {tuple(first.shape)} and {tuple(second.shape)}. "
                "The circuits are of one head: pick it first, as in W_V[layer, head]."
            )
