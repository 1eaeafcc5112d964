"""The doctor as a whole: it never raises, it changes nothing, and problems are the last thing read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mi_course.classroom import doctor
from mi_course.classroom.doctor import Finding, diagnose, examine, report

ROOT = Path(__file__).parents[3]
FINE = Finding("python", "ok", "3.11")
SLOW = Finding("threads", "warn", "eight threads", "Take one.")
BROKEN = Finding("hub cache", "problem", "gone", "Fetch it.")


def test_problems_come_last_with_what_to_do() -> None:
    assert report([BROKEN, SLOW, FINE]).splitlines() == [
        "ok       python     3.11",
        "warn     threads    eight threads",
        "                    do: Take one.",
        "problem  hub cache  gone",
        "                    do: Fetch it.",
        "",
        "1 problem, 1 warning.",
    ]


def test_the_count_reads_well() -> None:
    assert report([FINE]).endswith("\nNo problems, no warnings.")
    assert report([BROKEN, BROKEN, SLOW, SLOW]).endswith("\n2 problems, 2 warnings.")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ModuleNotFoundError("No module named 'torch'", name="torch"), "the package torch is missing"),
        (OSError("libtorch_cpu.so:\ncannot open"), "OSError: libtorch_cpu.so: cannot open"),
        (KeyError("argv"), "KeyError: 'argv'"),
        (SystemExit(3), "SystemExit: 3"),
    ],
)
def test_a_check_that_raises_is_a_finding(error: BaseException, told: str) -> None:
    def broken() -> list[Finding]:
        raise error

    (finding,) = examine("threads", broken)
    assert (finding.check, finding.status) == ("threads", "problem")
    assert told in finding.found
    assert "install the course again" in finding.do


def test_one_broken_check_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[Finding]:
        raise RuntimeError("no")

    monkeypatch.setattr(doctor, "checks", lambda: {"disk": broken, "python": lambda: [FINE]})
    assert [(each.check, each.status) for each in diagnose()] == [("disk", "problem"), ("python", "ok")]


WITHOUT = """
import sys
for name in sys.argv[1:]:
    sys.modules[name] = None
from mi_course.classroom.doctor import diagnose
print(*(f"{each.check}: {each.status}: {each.found}" for each in diagnose()), sep="\\n")
"""


def test_an_environment_without_torch_is_told_and_the_rest_is_looked_at() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "torch"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert "threads: problem: not looked at, because the package torch is missing" in lines
    assert {"python", "packages", "kernel", "sandbox"} <= {line.partition(":")[0] for line in lines}


def test_the_command_looks_at_everything_and_leaves_no_trace(tmp_path: Path) -> None:
    record = tmp_path / "record"
    folder = tmp_path / "here"
    folder.mkdir()
    environment = {**os.environ, "MI_COURSE_HOME": str(record), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "mi_course.cli", "doctor", "--json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    findings = json.loads(done.stdout)
    assert all(set(each) == {"check", "status", "found", "do"} for each in findings)
    assert {each["check"] for each in findings} == set(doctor.checks())
    assert all(each["status"] == "ok" or each["do"] for each in findings)
    assert done.returncode == any(each["status"] == "problem" for each in findings)
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == [folder] and not list(folder.iterdir())
