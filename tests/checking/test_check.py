"""`check` in a notebook: what it returns, raises, shows and records."""

from __future__ import annotations

import functools
import html
import pickle
import re
import sys
import types
from types import ModuleType
from typing import Any

import pytest
import torch
from IPython.utils.capture import capture_output
from torch import Tensor

from mi_course.checking import Check, CheckFailed, NotAttempted, Result, Status, UnknownExercise, judge, progress
from mi_course.checking.panel import html_panel, text_panel
from mi_course.errors import CourseError
from tests.checking import toys

pytestmark = pytest.mark.usefixtures("toy_chapter")


@pytest.fixture
def check(toy_chapter: ModuleType) -> Check:
    return toy_chapter.check


def centre(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def wrong_centre(x: Tensor) -> Tensor:
    return x - x.mean(0, keepdim=True)


def stub(x: Tensor) -> Tensor:
    raise NotImplementedError


# --- what it does -----------------------------------------------------------------------------------------------------


def test_a_right_answer_returns_nothing_and_shows_the_panel(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(centre) is None
    shown = capsys.readouterr()
    assert shown.out == "✓ Passed: The toy centre\nRight on 3 cases. 2 of 2 points.\n"
    assert shown.err == ""


def test_by_name(check: Check) -> None:
    assert check(centre=lambda x: centre(x)) is None
    assert check(positions=[2, 3, 5]) is None


def test_a_wrong_answer_raises_the_panel(check: Check, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CheckFailed) as caught:
        check(centre=wrong_centre)
    result = caught.value.result
    assert not isinstance(caught.value, NotAttempted)
    assert result.status is Status.FAILED and result.misconception == "the mean over rows"
    assert str(caught.value) == str(result)
    assert str(caught.value).startswith("✗ Not quite: the mean over rows.\nYour mean runs over the rows.")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("answers", [{"centre": stub}, {"positions": ...}])
def test_a_stub_raises_not_attempted(check: Check, answers: dict[str, Any]) -> None:
    with pytest.raises(NotAttempted, match="Not attempted yet"):
        check(**answers)


def test_the_traceback_is_the_panel_and_no_stack(check: Check) -> None:
    with pytest.raises(CheckFailed) as caught:
        check(centre=wrong_centre)
    lines = caught.value._render_traceback_()
    assert all(isinstance(line, str) and "\n" not in line for line in lines)
    plain = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines]
    assert plain == str(caught.value.result).splitlines()
    assert lines != plain  # it has colours
    assert not any("Traceback" in line or "judge.py" in line for line in lines)


def test_check_failed_can_be_pickled(check: Check) -> None:
    with pytest.raises(CheckFailed) as caught:
        check(centre=wrong_centre)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is CheckFailed and copy.result == caught.value.result


def test_the_time_limit_is_passed_on(check: Check) -> None:
    def endless(x: Tensor) -> Tensor:
        while True:
            pass

    with pytest.raises(CheckFailed, match=r"It had not finished after 0\.05 s") as caught:
        check(centre=endless, time_limit=0.05)
    assert caught.value.result.status is Status.TIMED_OUT


# --- how it may be called ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "named"), [((), {}), ((centre, centre), {}), ((centre,), {"centre": centre}), ((), {"a": 1, "b": 2})]
)
def test_one_answer_at_a_time(check: Check, answers: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(CourseError, match=r"check takes one answer: check\(my_function\), or check\(name=my_value\)"):
        check(*answers, **named)


@pytest.mark.parametrize("answer", [lambda x: x, functools.partial(centre), 3, None, ..., torch.zeros(2), object()])
def test_an_answer_without_a_name(check: Check, answer: Any) -> None:
    with pytest.raises(CourseError, match=r"Write check\(name=answer\)"):
        check(answer)


def test_an_unknown_name(check: Check) -> None:
    with pytest.raises(UnknownExercise, match=r"has no exercise 'center'\. Did you mean 'centre'\?"):
        check(center=centre)
    with pytest.raises(UnknownExercise, match="It has: centre, square, positions"):
        check(stub)
    with pytest.raises(UnknownExercise, match=r"Did you mean 'centre'\?"):
        check.hint("centr")
    with pytest.raises(UnknownExercise):
        check.reference("nothing like it")


@pytest.mark.parametrize(
    "exercise_id", ["toys.center", "toy.centre", "", ".", "..", "toys.", "ünknown", None, 3, [], object()]
)
def test_judge_does_not_raise_for_an_unknown_id(exercise_id: Any) -> None:
    result = judge(exercise_id, centre)
    assert result.status is Status.NOT_ATTEMPTED
    assert result.points == 0
    assert "There is no exercise" in result.message


def test_judge_suggests_the_exercise_that_was_meant() -> None:
    assert "Did you mean 'toys.centre'?" in judge("toys.center", centre).message
    assert judge("toys.centre", centre).passed
    assert judge("centre", centre).passed


def test_an_answer_that_calls_another_stub_is_told_which() -> None:
    scope: dict[str, Any] = {}
    exec("def mean_output(x):\n    raise NotImplementedError\ndef centre(x):\n    return mean_output(x)", scope)
    result = judge("toys.centre", scope["centre"])
    assert result.status is Status.CRASHED
    assert result.message.startswith("Your centre calls `mean_output`, which is not written yet. Solve it first")


# --- the course's own answers -----------------------------------------------------------------------------------------


def helper_centre(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True) + 0


reference = toys.centre.reference


def by_default_argument(x: Tensor, f: Any = reference) -> Tensor:
    return f(x)


class Holder:
    def __call__(self, x: Tensor) -> Tensor:
        return reference(x)


@functools.wraps(reference)
def wrapped(x: Tensor) -> Tensor:
    return reference(x)


def in_a_comprehension(x: Tensor) -> Tensor:
    return torch.cat([reference(row[None]) for row in x])


def in_a_closure() -> Any:
    inner = reference
    return lambda x: inner(x)


@pytest.mark.parametrize(
    "answer",
    [
        reference,
        functools.partial(reference),
        functools.partial(functools.partial(reference)),
        lambda x: reference(x),
        by_default_argument,
        wrapped,
        in_a_comprehension,
        in_a_closure(),
        Holder(),
        types.MethodType(lambda self, x: reference(x), object()),
        functools.lru_cache(reference),
    ],
)
def test_the_reference_passes_without_points(check: Check, answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(centre=answer) is None
    assert "This is the course's reference, not an answer of your own: recorded as skipped." in " ".join(
        capsys.readouterr().out.split()
    )
    result = judge("toys.centre", answer)
    assert (result.passed, result.points, result.borrowed) == (True, 0, "reference")
    assert judge("toys.centre", answer, allow_borrowed=True).points == 2
    assert progress.standings()["toys.centre"].status == "skipped"


@pytest.fixture
def helper(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("mi_course.toys")
    module.centre = helper_centre  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mi_course.toys", module)
    return module


def test_the_helper_passes_without_points(helper: ModuleType) -> None:
    def imported_inside(x: Tensor) -> Tensor:
        from mi_course.toys import centre as theirs

        return theirs(x)

    for answer in (helper.centre, lambda x: helper.centre(x), lambda x: helper_centre(x), imported_inside):
        result = judge("toys.centre", answer)
        assert (result.points, result.borrowed) == (0, "helper")
        assert "the helper `mi_course.toys.centre`" in result.message


def test_an_own_answer_beside_the_helper_is_ones_own(helper: ModuleType) -> None:
    def own(x: Tensor) -> Tensor:
        assert helper  # naming the module is not using its answer
        return centre(x)

    result = judge("toys.centre", own)
    assert (result.points, result.borrowed) == (2, None)


def test_nbgrader_gives_no_points_for_the_reference(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """nbgrader gives full points to a cell that does not raise."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(CheckFailed, match="This is the course's reference"):
        check(centre=reference)
    assert check(centre) is None
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    assert check(centre=reference) is None


def test_check_reference_hands_over_the_answer_and_records_it(check: Check) -> None:
    answer = check.reference("centre")
    assert torch.equal(answer(torch.tensor([[1.0, 3.0]])), torch.tensor([[-1.0, 1.0]]))
    assert progress.standings()["toys.centre"].status == "skipped"
    check(centre=answer)
    assert progress.standings()["toys.centre"].status == "skipped"
    check(centre)
    assert progress.standings()["toys.centre"].status == "passed"


def test_check_reference_of_a_value_is_the_value(check: Check) -> None:
    assert check.reference("positions") == [2, 3, 5]
    assert progress.standings()["toys.positions"].status == "skipped"


def test_a_value_that_was_looked_up_earns_nothing(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(square=check.reference("square")) is None
    assert "looked this value up with check.reference" in capsys.readouterr().out
    assert progress.standings()["toys.square"] == progress.Standing("skipped", 1)


def test_the_seed_of_a_learner(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check.seed("square") == check.seed("square") != check.seed("centre")
    ours = check.seed("square")
    monkeypatch.setenv("MI_COURSE_LEARNER", "somebody else")
    assert check.seed("square") != ours


# --- hints ------------------------------------------------------------------------------------------------------------


def test_hints_come_one_at_a_time(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for _ in range(4):
        assert check.hint("centre") is None
        shown.append(capsys.readouterr().out)
    for number, text in enumerate(shown[:3], start=1):
        assert text.startswith(f"Hint {number} of 3 for centre: {toys.HINTS[number - 1]}")
    assert "That was the last one" in shown[2] and "check.reference('centre')" in shown[2]
    assert shown[3] == shown[2]
    assert progress.standings()["toys.centre"].hints == 3
    check.hint("positions")
    assert "Hint 1 of 3 for positions" in capsys.readouterr().out


# --- the record -------------------------------------------------------------------------------------------------------


def test_every_check_is_recorded(check: Check) -> None:
    for answer in (stub, wrong_centre, centre):
        try:
            check(centre=answer)
        except CheckFailed:
            continue
    events = progress.read().events
    assert [event["status"] for event in events] == ["not attempted", "failed", "passed"]
    assert [event["misconception"] for event in events] == [None, "the mean over rows", None]
    assert progress.standings()["toys.centre"] == progress.Standing("passed", 2, 0, 2.0, ("the mean over rows",))


def test_a_record_that_cannot_be_written_does_not_spoil_the_verdict(
    check: Check, own_record: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_record / progress.FILE).mkdir()
    assert check(centre) is None
    out = " ".join(capsys.readouterr().out.split())
    assert "✓ Passed" in out and "Your progress was not saved" in out and "The verdict above stands." in out
    with pytest.raises(CheckFailed, match="was not saved"):
        check(centre=wrong_centre)


# --- the panel --------------------------------------------------------------------------------------------------------


def result_with(**fields: Any) -> Result:
    base: dict[str, Any] = {
        "id": "toys.centre",
        "title": "T",
        "status": Status.FAILED,
        "message": "M.",
        "max_points": 2.0,
    }
    return Result(**(base | fields))


NASTY = "<script>alert('x')</script> & \"quoted\""


@pytest.mark.parametrize("field", ["message", "title", "misconception", "printed", "notes"])
def test_html_is_escaped(field: str) -> None:
    page = result_with(**{field: (NASTY,) if field == "notes" else NASTY})._repr_html_()
    assert "<script>" not in page
    assert html.escape(NASTY) in page


def test_a_learners_own_line_is_escaped() -> None:
    def answer(x: Tensor) -> Tensor:
        raise ValueError("<b>bold</b>")

    page = judge("toys.centre", answer)._repr_html_()
    assert "<b>" not in page and "&lt;b&gt;bold" in page


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_panel(status: Status) -> None:
    result = result_with(status=status)
    assert text_panel(result, colour=False).splitlines()[1] == "M."
    assert html_panel(result).startswith('<div role="status"') and html_panel(result).endswith("</div>")
    assert max(map(len, text_panel(result_with(message="word " * 100), colour=False).splitlines())) <= 96


def test_a_long_output_is_cut_in_the_panel() -> None:
    panel = str(result_with(printed="\n".join(map(str, range(20)))))
    assert "    5\n… 14 more lines" in panel and "    6" not in panel


@pytest.mark.usefixtures("shell")
def test_in_ipython_the_panel_is_displayed_and_not_printed(check: Check) -> None:
    with capture_output() as captured:
        check(centre)
    [shown] = captured.outputs
    assert shown.data["text/plain"].startswith("✓ Passed")
    assert shown.data["text/html"].startswith('<div role="status"')
    assert captured.stdout == "" and captured.stderr == ""
