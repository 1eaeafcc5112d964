"""The model written by hand: it works at every size, runs as a bridge, and votes as it should."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.exercises.induction_heads.by_hand import _run
from mi_course.induction_heads import build_by_hand, induction_scores, one_match_ceiling, write_induction_model
from mi_course.interventions import run
from mi_course.worlds import repeated_tokens


@settings(max_examples=15, deadline=None)
@given(period=st.integers(2, 12), repeats=st.integers(2, 4), spare=st.integers(0, 9), seed=st.integers(0, 99))
def test_it_continues_segments_of_different_tokens_at_every_size(period, repeats, spare, seed):
    data = repeated_tokens(8, period, repeats, d_vocab=period + 1 + spare, seed=seed)
    logits, _ = _run(write_induction_model(period + 1 + spare, data.tokens.shape[1]), data.tokens)
    right = (logits[:, :-1].argmax(-1) == data.tokens[:, 1:])[data.predictable[:, :-1]]
    assert right.all()


def test_the_bridge_computes_what_the_plain_products_do():
    weights = write_induction_model(15, 25)
    tokens = repeated_tokens(5, 12, 2, d_vocab=15, seed=1).tokens
    torch.testing.assert_close(run(build_by_hand(weights), tokens).logits, _run(weights, tokens)[0])
    scores = induction_scores(build_by_hand(weights), build_by_hand(weights), period=11, batch=8)
    assert scores.scores[1, 0] > 0.999
    assert scores.scores[0, 0] < 0.001


@given(seed=st.integers(0, 200), period=st.integers(3, 7))
def test_the_vote_by_brute_force(seed, period):
    tokens = repeated_tokens(2, period, 2, d_vocab=5, seed=seed, unique=False).tokens
    chances = one_match_ceiling(tokens, period)
    assert chances.shape == (2, period - 1)
    for row, text in enumerate(tokens.tolist()):
        for at in range(period + 1, 2 * period):
            followed = [text[i + 1] for i in range(at) if text[i] == text[at]]
            most = max(followed.count(each) for each in followed)
            best = {each for each in followed if followed.count(each) == most}
            expected = 1 / len(best) if text[at + 1] in best else 0.0
            assert abs(float(chances[row, at - period - 1]) - expected) < 1e-6


def test_it_reaches_the_vote_and_no_more():
    data = repeated_tokens(1500, 12, 2, d_vocab=14, seed=4, unique=False)
    logits, _ = _run(write_induction_model(14, 25), data.tokens)
    right = (logits[:, 13:-1].argmax(-1) == data.tokens[:, 14:]).float().mean()
    assert abs(right - one_match_ceiling(data.tokens, 12).mean()) < 0.015


def test_weights_that_do_not_fit_are_named():
    weights = write_induction_model(9, 12)
    with pytest.raises(CourseError, match="given: W_E"):
        build_by_hand({name: value for name, value in weights.items() if name != "W_U"})
    with pytest.raises(CourseError, match="W_K has shape"):
        build_by_hand(weights | {"W_K": weights["W_K"][:, :-1]})
    with pytest.raises(CourseError, match="two tokens"):
        write_induction_model(1, 9)
    with pytest.raises(CourseError, match="no second segment"):
        one_match_ceiling(torch.zeros(1, 5, dtype=torch.long), 4)
