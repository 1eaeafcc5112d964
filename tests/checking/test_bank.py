"""The bank proves a check: an exercise with a faulty check gets a complaint, from the obligation that is about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from mi_course.checking import Case, Exercise, Misconception, Oracle, bank
from mi_course.checking.bank import obligations
from tests.checking import toys


def complaints(exercise: Exercise, seed: int = 0) -> dict[str, str]:
    """The obligations that are not met, with what they say."""
    said = {obligation.name: obligation.complaint(seed) for obligation in obligations(exercise)}
    return {name: text for name, text in said.items() if text}


@pytest.mark.parametrize("exercise", [toys.centre, replace(toys.square, hints=("a", "b", "c"))], ids=lambda e: e.name)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_good_check_has_none(exercise: Exercise, seed: int) -> None:
    assert complaints(exercise, seed) == {}


def one_row(draw: Any) -> list[Case]:
    return [Case("one row", (draw.normal("1 6"),))]


def noisy(x: Tensor) -> Tensor:
    print("working")
    return toys.centre.reference(x)


def transposing(draw: Any) -> list[Case]:
    return [Case("zeros", (torch.zeros(3, 3),)), Case("more zeros", (torch.zeros(1, 3),))]


counter = iter(range(10**6))


def unseeded(draw: Any) -> list[Case]:
    return [Case("drawn anew", (torch.randn(3, 4) + next(counter),)), *toys.centre.cases(draw)]


def talkative(draw: Any) -> list[Case]:
    print("drawing")
    return toys.centre.cases(draw)


mistakes = toys.centre.misconceptions
SENTENCE = "You subtract something else, and that is not what is asked for here."

FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "cases that miss a mistake": (
        {"cases": lambda draw: [Case("square", (torch.tensor([[1.0, 2.0], [2.0, 1.0]]),))]},
        "recognises: the mean over rows",
        "the wrong answer passed",
    ),
    "cases that tell nothing": ({"cases": transposing}, "fails: zeros of the right shape", "a wrong answer passed"),
    "cases on which an argument is the answer": (
        {"cases": lambda draw: [Case("centred", (torch.tensor([[1.0, -1.0], [3.0, -3.0]]),))]},
        "fails: its argument `x` handed back",
        "a wrong answer passed",
    ),
    "a constant for an answer": (
        {
            "reference": lambda x: 1,
            "oracle": Oracle("one", lambda x: 2 - 1),
            "alternatives": {"a": lambda x: 1, "b": lambda x: 1.0},
        },
        "fails: the constant 1",
        "a wrong answer passed",
    ),
    "two mistakes that share a message": (
        {"misconceptions": (*mistakes, replace(mistakes[0], name="another name"))},
        "every misconception has its own name and message",
        "share a name or a message",
    ),
    "two messages that differ in punctuation only": (
        {"misconceptions": (*mistakes, replace(mistakes[0], name="x", message=mistakes[0].message.replace(".", " !")))},
        "every misconception has its own name and message",
        "share a name or a message",
    ),
    "a message that sets nobody right": (
        {"misconceptions": (*mistakes, Misconception("curt", "Wrong.", lambda x: x * 9))},
        "every misconception has its own name and message",
        "no sentence that would set anybody right: curt",
    ),
    "a mistake that is taken for another": (
        {"misconceptions": (*mistakes, Misconception("late", SENTENCE, mistakes[0].answer))},
        "recognises: late",
        "was taken for 'the mean over rows'",
    ),
    "an oracle that is the reference": (
        {"oracle": Oracle("itself", toys.centre.reference)},
        "oracle is not the reference",
        "no reason is given",
    ),
    "an alternative that is rejected": (
        {"alternatives": {**toys.centre.alternatives, "wrong": lambda x: x}},
        "passes: wrong",
        "a right answer was judged «failed»",
    ),
    "a reference that is rejected": (
        {"reference": lambda x: x - x.mean()},
        "passes: reference",
        "a right answer was judged",
    ),
    "a reference that prints": ({"reference": noisy}, "passes: reference", "printed 'working'"),
    "cases that print": ({"cases": talkative}, "leaves no trace", "wrote on a stream: 'drawing"),
    "cases without a seed": ({"cases": unseeded}, "cases are the same for the same seed", "gave other cases"),
    "cases that share a label": (
        {"cases": lambda draw: [*one_row(draw), *one_row(draw), *toys.centre.cases(draw)]},
        "cases are the same for the same seed",
        "share a label",
    ),
    "hints that repeat": (
        {"hints": ("a", "a", "b")},
        "has hints, alternatives and enough misconceptions",
        "three different hints",
    ),
    "too few alternatives": (
        {"alternatives": {"one": toys.centre.alternatives["loops"]}},
        "has hints, alternatives and enough misconceptions",
        "two right answers",
    ),
    "too few mistakes": (
        {"misconceptions": mistakes[:2]},
        "has hints, alternatives and enough misconceptions",
        "3 misconceptions",
    ),
    "two mistakes that cancel": (
        {"misconceptions": (*mistakes, Misconception("doubled", SENTENCE, switches={"axis": -1, "scale": -1.0}))},
        "fails: every two mistakes at once",
        "passed: the sign is flipped, and doubled",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_check_is_complained_of(name: str) -> None:
    changes, obligation, text = FAULTS[name]
    said = complaints(replace(toys.centre, **changes))
    assert obligation in said, said
    assert text in said[obligation]


def test_an_oracle_that_has_to_be_the_reference_gives_its_reason() -> None:
    oracle = Oracle("itself", toys.centre.reference, same_as_reference="nothing else computes it")
    assert "oracle is not the reference" not in complaints(replace(toys.centre, oracle=oracle))


def test_a_slow_check_is_complained_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank, "PASS_SECONDS", 0.0)
    monkeypatch.setattr(bank, "FAIL_SECONDS", 0.0)
    said = complaints(toys.centre)
    assert "passes: reference" in said and "recognises: halved" in said
    assert "over 0 s" in said["passes: reference"]


def _summing(model: Any, x: Tensor) -> Tensor:
    return model(x).sum(0)


def _summing_after_new_weights(model: Any, x: Tensor) -> Tensor:
    with torch.no_grad():
        model.first.bias.add_(1.0)
    return model(x).sum(0)


def _summing_and_a_flag(model: Any, x: Tensor) -> Tensor:
    total = model(x).sum(0)
    model.first.bias.requires_grad_(not model.first.bias.requires_grad)
    return total


@pytest.mark.parametrize(
    "answer, words",
    [
        (_summing, ""),
        # The next case then runs on other weights, so the mistake is not met with its name at all.
        (_summing_after_new_weights, "was taken for None"),
        (_summing_and_a_flag, "leaves a model changed"),
    ],
)
def test_a_mistake_made_of_switches_may_not_change_a_model(answer: Any, words: str) -> None:
    """The diagnosis does not watch those, so the bank has to."""
    mistake = Misconception("a sum", "You add the outputs up, and asked for is their mean.", switches={"total": True})
    exercise = replace(
        toys.mean_output,
        misconceptions=(mistake,),
        variant=lambda total=False: answer if total else toys.mean_output.reference,
    )
    said = complaints(exercise).get("recognises: a sum", "")
    assert words in said and bool(said) == bool(words), said
