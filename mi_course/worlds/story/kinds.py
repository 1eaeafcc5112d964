"""What sort of thing each word of Story World names, and the few-valued facts that follow from it.

Each family maps subjects to a handful of values, so that a statement about any of them can be judged: is it in europe,
is it even, is she a woman, is it a colour? Every fact is told outright in the task `kinds`; only the task `truth` holds
subjects back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mi_course.worlds.story import entities as e
from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import Entity
from mi_course.worlds.story.sentence import Filler

CONTINENT: dict[Entity, str] = {
    country: continent
    for continent in w.CONTINENTS
    for country in e.COUNTRIES
    if country.text in w.CONTINENTS[continent]
}
"""Continent of each country."""

FEWEST = 10
"""Subjects are held back from values with at least so many. From fewer, statements are learned by heart: models that
judged other new statements rightly were wrong on continents with two and four known countries, and on a day of the week
when six were known."""


@dataclass(frozen=True, eq=False)
class Family:
    """One family of facts.

    relation: its name, one of RELATIONS. role: what the subject is in its sentence.
    claim: the statement that may be true or false. tell: the sentence that tells the fact.
    value: of each subject. held: the subjects of which nothing is ever called true or false.
    """

    relation: str
    role: str
    claim: str
    tell: str
    value: Mapping[Filler, str]
    held: frozenset[Filler]

    @property
    def values(self) -> tuple[str, ...]:
        """The values that there are."""
        return tuple(dict.fromkeys(self.value.values()))

    def subjects(self, value: str, held: bool) -> tuple[Filler, ...]:
        """The subjects with this value that are held back, or those that are not."""
        return tuple(x for x, own in self.value.items() if own == value and (x in self.held) == held)


def _named(kind: str, fillers: Iterable[Filler]) -> dict[Filler, str]:
    return dict.fromkeys(fillers, kind)


def _hold_out(value: Mapping[Filler, str], share: float, stream: int) -> frozenset[Filler]:
    """A share of the subjects of each value that has enough of them."""
    held: list[Filler] = []
    for number, kind in enumerate(dict.fromkeys(value.values())):
        subjects = [x for x, own in value.items() if own == kind]
        if len(subjects) >= FEWEST:
            held += Draw(2024, stream + number).sample(subjects, round(share * len(subjects)))
    return frozenset(held)


_COUNTRY: dict[Filler, str] = dict(CONTINENT)
_CITY: dict[Filler, str] = {e.CAPITAL[country]: continent for country, continent in CONTINENT.items()}
_PARITY: dict[Filler, str] = {word: ("even", "odd")[int(word) % 2] for word in w.NUMBERS}
_PERSON: dict[Filler, str] = {**_named("man", e.MALE), **_named("woman", e.FEMALE)}
_OTHER_SORTS: dict[Filler, str] = {
    **_named("language", e.LANGUAGES),
    **_named("job", (word for word in w.JOBS if word not in dict(w.ANIMATE_NOUNS))),
    **_named("sport", w.SPORTS),
    **_named("day", w.DAYS),
    **_named("month", w.MONTHS),
    **_named("colour", w.COLOURS),
}
_SORT = {**_named("city", e.CITIES), **_named("country", e.COUNTRIES), **_OTHER_SORTS}

# An entity is held back in all families or in none, and a country together with its capital.
_HELD_COUNTRIES = _hold_out(_COUNTRY, 0.15, 100)
_HELD_CITIES = frozenset(e.CAPITAL[country] for country in e.COUNTRIES if country in _HELD_COUNTRIES)

FAMILIES = (
    Family("continent", "country", "{} is in {}", "{} is a country in {}", _COUNTRY, _HELD_COUNTRIES),
    Family("continent", "city", "{} is in {}", "{} is a city in {}", _CITY, _HELD_CITIES),
    Family("parity", "word", "{} is {}", "{} is {}", _PARITY, _hold_out(_PARITY, 0.15, 110)),
    Family("gender", "name", "{} is a {}", "{} is a {}", _PERSON, _hold_out(_PERSON, 0.15, 120)),
    Family(
        "sort",
        "word",
        "{} is a {}",
        "{} is a {}",
        _SORT,
        _HELD_COUNTRIES | _HELD_CITIES | _hold_out(_OTHER_SORTS, 0.15, 130),
    ),
)
"""All families."""
