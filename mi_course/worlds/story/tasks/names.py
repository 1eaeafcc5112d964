"""Indirect objects: `when john and mary went to the store , mary gave a ball to` – and who gets it is the other one.

Wang et al. 2023, "Interpretability in the Wild: a Circuit for Indirect Object Identification in GPT-2 small". In one
sentence of seven a third person gives, and either of the two may receive; such sentences ask nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import NAMES, OBJECTS, PLACES, Entity
from mi_course.worlds.story.held_out import NAME_PAIRS, NAME_WORDINGS
from mi_course.worlds.story.sentence import Filler, Sentence
from mi_course.worlds.story.task import Split, Task, register

OPENINGS = (
    "when {first} and {second} went to the {place} ,",
    "after {first} and {second} had a lot of fun at the {place} ,",
    "while {first} and {second} were working at the {place} ,",
    "then {first} and {second} walked to the {place} and",
    "{first} and {second} met at the {place} . later",
    "one day {first} and {second} arrived together at the {place} .",
    "{first} saw {second} at the {place} . then",
    "yesterday {first} met {second} near the {place} and",
    "{first} found a {object#2} at the {place} with {second} . then",
    "{first} was with {second} at the {place} ,",
)
ENDINGS = (
    "{giver} {verb} a {object} to {recipient} .",
    "{giver} {verb} the {object} to {recipient} .",
    "{giver} decided to give a {object} to {recipient} .",
    "{giver} found a {object} and {verb} it to {recipient} .",
)


class Plan(NamedTuple):
    """All choices of a sentence. `giver` is one of the two, or a third person."""

    opening: int
    ending: int
    first: Entity
    second: Entity
    giver: Entity
    recipient: Entity
    place: Entity
    object: Entity
    object_before: Entity
    verb: str


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a sentence."""
    while True:
        first, second = draw.sample(NAMES, 2)
        if (frozenset((first, second)) in NAME_PAIRS) == (split == "test"):
            break
    while True:
        opening, ending = draw.below(len(OPENINGS)), draw.below(len(ENDINGS))
        if ((opening, ending) in NAME_WORDINGS) == (split == "wordings"):
            break
    giver, recipient = (first, second) if draw.chance(0.5) else (second, first)
    if split == "train" and draw.chance(0.15):
        giver = draw.other(NAMES, first, second)
    thing, before = draw.sample(OBJECTS, 2)
    return Plan(
        opening, ending, first, second, giver, recipient, draw.pick(PLACES), thing, before, draw.pick(w.TRANSFER_VERBS)
    )


def write(plan: Plan) -> Sentence:
    """Write it."""
    s = Sentence(plan.opening * len(ENDINGS) + plan.ending)
    slots: dict[str, Filler] = {
        "first": plan.first,
        "second": plan.second,
        "place": plan.place,
        "object#2": plan.object_before,
        "object": plan.object,
        "giver": plan.giver,
        "verb": plan.verb,
    }
    s.fill(OPENINGS[plan.opening], slots)
    start = len(s)
    s.fill(_BEFORE_ANSWER[plan.ending], slots)
    known = plan.giver in (plan.first, plan.second)
    if known:
        s.ask("recipient", plan.recipient.ids, plan.giver.ids)
    s.name(plan.recipient, "recipient").say(".")
    if known:
        s.mark("name_order", int(plan.giver is plan.second), start)
    return s


def other_giver(draw: Draw, plan: Plan) -> Plan:
    """The other of the two gives, so the first receives."""
    return plan._replace(giver=plan.recipient, recipient=plan.giver)


def names_swapped(draw: Draw, plan: Plan) -> Plan:
    """The two change places in the opening; who gives and who receives stays."""
    return plan._replace(first=plan.second, second=plan.first)


def third_giver(draw: Draw, plan: Plan) -> Plan:
    """Somebody else gives; nothing settles who receives."""
    return plan._replace(giver=draw.other(NAMES, plan.first, plan.second))


_BEFORE_ANSWER = tuple(ending.removesuffix(" {recipient} .") for ending in ENDINGS)

TASK = register(
    Task(
        name="names",
        summary="Two people meet; one gives something to the other.",
        share=0.25,
        early=0.3,
        templates=tuple(f"{opening} {ending}" for opening in OPENINGS for ending in ENDINGS),
        plan=plan,
        write=write,
        corruptions={"other_giver": other_giver, "names_swapped": names_swapped, "third_giver": third_giver},
        held_out={
            "test": "94 of 780 pairs of people never meet in training",
            "wordings": "4 of 40 combinations of opening and ending never stand in training",
        },
    )
)
