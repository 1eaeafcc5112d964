"""The panel a learner reads after a check, as HTML and as plain text (in a traceback, with terminal colours)."""

from __future__ import annotations

import html
import textwrap

from mi_course.checking.result import Result, Status

WIDTH = 96

# Okabe and Ito's palette, which stays apart under the common colour blindnesses; a sign repeats what the colour says.
LOOKS = {
    Status.PASSED: ("✓", "Passed", "#009E73", "32"),
    Status.PARTLY: ("◐", "Partly", "#E69F00", "33"),
    Status.FAILED: ("✗", "Not quite", "#D55E00", "31"),
    Status.NOT_ATTEMPTED: ("○", "Not attempted yet", "#0072B2", "34"),
    Status.CRASHED: ("✗", "It crashed", "#D55E00", "31"),
    Status.TIMED_OUT: ("✗", "Out of time", "#D55E00", "31"),
}


def heading(result: Result) -> str:
    """One line: sign, verdict, the recognised mistake."""
    sign, verdict, _, _ = LOOKS[result.status]
    if result.misconception:
        return f"{sign} Not quite: {result.misconception}."
    return f"{sign} {verdict}: {result.title}"


def tally(result: Result) -> str:
    """Which cases were right, or an empty string where that says nothing more than the verdict."""
    right = [case.label for case in result.cases if case.passed]
    if result.status is Status.PASSED:
        plural = "s" * (len(result.cases) != 1)
        return f"Right on {len(result.cases)} case{plural}. {_points(result)}"
    if not right or result.misconception or result.counted:
        return ""
    return f"Right on {len(right)} of {len(result.cases)} cases: {'; '.join(right)}."


def _points(result: Result) -> str:
    if result.borrowed:
        return f"0 of {result.max_points:g} points."
    return f"{result.points:g} of {result.max_points:g} points."


def text_panel(result: Result, colour: bool) -> str:
    """The panel as wrapped text."""
    title = heading(result)
    if colour:
        title = f"\x1b[1;{LOOKS[result.status][3]}m{title}\x1b[0m"
    paragraphs = [result.message, tally(result), *result.notes]
    if result.printed.strip():
        shown = result.printed.strip().splitlines()
        more = [f"… {len(shown) - 6} more lines"] if len(shown) > 6 else []
        paragraphs.append("\n".join(["It printed:", *("    " + line[:WIDTH] for line in shown[:6]), *more]))
    body = []
    for paragraph in filter(None, paragraphs):
        for line in paragraph.split("\n"):
            keep = line.startswith("    ")
            body.append(line if keep else textwrap.fill(line, WIDTH, break_on_hyphens=False, break_long_words=False))
    return "\n".join([title, *body])


def html_panel(result: Result) -> str:
    """The panel as HTML; colours of text and background are the page's own, so that it reads in dark themes."""
    colour = LOOKS[result.status][2]
    parts = [
        f'<div role="status" style="border-left:4px solid {colour};padding:4px 12px;margin:4px 0;max-width:52em">',
        f'<div style="font-weight:600">{html.escape(heading(result))}</div>',
    ]
    for paragraph in filter(None, [result.message, tally(result), *result.notes]):
        lines = "<br>".join(_line(line) for line in paragraph.split("\n"))
        parts.append(f'<div style="margin-top:4px">{lines}</div>')
    if result.printed.strip():
        parts.append(f"<details><summary>What it printed</summary><pre>{html.escape(result.printed)}</pre></details>")
    return "".join([*parts, "</div>"])


def _line(line: str) -> str:
    escaped = html.escape(line)
    return f"<code style='white-space:pre'>{escaped}</code>" if line.startswith("    ") else escaped
