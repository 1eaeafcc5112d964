"""The MLP."""

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
        name="neurons_above_zero",
        text="On story's own kind of text, how many per cent of its neurons' outputs are above zero? "
        "(All layers and positions; right if within 10.)",
        kind=float,
        low=0,
        high=100,
        unit="per cent",
        comes_true=lambda value, outcome: abs(value - outcome) <= 10,
    ),
]


def _reference(x: Tensor, W_in: Tensor, b_in: Tensor, W_out: Tensor, b_out: Tensor) -> Tensor:
    return helper.mlp(x, W_in, b_in, W_out, b_out)


def _by_torch(x: Tensor, W_in: Tensor, b_in: Tensor, W_out: Tensor, b_out: Tensor) -> Tensor:
    return F.linear(F.gelu(F.linear(x, W_in.T, b_in), approximate="tanh"), W_out.T, b_out)


def _by_einsum(x: Tensor, W_in: Tensor, b_in: Tensor, W_out: Tensor, b_out: Tensor) -> Tensor:
    pre = torch.einsum("...m,mn->...n", x, W_in) + b_in
    post = pre * torch.sigmoid(2 * math.sqrt(2 / math.pi) * (pre + 0.044715 * pre.pow(3)))  # the same function
    return torch.einsum("...n,nm->...m", post, W_out) + b_out


def _by_neurons(x: Tensor, W_in: Tensor, b_in: Tensor, W_out: Tensor, b_out: Tensor) -> Tensor:
    out = torch.zeros_like(x) + b_out
    for neuron in range(W_in.shape[1]):
        pre = x @ W_in[:, neuron] + b_in[neuron]
        post = 0.5 * pre * (1.0 + torch.tanh((2.0 / math.pi) ** 0.5 * (pre + 0.044715 * pre**3)))
        out = out + post[..., None] * W_out[neuron]
    return out


def _by_modules(x: Tensor, W_in: Tensor, b_in: Tensor, W_out: Tensor, b_out: Tensor) -> Tensor:
    layers = nn.Sequential(nn.Linear(*W_in.shape), nn.GELU(approximate="tanh"), nn.Linear(*W_out.shape)).to(x.dtype)
    with torch.no_grad():
        for layer, weight, bias in ((layers[0], W_in, b_in), (layers[2], W_out, b_out)):
            layer.weight.copy_(weight.T)
            layer.bias.copy_(bias)
    return layers(x)


_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu_new": helper.gelu_new,
    "exact": F.gelu,
    "relu": torch.relu,
    "quick": lambda x: x * torch.sigmoid(1.702 * x),
    "silu": F.silu,
    "none": lambda x: x,
    "square": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**2))),
    "gate": lambda x: 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "root of two": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2) / math.pi * (x + 0.044715 * x**3))),
}


def mlp_variant(
    *, function: str = "gelu_new", before: str = "inside", after: bool = True, twice: bool = False, skip: bool = False
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(x: Tensor, W_in: Tensor, b_in: Tensor, W_out: Tensor, b_out: Tensor) -> Tensor:
        act = _FUNCTIONS[function]
        pre = x @ W_in
        post = act(pre + b_in) if before == "inside" else act(pre)
        if before == "outside":
            post = post + b_in
        out = post @ W_out
        out = out + b_out if after else out
        out = act(out) if twice else out
        return x + out if skip else out

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, dims: str) -> Case:
        x = draw.normal(dims, mean=0.3)
        d_model, d_mlp = x.shape[-1], draw.size("d_mlp", 20, 24)
        W_in, W_out = draw.normal(f"{d_model} {d_mlp}"), draw.normal(f"{d_mlp} {d_model}")
        b_in, b_out = draw.normal(f"{d_mlp}", mean=-0.5), draw.normal(f"{d_model}", mean=1.0)
        return Case(label, (x, W_in, b_in, W_out, b_out), axes=_AXES[-x.ndim :])

    return [
        case("a batch, all sizes different", "batch pos d_model"),
        case("batch of 1", "1 4 d_model"),
        case("a single vector", "d_model"),
    ]


