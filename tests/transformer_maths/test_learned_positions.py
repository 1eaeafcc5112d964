"""Weights and forward pass of models with learned positions: tiny GPT-2 models with random weights, made offline."""

from __future__ import annotations

import pytest
import torch
from transformer_lens.model_bridge.sources._bridge_builder import build_bridge_from_module
from transformers import GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM

from mi_course.errors import CourseError
from mi_course.transformer_maths import WEIGHTS, axis_sizes, logit_lens, shape_of, transformer_forward, weights_of


@pytest.fixture(autouse=True)
def no_grad():
    with torch.no_grad():
        yield


def random_weights(model, seed: int):
    """Every parameter drawn anew, gains and biases too, so that nothing is zero or one by default."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return model.eval()


def tiny_gpt2(d_mlp: int | None, seed: int = 0):
    config = GPT2Config(
        vocab_size=31,
        n_positions=11,
        n_embd=12,
        n_layer=2,
        n_head=3,
        n_inner=d_mlp,
        bos_token_id=0,
        eos_token_id=0,
    )
    plain = random_weights(GPT2LMHeadModel(config), seed)
    return plain, build_bridge_from_module(plain, "GPT2LMHeadModel", hf_config=config).eval()


TOKENS = torch.tensor([[0, 4, 30, 4, 7, 7, 1], [0, 9, 9, 9, 2, 3, 5]])


@pytest.mark.parametrize("d_mlp", [None, 12, 17])  # 48; as many neurons as numbers in the stream; neither
def test_forward_is_transformers_gpt2(d_mlp):
    plain, bridge = tiny_gpt2(d_mlp)
    ours = transformer_forward(TOKENS, weights_of(bridge))
    torch.testing.assert_close(ours, plain(TOKENS).logits, atol=1e-4, rtol=1e-4)


def test_weights_have_the_shapes_of_the_notation_page_and_are_the_bridges():
    _, bridge = tiny_gpt2(17)
    weights, sizes = weights_of(bridge), axis_sizes(bridge)
    assert [*weights] == [*(symbol.name for symbol in WEIGHTS), "W_pos"]
    assert tuple(weights["W_pos"].shape) == (11, 12)
    for symbol in WEIGHTS:
        assert tuple(weights[symbol.name].shape) == shape_of(symbol, sizes), symbol.name
    for name, weight in weights.items():
        if hasattr(bridge, name):
            assert torch.equal(weight, getattr(bridge, name)), name


def test_the_lens_ends_in_gpt2s_logits():
    plain, bridge = tiny_gpt2(None, seed=1)
    _, cache = bridge.run_with_cache(TOKENS)
    readings = logit_lens(cache, weights_of(bridge))
    assert readings.shape == (3, 2, 7, 31)
    torch.testing.assert_close(readings[-1], plain(TOKENS).logits, atol=1e-4, rtol=1e-4)


def test_positions_are_added_and_nothing_is_rotated():
    _, bridge = tiny_gpt2(None)
    weights = weights_of(bridge)
    no_positions = dict(weights, W_pos=torch.zeros_like(weights["W_pos"]))
    same = torch.full((1, 5), 4)
    logits = transformer_forward(same, no_positions)  # one token again and again: no position can be told from another
    torch.testing.assert_close(logits, logits[:, :1].expand_as(logits), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(transformer_forward(same, weights)[:, 0], transformer_forward(same, weights)[:, 1])


def test_a_text_longer_than_the_table_of_positions_is_refused():
    _, bridge = tiny_gpt2(None)
    with pytest.raises(CourseError, match="shorten"):
        transformer_forward(torch.zeros(1, 12, dtype=torch.long), weights_of(bridge))


def test_parallel_parts_are_refused():
    config = GPTNeoXConfig(
        vocab_size=31,
        hidden_size=12,
        num_hidden_layers=1,
        num_attention_heads=3,
        intermediate_size=17,
        max_position_embeddings=11,
        use_parallel_residual=True,
        bos_token_id=0,
        eos_token_id=0,
    )
    plain = random_weights(GPTNeoXForCausalLM(config), 0)
    with pytest.raises(CourseError, match="parallel residual"):
        weights_of(build_bridge_from_module(plain, "GPTNeoXForCausalLM", hf_config=config).eval())
