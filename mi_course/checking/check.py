"""`check`: what a learner calls in the notebook. Sugar over `judge`, with hints, references and the record."""

from __future__ import annotations

import html
import inspect
import os
import textwrap
from dataclasses import replace
from typing import Any

from mi_course.checking import progress
from mi_course.checking.exercise import Exercise
from mi_course.checking.judge import judge_exercise
from mi_course.checking.learner import learner_seed
from mi_course.checking.registry import UnknownExercise, exercises
from mi_course.checking.result import CheckFailed, NotAttempted, Result, Status
from mi_course.checking.unmet_names import explain_unmet_names
from mi_course.errors import CourseError, did_you_mean


class Check:
    """The `check` of one chapter.

    check(function_or_class)          its __name__ is the exercise's name
    check(name=answer)                any answer: a value, a lambda, a partial
    check.hint("name")                the next hint, one at a time
    check.reference("name")           the course's own answer; recorded as skipped
    check.seed("name")                the seed of your version of a per-learner exercise
    """

    def __init__(self, chapter: str) -> None:
        self.chapter = chapter
        explain_unmet_names(chapter)

    def __repr__(self) -> str:
        return f"check of chapter {self.chapter!r}: check(answer), check(name=answer), check.hint('name')"

    def __call__(self, *answers: Any, time_limit: float | None = None, **named: Any) -> None:
        """Judge one answer and show the panel. Returns None when passed, raises `CheckFailed` otherwise."""
        if len(answers) + len(named) != 1:
            raise CourseError("check takes one answer: check(my_function), or check(name=my_value).")
        name, answer = next(iter(named.items())) if named else (self._name_of(answers[0]), answers[0])
        exercise = self._find(name)
        result = judge_exercise(exercise, answer, time_limit=time_limit)
        result = self._as_skipped(exercise, result)
        result = _noted(result, self._record(result))
        if result.borrowed and os.environ.get("NBGRADER_EXECUTION") == "autograde":
            raise CheckFailed(result)
        if result.passed:
            _show(result)
            return
        raise (NotAttempted if result.status is Status.NOT_ATTEMPTED else CheckFailed)(result)

    def _as_skipped(self, exercise: Exercise, result: Result) -> Result:
        """A value that was looked up with `reference` cannot be told from one that was found: it stays skipped."""
        if not (result.passed and exercise.is_value):
            return result
        if progress.standings().get(exercise.id, progress.Standing()).status != "skipped":
            return result
        message = "You have looked this value up with check.reference: it stays recorded as skipped."
        return replace(result, points=0.0, borrowed="reference", message=message)

    def hint(self, name: str) -> None:
        """Show the next hint of an exercise: three in all, from a nudge to nearly the answer."""
        exercise = self._find(name)
        given = progress.standings().get(exercise.id, progress.Standing()).hints
        number = min(given + 1, len(exercise.hints))
        note = progress.append("hint", id=exercise.id, number=number) if given < len(exercise.hints) else ""
        _show(Hint(exercise, number, note))

    def reference(self, name: str) -> Any:
        """The course's own answer, shown and returned, to go on with.

        The exercise is recorded as skipped until you pass it yourself; a value, which you then know, for good.
        """
        exercise = self._find(name)
        progress.append("reference", id=exercise.id)
        if not exercise.is_value:
            _show(Source(exercise))
            return exercise.reference
        from mi_course.checking.judge import draw_cases

        case = draw_cases(exercise)[0]
        return exercise.reference(*case.args, **case.kwargs)

    def seed(self, name: str) -> int:
        """The seed from which your version of a per-learner exercise is drawn."""
        return learner_seed(self._find(name).id)

    def _name_of(self, answer: Any) -> str:
        for exercise in exercises(self.chapter):
            if answer is exercise.reference:  # which may go by another name in the course's own code
                return exercise.name
        name = getattr(answer, "__name__", None)
        if not isinstance(name, str) or name == "<lambda>":
            raise CourseError(
                "check cannot see which exercise this answers: only functions and classes have a name. "
                "Write check(name=answer), with the exercise's name."
            )
        return name

    def _find(self, name: str) -> Exercise:
        own = exercises(self.chapter)
        for exercise in own:
            if name in (exercise.name, exercise.id):
                return exercise
        names = [exercise.name for exercise in own]
        raise UnknownExercise(
            f"Chapter {self.chapter!r} has no exercise {name!r}.{did_you_mean(name, names)} It has: {', '.join(names)}."
        )

    def _record(self, result: Result) -> str:
        return progress.append(
            "check",
            id=result.id,
            status=str(result.status),
            misconception=result.misconception,
            points=result.points,
            borrowed=result.borrowed,
            seconds=round(result.seconds, 3),
        )


class Source:
    """How the course does it."""

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        try:
            self.text = textwrap.dedent(inspect.getsource(exercise.reference))
        except (OSError, TypeError):
            self.text = f"The source of {exercise.name} is not at hand."

    def __str__(self) -> str:
        return f"How the course does {self.exercise.name}:\n\n{self.text}"

    def _repr_html_(self) -> str:
        return (
            f"<details open><summary>How the course does <code>{html.escape(self.exercise.name)}</code></summary>"
            f"<pre>{html.escape(self.text)}</pre></details>"
        )


class Hint:
    """One hint, shown in the notebook or printed."""

    def __init__(self, exercise: Exercise, number: int, note: str = "") -> None:
        self.exercise, self.number, self.note = exercise, number, note

    @property
    def _head(self) -> str:
        return f"Hint {self.number} of {len(self.exercise.hints)} for {self.exercise.name}"

    @property
    def _tail(self) -> str:
        if self.number < len(self.exercise.hints):
            return self.note
        way_on = f"check.reference({self.exercise.name!r}) gives you the course's own answer to go on with"
        return f"That was the last one; {way_on}. {self.note}".strip()

    def __str__(self) -> str:
        return "\n".join(filter(None, [self._head + ": " + self.exercise.hints[self.number - 1], self._tail]))

    def _repr_html_(self) -> str:
        text = html.escape(self.exercise.hints[self.number - 1])
        return (
            '<div role="note" style="border-left:4px solid #0072B2;padding:4px 12px;margin:4px 0;max-width:52em">'
            f'<div style="font-weight:600">{html.escape(self._head)}</div><div>{text}</div>'
            f"<div>{html.escape(self._tail)}</div></div>"
        )


def _noted(result: Result, note: str) -> Result:
    if note:
        object.__setattr__(result, "notes", (*result.notes, note))
    return result


def _show(thing: Any) -> None:
    """Display in a notebook, print anywhere else. (Standard output: a grading cell must not write on stderr.)"""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is not None and get_ipython() is not None:
        display({"text/plain": str(thing), "text/html": thing._repr_html_()}, raw=True)
    else:
        print(thing)
