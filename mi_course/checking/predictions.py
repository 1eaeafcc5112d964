"""Predictions: what a learner expects, with how sure they are, committed before the result is shown.

The Brier score (Brier 1950) of a prediction held with confidence p is (p - 1)^2 if it comes true and p^2 if not: 0 is
best, and saying "0.5" every time earns 0.25. Over a course it tells whether "90 % sure" means nine times out of ten:
`progress_panel()` shows it.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mi_course.checking import progress
from mi_course.checking.calibration import BASELINE, brier
from mi_course.checking.check import _show
from mi_course.errors import CourseError, did_you_mean


@dataclass(frozen=True)
class Question:
    """A question whose answer the notebook is about to show.

    name: how predict() and reveal() call it.
    text: the question itself.
    kind: what a value must be: `int`, `float`, `str` or `bool`.
    low, high: range of a number, both included.
    unit: what a number counts, such as "per cent"; it is repeated to the learner.
    options: the texts to choose from, where there is a choice.
    comes_true: whether a predicted value holds, given the outcome; by default, whether they are equal.
    """

    name: str
    text: str
    kind: type = int
    low: float | None = None
    high: float | None = None
    unit: str = ""
    options: Sequence[str] = ()
    comes_true: Callable[[Any, Any], bool] = lambda value, outcome: bool(value == outcome)

    @property
    def asked(self) -> str:
        """What a prediction of it looks like, in words."""
        if self.kind is bool:
            return "your prediction, True or False"
        if self.options:
            return f"your prediction, one of {', '.join(map(repr, self.options))}"
        return f"your prediction, a number ({self.unit})" if self.unit else "your prediction"

    def said(self, value: Any) -> str:
        """A value with its unit."""
        return f"{value!r} {self.unit}".strip()

    def doubt(self, value: Any) -> str:
        """A question back, where a value is allowed and probably not meant; else empty."""
        if self.unit == "per cent" and 0 < value <= 1:
            return (
                f"That is at most one in a hundred. If you mean {100 * value:g} per cent, run the cell again with it."
            )
        return ""

    def fault(self, value: Any) -> str:
        """What is wrong with a value, as a sentence; empty if nothing is."""
        number = value  # its type stays open below
        accepted: tuple[type, ...] = (int, float) if self.kind is float else (self.kind,)
        if not isinstance(value, accepted) or (isinstance(value, bool) and self.kind is not bool):
            word = {int: "a whole number", float: "a number", str: "a text", bool: "True or False"}[self.kind]
            return f"{self.name!r} asks for {word}, not {value!r}."
        if self.options and value not in self.options:
            options = ", ".join(map(repr, self.options))
            return f"{self.name!r} asks for one of {options}.{did_you_mean(value, self.options)}"
        if isinstance(value, float) and math.isnan(value):
            return f"{self.name!r} asks for a number, and NaN is none."
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if self.kind in (int, float) and not low <= number <= high:
            return f"{self.name!r} asks for a number from {low:g} to {high:g}, not {value!r}."
        return ""


class Predict:
    """The `predict` of one chapter: predict("name", value=…, confidence=…), later predict.reveal("name", outcome)."""

    def __init__(self, chapter: str, questions: Sequence[Question]) -> None:
        self.chapter = chapter
        self.questions = {question.name: question for question in questions}

    def __call__(self, name: str, *, value: Any, confidence: Any) -> None:
        """Commit to a prediction. It can be changed until the result has been revealed.

        confidence: how probable you hold it that your prediction comes true, from 0 to 1.
        """
        question = self._find(name)
        if value is ... or confidence is ...:
            _show(
                _Note(question.text, f"Replace both `...`: {question.asked}, and how sure you are of it, from 0 to 1.")
            )
            return
        fault = question.fault(value)
        if fault:
            raise CourseError(fault)
        if not _is_confidence(confidence):
            raise CourseError(f"confidence is a number from 0 to 1 (0.8 for 80 % sure), not {confidence!r}.")
        if self._last("reveal", name):
            kept = self._last("prediction", name)
            was = f"It stays {kept['value']!r}, {kept['confidence']:.0%} sure." if kept else "None had been made."
            _show(_Note(question.text, f"The result is out, so a prediction no longer counts. {was}"))
            return
        note = progress.append("prediction", id=self._id(name), value=value, confidence=float(confidence))
        said = f"Noted: {question.said(value)}, {confidence:.0%} sure."
        _show(_Note(question.text, " ".join(filter(None, [said, question.doubt(value), note]))))

    def reveal(self, name: str, outcome: Any) -> None:
        """Show what happened beside what was predicted, and score it. Counts the first time only."""
        question = self._find(name)
        made, before = self._last("prediction", name), self._last("reveal", name)
        if made is None:
            if before is None:
                progress.append("reveal", id=self._id(name), outcome=outcome, came_true=None, brier=None)
            _show(_Note(question.text, f"It is {question.said(outcome)}. You made no prediction."))
            return
        came_true = bool(question.comes_true(made["value"], outcome))
        score = brier(made["confidence"], came_true)
        if before is None:
            progress.append("reveal", id=self._id(name), outcome=outcome, came_true=came_true, brier=score)
        verdict = "came true" if came_true else "did not come true"
        _show(
            _Note(
                question.text,
                f"It is {question.said(outcome)}. Your prediction of {question.said(made['value'])} {verdict}; "
                f"at {made['confidence']:.0%} sure that is a Brier score of {score:.2f} (0 is best, {BASELINE} is a "
                "coin).",
            )
        )

    def _id(self, name: str) -> str:
        return f"{self.chapter}.predict.{name}"

    def _last(self, kind: str, name: str) -> progress.Event | None:
        events = [e for e in progress.read().events if e["event"] == kind and e.get("id") == self._id(name)]
        if kind == "prediction":  # the record is a file, and anything may have been written into it
            question = self.questions[name]
            events = [e for e in events if _is_confidence(e.get("confidence")) and not question.fault(e.get("value"))]
        return events[-1] if events else None

    def _find(self, name: str) -> Question:
        if name not in self.questions:
            raise CourseError(
                f"Chapter {self.chapter!r} asks no prediction {name!r}.{did_you_mean(name, self.questions)} "
                f"It asks: {', '.join(self.questions)}."
            )
        return self.questions[name]


def _is_confidence(thing: Any) -> bool:
    return isinstance(thing, (int, float)) and not isinstance(thing, bool) and 0 <= thing <= 1


class _Note:
    """A question and what is said about it."""

    def __init__(self, question: str, text: str) -> None:
        self.question, self.text = question, text.strip()

    def __str__(self) -> str:
        return f"{self.question}\n{self.text}"

    def _repr_html_(self) -> str:
        return (
            '<div role="note" style="border-left:4px solid #CC79A7;padding:4px 12px;margin:4px 0;max-width:52em">'
            f"<em>{html.escape(self.question)}</em><div>{html.escape(self.text)}</div></div>"
        )
