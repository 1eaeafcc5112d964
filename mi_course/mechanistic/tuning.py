"""Tuning curves: what a unit answers to edges, lines and arcs at every angle.

The method is as old as Hubel and Wiesel 1959, "Receptive fields of single neurones in the cat's striate cortex": show a
bar at many angles and write down how strongly the cell answers. Cammarata et al. 2020, "Curve Detectors", did so for
units of a network of their own time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.zoo import shapes_measures as measures
from mi_course.zoo.shapes_cnn import LAYERS

if TYPE_CHECKING:
    from mi_course.zoo.shapes_cnn import ShapesCNN

KINDS = ("edge", "line", "arc")


@dataclass(frozen=True)
class LayerTuning:
    """How the units of one layer are tuned.

    layer: its name. angles: in degrees, evenly around the full circle.
    curves: responses above that to an empty picture, by (kind, sign): each (angle, unit). sign -1 exchanges dark and
        bright.
    straight, arc: each unit's largest response to any edge or line, and to any arc.
    selectivity: of its curve for the kind of edge or line that moves it most, from 0 to 1.
    direction: that of its curve for arcs, with period 360°.
    oriented, curved: the units that count as edge or line units, and as curve units.
    """

    layer: str
    angles: Float[Tensor, " angle"]
    curves: dict[tuple[str, float], Float[Tensor, "angle unit"]]
    straight: Float[Tensor, " unit"]
    arc: Float[Tensor, " unit"]
    selectivity: Float[Tensor, " unit"]
    direction: Float[Tensor, " unit"]
    oriented: list[int]
    curved: list[int]

    def preferred(self, unit: int, kinds: tuple[str, ...] = KINDS) -> tuple[str, float]:
        """The kind of stimulus and the sign that move a unit most."""
        found = [key for key in self.curves if key[0] in kinds]
        if not found:
            raise CourseError(f"Name some of {', '.join(KINDS)} as kinds.")
        return max(found, key=lambda key: float(self.curves[key][:, unit].max()))


def network_tuning(model: ShapesCNN) -> dict[str, LayerTuning]:
    """By layer, how its units are tuned: edges, lines and arcs of both signs at 24 angles and seven shifts are shown.

    What counts as an edge, line or curve unit is the card's: `mi_course.zoo.shapes_measures`. Correlational: nothing is
    changed in the network.
    """
    shown = {(kind, sign): measures.responses(model, kind, sign=sign) for kind in KINDS for sign in (1.0, -1.0)}
    found = {}
    for layer in LAYERS:
        curves = {key: responses[layer] for key, responses in shown.items()}
        numbers = measures.summary(curves)
        found[layer] = LayerTuning(
            layer=layer,
            angles=torch.arange(measures.MEASUREMENT["angles"]) * (360 / measures.MEASUREMENT["angles"]),
            curves=curves,
            **numbers,
            oriented=measures.oriented_units(numbers),
            curved=measures.curve_units(numbers),
        )
    return found


def preferred_angle(curve: Float[Tensor, " angle"], period: int) -> tuple[float, float]:
    """The angle a tuning curve points to, in degrees from 0 to the period, and how far it keeps to it, from 0 to 1.

    curve: responses of at least 0, sampled evenly around the full circle. period: 360 for directions (edges, arcs), 180
    for orientations (lines, which look alike after half a turn).

    The direction and length of the mean vector over the mean response (Batschelet 1981, "Circular Statistics in
    Biology"). Angles of period 180 are doubled first and halved after. Raises CourseError for another period, a curve
    with negative or no responses.
    """
    if period not in (180, 360):
        raise CourseError(f"The period is 360 (a direction) or 180 (an orientation), not {period!r}.")
    if curve.ndim != 1 or (curve < 0).any() or not curve.sum() > 0:
        raise CourseError("A tuning curve is one response of at least 0 for each angle, not all of them 0.")
    turns = 360 // period
    angle = torch.arange(len(curve)) * (2 * math.pi * turns / len(curve))
    vector = torch.polar(curve.double(), angle.double()).sum()
    return math.degrees(float(vector.angle())) / turns % period, float(vector.abs() / curve.double().sum())
