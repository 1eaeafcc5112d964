"""Tuning curves of all units of a layer, the trained network's beside its untrained twin's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mi_course.display.figure import Figure, canvas
from mi_course.display.theme import BLUE, GREY
from mi_course.display.words import extremes, number
from mi_course.errors import CourseError
from mi_course.mechanistic.tuning import KINDS, LayerTuning


@dataclass(frozen=True)
class TuningGrid:
    """One small chart a unit.

    trained, untrained: the same layer of both networks. kinds: which stimuli; of these each unit's curve is the one for
    the kind and sign that move it most. units: which units, all of the layer if None.
    title: of which model. beside: what the second tuning is, if it is not the first before training.
    Raises CourseError for two different layers, or units that are not there.
    """

    trained: LayerTuning
    untrained: LayerTuning
    kinds: tuple[str, ...] = KINDS
    units: Sequence[int] | None = None
    title: str = ""
    beside: str = "the same unit before training"

    def __post_init__(self) -> None:
        if self.trained.layer != self.untrained.layer:
            raise CourseError(f"One tuning is of {self.trained.layer}, the other of {self.untrained.layer}.")
        there = len(self.trained.selectivity)
        if not self.shown or not all(0 <= unit < there for unit in self.shown):
            raise CourseError(f"Name some of the units 0 to {there - 1}, not {self.units!r}.")

    @property
    def shown(self) -> list[int]:
        """The units that are drawn."""
        return list(range(len(self.trained.selectivity))) if self.units is None else list(self.units)

    def curve(self, tuning: LayerTuning, unit: int) -> tuple[str, Float[Tensor, " angle"]]:
        """What a unit prefers, in words, and its curve divided by its largest value."""
        kind, sign = tuning.preferred(unit, self.kinds)
        curve = tuning.curves[kind, sign][:, unit]
        most = float(curve.max())
        return f"{kind}{'' if sign > 0 else ' −'}", curve / most if most > 1e-6 else torch.zeros_like(curve)


def plot_tuning(result: TuningGrid, *, caption: str = "") -> Figure:
    """Blue: the trained unit; dashed grey: what it is shown beside. Each scaled to its highest."""
    columns = min(8, len(result.shown))
    rows = -(-len(result.shown) // columns)
    said = []
    with canvas(1.25 * columns + 0.6, 1.25 * rows + 0.6, nrows=rows, ncols=columns, squeeze=False) as (picture, grid):
        for axes in grid.flat[len(result.shown) :]:
            axes.axis("off")
        for axes, unit in zip(grid.flat, result.shown, strict=False):
            kind, curve = result.curve(result.trained, unit)
            _, before = result.curve(result.untrained, unit)
            axes.plot(result.untrained.angles, before, color=GREY, linestyle="--", linewidth=1)
            axes.plot(result.trained.angles, curve, color=BLUE, linewidth=1.5)
            axes.set_ylim(-0.05, 1.1)
            axes.set_xticks([0, 180, 360], ["0", "180", "360"], fontsize=6)
            axes.set_yticks([])
            axes.set_title(f"{unit}: {kind}", fontsize=8, loc="center")
            at = float(result.trained.angles[int(curve.argmax())])
            said.append(f"unit {unit}, {kind}, highest at {at:g}°" if curve.any() else f"unit {unit} silent")
        picture.supxlabel("angle of the stimulus (degrees)", fontsize=9)
        picture.supylabel("response / its largest", fontsize=9)
        text = caption or (
            f"Tuning curves of {result.trained.layer}{', ' + result.title if result.title else ''}. Title: unit and "
            f"the stimulus it answers to most (−: dark and bright exchanged). Blue: trained. Dashed "
            f"grey: {result.beside}. Each curve is divided by its largest response."
        )
        return Figure(picture, caption=text, alt=_alt(result, said))


def _alt(result: TuningGrid, said: list[str]) -> str:
    straight = "arc" not in result.kinds
    ours, theirs = (
        (tuning.selectivity if straight else tuning.direction)[result.shown].numpy()
        for tuning in (result.trained, result.untrained)
    )
    names = [f"unit {unit}" for unit in result.shown]
    return (
        f"{len(names)} small line charts of response by angle from 0 to 345 degrees. {'; '.join(said)}. Selectivity, "
        f"trained: {extremes(ours, names)}. Dashed, {result.beside}: mean {number(float(theirs.mean()))}."
    )
