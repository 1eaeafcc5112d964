"""The texts that `dev new` adds. `dev check` lists every place that holds the placeholder until it is filled in."""

from __future__ import annotations

from mi_course.authoring.rules.material import PLACEHOLDER as W

NEEDS = {
    False: ("Case", "Draw", "Exercise", "Misconception", "Oracle"),
    True: ("Case", "Exercise", "Misconception", "Oracle"),
}
"""Names from `mi_course.checking` that the entry of a function and (True) of a value uses."""


def entry(name: str, chapter: str, *, value: bool) -> str:
    """The exercise's entry in `mi_course/exercises/CHAPTER.py`. chapter: a Python expression for the chapter's name."""
    rule = f"# --- {name} ".ljust(120, "-")
    answers = _VALUE_ANSWERS if value else _FUNCTION_ANSWERS
    settled = _VALUE_FIELDS if value else _FUNCTION_FIELDS
    text = f"{rule}\n\n\n{answers}\n\n{_EXERCISE}{settled})\n"
    return text.replace("NAME", name).replace("CHAPTER", chapter).replace("WRITE:", W)


def cells(name: str, *, value: bool) -> str:
    """The exercise's cells in `solutions/NN_CHAPTER.py`."""
    return (
        (_TEXT_CELL + (_VALUE_CELLS if value else _FUNCTION_CELLS) + _LOOK_CELL)
        .replace("NAME", name)
        .replace("WRITE:", W)
    )


_FUNCTION_ANSWERS = """\
def _NAME_reference(x: Any) -> Any:
    raise NotImplementedError("WRITE: the right answer; or import it from the chapter's helper module")


def _NAME_oracle(x: Any) -> Any:
    raise NotImplementedError("WRITE: the same result in another way: brute force, another library, a planted truth")


def _NAME_by_loops(x: Any) -> Any:
    raise NotImplementedError("WRITE: a right answer, written differently")


def _NAME_another_way(x: Any) -> Any:
    raise NotImplementedError("WRITE: a right answer, written in a third way")


def _NAME_first_mistake(x: Any) -> Any:
    raise NotImplementedError("WRITE: a wrong answer that a thoughtful learner would give")


def _NAME_second_mistake(x: Any) -> Any:
    raise NotImplementedError("WRITE: a second one")


def _NAME_third_mistake(x: Any) -> Any:
    raise NotImplementedError("WRITE: a third one")


def _NAME_cases(draw: Draw) -> list[Case]:
    return [
        Case("WRITE: ordinary input, said in the exercise's own terms", (draw.normal("batch pos"),)),
        Case("WRITE: input that tells mistakes apart, such as a batch of one", (draw.normal("1 pos", mean=3.0),)),
    ]
"""

_VALUE_ANSWERS = """\
def _NAME_oracle(given: Any) -> Any:
    raise NotImplementedError("WRITE: the value, computed from what is given")
"""

_EXERCISE = """\
NAME = Exercise(
    name="NAME",
    chapter=CHAPTER,
    section="WRITE: number of its section",
    title="WRITE: title",
    core=False,
    difficulty=2,  # WRITE: 1 to 5
    minutes=10,  # WRITE: for somebody who meets it for the first time
    points=2,  # WRITE: its weight
    prerequisites=(),  # WRITE: names of the exercises it builds on
    hints=(
        "WRITE: a nudge",
        "WRITE: the direction",
        "WRITE: nearly the answer",
    ),
"""

_FUNCTION_FIELDS = """\
    reference=_NAME_reference,
    oracle=Oracle("WRITE: where the expected results come from", _NAME_oracle),
    cases=_NAME_cases,
    alternatives={
        "WRITE: what is different about the first": _NAME_by_loops,
        "WRITE: what is different about the second": _NAME_another_way,
    },
    misconceptions=(
        Misconception(
            "WRITE: first mistake",
            "WRITE: what that answer measures, and what is asked instead",
            _NAME_first_mistake,
        ),
        Misconception(
            "WRITE: second mistake",
            "WRITE: what it does, and what is asked",
            _NAME_second_mistake,
        ),
        Misconception(
            "WRITE: third mistake",
            "WRITE: what it does, and what to do",
            _NAME_third_mistake,
        ),
    ),
"""

_VALUE_FIELDS = """\
    reference=lambda given: "WRITE: the right value",
    oracle=Oracle("WRITE: where the expected value comes from", _NAME_oracle),
    cases=lambda draw: [Case("WRITE: what the value says", ("WRITE: what settles the value",))],
    driver=value,
    alternatives={
        "WRITE: as another type": lambda given: "WRITE: the right value, as a tuple or an array say",
        "WRITE: as a third type": lambda given: "WRITE: the right value once more",
    },
    misconceptions=(
        Misconception(
            "WRITE: first mistake",
            "WRITE: what that value says, and what is asked instead",
            lambda given: "WRITE: a wrong value that a thoughtful learner would give",
        ),
        Misconception(
            "WRITE: second mistake",
            "WRITE: what it says, and what is asked",
            lambda given: "WRITE: a second one",
        ),
    ),
"""

_TEXT_CELL = """\
# %% [markdown]
# ## WRITE: section number, title, difficulty and minutes
#
# *You will be able to*: WRITE: what, with the paper (year, section) it comes from.
#
# WRITE: the idea, one to a paragraph, a picture before a formula.

"""

_FUNCTION_CELLS = '''\

# %% exercise="NAME"
def NAME(x):  # WRITE: the arguments, with their shapes
    """WRITE: what it returns; what each argument is."""
    ### BEGIN SOLUTION
    raise NotImplementedError("WRITE: the answer")
    ### END SOLUTION


# %% check="NAME"
check(NAME)

'''

_VALUE_CELLS = """\
# %% exercise="NAME"
NAME = ...
### BEGIN SOLUTION
NAME = "WRITE: the right value"
### END SOLUTION

# %% check="NAME"
check(NAME=NAME)

"""

_LOOK_CELL = """\
# %% [markdown]
# **Look.** WRITE: what is now known, beside what was published, and what it does not say.
"""
