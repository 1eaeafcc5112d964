"""A small course tree with one chapter and two exercises, for the authors' tools to work on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mi_course.authoring.registry import Registry
from mi_course.checking import Case, Exercise, Misconception, Oracle
from mi_course.checking.drivers import value

STEM = "01_toy"

SOURCE = '''\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Toy chapter
#
# It has [a second part](#Second-part).

# %%
from toy_checks import check

# %% exercise="double"
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    two_times_the_number = x + x
    return two_times_the_number
    ### END SOLUTION

# %% check="double"
check(double)

# %% [markdown]
# ## Second part

# %% exercise="answer"
answer = ...
### BEGIN SOLUTION
answer = sum(range(4)) * 7
### END SOLUTION

# %% check="answer"
check(answer=answer)

# %%
# NBVAL_CHECK_OUTPUT
print("headline", 42)
'''

# Stands in for the engine inside the kernel: a stub is not attempted, a wrong answer fails.
CHECKS = """\
def check(function=None, **named):
    answer = function if function is not None else next(iter(named.values()))
    if answer is ... :
        raise RuntimeError("not attempted")
    got = answer(3) if callable(answer) else answer
    if got not in (6, 42):
        raise RuntimeError(f"wrong: {got}")
"""


def double(x: int) -> int:
    return 2 * x


def answer() -> int:
    return 42


def _misconceptions(n: int) -> list[Misconception]:
    return [
        Misconception(name=f"mistake {i}", message=f"This adds {i}.", answer=lambda x=0, i=i: x + i) for i in range(n)
    ]


def exercise(**changes: Any) -> Exercise:
    """The exercise `double`, with changes."""
    complete = Exercise(
        name="double",
        chapter="toy",
        section="1.1",
        title="Twice",
        core=True,
        difficulty=1,
        minutes=5,
        points=2,
        hints=("Look.", "Add.", "x + x"),
        reference=double,
        oracle=Oracle(name="adding up", expected=lambda x: x + x),
        cases=lambda draw: [Case("three", (3,))],
        alternatives={"shift": lambda x: x << 1, "product": lambda x: x * 2},
        misconceptions=_misconceptions(3),
    )
    return replace(complete, **changes)


def value_exercise(**changes: Any) -> Exercise:
    """The exercise `answer`, whose answer is a value, with changes."""
    complete = exercise(
        name="answer",
        title="The answer",
        points=1,
        reference=answer,
        oracle=Oracle(name="six times seven", expected=lambda: 6 * 7),
        alternatives={"sum": lambda: 40 + 2, "product": lambda: 21 * 2},
        misconceptions=_misconceptions(2),
        driver=value,
        prerequisites=("double",),
    )
    return replace(complete, **changes)


def registry(*exercises: Exercise) -> Registry:
    """A registry of these exercises, or of the two complete ones."""
    return Registry({"toy": exercises or (exercise(), value_exercise())})


def plant(root: Path, source: str = SOURCE) -> Path:
    """Write the tree below `root` and return the chapter's source."""
    for name in ("solutions", "chapters", "mi_course/exercises"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "toy_checks.py").write_text(CHECKS)
    (root / "mi_course" / "exercises" / "toy.py").write_text('"""Exercises of the toy chapter."""\n')
    path = root / "solutions" / f"{STEM}.py"
    path.write_text(source)
    return path


def calls_double(x: int) -> int:
    """An oracle that only asks the reference."""
    return double(x)
