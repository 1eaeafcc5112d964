"""What tests from outside show, and what they cannot rule out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

CHAPTER = "mechanistic"

QUESTIONS: list[Question] = [
    Question(
        name="second_noun",
        text="Three seeds of story hardly ever fail when one phrase (near the cars) stands between subject and verb. "
        "With a second one, how many of the three fail more than a quarter of the cases?",
        low=0,
        high=3,
    ),
]

FUNCTIONALITY, INVARIANCE, DIRECTION = "minimum functionality", "invariance", "direction"


# --- behavioural_test -------------------------------------------------------------------------------------------------
# The models are planted: how each case comes out is drawn first, then probabilities that make it come out so.

_RATE: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
"""The planted failure rate of each model handed to an answer."""

# Which answer is the most probable after each prompt (g: the right one), and whether the case fails.
_FUNCTIONALITY_PLANS = (("g", False), ("x", True), ("gg", False), ("ggx", True), ("xg", True), ("ggg", False))
_INVARIANCE_PLANS = (
    ("ggg", False),
    ("xxx", False),
    ("gxg", True),
    ("xg", True),
    ("ggx", True),
    ("xy", True),
    ("gg", False),
    ("gyyy", True),
)
# Which answer is the most probable after each prompt, how far the probability of the right one has moved after each
# changed prompt, in tolerances, and whether the case fails.
_DIRECTION_PLANS = (
    (("gg", (3.0,)), False),
    (("gg", (-0.6,)), False),
    (("gx", (-0.2,)), False),
    (("gx", (-3.0,)), True),
    (("xgg", (0.4, 2.0)), False),
    (("ggx", (2.0, -2.5)), True),
    (("gxg", (-2.0, 3.0)), True),
    (("gggg", (-0.5, -0.7, 1.5)), False),
    (("gxx", (-1.6, -2.0)), True),
    (("ggg", (-0.6, -1.2)), True),
    (("ggg", (1.5, -0.3)), False),
    (("xx", (-0.2,)), False),
    (("xx", (-1.6,)), True),
    (("gg", (-1.2,)), True),
    (("xg", (0.4,)), False),
)


# One change a case, in numbers in which every other reading of "direction" has a rate of its own.
_ONE_CHANGE = (
    *[(("gg", (3.0,)), False)] * 2,
    (("gg", (-0.6,)), False),
    *[(("gx", (-0.2,)), False)] * 2,
    (("xg", (0.4,)), False),
    *[(("xx", (-0.2,)), False)] * 3,
    *[(("xx", (-1.6,)), True)] * 4,
)


# A fall in steps that are each within the tolerance, and a fall from a height that the original did not have: in
# unequal numbers, so that comparing neighbours gives another rate.
_SMALL_STEPS = (
    *[(("ggg", (-0.6, -1.2)), True)] * 2,
    (("ggg", (1.5, -0.3)), False),
    *[(("gg", (3.0,)), False)] * 2,
)


def _model(rows: dict[str, dict[str, float]], rate: float) -> Callable[[Sequence[str]], list[dict[str, float]]]:
    def model(prompts: Sequence[str]) -> list[dict[str, float]]:
        if isinstance(prompts, str):
            raise TypeError("The model takes a list of prompts; for a single one write model([prompt])[0].")
        return [dict(rows[prompt]) for prompt in prompts]

    _RATE[model] = rate
    return model


def _case(draw: Draw, label: str, kind: str, tolerance: float, plans: Sequence[tuple[Any, bool]]) -> Case:
    rng = np.random.default_rng(draw.integer(0, 10**6))
    rows: dict[str, dict[str, float]] = {}
    cases, failed = [], 0
    for number, place in enumerate(rng.permutation(len(plans)).tolist()):
        plan, fails = plans[place]
        words = [str(word) for word in rng.permutation(["paris", "rome", "oslo", "cairo"])[:3]]
        names = [f"case {number}, as it was"] + [f"case {number}, changed {i + 1}" for i in range(4)]
        if kind == DIRECTION:
            names = names[: len(plan[0])]
            tops, steps = plan
            # Below one half, so that another answer can be ahead of this one, and above one third, so that none need.
            base = float(rng.uniform(0.465, 0.475))
            chances = [base, *(base + step * tolerance for step in steps)]
            for name, chance, top in zip(names, chances, tops, strict=True):
                split = float(rng.uniform(*((0.49, 0.51) if top == "g" else (0.94, 0.98)))) * (1 - chance)
                rows[name] = {words[1]: split, words[0]: chance, words[2]: 1 - chance - split}
        else:
            names = names[: len(plan)]
            for name, top in zip(names, plan, strict=True):
                # The most probable answer need not have one half.
                low = np.sort(rng.uniform(0.27, 0.31, 2) if rng.random() < 0.5 else rng.uniform(0.02, 0.24, 2))
                others = [word for word in words if word != words["gxy".index(top)]]
                row = {words["gxy".index(top)]: 1 - float(low.sum()), **dict(zip(others, low.tolist(), strict=True))}
                rows[name] = {word: row[word] for word in sorted(row)}
        cases.append((tuple(names), words[0]))
        failed += fails
    return Case(label, (_model(rows, failed / len(plans)), cases, kind, tolerance))


def _cases(draw: Draw) -> list[Case]:
    def several(plans: Sequence[tuple[Any, bool]], most: int) -> list[tuple[Any, bool]]:
        return [plan for plan in plans for _ in range(draw.integer(1, most))]

    return [
        _case(
            draw,
            "minimum functionality, one prompt a case",
            FUNCTIONALITY,
            0.1,
            [*_FUNCTIONALITY_PLANS[:2] * 2, ("g", False)],
        ),
        _case(
            draw,
            "minimum functionality, up to three prompts a case",
            FUNCTIONALITY,
            0.1,
            several(_FUNCTIONALITY_PLANS, 3),
        ),
        _case(draw, "invariance, up to three changes a case", INVARIANCE, 0.1, several(_INVARIANCE_PLANS, 3)),
        _case(draw, "invariance, a model that is always wrong in the same way", INVARIANCE, 0.1, [("xxx", False)] * 4),
        _case(draw, "invariance, each plan once", INVARIANCE, 0.05, _INVARIANCE_PLANS),
        _case(draw, "direction, tolerance 0.1", DIRECTION, 0.1, several(_DIRECTION_PLANS, 3)),
        _case(draw, "direction, tolerance 0.05", DIRECTION, 0.05, several(_DIRECTION_PLANS, 2)),
        _case(draw, "direction, one change a case", DIRECTION, 0.1, _ONE_CHANGE),
        _case(draw, "direction, small steps", DIRECTION, 0.1, _SMALL_STEPS),
        _case(draw, "direction, one case that falls", DIRECTION, 0.1, [(("gx", (-2.0,)), True)]),
    ]


def _top(answers: dict[str, float]) -> str:
    return max(answers, key=answers.__getitem__)


def _variant(
    *,
    unit: str = "case",
    together: str = "any",
    functionality: str = "most probable",
    invariance: str = "own",
    direction: str = "by more than the tolerance",
    report: str = "failures",
) -> Callable[..., float]:
    """The answer with one or two things done otherwise."""

    def moved(before: dict[str, float], after: dict[str, float], answer: str, tolerance: float) -> bool:
        rise = after[answer] - before[answer]
        return {
            "by more than the tolerance": rise < -tolerance,
            "at all": rise < 0,
            "must rise": rise < tolerance,
            "reversed": rise > tolerance,
            "either way": abs(rise) > tolerance,
            "relative": rise < -tolerance * before[answer],
            "top answer": _top(after) != _top(before),
            "own answer": after[_top(before)] - before[_top(before)] < -tolerance,
            "when right": rise < -tolerance or _top(before) != answer,
            "answer too": rise < -tolerance or _top(after) != _top(before),
            "neighbours": rise < -tolerance,
        }[direction]

    def test(model: Any, cases: Any, kind: str, tolerance: float) -> float:
        failed: list[list[bool]] = []
        for prompts, answer in cases:
            first, *rest = model(list(prompts))
            if kind == FUNCTIONALITY:
                found = [
                    each[answer] < 0.5 if functionality == "half" else _top(each) != answer for each in (first, *rest)
                ]
            elif kind == DIRECTION:
                before = [first, *rest[:-1]] if direction == "neighbours" else [first] * len(rest)
                found = [moved(*pair, answer, tolerance) for pair in zip(before, rest, strict=True)]
            elif invariance == "gold":
                found = [_top(each) != answer for each in rest]
            elif invariance == "gold, all":
                found = [_top(each) != answer for each in (first, *rest)]
            elif invariance == "probabilities":
                found = [any(abs(each[w] - first[w]) > tolerance for w in each) for each in rest]
            elif invariance == "when right" and _top(first) != answer:
                continue
            elif invariance == "right to wrong":
                found = [_top(first) == answer != _top(each) for each in rest]
            else:
                found = [_top(each) != _top(first) for each in rest]
            failed.append(found)
        if unit == "prompt":
            flat = [each for found in failed for each in found]
        else:
            choose = {"any": any, "all": all, "first": lambda found: found[0]}[together]
            flat = [choose(found) for found in failed]
        if report == "count":
            return float(sum(flat))
        share = sum(flat) / max(len(flat), 1)
        return 1 - share if report == "passes" else share

    return test


def _reference(model: Any, cases: Any, kind: str, tolerance: float) -> float:
    failures = 0
    for prompts, answer in cases:
        given = model(prompts)
        tops = [max(each, key=each.get) for each in given]
        if kind == "minimum functionality":
            fails = any(top != answer for top in tops)
        elif kind == "invariance":
            fails = any(top != tops[0] for top in tops[1:])
        else:
            fails = any(each[answer] < given[0][answer] - tolerance for each in given[1:])
        failures += fails
    return failures / len(cases)


def _by_sets(model: Any, cases: Any, kind: str, tolerance: float) -> Any:
    """Written differently: how many different answers a case has, and the lowest probability."""
    failed = []
    for prompts, answer in cases:
        answers = [sorted(model([prompt])[0].items(), key=lambda item: -item[1]) for prompt in prompts]
        tops = {each[0][0] for each in answers}
        if kind.startswith("min"):
            failed.append(tops != {answer})
        elif kind.startswith("inv"):
            failed.append(len(tops) > 1)
        else:
            chances = [dict(each)[answer] for each in answers]
            failed.append(chances[0] - min(chances) > tolerance)
    return np.mean(failed)


def _by_neighbours(model: Any, cases: Any, kind: str, tolerance: float) -> float:
    """All prompts in one call; each answer beside the one before it, which comes to the same for invariance."""
    given = iter(model([prompt for prompts, _ in cases for prompt in prompts]))
    passed = 0
    for prompts, answer in cases:
        rows = [next(given) for _ in prompts]
        best = [max(row.values()) for row in rows]
        tops = [
            next(word for word, chance in row.items() if chance == most) for row, most in zip(rows, best, strict=True)
        ]
        good = {
            "minimum functionality": tops.count(answer) == len(tops),
            "invariance": all(a == b for a, b in itertools.pairwise(tops)),
            "direction": not any(row[answer] + tolerance < rows[0][answer] for row in rows),
        }[kind]
        passed += good
    return (len(cases) - passed) / len(cases)


behavioural_test = Exercise(
    name="behavioural_test",
    chapter=CHAPTER,
    section="0.5",
    title="A test from outside",
    core=False,
    difficulty=2,
    minutes=15,
    points=2,
    hints=(
        "Go case by case. Ask the model for all prompts of the case, decide whether the case fails, and count the "
        "cases that do. The rate is that count divided by the number of cases.",
        "The model's answer to a prompt is the key with the largest value: max(row, key=row.get). For invariance "
        "compare the answers to the changed prompts with the answer to the first one; `answer` is not needed there.",
        "tops = [max(row, key=row.get) for row in model(prompts)]. Invariance: any(top != tops[0] for top in "
        "tops[1:]). Direction: any(row[answer] < rows[0][answer] - tolerance for row in rows[1:]). Minimum "
        "functionality: any(top != answer for top in tops).",
    ),
    reference=_reference,
    oracle=Oracle("the failures that were planted in the models", lambda model, cases, kind, tolerance: _RATE[model]),
    cases=_cases,
    variant=_variant,
    alternatives={"sets, one prompt at a time": _by_sets, "one call, neighbours compared": _by_neighbours},
    misconceptions=(
        Misconception(
            "a rate over prompts",
            "You count prompts: your number is the share of prompts (or of comparisons) that go wrong. A case with "
            "many changed prompts then weighs more than one with few. A case fails as a whole, as soon as one of its "
            "prompts does, and the rate is over cases.",
            switches={"unit": "prompt"},
        ),
        Misconception(
            "invariance against the right answer",
            "Your invariance test compares the changed prompts with the right answer. That measures accuracy once "
            "more. Invariance asks whether the model's own answer moves: compare with its answer to the first prompt, "
            "right or wrong.",
            switches={"invariance": "gold"},
        ),
        Misconception(
            "every answer has to be right",
            "In your invariance test a case fails when any of its answers, the first included, is wrong. A model that "
            "is wrong in the same way each time is perfectly invariant. Compare with the model's own first answer.",
            switches={"invariance": "gold, all"},
        ),
        Misconception(
            "invariance where the model was right",
            "You leave out the cases whose first answer is wrong. What you get is a failure rate among the cases that "
            "the model can do. An invariance test needs no right answer, which is its use: take all cases.",
            switches={"invariance": "when right"},
        ),
        Misconception(
            "only from right to wrong",
            "You let an invariance case fail only when a right answer becomes a wrong one. An answer that goes from "
            "wrong to right, or from one wrong word to another, has moved as well, with a change that should not have "
            "mattered.",
            switches={"invariance": "right to wrong"},
        ),
        Misconception(
            "invariance of the probabilities",
            "Your invariance test fails a case when a probability moves by more than the tolerance. That asks for "
            "more than is asked here: the answer, the most probable word, has to stay the same. The tolerance belongs "
            "to the direction test.",
            switches={"invariance": "probabilities"},
        ),
        Misconception(
            "only when all fail",
            "Your case fails only if every one of its prompts does. Then more changes make a test easier to pass. One "
            "change that moves the answer is a counterexample: any, not all.",
            switches={"together": "all"},
        ),
        Misconception(
            "only the first change",
            "You look at the first prompt that can fail in each case and at none after it. A case may have any number "
            "of prompts, and it fails if any of them does.",
            switches={"together": "first"},
        ),
        Misconception(
            "no tolerance",
            "In your direction test a case fails as soon as the probability falls at all. Probabilities of a trained "
            "model nearly always move a little; that would count noise. A case fails when it falls by more than the "
            "tolerance.",
            switches={"direction": "at all"},
        ),
        Misconception(
            "it has to rise",
            "Your direction test asks the probability to rise by the tolerance. Where it was near 1 it cannot. What is "
            "asked is that it does not fall by more than the tolerance.",
            switches={"direction": "must rise"},
        ),
        Misconception(
            "the other direction",
            "Your direction test fails the cases in which the probability of `answer` rises. The changed prompts give "
            "as much reason for it or more: a fall is the failure.",
            switches={"direction": "reversed"},
        ),
        Misconception(
            "a move either way",
            "Your direction test fails a case when the probability moves by more than the tolerance, up or down. That "
            "is an invariance test of a probability. Only a fall is a failure here.",
            switches={"direction": "either way"},
        ),
        Misconception(
            "a relative tolerance",
            "You allow the probability to fall by a share of what it was. The tolerance is a difference of "
            "probabilities: p after < p before - tolerance fails.",
            switches={"direction": "relative"},
        ),
        Misconception(
            "answers in a direction test",
            "Your direction test compares the most probable answers. They can stay the same while a probability falls "
            "from 0.99 to 0.5, and that fall is what the test is for: compare the probability of `answer`.",
            switches={"direction": "top answer"},
        ),
        Misconception(
            "the model's own answer in a direction test",
            "Your direction test follows the probability of the model's own first answer. What should not fall is "
            "given with the case: `answer`, which need not be the most probable one.",
            switches={"direction": "own answer"},
        ),
        Misconception(
            "direction where the model was right",
            "Your direction test also fails the cases in which the model's first answer is not `answer`. Whether the "
            "model is right is not asked here. Only the move of a probability is, from wherever it began.",
            switches={"direction": "when right"},
        ),
        Misconception(
            "the answer has to stay as well",
            "Your direction test also fails a case when the most probable answer changes. A probability can stay "
            "within the tolerance while another one overtakes it, and that is no failure here.",
            switches={"direction": "answer too"},
        ),
        Misconception(
            "each change beside the one before",
            "Your direction test compares each prompt with the one before it. Every changed prompt is a change of the "
            "original, so compare each with the first.",
            switches={"direction": "neighbours"},
        ),
        Misconception(
            "half of the probability",
            "Your test of minimum functionality asks for a probability of one half. The model's answer is its most "
            "probable one, and where three are possible that can have less.",
            switches={"functionality": "half"},
        ),
        Misconception(
            "the share that passes",
            "Your number is the share of cases that pass. CheckList reports failures: one minus yours.",
            switches={"report": "passes"},
        ),
        Misconception(
            "how many fail",
            "You count the failed cases. A rate is that number divided by the number of cases, so that tests of "
            "different sizes can be compared.",
            switches={"report": "count"},
        ),
    ),
)

EXERCISES: list[Exercise] = [behavioural_test]
