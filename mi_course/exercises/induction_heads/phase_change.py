"""2.7: at which step of training do the heads form?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import torch
from scipy.ndimage import median_filter
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.zoo.curves import training_curve

QUESTIONS = [
    Question(
        name="which_first",
        text="Half-way through its rise: is the previous-token score of the best head there earlier than the induction "
        "score of the best head, later, or at the same step to within 10 steps?",
        kind=str,
        options=("earlier", "later", "the same"),
    ),
    Question(
        name="seeds_apart",
        text="The five trainings of induction-2l differ in random start and data. How many steps lie between the first "
        "and the last in which heads form? (Right if within a factor of 2.)",
        kind=float,
        low=0,
        high=2000,
        unit="steps",
        comes_true=lambda value, outcome: outcome / 2 <= value <= outcome * 2,
    ),
]

Curve = tuple[list[int], list[float]]


def _by_scipy(steps: Sequence[float], values: Sequence[float], least: float) -> float | None:
    """The same definition by other means: scipy's median filter, then a search on a fine grid, then bisection."""
    raw = np.asarray(values, dtype=np.float64)
    inner = median_filter(raw, size=3, mode="nearest")[1:-1]
    curve = np.concatenate([inner[:1], inner, inner[-1:]])
    low, high = curve[0], curve[-1]
    if abs(high - low) < least:
        return None
    way = (curve - low) / (high - low)  # 0 at the start, 1 at the end
    place = len(way) - 1
    while way[place] > 0.5:
        place -= 1
    left, right = float(steps[place]), float(steps[place + 1])
    for _ in range(200):
        middle = (left + right) / 2
        if np.interp(middle, [steps[place], steps[place + 1]], [way[place], way[place + 1]]) <= 0.5:
            left = middle
        else:
            right = middle
    return float(left)


def _backwards(steps: Any, values: Any, least: float) -> float | None:
    curve = [sorted(values[i - 1 : i + 2])[1] for i in range(1, len(values) - 1)]
    curve = [curve[0], *curve, curve[-1]]
    if abs(curve[0] - curve[-1]) < least:
        return None
    half = 0.5 * curve[0] + 0.5 * curve[-1]
    rising = curve[-1] > curve[0]
    for i in reversed(range(len(curve) - 1)):
        here, there = curve[i], curve[i + 1]
        if (here <= half) if rising else (here >= half):
            return steps[i] + (steps[i + 1] - steps[i]) * (half - here) / (there - here)
    return None


def _by_torch(steps: Any, values: Any, least: float) -> Tensor | None:
    x, y = torch.tensor(steps, dtype=torch.float64), torch.tensor(values, dtype=torch.float64)
    inner = y.unfold(0, 3, 1).median(-1).values
    y = torch.cat([inner[:1], inner, inner[-1:]])
    if (y[-1] - y[0]).abs() < least:
        return None
    way = (y - y[0]) / (y[-1] - y[0]) - 0.5
    i = int((way <= 0).nonzero().max())
    return x[i] - way[i] * (x[i + 1] - x[i]) / (way[i + 1] - way[i])


def _by_interp(steps: Any, values: Any, least: float) -> Any:
    stacked = np.stack([values[:-2], values[1:-1], values[2:]])
    inner = np.sort(stacked, axis=0)[1]
    y = np.r_[inner[0], inner, inner[-1]]
    y = y if y[-1] > y[0] else -y
    if y[-1] - y[0] < least:
        return None
    half = (y[0] + y[-1]) / 2
    last = np.flatnonzero(y <= half)[-1]
    return np.interp(half, y[last : last + 2], steps[last : last + 2])


