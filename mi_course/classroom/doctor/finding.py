"""What the doctor writes down: one finding for each thing looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "problem"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    check: what was looked at, a stable name such as "python"; a check may have several findings.
    status: "ok"; "warn", where the course works but something is slow, unusual or missing for some; "problem", where
        part of the course will not work.
    found: what is there.
    do: what to do about it, empty where nothing is to be done.
    """

    check: str
    status: Status
    found: str
    do: str = ""


Check = Callable[[], Iterable[Finding]]


def examine(name: str, check: Check) -> list[Finding]:
    """What a check finds. One that raises is a finding as well: in a broken installation anything may."""
    try:
        return list(check())
    except ModuleNotFoundError as error:
        return [Finding(name, "problem", f"not looked at, because the package {error.name} is missing", _REINSTALL)]
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return [Finding(name, "problem", f"could not be looked at ({reason})", _REINSTALL)]


_REINSTALL = (
    "If no other line explains it, install the course again in a fresh environment; if it stays, report it with the "
    "output of `mi-course doctor --json`."
)
