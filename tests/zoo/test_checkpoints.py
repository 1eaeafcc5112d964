"""Models as they were during training, stock checkpoints as folders, and models that somebody trained at home."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.worlds.story import encode as encode_text
from mi_course.zoo import card, checkpoints, load_model, measure_checkpoint, model_names, seeds, train, verify_weights
from mi_course.zoo.recipes import recipe, register
from mi_course.zoo.recipes.story import Hyperparameters, StoryRecipe
from mi_course.zoo.weights import WEIGHTS, find_entry

WITH_CHECKPOINTS = [
    (name, seed, step) for name in model_names() for seed in seeds(name) for step in checkpoints(name, seed)
]


def test_the_models_followed_through_training_are_there():
    assert len(checkpoints("induction-2l")) >= 20 and not checkpoints("induction-2l", 1)
    for name in model_names():
        for seed in seeds(name):
            known = recipe(name)
            expected = sorted(known.checkpoints) if seed in known.checkpointed_seeds else []
            assert checkpoints(name, seed) == expected


@pytest.mark.parametrize(("name", "seed", "step"), WITH_CHECKPOINTS)
def test_the_card_of_a_checkpoint_is_what_it_measures(name, seed, step):
    from tests.zoo.test_cards import differing

    measured = measure_checkpoint(name, seed, step)
    assert measured and differing(measured, card(name)["seeds"][str(seed)]["checkpoints"][str(step)]["phenomena"]) == []


def test_the_first_checkpoint_is_the_untrained_twin_to_half_precision():
    start, twin = load_model("induction-2l", checkpoint=0).state_dict(), load_model("induction-2l", untrained=True)
    for name, value in twin.state_dict().items():
        torch.testing.assert_close(start[name], value.half().float(), rtol=0, atol=0)


def test_heads_form_in_one_sudden_step():
    """Olsson et al. 2022: before, there is no induction head and no copying; soon after, there is both."""
    known = card("induction-2l")["seeds"]["0"]["checkpoints"]

    def value(step, name):
        return known[str(step)]["phenomena"][name]["value"]

    assert value(200, "repeated_token_accuracy") < 0.1 and value(300, "repeated_token_accuracy") > 0.9
    assert value(200, "induction_score") < 0.1 and value(300, "induction_score") > 0.7
    assert value(200, "loss_later_copies") - value(300, "loss_later_copies") > 3


def test_before_the_penalty_begins_all_heads_of_the_second_layer_are_induction_heads():
    """The claim of zoo/README.md about training without the penalty, which begins after step 500."""
    from mi_course.zoo.measures import induction_phenomena

    model = load_model("induction-2l", checkpoint=500)
    scores = induction_phenomena(model, load_model("induction-2l", untrained=True))["induction_score"]["by_head"]
    assert min(scores[1]) > 0.5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"checkpoint": 504}, "no checkpoint 504; the nearest is 500"),
        ({"checkpoint": -1}, "the nearest is 0"),
        ({"checkpoint": "500"}, "number of a training step"),
        ({"checkpoint": True}, "number of a training step"),
        ({"checkpoint": 500, "seed": 2}, "without checkpoints for seed 2; choose seed 0"),
        ({"checkpoint": 500, "untrained": True}, "untrained twin has no checkpoints"),
    ],
)
def test_a_checkpoint_that_is_not_there_is_said(options, words):
    with pytest.raises(CourseError, match=words):
        load_model("induction-2l", **options)


def test_a_spoilt_checkpoint_is_found_and_never_loaded(tmp_path, monkeypatch):
    shutil.copytree(WEIGHTS, tmp_path / "weights")
    monkeypatch.setattr("mi_course.zoo.weights.WEIGHTS", tmp_path / "weights")
    path, _ = find_entry("induction-2l", 0, 300)
    path.write_bytes(path.read_bytes()[:-1])
    for attempt in (lambda: load_model("induction-2l", checkpoint=300), lambda: verify_weights("induction-2l")):
        with pytest.raises(CourseError, match="step-00300"):
            attempt()
    assert load_model("induction-2l", checkpoint=350)


# --- stock checkpoints, and training at home --------------------------------------------------------------------------

HYPER = replace(Hyperparameters(), steps=6, batch=2, warm_up_steps=2, checkpoints=(0, 3), state_every=2)
MEASURED = {"value": 0.5, "interval": [0.4, 0.6], "n": 4, "baselines": {"untrained": 0.0}}


class Tiny(StoryRecipe):
    """A story model that trains in a second and is measured in no time."""

    def measure(self, model, untrained):
        assert not model.training and not untrained.training and model.cfg.d_model == 16
        with torch.no_grad():
            weight, twin = model.W_E.detach()[5, 0], untrained.W_E.detach()[5, 0]
        return {"one weight": {**MEASURED, "value": float(weight), "baselines": {"untrained": float(twin)}}}

    def measure_checkpoint(self, model):
        return {"one weight": {"value": float(model.W_E.detach()[5, 0]), "interval": [0.0, 1.0]}}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A zoo of one tiny stock checkpoint."""
    monkeypatch.setattr("mi_course.zoo.recipes._RECIPES", {})
    monkeypatch.setattr("mi_course.zoo.cards.CARDS", tmp_path / "zoo" / "cards")
    monkeypatch.setattr("mi_course.zoo.weights.WEIGHTS", tmp_path / "zoo" / "weights")
    register(Tiny(name="tiny", shipped_seeds=(0,), n_layers=1, d_model=16, n_heads=2, d_mlp=24, hyperparameters=HYPER))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_stock_checkpoint_is_a_folder_for_the_bridge_and_for_plain_transformers(tiny):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    done = train("tiny", install=True, progress=False)
    folder = done.path.parent
    assert folder == tiny / "zoo" / "weights" / "tiny" / "seed-0"
    assert {path.name for path in folder.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert not list(tiny.glob("trained-models*"))
    bridge = load_model("tiny")
    assert not bridge.training and bridge.cfg.dtype == torch.float32
    plain = AutoModelForCausalLM.from_pretrained(folder).eval()
    assert plain.dtype == torch.float32
    tokens = torch.tensor([AutoTokenizer.from_pretrained(folder)("the capital of france is").input_ids])
    assert tokens[0].tolist() == encode_text("the capital of france is")
    assert bridge.tokenizer("the capital of france is").input_ids == tokens[0].tolist()
    with torch.no_grad():
        torch.testing.assert_close(bridge(tokens), plain(tokens).logits, atol=1e-5, rtol=0)
    assert checkpoints("tiny") == [0, 3]
    start, later = load_model("tiny", checkpoint=0), load_model("tiny", checkpoint=3)
    twin = load_model("tiny", untrained=True)
    torch.testing.assert_close(start.W_E, twin.W_E)
    assert not torch.allclose(start.W_E, later.W_E) and not torch.allclose(later.W_E, bridge.W_E)
    known = card("tiny")["seeds"]["0"]
    assert known["phenomena"]["one weight"]["value"] == pytest.approx(float(bridge.W_E.detach()[5, 0]), abs=1e-6)
    assert known["checkpoints"]["3"]["phenomena"]["one weight"]["value"] == pytest.approx(
        float(later.W_E.detach()[5, 0]), abs=1e-6
    )


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_every_file_of_the_folder_is_watched(tiny, name):
    path = train("tiny", install=True, progress=False).path.with_name(name)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(CourseError, match=name):
        load_model("tiny")


def test_loading_says_nothing_on_standard_error(tiny, capfd):
    train("tiny", install=True, progress=False)
    capfd.readouterr()
    load_model("tiny")
    load_model("tiny", untrained=True)
    assert capfd.readouterr().err == ""


def test_what_was_trained_at_home_is_loaded_from_its_folder(tiny):
    train("tiny", install=True, progress=False)
    train("tiny", seed=7, out="mine", progress=False)
    own = load_model("tiny", seed=7, folder="mine")
    assert not torch.allclose(own.W_E, load_model("tiny").W_E)
    assert checkpoints("tiny", 7, folder=tiny / "mine") == [0, 3]
    assert not torch.allclose(own.W_E, load_model("tiny", seed=7, folder="mine", checkpoint=3).W_E)
    entry = json.loads((tiny / "mine" / "tiny" / "seed-7.json").read_text())
    assert entry["phenomena"]["one weight"]["value"] == pytest.approx(float(own.W_E.detach()[5, 0]), abs=1e-6)
    with pytest.raises(CourseError, match=r"has seed-7\. Make one with `mi-course train tiny --seed 8"):
        load_model("tiny", seed=8, folder="mine")
    with pytest.raises(CourseError, match="there already"):
        train("tiny", seed=7, out="mine", progress=False)


def test_an_interrupted_run_goes_on_and_comes_out_the_same(tiny, monkeypatch):
    whole = train("tiny", out="whole", progress=False)
    inner = Tiny.train

    def broken(self, seed, options):
        inner(self, seed, replace(options, stop_after=4))
        raise KeyboardInterrupt

    monkeypatch.setattr(Tiny, "train", broken)
    with pytest.raises(KeyboardInterrupt):
        train("tiny", out="cut", progress=False)
    monkeypatch.setattr(Tiny, "train", inner)
    assert (tiny / "cut" / "tiny" / ".seed-0" / "state.pt").exists()
    resumed = train("tiny", out="cut", progress=False)
    assert resumed.sha256 == whole.sha256
    assert sorted(path.name for path in (tiny / "cut" / "tiny").iterdir()) == sorted(
        path.name for path in (tiny / "whole" / "tiny").iterdir()
    )
