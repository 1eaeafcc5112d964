"""Heads that read what earlier heads wrote: the score from weights, and the experiment that it cannot replace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.checking.drivers import call
from mi_course.interventions import Edit, add, k, pattern, q, run, v, z, zero
from mi_course.worlds import repeated_tokens
from mi_course.zoo.native import build_native
from mi_course.zoo.planted import (
    CERTAIN,
    DuplicateToken,
    FirstToken,
    FixedOffset,
    Induction,
    PreviousToken,
    planted,
)

QUESTIONS = [
    Question(
        name="pairs_above_chance",
        text="In induction-2l-plain (two layers of one head) how many of the three scores, for Q, K and V, are above "
        "chance?",
        low=0,
        high=3,
    ),
    Question(
        name="strongest_path_cut",
        text="The path with the highest score of induction-2l, seed 2, is cut. By how many nats does the loss on "
        "repeated tokens grow? (Right if within 0.1.)",
        kind=float,
        low=-1,
        high=10,
        unit="nats",
        comes_true=lambda value, outcome: abs(value - outcome) <= 0.1,
    ),
]

Heads = dict[str, Tensor]
Head = tuple[int, int]
Pair = tuple[Head, Head]

# --- composition_scores -----------------------------------------------------------------------------------------------


def _reads(later: Heads, kind: str) -> Tensor:
    """What a later head reads the stream with, as a square matrix that stands to the right of what was written."""
    return {
        "Q": lambda: later["W_Q"] @ later["W_K"].mT,
        "K": lambda: later["W_K"] @ later["W_Q"].mT,
        "V": lambda: later["W_V"] @ later["W_O"],
    }[kind]()


def _by_singular_values(earlier: Heads, later: Heads, kind: str) -> Tensor:
    """Norms as roots of sums of squared singular values, in numpy's double precision, one pair at a time."""

    def norm(matrix: np.ndarray) -> float:
        return float(np.sqrt((np.linalg.svd(matrix, compute_uv=False) ** 2).sum()))

    scores = np.zeros((len(earlier["W_V"]), len(later["W_V"])))
    for a in range(scores.shape[0]):
        wrote = earlier["W_V"][a].double().numpy() @ earlier["W_O"][a].double().numpy()
        for b in range(scores.shape[1]):
            Q, K, V, out_of = (later[f"W_{each}"][b].double().numpy() for each in "QKVO")
            reads = {"Q": Q @ K.T, "K": K @ Q.T, "V": V @ out_of}[kind]
            scores[a, b] = norm(wrote @ reads) / (norm(wrote) * norm(reads)) - 1 / np.sqrt(wrote.shape[0])
    return torch.from_numpy(scores).float()


def _by_columns(earlier: Heads, later: Heads, kind: str) -> Tensor:
    """As Elhage et al. write it, with columns: everything transposed."""
    W_OV1 = (earlier["W_V"] @ earlier["W_O"]).mT[:, None]
    W_QK = (later["W_Q"] @ later["W_K"].mT)[None]
    left = {"Q": W_QK.mT, "K": W_QK, "V": (later["W_V"] @ later["W_O"]).mT[None]}[kind]
    norm = torch.linalg.matrix_norm
    return norm(left @ W_OV1) / norm(left) / norm(W_OV1) - W_OV1.shape[-1] ** -0.5


def _by_einsum(earlier: Heads, later: Heads, kind: str) -> Tensor:
    A = torch.einsum("ame,aen->amn", earlier["W_V"], earlier["W_O"])
    R = _reads(later, kind)
    product = torch.einsum("amn,bnp->abmp", A, R)
    squares = product.pow(2).sum((-1, -2)) / (A.pow(2).sum((1, 2))[:, None] * R.pow(2).sum((1, 2)))
    return torch.sqrt(squares) - 1 / A.shape[-1] ** 0.5


def _by_traces(earlier: Heads, later: Heads, kind: str) -> Tensor:
    """Loops over pairs, in double precision, each norm a trace."""
    d_model = earlier["W_O"].shape[-1]
    rows = []
    for V1, O1 in zip(earlier["W_V"].double(), earlier["W_O"].double(), strict=True):
        A, row = V1 @ O1, []
        for R in _reads(later, kind).double():
            top = torch.trace(A.T @ A @ R @ R.T)
            row.append((top / (torch.trace(A @ A.T) * torch.trace(R @ R.T))) ** 0.5 - d_model**-0.5)
        rows.append(torch.stack(row))
    return torch.stack(rows)


