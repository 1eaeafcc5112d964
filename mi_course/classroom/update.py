"""`update`: the course's new version comes into a working copy, around what the learner wrote.

First everything is read and decided (`plan`). Then comes a backup of all that will change, and file by file the file
and its base. Each is written whole. A run that was killed in between is put right by running it again: a file that is
already what it should become is recognised by its content.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import mi_course
from mi_course.classroom import files, working_copy
from mi_course.classroom.plan import Step, plan
from mi_course.classroom.report import UpdateReport
from mi_course.classroom.working_copy import MARKER, MARKER_FILE
from mi_course.errors import CourseError


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
        steps, reports = plan(source, target)
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


def _carry_out(steps: list[Step], target: Path) -> Path | None:
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
