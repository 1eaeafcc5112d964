"""Statements that the words before them settle, called true or false: `code : teal 07 oslo ; teal 07 oslo : true .`

They are to `truth` what a drill is to a game: what was to be expected has to be compared with what stands there.
Codes are random, so nothing can be learned by heart; and they are made of all words, those of held-out entities
among them, so that the comparison works for these words too. Nothing is said about the world.
"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import NAMES, OBJECTS, Entity
from mi_course.worlds.story.held_out import NAME_OBJECTS
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.tasks.repetition import POOL
from mi_course.worlds.story.vocabulary import ids_of

CODE, LETTERS, STORY = range(3)
_NAMED = (*(row[i] for row in w.COUNTRIES for i in range(3)), *w.JOBS, *w.SPORTS, *w.INSTRUMENTS)


class Plan(NamedTuple):
    """All choices of a check.

    kind: a code said twice, the next letter, or who has what.
    words: the code, the letters or the objects. people: who has them.
    last: what the statement ends with. other: what it would end with if its verdict were the other one.
    """

    kind: int
    words: tuple[str, ...]
    people: tuple[Entity, ...]
    last: str
    other: str
    true: bool


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a check; as many are true as are false."""
    kind, true = draw.pick((CODE, CODE, CODE, LETTERS, STORY)), draw.chance(0.5)
    people: tuple[Entity, ...] = ()
    if kind == CODE:
        pool = draw.pick((POOL, _NAMED))
        words = tuple(draw.sample(pool, draw.between(2, 6)))
        right, wrong = words[-1], draw.other(pool, *words)
    elif kind == LETTERS:
        start = draw.below(25)
        words = (w.LETTERS[start],)
        right, wrong = w.LETTERS[start + 1], draw.other(w.LETTERS, w.LETTERS[start + 1], words[0])
    else:
        while True:
            people, objects = tuple(draw.sample(NAMES, 2)), draw.sample(OBJECTS, 2)
            if not any(pair in NAME_OBJECTS for pair in zip(people, objects, strict=True)):
                break
        words = tuple(thing.text for thing in objects)
        asked = draw.below(2)
        right, wrong = words[asked], words[1 - asked]
        people = (*people, people[asked])
    return Plan(kind, words, people, *((right, wrong) if true else (wrong, right)), true)


def write(plan: Plan) -> Sentence:
    """Write it."""
    s = Sentence(plan.kind)
    if plan.kind == CODE:
        s.say("code :")
        for word in plan.words:
            s.say(word, "word")
        s.say(";")
        for word in plan.words[:-1]:
            s.say(word, "word")
    elif plan.kind == LETTERS:
        s.say("after").say(plan.words[0], "word").say("comes")
    else:
        for person, thing in zip(plan.people, plan.words, strict=False):
            s.name(person, "holder").say("took the").say(thing, "object").say(".")
        s.name(plan.people[-1], "holder").say("has the")
    s.say(plan.last, "answer")
    settled = len(s) - 1
    verdicts = ("true", "false") if plan.true else ("false", "true")
    s.say(":").ask("verdict", ids_of(verdicts[0]), ids_of(verdicts[1])).say(verdicts[0], "verdict")
    return s.mark("truth", int(plan.true), settled).say(".")


def other_truth(draw: Draw, plan: Plan) -> Plan:
    """The statement ends so that the opposite verdict holds."""
    return plan._replace(last=plan.other, other=plan.last, true=not plan.true)


TASK = register(
    Task(
        name="checks",
        summary="Statements that what stands before them makes true or false.",
        share=0.15,
        templates=(
            "code : WORD … ; WORD … {answer} : {verdict} .",
            "after {word} comes {answer} : {verdict} .",
            "{holder} took the {object} . {holder} took the {object} . {holder} has the {answer} : {verdict} .",
        ),
        plan=plan,
        write=write,
        corruptions={"other_truth": other_truth},
    )
)
