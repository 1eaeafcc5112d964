"""The learner's notebooks, run as they come: every check says "not attempted", and nothing else goes wrong."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from mi_course.authoring.execute import run_notebook

ROOT = Path(__file__).resolve().parents[2]
UNSOLVED = sorted((ROOT / "chapters").glob("*.ipynb"))


def test_there_is_something_to_test() -> None:
    assert UNSOLVED


@pytest.mark.slow
@pytest.mark.parametrize("path", UNSOLVED, ids=lambda path: path.stem)
def test_every_check_ends_in_not_attempted(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    checks = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert checks
    assert all("raises-exception" in cell.metadata.tags for cell in checks)
    run_notebook(notebook, root=ROOT, path=path.name)  # raises where any other cell does
    for cell in notebook.cells:
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        if cell in checks:
            assert [error.ename for error in errors] == ["NotAttempted"], cell.source
            assert "not attempted" in "\n".join(errors[0].traceback).lower()
        else:
            assert not errors, cell.source
