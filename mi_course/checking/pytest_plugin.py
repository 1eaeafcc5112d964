"""pytest plugin: `obligation` and `bank_seed` parametrised over every exercise of the course.

Use it with `pytest_plugins = ["mi_course.checking.pytest_plugin"]` and a test that takes both. Options:
`--bank-seeds N` (two by default), `--bank CHAPTER` or `--bank CHAPTER.name` for a part.
"""

from __future__ import annotations

import pytest

from mi_course.checking.bank import obligations
from mi_course.checking.registry import exercises


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mi-course")
    group.addoption("--bank-seeds", type=int, default=2, help="seeds on which every exercise's bank is proven (2)")
    group.addoption("--bank", default="", help="only this chapter, or this exercise (CHAPTER.name)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "obligation" not in metafunc.fixturenames:
        return
    seeds = metafunc.config.getoption("--bank-seeds")
    part = metafunc.config.getoption("--bank")
    cases = []
    for exercise in exercises():
        if part in ("", exercise.chapter, exercise.id):
            for obligation in obligations(exercise):
                for seed in range(1 if obligation.once else seeds):
                    cases.append(pytest.param(obligation, seed, id=f"{exercise.id}: {obligation.name} [{seed}]"))
    metafunc.parametrize(("obligation", "bank_seed"), cases)
