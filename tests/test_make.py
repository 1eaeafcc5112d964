"""What stands behind the make targets: the environment it makes, and the runner of `make test`."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def make_venv(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path)} if path else None
    return subprocess.run(
        ["/bin/sh", str(ROOT / "tools" / "make_venv.sh"), *arguments], capture_output=True, text=True, env=environment
    )


def fake_python(folder: Path, name: str, suitable: bool, makes_venv: bool = True) -> Path:
    """A program that answers as `python` would: its version, whether it is in range, whether it has `venv`."""
    program = folder / name
    program.write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        f'--version) echo "Python {"3.12.9" if suitable else "3.9.2"}";;\n'
        f"-c) exit {0 if suitable else 1};;\n"
        f'-m) [ "$2" = venv ] && echo "{name} made $3"; exit {0 if makes_venv else 1};;\n'
        "esac\n"
    )
    program.chmod(0o755)
    return program


def test_a_python_that_is_too_old_is_one_sentence(tmp_path: Path) -> None:
    fake_python(tmp_path, "python3", suitable=False)
    done = make_venv("new", path=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.11" in done.stderr
    assert "found Python 3.9.2" in done.stderr


def test_no_python_at_all_is_one_sentence(tmp_path: Path) -> None:
    done = make_venv("new", path=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "found no Python" in done.stderr


def test_a_newer_python_beside_the_old_one_is_found(tmp_path: Path) -> None:
    fake_python(tmp_path, "python3", suitable=False)
    fake_python(tmp_path, "python3.12", suitable=True)
    done = make_venv("new", path=tmp_path)
    assert done.returncode == 0
    assert "python3.12 made new" in done.stdout


def test_the_python_one_names_is_the_one_that_is_used(tmp_path: Path) -> None:
    fake_python(tmp_path, "python3", suitable=True)
    mine = fake_python(tmp_path, "mine", suitable=True)
    assert "mine made new" in make_venv("new", str(mine), path=tmp_path).stdout


def test_a_python_without_venv_is_one_sentence(tmp_path: Path) -> None:
    fake_python(tmp_path, "python3", suitable=True, makes_venv=False)
    done = make_venv("new", path=tmp_path)
    assert done.returncode == 1
    assert "python3-venv" in done.stderr


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """tests/run.py with parts that take no time."""
    names = runpy.run_path(str(ROOT / "tests" / "run.py"))

    def says(text: str, code: int) -> list[str]:
        return [sys.executable, "-c", f"print({text!r}); raise SystemExit({code})"]

    names["PARTS"].clear()
    names["PARTS"]["bad"] = says("FAILED tests/test_x.py\n=== 2 failed, 3 passed, 1 warning in 0.5s ===", 1)
    names["PARTS"]["good"] = says("4 passed in 0.01s", 0)
    names["PARTS"]["quiet"] = says("All checks passed!", 0)
    # The real runner passes one thread on to what it starts; this process keeps its own setting.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return names


def test_a_failing_part_does_not_stop_the_others(runner: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    assert runner["main"]([]) == 1
    lines = capfd.readouterr().out.splitlines()
    assert "All checks passed!" in lines
    assert lines[-2] == "Parts: 2 fine, 1 not: bad."
    assert lines[-1].startswith("7 passed, 2 failed in")


def test_some_parts_can_be_named(runner: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    assert runner["main"](["good", "quiet"]) == 0
    out = capfd.readouterr().out
    assert "== bad" not in out
    assert out.splitlines()[-1].startswith("4 passed, 0 failed in")


def test_a_part_that_does_not_exist_is_wrong_usage(runner: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    assert runner["main"](["godo"]) == 2
    assert "good" in capfd.readouterr().err


def test_without_a_browser_the_part_is_told_and_not_failed(
    runner: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    runner["PARTS"]["browser"] = [sys.executable, "-c", "raise SystemExit(1)"]
    monkeypatch.setenv("PATH", "")
    assert runner["main"](["browser", "good"]) == 0
    out = capfd.readouterr().out
    assert "SKIPPED" in out
    assert "apt-get install chromium" in out
