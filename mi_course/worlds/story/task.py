"""What a task is, and the list of all tasks. worlds/README.md shows how to add one in one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mi_course.errors import CourseError, did_you_mean
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.sentence import Sentence

Split = Literal["train", "test", "wordings"]
"""Which side of what is held out to draw from: training's; the held-out entities or pairs; held-out wordings."""


@dataclass(frozen=True)
class Task:
    """One kind of sentence: how to draw one, how to write it, and how to corrupt it.

    name: how it is asked for.
    summary: one sentence for people.
    share: its weight among the sentences of the training data.
    early: at the start of training its share is `share * (1 + early)`, coming to `share` as training goes on; with -1
        the task begins from nothing.
    templates: its wordings, as the label `template` counts them.
    plan: draws all choices of one sentence as a NamedTuple, from the split asked for.
    write: writes the sentence of a plan. No chance is left: equal plans give equal sentences.
    corruptions: by name, how to change a plan so that the sentence keeps its length and its other words. The first is
        the one that `pairs` uses when none is named.
    held_out: by split, what is held out. A task without "test" holds nothing out that could be learned by heart, or
        cannot (a fact that was never told cannot be known); its `plan` then takes "train" only.
    asks_first: of several questions `story_pairs` takes the first one, not the last, when none is named.
    """

    name: str
    summary: str
    share: float
    templates: tuple[str, ...]
    plan: Callable[[Draw, Split], Any]
    write: Callable[[Any], Sentence]
    corruptions: Mapping[str, Callable[[Draw, Any], Any]]
    held_out: Mapping[str, str] = field(default_factory=dict)
    early: float = 0.0
    asks_first: bool = False

    def __post_init__(self) -> None:
        if not self.corruptions:
            raise CourseError(f"The task {self.name!r} needs at least one corruption, or it has no pairs.")

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that `plan` can draw from."""
        return ("train", *(split for split in ("test", "wordings") if split in self.held_out))

    def sentence(self, draw: Draw, split: Split = "train") -> Sentence:
        """Draw and write one sentence."""
        return self.write(self.plan(draw, split))


_TASKS: dict[str, Task] = {}


def register(task: Task) -> Task:
    """Add a task to Story World. Raises CourseError when the name is taken."""
    if task.name in _TASKS and _TASKS[task.name] is not task:
        raise CourseError(f"There is a task called {task.name!r} already; choose another name.")
    _TASKS[task.name] = task
    return task


def task_names() -> list[str]:
    """All tasks by name, in the order of the label `task`."""
    return list(_TASKS)


def get_task(name: str) -> Task:
    """The task with this name. Raises CourseError that names the nearest one."""
    if name not in _TASKS:
        raise CourseError(
            f"Story World has no task {name!r}.{did_you_mean(name, _TASKS)} Its tasks are {', '.join(_TASKS)}."
        )
    return _TASKS[name]


def check_split(task: Task, split: str) -> Split:
    """The split, if the task has it. Raises CourseError that says which it has."""
    if split not in task.splits:
        raise CourseError(
            f"The task {task.name!r} has no split {split!r}; it has {', '.join(task.splits)}. "
            "What a task holds out stands in its `held_out`."
        )
    return split
