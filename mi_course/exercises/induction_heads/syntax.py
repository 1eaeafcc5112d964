"""2.13: heads that look at the verb's own noun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="seeds_with_syntax",
        text="In how many of story's three seeds does the best head beat both baselines?",
        low=0,
        high=3,
    ),
    Question(
        name="agreement_without",
        text="Without the head of seed 0 that looks at the subject most often, in how many per cent of the prompts "
        "does the verb still agree? (Right if within 5.)",
        kind=float,
        low=0,
        high=100,
        unit="per cent",
        comes_true=lambda value, outcome: abs(value - outcome) <= 5,
    ),
]


def _by_counting(rows: Tensor, end: Tensor, subject: Tensor, first: Tensor, choose: Tensor) -> dict[str, Any]:
    """Prompt by prompt in Python, with a Counter for the distances."""
    prompts, layers, heads, _ = rows.shape
    here, there = ([i for i in range(prompts) if bool(choose[i]) == side] for side in (True, False))

    def looks(i: int, layer: int, head: int) -> bool:
        paid = rows[i, layer, head].double().tolist()
        return max(range(1, len(paid)), key=lambda source: paid[source]) == int(subject[i])

    every = [(layer, head) for layer in range(layers) for head in range(heads)]
    best = max(every, key=lambda place: sum(looks(i, *place) for i in here))
    usual = Counter(int(end[i] - subject[i]) for i in here).most_common(1)[0][0]
    return {
        "head": best,
        "rate": sum(looks(i, *best) for i in there) / len(there),
        "offset": sum(int(end[i] - subject[i]) == usual for i in there) / len(there),
        "first_noun": sum(int(first[i]) == int(subject[i]) for i in there) / len(there),
    }


def _observe(case: Case, found: Any) -> Any:
    """Head as a pair of whole numbers, rates as they are."""
    if isinstance(found, dict) and "head" in found:
        place = found["head"]
        if isinstance(place, (Tensor, np.ndarray)):
            place = place.tolist()
        if isinstance(place, (list, tuple)):
            place = tuple(int(each) if isinstance(each, (Tensor, float, np.number)) else each for each in place)
        found = {**found, "head": place}
    return found


def _by_numpy(rows: Tensor, end: Tensor, subject: Tensor, first: Tensor, choose: Tensor) -> dict[str, Any]:
    paid = rows.double().numpy().copy()
    paid[..., 0] = -1
    hits = paid.argmax(-1) == subject.numpy()[:, None, None]
    half = choose.numpy().astype(bool)
    layer, head = np.unravel_index(hits[half].mean(0).argmax(), hits.shape[1:])
    distances, counts = np.unique((end - subject).numpy()[half], return_counts=True)
    usual = distances[counts.argmax()]
    return {
        "head": [int(layer), int(head)],
        "rate": np.float64(hits[~half, layer, head].mean()),
        "offset": float(((end - subject).numpy()[~half] == usual).mean()),
        "first_noun": float((first == subject).numpy()[~half].mean()),
    }


def _by_gathering(rows: Tensor, end: Tensor, subject: Tensor, first: Tensor, choose: Tensor) -> dict[str, Any]:
    """A head looks at the subject where no other source but [BOS] has more."""
    places = subject[:, None, None, None].expand(*rows.shape[:3], 1)
    hits = (rows.gather(-1, places)[..., 0] >= rows[..., 1:].amax(-1)).float()
    score = hits[choose].mean(0)
    layer, head = (score == score.max()).nonzero()[0]
    distance = (end - subject).float()
    tries = torch.stack([(distance == back).float() for back in range(int(distance.max()) + 1)], 1)
    back = tries[choose].mean(0).argmax()
    return {
        "head": torch.tensor([layer, head]),
        "rate": hits[~choose][:, layer, head].mean(),
        "offset": tries[~choose, back].mean(),
        "first_noun": (first == subject)[~choose].float().mean(),
    }


def _by_loops(rows: Tensor, end: Tensor, subject: Tensor, first: Tensor, choose: Tensor) -> dict[str, Any]:
    tally: dict[tuple[int, int], list[list[int]]] = {}
    distances: list[list[int]] = [[], []]
    firsts = []
    for i in range(len(rows)):
        side = 0 if choose[i] else 1
        distances[side].append(int(end[i]) - int(subject[i]))
        if side:
            firsts.append(int(first[i] == subject[i]))
        for layer in range(rows.shape[1]):
            for head in range(rows.shape[2]):
                hit = int(rows[i, layer, head, 1:].argmax()) + 1 == int(subject[i])
                tally.setdefault((layer, head), [[], []])[side].append(int(hit))
    best = max(tally, key=lambda place: sum(tally[place][0]))
    usual = max(sorted(set(distances[0])), key=distances[0].count)
    return {
        "head": best,
        "rate": sum(tally[best][1]) / len(tally[best][1]),
        "offset": distances[1].count(usual) / len(distances[1]),
        "first_noun": sum(firsts) / len(firsts),
    }


def _variant(
    *,
    chosen: str = "choose",
    scored: str = "rest",
    distance: str = "choose",
    place: str = "back",
    bos: bool = False,
    look: str = "most",
    plus: int = 1,
    write: Callable[[int, int, Any], tuple[int, int]] = lambda flat, heads, layers: divmod(flat, heads),
) -> Callable[..., dict[str, Any]]:
    """The answer with one or two things done otherwise."""

    def answer(rows: Tensor, end: Tensor, subject: Tensor, first: Tensor, choose: Tensor) -> dict[str, Any]:
        halves = {"choose": choose, "rest": ~choose, "all": torch.ones_like(choose)}
        skip = 0 if bos else 1
        paid = rows.gather(-1, subject[:, None, None, None].expand(*rows.shape[:3], 1))[..., 0].double()
        hits = {
            "most": lambda: (rows[..., skip:].argmax(-1) + skip * plus == subject[:, None, None]).double(),
            "mean": lambda: paid,
            "half": lambda: (paid > 0.5).double(),
        }[look]()
        best = int(hits[halves[chosen]].mean(0).argmax())
        score = halves[scored]
        where = end - subject if place == "back" else subject
        usual = {
            "one": lambda: torch.tensor(1),
            "median": lambda: where[choose].median(),
            "mean": lambda: where[choose].double().mean().round(),
        }.get(distance, lambda: where[halves[distance]].mode().values)()
        return {
            "head": write(best, rows.shape[2], rows.shape[1]),
            "rate": float(hits[score].flatten(1)[:, best].mean()),
            "offset": float((where[score] == usual).double().mean()),
            "first_noun": float((first == subject)[score].double().mean()),
        }

    return answer


def _flags(draw: Draw, choose: Tensor, here: int, there: int) -> Tensor:
    """True for so many prompts of the choosing half and so many of the other, at random places."""
    flags = torch.zeros_like(choose)
    for side, count in ((True, here), (False, there)):
        places = (choose == side).nonzero()[:, 0].tolist()
        flags[draw.sample(places, count)] = True
    return flags


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, layers: int, heads: int, rests: bool, ranks: tuple[int, int, int]) -> Case:
        choose = torch.zeros(36, dtype=torch.bool)
        choose[draw.sample(range(36), 16)] = True
        # Three distances: the commonest of the choosing half, of the other half and of all are not the same, and in two
        # cases the middle one of the choosing half is another one each time.
        # In the first case the mean lies, rounded, at no distance that occurs.
        near_to_far = sorted(draw.sample([2, 3, 4, 5, 6], 3))
        if ranks == (0, 1, 2):
            near_to_far = draw.choice([[2, 3, 6], [2, 5, 6]])
        back = [near_to_far[rank] for rank in ranks]
        distance = torch.zeros(36, dtype=torch.long)
        for side, counts in ((True, (7, 3, 6)), (False, (3, 9, 8))):
            places = (choose == side).nonzero()[:, 0].tolist()
            order = draw.sample([b for b, count in zip(back, counts, strict=True) for _ in range(count)], len(places))
            distance[places] = torch.tensor(order)
        end = 11 - torch.tensor([draw.integer(0, 3) for _ in range(36)])
        subject = end - distance
        first = torch.where(_flags(draw, choose, 5, 12), subject, subject - 1)  # no subject stands before 2

        # By head: in how many of the two halves it looks at the subject.
        places = [(layer, head) for layer in range(layers) for head in range(heads) if layer != head]
        best, rival, restful, even = draw.sample(places, 4)
        counts = {best: (13, 10), rival: (10, 18)}
        if rests:
            counts[restful] = (15, 16)
        rows = torch.zeros(36, layers, heads, 13)
        for layer in range(layers):
            for head in range(heads):
                place = (layer, head)
                hit = _flags(draw, choose, *counts.get(place, (3, 4)))
                for i in range(36):
                    paid = 0.02 + 0.01 * draw.normal("13").abs().clamp(max=2)
                    other = draw.choice([s for s in range(1, int(end[i]) + 1) if s != int(subject[i])])
                    paid[int(subject[i]) if hit[i] else other] += 0.25
                    if place == even:  # much on the subject, always a little more on itself
                        paid[int(subject[i])], paid[int(end[i])] = 0.9, 1.0
                    if rests and place == restful:
                        paid[0] = 1.0
                    paid[int(end[i]) + 1 :] = 0
                    rows[i, layer, head] = paid / paid.sum()
        return Case(label, (rows, end, subject, first, choose))

    return [
        case("two layers of four heads", 2, 4, rests=False, ranks=(0, 1, 2)),
        case("three layers of five heads, one of which rests on [BOS]", 3, 5, rests=True, ranks=(0, 2, 1)),
        case("four layers of three heads", 4, 3, rests=False, ranks=(1, 2, 0)),
    ]


syntactic_heads = Exercise(
    name="syntactic_heads",
    chapter="induction_heads",
    section="2.13",
    title="Does it look at the subject?",
    core=False,
    difficulty=3,
    minutes=20,
    points=3,
    prerequisites=("find_heads",),
    hints=(
        "First a table of hits, (prompt, layer, head): does the head look at the subject? Then two questions, each on "
        "its own half of the prompts.",
        "rows[..., 1:].argmax(-1) + 1 is where each head looks, [BOS] left out. On the choosing half: the head with "
        "the most hits, and the commonest of end - subject. On the other half: all three rates.",
        "hits = (rows[..., 1:].argmax(-1) + 1 == subject[:, None, None]).double(); layer, head = "
        "divmod(int(hits[choose].mean(0).argmax()), rows.shape[2]); usual = (end - subject)[choose].mode().values; "
        "rate = hits[~choose, layer, head].mean(); and so on with [~choose].",
    ),
    reference=helper.syntactic_heads,
    oracle=Oracle("counting prompt by prompt, in Python's own numbers", _by_counting),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    alternatives={
        "numpy": _by_numpy,
        "no other source has more": _by_gathering,
        "loops over prompts and heads": _by_loops,
    },
    misconceptions=(
        Misconception(
            "scored where it was chosen",
            "You take the rates on the prompts on which you chose. The best of many heads is partly the luckiest on "
            "those prompts, and the rate says how lucky. Take all rates on the other half, ~choose.",
            switches={"scored": "choose"},
        ),
        Misconception(
            "scored on everything",
            "You take the rates over all prompts, those on which you chose among them. Half of the luck of choosing is "
            "still in. Take all rates on ~choose.",
            switches={"scored": "all"},
        ),
        Misconception(
            "the head chosen where it is scored",
            "You choose the head on the prompts on which its rate is taken. It would be the best there by "
            "construction. Choose it on `choose`.",
            switches={"chosen": "rest"},
        ),
        Misconception(
            "the head chosen on everything",
            "You choose the head on all prompts, those of the scoring half among them. Then the two halves are not "
            "apart. Choose it on `choose` alone.",
            switches={"chosen": "all"},
        ),
        Misconception(
            "the distance chosen where it is scored",
            "You choose the best distance on the prompts on which it is scored, and the head elsewhere: the baseline "
            "then has an advantage that the head does not have. Choose both on `choose`.",
            switches={"distance": "rest"},
        ),
        Misconception(
            "the distance chosen on everything",
            "You choose the best distance on all prompts. Choose it as the head is chosen, on `choose` alone.",
            switches={"distance": "all"},
        ),
        Misconception(
            "the previous token as baseline",
            "Your baseline always looks one back. That is a distance that hardly ever hits the subject, so it is "
            "beaten by nearly everything. Take the best distance of the choosing half.",
            switches={"distance": "one"},
        ),
        Misconception(
            "the median distance",
            "Your baseline looks as far back as the subject stands in the middle case, the median. A rule is scored by "
            "how often it hits, so its best distance is the commonest one, the mode.",
            switches={"distance": "median"},
        ),
        Misconception(
            "the mean distance",
            "Your baseline looks as far back as the subject stands on average, rounded. That may be a distance at "
            "which it never stands. A rule is scored by how often it hits: take the commonest distance, the mode.",
            switches={"distance": "mean"},
        ),
        Misconception(
            "one position before the look",
            "You slice [BOS] off and take the argmax: it counts from 0, and source 1 is the first that is left. Every "
            "look is one position too early. Add 1: rows[..., 1:].argmax(-1) + 1.",
            switches={"plus": 0},
        ),
        Misconception(
            "a place in place of a distance",
            "Your baseline always looks at the same position of the prompt, counted from the start. Asked for is a "
            "fixed distance back from `end`: end - subject.",
            switches={"place": "front"},
        ),
        Misconception(
            "[BOS] counted as a look",
            "You let [BOS] count. Heads rest there when they have nothing to do, and a head that rests and looks at "
            "the subject with what is left is counted as looking at nothing. Leave source 0 out before the argmax.",
            switches={"bos": True},
        ),
        Misconception(
            "the mean attention",
            "You average the attention paid to the subject. A head that always pays a little more to something else "
            "can have a high mean. Asked for is how often the subject gets the most.",
            switches={"look": "mean"},
        ),
        Misconception(
            "more than half of the attention",
            "You count a look where the subject gets more than half of the attention. Asked for is that it gets more "
            "than any other source, [BOS] apart, however much that is.",
            switches={"look": "half"},
        ),
        Misconception(
            "layer and head exchanged",
            "Your pair reads (head, layer). The convention is layer first: (3, 0) is L3H0.",
            switches={"write": lambda flat, heads, layers: divmod(flat, heads)[::-1]},
        ),
        Misconception(
            "divided by the number of layers",
            "You turn the index of the flattened table into a pair with the number of layers. The table is flattened "
            "row by row, and a row has as many entries as a layer has heads: divmod(index, n_heads).",
            switches={"write": lambda flat, heads, layers: divmod(flat, layers)},
        ),
    ),
)

EXERCISES = [syntactic_heads]