def _scores_variant(
    *,
    input_: str = "kind",
    wrote: str = "OV",
    norm: str = "Frobenius",
    over: str = "both",
    chance: str = "root d_model",
    order: str = "earlier first",
    axes: str = "earlier, later",
    reads: str = "two matrices",
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(earlier: Heads, later: Heads, kind: str) -> Tensor:
        used = {
            "kind": kind,
            "Q and K exchanged": {"Q": "K", "K": "Q"}.get(kind, kind),
            "always K": "K",
            "K as Q": kind.replace("K", "Q"),
            "Q as K": kind.replace("Q", "K"),
            "V as K": kind.replace("V", "K"),
        }[input_]
        R = later[f"W_{used}"] if reads == "one matrix" else _reads(later, used)
        R = R.mT if reads == "V turned" and kind == "V" else R
        if order == "exchanged":
            earlier, later = later, earlier
            R = _reads(later, used)
        A = earlier["W_V"] @ earlier["W_O"]
        A = A.mT if wrote == "OV turned" else earlier["W_O"] if wrote == "W_O only" else A
        A = earlier["W_Q"] @ earlier["W_K"].mT if wrote == "QK" else A
        turned = order == "later first" or (order == "later first in V" and kind == "V")
        product = R[None] @ A[:, None] if turned else A[:, None] @ R[None]

        def size(matrix: Tensor) -> Tensor:
            return {
                "Frobenius": lambda: torch.linalg.matrix_norm(matrix),
                "spectral": lambda: torch.linalg.matrix_norm(matrix, 2),
                "nuclear": lambda: torch.linalg.matrix_norm(matrix, "nuc"),
                "squared": lambda: torch.linalg.matrix_norm(matrix) ** 2,
            }[norm]()

        divide = {
            "both": lambda: size(A)[:, None] * size(R)[None],
            "nothing": lambda: torch.ones(len(A), len(R)),
            "the reader": lambda: size(R)[None].expand(len(A), -1),
            "all heads together": lambda: (A.norm() * R.norm()).expand(len(A), len(R)),
            "the sum": lambda: size(A)[:, None] + size(R)[None],
        }[over]()
        share = size(product) / divide
        d_model, d_head = earlier["W_O"].shape[-1], earlier["W_O"].shape[-2]
        scores = {
            "root d_model": lambda: share - d_model**-0.5,
            "none": lambda: share,
            "root d_head": lambda: share - d_head**-0.5,
            "d_model": lambda: share - 1 / d_model,
            "mean": lambda: share - share.mean(),
            "ratio": lambda: share * d_model**0.5,
            "no composition": lambda: share - 1,
            "cut off": lambda: (share - d_model**-0.5).clamp(min=0),
            "without sign": lambda: (share - d_model**-0.5).abs(),
        }[chance]()
        return scores.T if (axes == "later, earlier") != (order == "exchanged") else scores

    return answer


def _scores_weights_alone(earlier: Heads, later: Heads, kind: str) -> Tensor:
    """W_O against the one matrix that makes queries, keys or values."""
    A, R = earlier["W_O"][:, None], later[f"W_{kind}"][None]
    norm = torch.linalg.matrix_norm
    return norm(A @ R) / (norm(A) * norm(R)) - earlier["W_O"].shape[-1] ** -0.5


def _scores_cases(draw: Draw) -> list[Case]:
    def heads(count: int, d_model: int, d_head: int) -> Heads:
        weights = {f"W_{each}": draw.normal(f"{count} {d_model} {d_head}", mean=0.2) for each in "QKV"}
        # Unequal lengths, so that norms that differ tell which was meant.
        return weights | {"W_O": draw.normal(f"{count} {d_head} {d_model}", mean=-0.1, sd=0.4)}

    def case(label: str, kind: str, one: int, two: int, d_model: int, d_head: int) -> Case:
        earlier, later = heads(one, d_model, d_head), heads(two, d_model, d_head)
        later["W_K"] = later["W_K"] * 3.0
        return Case(label, (earlier, later, kind), axes=("earlier head", "later head"))

    return [
        case("Q, three earlier and two later heads, d_model 8, d_head 3", "Q", 3, 2, 8, 3),
        case("K, two earlier and four later heads, d_model 7, d_head 2", "K", 2, 4, 7, 2),
        case("V, two earlier and three later heads, d_model 6, d_head 4", "V", 2, 3, 6, 4),
        case("K, one head each, d_model 5", "K", 1, 1, 5, 2),
    ]


composition_scores = Exercise(
    name="composition_scores",
    chapter="transformer_maths",
    section="1.21",
    title="Heads that read heads",
    core=False,
    difficulty=4,
    minutes=18,
    points=3,
    prerequisites=("attention_pattern", "attention_output"),
    hints=(
        "Three square matrices, d_model by d_model: what the earlier head writes, what the later head reads with, and "
        "their product, in the order in which things happen. Then three norms and one division.",
        "The earlier head: A = W_V @ W_O. The later head: R = W_Q @ W_K.mT for Q (what was written meets W_Q first), "
        "W_K @ W_Q.mT for K, W_V @ W_O for V. torch.linalg.matrix_norm is the Frobenius norm of the last two axes; "
        "A[:, None] and R[None] make all pairs.",
        "norm(A[:, None] @ R[None]) / (norm(A)[:, None] * norm(R)[None]) − 1 / d_model ** 0.5.",
    ),
    reference=helper.composition_scores,
    oracle=Oracle("singular values in numpy, one pair at a time", _by_singular_values),
    cases=_scores_cases,
    variant=_scores_variant,
    alternatives={
        "columns, as Elhage et al. write it": _by_columns,
        "einsum and sums of squares": _by_einsum,
        "loops and traces in double precision": _by_traces,
    },
    misconceptions=(
        Misconception(
            "Q and K exchanged",
            "For Q you read with W_K first, and for K with W_Q. What the earlier head wrote stands next to the matrix "
            "that reads it: W_Q for Q-composition, W_K for K-composition.",
            switches={"input_": "Q and K exchanged"},
        ),
        Misconception(
            "W_QK from the query's side for both",
            "Your Q scores are right, and your K scores use W_Q W_Kᵀ as well: what the earlier head wrote meets W_Q. "
            "For keys it has to meet W_K first: W_K W_Qᵀ.",
            switches={"input_": "K as Q"},
        ),
        Misconception(
            "W_QK from the key's side for both",
            "Your K scores are right, and your Q scores use W_K W_Qᵀ as well: what the earlier head wrote meets W_K. "
            "For queries it has to meet W_Q first: W_Q W_Kᵀ.",
            switches={"input_": "Q as K"},
        ),
        Misconception(
            "always through the keys",
            "You read with W_K whatever was asked for. The argument `kind` says which input of the later head is "
            "meant.",
            switches={"input_": "always K"},
        ),
        Misconception(
            "the later head first",
            "Your product begins with the later head. With vectors as rows, what happens first stands on the left: the "
            "earlier head's W_V W_O, then what the later one reads with.",
            switches={"order": "later first"},
        ),
        Misconception(
            "the later head first, for V",
            "Your Q and K scores are right. For V your product begins with the later head, as in Elhage et al., who "
            "write columns. With vectors as rows the earlier head's W_V W_O stands on the left.",
            switches={"order": "later first in V"},
        ),
        Misconception(
            "earlier and later exchanged",
            "You let the later heads write and the earlier ones read. Nothing flows that way: the earlier layer has "
            "already read when the later one writes.",
            switches={"order": "exchanged"},
        ),
        Misconception(
            "the OV matrix turned",
            "You use the transpose of W_V W_O: what the earlier head *reads* then meets the later head, not what it "
            "writes.",
            switches={"wrote": "OV turned"},
        ),
        Misconception(
            "W_O without W_V",
            "You leave out the earlier head's W_V. All directions in which it could write count the same then, also "
            "those into which its values never put anything: W_V W_O.",
            switches={"wrote": "W_O only"},
        ),
        Misconception(
            "no baseline",
            "These are the shares themselves. Two random matrices have a share of about 1/√d_model, not 0; take that "
            "away, so that zero means chance.",
            switches={"chance": "none"},
        ),
        Misconception(
            "chance at the root of d_head",
            "You take away 1/√d_head. Matrices are turned against each other in the stream, which has d_model "
            "directions, however many of them a head uses: 1/√d_model.",
            switches={"chance": "root d_head"},
        ),
        Misconception(
            "chance without the root",
            "You take away 1/d_model, the mean of the *squared* share. The share is a root: 1/√d_model.",
            switches={"chance": "d_model"},
        ),
        Misconception(
            "the mean of these heads as baseline",
            "You take away the mean over the pairs given. Some pair is always above that, even if all of them are "
            "random, and one pair alone always gets zero. Chance does not depend on the other heads: 1/√d_model.",
            switches={"chance": "mean"},
        ),
        Misconception(
            "divided by chance",
            "You divide by what chance would give. Asked for is the difference: share − 1/√d_model.",
            switches={"chance": "ratio"},
        ),
        Misconception(
            "nothing below zero",
            "You set scores below chance to zero. Below zero is a finding, too: the later head is turned away from "
            "what the earlier one writes. Leave the sign.",
            switches={"chance": "cut off"},
        ),
        Misconception(
            "compared with one",
            "You take one away, the largest share there is. Asked for is how far the share is from chance: 1/√d_model.",
            switches={"chance": "no composition"},
        ),
        Misconception(
            "the spectral norm",
            "Your norm is the largest singular value, how much the one most favoured direction is stretched. Asked "
            "for is the Frobenius norm, in which all directions count: matrix_norm without a second argument.",
            switches={"norm": "spectral"},
        ),
        Misconception(
            "the nuclear norm",
            "Your norm is the sum of singular values. The Frobenius norm is the root of the sum of their squares, "
            "which is the root of the sum of all squared entries.",
            switches={"norm": "nuclear"},
        ),
        Misconception(
            "squares without a root",
            "You divide sums of squares and take no root. The share is a ratio of norms: take the root of each, or of "
            "the quotient.",
            switches={"norm": "squared"},
        ),
        Misconception(
            "not divided",
            "You take the norm of the product alone, so heads with large weights score high whatever they read. Divide "
            "by the norms of both matrices.",
            switches={"over": "nothing"},
        ),
        Misconception(
            "divided by one norm only",
            "You divide by the later head's norm and not by the earlier one's. A head that writes long vectors then "
            "scores high with everybody.",
            switches={"over": "the reader"},
        ),
        Misconception(
            "divided by a sum of norms",
            "You divide by the sum of the two norms. The largest that the norm of a product can be is their product.",
            switches={"over": "the sum"},
        ),
        Misconception(
            "one matrix for each head",
            "You compare W_O with W_Q, W_K or W_V alone. That asks whether two subspaces overlap. The score weighs "
            "what is written (W_V W_O) and what becomes of what is read (W_Q W_Kᵀ, or W_V W_O).",
            _scores_weights_alone,
        ),
        Misconception(
            "values read like keys",
            "Your Q and K scores are right, and for V you use the keys' matrix. What the later head reads its values "
            "with, and what becomes of them, is W_V W_O.",
            switches={"input_": "V as K"},
        ),
        Misconception(
            "the later OV matrix turned",
            "Your Q and K scores are right. For V you read with the transpose of the later head's W_V W_O: what was "
            "written would meet W_Oᵀ, with which nothing is read. It has to meet W_V first.",
            switches={"reads": "V turned"},
        ),
        Misconception(
            "the earlier head's QK matrix",
            "You take the earlier head's W_Q W_Kᵀ. That says where it looks. What it writes into the stream is W_V "
            "W_O.",
            switches={"wrote": "QK"},
        ),
        Misconception(
            "half of what reads",
            "You read with W_Q, W_K or W_V alone. The later head's d_head directions do not all weigh the same: it "
            "reads with W_Q W_Kᵀ, W_K W_Qᵀ or W_V W_O, a d_model by d_model matrix.",
            switches={"reads": "one matrix"},
        ),
        Misconception(
            "one norm for all heads",
            "Your norms run over all heads at once (.norm() of a stack does). Each head has its own: "
            "torch.linalg.matrix_norm, or .norm(dim=(-2, -1)).",
            switches={"over": "all heads together"},
        ),
        Misconception(
            "scores without their sign",
            "You take the absolute value of the difference. A share below chance then looks like one above it. Leave "
            "the sign.",
            switches={"chance": "without sign"},
        ),
        Misconception(
            "axes exchanged",
            "The numbers are right and the axes exchanged. Asked for is (earlier head, later head).",
            switches={"axes": "later, earlier"},
        ),
    ),
)

# --- composing_heads --------------------------------------------------------------------------------------------------

_LAYERS, _HEADS, _TOKENS, _CONTEXT = 3, 3, 10, 26
_PLACE = 10  # where one planted head works, and nowhere else
TRUTH: dict[Any, dict[Pair, Callable[[Tensor], float]]] = {}
"""What was planted in each model: which pairs compose through the keys, and how much attention hangs on each."""
AMOUNTS: dict[Any, dict[Pair, float]] = {}
"""The same of models whose weights were drawn, for all pairs, on their own texts."""
_SHARP = 1.5
_DRAWN = (
    ((12, 6, 10), (29, 5, 9)),
    ((3, 2, 7), (23, 8, 9)),
    ((13, 3, 11), (10, 9, 11)),
    ((7, 4, 10), (25, 2, 6)),
    ((28, 3, 11), (16, 7, 10)),
    ((24, 2, 4), (4, 3, 10)),
)
"""Two models with drawn weights for a round of cases: each a seed, and how many pairs two thresholds leave.

Searched so that the wrong answers of the bank differ from the truth and from each other on these four cases, and so
that no amount lies within 0.003 of a threshold.
"""


def _look_at_bos(model: Any, layer: int, head: int) -> None:
    """Make a planted head look at [BOS] from everywhere, and leave what it moves, and where it writes it, alone.

    Its W_V W_O stays that of a previous-token head, to the last digit.
    """
    W_Q, d_head = model.blocks[layer].attn.q.weight, model.cfg.d_head
    rows = slice(head * d_head, (head + 1) * d_head)
    positions = slice(_TOKENS, _TOKENS + _CONTEXT)
    scale = (CERTAIN * d_head**0.5) ** 0.5
    with torch.no_grad():
        W_Q[rows, positions] = 0.0
        W_Q[rows.start, positions] = scale  # the key of position 0 is entry 0


@cache
def _planted(seed: int) -> Any:
    """Three layers of three heads: three pairs compose through keys, others look as if they did.

    - A previous-token head and three induction heads, two in layer 1 and one in layer 2: these compose. One of them
      works at one position only, so that little of its attention hangs on the path.
    - A decoy with the very W_V W_O of the previous-token head, which looks at [BOS] from everywhere: it adds the same
      to all keys, which moves no attention.
    - A first-token head, which one induction head reads with its *queries*.
    - Heads that write where no key reads.
    """
    choose = Draw(seed)
    first, decoy, gate = choose.sample(range(_HEADS), 3)
    roles: dict[Head, Any] = {(0, first): PreviousToken(), (0, decoy): PreviousToken(), (0, gate): FirstToken()}
    spots = choose.sample([(1, head) for head in range(_HEADS)], 3)
    gated = frozenset(range(1, _TOKENS, 2))
    roles[spots[0]] = Induction(0.9, first_tokens=gated)
    roles[spots[1]] = Induction(0.9, positions=frozenset({_PLACE}))
    roles[spots[2]] = DuplicateToken()
    far = (2, choose.integer(0, _HEADS - 1))
    roles[far] = Induction(0.8)
    roles[(2, (far[1] + 1) % _HEADS)] = FixedOffset(2)
    model = planted(roles, n_layers=_LAYERS, n_heads=_HEADS, d_vocab=_TOKENS, n_ctx=_CONTEXT, seed=seed)
    _look_at_bos(model, 0, decoy)
    TRUTH[model] = {
        ((0, first), spots[0]): lambda tokens: 0.24,  # at least, with half of the texts gated and half of them copies
        ((0, first), spots[1]): lambda tokens: 0.9 / tokens.shape[1],
        ((0, first), far): lambda tokens: 0.3,
    }
    return model


@cache
def _no_pair(seed: int) -> Any:
    """Two layers in which nothing composes through keys: the only previous-token weights belong to a decoy."""
    choose = Draw(100 + seed)
    decoy, other = choose.sample(range(_HEADS), 2)
    induction = (1, choose.integer(0, _HEADS - 1))
    roles: dict[Head, Any] = {(0, decoy): PreviousToken(), (0, other): FixedOffset(1), induction: Induction(0.9)}
    model = planted(roles, n_layers=2, n_heads=_HEADS, d_vocab=_TOKENS, n_ctx=_CONTEXT, seed=seed)
    _look_at_bos(model, 0, decoy)
    TRUTH[model] = {}
    return model


@cache
def _drawn(seed: int) -> tuple[Any, Tensor]:
    """Three layers of two heads with weights drawn at random, and texts: every head reads a little of all before it.

    Attention is spread over several sources and moves between them in all directions, so that ways of measuring the
    change differ, and so do halves of a path and the whole of it.
    """
    sizes = {"n_layers": 3, "n_heads": 2, "d_model": 10, "d_head": 8, "d_vocab": 8, "n_ctx": 9}
    kind = {"attn_only": True, "act_fn": "relu", "d_mlp": None, "normalization_type": None}
    model = build_native({**sizes, **kind, "positional_embedding_type": "standard", "d_vocab_out": 8}, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, weight in sorted(model.named_parameters()):
            weight.copy_(_SHARP * torch.randn(weight.shape, generator=generator) / weight.shape[-1] ** 0.5)
    tokens = torch.randint(0, 8, (3, 9), generator=generator)
    AMOUNTS[model] = _amounts(model, tokens)
    return model, tokens


def _amounts(model: Any, tokens: Tensor) -> dict[Pair, float]:
    """How much attention hangs on each path, from weights alone, in numpy's double precision."""
    W = {name: getattr(model, name).detach().double().numpy() for name in ("W_E", "W_pos", "W_Q", "W_K", "W_V", "W_O")}
    b = {name: getattr(model, name).detach().double().numpy() for name in ("b_Q", "b_K", "b_V", "b_O")}
    stream = W["W_E"][tokens.numpy()] + W["W_pos"][: tokens.shape[1]]
    later = np.triu(np.ones((tokens.shape[1],) * 2, dtype=bool), 1)
    wrote: dict[Head, np.ndarray] = {}
    amounts = {}

    def looks(queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        scores = queries @ keys.swapaxes(1, 2) / np.sqrt(queries.shape[-1])
        raised = np.where(later, 0.0, np.exp(scores - np.where(later, -np.inf, scores).max(-1, keepdims=True)))
        return raised / raised.sum(-1, keepdims=True)

    for layer in range(model.cfg.n_layers):
        new = {}
        for head in [(layer, each) for each in range(model.cfg.n_heads)]:
            queries, keys = (stream @ W[f"W_{each}"][head] + b[f"b_{each}"][head] for each in "QK")
            whole = looks(queries, keys)
            for early, written in wrote.items():
                less = looks(queries, (stream - written) @ W["W_K"][head] + b["b_K"][head])
                gains = np.maximum(less - whole, 0).sum(-1)  # what is gained is lost elsewhere in the row
                amounts[early, head] = float(gains.mean())
            new[head] = whole @ (stream @ W["W_V"][head] + b["b_V"][head]) @ W["W_O"][head]
        stream = stream + sum(new.values()) + b["b_O"][layer]
        wrote |= new
    return amounts


def _between(amounts: dict[Pair, float], kept: int) -> float:
    """A threshold over which that many pairs lie, midway to the next one."""
    ordered = sorted(amounts.values(), reverse=True)
    return round((ordered[kept - 1] + ordered[kept]) / 2, 4)


def _truth(model: Any, tokens: Tensor, threshold: float = 0.05) -> list[Pair]:
    """The pairs that were planted; where weights were drawn, those whose amount from numpy is above the threshold."""
    if model in AMOUNTS:
        return [pair for pair, amount in AMOUNTS[model].items() if amount > threshold]
    return [pair for pair, share in TRUTH[model].items() if share(tokens) > threshold]


def _heads_of(model: Any) -> list[Head]:
    return [(layer, head) for layer in range(model.cfg.n_layers) for head in range(model.cfg.n_heads)]


def _pairs_of(model: Any) -> list[Pair]:
    return [(a, b) for a in _heads_of(model) for b in _heads_of(model) if a[0] < b[0]]


def _call_for_pairs(answer: Any, case: Case) -> Any:
    """Calls the answer; one that yields its pairs one by one has them collected."""
    found = call(answer, case)
    return list(found) if isinstance(found, Iterator) else found


_ASKED = "asked for is a list of pairs ((layer, head), (layer, head)), all of them whole numbers"


def _observe_pairs(case: Case, found: Any) -> set[Pair]:
    """The pairs as a set: in any order, of tuples, lists or one tensor. Anything else is refused in words."""
    if isinstance(found, (Tensor, np.ndarray)):
        found = found.tolist()
    if not isinstance(found, (list, tuple, set)):
        raise TypeError(f"what is returned is no list of pairs; {_ASKED}")
    pairs = [_pair(each) for each in found]
    if len({*pairs}) < len(pairs):
        raise TypeError("a pair stands in the list twice; each is to be there once")
    return {*pairs}


def _pair(thing: Any) -> Pair:
    if isinstance(thing, Tensor):
        thing = thing.tolist()
    if len(numbers := _sequence(thing)) == 4 and all(_whole(each) is not None for each in numbers):
        raise TypeError(f"these are four numbers in a row, and nothing says where a head begins; {_ASKED}")
    heads = [tuple(_whole(each) for each in _sequence(head)) for head in numbers]
    if len(heads) != 2 or any(len(head) != 2 or None in head for head in heads):
        raise TypeError(f"an item of the list is no pair of heads; {_ASKED}")
    return heads[0], heads[1]  # type: ignore[return-value]


def _sequence(thing: Any) -> Sequence[Any]:
    thing = thing.tolist() if isinstance(thing, (Tensor, np.ndarray)) else thing
    return thing if isinstance(thing, (list, tuple)) else ()


def _whole(x: Any) -> int | None:
    """A whole number, however it is held; None for anything else."""
    if isinstance(x, (Tensor, np.ndarray)) and x.ndim == 0:
        x = x.item()
    return int(x) if isinstance(x, (int, float)) and not isinstance(x, bool) and float(x).is_integer() else None


@lru_cache(maxsize=32)
def _kept(model: Any, tokens: tuple[tuple[int, ...], ...]) -> Any:
    """One run with everything that the wrong answers of the bank look at; each of them would ask for it again."""
    sites = [site(layer) for layer in range(model.cfg.n_layers) for site in (pattern, z, q, k, v)]
    return run(model, torch.tensor(tokens), cache=sites)


_ROWS: dict[str, Callable[[Tensor], Tensor]] = {
    "half the sum": lambda moved: moved.abs().sum(-1).mean() / 2,
    "the sum": lambda moved: moved.abs().sum(-1).mean(),
    "entries": lambda moved: moved.abs().mean(),
    "largest": lambda moved: moved.abs().sum(-1).max() / 2,
    "last": lambda moved: moved[:, -1].abs().sum(-1).mean() / 2,
    "after the first": lambda moved: moved[:, 1:].abs().sum(-1).mean() / 2,
    "largest entry": lambda moved: moved.abs().amax(-1).mean(),
    "largest gain": lambda moved: moved.amax(-1).mean(),
    "largest loss": lambda moved: (-moved).amax(-1).mean(),
    "length": lambda moved: moved.norm(dim=-1).mean(),
    "length over root two": lambda moved: moved.norm(dim=-1).mean() / 2**0.5,
    "squares": lambda moved: moved.pow(2).sum(-1).mean() / 2,
    "texts first": lambda moved: moved.mean(0).abs().sum(-1).mean() / 2,
    "destinations first": lambda moved: moved.mean(1).abs().sum(-1).mean() / 2,
    "both first": lambda moved: moved.mean((0, 1)).abs().sum() / 2,
    "first source": lambda moved: moved[..., 0].abs().mean(),
    "largest text": lambda moved: moved.abs().sum(-1).mean(-1).max() / 2,
    "share that moves": lambda moved: (moved.abs().sum(-1) / 2 > 0.05).float().mean(),
}
"""How a change of the pattern (batch, dest, src), with its sign, may be made one number."""

_ORDERS: dict[str, Callable[[Head, Head, int], bool]] = {
    "all": lambda a, b, last: a[0] < b[0],
    "next": lambda a, b, last: b[0] == a[0] + 1,
    "last": lambda a, b, last: a[0] < b[0] == last,
    "from layer 0": lambda a, b, last: a[0] == 0 < b[0],
    "the same, too": lambda a, b, last: a[0] <= b[0] and a != b,
    "any": lambda a, b, last: a != b,
    "other heads": lambda a, b, last: a[0] < b[0] and a[1] != b[1],
}
_UNORDERED = ("the same, too", "any")


def _pairs_variant(
    *,
    input_: str = "K",
    cut: str = "path",
    looks_at: str = "pattern",
    layers: str = "all",
    verdict: str = "above",
    change_is: str = "half the sum",
    write: str = "pairs",
) -> Callable[..., list[Any]]:
    """The answer with one or two things done otherwise."""

    def answer(model: Any, tokens: Tensor, threshold: float = 0.05) -> list[Any]:
        text = tuple(map(tuple, tokens.tolist()))
        limit = 0.05 if verdict == "usual threshold" else threshold
        changes = _changes(model, text, layers in _UNORDERED, cut, input_, looks_at, change_is)
        found = [
            (a, b)
            for (a, b), change in changes.items()
            if _ORDERS[layers](a, b, model.cfg.n_layers - 1)
            and ((change < limit) if verdict == "below" else (change > limit))
        ]
        return {
            "pairs": lambda: found,
            "later first": lambda: [(b, a) for a, b in found],
            "earlier heads": lambda: sorted({a for a, _ in found}),
            "one": lambda: found[:1],
            "head, layer": lambda: [(a[::-1], b[::-1]) for a, b in found],
        }[write]()

    return answer


Text = tuple[tuple[int, ...], ...]


@lru_cache(maxsize=4096)
def _changes(
    model: Any, text: Text, unordered: bool, cut: str, input_: str, looks_at: str, change_is: str
) -> dict[Pair, float]:
    """How much changes, pair by pair. Kept: wrong answers that differ in what they make of it ask for it again."""
    pairs = [(a, b) for a in _heads_of(model) for b in _heads_of(model) if a[0] < b[0] or (unordered and a != b)]
    if looks_at == "logits":
        return _logits_moved(model, text, pairs, cut, input_)
    return {(a, b): float(_ROWS[change_is](_moved(model, text, a, b, cut, input_))) for a, b in pairs}


def _logits_moved(model: Any, text: Text, pairs: list[Pair], cut: str, input_: str) -> dict[Pair, float]:
    """One run for all pairs: the texts stand in it once for each, and each time another path is cut."""
    whole, rows = _kept(model, text), len(text)
    cuts: dict[Any, dict[int, Tensor | float]] = {}
    for i, (a, b) in enumerate(pairs):
        if cut == "head":
            cuts.setdefault(z(a[0], head=a[1]), {})[i] = 0.0
        else:
            site = {"Q": q, "K": k, "V": v}[input_](b[0], head=b[1])
            cuts.setdefault(site, {})[i] = _input_without(model, whole.cache, a, b, cut, input_)

    def put(values: dict[int, Tensor | float]) -> Callable[[Tensor], Tensor]:
        def function(current: Tensor) -> Tensor:
            for i, value in values.items():
                current[i * rows : (i + 1) * rows] = value
            return current

        return function

    edits = [Edit(site, put(values)) for site, values in cuts.items()]
    moved = run(model, torch.tensor(text).repeat(len(pairs), 1), edits=edits).logits.unflatten(0, (-1, rows))
    return dict(zip(pairs, (moved - whole.logits).abs().flatten(1).amax(1).tolist(), strict=True))


@lru_cache(maxsize=2048)
def _moved(model: Any, text: Text, a: Head, b: Head, cut: str, input_: str) -> Tensor:
    """How the later head's pattern changes, with its sign. Kept: most wrong answers of the bank look at the same."""
    kept = _kept(model, text).cache
    return _pattern_without(model, text, kept, a, b, cut, input_) - kept[pattern(b[0], head=b[1])]


@cache
def _weights(model: Any) -> dict[str, Tensor]:
    """The weights of all heads as one tensor each. A model stacks them anew each time that it is asked for them."""
    return {name: getattr(model, name).detach() for name in ("W_Q", "W_K", "W_V", "W_O")}


def _input_without(model: Any, kept: Any, a: Head, b: Head, cut: str, input_: str) -> Tensor:
    """One input of the later head after the cut."""
    here = kept[{"Q": q, "K": k, "V": v}[input_](b[0], head=b[1])]
    if cut == "all of the input":
        return torch.zeros_like(here)
    weights = _weights(model)
    out = weights["W_O"][a[0], b[1]] if cut == "W_O of the later index" else weights["W_O"][a]
    reads = weights[{"W_Q into the keys": "W_Q", "W_K into the queries": "W_K"}.get(cut, f"W_{input_}")]
    reads = reads[b[0], a[1]] if cut == "W_K of the earlier index" else reads[b]
    read = kept[z(a[0], head=a[1])] @ (out @ reads)
    if cut == "the whole layer":
        read = sum(kept[z(a[0], head=each)] @ (weights["W_O"][a[0], each] @ reads) for each in range(model.cfg.n_heads))
    if cut == "all but the first":
        read = torch.cat([torch.zeros_like(read[:, :1]), read[:, 1:]], 1)
    share = {"added again": -1.0, "half": 0.5, "over root d_head": model.cfg.d_head**-0.5, "twice": 2.0}.get(cut, 1.0)
    return here - share * read


def _pattern_without(model: Any, text: Text, kept: Any, a: Head, b: Head, cut: str, input_: str) -> Tensor:
    """Where the later head looks after the cut, without a run where none is needed: a diagnosis has to be quick."""
    if cut == "head":
        return _without_head(model, text, a)[pattern(b[0], head=b[1])]
    queries, keys = kept[q(b[0], head=b[1])], kept[k(b[0], head=b[1])]
    if input_ == "Q":
        queries = _input_without(model, kept, a, b, cut, input_)
    elif input_ == "K":
        keys = _input_without(model, kept, a, b, cut, input_)
    return helper.attention_pattern(queries[:, :, None], keys[:, :, None])[:, 0]


@lru_cache(maxsize=64)
def _without_head(model: Any, tokens: Text, head: Head) -> Any:
    sites = [pattern(layer) for layer in range(model.cfg.n_layers)]
    return run(model, torch.tensor(tokens), edits=[zero(z(head[0], head=head[1]))], cache=sites).cache


def _by_scores(model: Any, tokens: Tensor, threshold: float = 0.05) -> list[Pair]:
    weights = helper.head_weights(model)
    found = []
    for early in range(model.cfg.n_layers):
        for late in range(early + 1, model.cfg.n_layers):
            scores = helper.composition_scores(weights[early], weights[late], "K")
            found += [((early, a), (late, b)) for a, b in (scores > threshold).nonzero().tolist()]
    return found


def _pairs_by_hand(model: Any, tokens: Tensor, threshold: float = 0.05) -> set[Pair]:
    """Patterns computed anew from queries and keys, outside the model; changes counted over both texts and rows."""
    kept = _kept(model, tuple(map(tuple, tokens.tolist()))).cache
    found = set()
    for a, b in _pairs_of(model):
        written = kept[z(*a[:1], head=a[1])] @ model.W_O[a].detach()
        queries, keys = kept[q(b[0], head=b[1])], kept[k(b[0], head=b[1])]
        less = keys - written @ model.W_K[b].detach()
        looks = [helper.attention_pattern(queries[:, :, None], each[:, :, None])[:, 0] for each in (keys, less)]
        if (looks[0] - looks[1]).clamp(min=0).sum(-1).mean() > threshold:
            found.add((a, b))
    return found


def _pairs_by_mean(model: Any, tokens: Tensor, threshold: float = 0.05) -> list[list[list[int]]]:
    """What the head wrote is replaced by its mean over texts and positions; lists of lists."""
    found = []
    for early, a in _heads_of(model):
        for late, b in _heads_of(model):
            if early >= late:
                continue
            here = pattern(late, head=b)
            first = run(model, tokens, cache=[z(early, head=a), here]).cache
            mixed = first[z(early, head=a)]
            less = (mixed.mean((0, 1), keepdim=True) - mixed) @ (model.W_O[early, a] @ model.W_K[late, b]).detach()
            second = run(model, tokens, edits=[add(k(late, head=b), less)], cache=[here]).cache
            if (first[here] - second[here]).abs().sum(-1).mean().item() > 2 * threshold:
                found.append([[early, a], [late, b]])
    return found


def _texts(draw: Draw, rows: int, repeats: int = 2) -> Tensor:
    """Repeated tokens of which about half begin with a token at which the gated induction head works."""
    while True:
        tokens = repeated_tokens(rows, 6, repeats, _TOKENS, seed=draw.integer(0, 9999)).tokens
        if (tokens[:, 1] % 2).sum() == rows // 2 + 1:
            return tokens


def _pairs_cases(draw: Draw) -> list[Case]:
    seed = draw.integer(0, 4)
    texts = _texts(draw, 5)
    drawn = []
    for name, (its_seed, *kept) in zip(("one model", "another model"), draw.choice(_DRAWN), strict=True):
        model, own = _drawn(its_seed)
        for threshold in [_between(AMOUNTS[model], each) for each in kept]:
            drawn.append(Case(f"{name} with weights drawn at random, threshold {threshold}", (model, own, threshold)))
    return [
        Case("three layers of planted heads", (_planted(seed), texts)),
        Case("the same model, other texts, threshold 0.2", (_planted(seed), _texts(draw, 4), 0.2)),
        Case("the same model, four copies in place of two", (_planted(seed), _texts(draw, 5, repeats=4))),
        Case("a model in which nothing composes", (_no_pair(seed), texts)),
        *drawn,
    ]


composing_heads = Exercise(
    name="composing_heads",
    chapter="transformer_maths",
    section="1.21",
    title="Is the path used?",
    core=False,
    difficulty=4,
    minutes=20,
    points=3,
    prerequisites=("composition_scores",),
    time_limit=8.0,
    hints=(
        "For one pair: what did the earlier head write, at every position, and what did that become in the later "
        "head's keys? Without exactly that, where does the later head look?",
        "run(model, tokens, cache=[z(l0, head=h0), pattern(l1, head=h1)]) gives what you need from the whole model. "
        "What the earlier head wrote is z @ model.W_O[l0, h0]; in the later head's keys it is that times "
        "model.W_K[l1, h1]. Run again with edits=[add(k(l1, head=h1), −that)].",
        "change = (whole − cut).abs().sum(-1).mean() / 2 for the later head's pattern in the two runs. Loop over all "
        "pairs with l0 < l1 and keep ((l0, h0), (l1, h1)) where change > threshold.",
    ),
    reference=helper.composing_heads,
    oracle=Oracle("the pairs that were planted, and numpy where weights were drawn", _truth),
    cases=_pairs_cases,
    observe=_observe_pairs,
    driver=_call_for_pairs,
    variant=_pairs_variant,
    alternatives={
        "patterns computed outside the model, a set": _pairs_by_hand,
        "the mean in place of nothing, lists of lists": _pairs_by_mean,
    },
    misconceptions=(
        Misconception(
            "the score decides",
            "You keep the pairs whose K-composition score is high. One of these earlier heads has the very W_V W_O of "
            "the head that matters and looks at [BOS] from everywhere, so it adds the same to all keys. Weights do "
            "not know where the head looks: cut the path and see whether attention moves.",
            _by_scores,
        ),
        Misconception(
            "the whole head taken away",
            "You silence the earlier head altogether, so the later head loses it in its queries, too. A pair that "
            "composes through queries then counts. Take what it wrote out of the later head's *keys* only.",
            switches={"cut": "head"},
        ),
        Misconception(
            "through the queries",
            "You cut the path into the later head's queries. Asked for is the one into its keys: edit k, and multiply "
            "by W_K.",
            switches={"input_": "Q"},
        ),
        Misconception(
            "all keys taken away",
            "You set the later head's keys to zero. Then it has nothing to go by, whoever wrote it, and every head "
            "that looks anywhere counts. Take away only what this earlier head has written.",
            switches={"cut": "all of the input"},
        ),
        Misconception(
            "added a second time",
            "You add what the earlier head wrote to the later head's keys, where it is already: the path is doubled, "
            "not cut. Subtract it.",
            switches={"cut": "added again"},
        ),
        Misconception(
            "half of the path",
            "You take half of what the earlier head wrote out of the keys, so half of the path is still there. "
            "Subtract all of it.",
            switches={"cut": "half"},
        ),
        Misconception(
            "divided by the root of d_head",
            "You divide what you subtract by √d_head. That belongs to the scores, when queries have met keys. The key "
            "itself holds z W_O W_K, undivided.",
            switches={"cut": "over root d_head"},
        ),
        Misconception(
            "taken out twice",
            "You subtract what the earlier head wrote twice. The key then lacks something that was in it only once: "
            "it is reversed, not gone.",
            switches={"cut": "twice"},
        ),
        Misconception(
            "the first position left alone",
            "You leave the key of position 0 as it was. The earlier head writes there, too, and the later one may "
            "look there: take its write out of the keys of all positions.",
            switches={"cut": "all but the first"},
        ),
        Misconception(
            "W_O of another head",
            "You take W_O at the later head's number. What the earlier head writes is its own z times its own W_O: "
            "model.W_O[l0, h0].",
            switches={"cut": "W_O of the later index"},
        ),
        Misconception(
            "W_K of another head",
            "You take W_K at the earlier head's number. The later head reads with its own: model.W_K[l1, h1].",
            switches={"cut": "W_K of the earlier index"},
        ),
        Misconception(
            "W_Q into the keys",
            "You multiply by the later head's W_Q and subtract that from its keys. Keys are made with W_K, so nothing "
            "like that was in them.",
            switches={"cut": "W_Q into the keys"},
        ),
        Misconception(
            "W_K into the queries",
            "You subtract z W_O W_K from the later head's queries. It is in the keys: edit k(l1, head=h1).",
            _pairs_variant(input_="Q", cut="W_K into the queries"),
        ),
        Misconception(
            "the whole earlier layer",
            "You take what all heads of the earlier layer wrote out of the keys. One head is asked about at a time: "
            "its own z times its own W_O.",
            _pairs_variant(cut="the whole layer"),
        ),
        Misconception(
            "logits in place of attention",
            "You ask whether the logits change. That also depends on what happens after the later head has looked. "
            "Compare the later head's pattern with and without the path.",
            switches={"looks_at": "logits"},
        ),
        Misconception(
            "neighbouring layers only",
            "You look only at heads of the next layer. The stream keeps what was written: a head of layer 2 may read "
            "what one of layer 0 wrote. Try every pair in which the earlier head's layer is lower.",
            switches={"layers": "next"},
        ),
        Misconception(
            "the last layer only",
            "You look only at later heads of the last layer. Try every pair in which the earlier head's layer is "
            "lower.",
            switches={"layers": "last"},
        ),
        Misconception(
            "earlier heads of layer 0 only",
            "Your earlier heads are those of layer 0. A head of layer 1 writes, too, and layer 2 reads it: try every "
            "pair in which the earlier head's layer is lower.",
            switches={"layers": "from layer 0"},
        ),
        Misconception(
            "the same layer counted as earlier",
            "You also try pairs of one layer. Heads of a layer all read the stream before any of them has written, so "
            "nothing of one is in the other's keys: the earlier head's layer has to be lower.",
            switches={"layers": "the same, too"},
        ),
        Misconception(
            "any order",
            "You try the pairs in both orders. What a head writes is not yet there when a head of its own or a lower "
            "layer makes its keys: the earlier head's layer has to be lower.",
            switches={"layers": "any"},
        ),
        Misconception(
            "heads of one number left out",
            "You leave out pairs whose heads have the same number. L0H1 and L1H1 share nothing but the number: only "
            "the layers have to differ.",
            switches={"layers": "other heads"},
        ),
        Misconception(
            "the pairs that do not",
            "You keep the pairs whose attention does not move when the path is cut. Those are the ones that do "
            "without.",
            switches={"verdict": "below"},
        ),
        Misconception(
            "the threshold is always the usual one",
            "Your threshold is 0.05 whatever was asked for. Use the argument `threshold`.",
            switches={"verdict": "usual threshold"},
        ),
        Misconception(
            "twice the attention that moves",
            "You do not halve the sum of absolute differences. Attention that leaves one source arrives at another, "
            "so each share that moves is counted twice: divide by two.",
            switches={"change_is": "the sum"},
        ),
        Misconception(
            "a mean over all entries",
            "You average the differences over sources as well, so the same move counts less in a longer text. Add up "
            "over sources (and halve), then take the mean over destinations and texts.",
            switches={"change_is": "entries"},
        ),
        Misconception(
            "the largest change decides",
            "One destination in one text is enough for you. A head that works at one position only then counts like "
            "one that always does: take the mean over texts and destinations.",
            switches={"change_is": "largest"},
        ),
        Misconception(
            "the last position only",
            "You look at where the last position looks. A head may find its keys elsewhere, as one does here: take "
            "the mean over all destinations.",
            switches={"change_is": "last"},
        ),
        Misconception(
            "the first row left out",
            "You leave out destination 0, which has one source only and never moves. Asked for is the mean over all "
            "destinations, and that row counts with 0.",
            switches={"change_is": "after the first"},
        ),
        Misconception(
            "the largest entry of a row",
            "You take the source whose attention changes most. Where attention comes from several sources or goes to "
            "several, that misses part of it: half the sum over all sources.",
            switches={"change_is": "largest entry"},
        ),
        Misconception(
            "the largest gain of a row",
            "You take the source that gains most. What is taken from others may go to several sources: half the sum "
            "of absolute differences counts all of it.",
            switches={"change_is": "largest gain"},
        ),
        Misconception(
            "the largest loss of a row",
            "You take the source that loses most. Several may lose attention at once: half the sum of absolute "
            "differences counts all of it.",
            switches={"change_is": "largest loss"},
        ),
        Misconception(
            "the length of the difference",
            "You take the length of the difference of two rows (a root of a sum of squares). Attention is a share, "
            "and shares add up without squares: half the sum of absolute differences.",
            switches={"change_is": "length"},
        ),
        Misconception(
            "the length of the difference, over √2",
            "You divide the length of the difference by √2. That is right only where attention moves from one source "
            "to one other. Where it is spread over several it comes out too small: half the sum of absolute "
            "differences.",
            switches={"change_is": "length over root two"},
        ),
        Misconception(
            "squared differences",
            "You halve a sum of squared differences. Small moves hardly count then. The attention that is elsewhere "
            "is half the sum of absolute differences.",
            switches={"change_is": "squares"},
        ),
        Misconception(
            "texts averaged with their signs",
            "You average the differences over texts before you take absolute values. What one text's row gains the "
            "other's may lose, and it cancels: first .abs() and the sum over sources, then the means.",
            switches={"change_is": "texts first"},
        ),
        Misconception(
            "destinations averaged with their signs",
            "You average the differences over destinations before you take absolute values. Rows that move in "
            "opposite ways cancel: first .abs() and the sum over sources, then the means.",
            switches={"change_is": "destinations first"},
        ),
        Misconception(
            "everything averaged with its sign",
            "You average the differences over texts and destinations before you take absolute values, so that "
            "opposite moves cancel twice over: first .abs() and the sum over sources, then the means.",
            switches={"change_is": "both first"},
        ),
        Misconception(
            "only the attention to position 0",
            "You look at the attention to position 0 alone. Much of what moves goes from one other source to another: "
            "sum over all sources.",
            switches={"change_is": "first source"},
        ),
        Misconception(
            "the text that changes most",
            "You take the text with the largest change. One text is enough then for a pair to count: take the mean "
            "over texts as well.",
            switches={"change_is": "largest text"},
        ),
        Misconception(
            "how many rows move",
            "You count the destinations whose row moves. A row that moves a little then counts like one that moves "
            "altogether: take the mean of how much is elsewhere.",
            switches={"change_is": "share that moves"},
        ),
        Misconception(
            "the later head named first",
            "Your pairs name the later head first. Asked for is (earlier head, later head), in the order in which "
            "things happen.",
            switches={"write": "later first"},
        ),
        Misconception(
            "head before layer",
            "Your heads read (head, layer). Layer first: (1, 0) is L1H0.",
            switches={"write": "head, layer"},
        ),
        Misconception(
            "only one pair",
            "You stop at the first pair. Several later heads may read the same earlier one: return all pairs.",
            switches={"write": "one"},
        ),
    ),
)

EXERCISES = [composition_scores, composing_heads]
