"""`update`: nothing a learner has is lost, whatever they did, whatever the course did, and whenever it is killed."""

from __future__ import annotations

import copy
import errno
import json
import os
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.classroom import working_copy
from mi_course.classroom.notebooks import read, to_bytes
from mi_course.classroom.report import FileReport
from mi_course.classroom.update import update
from mi_course.classroom.working_copy import chapters_directory, start
from mi_course.errors import CourseError
from tests.classroom.edits import (
    SMALL,
    Notebook,
    all_cells,
    cell,
    course_edits,
    edit,
    exercise,
    learner_edits,
    learners_cells,
    notebook,
)

OTHER = notebook(cell("other", "# Another chapter"), *exercise("three"))
COURSE = {"02_a.ipynb": SMALL, "03_b.ipynb": OTHER}


def publish(source: Path, notebooks: dict[str, Notebook], **files: bytes) -> None:
    """Make `source` the course with these notebooks, a README and a picture."""
    (source / "images").mkdir(parents=True, exist_ok=True)
    for path in source.glob("*.ipynb"):
        path.unlink()
    for name, content in notebooks.items():
        (source / name).write_bytes(to_bytes(content))
    (source / "README.md").write_bytes(files.get("readme", b"map"))
    (source / "images" / "first.png").write_bytes(files.get("picture", b"png"))


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small course of two chapters, in place of the real one."""
    source = tmp_path / "course" / "chapters"
    publish(source, COURSE)
    monkeypatch.setattr(working_copy, "chapters_directory", lambda: source)
    return source


@pytest.fixture
def mine(course: Path, tmp_path: Path) -> Path:
    """A working copy of it."""
    return start(tmp_path / "mine").directory


def put(path: Path, content: Notebook) -> None:
    """Save a notebook as another program would lay it out."""
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def got(path: Path) -> Notebook:
    found = read(path.read_bytes())
    assert found is not None
    return found


def snapshot(directory: Path) -> dict[str, bytes]:
    """Every file but the backups."""
    everything = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in everything.items() if "/backup/" not in name}


def answered(start: Notebook = SMALL) -> Notebook:
    return edit(start, [("retype", 2, "def one():\n    return 1")], "mine")


def improved(start: Notebook = SMALL) -> Notebook:
    return edit(start, [("retype", 0, "# A better title"), ("add", 2, "More about it.", "markdown")], "new")


def only(reports: tuple[FileReport, ...]) -> FileReport:
    (one,) = reports
    return one


# --- What becomes of each file ---------------------------------------------------------------------------------------


def test_when_nothing_is_new_nothing_is_written(course: Path, mine: Path) -> None:
    put(mine / "02_a.ipynb", answered())
    before = snapshot(mine)
    report = update(mine)
    assert {each.action for each in report.files} == {"unchanged"}
    assert report.backup is None
    assert str(report).startswith("Nothing to do:")
    assert "\n" not in str(report)
    assert snapshot(mine) == before


def test_what_the_learner_did_not_change_is_replaced_byte_for_byte(course: Path, mine: Path) -> None:
    publish(course, {**COURSE, "02_a.ipynb": improved()}, readme=b"a new map", picture=b"a new png")
    report = update(mine)
    assert {each.name for each in report.named("replaced")} == {"02_a.ipynb", "README.md", "images/first.png"}
    for name in ("02_a.ipynb", "03_b.ipynb", "README.md", "images/first.png"):
        assert (mine / name).read_bytes() == (course / name).read_bytes()
        assert (mine / ".mi-course" / "base" / name).read_bytes() == (course / name).read_bytes()
    assert report.backup is not None
    assert (report.backup / "images" / "first.png").read_bytes() == b"png"
    assert "Reload Notebook from Disk" in str(report)


def test_an_edited_notebook_takes_the_new_text_around_the_answers(course: Path, mine: Path) -> None:
    put(mine / "02_a.ipynb", answered())
    old = (mine / "02_a.ipynb").read_bytes()
    publish(course, {**COURSE, "02_a.ipynb": improved()})
    report = update(mine)
    merged = only(report.named("merged"))
    assert (merged.name, merged.kept) == ("02_a.ipynb", 1)
    expected = edit(improved(), [("retype", 3, "def one():\n    return 1")], "mine")
    assert got(mine / "02_a.ipynb") == expected
    assert report.backup is not None
    assert (report.backup / "02_a.ipynb").read_bytes() == old
    assert "02_a.ipynb: the course's new text around your one cell." in str(report)
    assert update(mine).named("unchanged") == update(mine).files


def test_a_chapter_that_is_new_is_added(course: Path, mine: Path) -> None:
    publish(course, {**COURSE, "04_c.ipynb": notebook(cell("c", "# C"))})
    report = update(mine)
    assert only(report.named("added")).name == "04_c.ipynb"
    assert report.backup is None
    assert (mine / ".mi-course" / "base" / "04_c.ipynb").read_bytes() == (mine / "04_c.ipynb").read_bytes()


def test_a_chapter_that_left_the_course_stays_with_the_learner(course: Path, mine: Path) -> None:
    publish(course, {"03_b.ipynb": OTHER})
    before = snapshot(mine)
    report = update(mine)
    assert only(report.named("left the course")).name == "02_a.ipynb"
    assert "No longer in the course, and left as they are: 02_a.ipynb." in str(report)
    assert snapshot(mine) == before
    (mine / "02_a.ipynb").unlink()
    assert update(mine).named("left the course") == ()


def test_another_file_that_was_changed_stays_and_the_new_one_stands_beside_it_once(course: Path, mine: Path) -> None:
    (mine / "README.md").write_bytes(b"my notes")
    (mine / "README.new.md").write_bytes(b"mine as well")
    publish(course, COURSE, readme=b"a new map")
    report = update(mine)
    assert only(report.named("beside")).beside == "README.new-2.md"
    assert "the new version is README.new-2.md" in str(report)
    assert (mine / "README.md").read_bytes() == b"my notes"
    assert (mine / "README.new.md").read_bytes() == b"mine as well"
    assert (mine / "README.new-2.md").read_bytes() == b"a new map"
    assert update(mine).named("unchanged") == update(mine).files
    publish(course, COURSE, readme=b"a newer map")
    assert only(update(mine).named("beside")).beside == "README.new-3.md"


def no_ids(content: Notebook) -> Notebook:
    return content | {
        "nbformat_minor": 4,
        "cells": [{key: value for key, value in cell.items() if key != "id"} for cell in content["cells"]],
    }


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<<<<<<< HEAD", "format 4.5"),
        (b"", "format 4.5"),
        (json.dumps(no_ids(SMALL)).encode(), "format 4.5"),
        (to_bytes(notebook(cell("my-own", "# Mine"))), "the id of one of the course's"),
    ],
)
def test_a_notebook_that_cannot_be_merged_stays_with_the_new_one_beside_it(
    course: Path, mine: Path, content: bytes, why: str
) -> None:
    (mine / "02_a.ipynb").write_bytes(content)
    publish(course, {**COURSE, "02_a.ipynb": improved()})
    for _ in range(2):  # it is told again, until somebody mends it
        report = update(mine)
        beside = only(report.named("beside"))
        assert beside.beside == "02_a.new.ipynb"
        assert why in beside.told[0]
        assert (mine / "02_a.ipynb").read_bytes() == content
        assert got(mine / "02_a.new.ipynb") == improved()
    put(mine / "02_a.ipynb", answered())
    assert only(update(mine).named("merged")).kept == 1


@pytest.mark.parametrize("base", [None, b"\x00damaged"])
def test_without_its_base_a_changed_notebook_is_not_guessed_at(course: Path, mine: Path, base: bytes | None) -> None:
    put(mine / "02_a.ipynb", answered())
    before = (mine / "02_a.ipynb").read_bytes()
    kept = mine / ".mi-course" / "base" / "02_a.ipynb"
    kept.unlink() if base is None else kept.write_bytes(base)
    publish(course, {**COURSE, "02_a.ipynb": improved()})
    assert only(update(mine).named("beside")).beside == "02_a.new.ipynb"
    assert (mine / "02_a.ipynb").read_bytes() == before
    # The way out: the answers are carried over, and the new notebook takes the old one's place.
    (mine / "02_a.new.ipynb").replace(mine / "02_a.ipynb")
    assert update(mine).named("unchanged") == update(mine).files
    assert kept.read_bytes() == (course / "02_a.ipynb").read_bytes()


# --- Renamed notebooks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["my.ipynb", "attempts/my.ipynb"])
def test_a_renamed_notebook_is_updated_under_its_own_name(course: Path, mine: Path, name: str) -> None:
    (mine / name).parent.mkdir(exist_ok=True)
    (mine / "02_a.ipynb").unlink()
    put(mine / name, answered())
    publish(course, {**COURSE, "02_a.ipynb": improved()})
    assert name in start(mine).outdated  # which `mi-course lab` runs each time
    assert not (mine / "02_a.ipynb").exists()
    report = update(mine)
    assert only(report.named("merged")).file == name
    assert f"{name} (the course's 02_a.ipynb)" in str(report)
    assert not (mine / "02_a.ipynb").exists()
    assert not learners_cells(SMALL, answered()) - all_cells(got(mine / name))
    assert got(mine / name)["cells"][0]["source"] == "# A better title"
    assert update(mine).named("unchanged") == update(mine).files
    assert start(mine).outdated == ()


def test_of_two_look_alikes_neither_is_touched(course: Path, mine: Path) -> None:
    (mine / "02_a.ipynb").unlink()
    for name in ("first try.ipynb", "second try.ipynb"):
        put(mine / name, answered())
    before = snapshot(mine)
    publish(course, {**COURSE, "02_a.ipynb": improved()})
    report = update(mine)
    assert "first try.ipynb and second try.ipynb may be yours of it" in str(report)
    assert got(mine / "02_a.ipynb") == improved()
    after = snapshot(mine)
    assert all(after[name] == before[name] for name in before if "base" not in name)


def test_two_chapters_put_into_one_notebook_are_not_taken_for_either(course: Path, mine: Path) -> None:
    for name in COURSE:
        (mine / name).unlink()
    put(mine / "all.ipynb", notebook(*SMALL["cells"], *OTHER["cells"]))
    before = (mine / "all.ipynb").read_bytes()
    publish(course, {**COURSE, "02_a.ipynb": improved()})
    assert {each.name for each in update(mine).named("added")} == set(COURSE)
    assert (mine / "all.ipynb").read_bytes() == before


def test_copies_that_programs_keep_are_no_renamed_notebooks(course: Path, mine: Path) -> None:
    (mine / "02_a.ipynb").unlink()
    (mine / ".ipynb_checkpoints").mkdir()
    put(mine / ".ipynb_checkpoints" / "02_a-checkpoint.ipynb", SMALL)
    start(mine / "another working copy")
    (mine / "broken.ipynb").write_bytes(b"{")
    assert only(update(mine).named("added")).told == ()


# --- What stands in the way ------------------------------------------------------------------------------------------


def link(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def broken_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def protect(path: Path) -> None:
    path.chmod(0o444)


@pytest.mark.parametrize(
    ("obstruct", "sentence"),
    [
        (link, "is a link, which the update would replace"),
        (folder, "is a folder where the course has a file"),
        (broken_link, "is a link that leads nowhere where"),
        (protect, "is write-protected and has a new version"),
    ],
)
def test_an_obstacle_is_one_sentence_before_anything_is_written(
    course: Path, mine: Path, obstruct: Callable[[Path], None], sentence: str
) -> None:
    put(mine / "03_b.ipynb", answered(OTHER))
    obstruct(mine / "03_b.ipynb")
    publish(course, {"02_a.ipynb": improved(), "03_b.ipynb": improved(OTHER)})
    before = snapshot(mine)
    with pytest.raises(CourseError, match=sentence) as raised:
        update(mine)
    assert str(mine / "03_b.ipynb") in str(raised.value)
    assert "\n" not in str(raised.value)
    assert snapshot(mine) == before


def test_an_obstacle_where_nothing_is_new_is_none(course: Path, mine: Path) -> None:
    link(mine / "03_b.ipynb")
    protect(mine / "02_a.ipynb")
    assert update(mine).named("unchanged") == update(mine).files


@pytest.mark.parametrize(
    ("code", "sentence"), [(errno.EACCES, "You may not read or write"), (errno.ENOSPC, "could not be finished")]
)
def test_what_the_system_refuses_is_one_sentence(
    course: Path, mine: Path, monkeypatch: pytest.MonkeyPatch, code: int, sentence: str
) -> None:
    publish(course, {**COURSE, "02_a.ipynb": improved()})

    def refuse(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    before = snapshot(mine)
    with monkeypatch.context() as patch, pytest.raises(CourseError, match=sentence) as raised:
        patch.setattr(os, "fsync", refuse)
        update(mine)
    assert "02_a.ipynb" in str(raised.value)
    assert ".tmp" not in str(raised.value)
    assert snapshot(mine) == before
    assert len(update(mine).named("replaced")) == 1


def test_a_notebook_saved_while_the_update_runs_is_left_to_the_next_one(
    course: Path, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(course, {**COURSE, "02_a.ipynb": improved()})
    real = working_copy.files.replace

    def slow(path: Path, content: bytes) -> None:
        real(path, content)
        if "backup" in path.parts:
            put(mine / "02_a.ipynb", answered())

    with monkeypatch.context() as patch, pytest.raises(CourseError, match="saved by another program"):
        patch.setattr(working_copy.files, "replace", slow)
        update(mine)
    assert got(mine / "02_a.ipynb") == answered()
    assert only(update(mine).named("merged")).kept == 1


def test_a_file_keeps_its_permissions(course: Path, mine: Path) -> None:
    (mine / "02_a.ipynb").chmod(0o600)
    publish(course, {**COURSE, "02_a.ipynb": improved()})
    update(mine)
    assert stat.S_IMODE((mine / "02_a.ipynb").stat().st_mode) == 0o600


def test_a_folder_that_is_no_working_copy(course: Path, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    for place in ("papers", "nowhere"):
        with pytest.raises(
            CourseError, match=f"is no working copy of the course.*`mi-course start {tmp_path}/{place}`"
        ):
            update(tmp_path / place)
    assert not (tmp_path / "nowhere").exists()
    assert list((tmp_path / "papers").iterdir()) == []


def test_a_working_copy_of_a_later_format(course: Path, mine: Path) -> None:
    (mine / ".mi-course" / "working-copy.json").write_text('{"format": 2, "version": "9.0"}')
    with pytest.raises(CourseError, match="newer version of the course"):
        update(mine)


def test_a_damaged_marker_is_written_again(course: Path, mine: Path) -> None:
    marker = mine / ".mi-course" / "working-copy.json"
    whole = marker.read_bytes()
    marker.write_bytes(b"{")
    update(mine)
    assert marker.read_bytes() == whole


def test_the_course_itself_is_no_working_copy() -> None:
    with pytest.raises(CourseError, match="own source"):
        update(chapters_directory())


# --- Whatever happens, whenever it is killed -------------------------------------------------------------------------


class Killed(BaseException):
    """Nothing in the code under test catches it."""


class Killer:
    """Raises at the n-th step that changes what is on disk, and lets nothing clean up afterwards."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int) -> None:
        self.left = at
        for name in ("replace", "link", "rename", "mkdir", "unlink"):
            patch.setattr(os, name, self._dying(getattr(os, name)))

    def _dying(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            if self.left <= 0:
                raise Killed
            self.left -= 1
            return function(*arguments, **options)

        return wrapped


def killed_update(directory: Path, at: int) -> bool:
    """Run an update that is killed at its n-th step; say whether it was."""
    with pytest.MonkeyPatch.context() as patch:
        Killer(patch, at)
        try:
            update(directory)
        except Killed:
            return True
    return False


@pytest.fixture(scope="module", autouse=True)
def quick_disk() -> Iterator[None]:
    """Hundreds of small updates need not reach the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


def assert_at_every_kill_old_or_new(before: Path, course: Path, scratch: Path) -> None:
    """Kill the update of a copy of `before` at its first step, at its second, … and look at what is there."""
    import shutil

    whole = scratch / "whole"
    shutil.copytree(before, whole)
    update(whole)
    old, new = snapshot(before), snapshot(whole)
    for at in range(1000):
        this = scratch / f"killed{at}"
        shutil.copytree(before, this)
        killed = killed_update(this, at)
        for name, content in snapshot(this).items():
            if not name.endswith(".tmp"):
                assert content in (old.get(name), new.get(name)), name
        assert {name for name in old if name not in snapshot(this)} == set()
        report = update(this)
        assert {n: c for n, c in snapshot(this).items() if not n.endswith(".tmp")} == new
        assert update(this).named("unchanged") + update(this).named("left the course") == update(this).files
        if not killed:
            assert report.backup is None
            return
    raise AssertionError("the update never got through")


def test_a_kill_at_any_step_leaves_each_file_old_or_new_and_the_next_update_finishes(
    course: Path, mine: Path, tmp_path: Path
) -> None:
    learner = edit(answered(), [("duplicate", 2, 5, False), ("move", 0, 3), ("type", 1, "mine")], "mine")
    put(mine / "02_a.ipynb", learner)
    (mine / "03_b.ipynb").rename(mine / "my.ipynb")
    (mine / "README.md").write_bytes(b"my notes")
    new = edit(improved(), [("retype", 2, "conflict"), ("move", 4, 1), ("delete", 5)], "more")
    publish(
        course,
        {"02_a.ipynb": new, "03_b.ipynb": improved(OTHER), "04_c.ipynb": notebook(cell("c", "# C"))},
        readme=b"a new map",
        picture=b"a new png",
    )
    assert_at_every_kill_old_or_new(mine, course, tmp_path)


def test_the_real_chapters_survive_a_kill_at_any_step(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    real = {path.name: got(path) for path in chapters_directory().glob("*.ipynb")}
    name, chapter = next(iter(real.items()))
    monkeypatch.setattr(working_copy, "chapters_directory", lambda: course)
    publish(course, {name: chapter})
    mine = start(tmp_path / "real").directory
    answers = [index for index, cell in enumerate(chapter["cells"]) if "NotImplementedError" in cell["source"]]
    put(mine / name, edit(chapter, [("retype", at, f"answer {at}") for at in answers], "mine"))
    publish(course, {name: edit(chapter, [("retype", answers[0], "stub"), ("delete", answers[1])], "new")})
    assert_at_every_kill_old_or_new(mine, course, tmp_path)


def test_a_process_that_is_really_killed(course: Path, mine: Path) -> None:
    script = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from mi_course.classroom import files, working_copy
        from mi_course.classroom.update import update
        real = files._temporary
        def dying(path, content):
            temporary = real(path, content)
            if path.parts[-2:] == ("base", "02_a.ipynb"):
                os.kill(os.getpid(), 9)
            return temporary
        files._temporary = dying
        working_copy.chapters_directory = lambda: Path(sys.argv[1])
        update(sys.argv[2])
        """
    )
    put(mine / "02_a.ipynb", answered())
    publish(course, {**COURSE, "02_a.ipynb": improved()})
    done = subprocess.run([sys.executable, "-c", script, str(course), str(mine)], check=False)
    assert done.returncode != 0
    merged = (mine / "02_a.ipynb").read_bytes()
    assert b"return 1" in merged
    assert b"A better title" in merged
    # Between the notebook and its base: the notebook is recognised as finished, and only the base is written.
    assert update(mine).backup is None
    assert (mine / "02_a.ipynb").read_bytes() == merged
    assert (mine / ".mi-course" / "base" / "02_a.ipynb").read_bytes() == (course / "02_a.ipynb").read_bytes()


