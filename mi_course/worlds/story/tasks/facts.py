"""Facts about countries, cities and landmarks: `the capital of france is paris .`"""

from __future__ import annotations

from typing import NamedTuple

from mi_course.worlds.story import entities as e
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import Entity
from mi_course.worlds.story.held_out import WORDING_COUNTRIES
from mi_course.worlds.story.labels import RELATIONS
from mi_course.worlds.story.sentence import Sentence
from mi_course.worlds.story.task import Split, Task, register

WORDINGS = (
    ("capital", "the capital of {country} is", "city", "first"),
    ("capital", "{country} has its capital in", "city", "second"),
    ("language", "people in {country} speak", "language", "first"),
    ("language", "the language of {country} is", "language", "second"),
    ("country", "{city} is the capital of", "country", "first"),
    ("country", "{city} is a city in", "country", "second"),
    ("landmark", "the {landmark} is in", "city", "first"),
    ("landmark", "people met at the {landmark} in", "city", "first"),
)
"""Relation, wording, role of the answer, and whether it is the first or the second wording of its relation."""

_SUBJECTS = {"capital": e.COUNTRIES, "language": e.COUNTRIES, "country": e.CITIES, "landmark": e.LANDMARKS}
_SUBJECT_ROLE = {"capital": "country", "language": "country", "country": "city", "landmark": "landmark"}
_ANSWER = {"capital": e.CAPITAL, "language": e.LANGUAGE, "country": e.COUNTRY, "landmark": e.LANDMARK_CITY}
_KEPT_BACK = {
    "capital": WORDING_COUNTRIES,
    "language": WORDING_COUNTRIES,
    "country": frozenset(e.CAPITAL[country] for country in WORDING_COUNTRIES),
    "landmark": frozenset[Entity](),
}


class Plan(NamedTuple):
    """All choices of a sentence: its wording, whom it is about, and what comes out in its stead when corrupted."""

    wording: int
    subject: Entity
    answer: Entity
    wrong: Entity


def _about(draw: Draw, wording: int, subject: Entity) -> Plan:
    relation = WORDINGS[wording][0]
    answer = _ANSWER[relation][subject]
    wrong = answer
    while wrong is answer:
        wrong = _ANSWER[relation][draw.pick(_SUBJECTS[relation])]
    return Plan(wording, subject, answer, wrong)


def plan(draw: Draw, split: Split = "train") -> Plan:
    """Draw a sentence."""
    while True:
        wording = draw.below(len(WORDINGS))
        relation, _, _, which = WORDINGS[wording]
        subject = draw.pick(_SUBJECTS[relation])
        if (which == "second" and subject in _KEPT_BACK[relation]) == (split == "wordings"):
            return _about(draw, wording, subject)


def write(plan: Plan) -> Sentence:
    """Write it."""
    relation, wording, answer_role, _ = WORDINGS[plan.wording]
    s = Sentence(plan.wording)
    s.fill(wording, {_SUBJECT_ROLE[relation]: plan.subject})
    s.spots["subject"] = s.spots[_SUBJECT_ROLE[relation]]
    s.ask("answer", plan.answer.ids, plan.wrong.ids).name(plan.answer, answer_role).say(".")
    return s.mark("relation", RELATIONS.index(relation), 0)


def other_subject(draw: Draw, plan: Plan) -> Plan:
    """Another country, city or landmark of whom something else is true; the side that was right is now wrong."""
    subjects = _SUBJECTS[WORDINGS[plan.wording][0]]
    while True:
        other = _about(draw, plan.wording, draw.other(subjects, plan.subject))
        if other.answer is not plan.answer:
            return other._replace(wrong=plan.answer)


TASK = register(
    Task(
        name="facts",
        summary="Capitals, languages and landmarks.",
        share=0.10,
        templates=tuple(f"{wording} {{{answer}}} ." for _, wording, answer, _ in WORDINGS),
        plan=plan,
        write=write,
        corruptions={"other_subject": other_subject},
        held_out={"wordings": "6 countries and their capitals are told of in the first wording of a relation only"},
    )
)
