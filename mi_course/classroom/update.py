"""`update`: the course's new version comes into a working copy, around what the learner wrote.

First everything is read and decided, so that an obstacle is met before anything has been written. Then, file by file:
a backup of what will change, the file, its base. Each is written whole. A run that was killed in between is put right
by running it again: a file that is already what it should become is recognised by its content.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

import mi_course
from mi_course.classroom import files, working_copy
from mi_course.classroom.merge import merge
from mi_course.classroom.notebooks import read, to_bytes
from mi_course.classroom.renamed import look_alikes
from mi_course.classroom.report import FileReport, UpdateReport
from mi_course.classroom.working_copy import MARKER, MARKER_FILE
from mi_course.errors import CourseError


@dataclass(frozen=True)
class _Step:
    """What is to happen with one file of the course.

    file: what the learner calls it. was: its content, None where there is none. content: what it becomes, None where
    it stays. beside: name and content of the new version where it cannot go in. base: whether to write the new base.
    """

    name: str
    file: str
    new: bytes
    was: bytes | None = None
    content: bytes | None = None
    beside: tuple[str, bytes] | None = None
    base: bool = True


def update(directory: str | os.PathLike[str]) -> UpdateReport:
    """Bring the working copy in `directory` up to the installed course.

    A file that the learner did not change is replaced. In a notebook that they changed, their cells stay as they are
    and the course's new text comes around them (`mi_course.classroom.merge`). What cannot be merged stays, with the
    new version beside it. Whatever changes is first kept in `.mi-course/backup`. Safe to run again, and after being
    killed at any moment.

    Raises CourseError when `directory` is no working copy, or something in it cannot be read or written.
    """
    source = working_copy.chapters_directory()
    target = Path(os.path.abspath(Path(directory).expanduser()))
    working_copy.refuse_own_source(target, source)
    try:
        _require_working_copy(target)
        steps, reports = _plan(source, target)
        backup = _carry_out(steps, target)
    except PermissionError as error:
        raise CourseError(
            f"You may not read or write {error.filename or target}: give yourself the right to, and run the same "
            "command again; until then every file is as it was or as it should become."
        ) from None
    except OSError as error:
        raise CourseError(
            f"The update of {target} could not be finished ({error.strerror or error}"
            f"{f': {error.filename}' if error.filename else ''}): mend that and run the same command again; "
            "every file is as it was or as it should become."
        ) from None
    return UpdateReport(target, mi_course.__version__, tuple(reports), backup)


def _require_working_copy(target: Path) -> None:
    marker = target / MARKER / MARKER_FILE
    # A `start` that was killed has written a base and not yet the marker.
    if not marker.is_file() and not (target / MARKER / "base").is_dir():
        raise CourseError(
            f"{target} is no working copy of the course: name the folder you work in, "
            f"or make one there with `mi-course start {target}`."
        )
    try:
        written = json.loads(marker.read_bytes())["format"]
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return
    if written != 1:
        raise CourseError(
            f"{target} was written by a newer version of the course than this one ({mi_course.__version__}): "
            "install that version, and run the same command again."
        )


def _plan(source: Path, target: Path) -> tuple[list[_Step], list[FileReport]]:
    names = working_copy.handed_out(source)
    renamed = working_copy.renamed_notebooks(target, names)
    steps, reports = [], []
    for name in names:
        step, report = _plan_file(name, renamed.get(name, name), (source / name).read_bytes(), target)
        steps.append(step)
        reports.append(report)
    base = target / MARKER / "base"
    left = sorted(path.relative_to(base).as_posix() for path in base.rglob("*") if path.is_file())
    for name in left:
        if name not in names and not Path(name).name.startswith(".") and os.path.lexists(target / name):
            reports.append(FileReport(name, name, "left the course"))
    return steps, reports


def _plan_file(name: str, file: str, new: bytes, target: Path) -> tuple[_Step, FileReport]:
    path = target / file
    base = _content(target / MARKER / "base" / name)
    if not os.path.lexists(path):
        unsure = look_alikes(target, {name: base})[name] if base is not None and name.endswith(".ipynb") else []
        told = (f"{' and '.join(unsure)} may be yours of it, and stayed as they were.",) if unsure else ()
        return _Step(name, file, new, content=new), FileReport(name, file, "added", told)

    mine = _mine(path)
    if mine == new or base == new:
        return _Step(name, file, new, was=mine, base=base != new), FileReport(name, file, "unchanged")
    if mine == base:
        _require_writable(path)
        return _Step(name, file, new, was=mine, content=new), FileReport(name, file, "replaced")
    if not name.endswith(".ipynb"):
        return _beside(name, file, new, mine, target, "You have changed it")
    return _plan_notebook(name, file, base, mine, new, target)


def _plan_notebook(
    name: str, file: str, base: bytes | None, mine: bytes, new: bytes, target: Path
) -> tuple[_Step, FileReport]:
    was, have, now = read(base), read(mine), read(new)
    why = ""
    if now is None or have is None:
        why = "It is no notebook of format 4.5 (open it in JupyterLab and save it)"
    elif was is None:
        why = "It is not known from which version it was made"
    elif not {cell["id"] for cell in have["cells"]} & {cell["id"] for cell in was["cells"] + now["cells"]}:
        why = "None of its cells has the id of one of the course's"
    if why or was is None or have is None or now is None:
        # The base stays: once the notebook is mended, another update can take it from there.
        return _beside(name, file, new, mine, target, why, base=False)
    merged = merge(was, have, now)
    if merged.notebook == have:
        return _Step(name, file, new, was=mine), FileReport(name, file, "unchanged")
    _require_writable(target / file)
    step = _Step(name, file, new, was=mine, content=to_bytes(merged.notebook))
    return step, FileReport(name, file, "merged", merged.told, kept=merged.kept)


def _beside(
    name: str, file: str, new: bytes, mine: bytes, target: Path, why: str, *, base: bool = True
) -> tuple[_Step, FileReport]:
    """Leave the file, and put the course's version next to it under a name that is free."""
    for beside in _names_beside(file):
        there = _content(target / beside)
        if there == new:
            step = _Step(name, file, new, was=mine, base=base)
            break
        if not os.path.lexists(target / beside):
            step = _Step(name, file, new, was=mine, beside=(beside, new), base=base)
            break
    return step, FileReport(name, file, "beside", (why,), beside=beside)