file_edits = st.lists(
    st.tuples(
        st.sampled_from(["rename", "copy", "remove", "damage"]),
        st.sampled_from(sorted(COURSE)),
        st.sampled_from(["my.ipynb", "x/my.ipynb", "02_a.new.ipynb", "04_c.ipynb"]),
    ),
    max_size=2,
)
course_now = st.fixed_dictionaries(
    {}, optional={"02_a.ipynb": course_edits, "03_b.ipynb": course_edits, "04_c.ipynb": course_edits}
)


def edit_files(mine: Path, edits: list[tuple[str, str, str]]) -> None:
    for what, name, other in edits:
        path, target = mine / name, mine / other
        target.parent.mkdir(exist_ok=True)
        if not path.exists() or target.exists():
            continue
        if what == "rename":
            path.rename(target)
        elif what == "copy":
            target.write_bytes(path.read_bytes())
        elif what == "remove":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-20])


def notebooks_in(directory: Path) -> dict[str, bytes]:
    everything = snapshot(directory).items()
    return {name: content for name, content in everything if name.endswith(".ipynb") and name[0] != "."}


def handed_out(mine: Notebook) -> Notebook:
    """Which chapter this was made from; either will do where nothing of it is left."""
    own = {cell["id"] for cell in mine["cells"]}
    return SMALL if any(cell["id"] in own for cell in SMALL["cells"]) else OTHER


