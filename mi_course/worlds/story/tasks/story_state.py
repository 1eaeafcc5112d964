"""Stories in which people take things and go to places, and a reader has to keep track.

`anna took the key . tom took the hat . anna has the key .` and `anna entered the park . tom entered the zoo . anna
entered the cafe . anna reached the cafe .` Two tasks, `holding` and `whereabouts`. Where somebody is asked for who has
moved twice, the later place is right. (Li et al. 2022, "Emergent World Representations", follow the state of a game in
the same way.)
"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import NAMES, OBJECTS, PLACES, Entity
from mi_course.worlds.story.held_out import NAME_OBJECTS, NAME_PLACES
from mi_course.worlds.story.labels import STATE_COLUMNS, STATE_PEOPLE
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register

PERSON, PLACE, OBJECT = range(len(STATE_COLUMNS))


class Event(NamedTuple):
    """Somebody takes something, or enters a place."""

    who: Entity
    what: Entity


class Plan(NamedTuple):
    """All choices of a story: what happens, in order, and who is asked for afterwards, in order."""

    events: tuple[Event, ...]
    asked: tuple[Entity, ...]

    @property
    def final(self) -> dict[Entity, Entity]:
        """What each has, or where each is, at the end."""
        return {event.who: event.what for event in self.events}


def _plan(draw: Draw, split: Split, things: tuple[Entity, ...], held: frozenset[tuple[Entity, Entity]]) -> Plan:
    """In the test split the first one asked for has, or is at, what they never had or never were at in training."""
    n = draw.pick((2, 2, 2, 3, 3, 4, 5, STATE_PEOPLE))
    while True:
        people = draw.sample(NAMES, n)
        chosen = draw.sample(things, n + 1)
        events = [Event(*pair) for pair in zip(people, chosen, strict=False)]
        if things is PLACES and draw.chance(0.3):
            mover = draw.below(n)
            events.insert(draw.between(mover + 1, n), Event(people[mover], chosen[n]))
        final = {event.who: event.what for event in events}
        new = [person for person in people if (person, final[person]) in held]
        if split != "test" and any(tuple(event) in held for event in events):
            continue
        if split == "test" and not new:
            continue
        asked = draw.shuffled(people) if n > 3 else draw.sample(people, draw.between(1, n))
        if new and split == "test":
            asked = [new[0], *(person for person in asked if person is not new[0])]
        return Plan(tuple(events), tuple(asked))


def _write(plan: Plan, happens: str, holds: str, role: str, column: int) -> Sentence:
    s = Sentence()
    order = list(dict.fromkeys(event.who for event in plan.events))
    label = f"subject_{STATE_COLUMNS[column]}"
    now: dict[Entity, Entity] = {}

    def clause(who: Entity, verb: str, what: Entity, ask: bool) -> None:
        start = len(s)
        s.name(who, "mover" if column == PLACE else "holder")
        if who not in now:
            s.know(order.index(who), PERSON, who.number)
        s.say(verb).say("the")
        if ask:
            wrong = tuple(there.ids[0] for person, there in now.items() if person is not who)
            s.ask(role, what.ids, wrong)
        if who in now:
            s.mark(label, now[who].number, start)
        s.name(what, role)
        now[who] = what
        s.know(order.index(who), column, what.number).say(".").mark(label, what.number, len(s) - 2)

    for number, event in enumerate(plan.events):
        spots, s.spots = s.spots, {}
        clause(event.who, happens, event.what, ask=False)
        s.spots = spots | {f"event {number + 1} {name}": at for name, at in s.spots.items()}
    final = plan.final
    for number, person in enumerate(plan.asked):
        spots, s.spots = s.spots, {}
        clause(person, holds, final[person], ask=True)
        s.spots = spots | {f"asked {number + 1} {name}": at for name, at in s.spots.items()}
    return s


def plan_holding(draw: Draw, split: Split = "train") -> Plan:
    """Draw a story in which people take things."""
    return _plan(draw, split, OBJECTS, NAME_OBJECTS)


def plan_whereabouts(draw: Draw, split: Split = "train") -> Plan:
    """Draw a story in which people enter places; in three of ten somebody moves on."""
    return _plan(draw, split, PLACES, NAME_PLACES)


def write_holding(plan: Plan) -> Sentence:
    """Write a story in which people take things."""
    return _write(plan, "took", "has", "object", OBJECT)


def write_whereabouts(plan: Plan) -> Sentence:
    """Write a story in which people enter places."""
    return _write(plan, "entered", "reached", "place", PLACE)


def _last_event(plan: Plan, who: Entity) -> int:
    return max(number for number, event in enumerate(plan.events) if event.who is who)


def swapped(draw: Draw, plan: Plan) -> Plan:
    """The one asked for first and somebody else have, or are at, what the other had."""
    one = _last_event(plan, plan.asked[0])
    two = _last_event(plan, draw.other([event.who for event in plan.events], plan.asked[0]))
    events = list(plan.events)
    events[one], events[two] = (
        events[one]._replace(what=events[two].what),
        events[two]._replace(what=events[one].what),
    )
    return plan._replace(events=tuple(events))


def elsewhere(draw: Draw, plan: Plan) -> Plan:
    """The one asked for first has, or is at, something that nobody else has."""
    one = _last_event(plan, plan.asked[0])
    taken = [event.what for event in plan.events]
    things = OBJECTS if taken[0].category == "object" else PLACES
    events = list(plan.events)
    events[one] = events[one]._replace(what=draw.other(things, *taken))
    return plan._replace(events=tuple(events))


HOLDING = register(
    Task(
        name="holding",
        summary="Who has what.",
        share=0.07,
        templates=("{holder} took the {object} . … {holder} has the {object} .",),
        plan=plan_holding,
        write=write_holding,
        corruptions={"swapped": swapped, "elsewhere": elsewhere},
        asks_first=True,
        held_out={"test": "72 of 600 combinations of person and object never stand in a story of training"},
    )
)
WHEREABOUTS = register(
    Task(
        name="whereabouts",
        summary="Who is where, after one move or two.",
        share=0.12,
        templates=("{mover} entered the {place} . … {mover} reached the {place} .",),
        plan=plan_whereabouts,
        write=write_whereabouts,
        corruptions={"swapped": swapped, "elsewhere": elsewhere},
        asks_first=True,
        held_out={"test": "72 of 600 combinations of person and place never stand in a story of training"},
    )
)
