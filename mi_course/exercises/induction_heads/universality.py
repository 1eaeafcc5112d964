"""2.15: the same head in another seed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="untrained_match",
        text="Two untrained models, heads matched by their mean patterns: how high is the mean correlation of the "
        "pairs? (Right if within 0.1.)",
        kind=float,
        low=-1,
        high=1,
        comes_true=lambda value, outcome: abs(value - outcome) <= 0.1,
    ),
]


def _table(one: Tensor, two: Tensor) -> np.ndarray:
    """Correlations of rows, by numpy."""
    both = np.corrcoef(one.double().numpy(), two.double().numpy())
    return both[: len(one), len(one) :]


def _best_of_all(table: np.ndarray) -> tuple[list[int], float]:
    """Every way of pairing, tried."""
    ways = np.array([*itertools.permutations(range(len(table)))])
    means = table[np.arange(len(table)), ways].mean(1)
    return ways[means.argmax()].tolist(), float(means.max())


def _by_brute_force(one: Tensor, two: Tensor, shuffles: Tensor) -> dict[str, Any]:
    partner, similarity = _best_of_all(_table(one, two))
    chance = [_best_of_all(_table(one, two[:, order]))[1] for order in shuffles]
    reached = sum(each >= similarity for each in chance)
    return {"partner": partner, "similarity": similarity, "p": (1 + reached) / (1 + len(chance))}


def _observe(case: Case, found: Any) -> Any:
    """Partners as a list of whole numbers; a dictionary or (head, partner) pairs count, too."""
    if not isinstance(found, dict) or "partner" not in found:
        return found
    partner = found["partner"]
    if isinstance(partner, dict) and {*partner} == {*range(len(case.args[0]))}:
        partner = [partner[head] for head in range(len(partner))]
    if isinstance(partner, (Tensor, np.ndarray)) and partner.ndim == 1:
        partner = partner.tolist()
    if isinstance(partner, (list, tuple)):
        pairs = all(isinstance(p, (list, tuple)) and len(p) == 2 for p in partner)
        if pairs and [int(p[0]) for p in partner] == [*range(len(partner))]:
            partner = [p[1] for p in partner]
        partner = [int(p) if isinstance(p, (float, np.number, Tensor)) else p for p in partner]
    return {**found, "partner": partner}


def _greedy(table: np.ndarray) -> list[int]:
    """The best pair first, then the best of what is left."""
    left, partner = table.copy(), [0] * len(table)
    for _ in range(len(table)):
        row, column = np.unravel_index(left.argmax(), left.shape)
        partner[row] = int(column)
        left[row], left[:, column] = -np.inf, -np.inf
    return partner


def _in_turn(table: np.ndarray) -> list[int]:
    """Head after head takes the best that is left."""
    left, partner = table.copy(), []
    for row in range(len(table)):
        partner.append(int(left[row].argmax()))
        left[:, partner[-1]] = -np.inf
    return partner


def _centred(a: np.ndarray) -> np.ndarray:
    return np.asarray(a - a.mean(1, keepdims=True))


def _cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Divided after multiplying: sums of whole numbers stay exact, so that ties stay ties."""
    return np.asarray(a @ b.T / (np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)))


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _cosine(_centred(a), _centred(b))


_ALIKE: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "correlation": _correlation,
    "size": lambda a, b: np.abs(_correlation(a, b)),
    "square": lambda a, b: _correlation(a, b) ** 2,
    "cosine": _cosine,
    "product": lambda a, b: a @ b.T,
    "distance": lambda a, b: -np.linalg.norm(a[:, None] - b[None], axis=-1),
    "centred product": lambda a, b: _centred(a) @ _centred(b).T,
    "covariance": lambda a, b: _centred(a) @ _centred(b).T / (a.shape[1] - 1),
    "covariance over n": lambda a, b: _centred(a) @ _centred(b).T / a.shape[1],
    "two deviations": lambda a, b: _correlation(a, b) * (a.shape[1] - 1) / a.shape[1],
    "ranks": lambda a, b: _correlation(rankdata(a, axis=1), rankdata(b, axis=1)),
    "one mean": lambda a, b: _cosine(a - a.mean(), b - b.mean()),
    "mean of heads": lambda a, b: _cosine(a - a.mean(0), b - b.mean(0)),
    "with itself": lambda a, b: _correlation(a, a),
}
"""How alike the heads of two tables are, as asked and otherwise."""


