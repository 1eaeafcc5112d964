"""shapes-cnn: its parts, its targets, and the measures on filters whose tuning is known."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from mi_course.worlds import draw_shapes
from mi_course.worlds.shapes import CLASSES, SYMMETRY
from mi_course.zoo import load_model
from mi_course.zoo.fit import Options
from mi_course.zoo.recipes import recipe
from mi_course.zoo.recipes.shapes import Hyperparameters, ShapesRecipe, learning_rate, turned
from mi_course.zoo.shapes_cnn import LAYERS, ShapesCNN, build_shapes_cnn
from mi_course.zoo.shapes_measures import (
    curve_units,
    gabor_fit,
    oriented_units,
    responses,
    selectivity,
    summary,
    unit_tuning,
)
from mi_course.zoo.weights import encode

TINY = {"filters": (3, 4, 5), "kernels": (7, 5, 3)}


def wave(angle, phase, width=7, frequency=0.18):
    """A Gabor filter by its formula, in numbers the measures' grid does not hold."""
    place = torch.arange(width) - (width - 1) / 2
    across = place[None, :] * math.cos(angle) + place[:, None] * math.sin(angle)
    away = place[None, :] ** 2 + place[:, None] ** 2
    return torch.exp(-away / 8) * torch.cos(2 * math.pi * frequency * across + phase)


def planted(filters):
    model = ShapesCNN((len(filters), 4, 5), (filters.shape[-1], 5, 3)).eval()
    with torch.no_grad():
        model.conv1.weight.copy_(filters[:, None])
        model.conv1.bias.zero_()
    return model


def test_layers_halve_and_logits_are_the_strongest_responses_times_weights():
    model, images = build_shapes_cnn(**TINY, seed=3), draw_shapes(4, seed=1).images
    found = model.activations(images)
    assert [found[layer].shape for layer in LAYERS] == [(4, 3, 32, 32), (4, 4, 16, 16), (4, 5, 8, 8)]
    drives = model.before_relu(images)
    assert all(torch.equal(found[layer], drives[layer].clamp(min=0)) for layer in LAYERS)
    top = found["conv3"].flatten(2).max(dim=2).values
    torch.testing.assert_close(model(images), top @ model.read_out.weight.T + model.read_out.bias)
    torch.testing.assert_close(model.direction(images), top @ model.turned.weight.T + model.turned.bias)


def test_building_leaves_the_world_alone_and_seeds_differ():
    before = torch.get_rng_state()
    one, again, other = (build_shapes_cnn(**TINY, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state()) and not one.training
    assert encode(one.state_dict()) == encode(again.state_dict()) != encode(other.state_dict())


def test_pictures_that_look_alike_have_the_same_target():
    shapes = draw_shapes(400, seed=2)
    target, counts = turned(shapes)
    times = torch.tensor(SYMMETRY)[shapes.label]
    assert torch.equal(counts, times > 0)
    whole = replace(shapes, angle=shapes.angle + 2 * math.pi / times.clamp(min=1))
    torch.testing.assert_close(turned(whole)[0], target, atol=1e-4, rtol=0)
    # An edge with dark and bright exchanged is an edge that brightens the other way.
    edge = shapes.label == CLASSES.index("edge")
    negative = replace(shapes, contrast=-shapes.contrast)
    torch.testing.assert_close(turned(negative)[0][edge], -target[edge], atol=1e-4, rtol=0)
    torch.testing.assert_close(turned(negative)[0][~edge], target[~edge])


def test_the_same_seed_trains_to_the_same_bits():
    chosen = ShapesRecipe(hyperparameters=replace(Hyperparameters(), batch=4))
    one, again, other = (chosen.train(seed, Options(stop_after=3, progress=False)) for seed in (0, 0, 1))
    assert encode(one.state_dict()) == encode(again.state_dict()) != encode(other.state_dict())
    rates = [learning_rate(step, Hyperparameters()) for step in range(Hyperparameters().steps)]
    assert rates[0] < max(rates) <= Hyperparameters().learning_rate and rates[-1] < 1e-4


def test_the_untrained_twin_is_where_training_begins():
    start = recipe("shapes-cnn").train(1, Options(stop_after=0, progress=False))
    assert encode(start.state_dict()) == encode(load_model("shapes-cnn", seed=1, untrained=True).state_dict())


@pytest.mark.parametrize("degrees", [0, 40, 100, 170])
def test_planted_filters_are_tuned_to_their_angle(degrees):
    angle = math.radians(degrees)
    # Without their mean, so that brightness alone does not move them.
    waves = [each - each.mean() for each in (wave(angle, 0.0), wave(angle, -math.pi / 2))]
    filters = torch.stack([*waves, torch.ones(7, 7) / 49])
    model = planted(filters)
    line, edge = (responses(model, kind)["conv1"] for kind in ("line", "edge"))
    at = torch.arange(24) * (2 * math.pi / 24)

    def points(curve, turns):
        return torch.polar(curve, turns * at).sum().angle() / turns

    # The even filter has an orientation, the odd one (a sine that rises along the angle) a direction.
    assert math.cos(2 * (points(line[:, 0], 2) - angle)) > 0.98
    assert math.cos(points(edge[:, 1], 1) - angle) > 0.98
    tuning = unit_tuning(model)["conv1"]
    assert oriented_units(tuning) == [0, 1]
    assert tuning["selectivity"][2] < 0.2


def test_gabor_fit_knows_gabors_from_noise():
    gabors = torch.stack([wave(0.3 * k, 0.7 * k) for k in range(8)])
    noise = torch.randn(200, 7, 7, generator=torch.Generator().manual_seed(0))
    assert gabor_fit(gabors).min() > 0.9 and gabor_fit(5 * gabors).min() > 0.9
    assert gabor_fit(noise).median() < 0.25


def test_selectivity_is_one_for_one_angle_and_zero_for_all():
    spike, flat = F.one_hot(torch.tensor(5), 24).float(), torch.ones(24)
    opposite = spike + spike.roll(12)
    curve = torch.stack([spike, flat, opposite], dim=1)
    torch.testing.assert_close(selectivity(curve, 1), torch.tensor([1.0, 0.0, 0.0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(selectivity(curve, 2), torch.tensor([1.0, 0.0, 1.0]), atol=1e-5, rtol=0)


def test_curve_units_prefer_arcs_and_one_way():
    one_way, both_ways = torch.zeros(24), torch.zeros(24)
    one_way[3] = both_ways[3] = both_ways[15] = 1.0
    arcs = torch.stack([one_way, both_ways, one_way, 0.01 * one_way], dim=1)
    straight = torch.stack([0.5 * one_way, 0.5 * one_way, one_way, 0 * one_way], dim=1)
    silent = torch.zeros(24, 4)
    tuning = summary(
        {("edge", 1.0): silent, ("edge", -1.0): silent, ("line", 1.0): straight, ("line", -1.0): silent}
        | {("arc", 1.0): arcs, ("arc", -1.0): silent}
    )
    assert curve_units(tuning) == [0]
