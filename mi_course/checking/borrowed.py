"""Recognises the course's own code handed in as an answer: that is looking ahead, not solving."""

from __future__ import annotations

import dis
import functools
import importlib
import sys
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
        if not str(answer.__module__).startswith("mi_course."):
            inner.extend(_named_in(answer))
    elif not isinstance(answer, (type, functools.partial, types.MethodType)):
        inner.append(vars(type(answer)).get("__call__"))  # an object that is called
    inner.append(getattr(answer, "__dict__", {}).get("__wrapped__"))  # decorated, with a cache perhaps
    for part in inner:
        if isinstance(part, (types.FunctionType, functools.partial, types.MethodType, type)) and part is not object:
            found.extend(_within(part, depth - 1))
    return found


def _named_in(function: types.FunctionType) -> list[Any]:
    names, attributes = _names(function.__code__)
    cells: list[Any] = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for cell in function.__closure__ or ():
        try:
            cells.append(cell.cell_contents)
        except ValueError:  # a cell that is not filled yet
            continue
    found = cells + [function.__globals__[name] for name in names if name in function.__globals__]
    modules = [
        thing for thing in found if isinstance(thing, types.ModuleType) and thing.__name__.startswith("mi_course")
    ]
    modules += [sys.modules[name] for name in names if name.startswith("mi_course") and name in sys.modules]
    return found + [vars(module)[name] for module in modules for name in attributes if name in vars(module)]


def _names(code: types.CodeType) -> tuple[set[str], set[str]]:
    """The names in a piece of code, inner functions and comprehensions included: of variables, and after a dot."""
    names, attributes = set(), set()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "IMPORT_NAME"):
            names.add(step.argval)
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"):
            attributes.add(step.argval)
        elif isinstance(step.argval, types.CodeType):
            inner = _names(step.argval)
            names |= inner[0]
            attributes |= inner[1]
    return names, attributes
