"""The in-context learning score on planted losses, and the two guessers that go by counts."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.induction_heads import (
    count_pairs,
    in_context_differences,
    in_context_score,
    repetition_gain,
    table_loss,
)
from mi_course.transformer_maths import next_token_loss
from mi_course.worlds import repeated_tokens


def test_a_loss_that_falls_by_a_tenth_a_token_has_the_score_of_the_distance():
    loss = 5 - 0.1 * torch.arange(1, 21).expand(3, 20)  # column i is the loss of token i + 1
    assert in_context_score(loss, range(2, 5), range(12, 15)).item() == pytest.approx(-1.0)
    assert in_context_score(loss.flip(1), range(2, 5), range(12, 15)).item() == pytest.approx(1.0)


def test_long_texts_that_are_harder_do_not_pass_for_a_model_that_gets_worse():
    lengths = torch.tensor([8, 8, 16, 16])
    loss = torch.ones(4, 15) + (lengths == 16)[:, None]
    loss[:2, 7:] = 99.0  # padding
    early, late = range(2, 5), range(12, 15)
    assert in_context_score(loss, early, late, lengths).item() == 0
    assert loss[2:, 11:14].mean() - loss[:, 1:4].mean() == 0.5  # what other texts early than late would give


@pytest.mark.parametrize("length, counts", [(14, 0), (15, 1), (16, 1)])
def test_a_text_counts_when_it_holds_the_last_late_token(length, counts):
    loss, lengths = torch.rand(2, 17), torch.tensor([18, length])
    assert len(in_context_differences(loss, range(2, 5), range(12, 15), lengths)) == 1 + counts


@given(period=st.integers(2, 6), seed=st.integers(0, 100))
def test_on_repeated_tokens_it_is_minus_the_gain(period, seed):
    data = repeated_tokens(3, period, 2, d_vocab=12, seed=seed)
    logits = torch.randn(3, 2 * period + 1, 12, generator=torch.Generator().manual_seed(seed))
    loss = next_token_loss(logits, data.tokens)
    differences = in_context_differences(loss, range(1, period + 1), range(period + 2, 2 * period + 1))
    torch.testing.assert_close(differences, -repetition_gain(logits, data.tokens, period))


@pytest.mark.parametrize(
    "early, late, lengths, words",
    [
        (range(0), range(3, 5), None, "at least one token"),
        (range(0, 2), range(3, 5), None, r"BOS\] at 0 has none"),
        (range(1, 3), range(8, 11), None, "1 to 9"),
        (range(1, 3), range(4, 6), torch.tensor([9]), "as many lengths"),
        (range(1, 3), range(7, 9), torch.tensor([5, 6]), "No text is longer than 8"),
    ],
)
def test_what_cannot_be_measured_is_said(early, late, lengths, words):
    with pytest.raises(CourseError, match=words):
        in_context_score(torch.rand(2, 9), early, late, lengths)


def test_pairs_are_counted():
    tokens = torch.tensor([[0, 1, 2, 1, 2, 1, 3]])
    table = count_pairs(tokens, 4, prior=1e-6)
    torch.testing.assert_close(table.sum(1), torch.ones(4))
    torch.testing.assert_close(table[1], torch.tensor([0.0, 0.0, 2 / 3, 1 / 3]), atol=1e-5, rtol=0)
    torch.testing.assert_close(table_loss(table, tokens)[0, 1], -torch.tensor(2 / 3).log(), atol=1e-5, rtol=0)


@given(seed=st.integers(0, 1000), recent=st.sampled_from([0.0, 0.1, 0.5, 0.9]))
def test_the_bag_counts_what_has_stood_in_the_text_so_far(seed, recent):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(1, 5, (2, 9), generator=generator)
    tokens[:, 0] = 0
    table = torch.rand(5, 5, generator=generator).softmax(-1)
    loss = table_loss(table, tokens, recent)
    for row, ids in enumerate(tokens.tolist()):
        for to_come in range(1, 9):
            so_far = ids[1:to_come]
            bag = so_far.count(ids[to_come]) / max(len(so_far), 1)
            probability = (1 - recent) * table[ids[to_come - 1], ids[to_come]] + recent * bag
            torch.testing.assert_close(loss[row, to_come - 1], -probability.log())


@pytest.mark.parametrize("recent", [-0.1, 1.0])
def test_a_share_of_all_leaves_nothing_for_the_table(recent):
    with pytest.raises(CourseError, match="share"):
        table_loss(torch.rand(3, 3), torch.tensor([[0, 1, 2]]), recent)
