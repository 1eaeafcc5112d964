"""2.12, second part: another attention row with the same output."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.linalg import null_space
from scipy.optimize import linprog, minimize
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question, Tolerance

QUESTIONS = [
    Question(
        name="other_row_in_story",
        text="In how many per cent of story's rows with at most 32 sources can half of the favourite's attention go "
        "elsewhere, with the head's output unchanged? (Right if within 3.)",
        kind=float,
        low=0,
        high=100,
        unit="per cent",
        comes_true=lambda value, outcome: abs(value - outcome) <= 3,
    ),
]

_CHANGE = 0.01


def _seen(weights: Tensor, values: Tensor, dest: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, values and favourites among the sources up to dest, in double precision."""
    p, offered = weights[: dest + 1].double().numpy(), values[: dest + 1].double().numpy()
    apart = np.linalg.norm(offered - offered[p.argmax()], axis=1)
    return p, offered, apart <= 1e-5 * np.linalg.norm(offered, axis=1).max()


def _least(weights: Tensor, values: Tensor, dest: int) -> float:
    """The least attention on the favourite: the best of all corners of the set of rows, found one by one."""
    p, offered, favourite = _seen(weights, values, dest)
    conditions = np.vstack([offered.T, np.ones(len(p))])
    target, rank = conditions @ p, np.linalg.matrix_rank(conditions)
    least = p[favourite].sum()
    for some in itertools.combinations(range(len(p)), int(rank)):
        part, *_ = np.linalg.lstsq(conditions[:, some], target, rcond=None)
        if part.min() > -1e-9 and np.abs(conditions[:, some] @ part - target).max() < 1e-8:
            least = min(least, sum(part[i] for i, source in enumerate(some) if favourite[source]))
    return float(least)


def _by_corners(weights: Tensor, values: Tensor, dest: int) -> dict[str, Any]:
    p, _, favourite = _seen(weights, values, dest)
    least = _least(weights, values, dest)
    if p[favourite].sum() - least < _CHANGE:
        return {"another row": "none"}
    return {
        "another row": "found",
        "its entries": "not negative, sum one, none after dest",
        "its output": "the same",
        "attention left on the favourite": least,
    }


_NONE = "None"


def _call(answer: Any, case: Case) -> Any:
    """None is an answer here, so it goes to `observe` like any other."""
    row = answer(*case.args)
    return _NONE if row is None else row


def _observe(case: Case, row: Any) -> Any:
    """What a row is, not which one it is: several may do."""
    if isinstance(row, str) and row == _NONE:
        return {"another row": "none"}
    try:
        q = torch.as_tensor(row, dtype=torch.float64).detach()
    except (TypeError, ValueError, RuntimeError):
        return row
    weights, values, dest = case.args
    if q.shape != weights.shape:
        return {"another row": f"of shape {tuple(q.shape)}, where the row has shape {tuple(weights.shape)}"}
    if not bool(torch.isfinite(q).all()):
        return {"another row": "with entries that are not finite"}
    _, offered, favourite = _seen(weights, values, dest)
    faults = []
    if float(q.min()) < -1e-4:
        faults.append("negative somewhere")
    if abs(float(q.sum()) - 1) > 1e-3:
        faults.append("sum not one")
    if float(q[dest + 1 :].abs().sum()) > 1e-4:
        faults.append("attention after dest")
    gap = float((q @ values.double() - weights.double() @ values.double()).abs().max())
    return {
        "another row": "found",
        "its entries": ", ".join(faults) or "not negative, sum one, none after dest",
        "its output": "the same" if gap <= 1e-3 * np.abs(offered).max() else "another",
        "attention left on the favourite": float(q[: dest + 1][torch.from_numpy(favourite)].sum()),
    }


