"""Circuits: from unit to unit by weights, and whether another network has the same units.

Olah et al. 2020, "Zoom In: An Introduction to Circuits", look at the weights between units that they understand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.zoo.shapes_cnn import LAYERS, strongest

if TYPE_CHECKING:
    from mi_course.zoo.shapes_cnn import ShapesCNN


@dataclass(frozen=True)
class Connections:
    """What weights say of the units before a unit, and what silencing them does.

    connection: each source's kernel summed over its places.
    at_peak: for each picture what the source brings to the target's input at the place where the target responds most.
    effect: by how much the target's strongest response falls, for each picture, when the source is silenced. Without
        the source the strongest place may be another, so no effect is above what it brought at the peak.
    """

    connection: Float[Tensor, " source"]
    at_peak: Float[Tensor, "batch source"]
    effect: Float[Tensor, "batch source"]


def connections(
    weight: Float[Tensor, "receiver sender ky kx"],
    bias: Float[Tensor, " receiver"],
    before: Float[Tensor, "batch sender y x"],
    target: int,
) -> Connections:
    """Read the weights into a unit, and silence the units before it one at a time.

    weight, bias: of a convolution that keeps the picture's size. before: what comes into it, after ReLU and pooling.
    The target's response is the largest over the picture, after ReLU. Raises CourseError for parts that do not fit.
    """
    if weight.ndim != 4 or before.ndim != 4 or weight.shape[1] != before.shape[1]:
        raise CourseError(
            "weight is (receiver, sender, y, x) and before (picture, sender, y, x), with as many senders."
        )
    if not 0 <= target < len(weight):
        raise CourseError(f"The layer has units 0 to {len(weight) - 1}, and no unit {target!r}.")
    with torch.no_grad():
        parts = F.conv2d(before, weight[target][:, None], padding=weight.shape[-1] // 2, groups=weight.shape[1])
        drive = parts.sum(dim=1, keepdim=True) + bias[target]
        lost = strongest(F.relu(drive)) - strongest(F.relu(drive - parts))
        place = drive.flatten(2).argmax(dim=2, keepdim=True).expand(-1, weight.shape[1], -1)
        brought = parts.flatten(2).gather(2, place)[:, :, 0]
    return Connections(weight[target].sum(dim=(1, 2)).detach(), brought, lost)


def into(model: ShapesCNN, layer: str, target: int, images: Float[Tensor, "batch 1 y x"]) -> Connections:
    """`connections` of a unit of conv2 or conv3 on pictures. Raises CourseError for another layer."""
    if layer not in LAYERS[1:]:
        raise CourseError(f"Units come before those of {' and '.join(LAYERS[1:])}, not before {layer!r}.")
    with torch.no_grad():
        before = F.max_pool2d(model.activations(images)[LAYERS[LAYERS.index(layer) - 1]], 2)
    part = getattr(model, layer)
    return connections(part.weight.detach(), part.bias.detach(), before, target)


def logit_without(
    model: ShapesCNN, units: list[int], images: Float[Tensor, "batch 1 y x"]
) -> Float[Tensor, "batch class"]:
    """Class logits when some units of conv3 are silenced, set to zero everywhere.

    The read-out takes each unit's largest response, so silencing a unit takes away that response times its weight.
    """
    with torch.no_grad():
        kept = strongest(model.activations(images)["conv3"])
        kept[:, units] = 0
        return model.read_out(kept)


@dataclass(frozen=True)
class Match:
    """How the units of one network are matched in another.

    similarity: for each unit of the first the highest correlation with a unit of the second, over pictures.
    partner: which unit that is. Units that respond to no picture have none and are left out of `units`.
    """

    units: Int[Tensor, " unit"]
    similarity: Float[Tensor, " unit"]
    partner: Int[Tensor, " unit"]


def match_units(first: Float[Tensor, "batch unit"], second: Float[Tensor, "batch other"]) -> Match:
    """For each unit of one network the unit of another whose responses to the same pictures go along with its own best.

    After Li et al. 2016, "Convergent Learning: Do different neural networks learn the same representations?", who match
    units by correlation. The best of many is high by chance: compare with networks that learned nothing, and with the
    same responses to pictures in another order. Raises CourseError for another number of pictures.
    """
    if first.ndim != 2 or second.ndim != 2 or len(first) != len(second):
        raise CourseError("Both take responses (picture, unit) to the same pictures in the same order.")
    ours = (first.double().std(dim=0) > 1e-6).nonzero().flatten()
    theirs = (second.double().std(dim=0) > 1e-6).nonzero().flatten()
    if not len(ours) or not len(theirs):
        raise CourseError("No unit of one of the networks answers to some pictures more than to others.")

    def scores(responses: Tensor) -> Tensor:
        responses = responses.double()
        return F.normalize(responses - responses.mean(dim=0), dim=0)

    correlation = scores(first[:, ours]).T @ scores(second[:, theirs])
    best = correlation.max(dim=1)
    return Match(ours, best.values.float(), theirs[best.indices])


def within_classes(responses: Float[Tensor, "batch unit"], label: Int[Tensor, " batch"]) -> Float[Tensor, "batch unit"]:
    """Responses less their mean over pictures of the same class: what is left besides telling the classes apart."""
    left = responses.clone()
    for one in label.unique():
        left[label == one] -= responses[label == one].mean(dim=0)
    return left
