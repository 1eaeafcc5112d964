"""Rows of Story World for training and measuring: `[BOS]`, then sentences one after another, with every token's
labels.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.worlds.story import tasks as _tasks  # noqa: F401  (registers them)
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import CATEGORIES, ENTITIES
from mi_course.worlds.story.labels import GENDERED, LABELS, POINTERS, STATE_COLUMNS, STATE_PEOPLE
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, check_split, get_task, task_names
from mi_course.worlds.story.vocabulary import BOS, PAD, decode

LENGTH = 96
"""Context of the course's story models."""

_NUMBER = {name: number for number, name in enumerate(LABELS)}
_ENTITY, _CATEGORY, _GENDER = (_NUMBER[name] for name in ("entity", "category", "gender"))
_POINTERS = frozenset(POINTERS)
_CATEGORY_OF = np.array([CATEGORIES.index(entity.category) for entity in ENTITIES] + [-1], dtype=np.int16)
_GENDER_OF = np.array([GENDERED.get(category, -1) for category in _CATEGORY_OF.tolist()], dtype=np.int16)


@dataclass(frozen=True, eq=False)
class StoryBatch:
    """Rows of tokens with their labels.

    tokens: token ids; position 0 is `[BOS]`.
    labels: by name (see LABELS, the table), a tensor of the tokens' shape; -1 where the label does not apply.
    state: who is where and has what, as known after each token; the columns of the last axis are STATE_COLUMNS.
    """

    tokens: Int[Tensor, "batch pos"]
    labels: dict[str, Int[Tensor, "batch pos"]]
    state: Int[Tensor, "batch pos person column"]

    def text(self, row: int) -> str:
        """A row as a string."""
        return decode(self.tokens[row].tolist())


def story_batch(
    batch: int,
    length: int = LENGTH,
    *,
    seed: int = 0,
    stream: int = 0,
    tasks: Iterable[str] | Mapping[str, float] | None = None,
    split: Split = "train",
) -> StoryBatch:
    """Draw rows of sentences with all labels.

    batch, length: how many rows, and how many tokens each; the last sentence of a row is cut off where the row ends.
    seed, stream: settle the draw; a stream is an independent series of the same seed.
    tasks: names of tasks, or their weights by name; as in training when none are given.
    split: "train", or "test" or "wordings" for tasks that have these.
    Raises CourseError for an unknown task, a split that a task does not have, or sizes that are no whole numbers.
    """
    rows = _rows(batch, length, seed, stream, _mixture(tasks, split, 0.0), split)
    return label_rows(rows, length, batch)


def story_tokens(
    batch: int,
    length: int = LENGTH,
    *,
    seed: int = 0,
    stream: int = 0,
    early: float = 0.0,
    tasks: Mapping[str, float] | None = None,
) -> Int[Tensor, "batch pos"]:
    """The tokens of `story_batch(batch, length, seed=seed, stream=stream, tasks=tasks)` without labels, for training.

    early: 1 at the start of training, when some tasks come more often, and 0 later.
    """
    tokens = np.full((batch, length), PAD, dtype=np.int64)
    tokens[:, 0] = BOS
    for row, sentences in enumerate(_rows(batch, length, seed, stream, _mixture(tasks, "train", early), "train")):
        words: list[int] = []
        for _, sentence in sentences:
            words += sentence.words
        tokens[row, 1:] = words[: length - 1]
    return torch.from_numpy(tokens)


Row = list[tuple[int, Sentence]]
"""Sentences with the number of their task."""

Mixture = tuple[Sequence[Task], Sequence[int], list[float]]


def _mixture(tasks: Iterable[str] | Mapping[str, float] | None, split: Split, early: float) -> Mixture:
    """The tasks, their numbers, and their cumulative weights."""
    if tasks is None:
        weights = {name: get_task(name).share for name in task_names()}
    elif isinstance(tasks, Mapping):
        weights = dict(tasks)
    else:
        weights = dict.fromkeys([tasks] if isinstance(tasks, str) else tasks, 1.0)
    chosen = [get_task(name) for name, weight in weights.items() if weight > 0]
    if not chosen:
        raise CourseError("There is no task to draw from; name at least one with a weight above 0.")
    for task in chosen:
        check_split(task, split)
    order = task_names()
    cumulative = list(accumulate(weights[task.name] * (1 + early * task.early) for task in chosen))
    return chosen, [order.index(task.name) for task in chosen], cumulative


def _rows(batch: int, length: int, seed: int, stream: int, mixture: Mixture, split: Split) -> Iterator[Row]:
    for name, value, least in (("batch", batch, 1), ("length", length, 2), ("seed", seed, 0), ("stream", stream, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise CourseError(f"Story World needs {name} to be a whole number of at least {least}, not {value!r}.")
    return _draw_rows(batch, length, Draw(seed, stream), mixture, split)


def _draw_rows(batch: int, length: int, draw: Draw, mixture: Mixture, split: Split) -> Iterator[Row]:
    """One row at a time: sentences that are kept would slow down the collection of those that are not."""
    tasks, numbers, cumulative = mixture
    number, total = draw.number, cumulative[-1]
    for _ in range(batch):
        row: Row = []
        filled = 1
        while filled < length:
            chosen = bisect(cumulative, number() * total)
            sentence = tasks[chosen].write(tasks[chosen].plan(draw, split))
            row.append((numbers[chosen], sentence))
            filled += len(sentence.words)
        yield row


def label_rows(rows: Iterable[Row], length: int, batch: int) -> StoryBatch:
    """Lay so many rows of sentences out in this length, cut or padded, and set every label."""
    tokens = np.full((batch, length), PAD, dtype=np.int64)
    tokens[:, 0] = BOS
    labels = np.full((len(LABELS), batch, length), -1, dtype=np.int16)
    state = np.full((batch, length, STATE_PEOPLE, len(STATE_COLUMNS)), -1, dtype=np.int16)
    whole = np.arange(length)
    for row, sentences in enumerate(rows):
        start = 1
        for number, (task, sentence) in enumerate(sentences):
            stop = min(start + len(sentence.words), length)
            if stop <= start:
                break
            tokens[row, start:stop] = sentence.words[: stop - start]
            labels[0, row, start:stop] = task
            labels[1, row, start:stop] = sentence.template
            labels[2, row, start:stop] = number
            labels[3, row, start:stop] = whole[: stop - start]
            for name, first, last, value in sentence.marks:
                if name in _POINTERS:
                    value += start
                labels[_NUMBER[name], row, start + first : min(start + last, stop)] = value
            for first, person, column, value in sentence.state:
                state[row, start + first : stop, person, column] = value
            start = stop
    labels[_CATEGORY] = _CATEGORY_OF[labels[_ENTITY]]
    gender = _GENDER_OF[labels[_ENTITY]]
    labels[_GENDER] = np.where(gender >= 0, gender, labels[_GENDER])
    return StoryBatch(
        tokens=torch.from_numpy(tokens),
        labels={name: torch.from_numpy(labels[number].astype(np.int64)) for name, number in _NUMBER.items()},
        state=torch.from_numpy(state.astype(np.int64)),
    )