_AXES = ("batch", "pos", "d_model")

mlp = Exercise(
    name="mlp",
    chapter="transformer_maths",
    section="1.8",
    title="Neurons",
    core=True,
    difficulty=2,
    minutes=8,
    points=2,
    hints=(
        "In, bend, out: a product, a bias, the activation function; then another product and another bias.",
        "The activation function is gelu_new, whose formula stands above; torch has it as F.gelu(…, "
        'approximate="tanh").',
        'post = F.gelu(x @ W_in + b_in, approximate="tanh"); return post @ W_out + b_out.',
    ),
    reference=_reference,
    oracle=Oracle("torch.nn.functional's linear and gelu", _by_torch),
    cases=_cases,
    variant=mlp_variant,
    alternatives={
        "einsum, and tanh written with a sigmoid": _by_einsum,
        "neuron by neuron": _by_neurons,
        "torch.nn.Sequential": _by_modules,
    },
    misconceptions=(
        Misconception(
            "the exact GELU",
            "You use the exact GELU, x Φ(x) (what F.gelu does unless told otherwise). story was trained with gelu_new, "
            "its approximation by a tanh. The two differ by less than 0.0005 for each neuron, and by more once many "
            "are "
            'added up: F.gelu(…, approximate="tanh").',
            switches={"function": "exact"},
        ),
        Misconception(
            "another approximation of GELU",
            "You use x · sigmoid(1.702 x). Hendrycks & Gimpel give that approximation, too, and it is coarser. "
            "gelu_new is the one with the tanh and the cube.",
            switches={"function": "quick"},
        ),
        Misconception(
            "SiLU",
            "You use x · sigmoid(x), called SiLU or swish. story's neurons use gelu_new, which bends more sharply.",
            switches={"function": "silu"},
        ),
        Misconception(
            "ReLU",
            "You use ReLU, which is zero for every negative number. gelu_new lets small negative numbers through a "
            "little; story's weights were trained with that.",
            switches={"function": "relu"},
        ),
        Misconception(
            "no activation function",
            "You multiply by W_in and then by W_out with nothing in between. Two matrices in a row are one matrix: "
            "without the activation function there are no neurons to speak of.",
            switches={"function": "none"},
        ),
        Misconception(
            "a square for the cube",
            "In your gelu_new the factor 0.044715 goes with u²; it belongs to u³. Compare your g with "
            "F.gelu(u, approximate='tanh') on a few numbers.",
            switches={"function": "square"},
        ),
        Misconception(
            "the u in front is missing",
            "Your g lies between 0 and 1: it is the factor ½ (1 + tanh …) alone. gelu_new is u times that.",
            switches={"function": "gate"},
        ),
        Misconception(
            "the root of two only",
            "In your gelu_new the root covers the 2 and not the π: √2 / π. It is √(2/π). Compare your g with "
            "F.gelu(u, approximate='tanh') on a few numbers.",
            switches={"function": "root of two"},
        ),
        Misconception(
            "b_in is forgotten",
            "The bias b_in is missing: it is added before the activation function and decides where each neuron begins "
            "to answer.",
            switches={"before": "none"},
        ),
        Misconception(
            "b_in after the activation function",
            "You add b_in after the activation function. It belongs before: gelu_new(x @ W_in + b_in).",
            switches={"before": "outside"},
        ),
        Misconception(
            "b_out is forgotten",
            "The bias b_out is missing. It is added last, whatever the neurons do.",
            switches={"after": False},
        ),
        Misconception(
            "bent twice",
            "You apply the activation function to the result as well. It is for the neurons only; what is written into "
            "the residual stream may have either sign.",
            switches={"twice": True},
        ),
        Misconception(
            "the input added",
            "You add x to the result. The MLP returns what it *adds*; the sum with the residual stream is made "
            "outside, and with the stream as it was before LayerNorm.",
            switches={"skip": True},
        ),
    ),
)

EXERCISES = [mlp]
