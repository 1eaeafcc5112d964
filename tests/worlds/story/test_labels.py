"""Labels say what a reader of the text finds out alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.worlds.story import (
    BOS,
    CATEGORIES,
    ENTITIES,
    LABELS,
    RELATIONS,
    VOCABULARY,
    Draw,
    StoryBatch,
    get_task,
    label_rows,
    share_that_disagrees,
    story_batch,
    story_tokens,
    task_names,
    tree_distance,
)
from mi_course.worlds.story import words as w
from tests.worlds.story import reading

seeds = st.integers(0, 2**31)
few = settings(max_examples=12, deadline=None)


def sentences(batch: StoryBatch) -> Iterator[tuple[str, list[str], dict[str, list[int]], int, int]]:
    """Whole sentences of a batch: task, words, labels, row, position of the first word."""
    for row in range(len(batch.tokens)):
        numbers = batch.labels["sentence"][row]
        # The last sentence of a row may be cut off.
        for number in range(int(numbers.max())):
            at = (numbers == number).nonzero()[:, 0]
            start, stop = int(at[0]), int(at[-1]) + 1
            words = [VOCABULARY[token] for token in batch.tokens[row, start:stop].tolist()]
            labels = {name: values[row, start:stop].tolist() for name, values in batch.labels.items()}
            yield task_names()[labels["task"][0]], words, labels, row, start


def only(task: str, seed: int) -> list[tuple[str, list[str], dict[str, list[int]], int, int]]:
    return list(sentences(story_batch(4, seed=seed, tasks=[task])))


# --- the frame --------------------------------------------------------------------------------------------------------


@few
@given(seeds)
def test_rows_are_bos_and_sentences_with_labels_of_their_shape(seed):
    batch = story_batch(3, 80, seed=seed)
    assert batch.tokens.shape == (3, 80) and set(batch.labels) == set(LABELS)
    assert all(label.shape == (3, 80) and label.dtype == torch.long for label in batch.labels.values())
    assert (batch.tokens[:, 0] == BOS).all() and (batch.tokens[:, 1:] != BOS).all()
    assert all((label[:, 0] == -1).all() and label.min() >= -1 for label in batch.labels.values())
    assert (batch.state[:, 0] == -1).all()
    for name in ("task", "template", "sentence", "place_in_sentence"):
        assert (batch.labels[name][:, 1:] >= 0).all()
    for _, words, labels, _, _ in sentences(batch):
        assert words[-1] == "." and labels["place_in_sentence"] == list(range(len(words)))
        assert len(set(labels["task"])) == len(set(labels["template"])) == 1


@few
@given(seeds)
def test_tokens_without_labels_are_the_same_tokens(seed):
    assert torch.equal(story_tokens(3, seed=seed), story_batch(3, seed=seed).tokens)


@few
@given(seeds)
def test_entities_are_the_words_that_name_them(seed):
    for _, words, labels, _, _ in sentences(story_batch(4, seed=seed)):
        for place, number in enumerate(labels["entity"]):
            category = labels["category"][place]
            if number < 0:
                assert category == -1
                continue
            entity = ENTITIES[number]
            named = entity.text.split() + (entity.plural.text.split() if entity.plural else [])
            assert words[place] in named
            assert CATEGORIES[category] == entity.category
        for word, gender in zip(words, labels["gender"], strict=True):
            if gender >= 0:
                assert word in ({*w.FEMALE_NAMES, "she", "her"} if gender else {*w.MALE_NAMES, "he", "his"})


def test_every_template_comes_up_and_every_label_is_set_somewhere():
    batch = story_batch(600, seed=3, tasks={name: get_task(name).share or 0.1 for name in task_names()})
    for number, name in enumerate(task_names()):
        seen = batch.labels["template"][batch.labels["task"] == number].unique().tolist()
        missing = set(range(len(get_task(name).templates))) - set(seen)
        # Four combinations of the names task are held out.
        assert len(missing) == (4 if name == "names" else 0), (name, missing)
        assert max(seen) < len(get_task(name).templates)
    assert all((label >= 0).any() for label in batch.labels.values())


# --- task by task -----------------------------------------------------------------------------------------------------


@few
@given(seeds)
def test_names_the_giver_is_marked_as_the_first_or_the_second(seed):
    for _, words, labels, _, _ in only("names", seed):
        named = [word for word in words if word in reading.NAMES]
        assert len(named) == 4 and named[3] in named[:2] and named[2] != named[3]
        if named[2] in named[:2]:
            again = [place for place, word in enumerate(words) if word in reading.NAMES][2]
            assert labels["name_order"][again] == named[:2].index(named[2]) == labels["name_order"][-1]
            assert labels["name_order"][0] == -1
        else:
            assert set(labels["name_order"]) == {-1}


@few
@given(seeds)
def test_stories_state_is_what_a_reader_keeps_track_of(seed):
    numbers = {entity.text: entity.number for entity in ENTITIES if entity.category in ("place", "object")}
    numbers |= {entity.text: entity.number for entity in ENTITIES if "name" in entity.category} | {None: -1}
    for task in ("holding", "whereabouts"):
        batch = story_batch(4, seed=seed, tasks=[task])
        for _, words, labels, row, start in sentences(batch):
            who = ""
            for place, known in enumerate(reading.story(words)):
                expected = [[numbers[name], *(numbers[x] for x in both)] for name, both in known.items()]
                state = batch.state[row, start + place]
                assert state[: len(expected)].tolist() == expected
                assert (state[len(expected) :] == -1).all()
                who = words[place] if words[place] in reading.NAMES else who
                assert labels["subject_place"][place] == numbers[known[who][0]]
                assert labels["subject_object"][place] == numbers[known[who][1]]
            for place, word in enumerate(words):
                if word in ("has", "reached"):
                    before = reading.story(words[: place + 1])[-1][words[place - 1]]
                    assert words[place + 2] in before


@few
@given(seeds)
def test_verbs_agree_and_trees_are_what_a_parser_finds(seed):
    for task in ("agreement", "recursion"):
        for _, words, labels, _, start in only(task, seed):
            heads, verb_of = reading.clause(words)
            assert [head - start for head in labels["tree_head"]] == heads
            depth = []
            for place in range(len(words)):
                steps, at = 0, place
                while heads[at] != at:
                    at, steps = heads[at], steps + 1
                depth.append(steps)
            assert labels["tree_depth"] == depth
            for subject, verb in verb_of.items():
                assert reading.NUMBER_OF_NOUN[words[subject]] == reading.NUMBER_OF_VERB[words[verb]]
                assert labels["number"][subject] == labels["number"][verb]
            verbs = set(verb_of.values())
            open_subjects: list[int] = []
            for place in range(len(words)):
                if place in verb_of:
                    open_subjects.append(place)
                elif place in verbs:
                    open_subjects.pop()
                expected = reading.NUMBER_OF_NOUN[words[open_subjects[-1]]] if open_subjects else -1
                assert labels["subject_number"][place] == expected, (words, place)
                assert labels["verb_next"][place] == int(place + 1 in verbs)


def test_tree_and_linear_distance_disagree_on_most_word_pairs_of_recursive_sentences():
    shares, by_two = [], []
    for seed in range(5):
        for _, _, labels, _, start in only("recursion", seed):
            heads = torch.tensor(labels["tree_head"]) - start
            shares.append(share_that_disagrees(heads))
            by_two.append(share_that_disagrees(heads, by_at_least=2))
    assert min(shares) > 0.3 and sum(by_two) / len(by_two) > 0.3


def test_tree_distance_of_a_tree_drawn_by_hand():
    # the <- dog <- that(3) ... : 1 hangs from 2, 0 from 1, 3 from 2; root 2
    distance = tree_distance(torch.tensor([1, 2, 2, 2]))
    assert distance.tolist() == [[0, 1, 2, 3], [1, 0, 1, 2], [2, 1, 0, 1], [3, 2, 1, 0]]
    assert share_that_disagrees(torch.tensor([0, 0, 1])) == 0


@few
@given(seeds)
def test_brackets_are_counted_and_closed_in_order(seed):
    for _, words, labels, _, _ in only("brackets", seed):
        nest: list[str] = []
        for place, word in enumerate(words):
            if word in "([":
                nest.append(word)
            elif word in ")]":
                assert nest.pop() + word in ("()", "[]")
            assert labels["bracket_depth"][place] == len(nest)
            assert labels["round_depth"][place] == nest.count("(")
            assert labels["square_depth"][place] == nest.count("[")
        assert not nest


@few
@given(seeds)
def test_pronouns_follow_the_name_and_quotation_marks_are_followed(seed):
    for _, words, labels, _, _ in only("pronouns", seed):
        female = next(word for word in words if word in reading.NAMES) in w.FEMALE_NAMES
        assert not {"he", "his"} & set(words) if female else not {"she", "her"} & set(words)
        inside = False
        for place, word in enumerate(words):
            inside = inside != (word == '"')
            assert labels["quote"][place] == int(inside)


@few
@given(seeds)
def test_sentiment_begins_with_the_first_judgement(seed):
    for _, words, labels, _, _ in only("sentiment", seed):
        judged = [(place, word in w.POSITIVE) for place, word in enumerate(words) if word in (*w.POSITIVE, *w.NEGATIVE)]
        assert len({positive for _, positive in judged}) == 1
        first, positive = judged[0]
        assert labels["sentiment"] == [-1] * first + [int(positive)] * (len(words) - first)
        assert bool({"loved", "recommend", "smiled"} & set(words)) == positive


@few
@given(seeds)
def test_repetitions_point_at_the_same_word_one_copy_ago(seed):
    batch = story_batch(4, seed=seed, tasks=["repetition"])
    for _, _, labels, row, start in sentences(batch):
        first = [place for place, source in enumerate(labels["previous_copy"]) if source >= 0]
        assert first
        for place in first:
            source = labels["previous_copy"][place]
            assert batch.tokens[row, source] == batch.tokens[row, start + place] and source < start + place
        # Copies are whole: consecutive words have consecutive sources.
        for one, two in pairwise(first):
            if two == one + 1:
                assert labels["previous_copy"][two] == labels["previous_copy"][one] + 1


@few
@given(seeds)
def test_series_count_as_people_count(seed):
    series = (w.DAYS, w.MONTHS, w.LETTERS, w.NUMBERS)
    for task in ("successors", "circle", "greater_than"):
        for _, words, labels, _, _ in only(task, seed):
            places = [place for place, kind in enumerate(labels["series"]) if kind >= 0]
            for place in places:
                assert series[labels["series"][place]][labels["value"][place]] == words[place]
            values = [labels["value"][place] for place in places]
            if task == "greater_than":
                assert values[0] < values[1] and labels["threshold"][places[0]] == values[0]
                continue
            step = w.STEP_WORDS.index(words[0]) + 1 if words[0] in w.STEP_WORDS else 1
            step *= -1 if words[0] == "before" else 1
            round_trip = len(series[labels["series"][places[0]]]) if task == "circle" else 10**6
            for one, two in pairwise(values):
                assert two == (one + step) % round_trip
            assert labels["step"][0] == abs(step) and labels["direction"][0] == int(step > 0)


def told(seed: int, tasks: list[str], rows: int) -> dict[tuple[str, ...], str]:
    """What the sentences of facts say, read off their text: question to answer."""
    found: dict[tuple[str, ...], str] = {}

    def learn(question: tuple[str, ...], answer: str) -> None:
        assert found.setdefault(question, answer) == answer, (question, answer, found[question])

    for name, words, _, _, _ in sentences(story_batch(rows, seed=seed, tasks=tasks)):
        text = " ".join(words[:-1])
        if name == "people":
            for phrase, what in (
                ("was born in", "birthplace"),
                ("works as a", "job"),
                ("plays the", "instrument"),
                ("plays", "sport"),
            ):
                if f" {phrase} " in text:
                    before, answer = text.split(f" {phrase} ")
                    asked = before.split()[-1]
                    people = [
                        f"{one} {two}" for one, two in pairwise(words) if one in w.FIRST_NAMES and two in w.LAST_NAMES
                    ]
                    person = people[0] if len(people) == 1 else next(p for p in people if p.split()[0] == asked)
                    learn((person, what), answer)
                    break
        elif "has its capital in" in text or "the capital of" in text[:15]:
            country, city = (words[0], words[-2]) if words[1] == "has" else (words[3], words[-2])
            learn((country, "capital"), city)
            learn((city, "country"), country)
        elif "speak" in words or "language" in words:
            learn((words[2] if "speak" in words else words[3], "language"), words[-2])
        elif "capital" in words or "city" in words:
            learn((words[0], "country"), words[-2])
        else:
            at = max(place for place, word in enumerate(words) if word in w.LANDMARK_BUILDINGS)
            learn((" ".join(words[at - 1 : at + 1]), "landmark"), words[-2])
    return found


def test_statements_are_true_when_what_is_told_says_so():
    """What things are is gathered from the sentences that tell it; the statements are judged by these."""
    known = {}
    for _, words, _, _, _ in sentences(story_batch(400, seed=1, tasks=["kinds"])):
        sort = "place" if "in" in words else "person" if words[-2] in ("man", "woman") else words[2]
        value = words[-2]
        assert known.setdefault((words[0], sort in ("even", "odd") or sort), value) == value
    said = Counter()
    for split in ("train", "test"):
        for _, words, labels, _, _ in sentences(story_batch(200, seed=2, tasks=["truth"], split=split)):
            settled, verdict = words.index(":") - 1, words[-2]
            family = RELATIONS[labels["relation"][0]]
            key = {"continent": "place", "parity": True, "gender": "person"}.get(family, "a")
            true = known[words[0], key] == words[settled]
            assert verdict == ("true" if true else "false"), " ".join(words)
            assert labels["truth"][:settled] == [-1] * settled
            assert set(labels["truth"][settled:-1]) == {int(true)}
            if split == "train":
                said[words[settled], true] += 1
    # The value that is said tells nothing of the verdict.
    for value in {value for value, _ in said}:
        both = said[value, True] + said[value, False]
        assert abs(said[value, True] / both - 0.5) < 4 * (0.25 / both) ** 0.5, value


def test_word_pairs_stand_in_their_relation():
    facts = told(1, ["facts"], 300)
    opposite = {one: two for pair in w.OPPOSITES for one, two in (pair, pair[::-1])}
    plural = dict((*w.ANIMATE_NOUNS, *w.INANIMATE_NOUNS))
    for _, words, labels, _, _ in sentences(story_batch(60, seed=4, tasks=["word_pairs"])):
        relation = RELATIONS[labels["relation"][0]]
        for place in range(0, len(words), 4):
            given, answer = words[place], words[place + 2]
            if relation in ("capital", "country", "language"):
                assert facts[given, relation] == answer
            elif relation in ("opposite", "plural"):
                assert (opposite if relation == "opposite" else plural)[given] == answer
            else:
                assert ord(answer) - ord(given) == 1
            assert labels["example"][place] == place // 4


# --- questions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", task_names())
def test_the_word_asked_for_is_on_the_right_side_and_never_on_the_wrong_one(name):
    task = get_task(name)
    asked = 0
    for split in task.splits:
        draw = Draw(5)
        for _ in range(60):
            for question in task.sentence(draw, split).questions:
                asked += 1
                assert question.word in question.right
                assert not set(question.right) & set(question.wrong)
    assert asked > 30


def test_sentences_can_be_laid_out_alone():
    sentence = get_task("facts").sentence(Draw(1))
    batch = label_rows([[(1, sentence)]], len(sentence) + 4, 1)
    assert batch.text(0).startswith("[BOS] ") and batch.text(0).endswith(". [PAD] [PAD] [PAD]")
    assert (batch.labels["task"][0, -3:] == -1).all()
