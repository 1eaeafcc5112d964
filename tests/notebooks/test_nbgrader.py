"""A class graded with nbgrader: real commands, in a course directory set up as nbgrader_config.py says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from mi_course.authoring.tree import Chapter, chapters

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = chapters(ROOT)


def nbgrader(course: Path, *arguments: str) -> None:
    """Run one nbgrader command in the course directory, as an instructor would."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
        "MI_COURSE_HOME": str(course / "record"),
        "HOME": str(course / "home"),  # no settings, history or gradebook of whoever runs the tests
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=course, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]


def submit(course: Path, chapter: Chapter, student: str, notebook: Path) -> None:
    folder = course / "submitted" / student / chapter.stem
    folder.mkdir(parents=True)
    shutil.copy(notebook, folder / f"{chapter.stem}.ipynb")


def scores(course: Path, chapter: Chapter, student: str) -> dict[str, tuple[float, float]]:
    """Points given and points possible, check cell by check cell."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission(chapter.stem, student)
        return {
            grade.name: (grade.score, grade.max_score) for notebook in submission.notebooks for grade in notebook.grades
        }


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_the_reference_gets_full_marks_and_the_release_none(chapter: Chapter, tmp_path: Path) -> None:
    course = tmp_path / "class"
    source = course / "source" / chapter.stem
    source.mkdir(parents=True)
    (course / "home").mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", course)
    shutil.copy(chapter.solved, source)
    nbgrader(course, "generate_assignment", chapter.stem)

    # nbgrader's own pipeline clears the same cells to the same stubs as `dev build` does.
    release = course / "release" / chapter.stem / f"{chapter.stem}.ipynb"
    released, ours = (nbformat.read(path, as_version=4) for path in (release, chapter.unsolved))
    assert [cell.source for cell in released.cells] == [cell.source for cell in ours.cells]
    assert [cell.metadata.get("tags") for cell in released.cells] == [cell.metadata.get("tags") for cell in ours.cells]
    assert not any(cell.get("outputs") for cell in released.cells)

    submit(course, chapter, "reference", chapter.solved)
    submit(course, chapter, "unsolved", release)
    nbgrader(course, "autograde", chapter.stem)
    points = {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points
        for cell in nbformat.read(chapter.solved, as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert points and all(points.values())
    assert scores(course, chapter, "reference") == {name: (worth, worth) for name, worth in points.items()}
    assert scores(course, chapter, "unsolved") == {name: (0, worth) for name, worth in points.items()}
