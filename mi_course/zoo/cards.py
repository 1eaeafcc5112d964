"""Cards: what is known about each of the course's own models, one JSON file each."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from mi_course.errors import CourseError, did_you_mean

CARDS = Path(__file__).parent / "cards"

# The order in which the course meets them; a card that is not listed comes after.
_ORDER = (
    "induction-1l",
    "induction-2l",
    "induction-2l-plain",
    "modular-addition",
    "story",
    "story-truth",
    "story-0l",
    "story-attn-1l",
    "shapes-cnn",
)


def card_path(name: str) -> Path:
    """Where the card of a model lies."""
    return CARDS / f"{name}.json"


def model_names() -> list[str]:
    """Names of the models that the course ships."""
    found = [path.stem for path in CARDS.glob("*.json")]
    return sorted(found, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))


def card(name: str) -> dict[str, Any]:
    """The card of a model, as a dictionary of plain JSON values.

    Keys: name, kind, summary, config, recipe, steps, data, measurement, seeds_tried, seeds_failed, and `seeds`: for
    each shipped seed (a string, as JSON has it) its weights (file, sha256, bytes, and the files beside it), its
    measured phenomena and, where it has any, its checkpoints by step, each with the same two.
    Raises CourseError for an unknown name or an unreadable card.
    """
    if name not in model_names():
        raise CourseError(
            f"There is no model called {name!r} in the zoo.{did_you_mean(name, model_names())} "
            f"The course's own models are {', '.join(model_names())}."
        )
    # A copy, so that nobody changes the card for everybody.
    path = card_path(name)
    return copy.deepcopy(_read(path, path.stat().st_mtime_ns))


def seeds(name: str) -> list[int]:
    """The seeds of a model that the course ships."""
    return sorted(int(seed) for seed in card(name)["seeds"])


def check_seed(name: str, seed: object) -> int:
    """The seed, if the model is shipped with it. Raises CourseError with those that are there."""
    shipped = seeds(name)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed not in shipped:
        raise CourseError(
            f"{name} is not shipped with seed {seed!r}; choose one of {', '.join(map(str, shipped))}, or train it with "
            f"`mi-course train {name} --seed N`."
        )
    return seed


@cache
def _read(path: Path, modified_ns: int) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CourseError(
            f"The card {path.name} of the zoo cannot be read ({error}); reinstall mi-course, or restore the file with "
            f"`git checkout -- {path.name}` in its folder."
        ) from error
