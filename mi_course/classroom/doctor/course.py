"""The course's own parts: its notebooks and models, the learner's record, and what the hub's cache adds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import mi_course
from mi_course.checking import progress
from mi_course.classroom import working_copy
from mi_course.classroom.doctor.finding import Finding
from mi_course.errors import CourseError

SCALE_UP = ("gpt2", "pythia-70m")
"""The hub models that the chapters' "Scale up" sections use."""


def chapters() -> Iterator[Finding]:
    """Whether every chapter that has exercises has its notebook."""
    from mi_course.checking import registry

    try:
        folder = working_copy.chapters_directory()
    except CourseError as error:
        yield Finding("chapters", "problem", "this installation has no notebooks", str(error))
        return
    notebooks = [file.stem for file in folder.glob("*.ipynb")]
    missing = [name for name in registry.chapters() if not any(each.endswith(f"_{name}") for each in notebooks)]
    if missing:
        without = f"{folder} has no notebook for {', '.join(missing)}"
        again = "Install the course again; in a clone, run `git checkout -- chapters` or `mi-course dev build`."
        yield Finding("chapters", "problem", without, again)
    else:
        count = f"{len(notebooks)} notebook{'s' * (len(notebooks) != 1)}"
        yield Finding("chapters", "ok", f"mi-course {mi_course.__version__}, {count} in {folder}")


def models() -> Iterator[Finding]:
    """Whether the weights of the course's own models are what their cards describe."""
    from mi_course import zoo

    names = zoo.model_names()
    damaged = 0
    for name in names:
        try:
            zoo.verify_weights(name)
        except CourseError as error:
            damaged += 1
            yield Finding("models", "problem", f"{name} cannot be used as it is", str(error))
    if not names:
        again = "Install the course again."
        yield Finding("models", "problem", "this installation has none of the course's models", again)
    elif not damaged:
        yield Finding("models", "ok", f"the weights of {', '.join(names)} are intact")


def record() -> Iterator[Finding]:
    """Whether the record of progress can be written, and read."""
    file = progress.path()
    reason = _unwritable(file)
    if reason:
        yield Finding(
            "record",
            "problem",
            f"your progress cannot be written to {file} ({reason})",
            "Give yourself the right to write there, or set MI_COURSE_HOME to a folder of your own.",
        )
        return
    damage = progress.read(file).damage
    if damage:
        yield Finding("record", "warn", "some of your record of progress cannot be read", damage)
    else:
        yield Finding("record", "ok", f"your progress is kept in {file}")


def hub_cache() -> Iterator[Finding]:
    """Which of the larger models are on this machine. None is fine: every chapter has models of its own."""
    from huggingface_hub import constants

    from mi_course.zoo.hub import cached_folder, repositories

    there = [name for name in SCALE_UP if cached_folder(name)]
    fetch = [f"`hf download {repositories(name)[0]}`" for name in SCALE_UP if name not in there]
    found = f"{' and '.join(there) or 'neither ' + ' nor '.join(SCALE_UP)} in {constants.HF_HUB_CACHE}"
    do = f'Only for the "Scale up" sections, and with a network: {" and ".join(fetch)}.' if fetch else ""
    yield Finding("hub cache", "ok", found, do)


def _unwritable(file: Path) -> str:
    """Why the record cannot be written; empty if it can. Nothing is left behind."""
    try:
        if file.exists():
            with file.open("ab"):  # opened, and not written to
                return ""
        folder = next(each for each in file.parents if each.exists())
        # Permissions do not tell of a read-only disk, and root has them all.
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or type(error).__name__
