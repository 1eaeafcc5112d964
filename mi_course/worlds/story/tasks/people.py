"""Facts about people with two names: `albert berg plays the piano .`

In some sentences a relative clause stands between, in others two people meet and one is asked for by first name, so
that the last name has to be found first.
"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import entities as e
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import OBJECTS, PEOPLE, PLACES, Entity
from mi_course.worlds.story.held_out import WORDING_PEOPLE
from mi_course.worlds.story.labels import RELATIONS
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of

RELATION_WORDINGS = (
    ("birthplace", "was born in"),
    ("job", "works as a"),
    ("instrument", "plays the"),
    ("sport", "plays"),
)
CLAUSES = (
    ", who lives near the {place} ,",
    ", who was happy ,",
    ", who walked to the {place} yesterday ,",
    ", who saw a {object} at the {place} ,",
)
MEETINGS = (
    "{person} met {person#2} at the {place} .",
    "{person} saw {person#2} near the {place} .",
    "{person} and {person#2} met yesterday .",
    "{person} and {person#2} arrived together .",
)
# One wording for the bare sentence, then the clauses, then the meetings.
_MANNERS = ("", *CLAUSES, *MEETINGS)


class Plan(NamedTuple):
    """All choices of a sentence. `other` is the second person of a meeting; `asked_first` says who stands first."""

    manner: int
    relation: int
    person: Entity
    other: Entity
    asked_first: bool
    wrong: str
    place: Entity
    object: Entity


def value(person: Entity, relation: int) -> str:
    """What is true of a person."""
    name = RELATION_WORDINGS[relation][0]
    if name == "birthplace":
        return e.BIRTHPLACE[person].text
    return {"job": e.JOB, "instrument": e.INSTRUMENT, "sport": e.SPORT}[name][person]


def _first_name(person: Entity) -> int:
    return person.ids[0]


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a sentence."""
    while True:
        kind = draw.number()
        if kind < 0.3:
            manner = 0
        elif kind < 0.6:
            manner = 1 + draw.below(len(CLAUSES))
        else:
            manner = 1 + len(CLAUSES) + draw.below(len(MEETINGS))
        person = draw.pick(PEOPLE)
        clause = 1 <= manner <= len(CLAUSES)
        if (clause and person in WORDING_PEOPLE) == (split == "wordings"):
            break
    other = person
    while _first_name(other) == _first_name(person):
        other = draw.pick(PEOPLE)
    relation = draw.below(4)
    wrong = true = value(person, relation)
    while wrong == true:
        wrong = value(draw.pick(PEOPLE), relation)
    return Plan(manner, relation, person, other, draw.chance(0.5), wrong, draw.pick(PLACES), draw.pick(OBJECTS))


def write(plan: Plan) -> Sentence:
    """Write it."""
    relation, wording = RELATION_WORDINGS[plan.relation]
    s = Sentence(plan.manner * len(RELATION_WORDINGS) + plan.relation)
    slots = {"place": plan.place, "object": plan.object}
    if plan.manner > len(CLAUSES):
        pair = (plan.person, plan.other) if plan.asked_first else (plan.other, plan.person)
        s.fill(_MANNERS[plan.manner], slots | {"person": pair[0], "person#2": pair[1]})
        s.mark("entity", plan.person.number, len(s), len(s) + 1).say(plan.person.text.split()[0], "subject")
    else:
        s.name(plan.person, "subject")
        if plan.manner:
            s.fill(_MANNERS[plan.manner], slots)
    s.say(wording)
    answer = value(plan.person, plan.relation)
    s.ask("answer", ids_of(answer), ids_of(plan.wrong))
    s.name(e.BIRTHPLACE[plan.person] if relation == "birthplace" else answer, "answer").say(".")
    return s.mark("relation", RELATIONS.index(relation), 0)


def other_person(draw: Draw, plan: Plan) -> Plan:
    """Somebody else of whom something else is true; at a meeting it is the other one who is asked for."""
    true = value(plan.person, plan.relation)
    if plan.manner > len(CLAUSES):
        swapped = plan._replace(person=plan.other, other=plan.person, asked_first=not plan.asked_first)
        if value(plan.other, plan.relation) != true:
            return swapped._replace(wrong=true)
    while True:
        person = draw.other(PEOPLE, plan.person)
        if value(person, plan.relation) != true and _first_name(person) != _first_name(plan.other):
            return plan._replace(person=person, wrong=true)


TASK = register(
    Task(
        name="people",
        summary="Where people were born and what they do.",
        share=0.18,
        templates=tuple(
            f"{manner or '{subject}'} {wording} {{answer}} ."
            if i > len(CLAUSES) or not i
            else f"{{subject}} {manner} {wording} {{answer}} ."
            for i, manner in enumerate(_MANNERS)
            for _, wording in RELATION_WORDINGS
        ),
        plan=plan,
        write=write,
        corruptions={"other_person": other_person},
        held_out={"wordings": "of 10 people nothing is ever told after a relative clause"},
    )
)
