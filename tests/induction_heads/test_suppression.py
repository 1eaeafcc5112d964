"""Direct effects against the logits they add up to and the zoo's own; suppressing heads against what was planted."""

from __future__ import annotations

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.induction_heads import direct_effects, suppression_heads
from mi_course.interventions import resid_pre, run
from mi_course.worlds import repeated_tokens
from mi_course.worlds.story import story_pairs
from mi_course.zoo import load_model
from mi_course.zoo.planted import GAIN, FixedOffset, Induction, PreviousToken
from mi_course.zoo.story_heads import direct_by_head
from mi_course.zoo.suppressing import suppressing


def prompts(d_vocab=20):
    tokens = repeated_tokens(8, 9, 2, d_vocab, seed=1).tokens
    return tokens[:, :14], tokens[:, 14]


def test_heads_and_embedding_add_up_to_the_logit():
    model = load_model("induction-2l-plain")  # no LayerNorm, biases
    tokens, answer = prompts(64)
    out = run(model, tokens, cache=[resid_pre(0)])
    rows = torch.arange(len(tokens))

    def centred(logits):
        return logits[rows, answer] - logits.mean(-1)

    with torch.no_grad():
        rest = out.cache[resid_pre(0)][:, -1] + model.b_O.sum(0)
        expected = centred(out.logits[:, -1]) - centred(rest @ model.W_U) - centred(model.b_U.expand(8, -1))
    torch.testing.assert_close(direct_effects(model, tokens, answer).sum((1, 2)), expected, atol=1e-3, rtol=1e-3)


def test_with_layer_norm_as_the_zoo_measures_it():
    model, pairs = load_model("story", seed=1), story_pairs("names", 12, seed=3)
    wrong = pairs.wrong.float().argmax(-1)
    ours = direct_effects(model, pairs.clean.tokens, pairs.answer, wrong=wrong, end=pairs.end)
    torch.testing.assert_close(ours, direct_by_head(model, pairs), atol=1e-4, rtol=1e-4)


def test_planted_strengths_are_the_effects():
    roles = {(0, 1): PreviousToken(), (1, 0): Induction(0.9), (1, 2): Induction(0.9), (1, 3): FixedOffset(0)}
    model = suppressing(roles, {(1, 2): -0.3}, flat={(1, 3): -5}, d_vocab=20, n_ctx=32)
    tokens, answer = prompts()
    effects = direct_effects(model, tokens, answer).mean(0)
    assert effects[1, 2] == pytest.approx(-0.3 * 0.9 * GAIN * 19 / 20, abs=0.1)
    assert abs(effects[1, 3]) < 0.05
    logits = run(model, tokens).logits[:, -1]
    flat = suppressing(roles, {(1, 2): -0.3}, flat={(1, 3): 0}, d_vocab=20, n_ctx=32)
    torch.testing.assert_close(logits + 5, run(flat, tokens).logits[:, -1], atol=0.3, rtol=0)
    assert suppression_heads(model, tokens, answer, 2.0) == [(1, 2)]
    assert suppression_heads(model, tokens, answer, 8.0) == []


def test_bad_input_is_named():
    tokens, answer = prompts()
    model = suppressing({(0, 0): FixedOffset(1)}, {}, d_vocab=20, n_ctx=32)
    with pytest.raises(CourseError, match="give one each"):
        direct_effects(model, tokens, answer[:3])
    with pytest.raises(CourseError, match="not below zero"):
        suppression_heads(model, tokens, answer, -1.0)
    with pytest.raises(CourseError, match="no role"):
        suppressing({}, {(0, 0): -1.0})
