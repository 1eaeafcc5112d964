"""How an answer is run on a case. A driver takes (answer, case) and returns the output to look at."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mi_course.checking.exercise import Case

Driver = Callable[[Any, "Case"], Any]


def call(answer: Any, case: Case) -> Any:
    """A function: what it returns."""
    return answer(*case.args, **case.kwargs)


def value(answer: Any, case: Case) -> Any:
    """A value. The engine wraps the learner's value in a function, so that the bank's answers, which are functions of
    the case (the right value may depend on a seed), and the learner's are run alike."""
    return answer(*case.args, **case.kwargs)


def in_place(argument: int = 0) -> Driver:
    """A function that changes one of its arguments: what that argument has become."""

    def run(answer: Any, case: Case) -> Any:
        answer(*case.args, **case.kwargs)
        return case.args[argument]

    run.changes_argument = argument  # type: ignore[attr-defined]
    return run


def take(n: int) -> Driver:
    """A generator: the first n things it yields, and whether it then ended."""

    def run(answer: Any, case: Case) -> Any:
        output = answer(*case.args, **case.kwargs)
        if not isinstance(output, Iterable):
            return {"yielded": output, "ends there": True}
        stream = iter(output)
        items = list(itertools.islice(stream, n))
        return {"yielded": items, "ends there": next(stream, _END) is _END}

    return run


_END = object()


def instance(answer: Any, case: Case) -> Any:
    """A class: it is built from the case's arguments, then each step of the case's script is called on the object."""
    built = answer(*case.args, **case.kwargs)
    outputs = {}
    for step in case.script:
        method = built if step.method == "__call__" else getattr(built, step.method)
        outputs[step.label] = method(*step.args, **step.kwargs)
    return outputs