def _solve(
    weights: Tensor,
    values: Tensor,
    dest: int,
    *,
    aim: str = "favourites",
    signs: str = "not negative",
    sums: bool = True,
    future: bool = False,
    keeps: bool = True,
    refuses: str = "no change",
) -> Tensor | None:
    """The linear program, with one or two things done otherwise."""
    p, offered, favourite = _seen(weights, values, len(weights) - 1 if future else dest)
    goal = favourite.astype(float)
    if aim == "one source":
        goal = (np.arange(len(p)) == p.argmax()).astype(float)
    if aim == "most":
        goal = -goal
    if aim == "least attended":
        goal = (np.arange(len(p)) == p.argmin()).astype(float)
    if aim in ("forwards", "backwards", "anywhere"):
        order = np.arange(len(p), dtype=float)
        goal = {"forwards": order, "backwards": -order, "anywhere": np.random.default_rng(0).normal(size=len(p))}[aim]
    rows = ([offered.T] if keeps else []) + ([np.ones((1, len(p)))] if sums else [])
    bounds = {"not negative": (0, None), "any": (-1, 1)}[signs]
    conditions = np.vstack(rows) if rows else None
    target = None if conditions is None else conditions @ p
    if refuses == "rank" and np.linalg.matrix_rank(np.vstack([offered.T, np.ones(len(p))])) == len(p):
        return None
    found = linprog(goal, A_eq=conditions, b_eq=target, bounds=bounds).x
    if found is None:
        return None
    if refuses == "no change" and abs((goal * (p - found)).sum()) < _CHANGE:
        return None
    out = torch.zeros(len(weights), dtype=torch.float64)
    out[: len(p)] = torch.from_numpy(found)
    return out


def _variant(**switches: Any) -> Callable[..., Tensor | None]:
    return lambda weights, values, dest: _solve(weights, values, dest, **switches)


def _original(weights: Tensor, values: Tensor, dest: int) -> Tensor:
    return weights.clone()


def _without_favourite(weights: Tensor, values: Tensor, dest: int) -> Tensor:
    out = weights.clone()
    out[weights.argmax()] = 0
    return out / out.sum()


def _reversed(weights: Tensor, values: Tensor, dest: int) -> Tensor:
    out = weights.clone()
    out[: dest + 1] = weights[: dest + 1].flip(0)
    return out


def _even(weights: Tensor, values: Tensor, dest: int) -> Tensor:
    return (torch.arange(len(weights)) <= dest).to(weights) / (dest + 1)


def _one_direction(weights: Tensor, values: Tensor, dest: int) -> Tensor | None:
    """One direction of the null space, to the first entry that reaches zero."""
    p, offered, favourite = _seen(weights, values, dest)
    directions = null_space(np.vstack([offered.T, np.ones(len(p))]))
    if directions.shape[1] == 0 or abs(directions[favourite, 0].sum()) < 1e-9:
        return None
    step = directions[:, 0] * -np.sign(directions[favourite, 0].sum())
    falling = step < 0
    out = torch.zeros(len(weights), dtype=torch.float64)
    out[: dest + 1] = torch.from_numpy(p + step * (p[falling] / -step[falling]).min())
    return out if p[favourite].sum() - out[: dest + 1][torch.from_numpy(favourite)].sum() > _CHANGE else None


def _to_zero_along_null_space(weights: Tensor, values: Tensor, dest: int) -> Tensor | None:
    """The favourite set to zero by the shortest step that keeps the output, whatever becomes negative."""
    p, offered, favourite = _seen(weights, values, dest)
    directions = null_space(np.vstack([offered.T, np.ones(len(p))]))
    lever = directions[favourite].sum(0) if directions.shape[1] else np.zeros(0)
    if np.linalg.norm(lever) < 1e-6:
        return None
    out = torch.zeros(len(weights), dtype=torch.float64)
    out[: dest + 1] = torch.from_numpy(p - directions @ lever / (lever @ lever) * p[favourite].sum())
    return out


