"""Circuits: weights and ablations against the layer run twice, and matching against units that were planted alike."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mi_course.errors import CourseError
from mi_course.mechanistic.circuits import connections, into, logit_without, match_units, within_classes
from mi_course.worlds import draw_shapes
from mi_course.zoo.shapes_cnn import build_shapes_cnn

MODEL = build_shapes_cnn((3, 4, 5), (7, 5, 3), seed=1)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_effects_are_those_of_the_layer_run_without_each_source():
    weight, bias, before = normal(3, 4, 3, 3), normal(3, seed=1), normal(6, 4, 5, 7, seed=2).clamp(min=0)
    found = connections(weight, bias, before, 2)
    torch.testing.assert_close(found.connection, weight[2].flatten(1).sum(dim=1))
    whole = F.conv2d(before, weight, bias, padding=1).relu()[:, 2].flatten(1).max(dim=1)
    for source in range(4):
        left = before.clone()
        left[:, source] = 0
        lost = whole.values - F.conv2d(left, weight, bias, padding=1).relu()[:, 2].flatten(1).max(dim=1).values
        torch.testing.assert_close(found.effect[:, source], lost, atol=1e-5, rtol=1e-4)
    # What all sources bring at the peak is its input less the bias.
    active = whole.values > 0
    torch.testing.assert_close(found.at_peak.sum(dim=1)[active], (whole.values - bias[2])[active], atol=1e-4, rtol=1e-4)
    assert (found.effect <= found.at_peak.clamp(min=0) + 1e-5).all()


def test_into_takes_the_layer_before_as_the_network_hands_it_on():
    images = draw_shapes(5, seed=0).images
    found = into(MODEL, "conv3", 1, images)
    responses = MODEL.activations(images)["conv3"][:, 1].flatten(1).max(dim=1).values
    for source in range(4):
        changed = build_shapes_cnn((3, 4, 5), (7, 5, 3), seed=1)
        with torch.no_grad():
            changed.conv3.weight[1, source] = 0
            left = changed.activations(images)["conv3"][:, 1].flatten(1).max(dim=1).values
        torch.testing.assert_close(found.effect[:, source], responses.detach() - left, atol=1e-5, rtol=1e-4)


def test_a_silenced_unit_takes_its_response_times_its_weight_from_the_logits():
    images = draw_shapes(5, seed=0).images
    with torch.no_grad():
        top = MODEL.activations(images)["conv3"].amax(dim=(2, 3))
        taken = MODEL(images) - logit_without(MODEL, [3], images)
        torch.testing.assert_close(taken, top[:, 3:4] * MODEL.read_out.weight[:, 3], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(logit_without(MODEL, [], images), MODEL(images))


def test_planted_twins_are_matched_and_strangers_are_not():
    ours = normal(500, 4)
    theirs = torch.cat([normal(500, 3, seed=1), 3 * ours[:, [2]] + 1, torch.zeros(500, 1), -ours[:, [0]]], dim=1)
    found = match_units(ours, theirs)
    assert found.units.tolist() == [0, 1, 2, 3] and found.partner[2] == 3
    assert found.similarity[2] == pytest.approx(1, abs=1e-5)
    assert found.similarity[[0, 1, 3]].max() < 0.3 and 4 not in found.partner


def test_within_classes_leaves_nothing_of_a_unit_that_only_names_the_class():
    label = torch.arange(60) % 4
    responses = torch.stack([label.float(), normal(60)], dim=1)
    left = within_classes(responses, label)
    assert left[:, 0].abs().max() < 1e-6
    assert all(abs(float(left[label == one, 1].mean())) < 1e-6 for one in range(4))
    assert torch.equal(responses[:, 0], label.float())


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(CourseError, match="as many senders"):
        connections(normal(3, 4, 3, 3), normal(3), normal(2, 5, 6, 6), 0)
    with pytest.raises(CourseError, match="units 0 to 2"):
        connections(normal(3, 4, 3, 3), normal(3), normal(2, 4, 6, 6), 3)
    with pytest.raises(CourseError, match="Units come before"):
        into(MODEL, "conv1", 0, torch.zeros(1, 1, 32, 32))
    with pytest.raises(CourseError, match="same pictures"):
        match_units(normal(3, 2), normal(4, 2))
    with pytest.raises(CourseError, match="answers to some pictures"):
        match_units(torch.zeros(3, 2), normal(3, 2))
