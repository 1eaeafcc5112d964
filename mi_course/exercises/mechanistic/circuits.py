"""From a curve unit to a shape unit, by weights."""

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
        name="signs_agree",
        text="Of the units of conv2 that matter to the curve unit (silencing them changes its strongest response by "
        "more than 0.01), what share do so with the sign that their summed weights say?",
        low=0,
        high=1,
    ),
    Question(
        name="universal",
        text="Each unit of the third layer of one seed is matched with the most similar unit of another seed. Will the "
        "mean similarity be higher for trained networks than for untrained ones?",
        kind=bool,
    ),
]


# --- circuit_weights --------------------------------------------------------------------------------------------------


def _reference_circuit(weight: Tensor, bias: Tensor, before: Tensor, target: int) -> tuple[Tensor, Tensor]:
    connection = weight[target].sum(dim=(1, 2))

    def strongest(responses: Tensor) -> Tensor:
        drive = F.conv2d(
            responses, weight[target : target + 1], bias[target : target + 1], padding=weight.shape[-1] // 2
        )
        return F.relu(drive).amax(dim=(1, 2, 3))

    effects = []
    for source in range(weight.shape[1]):
        silenced = before.clone()
        silenced[:, source] = 0
        effects.append((strongest(before) - strongest(silenced)).mean())
    return connection, torch.stack(effects)


def _circuit_by_loops(weight: Any, bias: Any, before: Any, target: int) -> tuple[list[float], list[float]]:
    """Place by place and number by number."""
    kernels, given = weight[target].double().numpy(), before.double().numpy()
    half, offset = kernels.shape[-1] // 2, float(bias[target])
    batch, sources, height, width = given.shape
    padded = np.pad(given, ((0, 0), (0, 0), (half, half), (half, half)))

    def strongest(picture: int, without: int) -> float:
        best = 0.0
        for y in range(height):
            for x in range(width):
                drive = offset
                for source in range(sources):
                    if source != without:
                        near = padded[picture, source, y : y + 2 * half + 1, x : x + 2 * half + 1]
                        drive += float((kernels[source] * near).sum())
                best = max(best, drive)
        return best

    connection = [float(kernels[source].sum()) for source in range(sources)]
    intact = [strongest(picture, -1) for picture in range(batch)]
    effect = [
        sum(intact[picture] - strongest(picture, source) for picture in range(batch)) / batch
        for source in range(sources)
    ]
    return connection, effect


def _circuit_by_cutting(weight: Tensor, bias: Tensor, before: Tensor, target: int) -> list[Any]:
    """Cuts the connection instead of silencing the unit: for one target that is the same."""
    connection = [float(kernel.sum()) for kernel in weight[target]]
    half = weight.shape[-1] // 2
    whole = F.max_pool2d(F.conv2d(before, weight, bias, padding=half).relu(), before.shape[-2:])[:, target]
    effect = []
    for source in range(weight.shape[1]):
        cut = weight.clone()
        cut[target, source] = 0
        left = F.max_pool2d(F.conv2d(before, cut, bias, padding=half).relu(), before.shape[-2:])[:, target]
        effect.append(float((whole - left).mean()))
    return [np.array(connection), np.array(effect)]


