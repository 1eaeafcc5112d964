"""Notebook files as the working copy needs them: told by their cell ids, read and written without a change."""

from __future__ import annotations

import json
from typing import Any

Cell = dict[str, Any]
Notebook = dict[str, Any]


def cell_ids(content: bytes | None) -> list[str]:
    """The ids of the cells, in order; none where this is no notebook, or one of before nbformat 4.5, without ids.

    Reads plain JSON: nbformat takes a while to import.
    """
    try:
        notebook = json.loads(content or b"")
        return [cell["id"] for cell in notebook["cells"] if isinstance(cell["id"], str)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def read(content: bytes | None) -> Notebook | None:
    """A notebook of format 4.5 or later, each source as one string; None where it is something else.

    Unlike `nbformat.read` this upgrades and repairs nothing: it would give cells new ids.
    """
    import nbformat
    from nbformat.validator import iter_validate

    try:
        found = json.loads(content or b"")
        version = (found["nbformat"], found["nbformat_minor"])
        if version[0] != 4 or version[1] < 5:
            return None
        if next(iter_validate(found, version=4, version_minor=version[1], relax_add_props=True), None) is not None:
            return None
        return nbformat.v4.to_notebook_json(found)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def to_bytes(notebook: Notebook) -> bytes:
    """The notebook as a file, laid out as nbformat and JupyterLab do it."""
    import nbformat

    node = nbformat.from_dict(notebook)
    try:
        return (nbformat.v4.writes(node) + "\n").encode()
    except UnicodeEncodeError:  # half a character, which a program printed: it can only be written as \udXXX
        return (nbformat.v4.writes(node, ensure_ascii=True) + "\n").encode()
