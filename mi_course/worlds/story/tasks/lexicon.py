"""What words have to do with one another, told outright: `the opposite of tall is short .`, `one key and many keys
.`
"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import NOUNS, Entity
from mi_course.worlds.story.labels import RELATIONS
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of

OPPOSITE: dict[str, str] = {a: b for pair in w.OPPOSITES for a, b in (pair, pair[::-1])}
WORDS = tuple(OPPOSITE)
TEMPLATES = ("the opposite of {given} is {answer} .", "one {given} and many {answer} .")


class Plan(NamedTuple):
    """All choices of a sentence: an adjective, or a noun."""

    adjective: str
    noun: Entity | None
    wrong: str


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a sentence; opposites come twice as often as plurals."""
    if draw.chance(2 / 3):
        adjective = draw.pick(WORDS)
        return Plan(adjective, None, draw.other(WORDS, adjective, OPPOSITE[adjective]))
    noun = draw.pick(NOUNS)
    return Plan("", noun, _plural(draw.other(NOUNS, noun)))


def _plural(noun: Entity) -> str:
    assert noun.plural is not None
    return noun.plural.text


def write(plan: Plan) -> Sentence:
    """Write it."""
    s = Sentence(int(plan.noun is not None))
    if plan.noun is None:
        answer, relation = OPPOSITE[plan.adjective], "opposite"
        s.say("the opposite of").say(plan.adjective, "given").say("is")
        s.ask("answer", ids_of(answer), ids_of(plan.wrong)).say(answer, "answer")
    else:
        assert plan.noun.plural is not None
        relation = "plural"
        s.say("one").name(plan.noun, "given").mark("number", 0, 1).say("and many")
        s.ask("answer", plan.noun.plural.ids, ids_of(plan.wrong)).name(plan.noun.plural, "answer").mark("number", 1, 4)
    return s.say(".").mark("relation", RELATIONS.index(relation), 0)


def other_word(draw: Draw, plan: Plan) -> Plan:
    """Another adjective or noun is given."""
    if plan.noun is None:
        return plan._replace(
            adjective=draw.other(WORDS, plan.adjective, OPPOSITE[plan.adjective]), wrong=OPPOSITE[plan.adjective]
        )
    return plan._replace(noun=draw.other(NOUNS, plan.noun), wrong=_plural(plan.noun))


TASK = register(
    Task(
        name="lexicon",
        summary="Opposites and plurals.",
        share=0.05,
        templates=TEMPLATES,
        plan=plan,
        write=write,
        corruptions={"other_word": other_word},
    )
)
