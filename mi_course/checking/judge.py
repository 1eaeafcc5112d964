"""Judges an answer: runs it on every case, compares with the oracle, and says which mistake it is."""

from __future__ import annotations

import dis
import inspect
import linecache
import os
import re
import sysconfig
import time
import traceback
from collections.abc import Sequence
from typing import Any

import torch

from mi_course.checking.borrowed import borrowed
from mi_course.checking.compare import Difference, first_difference
from mi_course.checking.diagnose import diagnose
from mi_course.checking.draw import Draw
from mi_course.checking.exercise import Case, Exercise, Misconception, Oracle
from mi_course.checking.items import Items
from mi_course.checking.learner import learner_seed
from mi_course.checking.limits import TimeIsUp, limited
from mi_course.checking.plain import describe, plain
from mi_course.checking.registry import UnknownExercise, chapters, exercises, find
from mi_course.checking.result import CaseReport, Result, Status
from mi_course.checking.run import Outcome, ruler_for, run, text_of

DEFAULT_SEED = 0


def judge(
    exercise_id: str,
    answer: Any,
    *,
    seed: int | None = None,
    learner: str | None = None,
    time_limit: float | None = None,
    allow_borrowed: bool = False,
) -> Result:
    """Judge an answer to the exercise `CHAPTER.name`. Never raises: whatever happens becomes a `Result`.

    seed: draws the cases; by default the same ones every time, so that a failing case can be worked on.
    learner: whose answer this is, for exercises that ask every learner about another model.
    time_limit: seconds for the answer over all cases; by default the environment's MI_COURSE_TIME_LIMIT, else the
        exercise's own limit.
    allow_borrowed: give points for the course's own reference or helper, too.
    """
    name = exercise_id if isinstance(exercise_id, str) else f"<{type(exercise_id).__name__}>"
    try:
        exercise = find(name)
    except UnknownExercise as error:
        return Result(name, name, Status.NOT_ATTEMPTED, str(error))
    except Exception as error:
        return _our_fault(name, name, error)
    return judge_exercise(
        exercise, answer, seed=seed, learner=learner, time_limit=time_limit, allow_borrowed=allow_borrowed
    )


def judge_exercise(
    exercise: Exercise,
    answer: Any,
    *,
    seed: int | None = None,
    learner: str | None = None,
    time_limit: float | None = None,
    allow_borrowed: bool = False,
    name_mistakes: bool = True,
) -> Result:
    """`judge` for an exercise that is at hand. Never raises. name_mistakes: look for the misconception, too."""
    started = time.perf_counter()
    try:
        result = _judge(exercise, answer, seed, learner, time_limit, allow_borrowed, name_mistakes)
    except KeyboardInterrupt:
        result = _verdict(exercise, Status.TIMED_OUT, "You stopped the check. Run the cell again when you are ready.")
    except (Exception, SystemExit) as error:
        result = _our_fault(exercise.id, exercise.title, error)
    object.__setattr__(result, "seconds", time.perf_counter() - started)
    return result


def draw_cases(exercise: Exercise, seed: int | None = None, learner: str | None = None) -> list[Case]:
    """The cases of an exercise for a seed; of a per-learner exercise, for that learner."""
    if exercise.per_learner and seed is None:
        seed = learner_seed(exercise.id, learner)
    with torch.random.fork_rng(devices=[]):  # making a case may load a model, which draws its first weights at random
        return exercise.cases(Draw(DEFAULT_SEED if seed is None else seed))


def expected_outcome(exercise: Exercise, case: Case, oracle: Oracle | None = None) -> Any:
    """What the oracle expects on a case, as plain data. Errors of the oracle are ours and are raised."""
    oracle = oracle or exercise.oracle
    if oracle.observes:
        return plain(oracle.expected(*case.args, **case.kwargs))
    outcome = run(exercise, oracle.expected, case, seconds=30.0, watched=False)
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def _judge(
    exercise: Exercise,
    answer: Any,
    seed: int | None,
    learner: str | None,
    time_limit: float | None,
    allow: bool,
    name_mistakes: bool,
) -> Result:
    unfit = _unfit(exercise, answer)
    if unfit is not None:
        return unfit
    callable_answer = (lambda *args, **kwargs: answer) if exercise.is_value else answer
    cases = draw_cases(exercise, seed, learner)
    wrong_call = _wrong_call(exercise, answer, cases)
    if wrong_call is not None:
        return wrong_call

    run_seed = DEFAULT_SEED if seed is None else seed
    outcomes = _run_all(exercise, callable_answer, cases, _seconds(exercise, time_limit), run_seed)
    if all(_is_stub(outcome.error) for outcome in outcomes):
        other = _stub_called(exercise, outcomes[0].error)
        return _unwritten(exercise, other, outcomes) if other else _not_attempted(exercise)
    stop = outcomes[-1]
    if stop.stopped:
        return _verdict(exercise, Status.TIMED_OUT, f"You stopped the check after {stop.seconds:.1f} s.", outcomes)
    if stop.late:
        return _verdict(
            exercise, Status.TIMED_OUT, _late(exercise, stop, time_limit), outcomes, _reports(exercise, outcomes)
        )
    if exercise.items is not None and stop.returned:
        return _sorted(exercise, exercise.items, stop, name_mistakes)
    reports = _reports(exercise, outcomes)
    if all(report.passed for report in reports):
        return _passed(exercise, answer, outcomes, reports, allow)
    wrong = any(not report.result_right for report in reports)
    found = diagnose(exercise, outcomes, run_seed) if wrong and name_mistakes else None
    return _failed(exercise, outcomes, reports, found)


