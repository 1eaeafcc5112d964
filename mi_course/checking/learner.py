"""Who is learning: a random name for this working copy, from which exercises draw "your" model or data."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from mi_course.checking.home import home

FILE = "learner-id"


def learner_id() -> str:
    """The learner's random id: MI_COURSE_LEARNER where a grader sets it, else the one kept beside the progress record.

    It is made at first use and contains nothing about the person. Where it cannot be stored, a fixed one serves.
    """
    given = os.environ.get("MI_COURSE_LEARNER")
    if given:
        return given
    path = home() / FILE
    try:
        return _read(path) or _create(path)
    except (OSError, ValueError):  # ValueError: the file does not hold text
        return "nobody"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _create(path: Path) -> str:
    """Make an id. The file appears with its content or not at all, so that two kernels never go by different ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4().hex
    draft = path.with_name(f"{FILE}.{name}")
    draft.write_text(name + "\n", encoding="utf-8")
    try:
        os.link(draft, path)
    except FileExistsError:  # another kernel was quicker, or the file is empty
        if not _read(path):
            os.replace(draft, path)
    except OSError:  # a file system without links
        os.replace(draft, path)
    draft.unlink(missing_ok=True)
    return _read(path)


def learner_seed(exercise_id: str, learner: str | None = None) -> int:
    """The seed of this learner's version of an exercise: the same at every call, another for each exercise."""
    text = f"{learner or learner_id()}/{exercise_id}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
