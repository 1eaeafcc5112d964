"""From words to token ids and back. An unknown word is an error that names it; there is no `<unk>`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from mi_course.errors import CourseError, did_you_mean
from mi_course.worlds.story.words import BOS_WORD, PAD_WORD, VOCABULARY

ID: dict[str, int] = {word: number for number, word in enumerate(VOCABULARY)}
BOS, PAD = ID[BOS_WORD], ID[PAD_WORD]


def encode(text: str, *, bos: bool = True) -> list[int]:
    """Token ids of a text whose words stand apart (`john gave a ball to mary .`), after `[BOS]` unless told not to.

    A text that brings its own `[BOS]` gets no second one. Capitals are read as small letters.
    Raises CourseError for a word that Story World does not have, naming it and the nearest one.
    """
    if not isinstance(text, str):
        raise CourseError(f"encode takes a text, not a {type(text).__name__}.")
    words = text.split()
    leading = [BOS] if bos and (not words or words[0] != BOS_WORD) else []
    return leading + [_id(word) for word in words]


def decode(ids: Iterable[int]) -> str:
    """The text of some token ids, words apart. Raises CourseError for a number that is no id."""
    words = []
    for number in ids:
        if not 0 <= int(number) < len(VOCABULARY):
            raise CourseError(f"{int(number)} is no token id of Story World; ids run from 0 to {len(VOCABULARY) - 1}.")
        words.append(VOCABULARY[int(number)])
    return " ".join(words)


@cache
def ids_of(text: str) -> tuple[int, ...]:
    """Token ids of a piece of a sentence, without `[BOS]`; remembered, since templates recur."""
    return tuple(_id(word) for word in text.split())


def _id(word: str) -> int:
    number = ID.get(word)
    if number is None:
        number = ID.get(word.lower())
    if number is None:
        raise CourseError(
            f"Story World has no word {word!r}.{did_you_mean(word, VOCABULARY)} Its words are "
            "mi_course.worlds.story.VOCABULARY; punctuation stands apart, as in 'paris is in france .'"
        )
    return number
