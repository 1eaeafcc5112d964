"""Which mistake it is: only where it explains every case, and never for a right answer."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from mi_course.checking import Case, Misconception, Status, judge_exercise
from mi_course.checking import diagnose as diagnosing
from tests.checking import toys


@pytest.mark.parametrize("misconception", toys.centre.misconceptions, ids=lambda m: m.name)
@pytest.mark.parametrize("seed", range(3))
def test_a_mistake_is_named(misconception: Misconception, seed: int) -> None:
    result = judge_exercise(toys.centre, misconception.answer, seed=seed)
    assert result.misconception == misconception.name
    assert result.message == misconception.message
    assert result.points == 0


def test_the_same_mistake_written_otherwise_is_named() -> None:
    def answer(x: Tensor) -> Tensor:
        return torch.stack([column - column.sum() / len(column) for column in x.T]).T

    assert judge_exercise(toys.centre, answer).misconception == "the mean over rows"


def test_two_mistakes_at_once_are_both_named() -> None:
    result = judge_exercise(toys.centre, lambda x: (x.mean(-1, keepdim=True) - x) / 2)
    assert result.misconception == "the sign is flipped, and halved"
    assert result.message.startswith("Two things at once. You subtract x from the mean.")
    assert "Your result is half" in result.message


def test_a_mistake_that_explains_only_some_cases_is_not_named() -> None:
    def answer(x: Tensor) -> Tensor:
        return x - x.mean(0, keepdim=True) if len(x) == 3 else x * 0

    result = judge_exercise(toys.centre, answer)
    assert result.misconception is None
    assert result.message.startswith("Three rows")


@pytest.mark.parametrize("name", toys.centre.alternatives)
def test_a_right_answer_is_never_diagnosed(name: str) -> None:
    result = judge_exercise(toys.centre, toys.centre.alternatives[name])
    assert result.passed and result.misconception is None


def test_a_right_result_with_a_side_effect_is_told_of_the_side_effect() -> None:
    """Also where a mistake of the bank gives the right result on these cases."""
    twin = Misconception("twin of the reference", "A message that must not be shown here.", toys.centre.reference)
    exercise = replace(toys.centre, misconceptions=(twin,), variant=None)

    def answer(x: Tensor) -> Tensor:
        out = x - x.mean(-1, keepdim=True)
        x += 1
        return out

    result = judge_exercise(exercise, answer)
    assert result.misconception is None
    assert "The result is right, but the function left something changed: its argument `x`." in result.message
    assert judge_exercise(exercise, toys.centre.alternatives["loops"]).passed


def test_a_wrong_result_with_a_side_effect_is_diagnosed() -> None:
    def answer(x: Tensor) -> Tensor:
        x -= x.mean(0, keepdim=True)
        return x

    assert judge_exercise(toys.centre, answer).misconception == "the mean over rows"


def crash(x: Tensor) -> Tensor:
    raise ValueError("in the bank")


def test_crashing_alike_is_not_the_same_mistake() -> None:
    exercise = replace(toys.centre, misconceptions=(Misconception("crash", "It crashes.", crash),), variant=None)

    def answer(x: Tensor) -> Tensor:
        raise ValueError("something else")

    assert judge_exercise(exercise, answer).misconception is None
    assert judge_exercise(exercise, answer).status is Status.CRASHED
    assert judge_exercise(exercise, crash).misconception == "crash"


def test_crashing_on_the_same_cases_and_agreeing_on_the_others_is() -> None:
    def mistake(x: Tensor) -> Tensor:
        if len(x) == 1:
            raise ValueError("one")
        return x * 2

    def answer(x: Tensor) -> Tensor:
        if len(x) == 1:
            raise ValueError("another wording")
        return x + x

    exercise = replace(toys.centre, misconceptions=(Misconception("doubled", "You double.", mistake),), variant=None)
    assert judge_exercise(exercise, answer).misconception == "doubled"


@pytest.mark.parametrize("on_a_thread", [False, True])
def test_a_slow_bank_is_given_up_and_the_verdict_is_not(on_a_thread: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosing, "BUDGET", 0.1)
    tried = []

    def slow(i: int) -> Any:
        def answer(x: Tensor) -> Tensor:
            tried.append(i)
            end = time.thread_time() + 0.06
            while time.thread_time() < end:
                pass
            return x + i

        return answer

    bank = tuple(Misconception(f"slow {i}", f"Message {i}.", slow(i)) for i in range(30))
    exercise = replace(toys.centre, misconceptions=bank, variant=None)
    results = []
    work = threading.Thread(target=lambda: results.append(judge_exercise(exercise, lambda x: x * 3)))
    if on_a_thread:
        work.start()
        work.join(20)
    else:
        work.run()
    assert results[0].status is Status.FAILED
    assert len(set(tried)) < 30


def test_a_bank_answer_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(x: Tensor) -> Tensor:
        while True:
            pass

    monkeypatch.setattr(diagnosing, "HANGS", 0.05)
    exercise = replace(
        toys.centre,
        misconceptions=(Misconception("endless", "E.", endless), Misconception("tripled", "T.", lambda x: 3 * x)),
        variant=None,
    )
    assert judge_exercise(exercise, lambda x: x * 3).misconception == "tripled"


def test_pairs_never_combine_the_same_setting_twice() -> None:
    exercise = replace(
        toys.centre,
        misconceptions=(
            Misconception("a", "A.", switches={"scale": 2.0}),
            Misconception("b", "B.", switches={"scale": 3.0}),
            Misconception("c", "C.", switches={"sign": -1}),
            Misconception("d", "D.", lambda x: x),
        ),
    )
    assert [pair.name for pair in exercise.pairs()] == ["a, and c", "b, and c"]


def test_no_diagnosis_is_made_where_none_is_asked_for() -> None:
    mistake = toys.centre.misconceptions[0].answer
    assert judge_exercise(toys.centre, mistake, name_mistakes=False).misconception is None


@pytest.mark.parametrize("nothing", [None, [], torch.zeros(3, 3), "", {}, {"heads": []}])
def test_handing_back_nothing_is_no_particular_mistake(nothing: Any) -> None:
    mistake = Misconception("nothing found", "You return nothing.", lambda x: nothing)
    result = judge_exercise(replace(toys.centre, misconceptions=(mistake,), variant=None), lambda x: nothing)
    assert result.misconception is None and result.status is Status.FAILED


def test_a_named_mistake_is_not_partly_right() -> None:
    """The cases on which a mistake gives the right result are luck."""
    exercise = replace(
        toys.centre, cases=lambda draw: [Case("zeros", (torch.zeros(2, 3),)), Case("ones", (torch.eye(3),))]
    )
    result = judge_exercise(exercise, toys.centre.misconceptions[2].answer)
    assert [case.passed for case in result.cases] == [True, False]
    assert result.status is Status.FAILED and result.misconception == "halved"
