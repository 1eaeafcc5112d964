"""Matching heads: planted partners, brute force, and what the null is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.induction_heads import (
    head_signatures,
    interval_over_models,
    match_heads_across_seeds,
    over_pairs,
    signature_correlations,
)
from mi_course.worlds import repeated_tokens
from mi_course.zoo import load_model


def shuffles(count, features, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randperm(features, generator=generator) for _ in range(count)])


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 5), st.integers(4, 9), st.integers(0, 999))
def test_no_pairing_is_better(heads, features, seed):
    generator = torch.Generator().manual_seed(seed)
    one, two = torch.randn(2, heads, features, generator=generator)
    found = match_heads_across_seeds(one, two, shuffles(5, features))
    table = np.corrcoef(one, two)[:heads, heads:]
    best = max(table[range(heads), way].mean() for way in itertools.permutations(range(heads)))
    assert found["similarity"] == pytest.approx(best, abs=1e-6)
    assert sorted(found["partner"]) == [*range(heads)]


def test_planted_partners_are_found_and_chance_is_not_reached():
    generator = torch.Generator().manual_seed(1)
    one = torch.randn(6, 30, generator=generator)
    order = [3, 0, 5, 1, 2, 4]
    two = 2 * one[order] + 1 + 0.1 * torch.randn(6, 30, generator=generator)
    found = match_heads_across_seeds(one, two, shuffles(19, 30))
    assert [order[partner] for partner in found["partner"]] == [*range(6)]
    assert found["similarity"] > 0.95
    assert found["p"] == 1 / 20


def test_unrelated_heads_are_no_better_than_chance():
    p = []
    for seed in range(20):
        one, two = torch.randn(2, 5, 12, generator=torch.Generator().manual_seed(seed))
        p.append(match_heads_across_seeds(one, two, shuffles(19, 12, seed))["p"])
    assert 0.3 < np.mean(p) < 0.7


def test_even_attention_has_nothing_beyond_even():
    model = load_model("induction-2l", seed=2)
    tokens = repeated_tokens(4, 8, 2, seed=0).tokens
    plain, beyond = (head_signatures(model, tokens, flag) for flag in (False, True))
    assert plain.shape == (8, 17 * 18 // 2)
    torch.testing.assert_close(plain.sum(1), torch.full((8,), 17.0))
    torch.testing.assert_close(beyond.sum(1), torch.zeros(8), atol=1e-4, rtol=0)
    assert (beyond.norm(dim=-1) < 0.2).sum() >= 4  # most heads are nearly dead


def test_correlations_are_numpys():
    one, two = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        signature_correlations(one, two).numpy(), np.corrcoef(one, two)[:3, 3:], atol=1e-6, rtol=0
    )


def test_an_interval_over_models_is_wider_than_one_over_pairs():
    """One model unlike the others makes four of ten pairs different: these are not four independent findings."""
    values = over_pairs(5, lambda a, b: 0.2 if 4 in (a, b) else 0.9)
    interval = interval_over_models(values)
    assert np.mean([*values.values()]) in interval
    assert interval.high - interval.low > 0.3
    with pytest.raises(CourseError, match="three models"):
        interval_over_models({(0, 1): 0.5})


def test_tables_have_to_fit():
    with pytest.raises(CourseError, match="as many heads"):
        match_heads_across_seeds(torch.rand(2, 5), torch.rand(3, 5), shuffles(3, 5))
    with pytest.raises(CourseError, match="shuffle"):
        match_heads_across_seeds(torch.rand(2, 5), torch.rand(2, 5), shuffles(3, 4))
