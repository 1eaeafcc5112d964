"""Saliency maps of a picture, and whether they depend on what the model has learnt.

A saliency map gives every point of a picture a number that is meant to say how much the model's answer depends on it.
The check is Adebayo et al.'s (2018, "Sanity Checks for Saliency Maps"): put random weights in place of the trained
ones, from the output down, and see whether the map changes. A map that stays as it was cannot be about what was learnt.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from scipy.stats import rankdata
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from mi_course.claims import Interval, bootstrap_interval
from mi_course.errors import CourseError, did_you_mean

METHODS = ("gradient", "gradient × input", "guided backprop")


def saliency_map(
    model: nn.Module, images: Float[Tensor, "picture channel y x"], classes: Int[Tensor, " picture"]
) -> Float[Tensor, "picture y x"]:
    """Size of the gradient of each picture's logit for its class with respect to every point, the largest over channels
    (Simonyan et al. 2013, "Deep Inside Convolutional Networks").

    model: pictures to logits, shape (picture, class); it treats every picture by itself.
    classes: which logit to explain, for each picture.
    """
    return signed_map(model, images, classes).abs().amax(1)


def signed_map(
    model: nn.Module,
    images: Float[Tensor, "picture channel y x"],
    classes: Int[Tensor, " picture"],
    method: str = "gradient",
) -> Float[Tensor, "picture channel y x"]:
    """A saliency map with its sign, by one of METHODS.

    gradient: ∂ logit / ∂ point. gradient × input: that times the point's value (Shrikumar et al. 2016, "Not Just a
    Black Box"). guided backprop: the gradient, but at every ReLU on the way back negative values are set to 0 as well
    (Springenberg et al. 2014, "Striving for Simplicity").

    Raises CourseError for an unknown method and for classes that do not fit the pictures.
    """
    if method not in METHODS:
        raise CourseError(f"There is no method {method!r}.{did_you_mean(method, METHODS)} There are {METHODS}.")
    if classes.shape != images.shape[:1]:
        raise CourseError(f"Give one class for each of the {len(images)} pictures, not shape {tuple(classes.shape)}.")
    points = images.detach().clone().requires_grad_()
    with torch.enable_grad():
        if method == "guided backprop":
            with _GuidedReLU():
                logits = model(points)
        else:
            logits = model(points)
        chosen = logits.gather(1, classes[:, None]).sum()  # pictures do not mix, so each keeps its own gradient
        (gradient,) = torch.autograd.grad(chosen, points)
    return gradient * images if method == "gradient × input" else gradient


class _Guided(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Tensor:
        (x,), (gradient,) = ctx.saved_tensors, gradients
        return gradient.clamp(min=0) * (x > 0)


class _GuidedReLU(TorchFunctionMode):
    """Exchanges every ReLU that is called meanwhile, be it a layer or a function."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (F.relu, torch.relu, Tensor.relu, torch.relu_, Tensor.relu_):
            return _Guided.apply(args[0] if args else kwargs["input"])
        return func(*args, **(kwargs or {}))


def edge_map(images: Float[Tensor, "picture channel y x"]) -> Float[Tensor, "picture y x"]:
    """Slope of the picture at every point (Sobel's filters), the largest over channels. It knows of no model."""
    side = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    flat = F.pad(images.flatten(0, 1)[:, None], (1, 1, 1, 1), mode="replicate")
    dx, dy = F.conv2d(flat, side[None, None]), F.conv2d(flat, side.T[None, None])
    return torch.hypot(dx, dy).reshape(images.shape).amax(1)


def with_random_layers(model: nn.Module, untrained: nn.Module, layers: Sequence[str]) -> nn.Module:
    """A copy of the model in which the named layers are as in the untrained one; neither of the two is changed.

    Raises CourseError for a layer that the model does not have.
    """
    twin = copy.deepcopy(model)
    known = [
        name
        for name, layer in model.named_modules()
        if name and next(layer.parameters(recurse=False), None) is not None
    ]
    for name in layers:
        if name not in known:
            raise CourseError(f"The model has no layer {name!r}.{did_you_mean(name, known)} It has {', '.join(known)}.")
        twin.get_submodule(name).load_state_dict(untrained.get_submodule(name).state_dict())
    return twin


