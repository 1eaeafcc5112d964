"""Who and what there is in Story World, and the facts about them that never change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.vocabulary import ids_of

CATEGORIES = (
    "male name",
    "female name",
    "country",
    "city",
    "language",
    "person",
    "landmark",
    "animate noun",
    "inanimate noun",
    "place",
    "object",
    "thing",
)


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """Somebody or something that sentences speak of; equal only to itself.

    number: its id, an index into ENTITIES and the value of the label `entity`.
    text: its words, one or two (`albert berg`).
    ids: their token ids.
    category: one of CATEGORIES.
    plural: the same thing in the plural, for nouns; it has the same number.
    """

    number: int
    text: str
    ids: tuple[int, ...]
    category: str
    plural: Entity | None = None

    def __repr__(self) -> str:
        return f"<{self.category} {self.text}>"


ENTITIES: list[Entity] = []
"""All entities by number."""


def _make(category: str, texts: Iterable[str]) -> tuple[Entity, ...]:
    made = []
    for text in texts:
        made.append(Entity(len(ENTITIES), text, ids_of(text), category))
        ENTITIES.append(made[-1])
    return tuple(made)


def _make_nouns(category: str, nouns: Iterable[tuple[str, str]]) -> tuple[Entity, ...]:
    made = []
    for singular, plural in nouns:
        number = len(ENTITIES)
        several = Entity(number, plural, ids_of(plural), category)
        made.append(Entity(number, singular, ids_of(singular), category, several))
        ENTITIES.append(made[-1])
    return tuple(made)


MALE, FEMALE = _make("male name", w.MALE_NAMES), _make("female name", w.FEMALE_NAMES)
NAMES = MALE + FEMALE
COUNTRIES = _make("country", (row[0] for row in w.COUNTRIES))
CITIES = _make("city", (row[1] for row in w.COUNTRIES))
LANGUAGES = _make("language", dict.fromkeys(row[2] for row in w.COUNTRIES))

_facts = Draw(7)
PEOPLE = _make("person", _facts.sample([f"{first} {last}" for first in w.FIRST_NAMES for last in w.LAST_NAMES], 64))
LANDMARKS = _make(
    "landmark",
    _facts.sample([f"{kind} {building}" for kind in w.LANDMARK_KINDS for building in w.LANDMARK_BUILDINGS], 40),
)
ANIMATE, INANIMATE = (
    _make_nouns("animate noun", w.ANIMATE_NOUNS),
    _make_nouns("inanimate noun", w.INANIMATE_NOUNS),
)
NOUNS = ANIMATE + INANIMATE
PLACES, OBJECTS, THINGS = _make("place", w.PLACES), _make("object", w.OBJECTS), _make("thing", w.THINGS)

_LANGUAGE = {language.text: language for language in LANGUAGES}
CAPITAL: dict[Entity, Entity] = dict(zip(COUNTRIES, CITIES, strict=True))
COUNTRY: dict[Entity, Entity] = dict(zip(CITIES, COUNTRIES, strict=True))
LANGUAGE: dict[Entity, Entity] = {
    country: _LANGUAGE[row[2]] for country, row in zip(COUNTRIES, w.COUNTRIES, strict=True)
}
LANDMARK_CITY: dict[Entity, Entity] = dict(zip(LANDMARKS, _facts.sample(CITIES, 40), strict=True))
BIRTHPLACE: dict[Entity, Entity] = {person: _facts.pick(CITIES) for person in PEOPLE}
JOB: dict[Entity, str] = {person: _facts.pick(w.JOBS) for person in PEOPLE}
INSTRUMENT: dict[Entity, str] = {person: _facts.pick(w.INSTRUMENTS) for person in PEOPLE}
SPORT: dict[Entity, str] = {person: _facts.pick(w.SPORTS) for person in PEOPLE}

_BY_TEXT = {(entity.category, entity.text): entity for entity in ENTITIES}


def find_entity(category: str, text: str) -> Entity:
    """The entity of a category with this text (nouns: in the singular)."""
    return _BY_TEXT[category, text]
