"""Taking the model apart: folding and centring, the stream as a sum, direct logit attribution."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.interventions import attn_out, run, z, zero
from mi_course.transformer_maths import (
    WEIGHTS,
    centre_weights,
    direct_logit_attribution,
    fold_layer_norm,
    layer_norm,
    residual_decomposition,
    shape_of,
    transformer_forward,
    weights_of,
)
from mi_course.worlds.story import story_pairs, story_tokens
from mi_course.zoo import load_model

same = torch.testing.assert_close


@pytest.fixture(autouse=True)
def no_grad():
    with torch.no_grad():
        yield


@cache
def story():
    model = load_model("story")
    tokens = story_tokens(3, seed=5)
    with torch.no_grad():
        _, kept = model.run_with_cache(tokens)
    return model, weights_of(model), tokens, kept


def random_model(layer: int, head: int, d_head: int, seed: int) -> dict[str, torch.Tensor]:
    """Weights in double precision: no gain one, no bias zero, no mean zero."""
    generator = torch.Generator().manual_seed(seed)
    sizes = {
        "layer": layer,
        "head": head,
        "d_head": d_head,
        "d_model": head * d_head + 1,
        "d_mlp": 7,
        "d_vocab": 11,
    }
    return {
        symbol.name: torch.randn(shape_of(symbol, sizes), generator=generator, dtype=torch.float64) * 0.5 + 0.3
        for symbol in WEIGHTS
    }


models = {
    "layer": st.integers(1, 3),
    "head": st.integers(1, 3),
    "d_head": st.sampled_from([2, 4]),
    "seed": st.integers(0, 99),
}
TOKENS = torch.tensor([[0, 3, 10, 3, 7], [1, 1, 2, 9, 0]])


@settings(max_examples=20, deadline=None)
@given(**models)
def test_folding_keeps_the_logits(layer, head, d_head, seed):
    weights = random_model(layer, head, d_head, seed)
    before = {name: value.clone() for name, value in weights.items()}
    folded = fold_layer_norm(weights)
    same(transformer_forward(TOKENS, folded), transformer_forward(TOKENS, weights))
    assert all(
        (folded[f"{norm}_w"] == 1).all() and not folded[f"{norm}_b"].any() for norm in ("ln1", "ln2", "ln_final")
    )
    assert list(folded) == list(weights) and all(torch.equal(weights[name], before[name]) for name in weights)


@settings(max_examples=20, deadline=None)
@given(folds=st.booleans(), **models)
def test_centring_keeps_the_log_probabilities(folds, layer, head, d_head, seed):
    weights = random_model(layer, head, d_head, seed)
    weights = fold_layer_norm(weights) if folds else weights
    weights["W_pos"] = torch.rand(6, weights["W_E"].shape[1], dtype=torch.float64)
    centred = centre_weights(weights)
    logits, moved = (transformer_forward(TOKENS, each) for each in (weights, centred))
    same(moved.log_softmax(-1), logits.log_softmax(-1))
    same(moved, logits - logits.mean(-1, keepdim=True))
    for name in ("W_E", "W_pos", "W_O", "b_O", "W_out", "b_out", "W_U", "b_U"):
        same(centred[name].mean(-1), torch.zeros(centred[name].shape[:-1], dtype=torch.float64))


def test_with_two_steps_more_it_is_compatibility_mode():
    _, weights, tokens, _ = story()
    theirs = load_model("story")
    theirs.enable_compatibility_mode()
    ours = centre_weights(fold_layer_norm(weights))
    same(transformer_forward(tokens, ours), theirs(tokens), atol=1e-4, rtol=0)
    for name in ("W_Q", "W_K", "W_V", "W_in", "W_U"):  # what is read has mean zero
        ours[name] = ours[name] - ours[name].mean(-2, keepdim=True)
    ours["b_O"] = ours["b_O"] + torch.einsum("lhe,lhem->lm", ours["b_V"], ours["W_O"])  # patterns sum to one
    ours["b_V"] = torch.zeros_like(ours["b_V"])
    for name, expected in weights_of(theirs).items():
        same(ours[name], expected, atol=1e-4, rtol=0, msg=name)


def test_folding_and_centring_say_what_is_missing():
    weights = random_model(1, 1, 2, 0)
    for rewrite, name in ((fold_layer_norm, "ln2_w"), (centre_weights, "b_out")):
        with pytest.raises(CourseError, match=f"lack {name}"):
            rewrite({other: value for other, value in weights.items() if other != name})


def test_the_parts_of_story_sum_to_its_stream():
    _, weights, _, kept = story()
    parts = residual_decomposition(kept, weights)
    assert len(parts) == 25 and all(part.shape == kept["hook_embed"].shape for part in parts.values())
    assert list(residual_decomposition(kept, {name: weights[name] for name in ("W_O", "b_O")})) == list(parts)
    same(sum(parts.values()), kept["blocks.3.hook_resid_post"], atol=1e-4, rtol=0)


def test_heads_are_transformer_lens_own():
    model, weights, _, kept = story()
    parts = residual_decomposition(kept, weights)
    model.set_use_attn_result(True)
    try:
        _, results = model.run_with_cache(story()[2])
    finally:
        model.set_use_attn_result(False)
    for layer in range(4):
        result = results[f"blocks.{layer}.attn.hook_result"]
        for head in range(4):
            same(parts[f"L{layer}H{head}"], result[:, :, head], atol=1e-4, rtol=0)


def test_a_part_is_what_is_missing_without_the_head():
    model, weights, tokens, kept = story()
    whole = run(model, tokens, cache=[attn_out(2)]).cache[attn_out(2)]
    without = run(model, tokens, edits=[zero(z(2, head=1))], cache=[attn_out(2)]).cache[attn_out(2)]
    same(residual_decomposition(kept, weights)["L2H1"], whole - without, atol=1e-4, rtol=0)


def test_learned_positions_and_no_mlp():
    model = load_model("story-attn-1l")
    _, kept = model.run_with_cache(story()[2])
    parts = residual_decomposition(kept, {"W_O": model.W_O, "b_O": model.b_O, "W_pos": model.W_pos})
    assert list(parts)[:3] == ["embed", "pos", "L0H0"] and list(parts)[-1] == "b_O 0"
    same(sum(parts.values()), kept["blocks.0.hook_resid_post"], atol=1e-4, rtol=0)


def test_decomposition_says_what_is_missing():
    _, weights, _, kept = story()
    with pytest.raises(CourseError, match="needs b_O"):
        residual_decomposition(kept, {"W_O": weights["W_O"]})
    with pytest.raises(CourseError, match=r"no blocks\.0\.attn\.hook_z"):
        residual_decomposition({"hook_embed": kept["hook_embed"]}, weights)
    with pytest.raises(CourseError, match="not of one model"):
        residual_decomposition(kept, weights | {"W_O": weights["W_O"][:, :2]})


@cache
def gifts():
    model, weights, _, _ = story()
    prompts = story_pairs("names", 12, split="test", seed=1)
    with torch.no_grad():
        logits, kept = model.run_with_cache(prompts.clean.tokens)
    asked = prompts.answer, prompts.wrong.float().argmax(-1), prompts.end
    return logits, kept, residual_decomposition(kept, weights), asked


def test_contributions_sum_to_the_logit_difference():
    _, weights, _, _ = story()
    logits, kept, parts, (right, wrong, position) = gifts()
    assert len(position.unique()) > 1
    found = direct_logit_attribution(parts, kept["ln_final.hook_scale"], weights, right, wrong, position)
    rows = torch.arange(12)
    expected = logits[rows, position, right] - logits[rows, position, wrong]
    same(sum(found.values()), expected, atol=1e-4, rtol=0)


def test_a_contribution_is_the_gradient_times_the_part():
    """With the scale held, the difference is linear in the stream: autograd gives its direction."""
    _, weights, _, _ = story()
    _, kept, parts, (right, wrong, position) = gifts()
    rows, scale = torch.arange(12), kept["ln_final.hook_scale"]
    found = direct_logit_attribution(parts, scale, weights, right, wrong, position)
    with torch.enable_grad():
        stream = sum(parts.values()).clone().requires_grad_()
        normed = (stream - stream.mean(-1, keepdim=True)) / scale * weights["ln_final_w"] + weights["ln_final_b"]
        logits = normed @ weights["W_U"] + weights["b_U"]
        difference = (logits[rows, position, right] - logits[rows, position, wrong]).sum()
        (direction,) = torch.autograd.grad(difference, stream)
    for name, part in parts.items():
        same(found[name], (part * direction).sum((1, 2)), atol=2e-4, rtol=0)


def test_some_parts_contribute_what_they_did_among_all():
    _, weights, _, _ = story()
    _, kept, parts, asked = gifts()
    scale = kept["ln_final.hook_scale"]
    everything = direct_logit_attribution(parts, scale, weights, *asked)
    some = direct_logit_attribution({"MLP 3": parts["MLP 3"]}, scale.squeeze(-1), weights, *asked)
    assert list(some) == ["MLP 3", "constant"]
    for name, contribution in some.items():
        same(contribution, everything[name])


def test_a_position_may_count_from_the_end():
    weights = random_model(1, 1, 4, 3)
    stream = torch.randn(2, 3, 5, dtype=torch.float64)
    scale = (stream.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
    right, wrong = torch.tensor([1, 2]), torch.tensor([3, 0])
    found = direct_logit_attribution({"all": stream}, scale, weights, right, wrong, torch.tensor([-1, -1]))
    logits = layer_norm(stream, weights["ln_final_w"], weights["ln_final_b"]) @ weights["W_U"] + weights["b_U"]
    same(found["all"] + found["constant"], logits[[0, 1], -1, right] - logits[[0, 1], -1, wrong])


def test_attribution_says_what_does_not_fit():
    _, weights, _, _ = story()
    _, kept, parts, (right, wrong, position) = gifts()
    scale = kept["ln_final.hook_scale"]
    with pytest.raises(CourseError, match="wrong of 3"):
        direct_logit_attribution(parts, scale, weights, right, wrong[:3], position)
    with pytest.raises(CourseError, match="'constant'"):
        direct_logit_attribution({"constant": parts["embed"]}, scale, weights, right, wrong, position)
