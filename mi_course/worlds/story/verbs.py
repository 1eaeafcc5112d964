"""Verbs that agree with their subject, in the singular and in the plural."""

from __future__ import annotations

from mi_course.worlds.story import words as w
from mi_course.worlds.story.entities import Entity
from mi_course.worlds.story.vocabulary import ids_of

_ALL = tuple(dict.fromkeys((*w.LINKING_VERBS, *w.ANIMATE_VERBS, *w.INANIMATE_VERBS, *w.TRANSITIVE_VERBS)))
SINGULAR_VERBS: tuple[int, ...] = tuple(ids_of(verb[0])[0] for verb in _ALL)
PLURAL_VERBS: tuple[int, ...] = tuple(ids_of(verb[1])[0] for verb in _ALL)
"""Token ids of all verbs that show number, in the same order."""

_ANIMATE = (*w.LINKING_VERBS, *w.ANIMATE_VERBS)
_INANIMATE = (*w.LINKING_VERBS, *w.INANIMATE_VERBS)


def main_verbs(subject: Entity) -> tuple[tuple[str, str], ...]:
    """What a noun can do in a main clause: a lamp stands, a dog runs."""
    return _ANIMATE if subject.category == "animate noun" else _INANIMATE
