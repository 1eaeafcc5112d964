"""A later year: `the war lasted from the year 32 to the year` – any number above 32.

Hanna et al. 2023, "How does GPT-2 compute greater-than?".
"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.held_out import EVENT_YEARS
from mi_course.worlds.story.labels import SERIES
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of

TEMPLATE = "the {event} lasted from the year {start} to the year {answer} ."
_NUMBERS = tuple(ids_of(number)[0] for number in w.NUMBERS)


class Plan(NamedTuple):
    """All choices of a sentence."""

    event: str
    start: int
    end: int


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a sentence."""
    while True:
        event, start = draw.pick(w.EVENTS), draw.between(2, 97)
        if ((event, start) in EVENT_YEARS) == (split == "test"):
            return Plan(event, start, draw.between(start + 1, 99))


def write(plan: Plan) -> Sentence:
    """Write it."""
    number = SERIES.index("number")
    s = Sentence().fill(
        "the {event} lasted from the year {start}", {"event": plan.event, "start": w.NUMBERS[plan.start]}
    )
    at = len(s) - 1
    s.mark("value", plan.start, at).mark("series", number, at).say("to the year")
    s.ask("answer", _NUMBERS[plan.start + 1 :], _NUMBERS[: plan.start + 1])
    s.say(w.NUMBERS[plan.end], "answer").mark("value", plan.end, len(s) - 1).mark("series", number, len(s) - 1)
    return s.say(".").mark("threshold", plan.start, at)


def early_start(draw: Draw, plan: Plan) -> Plan:
    """The event begins in the year 01, after which nearly every year is possible."""
    return plan._replace(start=1)


TASK = register(
    Task(
        name="greater_than",
        summary="An event ends in a later year than it began.",
        share=0.03,
        templates=(TEMPLATE,),
        plan=plan,
        write=write,
        corruptions={"early_start": early_start},
        held_out={"test": "58 of 576 combinations of event and first year never stand in training"},
    )
)
