"""Values and W_O: what a head moves."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="heads_after",
        text="Head 2 of layer 1 is silenced (its z set to zero). Of the four heads of layer 2, how many write "
        "something else then?",
        low=0,
        high=4,
    ),
]


def _by_linear(pattern: Tensor, v: Tensor, W_O: Tensor, b_O: Tensor) -> Tensor:
    """As torch's own layers do it: mix, put the heads side by side, one Linear."""
    z = torch.matmul(pattern, v.transpose(1, 2))
    return F.linear(z.transpose(1, 2).flatten(2), W_O.flatten(0, 1).T, b_O)


def _by_heads(pattern: Tensor, v: Tensor, W_O: Tensor, b_O: Tensor) -> Tensor:
    total = b_O.expand(*pattern.shape[:1], pattern.shape[2], -1).clone()
    for h in range(W_O.shape[0]):
        total += pattern[:, h] @ v[:, :, h] @ W_O[h]
    return total


def _by_sources(pattern: Tensor, v: Tensor, W_O: Tensor, b_O: Tensor) -> Tensor:
    """First through W_O, then mixed: attention is linear in the values, so the order does not matter."""
    written = torch.einsum("bshe,hem->bshm", v, W_O)
    return (pattern.permute(0, 2, 3, 1)[..., None] * written[:, None]).sum((2, 3)) + b_O


def _by_loops(pattern: Tensor, v: Tensor, W_O: Tensor, b_O: Tensor) -> Tensor:
    out = torch.zeros(pattern.shape[0], pattern.shape[2], W_O.shape[-1], dtype=v.dtype)
    for b in range(out.shape[0]):
        for dest in range(out.shape[1]):
            out[b, dest] = b_O
            for h in range(W_O.shape[0]):
                z = sum(pattern[b, h, dest, src] * v[b, src, h] for src in range(v.shape[1]))
                out[b, dest] += z @ W_O[h]
    return out


def _by_module(pattern: Tensor, v: Tensor, W_O: Tensor, b_O: Tensor) -> Tensor:
    out = nn.Linear(W_O.shape[0] * W_O.shape[1], W_O.shape[2], dtype=v.dtype)
    with torch.no_grad():
        out.weight.copy_(W_O.reshape(-1, W_O.shape[2]).T)
        out.bias.copy_(b_O)
    z = torch.einsum("bhij,bjhe->bihe", pattern, v)
    return out(z.reshape(*z.shape[:2], -1))


def _variant(
    *, bias: str = "once", joined: str = "heads", looked: str = "rows", heads: str = "sum", mixed: bool = True
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(pattern: Tensor, v: Tensor, W_O: Tensor, b_O: Tensor) -> Tensor:
        batch, head, pos, _ = pattern.shape
        d_head = v.shape[-1]
        if looked == "columns":
            pattern = pattern.transpose(-1, -2)
        z = pattern @ v.transpose(1, 2) if mixed else v.transpose(1, 2)  # batch head pos d_head
        side_by_side = {
            "heads": lambda: z.transpose(1, 2).reshape(batch, pos, head * d_head),
            "no transpose": lambda: z.reshape(batch, pos, head * d_head),
            "interleaved": lambda: z.permute(0, 2, 3, 1).reshape(batch, pos, head * d_head),
        }[joined]()
        written = torch.einsum("bphe,hem->bphm", side_by_side.unflatten(-1, (head, d_head)), W_O)
        if bias == "each head":
            written = written + b_O
        out = {"sum": lambda: written.sum(2), "mean": lambda: written.mean(2), "apart": lambda: written}[heads]()
        return out + b_O if bias == "once" else out

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, batch: int, dims: str) -> Case:
        pos, head, d_head, d_model = draw.shape(dims)
        pattern = draw.pattern(f"{batch} {head} {pos} {pos}")
        v = draw.normal(f"{batch} {pos} {head} {d_head}", mean=0.5)
        W_O, b_O = draw.normal(f"{head} {d_head} {d_model}"), draw.normal(f"{d_model}", mean=1.0)
        return Case(label, (pattern, v, W_O, b_O), axes=("batch", "pos", "d_model"))

    return [
        case("a batch of 3, all sizes different", 3, "pos head d_head d_model"),
        case("batch of 1, one head", 1, "5 1 4 7"),
        case("d_model as large as all heads together", 2, "4 3 2 6"),
        case("one position", 2, "1 2 3 5"),
    ]


attention_output = Exercise(
    name="attention_output",
    chapter="transformer_maths",
    section="1.7",
    title="What a head moves",
    core=True,
    difficulty=3,
    minutes=12,
    points=3,
    prerequisites=("attention_pattern",),
    hints=(
        "Two sums: over the sources, weighted by the pattern, and over the heads, each through its own W_O.",
        "z[b, d, h] is the sum over s of pattern[b, h, d, s] · v[b, s, h]. Then each head's z is multiplied by W_O[h], "
        "which turns d_head numbers into d_model.",
        'z = torch.einsum("bhds,bshe->bdhe", pattern, v); return torch.einsum("bdhe,hem->bdm", z, W_O) + b_O.',
    ),
    reference=helper.attention_output,
    oracle=Oracle("heads side by side and torch.nn.functional.linear", _by_linear),
    cases=_cases,
    variant=_variant,
    alternatives={
        "a sum over heads": _by_heads,
        "W_O first, then the pattern": _by_sources,
        "loops": _by_loops,
        "torch.nn.Linear": _by_module,
    },
    misconceptions=(
        Misconception(
            "b_O is forgotten",
            "The bias b_O is missing. It belongs to the attention as a whole and is added once, after the sum over "
            "heads.",
            switches={"bias": "none"},
        ),
        Misconception(
            "b_O for each head",
            "You add b_O with every head, so it comes in as many times as there are heads. It belongs to no head: add "
            "it once, after the sum.",
            switches={"bias": "each head"},
        ),
        Misconception(
            "heads joined in the wrong order of axes",
            "You reshape (batch, head, pos, d_head) straight into (batch, pos, head · d_head). reshape does not move "
            "axes: it cuts the numbers as they lie, and positions and heads get mixed up. Bring pos to the front of "
            "head first (.transpose(1, 2)), or sum over heads without joining them.",
            switches={"joined": "no transpose"},
        ),
        Misconception(
            "heads interleaved",
            "In your joined vector the heads alternate entry by entry. Rows of W_O belong to head 0 first, all of its "
            "d_head entries, then to head 1, and so on.",
            switches={"joined": "interleaved"},
        ),
        Misconception(
            "the pattern transposed",
            "You sum over destinations: each position collects from those who look at it. It should collect from where "
            "it looks: row d of the pattern weights the values of the sources.",
            switches={"looked": "columns"},
        ),
        Misconception(
            "the mean over heads",
            "You average over the heads. What heads write is added up, each with its full size.",
            switches={"heads": "mean"},
        ),
        Misconception(
            "heads kept apart",
            "Your result still has an axis of heads: it is what each head writes (TransformerLens calls it `result`), "
            "with b_O in every one. What the layer adds to the residual stream is the sum over heads, and b_O once.",
            switches={"heads": "apart"},
        ),
        Misconception(
            "the pattern is not used",
            "Each position gets its own value, as if it looked only at itself. Mix the values by the pattern first.",
            switches={"mixed": False},
        ),
    ),
)

EXERCISES = [attention_output]
