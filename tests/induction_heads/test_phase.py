"""The detector: planted changes, what must not move it, what must, and curves of real trainings."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.exercises.induction_heads.phase_change import ramp
from mi_course.induction_heads import phase_change, running_median
from mi_course.zoo import seeds
from mi_course.zoo.curves import training_curve

STEPS = [0, 50, 100, 150, 200, 210, 220, 230, 240, 250, 300, 400, 500, 700, 1000]


@given(
    gaps=st.lists(st.integers(1, 200), min_size=12, max_size=30),
    low=st.floats(-5, 5),
    change=st.floats(0.5, 5),
    falls=st.booleans(),
    data=st.data(),
)
def test_a_planted_change_is_found_to_the_step(gaps, low, change, falls, data):
    """Half-way of a straight rise is its middle, however the checkpoints lie, if two of them are on the rise."""
    steps = [0]
    for gap in gaps:
        steps.append(steps[-1] + gap)
    first = data.draw(st.integers(3, len(steps) - 6))
    last = data.draw(st.integers(first + 2, len(steps) - 3))
    values = ramp(steps, steps[first], steps[last], low, low - change if falls else low + change)
    middle = (steps[first] + steps[last]) / 2
    assert phase_change(steps, values) == pytest.approx(middle, abs=1e-6 * steps[-1])


@given(place=st.integers(0, len(STEPS) - 1), outlier=st.floats(-3, 3))
def test_one_outlier_on_a_level_part_changes_nothing(place, outlier):
    values = ramp(STEPS, 205, 245, 0.05, 0.9)
    assume(all(values[i] == values[place] for i in range(max(0, place - 2), min(len(values), place + 3))))
    bad = [*values]
    bad[place] = outlier
    assert phase_change(STEPS, bad) == phase_change(STEPS, values)


@given(scale=st.floats(0.5, 50), shift=st.floats(-10, 10), sign=st.sampled_from([1, -1]))
def test_unit_and_direction_of_the_curve_do_not_matter(scale, shift, sign):
    values = [0.05, 0.06, 0.04, 0.05, 0.1, 0.12, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.88, 0.9, 0.89]
    moved = [sign * scale * value + shift for value in values]
    assert phase_change(STEPS, moved) == pytest.approx(phase_change(STEPS, values))


def test_a_change_that_went_back_does_not_count():
    values = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert phase_change(STEPS, values) == pytest.approx(245)  # between 240 and 250, not 100 and 150


@pytest.mark.parametrize("least, found", [(0.3, True), (0.5, False)])
def test_a_small_change_is_none(least, found):
    values = ramp(STEPS, 205, 245, 0.1, 0.5)
    assert (phase_change(STEPS, values, least) is not None) == found


def test_a_level_curve_has_no_change_even_if_none_is_asked_for():
    assert phase_change([0, 1, 2, 3, 4], [0.3] * 5, least=0) is None


def test_running_median_of_three():
    assert running_median([5, 1, 2, 9, 3, 4, 0]) == [2, 2, 2, 3, 4, 3, 3]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_share_of_the_way_is_met_where_a_straight_rise_has_it(share):
    values = ramp(STEPS, 210, 240, 0.1, 0.5)
    for curve in (values, [-value for value in values]):
        assert phase_change(STEPS, curve, share=share) == pytest.approx(210 + share * 30)


@pytest.mark.parametrize("share", [0, 1, -0.5])
def test_a_share_outside_the_way_is_refused(share):
    with pytest.raises(CourseError, match="between 0 and 1"):
        phase_change(STEPS, ramp(STEPS, 205, 245, 0.1, 0.5), share=share)


@pytest.mark.parametrize(
    "steps, values, words",
    [
        ([0, 1, 2, 3], [0.0] * 4, "five checkpoints"),
        ([0, 1, 2, 3, 4], [0.0] * 4, "5 steps and 4 values"),
        ([0, 2, 2, 3, 4], [0.0] * 5, "rise"),
        ([0, 1, 2, 3, 4], [0.0, float("nan"), 0, 0, 0], "NaN"),
    ],
)
def test_what_is_no_curve_is_refused(steps, values, words):
    with pytest.raises(CourseError, match=words):
        phase_change(steps, values)


def test_running_median_needs_three():
    with pytest.raises(CourseError, match="three values"):
        running_median([1.0, 2.0])


def test_the_heads_of_every_training_form_early_and_together_with_the_loss():
    """What section 2.7 says of the five trainings, and of one layer."""
    for seed in seeds("induction-2l"):
        curve = training_curve("induction-2l", seed)
        score = phase_change(curve.steps, curve.values["induction_score"])
        loss = phase_change(curve.steps, curve.values["loss_later_copies"])
        assert 150 < score < 2000 / 6 and abs(score - loss) < 30
    flat = training_curve("induction-1l", 0)
    assert phase_change(flat.steps, flat.values["induction_score"]) is None
