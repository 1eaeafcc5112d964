"""Write constraints.txt: the exact version of every package that `make test` installs.

    python tools/pins.py            write the file from the environment this runs in
    python tools/pins.py --check    compare instead; exit 1 and list the differences

Run it after changing a dependency and passing `make test`. Packages that only other systems need (CUDA libraries,
Windows terminals) are not tested here and so not pinned.
"""

from __future__ import annotations

import importlib.metadata
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
HEADER = """\
# The versions this project is tested with, for `pip install -c constraints.txt`. Written by tools/pins.py.
"""
# Brought in by the CUDA build of torch or by another operating system than the tested one.
UNTESTED = ("nvidia-", "cuda-", "triton", "appnope", "colorama", "pywinpty", "pywin32")


def direct_requirements(*extras: str) -> list[Requirement]:
    """The requirements pyproject.toml names, for the package itself and the given extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    requirements = [Requirement(line) for line in lines]
    return [r for r in requirements if canonicalize_name(r.name) != canonicalize_name(project["name"])]


def installed_closure() -> dict[str, str]:
    """Name to version of everything that the direct requirements pull in, as installed here."""
    versions: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    queue = direct_requirements("dev", "test")
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen or name.startswith(UNTESTED):
            continue
        seen.add(key)
        distribution = importlib.metadata.distribution(name)
        # A build of torch for one kind of machine calls itself 2.13.0+cpu; the pin must fit all of them.
        versions[name] = Version(distribution.version).public
        for line in distribution.requires or []:
            needed = Requirement(line)
            extras = ["", *requirement.extras]
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                queue.append(needed)
    return dict(sorted(versions.items()))


def pinned() -> dict[str, str]:
    """Name to version as constraints.txt has it."""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def differences() -> list[str]:
    """One line for each package whose pin and installed version disagree."""
    pins, installed = pinned(), installed_closure()
    names = sorted(pins.keys() | installed.keys())
    return [
        f"{name}: pinned {pins.get(name, 'not at all')}, installed {installed.get(name, 'not at all')}"
        for name in names
        if pins.get(name) != installed.get(name)
    ]


def main() -> int:
    if "--check" in sys.argv[1:]:
        lines = differences()
        print("\n".join(lines) or "constraints.txt names what is installed.")
        return 1 if lines else 0
    body = "".join(f"{name}=={version}\n" for name, version in installed_closure().items())
    CONSTRAINTS.write_text(HEADER + body, encoding="utf-8")
    print(f"Wrote {CONSTRAINTS.name}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
