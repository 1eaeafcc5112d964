"""Makes an exercise of items: its reference, its alternatives and its misconceptions follow from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mi_course.checking.drivers import value
from mi_course.checking.exercise import Case, Exercise, Misconception, Oracle
from mi_course.checking.items import Items

_BY_READING = "the items were sorted by reading the paper; no other way of computing what it says exists"


def sorting(
    items: Items,
    *,
    name: str,
    chapter: str,
    section: str,
    title: str,
    hints: Sequence[str],
    minutes: int,
    core: bool = False,
    difficulty: int = 2,
    points: int = 2,
    oracle: Oracle | None = None,
    alternatives: Mapping[str, Any] | None = None,
    prerequisites: Sequence[str] = (),
) -> Exercise:
    """An exercise whose answer is `{key: label or set of labels}`.

    items: what is to be sorted, see `Items`. Each of its traps becomes a misconception.
    oracle: where the right labels can be derived in another way (from facts about each item, say), a function without
        arguments that returns `{key: label or set of labels}`; the bank holds it against the items.
    alternatives: right answers, as functions without arguments, beside the ones made here (lists, other spellings,
        the other answers that can be defended).
    """
    return Exercise(
        name=name,
        chapter=chapter,
        section=section,
        title=title,
        core=core,
        difficulty=difficulty,
        minutes=minutes,
        points=points,
        hints=hints,
        reference=lambda: items.key,
        oracle=oracle or Oracle("the course's own reading", lambda: items.key, same_as_reference=_BY_READING),
        cases=lambda draw: [Case(f"your {len(items)} answers")],
        alternatives={**_spelt_otherwise(items), **(alternatives or {})},
        misconceptions=[
            Misconception(trap, message, _falling_for(items, trap)) for trap, message in items.traps.items()
        ],
        prerequisites=prerequisites,
        driver=value,
        items=items,
    )


def _falling_for(items: Items, trap: str) -> Callable[[], dict[str, Any]]:
    return lambda: items.fallen_for(trap)


def _spelt_otherwise(items: Items) -> dict[str, Callable[[], Any]]:
    """The same answer in other words, and the other answers that can be defended."""
    right = {item.key: sorted(item.accepted[0]) for item in items}
    found: dict[str, Callable[[], Any]] = {
        "lists of labels": lambda: right,
        "capitals and spaces": lambda: {
            f" {key.upper()}": tuple(f"{label.upper()} " for label in labels) for key, labels in right.items()
        },
        "the last defensible answer": lambda: {item.key: item.accepted[-1] for item in items},
    }
    if items.marks:
        marked = [key for key, labels in right.items() if labels == [items.marks]]
        found["a list of the marked ones"] = lambda: marked
        found["a set of the marked ones"] = lambda: {*marked}
        found["true and false"] = lambda: {key: key in marked for key in right}
    return found
