"""Skip trigrams: entries of the full circuits, and what the tables say of the model they come from."""

from __future__ import annotations

import math

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.transformer_maths import corpus_rate, one_layer_weights, skip_trigrams, tables_say
from mi_course.zoo import load_model

same = torch.testing.assert_close


@pytest.fixture(scope="module")
def model():
    return load_model("story-attn-1l")


def test_entries_are_what_a_head_does_when_it_looks_at_one_word(model):
    weights = one_layer_weights(model)
    A, B, C = torch.tensor([[100, 200], [30, 40], [50, 60]])
    found = skip_trigrams(weights, A, B, C)
    for t in range(2):
        for head in range(8):
            query = weights["W_E"][B[t]] @ weights["W_Q"][head]
            key = weights["W_E"][A[t]] @ weights["W_K"][head]
            same(found.attend[t, head], query @ key / math.sqrt(16))
            out = weights["W_E"][A[t]] @ weights["W_V"][head] @ weights["W_O"][head]
            same(found.write[t, head], (out @ weights["W_U"])[C[t]], rtol=1e-4, atol=1e-4)


def test_without_positions_the_tables_are_the_model(model):
    weights = one_layer_weights(model)
    tokens = torch.tensor([[0, 5, 9, 300, 12], [0, 7, 7, 20, 400]])
    kept = model.state_dict()["pos_embed.weight"].clone()
    try:
        with torch.no_grad():
            model.state_dict()["pos_embed.weight"].zero_()
            logits = model(tokens)[:, -1]
    finally:
        with torch.no_grad():
            model.state_dict()["pos_embed.weight"].copy_(kept)
    same(tables_say(weights, tokens), logits.detach(), rtol=1e-4, atol=1e-4)


def test_rates_by_hand():
    tokens = torch.tensor([[0, 1, 5, 2, 3], [0, 5, 2, 4, 4], [0, 2, 3, 2, 3]])
    rate = corpus_rate(tokens, 1, 2, 3, window=3)  # 1 … 2 -> 3
    assert (rate.with_source, rate.n_with) == (1.0, 1)
    assert (rate.without, rate.n_without) == (pytest.approx(2 / 3), 3)
    assert corpus_rate(tokens, 1, 2, 3, window=1).n_with == 0
    with pytest.raises(CourseError, match="window"):
        corpus_rate(tokens, 1, 2, 3, window=0)


def test_it_says_what_does_not_fit(model):
    weights = one_layer_weights(model)
    with pytest.raises(CourseError, match="one length"):
        skip_trigrams(weights, torch.tensor([1]), torch.tensor([1, 2]), torch.tensor([1]))
    with pytest.raises(CourseError, match="W_O"):
        skip_trigrams({k: w for k, w in weights.items() if k != "W_O"}, *torch.ones(3, 1).long())
    with pytest.raises(CourseError, match="one layer of attention"):
        one_layer_weights(load_model("induction-2l-plain"))
