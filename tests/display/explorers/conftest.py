"""Models to explore: with and without tokenizer, with and without LayerNorm and MLPs."""

from __future__ import annotations

from typing import Any

import pytest

from mi_course.zoo import checkpoint, load_model
from mi_course.zoo.recipes.story import StoryRecipe


@pytest.fixture(scope="session")
def story() -> Any:
    """An untrained twin of the story model: a GPT-NeoX checkpoint with LayerNorm, MLPs and Story World's tokenizer."""
    return checkpoint.bridge(StoryRecipe().build(0))


@pytest.fixture(scope="session")
def induction() -> Any:
    return load_model("induction-2l")


@pytest.fixture(scope="session")
def plain() -> Any:
    """Learned positions, no LayerNorm."""
    return load_model("induction-2l-plain")


@pytest.fixture(params=["story", "induction", "plain"])
def model(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)