def _in_null_space(weights: Tensor, values: Tensor, dest: int) -> list[float] | None:
    """Coordinates in the null space, where staying a row is a set of inequalities."""
    p, offered, favourite = _seen(weights, values, dest)
    directions = null_space(np.vstack([offered.T, np.ones(len(p))]), rcond=1e-10)
    if directions.shape[1] == 0:
        return None
    found = linprog(directions[favourite].sum(0), A_ub=-directions, b_ub=p, bounds=(None, None))
    q = p + directions @ found.x
    if p[favourite].sum() - q[favourite].sum() < _CHANGE:
        return None
    return [*np.clip(q, 0, None).tolist(), *[0.0] * (len(weights) - dest - 1)]


def _by_interior_points(weights: Tensor, values: Tensor, dest: int) -> Tensor | None:
    p, offered, favourite = _seen(weights, values, dest)
    conditions = np.vstack([offered.T, np.ones(len(p))])
    found = linprog(favourite * 1.0, A_eq=conditions, b_eq=conditions @ p, bounds=[(0, 1)] * len(p), method="highs-ipm")
    if not found.success or (p - found.x)[favourite].sum() < _CHANGE:
        return None
    out = torch.zeros(len(weights))
    out[: dest + 1] = torch.tensor(found.x)
    return out


def _by_sequential_programming(weights: Tensor, values: Tensor, dest: int) -> np.ndarray | None:
    p, offered, favourite = _seen(weights, values, dest)
    conditions = np.vstack([offered.T, np.ones(len(p))])
    keep, *_ = np.linalg.svd(conditions, full_matrices=False)
    rank = np.linalg.matrix_rank(conditions)
    if rank == len(p):
        return None
    independent = keep[:, :rank].T @ conditions
    found = minimize(
        lambda q: q[favourite].sum(),
        p,
        jac=lambda q: favourite.astype(float),
        bounds=[(0, 1)] * len(p),
        constraints={"type": "eq", "fun": lambda q: independent @ (q - p), "jac": lambda q: independent},
        method="SLSQP",
        options={"ftol": 1e-10},
    )
    if p[favourite].sum() - found.x[favourite].sum() < _CHANGE:
        return None
    return np.concatenate([found.x, np.zeros(len(weights) - dest - 1)])


def _row(draw: Draw, seen: int, future: int) -> Tensor:
    scores = draw.normal(f"{seen}", sd=1.0).double()
    return torch.cat([scores.softmax(0), torch.zeros(future, dtype=torch.float64)])


