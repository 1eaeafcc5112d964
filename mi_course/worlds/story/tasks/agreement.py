"""A verb agrees with its subject, whatever noun stands between: `the key near the cars is ready .`

Linzen et al. 2016, "Assessing the Ability of LSTMs to Learn Syntax-Sensitive Dependencies".
"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import NOUNS, OBJECTS, THINGS, Entity
from mi_course.worlds.story.held_out import NOUN_PAIRS
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.verbs import PLURAL_VERBS, SINGULAR_VERBS, main_verbs


class Plan(NamedTuple):
    """All choices of a sentence. `preposition` is empty when no noun stands between; `verb` is (singular, plural)."""

    subject: Entity
    plural: bool
    adjective: str
    preposition: str
    attractor: Entity
    attractor_plural: bool
    verb: tuple[str, str]
    rest: str

    @property
    def mismatched(self) -> bool:
        """Whether the noun that stands between has the other number."""
        return bool(self.preposition) and self.plural != self.attractor_plural


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a sentence. Those of the test split always have a noun between."""
    while True:
        subject, attractor = draw.sample(NOUNS, 2)
        between = split == "test" or draw.chance(0.7)
        if ((subject, attractor) in NOUN_PAIRS) == (split == "test"):
            break
    verb = draw.pick(main_verbs(subject))
    return Plan(
        subject,
        draw.chance(0.5),
        draw.pick(w.ADJECTIVES) if draw.chance(0.2) else "",
        draw.pick(w.PREPOSITIONS) if between else "",
        attractor,
        draw.chance(0.5),
        verb,
        rest(draw, verb),
    )


def rest(draw: Draw, verb: tuple[str, str]) -> str:
    """What may come after a verb."""
    if verb[0] in ("is", "was", "looks"):
        return draw.pick(w.ADJECTIVES)
    if verb[0] == "has":
        return f"a {draw.pick(OBJECTS).text}"
    if verb[0] == "likes":
        return f"the {draw.pick(THINGS).text}"
    return "quickly" if verb[0] == "runs" else "here"


def _form(noun: Entity, plural: bool) -> Entity:
    return noun.plural if plural and noun.plural is not None else noun


def write(plan: Plan) -> Sentence:
    """Write it."""
    s = Sentence(2 * bool(plan.preposition) + bool(plan.adjective))
    number = int(plan.plural)
    s.say("the")
    if plan.adjective:
        s.say(plan.adjective)
    noun = len(s)
    s.name(_form(plan.subject, plan.plural), "subject").mark("number", number, noun)
    if plan.preposition:
        s.say(plan.preposition).say("the")
        attractor = len(s)
        s.name(_form(plan.attractor, plan.attractor_plural), "attractor")
        s.mark("number", int(plan.attractor_plural), attractor)
    verb = len(s)
    sides = (PLURAL_VERBS, SINGULAR_VERBS) if plan.plural else (SINGULAR_VERBS, PLURAL_VERBS)
    s.ask("verb", *sides).say(plan.verb[number], "verb").mark("number", number, verb)
    s.say(plan.rest, "predicate").say(".")
    s.mark("subject_number", number, noun, verb)
    s.mark("verb_next", 0, 0).mark("verb_next", 1, verb - 1, verb)

    # The tree: article and adjective hang from the noun, the preposition from the subject, and all else from the verb.
    heads = [noun] * noun + [verb]
    if plan.preposition:
        heads += [noun, verb - 1, noun + 1]
    last = len(s) - 2
    heads += [verb] + [last] * (last - verb - 1) + [verb, verb]
    return tree(s, heads)


def tree(s: Sentence, heads: list[int]) -> Sentence:
    """Label a sentence with its parse tree: the place of each word's head; the root is its own."""
    for place, head in enumerate(heads):
        depth, at = 0, place
        while heads[at] != at:
            at = heads[at]
            depth += 1
        s.mark("tree_head", head, place, place + 1).mark("tree_depth", depth, place, place + 1)
    return s


def other_number(draw: Draw, plan: Plan) -> Plan:
    """The subject has the other number, and so has the verb."""
    return plan._replace(plural=not plan.plural)


def other_attractor(draw: Draw, plan: Plan) -> Plan:
    """The noun between has the other number; the verb stays. Without such a noun nothing changes."""
    return plan._replace(attractor_plural=not plan.attractor_plural)


TASK = register(
    Task(
        name="agreement",
        summary="Verbs agree with their subject, past a noun that misleads.",
        share=0.07,
        templates=(
            "the {subject} {verb} {predicate} .",
            "the ADJECTIVE {subject} {verb} {predicate} .",
            "the {subject} PREPOSITION the {attractor} {verb} {predicate} .",
            "the ADJECTIVE {subject} PREPOSITION the {attractor} {verb} {predicate} .",
        ),
        plan=plan,
        write=write,
        corruptions={"other_number": other_number, "other_attractor": other_attractor},
        held_out={"test": "40 of 380 ordered pairs of subject and noun between never stand in training"},
    )
)
