"""Heads as circuits, their copying scores and their directions: against models, numpy, and by what must hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mi_course.checking import judge
from mi_course.errors import CourseError
from mi_course.transformer_maths import (
    FactoredMatrix,
    copying_score,
    low_rank,
    ov_circuit,
    qk_circuit,
    raises_itself_most,
    rotate,
    rotation,
    score_terms,
)
from mi_course.zoo import load_model

same = torch.testing.assert_close


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


# --- FactoredMatrix ---------------------------------------------------------------------------------------------------


@given(row=st.integers(1, 7), inner=st.integers(1, 5), column=st.integers(1, 6), seed=st.integers(0, 99))
def test_a_factored_matrix_is_its_product(row, inner, column, seed):
    factored = FactoredMatrix(normal(row, inner, seed=seed), normal(inner, column, seed=seed + 1))
    whole = factored.A @ factored.B
    left, right = normal(4, row, seed=seed + 2), normal(column, 3, seed=seed + 3)
    same(factored.product(), whole)
    same(factored.T.product(), whole.T)
    same((left @ factored @ right).product(), left @ whole @ right)
    same((factored @ factored.T).product(), whole @ whole.T)
    same(factored.rows(torch.tensor([0, row - 1])), whole[[0, row - 1]])
    same(factored.columns(torch.tensor([column - 1])), whole[:, [column - 1]])
    same(factored.norm(), whole.norm())
    U, S, V = factored.svd()
    same(U * S @ V.T, whole)
    same(U.T @ U, torch.eye(U.shape[1], dtype=torch.float64))
    same(S, torch.linalg.svdvals(whole)[: len(S)])


@given(inner=st.integers(1, 4), seed=st.integers(0, 99))
def test_small_and_large_matrix_share_their_eigenvalues(inner, seed):
    factored = FactoredMatrix(normal(6, inner, seed=seed), normal(inner, 6, seed=seed + 1))
    large = np.linalg.eigvals(factored.product().numpy())
    for value in factored.eigenvalues().numpy():
        assert np.abs(large - value).min() < 1e-6
    same(factored.diagonal(), factored.product().diagonal())
    same(factored.eigenvalues().sum().real, factored.product().trace())


def test_what_does_not_fit_is_refused():
    with pytest.raises(CourseError, match="factors have shapes"):
        FactoredMatrix(normal(3, 2), normal(3, 2))
    with pytest.raises(CourseError, match="square"):
        FactoredMatrix(normal(3, 2), normal(2, 4)).eigenvalues()
    with pytest.raises(CourseError, match="one head"):
        ov_circuit(normal(5, 4), normal(2, 4, 3), normal(2, 3, 4), normal(4, 5))
    with pytest.raises(CourseError, match="W_U cannot be formed"):
        ov_circuit(normal(5, 4), normal(4, 3), normal(3, 4), normal(5, 4))
    with pytest.raises(CourseError, match="0 or more"):
        qk_circuit(normal(5, 4), normal(4, 2), normal(4, 2), distance=-1)


# --- circuits, against models -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, head", [("story-attn-1l", 5), ("induction-2l-plain", 0)])
def test_the_four_terms_are_the_score(name, head):
    model = load_model(name)
    tokens = torch.randint(1, 60, (3, 20), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens)
        head_of = [getattr(model, weight)[0, head] for weight in ("W_Q", "b_Q", "W_K", "b_K")]
        terms = score_terms(tokens, model.W_E, model.W_pos, *head_of)
        q, k = (cache[f"blocks.0.attn.hook_{each}"][:, :, head] for each in "qk")
        same(sum(terms.values()), q @ k.mT / q.shape[-1] ** 0.5, atol=1e-4, rtol=1e-4)
        table = qk_circuit(model.W_E, model.W_Q[0, head], model.W_K[0, head]).product()
        same(terms["token", "token"][1], table[tokens[1]][:, tokens[1]], atol=1e-4, rtol=1e-4)


def test_an_ov_row_is_what_looking_at_a_token_adds():
    model = load_model("story-attn-1l")
    W_V, W_O = model.W_V[0, 2], model.W_O[0, 2]
    with torch.no_grad():
        added = ((model.W_E[7] @ W_V) @ W_O) @ model.W_U
        same(ov_circuit(model.W_E, W_V, W_O, model.W_U).product()[7], added, atol=1e-5, rtol=1e-4)


@given(distance=st.integers(0, 9), seed=st.integers(0, 99))
def test_with_rotation_there_is_one_circuit_for_each_distance(distance, seed):
    W_E, W_Q, W_K = normal(6, 5, seed=seed), normal(5, 4, seed=seed + 1), normal(5, 4, seed=seed + 2)
    table = qk_circuit(W_E, W_Q, W_K, distance=distance).product()
    # Tokens 3 and 1, the second `distance` positions before the first, in the middle of a text.
    turned_q = rotate((W_E[3] @ W_Q).expand(1, distance + 4, 1, 4))[0, distance + 3, 0]
    turned_k = rotate((W_E[1] @ W_K).expand(1, distance + 4, 1, 4))[0, 3, 0]
    same(table[3, 1], turned_q @ turned_k / 2, atol=1e-6, rtol=1e-6)
    same(rotation(distance, 4) @ rotation(distance, 4).T, torch.eye(4, dtype=torch.float64))


# --- copying ----------------------------------------------------------------------------------------------------------


def test_planted_copying():
    """The four tables of the text, as heads with one number for each of two tokens."""
    one = torch.eye(2, dtype=torch.float64)
    tables = {
        1.0: [[1.0, 0.0], [0.0, 1.0]],
        0.0: [[0.0, 1.0], [1.0, 0.0]],
        -1.0: [[-1.0, 0.0], [0.0, -1.0]],
    }
    for score, table in tables.items():
        assert copying_score(one, torch.tensor(table, dtype=torch.float64), one, one) == pytest.approx(score)
    sheared = torch.tensor([[1.0, 5.0], [0.0, 1.0]], dtype=torch.float64)
    assert copying_score(one, sheared, one, one) == pytest.approx(1.0, abs=1e-6)
    assert raises_itself_most(ov_circuit(one, sheared, one, one)).tolist() == [False, True]


@given(seed=st.integers(0, 99), factor=st.floats(0.1, 20))
def test_the_score_has_no_unit_and_turns_with_the_sign(seed, factor):
    parts = (
        normal(9, 6, seed=seed),
        normal(6, 4, seed=seed + 1),
        normal(4, 6, seed=seed + 2),
        normal(6, 9, seed=seed + 3),
    )
    score = copying_score(*parts)
    assert -1 <= score <= 1
    same(copying_score(parts[0] * factor, *parts[1:]), score)
    same(copying_score(*parts[:3], -parts[3]), -score)


def test_a_head_that_writes_nothing_has_no_score():
    with pytest.raises(CourseError, match="writes nothing"):
        copying_score(normal(5, 4), torch.zeros(4, 2, dtype=torch.float64), normal(2, 4), normal(4, 5))


# --- directions -------------------------------------------------------------------------------------------------------


@given(d_model=st.integers(4, 9), d_head=st.integers(1, 4), seed=st.integers(0, 99))
def test_the_pairs_make_up_the_head(d_model, d_head, seed):
    W_V, W_O = normal(d_model, d_head, seed=seed), normal(d_head, d_model, seed=seed + 1)
    M, found = W_V @ W_O, low_rank(W_V, W_O, d_head)
    strengths = (found.reads @ M * found.writes).sum(-1)
    assert (strengths > 0).all()
    same((found.reads * strengths[:, None]).T @ found.writes, M)
    for k in range(1, d_head + 1):
        rest = M - M @ found.writes[:k].T @ found.writes[:k]
        same(1 - (rest**2).sum() / (M**2).sum(), found.kept[k - 1])


def test_planted_directions():
    """A head that moves entry 0 to entry 3 strongly and entry 2 to entry 1 weakly."""
    W_V, W_O = torch.zeros(4, 2), torch.zeros(2, 4)
    W_V[0, 0], W_O[0, 3], W_V[2, 1], W_O[1, 1] = 3.0, 1.0, 1.0, 1.0
    found = low_rank(W_V, W_O, 2)
    assert found.reads.abs().argmax(-1).tolist() == [0, 2]
    assert found.writes.abs().argmax(-1).tolist() == [3, 1]
    same(found.kept, torch.tensor([0.9, 1.0]))


@pytest.mark.parametrize("k", [0, 3])
def test_there_are_at_most_d_head_directions(k):
    with pytest.raises(CourseError, match="from 1 to 2"):
        low_rank(normal(5, 2), normal(2, 5), k)


# --- the checks -------------------------------------------------------------------------------------------------------


def test_transformer_lens_factored_matrix_is_an_answer():
    from transformer_lens import FactoredMatrix as Theirs

    def ov(W_E, W_V, W_O, W_U):
        return W_E @ Theirs(W_V, W_O) @ W_U

    def qk(W_E, W_Q, W_K):
        return W_E @ Theirs(W_Q, W_K.T) @ W_E.T * W_Q.shape[1] ** -0.5

    assert judge("transformer_maths.ov_circuit", ov).passed
    assert judge("transformer_maths.qk_circuit", qk).passed
