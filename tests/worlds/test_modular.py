"""Modular addition: every sum, its answer, and which of them training sees."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.worlds import corrupted_sums, fourier_basis, modular_addition

moduli = st.integers(2, 23)


@settings(max_examples=40, deadline=None)
@given(moduli, st.floats(0.05, 0.95), st.integers(0, 2**31))
def test_every_sum_stands_once_with_its_answer(p, share, seed):
    data = modular_addition(p, share, seed=seed)
    rows = data.tokens.tolist()
    assert sorted(rows) == [[a, b, p] for a in range(p) for b in range(p)]
    for (a, b, equals), first, second, answer in zip(
        rows, data.first.tolist(), data.second.tolist(), data.answer.tolist(), strict=True
    ):
        assert (a, b, equals) == (first, second, data.equals)
        assert answer == (a + b if a + b < p else a + b - p)
    assert int(data.train.sum()) == int(share * p * p) and data.d_vocab == p + 1


@settings(max_examples=30, deadline=None)
@given(moduli, st.integers(0, 2**31))
def test_corrupted_sums_differ_in_the_second_number_and_the_answer(p, seed):
    data = modular_addition(p, seed=3)
    other = corrupted_sums(data, seed=seed)
    assert ((other != data.tokens) == torch.tensor([False, True, False])).all()
    assert ((other[:, 0] + other[:, 1]) % p != data.answer).all() and other[:, 1].max() < p


@settings(max_examples=20, deadline=None)
@given(moduli)
def test_waves_are_orthonormal_and_go_round(p):
    basis = fourier_basis(p)
    torch.testing.assert_close(basis @ basis.T, torch.eye(p), atol=1e-5, rtol=0)
    # A wave is known by its spectrum: all of its power at one number of rounds.
    power = torch.fft.rfft(basis, dim=1).abs()
    assert (power > 1e-4).sum(dim=1).tolist() == [1] * p
    assert power.argmax(dim=1).tolist() == sorted([0, *[r for r in range(1, p // 2 + 1) for _ in "cs"]])[:p]


def test_a_seed_settles_what_is_trained_on():
    one, again, other = (modular_addition(seed=seed).train for seed in (1, 1, 2))
    assert torch.equal(one, again) and not torch.equal(one, other)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"p": 1}, "p to be"),
        ({"p": 5.0}, "p to be"),
        ({"train_share": 1.0}, "between 0 and 1"),
        ({"train_share": 1}, "between 0 and 1"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(CourseError, match=words):
        modular_addition(**arguments)
    with pytest.raises(CourseError, match="p to be"):
        fourier_basis(1)