def _circuit_by_parts(weight: Tensor, bias: Tensor, before: Tensor, target: int) -> Tensor:
    """Each source's part of the target's input, taken away from the sum."""
    kernels = weight[target][:, None]
    parts = F.conv2d(before, kernels, padding=weight.shape[-1] // 2, groups=len(kernels))
    drive = parts.sum(dim=1, keepdim=True) + bias[target]
    strongest = [each.clamp(min=0).flatten(2).max(dim=2).values for each in (drive, drive - parts)]
    return torch.stack([kernels.sum(dim=(1, 2, 3)), (strongest[0] - strongest[1]).mean(dim=0)])


def _circuit_variant(
    *,
    channels: str = "out, in",
    connection: str = "sum",
    relu: bool = True,
    over_space: str = "largest",
    sign: float = 1.0,
    silenced: str = "zero",
    biased: bool = True,
    over_pictures: str = "mean",
    padded: bool = True,
    relative: bool = False,
    only_kept: bool = False,
    sized: bool = False,
    exchanged: bool = False,
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def answer(weight: Tensor, bias: Tensor, before: Tensor, target: int) -> Any:
        sources = weight.shape[1]
        read = weight[:, target] if channels == "in, out" and target < sources else weight[target]
        half = weight.shape[-1] // 2
        said = {
            "sum": lambda: read.sum(dim=(1, 2)),
            "mean": lambda: read.mean(dim=(1, 2)),
            "middle": lambda: read[:, half, half],
            "size": lambda: read.abs().sum(dim=(1, 2)),
            "norm": lambda: read.flatten(1).norm(dim=1),
            "strongest": lambda: read.flatten(1).gather(1, read.flatten(1).abs().argmax(1, keepdim=True))[:, 0],
        }[connection]()
        kernels = weight[target][:, None]
        parts = F.conv2d(before, kernels, padding=half if padded else 0, groups=sources)
        drive = parts.sum(dim=1, keepdim=True) + (bias[target] if biased else 0)
        if silenced == "mean":
            level = before.mean(dim=(0, 2, 3), keepdim=True).expand_as(before)
            instead = F.conv2d(level, kernels, padding=half if padded else 0, groups=sources)
            without = drive - parts + instead
        elif silenced == "one after another":
            without = drive - parts.cumsum(dim=1)
        elif silenced == "all others":
            without = parts + (bias[target] if biased else 0)
        else:
            without = drive - parts

        def summary(drives: Tensor) -> Tensor:
            responses = F.relu(drives) if relu else drives
            flat = responses.flatten(2)
            if over_space == "sum":
                return flat.sum(dim=2)
            if over_space == "mean":
                return flat.mean(dim=2)
            if over_space == "middle":
                return responses[:, :, responses.shape[2] // 2, responses.shape[3] // 2]
            return flat.amax(dim=2)

        if over_space == "same place":
            place = drive.flatten(2).argmax(dim=2, keepdim=True)
            squeeze = F.relu if relu else lambda x: x
            intact = squeeze(drive.flatten(2).gather(2, place))[:, :, 0]
            left = squeeze(without.flatten(2).gather(2, place.expand(-1, sources, -1)))[:, :, 0]
        else:
            intact, left = summary(drive), summary(without)
        change = left if only_kept else sign * (intact - left)
        if sized:
            change = change.abs()
        if relative:
            change = change / intact.clamp(min=1e-6)
        effect = {"mean": change.mean(dim=0), "sum": change.sum(dim=0), "largest": change.amax(dim=0)}[over_pictures]
        return (effect, said) if exchanged else (said, effect)

    return answer


def _observe_two_rows(case: Case, given: Any) -> Any:
    """Connection and effect by name, also when they came as a list, a dictionary or one tensor of two rows."""
    if isinstance(given, dict) and len(given) == 2:
        given = list(given.values())
    if isinstance(given, (Tensor, np.ndarray)) and given.ndim == 2 and len(given) == 2:
        given = list(given)
    if isinstance(given, (list, tuple)) and len(given) == 2:
        rows = []
        for row in given:
            # One tensor for each source is as good as one tensor for all.
            if isinstance(row, (list, tuple)) and all(isinstance(x, Tensor) and x.numel() == 1 for x in row):
                row = [x.item() for x in row]
            rows.append(row)
        return {"connection": rows[0], "effect": rows[1]}
    return given


def _cases_circuit(draw: Draw) -> list[Case]:
    def case(label: str, out: int, sources: int, width: int, size: str, bias: float, target: int) -> Case:
        weight = draw.normal(f"{out} {sources} {width} {width}", sd=0.4)
        before = draw.normal(f"{size.split()[0]} {sources} {' '.join(size.split()[1:])}", mean=0.3).clamp(min=0)
        return Case(label, (weight, draw.normal(f"{out}", mean=bias, sd=0.2), before, target))

    # A ring of known sign: source 0 excites, source 1 inhibits, source 2 is not connected, source 3 both in turn.
    planted = torch.zeros(3, 4, 3, 3)
    target = draw.integer(0, 2)
    planted[target, 0], planted[target, 1] = 0.4, -0.3
    planted[target, 3, 0], planted[target, 3, 2] = 0.5, -0.5
    planted[(target + 1) % 3] = draw.normal("4 3 3")
    seen = draw.normal("5 4 6 6", mean=0.2).clamp(min=0)
    return [
        case("three pictures, five sources, four targets", 4, 5, 3, "3 6 5", -0.2, draw.integer(0, 3)),
        case("a kernel of width 5, one picture", 3, 4, 5, "1 7 6", 0.1, draw.integer(0, 2)),
        case("as many sources as targets, a target that is often silent", 4, 4, 3, "4 5 5", -2.0, draw.integer(0, 3)),
        Case(
            "planted: one excites, one inhibits, one is not connected", (planted, torch.full((3,), 0.2), seen, target)
        ),
        Case(
            "a target that every source holds down",
            (-draw.normal("2 3 3 3").abs(), torch.tensor([6.0, 5.0]), draw.normal("3 3 5 6", mean=0.2).clamp(min=0), 1),
        ),
        case("a target that is always silent", 3, 3, 3, "2 5 6", -60.0, draw.integer(0, 2)),
    ]


circuit_weights = Exercise(
    name="circuit_weights",
    chapter="mechanistic",
    section="0.11",
    title="From unit to unit, by weights",
    core=True,
    difficulty=4,
    minutes=25,
    points=5,
    prerequisites=("orientation_tuning",),
    hints=(
        "Two parts. The first only reads: which of the four axes of `weight` is the unit that receives, and which the "
        "unit that sends? The second runs the layer twice for each source, once as it is and once without that source.",
        "weight[target] has the kernels from every source, (source, y, x). For the second part write a small function "
        "that takes `before` and returns, for each picture, the largest of F.relu(F.conv2d(before, weight, bias, "
        "padding=weight.shape[-1] // 2))[:, target].",
        "connection = weight[target].sum(dim=(1, 2)). Then for each source: silenced = before.clone(); "
        "silenced[:, source] = 0; the effect is (strongest(before) − strongest(silenced)).mean(), in this order, so "
        "that "
        "a source that helps has an effect above zero.",
    ),
    reference=_reference_circuit,
    oracle=Oracle("every place of every picture by loops, in numpy's double precision", _circuit_by_loops),
    cases=_cases_circuit,
    observe=_observe_two_rows,
    variant=_circuit_variant,
    alternatives={
        "the connection cut": _circuit_by_cutting,
        "each source's part taken away": _circuit_by_parts,
    },
    misconceptions=(
        Misconception(
            "sender and receiver exchanged",
            "You read weight[:, target]: what goes out of unit number `target` of the earlier layer. In torch a kernel "
            "is "
            "indexed [receiver, sender, y, x], so what comes in is weight[target].",
            switches={"channels": "in, out"},
        ),
        Misconception(
            "the mean of the kernel",
            "You average the kernel's weights. The sign is the same; the sum is what the target receives when the "
            "source "
            "is active at every place under the kernel.",
            switches={"connection": "mean"},
        ),
        Misconception(
            "only the middle of the kernel",
            "You read the weight in the middle of the kernel and leave out its neighbours, where a curve continues. "
            "Sum "
            "over the whole kernel.",
            switches={"connection": "middle"},
        ),
        Misconception(
            "sizes without signs",
            "You add the weights' sizes. That says how strongly the units are connected, and not whether the source "
            "helps "
            "or hinders; the sign is what is to be confirmed.",
            switches={"connection": "size"},
        ),
        Misconception(
            "the norm of the kernel",
            "You take the norm, which is never below zero. It says how strongly the units are connected, and not "
            "whether "
            "the source helps or hinders.",
            switches={"connection": "norm"},
        ),
        Misconception(
            "only the strongest weight",
            "You read the one weight of the kernel that is largest in size. Its neighbours may say the opposite "
            "together: "
            "sum over the whole kernel.",
            switches={"connection": "strongest"},
        ),
        Misconception(
            "weights read without the ReLU",
            "You measure the input to the target's ReLU. There every connected source has an effect; where the target "
            "is "
            "silent with it and without it, nothing after the target notices. Apply ReLU, then take the largest.",
            switches={"relu": False},
        ),
        Misconception(
            "summed over the picture",
            "You add the target's responses up over the picture, so that many weak responses count as much as one "
            "strong. "
            "The read-out of this network takes the largest over the picture: measure that.",
            switches={"over_space": "sum"},
        ),
        Misconception(
            "averaged over the picture",
            "You average the target over the picture. The read-out of this network takes the largest response over the "
            "picture: measure that.",
            switches={"over_space": "mean"},
        ),
        Misconception(
            "only the middle of the picture",
            "You read the target in the middle of the picture. What it answers to may stand elsewhere: take the "
            "largest "
            "over the picture.",
            switches={"over_space": "middle"},
        ),
        Misconception(
            "the place is kept",
            "You look where the target was strongest before, also after silencing. What the read-out then takes is the "
            "largest response anywhere, which may have moved: take the maximum anew.",
            switches={"over_space": "same place"},
        ),
        Misconception(
            "the sign of the ablation",
            "You subtract the intact response from the silenced one. Then a source that helps has an effect below "
            "zero, "
            "against the sign of its weights. Intact minus silenced: what the source brings.",
            switches={"sign": -1.0},
        ),
        Misconception(
            "what is left, not what is lost",
            "You report the target's response without the source. The effect is the difference to the intact response.",
            switches={"only_kept": True},
        ),
        Misconception(
            "the source alone",
            "You report how the target responds to the source alone, all other units silenced. The effect is what is "
            "lost without the source: intact minus silenced, with the others as they are.",
            switches={"silenced": "all others", "only_kept": True},
        ),
        Misconception(
            "silenced one after another",
            "A source that you silenced stays silent when the next one's turn comes, so that in the end all are. "
            "Begin each time with a new copy of `before`.",
            switches={"silenced": "one after another"},
        ),
        Misconception(
            "the size of the effect",
            "You take the size of the effect in each picture. A source that holds the target down has an effect below "
            "zero, and that sign is what is compared with the weights.",
            switches={"sized": True},
        ),
        Misconception(
            "replaced by its mean",
            "You put the source's mean over pictures and places in its stead. That is a defensible ablation, which "
            "asks "
            "what the source's variation brings; asked for here is silence, zero.",
            switches={"silenced": "mean"},
        ),
        Misconception(
            "all others silenced",
            "You keep the source and silence all other units. That measures what it can do alone, not what is lost "
            "without it.",
            switches={"silenced": "all others"},
        ),
        Misconception(
            "the bias is left out",
            "You leave the target's bias out. It settles where the ReLU begins to let through, so the effect changes.",
            switches={"biased": False},
        ),
        Misconception(
            "summed over pictures",
            "You add the effects of all pictures, so that they grow with their number. Take the mean.",
            switches={"over_pictures": "sum"},
        ),
        Misconception(
            "the largest over pictures",
            "You take the picture on which the effect is largest. Asked for is the mean over pictures.",
            switches={"over_pictures": "largest"},
        ),
        Misconception(
            "no padding",
            "You leave the padding out, so that the target's map loses its border. The network pads: "
            "padding=weight.shape[-1] // 2.",
            switches={"padded": False},
        ),
        Misconception(
            "a share instead of a difference",
            "You divide by the intact response. Where the target was nearly silent that blows up; asked for is the "
            "difference itself.",
            switches={"relative": True},
        ),
        Misconception(
            "the two exchanged",
            "You return the effect first. Asked for is what the weights say first, then what silencing does.",
            switches={"exchanged": True},
        ),
    ),
)


EXERCISES: list[Exercise] = [circuit_weights]
