"""Repeated tokens: the data is what it says, and the labels are what a search over the tokens finds."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.worlds import BOS, repeated_tokens

shapes = st.fixed_dictionaries(
    {
        "batch": st.integers(1, 5),
        "period": st.integers(1, 9),
        "repeats": st.integers(1, 4),
        "d_vocab": st.integers(10, 30),
        "seed": st.integers(0, 2**31),
        "unique": st.booleans(),
    }
)


@settings(max_examples=60, deadline=None)
@given(shapes)
def test_rows_are_bos_and_one_segment_over_and_over(arguments):
    data = repeated_tokens(**arguments)
    period, repeats = arguments["period"], arguments["repeats"]
    assert data.tokens.shape == (arguments["batch"], 1 + period * repeats)
    assert data.tokens.dtype == torch.long
    assert (data.tokens[:, 0] == BOS).all()
    assert ((data.tokens[:, 1:] > BOS) & (data.tokens[:, 1:] < arguments["d_vocab"])).all()
    for row in data.tokens[:, 1:].tolist():
        assert row == row[:period] * repeats
        if arguments["unique"]:
            assert len(set(row)) == period


@settings(max_examples=60, deadline=None)
@given(shapes)
def test_labels_are_what_a_search_over_the_tokens_finds(arguments):
    data = repeated_tokens(**{**arguments, "unique": True})
    for row, tokens in enumerate(data.tokens.tolist()):
        for here, token in enumerate(tokens):
            # With unique segments the last earlier occurrence of a token is its copy one segment ago.
            earlier = [position for position in range(1, here) if tokens[position] == token]
            copy = earlier[-1] if earlier else -1
            assert data.previous_copy[row, here] == copy
            assert data.induction_source[row, here] == (copy + 1 if earlier else -1)
            settled = bool(earlier) and here + 1 < len(tokens)
            assert data.predictable[row, here] == settled
            if settled:
                assert tokens[copy + 1] == tokens[here + 1]


@settings(max_examples=30, deadline=None)
@given(shapes)
def test_labels_do_not_depend_on_which_tokens_were_drawn(arguments):
    unique, drawn_again = (repeated_tokens(**{**arguments, "unique": unique}) for unique in (True, False))
    assert torch.equal(unique.previous_copy, drawn_again.previous_copy)
    assert torch.equal(unique.induction_source, drawn_again.induction_source)


def test_a_seed_settles_the_draw_and_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    first, again, other = (repeated_tokens(4, 20, seed=seed).tokens for seed in (7, 7, 8))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.get_rng_state())


def test_a_generator_moves_on():
    generator = torch.Generator().manual_seed(7)
    first, second = (repeated_tokens(4, 20, generator=generator).tokens for _ in range(2))
    assert torch.equal(first, repeated_tokens(4, 20, seed=7).tokens)
    assert not torch.equal(first, second)


def test_rows_draw_their_own_segments():
    tokens = repeated_tokens(16, 20).tokens
    assert len({tuple(row) for row in tokens.tolist()}) == 16


def test_every_id_but_bos_is_drawn():
    assert set(repeated_tokens(200, 7, d_vocab=8).tokens.unique().tolist()) == set(range(8))


def test_labels_and_predictable_are_not_tied_together():
    data = repeated_tokens(2, 3)
    before = data.previous_copy.clone()
    data.predictable[:] = False
    assert torch.equal(data.previous_copy, before)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"batch": 0, "period": 3}, "batch"),
        ({"batch": 2, "period": 0}, "period"),
        ({"batch": 2, "period": 3, "repeats": 0}, "repeats"),
        ({"batch": 2, "period": 2.5}, "period"),
        ({"batch": True, "period": 2}, "batch"),
        ({"batch": 2, "period": 3, "d_vocab": 1}, "d_vocab"),
        ({"batch": 2, "period": 64}, "at most 63"),
        ({"batch": 2, "period": 3, "seed": 0.5}, "seed"),
        ({"batch": 2, "period": 3, "generator": 3}, "generator"),
        ({"batch": 2, "period": 3, "seed": 1, "generator": torch.Generator()}, "not both"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(CourseError, match=words):
        repeated_tokens(**arguments)


def test_the_longest_unique_segment_uses_the_whole_vocabulary():
    tokens = repeated_tokens(2, 63).tokens
    assert all(sorted(row[1:64]) == list(range(1, 64)) for row in tokens.tolist())
