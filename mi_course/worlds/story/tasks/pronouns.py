"""A pronoun agrees with the name before it, and what is said stands in quotation marks."""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import ANIMATE, FEMALE, MALE, NAMES, OBJECTS, PLACES, Entity
from mi_course.worlds.story.held_out import PRONOUN_WORDINGS
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of

WORDINGS = (
    "{name} lost {his} {object} at the {place} . then {he} cried .",
    "{name} was happy because {he} found the {object} .",
    "{name} was sad because {he} lost the {object} .",
    '{name} said " i lost the {object} " and {he} drove home .',
    '{name} said " i saw the {companion} " and {he} smiled .',
    "{name} went to the {place} with {his} {companion} .",
)
PRONOUNS = {"he": ("he", "she"), "his": ("his", "her")}


class Plan(NamedTuple):
    """All choices of a text."""

    wording: int
    name: Entity
    object: Entity
    place: Entity
    companion: Entity


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a text."""
    while True:
        name, wording = draw.pick(NAMES), draw.below(len(WORDINGS))
        if ((name, wording) in PRONOUN_WORDINGS) == (split == "test"):
            return Plan(wording, name, draw.pick(OBJECTS), draw.pick(PLACES), draw.pick(ANIMATE))


def write(plan: Plan) -> Sentence:
    """Write it."""
    female = plan.name.category == "female name"
    slots = {"{name}": plan.name, "{object}": plan.object, "{place}": plan.place, "{companion}": plan.companion}
    s = Sentence(plan.wording)
    opened = closed = 0
    for piece in _PIECES[plan.wording]:
        if piece in slots:
            s.name(slots[piece], piece.strip("{}"))
        elif piece in ("{he}", "{his}"):
            forms = PRONOUNS[piece.strip("{}")]
            s.mark("gender", int(female), len(s), len(s) + 1)
            s.ask(piece.strip("{}"), ids_of(forms[female]), ids_of(forms[not female]))
            s.say(forms[female], "pronoun")
        else:
            if piece == '"':
                opened, closed = (opened, len(s)) if opened else (len(s), 0)
            s.say(piece)
    s.mark("quote", 0, 0)
    return s.mark("quote", 1, opened, closed) if opened else s


_PIECES = tuple(tuple(wording.split()) for wording in WORDINGS)


def other_gender(draw: Draw, plan: Plan) -> Plan:
    """A name of the other gender."""
    return plan._replace(name=draw.pick(MALE if plan.name.category == "female name" else FEMALE))


TASK = register(
    Task(
        name="pronouns",
        summary="Pronouns agree with names; speech stands in quotation marks.",
        share=0.05,
        templates=WORDINGS,
        plan=plan,
        write=write,
        corruptions={"other_gender": other_gender},
        held_out={"test": "24 of 240 combinations of name and wording never stand in training"},
    )
)
