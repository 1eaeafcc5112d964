"""Tuning: curves of planted filters point where they were planted, for angles of both periods."""

from __future__ import annotations

import math

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.mechanistic.tuning import network_tuning, preferred_angle
from mi_course.zoo.shapes_cnn import build_shapes_cnn


def wave(angle, phase):
    place = torch.arange(7) - 3.0
    across = place[None, :] * math.cos(angle) + place[:, None] * math.sin(angle)
    away = place[None, :] ** 2 + place[:, None] ** 2
    made = torch.exp(-away / 8) * torch.cos(1.13 * across + phase)
    return made - made.mean()  # so that brightness alone does not move it


def test_planted_edge_and_line_filters_are_found_at_their_angles():
    model = build_shapes_cnn((2, 3, 3), (7, 5, 3), seed=0)
    with torch.no_grad():
        model.conv1.weight.copy_(torch.stack([wave(0.7, -math.pi / 2), wave(2.0, 0.0)])[:, None])
        model.conv1.bias.zero_()
    found = network_tuning(model)["conv1"]
    assert found.oriented == [0, 1]
    edge = preferred_angle(found.curves["edge", 1.0][:, 0], 360)[0]
    line = preferred_angle(found.curves["line", 1.0][:, 1], 180)[0]
    assert edge == pytest.approx(math.degrees(0.7), abs=4) and line == pytest.approx(math.degrees(2.0), abs=4)
    # Bright and dark exchanged, the same edge is one half a turn on.
    other = preferred_angle(found.curves["edge", -1.0][:, 0], 360)[0]
    assert (other - edge) % 360 == pytest.approx(180, abs=2)
    assert found.preferred(1, ("line",))[0] == "line"
    with pytest.raises(CourseError, match="Name some of"):
        found.preferred(0, ("ring",))


@pytest.mark.parametrize("period", [180, 360])
@pytest.mark.parametrize("degrees", [3.0, 95.0, 177.0])
def test_the_preferred_angle_of_a_bump_is_its_middle(period, degrees):
    at = torch.arange(24) * 15.0
    curve = torch.exp(4 * torch.cos(torch.deg2rad(at - degrees) * (360 // period)))
    found, width = preferred_angle(curve, period)
    assert found == pytest.approx(degrees, abs=0.5) and 0.5 < width < 1
    assert preferred_angle(curve + 10 * curve.max(), period)[1] < 0.2


@pytest.mark.parametrize(
    ("curve", "period", "words"),
    [(torch.ones(24), 90, "period is 360"), (-torch.ones(24), 360, "at least 0"), (torch.zeros(24), 180, "at least 0")],
)
def test_what_is_no_tuning_curve_is_refused(curve, period, words):
    with pytest.raises(CourseError, match=words):
        preferred_angle(curve, period)
