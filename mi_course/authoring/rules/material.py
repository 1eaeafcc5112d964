"""What rules read, and what they report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mi_course.authoring import notebook as nb
from mi_course.authoring.source import Source
from mi_course.authoring.tree import Chapter

if TYPE_CHECKING:
    from mi_course.checking import Exercise

PLACEHOLDER = "WRITE:"
"""Marks what `dev new` leaves for the author; nothing that holds it is finished."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not right: where (path from the root; cell or line), a sentence, and what to do."""

    path: str
    where: str
    sentence: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.path}, {self.where}" if self.where else self.path
        return f"{place}: {self.sentence} {self.remedy}"


@dataclass(frozen=True)
class Material:
    """A chapter with all that is known about it.

    exercises: the chapter's. earlier: those of the chapters before it, by id.
    """

    chapter: Chapter
    source: Source
    exercises: Sequence[Exercise]
    earlier: dict[str, Exercise] = field(default_factory=dict)

    @cached_property
    def solved(self) -> dict[str, Any] | None:
        return nb.load(self.chapter.solved)

    @cached_property
    def unsolved(self) -> dict[str, Any] | None:
        return nb.load(self.chapter.unsolved)

    @cached_property
    def unfinished(self) -> bool:
        """Whether placeholders are left, in which case a build would be in vain."""
        texts = (path.read_text(encoding="utf-8") for path in self.chapter.exercise_files)
        return PLACEHOLDER in self.source.text or any(PLACEHOLDER in text for text in texts)

    @property
    def not_buildable(self) -> bool:
        """Whether other findings have to be mended before it makes sense to compare with what was built."""
        return self.unfinished or bool(self.source.problems) or any(cell.id is None for cell in self.source.cells)

    def in_source(self, where: str, sentence: str, remedy: str) -> Finding:
        return Finding(self.chapter.relative(self.chapter.source), where, sentence, remedy)

    def in_exercises(self, name: str, sentence: str, remedy: str) -> Finding:
        where = _defining(self.chapter.exercise_files, name) or self.chapter.exercises
        return Finding(self.chapter.relative(where), f"exercise {name}", sentence, remedy)


def _defining(files: Sequence[Path], name: str) -> Path | None:
    """The file in which an exercise of this name is made."""
    made = re.compile(rf"^{re.escape(name)}\b.*=", re.MULTILINE)
    return next((path for path in files if made.search(path.read_text(encoding="utf-8"))), None)
