"""Gradient saliency under randomised weights."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import pearsonr, spearmanr
from torch import Tensor, nn

from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.checking.exercise import Tolerance
from mi_course.mechanistic import saliency as helper

CHAPTER = "mechanistic"

QUESTIONS = [
    Question(
        name="most_alike_when_random",
        text="All layers but the first are random. Which method's map is still most like its map in the trained model?",
        kind=str,
        options=helper.METHODS,
    ),
]


class _Small(nn.Module):
    """A network of the kind the section is about, small enough to be run some thousand times in a check."""

    def __init__(self, channels: int, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, 4, 3, padding=1)
        self.body = nn.Sequential(nn.ReLU(), nn.Conv2d(4, 5, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2))
        self.out = nn.Linear(5, classes)
        with torch.no_grad():
            for p in self.parameters():  # a generator of its own, so that a case is the same for the same seed
                p.copy_(torch.randn(p.shape, generator=generator) * (0.5 if p.ndim > 1 else 0.3))

    def forward(self, images: Tensor) -> Tensor:
        return self.out(self.body(self.first(images)).flatten(2).logsumexp(-1))


LAYERS = ("first", "body.1", "out")


def _network(draw: Draw, channels: int, classes: int) -> nn.Module:
    return _Small(channels, classes, draw.generator).eval()


# --- saliency_map -----------------------------------------------------------------------------------------------------


def _by_differences(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Move every point of every picture a little up and down, in double precision."""
    model, images, step = copy.deepcopy(model).double(), images.double(), 1e-6
    rows = []
    with torch.no_grad():
        for image, wanted in zip(images, classes.tolist(), strict=True):
            moves = step * torch.eye(image.numel(), dtype=torch.float64).reshape(-1, *image.shape)
            up, down = model(image + moves)[:, wanted], model(image - moves)[:, wanted]
            rows.append(((up - down) / (2 * step)).reshape(image.shape).abs().amax(0))
    return torch.stack(rows).float()


