"""Inputs optimised for a unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS: list[Question] = [
    Question(
        name="optimised_beats_data",
        text="Does the optimised picture move the unit more than each of 4,000 pictures of the kind it was trained on?",
        kind=bool,
    ),
]


# --- feature_visualisation --------------------------------------------------------------------------------------------


def _reference_visualisation(
    layer: Callable[[Tensor], Tensor], unit: int, image: Tensor, shifts: list[tuple[int, int]], step_size: float
) -> Tensor:
    image = image.clone()
    for down, right in shifts:
        image.requires_grad_(True)
        moved = image.roll((down, right), dims=(0, 1))
        drive = layer(moved[None, None])[0, unit]
        objective = drive[drive.shape[0] // 2, drive.shape[1] // 2]
        (gradient,) = torch.autograd.grad(objective, image)
        with torch.no_grad():
            image = image + step_size * gradient / gradient.norm().clamp(min=1e-8)
            image = image.clamp(-1, 1)
    return image.detach()


def _by_differences(
    layer: Callable[[Tensor], Tensor], unit: int, image: Tensor, shifts: list[tuple[int, int]], step_size: float
) -> np.ndarray:
    """The slope at each point from two pictures, one a little brighter there and one a little darker."""
    now, small = image.double().numpy().copy(), 1e-4
    height, width = now.shape

    def answers(pictures: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            drive = layer(torch.from_numpy(pictures)[:, None])
        return drive[:, unit, drive.shape[2] // 2, drive.shape[3] // 2].numpy()

    for down, right in shifts:
        bumps = small * np.eye(height * width).reshape(-1, height, width)
        both = np.concatenate([now + bumps, now - bumps])
        rolled = np.roll(both, (down, right), axis=(1, 2))
        up, low = np.split(answers(rolled), 2)
        slope = ((up - low) / (2 * small)).reshape(height, width)
        length = np.sqrt((slope**2).sum())
        now = np.clip(now + (step_size * slope / length if length > 1e-8 else 0.0), -1, 1)
    return now


def _with_backward(
    layer: Callable[[Tensor], Tensor], unit: int, image: Tensor, shifts: list[tuple[int, int]], step_size: float
) -> Tensor:
    parameter = torch.nn.Parameter(image.detach().clone())
    for shift in shifts:
        parameter.grad = None
        drive = layer(torch.roll(parameter, shifts=tuple(shift), dims=(0, 1)).view(1, 1, *image.shape))
        middle = (drive.shape[-2] // 2, drive.shape[-1] // 2)
        (-drive[(0, unit, *middle)]).backward()
        slope = parameter.grad if parameter.grad is not None else torch.zeros_like(parameter)
        if slope.norm() > 0:
            parameter.data.add_(slope / slope.norm(), alpha=-step_size)
        parameter.data.clamp_(min=-1, max=1)
    return parameter.data


def _in_the_moved_frame(
    layer: Callable[[Tensor], Tensor], unit: int, image: Tensor, shifts: list[tuple[int, int]], step_size: float
) -> Tensor:
    """Moves the picture itself, climbs there, and moves it back."""
    now = image.detach()
    for down, right in shifts:
        moved = torch.roll(now, (down, right), (0, 1)).requires_grad_()
        drive = layer(moved[None, None])
        slope = torch.autograd.grad(drive[0, unit, drive.shape[2] // 2, drive.shape[3] // 2], moved)[0]
        climbed = moved.detach() + step_size * F.normalize(slope.flatten(), dim=0, eps=1e-8).view_as(slope)
        now = torch.roll(climbed, (-down, -right), (0, 1)).clip(-1, 1)
    return now


def _visualisation_variant(
    *,
    sign: float = 1.0,
    limit: str = "both",
    gradient: str = "fresh",
    objective: str = "middle",
    jitter: str = "there and back",
    scale: str = "length",
    steps: int = 0,
    relu: bool = False,
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def answer(
        layer: Callable[[Tensor], Tensor], unit: int, image: Tensor, shifts: list[tuple[int, int]], step_size: float
    ) -> Tensor:
        now, total = image.clone(), torch.zeros_like(image)
        used = shifts[: len(shifts) + steps] if steps < 0 else shifts
        for number, (down, right) in enumerate(used):
            if jitter == "none":
                down, right = 0, 0
            if jitter == "first only":
                down, right = shifts[0]
            if jitter == "exchanged":
                down, right = right, down
            if jitter == "other way":
                down, right = -down, -right
            at = image if gradient == "of the start" else now
            moved = at.roll((down, right), (0, 1)).clone().requires_grad_()
            drive = layer(moved[None, None])[0]
            drive = F.relu(drive) if relu else drive
            height, width = drive.shape[1:]
            if objective == "middle":
                goal = drive[unit, height // 2, width // 2]
            elif objective == "corner":
                goal = drive[unit, 0, 0]
            elif objective == "whole map":
                goal = drive[unit].mean()
            elif objective == "strongest place":
                goal = drive[unit].max()
            elif objective == "all units":
                goal = drive[:, height // 2, width // 2].sum()
            else:
                goal = drive.mean()
            (slope,) = torch.autograd.grad(goal, moved)
            if jitter != "not undone":
                slope = slope.roll((-down, -right), (0, 1))
            if gradient == "accumulated":
                total = total + slope
                slope = total
            if scale == "length":
                slope = slope / slope.norm().clamp(min=1e-8)
            if scale == "largest":
                slope = slope / slope.abs().max().clamp(min=1e-8)
            if scale == "sign":
                slope = slope.sign()
            if jitter == "left moved":
                now = moved.detach() + sign * step_size * slope.roll((down, right), (0, 1))
            else:
                now = now + sign * step_size * slope
            if limit == "both" or (limit == "at the end" and number == len(used) - 1):
                now = now.clamp(-1, 1)
            if limit == "zero to one":
                now = now.clamp(0, 1)
            if limit == "scaled":
                now = now / now.abs().max().clamp(min=1e-8)
        return now

    return answer


class _Planted(torch.nn.Module):
    """Two small layers with a bend between them, so that the slope is another at every picture."""

    def __init__(self, first: Tensor, second: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.first, self.second, self.bias = first, second, bias

    def forward(self, pictures: Tensor) -> Tensor:
        hidden = torch.tanh(F.conv2d(pictures, self.first[:, None].to(pictures), padding=1))
        return F.conv2d(hidden, self.second.to(pictures), self.bias.to(pictures), padding=1)


def _cases_visualisation(draw: Draw) -> list[Case]:
    def layer(units: int) -> _Planted:
        first, second = draw.normal("3 3 3", mean=0.2, sd=0.6), draw.normal(f"{units} 3 3 3", mean=0.1, sd=0.5)
        return _Planted(first, second, draw.normal(f"{units}", mean=-0.4, sd=0.3))

    silent = layer(3)
    silent.second[1] = 0
    return [
        Case(
            "seven steps, a unit among four",
            (
                layer(4),
                draw.integer(1, 3),
                0.3 * draw.normal("6 7"),
                [(1, 0), (0, -2), (2, 1), (-1, 1), (0, 0), (2, -1), (0, 1)],
                0.5,
            ),
            axes=("y", "x"),
        ),
        Case(
            "one step without a shift",
            (layer(3), draw.integer(0, 2), 0.3 * draw.normal("5 8"), [(0, 0)], 0.4),
            axes=("y", "x"),
        ),
        Case(
            "steps so large that points reach the limits",
            (
                layer(3),
                draw.integer(0, 2),
                0.6 * draw.normal("6 6").clamp(-1.5, 1.5),
                [(1, 1), (-1, 2), (0, -1), (2, 0)],
                2.5,
            ),
            axes=("y", "x"),
        ),
        Case(
            "a unit with no weights, which no change moves",
            (silent, 1, 0.3 * draw.normal("5 6"), [(1, 0), (0, 1)], 0.3),
            axes=("y", "x"),
        ),
    ]


feature_visualisation = Exercise(
    name="feature_visualisation",
    chapter="mechanistic",
    section="0.10",
    title="A picture made for one unit",
    core=True,
    difficulty=3,
    minutes=20,
    points=4,
    prerequisites=("orientation_tuning",),
    hints=(
        "A loop over shifts. In each round: move the picture, ask the unit, find the gradient with respect to the "
        "picture "
        "as it was before it was moved, and go a small way uphill. What keeps the picture a picture?",
        "torch.autograd.grad(objective, image) gives the gradient afresh each time, nothing to be zeroed; the image "
        "needs "
        "requires_grad_(). image.roll((down, right), dims=(0, 1)) moves it, and autograd moves the gradient back.",
        "In the loop: image = image.detach().requires_grad_(); drive = layer(image.roll((down, right), dims=(0, "
        "1))[None, "
        "None])[0, unit]; (g,) = torch.autograd.grad(drive[drive.shape[0] // 2, drive.shape[1] // 2], image); image = "
        "(image + step_size * g / g.norm().clamp(min=1e-8)).clamp(-1, 1).",
    ),
    reference=_reference_visualisation,
    oracle=Oracle(
        "slopes from differences of two pictures a point, in double precision, without autograd", _by_differences
    ),
    cases=_cases_visualisation,
    variant=_visualisation_variant,
    alternatives={
        "backward on a parameter": _with_backward,
        "moved, climbed, moved back": _in_the_moved_frame,
    },
    misconceptions=(
        Misconception(
            "downhill",
            "You subtract the gradient, as in training, where a loss is to fall. Here a response is to rise: what you "
            "get "
            "is the picture that silences the unit most.",
            switches={"sign": -1.0},
        ),
        Misconception(
            "no limits",
            "Your picture leaves the range from −1 to 1. A unit before its ReLU grows with contrast without end, so "
            "that "
            "the optimum is the brightest screen rather than the best pattern. Clamp after each step.",
            switches={"limit": "none"},
        ),
        Misconception(
            "limits only at the end",
            "You let the picture leave its range and clamp once at the end. On the way the gradient is then taken at "
            "pictures that cannot exist. Clamp after each step.",
            switches={"limit": "at the end"},
        ),
        Misconception(
            "limits from 0 to 1",
            "You clamp to 0 and 1. These pictures have dark points below zero, down to −1; yours can never be darker "
            "than "
            "the empty picture.",
            switches={"limit": "zero to one"},
        ),
        Misconception(
            "scaled instead of clamped",
            "You divide the picture by its largest value after each step, which changes every point, also those within "
            "the limits. Clamp: leave what is in range as it is.",
            switches={"limit": "scaled"},
        ),
        Misconception(
            "gradients added up",
            "You go along the sum of all gradients so far: .backward() adds to .grad until it is set to zero. That is "
            "momentum without a brake. Set it to zero, or use torch.autograd.grad.",
            switches={"gradient": "accumulated"},
        ),
        Misconception(
            "always the gradient at the start",
            "You take every gradient at the picture you began with. After a step the slope is another: take it at the "
            "picture as it is now.",
            switches={"gradient": "of the start"},
        ),
        Misconception(
            "the whole map of the unit",
            "You maximise the unit's mean over all places. That asks for a texture that fills the picture. Asked for "
            "is "
            "the unit in the middle of its map.",
            switches={"objective": "whole map"},
        ),
        Misconception(
            "wherever it is strongest",
            "You maximise the unit at its strongest place, which may be another at each step. Asked for is the unit in "
            "the middle of its map.",
            switches={"objective": "strongest place"},
        ),
        Misconception(
            "the unit in the corner",
            "You read the map at row 0, column 0, where the unit sees the picture's border. Asked for is the middle.",
            switches={"objective": "corner"},
        ),
        Misconception(
            "all units together",
            "You add up all units of the layer. The picture is then made for their sum, and belongs to none of them. "
            "Pick out `unit`.",
            switches={"objective": "all units"},
        ),
        Misconception(
            "the whole layer",
            "You maximise the mean of the whole layer, all units in all places. Asked for is one unit in the middle.",
            switches={"objective": "layer"},
        ),
        Misconception(
            "the picture is never moved",
            "You leave the shifts out. The picture is then right for one place to the point: it may exploit details "
            "that "
            "a shift by one point destroys. Move it before each gradient.",
            switches={"jitter": "none"},
        ),
        Misconception(
            "always the first shift",
            "You move the picture by the first shift in every step. Each step has its own.",
            switches={"jitter": "first only"},
        ),
        Misconception(
            "down and right exchanged",
            "You move by (right, down). Rows are the first axis: the first number of a shift goes with dims 0.",
            switches={"jitter": "exchanged"},
        ),
        Misconception(
            "moved the other way",
            "You move up and left where down and right are asked for. Roll by the shift as it is, not by its negative.",
            switches={"jitter": "other way"},
        ),
        Misconception(
            "the gradient is not moved back",
            "You take the gradient at the moved picture and add it to the picture that was not moved, so that each "
            "point "
            "gets its neighbour's slope. Take it with respect to the picture before the roll, or roll it back.",
            switches={"jitter": "not undone"},
        ),
        Misconception(
            "the picture stays moved",
            "You go on from the moved picture, so that the shifts add up and the picture wanders. The shift is only "
            "for "
            "looking: the step is made on the picture where it was.",
            switches={"jitter": "left moved"},
        ),
        Misconception(
            "the gradient as it is",
            "You add the gradient without dividing by its length. A unit with small weights then hardly moves the "
            "picture "
            "and one with large weights overshoots; divided by the length, each step has the same size.",
            switches={"scale": "none"},
        ),
        Misconception(
            "divided by the largest slope",
            "You divide by the largest entry of the gradient. Asked for is its length, the root of the sum of squares, "
            "so "
            "that the whole picture moves by step_size.",
            switches={"scale": "largest"},
        ),
        Misconception(
            "only the sign of the gradient",
            "You keep the sign and lose the size, so that points that hardly matter change as much as those that do. "
            "Divide by the length.",
            switches={"scale": "sign"},
        ),
        Misconception(
            "the last step is missing",
            "You stop one step early. There is one step for each shift.",
            switches={"steps": -1},
        ),
        Misconception(
            "after the ReLU",
            "You apply ReLU first. `layer` gives the input to the ReLU on purpose: where the unit is silent its "
            "response "
            "has no slope, and the picture would never begin to move.",
            switches={"relu": True},
        ),
    ),
)


EXERCISES: list[Exercise] = [feature_visualisation]
