"""The direct path and the true bigrams of Story World."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.transformer_maths import bigram_distances, direct_path_bigrams, story_bigrams, unigrams
from mi_course.transformer_maths.bigrams import _CODE_WORD, _rows
from mi_course.worlds.story import VOCABULARY, Draw, story_tokens

same = torch.testing.assert_close


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(size=st.integers(2, 8), seed=st.integers(0, 99))
def test_the_distance_is_what_the_loss_exceeds_that_of_the_table_by(size, seed):
    W_E, W_U = normal(size, 3, seed=seed), normal(3, size, seed=seed + 1)
    counts = torch.randint(0, 5, (size, size), generator=torch.Generator().manual_seed(seed)).double()
    counts[0, 0] += 1
    path = direct_path_bigrams(W_E, W_U, counts)
    same(path.log_probs.exp().sum(1), torch.ones(size, dtype=torch.float64))
    occurs = counts > 0
    own = (counts / counts.sum(1, keepdim=True)).log()
    losses = [-(counts * table)[occurs].sum() / counts.sum() for table in (path.log_probs, own)]
    same(path.distance, losses[0] - losses[1])
    assert path.distance >= 0


def test_a_path_that_is_the_table_has_no_distance():
    counts = torch.rand(6, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    path = direct_path_bigrams(torch.eye(6, dtype=torch.float64), counts.log(), counts)
    same(path.distance, torch.tensor(0.0, dtype=torch.float64), atol=1e-12, rtol=0.0)


def test_a_token_that_never_occurs_weighs_nothing():
    counts = torch.tensor([[1.0, 3.0], [0.0, 0.0]])
    log_probs = torch.tensor([[0.25, 0.75], [0.5, 0.5]]).log()
    same(bigram_distances(counts, log_probs), torch.zeros(2, dtype=torch.float64))
    same(unigrams(counts), torch.tensor([1.0, 0.0]))


def test_it_says_what_does_not_fit():
    with pytest.raises(CourseError, match="W_E"):
        direct_path_bigrams(normal(4, 3), normal(2, 4), normal(4, 4).abs())
    with pytest.raises(CourseError, match="one row for each"):
        direct_path_bigrams(normal(4, 3), normal(3, 4), normal(3, 4).abs())
    with pytest.raises(CourseError, match="below zero"):
        direct_path_bigrams(normal(4, 3), normal(3, 4), -normal(4, 4).abs())
    with pytest.raises(CourseError, match="at least 1"):
        story_bigrams(0)


def test_rows_are_those_of_the_world_with_code_words_hidden():
    tokens = story_tokens(40, seed=3)
    places = torch.tensor([row[:96] for row in _rows(40, Draw(3))])
    hidden = places == _CODE_WORD
    assert 0.05 < hidden.float().mean() < 0.4
    same(places[~hidden], tokens[~hidden])


def test_expected_counts_are_near_the_counted_ones():
    tokens = story_tokens(1500, seed=4)
    size = len(VOCABULARY)
    counted = torch.bincount((tokens[:, :-1] * size + tokens[:, 1:]).flatten(), minlength=size**2).reshape(size, size)
    expected = story_bigrams(1500, seed=4)
    same(expected.sum(), counted.sum().double())
    # Which words codes have is chance; how many pairs of each other kind there are is the same in both.
    outside = [VOCABULARY.index(word) for word in ("capital", ".", "the", "of", "is")]
    same(expected[outside][:, outside], counted[outside][:, outside].double())
    off = (expected - counted).sum(1).abs() / counted.sum(1).clamp_min(100)
    assert off.max() < 0.6 and off.mean() < 0.1


def test_story_0l_is_nearer_to_the_truth_than_counting_says():
    from mi_course.zoo import load_model

    model = load_model("story-0l")
    few, more = story_bigrams(500, seed=5), story_bigrams(3000, seed=6)
    distances = [direct_path_bigrams(model.W_E, model.W_U, counts).distance.item() for counts in (few, more)]
    assert distances[1] < distances[0]
    assert distances[1] < 0.05
