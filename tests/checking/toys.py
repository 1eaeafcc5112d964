"""Toy exercises of every kind the engine knows, as one chapter called "toys"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Step
from mi_course.checking.drivers import in_place, instance, take, value

CHAPTER = "toys"
HINTS = ("Look at the axes.", "Which axis does the mean run over?", "x - x.mean(-1, keepdim=True)")


def toy(name: str, reference: Any, oracle: Callable[..., Any], **fields: Any) -> Exercise:
    """An exercise with the furniture that no test is about."""
    furniture: dict[str, Any] = {
        "section": "0.1",
        "title": f"The toy {name}",
        "core": True,
        "difficulty": 1,
        "minutes": 1,
        "points": 2,
        "hints": HINTS,
        "alternatives": {},
        "misconceptions": (),
    }
    return Exercise(
        name=name,
        chapter=CHAPTER,
        reference=reference,
        oracle=Oracle(f"another way to {name}", oracle),
        **(furniture | fields),
    )


# --- a function of tensors --------------------------------------------------------------------------------------------


def _centre(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def _centre_by_numpy(x: Tensor) -> Tensor:
    rows = x.detach().double().numpy()
    return torch.as_tensor(rows - rows.mean(-1, keepdims=True)).to(x.dtype)


def _centre_by_loops(x: Tensor) -> Tensor:
    return torch.stack([row - row.sum() / len(row) for row in x])


def _centre_by_matrix(x: Tensor) -> Tensor:
    n = x.shape[-1]
    return x @ (torch.eye(n) - torch.ones(n, n) / n)


def _centre_variant(*, axis: int = -1, sign: int = 1, scale: float = 1.0, keep_first: bool = False) -> Any:
    def centre(x: Tensor) -> Tensor:
        out = sign * scale * (x - x.mean(axis, keepdim=True))
        if keep_first:
            out[0] = x[0]
        return out

    return centre


def _centre_cases(draw: Draw) -> list[Case]:
    return [
        Case("three rows, a mean that is not zero", (draw.normal("3 row", mean=2.0),), axes=("row", "column")),
        Case("five rows of four", (draw.normal("5 4", mean=-1.0),), axes=("row", "column")),
        Case("one row", (draw.normal("1 6", mean=3.0),), axes=("row", "column")),
    ]


centre = toy(
    "centre",
    _centre,
    _centre_by_numpy,
    cases=_centre_cases,
    variant=_centre_variant,
    time_limit=20.0,
    alternatives={"loops": _centre_by_loops, "a projection": _centre_by_matrix},
    misconceptions=(
        Misconception(
            "the mean over rows",
            "Your mean runs over the rows. Each row is to be centred by itself: the mean runs over the last axis.",
            switches={"axis": 0},
        ),
        Misconception(
            "the sign is flipped",
            "You subtract x from the mean. Subtract the mean from x, so that larger numbers stay larger.",
            switches={"sign": -1},
        ),
        Misconception(
            "halved",
            "Your result is half of what is asked for: nothing is to be divided after the mean is taken.",
            switches={"scale": 0.5},
        ),
        Misconception(
            "the first row is left",
            "You leave the first row as it was. Every row is centred, the first one like all the others.",
            switches={"keep_first": True},
        ),
    ),
)

# --- values -----------------------------------------------------------------------------------------------------------

square = toy(
    "square",
    lambda side: side * side,
    lambda side: sum(side for _ in range(side)),
    cases=lambda draw: [Case("your square", (draw.integer(3, 10**6),))],
    driver=value,
    per_learner=True,
    alternatives={"a float": lambda side: float(side**2), "a tensor": lambda side: torch.tensor(side**2)},
    misconceptions=(
        Misconception(
            "doubled", "This is twice the side. A square has side times side unit squares in it.", lambda side: 2 * side
        ),
        Misconception("the side", "This is the side itself. Asked for is the area of the square.", lambda side: side),
    ),
)

positions = toy(
    "positions",
    lambda: [2, 3, 5],
    lambda: [n for n in range(2, 6) if all(n % m for m in range(2, n))],
    cases=lambda draw: [Case("primes up to five")],
    driver=value,
)

# --- class, generator, in place ---------------------------------------------------------------------------------------


class _Counter:
    def __init__(self, start: int) -> None:
        self.n = start

    def add(self, k: int) -> int:
        self.n += k
        return self.n

    def __call__(self) -> int:
        return self.n


def _counter_expected(start: int) -> dict[str, int]:
    return {"after adding 2": start + 2, "after adding 3 more": start + 5, "when called": start + 5}


Counter = replace(
    toy(
        "Counter",
        _Counter,
        _counter_expected,
        cases=lambda draw: [
            Case(
                "from seven",
                (7,),
                script=(
                    Step("after adding 2", "add", (2,)),
                    Step("after adding 3 more", "add", (3,)),
                    Step("when called"),
                ),
            )
        ],
        driver=instance,
    ),
    oracle=Oracle("arithmetic", _counter_expected, observes=True),
)


def _squares(start: int) -> Iterator[int]:
    while True:
        yield start * start
        start += 1


squares = replace(
    toy(
        "squares",
        _squares,
        lambda start: {"yielded": [n**2 for n in range(start, start + 4)], "ends there": False},
        cases=lambda draw: [Case("from three", (3,))],
        driver=take(4),
    ),
    oracle=Oracle(
        "powers", lambda start: {"yielded": [n**2 for n in range(start, start + 4)], "ends there": False}, observes=True
    ),
)


def _zero_diagonal(matrix: Tensor, note: list[int]) -> None:
    matrix.fill_diagonal_(0)


def _zero_diagonal_by_mask(matrix: Tensor, note: list[int]) -> None:
    matrix *= 1 - torch.eye(len(matrix))


zero_diagonal = toy(
    "zero_diagonal",
    _zero_diagonal,
    _zero_diagonal_by_mask,
    cases=lambda draw: [Case("four by four", (draw.normal("4 4"), [1, 2, 3]), axes=("row", "column"))],
    driver=in_place(0),
)


# --- functions of a model ---------------------------------------------------------------------------------------------


class Net(nn.Module):
    """Two layers, a buffer and dropout, which tells train mode from eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)
        self.drop = nn.Dropout(0.5)
        self.register_buffer("steps", torch.zeros(1, dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.drop(self.first(x).relu()))


@cache
def net() -> Net:
    generator = torch.Generator().manual_seed(0)
    model = Net()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return model.eval()


def _mean_output(model: Any, x: Tensor) -> Tensor:
    return model(x).mean(0)


def _mean_output_by_numpy(model: Any, x: Tensor) -> Tensor:
    a = np.maximum(x.numpy() @ model.first.weight.detach().numpy().T + model.first.bias.detach().numpy(), 0)
    return torch.as_tensor((a @ model.second.weight.detach().numpy().T + model.second.bias.detach().numpy()).mean(0))


mean_output = toy(
    "mean_output",
    _mean_output,
    _mean_output_by_numpy,
    cases=lambda draw: [
        Case("five inputs", (net(), draw.normal("5 3"))),
        Case("one input", (net(), draw.normal("1 3"))),
    ],
)


@cache
def transformer() -> Any:
    from mi_course.zoo import load_model

    return load_model("induction-2l")


def _first_pattern(model: Any, tokens: Tensor) -> Tensor:
    _, kept = model.run_with_cache(tokens)
    return kept["blocks.0.attn.hook_pattern"]


def _first_pattern_by_run(model: Any, tokens: Tensor) -> Tensor:
    from mi_course.interventions import pattern, run

    return run(model, tokens, cache=[pattern(0)]).cache[pattern(0)]


first_pattern = toy(
    "first_pattern",
    _first_pattern,
    _first_pattern_by_run,
    cases=lambda draw: [Case("two rows", (transformer(), draw.integers("2 9", high=20, low=1)))],
)

EXERCISES = [centre, square, positions, Counter, squares, zero_diagonal, mean_output, first_pattern]