def _variant(
    *,
    clean: str = "median",
    levels: str = "ends",
    crossing: str = "last",
    where: str = "between",
    flat: str = "none",
    direction: str = "both",
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def detect(steps: Any, values: Any, least: float) -> Any:
        n = len(values)
        if clean == "none":
            curve = list(values)
        elif clean in ("mean", "mean, cut", "cut", "trailing", "trailing median"):
            summary = median if clean in ("trailing median", "cut") else (lambda part: sum(part) / len(part))
            back, ahead = (2, 0) if clean.startswith("trailing") else (1, 1)
            curve = [summary(values[max(0, i - back) : i + ahead + 1]) for i in range(n)]
            if clean == "mean":
                curve = [curve[1], *curve[1:-1], curve[-2]]
        elif clean == "five":
            curve = [median(values[max(0, i - 2) : i + 3]) for i in range(n)]
        elif clean == "in place":
            curve = list(values)
            for i in range(1, n - 1):
                curve[i] = median(curve[i - 1 : i + 2])
            curve = [curve[1], *curve[1:-1], curve[-2]]
        elif clean == "again":
            curve = helper.running_median(values)
            while curve != (curve := helper.running_median(curve)):
                pass
        else:
            inner = helper.running_median(values)
            if clean == "smaller of two":
                inner = [min(values[:2]), *inner[1:-1], min(values[-2:])]
            curve = [values[0], *inner[1:-1], values[-1]] if clean == "ends kept" else inner
        start, end = {
            "ends": lambda: (curve[0], curve[-1]),
            "raw ends": lambda: (values[0], values[-1]),
            "extremes": lambda: (min(curve), max(curve)) if curve[-1] > curve[0] else (max(curve), min(curve)),
            "half the end": lambda: (0.0, curve[-1]),
            "half the rise": lambda: (0.0, abs(curve[-1] - curve[0])),
            "zero to one": lambda: (0.0, 1.0) if curve[-1] > curve[0] else (1.0, 0.0),
            "nine tenths": lambda: (curve[0], curve[-1] + 0.8 * (curve[-1] - curve[0])),
            "a tenth": lambda: (curve[0] - 0.8 * (curve[-1] - curve[0]), curve[-1]),
            "mean": lambda: (
                (sum(curve) / n - (m := (curve[-1] - curve[0]) / 2), sum(curve) / n + m) if n else (0.0, 0.0)
            ),
        }[levels]()
        change = curve[-1] - curve[0]
        if flat == "none" and abs(change) < least:
            return None
        if flat == "signed" and change < least:
            return None
        if flat == "raw ends" and abs(values[-1] - values[0]) < least:
            return None
        if flat == "spread" and max(values) - min(values) < least:
            return None
        if flat == "cleaned spread" and max(curve) - min(curve) < least:
            return None
        if flat == "more than least" and abs(change) <= least:
            return None
        if flat == "relative" and abs(change) < least * abs(curve[0]):
            return None
        half = (start + end) / 2
        sign = 1 if direction == "rising" or change >= 0 else -1
        beyond = [sign * (value - half) > 0 for value in curve]
        if crossing == "first":
            before = next((i - 1 for i in range(1, n) if beyond[i]), n - 2)
        elif crossing == "first touch":
            before = next((i - 1 for i in range(1, n) if sign * (curve[i] - half) >= 0), n - 2)
        elif crossing == "touching":
            before = max((i for i in range(n - 1) if sign * (curve[i] - half) < 0), default=0)
        elif crossing == "last of all":
            before = max(i for i in range(n) if not beyond[i])
        elif crossing == "sides":
            before = max(i for i in range(n - 1) if (curve[i] - half) * (curve[i + 1] - half) < 0)
        else:
            before = max((i for i in range(n - 1) if not beyond[i]), default=0)
        share = (half - curve[before]) / (curve[before + 1] - curve[before])
        x0, x1 = steps[before], steps[before + 1]
        return {
            "between": lambda: x0 + share * (x1 - x0),
            "before": lambda: float(x0),
            "after": lambda: float(x1),
            "middle": lambda: (x0 + x1) / 2,
            "index": lambda: before + share,
            "index after": lambda: before + 1,
            "index before": lambda: before,
            "one too early": lambda: float(steps[before - 1]),
            "steps of the interval before": lambda: steps[before - 1] + share * (x0 - steps[before - 1]),
            "steps of the interval after": lambda: x1 + share * (steps[before + 2] - x1),
            "line of the interval before": lambda: _through(half, steps, curve, before - 1),
            "from the checkpoint after": lambda: x1 + share * (x1 - x0),
            "share for step": lambda: x0 + share,
            "slope turned over": lambda: x0 + (half - curve[before]) * (curve[before + 1] - curve[before]) / (x1 - x0),
            "share without a sign": lambda: (
                x0 + abs(half - curve[before]) / (curve[before + 1] - curve[before]) * (x1 - x0)
            ),
            "the level": lambda: half,
            "cut off": lambda: int(x0 + share * (x1 - x0)),
            "rounded": lambda: round(x0 + share * (x1 - x0)),
            "nearest": lambda: float(x0 if share < 0.5 else x1),
            "closest": lambda: float(steps[min(range(n), key=lambda i: abs(curve[i] - half))]),
            "raw share": lambda: _on_line(half, x0, x1, values[before], values[before + 1]),
            "wrong share": lambda: x1 - share * (x1 - x0),
            "log of one more": lambda: math.expm1((1 - share) * math.log1p(x0) + share * math.log1p(x1)),
            "log": lambda: math.exp((1 - share) * math.log(max(x0, 1e-9)) + share * math.log(x1)),
        }[where]()

    return detect


def _on_line(level: float, x0: float, x1: float, y0: float, y1: float) -> float:
    """Where the line through two points meets a level; the first point if it is level itself."""
    return x0 + (level - y0) / (y1 - y0) * (x1 - x0) if y1 != y0 else float(x0)


def _short_of_it(name: str, message: str, levels: str) -> Misconception:
    """A level that some curves end short of: the search then finds the last checkpoint of all, and no next one."""
    return Misconception(
        f"{name}, beyond some curve's end",
        f"{message} On a curve that ends short of your level there is no checkpoint after the last one not beyond it.",
        _variant(levels=levels, crossing="last of all"),
    )


def _through(level: float, steps: Any, curve: Any, i: int) -> float:
    """Where the line through checkpoints i and i + 1 meets a level, between them or not."""
    return float(steps[i] + (level - curve[i]) / (curve[i + 1] - curve[i]) * (steps[i + 1] - steps[i]))


def _instead_of_none(given: Callable[[Any], Any]) -> Callable[..., Any]:
    def detect(steps: Any, values: Any, least: float) -> Any:
        found = helper.phase_change(steps, values, least)
        return given(steps) if found is None else found

    return detect


def _after_the_largest_jump(steps: Any, values: Any, least: float) -> Any:
    return steps[int(np.abs(np.diff(values)).argmax()) + 1]


def _largest_gradient(steps: Any, values: Any, least: float) -> Any:
    return steps[int(np.abs(np.gradient(values, steps)).argmax())]


def _steepest(per_step: bool, line: bool = False) -> Callable[..., Any]:
    """Where the cleaned curve moves most, in all or for each step: the interval's middle, or half-way's place in it."""

    def detect(steps: Any, values: Any, least: float) -> Any:
        curve = helper.running_median(values)
        if abs(curve[-1] - curve[0]) < least:
            return None
        moves = [
            abs(y1 - y0) / ((x1 - x0) if per_step else 1)
            for (x0, y0), (x1, y1) in pairwise(zip(steps, curve, strict=True))
        ]
        i = moves.index(max(moves))
        if line:
            return _on_line((curve[0] + curve[-1]) / 2, steps[i], steps[i + 1], curve[i], curve[i + 1])
        return (steps[i] + steps[i + 1]) / 2

    return detect


# --- curves whose step is planted ---


def ramp(steps: Sequence[float], begin: float, end: float, low: float, high: float) -> list[float]:
    """Level, then a straight rise (or fall) from step `begin` to step `end`, then level: half-way is in the middle."""
    return [low + (high - low) * min(max((step - begin) / (end - begin), 0.0), 1.0) for step in steps]


def _planted(draw: Draw, low: float, high: float, size: int = 18) -> tuple[list[int], list[float], int]:
    """Uneven steps, dense from the beginning of the change until its end; the curve; the place where it begins."""
    gaps = [draw.integer(40, 90) for _ in range(size // 3)]
    dense = [draw.integer(6, 19) for _ in range(size // 3)]
    far = [draw.integer(100, 300) for _ in range(size - 2 * (size // 3) - 1)]
    steps = [0]
    for gap in (*gaps, *dense, *far):
        steps.append(steps[-1] + gap)
    first = size // 3
    begin, end = steps[first] + 1, steps[first + size // 3 - 1] + 2
    return steps, ramp(steps, begin, end, low, high), first


def _cases(draw: Draw) -> list[Case]:
    real = training_curve("induction-2l", draw.integer(1, 4))
    cases = []

    def case(label: str, steps: Sequence[int], values: Sequence[float], least: float = 0.1) -> None:
        cases.append(Case(label, (list(steps), [round(float(value), 6) for value in values], least)))

    noise = [draw.integer(-8, 8) / 1000 for _ in range(18)]
    steps, rise, first = _planted(draw, 0.03, draw.integer(60, 75) / 100)
    case("a score that rises once, unevenly spaced checkpoints", steps, rise)

    steps, fall, first = _planted(draw, 4.2, draw.integer(24, 28) / 10)
    case("a loss that falls", steps, fall, 0.5)

    steps, rise, first = _planted(draw, 0.03, 0.8)
    rise[2] = 0.95  # one bad measurement before, one after
    rise[-3] = 0.1
    case("one high outlier before the rise, one low outlier after it", steps, rise)

    steps, rise, first = _planted(draw, 0.05, 0.8)
    rise[2] = rise[3] = 0.9
    case("a rise that fell back, long before the one that stayed", steps, rise)

    steps, rise, first = _planted(draw, 0.05, 0.8)
    rise[-5] = rise[-4] = 0.1
    case("a rise that fell back late, for two checkpoints, before it stayed", steps, rise)

    steps, rise, first = _planted(draw, 0.04, 0.6)
    rise[0] = 0.62
    rise[-1] = 0.57
    case("outliers at both ends", steps, rise)

    steps, rise, first = _planted(draw, 0.05, 0.75)
    middle = next(i for i, value in enumerate(rise) if value > 0.4)
    rise[middle] = draw.choice((0.02, 0.9))
    case("an outlier in the middle of the rise", steps, rise)

    steps, rise, first = _planted(draw, 0.1, 0.5)
    over = first + 6
    rise[over : over + 3] = [0.97, 0.95, 0.93]
    case("a score that overshoots and comes down again", steps, [r + n for r, n in zip(rise, noise, strict=True)])

    steps, rise, first = _planted(draw, 0.2, 0.24)
    rise[4] = 0.8
    rise[-1] = 0.9
    case("nothing but noise and two outliers", steps, [r + n for r, n in zip(rise, noise, strict=True)])
    steps, fall, first = _planted(draw, 4.1, 3.5)
    case("a loss that falls by 0.6, where at least 1 is asked for", steps, fall, 1.0)

    uneven = [0, 50, 100, 200, 400, 800, 1000, 1500, 2000]
    case("a bump that goes away again", uneven, [0, 0, 0, 1, 1, 1, 0.01, 0.01, 0.01])
    hundreds = [300.0, 300.0, 302.0, 300.0, 330.0, 450.0, 640.0, 700.0, 700.0]
    case("values in the hundreds, steps close together", range(9), hundreds)
    case("a change of exactly `least`", uneven, [0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5], 0.5)
    case("a rest exactly half-way", uneven, [0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1])
    case("a return to exactly half-way", uneven, [0, 0, 1, 1, 0.5, 0.5, 1, 1, 1])
    case("one checkpoint exactly half-way", uneven, [0, 0, 0, 0.5, 1, 1, 1, 1, 1])
    case("up and down before it stays up", uneven, [0, 0, 0, 1, 0, 1, 0, 1, 1])
    case("up and down, soon", uneven, [0, 0, 1, 0, 1, 0, 1, 1, 1])

    scores = real.values["induction_score"]
    case(f"the induction score of induction-2l, seed {real.seed}", real.steps, scores)
    losses = real.values["loss_later_copies"]
    case(f"the loss on later copies of induction-2l, seed {real.seed}", real.steps, losses, 0.5)
    return cases


phase_change = Exercise(
    name="phase_change",
    chapter="induction_heads",
    section="2.7",
    title="When it forms",
    core=True,
    difficulty=4,
    minutes=25,
    points=4,
    prerequisites=("induction_score",),
    hints=(
        "Do the three parts one by one and look at each: the cleaned curve, its half-way level, then the place. The "
        "median of three numbers is sorted(three)[1].",
        "inner = [sorted(values[i - 1 : i + 2])[1] for i in range(1, len(values) - 1)]; curve = [inner[0], *inner, "
        "inner[-1]]. A falling curve becomes a rising one when every value, and the half-way level, is multiplied by "
        "−1.",
        "With a rising curve: i = max(j for j in range(len(curve)) if curve[j] <= half); share = (half - curve[i]) / "
        "(curve[i + 1] - curve[i]); return steps[i] + share * (steps[i + 1] - steps[i]).",
    ),
    reference=helper.phase_change,
    oracle=Oracle("scipy's median filter, then a bisection on numpy's interpolation", _by_scipy),
    cases=_cases,
    variant=_variant,
    alternatives={
        "from the end backwards": _backwards,
        "torch, in double precision": _by_torch,
        "numpy, falling curves turned over, numpy.interp": _by_interp,
    },
    misconceptions=(
        Misconception(
            "the curve was not cleaned",
            "You work on the curve as it was measured, so one bad measurement after the change moves your step to it. "
            "Replace each value by the median of itself and its two neighbours first.",
            switches={"clean": "none"},
        ),
        Misconception(
            "a moving average",
            "You smooth with a mean of three. A mean smears a jump over its neighbours, unevenly where checkpoints are "
            "unevenly spaced, and an outlier stays in it with a third of its size. A median leaves a steady rise where "
            "it is and drops the outlier.",
            switches={"clean": "mean"},
        ),
        Misconception(
            "a moving average, cut at the ends",
            "You smooth with means, of three values and at the ends of two. A mean smears a jump over its neighbours, "
            "and a bad measurement stays in it. Take medians of three; the first and the last take the cleaned value "
            "of their neighbour.",
            switches={"clean": "mean, cut"},
        ),
        Misconception(
            "a median of two at the ends",
            "Your window is cut off at the ends, so that the first and the last value are the median of two, which is "
            "their mean: one bad measurement there moves the half-way level. The first and the last take the cleaned "
            "value of their neighbour.",
            switches={"clean": "cut"},
        ),
        Misconception(
            "the smaller of two at the ends",
            "At the ends you take the smaller of the last two values: a median filter that pads with zeros does that, "
            "and torch.median of two. The first and the last take the cleaned value of their neighbour.",
            switches={"clean": "smaller of two"},
        ),
        Misconception(
            "cleaned in place",
            "You write each median into the list from which the next one is taken, so a median is one of values that "
            "are cleaned already on the left and not yet on the right. Keep the measurements and make a new list.",
            switches={"clean": "in place"},
        ),
        Misconception(
            "cleaned more than once",
            "You clean the cleaned curve again. Each time more of what is real goes with the noise: asked for is one "
            "median of three for each checkpoint, taken from the measurements.",
            switches={"clean": "again"},
        ),
        Misconception(
            "a trailing average",
            "You smooth with a mean of this checkpoint and the two before. It lags: every change comes out later than "
            "it was. Use the median of the value and its neighbours on both sides.",
            switches={"clean": "trailing"},
        ),
        Misconception(
            "a trailing median",
            "You take the median of this checkpoint and the two before. It lags by one checkpoint, so every change "
            "comes out later than it was. Use the neighbours on both sides.",
            switches={"clean": "trailing median"},
        ),
        Misconception(
            "a median of five",
            "You take medians of five values. They also remove two outliers in a row, and more of what is real: asked "
            "for are medians of three, the value and its two neighbours.",
            switches={"clean": "five"},
        ),
        Misconception(
            "the ends as they were measured",
            "Your cleaned curve keeps the first and the last measurement as they are. If one of them is bad, so is the "
            "half-way level. The first and the last take the cleaned value of their neighbour.",
            switches={"clean": "ends kept"},
        ),
        Misconception(
            "half-way between raw ends",
            "You take the half-way level from the first and the last measurement. One bad measurement at an end moves "
            "it. Take the first and the last value of the cleaned curve.",
            switches={"levels": "raw ends"},
        ),
        Misconception(
            "half-way between the extremes",
            "Your half-way level lies between the lowest and the highest value. A curve that overshoots and comes down "
            "has a maximum that is not where it ends. Take the start and the end of the cleaned curve.",
            switches={"levels": "extremes"},
        ),
        Misconception(
            "half of the end",
            "Your level is half of where the curve ends, as if every curve began at zero. Half-way is the middle "
            "between its start and its end: (start + end) / 2.",
            switches={"levels": "half the end"},
        ),
        Misconception(
            "half of the change",
            "Your level is half of the change, counted from zero. Count it from the start: start + (end - start) / 2, "
            "which is (start + end) / 2.",
            switches={"levels": "half the rise"},
        ),
        Misconception(
            "one half for every curve",
            "You ask when the curve passes 0.5. A loss in nats, or a head that ends at 0.4, may never do so, or pass "
            "there late. Half-way is the middle between the curve's own start and end.",
            switches={"levels": "zero to one"},
        ),
        Misconception(
            "nine tenths of the way",
            "You ask when nine tenths of the way are done. That is when the change is nearly over, and near the end "
            "level noise decides. Half-way is the middle of start and end.",
            switches={"levels": "nine tenths"},
        ),
        Misconception(
            "a tenth of the way",
            "You ask when a tenth of the way is done. That is when it begins, and near the start level noise decides. "
            "Half-way is the middle of start and end.",
            switches={"levels": "a tenth"},
        ),
        Misconception(
            "the mean of the curve",
            "Your level is the mean of all values. It depends on how many checkpoints somebody kept before and after "
            "the change. Half-way is the middle between start and end.",
            switches={"levels": "mean"},
        ),
        _short_of_it(
            "between the extremes",
            "Your level lies between the lowest and the highest value. Take start and end of the cleaned curve.",
            "extremes",
        ),
        _short_of_it(
            "half of the end",
            "Your level is half of where the curve ends. It is the middle of start and end: (start + end) / 2.",
            "half the end",
        ),
        _short_of_it(
            "half of the change",
            "Your level is half of the change, counted from zero. Count it from the start: (start + end) / 2.",
            "half the rise",
        ),
        _short_of_it(
            "one half for every curve",
            "Your level is 0.5 for every curve. Half-way is the middle between the curve's own start and end.",
            "zero to one",
        ),
        Misconception(
            "the first crossing",
            "You stop at the first time the curve passes half-way. It may fall back, and heads that go away again have "
            "not formed. Asked for is the last time: from there on the curve stays beyond half-way.",
            switches={"crossing": "first"},
        ),
        Misconception(
            "the first time that half-way is reached",
            "You stop where the curve first reaches half-way. It may rest there or fall back, and heads that go away "
            "again have not formed. Draw the line after the last checkpoint that is not beyond half-way.",
            switches={"crossing": "first touch"},
        ),
        Misconception(
            "exactly half-way counted as beyond",
            "You take a checkpoint that is exactly half-way for one beyond. A curve that rests or returns there has "
            "not left it: the change lies after the last checkpoint that is not beyond half-way, <= for a curve that "
            "rises.",
            switches={"crossing": "touching"},
        ),
        Misconception(
            "neighbours on different sides",
            "You look for two neighbours on different sides of half-way. A checkpoint that is exactly half-way "
            "lies on neither, and its crossing is missed. Look for the last checkpoint that is not beyond half-way, "
            "and take the next.",
            switches={"crossing": "sides"},
        ),
        Misconception(
            "the checkpoint before",
            "You give the last checkpoint that is not yet beyond half-way. The change lies between it and the next: "
            "draw a straight line between the two and say where it passes half-way.",
            switches={"where": "before"},
        ),
        Misconception(
            "the checkpoint after",
            "You give the first checkpoint beyond half-way. The change lies between the one before and this one: draw "
            "a straight line between the two and say where it passes half-way.",
            switches={"where": "after"},
        ),
        Misconception(
            "the middle of the interval",
            "You give the middle between the two checkpoints. Their values say more: draw a straight line between them "
            "and say where it passes half-way.",
            switches={"where": "middle"},
        ),
        Misconception(
            "the number of the checkpoint",
            "You give a place in the list, in checkpoints, and not a step of training. Checkpoints are unevenly "
            "spaced: go from the place to `steps`, and interpolate there.",
            switches={"where": "index"},
        ),
        Misconception(
            "the index of the checkpoint after",
            "You give the index of the first checkpoint beyond half-way. Asked for is a step of training: between "
            "steps[i] and steps[i + 1], where the straight line passes half-way.",
            switches={"where": "index after"},
        ),
        Misconception(
            "the index of the checkpoint before",
            "You give the index of the last checkpoint that is not beyond half-way. Asked for is a step of training: "
            "between steps[k] and steps[k + 1], where the straight line meets half-way.",
            _variant(where="index before"),
        ),
        Misconception(
            "one checkpoint too early",
            "You give the step of the checkpoint before the last one that is not beyond half-way. The change lies "
            "after that last one, on the straight line from it to the next.",
            _variant(where="one too early"),
        ),
        Misconception(
            "the line from the checkpoint before",
            "You draw the line through checkpoints k − 1 and k and follow it to half-way. The curve is not yet beyond "
            "half-way at k, so it meets the level on the next stretch: from k to k + 1.",
            _variant(where="line of the interval before"),
        ),
        Misconception(
            "steps of the interval before",
            "Your share is that of the stretch from k to k + 1, and your steps are those from k − 1 to k. Values and "
            "steps have to have the same index; a cleaned list without its first value is one ahead of `steps`.",
            _variant(where="steps of the interval before"),
        ),
        Misconception(
            "steps of the interval after",
            "Your share is that of the stretch from k to k + 1, and your steps are those from k + 1 to k + 2. Values "
            "and steps have to have the same index.",
            _variant(where="steps of the interval after"),
        ),
        Misconception(
            "counted from the checkpoint after",
            "You add the share of the way to the step of checkpoint k + 1. The share is counted from k: steps[k] + "
            "share * (steps[k + 1] - steps[k]).",
            _variant(where="from the checkpoint after"),
        ),
        Misconception(
            "the share for a step",
            "You add the share itself, a number from 0 to 1, to the step. It is a share of the way between two "
            "checkpoints: multiply it by steps[k + 1] - steps[k].",
            _variant(where="share for step"),
        ),
        Misconception(
            "the slope turned over",
            "You multiply what is missing to half-way by the slope, values for each step. Divide by it: (half − "
            "y_k) / (y_{k+1} − y_k), times the steps between.",
            _variant(where="slope turned over"),
        ),
        Misconception(
            "a share without its sign",
            "You take the size of half − y_k and divide by a difference that keeps its sign, so that falling curves go "
            "backwards from checkpoint k. Let both keep their signs: they are the same.",
            _variant(where="share without a sign"),
        ),
        Misconception(
            "the level for the step",
            "You return the half-way level, a value of the curve. Asked for is the step at which the curve passes it.",
            _variant(where="the level"),
        ),
        Misconception(
            "cut off to a whole step",
            "You cut off what comes after the point. The place on the straight line is mostly no whole step; give the "
            "number as it comes out.",
            _variant(where="cut off"),
        ),
        Misconception(
            "zero for no change",
            "You return 0 where there is no change, and 0 is a step as well. Return None.",
            _instead_of_none(lambda steps: 0),
        ),
        Misconception(
            "minus one for no change",
            "You return −1 where there is no change. None cannot be taken for a number: return that.",
            _instead_of_none(lambda steps: -1),
        ),
        Misconception(
            "NaN for no change",
            "You return NaN where there is no change. It goes on silently through every sum: return None.",
            _instead_of_none(lambda steps: math.nan),
        ),
        Misconception(
            "the last step for no change",
            "You return the last step where there is no change. That reads as if something had happened there: return "
            "None.",
            _instead_of_none(lambda steps: steps[-1]),
        ),
        Misconception(
            "rounded to a step",
            "You round the result. The place on the straight line between two checkpoints is mostly no whole step; "
            "give the number as it comes out.",
            switches={"where": "rounded"},
        ),
        Misconception(
            "the nearest checkpoint",
            "You give the checkpoint that is nearest to the change. Asked for is the place on the straight line "
            "between the two checkpoints, as a number.",
            switches={"where": "nearest"},
        ),
        Misconception(
            "the value closest to half-way",
            "You give the checkpoint whose value is closest to half-way. Draw a straight line between the last "
            "checkpoint that is not beyond half-way and the next, and say where it meets the level.",
            switches={"where": "closest"},
        ),
        Misconception(
            "a line through raw measurements",
            "You find the place on the cleaned curve and then draw the line through the raw measurements. Where one "
            "of them is bad the line is, too: use the cleaned values of both checkpoints.",
            switches={"where": "raw share"},
        ),
        Misconception(
            "the share from the wrong side",
            "You go back from the later checkpoint by the share that belongs to the way forward from the earlier one. "
            "The share (half − value before) / (value after − value before) counts from the checkpoint before.",
            switches={"where": "wrong share"},
        ),
        Misconception(
            "a logarithmic axis",
            "You draw the straight line over the logarithm of the step. It is a good axis for a picture; the "
            "definition here interpolates in steps, which also works from step 0.",
            switches={"where": "log"},
        ),
        Misconception(
            "a logarithmic axis, from one",
            "You draw the straight line over log(step + 1), which is a good axis for a picture of training. The "
            "definition here interpolates in steps: x + share * (next x − x).",
            switches={"where": "log of one more"},
        ),
        Misconception(
            "a change in every curve",
            "You find a step even where nothing happens: in noise some checkpoint is always the last below the middle. "
            "Return None when start and end of the cleaned curve differ by less than `least`.",
            switches={"flat": "never"},
        ),
        Misconception(
            "falling curves have no change",
            "You compare end − start with `least` without regard to sign, so that every falling curve has no change. "
            "Compare the size of the difference: abs(end − start).",
            switches={"flat": "signed"},
        ),
        Misconception(
            "`least` asked of raw ends",
            "You compare the first and the last measurement with `least`. One bad measurement at an end makes a "
            "change or hides one. Compare the ends of the cleaned curve.",
            switches={"flat": "raw ends"},
        ),
        Misconception(
            "`least` asked of the whole range",
            "You compare the highest and the lowest measurement with `least`. One outlier makes that large. Compare "
            "start and end of the cleaned curve.",
            switches={"flat": "spread"},
        ),
        Misconception(
            "a bump taken for a change",
            "You compare the highest and the lowest value of the cleaned curve with `least`. A curve that rises and "
            "comes back to where it began has not changed. Compare its start and its end.",
            switches={"flat": "cleaned spread"},
        ),
        Misconception(
            "more than `least`",
            "You ask for a change of more than `least`. No change is one of *less* than `least`: a change of exactly "
            "that size counts.",
            switches={"flat": "more than least"},
        ),
        Misconception(
            "a relative `least`",
            "You compare the change with `least` times the start level. `least` is in the unit of the curve: nats for "
            "a loss, a share of attention for a score.",
            switches={"flat": "relative"},
        ),
        Misconception(
            "only rising curves",
            "You look for values above half-way whichever way the curve goes. A loss falls: there, beyond half-way "
            "means below it.",
            switches={"direction": "rising"},
        ),
        Misconception(
            "the largest jump between checkpoints",
            "You take the two neighbouring checkpoints between which the curve moves most. Two that are far apart in "
            "steps move more than two close together, so that says where checkpoints are sparse. Asked for is where "
            "the curve passes half-way for good.",
            _steepest(per_step=False),
        ),
        Misconception(
            "the steepest place",
            "You look for the steepest place, by step. Noise between two checkpoints close together is steep as well. "
            "Asked for is where the curve passes half-way for good.",
            _steepest(per_step=True),
        ),
        Misconception(
            "half-way on the largest jump",
            "You draw the line where the curve moves most between two checkpoints. It need not pass half-way there, "
            "and may fall back later. Draw it after the last checkpoint that is not beyond half-way.",
            _steepest(per_step=False, line=True),
        ),
        Misconception(
            "half-way at the steepest place",
            "You draw the line between the two checkpoints where the curve is steepest by step. It need not pass "
            "half-way there. Draw it after the last checkpoint that is not beyond half-way.",
            _steepest(per_step=True, line=True),
        ),
        Misconception(
            "the checkpoint after the largest jump",
            "You give the checkpoint after the largest difference between neighbours. An outlier makes the largest "
            "difference of all, and checkpoints far apart differ more than those close together. Clean the curve, "
            "then ask where it passes half-way for good.",
            _after_the_largest_jump,
        ),
        Misconception(
            "the largest gradient",
            "You give the checkpoint at which the measured curve is steepest. An outlier is steep, too, and so is "
            "noise between checkpoints close together. Clean the curve, then ask where it passes half-way for good.",
            _largest_gradient,
        ),
    ),
)

EXERCISES = [phase_change]
