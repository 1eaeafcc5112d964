"""What has to hold of an exercise made of items, beyond what has to hold of every exercise."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from mi_course.checking.exercise import Exercise
from mi_course.checking.items import Item, Items, Labels
from mi_course.checking.judge import judge_exercise
from mi_course.checking.result import Status


def complaints(exercise: Exercise, items: Items) -> Iterator[tuple[str, Callable[[int], str]]]:
    """Name and test of every obligation that items bring along."""
    yield "items agree with the oracle", lambda seed: _agrees(exercise, items)
    yield "passes: every defensible answer", lambda seed: _defensible(exercise, items)
    yield "fails: any one item flipped", lambda seed: _flips(exercise, items)
    yield "recognises: every trap where it tempts once", lambda seed: _single_traps(exercise, items)
    yield "fails: every label everywhere", lambda seed: _everywhere(exercise, items, frozenset(items.labels))
    yield "fails: no label anywhere", lambda seed: _everywhere(exercise, items, frozenset())
    for label in items.labels:
        yield f"fails: {label} everywhere", functools.partial(_one_label, exercise, items, label)
    yield "not attempted: blanks", lambda seed: _blanks(exercise, items)


def _agrees(exercise: Exercise, items: Items) -> str:
    expected = items.read(exercise.oracle.expected()).given
    off = [item.key for item in items if expected.get(item.key) not in item.accepted]
    return f"the oracle says otherwise on {', '.join(off)}" if off else ""


def _defensible(exercise: Exercise, items: Items) -> str:
    for item in items:
        for labels in item.accepted:
            result = judge_exercise(exercise, {**items.key, item.key: labels})
            if not result.passed:
                return f"{item.key}: {sorted(labels)} is accepted and did not pass: {result}"
    return ""


def _flips(exercise: Exercise, items: Items) -> str:
    """One item wrong and all others right: caught, with a sentence, and blamed on that item alone."""
    for item in items:
        for labels in _wrong_answers(item, items):
            result = judge_exercise(exercise, {**items.key, item.key: labels})
            blamed = [case.label for case in result.cases if not case.passed]
            if result.status is not Status.PARTLY or blamed != [item.key]:
                return f"{item.key} answered {sorted(labels)}: {result.status}, blamed {blamed}"
            told = (item.feedback, *(tempting.sentence for tempting in item.tempting), *items.asks.values())
            if not any(text in result.message for text in told):
                return f"{item.key} answered {sorted(labels)}: nothing is said to it"
    return ""


def _wrong_answers(item: Item, items: Items) -> Iterator[Labels]:
    if items.several:
        near = [right ^ {label} for right in item.accepted for label in items.labels]
    else:
        near = [frozenset({label}) for label in items.labels]
    yield from (labels for labels in near if labels not in item.accepted)


def _single_traps(exercise: Exercise, items: Items) -> str:
    """The only wrong item fell into a trap: the trap is named, and its sentence is shown."""
    for item in items:
        for each in item.tempting:
            result = judge_exercise(exercise, {**items.key, item.key: each.labels})
            shared = {other.trap for other in item.tempting if other.labels == each.labels}
            if result.misconception not in shared or not any(
                other.sentence in result.message for other in item.tempting if other.trap in shared
            ):
                return f"{item.key}, {each.trap!r}: taken for {result.misconception!r}: {result}"
    return ""


def _everywhere(exercise: Exercise, items: Items, labels: Labels) -> str:
    result = judge_exercise(exercise, {item.key: labels for item in items})
    if result.passed or result.misconception:
        return f"judged «{result.status}», taken for {result.misconception!r}"
    return "" if result.message.strip() else "it was rejected without a word"


def _one_label(exercise: Exercise, items: Items, label: str, seed: int) -> str:
    return _everywhere(exercise, items, frozenset({label}))


def _blanks(exercise: Exercise, items: Items) -> str:
    blanks: tuple[Any, ...] = (..., {}, {item.key: ... for item in items}, {item.key: {...} for item in items})
    for blank in blanks:
        result = judge_exercise(exercise, blank)
        if result.status is not Status.NOT_ATTEMPTED:
            return f"{blank!r:.40} was judged «{result.status}»"
    return ""
