"""Expected against got: the first difference, said in words a learner can use."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course.checking.exercise import Tolerance
from mi_course.checking.plain import Odd, describe, digits

# Wider than torch.testing's, because a right answer may add the same numbers in another order.
TOLERANCES = {
    torch.float64: Tolerance(1e-7, 1e-9),
    torch.float32: Tolerance(1e-4, 1e-5),
    torch.float16: Tolerance(1e-2, 2e-3),
    torch.bfloat16: Tolerance(3e-2, 1e-2),
}
_COARSENESS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]


@dataclass(frozen=True)
class Difference:
    """kind: type, shape, dtype, nan, length, keys or values; sentence: what a learner reads."""

    kind: str
    sentence: str


@dataclass(frozen=True)
class Ruler:
    """How exactly to compare: a fixed tolerance, or one by the coarsest float type among inputs and results."""

    tolerance: Tolerance | None = None
    coarsest: torch.dtype = torch.float32
    axes: tuple[str, ...] = ()

    def between(self, *things: Any) -> Tolerance:
        if self.tolerance is not None:
            return self.tolerance
        dtypes = [self.coarsest] + [t.dtype for t in things if isinstance(t, Tensor) and t.dtype in TOLERANCES]
        return TOLERANCES[max(dtypes, key=_COARSENESS.index)]


EXACT = Ruler(Tolerance(0.0, 0.0))


def coarsest_float(things: Any) -> torch.dtype:
    """The least exact float type among inputs; float32 where there is none, since `.item()` hides the type."""
    found: list[torch.dtype] = []

    def visit(thing: Any) -> None:
        if isinstance(thing, Tensor) and thing.dtype in TOLERANCES:
            found.append(thing.dtype)
        elif isinstance(thing, dict):
            for item in thing.values():
                visit(item)
        elif isinstance(thing, (list, tuple)):
            for item in thing:
                visit(item)

    visit(things)
    return max(found, key=_COARSENESS.index) if found else torch.float32


def first_difference(expected: Any, got: Any, ruler: Ruler, where: str = "") -> Difference | None:
    """Compare two plain things; None when they agree within the ruler's tolerance."""
    at = f"{where}: " if where else ""
    if isinstance(got, Odd):
        return Difference("type", f"{at}expected {describe(expected)}, got {got.description}.")
    if got is None and expected is not None:
        hint = "" if where else " Is a return missing?"
        return Difference("type", f"{at}expected {describe(expected)}, got None.{hint}")
    if isinstance(expected, Tensor):
        return _tensor(expected, got, ruler, at)
    if isinstance(expected, np.ndarray):
        return _array(expected, got, ruler, at)
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        if isinstance(got, Tensor) and got.ndim == 0:
            got = got.item()
        if type(got) is not type(expected):
            return Difference("type", f"{at}expected {describe(expected)}, got {describe(got)}.")
        return None if got == expected else Difference("values", f"{at}expected {expected!r}, got {got!r}.")
    if isinstance(expected, (int, float, complex)):
        return _number(expected, got, ruler, at)
    if isinstance(expected, (list, tuple)):
        return _sequence(expected, got, ruler, where)
    if isinstance(expected, set):
        return _set(expected, got, at)
    if isinstance(expected, dict):
        return _mapping(expected, got, ruler, where)
    return Difference("type", f"{at}expected {describe(expected)}, got {describe(got)}.")


def _array(expected: np.ndarray, got: Any, ruler: Ruler, at: str) -> Difference | None:
    want, have = _as_tensor(expected), _as_tensor(got) if isinstance(got, np.ndarray) else got
    if want is not None and have is not None:
        return _tensor(want, have, ruler, at)
    if want is None and isinstance(got, np.ndarray) and got.shape == expected.shape:  # texts, dates
        same = bool(np.array_equal(expected, got))
        return None if same else Difference("values", f"{at}expected {expected.tolist()}, got {got.tolist()}.")
    return Difference("type", f"{at}expected {describe(expected)}, got {describe(got)}.")


