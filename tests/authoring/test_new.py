"""Scaffolding an exercise."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from mi_course.authoring import new as new_module
from mi_course.authoring.check import check
from mi_course.authoring.new import new
from mi_course.authoring.registry import Registry
from mi_course.authoring.rules.material import PLACEHOLDER
from mi_course.checking import Exercise
from mi_course.errors import CourseError
from tests.authoring import toy

MODULE = '''\
"""Exercises of the toy chapter."""

from __future__ import annotations

from tests.authoring import toy

double = toy.exercise()
answer = toy.value_exercise()

EXERCISES = [double, answer]
'''


@pytest.fixture
def course(built: Path) -> Path:
    """A built tree with an exercises' file of its own."""
    (built / "mi_course" / "exercises" / "toy.py").write_text(MODULE)
    return built


def load(root: Path) -> list[Exercise]:
    spec = importlib.util.spec_from_file_location("toy_exercises", root / "mi_course" / "exercises" / "toy.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EXERCISES


def files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


@pytest.mark.parametrize("value", [False, True])
def test_the_frame_loads_and_all_that_is_missing_is_what_it_marks(course: Path, value: bool) -> None:
    written = new("toy", "fresh", value=value, root=course)
    assert written == ["mi_course/exercises/toy.py", f"solutions/{toy.STEM}.py"]
    exercises = load(course)
    assert [exercise.name for exercise in exercises] == ["double", "answer", "fresh"]
    assert exercises[-1].is_value == value and exercises[-1].id == "toy.fresh"
    findings = check(root=course, registry=Registry({"toy": exercises}))
    marks = sum((course / path).read_text().count(PLACEHOLDER) for path in written)
    assert marks > 20
    assert len(findings) == marks
    assert all(finding.sentence.startswith("Still to write: ") for finding in findings)
    assert not any('"' in finding.sentence for finding in findings)


@pytest.mark.parametrize("value", [False, True])
def test_the_frame_is_formatted_and_imports_what_it_uses(course: Path, value: bool) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    module, source = "mi_course/exercises/toy.py", f"solutions/{toy.STEM}.py"
    options = ["--line-length", "120", "--isolated"]
    subprocess.run([*ruff, "format", *options, source], cwd=course, check=True, capture_output=True)
    new("toy", "fresh", value=value, root=course)
    for path in (module, source):
        subprocess.run([*ruff, "format", "--check", *options, path], cwd=course, check=True, capture_output=True)
    subprocess.run([*ruff, "check", *options, "--select", "F,E", module], cwd=course, check=True, capture_output=True)


def test_nothing_that_was_there_changes(course: Path) -> None:
    source = course / "solutions" / f"{toy.STEM}.py"
    module = course / "mi_course" / "exercises" / "toy.py"
    before_source, before_module = source.read_text(), module.read_text()
    new("toy", "fresh", root=course)
    new("toy", "fresher", root=course)
    assert source.read_text().startswith(before_source.rstrip())
    after = module.read_text()
    assert all(line in after for line in before_module.splitlines() if "EXERCISES" not in line)
    assert [exercise.name for exercise in load(course)] == ["double", "answer", "fresh", "fresher"]


@pytest.mark.parametrize(
    ("chapter", "name", "words"),
    [
        ("toys", "fresh", "Did you mean 'toy'"),
        ("toy", "double", "already has an exercise 'double'"),
        ("toy", "toy", "already uses the name 'toy'"),
        ("toy", "Case", "already uses the name 'Case'"),
        ("toy", "1st", "no Python name"),
        ("toy", "two words", "no Python name"),
        ("toy", "class", "no Python name"),
        ("toy", "_hidden", "begin with a letter"),
        ("toy", "größe", "without accents"),
    ],
)
def test_what_cannot_be_added_leaves_everything_as_it_was(course: Path, chapter: str, name: str, words: str) -> None:
    module = course / "mi_course" / "exercises" / "toy.py"
    module.write_text(MODULE.replace("from tests", "from mi_course.checking import Case\nfrom tests"))
    before = files(course)
    with pytest.raises(CourseError, match=words):
        new(chapter, name, root=course)
    assert files(course) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "does not exist yet"), ("x = (", "Mend it first"), ("x = 1\n", "no list `EXERCISES")],
)
def test_an_exercises_file_that_is_not_in_order(course: Path, text: str | None, words: str) -> None:
    module = course / "mi_course" / "exercises" / "toy.py"
    module.unlink()
    if text is not None:
        module.write_text(text)
    before = files(course)
    with pytest.raises(CourseError, match=words):
        new("toy", "fresh", root=course)
    assert files(course) == before


def test_an_interruption_between_the_two_files_undoes_the_first(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(course)
    write = new_module.write_atomically

    def interrupted(path: Path, data: bytes) -> None:
        if path.parent.name == "solutions":
            raise KeyboardInterrupt
        write(path, data)

    monkeypatch.setattr(new_module, "write_atomically", interrupted)
    with pytest.raises(KeyboardInterrupt):
        new("toy", "fresh", root=course)
    assert files(course) == before


@pytest.mark.parametrize("listed", ["[]", "[double,\n    answer,\n]", "[ double ]"])
def test_the_list_may_be_written_in_any_way(course: Path, listed: str) -> None:
    module = course / "mi_course" / "exercises" / "toy.py"
    module.write_text(MODULE.replace("[double, answer]", listed))
    new("toy", "fresh", root=course)
    assert load(course)[-1].name == "fresh"


@pytest.fixture
def folder(course: Path) -> Path:
    """The same course, its exercises in a folder with one file a section."""
    exercises = course / "mi_course" / "exercises"
    (exercises / "toy").mkdir()
    (exercises / "toy.py").rename(exercises / "toy" / "first.py")
    (exercises / "toy" / "second.py").write_text(MODULE.replace("EXERCISES = [double, answer]", "EXERCISES = []"))
    (exercises / "toy" / "__init__.py").write_text("")
    return course


def test_in_a_folder_the_named_file_gets_the_entry(folder: Path) -> None:
    before = files(folder)
    written = new("toy", "fresh", file="second", root=folder)
    assert written == ["mi_course/exercises/toy/second.py", f"solutions/{toy.STEM}.py"]
    changed = {path.name for path, data in files(folder).items() if before.get(path) != data}
    assert changed == {"second.py", f"{toy.STEM}.py"}
    findings = check(root=folder, registry=toy.registry())
    assert any("second.py" in finding.path and "Still to write" in finding.sentence for finding in findings)


@pytest.mark.parametrize(
    ("file", "says"), [(None, "--file: first, second"), ("secnd", "Did you mean 'second'?"), ("__init__", "no file")]
)
def test_in_a_folder_the_file_has_to_be_said(folder: Path, file: str | None, says: str) -> None:
    before = files(folder)
    with pytest.raises(CourseError, match=says):
        new("toy", "fresh", file=file, root=folder)
    assert files(folder) == before


def test_where_there_is_one_file_there_is_nothing_to_choose(course: Path) -> None:
    with pytest.raises(CourseError, match="leave out --file"):
        new("toy", "fresh", file="toy", root=course)
