"""`dev build`: from the one source to the executed `solutions/NN.ipynb` and the unsolved `chapters/NN.ipynb`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mi_course.authoring import notebook as nb
from mi_course.authoring.execute import run_notebook
from mi_course.authoring.opening import open_file
from mi_course.authoring.registry import Registry
from mi_course.authoring.source import Source, stamp_file
from mi_course.authoring.tree import Chapter, chapters, find_chapter, find_root, write_atomically
from mi_course.errors import CourseError

SIZE_LIMIT = 1_500_000
"""Bytes a solved notebook may have: it is read on the web and kept in version control."""


@dataclass(frozen=True)
class Built:
    """What was done for one chapter.

    action: "unchanged", "outputs kept" (only the text around the code changed), "executed", or "not executed".
    """

    chapter: str
    action: str


def build(
    chapter: str | None = None,
    *,
    root: Path | None = None,
    registry: Registry | None = None,
    force: bool = False,
    execute: bool = True,
    on_start: Callable[[str], None] = lambda message: None,
) -> list[Built]:
    """Build one chapter, or all of them.

    force: run the cells even where the source is unchanged, for after a change of the package.
    execute: False writes only the unsolved chapter and leaves the solved notebook as it is.
    on_start: told, in a few words, what is about to take long.
    Raises CourseError (a source that is not sound, a cell that fails, an executed notebook that is too large); the
    notebooks of that chapter are then as they were.
    """
    root = root or find_root()
    registry = registry or Registry()
    wanted = [find_chapter(root, chapter)] if chapter is not None else chapters(root)
    if not wanted:
        raise CourseError(f"There are no chapters in {root / 'solutions'}: their sources are called NN_name.py.")
    return [_build(each, registry, force, execute, on_start) for each in wanted]


def unsolved_bytes(chapter: Chapter, source: Source, points: Mapping[str, int]) -> bytes:
    """The file `chapters/NN.ipynb` that this source and these points give."""
    unsolved = nb.derive(nb.assemble(source, points, chapter.relative(chapter.source)))
    unsolved.metadata["mi_course"] = {"builder": nb.BUILDER, "source_sha256": source.sha256}
    return nb.to_bytes(unsolved)


def file_digest(path: Path) -> str:
    """sha256 of a file, empty where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def exercises_digest(chapter: Chapter) -> str:
    """sha256 of the chapter's exercises: of the file, or of the names and digests of the files in the folder."""
    if not chapter.exercises.is_dir():
        return file_digest(chapter.exercises)
    listed = "".join(f"{path.name} {file_digest(path)}\n" for path in chapter.exercise_files)
    return hashlib.sha256(listed.encode()).hexdigest()


def is_current(chapter: Chapter, source: Source) -> bool:
    """Whether both notebooks are what `dev build` wrote from this source and this exercises file.

    Imports nothing heavy: it is all that happens where nothing has changed.
    """
    solved = nb.load(chapter.solved)
    record = nb.build_record(solved)
    return (
        solved is not None
        and record.get("builder") == nb.BUILDER
        and record.get("source_sha256") == source.sha256
        and record.get("exercises_sha256") == exercises_digest(chapter)
        and record.get("cells_sha256") == nb.cells_digest(solved)
        and record.get("chapter_sha256") == file_digest(chapter.unsolved)
    )


def _build(chapter: Chapter, registry: Registry, force: bool, execute: bool, on_start: Callable[[str], None]) -> Built:
    open_file(chapter)
    source = stamp_file(chapter.source)
    path = chapter.relative(chapter.source)
    source.require_sound(path)
    if not force and is_current(chapter, source):
        return Built(chapter.name, "unchanged")
    points = {exercise.name: exercise.points for exercise in registry.exercises(chapter.name)}
    unsolved = unsolved_bytes(chapter, source, points)
    if not execute:
        write_atomically(chapter.unsolved, unsolved)
        return Built(chapter.name, "not executed")
    solved = nb.assemble(source, points, path)
    kept = not force and _adopt_outputs(solved, chapter)
    if not kept:
        on_start(f"{chapter.stem}: running {sum(cell.cell_type == 'code' for cell in solved.cells)} cells")
        run_notebook(solved, root=chapter.root, path=path)
    data = _finish(solved, chapter, source, unsolved)
    # The solved notebook carries the digest of the chapter, so it comes last: an interruption in between is noticed.
    write_atomically(chapter.unsolved, unsolved)
    write_atomically(chapter.solved, data)
    return Built(chapter.name, "outputs kept" if kept else "executed")


def _finish(solved: Any, chapter: Chapter, source: Source, unsolved: bytes) -> bytes:
    solved.metadata["mi_course"] = {
        "builder": nb.BUILDER,
        "cells_sha256": nb.cells_digest(json.loads(nb.to_bytes(solved))),
        "chapter_sha256": hashlib.sha256(unsolved).hexdigest(),
        "exercises_sha256": exercises_digest(chapter),
        "source_sha256": source.sha256,
    }
    data = nb.to_bytes(solved)
    if len(data) > SIZE_LIMIT:
        sizes = {cell.id: len(json.dumps(cell.get("outputs", []))) for cell in solved.cells}
        largest = sorted(sizes, key=lambda cell_id: sizes[cell_id], reverse=True)[:3]
        listed = ", ".join(f"cell {cell_id} ({sizes[cell_id] / 1e6:.2f} MB)" for cell_id in largest)
        raise CourseError(
            f"{chapter.relative(chapter.source)}: executed it has {len(data) / 1e6:.2f} MB, more than "
            f"{SIZE_LIMIT / 1e6} MB. Its largest outputs are those of {listed}: draw fewer points or a smaller figure."
        )
    return data


def _adopt_outputs(solved: Any, chapter: Chapter) -> bool:
    """Take over the outputs of the notebook built before, where they are what its code would give again.

    That is so where nobody touched it, its code cells are these, and the exercises, whose panels it shows, are as
    they were.
    """
    built = nb.load(chapter.solved)
    record = nb.build_record(built)
    if (
        built is None
        or record.get("builder") != nb.BUILDER
        or record.get("cells_sha256") != nb.cells_digest(built)
        or record.get("exercises_sha256") != exercises_digest(chapter)
    ):
        return False
    new = [cell for cell in solved.cells if cell.cell_type == "code"]
    old = [cell for cell in built["cells"] if cell.get("cell_type") == "code"]

    def key(cell: Any) -> tuple[Any, ...]:
        return cell["id"], nb.text_of(cell), cell["metadata"].get("tags")

    if [key(cell) for cell in new] != [key(cell) for cell in old]:
        return False
    import nbformat

    before = [cell for cell in nbformat.read(chapter.solved, as_version=4).cells if cell.cell_type == "code"]
    for cell, executed in zip(new, before, strict=True):
        cell.outputs, cell.execution_count = executed.outputs, executed.execution_count
    return True
