"""Vector arithmetic beside what a nearest neighbour does."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

CHAPTER = "mechanistic"

QUESTIONS: list[Question] = [
    Question(
        name="capitals_by_arithmetic",
        text="story continues `the capital of peru is` with the right capital every time. Of questions such as "
        "`france is to paris as peru is to …`, what share does vector arithmetic in its embedding get right? (From 0 "
        "to 1; it counts as come true within 0.1.)",
        kind=float,
        low=0,
        high=1,
        comes_true=lambda value, outcome: abs(value - outcome) <= 0.1,
    ),
]


def _ask(answer: Any, case: Case) -> Any:
    """The answer's word for every question of the case, asked one after another."""
    vectors, *words = case.args
    given = [answer(vectors, a, b, c) for a, b, c in zip(*words, strict=True)]
    # One number each, in whatever form it came.
    single = all(isinstance(g, (int, np.integer)) or (isinstance(g, Tensor) and g.numel() == 1) for g in given)
    return [int(g) for g in given] if single else given


# --- analogy ----------------------------------------------------------------------------------------------------------


def _reference(vectors: Tensor, a: int, b: int, c: int) -> int:
    units = vectors / vectors.norm(dim=1, keepdim=True)
    target = units[b] - units[a] + units[c]
    similar = units @ target  # the length of the target is the same for all words
    similar[[a, b, c]] = -torch.inf
    return int(similar.argmax())


def _questions(rows: list[Any]) -> tuple[list[int], list[int], list[int]]:
    """All a, all b and all c."""
    a, b, c = ([row[i] for row in rows] for i in range(3))
    return a, b, c


def _by_search(vectors: Tensor, all_a: list[int], all_b: list[int], all_c: list[int]) -> list[int]:
    """Every word's cosine in plain Python and double precision, one at a time."""
    rows = vectors.double().tolist()

    def length(row: list[float]) -> float:
        return sum(x * x for x in row) ** 0.5

    units = [[x / length(row) for x in row] for row in rows]
    found = []
    for a, b, c in zip(all_a, all_b, all_c, strict=True):
        target = [y - x + z for x, y, z in zip(units[a], units[b], units[c], strict=True)]
        best, word = -2.0, -1
        for i, unit in enumerate(units):
            cosine = sum(x * y for x, y in zip(unit, target, strict=True)) / length(target)
            if i not in (a, b, c) and cosine > best:
                best, word = cosine, i
        found.append(word)
    return found


def _with_numpy(vectors: Tensor, a: int, b: int, c: int) -> Any:
    rows = vectors.numpy()
    units = rows / np.linalg.norm(rows, axis=1)[:, None]
    distance = np.linalg.norm(units - (units[b] - units[a] + units[c]), axis=1)
    return next(word for word in np.argsort(distance) if word not in (a, b, c))


def _with_three_cosines(vectors: Tensor, a: int, b: int, c: int) -> Tensor:
    """3CosAdd as Levy & Goldberg write it: cos(x, b) - cos(x, a) + cos(x, c)."""
    cosine = torch.nn.functional.cosine_similarity
    score = sum(
        sign * cosine(vectors, vectors[word].expand_as(vectors), dim=1) for sign, word in ((1, b), (-1, a), (1, c))
    )
    order = torch.as_tensor(score).argsort(descending=True)
    return order[~torch.isin(order, torch.tensor([a, b, c]))][0]


