"""shapes-cnn: three convolutions that name a shape and say how it is turned, in plain torch.

Small enough that every unit can be looked at. Between the layers stand only ReLU and max-pooling, and before the
read-out the largest response of each unit over the picture, so that a unit's effect on a class is its largest response
times one weight.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from mi_course.worlds.shapes import CLASSES

LAYERS = ("conv1", "conv2", "conv3")


class ShapesCNN(nn.Module):
    """Pictures in, one logit for each class of `mi_course.worlds.shapes.CLASSES` out.

    filters: units (channels) of the three layers. kernels: the odd widths of their kernels.

    conv1, conv2, conv3: the convolutions.
    read_out: from the largest response of each unit of conv3 to the class logits.
    turned: from the same to two numbers, cosine and sine of the angle times the class's symmetry, which training asks
        for beside the class (`mi_course.worlds.shapes.SYMMETRY`).
    """

    def __init__(self, filters: Sequence[int], kernels: Sequence[int]) -> None:
        super().__init__()
        (one, two, three), (first, second, third) = filters, kernels
        self.conv1 = nn.Conv2d(1, one, first, padding=first // 2)
        self.conv2 = nn.Conv2d(one, two, second, padding=second // 2)
        self.conv3 = nn.Conv2d(two, three, third, padding=third // 2)
        self.read_out = nn.Linear(three, len(CLASSES))
        self.turned = nn.Linear(three, 2)

    def before_relu(self, images: Float[Tensor, "batch 1 y x"]) -> dict[str, Float[Tensor, "batch unit y x"]]:
        """Each layer's input to its ReLU, by the layer's name. Each layer is half as wide as the one before."""
        kept = {"conv1": self.conv1(images)}
        kept["conv2"] = self.conv2(F.max_pool2d(F.relu(kept["conv1"]), 2))
        kept["conv3"] = self.conv3(F.max_pool2d(F.relu(kept["conv2"]), 2))
        return kept

    def activations(self, images: Float[Tensor, "batch 1 y x"]) -> dict[str, Float[Tensor, "batch unit y x"]]:
        """Each layer's responses, after ReLU, by the layer's name."""
        return {layer: F.relu(drive) for layer, drive in self.before_relu(images).items()}

    def forward(self, images: Float[Tensor, "batch 1 y x"]) -> Float[Tensor, "batch class"]:
        """Class logits."""
        return self.read_out(strongest(self.activations(images)["conv3"]))

    def direction(self, images: Float[Tensor, "batch 1 y x"]) -> Float[Tensor, "batch 2"]:
        """What the network says of the angle: about cosine and sine of the angle times the class's symmetry."""
        return self.turned(strongest(self.activations(images)["conv3"]))


def strongest(responses: Float[Tensor, "batch unit y x"]) -> Float[Tensor, "batch unit"]:
    """Each unit's largest response over the picture."""
    return responses.amax(dim=(-2, -1))


def build_shapes_cnn(filters: Sequence[int], kernels: Sequence[int], *, seed: int) -> ShapesCNN:
    """A freshly initialised network in eval mode; the caller's random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ShapesCNN(filters, kernels).eval()
