"""LayerNorm."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="times_ten",
        text="Every entry of the residual stream is multiplied by ten. By which factor do the entries after LayerNorm "
        "grow (gain and bias as they are; eps counts as nothing)?",
        kind=float,
        low=0,
        high=100,
        comes_true=lambda value, outcome: abs(value - outcome) < 0.05,
    ),
]


def _by_torch(x: Tensor, w: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], w, b, eps)


def _by_module(x: Tensor, w: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
    norm = nn.LayerNorm(x.shape[-1], eps=eps, dtype=x.dtype)
    with torch.no_grad():
        norm.weight.copy_(w)
        norm.bias.copy_(b)
    return norm(x)


def _by_loops(x: Tensor, w: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
    rows = []
    for row in x.reshape(-1, x.shape[-1]).double().tolist():
        mean = sum(row) / len(row)
        scale = math.sqrt(sum((each - mean) ** 2 for each in row) / len(row) + eps)
        rows.append([(each - mean) / scale for each in row])
    return (torch.tensor(rows, dtype=torch.float64).reshape(x.shape) * w + b).to(x.dtype)


def _by_einsum(x: Tensor, w: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
    d = x.shape[-1]
    centre = torch.eye(d, dtype=x.dtype) - torch.ones(d, d, dtype=x.dtype) / d  # subtracting the mean is a matrix
    x = torch.einsum("...i,ij->...j", x, centre)
    return x * torch.rsqrt(torch.einsum("...i,...i->...", x, x)[..., None] / d + eps) * w + b


def _by_var_mean(x: Tensor, w: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
    var, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
    return torch.addcmul(b, (x - mean) / torch.sqrt(var + eps), w)


def _variant(
    *,
    centre: str = "yes",
    correction: int = 0,
    root: str = "inside",
    axis: int | tuple[int, ...] = -1,
    gain: str = "times",
    bias: str = "after",
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(x: Tensor, w: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
        mean = x.mean(axis, keepdim=True)
        around = torch.zeros_like(mean) if centre in ("rms", "rms scale") else mean
        squares = (x - around).pow(2).sum(axis, keepdim=True)
        count = x.numel() // squares.numel()
        variance = squares / max(count - correction, 1)
        scale = {
            "inside": lambda: (variance + eps).sqrt(),
            "outside": lambda: variance.sqrt() + eps,
            "usual": lambda: (variance + 1e-5).sqrt(),
            "no root": lambda: variance + eps,
            "none": lambda: variance.sqrt(),
        }[root]()
        x = (x if centre in ("no", "rms") else x - mean) / scale
        if bias == "before":
            x = x + b
        if gain == "times":
            x = x * w
        return x + b if bias == "after" else x

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, dims: str, sd: float, eps: float | None) -> Case:
        x = draw.normal(dims, mean=1.5 * sd, sd=sd)
        width = x.shape[-1]
        w, b = (draw.normal(f"{width}", mean=mean) for mean in (1.0, 0.5))
        axes = ("batch", "pos", "d_model") if x.ndim == 3 else ("d_model",)
        return Case(label, (x, w, b) if eps is None else (x, w, b, eps), axes=axes)

    return [
        case("batch of vectors, mean far from zero", "batch pos 12", 2.0, None),
        case("small vectors, where eps is seen", "batch pos d_model", 0.02, 1e-3),
        case("a single vector, eps 0.1", "9", 1.0, 0.1),
        case("batch of 1, two positions, eps 0.5", "1 2 d_model", 1.0, 0.5),
    ]


layer_norm = Exercise(
    name="layer_norm",
    chapter="transformer_maths",
    section="1.3",
    title="LayerNorm",
    core=True,
    difficulty=2,
    minutes=12,
    points=2,
    hints=(
        "Four steps, each on one vector at a time: subtract something, divide by something, multiply, add.",
        "x.mean(-1, keepdim=True) is the mean of each vector, with an axis of size one that broadcasts. The variance "
        "is the mean of the squared differences from it.",
        "centred = x − mean; scale = the root of (the mean of centred² along the last axis, plus eps); the result is "
        "centred / scale * w + b.",
    ),
    reference=helper.layer_norm,
    oracle=Oracle("torch.nn.functional.layer_norm", _by_torch),
    cases=_cases,
    variant=_variant,
    alternatives={
        "torch.nn.LayerNorm": _by_module,
        "loops in Python's own floats": _by_loops,
        "centring as a matrix, einsum and rsqrt": _by_einsum,
        "torch.var_mean": _by_var_mean,
    },
    misconceptions=(
        Misconception(
            "the unbiased variance",
            "Your variance divides by d_model − 1, which is what x.var() and x.std() do unless told otherwise. That "
            "estimates the variance of a population from a sample. Here there is no population: LayerNorm takes the "
            "mean of the squares, dividing by d_model (x.var(-1, unbiased=False)).",
            switches={"correction": 1},
        ),
        Misconception(
            "eps outside the root",
            "You add eps to the root of the variance. It belongs inside: √(variance + eps). For vectors of ordinary "
            "size nobody sees the difference; for small ones the two give different numbers.",
            switches={"root": "outside"},
        ),
        Misconception(
            "no eps",
            "You leave eps out. A vector whose entries are all equal then gives 0/0, and small vectors are scaled up "
            "more than the model was trained with: √(variance + eps).",
            switches={"root": "none"},
        ),
        Misconception(
            "eps is always the usual one",
            "Your eps is 1e-5 whatever was asked for. Use the argument: models differ in it.",
            switches={"root": "usual"},
        ),
        Misconception(
            "the root is missing",
            "You divide by the variance. Then a vector that is twice as long comes out half as long. Divide by its "
            "root, so that the length is lost and only the direction stays.",
            switches={"root": "no root"},
        ),
        Misconception(
            "the mean is not subtracted",
            "You divide by the right scale, but the mean is still in what you divide. The result should have mean zero "
            "before gain and bias: subtract the mean first.",
            switches={"centre": "no"},
        ),
        Misconception(
            "root mean square",
            "Yours divides by the root of the mean square and subtracts nothing. That is RMSNorm (Zhang & Sennrich "
            "2019), which Llama uses. GPT-2, GPT-NeoX and the models of this course use LayerNorm: subtract the mean "
            "first, and take the variance around it.",
            switches={"centre": "rms"},
        ),
        Misconception(
            "the scale of what was not centred",
            "You subtract the mean and then divide by the root of the mean square of x as it was before. The variance "
            "is the mean of the squares of the centred numbers.",
            switches={"centre": "rms scale"},
        ),
        Misconception(
            "over everything at once",
            "Mean and variance are taken over the whole tensor, so what one position gives depends on the other "
            "positions and on the other texts of the batch. Each vector is normalised by itself: the last axis only, "
            "with keepdim=True.",
            lambda x, w, b, eps=1e-5: _variant(axis=tuple(range(x.ndim)))(x, w, b, eps),
        ),
        Misconception(
            "along the wrong axis",
            "Mean and variance run along the first axis: for each entry over all texts. (That is near to what "
            "BatchNorm does.) Each vector is normalised by itself, along the last axis.",
            switches={"axis": 0},
        ),
        Misconception(
            "the gain is left out",
            "You do not multiply by w. The gain is learned, one number for each entry, and comes after dividing.",
            switches={"gain": "none"},
        ),
        Misconception(
            "the bias is left out",
            "You do not add b. The bias is learned, one number for each entry, and comes last.",
            switches={"bias": "none"},
        ),
        Misconception(
            "bias before gain",
            "You add b before multiplying by w, so the bias is multiplied as well. First the gain, then the bias.",
            switches={"bias": "before"},
        ),
    ),
)

EXERCISES = [layer_norm]
