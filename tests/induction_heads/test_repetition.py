"""What repetition is worth, against planted predictions and a guesser that is simulated."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from mi_course.claims import bootstrap_interval
from mi_course.errors import CourseError
from mi_course.induction_heads import bag_loss, repetition_gain
from mi_course.worlds import repeated_tokens
from mi_course.zoo import load_model, seeds


@given(period=st.integers(2, 8), repeats=st.integers(2, 4), batch=st.integers(1, 3), seed=st.integers(0, 1000))
def test_the_world_says_which_tokens_are_settled(period, repeats, batch, seed):
    """The world's label `predictable` marks the positions whose next token an earlier copy settles."""
    data = repeated_tokens(batch, period, repeats, d_vocab=16, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(batch, data.tokens.shape[1], 16, generator=generator)
    loss = F.cross_entropy(logits[:, :-1].transpose(1, 2), data.tokens[:, 1:], reduction="none")
    settled = data.predictable[:, :-1]
    expected = loss[:, :period].mean(-1) - (loss * settled).sum(-1) / settled.sum(-1)
    torch.testing.assert_close(repetition_gain(logits, data.tokens, period), expected)


def test_who_knows_the_copy_gains_all_there_is_and_who_knows_nothing_gains_nothing():
    data = repeated_tokens(4, 6, 3, d_vocab=10, seed=1)
    nothing = torch.zeros(4, data.tokens.shape[1], 10)
    torch.testing.assert_close(repetition_gain(nothing, data.tokens, 6), torch.zeros(4))
    knows = nothing.clone()
    knows[:, :-1] += 40.0 * F.one_hot(data.tokens[:, 1:], 10) * data.predictable[:, :-1, None]
    torch.testing.assert_close(repetition_gain(knows, data.tokens, 6), torch.full((4,), math.log(10)))


@pytest.mark.parametrize("period", [2, 5, 12])
def test_the_bag_is_what_a_guesser_pays_who_crosses_off(period):
    """Simulated: probability 1 / (number left) for each token that is left, in random orders."""
    generator = torch.Generator().manual_seed(period)
    paid = []
    for _ in range(20):
        left = set(range(period))
        order = torch.randperm(period, generator=generator).tolist()
        for k, token in enumerate(order):
            if k:
                paid.append(math.log(len(left)))
            left.remove(token)
    assert bag_loss(period) == pytest.approx(sum(paid) / len(paid))


def test_two_layers_beat_the_bag_and_one_layer_does_not():
    """What section 2.4 says of every shipped seed."""
    data = repeated_tokens(256, 12, 2, seed=8)
    bag = math.log(63) - bag_loss(12)
    for name, better in (("induction-1l", False), ("induction-2l", True)):
        for seed in seeds(name):
            with torch.no_grad():
                gain = repetition_gain(load_model(name, seed=seed)(data.tokens), data.tokens, 12)
            interval = bootstrap_interval(gain)
            assert interval.low > bag + 0.5 if better else interval.high < bag - 2 and interval.low > 0.2


@pytest.mark.parametrize("period", [0, 1, 5, True, 2.5])
def test_a_text_without_two_segments_is_refused(period):
    with pytest.raises(CourseError, match="two segments"):
        repetition_gain(torch.zeros(1, 9, 4), torch.zeros(1, 9, dtype=torch.long), period)


@pytest.mark.parametrize("period", [1, 0, True, 3.5])
def test_a_bag_of_one_has_no_order(period):
    with pytest.raises(CourseError, match="at least 2"):
        bag_loss(period)
