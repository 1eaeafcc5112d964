"""Days and months, which have no first and no last: `monday tuesday wednesday .`, `three days after friday comes
monday .`

Engels et al. 2024, "Not All Language Model Features Are One-Dimensionally Linear".
"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.held_out import CIRCLE_STEPS
from mi_course.worlds.story.labels import SERIES
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of

WORDINGS = ("sequence", "after", "before", "sum")
CIRCLES = {"day": w.DAYS, "month": w.MONTHS}


class Plan(NamedTuple):
    """All choices of a sentence. `step` counts places on the circle; `length` is for sequences."""

    wording: int
    unit: str
    start: int
    step: int
    length: int

    @property
    def answer(self) -> int:
        """Where on the circle the sentence ends."""
        n = len(CIRCLES[self.unit])
        return (self.start + self.step * (self.length - 1)) % n


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a sentence. The test split has the held-out sums only."""
    while True:
        wording = 3 if split == "test" else draw.pick((0, 1, 2, 3, 3, 3))
        unit = draw.pick(("day", "month"))
        n = len(CIRCLES[unit])
        start = draw.below(n)
        step = draw.between(1, n - 1) if wording == 3 else -1 if wording == 2 else 1
        if wording == 3 and ((unit, start, step) in CIRCLE_STEPS) != (split == "test"):
            continue
        return Plan(wording, unit, start, step, draw.between(3, 6) if wording == 0 else 2)


def write(plan: Plan) -> Sentence:
    """Write it."""
    circle, kind = CIRCLES[plan.unit], SERIES.index(plan.unit)
    s = Sentence(plan.wording)

    def item(place: int, role: str) -> None:
        at = len(s)
        s.say(circle[place], role).mark("value", place, at).mark("series", kind, at)

    if plan.wording == 0:
        for i in range(plan.length):
            place = (plan.start + i) % len(circle)
            if i > 1:
                s.ask("answer", ids_of(circle[place]), ids_of(circle[(place + 1) % len(circle)]))
            item(place, "word" if i else "start")
    else:
        if plan.wording == 3:
            s.say(w.STEP_WORDS[plan.step - 1], "step")
            s.say(plan.unit + "s" if plan.step > 1 else plan.unit, "unit").say("after")
        else:
            s.say("after" if plan.step > 0 else "before")
        item(plan.start, "start")
        wrong = (plan.answer + (1 if plan.step >= 0 else -1)) % len(circle)
        s.say("comes").ask("answer", ids_of(circle[plan.answer]), ids_of(circle[wrong]))
        item(plan.answer, "answer")
    s.say(".").mark("step", abs(plan.step), 0).mark("direction", int(plan.step > 0), 0)
    return s


def other_start(draw: Draw, plan: Plan) -> Plan:
    """Another day or month to begin with."""
    n = len(CIRCLES[plan.unit])
    return plan._replace(start=(plan.start + draw.between(1, n - 1)) % n)


def other_step(draw: Draw, plan: Plan) -> Plan:
    """Another number of steps. Sentences that say none begin elsewhere instead, and so does `one day`, which would lose
    its singular."""
    n = len(CIRCLES[plan.unit])
    if plan.wording != 3 or plan.step == 1:
        return other_start(draw, plan)
    return plan._replace(step=draw.other(range(2, n), plan.step))


TASK = register(
    Task(
        name="circle",
        summary="Days and months in order, and sums that go round.",
        share=0.08,
        templates=(
            "START WORD WORD … .",
            "after START comes ANSWER .",
            "before START comes ANSWER .",
            "STEP UNIT after START comes ANSWER .",
        ),
        plan=plan,
        write=write,
        corruptions={"other_start": other_start, "other_step": other_step},
        held_out={"test": "17 of 174 sums (unit, start, steps) never stand in training"},
    )
)
