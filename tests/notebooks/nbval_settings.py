"""pytest plugin for the nbval run: kernels of this Python, with this checkout and a record of their own.

    python -m pytest -p tests.notebooks.nbval_settings --nbval-lax --nbval-current-env --nbval-cell-timeout=120 \\
        -n 2 --dist loadscope -p no:cacheprovider solutions

nbval compares the cells that carry `# NBVAL_CHECK_OUTPUT` and only runs the others. `--dist load` would spread the
cells of one notebook over two kernels, hence loadscope. test_solved.py guards what nbval would pass over.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_directory = pytest.StashKey[tempfile.TemporaryDirectory]()


def pytest_configure(config: pytest.Config) -> None:
    directory = tempfile.TemporaryDirectory(prefix="mi-course-nbval-")
    config.stash[_directory] = directory
    os.environ["MI_COURSE_HOME"] = directory.name
    os.environ["MI_COURSE_LEARNER"] = "the authors"  # as in `dev build`, whose numbers are compared with
    os.environ["IPYTHONDIR"] = directory.name
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_directory].cleanup()
