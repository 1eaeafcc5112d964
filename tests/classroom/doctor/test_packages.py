"""Python and the packages: supported or not, tested, in range, out of range, missing."""

from __future__ import annotations

import importlib.metadata
import platform
from email.message import Message
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from mi_course.classroom.doctor import declared as declarations
from mi_course.classroom.doctor.declared import Declared, declared
from mi_course.classroom.doctor.finding import Finding
from mi_course.classroom.doctor.packages import packages, python, required

PINS = {"torch": "2.13.0", "huggingface-hub": "2.4.0"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A course that needs two packages."""
    ask(monkeypatch, PINS, Path("constraints.txt"))


def ask(monkeypatch: pytest.MonkeyPatch, pins: dict[str, str], pins_file: Path | None) -> None:
    requirements = (Requirement("torch>=2.6,<3"), Requirement("huggingface_hub>=1,<3"))
    course = Declared(SpecifierSet(">=3.11,<3.14"), requirements, pins, pins_file)
    monkeypatch.setattr(declarations, "declared", lambda: course)


def look(monkeypatch: pytest.MonkeyPatch, **versions: str) -> list[Finding]:
    def version(name: str) -> str:
        if name not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    return list(packages())


@pytest.mark.parametrize(
    ("version", "status"),
    [("3.10.14", "problem"), ("3.11.0", "ok"), ("3.13.9", "ok"), ("3.14.0", "problem"), ("3.13.0rc1", "ok")],
)
def test_python(monkeypatch: pytest.MonkeyPatch, asked: None, version: str, status: str) -> None:
    monkeypatch.setattr(platform, "python_version", lambda: version)
    (finding,) = python()
    assert finding.status == status
    assert f"Python {version} " in finding.found and ">=3.11,<3.14" in finding.found
    assert bool(finding.do) is (status == "problem")


def test_the_tested_versions_are_fine(monkeypatch: pytest.MonkeyPatch, asked: None) -> None:
    (finding,) = look(monkeypatch, torch="2.13.0+cpu", huggingface_hub="2.4.0")
    assert finding == Finding("packages", "ok", "2 packages, each at the version the course is tested with")


def test_another_version_in_range_is_a_warning_with_the_way_back(monkeypatch: pytest.MonkeyPatch, asked: None) -> None:
    (finding,) = look(monkeypatch, torch="2.9.1", huggingface_hub="2.4.0")
    assert finding.status == "warn"
    assert "torch 2.9.1 (tested: 2.13.0)" in finding.found and "huggingface" not in finding.found
    assert "pip install torch==2.13.0" in finding.do


def test_missing_and_out_of_range_are_a_problem_each(monkeypatch: pytest.MonkeyPatch, asked: None) -> None:
    old, missing = look(monkeypatch, torch="2.5.1")
    assert (old.status, missing.status) == ("problem", "problem")
    assert "torch 2.5.1 is installed; the course needs >=2.6,<3" in old.found
    assert 'pip install "torch==2.13.0"' in old.do
    assert "huggingface_hub is not installed" in missing.found
    assert 'pip install "huggingface_hub==2.4.0"' in missing.do


def test_without_pins_the_ranges_are_compared_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    ask(monkeypatch, {}, None)
    (finding,) = look(monkeypatch, torch="2.9.1", huggingface_hub="1.0")
    assert finding.status == "ok"
    assert "were not compared" in finding.found
    (old, _) = look(monkeypatch, torch="2.5")
    assert old.status == "problem" and "pip install" in old.do and "torch" in old.do


def test_required(asked: None) -> None:
    assert required("huggingface-hub") and required("Torch")
    assert not required("circuitsvis")


# --- where it is declared ---------------------------------------------------------------------------------------------


def test_this_clone_declares_what_pyproject_says() -> None:
    here = declared()
    assert here.pins_file is not None and here.pins["torch"]
    assert {"torch", "packaging"} <= {each.name for each in here.requirements}
    assert "pytest" not in {each.name for each in here.requirements}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The course as a wheel installs it: the package, and its metadata elsewhere."""
    metadata = Message()
    metadata["Requires-Python"] = ">=3.12"
    metadata["Requires-Dist"] = "torch>=2.6"
    metadata["Requires-Dist"] = "pytest>=8; extra == 'test'"
    metadata["Requires-Dist"] = "tzdata; platform_system == 'NoSuchSystem'"
    monkeypatch.setattr(importlib.metadata, "metadata", {"mi-course": metadata}.__getitem__)
    package = tmp_path / "site-packages" / "mi_course"
    package.mkdir(parents=True)
    return package


def test_a_wheel_declares_it_in_its_metadata_and_carries_its_pins(installed: Path) -> None:
    (installed / "_constraints.txt").write_text("# tested\nTorch==2.13.0\n\nhuggingface_hub==2.4.0\n")
    found = declared(installed)
    assert found.python == SpecifierSet(">=3.12")
    assert [str(each) for each in found.requirements] == ["torch>=2.6"]
    assert found.pins == PINS
    assert found.pins_file == installed / "_constraints.txt"


def test_a_wheel_without_pins(installed: Path) -> None:
    found = declared(installed)
    assert found.pins == {} and found.pins_file is None


def test_somebody_elses_project_above_the_package_is_not_asked(installed: Path) -> None:
    (installed.parent / "pyproject.toml").write_text('[project]\nname = "other"\n')
    (installed.parent / "constraints.txt").write_text("torch==1.0\n")
    found = declared(installed)
    assert found.python == SpecifierSet(">=3.12") and found.pins == {}
