"""modular-addition: its quick forward pass, its waves against planted ones, and the phases of its training."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.worlds import fourier_basis
from mi_course.zoo import card, load_model, seeds
from mi_course.zoo.fit import Options
from mi_course.zoo.fourier import (
    along_sum_waves,
    excluded_loss,
    frequency_power,
    key_frequencies,
    restricted_loss,
    sum_losses,
    sum_waves,
)
from mi_course.zoo.modular_measures import share_of_logits, sum_logits
from mi_course.zoo.recipes import recipe
from mi_course.zoo.recipes.modular import P, answer_logits
from mi_course.zoo.weights import encode

NAME = "modular-addition"
odd = st.sampled_from([3, 5, 7, 9, 13])


def rule(p, frequencies, strength=10.0):
    """Logits of the rule: cos of w(a + b − c), added over frequencies."""
    n = torch.arange(p).double()
    turn = n[:, None, None] + n[:, None] - n
    return strength * sum((2 * math.pi * k / p * turn).cos() for k in frequencies)


# --- the recipe -------------------------------------------------------------------------------------------------------


def test_the_quick_forward_pass_is_the_model():
    model, data = load_model(NAME, seed=1), recipe(NAME).data(1)
    with torch.no_grad():
        torch.testing.assert_close(answer_logits(model, data.tokens), model(data.tokens)[:, -1], atol=1e-3, rtol=1e-5)


def test_the_same_seed_trains_to_the_same_bits_from_the_untrained_twin():
    one, again, other = (recipe(NAME).train(seed, Options(stop_after=3, progress=False)) for seed in (0, 0, 1))
    assert encode(one.state_dict()) == encode(again.state_dict()) != encode(other.state_dict())
    start = recipe(NAME).train(2, Options(stop_after=0, progress=False))
    assert encode(start.state_dict()) == encode(load_model(NAME, seed=2, untrained=True).state_dict())


def test_the_biases_of_attention_stay_at_zero():
    weights = load_model(NAME).state_dict()
    biases = [value for name, value in weights.items() if ".attn." in name and name.endswith("bias")]
    assert len(biases) == 4 and all(not value.any() for value in biases)


@pytest.mark.parametrize("seed", seeds(NAME))
def test_every_sum_comes_right_by_a_few_frequencies(seed):
    measured = card(NAME)["seeds"][str(seed)]["phenomena"]
    assert measured["test accuracy"]["value"] == 1 and measured["train accuracy"]["value"] == 1
    keys = measured["key frequencies"]
    assert 3 <= keys["value"] <= 6 and keys["baselines"]["untrained"] == 0
    for share in ("share of the embedding", "share of the logits"):
        assert measured[share]["value"] > 0.9 > 2 * max(measured[share]["baselines"].values())
    restricted, excluded = measured["restricted loss"], measured["excluded loss"]
    assert restricted["value"] < 0.01 < 3 < min(restricted["baselines"].values())
    assert excluded["interval"][0] > 2 and excluded["baselines"]["as many others"] < 0.01


def test_sums_are_known_by_heart_long_before_the_rest_comes_right():
    """Power et al. 2022; the phases of Nanda et al. 2023, section 5.2."""
    known = card(NAME)["seeds"]["1"]["checkpoints"]

    def value(step, name):
        return known[str(step)]["phenomena"][name]["value"]

    assert value(100, "train accuracy") > 0.99 and value(100, "test accuracy") < 0.05
    assert value(1100, "test accuracy") < 0.2 and value(1800, "test accuracy") > 0.99
    assert value(900, "test loss") > 3 * math.log(P) > value(1900, "test loss")


# --- waves ------------------------------------------------------------------------------------------------------------


@given(p=odd, columns=st.integers(1, 4), seed=st.integers(0, 99))
def test_power_is_that_of_numpys_transform_and_adds_up_to_the_table(p, columns, seed):
    table = torch.randn(p, columns, generator=torch.Generator().manual_seed(seed)).double() + 3
    power = frequency_power(table)
    spectrum = np.abs(np.fft.rfft(table.numpy(), axis=0)) ** 2
    np.testing.assert_allclose(power.numpy() * p / 2, spectrum.sum(1)[1:], rtol=1e-5)
    torch.testing.assert_close(power.sum(), (table - table.mean(0)).pow(2).sum(), rtol=1e-5, atol=1e-6)


def test_planted_frequencies_are_found_whatever_the_shift_and_the_units():
    p, basis = 23, fourier_basis(23)
    table = torch.zeros(p, 3)
    table[:, 0] = basis[2 * 4 - 1]  # frequency 4, cosine only
    table[:, 2] = -basis[2 * 11]  # frequency 11, sine only
    table += 100 * basis[0][:, None] + 0.01 * basis[2 * 7][:, None]
    for scale in (1e-3, 1.0, 1e3):
        assert key_frequencies(scale * table) == [4, 11]
    assert key_frequencies(table, 0.6) == []


@given(p=odd)
def test_waves_of_the_sum_are_orthonormal_and_have_one_value_a_sum(p):
    waves = sum_waves(p, range(1, (p - 1) // 2 + 1))
    flat = waves.flatten(1)
    torch.testing.assert_close(flat @ flat.T, torch.eye(len(flat), dtype=torch.float64), atol=1e-9, rtol=0)
    for a in range(p):
        for b in range(p):
            torch.testing.assert_close(waves[:, a, b], waves[:, 0, (a + b) % p])


@given(p=st.sampled_from([5, 7, 11]), seed=st.integers(0, 99))
@settings(deadline=None)
def test_a_planted_rule_is_kept_and_removed_whole(p, seed):
    generator = torch.Generator().manual_seed(seed)
    mean = torch.randn(p, generator=generator).double()
    planted, other = rule(p, [1, 2]), torch.randn(p, p, p, generator=generator).double()
    other -= along_sum_waves(other, [1, 2]) + other.mean((0, 1))
    logits = planted + other + mean
    torch.testing.assert_close(along_sum_waves(logits, [1, 2]), planted, atol=1e-8, rtol=0)
    torch.testing.assert_close(restricted_loss(logits, [1, 2]), sum_losses(planted + mean).mean())
    train = torch.rand(p, p, generator=generator) < 0.5
    train[0, 0] = True
    torch.testing.assert_close(excluded_loss(logits, [1, 2], train), sum_losses(other + mean)[train].mean())


def test_with_every_frequency_what_is_kept_is_the_mean_over_the_pairs_of_each_sum():
    p = 7
    logits = torch.randn(p, p, p, generator=torch.Generator().manual_seed(0)).double()
    kept = along_sum_waves(logits, range(1, 4)) + logits.mean((0, 1))
    a, b = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
    for s in range(p):
        torch.testing.assert_close(kept[0, s], logits[(a + b) % p == s].mean(0))


def test_a_table_learned_by_heart_is_not_hurt_by_taking_waves_away():
    train = recipe(NAME).data(1).train.view(P, P)
    number = torch.arange(P)
    answer = (number[:, None] + number) % P
    table = 20.0 * torch.nn.functional.one_hot(answer, P) * train[..., None]
    assert excluded_loss(table, [1, 3, 13], train) < 1e-3 and restricted_loss(table, [1, 3, 13]) > 2.5


def test_the_share_of_logits_is_one_for_the_rule_and_does_not_see_what_softmax_does_not():
    logits = rule(11, [2, 5])
    assert share_of_logits(logits, [2, 5]) == pytest.approx(1) and share_of_logits(logits, [1, 3]) == pytest.approx(0)
    shifted = logits + torch.randn(11, 11, 1, generator=torch.Generator().manual_seed(0)).double()
    assert share_of_logits(shifted, [2]) == pytest.approx(share_of_logits(logits, [2])) == pytest.approx(0.5)


def test_logits_are_laid_out_by_first_and_second_number():
    model, data = load_model(NAME, seed=1), recipe(NAME).data(1)
    table = sum_logits(model, data)
    one = model(torch.tensor([[17, 40, P]]))[0, -1].detach()
    torch.testing.assert_close(table[17, 40], one, atol=1e-3, rtol=1e-5)
    assert int(table[17, 40].argmax()) == 4


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda: key_frequencies(torch.randn(8, 3)), "p odd"),
        (lambda: key_frequencies(torch.ones(7, 3)), "All rows"),
        (lambda: restricted_loss(torch.randn(9, 3), [1]), r"shape \(p, p, p\)"),
        (lambda: restricted_loss(torch.randn(7, 7, 7), [4]), "from 1 to 3"),
        (lambda: restricted_loss(torch.randn(7, 7, 7), [1, 1]), "different"),
        (lambda: excluded_loss(torch.randn(7, 7, 7), [1], torch.ones(49, dtype=torch.bool)), "each of the 7 × 7"),
    ],
)
def test_bad_input_is_named(attempt, words):
    with pytest.raises(CourseError, match=words):
        attempt()
