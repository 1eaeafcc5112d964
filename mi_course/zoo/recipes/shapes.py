"""shapes-cnn: a small convolutional network whose edge and curve units can be looked at one by one.

Olah et al. 2020, "Zoom In", and Cammarata et al. 2020, "Curve Detectors", look at units of InceptionV1. This network is
far smaller and sees drawn shapes only. Trained on the classes alone it grew few such units; asking
for the angle as well, and a penalty on activity (as in Olshausen and Field 1996, "Emergence of simple-cell receptive
field properties by learning a sparse code for natural images"), gave more.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from mi_course.worlds.shapes import CLASSES, SYMMETRY, Shapes, draw_shapes
from mi_course.zoo.fit import Run
from mi_course.zoo.recipes.trained import Trained, learning_rate
from mi_course.zoo.shapes_cnn import ShapesCNN, build_shapes_cnn, strongest


@dataclass(frozen=True)
class Hyperparameters:
    """Everything that settles a training besides the seed.

    angle_weight: of the squared error of the angle, beside the cross-entropy of the class.
    activity1, activity2: of the mean response of a unit of conv1 and of conv2, summed over units.
    activity3: of the mean strongest response of a unit of conv3, summed over units.
    """

    steps: int = 1000
    batch: int = 64
    learning_rate: float = 4e-3
    final_learning_rate: float = 1e-5
    warm_up_steps: int = 50
    weight_decay: float = 0.05
    angle_weight: float = 0.5
    activity1: float = 0.05
    activity2: float = 0.005
    activity3: float = 0.004


@dataclass(frozen=True)
class ShapesRecipe(Trained[ShapesCNN]):
    """How shapes-cnn is made."""

    name: str = "shapes-cnn"
    filters: tuple[int, ...] = (16, 16, 32)
    kernels: tuple[int, ...] = (7, 7, 3)
    hyperparameters: Hyperparameters = Hyperparameters()
    shipped_seeds: tuple[int, ...] = (0, 1, 2)
    checkpoints: tuple[int, ...] = ()
    checkpointed_seeds: tuple[int, ...] = ()

    @property
    def config(self) -> dict[str, Any]:
        """Arguments of ShapesCNN."""
        return {"filters": list(self.filters), "kernels": list(self.kernels)}

    def describe(self) -> dict[str, Any]:
        """The part of the card that does not depend on the seed."""
        from mi_course.zoo.shapes_measures import MEASUREMENT

        hyper = self.hyperparameters
        return {
            "name": self.name,
            "kind": "module",
            "summary": f"Three convolutions that name drawn shapes ({len(CLASSES)} classes) and how they are turned.",
            "config": self.config,
            "recipe": {"module": __name__, "hyperparameters": asdict(hyper)},
            "steps": hyper.steps,
            "data": f"Pictures of mi_course.worlds.shapes, drawn on the fly. {hyper.steps * hyper.batch:,} pictures.",
            "measurement": MEASUREMENT,
        }

    def build(self, seed: int) -> ShapesCNN:
        """The model before its first step: the untrained twin of the trained one."""
        return build_shapes_cnn(**self.config, seed=seed)

    def run(self, model: ShapesCNN, seed: int) -> Run:
        """What a step does, with the optimiser and the data."""
        hyper = self.hyperparameters
        optimiser = torch.optim.AdamW(model.parameters(), lr=hyper.learning_rate, weight_decay=hyper.weight_decay)
        device = next(model.parameters()).device
        # Seeds of the data are kept apart from those of the initial weights.
        generator = torch.Generator().manual_seed(1000 + seed)

        def step(number: int) -> float:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(number, hyper)
            shapes = draw_shapes(hyper.batch, generator=generator)
            responses = model.activations(shapes.images.to(device))
            at_most = strongest(responses["conv3"])
            named = F.cross_entropy(model.read_out(at_most), shapes.label.to(device))
            target, counts = (part.to(device) for part in turned(shapes))
            angle = ((model.turned(at_most) - target).pow(2).sum(dim=1) * counts).mean()
            active = hyper.activity1 * activity(responses["conv1"]) + hyper.activity2 * activity(responses["conv2"])
            active = active + hyper.activity3 * at_most.mean(dim=0).sum()
            optimiser.zero_grad(set_to_none=True)
            (named + hyper.angle_weight * angle + active).backward()
            optimiser.step()
            return named.item()

        return self.run_of(model, seed, optimiser, step, generator)

    def measure(self, model: ShapesCNN, untrained: ShapesCNN) -> dict[str, Any]:
        """Accuracy, and how many units of each layer are tuned to edges, lines and arcs, beside the untrained twin."""
        from mi_course.zoo.shapes_measures import shapes_phenomena

        return shapes_phenomena(model, untrained)

    def measure_checkpoint(self, model: ShapesCNN) -> dict[str, Any]:
        """Nothing: this model is not followed through training."""
        return {}


def turned(shapes: Shapes) -> tuple[Float[Tensor, "batch 2"], Bool[Tensor, " batch"]]:
    """What the network is to say of the angle, and for which pictures there is anything to say.

    Cosine and sine of the angle times the number of turns that look alike, so that pictures that look alike have the
    same answer. Of an edge the direction in which it brightens, so half a turn on where dark and bright are exchanged.
    """
    times = torch.tensor(SYMMETRY)[shapes.label]
    half_turn = math.pi * ((shapes.label == CLASSES.index("edge")) & (shapes.contrast < 0))
    angle = times * (shapes.angle + half_turn)
    return torch.stack([angle.cos(), angle.sin()], dim=1), times > 0


def activity(responses: Float[Tensor, "batch unit y x"]) -> Float[Tensor, ""]:
    """The mean response of each unit, summed over units."""
    return responses.mean(dim=(0, 2, 3)).sum()
