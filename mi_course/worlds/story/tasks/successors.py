"""Letters and numbers in their order: `count 07 08 09 10 .`, `letters d e f g .`, `after d comes e .`

Gould et al. 2023, "Successor Heads: Recurring, Interpretable Attention Heads In The Wild".
"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.labels import SERIES
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of

WORDINGS = ("count", "letters", "after {word} comes", "before {word} comes")
_HELD_OUT_STARTS = (13, 37, 58, 81)


class Plan(NamedTuple):
    """All choices of a sentence: its first item and how many there are."""

    wording: int
    start: int
    length: int

    @property
    def series(self) -> tuple[str, ...]:
        """What is counted."""
        return w.NUMBERS if self.wording == 0 else w.LETTERS

    @property
    def step(self) -> int:
        """1 forwards, -1 backwards."""
        return -1 if self.wording == 3 else 1


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a sentence. The test split counts from starts from which training never counts."""
    while True:
        wording = 0 if split == "test" else draw.below(len(WORDINGS))
        length = draw.between(3, 6) if wording < 2 else 2
        n = 100 if wording == 0 else 26
        start = draw.between(1, n - 1) if wording == 3 else draw.below(n - length + 1)
        if (wording == 0 and start in _HELD_OUT_STARTS) == (split == "test"):
            return Plan(wording, start, length)


def write(plan: Plan) -> Sentence:
    """Write it."""
    series = plan.series
    kind = SERIES.index("number" if plan.wording == 0 else "letter")
    items = [plan.start + plan.step * i for i in range(plan.length)]
    s = Sentence(plan.wording)
    told = plan.wording > 1
    s.say("after" if plan.wording == 2 else "before" if plan.wording == 3 else WORDINGS[plan.wording])
    for place, item in enumerate(items):
        if told and place == 1:
            s.say("comes")
        if place:
            wrong = (
                items[place - 1] - plan.step if 0 <= items[place - 1] - plan.step < len(series) else items[place - 1]
            )
            s.ask("word", ids_of(series[item]), ids_of(series[wrong]))
        at = len(s)
        s.say(series[item], "word").mark("value", item, at).mark("series", kind, at)
    return s.say(".").mark("step", 1, 0).mark("direction", int(plan.step > 0), 0)


def other_start(draw: Draw, plan: Plan) -> Plan:
    """The series begins elsewhere; a sequence is moved as a whole."""
    low, high = (1, 25) if plan.wording == 3 else (0, len(plan.series) - plan.length)
    while True:
        start = draw.between(low, high)
        if start != plan.start:
            return plan._replace(start=start)


TASK = register(
    Task(
        name="successors",
        summary="Numbers and letters in order.",
        share=0.06,
        templates=("count WORD WORD …", "letters WORD WORD …", "after WORD comes WORD .", "before WORD comes WORD ."),
        plan=plan,
        write=write,
        corruptions={"other_start": other_start},
        held_out={"test": "training never counts from 13, 37, 58 or 81"},
    )
)