def _variant(
    *,
    match: str = "best",
    alike: str = "correlation",
    null: str = "matched anew",
    p: str = "one more",
    reduce: str = "mean",
    side: str = "one",
    ties: str = "count",
    end: str = "similarity",
) -> Callable[..., dict[str, Any]]:
    """The answer with one or two things done otherwise."""

    def similarity(one: Tensor, two: Tensor) -> np.ndarray:
        a, b = one.double().numpy(), two.double().numpy()
        return _ALIKE[alike](a, b)

    def partners(table: np.ndarray) -> list[int]:
        return {
            "best": lambda: linear_sum_assignment(table, maximize=True)[1].tolist(),
            "worst": lambda: linear_sum_assignment(table)[1].tolist(),
            "index": lambda: [*range(len(table))],
            "each its own": lambda: table.argmax(1).tolist(),
            "greedy": lambda: _greedy(table),
            "in turn": lambda: _in_turn(table),
        }[match]()

    def worth(table: np.ndarray, partner: list[int]) -> float:
        pairs = table[np.arange(len(table)), partner]
        return {
            "mean": lambda: float(pairs.mean()),
            "sum": lambda: float(pairs.sum()),
            "median": lambda: float(np.median(pairs)),
            "whole table": lambda: float(table.mean()),
            "diagonal": lambda: float(table.diagonal().mean()),
            "row by row": lambda: float(table.max(1).mean()),
            "cost": lambda: float(1 - pairs.mean()),
            "negative": lambda: float(-pairs.mean()),
        }[reduce]()

    def by_chance(one: Tensor, two: Tensor, shuffles: Tensor, partner: list[int]) -> list[float]:
        chance, moved = [], two
        for order in shuffles:
            moved = moved[:, order]
            other = {
                "both": lambda order=order: similarity(one[:, order], two[:, order]),
                "of one": lambda order=order: similarity(one[:, order], two),
                "shuffled on": lambda moved=moved: similarity(one, moved),
            }.get(null, lambda order=order: similarity(one, two[:, order]))()
            chance.append(
                {
                    "matched once": lambda other=other: worth(other, partner),
                    "row by row": lambda other=other: float(other.max(1).mean()),
                    "by index": lambda other=other: float(other.diagonal().mean()),
                    "whole table": lambda other=other: float(other.mean()),
                }.get(null, lambda other=other: worth(other, partners(other)))()
            )
        return chance

    def answer(one: Tensor, two: Tensor, shuffles: Tensor) -> dict[str, Any]:
        table = similarity(one, two)
        partner = partners(table)
        found = worth(table, partner)
        chance = by_chance(one, two, shuffles, partner)
        n, below = len(chance), sum(each < found for each in chance)
        reached = sum(
            {
                "count": lambda each=each: each >= found,
                "left out": lambda each=each: each > found + 1e-9,
                "counted loosely": lambda each=each: each >= found - 1e-9,
                "of size": lambda each=each: abs(each) >= abs(found),
                "below": lambda each=each: each <= found,
            }[ties]()
            for each in chance
        )
        share = {
            "one more": lambda: (1 + reached) / (1 + n),
            "plain": lambda: reached / n,
            "one more above": lambda: (1 + reached) / n,
            "one more below": lambda: reached / (1 + n),
            "over heads": lambda: (1 + reached) / (1 + len(one)),
            "over features": lambda: (1 + reached) / (1 + one.shape[1]),
            "a count": lambda: reached,
            "a count, one more": lambda: 1 + reached,
            "below": lambda: 1 - reached / n,
            "below, one more": lambda: (1 + below) / (1 + n),
            "one minus": lambda: 1 - (1 + reached) / (1 + n),
            "mean of chance": lambda: float(np.mean(chance)),
        }[p]()
        if end == "cost":
            found = 1 - found
        if end == "negative":
            found = -found
        if side == "two":
            partner = np.argsort(partner).tolist() if len({*partner}) == len(partner) else partner
        return {"partner": partner, "similarity": found, "p": share}

    return answer