def _cases(draw: Draw) -> list[Case]:
    def free(label: str, seen: int, d: int, future: int, twin: bool = False) -> Case:
        """A row with another one, clearly so, and another one by far less if one direction only is tried."""
        for _ in range(200):
            weights = _row(draw, seen, future)
            values = draw.normal(f"{seen + future} {d}", mean=0.5).double()
            if twin:
                values[(int(weights.argmax()) + 1) % seen] = values[weights.argmax()]
            case = Case(label, (weights, values, seen - 1))
            p, _, favourite = _seen(*case.args)
            least, before = _least(*case.args), float(p[favourite].sum())
            others = [_one_direction(*case.args), _solve(*case.args, aim="least attended", refuses="never")]
            if twin:  # attention does go to the copy where only one of the two is counted
                others.append(_solve(*case.args, aim="one source", refuses="never"))
            elif d > 1:  # and rows found with no particular aim leave more on the favourite
                others += [
                    _solve(*case.args, aim=aim, refuses="never") for aim in ("forwards", "backwards", "anywhere")
                ]
            left = [
                before if each is None else float(each[:seen][torch.from_numpy(favourite)].sum()) for each in others
            ]
            ahead = _solve(*case.args, future=True, refuses="never") if future else None
            looks_ahead = ahead is None or float(ahead[seen:].sum()) > 0.01
            if others[0] is None:  # one direction has to lead somewhere
                continue
            if before - least > 0.1 and all(each - least > 0.03 for each in left) and looks_ahead:
                return case
        raise AssertionError("no clear case was drawn")

    def held(label: str, seen: int, d: int, twin: bool) -> Case:
        """A row whose favourite alone has something along the first axis, so that its attention cannot fall."""
        weights = _row(draw, seen, 2)
        values = draw.normal(f"{seen + 2} {d}", mean=0.5).double()
        best = int(weights.argmax())
        values[:, 0] = 0.5
        values[best, 0] = 3.0
        if twin:
            values[(best + 1) % seen] = values[best]
        return Case(label, (weights, values, seen - 1))

    def little(label: str, shares: Tensor) -> Case:
        """A row that can give up 0.05 of its favourite, to two sources of one value: they have more than it together,
        or it stays the favourite. Values lie on a line: there are other rows, with fewer sources than dimensions.
        """
        shares, left = shares.double(), float(1 - shares[0])
        base = draw.normal("6").double()
        base[1] = base[2] = base[1:].max()
        rest = shares[1:] / shares[1:].sum()
        base = base - rest @ base[1:]
        # The others reach up to 0.2 and have a mean below it, so that min q_f = (output - 0.2) / 0.8 is 0.05 below.
        place = 0.2 - 0.04 / left + base * 0.04 / (left * base[1:].max())
        place[0] = 1.0
        order = torch.tensor(draw.sample(range(6), 6))
        values = torch.cat([place[order], draw.normal("2").double()])[:, None]
        values = values * torch.tensor([1.0, 2.0, -1.0, 0.5, 4.0, -2.0, 1.0]).double()
        return Case(label, (torch.cat([shares[order], torch.zeros(2).double()]), values, 5))

    return [
        free("eight sources, values of two dimensions", 8, 2, 2),
        free("seven sources, values of one number", 7, 1, 1),
        free("eight sources, the favourite's value stands twice", 8, 2, 0, twin=True),
        Case(
            "five sources, values of six dimensions",
            (_row(draw, 5, 3), draw.normal("8 6", mean=0.5).double(), 4),
        ),
        little("six sources on one line, little to move", torch.tensor([0.3, 0.2, 0.19, 0.1, 0.11, 0.1])),
        little("six sources on one line, a strong favourite", torch.tensor([0.7, 0.06, 0.05, 0.08, 0.06, 0.05])),
        held("seven sources, two dimensions, the favourite alone has something to give", 7, 2, twin=False),
        held("seven sources, two dimensions, and one more with the same value", 7, 2, twin=True),
    ]


