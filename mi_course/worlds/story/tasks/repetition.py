"""A code that is said twice or three times: `code : teal 07 oslo ; teal 07 oslo .` Words are drawn at random."""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of

_NOT_IN_CODES = {w.BOS_WORD, w.PAD_WORD, *w.PUNCTUATION, *w.FUNCTION_WORDS} - set(w.LETTERS)
POOL = tuple(word for word in w.VOCABULARY if word not in _NOT_IN_CODES)
"""Words that codes are made of: all but function words and punctuation."""
CODE_POOLS = (POOL, POOL, w.LETTERS, (*w.MALE_NAMES, *w.FEMALE_NAMES, *w.OBJECTS))
SEPARATORS = (";", ",", ":", "and then", "")


class Plan(NamedTuple):
    """All choices of a code. There is a third copy where there is a second separator."""

    introduced: bool
    code: tuple[str, ...]
    separator: str
    second_separator: str


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a code of 3 to 16 words."""
    pool = draw.pick(CODE_POOLS)
    code = tuple(draw.pick(pool) for _ in range(draw.between(3, 16)))
    thrice = draw.chance(0.3)
    return Plan(draw.chance(0.5), code, draw.pick(SEPARATORS), draw.pick((";", ",")) if thrice else "")


def write(plan: Plan) -> Sentence:
    """Write it."""
    s = Sentence(2 * bool(plan.second_separator) + plan.introduced)
    if plan.introduced:
        s.say("code :")
    source = len(s)
    for word in plan.code:
        s.say(word, "word")
    copies = (plan.separator, plan.second_separator) if plan.second_separator else (plan.separator,)
    for copy, separator in enumerate(copies):
        s.say(separator)
        start = len(s)
        for place, word in enumerate(plan.code):
            other = next((other for other in plan.code if other != word), None)
            if place and not copy and other is not None:
                s.ask("word", ids_of(word), ids_of(other))
            s.mark("previous_copy", source + place, len(s), len(s) + 1).say(word, "word")
        source = start
    return s.say(".")


def other_word(draw: Draw, plan: Plan) -> Plan:
    """The second word of the code is another one, in both copies."""
    return plan._replace(code=(plan.code[0], draw.other(POOL, *plan.code), *plan.code[2:]))


TASK = register(
    Task(
        name="repetition",
        summary="Random words that come again.",
        share=0.10,
        early=2.5,
        templates=("WORD … ; WORD … .", "code : WORD … ; WORD … .", "thrice", "code : thrice"),
        plan=plan,
        write=write,
        corruptions={"other_word": other_word},
    )
)
