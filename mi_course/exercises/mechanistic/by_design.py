"""Models that are made to be read, and what that costs."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.checking.exercise import Tolerance
from mi_course.mechanistic import by_design as helper

QUESTIONS = [
    Question(
        name="pixels_for_a_line",
        text="A linear model is fitted to the pictures themselves, 64 grey values each. What share of new pictures "
        "does it name correctly? (Within 0.05.)",
        kind=float,
        low=0,
        high=1,
        comes_true=lambda value, outcome: abs(value - outcome) <= 0.05,
    ),
    Question(
        name="meaningless_concepts",
        text="The best bottleneck with concepts that mean nothing: how far below the bottleneck with real concepts is "
        "its accuracy?",
        kind=str,
        options=("more than 0.10", "between 0.03 and 0.10", "less than 0.03, or not at all"),
    ),
]


def _by_lifting(coefficients: Tensor, X: Tensor, one: int, other: int) -> Tensor:
    """Lift one feature of a picture by its deviation and see what the model then says, in Python's own floats."""
    rows, weights = X.double().tolist(), coefficients.double().tolist()

    def log_odds(x: list[float]) -> float:
        return sum(w * v for w, v in zip(weights[one], x, strict=True)) - sum(
            w * v for w, v in zip(weights[other], x, strict=True)
        )

    changes = []
    for feature in range(len(rows[0])):
        lifted = list(rows[0])
        lifted[feature] += statistics.pstdev([row[feature] for row in rows])
        changes.append(log_odds(lifted) - log_odds(rows[0]))
    return torch.tensor(changes)


def _by_softmax(coefficients: Tensor, X: Tensor, one: int, other: int) -> Tensor:
    """From the log probabilities, at the mean picture; every lifted copy is a row."""
    base = X.double().mean(0)
    lifted = base + torch.diag(X.double().std(0))
    before, after = ((x @ coefficients.double().T).log_softmax(-1) for x in (base[None], lifted))
    return (after - before)[:, one] - (after - before)[:, other]


def _by_numpy(coefficients: Tensor, X: Tensor, one: int, other: int) -> np.ndarray:
    z = X.numpy() - X.numpy().mean(axis=0)
    return np.sqrt((z**2).mean(axis=0)) * np.subtract(*coefficients.numpy()[[one, other]])


def _by_loops(coefficients: Tensor, X: Tensor, one: int, other: int) -> list[float]:
    return [
        float((coefficients[one, j] - coefficients[other, j]) * X[:, j].std(correction=0)) for j in range(X.shape[1])
    ]


def _scaled_model(coefficients: Tensor, X: Tensor, one: int, other: int) -> Tensor:
    per_deviation = coefficients * X.std(0, keepdim=True)
    return per_deviation[one] - per_deviation[other]


_SCALES: dict[str, Callable[[Tensor], Any]] = {
    "deviation": lambda X: X.std(0),
    "none": lambda X: 1.0,
    "divided": lambda X: 1 / X.std(0).clamp(min=1e-6),
    "variance": lambda X: X.var(0),
    "one for all": lambda X: X.std(),
    "mean": lambda X: X.mean(0),
    "mean size": lambda X: X.abs().mean(0),
    "range": lambda X: X.amax(0) - X.amin(0),
    "first picture": lambda X: X[0],
    "root mean square": lambda X: (X**2).mean(0).sqrt(),
    "error of the mean": lambda X: X.std(0) / len(X) ** 0.5,
    "largest": lambda X: X.abs().amax(0),
}


