"""Errors a user of the course may meet: one sentence that says what was wrong, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CourseError(Exception):
    """Something a user can mend. The message says what was wrong and what to do."""

    def _render_traceback_(self) -> list[str]:
        """IPython shows these lines in place of a stack, which would only lead into the course's own code."""
        return [f"{type(self).__name__}: {self}"]


def did_you_mean(name: object, options: Iterable[str]) -> str:
    """Return `" Did you mean 'x'?"` for the closest option, or an empty string when none is close."""
    by_folded = {option.casefold(): option for option in options}
    close = difflib.get_close_matches(str(name).casefold(), by_folded, n=1, cutoff=0.6)
    return f" Did you mean {by_folded[close[0]]!r}?" if close else ""