def _as_tensor(thing: Any, dtype: torch.dtype | None = None) -> Tensor | None:
    """The thing as a tensor, or None where torch has no such numbers."""
    try:
        return torch.as_tensor(thing, dtype=dtype)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def _number(expected: Any, got: Any, ruler: Ruler, at: str) -> Difference | None:
    tolerance = ruler.between(got)  # while it is known that the number was computed in half precision, say
    if isinstance(got, Tensor) and got.ndim == 0:
        got = got.item()
    if isinstance(got, Tensor) and got.numel() == 1:
        return Difference("shape", f"{at}expected one number, got {describe(got)}; `.squeeze()` or index it.")
    if isinstance(got, bool) or not isinstance(got, (int, float, complex)):
        return Difference("type", f"{at}expected a number, got {describe(got)}.")
    if got != got and expected == expected:
        return Difference("nan", f"{at}expected {_short(expected)}, got NaN (a division 0/0, or a mean of nothing).")
    return None if _close(expected, got, tolerance) else Difference("values", f"{at}{_pair(expected, got)}.")


def _close(expected: Any, got: Any, tolerance: Tolerance) -> bool:
    if expected == got or (expected != expected and got != got):  # the second: both are NaN
        return True
    if isinstance(expected, int) and isinstance(got, int):
        return False
    try:
        gap, allowed = abs(got - expected), tolerance.absolute + tolerance.relative * abs(expected)
    except OverflowError:  # a whole number beyond all floats
        return False
    if isinstance(expected, int):
        allowed = min(allowed, 0.25)  # a tolerance must not let another whole number pass
    return math.isfinite(allowed) and gap <= allowed


def _short(number: Any) -> str:
    if isinstance(number, float):
        return f"{number + 0.0:.4g}"  # adding zero turns -0 into 0
    return digits(number) if type(number) is int else str(number)


def _pair(want: Any, have: Any) -> str:
    """Both numbers, with as many digits as it takes to tell them apart."""
    texts = _short(want), _short(have)
    if texts[0] == texts[1] and isinstance(want, float) and isinstance(have, float):
        texts = f"{want:.8g}", f"{have:.8g}"
    return f"expected {texts[0]}, got {texts[1]}"


def _tensor(expected: Tensor, got: Any, ruler: Ruler, at: str) -> Difference | None:
    if isinstance(got, (bool, int, float, complex)):
        whole_for_float = type(got) is int and _family(expected) == "float"
        got = _as_tensor(got, expected.dtype if whole_for_float else None)
        if got is None:
            return Difference("type", f"{at}expected {describe(expected)}, got a number too large for a tensor.")
    if isinstance(got, (np.ndarray, list, tuple)):
        return _tensor_wanted(expected, got, ruler, at)
    if not isinstance(got, Tensor):
        return Difference("type", f"{at}expected {describe(expected)}, got {describe(got)}.")
    if got.shape != expected.shape:
        return Difference(
            "shape",
            f"{at}expected shape {_shape(expected, ruler)}, got {tuple(got.shape)}." + _shape_hint(expected, got),
        )
    if _family(got) != _family(expected):
        return Difference(
            "dtype", f"{at}expected {_FAMILY[_family(expected)]} (such as {_dtype(expected)}), got {_dtype(got)}."
        )
    if _family(expected) in ("bool", "int"):
        wrong = _signed(got) != _signed(expected)
        return _values(expected, got, wrong, ruler, at) if bool(wrong.any()) else None
    wide_expected, wide_got = _widen(expected), _widen(got)
    nans = wide_got.isnan() & ~wide_expected.isnan()
    if bool(nans.any()):
        where = f", first at {_first(nans, ruler)}" if nans.ndim else ""
        return Difference(
            "nan",
            f"{at}{_count(nans)} NaN{where}. "
            "NaN comes from 0/0, from inf − inf or from a softmax over a row that is all −inf.",
        )
    close = _isclose(wide_got, wide_expected, ruler.between(expected, got))
    return None if bool(close.all()) else _values(expected, got, ~close, ruler, at)


def _isclose(got: Tensor, expected: Tensor, tolerance: Tolerance) -> Tensor:
    close = torch.isclose(got, expected, rtol=tolerance.relative, atol=tolerance.absolute, equal_nan=True)
    return close | (got.isnan() & expected.isnan())  # complex NaN is not NaN to isclose


