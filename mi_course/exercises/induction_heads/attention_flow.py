"""2.12, first part: what an attention pattern is taken to say."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="best_reading",
        text="Which reading of the attention ranks the tokens most like taking them away does?",
        kind=str,
        options=("raw attention", "rollout", "value-weighted"),
    ),
]


# --- attention_rollout ------------------------------------------------------------------------------------------------


def _by_paths(patterns: Tensor) -> Tensor:
    """Every route through the layers by itself: at each layer it stays or follows a head, with the chance of that."""
    table = patterns.double().numpy()
    layers, heads, n = table.shape[0], table.shape[1], table.shape[-1]
    total = np.zeros(table.shape[2:])
    # A choice for each layer: None to stay (chance 1/2), or a head (chance 1/2 shared by the heads).
    for route in itertools.product([None, *range(heads)], repeat=layers):
        along = np.broadcast_to(np.eye(n), table.shape[2:])
        chance = 1.0
        for layer in reversed(range(layers)):  # from the destination down to the text
            head = route[layer]
            chance *= 0.5 if head is None else 0.5 / heads
            if head is not None:
                along = along @ table[layer, head]
        total += chance * along
    return torch.from_numpy(total).to(patterns.dtype)


def _rollout_from_the_top(patterns: Tensor) -> Tensor:
    """Each destination's own distribution, carried down a layer at a time."""
    n = patterns.shape[-1]
    mass = torch.eye(n, dtype=patterns.dtype).expand(*patterns.shape[2:]).clone()
    for layer in range(len(patterns) - 1, -1, -1):
        mass = 0.5 * mass + 0.5 * torch.einsum("...ds,...st->...dt", mass, patterns[layer].mean(0))
    return mass


def _rollout_by_multi_dot(patterns: Tensor) -> Tensor:
    mixed = 0.5 * patterns.double().mean(1) + 0.5 * torch.eye(patterns.shape[-1], dtype=torch.float64)
    out = mixed[0]
    for layer in mixed[1:]:
        out = torch.matmul(layer, out)
    return out


def _rollout_in_lists(patterns: Tensor) -> Tensor:
    layers, heads, batch, n, _ = patterns.shape
    out = torch.zeros(batch, n, n)
    for b in range(batch):
        rolled = torch.eye(n)
        for layer in range(layers):
            mixed = sum(patterns[layer, h, b] for h in range(heads)) / heads + torch.eye(n)
            mixed = mixed / mixed.sum(-1, keepdim=True)  # as the paper says it: add, then normalise
            rolled = mixed @ rolled
        out[b] = rolled
    return out


