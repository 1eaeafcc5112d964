"""Rules beside models: by brute force, and on texts whose answer is known."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.exercises.induction_heads.conflict import _by_search
from mi_course.induction_heads import (
    RULES,
    build_by_hand,
    conflicting_tokens,
    end_to_end_gap,
    rule_predictions,
    write_induction_model,
)
from mi_course.interventions import run
from mi_course.worlds import repeated_tokens


@given(seed=st.integers(0, 300), rule=st.sampled_from(RULES), d_vocab=st.integers(3, 7))
def test_gap_by_search(seed, rule, d_vocab):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(1, d_vocab, (3, 11), generator=generator)
    logits = 3 * torch.randn(3, 11, d_vocab, generator=generator)
    ours, theirs = end_to_end_gap(logits, tokens, rule), _by_search(logits, tokens, rule)
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_rules_on_a_text():
    tokens = torch.tensor([[0, 1, 2, 1, 3, 1, 2, 1, 3, 1, 1]])
    assert rule_predictions(tokens, "latest").tolist() == [[-1, -1, -1, 2, -1, 3, 1, 2, 1, 3, 1]]
    assert rule_predictions(tokens, "earliest").tolist() == [[-1, -1, -1, 2, -1, 2, 1, 2, 1, 2, 2]]
    assert rule_predictions(tokens, "most_frequent").tolist() == [[-1, -1, -1, 2, -1, 3, 1, 2, 1, 3, 3]]


def test_a_model_that_follows_the_rule_has_no_gap():
    tokens = repeated_tokens(6, 8, 3, d_vocab=20, seed=1, unique=False).tokens
    for rule in RULES:
        named = rule_predictions(tokens, rule).clamp(min=0)
        logits = 50.0 * torch.nn.functional.one_hot(named, 20)
        assert end_to_end_gap(logits, tokens, rule) == pytest.approx((0, 0), abs=1e-6)


def test_the_rules_agree_where_there_is_one_earlier_copy():
    tokens = repeated_tokens(6, 8, 2, seed=1).tokens
    said = [rule_predictions(tokens, rule) for rule in RULES]
    assert torch.equal(said[0], said[1])
    assert torch.equal(said[0], said[2])


@pytest.mark.parametrize("order", ["x", "xy", "xyx", "zzxy"])
@pytest.mark.parametrize("spacing", [0, 3])
def test_texts_in_conflict_say_what_their_order_says(order, spacing):
    texts, stands_for = conflicting_tokens(order, batch=5, spacing=spacing, seed=2)
    assert texts.shape == (5, 2 + spacing + len(order) * (spacing + 2))
    for row, text in enumerate(texts.tolist()):
        repeated = text[-1]
        followed = [text[i + 1] for i in range(len(text) - 1) if text[i] == repeated]
        assert followed == [int(stands_for[letter][row]) for letter in order]
        others = [token for token in text if token != repeated and token not in followed]
        assert len(set(others)) == len(others)
        assert others[0] == 0


def test_the_model_by_hand_follows_the_most_frequent():
    model = build_by_hand(write_induction_model(64, 64))
    for order in ("xxy", "xyx", "yxx"):
        texts, stands_for = conflicting_tokens(order, batch=20)
        assert torch.equal(run(model, texts).logits[:, -1].argmax(-1), stands_for["x"])


def test_what_cannot_be_done_is_said():
    with pytest.raises(CourseError, match="Did you mean 'most_frequent'"):
        rule_predictions(torch.tensor([[0, 1, 1]]), "most frequent")
    with pytest.raises(CourseError, match="occurs twice"):
        end_to_end_gap(torch.zeros(1, 3, 5), torch.tensor([[0, 1, 2]]))
    with pytest.raises(CourseError, match="different tokens"):
        conflicting_tokens("xxxxxxxx", spacing=10)
    with pytest.raises(CourseError, match="the shapes are"):
        end_to_end_gap(torch.zeros(1, 3, 5), torch.tensor([[0, 1]]))
