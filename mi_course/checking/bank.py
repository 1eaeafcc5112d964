"""Proves the check of an exercise: the bank of right and wrong answers is the mutation test of the judge.

`obligations(exercise)` lists what has to hold; each is a small test that takes a seed and returns a complaint, or an
empty string. The pytest plugin (`mi_course.checking.pytest_plugin`) makes one test of each obligation and seed.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import io
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from mi_course.checking import items_bank
from mi_course.checking.compare import EXACT, first_difference
from mi_course.checking.exercise import Exercise, Misconception
from mi_course.checking.judge import draw_cases, expected_outcome, judge_exercise
from mi_course.checking.result import Result

PASS_SECONDS = 2.0
FAIL_SECONDS = 5.0


@dataclass(frozen=True)
class Obligation:
    """Something that must hold of an exercise's check, on every seed or (`once`) of its data."""

    name: str
    complaint: Callable[[int], str]
    once: bool = False


def obligations(exercise: Exercise) -> list[Obligation]:
    """Everything to be proven about an exercise."""
    found = [
        Obligation("has hints, alternatives and enough misconceptions", lambda seed: _furnished(exercise), once=True),
        Obligation("every misconception has its own name and message", lambda seed: _distinct(exercise), once=True),
        Obligation("oracle is not the reference", lambda seed: _independent(exercise), once=True),
        Obligation("cases are the same for the same seed", lambda seed: _seeded(exercise, seed)),
        Obligation("passes: reference", lambda seed: _passes(exercise, exercise.reference, seed)),
        Obligation("earns no points: the course's own reference", lambda seed: _unpaid(exercise, seed)),
        Obligation("leaves no trace", lambda seed: _traceless(exercise, seed)),
    ]
    for name, answer in exercise.alternatives.items():
        found.append(Obligation(f"passes: {name}", functools.partial(_swap, _passes, exercise, answer)))
    for misconception in exercise.misconceptions:
        found.append(
            Obligation(
                f"recognises: {misconception.name}", functools.partial(_swap, _recognised, exercise, misconception)
            )
        )
    if exercise.variant is not None:
        found.append(Obligation("fails: every two mistakes at once", lambda seed: _pairs_fail(exercise, seed)))
    if exercise.items is not None:
        found += [Obligation(name, test, once=True) for name, test in items_bank.complaints(exercise, exercise.items)]
    for name, junk in _junk(exercise):
        found.append(Obligation(f"fails: {name}", functools.partial(_swap, _rejected, exercise, junk)))
    return found


def _swap(test: Callable[[Exercise, Any, int], str], exercise: Exercise, answer: Any, seed: int) -> str:
    return test(exercise, answer, seed)


def _judge(exercise: Exercise, answer: Any, seed: int, name_mistakes: bool = True) -> Result:
    """Judge a bank answer: of a value exercise, the value that the bank's function computes for this seed."""
    if exercise.is_value:
        case = draw_cases(exercise, seed)[0]
        answer = answer(*case.args, **case.kwargs)
    return judge_exercise(exercise, answer, seed=seed, allow_borrowed=True, name_mistakes=name_mistakes)


def _timed(exercise: Exercise, answer: Any, seed: int, limit: float) -> tuple[Result, float]:
    """Judge a bank answer and measure the computing; once more if it took too long, since models load only once."""
    seconds = 0.0
    for _ in range(2):
        started = time.process_time()
        result = _judge(exercise, answer, seed)
        seconds = time.process_time() - started
        if seconds <= limit:
            break
    return result, seconds


def _furnished(exercise: Exercise) -> str:
    least = 2 if exercise.is_value else 3
    if len(exercise.hints) != 3 or len({*exercise.hints}) != 3 or not all(hint.strip() for hint in exercise.hints):
        return "it needs three different hints"
    if len(exercise.alternatives) < 2:
        return "it needs two right answers written differently from the reference"
    if len(exercise.misconceptions) < least:
        return f"it needs {least} misconceptions"
    return ""


def _distinct(exercise: Exercise) -> str:
    names = [misconception.name for misconception in exercise.misconceptions]
    messages = [re.sub(r"\W+", " ", misconception.message).strip().lower() for misconception in exercise.misconceptions]
    if len({*names}) < len(names) or len({*messages}) < len(messages):
        return "two misconceptions share a name or a message"
    short = [m.name for m in exercise.misconceptions if len(m.message.split()) < 8]
    return f"no sentence that would set anybody right: {', '.join(short)}" if short else ""


def _independent(exercise: Exercise) -> str:
    oracle = exercise.oracle.expected
    same = oracle is exercise.reference or getattr(oracle, "__code__", 0) is getattr(exercise.reference, "__code__", 1)
    return (
        "the oracle is the reference, and no reason is given" if same and not exercise.oracle.same_as_reference else ""
    )