def _sorted(exercise: Exercise, items: Items, outcome: Outcome, name_mistakes: bool) -> Result:
    """An answer that sorts many items is right or wrong item by item, and its mistakes are known by their items."""
    found = items.judge(outcome.value, name_mistakes=name_mistakes)
    points = float(exercise.points) if found.status is Status.PASSED else 0.0
    return _verdict(
        exercise,
        found.status,
        found.message,
        [outcome],
        found.reports,
        misconception=found.misconception,
        points=points,
        counted=True,
    )


def _unfit(exercise: Exercise, answer: Any) -> Result | None:
    """An answer of the wrong kind altogether: a placeholder, or a value where a function is due."""
    if answer is ...:
        return _not_attempted(exercise)
    if exercise.is_value:
        if inspect.isroutine(answer) or inspect.isclass(answer):
            return _verdict(
                exercise,
                Status.FAILED,
                f"`{exercise.name}` is to be a value, and this is a "
                f"{'class' if inspect.isclass(answer) else 'function'}. Write check({exercise.name}=your value).",
            )
        return None
    wants_class = inspect.isclass(exercise.reference)
    if not callable(answer):
        return _verdict(
            exercise,
            Status.FAILED,
            f"`{exercise.name}` is to be a {'class' if wants_class else 'function'}, "
            f"and this is {_describe(answer)}. "
            f"Hand over the function itself, without brackets: check({exercise.name}).",
        )
    if wants_class and not inspect.isclass(answer):
        return _verdict(
            exercise,
            Status.FAILED,
            f"`{exercise.name}` is to be a class, and this is a function or an object of a class.",
        )
    return None


def _describe(answer: Any) -> str:
    try:
        return limited(lambda: describe(plain(answer)), 1.0)
    except (Exception, TimeIsUp):
        return f"an object of type {type(answer).__name__}"


def _wrong_call(exercise: Exercise, answer: Any, cases: Sequence[Case]) -> Result | None:
    """The answer cannot take the arguments that the check will give it."""
    if exercise.is_value:
        return None
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # builtins and C functions may have none
        return None
    for case in cases:
        try:
            signature.bind(*case.args, **case.kwargs)
        except TypeError as error:
            message = _default_missing(exercise, signature, case)
            message = message or f"The check calls {exercise.calls}; yours takes {exercise.name}{signature}: {error}."
            return _verdict(exercise, Status.CRASHED, message)
    return None


def _default_missing(exercise: Exercise, signature: inspect.Signature, case: Case) -> str:
    """What to say where the answer demands an argument that the call may leave out; an empty string elsewhere."""
    asked = list(inspect.signature(exercise.reference).parameters.values())
    takes = list(signature.parameters.values())
    given = len(case.args)
    mended = {
        own.name: own.replace(default=wanted.default)
        for own, wanted in zip(takes[given:], asked[given:], strict=False)
        if own.default is own.empty and wanted.default is not wanted.empty and own.name not in case.kwargs
    }
    try:
        better = signature.replace(parameters=[mended.get(own.name, own) for own in takes])
        better.bind(*case.args, **case.kwargs)
    except (TypeError, ValueError):  # something else does not fit either
        return ""
    named = " and ".join(f"`{name}`" for name in mended)
    return (
        f"The check also calls {exercise.name} without {named}. The default is missing in yours: "
        f"{exercise.name}{better}."
    )


