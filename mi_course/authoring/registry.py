"""The exercises of the course, as authors' tools ask for them; tests hand in a table of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mi_course.errors import CourseError

if TYPE_CHECKING:
    from mi_course.checking import Exercise


class Registry:
    """Looks up exercises by chapter: in `table` where one is given, else in the installed course.

    The course's exercises import torch, so they are loaded when first asked for.
    """

    def __init__(self, table: Mapping[str, Sequence[Exercise]] | None = None) -> None:
        self._table = table

    def chapters(self) -> list[str]:
        """Names of the chapters that have exercises."""
        if self._table is not None:
            return list(self._table)
        from mi_course import checking

        return checking.chapters()

    def exercises(self, chapter: str) -> Sequence[Exercise]:
        """The exercises of one chapter, in reading order; none where the chapter has none yet.

        Raises CourseError where the chapter's exercises cannot be imported.
        """
        if self._table is not None:
            return self._table.get(chapter, ())
        from mi_course import checking

        if chapter not in checking.chapters():
            return ()
        try:
            return checking.exercises(chapter)
        except CourseError:
            raise
        except Exception as error:
            raise CourseError(
                f"The exercises of {chapter} cannot be imported ({type(error).__name__}: {error}). "
                f"`python -c 'import mi_course.exercises.{chapter}'` shows where."
            ) from error
