"""Which checkout the commands work on, and writing that is never half done."""

from __future__ import annotations

from pathlib import Path

import pytest

from mi_course.authoring import tree
from mi_course.authoring.tree import chapters, find_chapter, find_root, write_atomically
from mi_course.errors import CourseError

ROOT = Path(__file__).resolve().parents[2]


def test_the_checkout_around_the_working_directory_is_meant() -> None:
    assert find_root(ROOT) == find_root(ROOT / "tests" / "authoring") == ROOT


def test_outside_any_checkout_it_is_the_packages_own(tmp_path: Path) -> None:
    assert find_root(tmp_path) == ROOT


def test_another_checkout_than_the_installed_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "solutions").mkdir()
    (tmp_path / "mi_course").mkdir()
    with pytest.raises(CourseError, match=r"but Python imports mi_course from .*pip install -e"):
        find_root(tmp_path)


def test_a_package_without_its_sources_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mi_course

    monkeypatch.setattr(mi_course, "__file__", str(tmp_path / "site-packages" / "mi_course" / "__init__.py"))
    with pytest.raises(CourseError, match="work in a clone"):
        find_root(tmp_path)


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tree.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and [*tmp_path.iterdir()] == [path]


def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o600)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new" and path.stat().st_mode & 0o777 == 0o600


def test_a_notebook_may_be_called_otherwise_than_its_helper_module(tmp_path: Path) -> None:
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "00_what_is_mechanistic.py").write_text("")
    (chapter,) = chapters(tmp_path)
    assert chapter.name == "mechanistic" and chapter.exercises.name == "mechanistic.py"
    assert find_chapter(tmp_path, "mechanistic") == find_chapter(tmp_path, "00_what_is_mechanistic") == chapter