def _variant(*, scale: str = "deviation", rows: str = "difference", after: str = "") -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(coefficients: Tensor, X: Tensor, one: int, other: int) -> Tensor:
        others = [c for c in range(len(coefficients)) if c != one]
        direction = {
            "one": coefficients[one],
            "other": coefficients[other],
            "reversed": coefficients[other] - coefficients[one],
            "against the rest": coefficients[one] - coefficients[others].mean(0),
            "against the mean": coefficients[one] - coefficients.mean(0),
            "sum": coefficients[one] + coefficients[other],
            "sizes": coefficients[one].abs() - coefficients[other].abs(),
        }.get(rows, coefficients[one] - coefficients[other])
        found = direction * _SCALES[scale](X)
        if after == "size":
            return found.abs()
        if after == "square":
            return found**2
        if after == "share":
            return found / found.abs().sum()
        if after == "signed share":
            return found / found.sum()
        if after == "odds":
            return found.exp()
        return found

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, n: int, classes: int, features: int, one: int, other: int) -> Case:
        scale = torch.logspace(-1.5, 1.5, features)[torch.randperm(features, generator=draw.generator)]
        X = draw.normal(f"{n} {features}") * scale + 3 * scale * draw.normal(f"{features}")
        coefficients = draw.normal(f"{classes} {features}", mean=0.4) / scale.sqrt()
        return Case(label, (coefficients, X, one, other), axes=("feature",))

    features = draw.integer(5, 8)
    one, other = draw.sample(range(4), 2)
    plain = case(f"four classes, {features} features, class {one} against {other}", 400, 4, features, one, other)
    coefficients, X = plain.args[0], plain.args[1]
    units = torch.ones(features)
    units[0], units[1] = 1000.0, 0.01
    same = Case("the same model and pictures, two features measured in other units", (coefficients / units, X * units))
    two = case("two classes, three features, class 1 against 0", 350, 2, 3, 1, 0)
    level = case("three classes, four features, one of them the same in all pictures", 300, 3, 4, 2, 0)
    level.args[1][:, 1] = 2.5
    skewed = case("features that are mostly 0", 500, 3, 4, 0, 1)
    rare = torch.rand(skewed.args[1].shape, generator=draw.generator) < 0.2
    skewed = Case(skewed.label, (skewed.args[0], skewed.args[1] * rare, 0, 1), axes=("feature",))
    return [plain, Case(same.label, (*same.args, one, other), axes=("feature",)), two, level, skewed]


def _observe(case: Case, given: Any) -> Any:
    """One number a feature, also where they come as a list, an array or a column."""
    if isinstance(given, (list, tuple)) and all(isinstance(each, (int, float, Tensor)) for each in given):
        given = torch.tensor([float(each) for each in given]) if given else given
    if isinstance(given, np.ndarray):
        given = torch.from_numpy(given)
    if isinstance(given, Tensor) and given.ndim == 2 and 1 in given.shape:
        given = given.flatten()
    return given.double() if isinstance(given, Tensor) and given.is_floating_point() else given


