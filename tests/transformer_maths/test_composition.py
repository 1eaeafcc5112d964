"""Composition: the score against matrices written out, chance against rotations, cut paths against planted truth."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.interventions import attn_out, k, pattern, run, z
from mi_course.transformer_maths import (
    composing_heads,
    composition_scores,
    composition_shares,
    cut_path,
    head_weights,
    pattern_change,
    rotated_shares,
)
from mi_course.worlds import repeated_tokens
from mi_course.zoo import load_model
from mi_course.zoo.planted import FirstToken, FixedOffset, Induction, PreviousToken, planted

same = torch.testing.assert_close


def heads(count: int, d_model: int, d_head: int, seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    weights = {
        f"W_{each}": torch.randn(count, d_model, d_head, generator=generator, dtype=torch.double) for each in "QKV"
    }
    return weights | {"W_O": torch.randn(count, d_head, d_model, generator=generator, dtype=torch.double)}


@given(d_model=st.integers(2, 9), d_head=st.integers(1, 5), kind=st.sampled_from("QKV"), seed=st.integers(0, 99))
@settings(deadline=None)
def test_shares_are_those_of_the_matrices_written_out(d_model, d_head, kind, seed):
    earlier, later = heads(2, d_model, d_head, seed), heads(3, d_model, d_head, seed + 1)
    W_QK = later["W_Q"] @ later["W_K"].mT
    reads = {"Q": W_QK, "K": W_QK.mT, "V": later["W_V"] @ later["W_O"]}[kind]
    wrote = earlier["W_V"] @ earlier["W_O"]
    norm = torch.linalg.matrix_norm
    expected = norm(wrote[:, None] @ reads[None]) / (norm(wrote)[:, None] * norm(reads))
    same(composition_shares(earlier, later, kind), expected)
    same(composition_scores(earlier, later, kind), expected - d_model**-0.5)


def test_chance_is_the_root_mean_square_over_rotations():
    earlier, later = heads(2, 6, 2, 0), heads(1, 6, 3, 1)
    turned = rotated_shares(earlier, later, "K", draws=3000)
    same(turned.pow(2).mean(0), torch.full((2, 1), 1 / 6, dtype=torch.double), rtol=0.05, atol=0.0)
    same(turned, rotated_shares(earlier, later, "K", draws=3000))


def test_a_head_that_is_nothing_scores_chance_and_size_does_not_matter():
    earlier, later = heads(2, 6, 2, 0), heads(2, 6, 2, 1)
    small = {**earlier, "W_O": earlier["W_O"] * 1e-6}
    same(composition_scores(small, later, "V"), composition_scores(earlier, later, "V"))
    nothing = {**earlier, "W_O": torch.zeros_like(earlier["W_O"])}
    same(composition_scores(nothing, later, "V"), torch.zeros(2, 2, dtype=torch.double))


def test_folded_weights_make_the_keys_of_a_model_with_layer_norm():
    model = load_model("induction-2l")
    tokens = repeated_tokens(2, 10, 2, 64, seed=0).tokens
    _, cache = model.run_with_cache(tokens)
    stream, scale = cache["blocks.1.hook_resid_pre"], cache["blocks.1.ln1.hook_scale"]
    read = torch.einsum("bpm,hme->bphe", stream / scale, head_weights(model)[1]["W_K"])
    # What is left is the same everywhere: LayerNorm's bias, and the keys' own.
    rest = cache["blocks.1.attn.hook_k"] - read
    same(rest, rest[:1, :1].expand_as(rest), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["induction-2l-plain", "induction-2l"])
def test_cutting_every_path_into_the_keys_leaves_what_the_embedding_makes(name):
    model = load_model(name)
    tokens = repeated_tokens(2, 8, 2, 64, seed=1).tokens
    whole = run(model, tokens, cache=[k(1)]).cache[k(1)]
    gone = torch.zeros_like(whole[:, :, 0])
    for head in range(model.cfg.n_heads):
        cut = cut_path(model, tokens, (0, head), (1, 0), "K", cache=[k(1)])
        gone += whole[:, :, 0] - cut.cache[k(1, head=0)]
        same(cut.cache[k(1)][:, :, 1:], whole[:, :, 1:])  # no other head's keys
    _, cache = model.run_with_cache(tokens)
    written = cache["blocks.0.hook_attn_out"] - model.b_O[0]
    gain = model.state_dict().get("blocks.1.ln1.weight")
    if gain is not None:
        written = (written - written.mean(-1, keepdim=True)) / cache["blocks.1.ln1.hook_scale"] * gain
    same(gone, (written @ model.W_K[1, 0]).detach(), rtol=1e-3, atol=1e-4)


def test_a_cut_path_changes_nothing_before_the_later_head():
    model = load_model("induction-2l")
    tokens = repeated_tokens(2, 8, 2, 64, seed=1).tokens
    whole = run(model, tokens, cache=[attn_out(0), z(0)]).cache
    cut = cut_path(model, tokens, (0, 3), (1, 2), "Q", cache=[attn_out(0), z(0)]).cache
    same(cut[attn_out(0)], whole[attn_out(0)])
    with pytest.raises(CourseError, match="not before"):
        cut_path(model, tokens, (1, 0), (1, 1), "K")
    with pytest.raises(CourseError, match="kind"):
        cut_path(model, tokens, (0, 0), (1, 1), "k")  # type: ignore[arg-type]


def test_planted_pairs_are_found_and_no_others():
    roles = {
        (0, 1): PreviousToken(),
        (0, 2): FixedOffset(1),
        (0, 3): FirstToken(),
        (1, 0): Induction(0.9),
        (1, 2): Induction(0.8, first_tokens=frozenset(range(1, 16, 2))),
    }
    model = planted(roles, d_vocab=16, n_ctx=24, seed=1)
    tokens = repeated_tokens(40, 8, 2, 16, seed=2).tokens
    works = tokens[:, 1] % 2 == 1  # the first token, by which the second induction head is gated
    tokens = torch.cat([tokens[works][:4], tokens[~works][:4]])
    assert composing_heads(model, tokens) == [((0, 1), (1, 0)), ((0, 1), (1, 2))]
    assert pattern_change(model, tokens, (0, 3), (1, 2), "Q").mean() > 0.05  # read through the queries instead
    assert pattern_change(model, tokens, (0, 3), (1, 2), "K").mean() < 0.01


def test_the_highest_score_of_seed_2_carries_nothing():
    model = load_model("induction-2l", seed=2)
    layers = head_weights(model)
    scores = composition_scores(layers[0], layers[1], "V")
    assert divmod(int(scores.argmax()), 4) == (1, 1) and scores.max() > 0.6
    tokens = repeated_tokens(8, 10, 2, 64, seed=0).tokens
    site = pattern(1)
    whole = run(model, tokens, cache=[site])
    cut = cut_path(model, tokens, (0, 1), (1, 1), "V", cache=[site])
    same(cut.logits, whole.logits, atol=1e-5, rtol=0.0)


def test_it_says_what_does_not_fit():
    with pytest.raises(CourseError, match="missing"):
        composition_scores({"W_O": torch.ones(1, 2, 3)}, heads(1, 3, 2, 0), "K")
    with pytest.raises(CourseError, match="same d_model"):
        composition_scores(heads(1, 4, 2, 0), heads(1, 3, 2, 0), "K")
    with pytest.raises(CourseError, match="kind 'Q'"):
        composition_scores(heads(1, 4, 2, 0), heads(1, 4, 2, 0), "key")  # type: ignore[arg-type]
