"""What is measured of shapes-cnn: how well it names shapes, and which of its units are tuned to edges, lines and arcs.

Each number stands beside the same number of the untrained twin. Tuning is observed, not intervened on.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from mi_course.worlds.shapes import CLASSES, draw_shapes, stimuli
from mi_course.zoo.measures import mean_and_interval
from mi_course.zoo.recipes.shapes import turned
from mi_course.zoo.shapes_cnn import LAYERS, ShapesCNN

MEASUREMENT = {"pictures": 2000, "seed": 20200310, "angles": 24, "shifts": [-3, -2, -1, 0, 1, 2, 3], "radius": 6.0}
"""Pictures that training never drew, and the stimuli of the tuning curves."""

ORIENTED = 0.5
"""A unit of conv1 counts as an edge or line unit when its selectivity is above this."""
CURVED = 1.2
"""A curve unit's best arc has to move it this many times as much as the best straight edge or line."""
FAINT = 0.1
"""A unit that no stimulus moves by this share of what the layer's most responsive unit answers is left out."""


def shapes_phenomena(model: ShapesCNN, untrained: ShapesCNN) -> dict[str, Any]:
    """Everything on the card, from the model and its twin before training.

    Accuracy and angle are means over pictures, with 95 % intervals. The others are counts of units, or a median over
    units, and have no interval: the units are all there are. What differs by chance is the seed.
    """
    found = _task(model, untrained)
    trained, twin = unit_tuning(model), unit_tuning(untrained)
    fit, twin_fit = (gabor_fit(each.conv1.weight.detach()[:, 0]) for each in (model, untrained))
    found["gabor fit of conv1"] = {
        "value": fit.median().item(),
        "n": len(fit),
        "baselines": {"untrained": twin_fit.median().item()},
        "by_unit": fit.tolist(),
    }
    for name, layer, which in [
        ("edge and line units of conv1", "conv1", oriented_units),
        ("curve units of conv2", "conv2", curve_units),
        ("curve units of conv3", "conv3", curve_units),
    ]:
        units = which(trained[layer])
        found[name] = {
            "value": len(units),
            "n": len(trained[layer]["straight"]),
            "baselines": {"untrained": len(which(twin[layer]))},
            "units": units,
        }
    found["selectivity of conv1"] = {
        "value": trained["conv1"]["selectivity"].median().item(),
        "n": len(trained["conv1"]["selectivity"]),
        "baselines": {"untrained": twin["conv1"]["selectivity"].median().item()},
        "by_unit": trained["conv1"]["selectivity"].tolist(),
    }
    return found


def _task(model: ShapesCNN, untrained: ShapesCNN) -> dict[str, Any]:
    shapes = draw_shapes(MEASUREMENT["pictures"], seed=MEASUREMENT["seed"])
    truth, counts = turned(shapes)

    def observe(one: ShapesCNN) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            right = (one(shapes.images).argmax(dim=1) == shapes.label).double()
            return right, F.cosine_similarity(one.direction(shapes.images), truth)[counts].double()

    found: dict[str, Any] = {}
    for name, ours, twins in zip(("accuracy", "angle"), observe(model), observe(untrained), strict=True):
        value, low, high = mean_and_interval(ours, proportion=name == "accuracy")
        chance = {"one class always": 1 / len(CLASSES)} if name == "accuracy" else {"any angle": 0.0}
        baselines = {"untrained": twins.mean().item(), **chance}
        found[name] = {"value": value, "interval": [low, high], "n": len(ours), "baselines": baselines}
    return found


def unit_tuning(model: ShapesCNN) -> dict[str, dict[str, Tensor]]:
    """By layer, what `summary` says of its units."""
    curves = {
        (kind, sign): responses(model, kind, sign=sign) for kind in ("edge", "line", "arc") for sign in (1.0, -1.0)
    }
    return {layer: summary({key: curve[layer] for key, curve in curves.items()}) for layer in LAYERS}


def summary(curves: dict[tuple[str, float], Float[Tensor, "angle unit"]]) -> dict[str, Float[Tensor, " unit"]]:
    """Numbers for each unit, from its responses to edges, lines and arcs of both signs.

    straight, arc: the largest response to any edge or line, and to any arc.
    selectivity: of the curve over angles for the kind of edge or line that moves the unit most; by direction (period
    360°) or orientation (period 180°), whichever is higher. direction: that of arcs, period 360°.
    """
    straight = _preferred(torch.stack([curve for (kind, _), curve in curves.items() if kind != "arc"]))
    arcs = _preferred(torch.stack([curve for (kind, _), curve in curves.items() if kind == "arc"]))
    return {
        "straight": straight.amax(dim=0),
        "arc": arcs.amax(dim=0),
        "selectivity": torch.maximum(selectivity(straight, 1), selectivity(straight, 2)),
        "direction": selectivity(arcs, 1),
    }


