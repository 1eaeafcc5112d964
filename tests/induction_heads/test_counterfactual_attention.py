"""Another row with the same output: found where there is one, refused where there is none."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.induction_heads import favourite_sources, freedom, same_output_other_attention


def draw(seen, d, seed, future=0):
    generator = torch.Generator().manual_seed(seed)
    weights = torch.cat([torch.randn(seen, generator=generator).softmax(0), torch.zeros(future)])
    return weights, torch.randn(seen + future, d, generator=generator)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 9), st.integers(1, 4), st.integers(0, 3), st.integers(0, 999))
def test_what_is_found_is_a_row_with_the_same_output(seen, d, future, seed):
    weights, values = draw(seen, d, seed, future)
    other = same_output_other_attention(weights, values, seen - 1)
    if other is None:
        return
    assert seen > d + 1
    assert (other >= 0).all()
    assert (other[seen:] == 0).all()
    torch.testing.assert_close(other.sum(), torch.tensor(1.0))
    torch.testing.assert_close(other @ values, weights @ values, atol=1e-4, rtol=1e-4)
    favourite = favourite_sources(weights[:seen], values[:seen])
    assert other[:seen][favourite].sum() < weights[:seen][favourite].sum() - 0.009


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(0, 999))
def test_no_more_sources_than_equations_leave_one_row(d, seed):
    weights, values = draw(d + 1, d, seed)
    assert same_output_other_attention(weights, values, d) is None


def test_one_number_by_hand():
    """Output 1/2 from values 0, 1 and 1/2: all of the favourite's attention can go to the two ends, half and half."""
    weights, values = torch.tensor([0.1, 0.1, 0.8]), torch.tensor([[0.0], [1.0], [0.5]])
    other = same_output_other_attention(weights, values, 2)
    torch.testing.assert_close(other, torch.tensor([0.5, 0.5, 0.0]), atol=1e-6, rtol=0)
    assert freedom(weights[None], values[None], 2).tolist() == pytest.approx([1.0])


def test_a_copy_of_the_favourite_is_no_other_place():
    weights, values = torch.tensor([0.2, 0.5, 0.3]), torch.tensor([[0.0], [3.0], [3.0]])
    assert same_output_other_attention(weights, values, 2) is None


def test_what_is_no_row_is_refused():
    values = torch.rand(3, 2)
    for weights, dest in (
        (torch.tensor([0.5, 0.2, 0.3]), 1),
        (torch.tensor([0.9, 0.9, 0.0]), 1),
        (torch.tensor([1.2, -0.2, 0.0]), 1),
    ):
        with pytest.raises(CourseError, match="causal pattern"):
            same_output_other_attention(weights, values, dest)
    with pytest.raises(CourseError, match="dest is a position"):
        same_output_other_attention(torch.tensor([1.0, 0, 0]), values, 3)
    with pytest.raises(CourseError, match="one vector for each"):
        same_output_other_attention(torch.tensor([1.0, 0]), values, 0)
