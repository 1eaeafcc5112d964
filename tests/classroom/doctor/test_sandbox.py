"""The sandbox: there and able, there and unable, not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mi_course.classroom.doctor import sandbox as module
from mi_course.classroom.doctor.finding import Finding
from mi_course.classroom.doctor.sandbox import sandbox


def only(findings: Any) -> Finding:
    (finding,) = findings
    return finding


@pytest.fixture
def bwrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A stand-in for bubblewrap, as a shell script; it is what the path leads to."""
    program = tmp_path / "bwrap"
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setattr(module.shutil, "which", lambda name: str(program))
    return program


def write(program: Path, body: str) -> None:
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def test_able(bwrap: Path) -> None:
    write(bwrap, 'case "$*" in *--unshare-all*true) exit 0;; esac; exit 9')
    assert only(sandbox()) == Finding("sandbox", "ok", f"bubblewrap can start a sandbox ({bwrap})")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("echo one >&2; echo 'bwrap: No permissions to create new namespace' >&2; exit 1", "No permissions to create"),
        ("exit 7", "exit code 7"),
        ("exec sleep 20", "no answer in 0.3 seconds"),
    ],
)
def test_unable(bwrap: Path, monkeypatch: pytest.MonkeyPatch, body: str, told: str) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.3 if "sleep" in body else 10)
    write(bwrap, body)
    finding = only(sandbox())
    assert finding.status == "warn" and told in finding.found
    assert "instructor" in finding.do


def test_a_program_that_cannot_be_run(bwrap: Path) -> None:
    bwrap.mkdir()
    finding = only(sandbox())
    assert finding.status == "warn" and "cannot start a sandbox" in finding.found


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_none_is_fine_for_a_learner(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(module.sys, "platform", platform)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    finding = only(sandbox())
    assert finding.status == "ok"
    assert "Learners need nothing" in finding.do
