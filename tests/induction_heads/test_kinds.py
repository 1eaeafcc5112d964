"""Previous-token and duplicate-token scores: planted heads, the world's labels, and the scores of the cards."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.induction_heads import (
    attention_patterns,
    duplicate_stripe,
    duplicate_token_score,
    head_scores,
    induction_score,
    previous_stripe,
    previous_token_score,
    stripe,
)
from mi_course.worlds import repeated_tokens
from mi_course.zoo import card, load_model
from mi_course.zoo.measures import measurement_data
from mi_course.zoo.planted import DuplicateToken, FixedOffset, Induction, PreviousToken, planted


@given(period=st.integers(1, 9), repeats=st.integers(2, 4), batch=st.integers(1, 3), seed=st.integers(0, 1000))
def test_duplicates_are_where_the_world_says(period, repeats, batch, seed):
    data = repeated_tokens(batch, period, repeats, d_vocab=32, seed=seed)
    n = data.tokens.shape[1]
    pattern = torch.rand(batch, n, n, generator=torch.Generator().manual_seed(seed)).softmax(-1)
    looked = [
        pattern[row, dest, data.previous_copy[row, dest]]
        for row in range(batch)
        for dest in range(n)
        if data.previous_copy[row, dest] >= 0
    ]
    torch.testing.assert_close(duplicate_token_score(pattern, period), torch.stack(looked).mean())


def test_each_score_names_its_planted_head_only():
    roles = {(0, 0): PreviousToken(), (0, 1): DuplicateToken(), (0, 2): FixedOffset(3), (1, 0): Induction(0.9)}
    patterns = attention_patterns(planted(roles), repeated_tokens(16, 9, 2, seed=0).tokens)

    def above(read):
        return {(int(i), int(j)) for i, j in (read(patterns).mean((-1, -2)) > 0.45).nonzero()}

    assert above(previous_stripe) == {(0, 0)}
    assert above(lambda pattern: duplicate_stripe(pattern, 9)) == {(0, 1)}
    assert above(lambda pattern: stripe(pattern, 9)) == {(1, 0)}


def test_the_previous_token_score_is_the_one_on_the_card():
    known = card("induction-2l")["seeds"]["0"]["phenomena"]["previous_token_score"]["by_head"]
    patterns = attention_patterns(load_model("induction-2l"), measurement_data().tokens)
    for layer in range(2):
        for head in range(4):
            assert previous_token_score(patterns[layer, head]).item() == pytest.approx(known[layer][head], abs=1e-4)


def test_at_period_one_the_copy_is_the_previous_token_and_the_stripe_the_token_itself():
    pattern = torch.rand(2, 7, 7).softmax(-1)
    torch.testing.assert_close(duplicate_token_score(pattern, 1), previous_token_score(pattern))
    torch.testing.assert_close(induction_score(pattern, 1), pattern.diagonal(0, -2, -1)[:, 2:].mean())


def test_head_scores_take_any_reading_and_carry_their_name():
    model, twin = load_model("induction-2l"), load_model("induction-2l", untrained=True)
    tokens = repeated_tokens(32, 12, 2, seed=0).tokens
    found = head_scores(model, twin, tokens, previous_stripe, name="previous-token score")
    expected = [[previous_token_score(head) for head in layer] for layer in attention_patterns(model, tokens)]
    torch.testing.assert_close(found.scores, torch.tensor(expected))
    assert found.name == "previous-token score" and found.n == 32
    assert bool((found.low <= found.scores).all()) and bool((found.scores <= found.high).all())
    with pytest.raises(CourseError, match="as many layers and heads"):
        head_scores(model, load_model("induction-1l"), tokens, previous_stripe, name="x")


def test_no_shipped_model_has_a_duplicate_token_head_above_a_half():
    """What section 2.6 says of story and of induction-2l."""
    from mi_course.zoo.story_measures import repeated_words

    for name, tokens in (("induction-2l", repeated_tokens(32, 12, 2).tokens), ("story", repeated_words(32, 12))):
        for seed in (0, 1, 2):
            patterns = attention_patterns(load_model(name, seed=seed), tokens)
            assert duplicate_stripe(patterns, 12).mean((-1, -2)).max() < 0.5
            assert previous_stripe(patterns).mean((-1, -2)).max() > 0.5


@pytest.mark.parametrize("shape", [(1, 2, 2), (1, 4, 5), (3,)])
def test_a_pattern_without_previous_tokens_is_refused(shape):
    with pytest.raises(CourseError, match=r"positions|sources"):
        previous_token_score(torch.zeros(shape))


@pytest.mark.parametrize("period", [0, 6, 7])
def test_a_pattern_without_a_second_segment_is_refused(period):
    with pytest.raises(CourseError, match="period"):
        duplicate_token_score(torch.zeros(1, 7, 7), period)
