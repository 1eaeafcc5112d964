"""A check cell run before its answer cell: Python says NameError; the learner should hear which cell to run."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from mi_course.checking.registry import exercises

_explained: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def explain_unmet_names(chapter: str) -> None:
    """In IPython, show a sentence instead of a stack when the undefined name is that of an exercise of this chapter.

    Outside IPython, and where somebody else already handles errors, nothing is changed.
    """
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is None:
        return
    if shell in _explained:  # our own handler, set for another chapter in the same kernel
        _explained[shell].add(chapter)
        return
    if shell.custom_exceptions:
        return
    explained = _explained[shell] = {chapter}

    def handler(shell: Any, etype: type, value: NameError, tb: Any, tb_offset: int | None = None) -> None:
        if value.name in {exercise.name for name in explained for exercise in exercises(name)}:
            # The kernel must still send an error: a grading cell without one would be given full points.
            shell._showtraceback(etype, value, [unmet(str(value.name))])
        else:
            shell.showtraceback((etype, value, tb), tb_offset=tb_offset)

    shell.set_custom_exc((NameError,), handler)


def unmet(name: str) -> str:
    """The sentence."""
    return (
        f"\x1b[1;34m○ `{name}` does not exist yet.\x1b[0m\n"
        "Run the cell in which you write it first, then this one. After a "
        "restart of the kernel, «Run All Above Selected Cell» in the Run menu does both."
    )
