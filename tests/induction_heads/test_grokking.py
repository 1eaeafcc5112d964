"""A rule found late: losses followed through the shipped checkpoints."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from mi_course.errors import CourseError
from mi_course.induction_heads import follow_losses, key_frequencies, sum_logits, sums_of
from mi_course.zoo import card, checkpoints, load_model

NAME = "modular-addition"


@pytest.fixture(scope="module")
def followed():
    return follow_losses(NAME, 1, [1, 3, 13])


def test_the_frequencies_followed_are_those_of_the_finished_model():
    assert key_frequencies(load_model(NAME, seed=1).W_E[:53]) == [1, 3, 13]


def test_losses_are_those_of_the_cards_and_of_cross_entropy(followed):
    steps = checkpoints(NAME, 1)
    assert followed.steps.tolist() == [*steps, card(NAME)["steps"]]
    known = card(NAME)["seeds"]["1"]["checkpoints"]
    for i, step in enumerate(steps):
        phenomena = known[str(step)]["phenomena"]
        assert float(followed.train[i]) == pytest.approx(phenomena["train loss"]["value"], abs=1e-3)
        assert float(followed.accuracy[i]) == pytest.approx(phenomena["test accuracy"]["value"], abs=1e-3)
    data, model = sums_of(NAME, 1), load_model(NAME, seed=1, checkpoint=900)
    logits = sum_logits(model, data).flatten(0, 1)
    held_out = F.cross_entropy(logits[~data.train], data.answer[~data.train])
    assert float(followed.test[steps.index(900)]) == pytest.approx(float(held_out), rel=1e-4)


def test_the_phases_come_one_after_the_other(followed):
    at = {int(step): i for i, step in enumerate(followed.steps)}
    restricted, excluded, test = followed.restricted, followed.excluded, followed.test
    # By heart: trained sums are known, and taking the waves away does them little harm.
    assert followed.train[at[300]] < 0.05 and excluded[at[300]] < 0.4 and test[at[300]] > math.log(53)
    # The rule forms unseen: excluded up, restricted down, held-out sums as bad as before.
    assert excluded[at[1400]] > 10 * excluded[at[300]] and restricted[at[1400]] < 0.3 and test[at[1400]] > 10
    # And then it shows.
    assert test[at[1900]] < 0.01 and followed.weights[at[1900]] < 0.7 * followed.weights[at[900]]


def test_what_cannot_be_followed_is_said():
    with pytest.raises(CourseError, match="without checkpoints for seed 0"):
        follow_losses(NAME, 0, [1])
    with pytest.raises(CourseError, match="was not trained on a table of sums"):
        sums_of("induction-2l", 0)


def test_each_seed_was_trained_on_sums_of_its_own():
    one, other = sums_of(NAME, 0), sums_of(NAME, 1)
    assert int(one.train.sum()) == int(other.train.sum()) and not torch.equal(one.train, other.train)
