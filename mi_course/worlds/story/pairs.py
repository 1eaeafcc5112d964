"""Clean and corrupted prompts that differ in what one corruption changes, and stand aligned word by word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mi_course.errors import CourseError, did_you_mean
from mi_course.worlds.story.corpus import StoryBatch, label_rows
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.sentence import Question, Sentence
from mi_course.worlds.story.task import Split, Task, check_split, get_task, task_names
from mi_course.worlds.story.vocabulary import VOCABULARY

MANY = 2000
"""How many plans in a row may miss the condition before we say that it cannot be met."""


@dataclass(frozen=True, eq=False)
class StoryPairs:
    """Clean prompts beside their corrupted twins. Rows are padded on the right with `[PAD]`.

    clean, corrupted: tokens and labels, of equal shape; row i of one belongs to row i of the other.
    end: position of each prompt's last token, whose next word is asked for.
    answer, corrupted_answer: token id of the word that comes next; -1 where nothing settles it.
    right, wrong: which words are on the right and on the wrong side for the clean prompt.
    corrupted_right: which words are right for the corrupted prompt.
    positions: where the words of each role stand, by role; -1 where a prompt has none. The same in both prompts.
    differs: where the two prompts differ.
    plans, corrupted_plans: the choices behind the sentences.
    """

    task: str
    corruption: str
    clean: StoryBatch
    corrupted: StoryBatch
    end: Int[Tensor, " batch"]
    answer: Int[Tensor, " batch"]
    corrupted_answer: Int[Tensor, " batch"]
    right: Bool[Tensor, "batch d_vocab"]
    wrong: Bool[Tensor, "batch d_vocab"]
    corrupted_right: Bool[Tensor, "batch d_vocab"]
    positions: dict[str, Int[Tensor, " batch"]]
    differs: Bool[Tensor, "batch pos"]
    plans: list[Any]
    corrupted_plans: list[Any]

    def __len__(self) -> int:
        return len(self.end)

    def text(self, row: int) -> tuple[str, str]:
        """The clean and the corrupted prompt of a row, with the word that comes next in angle brackets."""
        stop = int(self.end[row]) + 1
        shown = []
        for side, answer in ((self.clean, self.answer), (self.corrupted, self.corrupted_answer)):
            word = VOCABULARY[answer[row]] if answer[row] >= 0 else "?"
            shown.append(" ".join(VOCABULARY[token] for token in side.tokens[row, :stop].tolist()) + f" <{word}>")
        return shown[0], shown[1]


def story_pairs(
    task: str,
    n: int,
    *,
    corruption: str | None = None,
    question: str | None = None,
    split: Split = "train",
    seed: int = 0,
    where: Callable[[Any], bool] | None = None,
) -> StoryPairs:
    """Draw n clean prompts of a task with their corrupted twins.

    corruption: one of the task's `corruptions`; the first when none is named.
    question: the name of the word asked for (see Question); the last one of the sentence when none is named, and the
        first in tasks about story state, where the corruption concerns the one who is asked for first.
    split: draw from training's side, from the held-out entities ("test") or the held-out wordings.
    where: a condition on the plan, such as `lambda plan: plan.mismatched`.
    Raises CourseError for unknown names, for a split the task does not have, and when no plan meets the condition.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise CourseError(f"story_pairs needs n to be a whole number of at least 1, not {n!r}.")
    chosen = get_task(task)
    split = check_split(chosen, split)
    corruption = corruption or next(iter(chosen.corruptions))
    if corruption not in chosen.corruptions:
        raise CourseError(
            f"The task {task!r} has no corruption {corruption!r}.{did_you_mean(corruption, chosen.corruptions)} "
            f"It has {', '.join(chosen.corruptions)}."
        )
    draw = Draw(seed, 1_000_000 + task_names().index(task))
    plans: list[Any] = []
    twins: list[Any] = []
    cleans: list[Sentence] = []
    corrupteds: list[Sentence] = []
    asked: list[Question] = []
    asked_twin: list[Question | None] = []
    missed = 0
    while len(plans) < n:
        plan = chosen.plan(draw, split)
        clean = chosen.write(plan)
        found = _question(chosen, clean, question)
        if found is None or (where is not None and not where(plan)):
            missed += 1
            if missed > MANY:
                raise CourseError(
                    f"None of {MANY} sentences of the task {task!r} asks {question or 'anything'!r} and meets the "
                    f"condition; the questions of this one are {', '.join(q.name for q in clean.questions) or 'none'}."
                )
            continue
        missed = 0
        twin = chosen.corruptions[corruption](draw, plan)
        corrupted = chosen.write(twin)
        plans.append(plan)
        twins.append(twin)
        asked.append(found)
        asked_twin.append(next((q for q in corrupted.questions if q.at == found.at), None))
        cleans.append(_cut(clean, found.at))
        corrupteds.append(_cut(corrupted, found.at))
    return _pack(chosen, corruption, plans, twins, cleans, corrupteds, asked, asked_twin)


def _question(task: Task, sentence: Sentence, name: str | None) -> Question | None:
    if name is not None:
        return next((question for question in sentence.questions if question.name == name), None)
    if not sentence.questions:
        return None
    return sentence.questions[0 if task.asks_first else -1]


def _cut(sentence: Sentence, at: int) -> Sentence:
    """The sentence up to a place."""
    sentence.words = sentence.words[:at]
    sentence.spots = {role: place for role, place in sentence.spots.items() if place < at}
    return sentence


def _sides(words: list[tuple[int, ...]]) -> Bool[Tensor, "batch d_vocab"]:
    sides = torch.zeros(len(words), len(VOCABULARY), dtype=torch.bool)
    for row, ids in enumerate(words):
        sides[row, list(ids)] = True
    return sides


def _pack(
    task: Task,
    corruption: str,
    plans: list[Any],
    twins: list[Any],
    cleans: list[Sentence],
    corrupteds: list[Sentence],
    asked: list[Question],
    asked_twin: list[Question | None],
) -> StoryPairs:
    number = task_names().index(task.name)
    length = 1 + max(len(sentence) for sentence in cleans)
    clean, corrupted = (label_rows([[(number, s)] for s in side], length, len(plans)) for side in (cleans, corrupteds))
    roles = dict.fromkeys(role for sentence in cleans for role in sentence.spots)
    return StoryPairs(
        task=task.name,
        corruption=corruption,
        clean=clean,
        corrupted=corrupted,
        end=torch.tensor([question.at for question in asked]),
        answer=torch.tensor([question.word for question in asked]),
        corrupted_answer=torch.tensor([-1 if question is None else question.word for question in asked_twin]),
        right=_sides([question.right for question in asked]),
        wrong=_sides([question.wrong for question in asked]),
        corrupted_right=_sides([() if question is None else question.right for question in asked_twin]),
        positions={role: torch.tensor([s.spots.get(role, -2) + 1 for s in cleans]) for role in roles},
        differs=clean.tokens != corrupted.tokens,
        plans=plans,
        corrupted_plans=twins,
    )