def _seeded(exercise: Exercise, seed: int) -> str:
    first = [expected_outcome(exercise, case) for case in draw_cases(exercise, seed)]
    again = [expected_outcome(exercise, case) for case in draw_cases(exercise, seed)]
    if first_difference(first, again, EXACT):
        return "the same seed gave other cases the second time"
    labels = [case.label for case in draw_cases(exercise, seed)]
    return "" if len({*labels}) == len(labels) else "two cases share a label"


def _passes(exercise: Exercise, answer: Any, seed: int) -> str:
    result, seconds = _timed(exercise, answer, seed, PASS_SECONDS)
    if not result.passed:
        return f"a right answer was judged «{result.status}»: {result}"
    if result.printed.strip():
        return f"a right answer printed {result.printed.strip()[:80]!r}, which the learner would see"
    return f"took {seconds:.1f} s, over {PASS_SECONDS:g} s" if seconds > PASS_SECONDS else ""


def _unpaid(exercise: Exercise, seed: int) -> str:
    if exercise.is_value:
        return ""
    result = judge_exercise(exercise, exercise.reference, seed=seed)
    return (
        "" if result.passed and result.borrowed and result.points == 0 else f"points {result.points}, {result.borrowed}"
    )


def _recognised(exercise: Exercise, misconception: Misconception, seed: int) -> str:
    result, seconds = _timed(exercise, misconception.answer, seed, FAIL_SECONDS)
    if result.passed:
        return "the wrong answer passed"
    if result.misconception != misconception.name:
        return f"was taken for {result.misconception!r}: {result}"
    if misconception.message not in result.message:
        return "its message was not shown"
    if misconception.switches and any("the model's" in note or "left on the model" in note for note in result.notes):
        return f"it is made of switches and leaves a model changed; give it as `answer`: {result.notes}"
    return f"took {seconds:.1f} s, over {FAIL_SECONDS:g} s" if seconds > FAIL_SECONDS else ""


def _rejected(exercise: Exercise, answer: Any, seed: int) -> str:
    result = _judge(exercise, answer, seed, name_mistakes=False)
    if result.passed:
        return "a wrong answer passed"
    return "" if result.message.strip() else "it was rejected without a word"


def _pairs_fail(exercise: Exercise, seed: int) -> str:
    """No two mistakes may cancel out."""
    for pair in exercise.pairs():
        if judge_exercise(exercise, pair.answer, seed=seed, name_mistakes=False).passed:
            return f"passed: {pair.name}"
    return ""


def _traceless(exercise: Exercise, seed: int) -> str:
    """Random state, grad mode and the streams are as they were after a right and after a wrong answer."""
    for answer in (exercise.reference, exercise.misconceptions[0].answer):
        torch.manual_seed(seed)
        expected = torch.get_rng_state()
        output = io.StringIO()
        with torch.no_grad(), contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            _judge(exercise, answer, seed)
            grad = torch.is_grad_enabled()
        if output.getvalue():
            return f"wrote on a stream: {output.getvalue()[:80]!r}"
        if grad or not torch.equal(torch.get_rng_state(), expected):
            return "random state or grad mode was not restored"
    return ""


def _junk(exercise: Exercise) -> Iterator[tuple[str, Any]]:
    """Answers without any thought in them, which must never pass: constants, right shapes, arguments handed back."""
    constants: tuple[Any, ...] = (None, 0, 1, 0.5, True, "", [], {})
    for constant in constants:
        yield f"the constant {constant!r}", _constant(constant)
    yield "zeros of the right shape", _shaped(exercise, torch.zeros_like)
    yield "ones of the right shape", _shaped(exercise, torch.ones_like)
    if not exercise.is_value:
        for i, name in enumerate(inspect.signature(exercise.reference).parameters):
            yield f"its argument `{name}` handed back", _echo(i)


def _constant(constant: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: copy.copy(constant)


def _echo(i: int) -> Callable[..., Any]:
    return lambda *args, **kwargs: args[i] if i < len(args) else None


def _shaped(exercise: Exercise, fill: Callable[[torch.Tensor], torch.Tensor]) -> Callable[..., Any]:
    """An answer with the right types and shapes everywhere and nothing in them."""

    def hollow(thing: Any) -> Any:
        if isinstance(thing, torch.Tensor):
            return fill(thing)
        if isinstance(thing, (bool, int, float)):
            return type(thing)(fill(torch.tensor(float(thing))).item())
        if isinstance(thing, (list, tuple)):
            return type(thing)(map(hollow, thing))
        if isinstance(thing, dict):
            return {key: hollow(item) for key, item in thing.items()}
        return type(thing)() if isinstance(thing, (str, set)) else thing

    def answer(*args: Any, **kwargs: Any) -> Any:
        return hollow(exercise.reference(*args, **kwargs))

    return answer
