"""Whatever an answer returned, as plain data that can be compared without running any of the learner's code again.

A learner's object may override `__eq__`, a tensor subclass may override every operator. What is compared is therefore
rebuilt from builtins, plain tensors and arrays; anything else becomes an `Odd` that equals nothing.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import types
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import torch

MAX_DEPTH = 12
MAX_ITEMS = 100_000


@dataclasses.dataclass(frozen=True, eq=False)
class Odd:
    """Something that has no plain form, described for the learner."""

    description: str


class _TooMuch(Exception):
    """There are more items than anybody would return on purpose."""


def plain(thing: Any) -> Any:
    """Return `thing` rebuilt from exact builtins, CPU tensors and numpy arrays; `Odd` where that cannot be done."""
    try:
        return _Rebuilding().rebuild(thing)
    except _TooMuch:
        return Odd(f"a {type(thing).__name__} that holds more than {MAX_ITEMS:,} items in all")


class _Rebuilding:
    """One thing on its way to plain data: how many items it may still have, and the containers one is inside of."""

    def __init__(self) -> None:
        self.room = MAX_ITEMS
        self.inside: list[int] = []

    def rebuild(self, thing: Any) -> Any:
        if thing is None or type(thing) in (bool, int, float, complex, str, Odd):  # Odd: it has been here before
            return thing
        simple = _scalar_or_array(thing)
        if simple is not _NEITHER:
            return simple
        if id(thing) in self.inside:
            return Odd(f"a {type(thing).__name__} that contains itself")
        if len(self.inside) > MAX_DEPTH:
            return Odd("something nested more than a dozen levels deep")
        self.inside.append(id(thing))
        try:
            return self._container(thing)
        finally:
            self.inside.pop()

    def _items(self, things: Iterable[Any]) -> list[Any]:
        items = []
        for thing in things:
            self.room -= 1
            if self.room < 0:
                raise _TooMuch
            items.append(self.rebuild(thing))
        return items

    def _container(self, thing: Any) -> Any:
        kind = type(thing)
        if isinstance(thing, (set, frozenset)):
            try:
                return set(self._items(thing))
            except TypeError:
                return Odd("a set of things that cannot be compared")
        if isinstance(thing, tuple):
            return tuple(self._items(thing))
        if isinstance(thing, _SERIES):
            return self._items(thing)
        if isinstance(thing, Mapping):
            keys = list(itertools.islice(thing, self.room + 1))
            items = self._items(thing[key] for key in keys)
            try:
                return dict(zip(map(self._key, keys), items, strict=True))
            except TypeError:
                return Odd(f"a {kind.__name__} with keys that cannot be compared")
        if kind.__module__.split(".")[0] == "pandas":
            if hasattr(thing, "columns"):
                return {str(name): self._items(thing[name]) for name in thing.columns}
            return self._items(thing)
        if dataclasses.is_dataclass(kind):
            names = [f.name for f in dataclasses.fields(kind)]
            return dict(zip(names, self._items(getattr(thing, name, None) for name in names), strict=True))
        return Odd(_what(thing))

    def _key(self, key: Any) -> Any:
        simple = self.rebuild(key)
        known = simple is None or isinstance(simple, (bool, int, float, complex, str, tuple))
        return simple if known else repr(type(key))


_NEITHER = object()
_SERIES: Any = (list, range, collections.deque, type({}.keys()), type({}.values()), type({}.items()))


def _scalar_or_array(thing: Any) -> Any:
    """A number, text, tensor or array as plain data; _NEITHER for anything else."""
    if isinstance(thing, torch.Tensor):
        return _plain_tensor(thing)
    if isinstance(thing, np.generic):
        item = thing.item()
        if isinstance(item, np.floating):  # longdouble has no Python type of its own
            return float(item)
        return item if type(item) in (bool, int, float, complex, str) else Odd(f"a {type(item).__name__}")
    if isinstance(thing, np.ndarray):
        if thing.dtype == object:
            return Odd("a numpy array of Python objects")
        array = np.array(thing, copy=True, subok=False)
        return _scalar_or_array(array[()]) if array.ndim == 0 else array
    if type(thing) in (Fraction, Decimal):
        return float(thing)
    for exact, take in _EXACT.items():  # subclasses: take the number, leave the methods
        if isinstance(thing, exact):
            return take(thing)
    return _NEITHER


_EXACT: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    str: str.__str__,
}


def _plain_tensor(thing: torch.Tensor) -> Any:
    with torch._C.DisableTorchFunctionSubclass():
        try:
            tensor = thing.detach()
            if tensor.device.type != "cpu":
                return Odd(f"a tensor on device {str(tensor.device)!r}, while the inputs are on the CPU")
            if tensor.is_nested:
                return Odd("a nested tensor, whose rows differ in length")
            if tensor.layout is not torch.strided:
                tensor = tensor.to_dense()
            if tensor.is_quantized:
                tensor = tensor.dequantize()
            tensor = tensor.as_subclass(torch.Tensor).resolve_conj().resolve_neg().clone()
        except (RuntimeError, TypeError):  # such as one that lives in a transformation (vmap, grad)
            return Odd(f"a tensor of an unusual kind ({type(thing).__name__})")
        return tensor if type(tensor) is torch.Tensor else Odd(f"a tensor of the class {type(thing).__name__}")


def _what(thing: Any) -> str:
    kind = type(thing)
    if thing is ...:
        return "the placeholder `...`"
    if isinstance(thing, types.CoroutineType):
        thing.close()  # or Python would warn, at some later time, that nobody awaited it
        return "a coroutine, which has not run yet (write `def`, not `async def`)"
    if isinstance(thing, types.GeneratorType) or kind in (map, filter, zip, reversed, enumerate):
        return f"a {kind.__name__} object, which has not produced anything yet (wrap it in list(...))"
    if isinstance(thing, type):
        return f"the class {thing.__name__} itself, not an object of it"
    if callable(thing) and not isinstance(thing, torch.nn.Module):
        return "a function (is a pair of brackets missing, or a call?)"
    return f"an object of type {kind.__name__}"


def digits(number: int) -> str:
    """A whole number in writing; Python refuses to write out very long ones."""
    length = int(number.bit_length() * 0.30103)
    return str(number) if length < 40 else f"{'-' * (number < 0)}(a number of some {length} digits)"


def describe(thing: Any) -> str:
    """A few words for what a plain thing is: `a float32 tensor of shape (3, 4)`."""
    if isinstance(thing, Odd):
        return thing.description
    if isinstance(thing, torch.Tensor):
        kind = str(thing.dtype).removeprefix("torch.")
        return f"a {kind} tensor with no axes" if thing.ndim == 0 else f"a {kind} tensor of shape {tuple(thing.shape)}"
    if isinstance(thing, np.ndarray):
        return f"a numpy array of shape {thing.shape}"
    if thing is None:
        return "None"
    if type(thing) is int:
        return f"the int {digits(thing)}"
    if isinstance(thing, (bool, float, complex)):
        return f"the {type(thing).__name__} {thing}"
    if isinstance(thing, str):
        return f"the text {thing[:40]!r}"
    plural = "" if len(thing) == 1 else "s"
    return f"a {type(thing).__name__} of {len(thing)} item{plural}"
