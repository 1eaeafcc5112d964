"""Rotary positions: queries and keys are turned."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.checking.exercise import Tolerance

QUESTIONS = [
    Question(
        name="without_rotation",
        text="story is run without the rotation, all else as it is. At how many per cent of positions is its most "
        "probable next token still the same? (Right if within 10.)",
        kind=float,
        low=0,
        high=100,
        unit="per cent",
        comes_true=lambda value, outcome: abs(value - outcome) <= 10,
    ),
]


def _by_transformers(x: Tensor, base: float = 10000.0) -> Tensor:
    """The rotation as transformers' GPT-NeoX has it, in double precision."""
    from transformers.models.gpt_neox.modeling_gpt_neox import apply_rotary_pos_emb

    pos, d_head = x.shape[1], x.shape[-1]
    speed = 1.0 / base ** (torch.arange(0, d_head, 2, dtype=torch.float64) / d_head)
    angles = torch.outer(torch.arange(pos, dtype=torch.float64), speed)
    angles = torch.cat([angles, angles], -1)[None]
    turned, _ = apply_rotary_pos_emb(x.double(), x.double(), angles.cos(), angles.sin(), unsqueeze_dim=2)
    return turned.to(x.dtype)


def _by_complex_numbers(x: Tensor, base: float = 10000.0) -> Tensor:
    half = x.shape[-1] // 2
    points = torch.complex(x[..., :half].double(), x[..., half:].double())
    speed = base ** (-torch.arange(half).double() / half)
    turn = torch.exp(1j * torch.arange(x.shape[1]).double()[:, None] * speed)
    turned = points * turn[None, :, None, :]
    return torch.cat([turned.real, turned.imag], -1).to(x.dtype)


