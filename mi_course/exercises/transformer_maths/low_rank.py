"""How many directions does a head use?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="directions_needed",
        text="L1H0 of story has 32 directions. How many of the strongest make up 90 per cent of W_V W_O? (Right if "
        "within 3.)",
        low=1,
        high=32,
        unit="directions",
        comes_true=lambda value, outcome: abs(value - outcome) <= 3,
    ),
    Question(
        name="loss_with_eight",
        text="With the strongest 8 of 32 directions of L1H0, which share of the head's effect on the loss is left? (0 "
        "per cent: as bad as without the head; right if within 15.)",
        kind=float,
        low=0,
        high=100,
        unit="per cent",
        comes_true=lambda value, outcome: abs(value - outcome) <= 15,
    ),
]


PAIRS = (
    "does seeing reads[i] make the head write +writes[i]? (Where it is False, turn one of the two: two separate "
    "decompositions each choose their own signs)"
)


def _observe(case: Case, output: Any) -> Any:
    """The directions up to their sign, whether those of a pair are turned the same way, and the shares."""
    if not isinstance(output, (tuple, list)) or len(output) != 3:
        count = f"{len(output)} things" if isinstance(output, (tuple, list, dict)) else "something else"
        return {"reads": f"not (reads, writes, kept) but {count}"}
    reads, writes, kept = map(_as_tensor, output)
    W_V, W_O, k = case.args
    wanted = (k, len(W_V))
    if not all(isinstance(each, Tensor) and each.shape == wanted for each in (reads, writes)):
        return {"reads": reads, "writes": writes, "kept": kept}
    through = (reads.double() @ W_V.double() @ W_O.double() * writes.double()).sum(-1)
    together = {PAIRS: [bool(each > 0) for each in through]}
    return {"reads": _upright(reads), "writes": _upright(writes), "kept": kept} | together


def _as_tensor(thing: Any) -> Any:
    """Arrays, lists of numbers and lists of rows are as good as a tensor."""
    if isinstance(thing, (list, tuple)) and thing and all(isinstance(each, Tensor) for each in thing):
        return torch.stack(list(thing)) if len({each.shape for each in thing}) == 1 else thing
    numbers = isinstance(thing, np.ndarray) or (
        isinstance(thing, (list, tuple)) and thing and all(isinstance(each, float) for each in thing)
    )
    return torch.as_tensor(thing) if numbers else thing


def _upright(directions: Tensor) -> Tensor:
    """Each row or its opposite: the one that lies on a fixed side."""
    side = torch.sin(torch.arange(1, directions.shape[1] + 1, dtype=torch.float64) * 1.7 + 0.4).to(directions)
    return directions * torch.where(directions @ side < 0, -1.0, 1.0).to(directions)[:, None]


def _reference(W_V: Tensor, W_O: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    found = helper.low_rank(W_V, W_O, k)
    return found.reads, found.writes, found.kept


def _by_power_iteration(W_V: Tensor, W_O: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """One pair after another: multiply by M Mᵀ until nothing changes, take the pair away, go on."""
    M = (W_V.double() @ W_O.double()).numpy()
    whole, left = (M**2).sum(), M.copy()
    reads, writes, kept = [], [], []
    for _ in range(k):
        read = left[:, (left**2).sum(0).argmax()]
        for _ in range(300):
            read = left @ (left.T @ read)
            read = read / np.linalg.norm(read)
        write = read @ left
        left = left - np.outer(read, write)
        reads.append(read)
        writes.append(write / np.linalg.norm(write))
        kept.append(1 - (left**2).sum() / whole)
    return tuple(torch.tensor(np.array(each), dtype=torch.float32) for each in (reads, writes, kept))


def _by_eigenvectors(W_V: Tensor, W_O: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    M = W_V.double() @ W_O.double()
    squares, vectors = torch.linalg.eigh(M @ M.T)
    reads = vectors.flip(-1)[:, :k].T
    writes = torch.nn.functional.normalize(reads @ M, dim=-1)
    return reads, writes, squares.flip(0).cumsum(0)[:k] / squares.sum()


def _by_factors(W_V: Tensor, W_O: Tensor, k: int) -> list[Any]:
    """Through a matrix of d_head by d_head."""
    q_v, r_v = torch.linalg.qr(W_V)
    q_o, r_o = torch.linalg.qr(W_O.mT)
    u, s, v = torch.svd(r_v @ r_o.mT)
    share = [float((s[: i + 1] ** 2).sum() / (s**2).sum()) for i in range(k)]
    return [-(q_v @ u[:, :k]).mT, -(q_o @ v[:, :k]).mT, share]


def _by_approximations(W_V: Tensor, W_O: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    M = W_V @ W_O
    U, S, V = torch.svd(M)
    rank = [U[:, :i] @ torch.diag(S[:i]) @ V[:, :i].T for i in range(1, k + 1)]
    return U.T[:k], V.T[:k], torch.stack([1 - ((M - each) ** 2).sum() / (M**2).sum() for each in rank])


def _in_numpy(W_V: Tensor, W_O: Tensor, k: int) -> tuple[Any, Any, Any]:
    U, S, Vh = np.linalg.svd(W_V.numpy() @ W_O.numpy())
    return U.T[:k], Vh[:k], np.cumsum(S**2)[:k] / np.sum(S**2)


def _variant(
    *,
    power: float = 2,
    sums: str = "first",
    whole: str = "all",
    names: str = "right",
    axes: str = "rows",
    order: str = "falling",
    scaled: str = "unit",
    matrix: str = "as it is",
    root: bool = False,
    signs: str = "together",
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def answer(W_V: Tensor, W_O: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
        M = W_V.double() @ W_O.double()
        if matrix == "centred":
            M = M - M.mean(0)
        n = min(W_V.shape)
        U, S, Vh = torch.linalg.svd(M, full_matrices=False)
        # In the inputs' own precision: where M is zero any basis is right, and rounding settles which.
        whole_U, _, whole_Vh = torch.linalg.svd(W_V @ W_O, full_matrices=False)
        U, S, Vh = U[:, :n], S[:n], Vh[:n]
        if order == "rising":
            U, S, Vh = U.flip(-1), S.flip(0), Vh.flip(0)
        amount = S**power
        total = amount.sum() if whole == "all" else amount[:k].sum()
        kept = {
            "first": lambda: amount.cumsum(0)[:k] / total,
            "each": lambda: amount[:k] / total,
            "last": lambda: amount.flip(0).cumsum(0)[:k] / total,
            "lost": lambda: 1 - amount.cumsum(0)[:k] / total,
            "only k": lambda: amount[:k].sum() / total,
        }[sums]()
        kept = kept.sqrt() if root else kept
        reads, writes = U.T[:k], Vh[:k]
        if scaled != "unit":
            strength = (S.sqrt() if scaled == "by the root of S" else S)[:k, None]
            reads = reads * (1 if scaled == "writes by S" else strength)
            writes = writes * (1 if scaled == "by S" else strength)
        if signs == "apart":
            writes = -writes
        if names == "exchanged":
            reads, writes = writes, reads
        if axes == "rows of U":
            reads = whole_U[:k]
        if axes == "columns of Vh":
            writes = whole_Vh.T[:k]
        if axes == "columns":
            reads, writes = reads.T, writes.T
        return reads.float(), writes.float(), kept.float()

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, d_model: int, d_head: int, k: int) -> Case:
        while True:
            W_V, W_O = draw.normal(f"{d_model} {d_head}", mean=0.3), draw.normal(f"{d_head} {d_model}", mean=-0.2)
            S = torch.linalg.svdvals(W_V @ W_O)[:d_head]
            apart = d_head == 1 or float((S[1:] / S[:-1]).max()) < 0.85  # else rounding could exchange two directions
            if apart and S[-1] > 0.05 * S[0]:
                return Case(label, (W_V, W_O, k), axes=("direction", "d_model"))

    return [
        case("d_model 7, d_head 4, the first two", 7, 4, 2),
        case("d_model 6, d_head 3, all three", 6, 3, 3),
        case("d_model 9, d_head 5, the first three", 9, 5, 3),
        case("one number a head", 5, 1, 1),
    ]


low_rank = Exercise(
    name="low_rank",
    chapter="transformer_maths",
    section="1.18",
    title="How many directions?",
    core=False,
    difficulty=3,
    minutes=12,
    points=3,
    prerequisites=("ov_circuit",),
    hints=(
        "Which matrix takes a vector of the stream to what the head writes? Its decomposition has all that is asked "
        "for.",
        "U, S, Vh = torch.linalg.svd(W_V @ W_O, full_matrices=False): M = U diag(S) Vh. Vectors are rows, x M: so x "
        "meets the columns of U first, and what comes out is made of the rows of Vh. The share is one of *squared* "
        "singular values.",
        "return U.T[:k], Vh[:k], (S**2).cumsum(0)[:k] / (S**2).sum()",
    ),
    reference=_reference,
    oracle=Oracle(
        "power iteration, one pair after another, in numpy; the share as 1 − what is left", _by_power_iteration
    ),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    alternatives={
        "eigenvectors of M Mᵀ, in double precision": _by_eigenvectors,
        "through the small matrix, all signs turned": _by_factors,
        "from the approximations themselves": _by_approximations,
        "numpy arrays": _in_numpy,
    },
    misconceptions=(
        Misconception(
            "singular values, not squared",
            "Your shares are those of the singular values. The variance, the sum of the squared entries of W_V W_O, "
            "is the sum of the *squared* singular values. Yours gives the weak directions too much.",
            switches={"power": 1},
        ),
        Misconception(
            "the root of the share",
            "You took the root of the share: that compares lengths (Frobenius norms) and looks larger. The share "
            "asked for is of squares, so that the shares of all directions sum to one.",
            switches={"root": True},
        ),
        Misconception(
            "summed from the weak end",
            "You add up from the smallest singular value. Entry 0 is what the strongest direction keeps alone, entry "
            "1 what the strongest two keep.",
            switches={"sums": "last"},
        ),
        Misconception(
            "not summed up",
            "You give the share of each direction by itself. Asked for is what the first one, the first two, … keep "
            "together: cumsum.",
            switches={"sums": "each"},
        ),
        Misconception(
            "what is lost",
            "These are the shares that are lost. Asked for is what is kept: one minus that.",
            switches={"sums": "lost"},
        ),
        Misconception(
            "one number",
            "You give the share that all k keep together. Asked for are k numbers: what the first one, the first two, "
            "… up to k keep.",
            switches={"sums": "only k"},
        ),
        Misconception(
            "a share of the first k",
            "You divide by the sum over the first k, so your last share is always 1 and says nothing. Divide by the "
            "sum over all singular values.",
            switches={"whole": "the first k"},
        ),
        Misconception(
            "reads and writes exchanged",
            "What you call reads is what the head writes. With rows, x M = Σ σ (x · u) v: the stream meets the left "
            "singular vectors (columns of U) first, and the right ones (rows of Vh) come out.",
            switches={"names": "exchanged"},
        ),
        Misconception(
            "directions as columns",
            "Your directions are columns. Asked for is one direction a row, shape (k, d_model).",
            switches={"axes": "columns"},
        ),
        Misconception(
            "rows of U",
            "You took rows of U. What is read are its *columns*: M = U diag(S) Vh, and x U holds x times each column. "
            "Take U.T[:k].",
            switches={"axes": "rows of U"},
        ),
        Misconception(
            "columns of Vh",
            "You took columns of Vh. torch.linalg.svd gives it turned round already (the h), so that what is written "
            "are its *rows*: Vh[:k].",
            switches={"axes": "columns of Vh"},
        ),
        Misconception(
            "the weakest directions",
            "These are the weakest directions. eigh sorts upwards and svd downwards: take those with the largest "
            "singular values first.",
            switches={"order": "rising"},
        ),
        Misconception(
            "reads carry the strength",
            "You multiplied the directions that are read by the singular values. Asked for are unit vectors: how "
            "strong a direction is stands in the shares.",
            switches={"scaled": "by S"},
        ),
        Misconception(
            "writes carry the strength",
            "You multiplied the directions that are written by the singular values. Asked for are unit vectors: how "
            "strong a direction is stands in the shares.",
            switches={"scaled": "writes by S"},
        ),
        Misconception(
            "both carry the strength",
            "You multiplied both directions by the roots of the singular values, which gives an even factorisation. "
            "Asked for are unit vectors.",
            switches={"scaled": "by the root of S"},
        ),
        Misconception(
            "the mean is subtracted",
            "You subtract the mean of the rows first, as principal components do. The head does not: x W_V W_O has no "
            "mean taken off. Decompose W_V W_O itself.",
            switches={"matrix": "centred"},
        ),
        Misconception(
            "the two of a pair are turned apart",
            "Each of your directions is right up to its sign, but the two of a pair do not go together: with yours, a "
            "head that sees reads[i] writes the opposite of writes[i]. Turn one of the two.",
            switches={"signs": "apart"},
        ),
    ),
)

EXERCISES = [low_rank]
