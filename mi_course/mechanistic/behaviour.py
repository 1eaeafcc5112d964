"""Tests from outside: what a model answers, and whether the answer changes when it should and only then.

Ribeiro et al. 2020, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList", whose three kinds of test are
used here. A test sees inputs and outputs; models that pass the same tests may do so in different ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor

from mi_course.claims import Interval, bootstrap_interval
from mi_course.errors import CourseError, did_you_mean
from mi_course.interventions import run
from mi_course.worlds.story import PAD, encode
from mi_course.worlds.story import words as w
from mi_course.worlds.story.draw import Draw
from mi_course.worlds.story.entities import NAMES, NOUNS, Entity
from mi_course.worlds.story.held_out import NOUN_PAIRS
from mi_course.worlds.story.task import get_task
from mi_course.worlds.story.verbs import PLURAL_VERBS, SINGULAR_VERBS

Answers = Callable[[Sequence[str]], list[dict[str, float]]]
"""A model seen from outside: from prompts to one dictionary each, from possible answers to their probabilities."""

KINDS = ("minimum functionality", "invariance", "direction")


class TestCase(NamedTuple):
    """One case of a test.

    prompts: for minimum functionality, prompts that all ask for `answer`; for the other two the original first, then
        changed versions of it.
    answer: the right answer (for invariance: to the original); for direction the answer whose probability must not
        fall.
    """

    prompts: tuple[str, ...]
    answer: str


TestCase.__test__ = False  # type: ignore[attr-defined]  # its name would make pytest collect it


def failed_cases(
    model: Answers, cases: Sequence[tuple[Sequence[str], str]], kind: str, *, tolerance: float = 0.1
) -> Bool[Tensor, " case"]:
    """Which cases a model fails. A case fails as a whole, as soon as one of its prompts does.

    kind: "minimum functionality": the most probable answer to a prompt is not `answer`.
        "invariance": the most probable answer to a changed prompt is not the model's own answer to the original,
        whether or not that was right.
        "direction": the probability of `answer` is lower after a changed prompt than after the original by more than
        `tolerance`.
    Raises CourseError for an unknown kind, or a case without the prompts that its kind needs.
    """
    if kind not in KINDS:
        raise CourseError(f"There is no kind of test {kind!r}.{did_you_mean(kind, KINDS)} Kinds: {', '.join(KINDS)}.")
    least = 1 if kind == KINDS[0] else 2
    if not cases or any(len(prompts) < least for prompts, _ in cases):
        raise CourseError(
            f"A test of the kind {kind!r} needs cases of at least {least} prompt{'s' * (least > 1)} each."
        )
    given = iter(model([prompt for prompts, _ in cases for prompt in prompts]))
    failed = []
    for prompts, answer in cases:
        first, *rest = [next(given) for _ in prompts]
        if kind == "minimum functionality":
            fails = any(_top(each) != answer for each in (first, *rest))
        elif kind == "invariance":
            fails = any(_top(each) != _top(first) for each in rest)
        else:
            before = first.get(answer, 0.0)
            fails = any(each.get(answer, 0.0) < before - tolerance for each in rest)
        failed.append(fails)
    return torch.tensor(failed)


def behavioural_test(
    model: Answers, cases: Sequence[tuple[Sequence[str], str]], kind: str, *, tolerance: float = 0.1
) -> float:
    """The failure rate of a model: the share of cases that it fails, see `failed_cases`. (Ribeiro et al. 2020.)"""
    return float(failed_cases(model, cases, kind, tolerance=tolerance).double().mean())


def _top(answers: Mapping[str, float]) -> str:
    return max(answers, key=answers.__getitem__)


def story_answers(model: Any, answers: Mapping[str, Sequence[int]]) -> Answers:
    """A story model seen from outside: the probability of each answer after a prompt.

    answers: for each answer the ids of the words that give it; its probability is their sum. Other words are not looked
        at, so the probabilities need not add up to one.
    The function returned raises CourseError for a word that Story World does not have.
    """
    columns = [list(ids) for ids in answers.values()]

    def answer(prompts: Sequence[str]) -> list[dict[str, float]]:
        rows = [encode(prompt) for prompt in prompts]
        found: list[dict[str, float]] = []
        for start in range(0, len(rows), 256):
            part = rows[start : start + 256]
            tokens = torch.full((len(part), max(map(len, part))), PAD)
            for i, row in enumerate(part):
                tokens[i, : len(row)] = torch.tensor(row)
            with torch.no_grad():
                logits = run(model, tokens).logits
            end = torch.tensor([len(row) - 1 for row in part])
            probabilities = logits[torch.arange(len(part)), end].softmax(-1)
            sums = torch.stack([probabilities[:, ids].sum(1) for ids in columns], dim=1)
            found += [dict(zip(answers, row, strict=True)) for row in sums.tolist()]
        return found

    return answer


NAME_ANSWERS = {name.text: name.ids for name in NAMES}
"""What may be answered to a prompt of the task `names`: one of the forty names."""

NUMBER_ANSWERS = {"singular": SINGULAR_VERBS, "plural": PLURAL_VERBS}
"""What may be answered to a prompt of the task `agreement`: any singular verb, any plural verb."""


def said_least(prompts: Sequence[str]) -> list[dict[str, float]]:
    """A rule that answers the prompts of `names` by counting, without asking who gives: the name said least often, and
    of several the one said last. The giver is named twice, so it is right wherever both are named once before."""
    found = []
    for prompt in prompts:
        said = [word for word in prompt.split() if word in NAME_ANSWERS]
        least = min(reversed(said), key=said.count)
        found.append(dict.fromkeys(NAME_ANSWERS, 0.0) | {least: 1.0})
    return found


def last_noun(prompts: Sequence[str]) -> list[dict[str, float]]:
    """A rule that answers the prompts of `agreement` by the number of the noun that stands last."""
    plural = {noun.plural.text for noun in NOUNS if noun.plural is not None}
    nouns = {noun.text for noun in NOUNS} | plural
    found = []
    for prompt in prompts:
        many = [word in plural for word in prompt.split() if word in nouns][-1]
        found.append({"singular": float(not many), "plural": float(many)})
    return found


@dataclass(frozen=True)
class BehaviouralTest:
    """A test with its cases.

    name: for people. task: what is asked, "names" or "agreement". kind: one of KINDS.
    trained: whether sentences of these forms stand in the training data (with other people and nouns).
    """

    name: str
    task: str
    kind: str
    cases: tuple[TestCase, ...]
    trained: bool = True


def story_suite(n: int = 200, *, seed: int = 0) -> list[BehaviouralTest]:
    """Nine tests of who receives a gift and of agreement, n cases each, with pairs of people and of nouns that never
    stand together in training. The last two have forms that no training sentence has."""
    draw = Draw(seed, 77)
    plans = _name_plans(draw, n)
    nouns = [_NounPhrase.draw(draw) for _ in range(n)]
    functionality, invariance, direction = KINDS

    def names(change: Callable[[Draw, Any], Sequence[str]]) -> tuple[TestCase, ...]:
        return tuple(TestCase((_prompt(plan), *change(draw, plan)), plan.recipient.text) for plan in plans)

    def agreement(**change: bool) -> tuple[TestCase, ...]:
        return tuple(TestCase((each.prompt(), each.prompt(**change)), each.number) for each in nouns)

    third = tuple(TestCase((_prompt(plan), _third_giver(draw, plan)), plan.giver.text) for plan in plans)
    plain = tuple(TestCase((each.prompt(),), each.number) for each in nouns)
    return [
        BehaviouralTest("names: who receives", "names", functionality, names(lambda draw, plan: ())),
        BehaviouralTest("names: other place, gift and verb", "names", invariance, names(_elsewhere)),
        BehaviouralTest("names: the two in other order", "names", invariance, names(_swapped)),
        BehaviouralTest("names: the recipient spoken of before", "names", invariance, names(_before)),
        BehaviouralTest("names: a third person gives", "names", direction, third),
        BehaviouralTest("agreement: past a noun", "agreement", functionality, plain),
        BehaviouralTest("agreement: that noun's number changed", "agreement", invariance, agreement(flip=True)),
        BehaviouralTest("names: the recipient smiles first", "names", invariance, names(_smiles), trained=False),
        BehaviouralTest(
            "agreement: a second noun between", "agreement", invariance, agreement(more=True), trained=False
        ),
    ]


def _name_plans(draw: Draw, n: int) -> list[Any]:
    task = get_task("names")
    plans: list[Any] = []
    while len(plans) < n:
        plan = task.plan(draw, "test")
        # A clause is put in before the giver's last mention, and the giver is one of the two.
        if plan.giver in (plan.first, plan.second):
            plans.append(plan)
    return plans


def _prompt(plan: Any) -> str:
    """The sentence of a plan of `names`, up to the word that is asked for."""
    return get_task("names").write(plan).text.rsplit(" ", 2)[0]


def _elsewhere(draw: Draw, plan: Any) -> list[str]:
    others = [get_task("names").plan(draw, "train") for _ in range(2)]
    # The opening may speak of another thing first, which then has to stay another.
    free = [other for other in others if other.object is not plan.object_before] or [plan]
    return [_prompt(plan._replace(place=each.place, object=each.object, verb=each.verb)) for each in free]


def _swapped(draw: Draw, plan: Any) -> list[str]:
    return [_prompt(plan._replace(first=plan.second, second=plan.first))]


def _before(draw: Draw, plan: Any) -> list[str]:
    """A sentence goes before in which somebody else gives something to the recipient."""
    other = draw.other(NAMES, plan.first, plan.second).text
    who = plan.recipient.text
    return [f"when {who} and {other} went to the park , {other} gave a hat to {who} . {_prompt(plan)}"]


def _smiles(draw: Draw, plan: Any) -> list[str]:
    head, tail = _prompt(plan).rsplit(f" {plan.giver.text} ", 1)
    return [f"{head} {plan.recipient.text} smiled and {plan.giver.text} {tail}"]


def _third_giver(draw: Draw, plan: Any) -> str:
    return _prompt(plan._replace(giver=draw.other(NAMES, plan.first, plan.second)))


class _NounPhrase(NamedTuple):
    """`the key near the cars`, and what may be put behind it. Nouns between have the other number than the subject."""

    subject: Entity
    plural: bool
    preposition: str
    between: Entity
    preposition_more: str
    between_more: Entity

    @classmethod
    def draw(cls, draw: Draw) -> _NounPhrase:
        subject, between = draw.pick(sorted(NOUN_PAIRS, key=lambda pair: (pair[0].number, pair[1].number)))
        more = draw.other(NOUNS, subject, between)
        return cls(subject, draw.chance(0.5), draw.pick(w.PREPOSITIONS), between, draw.pick(w.PREPOSITIONS), more)

    @property
    def number(self) -> str:
        return "plural" if self.plural else "singular"

    def prompt(self, flip: bool = False, more: bool = False) -> str:
        text = (
            f"the {_form(self.subject, self.plural)} {self.preposition} the {_form(self.between, self.plural == flip)}"
        )
        return text + f" {self.preposition_more} the {_form(self.between_more, not self.plural)}" * more


def _form(noun: Entity, plural: bool) -> str:
    return noun.plural.text if plural and noun.plural is not None else noun.text


def suite_failures(
    suite: Sequence[BehaviouralTest], models: Mapping[str, Mapping[str, Answers]], *, tolerance: float = 0.1
) -> dict[str, dict[str, Bool[Tensor, " case"]]]:
    """The failed cases of every model on every test that it can take: by test, then by model.

    models: by name, for each task what answers it: {"seed 0": {"names": …, "agreement": …}}.
    """
    return {
        test.name: {
            name: failed_cases(tasks[test.task], test.cases, test.kind, tolerance=tolerance)
            for name, tasks in models.items()
            if test.task in tasks
        }
        for test in suite
    }


def failure_interval(failed: Bool[Tensor, " case"], *, seed: int = 0) -> Interval:
    """A bootstrap interval over cases for a failure rate."""
    return bootstrap_interval(failed.double(), seed=seed)
