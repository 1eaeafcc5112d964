"""The toy chapter as the registry finds it, once `mi_course.exercises` has been told of this folder."""

from mi_course.checking import Check, Predict, Question
from tests.checking.toys import CHAPTER, EXERCISES

__all__ = ["EXERCISES", "check", "predict"]

check = Check(CHAPTER)
predict = Predict(
    CHAPTER,
    [
        Question("heads", "How many heads?", low=0, high=8),
        Question("share", "Which share?", kind=float, low=0),
        Question("colour", "Which colour?", kind=str, options=("red", "green")),
        Question("survives", "Does it survive?", kind=bool),
        Question("near", "About how many?", kind=float, comes_true=lambda value, outcome: abs(value - outcome) < 1),
    ],
)
