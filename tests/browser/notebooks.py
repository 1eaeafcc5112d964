"""Notebooks that a browser test writes into the working copy, and the cells' outputs as a person sees them."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook


def write_notebook(path: Path, cells: list[str]) -> None:
    """A notebook of code cells without outputs, as Python 3 runs it."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    numbered = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(cells)]
    nbformat.write(new_notebook(cells=numbered, metadata=kernel), path)


def untrusted_copy(path: Path, to: Path) -> None:
    """The notebook with its outputs, as if it came from somebody else: no signature of this user fits it."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata.pop("trusted", None)
    notebook.metadata["copied"] = True
    nbformat.write(notebook, to)
