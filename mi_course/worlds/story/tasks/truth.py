"""Statements called true or false: `paris is in france : true .`

Eight kinds, so that what is learned from some can be tried on the others. (Burns et al. 2022, "Discovering Latent
Knowledge in Language Models Without Supervision"; Marks and Tegmark 2023, "The Geometry of Truth".)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mi_course.worlds.story import entities as e
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import Entity
from mi_course.worlds.story.held_out import TRUTH_COUNTRIES, TRUTH_LANDMARKS, TRUTH_PEOPLE
from mi_course.worlds.story.labels import RELATIONS
from mi_course.worlds.story.sentence import Filler, Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of


class Kind(NamedTuple):
    """One kind of statement: its relation, its wording, and what is true of whom."""

    relation: str
    wording: str
    roles: tuple[str, str]
    facts: Mapping[Entity, Filler]


KINDS = (
    Kind("country", "{city} is in {country}", ("city", "country"), e.COUNTRY),
    Kind("capital", "the capital of {country} is {city}", ("country", "city"), e.CAPITAL),
    Kind("language", "people in {country} speak {language}", ("country", "language"), e.LANGUAGE),
    Kind("landmark", "the {landmark} is in {city}", ("landmark", "city"), e.LANDMARK_CITY),
    Kind("birthplace", "{person} was born in {city}", ("person", "city"), e.BIRTHPLACE),
    Kind("job", "{person} works as a {answer}", ("person", "answer"), e.JOB),
    Kind("instrument", "{person} plays the {answer}", ("person", "answer"), e.INSTRUMENT),
    Kind("sport", "{person} plays {answer}", ("person", "answer"), e.SPORT),
)
_HELD_CITIES = frozenset(e.CAPITAL[country] for country in TRUTH_COUNTRIES)
HELD_OUT = TRUTH_COUNTRIES | _HELD_CITIES | TRUTH_LANDMARKS | TRUTH_PEOPLE
"""Entities that stand in no statement of training, neither as what it is about nor as what is said of it."""

# Training's side knows neither a held-out subject nor a held-out value; the test side has held-out subjects.
_SIDES: dict[bool, tuple[tuple[Entity, ...], ...]] = {
    False: tuple(tuple(x for x, value in kind.facts.items() if not {x, value} & HELD_OUT) for kind in KINDS),
    True: tuple(tuple(x for x in kind.facts if x in HELD_OUT) for kind in KINDS),
}
# What a false statement says instead: values from the same side, so that no value is a sign of falsehood.
_VALUES = {
    side: tuple(
        tuple(dict.fromkeys(kind.facts[subject] for subject in subjects))
        for kind, subjects in zip(KINDS, _SIDES[side], strict=True)
    )
    for side in (False, True)
}


class Plan(NamedTuple):
    """All choices of a statement. `other` is said when it is false."""

    kind: int
    subject: Entity
    other: Filler
    true: bool

    @property
    def said(self) -> Filler:
        """What the statement says of its subject."""
        return KINDS[self.kind].facts[self.subject] if self.true else self.other


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a statement; as many are true as are false."""
    held = split == "test"
    while True:
        kind = draw.below(len(KINDS))
        subjects, values = _SIDES[held][kind], _VALUES[held][kind]
        if len(subjects) > 1 and len(values) > 1:
            break
    subject = draw.pick(subjects)
    return Plan(kind, subject, draw.other(values, KINDS[kind].facts[subject]), draw.chance(0.5))


def write(plan: Plan) -> Sentence:
    """Write it."""
    kind = KINDS[plan.kind]
    s = Sentence(plan.kind)
    said = plan.said
    s.fill(kind.wording, {kind.roles[0]: plan.subject, kind.roles[1]: said})
    s.spots["subject"], s.spots["said"] = s.spots[kind.roles[0]], s.spots[kind.roles[1]]
    settled = len(s) - 1
    verdicts = ("true", "false") if plan.true else ("false", "true")
    s.say(":").ask("verdict", ids_of(verdicts[0]), ids_of(verdicts[1])).say(verdicts[0], "verdict")
    s.mark("truth", int(plan.true), settled).say(".")
    return s.mark("relation", RELATIONS.index(kind.relation), 0)


def other_truth(draw: Draw, plan: Plan) -> Plan:
    """The same subject, of which the opposite verdict holds: what was true is replaced by what is not, or back."""
    return plan._replace(true=not plan.true)


TASK = register(
    Task(
        name="truth",
        summary="Statements about the world, called true or false.",
        share=0.14,
        templates=tuple(f"{kind.wording} : {{verdict}} ." for kind in KINDS),
        plan=plan,
        write=write,
        corruptions={"other_truth": other_truth},
        held_out={
            "test": "8 countries with their capitals and the landmarks there, 8 more landmarks and 12 people stand in "
            "no statement of training; the facts about them are told elsewhere"
        },
    )
)
