"""`start`: adds what is missing, and leaves alone whatever it finds."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mi_course
from mi_course.classroom import working_copy
from mi_course.classroom.working_copy import chapters_directory, start
from mi_course.errors import CourseError

NOTEBOOKS = {"02_a.ipynb": b'{"cells": []}', "03_b.ipynb": b"\x00\xff not even text", "README.md": b"map"}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small course of three files and a picture, in place of the real one."""
    source = make_course(tmp_path / "course")
    monkeypatch.setattr(working_copy, "chapters_directory", lambda: source)
    return source


def make_course(root: Path) -> Path:
    source = root / "chapters"
    (source / "images").mkdir(parents=True)
    for name, content in NOTEBOOKS.items():
        (source / name).write_bytes(content)
    (source / "images" / "first.png").write_bytes(b"png")
    (source / ".ipynb_checkpoints").mkdir()
    (source / ".ipynb_checkpoints" / "02_a-checkpoint.ipynb").write_bytes(b"left over")
    return source


def snapshot(directory: Path) -> dict[str, bytes | str | None]:
    """Relative name to content (files), target (links) or None (folders), for everything below `directory`."""
    found: dict[str, bytes | str | None] = {}
    for path in directory.rglob("*"):
        name = path.relative_to(directory).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        else:
            found[name] = path.read_bytes() if path.is_file() else None
    return found


def test_a_fresh_copy_holds_the_course_and_its_base(course: Path, tmp_path: Path) -> None:
    report = start(tmp_path / "deep" / "mine")
    expected = {**NOTEBOOKS, "images/first.png": b"png"}
    assert set(report.added) == set(expected)
    assert report.kept == ()
    for name, content in expected.items():
        assert (report.directory / name).read_bytes() == content
        assert (report.directory / ".mi-course" / "base" / name).read_bytes() == content
    marker = json.loads((report.directory / ".mi-course" / "working-copy.json").read_text())
    assert marker == {"format": 1, "version": mi_course.__version__}
    left_over = [name for name in snapshot(report.directory) if name.endswith(".tmp") or "checkpoint" in name]
    assert left_over == []


def test_starting_again_changes_nothing_and_brings_back_what_was_removed(course: Path, tmp_path: Path) -> None:
    mine = start(tmp_path / "mine").directory
    (mine / "02_a.ipynb").write_bytes(b"my answers")
    (mine / "03_b.ipynb").unlink()
    before = snapshot(mine)
    report = start(mine)
    assert report.added == ("03_b.ipynb",)
    assert "02_a.ipynb" in report.kept
    assert "02_a.ipynb" in str(report)
    assert snapshot(mine) == {**before, "03_b.ipynb": NOTEBOOKS["03_b.ipynb"]}


def test_the_base_stays_what_the_learner_started_from(course: Path, tmp_path: Path) -> None:
    mine = start(tmp_path / "mine").directory
    (course / "02_a.ipynb").write_bytes(b"the next edition")
    start(mine)
    assert (mine / "02_a.ipynb").read_bytes() == NOTEBOOKS["02_a.ipynb"]
    assert (mine / ".mi-course" / "base" / "02_a.ipynb").read_bytes() == NOTEBOOKS["02_a.ipynb"]


def test_a_file_copied_by_hand_gets_a_base_only_when_it_is_unchanged(course: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "02_a.ipynb").write_bytes(NOTEBOOKS["02_a.ipynb"])
    (mine / "03_b.ipynb").write_bytes(b"changed")
    start(mine)
    assert (mine / ".mi-course" / "base" / "02_a.ipynb").read_bytes() == NOTEBOOKS["02_a.ipynb"]
    assert not (mine / ".mi-course" / "base" / "03_b.ipynb").exists()


names = st.sampled_from(
    [*NOTEBOOKS, "images/first.png", "images/mine.png", "notes.txt", "a/b/c.py", ".mi-course/progress.json", "ü.md"]
)
things = st.one_of(st.binary(max_size=40), st.sampled_from(["link to nowhere", "link to a file", "folder"]))


