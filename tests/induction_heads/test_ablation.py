"""Ablation: identities, planted truth, and what the models of the section show."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.exercises.induction_heads.ablation import constant_writer
from mi_course.induction_heads import ABLATIONS, ablate_head, ablated, ablation_effects, loss_where
from mi_course.interventions import run
from mi_course.transformer_maths import next_token_loss
from mi_course.worlds import repeated_tokens
from mi_course.zoo import load_model
from mi_course.zoo.planted import Induction, PreviousToken, planted

DATA = repeated_tokens(24, 9, 2, seed=1)


@given(batch=st.integers(2, 5), pos=st.integers(1, 4), seed=st.integers(0, 100))
def test_what_is_put_in_keeps_what_it_should(batch, pos, seed):
    z = torch.randn(batch, pos, 3, generator=torch.Generator().manual_seed(seed))
    assert not ablated(z, "zero").any()
    mean = ablated(z, "mean")
    assert torch.equal(mean[0], mean[-1])
    torch.testing.assert_close(mean.mean(0), z.mean(0))
    other = ablated(z, "resample")
    torch.testing.assert_close(other.mean(0), z.mean(0))
    assert not any(torch.equal(ours, given) for ours, given in zip(other, z, strict=True))


def test_what_is_the_same_in_all_texts_costs_nothing_by_mean_and_resampling():
    z = torch.randn(1, 4, 3).expand(5, -1, -1)
    torch.testing.assert_close(ablated(z, "mean"), z)
    torch.testing.assert_close(ablated(z, "resample"), z)


@pytest.mark.parametrize("how", ABLATIONS)
def test_the_planted_circuit_is_found_and_nothing_else(how):
    model = planted({(0, 1): PreviousToken(), (1, 2): Induction(0.9)})
    rises = ablation_effects(model, DATA.tokens, DATA.predictable, how).mean(-1)
    found = {(int(layer), int(head)) for layer, head in (rises > 1).nonzero()}
    assert found == {(0, 1), (1, 2)}
    rises[0, 1] = rises[1, 2] = 0
    assert rises.abs().max() < 0.01


def test_two_models_of_one_function_differ_under_zero_ablation_only():
    loud, quiet = constant_writer()
    torch.testing.assert_close(run(loud, DATA.tokens).logits, run(quiet, DATA.tokens).logits, atol=1e-2, rtol=0)
    for how, costs in (("zero", True), ("mean", False), ("resample", False)):
        rises = [ablation_effects(m, DATA.tokens, DATA.predictable, how)[0, 2].mean() for m in (loud, quiet)]
        assert abs(rises[1]) < 0.01
        assert (rises[0] > 1) == costs


def test_a_head_of_layer_0_writes_about_the_place_and_only_zeros_find_it_in_every_seed():
    data = repeated_tokens(32, 12, 2, seed=2)
    for seed, head in enumerate((2, 2, 0, 1, 1)):
        model = load_model("induction-2l", seed=seed)
        rises = {how: ablation_effects(model, data.tokens, data.predictable, how)[0, head].mean() for how in ABLATIONS}
        assert rises["zero"] > 0.8
        assert rises["mean"].abs() < 0.1
        assert rises["resample"].abs() < 0.1


def test_loss_where_is_the_mean_of_the_marked_losses():
    logits = torch.randn(3, 19, 64, generator=torch.Generator().manual_seed(0))
    tokens = DATA.tokens[:3]
    losses = next_token_loss(logits, tokens)
    expected = torch.stack([row[9 + 1 :].mean() for row in losses])
    torch.testing.assert_close(loss_where(logits, tokens, DATA.predictable[:3]), expected)


def test_what_cannot_be_done_is_said():
    model = load_model("induction-2l")
    with pytest.raises(CourseError, match="Did you mean 'resample'"):
        ablate_head(model, DATA.tokens, 0, 0, "resampel")
    with pytest.raises(CourseError, match="two rows or more"):
        ablate_head(model, DATA.tokens[:1], 0, 0, "mean")
    with pytest.raises(CourseError, match="never the last one"):
        loss_where(torch.zeros(2, 3, 4), torch.zeros(2, 3, dtype=torch.long), torch.ones(2, 3, dtype=torch.bool))
