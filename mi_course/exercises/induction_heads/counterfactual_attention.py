"""2.12, second part: another attention row with the same output."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache
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


def _favourites(p: np.ndarray, offered: np.ndarray, pick: str, alike: str) -> np.ndarray:
    """The favourite and what counts as one with it, as asked or by another rule."""
    lengths = np.linalg.norm(offered, axis=1)
    best = {
        "weight": lambda: p.argmax(),
        "least": lambda: p.argmin(),
        "after the first": lambda: 1 + p[1:].argmax(),
        "product": lambda: (p * lengths).argmax(),
    }[pick]()
    apart = np.linalg.norm(offered - offered[best], axis=1)
    return {
        "value": lambda: apart <= 1e-5 * lengths.max(),
        "nothing": lambda: np.arange(len(p)) == best,
        "nearly": lambda: apart <= 0.3,
        "one number": lambda: np.isclose(offered, offered[best]).any(1),
        "direction": lambda: offered @ offered[best] > 0.9999 * lengths * lengths[best],
        "length": lambda: np.isclose(lengths, lengths[best]),
    }[alike]()


def _refused(refuses: str, p: np.ndarray, q: np.ndarray, group: np.ndarray) -> bool:
    """Whether None is returned in place of q."""
    fell, best = float((p - q)[group].sum()), p.argmax()
    return {
        "no change": lambda: fell < _CHANGE,
        "a share": lambda: fell < _CHANGE * p[group].sum(),
        "not at all": lambda: fell < 1e-6,
        "one copy": lambda: p[best] - q[best] < _CHANGE,
        "a favourite on top": lambda: bool(group[q.argmax()]),
        "the same on top": lambda: q.argmax() == best,
        "little left": lambda: q[group].sum() < _CHANGE,
    }[refuses]()


def _solve(
    weights: Tensor,
    values: Tensor,
    dest: int,
    *,
    aim: str = "least",
    pick: str = "weight",
    alike: str = "value",
    signs: str = "not negative",
    sums: str = "one",
    sees: str = "up to dest",
    first: str = "free",
    keeps: str = "output",
    refuses: str = "no change",
) -> Tensor | None:
    """The linear program, with one or two things done otherwise."""
    p, offered, _ = _seen(weights, values, {"all": len(weights) - 1, "before dest": dest - 1}.get(sees, dest))
    group = _favourites(p, offered, pick, alike)
    goal = group.astype(float)
    if aim == "most":
        goal = -goal
    if aim in ("forwards", "backwards", "anywhere"):
        order = np.arange(len(p), dtype=float)
        goal = {"forwards": order, "backwards": -order, "anywhere": np.random.default_rng(0).normal(size=len(p))}[aim]
    rows = ([offered.T] if keeps != "nothing" else []) + ([np.ones((1, len(p)))] if sums == "one" else [])
    bounds: list[tuple[float | None, float | None]]
    bounds = [{"not negative": (0, None), "any": (-1, 1)}[signs]] * len(p)
    if first == "held":
        bounds[0] = (p[0], p[0])
    conditions = np.vstack(rows) if rows else None
    target = None if conditions is None else conditions @ p
    independent = np.linalg.matrix_rank(np.vstack([offered.T, np.ones(len(p))])) == len(p)
    if (refuses == "rank" and independent) or (refuses == "few" and len(p) <= offered.shape[1] + 1):
        return None
    if keeps == "at most":
        found = linprog(goal, A_ub=conditions, b_ub=target, bounds=bounds).x
    elif keeps == "output at most":
        one = np.ones((1, len(p)))
        found = linprog(goal, A_ub=offered.T, b_ub=p @ offered, A_eq=one, b_eq=one @ p, bounds=bounds).x
    else:
        found = linprog(goal, A_eq=conditions, b_eq=target, bounds=bounds).x
    if found is None:
        return None
    if sums == "divided afterwards":
        found = found / found.sum()
    if refuses not in ("never", "rank") and _refused("no change" if refuses == "few" else refuses, p, found, group):
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


def _to_zero_along_null_space(ending: str = "as it is") -> Callable[..., Tensor | None]:
    """The favourite set to zero by the shortest step that keeps the output, whatever becomes negative."""

    def answer(weights: Tensor, values: Tensor, dest: int) -> Tensor | None:
        p, offered, favourite = _seen(weights, values, dest)
        directions = null_space(np.vstack([offered.T, np.ones(len(p))]))
        lever = directions[favourite].sum(0) if directions.shape[1] else np.zeros(0)
        if np.linalg.norm(lever) < 1e-6:
            return None
        q = p - directions @ lever / (lever @ lever) * p[favourite].sum()
        if ending != "as it is":
            q = q.clip(0)
        if ending == "cut off and divided":
            q = q / q.sum()
        out = torch.zeros(len(weights), dtype=torch.float64)
        out[: dest + 1] = torch.from_numpy(q)
        return out

    return answer


def _flattest(weights: Tensor, values: Tensor, dest: int) -> Tensor | None:
    """The row whose own largest entry is smallest, whichever source that is."""
    p, offered, favourite = _seen(weights, values, dest)
    n, conditions = len(p), np.vstack([offered.T, np.ones(len(p))])
    found = linprog(
        [0.0] * n + [1.0],
        A_eq=np.hstack([conditions, np.zeros((len(conditions), 1))]),
        b_eq=conditions @ p,
        A_ub=np.hstack([np.eye(n), -np.ones((n, 1))]),
        b_ub=np.zeros(n),
        bounds=(0, None),
    ).x
    if found is None or (p - found[:n])[favourite].sum() < _CHANGE:
        return None
    out = torch.zeros(len(weights), dtype=torch.float64)
    out[:n] = torch.from_numpy(found[:n])
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


_NO_AIM: list[dict[str, Any]] = [{"aim": aim} for aim in ("forwards", "backwards", "anywhere")]


def _cases(draw: Draw) -> list[Case]:
    return list(_drawn(draw.seed))


@lru_cache(maxsize=4)
def _drawn(seed: int) -> tuple[Case, ...]:
    """Kept, since clear cases are found by trying: the bank judges hundreds of answers on the same ones."""
    draw = Draw(seed)
    first: list[dict[str, Any]] = [{"pick": "after the first"}, {"first": "held"}]

    def others(label: str, make: Callable[[], tuple[Tensor, Tensor]], dest: int, wrong: list[dict[str, Any]]) -> Case:
        """A row with another one, clearly so, in which the wrong ways leave clearly more on the favourite."""
        for _ in range(2000):
            case = Case(label, (*make(), dest))
            p, offered, favourite = _seen(*case.args)
            # Nothing is nearly equal by chance: so however near somebody calls equal, it shows where it is planted.
            if np.linalg.norm(offered - offered[favourite][0], axis=1)[~favourite].min() < 0.4:
                continue
            if {"pick": "product"} in wrong and (_favourites(p, offered, "product", "value") & favourite).any():
                continue
            if wrong is first and _solve(*case.args, pick="after the first") is None:
                continue  # where the first source is held, None is the answer

            def left(row: Tensor | None, p: np.ndarray = p, favourite: np.ndarray = favourite) -> float:
                return float((p if row is None else row[: dest + 1].numpy())[favourite].sum())

            clear, along = left(_solve(*case.args)), _one_direction(*case.args)
            # One direction has to lead somewhere, and not far enough.
            if p[favourite].sum() - clear < 0.1 or along is None or left(along) - clear < 0.03:
                continue
            tried = (_solve(*case.args, refuses="never", **each) for each in [*wrong, {"pick": "least"}])
            if any(left(row) - clear < 0.03 for row in tried):
                continue
            ahead = _solve(*case.args, sees="all", refuses="never")
            if dest + 1 == len(case.args[0]) or ahead is None or float(ahead[dest + 1 :].sum()) > 0.01:
                return case
        raise AssertionError("no clear case was drawn")

    def free(label: str, seen: int, d: int, future: int, plant: str, wrong: list[dict[str, Any]]) -> Case:
        def make() -> tuple[Tensor, Tensor]:
            weights = _row(draw, seen, future)
            values = draw.normal(f"{seen + future} {d}", mean=1.5, sd=3.0).double()
            best = int(weights.argmax())
            if plant == "the first":
                weights[[0, best]] = weights[[best, 0]]
            if plant == "twice":  # and not the first, so that the ways to miss the favourite come apart
                if best == 0:
                    weights[[0, 3]] = weights[[3, 0]]
                    best = 3
                values[(best + 1) % seen] = values[best]
            return weights, values

        return others(label, make, seen - 1, wrong)

    def beside(label: str, x: float, y: float, turned: float = 0.0) -> Case:
        """The favourite at (1, 0.5), one source at (x, y), the others at (0, something): the one can take the
        favourite's place, the others make up for the difference. Both together, they cannot fall by 0.01.
        """
        weights = torch.tensor([0.4, 0.1, 0.1, 0.1, 0.15, 0.15, 0.0]).double()
        others = [2.0, -2.0, *draw.normal("3", sd=0.3).tolist()]
        place = torch.tensor([[1.0, 0.5], [x, y], *([0.0, other] for other in others)]).double()
        cos, sin = np.cos(turned), np.sin(turned)
        order = [*draw.sample(range(6), 6), 6]
        return Case(label, (weights[order], (place @ torch.tensor([[cos, sin], [-sin, cos]]))[order], 5))

    def held(label: str, seen: int, d: int, twin: bool) -> Case:
        """A row whose favourite alone has something along the first axis, so that its attention cannot fall."""
        while True:
            weights = _row(draw, seen, 2)
            values = draw.normal(f"{seen + 2} {d}", mean=0.5).double()
            best = int(weights.argmax())
            values[:, 0] = 0.5
            values[best, 0] = 3.0
            if twin:
                values[(best + 1) % seen] = values[best]
            case = Case(label, (weights, values, seen - 1))
            if not twin:
                return case
            # Of two copies a corner has one only. Where that is the other, and on top, one alone seems to have lost
            # everything, both together nothing.
            lost_by_one = _solve(*case.args, refuses="one copy") is not None
            if lost_by_one and _solve(*case.args, refuses="a favourite on top") is None:
                return case

    def little(label: str, shares: Tensor, moves: float = 0.05) -> Case:
        """A row that can give up little of its favourite, to two sources of one value: they have more than it together,
        or it stays the favourite. Values lie on a line: there are other rows, with fewer sources than dimensions.
        """
        shares, left = shares.double(), float(1 - shares[0])
        base = draw.normal("6").double()
        base[1] = base[2] = base[1:].max()
        rest = shares[1:] / shares[1:].sum()
        base = base - rest @ base[1:]
        # The others reach up to 0.2 and have a mean so far below that min q_f = (output - 0.2) / 0.8 is `moves` below.
        below = 0.8 * moves / left
        place = 0.2 - below + base * below / base[1:].max()
        place[0] = 1.0
        order = torch.tensor(draw.sample(range(6), 6))
        values = torch.cat([place[order], draw.normal("2").double()])[:, None]
        values = values * torch.tensor([1.0, 2.0, -1.0, 0.5, 4.0, -2.0, 1.0]).double()
        return Case(label, (torch.cat([shares[order], torch.zeros(2).double()]), values, 5))

    even = torch.tensor([0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    return (
        free("eight sources, values of two dimensions", 8, 2, 2, "", _NO_AIM),
        free("seven sources, the first the favourite, values of one number", 7, 1, 1, "the first", first),
        free(
            "eight sources, the favourite's value stands twice",
            8,
            2,
            0,
            "twice",
            [{"alike": "nothing"}, {"pick": "product"}],
        ),
        Case(
            "five sources, values of six dimensions",
            (_row(draw, 5, 3), draw.normal("8 6", mean=0.5).double(), 4),
        ),
        little("six sources on one line, little to move", torch.tensor([0.3, 0.2, 0.19, 0.1, 0.11, 0.1])),
        little("six sources on one line, a strong favourite", torch.tensor([0.7, 0.06, 0.05, 0.08, 0.06, 0.05]), 0.15),
        little("six sources on one line, next to nothing to move", even, 0.007),
        little("six sources on one line, still less to move", even, 0.003),
        held("seven sources, two dimensions, the favourite alone has something to give", 7, 2, twin=False),
        held("seven sources, two dimensions, and one more with the same value", 7, 2, twin=True),
        beside("six sources, one of nearly the favourite's value", 0.99, 0.49),
        beside("six sources, one that shares a number with the favourite", 1.0, -0.8),
        beside("six sources, one with a value as long as the favourite's", 1.0, -0.5, turned=0.7),
    )


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
            switches={"alike": "nothing"},
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
            _to_zero_along_null_space(),
        ),
        Misconception(
            "a sum other than one",
            "Your row keeps the output, and its entries do not sum to one. Attention is shared out: the sum is one "
            "more equation, a row of ones in A_eq.",
            switches={"sums": "left out"},
        ),
        Misconception(
            "a look at the future",
            "You use sources after dest. They have values, but position dest cannot attend to them. Only sources 0 to "
            "dest are unknowns; the rest of the row stays zero.",
            switches={"sees": "all"},
        ),
        Misconception(
            "another output",
            "Your row leaves the favourite entirely, and its output is another one. That any attention can be moved is "
            "no finding: the question is what can be moved with weights @ values as it was.",
            switches={"keeps": "nothing"},
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
            switches={"pick": "least", "refuses": "never"},
        ),
        Misconception(
            "never None",
            "Where the favourite's attention cannot fall, you return a row all the same: the original, or one that "
            "differs elsewhere only. The answer is None then: this output holds the row to its favourite.",
            switches={"refuses": "never"},
        ),
        Misconception(
            "None by counting only",
            "You return None only where there is no other row at all (the values seen are affinely independent). "
            "Elsewhere there are other rows, but they may all have the same attention on the favourite: look at what "
            "linprog found, and return None if it fell by less than 0.01.",
            switches={"refuses": "rank"},
        ),
        Misconception(
            "None by the number of sources",
            "You return None as soon as there are no more sources than d + 1. So many equations settle the row only if "
            "no value is a combination of the others; values on one line leave room however few they are. Let linprog "
            "look.",
            _variant(refuses="few"),
        ),
        Misconception(
            "a hundredth of the favourite's weight",
            "You return None where the favourite loses less than one per cent of what it had. The limit is 0.01 of "
            "attention, whatever the favourite had: a favourite of 0.5 that falls by 0.007 is held.",
            _variant(refuses="a share"),
        ),
        Misconception(
            "a row for a change too small to count",
            "You return a row wherever the favourite's attention falls at all. Asked for is None where it falls by "
            "less than 0.01.",
            _variant(refuses="not at all"),
        ),
        Misconception(
            "None decided by one of several copies",
            "Whether to return None, you decide by what the one source with the largest weight has lost. Another "
            "source of the same value may have got it: compare what they have together, before and after.",
            _variant(refuses="one copy"),
        ),
        Misconception(
            "None where the favourite stays the favourite",
            "You return None where your row, too, attends most to the favourite. That is another question. Asked for "
            "is None only where the favourite's attention falls by less than 0.01.",
            _variant(refuses="a favourite on top"),
        ),
        Misconception(
            "None where the largest weight stays where it was",
            "You return None where p.argmax() and q.argmax() are the same source. A favourite can lose much and stay "
            "on top. Asked for is None only where it loses less than 0.01.",
            _variant(refuses="the same on top"),
        ),
        Misconception(
            "None where little is left",
            "You return None where what is *left* on the favourite is below 0.01: the rows in which it could be done "
            "without. Asked for is None where what it has *lost* is below 0.01.",
            _variant(refuses="little left"),
        ),
        Misconception(
            "the first source is never the favourite",
            "You look for the favourite from source 1 on. Source 0 may have the largest weight, and it counts like any "
            "other, [BOS] or not: argmax over all sources seen.",
            _variant(pick="after the first"),
        ),
        Misconception(
            "the first source keeps its attention",
            "You hold the attention on source 0 as it was. It can go elsewhere like that of any other source, [BOS] or "
            "not: all sources up to dest are unknowns.",
            _variant(first="held"),
        ),
        Misconception(
            "the favourite by weight times length",
            "Your favourite is the source that brings the longest vector, weight times the length of its value. Here "
            "it is the source with the largest weight.",
            _variant(pick="product"),
        ),
        Misconception(
            "nearly equal counted as equal",
            "You count sources whose values are near the favourite's as one with it. Moving attention between two "
            "values that differ changes the output, which the others have to make up for: only equal values, up to "
            "rounding, are one.",
            _variant(alike="nearly"),
        ),
        Misconception(
            "equal in one number",
            "You count a source as one with the favourite if *some* entry of its value is the same. Values are the "
            "same if *all* entries are: .all(-1), not .any(-1).",
            _variant(alike="one number"),
        ),
        Misconception(
            "equal in direction",
            "You count sources whose values point the same way as one with the favourite (cosine). A value twice as "
            "long is another value: compare the entries.",
            _variant(alike="direction"),
        ),
        Misconception(
            "equal in length",
            "You count sources whose values are as long as the favourite's as one with it. They may point anywhere: "
            "compare the entries.",
            _variant(alike="length"),
        ),
        Misconception(
            "dest does not see itself",
            "You leave out source dest: [:dest] ends before it. Position dest attends to itself, too, so sources 0 to "
            "dest are [: dest + 1].",
            _variant(sees="before dest"),
        ),
        Misconception(
            "at most in place of equal",
            "You handed the conditions to linprog as A_ub and b_ub, which asks that output and sum be *at most* what "
            "they were. They are to be *equal*: A_eq and b_eq.",
            _variant(keeps="at most"),
        ),
        Misconception(
            "an output at most as large",
            "The sum is one, but the output you only keep from growing: A_ub and b_ub. It is to be *equal* in every "
            "dimension, so it belongs into A_eq and b_eq as well.",
            _variant(keeps="output at most"),
        ),
        Misconception(
            "divided by the sum afterwards",
            "You solve without the sum and divide the row by its sum at the end. That changes the output by the same "
            "factor. Make the sum one of the equations: a row of ones in A_eq.",
            _variant(sums="divided afterwards"),
        ),
        Misconception(
            "negative entries cut off",
            "You set the favourite to zero along the null space and cut off what became negative. The row no longer "
            "sums to one, and its output is another. Look among the rows without negative entries: bounds=(0, None).",
            _to_zero_along_null_space("cut off"),
        ),
        Misconception(
            "negative entries cut off, the rest divided by its sum",
            "You set the favourite to zero along the null space, cut off what became negative and divide by the sum. "
            "The sum is one again; the output is another. Look among the rows without negative entries: "
            "bounds=(0, None).",
            _to_zero_along_null_space("cut off and divided"),
        ),
        Misconception(
            "the flattest row",
            "You make the row's largest entry as small as it can be, whichever source has it. Asked for is the least "
            "attention on *this* row's favourite; another source may then have nearly all.",
            _flattest,
        ),
    ),
)

EXERCISES = [same_output_other_attention]
