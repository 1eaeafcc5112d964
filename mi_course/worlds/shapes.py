"""Shapes: pictures of 32 × 32 points, drawn by formula, in eight classes, with every choice of the drawing as a label.

Edges, lines and arcs are among the classes, so that a small network has reason to grow the detectors that Cammarata et
al. (2020, "Curve Detectors") and Olah et al. (2020, "Zoom In") found in a large one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError, did_you_mean

CLASSES = ("edge", "line", "arc", "circle", "square", "triangle", "disc", "filled square")
SIZE = 32
NOISE = 0.15
BACKGROUND = 0.3
"""Taken from every picture before its sign and contrast, so that its mean is not far from 0."""
SYMMETRY = (1, 2, 1, 0, 4, 3, 0, 4)
"""How many turns of a class look alike, by class: a line after half a turn, so 2; 0 where every turn does."""

_SHARPNESS = 3.0


@dataclass(frozen=True, eq=False)
class Shapes:
    """Pictures with how each was drawn.

    images: one channel, rows from top to bottom; about 0 in the mean, with noise.
    label: the class, an index into CLASSES.
    angle: direction in radians from 0 to 2π, counted from the x axis towards positive y, which is downwards. Of an edge
        the direction in which it brightens, of a line and an arc that of the normal, of polygons that of a side's
        normal.
    centre: x and y of the centre, from the middle of the picture.
    radius: of arc, circle and disc; half a side is 0.85 of it in squares, and a triangle's sides lie 0.6 of it away.
    width: half the thickness of a line that is drawn.
    contrast: what the picture was multiplied with; negative where dark and bright are exchanged.
    """

    images: Float[Tensor, "batch 1 y x"]
    label: Int[Tensor, " batch"]
    angle: Float[Tensor, " batch"]
    centre: Float[Tensor, "batch 2"]
    radius: Float[Tensor, " batch"]
    width: Float[Tensor, " batch"]
    contrast: Float[Tensor, " batch"]


def draw_shapes(
    batch: int,
    *,
    seed: int | None = None,
    generator: torch.Generator | None = None,
    kind: str | None = None,
    noise: float = NOISE,
) -> Shapes:
    """Draw random pictures.

    kind: one of CLASSES, for all pictures; a random one for each when none is given.
    noise: standard deviation of the noise on each point.
    seed, generator: settle the draw; give one of them, or neither for seed 0. A generator moves on.
    Raises CourseError for an unknown class and for numbers out of range.
    """
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        raise CourseError(f"draw_shapes needs batch to be a whole number of at least 1, not {batch!r}.")
    if kind is not None and kind not in CLASSES:
        raise CourseError(f"There is no shape {kind!r}.{did_you_mean(kind, CLASSES)} There are {', '.join(CLASSES)}.")
    if not noise >= 0:
        raise CourseError(f"draw_shapes needs noise to be at least 0, not {noise!r}.")
    if seed is not None and generator is not None:
        raise CourseError("draw_shapes takes a seed or a generator, not both; leave one out.")
    if generator is None:
        generator = torch.Generator().manual_seed(0 if seed is None else seed)

    def uniform(low: float, high: float) -> Float[Tensor, " batch"]:
        return low + (high - low) * torch.rand(batch, generator=generator)

    label = torch.randint(0, len(CLASSES), (batch,), generator=generator)
    if kind is not None:
        label = torch.full((batch,), CLASSES.index(kind))
    angle, centre = uniform(0, 2 * math.pi), torch.stack([uniform(-6, 6), uniform(-6, 6)], dim=1)
    radius, width = uniform(5, 9), uniform(0.7, 1.2)
    contrast = torch.where(torch.rand(batch, generator=generator) < 0.5, 1.0, -1.0) * uniform(0.5, 1.0)
    clean = render(label, angle, centre, radius, width)
    spoiled = noise * torch.randn(batch, SIZE, SIZE, generator=generator)
    images = (clean - BACKGROUND) * contrast[:, None, None] + spoiled
    return Shapes(images[:, None], label, angle, centre, radius, width, contrast)


def render(
    label: Int[Tensor, " batch"],
    angle: Float[Tensor, " batch"],
    centre: Float[Tensor, "batch 2"],
    radius: Float[Tensor, " batch"],
    width: Float[Tensor, " batch"],
) -> Float[Tensor, "batch y x"]:
    """The pictures before sign, contrast and noise: from 0, background, to 1, ink."""
    place = torch.arange(SIZE) - (SIZE - 1) / 2
    angle, radius, width = (value[:, None, None] for value in (angle, radius, width))
    x = place[None, None, :] - centre[:, 0, None, None]
    y = place[None, :, None] - centre[:, 1, None, None]
    along = x * angle.cos() + y * angle.sin()
    from_centre = (x**2 + y**2).sqrt()

    def ink(distance: Float[Tensor, "batch y x"]) -> Float[Tensor, "batch y x"]:
        return torch.sigmoid((width - distance.abs()) * _SHARPNESS)

    def inside(distance: Float[Tensor, "batch y x"]) -> Float[Tensor, "batch y x"]:
        return torch.sigmoid(-distance * _SHARPNESS)

    def polygon(sides: int, reach: Float[Tensor, "batch 1 1"]) -> Float[Tensor, "batch y x"]:
        """How far outside the polygon a point lies, by its farthest side; negative within."""
        turns = [angle + 2 * math.pi * side / sides for side in range(sides)]
        return torch.stack([x * turn.cos() + y * turn.sin() for turn in turns]).amax(dim=0) - reach

    drawn = torch.stack(
        [
            inside(-along),
            ink(along),
            ink(from_centre - radius) * inside(0.3 * radius - along),
            ink(from_centre - radius),
            ink(polygon(4, 0.85 * radius)),
            ink(polygon(3, 0.6 * radius)),
            inside(from_centre - radius),
            inside(polygon(4, 0.85 * radius)),
        ]
    )
    return drawn[label, torch.arange(len(label))]


def stimuli(
    kind: str, angles: Float[Tensor, " angle"], *, radius: float = 6.0, width: float = 1.0, shift: float = 0.0
) -> Float[Tensor, "angle 1 y x"]:
    """Edges, lines or arcs through the middle of the picture, one for each angle, without noise: what a tuning curve
    needs.

    kind: "edge", "line" or "arc". An arc of this radius passes through the middle, its normal there at the angle.
    shift: how far the stimulus is moved along its angle, in points.
    Raises CourseError for another kind.
    """
    if kind not in CLASSES[:3]:
        raise CourseError(f"stimuli draws {', '.join(CLASSES[:3])}, not {kind!r}.{did_you_mean(kind, CLASSES[:3])}")
    n = len(angles)
    along = shift - radius if kind == "arc" else shift
    centre = along * torch.stack([angles.cos(), angles.sin()], dim=1)
    label = torch.full((n,), CLASSES.index(kind))
    pictures = render(label, angles, centre, torch.full((n,), radius), torch.full((n,), width))
    return (pictures - BACKGROUND)[:, None]


def drawn_as(shapes: Shapes, kind: str) -> Float[Tensor, "batch y x"]:
    """The clean picture of another class from the same choices: the corrupted twin of each picture.

    Same place, size, angle, contrast; only the class differs.
    """
    if kind not in CLASSES:
        raise CourseError(f"There is no shape {kind!r}.{did_you_mean(kind, CLASSES)} There are {', '.join(CLASSES)}.")
    label = torch.full_like(shapes.label, CLASSES.index(kind))
    clean = render(label, shapes.angle, shapes.centre, shapes.radius, shapes.width)
    return (clean - BACKGROUND) * shapes.contrast[:, None, None]
