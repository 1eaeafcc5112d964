"""Finds exercises. The engine knows where chapters keep them (`mi_course.exercises`), but no chapter by name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from mi_course.checking.exercise import Exercise
from mi_course.errors import CourseError, did_you_mean

PACKAGE = "mi_course.exercises"


class UnknownExercise(CourseError):
    """No exercise goes by that name."""


def chapters() -> list[str]:
    """Names of the chapters that have exercises, in the order of the course's map (`mi_course.exercises.ORDER`)."""
    package = importlib.import_module(PACKAGE)
    present = {module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_")}
    return [name for name in package.ORDER if name in present] + sorted(present - set(package.ORDER))


@cache
def _table(chapter: str) -> dict[str, Exercise]:
    module = importlib.import_module(f"{PACKAGE}.{chapter}")
    table: dict[str, Exercise] = {}
    for exercise in module.EXERCISES:
        if exercise.chapter != chapter:
            raise ValueError(f"{exercise.id} stands in the file of chapter {chapter!r}.")
        if exercise.name in table:
            raise ValueError(f"Two exercises of chapter {chapter!r} are called {exercise.name!r}.")
        table[exercise.name] = exercise
    return table


def exercises(chapter: str | None = None) -> list[Exercise]:
    """All exercises of a chapter, or of the course, in the order in which they are met."""
    names = chapters()
    if chapter is None:
        return [exercise for name in names for exercise in _table(name).values()]
    if chapter not in names:
        raise UnknownExercise(
            f"There is no chapter {chapter!r}.{did_you_mean(chapter, names)} There are: {', '.join(names)}."
        )
    return list(_table(chapter).values())


def find(exercise_id: str) -> Exercise:
    """The exercise with this id (`chapter.name`); a bare name will do where only one exercise has it."""
    chapter, _, name = str(exercise_id).rpartition(".")
    if chapter:
        if chapter in chapters() and name in _table(chapter):
            return _table(chapter)[name]
    else:
        found = [exercise for exercise in exercises() if exercise.name == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownExercise(
                f"{name!r} is in several chapters: {', '.join(e.id for e in found)}. Give the whole id."
            )
    everything = exercises()
    hint = did_you_mean(exercise_id, [e.id for e in everything]) or did_you_mean(name, [e.name for e in everything])
    raise UnknownExercise(f"There is no exercise {str(exercise_id)!r}.{hint} `mi-course list` shows them all.")
