"""What an update is to do with each file: decided by reading alone, so that an obstacle is met before any writing."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mi_course.classroom import working_copy
from mi_course.classroom.merge import merge
from mi_course.classroom.notebooks import read, to_bytes
from mi_course.classroom.renamed import look_alikes
from mi_course.classroom.report import FileReport
from mi_course.classroom.working_copy import MARKER
from mi_course.errors import CourseError


@dataclass(frozen=True)
class Step:
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


def plan(source: Path, target: Path) -> tuple[list[Step], list[FileReport]]:
    """What is to be done so that the working copy `target` follows `source`, and how to tell it. Writes nothing.

    Raises CourseError where something in the working copy is not what an update may replace.
    """
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


def _plan_file(name: str, file: str, new: bytes, target: Path) -> tuple[Step, FileReport]:
    path = target / file
    base = _content(target / MARKER / "base" / name)
    if not os.path.lexists(path):
        unsure = look_alikes(target, {name: base})[name] if base is not None and name.endswith(".ipynb") else []
        told = (f"{' and '.join(unsure)} may be yours of it, and stayed as they were.",) if unsure else ()
        return Step(name, file, new, content=new), FileReport(name, file, "added", told)

    mine = _mine(path)
    if mine == new or base == new:
        return Step(name, file, new, was=mine, base=base != new), FileReport(name, file, "unchanged")
    if mine == base:
        _require_writable(path)
        return Step(name, file, new, was=mine, content=new), FileReport(name, file, "replaced")
    if not name.endswith(".ipynb"):
        return _beside(name, file, new, mine, target, "You have changed it")
    return _plan_notebook(name, file, base, mine, new, target)


def _plan_notebook(
    name: str, file: str, base: bytes | None, mine: bytes, new: bytes, target: Path
) -> tuple[Step, FileReport]:
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
        return Step(name, file, new, was=mine), FileReport(name, file, "unchanged")
    _require_writable(target / file)
    step = Step(name, file, new, was=mine, content=to_bytes(merged.notebook))
    return step, FileReport(name, file, "merged", merged.told, kept=merged.kept)


def _beside(
    name: str, file: str, new: bytes, mine: bytes, target: Path, why: str, *, base: bool = True
) -> tuple[Step, FileReport]:
    """Leave the file, and put the course's version next to it under a name that is free."""
    for beside in _names_beside(file):
        there = _content(target / beside)
        if there == new:
            step = Step(name, file, new, was=mine, base=base)
            break
        if not os.path.lexists(target / beside):
            step = Step(name, file, new, was=mine, beside=(beside, new), base=base)
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
