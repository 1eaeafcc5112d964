"""Measures of a story model: what a model that knows, one that guesses and one that takes a short way would score."""

from __future__ import annotations

import pytest
import torch

from mi_course.worlds.story import VOCABULARY
from mi_course.zoo.story_measures import (
    MEASUREMENTS,
    PERIOD,
    induction_scores,
    measure_loss,
    measure_repetition,
    measure_task,
    observe,
    repeated_words,
)


class Says:
    """A stand-in for a model that says one given word at the end of each prompt."""

    def __init__(self, pairs, words):
        self.said = {
            tuple(tokens[: end + 1]): word
            for tokens, end, word in zip(pairs.clean.tokens.tolist(), pairs.end.tolist(), words.tolist(), strict=True)
        }

    def __call__(self, tokens):
        logits = torch.zeros(*tokens.shape, len(VOCABULARY))
        for row, ids in enumerate(tokens.tolist()):
            for end in range(len(ids)):
                word = self.said.get(tuple(ids[: end + 1]))
                if word is not None:
                    logits[row, end, word] = 20.0
        return logits


def flat(tokens):
    return torch.zeros(*tokens.shape, len(VOCABULARY))


@pytest.mark.parametrize("name", ["names", "agreement, attractor mismatched", "whereabouts, one move", "truth"])
def test_knowing_scores_one_and_the_short_way_scores_its_baseline(name):
    measurement = MEASUREMENTS[name]
    pairs = measurement.prompts()
    measured = measure_task(Says(pairs, pairs.answer), flat, measurement)
    assert measured["value"] == measured["interval"][1] == 1
    assert 0.98 < measured["interval"][0] < 1 and measured["n"] == len(pairs)
    assert measured["logit_difference"]["value"] > 15
    for short, words in measurement.shortcut.items():
        by_short_way = measure_task(Says(pairs, words(pairs)), flat, measurement)
        assert by_short_way["value"] == pytest.approx(measured["baselines"][short])
        assert by_short_way["value"] < 0.8
    if measurement.by == "preference":
        return
    constant = pairs.right.float().mean(dim=0).argmax().expand(len(pairs))
    assert measure_task(Says(pairs, constant), flat, measurement)["value"] == pytest.approx(
        measured["baselines"]["constant"]
    )


def test_the_margin_is_the_difference_of_logits_for_single_words():
    pairs = MEASUREMENTS["names"].prompts()
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(*pairs.clean.tokens.shape, len(VOCABULARY), generator=generator)
    rows = torch.arange(len(pairs))
    chunks = iter(logits.split(100))
    observed = observe(lambda tokens: next(chunks), pairs)
    last = logits[rows, pairs.end]
    wrong = pairs.wrong.float().argmax(dim=1)
    torch.testing.assert_close(observed["logit_difference"], last[rows, pairs.answer] - last[rows, wrong])
    torch.testing.assert_close(observed["probability"], last.softmax(-1)[rows, pairs.answer])


def test_copying_is_seen_in_the_second_copy_and_in_the_stripe():
    tokens = repeated_words()
    assert tokens.shape[1] == 1 + 2 * PERIOD and torch.equal(tokens[:, 1 : PERIOD + 1], tokens[:, PERIOD + 1 :])
    assert all(len(set(row)) == PERIOD for row in tokens[:, 1 : PERIOD + 1].tolist())

    def copier(rows):
        return torch.nn.functional.one_hot(rows.roll(-1, dims=1), len(VOCABULARY)).float() * 9

    measured = measure_repetition(copier, flat)
    assert measured["value"] == 1 and measured["baselines"]["untrained"] < 0.01
    pattern = torch.zeros(2, 3, 1 + 2 * PERIOD, 1 + 2 * PERIOD)
    for dest in range(PERIOD + 1, 1 + 2 * PERIOD):
        pattern[:, 0, dest, dest - (PERIOD - 1)] = 1  # the word after the earlier copy
        pattern[:, 1, dest, dest - PERIOD] = 1  # the earlier copy itself
    assert induction_scores([pattern]).tolist() == [[1, 0, 0]]


def test_a_flat_model_has_the_loss_of_a_guess():
    measured = measure_loss(flat, flat)
    assert measured["value"] == pytest.approx(float(torch.tensor(len(VOCABULARY)).log()), abs=1e-4)
    assert measured["baselines"]["unigram"] < measured["value"]
