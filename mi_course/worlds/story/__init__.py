"""Story World: a small synthetic English whose every token comes with the truth about it.

    batch = story_batch(8)                      # rows of sentences, labels["subject_number"], state, …
    pairs = story_pairs("names", 100)           # clean and corrupted prompts, aligned
    encode("the capital of france is")          # token ids, [BOS] first

../README.md has the list of tasks, the table of labels, and how to add a task.
"""

from __future__ import annotations

from mi_course.worlds.story.corpus import LENGTH, StoryBatch, label_rows, story_batch, story_tokens
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import CATEGORIES, ENTITIES, Entity, find_entity
from mi_course.worlds.story.labels import LABELS, RELATIONS, ROLES, SERIES, STATE_COLUMNS, STATE_PEOPLE
from mi_course.worlds.story.pairs import StoryPairs, story_pairs
from mi_course.worlds.story.sentence import Question, Sentence
from mi_course.worlds.story.task import Split, Task, get_task, register, task_names
from mi_course.worlds.story.trees import share_that_disagrees, tree_distance
from mi_course.worlds.story.vocabulary import BOS, PAD, decode, encode
from mi_course.worlds.story.words import VOCABULARY

__all__ = [
    "BOS",
    "CATEGORIES",
    "ENTITIES",
    "LABELS",
    "LENGTH",
    "PAD",
    "RELATIONS",
    "ROLES",
    "SERIES",
    "STATE_COLUMNS",
    "STATE_PEOPLE",
    "VOCABULARY",
    "Draw",
    "Entity",
    "Question",
    "Sentence",
    "Split",
    "StoryBatch",
    "StoryPairs",
    "Task",
    "decode",
    "encode",
    "find_entity",
    "get_task",
    "label_rows",
    "register",
    "share_that_disagrees",
    "story_batch",
    "story_pairs",
    "story_tokens",
    "task_names",
    "tree_distance",
]
