"""Curves: a detector written by formula points where it is asked to, and its tuning is what the pictures say."""

from __future__ import annotations

import math

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.mechanistic.curves import curve_detector, filter_tuning
from mi_course.worlds.shapes import stimuli

DEGREES = torch.arange(0, 360, 5, dtype=torch.float32)


def middle(pictures, size):
    return pictures[:, 0, 16 - size // 2 : 16 + size // 2, 16 - size // 2 : 16 + size // 2]


def answers(detector, kind, degrees=DEGREES, **options):
    size = len(detector)
    return (middle(stimuli(kind, torch.deg2rad(degrees), **options), size) * detector).sum(dim=(1, 2)).clamp(min=0)


@pytest.mark.parametrize("angle", [0.0, 35.0, 200.0, -60.0])
@pytest.mark.parametrize(("radius", "size"), [(5.0, 24), (6.0, 16), (9.0, 20)])
def test_the_arc_that_was_asked_for_moves_it_most(angle, radius, size):
    detector = curve_detector(angle, radius, size)
    assert detector.shape == (size, size) and float(detector.sum()) == pytest.approx(0, abs=1e-4)
    curve = answers(detector, "arc", radius=radius)
    found = float(DEGREES[curve.argmax()])
    assert abs((found - angle + 180) % 360 - 180) <= 5
    assert answers(detector, "arc", torch.tensor([angle + 180]), radius=radius).item() < 0.5 * curve.max()
    assert answers(detector, "line").max() < 0.75 * curve.max()


def test_symmetries_of_the_circle_are_symmetries_of_the_filter():
    one = curve_detector(30, 6, 18)
    torch.testing.assert_close(curve_detector(210, 6, 18), one.flip(0, 1))  # half a turn
    torch.testing.assert_close(curve_detector(-30, 6, 18), one.flip(0))  # up and down exchanged
    torch.testing.assert_close(curve_detector(60, 6, 18), one.T)  # x and y exchanged
    torch.testing.assert_close(curve_detector(390, 6, 18), one, atol=1e-5, rtol=1e-4)


def test_tuning_of_a_filter_points_by_point():
    detector = curve_detector(120, 6, 16)
    found = filter_tuning(detector[None], "conv3", bias=torch.tensor([-2.0]))
    angle = torch.tensor([120.0])
    shifts = [-3, -2, -1, 0, 1, 2, 3]
    by_hand = max(
        max(0.0, float((middle(stimuli("arc", torch.deg2rad(angle), shift=s), 16)[0] * detector).sum()) - 2)
        for s in shifts
    )
    assert found.curves["arc", 1.0][8, 0].item() == pytest.approx(by_hand, rel=1e-4)
    assert float(found.angles[found.curves["arc", 1.0][:, 0].argmax()]) == 120
    # Dark and bright exchanged in filter and picture alike, nothing changes.
    other = filter_tuning(-detector[None], "conv3", bias=torch.tensor([-2.0]))
    torch.testing.assert_close(other.curves["line", -1.0], found.curves["line", 1.0])


def test_a_threshold_keeps_the_filter_to_its_arc():
    detector = curve_detector(120, 6, 20)[None]
    alone, above = (filter_tuning(detector, "conv3", bias=torch.tensor([bias])) for bias in (0.0, -4.0))
    assert above.direction[0] > alone.direction[0] and above.curved == [0]


def test_a_bias_above_zero_is_not_counted_as_an_answer():
    found = filter_tuning(curve_detector(0, 6, 16)[None], "conv3", bias=torch.tensor([3.0]))
    alone = filter_tuning(curve_detector(0, 6, 16)[None], "conv3")
    torch.testing.assert_close(found.arc, alone.arc)


@pytest.mark.parametrize("size", [15, 0, 34, 16.0, True])
def test_sizes_that_do_not_fit_are_refused(size):
    with pytest.raises(CourseError, match="even whole number"):
        curve_detector(0, 6, size)


def test_what_is_no_filter_is_refused():
    with pytest.raises(CourseError, match="above 0"):
        curve_detector(0, math.nan, 16)
    with pytest.raises(CourseError, match="shape"):
        filter_tuning(torch.zeros(16, 16), "conv3")
    with pytest.raises(CourseError, match="no stimulus"):
        filter_tuning(torch.zeros(1, 16, 16), "conv3")
    with pytest.raises(CourseError, match="as many biases"):
        filter_tuning(torch.ones(1, 16, 16), "conv3", bias=torch.zeros(2))
