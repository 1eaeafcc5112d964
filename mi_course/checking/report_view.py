"""The progress report for the eye: as plain text, and as HTML in the page's own colours."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from mi_course.checking.calibration import BASELINE, Bin, Calibration
from mi_course.checking.columns import columns
from mi_course.checking.report import ChapterStanding, Meeting, MisconceptionMet, ProgressReport

FEW = 10
"""With fewer predictions than this the bins are mostly chance."""

CHAPTER_HEADS = ("chapter", "passed", "skipped", "tried", "hints", "points")
MISCONCEPTION_HEADS = ("misconception", "times", "where")
BIN_HEADS = ("you were", "predictions", "sure on average", "came true")


def text_report(report: ProgressReport) -> str:
    """The report as tables of plain text."""
    parts = [columns(CHAPTER_HEADS, [_chapter_row(each) for each in report.chapters])]
    if report.misconceptions:
        parts.append(columns(MISCONCEPTION_HEADS, [_misconception_row(each) for each in report.misconceptions]))
    parts.append(predictions_sentence(report.predictions))
    if report.predictions.scored:
        parts.append(columns(BIN_HEADS, [_bin_row(each) for each in report.predictions.bins]))
    return "\n\n".join(parts)


def html_report(report: ProgressReport) -> str:
    """The report as HTML tables, which a screen reader can walk; no colour carries anything."""
    parts = [
        '<div role="region" aria-label="Your progress" '
        'style="border-left:4px solid #0072B2;padding:4px 12px;margin:4px 0;max-width:60em">',
        f"<div>{html.escape(report.damage)}</div>" if report.damage else "",
        _table("By chapter", CHAPTER_HEADS, [_chapter_row(each) for each in report.chapters]),
    ]
    if report.misconceptions:
        rows = [_misconception_row(each) for each in report.misconceptions]
        parts.append(_table("Misconceptions met", MISCONCEPTION_HEADS, rows))
        parts.append(_messages(report.misconceptions))
    parts.append(f'<p style="margin:8px 0 4px">{html.escape(predictions_sentence(report.predictions))}</p>')
    if report.predictions.scored:
        rows = [_bin_row(each) for each in report.predictions.bins]
        parts.append(_table("Calibration: how sure you were, and how often you were right", BIN_HEADS, rows))
    return "".join([*parts, "</div>"])


def predictions_sentence(found: Calibration) -> str:
    """The Brier score with what it is to be compared with, and what it cannot say yet."""
    if found.brier is None:
        sentences = ["Predictions: none has its result yet."]
    else:
        sentences = [
            f"Predictions: {found.scored} with a result, Brier score {found.brier:.2f} "
            f"(0 is best; always saying 50 % earns {BASELINE})."
        ]
        if found.scored < FEW:
            sentences.append("So few say little about how well calibrated you are.")
    if found.waiting:
        sentences.append(f"Waiting for a result: {found.waiting}.")
    if found.missed:
        sentences.append(f"Results seen without a prediction: {found.missed}.")
    return " ".join(sentences)


def _chapter_row(each: ChapterStanding) -> list[Any]:
    passed, points = f"{each.passed} of {each.exercises}", f"{each.points:g} of {each.max_points:g}"
    return [each.chapter, passed, each.skipped, each.tried, each.hints, points]


def _misconception_row(each: MisconceptionMet) -> list[Any]:
    return [each.name, each.times, ", ".join(_where(meeting) for meeting in each.meetings)]


def _where(meeting: Meeting) -> str:
    return f"{meeting.exercise} (passed since)" if meeting.passed else meeting.exercise


def _bin_row(each: Bin) -> list[Any]:
    said = f"{each.low:.0%} to {each.high:.0%} sure"
    if each.confidence is None or each.came_true is None:
        return [said, 0, "–", "–"]
    return [said, each.number, f"{each.confidence:.0%}", f"{each.came_true * each.number:.0f} of {each.number}"]


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table with a caption, and a head for every column and row."""
    cell = "text-align:left;padding:2px 12px 2px 0;vertical-align:top"
    top = "".join(f'<th scope="col" style="{cell}">{html.escape(head)}</th>' for head in heads)
    body = []
    for first, *rest in rows:
        cells = "".join(f'<td style="{cell}">{html.escape(str(each))}</td>' for each in rest)
        name = f'<th scope="row" style="{cell};font-weight:normal">{html.escape(str(first))}</th>'
        body.append(f"<tr>{name}{cells}</tr>")
    title = f'<caption style="text-align:left;font-weight:600;caption-side:top">{html.escape(caption)}</caption>'
    return f'<table style="margin:4px 0 8px">{title}<thead><tr>{top}</tr></thead><tbody>{"".join(body)}</tbody></table>'


def _messages(met: Sequence[MisconceptionMet]) -> str:
    """What the checks said, folded away."""
    items = [
        f"<li><em>{html.escape(each.name)}</em> ({html.escape(meeting.exercise)}): {html.escape(meeting.message)}</li>"
        for each in met
        for meeting in each.meetings
        if meeting.message
    ]
    return f"<details><summary>What the checks said</summary><ul>{''.join(items)}</ul></details>" if items else ""
