"""Statements called true or false: `paris is in europe : true .`

Five families, so that what is learned from some can be tried on the others. Said and true values are drawn so that the
value alone tells nothing: each is said as often truly as falsely. The statements come late in training: judged before
the facts are known, they are learned by heart, and new ones are not judged right. (Burns et al. 2022, "Discovering
Latent Knowledge in Language Models Without Supervision"; Marks and Tegmark 2023, "The Geometry of Truth".)
"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.kinds import FAMILIES
from mi_course.worlds.story.labels import RELATIONS
from mi_course.worlds.story.sentence import Filler, Sentence
from mi_course.worlds.story.task import Split, Task, register
from mi_course.worlds.story.vocabulary import ids_of

# By split, family and value: whom a statement may be about.
_SUBJECTS = {
    held: tuple(
        {value: subjects for value in family.values if (subjects := family.subjects(value, held))}
        for family in FAMILIES
    )
    for held in (False, True)
}


class Plan(NamedTuple):
    """All choices of a statement. `other` is said when it is false."""

    family: int
    subject: Filler
    other: str
    true: bool

    @property
    def said(self) -> str:
        """What the statement says of its subject."""
        return FAMILIES[self.family].value[self.subject] if self.true else self.other


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a statement; as many are true as are false, of every value too: what is said is always something of which
    the split has subjects."""
    family = draw.below(len(FAMILIES))
    subjects = _SUBJECTS[split == "test"][family]
    value = draw.pick(tuple(subjects))
    subject = draw.pick(subjects[value])
    return Plan(family, subject, draw.other(tuple(subjects), value), draw.chance(0.5))


def write(plan: Plan) -> Sentence:
    """Write it."""
    family = FAMILIES[plan.family]
    s = Sentence(plan.family)
    s.name(plan.subject, family.role)
    s.spots["subject"] = len(s) - 1
    s.say(family.claim.split("{}")[1].strip()).say(plan.said, "answer")
    s.spots["said"] = settled = len(s) - 1
    verdicts = ("true", "false") if plan.true else ("false", "true")
    s.say(":").ask("verdict", ids_of(verdicts[0]), ids_of(verdicts[1])).say(verdicts[0], "verdict")
    s.mark("truth", int(plan.true), settled).say(".")
    return s.mark("relation", RELATIONS.index(family.relation), 0)


def other_truth(draw: Draw, plan: Plan) -> Plan:
    """The same subject, of which the opposite verdict holds: what was true is replaced by what is not, or back."""
    return plan._replace(true=not plan.true)


TASK = register(
    Task(
        name="truth",
        summary="Statements about the world, called true or false.",
        share=0.0,
        early=-1,
        templates=tuple(
            f"{family.claim.format('{' + family.role + '}', '{answer}')} : {{verdict}} ." for family in FAMILIES
        ),
        plan=plan,
        write=write,
        corruptions={"other_truth": other_truth},
        held_out={
            "test": "of each family 15 % of the subjects of each value with ten or more stand in no statement of "
            "training, countries together with their capitals; the facts about them are told elsewhere"
        },
    )
)
