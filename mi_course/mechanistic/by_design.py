"""Models made to be read, on pictures of shapes: linear, additive, and through a bottleneck of concepts.

The question is Rudin's (2019, "Stop Explaining Black Box Machine Learning Models for High Stakes Decisions and Use
Interpretable Models Instead"): why explain a black box where a model that can be read would do? Lipton (2018, "The
Mythos of Model Interpretability") answers that what can be read depends on what the inputs mean. So all three models
here take measurements of a picture that have names and units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from scipy import ndimage
from torch import Tensor

from mi_course.errors import CourseError, did_you_mean
from mi_course.worlds.shapes import CLASSES

MEASUREMENTS = ("ink", "enclosed", "outline", "one direction", "right angles", "contrast")
UNITS = ("% of the points", "points", "points", "0 to 1", "0 to 1", "grey values")

CONCEPTS = ("filled", "closed", "curved", "three corners")
_CODE = {
    "edge": (1, 0, 0, 0),
    "line": (0, 0, 0, 0),
    "arc": (0, 0, 1, 0),
    "circle": (0, 1, 1, 0),
    "square": (0, 1, 0, 0),
    "triangle": (0, 1, 0, 1),
    "disc": (1, 1, 1, 0),
    "filled square": (1, 1, 0, 0),
}
"""Every class has its own four answers, so that the concepts, if they are right, settle the class."""


def measure(images: Float[Tensor, "picture 1 y x"]) -> Float[Tensor, "picture measurement"]:
    """What can be measured on a picture without having learnt anything, in the order of MEASUREMENTS.

    ink: share of points that differ from the background, in percent. enclosed: background points that no path over
    background joins to the border. outline: length of all borders between dark and bright, in points. one direction,
    right angles: how far the directions of the borders agree, counted modulo half a turn and modulo a quarter turn,
    from 0 (all directions alike) to 1. contrast: ink minus background, in grey values, without its sign.

    Raises CourseError for pictures of another shape.
    """
    if images.ndim != 4 or images.shape[1] != 1 or min(images.shape[2:]) < 8:
        raise CourseError(f"measure takes pictures of shape (picture, 1, y, x), not {tuple(images.shape)}.")
    smooth, dy, dx = _smoothed(images)
    flat = smooth.flatten(1)
    # Most of a picture is background, save for edges, where either side will do.
    turned = smooth * torch.where(flat.median(dim=1).values > 0, -1.0, 1.0)[:, None, None]
    flat = turned.flatten(1)  # the extremes themselves would be noise
    low, high = (flat.kthvalue(place, dim=1).values for place in (flat.shape[1] // 10, flat.shape[1] - 5))
    contrast = (high - low).clamp(min=1e-6)
    ink = turned > ((low + high) / 2)[:, None, None]
    slope = torch.hypot(dx, dy)
    return torch.stack(
        [
            100 * ink.float().mean((1, 2)),
            _enclosed(ink),
            slope.sum((1, 2)) / contrast,
            _agreement(dx, dy, slope, 2),
            _agreement(dx, dy, slope, 4),
            contrast,
        ],
        dim=1,
    )


def _smoothed(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The pictures after a small Gaussian, and their slopes along y and x."""
    bell = torch.exp(-(torch.arange(-2.0, 3.0) ** 2) / (2 * 0.8**2))
    bell = bell / bell.sum()
    padded = F.pad(images, (3, 3, 3, 3), mode="replicate")
    wide = F.conv2d(F.conv2d(padded, bell.view(1, 1, 5, 1)), bell.view(1, 1, 1, 5))[:, 0]
    dy = (wide[:, 2:, 1:-1] - wide[:, :-2, 1:-1]) / 2
    dx = (wide[:, 1:-1, 2:] - wide[:, 1:-1, :-2]) / 2
    return wide[:, 1:-1, 1:-1], dy, dx


