"""Recipes and training: the data is what the card says, a seed settles the weights, and nothing shipped is lost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.zoo import card, load_model, measure, seeds, train
from mi_course.zoo.cards import CARDS
from mi_course.zoo.fit import Options
from mi_course.zoo.measures import induction_phenomena, mean_and_interval, measurement_data
from mi_course.zoo.recipes import recipe, recipe_names, register
from mi_course.zoo.recipes.induction import (
    N_CTX,
    Hyperparameters,
    InductionRecipe,
    head_penalty,
    learning_rate,
    sum_of_head_sizes,
    training_batch,
)
from mi_course.zoo.weights import encode

HYPER = Hyperparameters()


# --- the recipe -------------------------------------------------------------------------------------------------------


def test_training_rows_are_bos_a_lead_and_one_segment_repeated_to_the_end():
    tokens = training_batch(replace(HYPER, batch=300), torch.Generator().manual_seed(0))
    assert tokens.shape == (300, N_CTX)
    leads, periods = set(), set()
    for row in tokens.tolist():
        assert row[0] == 0 and 0 not in row[1:]
        # The shortest lead and period that explain the row; found by search, not by how it was drawn.
        lead, period = next(
            (lead, period)
            for lead in range(HYPER.longest_lead + 1)
            for period in range(HYPER.shortest_period, HYPER.longest_period + 1)
            if all(row[i] == row[i - period] for i in range(1 + lead + period, N_CTX))
        )
        assert len(set(row[1 + lead : 1 + lead + period])) == period
        leads.add(lead)
        periods.add(period)
    assert leads == set(range(HYPER.longest_lead + 1))
    assert periods == set(range(HYPER.shortest_period, HYPER.longest_period + 1))


def test_the_schedule_warms_up_and_comes_down():
    rates = [learning_rate(step, HYPER) for step in range(HYPER.steps)]
    assert rates[0] < rates[HYPER.warm_up_steps - 1] == max(rates) <= HYPER.learning_rate
    assert rates[-1] == pytest.approx(HYPER.final_learning_rate, rel=1e-3)


def test_the_penalty_waits_rises_stays_and_falls():
    penalties = [head_penalty(step, HYPER) for step in range(HYPER.steps)]
    assert set(penalties[: HYPER.prune_from_step + 1]) == {0.0}
    assert (
        penalties[HYPER.prune_fully_from_step]
        == penalties[HYPER.settle_from_step]
        == max(penalties)
        == HYPER.head_penalty
    )
    assert penalties[-1] == pytest.approx(HYPER.head_penalty / 10)


def test_head_sizes_are_the_norms_of_the_heads_matrices():
    model = load_model("induction-2l", untrained=True)
    by_hand = 0.0
    for layer in range(2):
        attention = model.blocks[layer].attn
        for head in range(4):
            rows = slice(16 * head, 16 * (head + 1))
            parts = [getattr(attention, name).original_component.weight[rows] for name in "qkv"]
            parts.append(attention.o.original_component.weight[:, rows])
            by_hand += torch.cat([part.flatten() for part in parts]).norm()
    sizes = sum_of_head_sizes(model)
    torch.testing.assert_close(sizes, by_hand)
    sizes.backward()
    assert all(parameter.grad is not None for name, parameter in model.named_parameters() if name.endswith("q.weight"))


def test_the_same_seed_trains_to_the_same_bits_and_leaves_the_world_alone():
    threads, random_state = torch.get_num_threads(), torch.get_rng_state()
    one, again, other = (
        recipe("induction-2l").train(seed, Options(stop_after=20, progress=False)) for seed in (0, 0, 1)
    )
    assert encode(one.state_dict()) == encode(again.state_dict()) != encode(other.state_dict())
    assert not one.training
    assert torch.get_num_threads() == threads and torch.equal(torch.get_rng_state(), random_state)


def test_training_learns_and_begins_from_the_untrained_twin():
    start = recipe("induction-1l").train(0, Options(stop_after=0, progress=False))
    twin = load_model("induction-1l", untrained=True)
    assert encode(start.state_dict()) == encode(twin.state_dict())
    begun = recipe("induction-1l").train(0, Options(stop_after=15, progress=False))
    before, after = (induction_phenomena(model, twin)["loss_first_copy"]["value"] for model in (twin, begun))
    assert after < before - 0.1


def test_unknown_recipes_are_answered_with_the_nearest():
    with pytest.raises(CourseError, match="Did you mean 'induction-1l'"):
        recipe("induction-1")


# --- the measures -----------------------------------------------------------------------------------------------------


class Oracle:
    """A stand-in for a model that copies perfectly and looks where an induction head looks."""

    def __init__(self, offset, certainty):
        self.cfg = load_model("induction-1l", untrained=True).cfg
        self.offset, self.certainty = offset, certainty

    def run_with_cache(self, tokens, names_filter):
        batch, length = tokens.shape
        logits = torch.zeros(batch, length, self.cfg.d_vocab)
        nxt = tokens.roll(-1, dims=1)
        logits.scatter_(-1, nxt[..., None], self.certainty)
        logits[:, : measurement_data().period] = 0
        pattern = torch.zeros(batch, self.cfg.n_heads, length, length)
        for position in range(length):
            pattern[:, 0, position, max(0, position - self.offset)] = 1
            pattern[:, 1, position, max(0, position - 1)] = 0.75
        return logits, {"blocks.0.attn.hook_pattern": pattern}


def test_measures_read_a_perfect_head_as_one_and_an_off_by_one_as_zero():
    period = measurement_data().period
    perfect = induction_phenomena(Oracle(period - 1, 50.0), Oracle(period, 0.0))
    assert perfect["repeated_token_accuracy"]["value"] == 1
    assert perfect["loss_later_copies"]["value"] == pytest.approx(0, abs=1e-6)
    assert perfect["loss_first_copy"]["value"] == pytest.approx(torch.tensor(64.0).log().item(), abs=1e-5)
    assert perfect["induction_score"]["by_head"] == [[1, 0, 0, 0]]
    assert perfect["induction_score"]["untrained"] == [[0, 0, 0, 0]]
    assert perfect["previous_token_score"]["by_head"][0][:2] == [0, 0.75]
    assert perfect["induction_heads_above_half"] == {"value": 1, "n": 4, "baselines": {"untrained": 0}}


def test_intervals_over_rows():
    generator = torch.Generator().manual_seed(0)
    covered = 0
    for _ in range(400):
        mean, low, high = mean_and_interval(torch.randn(20, generator=generator))
        assert low < mean < high
        covered += low <= 0 <= high
    assert abs(covered / 400 - 0.95) < 4 * (0.95 * 0.05 / 400) ** 0.5
    mean, low, high = mean_and_interval(torch.ones(100), proportion=True)
    # Clopper and Pearson: the share at which all of 100 come out right one time in forty.
    assert (mean, high) == (1, 1) and low**100 == pytest.approx(0.025)


# --- train and install ------------------------------------------------------------------------------------------------


@pytest.fixture
def quick(tmp_path, monkeypatch):
    """A recipe of three steps, and a zoo of its own to install into."""
    monkeypatch.setattr("mi_course.zoo.recipes._RECIPES", {})
    monkeypatch.setattr("mi_course.zoo.cards.CARDS", tmp_path / "zoo" / "cards")
    monkeypatch.setattr("mi_course.zoo.weights.WEIGHTS", tmp_path / "zoo" / "weights")
    hyper = replace(HYPER, steps=3, batch=2, warm_up_steps=1)
    register(InductionRecipe("quick", n_layers=1, shipped_seeds=(0,), hyperparameters=hyper))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_training_writes_into_the_working_directory_and_says_where(quick):
    trained = train("quick", seed=3, progress=False)
    assert trained.path.resolve() == quick / "trained-models" / "quick" / "seed-3.safetensors"
    entry = json.loads(trained.path.with_suffix(".json").read_text())
    assert entry["weights"]["sha256"] == trained.sha256 and entry["weights"]["bytes"] == trained.path.stat().st_size
    assert entry["phenomena"].keys() == trained.phenomena.keys()
    assert trained.as_shipped is None
    assert not (quick / "zoo").exists()


def test_what_is_there_is_not_replaced(quick):
    first = train("quick", out=quick / "mine", progress=False)
    content = first.path.read_bytes()
    with pytest.raises(CourseError, match="there already; remove it, or choose another folder"):
        train("quick", out=quick / "mine", progress=False)
    assert first.path.read_bytes() == content


def test_an_installed_model_is_loaded_measured_and_compared(quick):
    installed = train("quick", seed=0, install=True, progress=False)
    assert installed.path == quick / "zoo" / "weights" / "quick" / "seed-0.safetensors" and seeds("quick") == [0]
    assert not load_model("quick").training
    assert card("quick")["seeds"]["0"]["phenomena"]["loss_first_copy"]["n"] == 512
    assert measure("quick")["loss_first_copy"]["value"] == pytest.approx(
        card("quick")["seeds"]["0"]["phenomena"]["loss_first_copy"]["value"], abs=1e-5
    )
    train("quick", seed=1, install=True, progress=False)
    assert seeds("quick") == card("quick")["seeds_tried"] == [0, 1]
    assert train("quick", seed=0, progress=False).as_shipped is True
    assert not list((quick / "zoo").rglob(".*"))


def test_shipped_weights_are_replaced_only_when_told_so(quick):
    train("quick", install=True, progress=False)
    for folder in (quick / "zoo" / "weights", quick / "zoo" / "weights" / "quick"):
        with pytest.raises(CourseError, match="--install"):
            train("quick", out=folder, progress=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seed": -1}, "at least 0"),
        ({"seed": 1.5}, "at least 0"),
        ({"install": True, "out": "here"}, "leave out either"),
    ],
)
def test_bad_requests(quick, options, words):
    with pytest.raises(CourseError, match=words):
        train("quick", **options)
    with pytest.raises(CourseError, match="Did you mean 'quick'"):
        train("quik")


def test_the_recipes_are_those_of_the_cards():
    assert set(recipe_names()) == {path.stem for path in CARDS.glob("*.json")}