same_output_other_attention = Exercise(
    name="same_output_other_attention",
    chapter="induction_heads",
    section="2.12",
    title="Another attention, the same output",
    core=False,
    difficulty=4,
    minutes=25,
    points=4,
    prerequisites=("value_weighted_attention",),
    tolerance=Tolerance(0.0, 0.01),
    hints=(
        "The unknowns are the entries of the new row. What must stay the same are equations: one for each dimension of "
        "the output, one for the sum. What is to become small is a sum of some entries.",
        "scipy.optimize.linprog(c, A_eq=..., b_eq=..., bounds=(0, None)) finds the q ≥ 0 with A_eq @ q = b_eq that "
        "makes c @ q smallest. Only sources 0 to dest are unknowns; c is one at the favourites, zero elsewhere.",
        "p, V = weights[:dest + 1].double().numpy(), values[:dest + 1].double().numpy(); A = np.vstack([V.T, "
        "np.ones(len(p))]); q = linprog(favourite, A_eq=A, b_eq=A @ p, bounds=(0, None)).x. If favourite @ (p - q) is "
        "below 0.01 (or q is None), return None; else put q into a row of zeros of the full length.",
    ),
    reference=helper.same_output_other_attention,
    oracle=Oracle("all corners of the set of rows, one by one, in numpy", _by_corners, observes=True),
    cases=_cases,
    driver=_call,
    observe=_observe,
    variant=_variant,
    alternatives={
        "in coordinates of the null space, as a list": _in_null_space,
        "by interior points": _by_interior_points,
        "by sequential programming, as an array": _by_sequential_programming,
    },
    misconceptions=(
        Misconception(
            "the original row",
            "You return the row you were given. Its output is the same, and so is everything else: that is no other "
            "attention. Move what can be moved off the favourite, and return None where nothing can.",
            _original,
        ),
        Misconception(
            "always None",
            "You return None for every row (is a return missing?). Where the sources outnumber what the output fixes, "
            "there often is another row: let linprog look for it, and return None only where it finds no change. If "
            "you call linprog: it makes c @ q *smallest*; with no lower bound of 0 it finds no answer, and .x is None.",
            lambda weights, values, dest: None,
        ),
        Misconception(
            "moved between equal values",
            "You lower the one source with the largest weight, and let its attention go to a source with the same "
            "value. Nothing about the information has changed then: two copies of one thing have traded places. Count "
            "all sources whose value equals the favourite's together.",
            switches={"aim": "one source"},
        ),
        Misconception(
            "negative attention",
            "Some of your entries are negative. The output is kept and the sum is one, but no softmax gives such a "
            "row. Stay within the rows that attention can have: bounds=(0, None).",
            switches={"signs": "any"},
        ),
        Misconception(
            "the favourite forced to zero",
            "You take the favourite to zero along the null space of the values, and let other entries become negative. "
            "Go only as far as no entry falls below zero; the favourite may then keep a part.",
            _to_zero_along_null_space,
        ),
        Misconception(
            "a sum other than one",
            "Your row keeps the output, and its entries do not sum to one. Attention is shared out: the sum is one "
            "more equation, a row of ones in A_eq.",
            switches={"sums": False},
        ),
        Misconception(
            "a look at the future",
            "You use sources after dest. They have values, but position dest cannot attend to them. Only sources 0 to "
            "dest are unknowns; the rest of the row stays zero.",
            switches={"future": True},
        ),
        Misconception(
            "another output",
            "Your row leaves the favourite entirely, and its output is another one. That any attention can be moved is "
            "no finding: the question is what can be moved with weights @ values as it was.",
            switches={"keeps": False},
        ),
        Misconception(
            "the favourite struck out",
            "You set the favourite to zero and share its attention among the others. That is an ablation, and it "
            "changes the output. Asked for is a row with the same output.",
            _without_favourite,
        ),
        Misconception(
            "the weights in another order",
            "You give the same weights to other sources. Jain & Wallace do that, too, to see how much the output "
            "changes. Here the output is to stay, which another order does not see to.",
            _reversed,
        ),
        Misconception(
            "even attention",
            "You attend evenly to everything. Wiegreffe & Pinter train such a model as a baseline; its output is "
            "another one. Asked for is a row that keeps this output.",
            _even,
        ),
        Misconception(
            "one direction only",
            "Your row is right and the favourite could have lost more. You go along one direction of the null space "
            "until an entry reaches zero. Where the null space has more directions, the smallest value lies elsewhere: "
            "let linprog look at all of them.",
            _one_direction,
        ),
        Misconception(
            "as much as possible on the favourite",
            "You make the favourite's attention as large as it can be. Asked for is the row in which it is smallest: "
            "linprog minimises, so the coefficients at the favourites are +1.",
            switches={"aim": "most", "refuses": "never"},
        ),
        Misconception(
            "the least attended source",
            "You lower the source that had the least attention. The favourite is the one with the most: argmax.",
            switches={"aim": "least attended", "refuses": "never"},
        ),
        Misconception(
            "never None",
            "Where the favourite's attention cannot fall, you return a row all the same: the original, or one that "
            "differs elsewhere only. The answer is None then: this output holds the row to its favourite.",
            switches={"refuses": "never"},
        ),
        Misconception(
            "None by counting only",
            "You return None only where the values seen are affinely independent. Otherwise there are other rows, but "
            "they may all have the same attention on the favourite: look at what linprog found, and return None if it "
            "fell by less than 0.01.",
            switches={"refuses": "rank"},
        ),
    ),
)

EXERCISES = [same_output_other_attention]
