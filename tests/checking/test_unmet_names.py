"""A check cell run before its answer cell, in a real IPython shell."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from mi_course.checking import Check, CheckFailed


def run(shell: InteractiveShell, cell: str, capsys: pytest.CaptureFixture[str]) -> tuple[Any, str]:
    result = shell.run_cell(cell)
    captured = capsys.readouterr()
    return result, re.sub(r"\x1b\[[\d;]*m", "", captured.out + captured.err)


def test_an_exercise_that_is_not_there_yet(
    shell: InteractiveShell, toy_chapter: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["check"] = Check("toys")
    result, shown = run(shell, "check(centre)", capsys)
    assert isinstance(result.error_in_exec, NameError)  # a grading cell must not look as if it had passed
    assert not result.success
    assert "○ `centre` does not exist yet.\nRun the cell in which you write it first, then this one." in shown
    assert "Traceback" not in shown


def test_any_other_name_is_left_to_python(
    shell: InteractiveShell, toy_chapter: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["check"] = Check("toys")
    for cell in ("no_such_name + 1", "raise NameError('bare')", "def f():\n    print(v); v = 1\nf()"):
        result, shown = run(shell, cell, capsys)
        assert isinstance(result.error_in_exec, NameError)
        assert "Traceback" in shown and "does not exist yet" not in shown
    result, shown = run(shell, "1 / 0", capsys)
    assert isinstance(result.error_in_exec, ZeroDivisionError) and "Traceback" in shown


def test_two_chapters_in_one_kernel(
    shell: InteractiveShell, toy_chapter: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["check"] = Check("induction_heads")
    Check("toys")
    for name in ("centre", "find_heads"):
        _, shown = run(shell, f"check({name})", capsys)
        assert f"`{name}` does not exist yet" in shown


def test_somebody_elses_handler_stays(
    shell: InteractiveShell, toy_chapter: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.set_custom_exc((ValueError,), lambda *args, **kwargs: print("theirs"))
    Check("toys")
    assert shell.custom_exceptions == (ValueError,)
    assert "theirs" in run(shell, "raise ValueError", capsys)[1]


def test_a_failed_check_is_shown_as_its_panel(
    shell: InteractiveShell, toy_chapter: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["check"] = Check("toys")
    result, shown = run(shell, "def centre(x):\n    return -x\ncheck(centre)", capsys)
    assert isinstance(result.error_in_exec, CheckFailed)
    assert shown.strip().startswith("✗ Not quite: The toy centre")
    assert "Traceback" not in shown and "judge.py" not in shown


def test_the_line_of_a_cell_is_shown(
    shell: InteractiveShell, toy_chapter: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["check"] = Check("toys")
    _, shown = run(shell, "def centre(x):\n    y = x\n    return y.no_such_thing()\ncheck(centre)", capsys)
    assert "AttributeError: 'Tensor' object has no attribute 'no_such_thing'." in " ".join(shown.split())
    assert "in line 3 of your cell:\n    return y.no_such_thing()" in shown


def test_outside_ipython_nothing_happens(toy_chapter: ModuleType) -> None:
    assert Check("toys").chapter == "toys"
