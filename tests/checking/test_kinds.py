"""Every kind of exercise: values, classes, generators, in-place functions; and what an argument may be."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from mi_course.checking import Case, CheckFailed, Exercise, Misconception, Status, judge_exercise
from mi_course.checking.drivers import value
from mi_course.checking.judge import draw_cases
from mi_course.checking.run import fresh
from tests.checking import toys

# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer", [[2, 3, 5], (2, 3, 5), torch.tensor([2, 3, 5]), [2.0, 3.0, 5.0], [torch.tensor(2), 3, 5]]
)
def test_a_value_in_any_reasonable_form(answer: Any) -> None:
    result = judge_exercise(toys.positions, answer)
    assert result.status is Status.PASSED
    assert result.points == 2


@pytest.mark.parametrize(
    ("answer", "fragment"),
    [
        ([2, 3, 6], "item 2: not 6."),
        ([2, 3], "expected 3 items, got 2."),
        ([2, 3, "5"], "item 2: expected a number, got the text '5'."),
        ([2, 3, True], "item 2: expected a number, got the bool True."),
        ([2, 3, 5.2], "item 2: not 5.2."),
        ({2, 3, 5}, "expected a list of 3 items, got a set of 3 items."),
        (None, "expected a list of 3 items, got None."),
        (len, "`positions` is to be a value, and this is a function. Write check(positions=your value)."),
        (int, "is to be a value, and this is a class"),
        (lambda: [2, 3, 5], "is to be a value, and this is a function"),
    ],
)
def test_a_wrong_value(answer: Any, fragment: str) -> None:
    result = judge_exercise(toys.positions, answer)
    assert result.status is Status.FAILED
    assert fragment in result.message


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (7919, [None, 7918, "a", True, math.nan, [7918], object(), {7918}, torch.tensor(7918), torch.zeros(1)]),
        (79.19, [None, 79, "a", True, math.nan, math.inf, [79], torch.tensor(79.0)]),
        (True, [None, 1, "no", False, [], torch.tensor(False)]),
        ("seventy", [None, 1, "seven", ["seven"], object()]),
        ([7919, 7927], [None, [7919, None], [7918, 7926], ["a", "b"], [math.nan, 1], 3]),
        ({"a": 7919}, [None, {"a": None}, {"a": 1}, {"a": math.nan}]),
    ],
)
def test_no_wrong_value_is_told_the_right_one(right: Any, wrong: list[Any]) -> None:
    exercise = toys.toy("secret", lambda: right, lambda: right, cases=lambda draw: [Case("yours")], driver=value)
    for answer in wrong:
        result = judge_exercise(exercise, answer)
        assert result.status is Status.FAILED and result.message
        told = result.message.replace("True or False", "")
        secrets = ("7919", "7927", "79.19", "seventy", "True")
        assert not [secret for secret in secrets if secret in told and secret not in repr(answer)], told


def test_a_value_of_the_learners_own() -> None:
    sides = {name: draw_cases(toys.square, learner=name)[0].args[0] for name in ("ann", "bob")}
    assert sides["ann"] != sides["bob"]
    for name, side in sides.items():
        assert judge_exercise(toys.square, side**2, learner=name).passed
        assert judge_exercise(toys.square, 2 * side, learner=name).misconception == "doubled"
    assert not judge_exercise(toys.square, sides["ann"] ** 2, learner="bob").passed


def test_the_value_of_this_learner_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MI_COURSE_LEARNER", "ann")
    assert judge_exercise(toys.square, draw_cases(toys.square, learner="ann")[0].args[0] ** 2).passed


def test_a_placeholder_value_is_not_attempted() -> None:
    result = judge_exercise(toys.positions, ...)
    assert result.status is Status.NOT_ATTEMPTED
    assert result.message.startswith("Give `positions` a value, run that cell, then this one.")


# --- classes ----------------------------------------------------------------------------------------------------------


class Good:
    def __init__(self, start: int) -> None:
        self.total = start

    def add(self, k: int) -> int:
        self.total += k
        return self.total

    def __call__(self) -> int:
        return self.total


class Forgetful(Good):
    def add(self, k: int) -> int:
        return self.total + k


class WithoutCall:
    def __init__(self, start: int) -> None:
        self.total = start

    add = Good.add


class Stub:
    def __init__(self, start: int) -> None:
        raise NotImplementedError


class HalfAStub(Good):
    def add(self, k: int) -> int:
        raise NotImplementedError


class Greedy:
    def __init__(self) -> None:
        pass


@pytest.mark.parametrize(
    ("answer", "status", "fragment"),
    [
        (Good, Status.PASSED, ""),
        (dataclasses.make_dataclass("Data", [("total", int)], bases=(Good,), init=False), Status.PASSED, ""),
        (Forgetful, Status.FAILED, "after adding 3 more: expected 12, got 10."),
        (WithoutCall, Status.CRASHED, "'WithoutCall' object is not callable"),
        (Stub, Status.NOT_ATTEMPTED, "check.hint"),
        (HalfAStub, Status.NOT_ATTEMPTED, "check.hint"),
        (Greedy, Status.CRASHED, "The check calls Counter(start); yours takes Counter()"),
        (lambda start: Good(start), Status.FAILED, "is to be a class, and this is a function"),
        (Good(7), Status.FAILED, "is to be a class"),
        (int, Status.CRASHED, "AttributeError"),
    ],
)
def test_a_class(answer: Any, status: Status, fragment: str) -> None:
    result = judge_exercise(toys.Counter, answer)
    assert result.status is status, str(result)
    assert fragment in result.message


# --- generators and in-place functions --------------------------------------------------------------------------------


def endless(start: int) -> Any:
    while True:
        yield start**2
        start += 1


def four_only(start: int) -> Any:
    yield from [n**2 for n in range(start, start + 4)]


def off_by_one(start: int) -> Any:
    return (n**2 for n in range(start + 1, start + 9))


@pytest.mark.parametrize(
    ("answer", "status", "fragment"),
    [
        (endless, Status.PASSED, ""),
        (lambda start: map(lambda n: n**2, range(start, 99)), Status.PASSED, ""),
        (lambda start: [n**2 for n in range(start, start + 5)], Status.PASSED, ""),
        (four_only, Status.FAILED, "ends there: expected False, got True."),
        (off_by_one, Status.FAILED, "yielded item 0: expected 9, got 16."),
        (lambda start: start, Status.FAILED, "yielded: expected a list of 4 items, got the int 3."),
        (lambda start: None, Status.FAILED, "yielded: expected a list of 4 items, got None."),
    ],
)
def test_a_generator(answer: Any, status: Status, fragment: str) -> None:
    result = judge_exercise(toys.squares, answer)
    assert result.status is status, str(result)
    assert fragment in result.message


def test_a_generator_that_raises_after_a_while() -> None:
    def answer(start: int) -> Any:
        yield 9
        yield 16
        raise ValueError("enough")

    assert "ValueError: enough." in judge_exercise(toys.squares, answer).message


def zero_and_return(matrix: Tensor, note: list[int]) -> Tensor:
    matrix[range(4), range(4)] = 0
    return torch.ones(3)


def zero_copy(matrix: Tensor, note: list[int]) -> Tensor:
    return matrix - matrix.diag().diag()


def zero_and_note(matrix: Tensor, note: list[int]) -> None:
    matrix.fill_diagonal_(0)
    note.append(4)


@pytest.mark.parametrize(
    ("answer", "status", "fragment"),
    [
        (zero_and_return, Status.PASSED, ""),
        (zero_copy, Status.FAILED, "4 of 16 entries are wrong; first at row 0, column 0: expected 0,"),
        (zero_and_note, Status.FAILED, "left something changed: its argument `note`"),
    ],
)
def test_in_place(answer: Any, status: Status, fragment: str) -> None:
    result = judge_exercise(toys.zero_diagonal, answer)
    assert result.status is status, str(result)
    assert fragment in result.message


# --- arguments --------------------------------------------------------------------------------------------------------


class Tokenizer:
    """An object of which the engine knows nothing."""

    def __init__(self) -> None:
        self.words = ["a", "b"]


@dataclasses.dataclass
class Settings:
    width: float


def length_of(**arguments: Any) -> Exercise:
    return toys.toy(
        "length_of", lambda **kwargs: 2, lambda **kwargs: 1 + 1, cases=lambda draw: [Case("one", (), arguments)]
    )


@pytest.mark.parametrize(
    "argument",
    [
        Tokenizer(),
        [Tokenizer(), torch.nn.Identity(), torch.Generator()],
        {"model": torch.nn.Identity(), "t": Tokenizer()},
        torch.tensor([torch.nan, torch.inf]),
        torch.tensor([True]),
        torch.tensor([1 + 1j * torch.nan]),
        torch.tensor([torch.nan]).numpy(),
        Settings(0.5),
        {1, 2},
        "text",
        len,
        range(3),
    ],
)
def test_an_argument_that_nobody_touches_is_not_called_changed(argument: Any) -> None:
    result = judge_exercise(length_of(thing=argument), lambda thing: 2)
    assert result.passed, str(result)


def grow(settings: Any) -> None:
    settings.width += 1e-9


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ([1.0, 2.0], lambda thing: thing.__setitem__(0, 1.0 + 1e-9)),
        ({"a": [1]}, lambda thing: thing["a"].append(2)),
        ({"a": 1}, lambda thing: thing.pop("a")),
        ([torch.zeros(2)], lambda thing: thing[0].add_(1e-9)),
        ((torch.zeros(2),), lambda thing: thing[0].add_(torch.nan)),
        (torch.zeros(2).numpy(), lambda thing: thing.fill(1e-9)),
        ({1, 2}, lambda thing: thing.add(3)),
        (Settings(0.5), grow),
        ([1], lambda thing: thing.append(thing)),
    ],
)
def test_the_smallest_change_of_an_argument_is_told(argument: Any, change: Any) -> None:
    def answer(thing: Any) -> int:
        change(thing)
        return 2

    result = judge_exercise(length_of(thing=argument), answer)
    assert "left something changed: its argument `thing`" in result.message


def test_fresh_copies_share_nothing_that_can_be_changed() -> None:
    inner = torch.zeros(2, requires_grad=True)
    generator = torch.Generator().manual_seed(3)
    thing = {"a": [inner, (1, [2])], "g": generator, "f": len, "m": toys.net()}
    copy = fresh(thing)
    assert copy["a"] is not thing["a"] and copy["a"][0] is not inner and copy["a"][0].requires_grad
    assert copy["a"][1][1] is not thing["a"][1][1]
    assert torch.rand(1, generator=copy["g"]) == torch.rand(1, generator=generator)
    assert copy["f"] is len and copy["m"] is toys.net()


# --- the data ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "not a name"}, "is not a Python name"),
        ({"difficulty": 6}, "difficulty is 1 to 5"),
        ({"misconceptions": (Misconception("bare", "A message."),)}, "has neither answer nor switches"),
    ],
)
def test_an_exercise_that_makes_no_sense_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(toys.square, **changes)


def test_what_an_exercise_says_of_itself() -> None:
    assert (toys.centre.id, toys.centre.calls, toys.centre.is_value) == ("toys.centre", "centre(x)", False)
    assert (toys.square.calls, toys.square.is_value) == ("square", True)
    assert toys.square.driver is value
    assert toys.Counter.calls == "Counter(start)"


def test_a_fault_of_the_course_is_not_blamed_on_the_learner() -> None:
    def broken(draw: Any) -> list[Case]:
        raise CheckFailed.__mro__[1]("the cases are broken")

    result = judge_exercise(dataclasses.replace(toys.centre, cases=broken), lambda x: x)
    assert result.status is Status.CRASHED and result.points == 0
    assert "This is a fault of the course, not of your answer" in result.message

    def no_oracle(x: Tensor) -> Tensor:
        raise ZeroDivisionError

    oracle = dataclasses.replace(toys.centre.oracle, expected=no_oracle)
    result = judge_exercise(dataclasses.replace(toys.centre, oracle=oracle), lambda x: x)
    assert "ZeroDivisionError" in result.message and "fault of the course" in result.message