@settings(max_examples=40)
@given(
    learner=st.tuples(learner_edits, learner_edits),
    files=file_edits,
    editions=st.lists(course_now, min_size=1, max_size=2),
    kills=st.lists(st.integers(0, 30), min_size=2, max_size=2),
)
def test_no_learners_cell_is_lost(
    learner: tuple[list[Any], list[Any]], files: list[Any], editions: list[dict[str, list[Any]]], kills: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        source = Path(scratch) / "course" / "chapters"
        publish(source, COURSE)
        patch.setattr(working_copy, "chapters_directory", lambda: source)
        mine = start(Path(scratch) / "mine").directory
        own = []
        for (name, content), edits in zip(COURSE.items(), learner, strict=True):
            put(mine / name, edit(content, edits, f"mine-{name[1]}"))
        edit_files(mine, files)
        before = notebooks_in(mine)
        for content in before.values():
            found = read(content)
            own.append(learners_cells(handed_out(found), found) if found else None)

        editions_of = {**COURSE, "04_c.ipynb": notebook(cell("c", "# C"), cell("d", "text"))}
        for kill, edition in zip(kills, editions, strict=False):
            now = {n: edit(editions_of[n], edits, f"new{kill}") for n, edits in edition.items()} or COURSE
            publish(source, now, readme=str(sorted(now)).encode())
            killed_update(mine, kill)
        report = update(mine)

        after = notebooks_in(mine)
        for (name, content), cells in zip(before.items(), own, strict=True):
            if cells is None or name not in after:
                assert after.get(name) == content  # what cannot be read is not touched
            else:
                found = read(after[name])
                assert found is not None
                assert not cells - all_cells(found)
        for each in report.named("beside"):
            assert (mine / each.beside).read_bytes() == (source / each.name).read_bytes()
        again = update(mine)
        assert not again.named("merged") + again.named("replaced") + again.named("added")
        assert notebooks_in(mine) == after


def test_backups_hold_every_state_that_was_replaced(course: Path, mine: Path) -> None:
    states, edition = [], copy.deepcopy(SMALL)
    for count in range(3):
        learner = edit(got(mine / "02_a.ipynb"), [("type", 1, f" note {count}")], "mine")
        put(mine / "02_a.ipynb", learner)
        states.append((mine / "02_a.ipynb").read_bytes())
        edition = edit(edition, [("retype", 0, f"# Edition {count}")], "new")
        publish(course, {**COURSE, "02_a.ipynb": edition})
        update(mine)
    kept = sorted((mine / ".mi-course" / "backup").glob("*/02_a.ipynb"))
    assert sorted(path.read_bytes() for path in kept) == sorted(states)
