"""`mi-course doctor`: looks at everything the course stands on, changes nothing, asks nothing of the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mi_course.classroom.doctor.finding import Check, Finding, examine

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Finding", "checks", "diagnose", "report"]


def checks() -> Mapping[str, Check]:
    """What is looked at, by name, in the order in which it is told."""
    # Each is imported when its turn comes, so that a package missing in one of them does not hide the others.
    return {
        "python": _in("packages", "python"),
        "packages": _in("packages", "packages"),
        "chapters": _in("course", "chapters"),
        "models": _in("course", "models"),
        "record": _in("course", "record"),
        "jupyter": _in("jupyter", "command"),
        "kernel": _in("jupyter", "kernel"),
        "widgets": _in("jupyter", "widgets"),
        "circuitsvis": _in("jupyter", "circuitsvis"),
        "threads": _in("machine", "threads"),
        "memory": _in("machine", "memory"),
        "disk": _in("machine", "disk"),
        "hub cache": _in("course", "hub_cache"),
        "sandbox": _in("sandbox", "sandbox"),
    }


def diagnose() -> list[Finding]:
    """Every finding. Never raises."""
    return [finding for name, check in checks().items() for finding in examine(name, check)]


def report(findings: Sequence[Finding]) -> str:
    """The findings as aligned lines, problems last, each with what to do below it."""
    order = {"ok": 0, "warn": 1, "problem": 2}
    width = max((len(each.check) for each in findings), default=0)
    lines = []
    for each in sorted(findings, key=lambda finding: order[finding.status]):
        lines.append(f"{each.status:<7}  {each.check:<{width}}  {each.found}")
        if each.do:
            lines.append(f"{'':<7}  {'':<{width}}  do: {each.do}")
    counts = {status: sum(each.status == status for each in findings) for status in order}
    problems, warnings = (f"{counts[s] or 'no'} {w}{'s' * (counts[s] != 1)}" for s, w in _WORDS.items())
    return "\n".join([*lines, "", f"{problems[0].upper()}{problems[1:]}, {warnings}."])


_WORDS = {"problem": "problem", "warn": "warning"}


def _in(module: str, function: str) -> Check:
    def check() -> Sequence[Finding]:
        import importlib

        return list(getattr(importlib.import_module(f"{__name__}.{module}"), function)())

    return check
