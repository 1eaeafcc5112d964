"""Tests from outside: the three kinds on planted models, and the suite on Story World's own truth."""

from __future__ import annotations

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.mechanistic.behaviour import (
    KINDS,
    NAME_ANSWERS,
    NUMBER_ANSWERS,
    behavioural_test,
    failed_cases,
    last_noun,
    said_least,
    story_answers,
    story_suite,
)
from mi_course.worlds.story import VOCABULARY, encode, story_tokens
from mi_course.worlds.story import words as w
from mi_course.zoo import load_model

FUNCTIONALITY, INVARIANCE, DIRECTION = KINDS


def model(prompts):
    """Prompts are written as the answer and its probability in percent: `a 80`."""
    rows = []
    for prompt in prompts:
        word, chance = prompt.split()
        rows.append({"a": 0.0, "b": 0.0, word: int(chance) / 100})
    return rows


def test_each_kind_fails_what_it_should() -> None:
    assert failed_cases(model, [(["a 9"], "a"), (["b 9"], "a"), (["a 9", "b 9"], "a")], FUNCTIONALITY).tolist() == [
        False,
        True,
        True,
    ]
    cases = [(["b 9", "b 9"], "a"), (["a 9", "b 9", "a 9"], "a"), (["b 9", "a 9"], "a")]
    assert failed_cases(model, cases, INVARIANCE).tolist() == [False, True, True]
    cases = [(["a 50", "a 45"], "a"), (["a 50", "a 30"], "a"), (["a 50", "a 90", "a 20"], "a")]
    assert failed_cases(model, cases, DIRECTION, tolerance=0.1).tolist() == [False, True, True]


def test_the_rate_is_over_cases() -> None:
    assert behavioural_test(model, [(["a 9"] + ["a 9"] * 8 + ["b 9"], "a"), (["a 9", "a 9"], "a")], INVARIANCE) == 0.5


def test_a_rule_that_knows_passes_the_whole_suite() -> None:
    """The rule is written from the sentences' grammar alone."""

    def recipient(prompts):
        found = []
        for prompt in prompts:
            said = [word for word in prompt.split(" . when ")[-1].split() if word in NAME_ANSWERS]
            giver = said[-1]
            others = [name for name in dict.fromkeys(said) if name != giver]
            found.append(dict.fromkeys(NAME_ANSWERS, 0.0) | {others[0]: 1.0 / len(others)})
        return found

    def subject(prompts):
        # The first noun is the subject in every prompt of the suite.
        return last_noun([" ".join(prompt.split()[:2]) for prompt in prompts])

    for test in story_suite(40):
        rule = recipient if test.task == "names" else subject
        assert behavioural_test(rule, test.cases, test.kind) == 0, test.name


def test_the_suite_is_story_world_and_the_same_for_a_seed() -> None:
    suite = story_suite(15, seed=3)
    assert suite == story_suite(15, seed=3)
    for test in suite:
        assert len(test.cases) == 15
        for case in test.cases:
            assert len(case.prompts) >= (1 if test.kind == FUNCTIONALITY else 2)
            for prompt in case.prompts:
                encode(prompt)


def test_shortcuts_pass_what_they_can_and_fail_what_tells_them() -> None:
    rates = {
        test.name: behavioural_test(said_least if test.task == "names" else last_noun, test.cases, test.kind)
        for test in story_suite(40)
    }
    assert rates["names: who receives"] == 0
    assert rates["names: the two in other order"] == 0
    assert rates["names: the recipient spoken of before"] == 1
    assert rates["agreement: past a noun"] == 1


def test_story_answers_sum_the_words_of_an_answer_and_ignore_what_stands_beside() -> None:
    story = load_model("story", untrained=True)
    prompts = ["the key near the cars", "the dogs"]
    both = story_answers(story, NUMBER_ANSWERS)(prompts)
    alone = [story_answers(story, NUMBER_ANSWERS)([prompt])[0] for prompt in prompts]
    for together, single, prompt in zip(both, alone, prompts, strict=True):
        with torch.no_grad():
            chances = story(torch.tensor([encode(prompt)]))[0, -1].softmax(-1)
        for answer, ids in NUMBER_ANSWERS.items():
            assert together[answer] == pytest.approx(chances[list(ids)].sum().item(), abs=1e-5)
            assert together[answer] == pytest.approx(single[answer], abs=1e-5)


@pytest.mark.parametrize(
    ("cases", "kind"), [([(["a 9"], "a")], "invariant"), ([(["a 9"], "a")], INVARIANCE), ([], FUNCTIONALITY)]
)
def test_what_is_no_test_is_refused(cases, kind) -> None:
    with pytest.raises(CourseError):
        behavioural_test(model, cases, kind)


def test_the_forms_called_new_are_in_no_text_of_training_and_the_others_may_be() -> None:
    """Two phrases of place in a row, and somebody who smiles before another acts, by a search of the words."""

    def forms(words: list[str]) -> set[str]:
        found = set()
        for at, word in enumerate(words[:-3]):
            if word in w.PREPOSITIONS and words[at + 1] == "the" and words[at + 3] in w.PREPOSITIONS:
                found.add("two phrases")
            if word == "smiled" and words[at + 1] == "and":
                found.add("smiles")
        return found

    told = [[VOCABULARY[i] for i in row] for row in story_tokens(3000, seed=1000).tolist()]
    assert not set().union(*map(forms, told))
    for test in story_suite(40, seed=5):
        changed = [forms(f"{prompt} . .".split()) for prompts, _ in test.cases for prompt in prompts[1:]]
        assert all(changed) if not test.trained else not any(changed)
