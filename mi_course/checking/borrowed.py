"""Recognises the course's own code handed in as an answer: that is looking ahead, not solving."""

from __future__ import annotations

import functools
import importlib
import types
from typing import Any

from mi_course.checking.exercise import Exercise


def borrowed(exercise: Exercise, answer: Any) -> str | None:
    """Return "reference" or "helper" when the answer is, or only wraps, the course's own solution; else None."""
    sources = {"reference": _code(exercise.reference), "helper": _code(_helper(exercise))}
    for candidate in _within(answer):
        code = _code(candidate)
        for kind, own in sources.items():
            if own is not None and code is own:
                return kind
    return None


def _helper(exercise: Exercise) -> Any:
    try:
        return getattr(importlib.import_module(f"mi_course.{exercise.chapter}"), exercise.name, None)
    except ImportError:
        return None


def _code(thing: Any) -> Any:
    """What makes two functions or classes the same one: the code object of a function, a class itself."""
    if isinstance(thing, types.FunctionType):
        return thing.__code__
    return thing if isinstance(thing, type) else None


def _within(answer: Any, depth: int = 3) -> list[Any]:
    """The answer and what it is made of: wrapped functions, bases of a class, and functions that its code names."""
    found = [answer]
    if depth == 0:
        return found
    inner: list[Any] = []
    if isinstance(answer, functools.partial):
        inner.append(answer.func)
    if isinstance(answer, types.MethodType):
        inner.append(answer.__func__)
    if isinstance(answer, type):
        inner.extend(answer.__bases__)
    if isinstance(answer, types.FunctionType):
        inner.append(getattr(answer, "__wrapped__", None))
        if not answer.__module__.startswith("mi_course."):
            inner.extend(_named_in(answer))
    for part in inner:
        if isinstance(part, (types.FunctionType, functools.partial, types.MethodType, type)) and part is not object:
            found.extend(_within(part, depth - 1))
    return found


def _named_in(function: types.FunctionType) -> list[Any]:
    names = function.__code__.co_names
    cells = []
    for cell in function.__closure__ or ():
        try:
            cells.append(cell.cell_contents)
        except ValueError:  # a cell that is not filled yet
            continue
    found = cells + [function.__globals__[name] for name in names if name in function.__globals__]
    modules = [
        thing for thing in found if isinstance(thing, types.ModuleType) and thing.__name__.startswith("mi_course")
    ]
    return found + [vars(module)[name] for module in modules for name in names if name in vars(module)]
