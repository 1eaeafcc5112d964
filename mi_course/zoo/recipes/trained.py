"""What recipes have in common: how a run is begun, and the schedule of the learning rate."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, Protocol

import torch

from mi_course.zoo.fit import DEFAULTS, Model, Options, Run, fit, on_device


class Schedule(Protocol):
    """The numbers that settle a learning rate from step to step."""

    @property
    def steps(self) -> int:
        """How many there are."""

    @property
    def warm_up_steps(self) -> int:
        """Over how many of them the rate rises."""

    @property
    def learning_rate(self) -> float:
        """The full rate."""

    @property
    def final_learning_rate(self) -> float:
        """The rate after the last step."""


class Trained(ABC, Generic[Model]):
    """A recipe that trains one model by one run. Subclasses are frozen dataclasses with these fields."""

    name: str
    hyperparameters: Any
    checkpoints: tuple[int, ...]

    @abstractmethod
    def build(self, seed: int) -> Model:
        """The model before its first step: the untrained twin of the trained one."""

    @abstractmethod
    def run(self, model: Model, seed: int) -> Run:
        """What a step of training does to the model."""

    def train(self, seed: int, options: Options = DEFAULTS) -> Model:
        """Train on one thread, reproducible to the bit on one machine; how long it takes is on the card."""
        model = on_device(self.build(seed), options.device)
        fit(self.run(model, seed), options)
        return model

    def run_of(
        self,
        model: Model,
        seed: int,
        optimiser: torch.optim.Optimizer,
        step: Callable[[int], float],
        generator: torch.Generator | None = None,
    ) -> Run:
        """A run of this recipe. Only a state of the same recipe, hyperparameters and seed can be gone on from."""
        return Run(
            label=f"{self.name} seed {seed}",
            identity=repr((self, seed)),
            model=model,
            optimiser=optimiser,
            step=step,
            steps=self.hyperparameters.steps,
            checkpoints=self.checkpoints,
            generator=generator,
        )


def learning_rate(step: int, schedule: Schedule) -> float:
    """Linear warm-up, then a cosine from the full to the final rate."""
    warm_up = min(1.0, (step + 1) / schedule.warm_up_steps)
    cosine = 0.5 * (1 + math.cos(math.pi * step / schedule.steps))
    return warm_up * (schedule.final_learning_rate + cosine * (schedule.learning_rate - schedule.final_learning_rate))