def _names_beside(file: str) -> Iterator[str]:
    path = PurePosixPath(file)
    yield str(path.with_name(f"{path.stem}.new{path.suffix}"))
    count = 2
    while True:
        yield str(path.with_name(f"{path.stem}.new-{count}{path.suffix}"))
        count += 1


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _mine(path: Path) -> bytes:
    if not path.is_file():
        what = "a folder" if path.is_dir() else "a link that leads nowhere" if path.is_symlink() else "no ordinary file"
        raise CourseError(
            f"{path} is {what} where the course has a file: move it away, and run the same command again."
        )
    return path.read_bytes()


def _require_writable(path: Path) -> None:
    """Renaming onto a file would replace a link by a file, and needs no right to write the file: ask first."""
    if path.is_symlink():
        raise CourseError(
            f"{path} is a link, which the update would replace: put the file itself in its place, "
            "and run the same command again."
        )
    if not path.stat().st_mode & stat.S_IWUSR:
        raise CourseError(
            f"{path} is write-protected and has a new version: allow writing (`chmod u+w`) or rename it, "
            "and run the same command again."
        )


def _carry_out(steps: list[_Step], target: Path) -> Path | None:
    """Write what was planned; return the folder of the backups, None where nothing had to be kept."""
    base = target / MARKER / "base"
    for step in steps:
        (base / step.name).parent.mkdir(parents=True, exist_ok=True)
        (target / step.file).parent.mkdir(parents=True, exist_ok=True)
    changed = {step.file: step.was for step in steps if step.content is not None and step.was is not None}
    backup = _keep(changed, target) if changed else None
    for step in steps:
        path = target / step.file
        if step.was is None:
            # As in `start`: with the base there first, whatever happens to the file later can be told from it.
            files.replace(base / step.name, step.new)
            _write_new(path, step.new)
            continue
        if step.content is not None:
            if path.read_bytes() != step.was:
                raise CourseError(
                    f"{path} was saved by another program while the update ran: run the same command again."
                )
            files.replace(path, step.content)
        if step.beside is not None:
            _write_new(target / step.beside[0], step.beside[1])
        if step.base:
            files.replace(base / step.name, step.new)
    working_copy.write_marker(target)
    return backup


def _keep(contents: dict[str, bytes], target: Path) -> Path:
    """Copy what will change into a folder of its own that bears the date."""
    folder = _dated(target / MARKER / "backup")
    for file, content in contents.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        files.replace(folder / file, content)
    return folder


def _dated(parent: Path) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    count = 1
    while True:
        folder = parent / (stamp if count == 1 else f"{stamp}_{count}")
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            count += 1


def _write_new(path: Path, content: bytes) -> None:
    if not files.write_new(path, content):
        raise CourseError(f"{path} appeared while the update ran: run the same command again.")
