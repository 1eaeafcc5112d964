"""What nbval, which runs the solved notebooks, would pass over in silence."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from mi_course.authoring.tree import Chapter, chapters

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = chapters(ROOT)
HIDES = re.compile(r"#\s*(NBVAL_SKIP|NBVAL_IGNORE_OUTPUT|NBVAL_RAISES_EXCEPTION|PYTEST_VALIDATE_IGNORE_OUTPUT)")
HIDING_TAGS = {"raises-exception", "nbval-skip", "nbval-raises-exception", "nbval-ignore-output"}


def test_there_is_something_to_test() -> None:
    assert CHAPTERS
    assert {path.stem for path in (ROOT / "solutions").glob("*.ipynb")} == {chapter.stem for chapter in CHAPTERS}


@pytest.fixture(params=CHAPTERS, ids=lambda chapter: chapter.stem)
def solved(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    chapter: Chapter = request.param
    return nbformat.read(chapter.solved, as_version=4)


def test_every_cell_was_executed_in_order(solved: nbformat.NotebookNode) -> None:
    """nbval compares with the stored outputs: of a notebook without any, everything passes."""
    code = [cell for cell in solved.cells if cell.cell_type == "code" and cell.source.strip()]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


def test_nothing_hides_a_failure(solved: nbformat.NotebookNode) -> None:
    """A cell tagged raises-exception passes whether it raises or not, and a skipped one always."""
    for cell in solved.cells:
        assert not HIDING_TAGS & set(cell.metadata.get("tags", [])), cell.id
        assert not HIDES.search(cell.source), cell.id


def test_headline_numbers_are_compared(solved: nbformat.NotebookNode) -> None:
    """Cells that print a chapter's numbers are compared, and what they print is text that can be."""
    compared = [cell for cell in solved.cells if "# NBVAL_CHECK_OUTPUT" in cell.source]
    assert compared
    for cell in compared:
        assert cell.outputs, f"{cell.id} has nothing to compare"
        assert all(output.output_type == "stream" or "text/plain" in output.data for output in cell.outputs), cell.id
        text = "".join(
            output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs
        )
        assert not re.search(r"0x[0-9a-f]{6,}", text), f"{cell.id} prints an address"
        assert not re.search(r"\d\.\d{6,}", text), f"{cell.id} prints more digits than every machine agrees on"
