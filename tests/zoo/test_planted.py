"""Planted models: heads that work at some positions or in some texts only do so there, and nowhere else."""

from __future__ import annotations

import pytest

from mi_course.errors import CourseError
from mi_course.induction_heads import attention_patterns, stripe
from mi_course.worlds import repeated_tokens
from mi_course.zoo.planted import FirstToken, Induction, PreviousToken, planted


def test_a_head_with_positions_fills_the_stripe_at_these_and_looks_at_bos_from_all_others():
    chosen, period = frozenset({9, 11, 16}), 8
    model = planted({(0, 0): PreviousToken(), (1, 1): Induction(0.9, positions=chosen)})
    pattern = attention_patterns(model, repeated_tokens(4, period, 2, seed=1).tokens)[1, 1]
    for index, looked in enumerate(stripe(pattern, period).mean(0).tolist()):
        assert abs(looked - 0.9 * (index + period + 1 in chosen)) < 0.05
    others = [dest for dest in range(1, 2 * period + 1) if dest not in chosen]
    assert float(pattern[:, others, 0].min()) > 0.95


@pytest.mark.parametrize("period", [7, 15])
def test_a_head_with_first_tokens_fills_the_stripe_of_the_texts_that_begin_with_them(period):
    chosen = frozenset(range(1, 64, 3))
    roles = {(0, 0): PreviousToken(), (0, 3): FirstToken(), (1, 1): Induction(0.9, first_tokens=chosen)}
    data = repeated_tokens(40, period, 2, seed=1)
    pattern = attention_patterns(planted(roles), data.tokens)[1, 1]
    works = [int(first) in chosen for first in data.tokens[:, 1]]
    assert 0 < sum(works) < 40
    for looked, wanted in zip(stripe(pattern, period).mean(-1).tolist(), works, strict=True):
        assert abs(looked - 0.9 * wanted) < 0.05


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (Induction(positions=frozenset({3, 64})), r"L1H0's positions .* 0 to 63"),
        (Induction(first_tokens=frozenset({-1})), "first-token head in an earlier layer"),
    ],
)
def test_what_cannot_work_is_refused(head, sentence):
    with pytest.raises(CourseError, match=sentence):
        planted({(0, 0): PreviousToken(), (1, 0): head})
    with pytest.raises(CourseError, match=r"first tokens .* 0 to 63"):
        planted(
            {(0, 0): PreviousToken(), (0, 1): FirstToken(), (1, 0): Induction(first_tokens=frozenset({-1}))},
        )
