"""Going on without solving: what check.reference shows and records, and an answer that calls one not written yet."""

from __future__ import annotations

import pytest
import torch

from mi_course.checking import CheckFailed, Status, judge, progress
from mi_course.checking.diagnose import _constant
from mi_course.checking.exercise import Case
from mi_course.checking.run import Outcome


def test_the_reference_is_shown_with_its_source(toy_chapter, capsys):
    toy_chapter.check.reference("centre")
    shown = capsys.readouterr().out
    assert "How the course does centre" in shown
    assert "x - x.mean(-1, keepdim=True)" in shown


def test_the_reference_is_known_whatever_its_own_name(toy_chapter, capsys):
    """References go by other names in the course's code; check(name) must not ask for an exercise of that name."""
    reference = toy_chapter.check.reference("centre")
    assert reference.__name__ != "centre"
    toy_chapter.check(reference)
    assert "recorded as skipped" in capsys.readouterr().out
    assert progress.standings()["toys.centre"].status == "skipped"


def test_a_value_that_was_looked_up_earns_nothing(toy_chapter, capsys):
    value = toy_chapter.check.reference("positions")
    toy_chapter.check(positions=value)
    assert "stays recorded as skipped" in capsys.readouterr().out
    standing = progress.standings()["toys.positions"]
    assert (standing.status, standing.points) == ("skipped", 0.0)


def test_a_value_found_without_help_counts(toy_chapter, capsys):
    exercise = next(each for each in toy_chapter.EXERCISES if each.name == "positions")
    case = exercise.cases(_draw())[0]
    toy_chapter.check(positions=exercise.reference(*case.args, **case.kwargs))
    assert progress.standings()["toys.positions"].status == "passed"


def _draw():
    from mi_course.checking import Draw

    return Draw(0)


def square(x):
    raise NotImplementedError


def test_an_answer_that_calls_an_unwritten_one_says_which(toy_chapter):
    def centre(x):
        return square(x) - x

    result = judge("toys.centre", centre)
    assert result.status is Status.CRASHED
    assert "calls `square`, which is not written yet" in result.message
    assert "check.reference('square')" in result.message


def test_a_wrong_answer_that_also_changes_its_input_is_told_both(toy_chapter):
    def centre(x):
        x += 1
        return x * 3 + 0.1

    with pytest.raises(CheckFailed) as failed:
        toy_chapter.check(centre)
    assert "also left something changed: its argument `x`" in str(failed.value)


@pytest.mark.parametrize(
    "values, constant",
    [([0.5, 0.5, 0.5], True), ([0.5, torch.tensor(0.5), 0.5], True), ([0.5, 0.6, 0.5], False), ([[], [], []], False)],
)
def test_one_number_whatever_the_input(values, constant):
    assert _constant([Outcome(Case(str(i)), value) for i, value in enumerate(values)]) is constant