def _enclosed(ink: Bool[Tensor, "picture y x"]) -> Float[Tensor, " picture"]:
    """Background points that are not joined to the outside by background."""
    background = F.pad(~ink, (1, 1, 1, 1), value=True).numpy()
    neighbours = np.zeros((3, 3, 3), dtype=int)
    neighbours[1] = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]  # within a picture, never from one picture to the next
    region, count = ndimage.label(background, structure=neighbours)
    outside = np.zeros(count + 1, dtype=bool)
    outside[0] = True  # ink
    outside[region[:, 0, 0]] = True
    return torch.from_numpy((~outside[region]).sum((1, 2))).float()


def _agreement(dx: Tensor, dy: Tensor, slope: Tensor, turns: int) -> Float[Tensor, " picture"]:
    """Length of the mean of e^(i·turns·angle) over the steepest three tenths of the points, weighted by slope²."""
    steep = slope.flatten(1).kthvalue(int(0.7 * slope[0].numel()), dim=1).values[:, None, None]
    weight = torch.where(slope > steep, slope**2, 0.0)
    direction = torch.complex(dx, dy) / slope.clamp(min=1e-12)
    return (weight * direction**turns).sum((1, 2)).abs() / weight.sum((1, 2)).clamp(min=1e-12)


def concepts(label: Int[Tensor, " picture"]) -> Bool[Tensor, "picture concept"]:
    """Which of CONCEPTS are true of a picture, by its class: what somebody who annotates would write down."""
    return torch.tensor([_CODE[name] for name in CLASSES], dtype=torch.bool)[label]


def interpretable_by_design(
    coefficients: Float[Tensor, "class feature"], X: Float[Tensor, "picture feature"], one: int, other: int
) -> Float[Tensor, " feature"]:
    """How much each feature of a linear classifier speaks for class `one` against class `other`.

    coefficients: the logit of class c is coefficients[c] @ x plus a constant. X: features, each in its own unit.
    Returns the change of log p(one) / p(other) when one feature alone rises by its standard deviation over X. Measuring
    a feature in another unit leaves it as it is. (Dividing by n or by n − 1 in the deviation makes no odds here.)
    """
    return (coefficients[one] - coefficients[other]) * X.std(dim=0)


def linear_model() -> Any:
    """A scikit-learn pipeline: measurements scaled to standard deviation 1, then logistic regression.

    Its penalty is scikit-learn's default, C = 1.
    """
    from sklearn.linear_model import LogisticRegression  # here, since scikit-learn takes a second to import
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))