def _seconds(exercise: Exercise, time_limit: float | None) -> float:
    """The limit given, else the environment's, else the exercise's; what is not a positive number is passed over."""
    for given in (time_limit, os.environ.get("MI_COURSE_TIME_LIMIT")):
        try:
            seconds = float(given)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
        if seconds > 0:
            return seconds
    return exercise.time_limit


def _run_all(exercise: Exercise, answer: Any, cases: Sequence[Case], seconds: float, seed: int) -> list[Outcome]:
    """Outcomes in the order of the cases; ends early when the time is up or the user stops it."""
    outcomes: list[Outcome] = []
    for case in cases:
        outcome = run(exercise, answer, case, seconds, seed)
        outcomes.append(outcome)
        seconds -= outcome.seconds
        if outcome.late or outcome.stopped:
            break
    return outcomes


def _reports(exercise: Exercise, outcomes: Sequence[Outcome]) -> tuple[CaseReport, ...]:
    reports = []
    for outcome in outcomes:
        if outcome.error is not None:
            reports.append(CaseReport(outcome.case.label, False, _crash(outcome.error, outcome.said)))
            continue
        if not outcome.returned:
            reports.append(CaseReport(outcome.case.label, False, "not finished"))
            continue
        difference = _difference(exercise, outcome)
        if difference is not None:
            reports.append(CaseReport(outcome.case.label, False, _told(exercise, difference)))
        elif outcome.side_effects:
            reports.append(CaseReport(outcome.case.label, False, _side_effects(outcome), result_right=True))
        else:
            reports.append(CaseReport(outcome.case.label, True, result_right=True))
    return tuple(reports)


def _difference(exercise: Exercise, outcome: Outcome) -> Difference | None:
    expected = expected_outcome(exercise, outcome.case)
    return first_difference(expected, outcome.value, ruler_for(exercise, outcome.case))


def _told(exercise: Exercise, difference: Difference) -> str:
    """What differs. Of a value the expected one is left out: it would be the answer."""
    if not exercise.is_value:
        return difference.sentence
    if difference.kind not in ("values", "nan"):
        return _SPELT_OUT.sub(lambda match: f"expected {_KINDS[match[1]]}, got ", difference.sentence)
    hidden, found = re.subn(r"expected .*?, got ", "not ", difference.sentence)
    if not found:
        return "Not right yet."
    return hidden + (" (Items are counted from 0.)" if hidden.startswith("item ") else "")


_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "complex": "a number",
    "bool": "True or False",
    "text": "a text",
}
_SPELT_OUT = re.compile(rf"expected the ({'|'.join(_KINDS)}) .*?, got ")  # as `describe` writes it


def _side_effects(outcome: Outcome) -> str:
    return (
        "The result is right, but the function left something changed: " + ", ".join(outcome.side_effects) + ". "
        "Whoever calls it next would get other results. Work on a copy (.clone()), and undo what you set."
    )


