"""Clean and corrupted prompts: aligned, different only in what the corruption says, and right about what comes next."""

from __future__ import annotations

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.worlds.story import PAD, ROLES, VOCABULARY, decode, get_task, story_pairs, task_names
from tests.worlds.story import reading

EVERY = [(name, corruption) for name in task_names() for corruption in get_task(name).corruptions]

# Which words may differ, by role. The answer of the last question does not stand in the prompt.
MAY_DIFFER = {
    ("names", "other_giver"): {"giver"},
    ("names", "names_swapped"): {"first", "second"},
    ("names", "third_giver"): {"giver"},
    ("facts", "other_subject"): {"country", "city", "landmark"},
    ("people", "other_person"): {"subject", "person"},
    ("agreement", "other_number"): {"subject"},
    ("agreement", "other_attractor"): {"attractor"},
    ("sentiment", "other_sentiment"): {"judgement"},
    ("pronouns", "other_gender"): {"name", "pronoun"},
    ("successors", "other_start"): {"word"},
    ("circle", "other_start"): {"start", "word", "answer"},
    ("circle", "other_step"): {"step", "start", "word", "answer"},
    ("greater_than", "early_start"): {"start"},
    ("brackets", "other_bracket"): {"opener"},
    ("repetition", "other_word"): {"word"},
    ("kinds", "other_subject"): {"country", "city", "word", "name"},
    ("truth", "other_truth"): {"answer"},
    ("lexicon", "other_word"): {"given"},
    ("word_pairs", "other_query"): {"given"},
    ("word_pairs", "other_relation"): {"given", "answer"},
    ("holding", "swapped"): {"object"},
    ("holding", "elsewhere"): {"object"},
    ("whereabouts", "swapped"): {"place"},
    ("whereabouts", "elsewhere"): {"place"},
    ("recursion", "other_number"): {"subject"},
    ("recursion", "other_inner_number"): {"embedded", "verb"},
}
KEEPS_THE_ANSWER = {
    ("names", "names_swapped"),
    ("agreement", "other_attractor"),
    ("greater_than", "early_start"),
    ("recursion", "other_inner_number"),
}
# Positions under a second name, which is no role of their own.
SECOND_NAMES = {("facts", "subject"), ("kinds", "subject"), ("truth", "subject"), ("truth", "said")}
# The last word of a code may stay when another word of it changes.
MAY_KEEP_IT = {("repetition", "other_word")}


@pytest.mark.parametrize(("task", "corruption"), EVERY)
def test_prompts_are_aligned_and_differ_only_where_they_say(task, corruption):
    for split in get_task(task).splits:
        pairs = story_pairs(task, 40, corruption=corruption, split=split, seed=3)
        assert pairs.clean.tokens.shape == pairs.corrupted.tokens.shape
        assert torch.equal(pairs.differs, pairs.clean.tokens != pairs.corrupted.tokens)
        for side in (pairs.clean, pairs.corrupted):
            place = torch.arange(side.tokens.shape[1])
            assert torch.equal(side.tokens == PAD, place > pairs.end[:, None])
        where = pairs.differs.nonzero().tolist()
        roles = {ROLES[int(pairs.clean.labels["role"][row, position])] for row, position in where}
        assert roles <= MAY_DIFFER[task, corruption]
        if (task, corruption) != ("agreement", "other_attractor"):
            assert len({row for row, _ in where}) >= 38 or task == "repetition"
        for role, positions in pairs.positions.items():
            for side in (pairs.clean, pairs.corrupted):
                here = side.labels["role"].gather(1, positions.clamp(min=0)[:, None])[:, 0]
                name = role.split()[-1]
                if name in ROLES and (task, role) not in SECOND_NAMES:
                    assert (here[positions >= 0] == ROLES.index(name)).all()


@pytest.mark.parametrize(("task", "corruption"), EVERY)
def test_the_answer_is_the_next_word_and_changes_when_it_should(task, corruption):
    pairs = story_pairs(task, 40, corruption=corruption, seed=4)
    rows = torch.arange(len(pairs))
    assert pairs.right[rows, pairs.answer].all()
    assert not (pairs.right & pairs.wrong).any()
    for row, (plan, twin) in enumerate(zip(pairs.plans, pairs.corrupted_plans, strict=True)):
        end = int(pairs.end[row])
        for side, choices, answer in (
            (pairs.clean, plan, pairs.answer),
            (pairs.corrupted, twin, pairs.corrupted_answer),
        ):
            words = get_task(task).write(choices).words
            assert side.tokens[row, 1 : end + 1].tolist() == words[:end]
            assert answer[row] in (words[end], -1)
    if (task, corruption) == ("names", "third_giver"):
        assert (pairs.corrupted_answer == -1).all() and not pairs.corrupted_right.any()
    elif (task, corruption) in KEEPS_THE_ANSWER:
        assert torch.equal(pairs.answer, pairs.corrupted_answer)
    elif (task, corruption) not in MAY_KEEP_IT:
        assert (pairs.answer != pairs.corrupted_answer).all()
        assert pairs.corrupted_right[rows, pairs.corrupted_answer].all()
        assert not pairs.corrupted_right[rows, pairs.answer].any()


def test_names_pairs_read_as_the_paper_has_them():
    pairs = story_pairs("names", 50, seed=1)
    for row in range(50):
        named = [word for word in pairs.text(row)[0].split() if word in reading.NAMES]
        assert len(named) == 3
        answer = VOCABULARY[pairs.answer[row]]
        assert {answer, named[2]} == set(named[:2]) and answer != named[2]
        for role, place in (("first", 0), ("second", 1), ("giver", 2)):
            assert VOCABULARY[pairs.clean.tokens[row, pairs.positions[role][row]]] == named[place]


def test_a_pair_is_drawn_again_from_its_seed_and_another_from_another():
    one, again, other = (story_pairs("facts", 20, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one.clean.tokens, again.clean.tokens) and torch.equal(
        one.corrupted.tokens, again.corrupted.tokens
    )
    assert decode(one.clean.tokens.flatten().tolist()) != decode(other.clean.tokens.flatten().tolist())


def test_conditions_and_questions_can_be_chosen():
    pairs = story_pairs("agreement", 30, split="test", where=lambda plan: plan.mismatched)
    number, roles = pairs.clean.labels["number"], pairs.positions
    rows = torch.arange(30)
    assert (number[rows, roles["subject"]] != number[rows, roles["attractor"]]).all()
    inner = story_pairs("recursion", 10, question="inner verb 1")
    assert (inner.end < story_pairs("recursion", 10).end).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"task": "name", "n": 3}, "Did you mean 'names'"),
        ({"task": "names", "n": 0}, "at least 1"),
        ({"task": "names", "n": 3, "corruption": "other_givr"}, "Did you mean 'other_giver'"),
        ({"task": "facts", "n": 3, "split": "test"}, "has no split 'test'; it has train, wordings"),
        ({"task": "facts", "n": 3, "where": lambda plan: False}, "None of 2000 sentences"),
        ({"task": "facts", "n": 3, "question": "why"}, "the questions of this one are answer"),
    ],
)
def test_bad_requests_are_named(arguments, words):
    with pytest.raises(CourseError, match=words):
        story_pairs(**arguments)
