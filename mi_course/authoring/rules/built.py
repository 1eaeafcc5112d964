"""The built notebooks begin as all do, are what the source gives, executed, and hold no error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mi_course.authoring import notebook as nb
from mi_course.authoring.build import SIZE_LIMIT, exercises_digest, unsolved_bytes
from mi_course.authoring.opening import opening
from mi_course.authoring.rules.material import Finding, Material
from mi_course.errors import CourseError


def begins_with_the_opening(material: Material) -> Iterator[Finding]:
    """The first code cell says what to do where the course is not installed, and is the same in all chapters."""
    first = next((cell for cell in material.source.cells if not cell.markdown), None)
    if first is None or material.source.problems or first.text == opening(material.chapter.root):
        return
    yield material.in_source(
        first.where,
        "The first code cell is not the one that says what to do where the course is not installed.",
        f"Run `mi-course dev build {material.chapter.name}`, which puts it in.",
    )


def solved_is_current(material: Material) -> Iterator[Finding]:
    """`solutions/NN.ipynb` exists, is executed without errors, and was built from this source and not touched since."""
    chapter, solved = material.chapter, material.solved
    path, again = chapter.relative(chapter.solved), f"Run `mi-course dev build {chapter.name}`."
    if material.not_buildable:
        return
    if solved is None:
        state = "is not a notebook" if chapter.solved.exists() else "is missing"
        yield Finding(path, "", f"The solved notebook {state}.", again)
        return
    record = nb.build_record(solved)
    if record.get("builder") != nb.BUILDER:
        yield Finding(path, "", "It was not built by this version of `dev build`.", again)
    elif record.get("source_sha256") != material.source.sha256:
        yield Finding(path, "", f"{chapter.source.name} has changed since it was built.", again)
    elif record.get("exercises_sha256") != exercises_digest(chapter):
        yield Finding(path, "", f"{chapter.relative(chapter.exercises)} has changed since it was built.", again)
    elif record.get("cells_sha256") != nb.cells_digest(solved):
        yield Finding(path, "", "It was edited or run by hand.", f"Make the change in {chapter.source.name}. {again}")
    if chapter.solved.stat().st_size > SIZE_LIMIT:
        yield Finding(path, "", f"It is larger than {SIZE_LIMIT / 1e6} MB.", "Draw fewer points or smaller figures.")
    for cell in solved["cells"]:
        yield from _executed(path, cell)


def _executed(path: str, cell: dict[str, Any]) -> Iterator[Finding]:
    if cell.get("cell_type") != "code" or not nb.text_of(cell).strip():
        return
    where = f"cell {cell.get('id')}"
    if cell.get("execution_count") is None:
        yield Finding(path, where, "The cell has not been executed.", "Run `mi-course dev build --force`.")
    if any(output.get("output_type") == "error" for output in cell.get("outputs", [])):
        yield Finding(
            path, where, "The cell ended in an error.", "Mend it in the source and run `mi-course dev build`."
        )
    if "raises-exception" in cell.get("metadata", {}).get("tags", []):
        yield Finding(path, where, "The tag raises-exception hides failures.", "Remove it in the source and build.")


def unsolved_is_current(material: Material) -> Iterator[Finding]:
    """`chapters/NN.ipynb` is, byte for byte, what the source and the exercises' points give."""
    chapter = material.chapter
    path, again = chapter.relative(chapter.unsolved), f"Run `mi-course dev build {chapter.name}`."
    if material.not_buildable:
        return
    if not chapter.unsolved.exists():
        yield Finding(path, "", "The learner's notebook is missing.", again)
        return
    points = {exercise.name: exercise.points for exercise in material.exercises}
    try:
        expected = unsolved_bytes(chapter, material.source, points)
    except CourseError as error:
        if not _says_unknown_exercise(material):
            yield material.in_source("", "The learner's notebook cannot be derived.", str(error))
        return
    if chapter.unsolved.read_bytes() != expected:
        yield Finding(path, "", f"It differs from what {chapter.source.name} and the exercises give.", again)


def _says_unknown_exercise(material: Material) -> bool:
    """Whether another rule already reports why the chapter cannot be derived."""
    known = {exercise.name for exercise in material.exercises}
    return any(cell.check and cell.check not in known for cell in material.source.cells)
