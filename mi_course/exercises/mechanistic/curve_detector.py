"""A curve detector written by hand. Judged by what it answers to, so that any filter that does the work is right."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.worlds.shapes import SIZE, stimuli

QUESTIONS: list[Question] = []

LESS = 0.75
"""Clearly less: at most this share of the response to the arc that moves the filter most."""
MORE = 1.25
"""An arc of 1.6 times the radius may move the filter at most this many times as much as the one asked for."""
NEAR = 10.0  # degrees
BRIGHTNESS = 0.05

# --- what a filter answers to -----------------------------------------------------------------------------------------

STEP = 5  # degrees


@lru_cache(maxsize=64)
def _shown(kind: str, size: int, radius: float, shifts: tuple[float, ...]) -> Tensor:
    """The middles of pictures at all angles and shifts: (shift, angle, size · size)."""
    near = slice(SIZE // 2 - size // 2, SIZE // 2 + size // 2)
    angles = torch.deg2rad(torch.arange(0, 360, STEP, dtype=torch.float32))
    drawn = [stimuli(kind, angles, radius=radius, shift=shift)[:, 0, near, near].flatten(1) for shift in shifts]
    return torch.stack(drawn)


def _apart(one: float, other: float) -> float:
    """Degrees between two directions, from 0 to 180."""
    return abs((one - other + 180) % 360 - 180)


def _kind_of_angle(found: float, asked: float) -> str:
    """How the angle of the arc that moves a filter most lies to the one asked for."""
    readings = {
        "as asked": asked,
        "half a turn off": asked + 180,
        "mirrored, up and down exchanged": -asked,
        "mirrored, left and right exchanged": 180 - asked,
        "mirrored, x and y exchanged": 90 - asked,
        "degrees taken for radians": math.degrees(asked),
    }
    for name, angle in readings.items():
        if _apart(found, angle) <= NEAR:
            return name
    if min(_apart(found, asked + 90), _apart(found, asked - 90)) <= NEAR:
        return "a quarter of a turn off"
    return "another"


def _behaviour(angle: float, radius: float, size: int, given: Tensor) -> dict[str, str]:
    """What a filter does, requirement by requirement. Each is judged by the filter's own best arc, all but the first
    with the mean taken away, so that one mistake does not spoil the rest."""
    brightness = float(given.sum().abs()) > BRIGHTNESS * float(given.abs().sum())
    weights = (given - given.mean()).flatten()
    shifts = tuple(float(shift) for shift in range(-int(radius), int(radius) + 1))
    arcs = _shown("arc", size, radius, shifts) @ weights  # shift, angle
    found = {"a brighter picture": "moves it" if brightness else "does not move it"}
    if float(weights.abs().max()) <= 1e-9:
        return found | {"arcs": "none moves it"}
    dark = float(-arcs.min()) > float(arcs.max())
    sign = -1.0 if dark else 1.0
    responses = (sign * arcs).clamp(min=0)
    most, at = float(responses.max()), int(responses.argmax())
    place, best = shifts[at // responses.shape[1]], at % responses.shape[1]
    curve = responses.amax(dim=0)
    opposite = curve.roll(180 // STEP)
    found["arcs"] = "dark ones move it" if dark else "bright ones move it"
    found["place of its best arc"] = "through the middle" if abs(place) <= 1.5 else "beside the middle"
    if float(curve.min()) > 0.7 * most:
        found["angle of its best arc"] = "any"
    elif float(opposite[best]) > 0.9 * most:
        found["angle of its best arc"] = "two, half a turn apart"
    else:
        found["angle of its best arc"] = _kind_of_angle(best * STEP, angle)

    def largest(kind: str, *, radius: float = radius, shift: float = 0.0, turn: int | None = None) -> float:
        """The filter's response to a stimulus; at one turn from its best arc, or else the largest over angles."""
        answers = (sign * (_shown(kind, size, radius, (shift,))[0] @ weights)).clamp(min=0)
        return float(answers.max() if turn is None else answers[(best + turn // STEP) % len(answers)])

    if abs(place) > 1.5 or found["angle of its best arc"] in ("any", "two, half a turn apart"):
        return found
    # A longer arc has more ink, and may by that alone move a wide filter a little more; a shorter one has less.
    smaller = largest("arc", radius=0.6 * radius, turn=0) > most
    larger = largest("arc", radius=1.6 * radius, turn=0) > MORE * most
    found["radius of its best arc"] = "smaller" if smaller else "larger" if larger else "as asked"
    if found["radius of its best arc"] != "as asked":
        return found

    def said(answer: float) -> str:
        return "clearly less" if answer <= LESS * most else "not clearly less"

    found["the arc that bulges the other way"] = said(largest("arc", turn=180))
    found["straight lines through the middle"] = said(largest("line"))
    found["the far side of the circle"] = said(largest("arc", shift=2 * radius, turn=180))
    return found


def _observe(case: Case, given: Any) -> Any:
    angle, radius, size = case.args
    try:
        weights = torch.as_tensor(np.asarray(given) if isinstance(given, (list, tuple)) else given)
    except (TypeError, ValueError, RuntimeError):
        return {"what it gives": "not a table of numbers"}
    if weights.shape != (size, size):
        return {"what it gives": f"shape {tuple(weights.shape)}, not ({size}, {size})"}
    if weights.is_complex() or not bool(torch.isfinite(weights.float()).all()):
        return {"what it gives": "numbers that are not finite real ones"}
    return _behaviour(angle, radius, size, weights.float())


# --- right answers ----------------------------------------------------------------------------------------------------


def _from_centre(angle: float, radius: float, size: int) -> tuple[Tensor, Tensor]:
    """Each point's coordinates from the circle's centre, along the normal and across it."""
    normal = math.radians(angle)
    place = torch.arange(size) - (size - 1) / 2
    x, y = place[None, :], place[:, None]
    return radius + x * math.cos(normal) + y * math.sin(normal), y * math.cos(normal) - x * math.sin(normal)


def _ridge(distance: Tensor) -> Tensor:
    return torch.exp(-(distance**2) / 2) - torch.exp(-(distance**2) / 8) / 2


def _reference(angle: float, radius: float, size: int) -> Tensor:
    normal = math.radians(angle)
    place = torch.arange(size) - (size - 1) / 2
    x, y = place[None, :], place[:, None]
    along = radius + x * math.cos(normal) + y * math.sin(normal)
    across = y * math.cos(normal) - x * math.sin(normal)
    distance = torch.hypot(along, across) - radius
    ridge = torch.exp(-(distance**2) / 2) - torch.exp(-(distance**2) / 8) / 2
    arc = torch.where(along > 0.3 * radius, ridge, 0.0)
    return arc - arc.mean()


def _dotted(angle: float, radius: float, size: int) -> list[list[float]]:
    """Walks along the arc and puts a dot on the nearest point at each step; the rest is what makes the sum zero."""
    middle, normal = (size - 1) / 2, math.radians(angle)
    table = [[0.0] * size for _ in range(size)]
    for step in range(-140, 141):
        turn = normal + math.radians(step / 2)
        for thick in (-0.5, 0.0, 0.5):
            x = middle - radius * math.cos(normal) + (radius + thick) * math.cos(turn)
            y = middle - radius * math.sin(normal) + (radius + thick) * math.sin(turn)
            row, column = round(y), round(x)
            if 0 <= row < size and 0 <= column < size:
                table[row][column] = 1.0
    mean = sum(map(sum, table)) / size**2
    return [[value - mean for value in row] for row in table]


def _ring_segment(angle: float, radius: float, size: int) -> Tensor:
    """Ones on a ring's segment, and on both sides of it as much below zero."""
    along, across = _from_centre(angle, radius, size)
    off = (torch.hypot(along, across) - radius).abs()
    segment = torch.atan2(across, along).abs() < math.radians(70)
    on, beside = (segment & (off < 1)).float(), (segment & (off >= 1) & (off < 3)).float()
    return on - beside * on.sum() / beside.sum()


def _middle_of(kind: str, angle: float, size: int, **options: float) -> np.ndarray:
    picture = stimuli(kind, torch.tensor([math.radians(angle)]), **options)[0, 0].numpy()
    start = (SIZE - size) // 2
    return picture[start : start + size, start : start + size]


def _template(angle: float, radius: float, size: int) -> np.ndarray:
    """The stimulus itself, less its mean."""
    arc = _middle_of("arc", angle, size, radius=radius)
    return arc - arc.mean()


def _arc_less_line(angle: float, radius: float, size: int) -> np.ndarray:
    """What an arc has and the straight line that touches it has not."""
    difference = _middle_of("arc", angle, size, radius=radius) - _middle_of("line", angle, size)
    return difference - difference.mean()


def _line_pieces(angle: float, radius: float, size: int) -> Tensor:
    """Short line detectors along the arc, each turned as the arc is where it lies."""
    place = np.arange(size) - (size - 1) / 2
    x, y = np.meshgrid(place, place)
    normal, total = math.radians(angle), np.zeros((size, size))
    for turn in np.radians(np.arange(-60, 61, 20)) + normal:
        from_x = x - radius * (math.cos(turn) - math.cos(normal))
        from_y = y - radius * (math.sin(turn) - math.sin(normal))
        off = from_x * math.cos(turn) + from_y * math.sin(turn)
        lengthwise = from_y * math.cos(turn) - from_x * math.sin(turn)
        total += np.exp(-(lengthwise**2) / 4) * (np.exp(-(off**2) / 1.5) - np.exp(-(off**2) / 6) / 2)
    return torch.from_numpy(total - total.mean())


# --- wrong answers ----------------------------------------------------------------------------------------------------


def _variant(
    *,
    turned: str = "",
    unit: str = "degrees",
    mean: str = "removed",
    drawn: str = "arc",
    sign: float = 1.0,
    wide: float = 1.0,
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(angle: float, radius: float, size: int) -> Tensor:
        radius = wide * radius
        asked = {
            "": angle,
            "half": angle + 180,
            "y upwards": -angle,
            "x leftwards": 180 - angle,
            "transposed": 90 - angle,
            "tangent": angle + 90,
        }[turned]
        if unit == "radians":
            asked = math.degrees(asked)
        along, across = _from_centre(asked, radius, size)
        distance = torch.hypot(along, across) - radius
        ridge = _ridge(distance) if mean == "removed" else torch.exp(-(distance**2) / 2)
        if drawn == "arc":
            weights = torch.where(along > 0.3 * radius, ridge, 0.0)
        elif drawn == "circle":
            weights = ridge
        elif drawn == "line":
            weights = _ridge(along - radius) if mean == "removed" else torch.exp(-((along - radius) ** 2) / 2)
        else:  # around the middle of the filter
            around = torch.hypot(along - radius, across) - radius
            weights = _ridge(around) if mean == "removed" else torch.exp(-(around**2) / 2)
            if drawn == "arc around the middle":
                weights = torch.where(along - radius > 0.3 * radius, weights, 0.0)
        return sign * (weights - weights.mean() if mean == "removed" else weights)

    return answer


# --- the exercise -----------------------------------------------------------------------------------------------------


def _angles() -> list[int]:
    """Angles at which every misreading of the angle leads somewhere else."""
    good = []
    for angle in range(360):
        turns = [angle, angle + 180, -angle, 180 - angle, 90 - angle, 270 - angle, angle + 90, angle - 90]
        if min(_apart(a, b) for i, a in enumerate(turns) for b in turns[:i]) < 28:
            continue
        if min(_apart(math.degrees(angle), turn) for turn in turns) >= 17:
            good.append(angle)
    return good


def _cases(draw: Draw) -> list[Case]:
    angles = draw.sample(_angles(), 5)
    kinds = [
        (6.0, 16),
        (5.0, 24),  # the whole circle has room in it
        (10.0, 22),  # far from every radius that might be written down as a constant
        (draw.choice([7.0, 8.0]), draw.choice([18, 20])),
        (draw.choice([5.5, 6.5]), 14),
    ]
    return [
        Case(f"angle {angle}°, radius {radius:g}, size {size}", (float(angle), radius, size))
        for angle, (radius, size) in zip(angles, kinds, strict=True)
    ]


curve_detector = Exercise(
    name="curve_detector",
    chapter="mechanistic",
    section="0.10",
    title="A curve detector written by hand",
    core=False,
    difficulty=3,
    minutes=20,
    points=3,
    prerequisites=("orientation_tuning",),
    hints=(
        "Where is the centre of the circle? The arc passes through the middle of the filter and bulges towards "
        "`angle`, so the centre lies one radius from the middle, on the other side. What would each weight be if all "
        "you knew of its point was how far from the circle it lies?",
        "Give every point coordinates: place = torch.arange(size) - (size - 1) / 2, x along the columns, y along the "
        "rows, downwards. From the centre, along = radius + x · cos + y · sin and across = y · cos − x · sin, with "
        "cosine and sine of the angle in radians; then distance = torch.hypot(along, across) − radius. Positive "
        "weights where it is near 0, and nothing where along is small or negative: that is the rest of the circle.",
        "ridge = torch.exp(-distance**2 / 2) - torch.exp(-distance**2 / 8) / 2; arc = torch.where(along > 0.3 * "
        "radius, ridge, 0.0); return arc - arc.mean().",
    ),
    reference=_reference,
    oracle=Oracle("an arc that is walked along, dot by dot, in plain Python", _dotted),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    alternatives={
        "a ring's segment with a negative surround": _ring_segment,
        "the stimulus less its mean": _template,
        "arc less straight line": _arc_less_line,
        "short line detectors along the arc": _line_pieces,
    },
    misconceptions=(
        Misconception(
            "half a turn off",
            "Your filter answers most to the arc that bulges the other way. Either the circle's centre lies on the "
            "side of the bulge (it belongs at minus radius times the normal), or you turned the kernel by half a "
            "turn, as convolution in mathematics has it; it is used by correlation here, laid on the picture as it "
            "is. For an arc through the middle the two mistakes make the same filter.",
            switches={"turned": "half"},
        ),
        Misconception(
            "y upwards",
            "Your filter is mirrored: up and down are exchanged. Rows are counted downwards, so an angle of 90° points "
            "to the bottom of the picture.",
            switches={"turned": "y upwards"},
        ),
        Misconception(
            "left and right exchanged",
            "Your filter is mirrored: left and right are exchanged. Columns are counted to the right and rows "
            "downwards. This also comes about when the circle's centre lies on the wrong side and y runs upwards.",
            switches={"turned": "x leftwards"},
        ),
        Misconception(
            "x and y exchanged",
            "Your filter is transposed: an arc asked for at 20° answers to one at 70°. The first axis of a filter is "
            "the row, which is y; the second is the column, x. (Or sine and cosine are exchanged, which does the "
            "same.)",
            switches={"turned": "transposed"},
        ),
        Misconception(
            "the tangent taken for the normal",
            "Your filter is a quarter of a turn off. The angle is that of the arc's normal, the direction in which it "
            "bulges, and not that of the line that touches it.",
            switches={"turned": "tangent"},
        ),
        Misconception(
            "degrees taken for radians",
            "You hand degrees to cosine and sine, which take radians, so the arc points to where the angle in degrees "
            "ends up after several turns. Multiply by π / 180.",
            switches={"unit": "radians"},
        ),
        Misconception(
            "a straight-line detector",
            "Your filter is a straight stripe. It answers as much to arcs that bulge one way as to those that bulge "
            "the other way, and more to a line than to either. What sets an arc apart is that it leaves the line: the "
            "weights have to bend with it.",
            switches={"drawn": "line"},
        ),
        Misconception(
            "a circle around the middle",
            "Your filter is a circle around its own middle. It answers alike to arcs at every angle, so it does not "
            "say which way one bulges. Keep an arc of it, and move it so that the arc passes through the middle.",
            switches={"drawn": "circle around the middle"},
        ),
        Misconception(
            "the circle's centre in the middle",
            "Your arc is part of a circle around the filter's middle, so that what moves it most is an arc one radius "
            "beside the middle. The arc itself is to pass through the middle: the circle's centre lies one radius "
            "away.",
            switches={"drawn": "arc around the middle"},
        ),
        Misconception(
            "the whole circle",
            "You keep the whole circle. Where there is room for it in the filter, its far side, which bulges the other "
            "way, moves it as much as the arc that was asked for. Keep the part of the circle around the middle of the "
            "filter.",
            switches={"drawn": "circle"},
        ),
        Misconception(
            "the mean is not removed",
            "The weights of your filter do not add up to about zero, so a picture that is evenly brighter moves it "
            "without any arc in it. Take the filter's mean away, or give the arc a surround of negative weights that "
            "balances it.",
            switches={"mean": "kept"},
        ),
        Misconception(
            "dark arcs",
            "Your filter is negative along the arc and positive beside it: it answers to dark arcs on a bright ground. "
            "Asked for is one for bright arcs.",
            switches={"sign": -1.0},
        ),
        Misconception(
            "the radius halved",
            "Your filter answers most to an arc of a smaller radius than the one asked for, as if the radius were a "
            "diameter and had been halved.",
            switches={"wide": 0.5},
        ),
        Misconception(
            "the radius doubled",
            "Your filter answers most to an arc of a larger radius than the one asked for, as if the diameter had been "
            "put where the radius belongs.",
            switches={"wide": 2.0},
        ),
    ),
)


EXERCISES: list[Exercise] = [curve_detector]
