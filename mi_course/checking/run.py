"""One answer on one case: what came out, or what went wrong, and what it changed on the way."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from mi_course.checking.compare import EXACT, Ruler, coarsest_float, first_difference
from mi_course.checking.exercise import Case, Exercise
from mi_course.checking.guard import Watch, same_tensor
from mi_course.checking.limits import TimeIsUp, limited
from mi_course.checking.plain import Odd, plain
from mi_course.checking.process import contained


@dataclass
class Outcome:
    """What an answer did on a case.

    value: the observed output as plain data, None unless it returned.
    error, said: what it raised and the text of that; `late` and `stopped` mark a passed time limit and the user's
        interrupt.
    side_effects: changed arguments, hooks left behind …, in words; all have been undone.
    left: what it changed in the process, and a model's requires_grad, in words; undone, too. No result rests on these,
        so a right answer stays right and is told.
    """

    case: Case
    value: Any = None
    error: BaseException | None = None
    said: str = ""
    late: bool = False
    stopped: bool = False
    side_effects: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    printed: str = ""
    seconds: float = 0.0

    @property
    def returned(self) -> bool:
        return self.error is None and not self.late and not self.stopped


def fresh(thing: Any) -> Any:
    """A copy that an answer may do with as it likes. Models are not copied: they are watched and restored."""
    if isinstance(thing, torch.Tensor):
        return thing.detach().clone().requires_grad_(thing.requires_grad)
    if isinstance(thing, nn.Module) or callable(thing):
        return thing
    if isinstance(thing, torch.Generator):
        twin = torch.Generator(device=thing.device)
        twin.set_state(thing.get_state())
        return twin
    if isinstance(thing, tuple) and hasattr(thing, "_fields"):
        return type(thing)(*map(fresh, thing))
    if isinstance(thing, (list, tuple)):
        return type(thing)(map(fresh, thing))
    if type(thing) is dict:
        return {key: fresh(item) for key, item in thing.items()}
    return copy.deepcopy(thing)


def models_in(thing: Any) -> list[nn.Module]:
    """Every model among the arguments, containers included."""
    if isinstance(thing, nn.Module):
        return [thing]
    if isinstance(thing, Mapping):
        thing = list(thing.values())
    if isinstance(thing, (list, tuple)):
        return [model for item in thing for model in models_in(item)]
    return []


def run(exercise: Exercise, answer: Any, case: Case, seconds: float, seed: int = 0, *, watched: bool = True) -> Outcome:
    """Run an answer on fresh copies of the case's inputs, contained and within the time limit. Never raises.

    watched: look what it changed on models and arguments, and put models back; an oracle is trusted with them.
    """
    given = replace(case, args=fresh(case.args), kwargs=fresh(dict(case.kwargs)), script=fresh(case.script))
    watches = [Watch(model) for model in models_in((given.args, given.kwargs))] if watched else []
    outcome = Outcome(case)
    started = time.perf_counter()

    def observe() -> Any:
        output = exercise.driver(answer, given)
        if exercise.observe is None:
            return plain(output)
        simple = plain(output)
        if simple is None or isinstance(simple, Odd):
            return simple
        return plain(exercise.observe(case, simple))

    with contained(seed) as body:
        try:
            outcome.value = limited(observe, seconds)
        except TimeIsUp:
            outcome.late = True
        except KeyboardInterrupt:
            outcome.stopped = True
        except BaseException as error:  # SystemExit and MemoryError are answers that crash, too
            outcome.error = error
        outcome.seconds = time.perf_counter() - started
        if outcome.error is not None:
            outcome.said = text_of(outcome.error)
    outcome.printed = body.output.getvalue()
    if not watched:
        return outcome
    outcome.left = body.left + [words for watch in watches for words in watch.told()]
    outcome.side_effects = [effect for watch in watches for effect in watch.restore()]
    outcome.side_effects += _changed_arguments(exercise, case, given)
    return outcome


def text_of(error: BaseException) -> str:
    """The error's message. Making it runs the learner's code where the error is a class of theirs."""
    try:
        return limited(lambda: str(error), 0.3)
    except BaseException:
        return ""


def _changed_arguments(exercise: Exercise, case: Case, given: Case) -> list[str]:
    wanted = getattr(exercise.driver, "changes_argument", None)
    names = _argument_names(exercise, case)
    before = [*case.args, *case.kwargs.values()]
    after = [*given.args, *given.kwargs.values()]
    changed = []
    for i, (name, old, new) in enumerate(zip(names, before, after, strict=True)):
        if i != wanted and not _untouched(old, new):
            changed.append(f"its argument `{name}`")
    return changed


def _argument_names(exercise: Exercise, case: Case) -> list[str]:
    known = exercise.calls.partition("(")[2].rstrip(")").split(", ")
    positional = [known[i] if i < len(known) and known[i] else str(i) for i in range(len(case.args))]
    return positional + list(case.kwargs)


def _untouched(old: Any, new: Any) -> bool:
    """Nothing changed in an argument. Where that cannot be seen (objects of unknown classes), it is assumed."""
    if old is new or isinstance(old, torch.Generator):
        return True
    if isinstance(old, torch.Tensor):
        return same_tensor(old, new)
    if isinstance(old, np.ndarray):
        return bool(np.array_equal(old, new, equal_nan=old.dtype.kind in "fc"))
    if isinstance(old, (list, tuple)):
        return len(old) == len(new) and all(map(_untouched, old, new))
    if isinstance(old, dict):
        return list(old) == list(new) and all(map(_untouched, old.values(), new.values()))
    before, after = plain(old), plain(new)
    return isinstance(before, Odd) or first_difference(before, after, EXACT) is None


def ruler_for(exercise: Exercise, case: Case) -> Ruler:
    """How exactly results are compared on this case."""
    inputs = [*case.args, *case.kwargs.values()]
    return Ruler(tolerance=exercise.tolerance, coarsest=coarsest_float(inputs), axes=case.axes)


def agree(exercise: Exercise, first: Outcome, second: Outcome) -> bool:
    """Two answers did the same on a case: the same result within tolerance, or the same kind of error."""
    if first.error is not None and second.error is not None:
        return type(first.error) is type(second.error)
    if not first.returned or not second.returned:
        return False
    ruler = ruler_for(exercise, first.case)
    if isinstance(first.value, torch.Tensor) and first.value.is_floating_point() and first.value.numel():
        # Where entries are large, rounding moves the small ones beside them by more than a right result's tolerance.
        rounding = 16 * torch.finfo(first.value.dtype).eps * first.value.abs().nan_to_num(0, 0, 0).max().item()
        allowed = ruler.between(first.value, second.value)
        ruler = replace(ruler, tolerance=replace(allowed, absolute=max(allowed.absolute, rounding)))
    return first_difference(first.value, second.value, ruler) is None
