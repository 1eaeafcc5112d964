"""Whatever an answer returned, as plain data that can be compared without running any of the learner's code again.

A learner's object may override `__eq__`, a tensor subclass may override every operator. What is compared is therefore
rebuilt from builtins, plain tensors and arrays; anything else becomes an `Odd` that equals nothing.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

MAX_DEPTH = 12
MAX_ITEMS = 100_000


@dataclasses.dataclass(frozen=True, eq=False)
class Odd:
    """Something that has no plain form, described for the learner."""

    description: str


def plain(thing: Any, depth: int = 0) -> Any:
    """Return `thing` rebuilt from exact builtins, CPU tensors and numpy arrays; `Odd` where that cannot be done."""
    kind = type(thing)
    if thing is None or kind in (bool, int, float, complex, str):
        return thing
    if depth > MAX_DEPTH:
        return Odd("something nested more than a dozen levels deep")
    if isinstance(thing, torch.Tensor):
        return _plain_tensor(thing)
    if isinstance(thing, np.generic):
        return thing.item()
    if isinstance(thing, np.ndarray):
        return (
            Odd("a numpy array of Python objects") if thing.dtype == object else np.array(thing, copy=True, subok=False)
        )
    for exact in (bool, int, float, complex, str):  # subclasses: take the number, leave the methods
        if isinstance(thing, exact):
            return exact.__str__(thing) if exact is str else _number(exact, thing)
    if isinstance(thing, (set, frozenset)):
        return _plain_set(thing, depth)
    if isinstance(thing, (list, tuple, range, type({}.keys()), type({}.values()))):
        if len(thing) > MAX_ITEMS:
            return Odd(f"a {kind.__name__} of {len(thing):,} items")
        items = [plain(item, depth + 1) for item in thing]
        return tuple(items) if isinstance(thing, tuple) else items
    if isinstance(thing, Mapping):
        return {_key(key): plain(item, depth + 1) for key, item in thing.items()}
    return _plain_other(thing, depth)


def _number(exact: type, thing: Any) -> Any:
    return {int: int.__int__, float: float.__float__, complex: complex.__complex__}[exact](thing)


def _plain_tensor(thing: torch.Tensor) -> Any:
    with torch._C.DisableTorchFunctionSubclass():
        tensor = thing.detach()
        if tensor.device.type != "cpu":
            return Odd(f"a tensor on device {str(tensor.device)!r}, while the inputs are on the CPU")
        if tensor.layout is not torch.strided:
            tensor = tensor.to_dense()
        if tensor.is_quantized:
            tensor = tensor.dequantize()
        return tensor.as_subclass(torch.Tensor).resolve_conj().resolve_neg().clone()


def _plain_set(thing: Any, depth: int) -> Any:
    items = [plain(item, depth + 1) for item in thing]
    try:
        return set(items)
    except TypeError:
        return Odd("a set of things that cannot be compared")


def _key(key: Any) -> Any:
    simple = plain(key)
    return simple if simple is None or isinstance(simple, (bool, int, float, complex, str, tuple)) else repr(type(key))


def _plain_other(thing: Any, depth: int) -> Any:
    kind = type(thing)
    if kind.__module__.split(".")[0] == "pandas":
        if hasattr(thing, "columns"):
            return {str(name): plain(list(thing[name]), depth + 1) for name in thing.columns}
        return plain(list(thing), depth + 1)
    if dataclasses.is_dataclass(kind):
        fields = {f.name: plain(getattr(thing, f.name, None), depth + 1) for f in dataclasses.fields(kind)}
        return fields
    if thing is ...:
        return Odd("the placeholder `...`")
    if isinstance(thing, types.GeneratorType) or kind in (map, filter, zip, reversed, enumerate):
        return Odd(f"a {kind.__name__} object, which has not produced anything yet (wrap it in list(...))")
    if isinstance(thing, type):
        return Odd(f"the class {thing.__name__} itself, not an object of it")
    if callable(thing) and not isinstance(thing, torch.nn.Module):
        return Odd("a function (is a pair of brackets missing, or a call?)")
    return Odd(f"an object of type {kind.__name__}")


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
    if isinstance(thing, (bool, int, float, complex)):
        return f"the {type(thing).__name__} {thing}"
    if isinstance(thing, str):
        return f"the text {thing[:40]!r}"
    plural = "" if len(thing) == 1 else "s"
    return f"a {type(thing).__name__} of {len(thing)} item{plural}"
