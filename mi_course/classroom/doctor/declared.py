"""What the course asks of an environment: its pyproject.toml in a clone, what was installed with it elsewhere."""

from __future__ import annotations

import importlib.metadata
import tomllib
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import mi_course

NAME = "mi-course"


@dataclass(frozen=True)
class Declared:
    """python: the versions supported. requirements: the direct dependencies that apply on this machine.

    pins: the tested version of each package by its canonical name. pins_file: where they stand; None where this
    installation has none, and then `pins` is empty.
    """

    python: SpecifierSet
    requirements: tuple[Requirement, ...]
    pins: dict[str, str]
    pins_file: Path | None


def declared(package: Path | None = None) -> Declared:
    """What the course in the folder `package` asks for; by default the one that is running."""
    package = package or Path(mi_course.__file__).resolve().parent
    clone = _clone_of(package)
    if clone is not None:
        project = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        python, lines = project["requires-python"], project["dependencies"]
    else:
        metadata = importlib.metadata.metadata(NAME)
        (python, *_), lines = metadata.get_all("Requires-Python") or [""], metadata.get_all("Requires-Dist") or []
    requirements = [Requirement(line) for line in lines]
    # The wheel carries the tested versions as _constraints.txt.
    pins_file = package / "_constraints.txt"
    if not pins_file.is_file() and clone is not None:
        pins_file = clone / "constraints.txt"
    return Declared(
        SpecifierSet(python),
        tuple(each for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})),
        _pins(pins_file) if pins_file.is_file() else {},
        pins_file if pins_file.is_file() else None,
    )


def _clone_of(package: Path) -> Path | None:
    """The clone of the course that `package` lies in, or None where it was installed from a wheel."""
    pyproject = package.parent / "pyproject.toml"
    if not pyproject.is_file():
        return None
    named = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {}).get("name")
    return package.parent if named == NAME else None


def _pins(file: Path) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==", 1) for line in lines if "==" in line and not line.startswith("#")]
    return {canonicalize_name(name.strip()): version.strip() for name, version in pairs}
