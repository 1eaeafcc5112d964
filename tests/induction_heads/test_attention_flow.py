"""Rollout and carried lengths against walks, identities and the bridge's own activations; effects of lost tokens."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.induction_heads import (
    attention_patterns,
    attention_rollout,
    carried_norms,
    token_effects,
    value_weighted_attention,
)
from mi_course.interventions import attn_out, head_contribution, run, z
from mi_course.worlds import repeated_tokens
from mi_course.zoo import load_model
from mi_course.zoo.planted import FixedOffset, planted


def causal(shape, seed):
    scores = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return scores.masked_fill(torch.ones(shape[-2:], dtype=torch.bool).triu(1), -torch.inf).softmax(-1)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(2, 6), st.integers(0, 99))
def test_rollout_is_a_distribution_over_what_came_before(layers, heads, pos, seed):
    rollout = attention_rollout(causal((layers, heads, 2, pos, pos), seed))
    torch.testing.assert_close(rollout.sum(-1), torch.ones(2, pos))
    assert (rollout >= 0).all()
    assert (rollout.triu(1) == 0).all()


def test_rollout_counts_walks():
    """Where each head looks one back, a position ends up k back with the binomial chance of k steps in all layers."""
    one_back = torch.zeros(6, 6)
    one_back[0, 0] = 1
    one_back[torch.arange(1, 6), torch.arange(5)] = 1
    rollout = attention_rollout(one_back.expand(3, 2, 1, 6, 6))[0]
    torch.testing.assert_close(rollout[5], torch.tensor([0, 0, 1, 3, 3, 1]) / 8)


def test_rollout_says_what_shape_it_wants():
    with pytest.raises(CourseError, match="layer, head"):
        attention_rollout(torch.rand(2, 3, 3))


@pytest.mark.parametrize("name", ["story", "induction-2l"])
def test_carried_vectors_add_up_to_what_heads_write(name):
    """On both kinds of model: the lengths are those of vectors whose sum is the attention's output without b_O."""
    model = load_model(name)
    tokens = repeated_tokens(2, 6, 2, seed=0).tokens
    norms, patterns = carried_norms(model, tokens), attention_patterns(model, tokens)
    with torch.no_grad():
        _, kept = model.run_with_cache(tokens)
    for layer in range(model.cfg.n_layers):
        x = kept[f"blocks.{layer}.ln1.hook_out"]
        weights = [getattr(model, w)[layer] for w in ("W_V", "b_V", "W_O")]
        again = value_weighted_attention(patterns[layer].transpose(0, 1), x, *weights)
        torch.testing.assert_close(norms[layer].transpose(0, 1), again, atol=1e-4, rtol=1e-4)
        written = head_contribution(model, run(model, tokens, cache=[z(layer)]).cache, layer)
        assert (norms[layer].sum(-1) >= written.norm(dim=-1).permute(2, 0, 1) - 1e-4).all()
        whole = run(model, tokens, cache=[attn_out(layer)]).cache[attn_out(layer)]
        torch.testing.assert_close(written.sum(2) + model.b_O[layer], whole, atol=1e-4, rtol=1e-4)


def test_heads_have_to_fit():
    with pytest.raises(CourseError, match="number of heads"):
        value_weighted_attention(
            torch.rand(1, 2, 3, 3), torch.rand(1, 3, 4), torch.rand(3, 4, 2), torch.rand(3, 2), torch.rand(3, 2, 4)
        )


def test_only_the_token_that_is_copied_has_an_effect():
    model = planted({(0, 1): FixedOffset(3)}, n_layers=1, d_vocab=12, n_ctx=16)
    tokens = repeated_tokens(4, 9, 1, 12, seed=1).tokens
    end = torch.tensor([8, 7, 6, 5])
    effects = token_effects(model, tokens, end)
    assert effects.argmax(1).tolist() == [5, 4, 3, 2]
    rest = effects.scatter(1, (end - 3)[:, None], 0)
    assert rest.max() < 0.05 * effects.max()
    assert all((effects[i, e + 1 :] == 0).all() for i, e in enumerate(end.tolist()))
    with pytest.raises(CourseError, match="end is a position"):
        token_effects(model, tokens, end + 9)
