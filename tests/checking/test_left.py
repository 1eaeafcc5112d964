"""What an answer leaves behind without making any result another one: it passes, is told, and leaves nothing."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mi_course.checking import Case, Status, judge_exercise
from tests.checking import toys

TOLD = "It leaves something changed for the code that runs after it: "


def right(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def doing(*actions: Callable[[], Any]) -> Callable[[Tensor], Tensor]:
    """The right answer, with something done besides."""

    def answer(x: Tensor) -> Tensor:
        for action in actions:
            action()
        return right(x)

    return answer


LEFT: dict[str, tuple[Callable[[], Any], str]] = {
    "grad mode": (lambda: torch.set_grad_enabled(False), "gradients switched off (`with torch.no_grad():`"),
    "default dtype": (lambda: torch.set_default_dtype(torch.float64), "torch's default dtype"),
    "default device": (lambda: torch.set_default_device("meta"), "torch's default device"),
    "threads": (lambda: torch.set_num_threads(torch.get_num_threads() + 1), "the number of threads"),
    "recursion limit": (lambda: sys.setrecursionlimit(5000), "the recursion limit"),
    "working directory": (lambda: os.chdir("/"), "the working directory"),
    "torch's seed": (lambda: torch.manual_seed(77), "torch's seed (a torch.Generator"),
    "the seed that the check itself sets": (lambda: torch.manual_seed(0), "torch's seed"),
    "NumPy's seed": (lambda: np.random.seed(77), "NumPy's seed"),
    "Python's seed": (lambda: random.seed(77), "Python's seed"),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_in_the_process_is_told_and_costs_nothing(name: str) -> None:
    action, words = LEFT[name]
    result = judge_exercise(toys.centre, lambda x: (right(x), action())[0])
    assert result.status is Status.PASSED and result.points == 2
    (note,) = result.notes
    assert note.startswith(TOLD + words) and note.endswith("The check has put this back.")
    assert note in " ".join(str(result).split())


def test_two_things_are_told_in_one_note_once() -> None:
    (note,) = judge_exercise(toys.centre, doing(lambda: random.seed(3), lambda: torch.manual_seed(3))).notes
    assert note.count("torch's seed") == note.count("Python's seed") == 1


def test_a_wrong_answer_is_told_too() -> None:
    result = judge_exercise(toys.centre, lambda x: (x, torch.manual_seed(3))[0])
    assert result.status is Status.FAILED
    assert any(TOLD in note for note in result.notes)


def in_a_fork() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.rand(2)


def put_back() -> None:
    numbers, more = random.getstate(), np.random.get_state()
    random.seed(3)
    np.random.seed(3)
    random.random()
    np.random.rand(5)
    random.setstate(numbers)
    np.random.set_state(more)


def only_drawn() -> None:
    torch.rand(700), np.random.randn(701), random.gauss(0, 1)


def within_no_grad() -> None:
    with torch.no_grad():
        torch.ones(1)


@pytest.mark.parametrize("tidy", [in_a_fork, put_back, only_drawn, within_no_grad])
def test_what_is_put_back_or_only_drawn_is_not_told(tidy: Callable[[], None]) -> None:
    result = judge_exercise(toys.centre, doing(tidy))
    assert result.passed and result.notes == ()


def test_a_seed_does_not_reach_the_next_case() -> None:
    """Every case begins with the same random numbers, whatever the case before has set."""
    seen = []

    def answer(x: Tensor) -> Tensor:
        seen.append((torch.rand(1).item(), np.random.rand(), random.random(), torch.is_grad_enabled()))
        torch.manual_seed(5), np.random.seed(5), random.seed(5), torch.set_grad_enabled(False)
        return right(x)

    judge_exercise(toys.centre, answer)
    assert len(seen) == 3 and len(set(seen)) == 1


def test_the_seed_functions_are_the_same_afterwards() -> None:
    before = random.seed, np.random.seed
    judge_exercise(toys.centre, doing(lambda: random.seed(1)))
    judge_exercise(toys.centre, doing(lambda: 1 / 0))
    assert (random.seed, np.random.seed) == before


@pytest.mark.parametrize("wanted", [True, False])
def test_requires_grad_of_a_model_is_told_and_put_back(wanted: bool) -> None:
    model = toys.net()
    before = [p.requires_grad for p in model.parameters()]

    def answer(model: Any, x: Tensor) -> Tensor:
        out = model(x).mean(0)
        for p in model.parameters():
            p.requires_grad_(not p.requires_grad)
        return out

    try:
        model.requires_grad_(wanted)
        result = judge_exercise(toys.mean_output, answer)
        assert result.passed
        assert result.notes == (TOLD + "requires_grad of the model's parameters. The check has put this back.",)
        assert all(p.requires_grad is wanted for p in model.parameters())
    finally:
        for p, wants in zip(model.parameters(), before, strict=True):
            p.requires_grad_(wants)


# --- a default that is missing ----------------------------------------------------------------------------------------

scaled = toys.toy(
    "scaled",
    lambda x, factor=2.0, shift=0.0: factor * x + shift,
    lambda x, factor=2.0, shift=0.0: x * factor + shift,
    cases=lambda draw: [Case("both given", (torch.ones(2), 3.0, 1.0)), Case("left out", (torch.ones(2),))],
)


def test_a_missing_default_is_named() -> None:
    message = judge_exercise(scaled, lambda x, by, shift=0.0: by * x + shift).message
    assert message == (
        "The check also calls scaled without `by`. The default is missing in yours: scaled(x, by=2.0, shift=0.0)."
    )
    message = judge_exercise(scaled, lambda x, factor, shift: factor * x + shift).message
    assert "without `factor` and `shift`" in message and "scaled(x, factor=2.0, shift=0.0)" in message


def test_another_signature_is_told_as_before() -> None:
    message = judge_exercise(scaled, lambda x, factor: factor * x).message
    assert message.startswith("The check calls scaled(x, factor, shift); yours takes scaled(x, factor)")