def _variant(
    *,
    signs: tuple[int, int, int] = (-1, 1, 1),
    left_out: str = "abc",
    before: bool = True,
    after: str = "cosine",
    pick: str = "highest",
    blank: str = "infinity",
    names: str = "all words",
) -> Callable[..., int]:
    """The answer with one or two things done otherwise. signs: of a, b and c."""

    def analogy(vectors: Tensor, a: int, b: int, c: int) -> int:
        units = vectors / vectors.norm(dim=1, keepdim=True)
        base = units if before else vectors
        target = signs[0] * base[a] + signs[1] * base[b] + signs[2] * base[c]
        if after == "cosine":
            similar = units @ target
        elif after == "dot":
            similar = vectors @ target
        elif after == "distance":
            similar = -(vectors - target).norm(dim=1)
        else:
            near = (units @ base[[a, b, c]].T + 1) / 2
            similar = near[:, 1] * near[:, 2] / (near[:, 0] + 1e-3)
        if names == "words left":
            left = [word for word in range(len(vectors)) if word not in (a, b, c)]
            return int(similar[left].argmax())
        wrong = 0.0 if blank == "zero" else -torch.inf if pick == "highest" else torch.inf
        for name, word in zip("abc", (a, b, c), strict=True):
            if name in left_out:
                similar[word] = wrong
        return int(similar.argmax() if pick == "highest" else similar.argmin())

    return analogy


