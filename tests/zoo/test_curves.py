"""Curves of training: those of the card, and the recorded ones, whose ends and one stretch are measured again."""

from __future__ import annotations

import json

import pytest

from mi_course.errors import CourseError
from mi_course.zoo import card, checkpoints, load_model, seeds
from mi_course.zoo import curves as module
from mi_course.zoo.curves import record, training_curve
from mi_course.zoo.fit import Options
from mi_course.zoo.measures import followed
from mi_course.zoo.recipes import recipe

RECORDED = [
    (path.stem, int(seed)) for path in module.CURVES.glob("*.json") for seed in json.loads(path.read_text())["seeds"]
]


def test_every_seed_of_the_two_layer_model_has_a_curve_at_the_same_steps():
    curves = [training_curve("induction-2l", seed) for seed in seeds("induction-2l")]
    assert {curve.steps for curve in curves} == {(*checkpoints("induction-2l"), 2000)}
    assert [curve.seed for curve in curves] == seeds("induction-2l")


def test_where_checkpoints_are_shipped_the_curve_is_that_of_the_card():
    known, curve = card("induction-2l")["seeds"]["0"], training_curve("induction-2l")
    for place, step in enumerate(curve.steps[:-1]):
        for name, values in curve.values.items():
            assert values[place] == known["checkpoints"][str(step)]["phenomena"][name]["value"]
    assert curve.values["induction_score"][-1] == known["phenomena"]["induction_score"]["best"]["value"]
    assert curve.values["loss_later_copies"][-1] == known["phenomena"]["loss_later_copies"]["value"]


@pytest.mark.parametrize(("name", "seed"), RECORDED)
def test_the_beginning_of_a_recorded_curve_is_the_untrained_twin(name, seed):
    """At step 0 nothing has been trained: the twin, rounded to half precision as checkpoints are."""
    twin = load_model(name, seed=seed, untrained=True)
    twin.load_state_dict({key: value.half().float() for key, value in twin.state_dict().items()})
    _same_as(training_curve(name, seed), 0, followed(twin), 1e-3)


@pytest.mark.parametrize(("name", "seed"), RECORDED)
def test_the_end_of_a_recorded_curve_is_the_shipped_model(name, seed):
    _same_as(training_curve(name, seed), -1, followed(load_model(name, seed=seed)), 1e-3)


@pytest.mark.parametrize(("name", "seed"), RECORDED)
def test_the_repeated_training_ended_where_the_shipped_one_did(name, seed):
    """The curve was measured on another machine than the weights were made on; this is how much that matters."""
    repeated = json.loads((module.CURVES / f"{name}.json").read_text())["seeds"][str(seed)]["end"]
    for key, values in training_curve(name, seed).values.items():
        assert values[-1] == pytest.approx(repeated[key], abs=1e-3), key


@pytest.mark.slow
def test_training_again_gives_the_recorded_curve():
    """Up to the change, for one seed. To the bit on one machine; elsewhere sums are rounded otherwise, so loosely."""
    measured = {}
    options = Options(
        progress=False, stop_after=251, at_checkpoint=lambda step, model: measured.update({step: followed(model)})
    )
    recipe("induction-2l").train(1, options)
    curve = training_curve("induction-2l", 1)
    assert sorted(measured) == [step for step in curve.steps if step <= 250]
    for step in (50, 100, 200):
        _same_as(curve, curve.steps.index(step), measured[step], 0.1)


def _same_as(curve, place, measured, tolerance):
    for name, values in curve.values.items():
        assert values[place] == pytest.approx(measured[name]["value"], abs=tolerance), name


def test_a_curve_is_recorded_from_what_training_left(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CURVES", tmp_path)
    folder = tmp_path / "trained" / "induction-2l"
    folder.mkdir(parents=True)
    points = {"0": {"phenomena": {"induction_score": {"head": "L1H0", "value": 0.1, "interval": [0, 1]}}}}
    end = {"induction_score": {"best": {"value": 0.8}}}
    (folder / "seed-3.json").write_text(json.dumps({"checkpoints": points, "phenomena": end}))
    path = record(tmp_path / "trained", "induction-2l")
    kept = {"checkpoints": {"0": {"induction_score": 0.1}}, "end": {"induction_score": 0.8}}
    assert json.loads(path.read_text()) == {"seeds": {"3": kept}}
    assert training_curve("induction-2l", 3).values["induction_score"][0] == 0.1
    with pytest.raises(CourseError, match="train one with"):
        record(tmp_path, "induction-2l")


def test_a_curve_that_is_not_shipped_is_said():
    with pytest.raises(CourseError, match="No curve of induction-2l-plain with seed 0"):
        training_curve("induction-2l-plain")
    with pytest.raises(CourseError, match="not shipped with seed 9"):
        training_curve("induction-2l", 9)
