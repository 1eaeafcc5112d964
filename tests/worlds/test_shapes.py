"""Shapes: the pictures show what the labels say, by measuring the pictures."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.worlds import Shapes, draw_shapes
from mi_course.worlds.shapes import BACKGROUND, CLASSES, SIZE, SYMMETRY, drawn_as, render, stimuli

seeds = st.integers(0, 2**31)


def clean(shapes: Shapes) -> torch.Tensor:
    """The ink of noiseless pictures, from 0 to 1."""
    return shapes.images[:, 0] / shapes.contrast[:, None, None] + BACKGROUND


def points() -> tuple[torch.Tensor, torch.Tensor]:
    place = torch.arange(SIZE) - (SIZE - 1) / 2
    return place[None, :], place[:, None]


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_labels_are_in_range_and_pictures_have_their_shape(seed):
    shapes = draw_shapes(50, seed=seed)
    assert shapes.images.shape == (50, 1, SIZE, SIZE) and shapes.images.dtype == torch.float32
    assert ((shapes.label >= 0) & (shapes.label < len(CLASSES))).all()
    assert ((shapes.angle >= 0) & (shapes.angle <= 2 * math.pi)).all() and (shapes.centre.abs() <= 6).all()
    assert ((shapes.contrast.abs() >= 0.5) & (shapes.contrast.abs() <= 1)).all()
    assert abs(float(shapes.images.mean())) < 0.3


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_filled_shapes_have_their_centre_and_area(seed):
    x, y = points()
    for kind, area in (("disc", lambda r: math.pi * r**2), ("filled square", lambda r: (1.7 * r) ** 2)):
        shapes = draw_shapes(8, seed=seed, kind=kind, noise=0.0)
        for ink, centre, radius in zip(clean(shapes), shapes.centre, shapes.radius, strict=True):
            # Only where the whole shape lies within the picture.
            if centre.abs().max() + 1.25 * radius > 15:
                continue
            weight = ink.sum()
            found = torch.stack([(ink * x).sum(), (ink * y).sum()]) / weight
            torch.testing.assert_close(found, centre, atol=0.1, rtol=0)
            assert float(weight) == pytest.approx(area(float(radius)), rel=0.05)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_edges_brighten_in_the_direction_of_their_angle(seed):
    shapes = draw_shapes(8, seed=seed, kind="edge", noise=0.0)
    for ink, angle in zip(clean(shapes), shapes.angle, strict=True):
        down, right = torch.gradient(ink)
        found = math.atan2(float(down.sum()), float(right.sum()))
        assert math.cos(found - float(angle)) > 0.95


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_lines_are_thin_along_their_normal(seed):
    x, y = points()
    shapes = draw_shapes(8, seed=seed, kind="line", noise=0.0)
    for ink, angle, centre, width in zip(clean(shapes), shapes.angle, shapes.centre, shapes.width, strict=True):
        distance = ((x - centre[0]) * angle.cos() + (y - centre[1]) * angle.sin()).abs()
        assert float(ink[distance < 0.5 * width].min()) > 0.7 and float(ink[distance > width + 2].max()) < 0.01


@pytest.mark.parametrize("kind", CLASSES)
def test_turns_that_look_alike(kind):
    number = CLASSES.index(kind)
    angle = torch.tensor([0.4])
    rest = (torch.tensor([[1.0, -2.0]]), torch.tensor([7.0]), torch.tensor([1.0]))

    def picture(turn: float) -> torch.Tensor:
        return render(torch.tensor([number]), angle + turn, *rest)

    if SYMMETRY[number] == 0:
        torch.testing.assert_close(picture(0.0), picture(1.0))
        return
    torch.testing.assert_close(picture(0.0), picture(2 * math.pi / SYMMETRY[number]), atol=1e-4, rtol=0)
    assert (picture(0.0) - picture(math.pi / SYMMETRY[number])).abs().max() > 0.5


def test_stimuli_pass_through_the_middle_and_bend_the_right_way():
    angles = torch.tensor([0.0, math.pi / 2, math.pi])
    for kind in ("line", "arc"):
        pictures = stimuli(kind, angles)
        assert pictures.shape == (3, 1, SIZE, SIZE)
        middle = pictures[:, 0, SIZE // 2 - 1 : SIZE // 2 + 1, SIZE // 2 - 1 : SIZE // 2 + 1]
        assert (middle > 0.3).all()
    arc = stimuli("arc", angles[:1])[0, 0] + BACKGROUND
    # At angle 0 the normal points right, so the arc's centre and its ends lie to the left.
    assert arc[:, : SIZE // 2].sum() > 2 * arc[:, SIZE // 2 + 1 :].sum()


def test_twins_differ_in_class_only():
    shapes = draw_shapes(6, seed=1, kind="square", noise=0.0)
    torch.testing.assert_close(drawn_as(shapes, "square"), shapes.images[:, 0])
    assert (drawn_as(shapes, "circle") - shapes.images[:, 0]).abs().amax(dim=(1, 2)).min() > 0.2


def test_a_seed_settles_the_draw_and_a_generator_moves_on():
    before = torch.get_rng_state()
    one, again, other = (draw_shapes(5, seed=seed).images for seed in (1, 1, 2))
    assert torch.equal(one, again) and not torch.equal(one, other) and torch.equal(before, torch.get_rng_state())
    generator = torch.Generator().manual_seed(1)
    first, second = (draw_shapes(5, generator=generator).images for _ in range(2))
    assert torch.equal(first, one) and not torch.equal(first, second)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"batch": 0}, "batch"),
        ({"batch": 2, "kind": "squre"}, "Did you mean 'square'"),
        ({"batch": 2, "noise": -1.0}, "noise"),
        ({"batch": 2, "seed": 1, "generator": torch.Generator()}, "not both"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(CourseError, match=words):
        draw_shapes(**arguments)


def test_stimuli_of_another_kind_are_refused():
    with pytest.raises(CourseError, match="not 'circle'"):
        stimuli("circle", torch.zeros(1))
    with pytest.raises(CourseError, match="no shape"):
        drawn_as(draw_shapes(1), "moon")


def test_a_shifted_stimulus_is_the_same_one_moved():
    angles = torch.tensor([0.0, math.pi / 2])
    for kind in CLASSES[:3]:
        still, moved = stimuli(kind, angles), stimuli(kind, angles, shift=3)
        torch.testing.assert_close(moved[0, 0, :, 3:], still[0, 0, :, :-3], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(moved[1, 0, 3:, :], still[1, 0, :-3, :], atol=1e-5, rtol=1e-5)
