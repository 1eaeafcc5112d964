"""A sentence being written: its token ids, its labels, and the words in it that a reader could foretell."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from mi_course.worlds.story.entities import Entity
from mi_course.worlds.story.labels import role_number
from mi_course.worlds.story.vocabulary import decode, ids_of

Filler = Entity | str


class Question(NamedTuple):
    """A word of the sentence that what stands before it settles, wholly or between two sides.

    name: which question of its task this is (the slot's name).
    at: place of the word in the sentence.
    word: token id of the word that stands there.
    right, wrong: token ids on the right side (the word itself among them) and on the other one.
    """

    name: str
    at: int
    word: int
    right: tuple[int, ...]
    wrong: tuple[int, ...]


class Sentence:
    """Token ids with labels as spans: (label, start, stop, value). Places count from the sentence's own start."""

    __slots__ = ("_asked", "marks", "spots", "state", "template", "words")

    def __init__(self, template: int = 0) -> None:
        self.template = template
        self.words: list[int] = []
        self.marks: list[tuple[str, int, int, int]] = []
        self._asked: list[tuple[str, int, tuple[int, ...], tuple[int, ...]]] = []
        self.spots: dict[str, int] = {}
        """Place of each role's word (the last one of a name of two), where it first stands."""
        self.state: list[tuple[int, int, int, int]] = []
        """(from this place on, which person, which column, value)"""

    def __len__(self) -> int:
        return len(self.words)

    @property
    def questions(self) -> list[Question]:
        """The words that can be foretold, in the order in which they stand."""
        return [Question(name, at, self.words[at], right, wrong) for name, at, right, wrong in self._asked]

    @property
    def text(self) -> str:
        """The sentence as a string."""
        return decode(self.words)

    def say(self, text: str, role: str | None = None) -> Sentence:
        """Add words, with a role if one is given."""
        ids = ids_of(text)
        if role is not None:
            start = len(self.words)
            self.marks.append(("role", start, start + len(ids), role_number(role)))
            self.spots.setdefault(role, start + len(ids) - 1)
        self.words.extend(ids)
        return self

    def name(self, filler: Filler, role: str) -> Sentence:
        """Add an entity (or a word) in a role."""
        if isinstance(filler, str):
            return self.say(filler, role)
        start = len(self.words)
        self.words.extend(filler.ids)
        stop = len(self.words)
        self.marks.append(("entity", start, stop, filler.number))
        self.marks.append(("role", start, stop, role_number(role)))
        if role not in self.spots:
            self.spots[role] = stop - 1
        return self

    def fill(self, template: str, slots: Mapping[str, Filler]) -> Sentence:
        """Add a template such as `when {first} and {second} went to the {place} ,` with its slots filled.

        A slot's name becomes the role of the word; what follows a `#` only tells slots apart (`{object#2}`).
        """
        for piece, role in _pieces(template):
            if isinstance(piece, tuple):
                self.words.extend(piece)
            else:
                self.name(slots[piece], role)
        return self

    def ask(self, name: str, right: tuple[int, ...], wrong: tuple[int, ...]) -> Sentence:
        """Declare the next word to be foretold."""
        self._asked.append((name, len(self.words), right, wrong))
        return self

    def mark(self, label: str, value: int, start: int, stop: int | None = None) -> Sentence:
        """Label the tokens from `start` up to `stop`, or up to the end so far."""
        self.marks.append((label, start, len(self.words) if stop is None else stop, value))
        return self

    def know(self, person: int, column: int, value: int) -> Sentence:
        """Story state: from the last word on, this is where the person is (column 1) or what they have (2)."""
        self.state.append((len(self.words) - 1, person, column, value))
        return self


@cache
def _pieces(template: str) -> tuple[tuple[tuple[int, ...] | str, str], ...]:
    """A template cut into runs of token ids and slots with their roles."""
    pieces: list[tuple[tuple[int, ...] | str, str]] = []
    run: list[str] = []
    for word in template.split():
        if not word.startswith("{"):
            run.append(word)
            continue
        if run:
            pieces.append((ids_of(" ".join(run)), ""))
            run = []
        slot = word.strip("{}")
        role = slot.partition("#")[0]
        role_number(role)
        pieces.append((slot, role))
    if run:
        pieces.append((ids_of(" ".join(run)), ""))
    return tuple(pieces)
