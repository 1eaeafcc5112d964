"""2.13: heads that look at the verb's own noun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.exercises.induction_heads.planted_looks import Looks, Prompts, attention, draw_prompts, looks_at, torn

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
    by: str = "rate",
    scored: str = "rest",
    rate: str = "",
    rules: str = "",
    distance: str = "choose",
    place: str = "back",
    bos: str = "apart",
    look: str = "most",
    plus: int = 1,
    first_noun: str = "",
    offset: str = "",
    number: str = "share",
    write: Callable[[int, int, Any], tuple[int, int]] = lambda flat, heads, layers: divmod(flat, heads),
) -> Callable[..., dict[str, Any]]:
    """The answer with one or two things done otherwise.

    scored: the prompts of all three rates; rate, rules: those of the head's and of the two rules' alone.
    """

    def answer(rows: Tensor, end: Tensor, subject: Tensor, first: Tensor, choose: Tensor) -> dict[str, Any]:
        halves = {
            "choose": choose,
            "rest": ~choose,
            "all": torch.ones_like(choose),
            "hard": ~choose & (first != subject),
        }
        skip = 0 if bos == "counted" else 1
        looked = rows[..., skip:].argmax(-1) + skip * plus
        if look == "earlier":
            looked = rows[..., 1:].scatter(-1, _at(end - 1, rows), -1.0).argmax(-1) + 1
        ahead = rows[..., 1:].scatter(-1, _at(subject - 1, rows), 0.0).amax(-1)
        paid = rows.gather(-1, _at(subject, rows))[..., 0].double()
        kinds = {
            "most": (looked == subject[:, None, None]).double(),
            "mean": paid,
            "mean apart": paid / rows[..., 1:].double().sum(-1),
            "half": (paid > 0.5).double(),
            "lead": paid - ahead,
        }
        hits = kinds.get(look, kinds["most"])
        if bos == "dropped":
            hits = hits.masked_fill(rows.argmax(-1) == 0, torch.nan)

        where = end - subject if place == "back" else subject
        usual = {
            "one": lambda: torch.tensor(1),
            "median": lambda: where[choose].median(),
            "mean": lambda: where[choose].double().mean().round(),
            "hard": lambda: where[choose & (first != subject)].mode().values,
            "easy": lambda: where[choose & (first == subject)].mode().values,
            "first": lambda: (end - first)[choose].mode().values,
        }.get(distance, lambda: where[halves[distance]].mode().values)()

        def beyond(rule: Tensor) -> Tensor:
            return hits - (looked == rule[:, None, None]).double()

        side, layer_of = halves[chosen], torch.arange(rows.shape[1])[:, None]
        table = {
            "over first": lambda: beyond(first)[side].mean(0),
            "over previous": lambda: beyond(end - 1)[side].mean(0),
            "over last": lambda: beyond(end)[side].mean(0),
            "over distance": lambda: beyond(end - usual)[side].mean(0),
            "balanced": lambda: hits[side & (first == subject)].mean(0) + hits[side & (first != subject)].mean(0),
            "easy": lambda: hits[side & (first == subject)].mean(0),
            "median": lambda: paid[side].median(0).values,
            "awake": lambda: hits.masked_fill(rows.argmax(-1) == 0, torch.nan)[side].nanmean(0),
            "last layer": lambda: hits[side].mean(0) - 9 * (layer_of < rows.shape[1] - 1),
            "first layer": lambda: hits[side].mean(0) - 9 * (layer_of > 0),
            "layer": lambda: hits[side].mean(0) + 99 * hits[side].mean((0, 2))[:, None],
        }.get(by, lambda: kinds.get(by, hits)[side].nanmean(0))()
        best = int(table.argmax())
        head = halves.get(rate or scored, ~choose)
        rates, there = hits[head].flatten(1).nanmean(0), looked.flatten(1)[:, best]
        rule = {"distance": where == usual, "looks so far": there == end - usual}
        rule |= {"first": first == subject, "looks at first": there == first}
        found = {
            "rate": {"highest": rates.max(), "attention": paid[head].flatten(1).mean(0)[best]}.get(rate, rates[best]),
            "offset": rule.get(offset, rule["distance"])[halves.get(offset, halves[rules or scored])].double().mean(),
            "first_noun": rule.get(first_noun, rule["first"])[halves.get(first_noun, halves[rules or scored])]
            .double()
            .mean(),
        }
        size = int(head.sum())
        written = {
            "rounded": lambda share: round(share, 2),
            "count": lambda share: share * size,
            "per cent": lambda share: share * 100,
            "of all": lambda share: share * size / len(rows),
        }.get(number, float)
        rounded = {key: written(float(share)) for key, share in found.items()}
        if offset == "number":
            rounded["offset"] = float(usual)
        return {"head": write(best, rows.shape[2], rows.shape[1]), **rounded}

    return answer


def _at(places: Tensor, rows: Tensor) -> Tensor:
    """One source for each prompt, as an index into the last axis of `rows`."""
    return places[:, None, None, None].expand(*rows.shape[:3], 1)


def _cases(draw: Draw) -> list[Case]:
    def places(layers: int, heads: int) -> list[helper.Head]:
        """Places off the diagonal of the table, so that an exchanged pair is another head, in random order."""
        every = [(layer, head) for layer in range(layers) for head in range(heads) if layer != head]
        return draw.sample(every, len(every))

    def case(label: str, prompts: Prompts, layers: int, heads: int, planted: Mapping[helper.Head, Looks]) -> Case:
        return Case(label, (attention(draw, prompts, layers, heads, planted), *prompts[:4]))

    def some(prompts: Prompts, easy: int, hard: int) -> list[int]:
        return draw.sample(prompts.half(True, easy=True), easy) + draw.sample(prompts.half(True, easy=False), hard)

    def missed(prompts: Prompts, good: list[int], at: Tensor, count: int) -> dict[int, int]:
        return {i: int(at[i]) for i in [i for i in prompts.half(True) if i not in good][:count]}

    # Where the best head misses it looks at the last token, and once at the first noun; its layer has no other that is
    # good. `beyond` hits more often where the first noun is not the subject, `lucky` on the other half, `never_last`
    # does not look at the last token. `sharp` is better than they, with much attention where it hits. The mean
    # distance, rounded, is 4, which does not occur.
    prompts = draw_prompts(draw, draw.choice([[2, 3, 6], [2, 5, 6]]), (4, 0, 0))
    best, *others = places(2, 6)
    beyond, lucky, sharp, never_last, even = [place for place in others if place[0] != best[0]]
    planted = {even: torn(prompts, 10.1)}
    for place, easy, hard, rest, at_end in (
        (best, 4, 8, 10, 3),
        (beyond, 0, 10, 12, 2),
        (lucky, 3, 7, 18, 2),
        (sharp, 3, 8, 8, 3),
        (never_last, 3, 7, 5, 0),
    ):
        good = some(prompts, easy, hard)
        apart = missed(prompts, good, prompts.first, 4) if place == best else {}
        apart |= missed(prompts, good, prompts.end, at_end)
        at = looks_at(draw, prompts, good, rest, apart)
        planted[place] = Looks(at, torch.where(at == prompts.subject, 0.5, 0.15) if place == sharp else 0.15)
    two = case("two layers of six heads", prompts, 2, 6, planted)

    # The best head rests on [BOS] in all but six prompts. It is right where the first noun is not the subject, `lucky`
    # where it is, `both` equally often in either kind of prompt. `resting` looks at the subject where it does not rest,
    # and only there.
    near = sorted(draw.sample([3, 4, 5, 6], 2))
    prompts = draw_prompts(draw, [1, near[1], near[0]], (0, 3, 1))
    others = places(3, 5)
    best, both = [place for place in others if place[0] == 1][:2]
    lucky, resting = [place for place in others if place[0] == 0][:2]
    even = next(place for place in others if place not in (best, both, lucky, resting))
    right, near_by = prompts.half(True, easy=True), prompts.half(True, usual=True)
    mixed = draw.sample(right, 3) + near_by + draw.sample(prompts.half(True, easy=False, usual=False), 3)
    at = looks_at(draw, prompts, some(prompts, 2, 12), 16)
    good, bad = ([i for i in prompts.half(True) if bool(at[i] == prompts.subject[i]) == hit] for hit in (True, False))
    rests = torch.ones(37)
    rests[draw.sample(good, 2) + bad[:1] + draw.sample(prompts.half(False), 3)] = 0
    mostly = torn(prompts, 30.1, rest=150.0)
    awake = draw.sample(prompts.half(True), 4) + draw.sample(prompts.half(False), 3)
    for i in awake:
        mostly.at[i], mostly.most[i], mostly.rest[i] = prompts.subject[i], 0.45, 0
    planted = {
        best: Looks(at, rest=rests),
        both: Looks(looks_at(draw, prompts, mixed, 10)),
        lucky: Looks(looks_at(draw, prompts, right + draw.sample(near_by, 6), 18)),
        even: torn(prompts, 10.1),
        resting: mostly,
    }
    three = case("three layers of five heads, one of which rests on [BOS]", prompts, 3, 5, planted)

    # Where the best head misses it looks one back or at the usual distance. `beyond` is right wherever the subject is
    # elsewhere, `never_back` hardly less often than the best, and never looks one back. The subject may be the last
    # token itself.
    prompts = draw_prompts(draw, [2, draw.integer(4, 6), 0], (0, 0, 4))
    others = places(4, 3)
    best = next(place for place in others if place[0] > 1 and place != (3, 2))  # 11 is (2, 3) in fours
    beyond, never_back, lucky, even = [place for place in others if place != best and place[0] > 0][:4]
    wrong = draw.sample(prompts.half(True, easy=True), 3)
    behind = {i: int(prompts.end[i]) - back for i, back in zip(wrong, (1, 1, prompts.usual), strict=True)}
    usual, elsewhere = prompts.half(True, usual=True), prompts.half(True, usual=False)
    backwards = usual + draw.sample(prompts.half(True, easy=True), 3)
    backwards += draw.sample(prompts.half(True, easy=False, usual=False), 2)
    at_usual = {i: int(prompts.end[i]) - prompts.usual for i in prompts.half(True) if i not in backwards}
    planted = {
        best: Looks(looks_at(draw, prompts, [i for i in prompts.half(True) if i not in wrong], 10, behind)),
        beyond: Looks(looks_at(draw, prompts, elsewhere + draw.sample(usual, 2), 12)),
        never_back: Looks(looks_at(draw, prompts, backwards, 12, at_usual)),
        lucky: Looks(looks_at(draw, prompts, some(prompts, 3, 7), 18)),
        even: torn(prompts, 10.1),
    }
    return [two, three, case("four layers of three heads", prompts, 4, 3, planted)]


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
            "the halves exchanged",
            "You choose on ~choose and score on `choose`. It is the other way round: `choose` is True where head and "
            "distance are chosen, and the rates are taken on the other prompts.",
            _variant(chosen="rest", distance="rest", scored="choose"),
        ),
        Misconception(
            "no halves",
            "You choose and score on the same prompts, all of them. The best of many heads is partly the luckiest on "
            "them. Choose head and distance on `choose`, and take the rates on ~choose.",
            _variant(chosen="all", distance="all", scored="all"),
        ),
        Misconception(
            "the rules scored on everything",
            "You take the rate of the head on ~choose and those of the two rules on all prompts. Numbers that are to "
            "be compared belong to the same prompts: take all three on ~choose.",
            switches={"rules": "all"},
        ),
        Misconception(
            "the rules scored where the distance was chosen",
            "You take the rate of the head on ~choose and those of the two rules on `choose`. There the distance was "
            "chosen, which is an advantage, and the prompts are other ones. Take all three on ~choose.",
            _variant(rules="choose"),
        ),
        Misconception(
            "the distance scored where it was chosen",
            "Your `offset` is taken on `choose`, where the distance was chosen: it is the best of many there. Take "
            "it on ~choose, as the other two rates.",
            _variant(offset="choose"),
        ),
        Misconception(
            "the distance scored on everything",
            "Your `offset` is taken on all prompts, those on which the distance was chosen among them. Take it on "
            "~choose, as the other two rates.",
            _variant(offset="all"),
        ),
        Misconception(
            "the first noun scored where others were chosen",
            "Your `first_noun` is taken on `choose`. Nothing is chosen for this rule, but it is compared with rates "
            "on other prompts: take it on ~choose.",
            _variant(first_noun="choose"),
        ),
        Misconception(
            "the first noun scored on everything",
            "Your `first_noun` is taken on all prompts. Nothing is chosen for this rule, but it is compared with "
            "rates on ~choose: take it there.",
            _variant(first_noun="all"),
        ),
        Misconception(
            "the head scored where it was chosen",
            "You take the rules' rates on ~choose, but the head's on `choose`, where it was the best of many and "
            "partly by luck. Take its rate on ~choose, too.",
            _variant(rate="choose"),
        ),
        Misconception(
            "the head scored on everything",
            "You take the rules' rates on ~choose, but the head's on all prompts, those on which it was chosen among "
            "them. Take its rate on ~choose, too.",
            _variant(rate="all"),
        ),
        Misconception(
            "the rate of another head",
            "You choose the head on `choose`, and your rate is the highest that any head has on ~choose. That is "
            "chosen where it is scored. Take the rate of the head that you chose.",
            _variant(rate="highest"),
        ),
        Misconception(
            "scored on the hard prompts only",
            "You take the rates on those prompts in which the first noun is not the subject. There the rule of the "
            "first noun is wrong by construction. Take all rates on all prompts of ~choose.",
            _variant(scored="hard"),
        ),
        Misconception(
            "the head scored on the hard prompts only",
            "You take the head's rate on those prompts in which the first noun is not the subject, and the rules' on "
            "more. Take all rates on all prompts of ~choose.",
            _variant(rate="hard"),
        ),
        Misconception(
            "attention in place of a rate",
            "Your `rate` is how much attention the head pays to the subject on average. Asked for is the share of "
            "prompts in which the subject gets the most.",
            _variant(rate="attention"),
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
            "the head chosen by its lead over the first noun",
            "You choose the head by how far it beats the first noun, or on the prompts in which the first noun is "
            "wrong. Asked for is the head with the highest rate on all of `choose`; what it has to beat comes "
            "afterwards, as rates beside its own.",
            _variant(by="over first"),
        ),
        Misconception(
            "the head chosen by its lead over the distance",
            "You choose the head by how far it beats the fixed distance, or on the prompts in which the distance is "
            "wrong. Asked for is the head with the highest rate on all of `choose`; the rules are rates to compare "
            "with afterwards.",
            _variant(by="over distance"),
        ),
        Misconception(
            "the head chosen by its lead over the previous token",
            "You choose the head by its looks at the subject minus its looks at the token before the last. Looking "
            "there is one way among others of not looking at the subject. Take the highest rate.",
            _variant(by="over previous"),
        ),
        Misconception(
            "the head chosen by its lead over the last token",
            "You choose the head by its looks at the subject minus its looks at the last token. Looking there is one "
            "way among others of not looking at the subject. Take the highest rate.",
            _variant(by="over last"),
        ),
        Misconception(
            "two kinds of prompts weighed alike",
            "You average two rates, one over the prompts in which the first noun is the subject, one over the "
            "others. There are not equally many of both, and the rate is asked for: the share of all prompts in "
            "`choose`.",
            _variant(by="balanced"),
        ),
        Misconception(
            "the head chosen where the first noun is right",
            "You choose the head on those prompts in which the first noun is the subject. There a head that always "
            "looks at the first noun is perfect. Choose on all of `choose`.",
            _variant(by="easy"),
        ),
        Misconception(
            "the best layer first",
            "You choose the layer whose heads are best on average, and then a head in it. The best head may stand "
            "beside poor ones. Take the highest entry of the whole table.",
            _variant(by="layer"),
        ),
        Misconception(
            "the last layer only",
            "You choose among the heads of the last layer. The head with the highest rate may be in any layer.",
            _variant(by="last layer"),
        ),
        Misconception(
            "the first layer only",
            "You choose among the heads of the first layer. The head with the highest rate may be in any layer.",
            _variant(by="first layer"),
        ),
        Misconception(
            "the head chosen by mean attention",
            "You choose the head that pays most to the subject on average, and then count its looks. A head that "
            "always pays a little more to something else can have a high mean. Choose by the rate, too: how often "
            "the subject gets the most.",
            switches={"by": "mean"},
        ),
        Misconception(
            "the head chosen by mean attention without [BOS]",
            "You choose the head by its mean attention to the subject, as a share of what does not go to [BOS], and "
            "then count its looks. A head that always pays a little more to something else can have a high mean. "
            "Choose by the rate, too.",
            switches={"by": "mean apart"},
        ),
        Misconception(
            "the head chosen by the usual attention",
            "You choose the head from which the subject usually gets the most attention (the median, or the most "
            "prompts won against other heads), and then count its looks. How much is not asked: choose by the rate, "
            "how often it is more than any other source gets.",
            _variant(by="median"),
        ),
        Misconception(
            "the head chosen by more than half of the attention",
            "You choose the head that most often pays more than half of its attention to the subject. Asked for is "
            "how often the subject gets more than any other source, [BOS] apart, however much that is.",
            _variant(by="half"),
        ),
        Misconception(
            "the head chosen by mean lead",
            "You choose the head by how much more the subject gets than the source next to it in attention, on "
            "average. A few sharp looks then count for more than many. Choose by the rate: how often the subject "
            "gets the most.",
            _variant(by="lead"),
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
            "the distance chosen on the hard prompts only",
            "You choose the distance on those prompts in which the first noun is not the subject. The rule is scored "
            "on all kinds of prompts, so choose it on all of `choose`.",
            switches={"distance": "hard"},
        ),
        Misconception(
            "the distance of prompts that begin with the subject",
            "You choose the distance on those prompts in which the first noun is the subject. The rule is scored on "
            "all kinds of prompts, so choose it on all of `choose`.",
            _variant(distance="easy"),
        ),
        Misconception(
            "the distance of the first noun",
            "You take the commonest of end - first. The fixed distance is to hit the verb's noun: take the commonest "
            "of end - subject.",
            _variant(distance="first"),
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
            switches={"bos": "counted"},
        ),
        Misconception(
            "prompts with a rest are left out",
            "You leave out the prompts in which [BOS] gets the most, so a head that rests nearly always is judged by "
            "a few prompts. Leave source 0 out of each row, and keep all prompts.",
            _variant(bos="dropped"),
        ),
        Misconception(
            "the head chosen without its rests",
            "You choose the head on those prompts in which [BOS] does not get the most, so one that rests nearly "
            "always is judged by a few prompts. Leave source 0 out of each row, and keep all prompts.",
            _variant(by="awake"),
        ),
        Misconception(
            "the last token left out",
            "You leave the last token out, so no head can look at it. That may be the verb's noun itself, and a head "
            "that pays itself the most does not look at the subject. Leave out [BOS] alone.",
            switches={"look": "earlier"},
        ),
        Misconception(
            "the mean attention",
            "You average the attention paid to the subject. A head that always pays a little more to something else "
            "can have a high mean. Asked for is how often the subject gets the most.",
            switches={"look": "mean"},
        ),
        Misconception(
            "the mean attention without [BOS]",
            "You average the subject's share of the attention that does not go to [BOS]. A head that always pays a "
            "little more to something else can have a high mean. Asked for is how often the subject gets the most.",
            _variant(look="mean apart"),
        ),
        Misconception(
            "the mean lead",
            "You average by how much the subject gets more than the next source. That measures how sharp a look is. "
            "Asked for is in how many prompts the subject gets the most.",
            _variant(look="lead"),
        ),
        Misconception(
            "more than half of the attention",
            "You count a look where the subject gets more than half of the attention. Asked for is that it gets more "
            "than any other source, [BOS] apart, however much that is.",
            switches={"look": "half"},
        ),
        Misconception(
            "how often the head looks at the first noun",
            "Your `first_noun` is how often the head looks at the first noun. Asked for is what a rule scores that "
            "needs no head: the share of prompts in which the first noun is the subject.",
            _variant(first_noun="looks at first"),
        ),
        Misconception(
            "how often the head looks so far back",
            "Your `offset` is how often the head looks at the usual distance. Asked for is what a rule scores that "
            "needs no head: the share of prompts in which the subject stands at that distance.",
            _variant(offset="looks so far"),
        ),
        Misconception(
            "the distance in place of its rate",
            "Your `offset` is the distance itself. Asked for is the share of prompts in which the subject stands so "
            "far back.",
            _variant(offset="number"),
        ),
        Misconception(
            "a number in place of a share",
            "You count prompts. Asked for are shares, between 0 and 1: divide by the number of prompts in the half "
            "that is scored.",
            switches={"number": "count"},
        ),
        Misconception(
            "per cent",
            "Your rates are in per cent. Asked for are shares, between 0 and 1.",
            _variant(number="per cent"),
        ),
        Misconception(
            "divided by the number of all prompts",
            "You count on ~choose and divide by the number of all prompts. Divide by the number of those on which "
            "you counted.",
            _variant(number="of all"),
        ),
        Misconception(
            "rounded rates",
            "You round the rates to two places. Return them as they are, and round where they are printed.",
            switches={"number": "rounded"},
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
