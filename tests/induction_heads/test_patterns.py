"""Chapter 2's helper: scores against planted truth and TransformerLens' detector, heads against what was planted."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.induction_heads import attention_patterns, find_heads, induction_score, induction_scores, stripe
from mi_course.worlds import repeated_tokens
from mi_course.zoo import load_model
from mi_course.zoo.planted import FixedOffset, Induction, PreviousToken, planted


@given(period=st.integers(1, 9), repeats=st.integers(2, 4), batch=st.integers(1, 3), seed=st.integers(0, 1000))
def test_score_is_the_mean_attention_at_the_labelled_sources(period, repeats, batch, seed):
    """The world's labels, themselves checked by search, say where the stripe is."""
    data = repeated_tokens(batch, period, repeats, d_vocab=32, seed=seed)
    n = data.tokens.shape[1]
    pattern = torch.rand(batch, n, n, generator=torch.Generator().manual_seed(seed)).softmax(-1)
    looked = [
        pattern[row, dest, data.induction_source[row, dest]]
        for row in range(batch)
        for dest in range(n)
        if data.induction_source[row, dest] >= 0
    ]
    torch.testing.assert_close(induction_score(pattern, period), torch.stack(looked).mean())


def test_score_equals_transformer_lens_detection_on_one_sequence():
    from transformer_lens.head_detector import get_induction_head_detection_pattern

    model, period = load_model("induction-2l"), 13
    tokens = repeated_tokens(1, period, 2, seed=3).tokens
    patterns = attention_patterns(model, tokens)
    mask = get_induction_head_detection_pattern(tokens)
    for layer in range(2):
        for head in range(4):
            theirs = (patterns[layer, head, 0] * mask).sum() / mask.sum()
            torch.testing.assert_close(induction_score(patterns[layer, head], period), theirs)


def test_patterns_are_the_ones_that_the_bridge_caches():
    model = load_model("induction-2l", seed=1)
    tokens = repeated_tokens(3, 7, 2, seed=1).tokens
    patterns = attention_patterns(model, tokens)
    assert patterns.shape == (2, 4, 3, 15, 15)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens)
    for layer in range(2):
        torch.testing.assert_close(patterns[layer].transpose(0, 1), cache[f"blocks.{layer}.attn.hook_pattern"])


@pytest.mark.parametrize("strength", [0.2, 0.5, 0.9])
def test_planted_strength_is_the_score(strength):
    """The softmax is built so that the score is the strength, but for the 0.001 of noise on the weights."""
    model = planted({(0, 2): PreviousToken(), (1, 1): Induction(strength)})
    data = repeated_tokens(64, 11, 2, seed=0)
    score = induction_score(attention_patterns(model, data.tokens)[1, 1], 11)
    assert abs(float(score) - strength) < 0.05


def test_planted_induction_predicts_the_second_copy_and_a_model_with_nothing_planted_does_not():
    data = repeated_tokens(32, 9, 2, seed=0)
    accuracies = []
    for roles in ({(0, 0): PreviousToken(), (1, 0): Induction(0.9)}, {}):
        with torch.no_grad():
            guess = planted(roles)(data.tokens)[:, :-1].argmax(-1)
        hit = guess == data.tokens[:, 1:]
        accuracies.append(float(hit[data.predictable[:, :-1]].float().mean()))
    assert accuracies[0] > 0.99
    assert accuracies[1] < 0.1


def test_a_fixed_offset_fills_one_stripe_and_is_not_found():
    model = planted({(0, 0): PreviousToken(), (0, 3): FixedOffset(9), (1, 2): Induction(0.8)})
    assert float(induction_score(attention_patterns(model, repeated_tokens(8, 10, 2).tokens)[0, 3], 10)) > 0.99
    assert (0, 3) in find_heads(model, [10])
    assert find_heads(model, [7, 10, 15]) == [(1, 2)]


@pytest.mark.parametrize("threshold, found", [(0.3, [(1, 0), (1, 2)]), (0.7, [(1, 2)]), (0.95, [])])
def test_threshold_decides(threshold, found):
    model = planted({(0, 1): PreviousToken(), (1, 0): Induction(0.5), (1, 2): Induction(0.85)})
    assert find_heads(model, [8, 12], threshold) == found


def test_every_two_layer_seed_has_heads_of_the_last_layer_only_and_one_layer_has_none():
    from mi_course.zoo import seeds

    for seed in seeds("induction-2l"):
        found = find_heads(load_model("induction-2l", seed=seed), [8, 13, 20])
        assert found and all(layer == 1 for layer, _ in found)
    for seed in seeds("induction-1l"):
        assert find_heads(load_model("induction-1l", seed=seed), [8, 13, 20]) == []


def test_head_scores_carry_interval_and_baseline():
    model, twin = load_model("induction-2l"), load_model("induction-2l", untrained=True)
    scores = induction_scores(model, twin, period=10, repeats=2, batch=64, seed=1)
    assert bool((scores.low <= scores.scores).all()) and bool((scores.scores <= scores.high).all())
    (best,) = scores.heads(0.5)
    assert scores.interval(best).low > float(scores.baseline.max())
    null = induction_scores(twin, twin, period=10, repeats=2, batch=64, seed=1)
    assert null.heads(0.5) == []


@pytest.mark.parametrize("shape, period", [((1, 5, 6), 2), ((1, 9, 9), 8), ((1, 9, 9), 0), ((7,), 2)])
def test_a_pattern_without_a_second_segment_is_refused(shape, period):
    with pytest.raises(CourseError, match=r"period|destinations"):
        stripe(torch.zeros(shape), period)


def test_find_heads_needs_a_period():
    with pytest.raises(CourseError, match="at least one period"):
        find_heads(load_model("induction-1l"), [])


@pytest.mark.parametrize(
    "roles, sentence",
    [
        ({(2, 0): PreviousToken()}, "no head L2H0"),
        ({(1, 0): Induction(0.9)}, "previous-token head in an earlier layer"),
        ({(0, 0): PreviousToken(), (1, 0): Induction(1.0)}, "between 0 and 1"),
    ],
)
def test_planted_refuses_what_cannot_work(roles, sentence):
    with pytest.raises(CourseError, match=sentence):
        planted(roles)
