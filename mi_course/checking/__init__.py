"""The exercise engine: exercises as data, judged against oracles, mistakes named. It knows no chapter."""

from mi_course.checking.check import Check
from mi_course.checking.draw import Draw
from mi_course.checking.exercise import Case, Exercise, Misconception, Oracle, Step, Tolerance
from mi_course.checking.items import Item, Items, Tempting
from mi_course.checking.judge import judge, judge_exercise
from mi_course.checking.predictions import Predict, Question
from mi_course.checking.registry import UnknownExercise, chapters, exercises, find
from mi_course.checking.report import ProgressReport, progress_panel
from mi_course.checking.result import CaseReport, CheckFailed, NotAttempted, Result, Status
from mi_course.checking.sorting import sorting

__all__ = [
    "Case",
    "CaseReport",
    "Check",
    "CheckFailed",
    "Draw",
    "Exercise",
    "Item",
    "Items",
    "Misconception",
    "NotAttempted",
    "Oracle",
    "Predict",
    "ProgressReport",
    "Question",
    "Result",
    "Status",
    "Step",
    "Tempting",
    "Tolerance",
    "UnknownExercise",
    "chapters",
    "exercises",
    "find",
    "judge",
    "judge_exercise",
    "progress_panel",
    "sorting",
]
