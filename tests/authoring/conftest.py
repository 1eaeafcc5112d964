from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mi_course.authoring.build import build
from tests.authoring import toy


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A course tree that has not been built."""
    toy.plant(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    toy.plant(root)
    build(root=root, registry=toy.registry())
    return root


@pytest.fixture
def built(_built: Path, tmp_path: Path) -> Path:
    """A copy of a course tree in which everything is built and nothing is amiss."""
    shutil.copytree(_built, tmp_path, dirs_exist_ok=True)
    return tmp_path
