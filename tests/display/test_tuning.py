"""Grids of tuning curves: they say what they show, and refuse what cannot be drawn."""

from __future__ import annotations

import pytest

from mi_course.display import TuningGrid, plot
from mi_course.errors import CourseError
from mi_course.mechanistic.tuning import network_tuning
from mi_course.zoo.shapes_cnn import build_shapes_cnn

SMALL = network_tuning(build_shapes_cnn((3, 4, 5), (7, 5, 3), seed=0))


def test_a_tuning_grid_names_every_unit_with_its_peak():
    drawn = plot(TuningGrid(SMALL["conv1"], SMALL["conv1"], ("edge", "line"), title="a toy"))
    assert "a toy" in drawn.caption and all(f"unit {unit}" in drawn.alt for unit in range(3))
    curve = SMALL["conv1"].curves[SMALL["conv1"].preferred(1, ("edge", "line"))][:, 1]
    assert f"highest at {float(SMALL['conv1'].angles[curve.argmax()]):g}°" in drawn.alt
    assert "unit 0," not in plot(TuningGrid(SMALL["conv3"], SMALL["conv3"], ("arc",), units=[2])).alt
    beside = plot(TuningGrid(SMALL["conv3"], SMALL["conv3"], ("arc",), units=[2], beside="a filter"))
    assert "grey: a filter" in beside.caption and "a filter: mean" in beside.alt


def test_tunings_that_do_not_belong_together():
    with pytest.raises(CourseError, match="One tuning is of conv1"):
        TuningGrid(SMALL["conv1"], SMALL["conv2"])
    with pytest.raises(CourseError, match="units 0 to 2"):
        TuningGrid(SMALL["conv1"], SMALL["conv1"], units=[3])