def additive_model(knots: int = 5) -> Any:
    """A scikit-learn pipeline: for each measurement a curve (a cubic spline), and the logit is the sum of the curves.

    That is a generalised additive model (Hastie & Tibshirani 1986, "Generalized Additive Models"). It is also what a
    Kolmogorov-Arnold network (Liu et al. 2024, "KAN: Kolmogorov-Arnold Networks") computes in a single layer: a learnt
    curve on every edge, and sums at the nodes. A network of several such layers is no longer a sum of curves of the
    inputs.

    knots: how many, at quantiles of the data; beyond the outermost the curve is constant.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import SplineTransformer

    splines = SplineTransformer(n_knots=knots, knots="quantile", extrapolation="constant")
    return make_pipeline(splines, LogisticRegression(max_iter=2000))


def raw_coefficients(model: Any) -> Float[Tensor, "class feature"]:
    """The coefficients of a fitted `linear_model` for measurements in their own units: logits per unit.

    The pipeline's own are per standard deviation of the data that it was fitted on.
    """
    scaler, regression = model[0], model[-1]
    return torch.from_numpy(regression.coef_ / scaler.scale_).float()


def refitted_importance(
    X: Float[Tensor, "picture feature"],
    label: Int[Tensor, " picture"],
    one: int,
    other: int,
    *,
    refits: int = 40,
    seed: int = 0,
) -> Float[Tensor, "refit feature"]:
    """`interpretable_by_design` of linear models fitted to resampled pictures: what other pictures would have taught.

    Each refit draws as many pictures as there are, with replacement; importance is taken over the pictures of X.
    """
    generator, found = torch.Generator().manual_seed(seed), []
    for _ in range(refits):
        drawn = torch.randint(len(X), (len(X),), generator=generator)
        model = linear_model().fit(X[drawn].numpy(), label[drawn].numpy())
        found.append(interpretable_by_design(raw_coefficients(model), X, one, other))
    return torch.stack(found)


def curve(
    model: Any, X: Float[Tensor, "picture feature"], feature: int, along: Float[Tensor, " point"], row: int = 0
) -> Float[Tensor, " point"]:
    """One curve of a fitted additive model: what a feature adds to a logit, by its value.

    row: of which class the logit is; 0 for a model of two classes, whose logit is that of the second.
    The curve is shifted so that its mean over X is 0, since a constant can be moved from one curve to another.
    """
    splines, regression = model[0], model[-1]
    width = splines.n_features_out_ // X.shape[1]
    weights = regression.coef_[row, feature * width : (feature + 1) * width]

    def height(values: Tensor) -> np.ndarray:
        filled = np.tile(X.mean(0).numpy(), (len(values), 1))
        filled[:, feature] = values.numpy()
        return splines.transform(filled)[:, feature * width : (feature + 1) * width] @ weights

    return torch.from_numpy(height(along) - height(X[:, feature]).mean()).float()


@dataclass
class Bottleneck:
    """Features to concepts to class, with nothing else passing between the two (Koh et al. 2020, "Concept Bottleneck
    Models"; this is the variant that they call independent: each half is fitted on the true concepts).

    predictors: one fitted classifier a concept. head: the fitted classifier from concepts to classes.
    names: the concepts, in order.
    """

    predictors: Sequence[Any]
    head: Any
    names: Sequence[str]

    def predict_concepts(self, X: Float[Tensor, "picture feature"]) -> Float[Tensor, "picture concept"]:
        """The probability that each concept is true."""
        columns = [model.predict_proba(X.numpy())[:, 1] for model in self.predictors]
        return torch.from_numpy(np.stack(columns, axis=1)).float()

    def predict(
        self, X: Float[Tensor, "picture feature"], given: Mapping[str, Tensor] | None = None
    ) -> Int[Tensor, " picture"]:
        """The class, after putting `given` values in place of predicted concepts: what Koh et al. call an intervention.

        given: concept to its value for each picture, True or False.
        Raises CourseError for a concept that the bottleneck does not have.
        """
        believed = self.predict_concepts(X)
        for name, values in (given or {}).items():
            if name not in self.names:
                raise CourseError(f"The bottleneck has no concept {name!r}.{did_you_mean(name, self.names)}")
            believed[:, list(self.names).index(name)] = values.float()
        return torch.from_numpy(self.head.predict(believed.numpy()))


def fit_bottleneck(
    X: Float[Tensor, "picture feature"],
    answers: Bool[Tensor, "picture concept"],
    label: Int[Tensor, " picture"],
    *,
    predictor: Any = additive_model,
    names: Sequence[str] = CONCEPTS,
) -> Bottleneck:
    """Fit both halves: features to each concept with a fresh `predictor()`, and true concepts to classes, linearly.

    Raises CourseError when a concept is true, or false, of every picture, or the names do not fit.
    """
    from sklearn.linear_model import LogisticRegression

    if answers.shape[1] != len(names):
        raise CourseError(f"There are {answers.shape[1]} concepts and {len(names)} names; give one name each.")
    same = [name for name, column in zip(names, answers.T, strict=True) if column.all() or not column.any()]
    if same:
        raise CourseError(f"{same[0]!r} has the same answer on every picture, so it cannot be learnt; leave it out.")
    predictors = [predictor().fit(X.numpy(), column.numpy()) for column in answers.T]
    # Little penalty: the codes are few, and the head only has to tell them apart.
    head = LogisticRegression(C=100.0, max_iter=2000).fit(answers.float().numpy(), label.numpy())
    return Bottleneck(predictors, head, tuple(names))


def predict(model: Any, X: Float[Tensor, "picture feature"]) -> Int[Tensor, " picture"]:
    """The classes that a fitted pipeline names, as a tensor."""
    return torch.from_numpy(np.asarray(model.predict(X.numpy())))
