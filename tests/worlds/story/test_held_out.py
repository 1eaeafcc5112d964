"""What is held out stands in no sentence of training, read from the text; and the test split has nothing else."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mi_course.worlds.story import Draw, get_task, task_names
from mi_course.worlds.story import entities as e
from mi_course.worlds.story import held_out as h
from mi_course.worlds.story import words as w
from mi_course.worlds.story.kinds import FAMILIES
from tests.worlds.story import reading

# Held back in all families of statements, whatever is said of them.
UNJUDGED = {getattr(subject, "text", subject) for family in FAMILIES for subject in family.held}


def texts(task: str, split: str, n: int) -> list[list[str]]:
    draw = Draw(11)
    return [get_task(task).sentence(draw, split).text.split() for _ in range(n)]


def held(task: str, words: list[str]) -> bool:
    """Whether a sentence shows something that its task holds out, by its text."""
    if task == "names":
        named = [word for word in words if word in reading.NAMES]
        return any({a.text, b.text} == set(named[:2]) for a, b in map(tuple, h.NAME_PAIRS))
    if task in ("agreement", "recursion"):
        nouns = [word for word in words if word in reading.NUMBER_OF_NOUN]
        pairs = {(form, other) for one, two in h.NOUN_PAIRS for form in _forms(one) for other in _forms(two)}
        return any(pair in pairs for pair in pairwise(nouns))
    if task == "sentiment":
        pairs = {(thing.text, "was", word) for thing, word in h.THING_WORDS}
        return any(three in pairs for three in zip(words, words[1:], words[2:], strict=False))
    if task == "pronouns":
        return False
    if task == "successors":
        return words[0] == "count" and words[1] in ("13", "37", "58", "81")
    if task == "circle":
        if words[0] not in w.STEP_WORDS:
            return False
        unit = "day" if words[1].startswith("day") else "month"
        circle = w.DAYS if unit == "day" else w.MONTHS
        return (unit, circle.index(words[3]), w.STEP_WORDS.index(words[0]) + 1) in h.CIRCLE_STEPS
    if task == "greater_than":
        return (words[1], int(words[6])) in h.EVENT_YEARS
    if task == "brackets":
        nest: list[str] = []
        for word in words:
            if word in "([":
                nest.append(word)
            elif word in ")]":
                nest.pop()
            if nest == ["[", "(", "["]:
                return True
        return False
    if task == "truth":
        return words[0] in UNJUDGED
    if task == "word_pairs":
        given = set(words[0::4])
        letters = set(h.PAIR_LETTERS) & given
        other = {country.text for country in h.PAIR_COUNTRIES} | {e.CAPITAL[c].text for c in h.PAIR_COUNTRIES}
        other |= {word for pair in h.PAIR_OPPOSITES for word in pair} | {noun.text for noun in h.PAIR_NOUNS}
        return bool(letters or other & given)
    if task in ("holding", "whereabouts"):
        pairs = {(one.text, two.text) for one, two in (h.NAME_OBJECTS if task == "holding" else h.NAME_PLACES)}
        return any((one, two) in pairs for one, _, _, two in zip(words, words[1:], words[2:], words[3:], strict=False))
    raise AssertionError(task)


def _forms(noun: e.Entity) -> list[str]:
    assert noun.plural is not None
    return [noun.text, noun.plural.text]


WITH_TEST = [name for name in task_names() if "test" in get_task(name).splits]


@pytest.mark.parametrize("name", WITH_TEST)
def test_nothing_held_out_stands_in_training_and_the_test_split_has_nothing_else(name):
    assert not any(held(name, words) for words in texts(name, "train", 1000))
    if name != "pronouns":
        assert all(held(name, words) for words in texts(name, "test", 100))


def test_pronouns_new_combinations_of_name_and_wording():
    def seen(split):
        draw, task = Draw(3), get_task("pronouns")
        return {(plan.name, plan.wording) for plan in (task.plan(draw, split) for _ in range(3000))}

    train, test = seen("train"), seen("test")
    assert test == h.PRONOUN_WORDINGS and not train & test
    assert {name for name, _ in train} == set(e.NAMES)


def test_new_wordings_are_new_to_what_they_are_about():
    def seconds(words):
        text = " ".join(words)
        return (
            words[0] if "has its capital" in text or "is a city" in text else words[3] if "language of" in text else ""
        )

    seen = {seconds(words) for words in texts("facts", "train", 4000)} - {""}
    new = {seconds(words) for words in texts("facts", "wordings", 200)}
    assert len(seen) == 2 * 34 and new and not seen & new
    first = {" ".join(words[:2]) for words in texts("people", "train", 4000) if words[2:4] == [",", "who"]}
    second = {" ".join(words[:2]) for words in texts("people", "wordings", 200)}
    assert len(first) == 54 and len(second) == 10 and not first & second

    def wording(plan):
        return plan.opening, plan.ending

    draw, task = Draw(3), get_task("names")
    train = {wording(task.plan(draw, "train")) for _ in range(2000)}
    test = {wording(task.plan(draw, "wordings")) for _ in range(200)}
    assert len(train) == 36 and len(test) == 4 and not train & test


def test_what_is_held_out_of_one_task_is_told_in_another():
    """Facts about held-out entities are known: only the statements and the lists about them are new."""
    facts = {word for words in texts("facts", "train", 4000) for word in words}
    assert {country.text for country in h.PAIR_COUNTRIES} <= facts
    assert {words[0] for words in texts("kinds", "train", 6000)} >= UNJUDGED
    letters = {word for words in texts("successors", "train", 2000) for word in words}
    assert letters >= h.PAIR_LETTERS
    lexicon = {word for words in texts("lexicon", "train", 2000) for word in words}
    assert {word for pair in h.PAIR_OPPOSITES for word in pair} <= lexicon
