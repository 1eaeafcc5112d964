"""Pictures made for a unit, beside the pictures of the data that move it most.

Erhan et al. 2009, "Visualizing Higher-Layer Features of a Deep Network", optimised inputs for units; Olah et al. 2017,
"Feature Visualization", collect what keeps such pictures from exploiting details, among it moving them at random at
every step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.worlds.shapes import SIZE
from mi_course.zoo.shapes_cnn import LAYERS, strongest

if TYPE_CHECKING:
    from mi_course.zoo.shapes_cnn import ShapesCNN

Layer = Callable[[Float[Tensor, "batch 1 y x"]], Float[Tensor, "batch unit row column"]]


def optimise_picture(
    layer: Layer,
    unit: int,
    picture: Float[Tensor, "y x"],
    shifts: Sequence[tuple[int, int]],
    step_size: float,
    limit: float = 1.0,
) -> Float[Tensor, "y x"]:
    """Change a picture step by step so that a unit in the middle of its map responds more.

    layer: the input to the layer's ReLU, since where a unit is silent its response has no slope.
    shifts: for each step how far the picture is rolled (down, right) before the gradient is taken; the step itself is
        made on the picture where it was. step_size: the length of a step. limit: points stay within ± this.

    Raises CourseError for a unit that the layer does not have, or a step that is not above zero.
    """
    if not step_size > 0:
        raise CourseError(f"step_size is the length of a step, above zero, not {step_size!r}.")
    now = picture.detach().clone()
    with torch.no_grad():
        units = layer(now[None, None]).shape[1]
    if not 0 <= unit < units:
        raise CourseError(f"The layer has units 0 to {units - 1}, and no unit {unit!r}.")
    for down, right in shifts:
        now.requires_grad_(True)
        drive = layer(now.roll((down, right), dims=(0, 1))[None, None])[0, unit]
        (slope,) = torch.autograd.grad(drive[drive.shape[0] // 2, drive.shape[1] // 2], now)
        with torch.no_grad():
            now = (now + step_size * slope / slope.norm().clamp(min=1e-8)).clamp(-limit, limit)
    return now.detach()


def visualise(
    model: ShapesCNN, layer: str, unit: int, *, steps: int = 100, step_size: float = 0.5, jitter: int = 1, seed: int = 0
) -> Float[Tensor, "y x"]:
    """A picture made for a unit of shapes-cnn, from faint noise, moved at random by up to `jitter` points a step.

    seed settles noise and moves; another seed gives another picture. Raises CourseError for an unknown layer or unit.
    """
    _known(layer)
    generator = torch.Generator().manual_seed(seed)
    start = 0.1 * torch.randn(SIZE, SIZE, generator=generator)
    shifts = torch.randint(-jitter, jitter + 1, (steps, 2), generator=generator).tolist()
    return optimise_picture(lambda pictures: model.before_relu(pictures)[layer], unit, start, shifts, step_size)


@dataclass(frozen=True)
class TopExamples:
    """The pictures of a sample that move a unit most.

    index: which pictures, the strongest first. response: the unit's largest response over each.
    all_responses: the same for every picture of the sample.
    """

    index: Int[Tensor, " k"]
    response: Float[Tensor, " k"]
    all_responses: Float[Tensor, " batch"]


def top_examples(
    model: ShapesCNN, layer: str, unit: int, images: Float[Tensor, "batch 1 y x"], k: int = 6
) -> TopExamples:
    """Which of some pictures move a unit most. Raises CourseError for an unknown layer or more than there are."""
    _known(layer)
    if not 1 <= k <= len(images):
        raise CourseError(f"k is from 1 to the number of pictures, {len(images)}, not {k!r}.")
    with torch.no_grad():
        response = strongest(model.activations(images)[layer])[:, unit]
    best = response.topk(k)
    return TopExamples(best.indices, best.values, response)


def field(model: ShapesCNN, layer: str) -> int:
    """The width of a unit's receptive field, in points: what it can see of the picture.

    A kernel of width k adds k − 1 steps of the layer's own spacing, pooling one; the spacing doubles at each pooling.
    """
    _known(layer)
    width, spacing = 1, 1
    for name in LAYERS:
        width += (getattr(model, name).kernel_size[0] - 1) * spacing
        if name == layer:
            break
        width += spacing
        spacing *= 2
    return width


def crop(
    model: ShapesCNN, layer: str, unit: int, image: Float[Tensor, "1 y x"]
) -> tuple[Float[Tensor, "side side"], tuple[int, int]]:
    """What a unit sees where it responds most, the rest cut away, and that place (row, column) on its own map.

    Beyond the border of the picture stand zeros.
    """
    with torch.no_grad():
        responses = model.activations(image[None])[layer][0, unit]
    row, column = divmod(int(responses.argmax()), responses.shape[1])
    spacing, side = SIZE // responses.shape[0], field(model, layer)
    top, left = (int(place * spacing + (spacing - 1) / 2 - (side - 1) / 2) for place in (row, column))
    padded = F.pad(image[0], (side, side, side, side))
    return padded[top + side : top + 2 * side, left + side : left + 2 * side], (row, column)


def _known(layer: str) -> None:
    if layer not in LAYERS:
        raise CourseError(f"shapes-cnn has the layers {', '.join(LAYERS)}, not {layer!r}.")