def _inputs_in_front(draw: Draw) -> Case:
    """Three inputs on one side and all other words on the other: whichever input may be answered, one comes out."""
    words, d = 16, 7
    ahead, across = torch.linalg.qr(draw.normal(f"{d} {d}")).Q.T[:2]
    inputs = torch.stack([ahead, ahead + 0.5 * across, ahead - 0.5 * across])
    noise = draw.normal(f"{words - 3} {d}")
    noise = noise - torch.outer(noise @ ahead, ahead) - torch.outer(noise @ across, across)
    lengths = torch.exp(draw.normal(f"{words}", sd=0.5)).unsqueeze(1)
    order = torch.randperm(words, generator=draw.generator)
    vectors = (torch.cat([inputs, noise - ahead]) * lengths)[order]
    places = [int((order == i).nonzero()) for i in range(3)]
    questions = [tuple(places[i] for i in row) for row in itertools.permutations(range(3))]
    return Case("16 words, of which all but the inputs point away from the target", (vectors, *_questions(questions)))


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, words: int, d: int, mean: float, spread: float) -> Case:
        lengths = torch.exp(draw.normal(f"{words}", sd=spread))
        vectors = draw.normal(f"{words} {d}", mean=mean) * lengths.unsqueeze(1)
        # Related pairs, so that inputs and their neighbours lie close as they do among real words.
        vectors[1::2] = vectors[::2] * 0.7 + 0.7 * draw.normal(f"{words // 2} {d}") + draw.normal(f"{d}", sd=0.6)
        questions = [tuple(draw.sample(range(words), 3)) for _ in range(10)]
        questions += [(2 * i, 2 * i + 1, 2 * j) for i, j in (draw.sample(range(words // 2), 2) for _ in range(15))]
        return Case(label, (vectors, *_questions(questions)))

    return [
        _inputs_in_front(draw),
        case("40 words of 6 numbers, of very different lengths", 40, 6, 0.0, 0.8),
        case("30 words of 12 numbers that share a mean", 30, 12, 0.5, 0.5),
        case("60 words of 4 numbers", 60, 4, 0.2, 0.3),
    ]


analogy = Exercise(
    name="analogy",
    chapter=CHAPTER,
    section="0.8",
    title="a is to b as c is to …",
    core=False,
    difficulty=2,
    minutes=10,
    points=2,
    prerequisites=("mean_cosine",),
    hints=(
        "Three steps: bring every vector to length 1, compute b - a + c, and find the word with the largest cosine to "
        "it, other than a, b and c.",
        "The cosine with the target is, up to the target's own length (the same for all words), the dot product of a "
        "word's unit vector with it: units @ target. To leave words out, set their entries to -infinity before argmax.",
        "units = vectors / vectors.norm(dim=1, keepdim=True); similar = units @ (units[b] - units[a] + units[c]); "
        "similar[[a, b, c]] = -torch.inf; and the answer is int(similar.argmax()).",
    ),
    reference=_reference,
    oracle=Oracle("a search over all words in plain Python and double precision", _by_search, observes=True),
    cases=_cases,
    driver=_ask,
    variant=_variant,
    alternatives={"numpy and distances between units": _with_numpy, "three cosines": _with_three_cosines},
    misconceptions=(
        Misconception(
            "the inputs are not left out",
            "You let a, b and c be answered. The word nearest to b - a + c is then nearly always b or c itself, so "
            "that what you measure is whether an input happens to be the answer. Leave out all three. (That one has "
            "to do so in order to get anything is a finding in its own right, and comes next.)",
            switches={"left_out": ""},
        ),
        Misconception(
            "a can be answered",
            "You leave out b and c, and a can still be answered. It is subtracted, so that it is rarely nearest; but "
            "where a lies between b and c it is. Leave out all three inputs.",
            switches={"left_out": "bc"},
        ),
        Misconception(
            "b can be answered",
            "You leave out a and c, and b can still be answered. It is part of the sum, and the word nearest to b - a "
            "+ c is very often b itself. Leave out all three inputs.",
            switches={"left_out": "ac"},
        ),
        Misconception(
            "c can be answered",
            "You leave out a and b, and c can still be answered. It is part of the sum, and the word nearest to b - a "
            "+ c is very often c itself. Leave out all three inputs.",
            switches={"left_out": "ab"},
        ),
        Misconception(
            "zero for minus infinity",
            "You set the similarity of a, b and c to 0 so that they are not answered. Where all other cosines are "
            "negative, 0 is the largest, and one of them comes out after all. Use -torch.inf.",
            switches={"blank": "zero"},
        ),
        Misconception(
            "a place in the shorter list",
            "You take a, b and c out of the list and answer the place in what is left. There every word behind one of "
            "them has moved up. Answer the place among all words: keep the list whole and set the three entries to "
            "-torch.inf.",
            switches={"names": "words left"},
        ),
        Misconception(
            "only c is left out",
            "You leave out c, and a and b can still be answered. The word nearest to b - a + c is very often b itself. "
            "Leave out all three inputs.",
            switches={"left_out": "c"},
        ),
        Misconception(
            "only b is left out",
            "You leave out b, and a and c can still be answered. The word nearest to b - a + c is very often c itself. "
            "Leave out all three inputs.",
            switches={"left_out": "b"},
        ),
        Misconception(
            "the step the other way",
            "You compute a - b + c: from c you go the way that leads from b to a. The step from a to b is b - a.",
            switches={"signs": (1, -1, 1)},
        ),
        Misconception(
            "c and b change roles",
            "You compute a - c + b or the like: c is subtracted. That asks what is to a as b is to c. The step is b - "
            "a, and c is where it starts.",
            switches={"signs": (1, 1, -1)},
        ),
        Misconception(
            "nothing is subtracted",
            "You add b and c and leave a out of the sum. That finds what lies between b and c, and would do so if a "
            "were any other word. The step is b - a.",
            switches={"signs": (0, 1, 1)},
        ),
        Misconception(
            "the neighbour of c",
            "Your answer is the word nearest to c, and a and b play no part in it. That is the baseline which this "
            "section comes to; first compute b - a + c.",
            switches={"signs": (0, 0, 1)},
        ),
        Misconception(
            "the neighbour of b",
            "Your answer is the word nearest to b, and a and c play no part in it. Compute b - a + c.",
            switches={"signs": (0, 1, 0)},
        ),
        Misconception(
            "long vectors win",
            "You compare the target with vectors of any length, by the dot product. Then long vectors, often those of "
            "frequent words, win whichever way they point. Nearest is meant by cosine: divide each word's vector by "
            "its length.",
            switches={"after": "dot"},
        ),
        Misconception(
            "the sum of raw vectors",
            "You add the vectors as they are and normalise afterwards. Then the longest of a, b and c settles where "
            "the sum points. Bring the vectors to length 1 before you add.",
            switches={"before": False},
        ),
        Misconception(
            "distance to vectors of any length",
            "You take the word at the smallest distance, with vectors that have their own lengths. A word that points "
            "the right way but is long is then far. Nearest is meant by cosine.",
            switches={"after": "distance"},
        ),
        Misconception(
            "no length is made 1",
            "You add the raw vectors and compare by the dot product: nothing is brought to length 1. Long vectors then "
            "settle both the sum and the answer.",
            switches={"before": False, "after": "dot"},
        ),
        Misconception(
            "multiplied, not added",
            "You multiply and divide similarities. That is 3CosMul, another rule (Levy & Goldberg 2014), which weighs "
            "a large similarity less. Asked for here is the sum, b - a + c.",
            switches={"after": "multiplied"},
        ),
        Misconception(
            "the farthest word",
            "Your answer is the word with the smallest cosine. The most similar word has the largest.",
            switches={"pick": "lowest"},
        ),
    ),
)


# --- rival -----------------------------------------------------------------------------------------------------
# The experiment of "Break this claim". Any rule counts that gets the answers where the claim is false and does
# not get them where it is true, so what is compared is which of the two it does, not which words it names.

NEIGHBOURS = "where each answer stands beside c, and no step is shared"
STEP = "where a shared step leads from c to the answer"


def _neighbours(draw: Draw, d: int, pairs: int) -> Tensor:
    """Pairs of near words; what leads from one to the other is different noise in every pair."""
    first = draw.normal(f"{pairs} {d}")
    second = first + draw.normal(f"{pairs} {d}", sd=0.12)
    return torch.stack([first, second], dim=1).reshape(2 * pairs, d)


def _step(draw: Draw, d: int, pairs: int) -> Tensor:
    """Pairs with one long step in common, and beside every first word another one that is nearer to it.

    Only just nearer, by cosine, by dot product and by distance alike: then even a rule that takes a tenth of the step
    gets the answers, whatever the seed, and a rule that looks at c alone does not.
    """
    unit = torch.nn.functional.normalize
    way = unit(draw.normal(f"{d}"), dim=0)

    def apart(rows: Tensor, *from_what: Tensor) -> Tensor:
        for other in from_what:
            rows = rows - (rows * other).sum(-1, keepdim=True) * other
        return unit(rows, dim=1)

    first = apart(draw.normal(f"{pairs} {d}"), way)
    second = first + 1.6 * way + draw.normal(f"{pairs} {d}", sd=0.004)  # its cosine to the first is 0.53
    both = torch.stack([first, second], dim=1).reshape(2 * pairs, d)
    aside = apart(draw.normal(f"{pairs} {d}"), way, first)
    beside = 1.85 * (0.58 * first + (1 - 0.58**2) ** 0.5 * aside)
    return torch.cat([both, beside])


def _spaces(draw: Draw) -> list[Case]:
    cases = []
    for label, make in ((NEIGHBOURS, _neighbours), (STEP, _step)):
        for d, pairs in ((40, 12), (60, 9)):
            chosen = [draw.sample(range(pairs), 2) for _ in range(20)]
            questions = [(2 * i, 2 * i + 1, 2 * j) for i, j in chosen]
            cases.append(Case(f"{pairs} pairs, {label}", (make(draw, d, pairs), *_questions(questions))))
    return cases


def _what_it_answers(case: Case, given: Any) -> Any:
    questions = list(zip(*case.args[1:], strict=True))
    if not isinstance(given, list) or not all(isinstance(word, int) for word in given):
        return {"what it gives": "not the id of one word for each question"}
    kinds = Counter(
        "the right word" if word == c + 1 else "one of a, b and c" if word in (a, b, c) else "another word"
        for word, (a, b, c) in zip(given, questions, strict=True)
    )
    most, times = kinds.most_common(1)[0]
    if STEP in case.label:
        right = kinds["the right word"] > 0.2 * len(questions)
        return {"the rule gets the answers": right, "mostly": most if right else "not the right word"}
    return {"the rule gets the answers": times >= 0.8 * len(questions) and most == "the right word", "mostly": most}


def _needed(vectors: Tensor, a: list[int], b: list[int], c: list[int]) -> dict[str, Any]:
    """What a telling rule does in a space: measured is whether the steps of its pairs have something in common."""
    shared = (vectors[b] - vectors[a]).mean(0)
    if float(shared.norm()) > 1:
        return {"the rule gets the answers": False, "mostly": "not the right word"}
    return {"the rule gets the answers": True, "mostly": "the right word"}


def _nearest_to(place: int, leave_out: bool = True) -> Callable[..., int]:
    def rule(vectors: Tensor, a: int, b: int, c: int) -> int:
        units = torch.nn.functional.normalize(vectors, dim=1)
        similar = units @ units[(a, b, c)[place]]
        if leave_out:
            similar[[a, b, c]] = -torch.inf
        return int(similar.argmax())

    return rule


def _nearest_by_distance(vectors: Tensor, a: int, b: int, c: int) -> Any:
    distance = np.linalg.norm(vectors.numpy() - vectors[c].numpy(), axis=1)
    return np.argsort(distance)[1]  # the nearest of all is c itself


def _nearest_by_dot(vectors: Tensor, a: int, b: int, c: int) -> Tensor:
    similar = vectors @ vectors[c]
    similar[[a, b, c]] = -torch.inf
    return similar.argmax()


def _part_of_the_step(share: float) -> Callable[..., int]:
    def rule(vectors: Tensor, a: int, b: int, c: int) -> int:
        units = torch.nn.functional.normalize(vectors, dim=1)
        similar = units @ (share * (units[b] - units[a]) + units[c])
        similar[[a, b, c]] = -torch.inf
        return int(similar.argmax())

    return rule


rival = Exercise(
    name="rival",
    chapter=CHAPTER,
    section="0.8",
    title="Break this claim: the rule beside it",
    core=False,
    difficulty=3,
    minutes=15,
    points=3,
    prerequisites=("analogy",),
    hints=(
        "Ask what else could make the arithmetic come out right. Its target is c plus a step. What if the step hardly "
        "matters?",
        "If b - a is small, or points anywhere, then the target is about c; and with c left out, the word nearest to "
        "it is the word nearest to c. Write the rule that does that on purpose, without b and a in the sum.",
        "Your analogy with units[c] in place of units[b] - units[a] + units[c], and with a, b and c left out as "
        "before.",
    ),
    reference=_nearest_to(2),
    oracle=Oracle("whether the pairs of a planted space have a step in common", _needed, observes=True),
    cases=_spaces,
    driver=_ask,
    observe=_what_it_answers,
    alternatives={
        "the nearest by distance": _nearest_by_distance,
        "the nearest by dot product": _nearest_by_dot,
        "the step taken the wrong way": _variant(signs=(1, -1, 1)),
    },
    misconceptions=(
        Misconception(
            "the arithmetic again",
            "Your rule gets the answers in both kinds of space, so it cannot tell them apart: a common step still "
            "helps it, be it because b - a is in the sum or because b alone is. Write a rule that cannot profit from "
            "a common step, and yet is right where the answer merely stands beside c.",
            _variant(),
        ),
        Misconception(
            "the inputs come out",
            "Your rule answers one of its inputs where the claim is false. That the arithmetic does so, too, when it "
            "may, shows that its target is not near the answer. It does not show where the right answers came from "
            "when the inputs are left out. Write a rule that gets those answers without the step.",
            _variant(left_out=""),
        ),
        Misconception(
            "an input itself",
            "Your rule answers a, b or c itself. Leave out the inputs as the arithmetic does: only then is it seen "
            "what c alone is worth.",
            _nearest_to(2, leave_out=False),
        ),
        Misconception(
            "a rule that is nowhere right",
            "Your rule gets the answers in neither kind of space, as guessing would, or the word nearest to b. It "
            "shows that the arithmetic is better than that, which the claim says as well. What speaks against the "
            "claim is a rule that is as good as the arithmetic without using the relation.",
            _nearest_to(1),
        ),
    ),
)

EXERCISES: list[Exercise] = [analogy, rival]
