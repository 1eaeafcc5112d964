"""What things are, told outright: `paris is a city in europe .` `14 is even .` `teal is a colour .`"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.kinds import FAMILIES
from mi_course.worlds.story.labels import RELATIONS
from mi_course.worlds.story.sentence import Filler, Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of


class Plan(NamedTuple):
    """All choices of a sentence: the family, whom it is about, and what would come out of another one."""

    family: int
    subject: Filler
    wrong: str


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a sentence."""
    family = draw.below(len(FAMILIES))
    value = FAMILIES[family].value
    subject = draw.pick(tuple(value))
    return Plan(family, subject, draw.other(FAMILIES[family].values, value[subject]))


def write(plan: Plan) -> Sentence:
    """Write it."""
    family = FAMILIES[plan.family]
    s = Sentence(plan.family)
    s.name(plan.subject, family.role)
    s.spots["subject"] = len(s) - 1
    s.say(family.tell.split("{}")[1].strip())
    value = family.value[plan.subject]
    s.ask("answer", ids_of(value), ids_of(plan.wrong)).say(value, "answer").say(".")
    return s.mark("relation", RELATIONS.index(family.relation), 0)


def other_subject(draw: Draw, plan: Plan) -> Plan:
    """Another one of the same family, of which something else is true."""
    value = FAMILIES[plan.family].value
    while True:
        other = draw.other(tuple(value), plan.subject)
        if value[other] != value[plan.subject]:
            return Plan(plan.family, other, value[plan.subject])


TASK = register(
    Task(
        name="kinds",
        summary="What things are and where places lie.",
        share=0.0,
        early=3,
        templates=tuple(f"{family.tell.format('{' + family.role + '}', '{answer}')} ." for family in FAMILIES),
        plan=plan,
        write=write,
        corruptions={"other_subject": other_subject},
    )
)
