"""Python and the packages, against the ranges the course declares and the versions it is tested with."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from mi_course.classroom.doctor.finding import Finding


def python() -> Iterator[Finding]:
    """Whether this Python is one that the course supports."""
    from mi_course.classroom.doctor.declared import declared

    supported = declared().python
    version = platform.python_version()
    found = f"Python {version} in {sys.prefix}; the course supports {_in_order(str(supported))}"
    if supported.contains(version, prereleases=True):
        yield Finding("python", "ok", found)
    else:
        yield Finding(
            "python", "problem", found, "Make an environment with a supported Python and install the course into it."
        )


@dataclass(frozen=True)
class _Other:
    """A package whose installed version is another than the tested one."""

    name: str
    installed: str
    tested: str


def packages() -> Iterator[Finding]:
    """The direct dependencies. Missing or out of range is a problem; another version than the tested one is not."""
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    from mi_course.classroom.doctor.declared import declared

    asked = declared()
    others: list[_Other] = []
    wrong = 0
    for requirement in asked.requirements:
        name = requirement.name
        needs = f"the course needs {_in_order(str(requirement.specifier)) or 'it'}"
        pin = asked.pins.get(canonicalize_name(name))
        again = _install(f'"{name}=={pin}"' if pin else f'"{requirement}"')
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong += 1
            yield Finding("packages", "problem", f"{name} is not installed; {needs}", f"Run `{again}`.")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong += 1
            yield Finding("packages", "problem", f"{name} {version} is installed; {needs}", f"Run `{again}`.")
        elif pin is not None and Version(version).public != pin:  # 2.13.0+cpu is 2.13.0 for another machine
            others.append(_Other(name, version, pin))
    if others:
        yield _other_versions(others)
    elif not wrong:
        count = len(asked.requirements)
        if asked.pins_file is None:
            yield Finding(
                "packages",
                "ok",
                f"{count} packages, each in the range the course declares; the tested versions (constraints.txt) are "
                "not part of this installation, so they were not compared",
            )
        else:
            yield Finding("packages", "ok", f"{count} packages, each at the version the course is tested with")


def required(name: str) -> bool:
    """Whether the course declares a package as one it needs."""
    from packaging.utils import canonicalize_name

    from mi_course.classroom.doctor.declared import declared

    return canonicalize_name(name) in {canonicalize_name(each.name) for each in declared().requirements}


def _other_versions(others: list[_Other]) -> Finding:
    told = ", ".join(f"{each.name} {each.installed} (tested: {each.tested})" for each in others)
    again = _install(*(f"{each.name}=={each.tested}" for each in others))
    return Finding(
        "packages",
        "warn",
        f"in range, but not the tested version: {told}",
        f"Nothing, unless something misbehaves; then try the tested versions: `{again}`.",
    )


def _install(*what: str) -> str:
    return f'"{sys.executable}" -m pip install {" ".join(what)}'


def _in_order(specifier: str) -> str:
    """`>=3.11,<3.14` rather than the order a set happens to come in."""
    return ",".join(sorted(specifier.split(","), reverse=True))
