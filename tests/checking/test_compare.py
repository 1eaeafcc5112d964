"""Expected against got: nothing differs from itself, and what was changed is found, placed and named."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from torch import Tensor

from mi_course.checking import Tolerance
from mi_course.checking.compare import EXACT, TOLERANCES, Ruler, coarsest_float, first_difference
from mi_course.checking.plain import MAX_ITEMS, Odd, describe, plain

RULER = Ruler()
FLOATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]

shapes = st_numpy.array_shapes(min_dims=1, max_dims=3, max_side=4)
doubles = shapes.flatmap(lambda shape: st_numpy.arrays(np.float64, shape, elements=st.floats(-100, 100)))
arrays = st.one_of(
    doubles,
    shapes.flatmap(lambda s: st_numpy.arrays(st_numpy.floating_dtypes(endianness="="), s)),
    shapes.flatmap(lambda s: st_numpy.arrays(st_numpy.integer_dtypes(endianness="="), s)),
    shapes.flatmap(lambda s: st_numpy.arrays(st_numpy.unsigned_integer_dtypes(endianness="="), s)),
    shapes.flatmap(lambda s: st_numpy.arrays(st_numpy.complex_number_dtypes(endianness="="), s)),
    shapes.flatmap(lambda s: st_numpy.arrays(np.bool_, s)),
    shapes.flatmap(lambda s: st_numpy.arrays("U2", s)),
)


def as_tensor(array: np.ndarray) -> Any:
    try:
        return torch.as_tensor(array)
    except TypeError:
        return array


numbers = st.one_of(st.integers(), st.floats(), st.complex_numbers(), st.booleans(), st.just(10**400))
things = st.recursive(
    st.one_of(st.none(), numbers, st.text(max_size=4), arrays, arrays.map(as_tensor)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(), st.tuples(st.integers())), inner, max_size=3),
        st.sets(st.integers(), max_size=3),
    ),
    max_leaves=6,
)

# --- properties -------------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(things)
def test_everything_equals_its_copy(thing: Any) -> None:
    for ruler in (RULER, EXACT):
        assert first_difference(plain(thing), plain(thing), ruler) is None


@settings(max_examples=50)
@given(things)
def test_plain_things_stay_as_they_are_when_made_plain_again(thing: Any) -> None:
    simple = plain(thing)
    assert first_difference(simple, plain(simple), EXACT) is None


@settings(max_examples=80)
@given(things, things)
def test_any_two_things_can_be_compared_and_described(expected: Any, got: Any) -> None:
    expected, got = plain(expected), plain(got)
    difference = first_difference(expected, got, RULER)
    if difference is not None:
        assert difference.sentence.endswith((".", "?", "tensor: torch.as_tensor(...).")), difference.sentence
        assert len(difference.sentence) < 2000
    assert describe(expected)


@given(doubles, st.data())
def test_a_changed_entry_is_found_and_its_place_is_named(array: np.ndarray, data: st.DataObject) -> None:
    assume(array.size > 1)
    index = tuple(data.draw(st.integers(0, n - 1)) for n in array.shape)
    changed = array.copy()
    changed[index] += data.draw(st.sampled_from([-1, 1])) * (1 + abs(array[index]))
    axes = ("batch", "dest", "src")[: array.ndim]
    for want, have in ((array, changed), (torch.as_tensor(array), torch.as_tensor(changed))):
        difference = first_difference(want, have, Ruler(axes=axes))
        assert difference is not None and difference.kind == "values"
        place = ", ".join(f"{axis} {i}" for axis, i in zip(axes, index, strict=True))
        assert f"1 of {array.size} entries are wrong; first at {place}: expected" in difference.sentence
        assert str(list(index)) in first_difference(want, have, RULER).sentence  # type: ignore[union-attr]


@given(st.lists(st.integers(), min_size=1, max_size=5), st.data())
def test_a_changed_item_is_found(items: list[int], data: st.DataObject) -> None:
    i = data.draw(st.integers(0, len(items) - 1))
    changed = [*items[:i], items[i] + 1, *items[i + 1 :]]
    assert first_difference(items, changed, RULER).sentence.startswith(f"item {i}: expected ")  # type: ignore[union-attr]
    difference = first_difference({"a": [items]}, {"a": [changed]}, RULER)
    assert difference is not None and difference.sentence.startswith(f"a item 0 item {i}: expected ")


# --- tolerance --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_tolerance_goes_by_the_type(dtype: torch.dtype) -> None:
    expected = torch.tensor([1.0, -3.0, 100.0], dtype=torch.float64)
    tolerance = TOLERANCES[dtype]
    ruler = Ruler(coarsest=dtype)
    room = tolerance.absolute + tolerance.relative * expected.abs()
    assert first_difference(expected, expected + 0.9 * room, ruler) is None
    assert first_difference(expected, expected + 1.1 * room, ruler) is not None
    assert first_difference(1.0, 1.0 + 0.9 * float(room[0]), ruler) is None
    assert first_difference(1.0, 1.0 + 1.1 * float(room[0]), ruler) is not None


@pytest.mark.parametrize("dtype", FLOATS)
def test_rounding_to_a_type_is_within_its_tolerance(dtype: torch.dtype) -> None:
    exact = torch.randn(1000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert first_difference(exact, exact.to(dtype), Ruler(coarsest=torch.float64)) is None


def test_the_coarsest_type_among_inputs_counts() -> None:
    half = torch.zeros(1, dtype=torch.float16)
    assert coarsest_float([torch.zeros(1), {"a": [1, (half,)]}]) is torch.float16
    assert coarsest_float([torch.zeros(1, dtype=torch.float64)]) is torch.float64
    assert coarsest_float([1, "a", torch.ones(2, dtype=torch.long)]) is torch.float32


def test_a_fixed_tolerance_goes_before_all() -> None:
    assert first_difference(1.0, 1.4, Ruler(Tolerance(0.0, 0.5))) is None
    assert first_difference(torch.ones(2), torch.ones(2) + 1e-6, EXACT) is not None


@given(st.integers(-(10**9), 10**9))
def test_no_tolerance_lets_another_whole_number_pass(n: int) -> None:
    assert first_difference(n, float(n), RULER) is None
    assert first_difference(n, n + 1, RULER) is not None
    assert first_difference(n, float(n + 1), RULER) is not None


# --- NaN and infinity -------------------------------------------------------------------------------------------------

SPECIAL = [math.nan, math.inf, -math.inf, 0.0]


@pytest.mark.parametrize("expected", SPECIAL)
@pytest.mark.parametrize("got", SPECIAL)
def test_nan_and_infinity(expected: float, got: float) -> None:
    same = expected == got or (math.isnan(expected) and math.isnan(got))
    for want, have in (
        (expected, got),
        (torch.tensor([expected, 1.0]), torch.tensor([got, 1.0])),
        (complex(expected, 1), complex(got, 1)),
        (torch.tensor([complex(expected, 1)]), torch.tensor([complex(got, 1)])),
    ):
        difference = first_difference(want, have, RULER)
        assert (difference is None) == same
        if not same and math.isnan(got):
            assert difference is not None and difference.kind == "nan"


def test_a_nan_is_placed() -> None:
    got = torch.zeros(2, 3)
    got[1, 2] = torch.nan
    sentence = first_difference(torch.zeros(2, 3), got, Ruler(axes=("row", "column"))).sentence  # type: ignore[union-attr]
    assert sentence.startswith("1 of 6 entries are NaN, first at row 1, column 2. NaN comes from 0/0")
    scalar = first_difference(torch.tensor(1.0), torch.tensor(torch.nan), RULER)
    assert scalar is not None and scalar.sentence.startswith("the result is NaN. NaN comes from")


# --- sentences --------------------------------------------------------------------------------------------------------

WANT = torch.randn(4, 4, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("got", "sentence"),
    [
        (-WANT, "It is the right result with its sign flipped."),
        (2.5 * WANT, "Everything is 2.5 times the right result."),
        (WANT / 4, "Everything is 0.25 times the right result."),
        (WANT + 0.5, "Everything is off by the same amount, +0.5."),
        (WANT - 3, "Everything is off by the same amount, -3."),
        (WANT.T, "It is the right result transposed."),
        (WANT.roll(1, 0), "It is the right result moved by one along dest."),
        (WANT.roll(-1, 1), "It is the right result moved by one along src."),
        (WANT.flip(0), "It is the right result reversed along dest."),
        (torch.ones(4, 4), "All your entries are the same number."),
    ],
)
def test_a_plain_transformation_is_recognised(got: Tensor, sentence: str) -> None:
    for dtype in (torch.float32, torch.float64):
        difference = first_difference(WANT.to(dtype), got.to(dtype), Ruler(axes=("dest", "src")))
        assert difference is not None and difference.sentence.endswith(" " + sentence)


def test_the_opposite_is_recognised() -> None:
    want = torch.tensor([True, False, True])
    assert first_difference(want, ~want, RULER).sentence.endswith("It is the exact opposite.")  # type: ignore[union-attr]


def test_counting_from_one_is_recognised() -> None:
    difference = first_difference(torch.arange(5), torch.arange(5) + 1, RULER)
    assert difference is not None and difference.sentence.endswith("Everything is off by the same amount, +1.")


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@given(data=st.data())
@settings(max_examples=30)
def test_no_transformation_is_claimed_where_one_entry_differs(scale: float, data: st.DataObject) -> None:
    """However small the difference, and however small the numbers."""
    want = scale * WANT.double()
    got = want.clone()
    i = data.draw(st.integers(0, 15))
    got.view(-1)[i] *= 1 + data.draw(st.sampled_from([2e-4, 5e-4, 1e-3, 0.1]))
    difference = first_difference(want, got, Ruler(Tolerance(1e-4, 0.0)))
    assert difference is not None
    assert difference.sentence.endswith(f"Largest difference {(got - want).abs().max():.3g}.")


@pytest.mark.parametrize(
    ("expected", "got", "sentence"),
    [
        (torch.zeros(2, 3), torch.zeros(3, 2), "expected shape (2, 3), got (3, 2). The same axes in another order."),
        (torch.zeros(2), torch.zeros(2, 1), "An axis of size one is left over."),
        (torch.tensor(1.0), torch.zeros(3), "One number is asked for: is a mean or a sum missing?"),
        (torch.zeros(2), torch.zeros(2).long(), "expected floating point numbers (such as float32), got int64."),
        (torch.zeros(2).long(), torch.zeros(2), "expected whole numbers (such as int64), got float32."),
        (torch.zeros(2).bool(), torch.zeros(2).int(), "expected True/False entries (such as bool), got int32."),
        (torch.tensor(2.0), torch.tensor(3.0), "expected 2, got 3."),
        (torch.tensor(1.0), torch.tensor(1.0003), "expected 1, got 1.0003."),
        (2.0, torch.zeros(1), "expected one number, got a float32 tensor of shape (1,); `.squeeze()` or index it."),
        (2.0, None, "expected the float 2.0, got None. Is a return missing?"),
        (2.0, "a", "expected a number, got the text 'a'."),
        (2, True, "expected a number, got the bool True."),
        (True, 1, "expected the bool True, got the int 1."),
        ("a", "b", "expected 'a', got 'b'."),
        ([1, 2], [1], "expected 2 items, got 1."),
        ({1, 2}, {2, 3}, "missing 1; too many: 3."),
        ({1, 2}, [2], "missing 1."),
        ({"a": 1}, {"b": 1}, "missing a."),
        ({"a": 1}, {"a": 1, "b": 2}, "not asked for: b."),
        ({"a": 1}, [1], "expected a dict of 1 item, got a list of 1 item."),
        (None, 3, "expected None, got the int 3."),
        (3, 10**500, "got (a number of some 500 digits)."),
        (
            torch.tensor([0, 0, 1]),
            torch.tensor([0, 2, 3]),
            "2 of 3 entries are wrong; first at [1]: expected 0, got 2.",
        ),
        (torch.zeros(2, 4).long(), torch.eye(4).long()[:2, [1, 0, 2, 3]], "Only at last axis 0, 1."),
        (np.zeros(2), np.array(["a", "b"]), "expected a numpy array of shape (2,), got a numpy array of shape (2,)."),
        (np.array(["a"]), np.array(["b"]), "expected ['a'], got ['b']."),
    ],
)
def test_a_sentence_for_each_difference(expected: Any, got: Any, sentence: str) -> None:
    difference = first_difference(plain(expected), plain(got), RULER)
    assert difference is not None and sentence in difference.sentence


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (2.0, 2),
        (2, torch.tensor(2)),
        (2.5, torch.tensor(2.5)),
        (True, torch.tensor(True)),
        (True, np.bool_(True)),
        (torch.tensor(2.0), 2.0),
        (torch.tensor(2.0), 2),
        (torch.tensor(2), 2),
        (torch.tensor([1, 2]), torch.tensor([1, 2], dtype=torch.int16)),
        (torch.tensor([1, 2]), torch.tensor([1, 2], dtype=torch.uint32)),
        ([1, 2], (1, 2)),
        ((1, 2), torch.tensor([1, 2])),
        ([[1, 2], [3, 4]], torch.tensor([[1, 2], [3, 4]])),
        ([torch.ones(2), torch.zeros(2)], torch.tensor([[1.0, 1.0], [0.0, 0.0]])),
        ([1, 2], np.array([1, 2])),
        ([1, 2], range(1, 3)),
        ({1, 2}, [2, 1, 1]),
        ({1, 2}, frozenset({1, 2})),
        ("a", np.str_("a")),
        (np.zeros(2), torch.zeros(2)),
    ],
)
def test_the_same_in_another_form(expected: Any, got: Any) -> None:
    assert first_difference(plain(expected), plain(got), RULER) is None


# --- plain ------------------------------------------------------------------------------------------------------------


class LyingFloat(float):
    def __float__(self) -> float:
        return 0.0

    __eq__ = object.__eq__
    __hash__ = float.__hash__


class LyingInt(int):
    def __int__(self) -> int:
        return 0


class LyingText(str):
    def __str__(self) -> str:
        return "lie"

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class LyingArray(np.ndarray):
    def __array_function__(self, *args: Any) -> Any:
        raise RuntimeError

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError


class LyingTensor(Tensor):
    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return torch.zeros(1)


@pytest.mark.parametrize(
    ("thing", "kind", "simple"),
    [
        (LyingFloat(2.5), float, 2.5),
        (LyingInt(3), int, 3),
        (LyingText("truth"), str, "truth"),
        (np.arange(3).view(LyingArray), np.ndarray, [0, 1, 2]),
        (torch.arange(3).as_subclass(LyingTensor), Tensor, [0, 1, 2]),
        (torch.nn.Parameter(torch.ones(1)), Tensor, [1.0]),
        (np.float32(1.5), float, 1.5),
        (np.longdouble(1.5), float, 1.5),
        (np.int8(3), int, 3),
    ],
)
def test_subclasses_lose_their_methods(thing: Any, kind: type, simple: Any) -> None:
    rebuilt = plain(thing)
    assert type(rebuilt) is kind
    assert (rebuilt.tolist() if hasattr(rebuilt, "tolist") else rebuilt) == simple


def test_plain_tensors_are_copies() -> None:
    tensor = torch.zeros(2)
    rebuilt = plain([tensor])[0]
    tensor += 1
    assert rebuilt.tolist() == [0, 0]


def test_what_has_no_plain_form_equals_nothing() -> None:
    for odd in (plain(object()), plain(iter([])), plain(...), plain(list(range(MAX_ITEMS + 1)))):
        assert isinstance(odd, Odd)
        assert first_difference(None, odd, RULER) is not None
        assert first_difference(odd, odd, RULER) is not None


def test_a_list_may_hold_the_same_thing_twice() -> None:
    row = [1, 2]
    assert plain([row, row]) == [[1, 2], [1, 2]]


def test_a_cycle_is_described() -> None:
    box: list[Any] = [1]
    box.append({"again": box})
    assert plain(box)[1]["again"].description == "a list that contains itself"
