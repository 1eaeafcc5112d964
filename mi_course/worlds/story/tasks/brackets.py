"""Two kinds of brackets, up to three deep, closed in the right order: `list : ( olive [ teal ] ) .`"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of

CLOSER = {"(": ")", "[": "]"}
HELD_OUT_NEST = ("[", "(", "[")
"""Three brackets open at once in this order never stand in training."""


class Plan(NamedTuple):
    """The words of the list. It always holds at least one bracket."""

    words: tuple[str, ...]


def _draw_list(draw: Draw) -> tuple[tuple[str, ...], bool]:
    words: list[str] = []
    nest: list[str] = []
    length, met = draw.between(6, 12), False
    while len(words) < length or nest:
        x = draw.number()
        if len(words) < length and x < 0.25 and len(nest) < 3:
            nest.append(draw.pick("(["))
            words.append(nest[-1])
            met = met or tuple(nest) == HELD_OUT_NEST
        elif nest and (x < 0.5 or len(words) >= length):
            words.append(CLOSER[nest.pop()])
        else:
            words.append(draw.pick(w.COLOURS))
    return tuple(words), met


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a list."""
    while True:
        words, met = _draw_list(draw)
        if met == (split == "test") and any(word in CLOSER for word in words):
            return Plan(words)


def write(plan: Plan) -> Sentence:
    """Write it."""
    s = Sentence().say("list :")
    nest: list[str] = []
    for label in ("bracket_depth", "round_depth", "square_depth"):
        s.mark(label, 0, 0)
    for word in plan.words:
        at = len(s)
        if word in CLOSER:
            nest.append(word)
            s.say(word, "opener")
        elif nest and word == CLOSER[nest[-1]]:
            nest.pop()
            s.ask("closer", ids_of(word), ids_of(")" if word == "]" else "]")).say(word, "closer")
        else:
            s.say(word, "colour")
        s.mark("bracket_depth", len(nest), at)
        s.mark("round_depth", nest.count("("), at).mark("square_depth", nest.count("["), at)
    s.say(".")
    for label in ("bracket_depth", "round_depth", "square_depth"):
        s.mark(label, 0, len(s) - 1)
    return s


def other_bracket(draw: Draw, plan: Plan) -> Plan:
    """The bracket that is closed first of all is of the other kind, and so is what closes it."""
    words = list(plan.words)
    closing = next(place for place, word in enumerate(words) if word in CLOSER.values())
    opening = max(place for place in range(closing) if words[place] in CLOSER)
    words[opening] = "[" if words[opening] == "(" else "("
    words[closing] = CLOSER[words[opening]]
    return Plan(tuple(words))


TASK = register(
    Task(
        name="brackets",
        summary="Lists of colours in nested brackets.",
        share=0.04,
        templates=("list : WORD … .",),
        plan=plan,
        write=write,
        corruptions={"other_bracket": other_bracket},
        asks_first=True,
        held_out={"test": "[ ( [ open at once never stands in training"},
    )
)
