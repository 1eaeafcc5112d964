"""Answers of every sort, right, wrong and hostile: each gets a status and a sentence, and nothing else happens."""

from __future__ import annotations

import functools
import itertools
import random
import sys
import threading
import time
import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mi_course.checking import Status, judge_exercise
from tests.checking import toys

PASSED, FAILED, PARTLY = Status.PASSED, Status.FAILED, Status.PARTLY
CRASHED, LATE, STUB = Status.CRASHED, Status.TIMED_OUT, Status.NOT_ATTEMPTED


def right(x: Tensor) -> Tensor:
    return x - x.mean(dim=-1, keepdim=True)


def then(change: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
    """The right answer, handed back as something else."""
    return lambda x: change(right(x))


def raising(error: BaseException | type[BaseException]) -> Callable[[Tensor], Any]:
    def answer(x: Tensor) -> Any:
        raise error

    return answer


# --- right answers in unusual form ------------------------------------------------------------------------------------


class Centrer:
    def __call__(self, x: Tensor) -> Tensor:
        return right(x)

    def method(self, x: Tensor) -> Tensor:
        return right(x)

    @classmethod
    def of_class(cls, x: Tensor) -> Tensor:
        return right(x)

    @staticmethod
    def static(x: Tensor) -> Tensor:
        return right(x)


class CentreModule(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return right(x)


class Loud(Tensor):
    """A tensor subclass that answers every operation with the wrong thing."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError("do not touch me")


class Agreeable(Tensor):
    def __eq__(self, other: object) -> Any:
        return True

    def equal(self, other: object) -> bool:
        return True


@torch.jit.script
def scripted(x: Tensor) -> Tensor:
    return x - x.mean(dim=-1, keepdim=True)


@functools.wraps(right)
def wrapper(*args: Any, **kwargs: Any) -> Tensor:
    return right(*args, **kwargs)


RIGHT: dict[str, Callable[..., Any]] = {
    "a function": right,
    "a lambda": lambda x: right(x),
    "a partial": functools.partial(lambda shift, x: right(x) + shift, 0),
    "a method": Centrer().method,
    "a class method": Centrer.of_class,
    "a static method": Centrer.static,
    "an object that is called": Centrer(),
    "a module": CentreModule(),
    "a decorated function": wrapper,
    "a cached function": functools.lru_cache(right),
    "a scripted function": scripted,
    "with more arguments that have defaults": lambda x, *, eps=0.0, **more: right(x) + eps,
    "a parameter": then(torch.nn.Parameter),
    "a tensor subclass": then(lambda t: t.as_subclass(Loud)),
    "with gradients": then(lambda t: t.clone().requires_grad_(True) * 1),
    "a sparse tensor": then(lambda t: t.to_sparse()),
    "not contiguous": then(lambda t: t.T.contiguous().T),
    "in double precision": then(lambda t: t.double()),
    "negated lazily": then(lambda t: torch._neg_view(-t)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_in_unusual_form(name: str) -> None:
    result = judge_exercise(toys.centre, RIGHT[name])
    assert result.status is PASSED, str(result)
    assert result.points == 2
    assert result.borrowed is None and result.misconception is None


# --- wrong and hostile answers ----------------------------------------------------------------------------------------


class Weird(Exception):
    def __str__(self) -> str:
        raise SystemExit("from __str__")


class Slow(Exception):
    def __str__(self) -> str:
        while True:
            pass


class Yes:
    """Says that it equals everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class Impostor:
    """Claims to be a tensor."""

    @property
    def __class__(self) -> type:  # type: ignore[override]
        return Tensor


def own_line(x: Tensor) -> Tensor:
    rows = x.tolist()
    return rows[len(rows) + 3]


def inside_torch(x: Tensor) -> Tensor:
    return torch.nn.functional.linear(x, torch.zeros(1, 99))


def endless_recursion(x: Tensor) -> Tensor:
    return endless_recursion(x)


def partly_right(x: Tensor) -> Tensor:
    return right(x) if len(x) == 1 else x


def stops_at_one(x: Tensor) -> Tensor:
    if len(x) == 1:
        raise ValueError("one row only")
    return right(x)


def itself() -> list[Any]:
    box: list[Any] = []
    box.extend([box] * 10)
    return box


def deep(levels: int) -> Any:
    thing: Any = 1.0
    for _ in range(levels):
        thing = [thing]
    return thing


def wide() -> Any:
    thing: Any = [1.0] * 20
    for _ in range(9):
        thing = [thing] * 20
    return thing


def escaped(x: Tensor) -> Any:
    """A tensor that only has a meaning inside of vmap, carried out of it."""
    kept: list[Tensor] = []
    torch.vmap(lambda row: kept.append(row) or row)(x)
    return kept[0]


async def coroutine(x: Tensor) -> Tensor:
    return right(x)


def generator(x: Tensor) -> Any:
    yield right(x)


def stub(x: Tensor) -> Tensor:
    """Centre."""
    raise NotImplementedError


def stub_with_words(x: Tensor) -> Tensor:
    raise NotImplementedError("write this first")


WRONG: dict[str, tuple[Any, Status, str]] = {
    "the stub": (stub, STUB, "check.hint('centre')"),
    "the stub with a message": (stub_with_words, STUB, "check.hint"),
    "the placeholder": (..., STUB, "check.hint"),
    "torch's own NotImplementedError": (lambda x: x.to_sparse().untyped_storage(), CRASHED, "x.to_sparse()"),
    "a library's stub": (lambda x: torch.utils.data.Dataset()[0], CRASHED, "NotImplementedError"),
    "a module without forward": (torch.nn.Module(), CRASHED, "forward"),
    "raises in its own line": (own_line, CRASHED, "rows[len(rows) + 3]"),
    "raises inside torch": (inside_torch, CRASHED, "torch.nn.functional.linear(x, torch.zeros(1, 99))"),
    "raises on one case": (stops_at_one, PARTLY, "ValueError: one row only"),
    "right on one case": (partly_right, PARTLY, "Three rows"),
    "raises with a weird message": (raising(Weird()), CRASHED, "Weird"),
    "raises with an endless message": (raising(Slow()), CRASHED, "Slow"),
    "raises a class": (raising(KeyError), CRASHED, "KeyError"),
    "a message of many lines": (raising(ValueError("first\nsecond")), CRASHED, "ValueError: first."),
    "sys.exit": (lambda x: sys.exit(3), CRASHED, "SystemExit: 3"),
    "GeneratorExit": (raising(GeneratorExit()), CRASHED, "GeneratorExit"),
    "KeyboardInterrupt": (raising(KeyboardInterrupt()), LATE, "stopped the check"),
    "an exception group": (raising(ExceptionGroup("both", [ValueError("a")])), CRASHED, "ExceptionGroup: both"),
    "recursion without end": (endless_recursion, CRASHED, "calls itself without end"),
    "None": (lambda x: None, FAILED, "Is a return missing?"),
    "another dtype": (then(lambda t: t.long()), FAILED, "got int64"),
    "bool": (then(lambda t: t > 0), FAILED, "got bool"),
    "half precision, too coarse": (then(lambda t: (t * 8).round() / 8), FAILED, "expected"),
    "another device": (then(lambda t: t.to("meta")), FAILED, "on device 'meta', while the inputs are on the CPU"),
    "another shape": (then(lambda t: t.flatten()), FAILED, "expected shape (3, "),
    "an axis too many": (then(lambda t: t[None]), FAILED, "An axis of size one is left over"),
    "NaN": (lambda x: x / 0 * 0, FAILED, "NaN"),
    "a NaN at one place": (then(lambda t: t.index_put((torch.tensor(0), torch.tensor(1)), torch.tensor(torch.nan))),
                           FAILED, "first at row 0, column 1"),
    "right numbers in numpy": (then(lambda t: t.numpy()), FAILED, "got a numpy array. The numbers in it are right"),
    "wrong numbers in numpy": (lambda x: x.numpy(), FAILED, "got a numpy array. Return a tensor"),
    "right numbers in a list": (then(lambda t: t.tolist()), FAILED, "got a list. The numbers in it are right"),
    "objects in numpy": (lambda x: np.array([None, Yes()]), FAILED, "a numpy array of Python objects"),
    "texts in numpy": (lambda x: np.array(["a", "b"]), FAILED, "a numpy array"),
    "an unsigned tensor": (lambda x: torch.ones(x.shape, dtype=torch.uint32), FAILED, "got uint32"),
    "a tiny float": (lambda x: torch.zeros(x.shape).to(torch.float8_e5m2), FAILED, "expected"),
    "a complex tensor": (lambda x: x + 0j, FAILED, "got complex64"),
    "a quantized tensor": (
        lambda x: torch.quantize_per_tensor(x, 0.5, 0, torch.qint8), FAILED, "wrong"),
    "a nested tensor": (
        lambda x: torch.nested.nested_tensor([x[0], x[0, :2]]), FAILED, "a nested tensor"),
    "a tensor that agrees with everything": (
        lambda x: torch.zeros(x.shape).as_subclass(Agreeable), FAILED, "entries are wrong"),
    "an object that equals everything": (lambda x: Yes(), FAILED, "an object of type Yes"),
    "an object that claims to be a tensor": (lambda x: Impostor(), CRASHED, "detach"),
    "a number": (lambda x: 3, FAILED, "got ()"),
    "a huge number": (lambda x: 10**400, FAILED, "too large"),
    "a text": (lambda x: "three", FAILED, "the text 'three'"),
    "a function": (lambda x: right, FAILED, "a function (is a pair of brackets missing"),
    "a class": (lambda x: Yes, FAILED, "the class Yes itself"),
    "a generator": (generator, FAILED, "a generator object"),
    "a map": (lambda x: map(right, x), FAILED, "a map object"),
    "a coroutine": (coroutine, FAILED, "a coroutine, which has not run yet"),
    "an escaped transformation": (lambda x: escaped(x), FAILED, "unusual kind"),
    "the module itself": (lambda x: CentreModule(), FAILED, "an object of type CentreModule"),
    "a list that contains itself": (lambda x: itself(), FAILED, "got a list of 10 items"),
    "a list nested a hundred deep": (lambda x: deep(100), FAILED, "expected"),
    "a list of 20^10 items": (lambda x: wide(), FAILED, "holds more than 100,000 items"),
    "a range without end in sight": (lambda x: range(10**12), FAILED, "more than 100,000"),
    "an iterator without end": (lambda x: itertools.count(), FAILED, "an object of type count"),
    "no argument": (lambda: 1, CRASHED, "The check calls centre(x); yours takes centre()"),
    "two arguments": (lambda x, y: x, CRASHED, "missing a required argument: 'y'"),
    "keyword-only arguments": (lambda *, x: x, CRASHED, "yours takes centre(*, x)"),
    "a builtin": (abs, FAILED, "wrong"),
    "a builtin without a signature": (print, FAILED, "got None"),
    "a class instead of a function": (Yes, CRASHED, "centre"),
    "a value instead of a function": (torch.zeros(2), FAILED, "Hand over the function itself, without brackets"),
    "None instead of a function": (None, FAILED, "this is None"),
    "an endless value instead of a function": (itself(), FAILED, "is to be a function"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name: str) -> None:
    answer, status, fragment = WRONG[name]
    result = judge_exercise(toys.centre, answer)
    assert result.status is status, str(result)
    assert fragment in result.message
    assert result.points == 0 and result.max_points == 2
    assert result.misconception is None
    assert "check itself failed" not in result.message
    assert fragment.split()[0] in str(result)  # the panel shows the message


def test_the_learners_own_line_is_named_by_number() -> None:
    message = judge_exercise(toys.centre, own_line).message
    number = own_line.__code__.co_firstlineno + 2
    assert f"IndexError: list index out of range.\nin line {number} of your cell:" in message


def test_code_from_a_string_is_judged_too() -> None:
    """As in a notebook, whose cells belong to no file; and without a module name at all."""
    scope: dict[str, Any] = {}
    exec("def centre(x):\n    return x - x.mean(-1, keepdim=True)", scope)
    assert scope["centre"].__module__ in (None, "builtins")
    assert judge_exercise(toys.centre, scope["centre"]).passed
    exec("def centre(x):\n    return x.no_such_thing", scope)
    assert "AttributeError" in judge_exercise(toys.centre, scope["centre"]).message


def test_the_first_difference_is_told_with_its_case_and_its_place() -> None:
    def one_entry(x: Tensor) -> Tensor:
        out = right(x)
        if len(out) == 5:
            out[3, 2] += 7
        return out

    result = judge_exercise(toys.centre, one_entry)
    assert result.status is PARTLY
    assert result.message.startswith("Five rows of four: 1 of 20 entries are wrong; first at row 3, column 2:")
    assert [case.passed for case in result.cases] == [True, False, True]
    assert "Right on 2 of 3 cases: three rows, a mean that is not zero; one row." in " ".join(str(result).split())


# --- what an answer changes -------------------------------------------------------------------------------------------


def snapshot() -> dict[str, Any]:
    import os

    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": repr(np.random.get_state()),
        "python": random.getstate(),
        "grad": torch.is_grad_enabled(),
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "threads": torch.get_num_threads(),
        "recursion": sys.getrecursionlimit(),
        "folder": os.getcwd(),
        "streams": (sys.stdout, sys.stderr),
        "filters": list(warnings.filters),
    }


def change_folder() -> None:
    import os

    os.chdir("/")


CHANGES: dict[str, Callable[[], Any]] = {
    "torch's random state": lambda: torch.manual_seed(77),
    "numpy's random state": lambda: np.random.seed(77),
    "Python's random state": lambda: random.seed(77),
    "grad mode": lambda: torch.set_grad_enabled(not torch.is_grad_enabled()),
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "default device": lambda: torch.set_default_device("meta"),
    "threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "recursion limit": lambda: sys.setrecursionlimit(5000),
    "working directory": change_folder,
    "warning filters": lambda: warnings.simplefilter("error"),
    "standard output": lambda: setattr(sys, "stdout", None),
}


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("name", CHANGES)
def test_global_state_is_put_back(name: str, grad: bool) -> None:
    def answer(x: Tensor) -> Tensor:
        out = right(x)
        CHANGES[name]()
        return out

    def crash(x: Tensor) -> Tensor:
        CHANGES[name]()
        raise ValueError

    with torch.set_grad_enabled(grad):
        before = snapshot()
        assert judge_exercise(toys.centre, answer).passed
        assert snapshot() == before
        assert judge_exercise(toys.centre, crash).status is CRASHED
        assert snapshot() == before


def test_a_deleted_working_directory(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert judge_exercise(toys.centre, right).passed


def test_random_answers_get_the_same_numbers_every_time() -> None:
    seen = []

    def answer(x: Tensor) -> Tensor:
        seen.append((torch.rand(1).item(), random.random(), np.random.rand()))
        return right(x)

    judge_exercise(toys.centre, answer)
    first, seen[:] = list(seen), []
    torch.rand(3)
    judge_exercise(toys.centre, answer)
    assert seen == first


def test_what_it_prints_is_kept_from_the_streams_and_shown(capfd: pytest.CaptureFixture[str]) -> None:
    def answer(x: Tensor) -> Tensor:
        print("to see")
        print("to hear", file=sys.stderr)
        sys.stderr.write("more")
        warnings.warn("careful", stacklevel=2)
        return x

    result = judge_exercise(toys.centre, answer)
    assert capfd.readouterr() == ("", "")
    assert result.printed.startswith("to see\nto hear\nmore")
    assert "It printed:\n    to see\n    to hear" in str(result)


def test_an_endless_print_is_cut() -> None:
    def answer(x: Tensor) -> Tensor:
        for _ in range(2000):
            print("x" * 1000)
        return right(x)

    result = judge_exercise(toys.centre, answer)
    assert result.passed
    assert len(result.printed) <= 4000
    assert len(str(result)) < 2000


def mutate(x: Tensor) -> Tensor:
    out = right(x)
    x.zero_()
    return out


def mutate_shape(x: Tensor) -> Tensor:
    out = right(x)
    x.resize_(0)
    return out


def mutate_data(x: Tensor) -> Tensor:
    out = right(x)
    x.data = torch.zeros(1)
    return out


@pytest.mark.parametrize("answer", [mutate, mutate_shape, mutate_data])
def test_a_changed_argument_is_told(answer: Callable[[Tensor], Tensor]) -> None:
    result = judge_exercise(toys.centre, answer)
    assert result.status is FAILED
    assert "The result is right, but the function left something changed: its argument `x`." in result.message
    assert result.misconception is None


def test_arguments_are_fresh_in_every_call() -> None:
    seen = []

    def answer(x: Tensor) -> Tensor:
        seen.append(x.clone())
        x.zero_()
        return x

    judge_exercise(toys.centre, answer)
    judge_exercise(toys.centre, answer)
    assert all(torch.equal(a, b) and bool(a.any()) for a, b in zip(seen[:3], seen[3:], strict=True))


# --- time -------------------------------------------------------------------------------------------------------------


def sleeps(x: Tensor) -> Tensor:
    time.sleep(30)
    return x


def loops(x: Tensor) -> Tensor:
    while True:
        pass


def loops_and_swallows_exceptions(x: Tensor) -> Tensor:
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


def loops_and_swallows_everything(x: Tensor) -> Tensor:
    while True:
        try:
            time.sleep(0.01)
        except:  # noqa: E722
            continue


def catches_one(x: Tensor) -> Tensor:
    try:
        time.sleep(30)
    except BaseException:
        time.sleep(30)
    return x


@pytest.mark.parametrize(
    "answer", [sleeps, loops, loops_and_swallows_exceptions, loops_and_swallows_everything, catches_one]
)
def test_out_of_time(answer: Callable[[Tensor], Tensor]) -> None:
    tracer = sys.gettrace()
    result = judge_exercise(toys.centre, answer, time_limit=0.05)
    assert result.status is LATE
    assert result.seconds < 20
    assert "It had not finished after 0.05 s, at the case «three rows, a mean that is not zero»" in result.message
    assert "check(centre, time_limit=20)" in result.message
    assert sys.gettrace() is tracer


@pytest.mark.parametrize("answer", [sleeps, loops, loops_and_swallows_exceptions])
def test_out_of_time_on_a_worker_thread(answer: Callable[[Tensor], Tensor]) -> None:
    results = []

    def quick(x: Tensor) -> Tensor:  # a sleep that ends soon, so that nothing goes on after the test
        time.sleep(0.4)
        return x

    chosen = quick if answer is sleeps else answer
    thread = threading.Thread(target=lambda: results.append(judge_exercise(toys.centre, chosen, time_limit=0.05)))
    thread.start()
    thread.join(20)
    assert results[0].status is LATE


def test_the_limit_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MI_COURSE_TIME_LIMIT", "0.05")
    assert "after 0.05 s" in judge_exercise(toys.centre, sleeps).message
    assert "after 0.1 s" in judge_exercise(toys.centre, sleeps, time_limit=0.1).message


@pytest.mark.parametrize("limit", ["nonsense", "", "-3", "0", "nan", "inf"])
def test_a_limit_that_is_none(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MI_COURSE_TIME_LIMIT", limit)
    assert judge_exercise(toys.centre, right).passed
    assert judge_exercise(toys.centre, right, time_limit=limit).passed  # type: ignore[arg-type]


def test_the_limit_is_for_all_cases_together() -> None:
    def answer(x: Tensor) -> Tensor:
        time.sleep(0.5)
        return right(x)

    result = judge_exercise(toys.centre, answer, time_limit=0.9)
    assert result.status is LATE
    assert [case.passed for case in result.cases] == [True, False]


# --- anything at all --------------------------------------------------------------------------------------------------

Point = namedtuple("Point", "x y")

numbers = st.one_of(st.integers(), st.floats(), st.complex_numbers(), st.booleans(), st.just(10**400))
leaves = st.one_of(
    st.none(),
    numbers,
    st.text(max_size=5),
    st.binary(max_size=5),
    st.just(...),
    st.sampled_from([object(), Yes(), Impostor(), torch, right, print, Tensor, NotImplemented, float("nan")]),
    st.sampled_from(
        [torch.zeros(0), torch.tensor(3), torch.ones(2, 3), torch.eye(3, dtype=torch.bool), -torch.ones(3)]
    ),
    st.sampled_from([torch.ones(2, device="meta"), torch.ones(3, dtype=torch.uint64), torch.ones(2).to_sparse()]),
    st.sampled_from(
        [np.float32(2), np.bool_(True), np.longdouble(1), np.arange(3), np.array("a"), np.datetime64("NaT")]
    ),
    st.builds(itself),
)
junk = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers()), inner, max_size=3),
        st.builds(Point, inner, inner),
        st.builds(lambda thing: OrderedDict(a=thing), inner),
    ),
    max_leaves=8,
)


@settings(max_examples=40)
@given(junk)
def test_judge_never_raises_whatever_a_function_returns(thing: Any) -> None:
    result = judge_exercise(toys.centre, lambda x: thing, name_mistakes=False)
    assert not result.passed
    assert result.message and "check itself failed" not in result.message
    assert str(result) and result._repr_html_()


@settings(max_examples=40)
@given(junk)
def test_judge_never_raises_whatever_the_answer_is(thing: Any) -> None:
    for exercise in (toys.centre, toys.square, toys.positions, toys.Counter, toys.squares):
        result = judge_exercise(exercise, thing, name_mistakes=False)
        assert not (result.passed and exercise is not toys.centre) or thing is right
        assert "check itself failed" not in result.message


@pytest.mark.parametrize("exercise", [toys.Counter, toys.squares, toys.zero_diagonal, toys.mean_output])
@pytest.mark.parametrize("thing", [None, 3, "a", [1], torch.ones(2), ..., {}, iter(())])
def test_other_kinds_of_exercise_never_raise_either(exercise: Any, thing: Any) -> None:
    result = judge_exercise(exercise, lambda *args, **kwargs: thing)
    assert not result.passed
    assert "check itself failed" not in result.message