interpretable_by_design = Exercise(
    name="interpretable_by_design",
    chapter="mechanistic",
    section="0.6",
    title="How much a feature counts",
    core=False,
    difficulty=2,
    minutes=10,
    points=2,
    hints=(
        "Two choices are to be made: which row or rows of the coefficients speak about one class against another, and "
        "what step of a feature counts as one.",
        "log p(one) − log p(other) is the difference of two logits, since the sum over all classes in the softmax "
        "falls out. So the slope is coefficients[one] − coefficients[other], in logits per unit. A step that is "
        "alike for features in different units is one standard deviation over the pictures: X.std(dim=0).",
        "Multiply the two, feature by feature, and keep the sign: (coefficients[one] - coefficients[other]) * "
        "X.std(dim=0).",
    ),
    reference=helper.interpretable_by_design,
    oracle=Oracle("a picture whose feature is lifted by its deviation, run through the model", _by_lifting),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    tolerance=Tolerance(4e-3, 1e-4),  # n or n − 1 in the deviation
    alternatives={
        "log softmax at the mean picture": _by_softmax,
        "numpy, dividing by n": _by_numpy,
        "a loop, a list": _by_loops,
        "the coefficients of the scaled model": _scaled_model,
    },
    misconceptions=(
        Misconception(
            "coefficients without their units",
            "You compare coefficients as they are. They say how much the log odds change per unit, and the units "
            "differ: measured in metres instead of millimetres, the same feature has a coefficient a thousand times "
            "as large. Multiply each by the standard deviation of its feature.",
            switches={"scale": "none"},
        ),
        Misconception(
            "divided by the deviation",
            "You divide by the standard deviation. That is right for scaling the features; a coefficient then has to "
            "be multiplied by it, so that coefficient times feature stays what it was.",
            switches={"scale": "divided"},
        ),
        Misconception(
            "the variance",
            "You multiply by the variance, which is in the square of the unit, so the result still changes with the "
            "unit. Take its root, the standard deviation.",
            switches={"scale": "variance"},
        ),
        Misconception(
            "one deviation for all features",
            "You multiply every feature by the same number, the standard deviation of the whole table. Then the units "
            "are still in the result. Take the deviation of each column: X.std(dim=0).",
            switches={"scale": "one for all"},
        ),
        Misconception(
            "the mean for the deviation",
            "You multiply by the mean of the feature: what it adds to the log odds of an average picture, counted "
            "from 0. A feature that is the same in all pictures can then look important, although it tells no picture "
            "from another. Take a step of one standard deviation.",
            switches={"scale": "mean"},
        ),
        Misconception(
            "the mean size for the deviation",
            "You multiply by the mean absolute value of the feature, which is large wherever its values are far from "
            "0. What counts is how much it varies from picture to picture: its standard deviation.",
            switches={"scale": "mean size"},
        ),
        Misconception(
            "distances from 0",
            "You take the root of the mean square without subtracting the mean first: distances from 0, not from the "
            "feature's mean. A feature that never varies would count. X.std(dim=0) subtracts the mean.",
            switches={"scale": "root mean square"},
        ),
        Misconception(
            "the range for the deviation",
            "You multiply by maximum minus minimum. That is free of units, but two pictures decide it, and it grows "
            "with the number of pictures. Asked for is a step of one standard deviation.",
            switches={"scale": "range"},
        ),
        Misconception(
            "the largest value for the deviation",
            "You multiply by the largest absolute value of each feature. One picture decides that, and it counts from "
            "0. Asked for is a step of one standard deviation.",
            switches={"scale": "largest"},
        ),
        Misconception(
            "one picture",
            "You multiply by the features of the first picture: what each adds to the log odds of that picture. That "
            "explains one prediction. Asked for is the model on the pictures of X: one standard deviation over them.",
            switches={"scale": "first picture"},
        ),
        Misconception(
            "the error of a mean",
            "You divide the standard deviation by the root of the number of pictures: how uncertain a mean is. With "
            "more pictures every feature would count less. Take the deviation itself.",
            switches={"scale": "error of the mean"},
        ),
        Misconception(
            "the sign is lost",
            "You return absolute values. Which features matter can be read from them, but not for which of the two "
            "classes they speak. Keep the sign.",
            switches={"after": "size"},
        ),
        Misconception(
            "squared",
            "You square the result, which loses the sign and makes large features larger. Asked for is the change of "
            "the log odds itself.",
            switches={"after": "square"},
        ),
        Misconception(
            "shares of the whole",
            "You divide by the sum of all sizes. A share depends on which other features are in the model; asked for "
            "is the change of the log odds itself, which can be compared between models.",
            switches={"after": "share"},
        ),
        Misconception(
            "shares of a sum with signs",
            "You divide by the sum over features. Positive and negative ones cancel there, so the sum can be near 0 or "
            "negative and turn every sign. Return the changes themselves.",
            switches={"after": "signed share"},
        ),
        Misconception(
            "odds for log odds",
            "You return e to the change: the factor by which the odds are multiplied. It is the same information, but "
            "features that speak against the class are squeezed between 0 and 1. Asked for is the change of log odds.",
            switches={"after": "odds"},
        ),
        Misconception(
            "one class alone",
            "You read the row of class `one` alone. Adding the same vector to every row changes no prediction, so a "
            "row by itself says nothing. What counts is the difference to the other class: coefficients[one] − "
            "coefficients[other].",
            switches={"rows": "one"},
        ),
        Misconception(
            "the other class alone",
            "You read the row of class `other`. Asked is what speaks for `one` against `other`: the difference of "
            "their rows.",
            switches={"rows": "other"},
        ),
        Misconception(
            "the two classes exchanged",
            "Your signs are reversed: positive where a feature speaks for `other`. Subtract the row of `other` from "
            "that of `one`.",
            switches={"rows": "reversed"},
        ),
        Misconception(
            "against all the rest",
            "You compare class `one` with the mean of all other classes. With two classes that is the same; with more "
            "it answers another question. Only the row of `other` belongs in the difference.",
            switches={"rows": "against the rest"},
        ),
        Misconception(
            "against the mean of all",
            "You compare class `one` with the mean of all rows, its own among them. Asked is `one` against `other` "
            "alone.",
            switches={"rows": "against the mean"},
        ),
        Misconception(
            "the sum of the rows",
            "You add the two rows. A feature that speaks for both classes alike tells them not apart, and yours would "
            "count it twice. Take the difference.",
            switches={"rows": "sum"},
        ),
        Misconception(
            "a difference of sizes",
            "You take absolute values before you subtract, so a feature that speaks for one class and against the "
            "other cancels. Subtract first.",
            switches={"rows": "sizes"},
        ),
    ),
)

EXERCISES: list[Exercise] = [interpretable_by_design]
