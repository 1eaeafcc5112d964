"""What training never sees, settled once for all seeds. Every task's `plan` asks here which side it may draw from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import TypeVar

from mi_course.worlds.story import entities as e
from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import Entity

T = TypeVar("T")


def _choose(options: Sequence[T], k: int, stream: int) -> frozenset[T]:
    """k of the options; each list has a stream of its own, so that changing one leaves the others alone."""
    return frozenset(Draw(2024, stream).sample(options, k))


NAME_PAIRS: frozenset[frozenset[Entity]] = _choose([frozenset(pair) for pair in combinations(e.NAMES, 2)], 94, 1)
"""Two people who never meet in the names task (12 % of pairs), in either order."""

NOUN_PAIRS: frozenset[tuple[Entity, Entity]] = _choose(
    [pair for pair in product(e.NOUNS, e.NOUNS) if pair[0] is not pair[1]], 40, 2
)
"""Subject and the noun that stands between it and its verb (10 %): agreement and recursion."""

NAME_PLACES: frozenset[tuple[Entity, Entity]] = _choose(list(product(e.NAMES, e.PLACES)), 72, 3)
"""Who never enters which place in a story (12 %)."""

NAME_OBJECTS: frozenset[tuple[Entity, Entity]] = _choose(list(product(e.NAMES, e.OBJECTS)), 72, 4)
"""Who never takes which object in a story (12 %)."""

PAIR_COUNTRIES: frozenset[Entity] = _choose(e.COUNTRIES, 6, 5)
"""Countries that stand in no list of word pairs, neither with their capital nor with their language."""

PAIR_LETTERS: frozenset[str] = _choose(w.LETTERS[1:-1], 4, 6)
"""Letters that stand in no list of word pairs as the given word."""

PAIR_OPPOSITES: frozenset[tuple[str, str]] = _choose(w.OPPOSITES, 3, 7)
"""Opposites that stand in no list of word pairs, in either order."""

PAIR_NOUNS: frozenset[Entity] = _choose(e.NOUNS, 3, 8)
"""Nouns that stand in no list of word pairs."""

WORDING_COUNTRIES: frozenset[Entity] = _choose(e.COUNTRIES, 6, 12)
"""Countries whose facts are told in the first wording only: the second is new to them."""

WORDING_PEOPLE: frozenset[Entity] = _choose(e.PEOPLE, 10, 13)
"""People whose facts never come after a relative clause."""

THING_WORDS: frozenset[tuple[Entity, str]] = _choose(list(product(e.THINGS, (*w.POSITIVE, *w.NEGATIVE))), 24, 14)
"""What is never called how (15 %)."""

EVENT_YEARS: frozenset[tuple[str, int]] = _choose(list(product(w.EVENTS, range(2, 98))), 58, 15)
"""Which event never begins in which year (10 %)."""

CIRCLE_STEPS: frozenset[tuple[str, int, int]] = _choose(
    [("day", start, step) for start in range(7) for step in range(1, 7)]
    + [("month", start, step) for start in range(12) for step in range(1, 12)],
    17,
    16,
)
"""Sums on the circle that are never told (10 %): unit, where it starts, how many steps."""

NAME_WORDINGS: frozenset[tuple[int, int]] = frozenset((opening, (opening * 3) % 4) for opening in (1, 4, 6, 9))
"""Which opening never comes with which ending in the names task (10 %)."""

PRONOUN_WORDINGS: frozenset[tuple[Entity, int]] = _choose(list(product(e.NAMES, range(6))), 24, 17)
"""Whose pronoun is never asked for in which wording (10 %)."""
