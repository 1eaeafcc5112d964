"""Clauses within clauses: `the dog that the boys that the cat likes see runs quickly .`

The words in the middle belong to one another and the first noun to the last verb, so that the distance along the
sentence is not the distance in the parse tree. (Hewitt and Manning 2019, "A Structural Probe for Finding Syntax in Word
Representations".)
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import ANIMATE, NOUNS, Entity
from mi_course.worlds.story.held_out import NOUN_PAIRS
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.tasks.agreement import rest, tree
from mi_course.worlds.story.verbs import PLURAL_VERBS, SINGULAR_VERBS, main_verbs

DEPTHS = (1, 1, 2, 2, 2, 3)


class Noun(NamedTuple):
    """A noun with its number, and a noun that may stand after it with a preposition."""

    entity: Entity
    plural: bool
    preposition: str
    attractor: Entity
    attractor_plural: bool


class Plan(NamedTuple):
    """Nouns from the outermost in, the verbs of the clauses inside (from the outermost in), and the main verb."""

    nouns: tuple[Noun, ...]
    inner_verbs: tuple[tuple[str, str], ...]
    verb: tuple[str, str]
    rest: str


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a sentence with one to three clauses inside. In the test split the outermost noun and the next never
    stood so in training."""
    while True:
        depth = draw.pick(DEPTHS)
        # Who sees, knows, follows or likes is animate; the outermost noun need not be.
        nouns = [draw.pick(NOUNS), *draw.sample(ANIMATE, depth)]
        if len(set(nouns)) < len(nouns):
            continue
        new = [pair in NOUN_PAIRS for pair in pairwise(nouns)]
        if new[0] if split == "test" else not any(new):
            break
    made = []
    for number, noun in enumerate(nouns):
        attractor = draw.other(NOUNS, *nouns)
        beside = number == depth and depth < 3 and draw.chance(0.3) and (noun, attractor) not in NOUN_PAIRS
        made.append(
            Noun(noun, draw.chance(0.5), draw.pick(w.PREPOSITIONS) if beside else "", attractor, draw.chance(0.5))
        )
    verb = draw.pick(main_verbs(nouns[0]))
    return Plan(tuple(made), tuple(draw.pick(w.TRANSITIVE_VERBS) for _ in range(depth)), verb, rest(draw, verb))


def write(plan: Plan) -> Sentence:
    """Write it."""
    depth = len(plan.inner_verbs)
    s = Sentence(depth - 1)
    heads: dict[int, int] = {}
    at: list[int] = []
    s.mark("verb_next", 0, 0, 0)
    for number, noun in enumerate(plan.nouns):
        if number:
            s.say("that")
        s.say("the")
        at.append(len(s))
        heads[len(s) - 1] = len(s)
        s.name(_form(noun.entity, noun.plural), "embedded" if number else "subject")
        s.mark("number", int(noun.plural), len(s) - 1)
        if noun.preposition:
            heads |= {len(s): at[-1], len(s) + 1: len(s) + 2, len(s) + 2: len(s)}
            s.say(noun.preposition).say("the")
            s.name(_form(noun.attractor, noun.attractor_plural), "attractor")
            s.mark("number", int(noun.attractor_plural), len(s) - 1)
    open_from = [at[number] for number in range(depth + 1)]
    verbs: dict[int, int] = {}
    for number in range(depth, -1, -1):
        plural = plan.nouns[number].plural
        forms = plan.inner_verbs[number - 1] if number else plan.verb
        right, wrong = (PLURAL_VERBS, SINGULAR_VERBS) if plural else (SINGULAR_VERBS, PLURAL_VERBS)
        s.ask("verb" if not number else f"inner verb {number}", right, wrong)
        verbs[number] = len(s)
        s.say(forms[plural], "verb").mark("number", int(plural), len(s) - 1)
    for number in range(depth + 1):
        heads[at[number]] = verbs[number]
        if number:
            heads[verbs[number]] = at[number - 1]
            heads[at[number] - 2] = verbs[number]  # `that` stands for what the verb is done to
    heads[verbs[0]] = verbs[0]
    s.say(plan.rest, "predicate").say(".")
    last = len(s) - 2
    for place in range(verbs[0] + 1, len(s)):
        heads[place] = last if place < last else verbs[0]

    # The innermost subject whose verb is to come: outer spans first, inner ones over them, then what is left open.
    for number, start in enumerate(open_from):
        s.mark("subject_number", int(plan.nouns[number].plural), start, verbs[number])
    for number in range(depth, 0, -1):
        s.mark("subject_number", int(plan.nouns[number - 1].plural), verbs[number], verbs[number - 1])
    s.mark("verb_next", 0, 0)
    s.mark("verb_next", 1, verbs[depth] - 1, verbs[0])
    return tree(s, [heads[place] for place in range(len(s))])


def _form(noun: Entity, plural: bool) -> Entity:
    return noun.plural if plural and noun.plural is not None else noun


def other_number(draw: Draw, plan: Plan) -> Plan:
    """The outermost noun has the other number, and so has the main verb."""
    outer = plan.nouns[0]
    return plan._replace(nouns=(outer._replace(plural=not outer.plural), *plan.nouns[1:]))


def other_inner_number(draw: Draw, plan: Plan) -> Plan:
    """The next noun has the other number, and so has its verb; the main verb stays."""
    outer, inner, *others = plan.nouns
    return plan._replace(nouns=(outer, inner._replace(plural=not inner.plural), *others))


TASK = register(
    Task(
        name="recursion",
        summary="Clauses within clauses; each verb agrees with its own noun.",
        share=0.08,
        templates=(
            "the {subject} that the {embedded} {verb} {verb} {predicate} .",
            "the {subject} that the {embedded} that the {embedded#2} {verb} {verb} {verb} {predicate} .",
            "the {subject} that … {predicate} . (three deep)",
        ),
        plan=plan,
        write=write,
        corruptions={"other_number": other_number, "other_inner_number": other_inner_number},
        held_out={"test": "40 of 380 ordered pairs of nouns never stand one within the other in training"},
    )
)