def rank_correlation(
    first: Float[Tensor, "picture ..."],
    second: Float[Tensor, "picture ..."],
) -> Float[Tensor, " picture"]:
    """Spearman's rank correlation of two maps of each picture: the correlation of the ranks of their points.

    Equal values share the mean of their ranks. A map that is the same everywhere has no ranks; its correlation is given
    as 0.
    Raises CourseError for maps of different shapes.
    """
    if first.shape != second.shape or first.ndim < 2:
        raise CourseError(
            f"Maps to compare have one shape, (picture, …); these have {tuple(first.shape)} and {tuple(second.shape)}."
        )
    ranks = [torch.from_numpy(rankdata(each.detach().flatten(1).numpy(), axis=1)) for each in (first, second)]
    a, b = (each - each.mean(1, keepdim=True) for each in ranks)
    size = a.norm(dim=1) * b.norm(dim=1)
    return torch.where(size > 0, (a * b).sum(1) / size.clamp(min=1e-12), 0.0).float()


def saliency_sanity_check(
    model: nn.Module,
    untrained: nn.Module,
    images: Float[Tensor, "picture channel y x"],
    classes: Int[Tensor, " picture"],
    layers: Sequence[str],
) -> Float[Tensor, "stage picture"]:
    """How alike each picture's map stays to its map in the trained model, as layers are randomised from the output.

    layers: names in order from input to output. At stage k the last k + 1 of them hold the untrained model's weights:
    stage 0 changes the output layer alone, the last stage all. Spearman's rank correlation of `saliency_map`s.
    (The cascading randomisation of Adebayo et al. 2018.)
    """
    before = saliency_map(model, images, classes)
    return torch.stack(
        [
            rank_correlation(before, saliency_map(with_random_layers(model, untrained, layers[-k:]), images, classes))
            for k in range(1, len(layers) + 1)
        ]
    )


@dataclass(frozen=True)
class Cascade:
    """How alike maps stay to those of the trained model, by method and by how many layers have been randomised.

    similarity: rank correlation, shape (method, stage, picture), the mean over draws of random weights; stage 0 is the
        trained model itself.
    by_draw: the same by draw of random weights, the mean over pictures: shape (method, stage, draw).
    stages: what was randomised last at each stage, "none" first. signed: whether maps were compared with their sign.
    """

    similarity: Float[Tensor, "method stage picture"]
    by_draw: Float[Tensor, "method stage draw"]
    methods: Sequence[str]
    stages: Sequence[str]
    signed: bool
    level: float = 0.95

    def mean(self, method: str) -> Float[Tensor, " stage"]:
        """The mean over pictures at every stage."""
        return self.similarity[self.methods.index(method)].mean(1)

    def interval(self, method: str, stage: int) -> Interval:
        """A bootstrap interval over pictures, for this one model and these draws of random weights."""
        return bootstrap_interval(self.similarity[self.methods.index(method), stage], level=self.level)


def cascade(
    model: nn.Module,
    untrained: nn.Module | Sequence[nn.Module],
    images: Float[Tensor, "picture channel y x"],
    classes: Int[Tensor, " picture"],
    layers: Sequence[str],
    *,
    methods: Sequence[str] = METHODS,
    signed: bool = False,
) -> Cascade:
    """The sanity check for several methods, with the trained model as stage 0.

    untrained: where the random weights come from; of several networks the results are averaged. They should not be the
        network that training began from: a layer that training moved little is then like the trained one. (Adebayo et
        al. initialise anew.)
    layers: names in order from input to output; randomised from the last one on.
    signed: compare maps with their sign; otherwise their sizes, largest over channels. (Adebayo et al. report both.)
    """

    def maps(subject: nn.Module, method: str) -> Tensor:
        found = signed_map(subject, images, classes, method)
        return found if signed else found.abs().amax(1)

    draws = [untrained] if isinstance(untrained, nn.Module) else list(untrained)
    if not draws:
        raise CourseError("A cascade takes its random weights from at least one network; `untrained` is empty.")
    before = {method: maps(model, method) for method in methods}
    itself = torch.stack([rank_correlation(each, each) for each in before.values()])[:, None]
    tables = []  # one a draw: method, stage, picture
    for fresh in draws:
        subjects = [with_random_layers(model, fresh, layers[-k:]) for k in range(1, len(layers) + 1)]
        rows = [
            torch.stack([rank_correlation(before[method], maps(subject, method)) for subject in subjects])
            for method in methods
        ]
        tables.append(torch.cat([itself, torch.stack(rows)], dim=1))
    found = torch.stack(tables, dim=-1)
    return Cascade(found.mean(-1), found.mean(2), tuple(methods), ("none", *reversed(layers)), signed)
