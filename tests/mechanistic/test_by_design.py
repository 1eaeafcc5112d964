"""Models made to be read: measurements against how pictures were drawn, readings against what was planted."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.mechanistic import by_design
from mi_course.mechanistic.by_design import MEASUREMENTS, concepts, interpretable_by_design, measure
from mi_course.worlds.shapes import CLASSES, draw_shapes


def column(name: str, images: torch.Tensor) -> torch.Tensor:
    return measure(images)[:, MEASUREMENTS.index(name)]


def test_measurements_are_those_of_the_drawing():
    for kind in ("disc", "filled square"):
        shapes = draw_shapes(60, seed=1, kind=kind, noise=0.0)
        side = shapes.radius**2 * (torch.pi if kind == "disc" else (2 * 0.85) ** 2)
        inside = (shapes.centre.abs() + 1.21 * shapes.radius[:, None] < 15).all(1)
        found = column("ink", shapes.images)[inside] / 100 * 1024
        torch.testing.assert_close(found, side[inside], rtol=0.06, atol=8.0)
    ring = draw_shapes(60, seed=2, kind="circle", noise=0.0)
    whole = (ring.centre.abs() + ring.radius[:, None] < 14).all(1)
    hole = torch.pi * (ring.radius - ring.width) ** 2
    torch.testing.assert_close(column("enclosed", ring.images)[whole], hole[whole], rtol=0.25, atol=10.0)
    assert float(column("enclosed", draw_shapes(60, seed=3, kind="line").images).max()) < 5


def test_agreement_of_directions():
    by_kind = {kind: measure(draw_shapes(40, seed=4, kind=kind, noise=0.0).images).mean(0) for kind in CLASSES}
    one, right = MEASUREMENTS.index("one direction"), MEASUREMENTS.index("right angles")
    assert min(by_kind[kind][one] for kind in ("line", "edge")) > 0.9
    assert max(by_kind[kind][one] for kind in ("circle", "disc", "square")) < 0.2
    assert by_kind["square"][right] > 0.4 > 2 * by_kind["circle"][right]


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_exchanging_dark_and_bright_changes_no_measurement_of_a_drawn_figure(seed):
    kinds = [kind for kind in CLASSES if kind != "edge"]  # an edge has no background
    images = draw_shapes(8, seed=seed, kind=kinds[seed % len(kinds)]).images
    torch.testing.assert_close(measure(-images), measure(images), rtol=1e-4, atol=1e-3)


def test_measuring_pictures_together_or_one_by_one():
    images = draw_shapes(6, seed=5).images
    torch.testing.assert_close(measure(images), torch.cat([measure(each[None]) for each in images]))


def test_concepts_tell_all_classes_apart():
    codes = concepts(torch.arange(len(CLASSES)))
    assert len({tuple(code.tolist()) for code in codes}) == len(CLASSES)
    filled = [CLASSES[i] for i in codes[:, 0].nonzero().flatten()]
    assert filled == ["edge", "disc", "filled square"]


def planted(n: int = 3000, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Two features: the class depends on whether the first is far from 0, and on nothing else."""
    X = torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))
    return X, (X[:, 0].abs() > 0.7).long()


def test_an_additive_model_sees_a_bend_that_a_linear_one_cannot():
    X, label = planted()
    straight = by_design.linear_model().fit(X.numpy(), label.numpy())
    bent = by_design.additive_model(knots=8).fit(X.numpy(), label.numpy())
    assert float((by_design.predict(straight, X) == label).float().mean()) < 0.6
    assert float((by_design.predict(bent, X) == label).float().mean()) > 0.95
    along = torch.tensor([-1.5, 0.0, 1.5])
    low, middle, high = by_design.curve(bent, X, 0, along).tolist()
    assert min(low, high) > middle + 4
    assert by_design.curve(bent, X, 1, along).abs().max() < 1


def test_curves_add_up_to_the_logit():
    X, label = planted()
    model = by_design.additive_model().fit(X.numpy(), label.numpy())
    total = sum(by_design.curve(model, X, i, X[:, i]) for i in range(2))
    logit = torch.from_numpy(model.decision_function(X.numpy())).float()
    torch.testing.assert_close(total - total.mean(), logit - logit.mean(), rtol=1e-3, atol=1e-3)


def test_importance_is_the_coefficient_of_the_scaled_model_and_free_of_units():
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(500, 3, generator=generator) * torch.tensor([0.01, 1.0, 50.0]) + 2
    label = torch.randint(0, 3, (500,), generator=generator)
    model = by_design.linear_model().fit(X.numpy(), label.numpy())
    scaled = torch.from_numpy(model[-1].coef_).float()
    found = interpretable_by_design(by_design.raw_coefficients(model), X, 2, 0)
    torch.testing.assert_close(found, scaled[2] - scaled[0], rtol=2e-3, atol=1e-5)
    units = torch.tensor([1000.0, 0.1, 3.0])
    again = by_design.linear_model().fit((X * units).numpy(), label.numpy())
    torch.testing.assert_close(
        interpretable_by_design(by_design.raw_coefficients(again), X * units, 2, 0), found, rtol=1e-2, atol=1e-3
    )


def test_refits_surround_what_was_planted():
    generator = torch.Generator().manual_seed(2)
    X = torch.randn(800, 2, generator=generator) * torch.tensor([1.0, 10.0])
    chance = torch.sigmoid(2 * X[:, 0])  # the second feature has no part in it
    label = (torch.rand(800, generator=generator) < chance).long() + 1
    label[:50] = 0
    found = by_design.refitted_importance(X, label, 2, 1, refits=20)
    assert found.shape == (20, 2)
    assert found[:, 0].min() > 1 and found[:, 1].quantile(0.1) < 0 < found[:, 1].quantile(0.9)


def test_true_concepts_settle_the_class_and_wrong_ones_move_it():
    shapes = draw_shapes(400, seed=6)
    X, truth = measure(shapes.images), concepts(shapes.label)
    model = by_design.fit_bottleneck(X, truth, shapes.label)
    believed = model.predict_concepts(X)
    assert believed.shape == truth.shape and (believed >= 0).all() and (believed <= 1).all()
    everything = {name: truth[:, i] for i, name in enumerate(by_design.CONCEPTS)}
    assert torch.equal(model.predict(X, everything), shapes.label)
    squares = shapes.label == CLASSES.index("square")
    told = model.predict(X, {**everything, "three corners": torch.ones(400, dtype=torch.bool)})
    assert (told[squares] == CLASSES.index("triangle")).all()


def test_what_does_not_fit_is_said():
    shapes = draw_shapes(40, seed=7)
    X, truth = measure(shapes.images), concepts(shapes.label)
    with pytest.raises(CourseError, match="shape"):
        measure(shapes.images[:, 0])
    with pytest.raises(CourseError, match=r"no concept 'curvd'.*curved"):
        by_design.fit_bottleneck(X, truth, shapes.label).predict(X, {"curvd": truth[:, 0]})
    with pytest.raises(CourseError, match="one name each"):
        by_design.fit_bottleneck(X, truth, shapes.label, names=["one"])
    with pytest.raises(CourseError, match="'filled' has the same answer"):
        by_design.fit_bottleneck(X, torch.ones_like(truth), shapes.label)
