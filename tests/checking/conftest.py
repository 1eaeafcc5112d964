"""The toy chapter, where the registry finds it, for as long as a test runs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import mi_course.exercises
from mi_course.checking import registry

TOY_CHAPTER = Path(__file__).parent / "toy_chapter"


@pytest.fixture
def toy_chapter(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the toy chapter: `.EXERCISES`, `.check`, `.predict`."""
    monkeypatch.setattr(mi_course.exercises, "__path__", [*mi_course.exercises.__path__, str(TOY_CHAPTER)])
    importlib.invalidate_caches()
    registry._table.cache_clear()
    yield importlib.import_module("mi_course.exercises.toys")
    sys.modules.pop("mi_course.exercises.toys")
    vars(mi_course.exercises).pop("toys", None)
    registry._table.cache_clear()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A real IPython shell in this process, which keeps no history."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    settings = Config()
    settings.HistoryManager.enabled = False
    yield InteractiveShell.instance(config=settings)
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def no_time_limit_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MI_COURSE_TIME_LIMIT", raising=False)
    monkeypatch.delenv("MI_COURSE_LEARNER", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
