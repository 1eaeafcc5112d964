"""Analogies and the rules beside them, on planted spaces whose truth is known."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from mi_course.claims import bootstrap_interval
from mi_course.errors import CourseError
from mi_course.mechanistic.analogies import (
    analogy_questions,
    analogy_scores,
    solve,
    story_relations,
    story_words,
    word_vectors,
)
from mi_course.worlds.story import VOCABULARY
from mi_course.zoo import load_model

PAIRS = [(2 * i, 2 * i + 1) for i in range(10)]


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def planted(step: float, noise: float) -> torch.Tensor:
    """Ten pairs that share a step of this length, give or take some noise; and beside each first word another."""
    first = torch.nn.functional.normalize(normal(10, 40, seed=0), dim=1)
    direction = torch.nn.functional.normalize(normal(1, 40, seed=1), dim=1)
    second = first + step * direction + noise * normal(10, 40, seed=2)
    beside = first + 0.03 * normal(10, 40, seed=3)
    return torch.cat([torch.stack([first, second], dim=1).reshape(20, 40), beside])


def test_questions_never_have_an_answer_among_their_inputs() -> None:
    rows = analogy_questions([(0, 1), (1, 0), (2, 3), (4, 3)]).tolist()
    assert rows
    assert all(d not in (a, b, c) and a != c for a, b, c, d in rows)


def test_a_shared_step_is_found_by_arithmetic_alone() -> None:
    # Bringing vectors to length 1 bends a shared step a little, so that a few questions go wrong.
    scores = analogy_scores(planted(1.6, 0.02), PAIRS)
    assert scores.accuracy("arithmetic") > 0.8
    assert scores.accuracy("nearest to c") == 0
    assert scores.accuracy("wrong way") == 0
    assert scores.interval("arithmetic", "nearest to c").low > 0.7


def test_without_a_step_the_neighbour_does_as_well_as_arithmetic() -> None:
    scores = analogy_scores(planted(0.0, 0.02)[:20], PAIRS)
    assert scores.accuracy("arithmetic") > 0.95
    assert scores.accuracy("nearest to c") > 0.95
    assert sum(scores.inputs.values()) > 0.9
    assert scores.accuracy("inputs allowed") < 0.1


def test_intervals_count_pairs_in_both_parts_of_a_question() -> None:
    scores = analogy_scores(planted(1.6, 0.02), PAIRS)
    # Right or wrong hangs on the pair that is given, and on nothing else.
    right = scores.given < 5
    found = dataclasses.replace(scores, correct={"arithmetic": right}).interval("arithmetic")
    one_part = bootstrap_interval(right.double(), groups=scores.asked)
    assert 0.5 in found
    assert found.high - found.low > 0.4
    assert one_part.high - one_part.low < 0.2  # drawn by the pair asked about, it looks settled


def test_lengths_of_vectors_do_not_matter() -> None:
    vectors, questions = normal(20, 6, seed=5), analogy_questions(PAIRS)
    lengths = normal(20, 1, seed=6).abs() + 0.1
    assert torch.equal(solve(vectors, questions), solve(vectors * lengths, questions))


def test_only_candidates_are_answered() -> None:
    allowed = torch.arange(20) > 9
    found = solve(normal(20, 6, seed=5), analogy_questions(PAIRS), "inputs allowed", candidates=allowed)
    assert allowed[found].all()


def test_story_relations_are_pairs_of_story_world() -> None:
    relations = story_relations()
    named = {name: {(VOCABULARY[a], VOCABULARY[b]) for a, b in pairs} for name, pairs in relations.items()}
    assert ("france", "paris") in named["capital"]
    assert ("likes", "like") in named["verb number"]
    assert ("key", "keys") in named["plural noun"]
    assert {("tall", "short"), ("short", "tall")} <= named["opposite"]
    assert all(len(set(pairs)) == len(pairs) for pairs in relations.values())


def test_word_vectors_are_what_the_model_reads_and_writes_with() -> None:
    model = load_model("story", untrained=True)
    found = word_vectors(model)
    assert torch.equal(found["embedding"], model.W_E)
    assert torch.equal(found["unembedding"], model.W_U.T)
    assert found["after layer 1"].shape == model.W_E.shape
    assert story_words().sum() == len(VOCABULARY) - 2


@pytest.mark.parametrize(
    "call",
    [
        lambda: solve(torch.ones(4, 2), torch.tensor([[0, 1, 2, 3]]), "arithmetics"),
        lambda: solve(torch.ones(4, 2), torch.tensor([[0, 1, 2, 9]])),
        lambda: analogy_questions([(0, 1)]),
    ],
)
def test_what_is_no_question_is_refused(call) -> None:
    with pytest.raises(CourseError):
        call()
