"""What an installation brings: the right files, the pinned versions, and an import that costs next to nothing."""

from __future__ import annotations

import ast
import runpy
import statistics
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import mi_course

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def pins() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tools" / "pins.py"))


def in_a_fresh_python(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_importing_the_package_costs_under_a_tenth_of_a_second() -> None:
    code = "import time; start = time.process_time(); import mi_course; print(time.process_time() - start)"
    assert statistics.median(float(in_a_fresh_python(code)) for _ in range(5)) < 0.1


@pytest.mark.parametrize(
    "module",
    [
        "mi_course",
        "mi_course.cli",
        "mi_course.classroom.working_copy",
        "mi_course.classroom.doctor",
        "mi_course.classroom.update",
        "mi_course.errors",
    ],
)
def test_light_modules_import_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    loaded = set(in_a_fresh_python(code).split())
    assert loaded.isdisjoint({"torch", "numpy", "IPython", "transformer_lens", "matplotlib", "pandas", "nbformat"})


@pytest.mark.parametrize(
    "module",
    [
        "mi_course.checking",
        "mi_course.interventions",
        "mi_course.transformer_maths",
        "mi_course.exercises.transformer_maths",
        "mi_course.induction_heads",
    ],
)
def test_transformer_lens_waits_until_a_model_is_loaded(module: str) -> None:
    assert in_a_fresh_python(f"import sys, {module}; print('transformer_lens' in sys.modules)") == "False"


def test_one_version() -> None:
    assert PROJECT["version"] == mi_course.__version__


def test_constraints_are_what_is_installed(pins: dict[str, Any]) -> None:
    assert pins["differences"]() == []


def test_every_direct_dependency_is_pinned_inside_its_range(pins: dict[str, Any]) -> None:
    pinned = pins["pinned"]()
    for requirement in pins["direct_requirements"]("dev", "test"):
        assert pinned[canonicalize_name(requirement.name)] in requirement.specifier


def test_what_is_imported_is_declared(pins: dict[str, Any]) -> None:
    """A package that only happens to be there because another one needs it may be gone with that one's next version."""
    providers = packages_distributions()
    declared = {
        extras: {canonicalize_name(each.name) for each in pins["direct_requirements"](*extras)}
        for extras in ((), ("dev",))
    }
    for file in (ROOT / "mi_course").rglob("*.py"):
        if file.name == "pytest_plugin.py":  # loaded by pytest, which is therefore there
            continue
        authors = file.is_relative_to(ROOT / "mi_course" / "authoring")
        for module in imported(file) - {"mi_course"}:
            names = {canonicalize_name(name) for name in providers[module]}
            assert names & declared[("dev",) if authors else ()], f"{file.relative_to(ROOT)} imports {module}"


def imported(file: Path) -> set[str]:
    """The packages a file imports anywhere in it, without those of Python itself."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names)


def test_torch_is_pinned_for_every_kind_of_machine() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert "torch==2.13.0" in lines


def test_conda_environment_agrees_with_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    packages = [each for each in environment["dependencies"] if isinstance(each, str)]
    (pip,) = (each["pip"] for each in environment["dependencies"] if isinstance(each, dict))
    assert environment["name"] == PROJECT["name"]
    # No second list of packages to keep in step: pip takes pyproject's, at the pinned versions.
    assert pip == ["--constraint constraints.txt", "-e ."]
    (python,) = (each.removeprefix("python=") for each in packages if each.startswith("python"))
    assert python in SpecifierSet(PROJECT["requires-python"])
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, unpacked."""
    out = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(out)], cwd=ROOT, check=True, capture_output=True, text=True)
    with zipfile.ZipFile(out / done.stdout.split()[-1]) as archive:
        archive.extractall(out / "unpacked")
    return out / "unpacked"


def test_the_wheel_has_the_notebooks_and_the_models(wheel: Path) -> None:
    shipped = {path.relative_to(wheel).as_posix() for path in wheel.rglob("*")}
    for notebook in (ROOT / "chapters").glob("*.ipynb"):
        assert f"mi_course/_chapters/{notebook.name}" in shipped
    zoo = ROOT / "mi_course" / "zoo"
    for file in (*zoo.rglob("*.safetensors"), *zoo.rglob("*.json")):
        assert file.relative_to(ROOT).as_posix() in shipped
    # `mi-course doctor` compares with them.
    assert (wheel / "mi_course" / "_constraints.txt").read_bytes() == (ROOT / "constraints.txt").read_bytes()
    assert not [name for name in shipped if name.startswith(("tests/", "solutions/"))]


def test_a_working_copy_can_be_made_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from mi_course.classroom.working_copy import start; "
        "import mi_course; print(mi_course.__file__); start(sys.argv[2])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(wheel), str(tmp_path / "mine")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(done.stdout.strip()).is_relative_to(wheel)
    for notebook in (ROOT / "chapters").glob("*.ipynb"):
        assert (tmp_path / "mine" / notebook.name).read_bytes() == notebook.read_bytes()
