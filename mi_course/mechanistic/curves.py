"""A curve detector written by hand, and the tuning of filters that are written rather than trained.

Olah et al. 2020, "Zoom In", count among their arguments for curve detectors that the weights of one can be set by hand
so that it answers much as the trained ones do; Cammarata et al. 2021, "Curve Circuits", write such a network from
scratch. What stands here is less: one linear filter and a ReLU, no layers before it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.mechanistic.tuning import KINDS, LayerTuning
from mi_course.worlds.shapes import SIZE, stimuli
from mi_course.zoo import shapes_measures as measures

HALF_ARC = 0.3
"""An arc keeps the part of its circle whose distance from the centre along the normal is above this share of the
radius, as the arcs of `mi_course.worlds.shapes` do."""


def curve_detector(angle: float, radius: float, size: int) -> Float[Tensor, "size size"]:
    """A filter for bright arcs, written down by formula: a bright ridge along the arc, a darker strip on both sides.

    angle: of the arc's normal where it passes through the middle of the filter, in degrees from the x axis (to the
        right) towards positive y (downwards). The arc bulges towards it. radius: of the arc, in points.
    size: width and height of the filter, even, so that its middle lies between points, as that of the pictures does.

    Across the ridge its profile is a difference of two Gaussians, of standard deviations 1 and 2 points. The mean over
    the filter is zero. Used by correlation: the sum of filter times picture.
    Raises CourseError for a size that is odd or above that of the pictures, or a radius that is not above 0.
    """
    _size(size)
    if not radius > 0:
        raise CourseError(f"The radius is a number of points above 0, not {radius!r}.")
    normal = math.radians(angle)
    place = torch.arange(size) - (size - 1) / 2
    x, y = place[None, :], place[:, None]
    along = radius + x * math.cos(normal) + y * math.sin(normal)  # from the circle's centre, towards the bulge
    across = y * math.cos(normal) - x * math.sin(normal)
    distance = torch.hypot(along, across) - radius
    ridge = torch.exp(-(distance**2) / 2) - torch.exp(-(distance**2) / 8) / 2
    arc = torch.where(along > HALF_ARC * radius, ridge, 0.0)
    return arc - arc.mean()


def filter_tuning(
    filters: Float[Tensor, "unit size size"], layer: str, *, bias: Float[Tensor, " unit"] | None = None
) -> LayerTuning:
    """How filters are tuned that are laid on the middle of a picture and followed by ReLU.

    filters: of even size. layer: a name for them, that of the layer they are to be shown beside.
    bias: added before ReLU, zero for all if None; one below zero is a threshold.
    The stimuli are those of `network_tuning`: edges, lines and arcs of both signs at 24 angles, the largest response
    over seven shifts, above that to an empty picture. Raises CourseError for filters or biases of another shape, and
    where a filter answers to nothing at all.
    """
    if filters.ndim != 3 or filters.shape[1] != filters.shape[2]:
        raise CourseError(f"filter_tuning needs filters of shape (unit, size, size), not {tuple(filters.shape)}.")
    _size(filters.shape[-1])
    bias = torch.zeros(len(filters)) if bias is None else bias
    if bias.shape != (len(filters),):
        raise CourseError(f"There are {len(filters)} filters; give as many biases, not shape {tuple(bias.shape)}.")
    near = slice(SIZE // 2 - filters.shape[-1] // 2, SIZE // 2 + filters.shape[-1] // 2)
    angles = torch.arange(measures.MEASUREMENT["angles"]) * (360 / measures.MEASUREMENT["angles"])
    curves = {}
    for kind in KINDS:
        shown = torch.stack(
            [
                stimuli(kind, torch.deg2rad(angles), radius=measures.MEASUREMENT["radius"], shift=shift)
                for shift in measures.MEASUREMENT["shifts"]
            ]
        )[:, :, 0, near, near]
        drive = torch.einsum("sayx,uyx->sau", shown, filters)
        for sign in (1.0, -1.0):
            above = F.relu(sign * drive + bias) - F.relu(bias)
            curves[kind, sign] = above.clamp(min=0).amax(dim=0)
    if not (torch.stack(list(curves.values())).amax(dim=(0, 1)) > 0).all():
        raise CourseError("One of the filters answers to no stimulus at all; leave it out.")
    numbers = measures.summary(curves)
    return LayerTuning(
        layer=layer,
        angles=angles,
        curves=curves,
        **numbers,
        oriented=measures.oriented_units(numbers),
        curved=measures.curve_units(numbers),
    )


def _size(size: int) -> None:
    if isinstance(size, bool) or not isinstance(size, int) or size % 2 or not 2 <= size <= SIZE:
        raise CourseError(f"The size is an even whole number from 2 to {SIZE}, not {size!r}.")
