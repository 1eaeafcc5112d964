"""Every exercise is complete: cells, stub, hints, misconceptions, alternatives, oracle, and an order that works."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mi_course.authoring.rules.material import Finding, Material
from mi_course.authoring.source import Cell, cleared
from mi_course.errors import did_you_mean

if TYPE_CHECKING:
    from mi_course.checking import Exercise

HINTS = 3
MISCONCEPTIONS = {False: 3, True: 2}
"""How many misconceptions are due, for code and (True) for a value."""
ALTERNATIVES = 2
CORE_MINUTES = 180


def cells_name_exercises(material: Material) -> Iterator[Finding]:
    """Cells name exercises that exist, and every exercise has an answer cell with a stub, and a check cell."""
    known = {exercise.name: exercise for exercise in material.exercises}
    for cell in material.source.cells:
        name = cell.exercise or cell.check
        if name and name not in known:
            yield material.in_source(
                cell.where,
                f"There is no exercise {name!r} in this chapter.{did_you_mean(name, known)}",
                f"Correct the name, or run `mi-course dev new {material.chapter.name} {name}`.",
            )
    answers = {cell.exercise: cell for cell in material.source.cells if cell.exercise}
    checks = {cell.check: cell for cell in material.source.cells if cell.check}
    for name, exercise in known.items():
        if name not in answers:
            yield material.in_source(
                "", f"The exercise {name!r} has no answer cell.", f'Add a cell `# %% exercise="{name}"` with its stub.'
            )
        elif not _has_stub(answers[name], exercise):
            stub = f"`{name} = ...` above the region" if exercise.is_value else f"`def {name}(…):` with its docstring"
            yield material.in_source(answers[name].where, f"The answer cell of {name!r} has no stub.", f"Write {stub}.")
        if name not in checks:
            yield material.in_source(
                "", f"The exercise {name!r} has no check cell.", f'Add a cell `# %% check="{name}"` below its answer.'
            )
        elif not _calls_check(checks[name], name):
            yield material.in_source(
                checks[name].where, f"The check cell of {name!r} does not check it.", f"Write `check({name}={name})`."
            )


def exercises_are_complete(material: Material) -> Iterator[Finding]:
    """Hints, misconceptions, alternatives, points, and an oracle that is not the reference."""
    for exercise in material.exercises:
        name = exercise.name
        hints = [hint for hint in exercise.hints if hint.strip()]
        if len(hints) != HINTS or len(set(hints)) != HINTS:
            yield material.in_exercises(
                name,
                f"It has {len(set(hints))} different hints and should have {HINTS}.",
                "Write a nudge, a direction and a near-solution.",
            )
        due = MISCONCEPTIONS[exercise.is_value]
        if len(exercise.misconceptions) < due:
            yield material.in_exercises(
                name,
                f"It has {len(exercise.misconceptions)} of at least {due} misconceptions.",
                "Add the wrong answers a thoughtful learner would write, each with the sentence that sets it right.",
            )
        if len(exercise.alternatives) < ALTERNATIVES:
            yield material.in_exercises(
                name,
                f"It has {len(exercise.alternatives)} of at least {ALTERNATIVES} alternative right answers.",
                "Write the answer in other ways: they prove that the check accepts what is right.",
            )
        if exercise.points < 1 or exercise.minutes < 1:
            yield material.in_exercises(name, "It has no points or no minutes.", "Give it at least one of each.")
        yield from _oracle(material, exercise)


def order_works(material: Material) -> Iterator[Finding]:
    """Prerequisites exist and come first; core exercises need core ones only and fit into three hours a chapter."""
    known = {**material.earlier, **{exercise.id: exercise for exercise in material.exercises}}
    place = {cell.exercise: cell.line for cell in material.source.cells if cell.exercise}
    for exercise in material.exercises:
        for wanted in exercise.prerequisites:
            wanted_id = wanted if "." in wanted else f"{material.chapter.name}.{wanted}"
            needed = known.get(wanted_id)
            if needed is None:
                yield material.in_exercises(
                    exercise.name,
                    f"Its prerequisite {wanted!r} is no exercise of this chapter or an earlier one."
                    f"{did_you_mean(wanted, [*known, *(e.name for e in material.exercises)])}",
                    "Correct the name or remove it.",
                )
                continue
            above = place.get(needed.name, 0) < place.get(exercise.name, 0)
            if needed.chapter == exercise.chapter and needed.name in place and exercise.name in place and not above:
                yield material.in_exercises(
                    exercise.name,
                    f"It stands above its prerequisite {needed.name!r} in the notebook.",
                    f"Move its cells below those of {needed.name!r}.",
                )
            if exercise.core and not needed.core:
                yield material.in_exercises(
                    exercise.name,
                    f"It is core and depends on {needed.name!r}, which is not.",
                    "Make both core, or drop the prerequisite.",
                )
    minutes = sum(exercise.minutes for exercise in material.exercises if exercise.core)
    if minutes > CORE_MINUTES:
        yield Finding(
            material.chapter.relative(material.chapter.exercises),
            "",
            f"The core exercises take {minutes} minutes, more than {CORE_MINUTES}.",
            "Make some of them optional (`core=False`).",
        )


def _oracle(material: Material, exercise: Exercise) -> Iterator[Finding]:
    oracle = exercise.oracle
    if not callable(getattr(oracle, "expected", None)) or not oracle.name.strip():
        yield material.in_exercises(
            exercise.name, "It has no oracle.", "Name another way of computing the right result and give the function."
        )
    elif not oracle.same_as_reference and _is_or_calls(oracle.expected, exercise.reference):
        yield material.in_exercises(
            exercise.name,
            "Its oracle is the reference, so that a mistake in the reference would go unnoticed.",
            "Compute the result in another way, or give the reason as `same_as_reference`.",
        )


def _is_or_calls(expected: Any, reference: Any) -> bool:
    """Whether the oracle is the reference under another name, or a function that calls it by name."""
    if expected is reference:
        return True
    code, reference_code = getattr(expected, "__code__", None), getattr(reference, "__code__", None)
    if code is None or reference_code is None:
        return False
    if code is reference_code:
        return True
    names = getattr(expected, "__globals__", {})
    return any(names.get(used) is reference for used in code.co_names)


def _has_stub(cell: Cell, exercise: Exercise) -> bool:
    try:
        body = ast.parse(cleared(cell.text)).body
    except SyntaxError:
        return True  # reported with the source's own problems
    if exercise.is_value:
        return any(
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and node.value.value is ...
            and any(isinstance(target, ast.Name) and target.id == exercise.name for target in node.targets)
            for node in body
        )
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return any(isinstance(node, kinds) and node.name == exercise.name for node in body)


def _calls_check(cell: Cell, name: str) -> bool:
    try:
        calls = [node for node in ast.walk(ast.parse(cell.text)) if isinstance(node, ast.Call)]
    except SyntaxError:
        return False
    return any(
        isinstance(call.func, ast.Name)
        and call.func.id == "check"
        and (
            any(isinstance(arg, ast.Name) and arg.id == name for arg in call.args)
            or any(keyword.arg == name for keyword in call.keywords)
        )
        for call in calls
    )