def oriented_units(tuning: dict[str, Tensor]) -> list[int]:
    """Units that some edge or line moves, at few angles rather than at all."""
    return ((tuning["selectivity"] > ORIENTED) & (tuning["straight"] > _faint(tuning))).nonzero().flatten().tolist()


def curve_units(tuning: dict[str, Tensor]) -> list[int]:
    """Units that an arc moves more than every edge and line, and arcs turned one way more than those turned others."""
    curved = tuning["arc"] > CURVED * tuning["straight"]
    return (curved & (tuning["direction"] > ORIENTED) & (tuning["arc"] > _faint(tuning))).nonzero().flatten().tolist()


def _faint(tuning: dict[str, Tensor]) -> float:
    """A share, not a fixed response: untrained networks answer faintly to everything, and are to be counted fairly."""
    return FAINT * float(torch.maximum(tuning["straight"], tuning["arc"]).max())


def responses(
    model: ShapesCNN, kind: str, *, sign: float = 1.0, radius: float = MEASUREMENT["radius"]
) -> dict[str, Float[Tensor, "angle unit"]]:
    """By layer: each unit's response in the middle of the picture to stimuli at angles around the full circle.

    Above its response to an empty picture, none below zero, and the largest over shifts along the angle: a unit that
    answers to a line beside its middle is a line unit too.
    """
    angles = torch.arange(MEASUREMENT["angles"]) * (2 * math.pi / MEASUREMENT["angles"])
    shown = torch.stack([stimuli(kind, angles, radius=radius, shift=shift) for shift in MEASUREMENT["shifts"]])
    with torch.no_grad():
        seen = model.activations(sign * shown.flatten(0, 1))
        empty = model.activations(torch.zeros_like(shown[0, :1]))
    found = {}
    for layer in LAYERS:
        above = (_middle(seen[layer]) - _middle(empty[layer])).clamp(min=0)
        found[layer] = above.flatten(2).amax(dim=2).unflatten(0, shown.shape[:2]).amax(dim=0)
    return found


def selectivity(curve: Float[Tensor, "angle unit"], turns: int) -> Float[Tensor, " unit"]:
    """How far a tuning curve keeps to one angle: the length of the mean vector over the mean response, from 0 to 1.

    The curve is sampled evenly over the full circle. turns: 1 for a direction, which repeats after 360°; 2 for an
    orientation, which repeats after 180°. (1 minus the circular variance: Batschelet 1981, "Circular Statistics in
    Biology"; Ringach et al. 2002, "Orientation selectivity in macaque V1".)
    """
    angle = torch.arange(len(curve)) * (2 * math.pi * turns / len(curve))
    vector = torch.polar(curve, angle[:, None].expand_as(curve)).sum(dim=0)
    return vector.abs() / curve.sum(dim=0).clamp(min=1e-6)


def gabor_fit(filters: Float[Tensor, "unit y x"]) -> Float[Tensor, " unit"]:
    """Share of each filter's sum of squares that the best Gabor function of a grid accounts for.

    A Gabor function is a wave under a Gaussian. The grid has 16 orientations, six frequencies, four widths and three
    offsets; the phase is fitted.
    """
    width = filters.shape[-1]
    place = torch.arange(width) - (width - 1) / 2
    y, x = place[:, None], place[None, :]
    waves = []
    for angle in torch.arange(16) * (math.pi / 16):
        across, along = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()
        for frequency in (0.06, 0.09, 0.12, 0.16, 0.2, 0.25):
            phase = 2 * math.pi * frequency * across
            for sd in (1.2, 1.7, 2.4, 3.5):
                for offset in (-1, 0, 1):
                    envelope = torch.exp(-((across - offset) ** 2 + 0.5 * along**2) / (2 * sd**2))
                    waves.append(torch.stack([envelope * phase.cos(), envelope * phase.sin()], dim=-1).flatten(0, 1))
    # Two waves a quarter apart span every phase; what a filter has in their plane is what the Gabor explains.
    plane = torch.linalg.qr(torch.stack(waves))[0]
    flat = F.normalize(filters.flatten(1), dim=1)
    return torch.einsum("bpk,up->ubk", plane, flat).pow(2).sum(dim=-1).amax(dim=1)


def _preferred(curves: Float[Tensor, "kind angle unit"]) -> Float[Tensor, "angle unit"]:
    """For each unit its curve for the kind of stimulus that moves it most."""
    best = curves.amax(dim=1).argmax(dim=0)
    return curves[best, :, torch.arange(curves.shape[2])].T


def _middle(responses: Float[Tensor, "batch unit y x"]) -> Float[Tensor, "batch unit 2 2"]:
    """The four places around the middle of the picture, which lies between points."""
    half = responses.shape[-1] // 2
    return responses[..., half - 1 : half + 1, half - 1 : half + 1]
