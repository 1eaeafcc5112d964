"""The parts of the forward pass: against torch's own, and by what must hold of them."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.transformer_maths import (
    attention_output,
    attention_pattern,
    causal_mask,
    embed_positions,
    gelu_new,
    layer_norm,
    mlp,
    next_token_loss,
    rotate,
)

same = torch.testing.assert_close


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@given(batch=st.integers(1, 3), width=st.integers(2, 9), eps=st.sampled_from([1e-5, 0.1, 2.0]), seed=st.integers(0, 99))
def test_layer_norm_is_torchs(batch, width, eps, seed):
    x, w, b = normal(batch, 4, width, seed=seed) * 3 + 5, normal(width, seed=seed + 1), normal(width, seed=seed + 2)
    same(layer_norm(x, w, b, eps), F.layer_norm(x, (width,), w, b, eps))


def test_layer_norm_forgets_mean_and_length():
    x, one, zero = normal(5, 8), torch.ones(8, dtype=torch.float64), torch.zeros(8, dtype=torch.float64)
    same(layer_norm(7 * x + 3, one, zero, eps=0.0), layer_norm(x, one, zero, eps=0.0))


def test_layer_norm_refuses_a_gain_of_another_width():
    with pytest.raises(CourseError, match="w has shape"):
        layer_norm(normal(2, 8), normal(7), normal(8))


@given(pos=st.integers(1, 8), seed=st.integers(0, 99))
def test_a_pattern_divides_one_among_the_past(pos, seed):
    pattern = attention_pattern(normal(2, pos, 3, 4, seed=seed), normal(2, pos, 3, 4, seed=seed + 1))
    same(pattern.sum(-1), torch.ones(2, 3, pos, dtype=torch.float64))
    assert not pattern.triu(1).any()
    assert (pattern.tril() == pattern).all()


def test_attention_is_torchs():
    q, k, v = (normal(2, 6, 3, 4, seed=seed) for seed in range(3))
    W_O, b_O = normal(3, 4, 7, seed=3), normal(7, seed=4)
    z = F.scaled_dot_product_attention(*(each.transpose(1, 2) for each in (q, k, v)), is_causal=True)
    expected = F.linear(z.transpose(1, 2).flatten(2), W_O.flatten(0, 1).T, b_O)
    same(attention_output(attention_pattern(q, k), v, W_O, b_O), expected)


def test_attention_says_which_shapes_do_not_fit():
    with pytest.raises(CourseError, match="as many sources"):
        causal_mask(normal(1, 1, 3, 4))
    with pytest.raises(CourseError, match="one shape"):
        attention_pattern(normal(1, 3, 2, 4), normal(1, 4, 2, 4))
    with pytest.raises(CourseError, match="number of heads"):
        attention_output(normal(1, 2, 3, 3), normal(1, 3, 2, 4), normal(3, 4, 5), normal(5))


@given(shift=st.integers(0, 30), apart=st.integers(0, 20), width=st.sampled_from([2, 6, 32]), seed=st.integers(0, 99))
def test_a_rotated_score_depends_on_the_distance_only(shift, apart, width, seed):
    q, k = (rotate(normal(width, seed=seed + i).expand(1, 60, 1, width))[0, :, 0] for i in range(2))
    same(q[shift + apart] @ k[shift], q[apart] @ k[0])


def test_rotation_keeps_lengths_and_position_zero():
    x = normal(2, 9, 3, 8)
    same(rotate(x).norm(dim=-1), x.norm(dim=-1))
    same(rotate(x)[:, 0], x[:, 0])


def test_rotation_is_transformers():
    from transformers.models.gpt_neox.modeling_gpt_neox import apply_rotary_pos_emb

    x = normal(2, 9, 3, 8)
    angle = torch.outer(torch.arange(9).double(), 10000.0 ** -(torch.arange(0, 8, 2).double() / 8)).repeat(1, 2)[None]
    same(rotate(x), apply_rotary_pos_emb(x, x, angle.cos(), angle.sin(), unsqueeze_dim=2)[0])


def test_rotation_needs_pairs():
    with pytest.raises(CourseError, match="even"):
        rotate(normal(1, 2, 1, 3))


def test_gelu_new_is_torchs_tanh_approximation_and_near_the_exact_one():
    u = torch.linspace(-8, 8, 4001, dtype=torch.float64)
    same(gelu_new(u), F.gelu(u, approximate="tanh"))
    assert (gelu_new(u) - F.gelu(u)).abs().max() < 5e-4  # what the docstring and the chapter say


def test_an_mlp_is_the_sum_of_its_neurons():
    x, W_in, b_in, W_out, b_out = normal(3, 5), normal(5, 9), normal(9), normal(9, 5), normal(5)
    neurons = [gelu_new(x @ W_in[:, i] + b_in[i])[:, None] * W_out[i] for i in range(9)]
    same(mlp(x, W_in, b_in, W_out, b_out), sum(neurons) + b_out)


def test_positions_are_added_where_there_are_any():
    tokens, W_E, W_pos = torch.tensor([[3, 1, 3]]), normal(5, 4), normal(6, 4)
    same(embed_positions(tokens, W_E), W_E[tokens])
    same(embed_positions(tokens, W_E, W_pos) - embed_positions(tokens, W_E), W_pos[:3][None])
    with pytest.raises(CourseError, match="shorten"):
        embed_positions(torch.zeros(1, 7, dtype=torch.long), W_E, W_pos)


def test_loss_is_torchs_cross_entropy():
    logits, tokens = normal(3, 6, 11), torch.randint(0, 11, (3, 6), generator=torch.Generator().manual_seed(0))
    expected = F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    same(next_token_loss(logits, tokens), expected)


def test_loss_needs_something_to_predict():
    with pytest.raises(CourseError, match="two positions"):
        next_token_loss(normal(1, 1, 5), torch.zeros(1, 1, dtype=torch.long))
    with pytest.raises(CourseError, match="not"):
        next_token_loss(normal(1, 4, 5), torch.zeros(1, 3, dtype=torch.long))