def _is_stub(error: BaseException | None) -> bool:
    """A `raise NotImplementedError` of the answer's own; torch raises this error, too, and that is a crash."""
    if not isinstance(error, NotImplementedError):
        return False
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None or last.tb_lasti < 0 or _is_foreign(last.tb_frame.f_code.co_filename):
        return False
    return last.tb_frame.f_code.co_code[last.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def _stub_called(exercise: Exercise, error: BaseException | None) -> str:
    """The name of another unwritten exercise that the answer called, or an empty string."""
    assert error is not None
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    name = frame.f_code.co_name
    known = {each.name for each in exercises(exercise.chapter)} if exercise.chapter in chapters() else set()
    return name if name != exercise.name and name in known else ""


def _unwritten(exercise: Exercise, other: str, outcomes: Sequence[Outcome]) -> Result:
    message = (
        f"Your {exercise.name} calls `{other}`, which is not written yet. Solve it first, or go on with the course's: "
        f"{other} = check.reference({other!r})."
    )
    return _verdict(exercise, Status.CRASHED, message, outcomes)


def _crash(error: BaseException, text: str) -> str:
    """The error, and the learner's own line in which it happened."""
    if isinstance(error, RecursionError):
        return "It calls itself without end (RecursionError): a condition that stops the recursion is missing."
    kind = type(error).__name__
    first = text.strip().partition("\n")[0].rstrip(" .")
    said = f"{kind}: {first}" if first else kind
    own = [
        (frame.f_code.co_filename, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
        if not _is_foreign(frame.f_code.co_filename)
    ]
    if not own:
        return f"{said}."
    filename, number = own[-1]
    line = linecache.getline(filename, number).strip()
    return f"{said}.\nin line {number} of your cell:\n    {line}" if line else f"{said}."


def _is_foreign(filename: str) -> bool:
    """Code of the course, of an installed package or of Python itself, and not the learner's."""
    return os.path.abspath(filename).startswith(_FOREIGN) or filename.startswith(("<frozen ", "<__array_function__"))


_COURSE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FOREIGN = tuple({_COURSE + os.sep, *(sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib"))})


def _late(exercise: Exercise, stop: Outcome, time_limit: float | None) -> str:
    limit = _seconds(exercise, time_limit)
    return (
        f"It had not finished after {limit:g} s, at the case «{stop.case.label}», and was stopped. Is there a loop "
        f"that never ends, or one over every element where one tensor operation would do? "
        f"On a slow machine: check({exercise.name}, time_limit={max(4 * limit, 20):g})."
    )


def _passed(
    exercise: Exercise, answer: Any, outcomes: Sequence[Outcome], reports: tuple[CaseReport, ...], allow: bool
) -> Result:
    source = None if exercise.is_value else borrowed(exercise, answer)
    if source and not allow:
        whose = (
            "the course's reference"
            if source == "reference"
            else f"the helper `mi_course.{exercise.chapter}.{exercise.name}`"
        )
        message = (
            f"This is {whose}, not an answer of your own: recorded as skipped. You can come back to it at any time."
        )
        return _verdict(exercise, Status.PASSED, message, outcomes, reports, borrowed_from=source)
    points, notes = float(exercise.points), _left(outcomes)
    return _verdict(exercise, Status.PASSED, "", outcomes, reports, points=points, borrowed_from=source, notes=notes)


def _failed(
    exercise: Exercise, outcomes: Sequence[Outcome], reports: tuple[CaseReport, ...], found: Misconception | None
) -> Result:
    some = any(report.passed for report in reports)
    notes = _also_changed(outcomes) if any(not report.result_right for report in reports) else ()
    notes += _left(outcomes)
    if found is not None:  # the cases on which a mistake happens to be right are no part of an answer
        return _verdict(
            exercise, Status.FAILED, found.message, outcomes, reports, misconception=found.name, notes=notes
        )
    first = next(i for i, report in enumerate(reports) if not report.passed)
    crashed = outcomes[first].error is not None
    status = Status.PARTLY if some else Status.CRASHED if crashed else Status.FAILED
    where = "" if exercise.is_value and len(reports) == 1 else f"{_capital(reports[first].label)}: "
    return _verdict(exercise, status, where + reports[first].sentence, outcomes, reports, notes=notes)


def _also_changed(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """A note on what an answer, wrong as it is, changed besides."""
    effects = dict.fromkeys(effect for outcome in outcomes for effect in outcome.side_effects)
    return (f"It also left something changed: {', '.join(effects)}. Work on a copy (.clone()).",) if effects else ()


def _left(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """A note on what an answer would have left changed in the whole process, or on a model, with no other result."""
    left = "; ".join(dict.fromkeys(words for outcome in outcomes for words in outcome.left))
    told = f"It leaves something changed for the code that runs after it: {left}. The check has put this back."
    return (told,) if left else ()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _not_attempted(exercise: Exercise) -> Result:
    how = f"give `{exercise.name}` a value" if exercise.is_value else f"write `{exercise.calls}` in the cell above"
    message = f"{_capital(how)}, run that cell, then this one. check.hint({exercise.name!r}) gives a first hint."
    return _verdict(exercise, Status.NOT_ATTEMPTED, message)


def _verdict(
    exercise: Exercise,
    status: Status,
    message: str,
    outcomes: Sequence[Outcome] = (),
    reports: tuple[CaseReport, ...] = (),
    *,
    misconception: str | None = None,
    points: float = 0.0,
    borrowed_from: str | None = None,
    notes: tuple[str, ...] = (),
    counted: bool = False,
) -> Result:
    return Result(
        id=exercise.id,
        title=exercise.title,
        status=status,
        message=message,
        misconception=misconception,
        points=points,
        max_points=float(exercise.points),
        cases=reports,
        borrowed=borrowed_from,
        notes=notes,
        counted=counted,
        printed=next((outcome.printed for outcome in outcomes if outcome.printed.strip()), ""),
    )


def _our_fault(exercise_id: str, title: str, error: BaseException) -> Result:
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "unknown place"
    message = (
        f"The check itself failed ({type(error).__name__}: {text_of(error)}; {where}). This is a fault of the course, "
        "not of your answer: please report it with the answer you gave. Your work is untouched."
    )
    return Result(exercise_id, title, Status.CRASHED, message)


__all__ = ["draw_cases", "expected_outcome", "judge", "judge_exercise"]