@given(existing=st.dictionaries(names, things))
def test_nothing_that_was_there_changes(existing: dict[str, bytes | str]) -> None:
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        root = Path(scratch)
        source = make_course(root / "course")
        patch.setattr(working_copy, "chapters_directory", lambda: source)
        mine = root / "mine"
        for name, thing in existing.items():
            path = mine / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(thing, bytes):
                path.write_bytes(thing)
            elif thing == "folder":
                path.mkdir()
                (path / "inside").write_bytes(b"kept")
            else:
                path.symlink_to(root / ("nowhere" if "nowhere" in thing else "course/chapters/README.md"))
        before = snapshot(mine)
        report = start(mine)
        after = snapshot(mine)
        assert {name: after.get(name, "gone") for name in before} == before
        assert snapshot(root / "course") == snapshot(source.parent)
        # What was missing has come, and the report tells the two apart.
        assert set(report.kept) == {name for name in before if name in (*NOTEBOOKS, "images/first.png")}
        assert all((mine / name).read_bytes() == (source / name).read_bytes() for name in report.added)


def test_a_kill_at_any_write_leaves_whole_files_and_the_next_start_finishes(course: Path, tmp_path: Path) -> None:
    """The process is killed at its first rename or link, then at its second, … until one run gets through."""
    script = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from mi_course.classroom import working_copy
        left = int(sys.argv[1])
        def dying(function):
            def wrapped(*args):
                global left
                if left == 0:
                    os._exit(9)
                left -= 1
                return function(*args)
            return wrapped
        os.replace, os.link = dying(os.replace), dying(os.link)
        working_copy.chapters_directory = lambda: Path(sys.argv[2])
        working_copy.start(sys.argv[3])
        """
    )
    whole = {**NOTEBOOKS, "images/first.png": b"png"}
    for kill_at in range(100):
        mine = tmp_path / f"mine{kill_at}"
        done = subprocess.run([sys.executable, "-c", script, str(kill_at), str(course), str(mine)], check=False)
        for name, content in snapshot(mine).items():
            if name in whole:
                assert content == whole[name]
                assert (mine / ".mi-course" / "base" / name).read_bytes() == whole[name]
        start(mine)
        assert {name: (mine / name).read_bytes() for name in whole} == whole
        if done.returncode == 0:
            break
        assert done.returncode == 9
    assert kill_at == 2 * len(whole) + 1  # each file and its base, and the marker


def test_a_name_taken_between_look_and_write_is_left_alone(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.link

    def slow(source: str, target: Path) -> None:
        if target.name == "02_a.ipynb":
            target.write_bytes(b"somebody was faster")
        real(source, target)

    monkeypatch.setattr(os, "link", slow)
    report = start(tmp_path / "mine")
    assert (tmp_path / "mine" / "02_a.ipynb").read_bytes() == b"somebody was faster"
    assert "02_a.ipynb" in report.kept


def test_a_file_system_without_hard_links_will_do(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted", str(source))

    monkeypatch.setattr(os, "link", refuse)
    report = start(tmp_path / "mine")
    assert (report.directory / "02_a.ipynb").read_bytes() == NOTEBOOKS["02_a.ipynb"]
    assert start(report.directory).added == ()


@pytest.mark.parametrize("place", ["mine", "mine/deeper", "mine/images"])
def test_a_file_where_a_folder_is_due(course: Path, tmp_path: Path, place: str) -> None:
    obstacle = tmp_path / "mine" / "images" if place == "mine/images" else tmp_path / "mine"
    obstacle.parent.mkdir(exist_ok=True)
    obstacle.write_bytes(b"a file")
    with pytest.raises(CourseError, match="is a file where the working copy needs a folder") as raised:
        start(tmp_path / "mine" if place == "mine/images" else tmp_path / place)
    assert str(obstacle) in str(raised.value)
    assert obstacle.read_bytes() == b"a file"
    # It was noticed before anything was handed out.
    assert not list(tmp_path.glob("mine/*.ipynb"))


@pytest.mark.parametrize(
    ("code", "sentence"), [(errno.EACCES, "You may not write to"), (errno.ENOSPC, "could not be finished")]
)
def test_what_the_system_refuses_is_one_sentence(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, sentence: str
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(CourseError, match=sentence) as raised:
        start(tmp_path / "mine")
    assert str(tmp_path / "mine") in str(raised.value)
    assert not [name for name, content in snapshot(tmp_path / "mine").items() if content is not None]


def test_the_course_itself_is_no_working_copy() -> None:
    source = chapters_directory()
    before = snapshot(source)
    for place in (source, source.parent, source / "mine"):
        with pytest.raises(CourseError, match="own source"):
            start(place)
    assert snapshot(source) == before


def test_the_real_chapters_are_found() -> None:
    assert sorted(path.name for path in chapters_directory().glob("*.ipynb"))


def test_an_installation_without_notebooks_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mi_course, "__file__", str(tmp_path / "mi_course" / "__init__.py"))
    with pytest.raises(CourseError, match="no notebooks"):
        chapters_directory()
