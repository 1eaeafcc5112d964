"""The sandbox in which instructors run other people's answers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator

from mi_course.classroom.doctor.finding import Finding

SECONDS = 5
_INSTRUCTORS = "Learners need nothing here; an instructor who runs other people's answers does:"


def sandbox() -> Iterator[Finding]:
    """Whether bubblewrap is there and can close a process in. Nobody who only learns needs it."""
    if not sys.platform.startswith("linux"):
        found = "there is no bubblewrap for this system"
        yield Finding("sandbox", "ok", found, f"{_INSTRUCTORS} use a Linux machine for that.")
        return
    program = shutil.which("bwrap")
    if program is None:
        yield Finding(
            "sandbox", "ok", "bubblewrap is not installed", f"{_INSTRUCTORS} install the system package bubblewrap."
        )
        return
    reason = _refusal(program)
    if reason:
        yield Finding(
            "sandbox",
            "warn",
            f"bubblewrap is installed but cannot start a sandbox ({reason})",
            f"{_INSTRUCTORS} let users make namespaces (in a container, its settings; else the system's).",
        )
    else:
        yield Finding("sandbox", "ok", f"bubblewrap can start a sandbox ({program})")


def _refusal(program: str) -> str:
    """Why a sandbox without a network cannot be started; empty if it can."""
    line = [program, "--ro-bind", "/", "/", "--dev", "/dev", "--unshare-all", "--die-with-parent", "true"]
    try:
        done = subprocess.run(line, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer in {SECONDS} seconds"
    except OSError as error:
        return error.strerror or type(error).__name__
    if done.returncode == 0:
        return ""
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