def _by_backward(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    images = images.clone().requires_grad_()
    model(images)[torch.arange(len(images)), classes].sum().backward()
    return images.grad.abs().max(dim=1).values


def _in_place(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    images.requires_grad_(True)
    logits = model(images)
    logits.backward(gradient=F.one_hot(classes, logits.shape[1]).float())
    return images.grad.abs().amax(1)


def _one_hot(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    return _in_place(model, images.clone(), classes)


def _one_by_one(model: nn.Module, images: Tensor, classes: Tensor) -> list[Tensor]:
    maps = []
    for image, wanted in zip(images, classes, strict=True):
        point = image[None].detach().requires_grad_()
        (gradient,) = torch.autograd.grad(model(point)[0, wanted], point)
        maps.append(gradient[0].abs().amax(0))
    return maps


def _by_jacobian(model: nn.Module, images: Tensor, classes: Tensor) -> Any:
    table = torch.autograd.functional.jacobian(lambda x: model(x).sum(0), images)  # class, picture, channel, y, x
    return np.abs(table.numpy())[classes.numpy(), np.arange(len(classes))].max(1)


def _map_variant(*, target: str = "logit", reduce: str = "largest size", after: str = "") -> Callable[..., Any]:
    """The answer with one or two things done otherwise: what is differentiated, and how channels are joined."""

    def answer(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
        points = images.clone().requires_grad_()
        logits = model(points)
        one = logits.gather(1, classes[:, None])[:, 0]
        what = {
            "logit": lambda: one.sum(),
            "mean of logits": lambda: one.mean(),
            "probability": lambda: logits.softmax(1).gather(1, classes[:, None]).sum(),
            "log probability": lambda: logits.log_softmax(1).gather(1, classes[:, None]).sum(),
            "mean loss": lambda: F.cross_entropy(logits, classes),
            "all classes": lambda: logits.sum(),
            "largest": lambda: logits.amax(1).sum(),
            "crossed": lambda: logits[:, classes].sum(),
            "first class": lambda: logits[:, classes[0]].sum(),
            "margin": lambda: (2 * one - logits.sum(1)).sum(),
        }[target]()
        (gradient,) = torch.autograd.grad(what, points)
        if after == "times input":
            gradient = gradient * images
        joined = {
            "largest size": lambda: gradient.abs().amax(1),
            "largest": lambda: gradient.amax(1),
            "size of the largest": lambda: gradient.amax(1).abs(),
            "sum of sizes": lambda: gradient.abs().sum(1),
            "mean of sizes": lambda: gradient.abs().mean(1),
            "size of the sum": lambda: gradient.sum(1).abs(),
            "length": lambda: gradient.norm(dim=1),
            "square": lambda: gradient.square().amax(1),
            "only positive": lambda: gradient.clamp(min=0).amax(1),
            "first channel": lambda: gradient[:, 0].abs(),
            "not joined": lambda: gradient.abs(),
        }[reduce]()
        if after == "scaled":
            return joined / joined.flatten(1).amax(1).clamp(min=1e-12).reshape(-1, *[1] * (joined.ndim - 1))
        if after == "scaled together":
            return joined / joined.max().clamp(min=1e-12)
        return joined.mean(0) if after == "mean over pictures" else joined

    return answer


def _cases_map(draw: Draw) -> list[Case]:
    def case(label: str, n: int, channels: int, classes: int, y: int, x: int) -> Case:
        model = _network(draw, channels, classes)
        wanted = draw.integers(f"{n}", classes)
        if n > 1:
            wanted[1] = (wanted[0] + 1) % classes
        images = draw.normal(f"{n} {channels} {y} {x}", mean=0.3)
        return Case(label, (model, images, wanted), axes=("picture", "y", "x"))

    return [
        case("4 pictures of 2 channels, 6 × 8 points, 5 classes", 4, 2, 5, 6, 8),
        case("3 pictures of 3 channels, 8 × 5 points, 4 classes", 3, 3, 4, 8, 5),
        case("one picture of 2 channels, 7 × 6 points, 6 classes", 1, 2, 6, 7, 6),
        case("5 pictures of 3 channels, 6 × 7 points, 3 classes", 5, 3, 3, 6, 7),
    ]


def _observe_stack(case: Case, given: Any) -> Any:
    """A tensor, also where rows come in a list or an array."""
    if isinstance(given, list) and given and all(isinstance(each, Tensor) for each in given):
        given = torch.stack(given) if len({each.shape for each in given}) == 1 else given
    if isinstance(given, (list, tuple)) and given and all(isinstance(e, (list, tuple, np.ndarray)) for e in given):
        try:
            given = torch.as_tensor(np.array(given, dtype=float)).float()
        except (TypeError, ValueError):
            return given
    return torch.from_numpy(given).float() if isinstance(given, np.ndarray) else given


def _a_second_time(answer: Any, case: Case) -> Any:
    """What the second call on the same model and pictures gives: gradients left by the first would be in it."""
    answer(*case.args, **case.kwargs)
    return answer(*case.args, **case.kwargs)


saliency_map = Exercise(
    name="saliency_map",
    chapter=CHAPTER,
    section="0.9",
    title="The gradient as a picture",
    core=False,
    difficulty=2,
    minutes=10,
    points=2,
    hints=(
        "Which number is differentiated, with respect to what? One logit of each picture, with respect to the points "
        "of "
        "that picture. PyTorch differentiates one number; what single number has all these gradients at once?",
        "The sum over pictures of each picture's own logit: no picture appears in another's logit. "
        "logits.gather(1, classes[:, None]) picks one logit a picture. A copy of the pictures needs "
        "requires_grad_() before it goes into the model.",
        "points = images.detach().clone().requires_grad_(); chosen = model(points).gather(1, classes[:, None]).sum(); "
        "gradient, = torch.autograd.grad(chosen, points). Then sizes first, the largest over channels second: "
        "gradient.abs().amax(dim=1).",
    ),
    reference=helper.saliency_map,
    oracle=Oracle("differences: every point moved up and down a little, in double precision", _by_differences),
    cases=_cases_map,
    observe=_observe_stack,
    variant=_map_variant,
    tolerance=Tolerance(2e-3, 1e-5),
    driver=_a_second_time,
    alternatives={
        "backward and .grad": _by_backward,
        "a copy, one-hot gradient": _one_hot,
        "one picture at a time, a list": _one_by_one,
        "the whole Jacobian, numpy": _by_jacobian,
    },
    misconceptions=(
        Misconception(
            "gradients of an earlier call",
            "The first call is right, the second on the same pictures is not. backward() adds to .grad, and you left "
            "requires_grad and the first gradient on the pictures that were handed to you. Work on a copy: points = "
            "images.detach().clone().requires_grad_().",
            _in_place,
        ),
        Misconception(
            "the probability",
            "You differentiate the probability. The softmax brings all other logits in, and where the model is sure "
            "its "
            "slope is nearly 0, so the map fades for the pictures that are best recognised. Asked for is the logit of "
            "the class.",
            switches={"target": "probability"},
        ),
        Misconception(
            "the log probability",
            "You differentiate the log probability of the class (or the loss, which is the same but for the sign). It "
            "contains every other logit through the softmax. Asked for is the logit of the class alone.",
            switches={"target": "log probability"},
        ),
        Misconception(
            "the mean loss",
            "You differentiate the mean cross-entropy: it contains all logits, and is divided by the number of "
            "pictures. "
            "Asked for is the logit of each picture's class.",
            switches={"target": "mean loss"},
        ),
        Misconception(
            "all classes at once",
            "You differentiate the sum of all logits. That map speaks for no class. Pick the logit of each picture's "
            "class: logits.gather(1, classes[:, None]).",
            switches={"target": "all classes"},
        ),
        Misconception(
            "the class that wins",
            "You differentiate the largest logit of each picture. That explains what the model would answer; `classes` "
            "says which class is asked about, and it need not be the one that wins.",
            switches={"target": "largest"},
        ),
        Misconception(
            "every picture with every class",
            "logits[:, classes] has one column for every entry of `classes`, for every picture: you differentiate the "
            "logits of all the classes in the list. One logit a picture is logits.gather(1, classes[:, None]), or "
            "logits[torch.arange(len(classes)), classes].",
            switches={"target": "crossed"},
        ),
        Misconception(
            "the first picture's class",
            "You use the first entry of `classes` for all pictures. Each picture has its own.",
            switches={"target": "first class"},
        ),
        Misconception(
            "a mean over pictures' logits",
            "You differentiate the mean of the logits, so every map is divided by the number of pictures, and the same "
            "picture has another map in another batch. Take the sum.",
            switches={"target": "mean of logits"},
        ),
        Misconception(
            "one logit against the others",
            "You differentiate the logit minus the other logits. That is a map of a comparison; asked for is the logit "
            "of the class alone.",
            switches={"target": "margin"},
        ),
        Misconception(
            "the sign is kept",
            "You take the largest gradient over channels with its sign: a channel in which more means less of the "
            "class "
            "is lost. Take sizes first: gradient.abs().amax(dim=1).",
            switches={"reduce": "largest"},
        ),
        Misconception(
            "sizes too late",
            "You take the largest over channels and then its size. Of −3 and 1 the largest is 1, and the 3 is lost. "
            "Sizes first: gradient.abs().amax(dim=1).",
            switches={"reduce": "size of the largest"},
        ),
        Misconception(
            "a sum over channels",
            "You add the sizes over channels. Simonyan et al. take the largest, which does not grow with the number of "
            "channels.",
            switches={"reduce": "sum of sizes"},
        ),
        Misconception(
            "a mean over channels",
            "You average the sizes over channels, so a point that matters in one channel only is diluted. Take the "
            "largest.",
            switches={"reduce": "mean of sizes"},
        ),
        Misconception(
            "channels cancel",
            "You add the gradients over channels before taking sizes, so opposite signs cancel. Sizes first, then the "
            "largest over channels.",
            switches={"reduce": "size of the sum"},
        ),
        Misconception(
            "a length over channels",
            "You take the root of the sum of squares over channels. Asked for is the largest size.",
            switches={"reduce": "length"},
        ),
        Misconception(
            "squares for sizes",
            "You square the gradient. Its size is asked for: abs().",
            switches={"reduce": "square"},
        ),
        Misconception(
            "only what speaks for the class",
            "You set negative gradients to 0. A point whose brightness speaks against the class matters to it as well; "
            "the map has the size of the gradient, whatever its sign.",
            switches={"reduce": "only positive"},
        ),
        Misconception(
            "only the first channel",
            "You read the first channel and leave the others out. Take the largest size over all: amax(dim=1).",
            switches={"reduce": "first channel"},
        ),
        Misconception(
            "channels are left in",
            "Your maps have a channel axis still: shape (picture, channel, y, x). A map has one number a point: the "
            "largest size over channels, amax(dim=1).",
            switches={"reduce": "not joined"},
        ),
        Misconception(
            "multiplied with the picture",
            "You multiply the gradient with the picture. That is a method of its own (gradient × input); a black point "
            "gets 0 there however much it matters. Asked for is the gradient alone.",
            switches={"after": "times input"},
        ),
        Misconception(
            "scaled to 1",
            "You divide every map by its largest value. For looking at it that is fine, but it hides how strong the "
            "dependence is. Return the map as it is.",
            switches={"after": "scaled"},
        ),
        Misconception(
            "scaled to 1 together",
            "You divide all maps by the largest value among them, so a picture's map depends on which others are in "
            "the "
            "batch. Return the maps as they are.",
            switches={"after": "scaled together"},
        ),
        Misconception(
            "averaged over pictures",
            "You average over the pictures. Each picture has a map of its own: shape (picture, y, x).",
            switches={"after": "mean over pictures"},
        ),
    ),
)


# --- saliency_sanity_check --------------------------------------------------------------------------------------------


def _by_scipy(model: nn.Module, untrained: nn.Module, images: Tensor, classes: Tensor, layers: Sequence[str]) -> Tensor:
    """Weights exchanged in a dictionary, gradients by torch.func, ranks by scipy."""
    trained, random = dict(model.named_parameters()), dict(untrained.named_parameters())

    def table(weights: dict[str, Tensor]) -> Tensor:
        def logit(x: Tensor, wanted: Tensor) -> Tensor:
            return torch.func.functional_call(model, weights, (x[None],))[0].gather(0, wanted[None])[0]

        return torch.func.vmap(torch.func.grad(logit))(images, classes).detach().abs().amax(1)

    before, rows = table(trained), []
    for start in range(len(layers) - 1, -1, -1):
        mixed = {
            name: random[name] if name.rpartition(".")[0] in layers[start:] else weight
            for name, weight in trained.items()
        }
        rows.append(
            [
                float(spearmanr(a.flatten().numpy(), b.flatten().numpy()).statistic)
                for a, b in zip(before, table(mixed), strict=True)
            ]
        )
    return torch.tensor(rows)


def _by_walking_down(
    model: nn.Module, untrained: nn.Module, images: Tensor, classes: Tensor, layers: Sequence[str]
) -> Tensor:
    twin, before, rows = copy.deepcopy(model), _by_backward(model, images, classes), []
    with torch.enable_grad():
        for name in reversed(layers):
            twin.get_submodule(name).load_state_dict(untrained.get_submodule(name).state_dict())
            rows.append(helper.rank_correlation(before, _by_backward(twin, images, classes)))
    return torch.stack(rows)


def _by_state_dict(
    model: nn.Module, untrained: nn.Module, images: Tensor, classes: Tensor, layers: Sequence[str]
) -> list[list[float]]:
    random, result = untrained.state_dict(), []
    before = helper.saliency_map(model, images, classes)
    for k in range(1, len(layers) + 1):
        state = copy.deepcopy(model.state_dict())
        for key in state:
            if any(key.startswith(name + ".") for name in layers[-k:]):
                state[key] = random[key].clone()
        twin = copy.deepcopy(model)
        twin.load_state_dict(state)
        after = helper.saliency_map(twin, images, classes)
        result.append(
            [spearmanr(a.flatten(), b.flatten()).statistic for a, b in zip(before.numpy(), after.numpy(), strict=True)]
        )
    return result


def _pearson(first: Tensor, second: Tensor) -> Tensor:
    return torch.tensor(
        [pearsonr(a.flatten().numpy(), b.flatten().numpy()).statistic for a, b in zip(first, second, strict=True)]
    ).float()


def _cosine(first: Tensor, second: Tensor) -> Tensor:
    return F.cosine_similarity(first.flatten(1), second.flatten(1))


def _together(first: Tensor, second: Tensor) -> Tensor:
    """One correlation over the points of all pictures, the same for each."""
    return helper.rank_correlation(first.flatten()[None], second.flatten()[None]).expand(len(first))


def _signed(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    return helper.signed_map(model, images, classes)


def _times_input(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    return helper.signed_map(model, images, classes, "gradient × input").abs().amax(1)


def _of_the_winner(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    with torch.no_grad():
        wins = model(images).argmax(1)
    return helper.saliency_map(model, images, wins)


def _check_variant(
    *,
    end: str = "output",
    how: str = "cascade",
    compare: str = "trained",
    maps: Callable[[nn.Module, Tensor, Tensor], Tensor] = helper.saliency_map,
    alike: Callable[[Tensor, Tensor], Tensor] = helper.rank_correlation,
    parts: str = "all",
    stages: str = "changed",
    after: str = "",
    base: str = "trained",
    which: str = "listed",
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(
        model: nn.Module, untrained: nn.Module, images: Tensor, classes: Tensor, layers: Sequence[str]
    ) -> Tensor:
        names = list(LAYERS if which == "every layer" else layers)
        start, source = (model, untrained) if base == "trained" else (untrained, model)
        order = names if end == "input" else names[::-1]
        found, before = [], maps(model, images, classes)
        previous = before
        goal = maps(untrained, images, classes) if compare == "untrained" else before
        for k in range(1, len(order) + 1):
            twin = copy.deepcopy(start)
            for name in order[k - 1 : k] if how == "alone" else order[:k]:
                layer, fresh = twin.get_submodule(name), source.get_submodule(name)
                with torch.no_grad():
                    if parts in ("all", "weights"):
                        layer.weight.copy_(fresh.weight)
                    if parts in ("all", "biases"):
                        layer.bias.copy_(fresh.bias)
            here = maps(twin, images, classes)
            found.append(alike(previous if compare == "step before" else goal, here))
            previous = here
        table = torch.stack(found)
        if stages != "changed":
            itself = alike(before, before)[None]
            table = torch.cat([itself, table]) if stages == "with the trained one" else torch.cat([itself, table[:-1]])
        return {
            "mean": lambda: table.mean(1),
            "turned": lambda: table.T,
            "backwards": lambda: table.flip(0),
            "size": lambda: table.abs(),
            "difference": lambda: 1 - table,
            "last": lambda: table[-1],
        }.get(after, lambda: table)()

    return answer


def _cases_check(draw: Draw) -> list[Case]:
    def case(label: str, n: int, channels: int, classes: int, y: int, x: int, layers: Sequence[str]) -> Case:
        model, untrained = _network(draw, channels, classes), _network(draw, channels, classes)
        wanted = draw.integers(f"{n}", classes)
        images = draw.normal(f"{n} {channels} {y} {x}", mean=0.3)
        return Case(label, (model, untrained, images, wanted, list(layers)), axes=("stage", "picture"))

    return [
        case("three layers, 4 pictures of 2 channels, 5 classes", 4, 2, 5, 7, 8, LAYERS),
        case("three layers, one picture, 3 classes", 1, 3, 3, 8, 9, LAYERS),
        case("only the last two of three layers, 5 pictures", 5, 2, 4, 6, 8, LAYERS[1:]),
        case("the first and the last of three layers, 3 pictures", 3, 2, 6, 9, 6, (LAYERS[0], LAYERS[2])),
    ]


saliency_sanity_check = Exercise(
    name="saliency_sanity_check",
    chapter=CHAPTER,
    section="0.9",
    title="Does the map notice random weights?",
    core=False,
    difficulty=3,
    minutes=15,
    points=3,
    prerequisites=("saliency_map",),
    hints=(
        "Keep the map of the trained model. Then go through the layers from the last in the list to the first; each "
        "stage keeps what the stages before it have randomised.",
        "Work on a copy, so that the model stays as it is: twin = copy.deepcopy(model). One layer's weights and biases "
        "come over with twin.get_submodule(name).load_state_dict(untrained.get_submodule(name).state_dict()).",
        "for name in reversed(layers): load the layer into the same twin as before, then append "
        "rank_correlation(before, saliency_map(twin, images, classes)). At the end torch.stack the rows.",
    ),
    reference=helper.saliency_sanity_check,
    oracle=Oracle("functional_call with exchanged weights, torch.func.grad, and scipy.stats.spearmanr", _by_scipy),
    cases=_cases_check,
    observe=_observe_stack,
    variant=_check_variant,
    tolerance=Tolerance(0.0, 5e-3),  # rounding can exchange the ranks of two points that are nearly alike
    alternatives={
        "one twin, layer after layer": _by_walking_down,
        "state dictionaries, scipy, lists": _by_state_dict,
    },
    misconceptions=(
        Misconception(
            "randomised from the input",
            "You begin with the layer next to the input. Everything above it then works on features it was never "
            "trained on, so any map changes at once and the check cannot tell methods apart. The cascade begins with "
            "the output layer, the last name in `layers`, and goes down.",
            switches={"end": "input"},
        ),
        Misconception(
            "one layer at a time",
            "At each stage you randomise one layer and put the others back. Adebayo et al. do that too, as a separate "
            "test; in the cascade each stage keeps what the stages before it have randomised, so that the last one "
            "has no trained weight left among the layers named.",
            switches={"how": "alone"},
        ),
        Misconception(
            "compared with the stage before",
            "You compare every map with that of the stage before. Small steps can lead far away: a map may resemble "
            "its "
            "neighbour at each step and end up with nothing of the trained model's. Compare with the trained model.",
            switches={"compare": "step before"},
        ),
        Misconception(
            "compared with the untrained model",
            "You compare with the untrained model's map, so the numbers rise to 1 as layers are exchanged. Asked is "
            "how "
            "much is left of the trained model's map.",
            switches={"compare": "untrained"},
        ),
        Misconception(
            "trained layers put into the untrained model",
            "You start with the untrained model and bring trained layers in. It is the other way round: start with a "
            "copy of the trained model, and put the untrained weights into its last layers.",
            switches={"base": "untrained"},
        ),
        Misconception(
            "the biases stay trained",
            "You exchange weights and leave the biases as they were. They are learnt, too: load the whole layer's "
            "state_dict().",
            switches={"parts": "weights"},
        ),
        Misconception(
            "only the biases are exchanged",
            "You exchange biases and leave the weights as they were, which is nearly the trained model. Load the whole "
            "layer's state_dict().",
            switches={"parts": "biases"},
        ),
        Misconception(
            "layers that were not named",
            "You randomise layers that are not in `layers`. The list says which ones belong to the check, and in which "
            "order; the others stay trained.",
            switches={"which": "every layer"},
        ),
        Misconception(
            "the trained model counted as a stage",
            "Your first row compares the trained model with itself, and is all ones. Asked for is one row a layer: the "
            "first with the output layer randomised.",
            switches={"stages": "with the trained one"},
        ),
        Misconception(
            "one stage behind",
            "Each row is taken before the layer is exchanged: your first row is all ones, and the model with every "
            "layer "
            "random is missing. Exchange the layer first, then take the map.",
            switches={"stages": "one behind"},
        ),
        Misconception(
            "a plain correlation",
            "You correlate the values, not their ranks. A few very bright points then decide the result. Spearman's "
            "correlation is that of the ranks: rank_correlation.",
            switches={"alike": _pearson},
        ),
        Misconception(
            "a cosine",
            "You take the cosine of the two maps. All values are positive, so even unrelated maps come out alike. "
            "Take the correlation of ranks: rank_correlation.",
            switches={"alike": _cosine},
        ),
        Misconception(
            "all pictures ranked together",
            "You rank the points of all pictures together, so a picture with a strong map correlates with itself as a "
            "whole. Compare every picture's map with its own: one number a picture.",
            switches={"alike": _together},
        ),
        Misconception(
            "maps with their sign",
            "You compare gradients with their sign and all their channels. That is a fair question of its own; here "
            "the "
            "map is saliency_map's, the size of the gradient.",
            switches={"maps": _signed},
        ),
        Misconception(
            "gradient times input",
            "Your maps are multiplied with the picture. The picture is the same at every stage and keeps them alike; "
            "that is a finding about that method. Here the map is saliency_map's, the size of the gradient.",
            switches={"maps": _times_input},
        ),
        Misconception(
            "the class that wins",
            "You explain the class that wins at each stage. With random layers another one wins, and the map changes "
            "for "
            "that reason alone. Explain the same class at every stage: `classes`.",
            switches={"maps": _of_the_winner},
        ),
        Misconception(
            "averaged over pictures",
            "You average over the pictures. Without one number a picture there is no interval: return shape (stage, "
            "picture).",
            switches={"after": "mean"},
        ),
        Misconception(
            "rows and columns exchanged",
            "Your table has one row a picture. Asked for is one row a stage: shape (stage, picture).",
            switches={"after": "turned"},
        ),
        Misconception(
            "the last stage first",
            "Your rows stand in the reverse order. The first row is the one with the output layer alone randomised, "
            "the "
            "last has all of `layers`.",
            switches={"after": "backwards"},
        ),
        Misconception(
            "the size of the correlation",
            "You take the absolute value of the correlation. A negative one says that the bright points of one map are "
            "the dark ones of the other, which is not alike.",
            switches={"after": "size"},
        ),
        Misconception(
            "one minus the correlation",
            "You return how different the maps are. Asked for is how alike: 1 for the same ranks.",
            switches={"after": "difference"},
        ),
        Misconception(
            "only the last stage",
            "You return the last stage alone. One row for each layer is asked for, in the order in which they were "
            "randomised: collect them in a list and torch.stack it.",
            switches={"after": "last"},
        ),
    ),
)

EXERCISES: list[Exercise] = [saliency_map, saliency_sanity_check]