def _rollout_variant(
    *,
    skip: str = "half",
    order: str = "later left",
    heads: str = "mean",
    used: str = "all",
    axes: str = "rows",
    start: str = "identity",
) -> Callable[[Tensor], Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(patterns: Tensor) -> Tensor:
        if axes == "columns":
            patterns = patterns.transpose(-1, -2)
        n_heads, here = patterns.shape[1], torch.eye(patterns.shape[-1], dtype=patterns.dtype)
        layers = {
            "mean": lambda: patterns.mean(1),
            "max": lambda: patterns.amax(1),
            "min": lambda: patterns.amin(1),
            "sum": lambda: patterns.sum(1),
            "max, normalised": lambda: patterns.amax(1) / patterns.amax(1).sum(-1, keepdim=True),
            "first": lambda: patterns[:, 0],
            "last": lambda: patterns[:, -1],
            "each by itself": lambda: patterns,
            "one after another": lambda: patterns.flatten(0, 1),
            "mean of the layers": lambda: patterns.mean(0),
        }[heads]()
        layers = {"all": layers, "not the first": layers[1:], "not the last": layers[:-1], "last": layers[-1:]}[used]
        mixed = {
            "half": lambda a: (a + here) / 2,
            "none": lambda a: a,
            "whole": lambda a: a + here,
            "whole, half of the heads": lambda a: a / 2 + here,
            "as one more head": lambda a: (n_heads * a + here) / (n_heads + 1),
            "by the sum of rows": lambda a: (a + here) / (a + here).sum(-1, keepdim=True),
            "by the sum of columns": lambda a: (a + here) / (a + here).sum(-2, keepdim=True),
            "one everywhere": lambda a: (a + 1) / 2,
            "once": lambda a: a,
            "after": lambda a: a,
        }[skip]
        rollout = here.expand(layers.shape[1:])
        if start != "identity":
            rollout = mixed(layers[0]) if start == "first, twice" else layers[0]
        for layer in layers[1:] if start == "first, as it is" else layers:
            each = mixed(layer)
            rollout = {
                "later left": lambda each=each, rollout=rollout: each @ rollout,
                "later right": lambda each=each, rollout=rollout: rollout @ each,
                "cell by cell": lambda each=each, rollout=rollout: each * rollout,
            }[order]()
            rollout = (rollout + here) / 2 if skip == "after" else rollout
        if heads == "each by itself":
            rollout = rollout.mean(0)
        if axes == "result":
            rollout = rollout.transpose(-1, -2)
        return (rollout + here) / 2 if skip == "once" else rollout

    return answer


def _cell_by_cell(patterns: Tensor) -> Tensor:
    return ((patterns.mean(1) + torch.eye(patterns.shape[-1])) / 2).prod(0)


def _mean_of_layers(patterns: Tensor) -> Tensor:
    return (patterns.mean((0, 1)) + torch.eye(patterns.shape[-1])) / 2


def _rollout_cases(draw: Draw) -> list[Case]:
    def case(label: str, layers: int, heads: int, batch: int, pos: int) -> Case:
        patterns = draw.pattern(f"{layers} {heads} {batch} {pos} {pos}")
        return Case(label, (patterns,), axes=("batch", "dest", "src"))

    return [
        case("three layers of two heads, batch of 4", 3, 2, 4, draw.integer(5, 6)),
        case("two layers of three heads, batch of 1", 2, 3, 1, 7),
        case("four layers of two heads, batch of 2", 4, 2, 2, 3),
        case("one layer", 1, 3, 2, 4),
    ]


attention_rollout = Exercise(
    name="attention_rollout",
    chapter="induction_heads",
    section="2.12",
    title="Attention through all layers",
    core=False,
    difficulty=2,
    minutes=12,
    points=2,
    hints=(
        "One matrix for each layer, (dest, src), whose rows sum to one; then their product. Which layer is nearest to "
        "the destination, and on which side of the product does a row index stand?",
        "Of each layer: patterns[layer].mean(0) is the mean over heads; add the identity and halve. Start with the "
        "identity and multiply once for each layer.",
        "rollout = torch.eye(n); for layer in patterns.mean(1): rollout = (layer + torch.eye(n)) / 2 @ rollout. "
        "The later layer stands on the left.",
    ),
    reference=helper.attention_rollout,
    oracle=Oracle("every route through the layers summed up by itself, in numpy", _by_paths),
    cases=_rollout_cases,
    variant=_rollout_variant,
    alternatives={
        "from the top layer down": _rollout_from_the_top,
        "all layers mixed at once, in double precision": _rollout_by_multi_dot,
        "text by text, added and then normalised": _rollout_in_lists,
    },
    misconceptions=(
        Misconception(
            "the residual half is forgotten",
            "You multiply the attention matrices alone. That is where one would end up if each layer replaced the "
            "stream by what attention brings; but the stream itself goes on as well. Mix in the identity: "
            "(A + I) / 2.",
            switches={"skip": "none"},
        ),
        Misconception(
            "layers multiplied in the wrong order",
            "Your product begins with the first layer on the left. With rows as destinations, row i of A @ B looks "
            "with A first and from there with B. The last layer is the one that the destination stands in, so it is "
            "leftmost: each new layer multiplies from the left.",
            switches={"order": "later right"},
        ),
        Misconception(
            "rows that do not sum to one",
            "You add the identity and do not halve, so each row of a layer sums to two, and after L layers to 2 to the "
            "power L. Divide by two (or by the row's sum), so that a row says which share comes from where.",
            switches={"skip": "whole"},
        ),
        Misconception(
            "the identity whole, the heads halved",
            "You halve the mean of the heads and add the identity whole: attention counts half as much as the stream, "
            "and rows sum to 1.5. Both have one half: (A + I) / 2.",
            switches={"skip": "whole, half of the heads"},
        ),
        Misconception(
            "multiplied cell by cell",
            "You multiply the layers cell by cell: * in place of @. That asks for one cell in all layers, and no route "
            "leads over a third position. Row times column, summed over what lies between: @.",
            _cell_by_cell,
        ),
        Misconception(
            "cell by cell, from the identity",
            "You begin with the identity and multiply with *, so that everything off the diagonal is zero for good. "
            "@ is the product of matrices.",
            switches={"order": "cell by cell"},
        ),
        Misconception(
            "the largest head in place of the mean",
            "You take the largest of the heads at every cell. Rows then sum to more than one, and one head that looks "
            "somewhere counts as if all did. The published rollout takes the mean over the heads.",
            switches={"heads": "max"},
        ),
        Misconception(
            "the largest head, normalised",
            "You take the largest of the heads at every cell and normalise the rows. Some programs do that; it favours "
            "cells at which a single head looks. Asked for is the mean over the heads, as in the paper.",
            switches={"heads": "max, normalised"},
        ),
        Misconception(
            "the sum over heads",
            "You add up the heads, so attention counts once for each head, and the stream once in all. Take the mean "
            "of the heads: attention has one half, the stream the other.",
            switches={"heads": "sum"},
        ),
        Misconception(
            "one head only",
            "You follow the first head of each layer and no other. A layer's step is the mean over its heads: "
            "patterns[layer].mean(0).",
            switches={"heads": "first"},
        ),
        Misconception(
            "the identity only at the end",
            "You multiply the attention matrices and mix the identity in once, at the end. The stream goes past the "
            "attention in every layer: mix in the identity at each of them, before multiplying.",
            switches={"skip": "once"},
        ),
        Misconception(
            "an average of the layers",
            "You average the layers. That says how much layers look somewhere, each by itself. What arrives has gone "
            "through one layer after another: multiply.",
            _mean_of_layers,
        ),
        Misconception(
            "the first layer is left out",
            "Your product begins with the second layer. The first one has the identity below it and counts like every "
            "other.",
            switches={"used": "not the first"},
        ),
        Misconception(
            "the last layer is left out",
            "Your product ends before the last layer: does the range stop one early?",
            switches={"used": "not the last"},
        ),
        Misconception(
            "the last layer only",
            "You use the last layer alone, mixed with the identity: a single step back. Sources of that layer are "
            "positions of the stream, which earlier layers have mixed already. Multiply all layers.",
            switches={"used": "last"},
        ),
        Misconception(
            "rows and columns swapped",
            "You work with sources in rows and destinations in columns. Patterns are (…, dest, src): rows sum to one, "
            "and the result is to be (batch, dest, src), too.",
            switches={"axes": "columns"},
        ),
        Misconception(
            "the result transposed",
            "Your result has sources in rows and destinations in columns. Asked for is (batch, dest, src), whose rows "
            "sum to one; patterns have these axes already, so nothing has to be transposed.",
            _rollout_variant(axes="result"),
        ),
        Misconception(
            "the identity as one more head",
            "You add the identity to the sum of the heads and divide by H + 1, so the stream is one among H + 1. "
            "Here it has one half by itself, and the mean of the heads the other: (A + I) / 2.",
            _rollout_variant(skip="as one more head"),
        ),
        Misconception(
            "the largest head, and rows divided by their sums",
            "You take the largest of the heads at every cell, add the identity and divide each row by its sum. Some "
            "programs do that; it favours cells at which a single head looks, and the stream gets less than half. "
            "Asked for is the mean over the heads.",
            _rollout_variant(heads="max", skip="by the sum of rows"),
        ),
        Misconception(
            "the smallest head in place of the mean",
            "You take the smallest of the heads at every cell: what all of them look at. Rows then sum to less than "
            "one. Asked for is the mean over the heads.",
            _rollout_variant(heads="min"),
        ),
        Misconception(
            "the smallest head, and rows divided by their sums",
            "You take the smallest of the heads at every cell, add the identity and divide each row by its sum, so "
            "the stream gets more than half. Asked for is the mean over the heads.",
            _rollout_variant(heads="min", skip="by the sum of rows"),
        ),
        Misconception(
            "the last head only",
            "You follow the last head of each layer and no other. A layer's step is the mean over its heads: "
            "patterns[layer].mean(0).",
            _rollout_variant(heads="last"),
        ),
        Misconception(
            "a rollout for each head",
            "You roll out head 0 of all layers, head 1 of all layers and so on, and average at the end. Heads of the "
            "same number have nothing to do with each other: what one wrote, all heads of the next layer can look at. "
            "Average within each layer, before multiplying.",
            _rollout_variant(heads="each by itself"),
        ),
        Misconception(
            "heads of a layer one after another",
            "You multiply the heads of a layer, as if each looked at what the one before had written. They stand side "
            "by side and read the same stream: one step for each layer, the mean of its heads.",
            _rollout_variant(heads="one after another"),
        ),
        Misconception(
            "the mean of the layers, a product over heads",
            "You average over axis 0, which is the layer, and multiply along axis 1, the heads. It is to be the other "
            "way round: patterns.mean(1) is the mean over heads.",
            _rollout_variant(heads="mean of the layers"),
        ),
        Misconception(
            "columns made to sum to one",
            "You divide each column by its sum. A row is what one destination gets from all sources, so it is the rows "
            "that sum to one: sum(-1, keepdim=True).",
            _rollout_variant(skip="by the sum of columns"),
        ),
        Misconception(
            "one added everywhere",
            "You add 1 to every cell, future ones too. The stream leads from each position to itself only: add the "
            "identity matrix, torch.eye(n).",
            _rollout_variant(skip="one everywhere"),
        ),
        Misconception(
            "the identity added after multiplying",
            "In each layer you multiply by the bare attention and mix in the identity afterwards. What goes past the "
            "attention of a later layer is what the earlier ones have mixed, not the words: mix first, "
            "(A + I) / 2 @ rollout.",
            _rollout_variant(skip="after"),
        ),
        Misconception(
            "the first layer twice",
            "You begin with the first layer and multiply by it once more in the loop. Begin with the identity, or let "
            "the loop begin at the second layer.",
            _rollout_variant(start="first, twice"),
        ),
        Misconception(
            "the first layer without the identity",
            "You begin with the attention of the first layer as it is, and mix the identity into the later ones only. "
            "The stream goes past the attention in the first layer, too.",
            _rollout_variant(start="first, as it is"),
        ),
    ),
)


# --- value_weighted_attention -----------------------------------------------------------------------------------------


def _by_vectors(pattern: Tensor, x: Tensor, W_V: Tensor, b_V: Tensor, W_O: Tensor) -> Tensor:
    """Vector by vector in numpy: each is built, weighted and measured by itself."""
    a, stream, wv, bv, wo = (each.double().numpy() for each in (pattern, x, W_V, b_V, W_O))
    out = np.zeros(a.shape)
    for b, h, dest, src in np.ndindex(a.shape):
        carried = a[b, h, dest, src] * ((stream[b, src] @ wv[h] + bv[h]) @ wo[h])
        out[b, h, dest, src] = np.sqrt((carried**2).sum())
    return torch.from_numpy(out).to(pattern.dtype)


def _by_all_vectors(pattern: Tensor, x: Tensor, W_V: Tensor, b_V: Tensor, W_O: Tensor) -> Tensor:
    v = torch.einsum("bsm,hme->bhse", x, W_V) + b_V[:, None]
    carried = pattern[..., None] * (v @ W_O)[:, :, None]
    return carried.pow(2).sum(-1).sqrt()


def _by_gram(pattern: Tensor, x: Tensor, W_V: Tensor, b_V: Tensor, W_O: Tensor) -> Tensor:
    """The length of v W_O from v and the matrix W_O W_Oᵀ alone."""
    v = (x.double()[:, None] @ W_V.double()) + b_V.double()[None, :, None]
    gram = W_O.double() @ W_O.double().transpose(-1, -2)
    return pattern * torch.einsum("bhse,hef,bhsf->bhs", v, gram, v).clamp(min=0).sqrt()[:, :, None]


def _by_heads(pattern: Tensor, x: Tensor, W_V: Tensor, b_V: Tensor, W_O: Tensor) -> Tensor:
    rows = [
        pattern[:, h] * torch.linalg.vector_norm((x @ W_V[h] + b_V[h]) @ W_O[h], dim=-1).unsqueeze(1)
        for h in range(len(W_V))
    ]
    return torch.stack(rows, dim=1)


def _weighted_variant(
    *,
    bias: str = "inside",
    through: str = "W_O",
    norm: str = "each",
    weighted: str = "sources",
    end: str = "lengths",
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(pattern: Tensor, x: Tensor, W_V: Tensor, b_V: Tensor, W_O: Tensor) -> Tensor:
        if end == "normalised first":
            x = torch.nn.functional.layer_norm(x, x.shape[-1:])
        v = torch.einsum("bsm,hme->bhse", x, W_V)
        if bias == "inside":
            v = v + b_V[:, None]
        f = v @ W_O if through == "W_O" else v
        alpha = {
            "sources": lambda: pattern,
            "no": lambda: torch.ones_like(pattern),
            "destinations": lambda: pattern.transpose(-1, -2),
            "twice": lambda: pattern**2,
            "under the root": pattern.sqrt,
        }[weighted]()
        carried = alpha[..., None] * f[:, :, None]
        if bias == "outside":
            carried = carried + (torch.einsum("he,hem->hm", b_V, W_O) if through == "W_O" else b_V)[:, None, None]
        lengths = {
            "each": lambda: carried.norm(dim=-1),
            "squared": lambda: carried.pow(2).sum(-1),
            "squared, weighted after": lambda: alpha * f.pow(2).sum(-1)[:, :, None],
            "at the destination": lambda: alpha * f.norm(dim=-1)[..., None],
            "of the stream": lambda: alpha * x.norm(dim=-1)[:, None, None],
            "absolute": lambda: carried.abs().sum(-1),
            "mean absolute": lambda: carried.abs().mean(-1),
            "largest": lambda: carried.abs().amax(-1),
            "two lengths": lambda: alpha * (v.norm(dim=-1) * W_O.flatten(1).norm(dim=-1)[:, None])[:, :, None],
            "bias by itself": lambda: (
                alpha * ((f - b_V[:, None] @ W_O).norm(dim=-1) + (b_V[:, None] @ W_O).norm(dim=-1))[:, :, None]
            ),
            "one": lambda: alpha,
            "mean square": lambda: carried.pow(2).mean(-1).sqrt(),
            "of the sum over heads": lambda: carried.sum(1).norm(dim=-1),
            "of the sum over sources": lambda: carried.sum(3).norm(dim=-1),
            "signed sum": lambda: carried.sum(-1),
        }[norm]()
        if end == "shares":
            lengths = lengths / lengths.sum(-1, keepdim=True)
        if end == "shares of the largest":
            lengths = lengths / lengths.amax(-1, keepdim=True)
        if end in ("mean over heads", "sum over heads"):
            lengths = lengths.mean(1) if end == "mean over heads" else lengths.sum(1)
        return lengths

    return answer


def _weighted_cases(draw: Draw) -> list[Case]:
    def case(label: str, batch: int, dims: str) -> Case:
        pos, head, d_head, d_model = draw.shape(dims)
        pattern = draw.pattern(f"{batch} {head} {pos} {pos}")
        x = draw.normal(f"{batch} {pos} {d_model}", mean=0.5)
        W_V, b_V = draw.normal(f"{head} {d_model} {d_head}"), draw.normal(f"{head} {d_head}", mean=1.0, sd=2.0)
        W_O = draw.normal(f"{head} {d_head} {d_model}")
        return Case(label, (pattern, x, W_V, b_V, W_O), axes=("batch", "head", "dest", "src"))

    return [
        case("a batch of 3, all sizes different", 3, "pos head d_head d_model"),
        case("batch of 1, one head", 1, "5 1 4 7"),
        case("d_head as large as d_model", 2, "4 3 5 5"),
    ]


value_weighted_attention = Exercise(
    name="value_weighted_attention",
    chapter="induction_heads",
    section="2.12",
    title="What is carried, not only how much",
    core=False,
    difficulty=3,
    minutes=12,
    points=3,
    prerequisites=("attention_rollout",),
    hints=(
        "For one head, one source and one destination there is one vector that is carried. Build that vector; its "
        "length is the number.",
        "f(x) = (x W_V + b_V) W_O has d_model numbers for each head and source, whoever looks. Its norm, times the "
        "weight, is the length of the weighted vector, because a weight is not negative.",
        'v = torch.einsum("bsm,hme->bhse", x, W_V) + b_V[:, None]; lengths = (v @ W_O).norm(dim=-1), of shape (batch, '
        "head, src); return pattern * lengths[:, :, None, :].",
    ),
    reference=helper.value_weighted_attention,
    oracle=Oracle("each carried vector built and measured by itself, in numpy", _by_vectors),
    cases=_weighted_cases,
    variant=_weighted_variant,
    alternatives={
        "all carried vectors at once": _by_all_vectors,
        "from W_O times its transpose": _by_gram,
        "head by head": _by_heads,
    },
    misconceptions=(
        Misconception(
            "the norm of the sum over heads",
            "You add up what the heads carry and then measure: heads that carry opposite vectors cancel, and the axis "
            "of heads is gone. The paper has that number, too. Asked for is each head by itself.",
            switches={"norm": "of the sum over heads"},
        ),
        Misconception(
            "the norm of the sum over sources",
            "You add up what comes from all sources and then measure: that is the length of the head's output, and "
            "says nothing of where it came from. Measure before you add.",
            switches={"norm": "of the sum over sources"},
        ),
        Misconception(
            "W_O is forgotten",
            "You measure the weighted values, before W_O. They have d_head numbers that only W_O turns into something "
            "for the stream: it may stretch one value and erase another. Multiply by the head's W_O first.",
            switches={"through": "nothing"},
        ),
        Misconception(
            "the weights are left out",
            "You measure f(x) alone: what would be carried with full attention, the same for every destination. Asked "
            "for is what is carried: multiply by the attention weight.",
            switches={"weighted": "no"},
        ),
        Misconception(
            "b_V is forgotten",
            "Your values lack their bias b_V. It is part of every value, so it is carried along with it: "
            "f(x) = (x W_V + b_V) W_O.",
            switches={"bias": "none"},
        ),
        Misconception(
            "b_V outside the weighting",
            "You add b_V after the weighting, so every source carries it whole, also one that nobody looks at. The "
            "bias is inside f: α · ((x W_V + b_V) W_O).",
            switches={"bias": "outside"},
        ),
        Misconception(
            "the square of the length",
            "You sum the squares and take no root. That is the squared length: a vector twice as long would count four "
            "times.",
            switches={"norm": "squared"},
        ),
        Misconception(
            "the square, weighted after",
            "You weight the squared length of f(x). Take the root before you multiply by the weight.",
            switches={"norm": "squared, weighted after"},
        ),
        Misconception(
            "lengths on the axis of the destination",
            "You multiply each row by the length of what stands at the destination: [..., None] puts the lengths on "
            "axis dest. What is carried comes from the source: lengths[:, :, None, :].",
            switches={"norm": "at the destination"},
        ),
        Misconception(
            "the length of the stream",
            "You weight the length of x. What is carried is f(x) = (x W_V + b_V) W_O, and a head may erase a long x or "
            "stretch a short one.",
            switches={"norm": "of the stream"},
        ),
        Misconception(
            "absolute values summed",
            "You sum absolute values: another norm, which depends on the axes the stream happens to be written in. "
            "Asked for is the Euclidean length.",
            switches={"norm": "absolute"},
        ),
        Misconception(
            "the mean of the squares",
            "You average the squares over d_model in place of adding them: the length divided by the root of d_model. "
            "Asked for is the length.",
            switches={"norm": "mean square"},
        ),
        Misconception(
            "entries summed with their signs",
            "You add up the entries of each vector. Positive and negative entries cancel, so a long vector can come "
            "out as zero. Asked for is its length, the root of the sum of squares.",
            switches={"norm": "signed sum"},
        ),
        Misconception(
            "shares in place of lengths",
            "You divide each row by its sum. That makes it look like attention again, and throws away whether the head "
            "carried much or little. Asked for are the lengths themselves.",
            switches={"end": "shares"},
        ),
        Misconception(
            "averaged over heads",
            "You average the lengths over the heads. Asked for is one table for each head.",
            switches={"end": "mean over heads"},
        ),
        Misconception(
            "summed over heads",
            "You add up the lengths of all heads. Asked for is one table for each head.",
            _weighted_variant(end="sum over heads"),
        ),
        Misconception(
            "shares of the longest",
            "You divide each row by its largest entry, so the longest vector of every row has length one. Asked for "
            "are the lengths themselves.",
            _weighted_variant(end="shares of the largest"),
        ),
        Misconception(
            "LayerNorm once more",
            "You normalise x before making values from it. x is what the values are made from: the LayerNorm has been "
            "applied already.",
            _weighted_variant(end="normalised first"),
        ),
        Misconception(
            "the largest entry",
            "You take the largest absolute entry of each vector: another norm, which depends on the axes the stream "
            "happens to be written in. Asked for is the Euclidean length.",
            _weighted_variant(norm="largest"),
        ),
        Misconception(
            "the mean of absolute values",
            "You average absolute values over d_model. Asked for is the Euclidean length, the root of the sum of "
            "squares.",
            _weighted_variant(norm="mean absolute"),
        ),
        Misconception(
            "length of the value times length of W_O",
            "You multiply the length of the value by that of W_O. How far W_O stretches a value depends on where the "
            "value points: multiply value and W_O, then measure.",
            _weighted_variant(norm="two lengths"),
        ),
        Misconception(
            "the bias measured by itself",
            "You measure what comes from x W_V and what comes from b_V and add the two lengths. They are parts of one "
            "vector and may cancel: add the vectors, then measure.",
            _weighted_variant(norm="bias by itself"),
        ),
        Misconception(
            "the weight under the root",
            "You multiply the weight with the squares and take the root of both: the root of the weight is left. The "
            "weight multiplies the length: weight outside the root, or squared inside.",
            _weighted_variant(weighted="under the root"),
        ),
        Misconception(
            "the weight twice",
            "Your lengths have the weight in them twice. Weight either the vectors or their lengths.",
            _weighted_variant(weighted="twice"),
        ),
        Misconception(
            "vectors of length one",
            "You give back the weights: the vectors are made unit vectors, or not measured at all. How long f(x) is, "
            "is what distinguishes this reading from raw attention.",
            _weighted_variant(norm="one"),
        ),
        Misconception(
            "rows and columns of the pattern swapped",
            "You weight with the pattern transposed: each source's vector is weighted by how the source looks. The "
            "weight of source s at destination d is pattern[…, d, s].",
            _weighted_variant(weighted="destinations"),
        ),
    ),
)

EXERCISES = [attention_rollout, value_weighted_attention]
