"""Fixtures and settings for every test."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

# Before anything imports torch: small models are fastest on one thread, and xdist runs two workers.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# As in an activated environment: nbgrader calls `alembic` by its bare name, and `make test` activates nothing.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])

import hypothesis
import pytest

pytest_plugins = ["mi_course.checking.pytest_plugin"]

hypothesis.settings.register_profile("course", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("course")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(autouse=True)
def own_record(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's record of its own for each test; nobody's real progress is read or written."""
    home = tmp_path_factory.mktemp("record")
    monkeypatch.setenv("MI_COURSE_HOME", str(home))
    return home


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the proofs of the exercises' banks; leave the browser tests out where there is no browser, and say so."""
    for item in items:
        if "obligation" in getattr(item, "fixturenames", ()):
            item.add_marker("bank")
    browser_tests = [item for item in items if item.get_closest_marker("browser")]
    if browser_tests and not any(map(shutil.which, BROWSERS)):
        config.hook.pytest_deselected(items=browser_tests)
        items[:] = [item for item in items if item not in browser_tests]
        config.stash[_left_out] = len(browser_tests)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash.get(_left_out, 0):
        terminalreporter.write_line("The browser tests were left out: no Chromium or Chrome on the path.", yellow=True)


_left_out = pytest.StashKey[int]()