def _by_torch(one: Tensor, two: Tensor, shuffles: Tensor) -> dict[str, Any]:
    def unit(x: Tensor) -> Tensor:
        x = x.double() - x.double().mean(1, keepdim=True)
        return x / x.norm(dim=1, keepdim=True)

    def matched(table: Tensor) -> tuple[Any, Tensor]:
        rows, columns = linear_sum_assignment(-table)
        return columns, table[rows, columns].mean()

    partner, similarity = matched(unit(one) @ unit(two).T)
    chance = torch.stack([matched(unit(one) @ unit(two)[:, order].T)[1] for order in shuffles])
    p = ((chance >= similarity).sum() + 1) / (len(shuffles) + 1)
    return {"partner": torch.tensor(partner), "similarity": similarity, "p": p}


def _by_all_pairings(one: Tensor, two: Tensor, shuffles: Tensor) -> dict[str, Any]:
    heads = len(one)

    def best(table: Tensor) -> tuple[float, tuple[int, ...]]:
        return max((sum(float(table[i, j]) for i, j in enumerate(way)) / heads, way) for way in ways)

    ways = [*itertools.permutations(range(heads))]
    corr = torch.corrcoef(torch.cat([one, two]).double())[:heads, heads:]
    similarity, partner = best(corr)
    count = 1
    for order in shuffles.tolist():
        if best(torch.corrcoef(torch.cat([one, two[:, order]]).double())[:heads, heads:])[0] >= similarity:
            count += 1
    return {"partner": dict(enumerate(partner)), "similarity": similarity, "p": count / (len(shuffles) + 1)}


def _shuffling_the_other_way(one: Tensor, two: Tensor, shuffles: Tensor) -> dict[str, Any]:
    """Putting `one` into the opposite order correlates it with `two` as putting `two` into the order does."""
    opposite = shuffles.argsort(-1)
    partner, similarity = [*linear_sum_assignment(1 - _table(one, two))], None
    similarity = _table(one, two)[partner[0], partner[1]].mean()
    chance = []
    for order in opposite:
        table = _table(one[:, order], two)
        chance.append(table[linear_sum_assignment(1 - table)].mean())
    return {
        "partner": [(int(i), int(j)) for i, j in zip(*partner, strict=True)],
        "similarity": similarity,
        "p": np.mean([*(each >= similarity for each in chance), True]),
    }


_NULLS = ("matched once", "both", "of one", "shuffled on", "row by row", "by index")


def _cases(draw: Draw) -> list[Case]:
    return list(_drawn(draw.seed))