def _signed(t: Tensor) -> Tensor:
    """Whole numbers that can be compared: torch compares no unsigned ones with signed ones."""
    return t if t.dtype == torch.bool else t.to(torch.int64)


def _tensor_wanted(expected: Tensor, got: Any, ruler: Ruler, at: str) -> Difference:
    kind = "numpy array" if isinstance(got, np.ndarray) else type(got).__name__
    as_tensor = _as_tensor(got)
    if as_tensor is None:
        return Difference("type", f"{at}expected {describe(expected)}, got {describe(got)}.")
    if as_tensor.is_floating_point() and expected.is_floating_point():
        as_tensor = as_tensor.to(expected.dtype)
    right = _tensor(expected, as_tensor, ruler, "") is None
    verdict = "The numbers in it are right; return" if right else "Return"
    return Difference("type", f"{at}expected a torch tensor, got a {kind}. {verdict} a tensor: torch.as_tensor(...).")


_FAMILY = {
    "bool": "True/False entries",
    "int": "whole numbers",
    "float": "floating point numbers",
    "complex": "complex numbers",
}


def _family(t: Tensor) -> str:
    if t.dtype == torch.bool:
        return "bool"
    return "complex" if t.is_complex() else "float" if t.is_floating_point() else "int"


def _dtype(t: Tensor) -> str:
    return str(t.dtype).removeprefix("torch.")


def _widen(t: Tensor) -> Tensor:
    return t.to(torch.complex128 if t.is_complex() else torch.float64)


def _shape(expected: Tensor, ruler: Ruler) -> str:
    shape = str(tuple(expected.shape))
    named = len(ruler.axes) == expected.ndim > 0
    return f"{shape} ({', '.join(ruler.axes)})" if named else shape


def _shape_hint(expected: Tensor, got: Tensor) -> str:
    if expected.ndim == 0:
        return " One number is asked for: is a mean or a sum missing?"
    if got.numel() == expected.numel() and sorted(got.shape) == sorted(expected.shape):
        return " The same axes in another order."
    if got.ndim == expected.ndim + 1 and got.squeeze().shape == expected.squeeze().shape:
        return " An axis of size one is left over."
    return ""


def _count(mask: Tensor) -> str:
    wrong, total = int(mask.sum()), mask.numel()
    if total == 1:
        return "the result is"
    return f"all {total} entries are" if wrong == total else f"{wrong} of {total} entries are"


def _first(mask: Tensor, ruler: Ruler) -> str:
    index = mask.nonzero()[0].tolist()
    if len(ruler.axes) == len(index) > 0:
        return ", ".join(f"{axis} {i}" for axis, i in zip(ruler.axes, index, strict=True))
    return str(index)


def _values(expected: Tensor, got: Tensor, wrong: Tensor, ruler: Ruler, at: str) -> Difference:
    index = tuple(wrong.nonzero()[0].tolist())
    want, have = expected[index].item(), got[index].item()
    if expected.ndim == 0:
        sentence = f"{at}{_pair(want, have)}."
    else:
        sentence = f"{at}{_count(wrong)} wrong; first at {_first(wrong, ruler)}: {_pair(want, have)}."
        if _family(expected) == "float":
            gap = (_widen(got) - _widen(expected))[wrong].abs().max().item()
            sentence += f" Largest difference {gap:.3g}."
        elif _family(expected) == "int" and int(wrong.sum()) > 1:
            sentence += " " + _spread(wrong, ruler)
    return Difference("values", (sentence + relation(expected, got, ruler)).strip())


def _spread(wrong: Tensor, ruler: Ruler) -> str:
    columns = wrong.reshape(-1, wrong.shape[-1]).any(0).nonzero().flatten().tolist()
    if wrong.ndim < 2 or len(columns) == wrong.shape[-1]:
        return ""
    axis = ruler.axes[-1] if len(ruler.axes) == wrong.ndim else "last axis"
    shown = ", ".join(map(str, columns[:6])) + (" …" if len(columns) > 6 else "")
    return f"Only at {axis} {shown}."