def _by_matrices(x: Tensor, base: float = 10000.0) -> Tensor:
    d = x.shape[-1]
    out = torch.empty_like(x)
    for pos in range(x.shape[1]):
        turn = torch.zeros(d, d, dtype=x.dtype)
        for j in range(d // 2):
            angle = pos * base ** (-2 * j / d)
            turn[j, j] = turn[j + d // 2, j + d // 2] = math.cos(angle)
            turn[j, j + d // 2], turn[j + d // 2, j] = math.sin(angle), -math.sin(angle)
        out[:, pos] = x[:, pos] @ turn
    return out


def _by_rotate_half(x: Tensor, base: float = 10000.0) -> Tensor:
    inv_freq = 1.0 / base ** (torch.arange(0, x.shape[-1], 2).float() / x.shape[-1])
    freqs = torch.einsum("p,j->pj", torch.arange(x.shape[1]).float(), inv_freq)
    emb = torch.cat((freqs, freqs), dim=-1)[None, :, None, :].to(x.dtype)
    x1, x2 = x.chunk(2, dim=-1)
    return x * emb.cos() + torch.cat((-x2, x1), dim=-1) * emb.sin()


def rotate_variant(
    *,
    pairs: str = "halves",
    sign: int = 1,
    first: int = 0,
    axis: str = "pos",
    speeds: str = "2j/d",
    base_used: float | None = None,
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(x: Tensor, base: float = 10000.0) -> Tensor:
        base = base if base_used is None else base_used
        _, pos, head, d = x.shape
        j = torch.arange(d // 2, dtype=torch.float64)
        power = {"2j/d": 2 * j / d, "j/d": j / d, "same": j * 0, "from one": 2 * (j + 1) / d, "rising": -2 * j / d}
        speed = base ** (-power[speeds])
        count = torch.arange(pos if axis == "pos" else head, dtype=torch.float64) + first
        angle = sign * count[:, None] * speed
        angle = angle[:, None, :] if axis == "pos" else angle[None]
        cos, sin = angle.cos().to(x), angle.sin().to(x)
        if pairs == "neighbours":
            a, b = x[..., 0::2], x[..., 1::2]
            return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)
        a, b = x[..., : d // 2], x[..., d // 2 :]
        if pairs == "neighbours, then halves":
            a, b = x[..., 0::2], x[..., 1::2]
        if pairs == "added":
            return torch.cat([a * cos + b * sin, a * sin + b * cos], -1)
        return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, dims: str, base: float | None = None) -> Case:
        x = draw.normal(dims, mean=0.4)
        return Case(label, (x,) if base is None else (x, base), axes=("batch", "pos", "head", "d_head"))

    return [
        case("a batch, d_head 8", "batch pos head 8"),
        case("base 50, d_head 6", "1 9 2 6", 50.0),
        case("one pair of entries", "2 5 3 2"),
        case("one position, which is not turned", "2 1 3 4"),
    ]


rotate = Exercise(
    name="rotate",
    chapter="transformer_maths",
    section="1.6",
    title="Positions as angles",
    core=True,
    difficulty=3,
    minutes=15,
    points=3,
    hints=(
        "A pair of entries is a point in a plane. Turning (a, c) by the angle t gives (a cos t − c sin t, "
        "a sin t + c cos t). Which two entries make a pair, and what is t?",
        "a is the first half of the last axis, c the second half. The angles are a table, positions by pairs: "
        "positions[:, None] * base ** (-2 * j / d_head), with j = 0 … d_head/2 − 1.",
        "Put an axis of size one for the heads into the table: angle[:, None, :]. Then torch.cat([a * cos − c * sin, "
        "a * sin + c * cos], dim=-1).",
    ),
    reference=helper.rotate,
    oracle=Oracle("apply_rotary_pos_emb of transformers' GPT-NeoX", _by_transformers),
    cases=_cases,
    tolerance=Tolerance(1e-4, 1e-5),  # results in half precision do not pass
    variant=rotate_variant,
    alternatives={
        "complex numbers": _by_complex_numbers,
        "a matrix for each position": _by_matrices,
        "rotate_half, in single precision": _by_rotate_half,
    },
    misconceptions=(
        Misconception(
            "neighbours as pairs",
            "You turn entries 2j and 2j + 1 together, as Su et al. and GPT-J do. story, like the code of GPT-NeoX, "
            "pairs entry j with entry j + (how many entries are turned)/2; story turns all d_head of them, so that is "
            "j + d_head/2. Either works in a model that was trained with it; here it has to be the "
            "halves.",
            switches={"pairs": "neighbours"},
        ),
        Misconception(
            "neighbours in, halves out",
            "You take neighbours as pairs and put the turned ones back as halves, so the entries come out in another "
            "order. Here the pairs are halves on both sides: entry j with entry j + d_head/2, and each goes back to "
            "its place.",
            switches={"pairs": "neighbours, then halves"},
        ),
        Misconception(
            "turned the other way",
            "You turn by minus the angle. Positive angles turn the first of a pair towards the second: (a, c) becomes "
            "(a cos t − c sin t, a sin t + c cos t).",
            switches={"sign": -1},
        ),
        Misconception(
            "a sign is missing",
            "Your first half is a cos t + c sin t, with the second half as it should be. That is no rotation: lengths "
            "change. In one of the two the sine has a minus: a cos t − c sin t.",
            switches={"pairs": "added"},
        ),
        Misconception(
            "positions counted from one",
            "You turn position 0 by one step already. Scores would not notice, since they depend on differences of "
            "positions only; the vectors asked for are those with position 0 left as it is.",
            switches={"first": 1},
        ),
        Misconception(
            "turned by head",
            "Your angle grows with the number of the head, not with the position. The axes of x are batch, pos, head, "
            "d_head: the positions are axis 1.",
            switches={"axis": "head"},
        ),
        Misconception(
            "all pairs turn alike",
            "All your pairs turn at the same speed. Pair j turns by pos · base^(−2j/d_head): the first fast, the last "
            "slowly, so that near and far can both be told.",
            switches={"speeds": "same"},
        ),
        Misconception(
            "half the exponent",
            "Your speeds are base^(−j/d_head). The exponent is −2j/d_head, so that over the d_head/2 pairs it runs "
            "from 0 to nearly −1.",
            switches={"speeds": "j/d"},
        ),
        Misconception(
            "pairs counted from one",
            "Your first pair turns at the speed of the second. Pairs are counted from 0: the first has the exponent 0 "
            "and turns by one radian for each position.",
            switches={"speeds": "from one"},
        ),
        Misconception(
            "the exponent's sign",
            "Your speeds rise from pair to pair, up to thousands of turns. The exponent is negative: "
            "base^(−2j/d_head).",
            switches={"speeds": "rising"},
        ),
        Misconception(
            "the base is always 10,000",
            "You use 10,000 whatever `base` says. Models differ in it: use the argument.",
            switches={"base_used": 10000.0},
        ),
    ),
)

EXERCISES = [rotate]