@lru_cache(maxsize=4)
def _drawn(seed: int) -> tuple[Case, ...]:
    """Kept, since contested cases are found by trying: the bank judges hundreds of answers on the same ones."""
    draw = Draw(seed)

    def matched(label: str, heads: int, features: int, noise: float) -> Case:
        """Two draws of the same heads, in another order, each with a mean and a size of its own."""
        while True:
            order = draw.sample(range(heads), heads)
            if all(order[i] != i for i in range(heads)) and [order[i] for i in order] != [*range(heads)]:
                break
        base = draw.normal(f"{heads} {features}")
        one = base + noise * draw.normal(f"{heads} {features}") + draw.normal(f"{heads} 1", mean=2.0)
        two = base[order] * draw.normal(f"{heads} 1", mean=3.0, sd=0.5).abs()
        two = two + noise * draw.normal(f"{heads} {features}") + draw.normal(f"{heads} 1", mean=2.0)
        return Case(label, (one, two, _orders(19, features)))

    def by_ranks(case: Case, ties: int = 0) -> bool:
        """Ranks are coarse. Whether with them, too, one pairing is best, and no shuffle ties with it by chance."""
        one, two, _ = case.args
        table = _ALIKE["ranks"](one.double().numpy(), two.double().numpy())
        ways = np.array([*itertools.permutations(range(len(table)))])
        second, best = np.sort(table[np.arange(len(table)), ways].mean(1))[-2:]
        more, all_ = (_variant(alike="ranks", ties=way)(*case.args)["p"] for way in ("left out", "counted loosely"))
        return bool(best - second > 1e-9) and round(float((all_ - more) * 20)) == ties

    def contested(label: str, heads: int, features: int, above: bool = False) -> Case:
        """Unrelated heads, several of which like one partner most, so that ways of matching differ.

        above: some shuffle reaches the similarity even where heads are paired by index.
        """
        for _ in range(4000):
            one, two = (draw.normal(f"{heads} {features}", mean=1.0) for _ in range(2))
            table = _table(one, two)
            found = [tuple(_best_of_all(table)[0]), tuple(_greedy(table)), tuple(_in_turn(table))]
            found += [tuple(table.argmax(1).tolist()), tuple(range(heads)), tuple(np.argsort(found[0]).tolist())]
            case = Case(label, (one, two, _orders(19, features)))
            if len({*found}) == len(found):
                answers = [_variant(null=null)(*case.args)["p"] for null in ("matched anew", *_NULLS)]
                told_apart = len({*answers}) == len(answers) and (not above or answers[-1] > 0.06)
                if told_apart and 0.2 < answers[0] < 0.9 and abs(answers[0] - 0.5) > 0.08 and by_ranks(case):
                    return case
        raise AssertionError("no contested case was drawn")

    def _orders(count: int, features: int) -> Tensor:
        while True:
            orders = torch.stack([torch.randperm(features, generator=draw.generator) for _ in range(count)])
            if not bool((orders == torch.arange(features)).all(1).any()):
                return orders

    def tied(label: str, heads: int, features: int) -> Case:
        """Three features of `two` are the same, and three of the shuffles exchange only those: exact ties.

        Whole numbers, and as many features as a power of two: all sums are exact, in whatever order they are taken.
        """
        while True:
            one, two = (draw.integers(f"{heads} {features}", low=-6, high=7).float() for _ in range(2))
            two[:, 1:4] = two[:, 1:2]
            for each in (one, two):
                each[:, 0] -= each.sum(1) % features
            orders = _orders(16, features)
            swaps = torch.arange(features).repeat(3, 1)
            swaps[:, 1:4] = torch.tensor([[2, 1, 3], [1, 3, 2], [3, 1, 2]])
            if bool((one.std(1) == 0).any() or (two.std(1) == 0).any()):
                continue
            table = _table(one, two)
            ways = np.array([*itertools.permutations(range(heads))])
            means = np.sort(table[np.arange(heads), ways].mean(1))
            chance = [_best_of_all(_table(one, two[:, order]))[1] for order in orders]
            if means[-1] - means[-2] > 0.01 and all(abs(each - means[-1]) > 0.01 for each in chance):
                shuffles = torch.cat([orders, swaps])[draw.sample(range(19), 19)]
                case = Case(label, (one, two, shuffles))
                if by_ranks(case, ties=3):
                    return case

    def opposite(label: str, heads: int, features: int) -> Case:
        """Every head of one model does the opposite of every head of the other: the best pairing is below zero, and
        every shuffle comes nearer to it from above.
        """
        while True:
            profile = draw.normal(f"1 {features}")
            one, two = (0.3 * draw.normal(f"{heads} {features}") for _ in range(2))
            case = Case(label, (one + 2 * profile, two + 1 - 3 * profile, _orders(19, features)))
            if by_ranks(case):
                return case

    return (
        matched("five heads, twelve features, in another order", 5, 12, 0.3),
        contested("four heads that are not alike", 4, 7, above=True),
        contested("five heads that are not alike", 5, 9),
        opposite("three heads that all do the opposite", 3, 11),
        tied("four heads, and shuffles that reach the similarity exactly", 4, 8),
    )


