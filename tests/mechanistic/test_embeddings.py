"""Mean cosine similarity and the frequency direction, against other ways of computing them and planted truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity

from mi_course.errors import CourseError
from mi_course.mechanistic.embeddings import (
    frequency_correlation,
    frequency_direction,
    frequency_readout,
    halves,
    mean_cosine,
    mean_cosine_interval,
    nearest,
    one_of_each,
    remove_frequency,
)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_mean_cosine_is_the_mean_of_scikit_learns_table_over_different_words() -> None:
    vectors, tokens = normal(30, 5) + 0.5, torch.arange(30) % 11
    table = cosine_similarity(vectors.double().numpy())
    kept = [
        table[i, j] for i in range(30) for j in range(30) if tokens[i] != tokens[j] and tokens[i] > 1 and tokens[j] > 1
    ]
    assert mean_cosine(vectors, tokens) == pytest.approx(np.mean(kept), abs=1e-6)


def test_mean_cosine_does_not_change_with_lengths_or_rotation() -> None:
    vectors, tokens = normal(20, 6) + 0.3, torch.arange(2, 22)
    rotation = torch.linalg.qr(normal(6, 6, seed=1)).Q
    lengths = normal(20, 1, seed=2).abs() + 0.1
    assert mean_cosine(vectors * lengths @ rotation, tokens) == pytest.approx(mean_cosine(vectors, tokens), abs=1e-5)


def test_mean_cosine_is_one_for_equal_and_zero_for_orthogonal_directions() -> None:
    assert mean_cosine(torch.ones(4, 3), torch.arange(2, 6)) == pytest.approx(1)
    assert mean_cosine(torch.eye(5), torch.arange(2, 7)) == pytest.approx(0, abs=1e-12)


def test_the_interval_holds_the_estimate_and_narrows_with_more_words() -> None:
    few, many = normal(30, 8) + 0.4, normal(400, 8) + 0.4
    wide, narrow = mean_cosine_interval(few), mean_cosine_interval(many)
    assert mean_cosine(few, torch.arange(2, 32)) in wide
    assert narrow.high - narrow.low < wide.high - wide.low


def test_nothing_linear_is_left_in_the_words_it_was_fitted_on() -> None:
    vectors, counts, fit = normal(80, 10), torch.randint(1, 500, (80,), generator=torch.Generator()), halves(80)
    left = remove_frequency(vectors, counts, fit)[fit]
    log_count = counts[fit].double().log()
    covariance = (left - left.mean(0)).T @ (log_count - log_count.mean())
    assert covariance.abs().max() < 1e-9


def test_a_planted_frequency_direction_is_found_and_then_gone_in_other_words() -> None:
    counts = (normal(400, seed=3) * 1.5 + 4).exp().long() + 1
    planted = torch.nn.functional.normalize(normal(1, 12, seed=4))[0]
    vectors = normal(400, 12, seed=5) + 1.5 * counts.log().unsqueeze(1) * planted
    fit = halves(400)
    assert frequency_direction(vectors, counts, fit).float() @ planted > 0.97
    assert frequency_correlation(vectors, counts, fit)[0] > 0.85
    left = remove_frequency(vectors, counts, fit)
    again = halves(400, seed=9)
    assert abs(frequency_correlation(left[~fit], counts[~fit], again[~fit])[0]) < 0.35


@pytest.mark.parametrize("measure", [frequency_correlation, frequency_readout])
def test_random_vectors_show_nothing_on_words_that_were_kept_out(measure) -> None:
    counts = (normal(600, seed=3) + 4).exp().long() + 1
    found, interval = measure(normal(600, 20), counts, halves(600))
    assert abs(found) < 0.15
    assert 0 in interval


def test_a_readout_finds_frequency_that_the_covariance_direction_drowns_in_noise() -> None:
    counts = (normal(600, seed=3) * 1.5 + 4).exp().long() + 1
    vectors = normal(600, 12, seed=5)
    vectors[:, 0] = 0.5 * counts.log() + 4 * vectors[:, 1]  # readable, once the second coordinate is taken into account
    fit = halves(600)
    readout, interval = frequency_readout(vectors, counts, fit)
    assert readout in interval
    assert readout > frequency_correlation(vectors, counts, fit)[0] + 0.2


def test_the_nearest_word_is_another_one_and_among_those_allowed() -> None:
    vectors, among = normal(25, 4), torch.arange(25) % 2 == 0
    found = nearest(vectors, among)
    table = cosine_similarity(vectors.double().numpy())
    for i, j in enumerate(found.tolist()):
        assert i != j
        assert among[j]
        assert table[i, j] == max(table[i, k] for k in range(25) if k != i and among[k])


def test_one_of_each_word_stands_where_it_says() -> None:
    tokens = torch.randint(0, 12, (6, 9), generator=torch.Generator().manual_seed(1))
    words, places = one_of_each(tokens)
    assert tokens.reshape(-1)[places].tolist() == words.tolist()
    assert set(words.tolist()) == set(tokens.unique().tolist()) - {0, 1}


@pytest.mark.parametrize(
    "call",
    [
        lambda: mean_cosine(torch.ones(3, 2), torch.tensor([5, 5, 0])),
        lambda: mean_cosine(torch.zeros(3, 2), torch.arange(2, 5)),
        lambda: mean_cosine(torch.ones(3, 2), torch.arange(4)),
        lambda: frequency_direction(torch.ones(3, 2), torch.tensor([0, 1, 2]), torch.ones(3, dtype=torch.bool)),
        lambda: frequency_direction(torch.ones(3, 2), torch.tensor([1, 1, 2]), torch.zeros(3, dtype=torch.bool)),
    ],
)
def test_what_cannot_be_measured_is_refused(call) -> None:
    with pytest.raises(CourseError):
        call()
