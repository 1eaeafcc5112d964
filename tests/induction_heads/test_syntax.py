"""Looks at the subject, counted on one half and scored on the other; agreement without a head."""

from __future__ import annotations

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.induction_heads import agreement_margin, attention_patterns, logits_without, looks_from, syntactic_heads
from mi_course.worlds.story import story_pairs
from mi_course.zoo import load_model


def test_rows_are_those_of_the_patterns():
    model, pairs = load_model("story"), story_pairs("recursion", 5, seed=1)
    rows = looks_from(model, pairs.clean.tokens, pairs.end)
    patterns = attention_patterns(model, pairs.clean.tokens)
    for i, end in enumerate(pairs.end.tolist()):
        torch.testing.assert_close(rows[i], patterns[:, :, i, end])
    torch.testing.assert_close(rows.sum(-1), torch.ones(5, 4, 4))


def planted_rows(prompts=40):
    """L1H2 looks at the subject, with most of its attention on [BOS]; all others look at the last token."""
    generator = torch.Generator().manual_seed(0)
    end = torch.full((prompts,), 9)
    subject = torch.randint(2, 9, (prompts,), generator=generator)
    rows = torch.zeros(prompts, 2, 3, 10)
    rows[..., 9] = 1
    rows[:, 1, 2] = 0
    rows[torch.arange(prompts), 1, 2, subject] = 0.3
    rows[:, 1, 2, 0] = 0.7
    return rows, end, subject


def test_the_planted_head_is_found_and_the_rules_are_scored_on_the_other_half():
    rows, end, subject = planted_rows()
    subject[:20], subject[20:30] = 5, 7
    rows[:, 1, 2] = 0
    rows[torch.arange(40), 1, 2, subject] = 1
    choose = torch.arange(40) < 20
    found = syntactic_heads(rows, end, subject, torch.full((40,), 7), choose)
    assert found["head"] == (1, 2)
    assert found["rate"] == 1
    assert found["offset"] == float((subject[20:] == 5).double().mean())
    assert found["first_noun"] == float((subject[20:] == 7).double().mean())


def test_resting_on_bos_is_no_look():
    rows, end, subject = planted_rows()
    choose = torch.arange(40) % 2 == 0
    assert syntactic_heads(rows, end, subject, subject, choose)["rate"] == 1


def test_both_halves_are_needed():
    rows, end, subject = planted_rows()
    with pytest.raises(CourseError, match="choose"):
        syntactic_heads(rows, end, subject, subject, torch.ones(40, dtype=torch.bool))


def test_the_margin_is_the_log_odds_of_the_two_sides():
    logits = torch.randn(3, 6, generator=torch.Generator().manual_seed(1))
    right, wrong = torch.zeros(3, 6, dtype=torch.bool), torch.zeros(3, 6, dtype=torch.bool)
    right[:, :2], wrong[:, 2:5] = True, True
    p = logits.softmax(-1)
    torch.testing.assert_close(agreement_margin(logits, right, wrong), (p[:, :2].sum(1) / p[:, 2:5].sum(1)).log())


def test_without_no_head_the_model_is_as_it_was():
    model, pairs = load_model("story"), story_pairs("recursion", 4, seed=1)
    with torch.no_grad():
        logits = model(pairs.clean.tokens)[torch.arange(4), pairs.end]
    torch.testing.assert_close(logits_without(model, pairs.clean.tokens, pairs.end, None), logits)
    assert not torch.allclose(logits_without(model, pairs.clean.tokens, pairs.end, (3, 3)), logits, atol=1e-2)