match_heads_across_seeds = Exercise(
    name="match_heads_across_seeds",
    chapter="induction_heads",
    section="2.15",
    title="The same head in another seed",
    core=False,
    difficulty=3,
    minutes=20,
    points=3,
    prerequisites=("find_heads",),
    hints=(
        "Three steps: a table of correlations, head by head; the best one-to-one pairing in that table; the same two "
        "steps again for every shuffle of the features.",
        "scipy.optimize.linear_sum_assignment(table, maximize=True) returns rows and columns of the pairing with the "
        "largest sum. table[rows, columns].mean() is the similarity.",
        "corr = lambda a, b: np.corrcoef(a, b)[:len(a), len(a):]; match corr(one, two); then for order in shuffles "
        "match corr(one, two[:, order]) anew and keep its mean; p = (1 + how many are >= similarity) / "
        "(1 + len(shuffles)).",
    ),
    reference=helper.match_heads_across_seeds,
    oracle=Oracle("every way of pairing tried, on numpy's correlations", _by_brute_force),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    alternatives={
        "unit vectors in torch": _by_torch,
        "all pairings, partners as a dictionary": _by_all_pairings,
        "the other table shuffled backwards": _shuffling_the_other_way,
    },
    misconceptions=(
        Misconception(
            "matched by index",
            "You pair head 0 with head 0, head 1 with head 1. The heads of a layer have no order: which one came to do "
            "what is an accident of the seed. Pair them by what they do.",
            switches={"match": "index"},
        ),
        Misconception(
            "one head twice",
            "You give every head its most similar head, whoever else has it already. Then one head can be the partner "
            "of several, and others of none. Pair them one to one: linear_sum_assignment.",
            switches={"match": "each its own"},
        ),
        Misconception(
            "best pair first",
            "You take the most similar pair, then the most similar of what is left. The last heads get what nobody "
            "wanted, and the sum over pairs is not the largest there is. linear_sum_assignment finds the largest.",
            switches={"match": "greedy"},
        ),
        Misconception(
            "first come, first served",
            "Head after head takes the best partner that is left, so the result depends on the order of the heads. The "
            "best pairing does not: linear_sum_assignment.",
            switches={"match": "in turn"},
        ),
        Misconception(
            "the worst pairing",
            "You have found the pairing with the smallest sum: linear_sum_assignment minimises unless told otherwise. "
            "Say maximize=True, or hand it the negative table.",
            switches={"match": "worst"},
        ),
        Misconception(
            "chance is not matched anew",
            "For each shuffle you keep the partners of the real match. Matching picks the best of many pairings, for "
            "chance as well: what is compared with the best has to be a best, too. Match anew for every shuffle.",
            switches={"null": "matched once"},
        ),
        Misconception(
            "both models shuffled alike",
            "You put the features of both models into the same new order. Correlations do not see that, so chance "
            "always reaches the real value. Shuffle `two` only.",
            switches={"null": "both"},
        ),
        Misconception(
            "p can be zero",
            "Your p is the plain share of shuffles. The real order is one of the orders that could have come up, so it "
            "counts as well: (1 + reached) / (1 + shuffles). With 19 shuffles p cannot be below 0.05.",
            switches={"p": "plain"},
        ),
        Misconception(
            "a tie not counted",
            "You count the shuffles that exceed the similarity. One that reaches it exactly is as good, and p counts "
            "what is at least as good: >=.",
            switches={"ties": "left out"},
        ),
        Misconception(
            "the share below",
            "You give the share of shuffles that stay below. p is the share that reaches the similarity or exceeds it, "
            "with the real one counted in: small where the match is better than chance.",
            switches={"p": "below"},
        ),
        Misconception(
            "the mean of chance in place of p",
            "You give the mean similarity of the shuffles. That is a baseline worth knowing; p is asked for: how often "
            "a shuffle reaches the real similarity.",
            switches={"p": "mean of chance"},
        ),
        Misconception(
            "cosine without centring",
            "You take the cosine of the signatures as they are. Where all features have a common mean, everything is "
            "like everything. Correlation takes each signature's mean off first.",
            switches={"alike": "cosine"},
        ),
        Misconception(
            "products of signatures",
            "You multiply signatures as they are, so a head with large numbers is similar to everybody. Correlation "
            "takes off the mean and divides by the length.",
            switches={"alike": "product"},
        ),
        Misconception(
            "the sign taken off",
            "You take the absolute value of the correlations. Two heads that do the opposite of each other are not the "
            "same head.",
            switches={"alike": "size"},
        ),
        Misconception(
            "distance in place of correlation",
            "You compare by distance. Two heads with the same profile, one twice as strong, are then far apart. Asked "
            "for is the correlation of the signatures.",
            switches={"alike": "distance"},
        ),
        Misconception(
            "the sum in place of the mean",
            "Your similarity is the sum over pairs, which grows with the number of heads. Asked for is the mean.",
            switches={"reduce": "sum"},
        ),
        Misconception(
            "partners of the second model",
            "Your list says for each head of `two` which head of `one` it belongs to. Asked for is the other "
            "direction: partner[i] is the head of `two` for head i of `one`.",
            switches={"side": "two"},
        ),
        Misconception(
            "covariance in place of correlation",
            "You take covariances: the mean is off, and the lengths are still in it, so a head with large numbers is "
            "similar to everybody. Correlation divides by both standard deviations: np.corrcoef.",
            _variant(alike="covariance"),
        ),
        Misconception(
            "covariance, divided by the number of features",
            "You take the mean product of centred signatures. That is a covariance: a head with large numbers is "
            "similar to everybody. Correlation divides by both standard deviations as well.",
            _variant(alike="covariance over n"),
        ),
        Misconception(
            "products of centred signatures",
            "You take the mean off and multiply. A head with large numbers is then similar to everybody. Correlation "
            "divides by the lengths of both signatures as well.",
            _variant(alike="centred product"),
        ),
        Misconception(
            "two kinds of standard deviation",
            "Your correlations are too small by the factor (n - 1) / n: you divide by standard deviations with n - 1 "
            "in them and average over n. Then a signature has not correlation 1 with itself. One n for both.",
            _variant(alike="two deviations"),
        ),
        Misconception(
            "ranks in place of numbers",
            "You correlate ranks (Spearman). Signatures hold a few large weights and many small ones, and ranks make "
            "all steps alike. Asked for is the correlation of the numbers (Pearson).",
            _variant(alike="ranks"),
        ),
        Misconception(
            "squared correlation",
            "You square the correlations. That makes opposite heads similar, and small correlations smaller. Asked for "
            "is the correlation.",
            _variant(alike="square"),
        ),
        Misconception(
            "one mean for all heads",
            "You take off one mean for the whole table. Correlation takes off each signature's own: a.mean(1).",
            _variant(alike="one mean"),
        ),
        Misconception(
            "the mean over heads taken off",
            "You take off the mean of the heads at each feature. Correlation takes off each signature's mean over its "
            "features: a.mean(1), not a.mean(0).",
            _variant(alike="mean of heads"),
        ),
        Misconception(
            "one model compared with itself",
            "You compare the heads of `one` with themselves: corrcoef of both tables has four blocks, and "
            "[:heads, :heads] is that of the first. One with two is [:heads, heads:].",
            _variant(alike="with itself"),
        ),
        Misconception(
            "one more above, not below",
            "Your p is (1 + reached) / shuffles. The real order is one of those that are counted, so it is also one of "
            "those divided by: (1 + reached) / (1 + shuffles).",
            _variant(p="one more above"),
        ),
        Misconception(
            "one more below, not above",
            "Your p is reached / (1 + shuffles). The real order reaches itself, so it counts above as well: "
            "(1 + reached) / (1 + shuffles).",
            _variant(p="one more below"),
        ),
        Misconception(
            "divided by the number of heads",
            "Your p divides by 1 + the number of heads. It is a share of the shuffles: 1 + len(shuffles).",
            _variant(p="over heads"),
        ),
        Misconception(
            "divided by the number of features",
            "Your p divides by 1 + the number of features, which is the length of one shuffle. It is a share of the "
            "shuffles: 1 + len(shuffles).",
            _variant(p="over features"),
        ),
        Misconception(
            "a count in place of a share",
            "Your p is the number of shuffles that reach the similarity. Asked for is a share: "
            "(1 + reached) / (1 + shuffles).",
            _variant(p="a count"),
        ),
        Misconception(
            "a count, the real order with it",
            "Your p is 1 + the number of shuffles that reach the similarity. Divide it by 1 + the number of shuffles.",
            _variant(p="a count, one more"),
        ),
        Misconception(
            "the share below, with one more",
            "You count the shuffles that stay below the similarity. p counts those that reach or exceed it: small "
            "where the match is better than chance.",
            _variant(p="below, one more"),
        ),
        Misconception(
            "the share at or below",
            "You count the shuffles whose similarity is at most the real one: <=. p counts those with at least that "
            "much: >=.",
            _variant(ties="below"),
        ),
        Misconception(
            "one minus p",
            "You give one minus p, which is large where the match is better than chance. p itself is small there.",
            _variant(p="one minus"),
        ),
        Misconception(
            "sizes compared, not values",
            "You compare absolute values, as in a test of two sides. A shuffle far below zero is no better a match: "
            "p counts similarities at least as high as the real one.",
            _variant(ties="of size"),
        ),
        Misconception(
            "the wrong model shuffled",
            "You put `one` into each order, or `two` back from it (argsort). Either undoes the order in place of "
            "applying it: other shuffles than the ones given. Asked for is two[:, order].",
            _variant(null="of one"),
        ),
        Misconception(
            "one shuffle on top of another",
            "You overwrite `two` with its shuffled self, so each order is applied to the one before. Start from the "
            "real `two` for every shuffle.",
            _variant(null="shuffled on"),
        ),
        Misconception(
            "chance without one-to-one pairs",
            "For a shuffle you take each head's most similar head, whoever else has it. That lies above the best "
            "pairing, so p is too large. Match the shuffles as you match the real ones.",
            _variant(null="row by row"),
        ),
        Misconception(
            "chance paired by index",
            "For a shuffle you pair head 0 with head 0, head 1 with head 1. The real similarity is the best of many "
            "pairings, so p is too small. Match anew for every shuffle.",
            _variant(null="by index"),
        ),
        Misconception(
            "no shuffle ever reaches the similarity",
            "Your p is the smallest there can be, in every case. Is it the mean over *all* pairs of heads that you "
            "take for the shuffles, or nothing that is counted? Match anew for every shuffle and take the mean of its "
            "best pairing.",
            _variant(null="whole table"),
        ),
        Misconception(
            "the median in place of the mean",
            "Your similarity is the median over pairs. Asked for is the mean.",
            _variant(reduce="median"),
        ),
        Misconception(
            "the mean of the whole table",
            "Your similarity is the mean over all pairs of heads, partners or not. Asked for is the mean over the "
            "pairs you found: table[rows, columns].mean().",
            _variant(reduce="whole table"),
        ),
        Misconception(
            "partners found, and the diagonal averaged",
            "You find partners, and your similarity is the mean of head 0 with head 0, head 1 with head 1. Take the "
            "pairs you found: table[rows, columns].mean().",
            _variant(reduce="diagonal"),
        ),
        Misconception(
            "partners found, and each row's largest averaged",
            "You find partners, and your similarity is the mean of every head's highest correlation, also where its "
            "partner is another. Take the pairs you found: table[rows, columns].mean().",
            _variant(reduce="row by row"),
        ),
        Misconception(
            "the cost in place of the similarity",
            "Your similarity is 1 - correlation, the cost that you gave to linear_sum_assignment, small for good "
            "pairs; p counts the wrong side with it. Average the correlations of the pairs.",
            _variant(reduce="cost"),
        ),
        Misconception(
            "the negative of the similarity",
            "Your similarity has its sign turned, as you gave the table to linear_sum_assignment; p counts the wrong "
            "side with it. Average the correlations of the pairs.",
            _variant(reduce="negative"),
        ),
        Misconception(
            "the cost in place of the similarity, p right",
            "Your similarity is 1 - correlation, the cost that you gave to linear_sum_assignment. Average the "
            "correlations of the pairs: high for good ones.",
            _variant(end="cost"),
        ),
        Misconception(
            "the negative of the similarity, p right",
            "Your similarity has its sign turned, as you gave the table to linear_sum_assignment. Average the "
            "correlations of the pairs: high for good ones.",
            _variant(end="negative"),
        ),
    ),
)

EXERCISES = [match_heads_across_seeds]
