"""What somebody thought, and what they did then: `the movie was awful . i hated it .`"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import THINGS, Entity
from mi_course.worlds.story.held_out import THING_WORDS
from mi_course.worlds.story.sentence import Filler, Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of

REVIEWS = ("the {thing} was {judgement}", "the {thing} was {judgement} and the {thing#2} was {judgement#2}")
REACTIONS = (
    ("i", ("hated", "loved"), "it ."),
    ("i would", ("avoid", "recommend"), "this ."),
    ("i", ("cried", "smiled"), ". overall it was {judgement#3} ."),
)
"""What stands before the reaction, the reaction (negative, positive), and what comes after it."""


class Plan(NamedTuple):
    """All choices of a text. The judgements are indices into the positive words or the negative ones."""

    positive: bool
    review: int
    reaction: int
    things: tuple[Entity, Entity]
    judgements: tuple[int, int, int]


def _word(positive: bool, index: int) -> str:
    return (w.POSITIVE if positive else w.NEGATIVE)[index]


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a text. In the test split every combination of thing and judgement is a held-out one."""
    while True:
        positive, review = draw.chance(0.5), draw.below(2)
        first, second = draw.sample(THINGS, 2)
        judgements = (draw.below(8), draw.below(8), draw.below(8))
        said = [(first, _word(positive, judgements[0])), (second, _word(positive, judgements[1]))][: review + 1]
        new = [pair in THING_WORDS for pair in said]
        if all(new) if split == "test" else not any(new):
            return Plan(positive, review, draw.below(3), (first, second), judgements)


def write(plan: Plan) -> Sentence:
    """Write it."""
    before, reactions, after = REACTIONS[plan.reaction]
    first, second, third = (_word(plan.positive, index) for index in plan.judgements)
    slots: dict[str, Filler] = {
        "thing": plan.things[0],
        "thing#2": plan.things[1],
        "judgement": first,
        "judgement#2": second,
        "judgement#3": third,
    }
    s = Sentence(plan.review * len(REACTIONS) + plan.reaction)
    s.fill(REVIEWS[plan.review], slots)
    start = s.spots["judgement"]
    s.say(".").say(before)
    right, wrong = reactions[plan.positive], reactions[not plan.positive]
    s.ask("reaction", ids_of(right), ids_of(wrong)).say(right, "reaction").fill(after, slots)
    return s.mark("sentiment", int(plan.positive), start)


def other_sentiment(draw: Draw, plan: Plan) -> Plan:
    """All that was good is bad, and the other way round."""
    return plan._replace(positive=not plan.positive)


TASK = register(
    Task(
        name="sentiment",
        summary="A judgement and what follows from it.",
        share=0.05,
        templates=tuple(
            f"{review} . {before} {{reaction}} {after}" for review in REVIEWS for before, _, after in REACTIONS
        ),
        plan=plan,
        write=write,
        corruptions={"other_sentiment": other_sentiment},
        held_out={"test": "24 of 160 combinations of thing and judgement never stand in training"},
    )
)
