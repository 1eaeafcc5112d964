"""Tuning curves of edge and curve units."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.worlds.shapes import SIZE, stimuli

QUESTIONS: list[Question] = [
    Question(
        name="oriented_units",
        text="Of the 16 units of the first layer of shapes-cnn, how many answer to few angles of edges or lines "
        "(selectivity above 0.5)?",
        low=0,
        high=16,
    ),
    Question(
        name="oriented_untrained",
        text="And of the 16 of its untrained twin, whose filters are random numbers?",
        low=0,
        high=16,
    ),
]

MIDDLE = SIZE // 2


# --- orientation_tuning -----------------------------------------------------------------------------------------------


def _reference_tuning(filters: Tensor, bias: Tensor, angles: Tensor, kind: str, shifts: list[float]) -> Tensor:
    strongest = None
    for shift in shifts:
        pictures = stimuli(kind, angles * math.pi / 180, shift=shift)
        drive = F.conv2d(pictures, filters[:, None], bias, padding=filters.shape[-1] // 2)
        response = F.relu(drive)[:, :, MIDDLE, MIDDLE]
        strongest = response if strongest is None else torch.maximum(strongest, response)
    return strongest - F.relu(bias)


def _tuning_by_loops(filters: Any, bias: Any, angles: Any, kind: str, shifts: list[float]) -> list[list[float]]:
    """Point by point, in plain Python: the sum of filter times picture, number by number."""
    half = filters.shape[-1] // 2
    curves = []
    for angle in angles.tolist():
        patches = []
        for shift in shifts:
            picture = stimuli(kind, torch.tensor([math.radians(angle)]), shift=shift)[0, 0].double().numpy()
            patches.append(picture[MIDDLE - half : MIDDLE + half + 1, MIDDLE - half : MIDDLE + half + 1])
        row = []
        for kernel, offset in zip(filters.double().numpy(), bias.tolist(), strict=True):
            answers = [max(0.0, float((kernel * patch).sum()) + offset) for patch in patches]
            row.append(max(answers) - max(0.0, offset))
        curves.append(row)
    return curves


def _tuning_all_at_once(filters: Tensor, bias: Tensor, angles: Tensor, kind: str, shifts: list[float]) -> Tensor:
    half = filters.shape[-1] // 2
    shown = torch.stack([stimuli(kind, torch.deg2rad(angles), shift=shift)[:, 0] for shift in shifts])
    near = slice(MIDDLE - half, MIDDLE + half + 1)
    drive = torch.einsum("uyx,sayx->sau", filters, shown[:, :, near, near]) + bias
    return drive.clamp(min=0).amax(dim=0) - bias.clamp(min=0)


def _tuning_by_pictures(filters: Tensor, bias: Tensor, angles: Tensor, kind: str, shifts: list[float]) -> Any:
    """With an empty picture shown beside the others, and numpy for what follows."""
    layer = torch.nn.Conv2d(1, len(filters), filters.shape[-1])
    rows = []
    with torch.no_grad():
        layer.weight.copy_(filters[:, None])
        layer.bias.copy_(bias)
        at = MIDDLE - filters.shape[-1] // 2
        empty = layer(torch.zeros(1, 1, SIZE, SIZE)).relu()[0, :, at, at].numpy()
        for angle in angles:
            radians = torch.full((1,), math.radians(float(angle)))
            seen = torch.cat([stimuli(kind, radians, shift=shift) for shift in shifts])
            rows.append(layer(seen).relu()[:, :, at, at].numpy().max(axis=0) - empty)
    return np.array(rows)


@lru_cache(maxsize=512)
def _drawn(kind: str, radians: tuple[float, ...], shift: float) -> Tensor:
    """The wrong answers all look at the same pictures, and drawing takes most of their time."""
    return stimuli(kind, torch.tensor(radians), shift=shift)


def _tuning_variant(
    *,
    unit: str = "degrees",
    over_shifts: str = "largest",
    empty: str = "subtracted",
    relu: bool = True,
    place: str = "middle",
    kernel: str = "as it is",
    only_half: bool = False,
    transposed: bool = False,
    scaled: bool = False,
    other_kind: bool = False,
    biased: bool = True,
    clipped: bool = False,
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def answer(filters: Tensor, bias: Tensor, angles: Tensor, kind: str, shifts: list[float]) -> Tensor:
        if only_half:
            angles = angles % 180
        turned = {"degrees": angles * math.pi / 180, "radians": angles, "twice": angles * math.pi / 90}[unit]
        if kernel == "flipped":
            filters = filters.flip(-1, -2)
        if kernel == "transposed":
            filters = filters.transpose(-1, -2)
        if other_kind:
            kind = "line" if kind == "edge" else "edge"
        used = {"only zero": [0.0], "first": shifts[:1]}.get(over_shifts, shifts)
        drives = []
        for shift in used:
            pictures = _drawn(kind, tuple(turned.tolist()), shift)
            used_bias = bias if biased else None
            drive = F.conv2d(pictures, filters[:, None], used_bias, padding=filters.shape[-1] // 2)
            near = drive[:, :, MIDDLE, MIDDLE]
            if place == "anywhere":
                near = drive.amax(dim=(2, 3))
            if place == "mean":
                near = F.relu(drive).mean(dim=(2, 3)) if relu else drive.mean(dim=(2, 3))
            if place == "one before":
                near = drive[:, :, MIDDLE - 1, MIDDLE - 1]
            drives.append(near)
        drive = torch.stack(drives)
        squeeze = F.relu if relu else lambda x: x
        if over_shifts == "mean":
            response = squeeze(drive).mean(dim=0)
        elif over_shifts == "mean before ReLU":
            response = squeeze(drive.mean(dim=0))
        elif over_shifts == "sum":
            response = squeeze(drive).sum(dim=0)
        else:
            response = squeeze(drive).amax(dim=0)
        if empty == "subtracted":
            response = response - squeeze(bias)
        if empty == "bias":
            response = response - bias
        if empty == "mean":
            response = response - response.mean(dim=0)
        if empty == "smallest":
            response = response - response.amin(dim=0)
        if clipped:
            response = response.clamp(min=0)
        if scaled:
            response = response / response.amax(dim=0).clamp(min=1e-9)
        return response.T if transposed else response

    return answer


def _gabor(width: int, angle: float, phase: float, frequency: float, sd: float) -> Tensor:
    """A filter whose preferred angle is known: a wave across `angle` (radians) under a Gaussian."""
    place = torch.arange(width) - (width - 1) / 2
    across = place[None, :] * math.cos(angle) + place[:, None] * math.sin(angle)
    away = place[None, :] ** 2 + place[:, None] ** 2
    return torch.exp(-away / (2 * sd**2)) * torch.sin(2 * math.pi * frequency * across + phase)


def _cases_tuning(draw: Draw) -> list[Case]:
    def planted(units: int, width: int) -> Tensor:
        return torch.stack(
            [
                _gabor(
                    width,
                    math.radians(draw.integer(0, 359)),
                    draw.choice([0.0, 0.8, math.pi / 2]),
                    draw.choice([0.1, 0.13, 0.16]),
                    width / 3.5,
                )
                for _ in range(units)
            ]
        )

    around = torch.arange(0, 360, 45, dtype=torch.float32) + draw.integer(1, 20)
    some = torch.tensor(sorted(draw.sample(range(0, 360), 5)), dtype=torch.float32)
    mixed = torch.tensor([0.7, -0.8, 0.05, -0.2])
    return [
        Case(
            "four planted edge filters, some with a bias above zero",
            (planted(4, 7), mixed, around, "edge", [-2.0, 0.0, 1.0]),
            axes=("angle", "unit"),
        ),
        Case(
            "the same kind of filters, lines",
            (planted(4, 7), mixed.flip(0), around, "line", [-1.5, 0.5, 2.5]),
            axes=("angle", "unit"),
        ),
        Case(
            "random filters of width 5, five angles",
            (draw.normal("3 5 5", mean=0.1, sd=0.3), draw.normal("3", sd=0.4), some, "edge", [1.0, -1.0]),
            axes=("angle", "unit"),
        ),
        Case(
            "one unit, one angle, one shift",
            (planted(1, 9), torch.tensor([0.3]), torch.tensor([200.0]), "arc", [0.0]),
            axes=("angle", "unit"),
        ),
        # A bright line under weights below zero takes away from what the unit answers to nothing at all.
        Case(
            "units that every line pushes below their response to an empty picture",
            (-0.05 - 0.1 * draw.normal("2 5 5").abs(), torch.tensor([1.5, 0.4]), some, "line", [0.0, 0.5]),
            axes=("angle", "unit"),
        ),
    ]


orientation_tuning = Exercise(
    name="orientation_tuning",
    chapter="mechanistic",
    section="0.10",
    title="A unit's tuning curve",
    core=True,
    difficulty=3,
    minutes=20,
    points=4,
    hints=(
        "One step at a time, for one shift: draw the pictures at all angles with stimuli (it takes radians), pass them "
        "through the filters, apply ReLU, and read the response at row 16, column 16. What would the same unit answer "
        "to "
        "a picture of zeros?",
        "F.conv2d(pictures, filters[:, None], bias, padding=filters.shape[-1] // 2) gives (angle, unit, 32, 32); in "
        "spite "
        "of its name it does not flip the kernel. A picture of zeros leaves the bias alone, so the response to it is "
        "F.relu(bias).",
        "responses = torch.stack([F.relu(F.conv2d(stimuli(kind, torch.deg2rad(angles), shift=shift), filters[:, None], "
        "bias, padding=filters.shape[-1] // 2))[:, :, 16, 16] for shift in shifts]); then responses.amax(dim=0) − "
        "F.relu(bias).",
    ),
    reference=_reference_tuning,
    oracle=Oracle("filter times picture, number by number, in numpy's double precision", _tuning_by_loops),
    cases=_cases_tuning,
    variant=_tuning_variant,
    alternatives={
        "one einsum over all shifts": _tuning_all_at_once,
        "a Conv2d and an empty picture": _tuning_by_pictures,
    },
    misconceptions=(
        Misconception(
            "degrees taken for radians",
            "You hand degrees to stimuli, which takes radians. 90 of them are 14 turns and a bit, so the pictures "
            "stand "
            "at other angles than your curve says. Multiply by π / 180.",
            switches={"unit": "radians"},
        ),
        Misconception(
            "angles doubled",
            "You draw each stimulus at twice its angle, which makes a curve that repeats every half turn by itself. "
            "Doubling belongs to summarising a curve of orientations, not to drawing the stimulus.",
            switches={"unit": "twice"},
        ),
        Misconception(
            "the kernel flipped",
            "You turn the kernel by half a turn: that is convolution as mathematics has it. The layers of torch, and "
            "so "
            "the units here, compute correlation, filter and picture laid on each other as they are. For an edge unit "
            "your curve is off by 180°.",
            switches={"kernel": "flipped"},
        ),
        Misconception(
            "rows and columns of the kernel exchanged",
            "You transpose the filter, which mirrors the unit: what prefers 30° seems to prefer 60°. Row y of the "
            "filter "
            "belongs on row y of the picture.",
            switches={"kernel": "transposed"},
        ),
        Misconception(
            "a mean over shifts",
            "You average over shifts. A unit that answers strongly when the edge lies in one place, and not at all "
            "beside "
            "it, then looks weak. Asked for is the largest response over the shifts.",
            switches={"over_shifts": "mean"},
        ),
        Misconception(
            "shifts averaged before ReLU",
            "You average the unit's input over shifts and apply ReLU to the mean, so that what is below zero at one "
            "place "
            "cancels what is above at another. The unit never sees a mean: ReLU for each picture first, then the "
            "largest.",
            switches={"over_shifts": "mean before ReLU"},
        ),
        Misconception(
            "a sum over shifts",
            "You add the responses of all shifts, so that the curve grows with their number. Asked for is the largest.",
            switches={"over_shifts": "sum"},
        ),
        Misconception(
            "one shift only",
            "You use the first shift and leave out the others. A unit that prefers a line beside its middle is missed.",
            switches={"over_shifts": "first"},
        ),
        Misconception(
            "no shift at all",
            "You draw every stimulus through the middle and never shift it. A unit that prefers a line beside its "
            "middle "
            "is missed.",
            switches={"over_shifts": "only zero"},
        ),
        Misconception(
            "the empty picture is not subtracted",
            "Your curve holds what the unit answers to nothing at all. A unit with a large bias then seems to answer "
            "to "
            "every angle. Take away its response to a picture of zeros.",
            switches={"empty": "kept"},
        ),
        Misconception(
            "the bias is subtracted, not the response",
            "You take the bias away. The response to an empty picture is ReLU of the bias: where the bias is below "
            "zero "
            "that response is 0, and nothing is to be taken away.",
            switches={"empty": "bias"},
        ),
        Misconception(
            "cut off at the empty picture",
            "You set to zero what lies below the response to an empty picture. A stimulus may push a unit down: its "
            "response is then lower than to nothing at all, and the curve is below zero there. Apply ReLU to the "
            "unit's input, and not to the difference.",
            switches={"clipped": True},
        ),
        Misconception(
            "the bias left out of the input",
            "You leave the bias out of what goes into the ReLU. It settles where the unit begins to respond: with a "
            "bias below zero a weak stimulus does not move it. Add the bias to the sum of products, then ReLU.",
            switches={"biased": False},
        ),
        Misconception(
            "no bias anywhere",
            "You apply ReLU to the sum of products without the bias (or take the bias away again inside the ReLU). "
            "The bias settles where the unit begins to respond: ReLU of the sum with the bias, less ReLU of the bias.",
            switches={"biased": False, "empty": "kept"},
        ),
        Misconception(
            "the mean over angles is subtracted",
            "You take away the curve's own mean over angles, which hides how much a unit answers to every angle alike. "
            "The baseline is an empty picture.",
            switches={"empty": "mean"},
        ),
        Misconception(
            "the smallest response is subtracted",
            "You take away the curve's smallest value, so that every unit seems silent at some angle. The baseline is "
            "an "
            "empty picture.",
            switches={"empty": "smallest"},
        ),
        Misconception(
            "no ReLU",
            "You read the unit before ReLU. Below zero the unit says nothing to the layers after it, however far "
            "below.",
            switches={"relu": False},
        ),
        Misconception(
            "the largest response anywhere",
            "You take the largest response over the whole picture. There the ends of a line and the border of the "
            "picture "
            "answer as well. The stimulus is put under the unit in the middle: read row 16, column 16.",
            switches={"place": "anywhere"},
        ),
        Misconception(
            "a mean over the picture",
            "You average over all places, most of which the stimulus does not touch. Read the unit in the middle, row "
            "16, "
            "column 16.",
            switches={"place": "mean"},
        ),
        Misconception(
            "one place off the middle",
            "You read the unit at row 15, column 15. Of the four places around the middle of an even picture, asked "
            "for is "
            "row 16, column 16.",
            switches={"place": "one before"},
        ),
        Misconception(
            "angles modulo 180",
            "You fold the angles into half a turn. For a line that loses nothing; an edge at 200° brightens the other "
            "way "
            "than one at 20°, and a unit that answers to one is silent at the other.",
            switches={"only_half": True},
        ),
        Misconception(
            "units by angles",
            "Your table is the right one with rows and columns exchanged: asked for is one row an angle and one column "
            "a "
            "unit.",
            switches={"transposed": True},
        ),
        Misconception(
            "each curve divided by its largest value",
            "You scale every curve to 1. A unit that hardly answers to anything then looks as well tuned as one that "
            "answers strongly. Keep the responses as they are.",
            switches={"scaled": True},
        ),
        Misconception(
            "always the same kind of stimulus",
            "You draw another kind of stimulus than the one that is handed in: pass `kind` on to stimuli.",
            switches={"other_kind": True},
        ),
    ),
)


EXERCISES: list[Exercise] = [orientation_tuning]