def relation(expected: Tensor, got: Tensor, ruler: Ruler) -> str:
    """A sentence for a wrong result that is a plain transformation of the right one, else an empty string."""
    if _family(expected) in ("bool", "complex"):
        return " It is the exact opposite." if _family(expected) == "bool" and bool((got != expected).all()) else ""
    want, have = _widen(expected), _widen(got)
    if not bool(torch.isfinite(want).all() and torch.isfinite(have).all()) or want.numel() < 2:
        return ""

    # No laxer than the comparison that found the difference: or one wrong entry would pass for "all, a little".
    tolerance = ruler.between(expected, got)
    absolute = min(tolerance.absolute, tolerance.relative * float(want.abs().max()))

    def same(a: Tensor, b: Tensor) -> bool:
        return a.shape == b.shape and torch.allclose(a, b, rtol=tolerance.relative, atol=absolute)

    if float(want.std()) < 1e-9 or float(have.std()) < 1e-12:
        return " All your entries are the same number." if float(have.std()) < 1e-12 < float(want.std()) else ""
    if same(have, -want):
        return " It is the right result with its sign flipped."
    factor = float((have * want).sum() / (want * want).sum())
    if abs(factor) > 1e-6 and same(have, factor * want):
        return f" Everything is {factor:.6g} times the right result."
    shift = float((have - want).mean())
    if same(have, want + shift):
        return f" Everything is off by the same amount, {shift:+.4g}."
    for axis in range(want.ndim):
        name = ruler.axes[axis] if len(ruler.axes) == want.ndim else f"axis {axis}"
        if want.shape[axis] > 2:
            for step in (1, -1):
                if same(have, want.roll(step, axis)):
                    return f" It is the right result moved by one along {name}."
            if same(have, want.flip(axis)):
                return f" It is the right result reversed along {name}."
    if want.ndim >= 2 and same(have, want.transpose(-1, -2)):
        return " It is the right result transposed."
    return ""


def _sequence(expected: Any, got: Any, ruler: Ruler, where: str) -> Difference | None:
    at = f"{where}: " if where else ""
    if isinstance(got, Tensor) and got.ndim:
        got = list(got)
    if isinstance(got, np.ndarray):
        got = got.tolist()
    if not isinstance(got, (list, tuple)):
        return Difference("type", f"{at}expected {describe(expected)}, got {describe(got)}.")
    if len(got) != len(expected):
        return Difference("length", f"{at}expected {len(expected)} item{'s' * (len(expected) != 1)}, got {len(got)}.")
    for i, (want, have) in enumerate(zip(expected, got, strict=True)):
        difference = first_difference(want, have, ruler, f"{where} item {i}".strip())
        if difference:
            return difference
    return None


def _set(expected: set[Any], got: Any, at: str) -> Difference | None:
    if isinstance(got, (list, tuple)):
        with contextlib.suppress(TypeError):
            got = set(got)
    if not isinstance(got, set):
        return Difference("type", f"{at}expected {describe(expected)}, got {describe(got)}.")
    missing, extra = expected - got, got - expected
    if not missing and not extra:
        return None
    parts = [
        f"{word} {', '.join(sorted(map(str, items)))}"
        for word, items in (("missing", missing), ("too many:", extra))
        if items
    ]
    return Difference("values", f"{at}{'; '.join(parts)}.")


def _mapping(expected: dict[Any, Any], got: Any, ruler: Ruler, where: str) -> Difference | None:
    at = f"{where}: " if where else ""
    if not isinstance(got, dict):
        return Difference("type", f"{at}expected {describe(expected)}, got {describe(got)}.")
    # In the order of the keys: a property that failed says more than the ones that could not be looked at after it.
    for key, want in expected.items():
        if key not in got:
            missing = [str(each) for each in expected if each not in got]
            return Difference("keys", f"{at}missing {', '.join(missing)}.")
        difference = first_difference(want, got[key], ruler, f"{where}, {key}" if where else str(key))
        if difference:
            return difference
    extra = [str(key) for key in got if key not in expected]
    return Difference("keys", f"{at}not asked for: {', '.join(extra)}.") if extra else None
