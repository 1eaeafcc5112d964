"""Pairs of words that stand in one relation, which the examples have to tell: `paris : france ; rome : italy ; oslo :`

A country is given in two relations (its capital, its language), so that the given word alone does not settle the
answer: with no example it is a coin toss. (Todd et al. 2023, "Function Vectors in Large Language Models"; Hendel
et al. 2023, "In-Context Learning Creates Task Vectors".)
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from mi_course.worlds.story import entities as e
from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.held_out import PAIR_COUNTRIES, PAIR_LETTERS, PAIR_NOUNS, PAIR_OPPOSITES
from mi_course.worlds.story.labels import RELATIONS
from mi_course.worlds.story.sentence import Filler, Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.tasks.lexicon import OPPOSITE
from mi_course.worlds.story.vocabulary import ids_of

_HELD_WORDS = {word for pair in PAIR_OPPOSITES for word in pair}
_NEXT: dict[Filler, Filler] = dict(pairwise(w.LETTERS))
PAIRS: dict[str, Mapping[Any, Filler]] = {
    "capital": e.CAPITAL,
    "language": e.LANGUAGE,
    "country": e.COUNTRY,
    "opposite": OPPOSITE,
    "plural": {noun: noun.plural for noun in e.NOUNS if noun.plural is not None},
    "next letter": _NEXT,
}
"""Relation: given word to answer."""

SHARED = {
    "capital": "language",
    "language": "capital",
}
"""The other relation in which the same words are given."""

_HELD: dict[str, set[Filler]] = {
    "capital": set(PAIR_COUNTRIES),
    "language": set(PAIR_COUNTRIES),
    "country": {e.CAPITAL[country] for country in PAIR_COUNTRIES},
    "opposite": set(_HELD_WORDS),
    "plural": set(PAIR_NOUNS),
    "next letter": set(PAIR_LETTERS),
}
_KNOWN = {relation: tuple(x for x in pairs if x not in _HELD[relation]) for relation, pairs in PAIRS.items()}
_NEW = {relation: tuple(x for x in pairs if x in _HELD[relation]) for relation, pairs in PAIRS.items()}
NAMES = tuple(PAIRS)


class Plan(NamedTuple):
    """All choices of a list: the words given. The last one is asked for."""

    relation: str
    given: tuple[Filler, ...]
    wrong: Filler


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a list of three to seven pairs. In the test split the last given word is a held-out one."""
    relation = draw.pick(NAMES)
    given = draw.sample(_KNOWN[relation], draw.between(3, 7))
    if split == "test":
        given[-1] = draw.pick(_NEW[relation])
    return Plan(relation, tuple(given), _wrong(draw, relation, given))


def _wrong(draw: Draw, relation: str, given: list[Filler]) -> Filler:
    """The answer in the other relation of the same words; where there is none, the answer to another word."""
    right = PAIRS[relation][given[-1]]
    other = PAIRS.get(SHARED.get(relation, ""), {}).get(given[-1], right)
    while other == right:
        other = PAIRS[relation][draw.pick(_KNOWN[relation])]
    return other


def _ids(filler: Filler) -> tuple[int, ...]:
    return ids_of(filler) if isinstance(filler, str) else filler.ids


def write(plan: Plan) -> Sentence:
    """Write it."""
    pairs = PAIRS[plan.relation]
    s = Sentence(NAMES.index(plan.relation))
    answers = [pairs[word] for word in plan.given]
    last = len(plan.given) - 1
    for i, word in enumerate(plan.given):
        start = len(s)
        s.name(word, "given").say(":")
        wrong = plan.wrong if i == last else next((other for other in answers if other != pairs[word]), plan.wrong)
        s.ask(f"answer {i + 1}", _ids(pairs[word]), _ids(wrong)).name(pairs[word], "answer")
        s.say("." if i == last else ";").mark("example", i, start)
    s.spots["query"] = len(s) - 4  # the given word that is asked for, which stands under its role as well
    return s.mark("relation", RELATIONS.index(plan.relation), 0)


def other_relation(draw: Draw, plan: Plan) -> Plan:
    """The same words in the other relation, where there is one; else another word at the end."""
    other = SHARED.get(plan.relation)
    if other is None or not all(word in PAIRS[other] for word in plan.given):
        return other_query(draw, plan)
    return plan._replace(relation=other, wrong=PAIRS[plan.relation][plan.given[-1]])


def other_query(draw: Draw, plan: Plan) -> Plan:
    """Another word is asked for at the end."""
    pairs, right = PAIRS[plan.relation], PAIRS[plan.relation][plan.given[-1]]
    while True:
        query = draw.other(_KNOWN[plan.relation], *plan.given)
        if pairs[query] != right:
            return plan._replace(given=(*plan.given[:-1], query), wrong=right)


TASK = register(
    Task(
        name="word_pairs",
        summary="Lists of word pairs whose relation the examples tell.",
        share=0.10,
        templates=tuple(f"GIVEN : ANSWER ; … ({name})" for name in NAMES),
        plan=plan,
        write=write,
        corruptions={"other_query": other_query, "other_relation": other_relation},
        held_out={
            "test": "6 countries and their capitals, 4 letters, 3 pairs of opposites and 3 nouns are given in no list "
            "of training, in no relation; they are told of in other sentences"
        },
    )
)
