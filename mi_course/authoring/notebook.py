"""From a parsed source to the two notebooks, without running anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mi_course.authoring.source import Source, SourceError
from mi_course.errors import CourseError

BUILDER = 2
"""Raise it when a change of the builder changes what is built: every chapter is then built anew."""

# Without version numbers, which would make the files differ between machines.
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}


def assemble(source: Source, points: Mapping[str, int], path: str) -> Any:
    """The notebook of a source: cells, ids, tags and nbgrader's metadata; no outputs.

    points: what each exercise of the chapter is worth. path: what error messages call the source.
    Raises SourceError where the source is not sound, has an unstamped cell or names an exercise without points.
    """
    source.require_sound(path)
    nbformat, jupytext = _import("nbformat"), _import("jupytext")
    try:
        read = jupytext.reads(source.text, fmt="py:percent")
    except Exception as error:  # jupytext validates the header with exceptions of several libraries
        raise SourceError(
            f"{path}: jupytext cannot read it ({str(error).splitlines()[0]}). Look at its header."
        ) from None
    if len(read.cells) != len(source.cells):
        raise SourceError(
            f"{path}: jupytext reads {len(read.cells)} cells where {len(source.cells)} cell headers stand. "
            "A `# %%` line inside a quoted string or a fenced block is the usual cause: indent or reword it."
        )
    notebook = nbformat.v4.new_notebook(metadata=json.loads(json.dumps(_METADATA)))
    for cell, converted in zip(source.cells, read.cells, strict=True):
        if cell.id is None:
            raise SourceError(f"{path}, line {cell.line}: the cell has no id. Run `mi-course dev build`.")
        if cell.markdown:
            built = nbformat.v4.new_markdown_cell(converted.source, id=cell.id)
        else:
            # The formatter puts a blank line between a header and an import; nobody wants to see it.
            built = nbformat.v4.new_code_cell(converted.source.strip("\n"), id=cell.id)
        if cell.tags:
            built.metadata["tags"] = list(cell.tags)
        if cell.exercise:
            built.metadata["nbgrader"] = _grading(cell.exercise, solution=True)
        if cell.check:
            if cell.check not in points:
                raise SourceError(
                    f"{path}, line {cell.line}: there is no exercise {cell.check!r} in this chapter. "
                    "`mi-course dev check` says which one may be meant."
                )
            built.metadata["nbgrader"] = _grading(f"check_{cell.check}", solution=False, points=points[cell.check])
        notebook.cells.append(built)
    return notebook


def derive(notebook: Any) -> Any:
    """The unsolved chapter of an assembled notebook: answers cleared by nbgrader, no outputs, checks that may fail."""
    _import("nbgrader")
    from mi_course.authoring.clear import CourseClearSolutions, ForLearners

    chapter = json.loads(json.dumps(notebook))
    chapter = _import("nbformat").from_dict(chapter)
    for preprocessor in (CourseClearSolutions(), ForLearners()):
        chapter, _ = preprocessor.preprocess(chapter, {})
    for cell in chapter.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return chapter


def to_bytes(notebook: Any) -> bytes:
    """The notebook as a file: valid nbformat 4.5, sorted keys, one newline at the end."""
    nbformat = _import("nbformat")
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return (nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n").encode()


def load(path: Path) -> dict[str, Any] | None:
    """A built notebook as plain JSON, read without nbformat; None where it is missing or is not a notebook."""
    try:
        notebook = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        return None
    return notebook


def text_of(cell: Mapping[str, Any]) -> str:
    """A cell's source, which a file may hold as one string or as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def build_record(notebook: Mapping[str, Any] | None) -> dict[str, Any]:
    """What `dev build` noted in the notebook's metadata, empty where it did not write it."""
    record = ((notebook or {}).get("metadata") or {}).get("mi_course")
    return record if isinstance(record, dict) else {}


def cells_digest(notebook: Mapping[str, Any]) -> str:
    """Digest of the cells with their outputs; tells a notebook as built from one that was edited or run since."""
    cells = [{**cell, "source": text_of(cell)} for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def _grading(grade_id: str, *, solution: bool, points: int | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "cell_type": "code",
        "grade": points is not None,
        "grade_id": grade_id,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        metadata["points"] = points
    return metadata


def _import(name: str) -> Any:
    """An author's tool, imported only when something is built."""
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise CourseError(f"`dev` needs {name}. Install it with `pip install -e '.[dev]'`.") from None
