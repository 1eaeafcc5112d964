"""Chapter 2's checks against answers as learners write them: other draws, other batch sizes, one thing wrong."""

from __future__ import annotations

import pytest
import torch

from mi_course.checking.judge import judge_exercise
from mi_course.checking.result import Result
from mi_course.exercises.induction_heads import EXERCISES
from mi_course.induction_heads import attention_patterns, stripe
from mi_course.worlds import repeated_tokens

BY_NAME = {exercise.name: exercise for exercise in EXERCISES}
A_HALF = "the threshold is always a half"


def judged(name, answer, seed=0) -> Result:
    return judge_exercise(BY_NAME[name], answer, seed=seed, time_limit=100)


def finder(score=lambda on: on.mean(), *, layers=slice(None), heads=slice(None), limit=None, batch=32, draw=0, times=2):
    """find_heads as the notebook suggests it; `score` takes the stripe, (batch, later destination), of one head."""

    def find_heads(model, periods, threshold=0.5):
        above = threshold if limit is None else limit(threshold)
        kept = None
        for period in periods:
            tokens = repeated_tokens(batch, period, times, model.cfg.d_vocab, seed=draw).tokens
            patterns = attention_patterns(model, tokens)
            here = {
                (layer, head)
                for layer in range(model.cfg.n_layers)[layers]
                for head in range(model.cfg.n_heads)[heads]
                if score(stripe(patterns[layer, head], period)) > above
            }
            kept = here if kept is None else kept & here
        return sorted(kept)

    return find_heads


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("batch", "times"), [(8, 2), (32, 2), (32, 3), (64, 2)])
def test_a_right_answer_passes_whatever_it_draws(batch, times, seed):
    result = judged("find_heads", finder(batch=batch, times=times, draw=100 + seed), seed)
    assert result.passed, str(result)


WRONG_SCORES = {
    "max": (lambda on: on.max(), "the largest value decides"),
    "best position of the mean sequence": (lambda on: on.mean(0).max(), None),
    "min": (lambda on: on.min(), "the misses decide"),
    "median of all": (lambda on: on.median(), "the misses decide"),
    "median over positions": (lambda on: on.median(-1).values.mean(), "the misses decide"),
    "geometric mean": (lambda on: on.log().mean().exp(), "the misses decide"),
    "geometric mean over positions": (lambda on: on.log().mean(-1).exp().mean(), "the misses decide"),
    "first row of the stripe": (lambda on: on[:, 0].mean(), "only the first token of the copy"),
    "last row of the stripe": (lambda on: on[:, -1].mean(), "only the last token of the text"),
    "second row of the stripe": (lambda on: on[:, 1].mean(), None),
    "a row in the middle": (lambda on: on[:, on.shape[1] // 2].mean(), None),
    "first sequence": (lambda on: on[0].mean(), "only one sequence"),
    "last sequence": (lambda on: on[-1].mean(), "only one sequence"),
    "best sequence": (lambda on: on.mean(-1).max(), "the best sequence decides"),
    "one entry": (lambda on: on[0, 0], None),
}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", WRONG_SCORES)
def test_a_score_that_is_not_the_mean_is_found_out(name, seed):
    score, diagnosis = WRONG_SCORES[name]
    result = judged("find_heads", finder(score), seed)
    assert not result.passed
    assert diagnosis is None or result.misconception == diagnosis
    assert result.misconception != A_HALF


@pytest.mark.parametrize("seed", range(2))
def test_a_batch_of_one_is_one_sequence(seed):
    result = judged("find_heads", finder(batch=1), seed)
    assert result.misconception == "only one sequence", str(result)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "answer",
    {
        "all layers but the last": finder(layers=slice(0, -1)),
        "all layers but the first": finder(layers=slice(1, None)),
        "all heads but the first": finder(heads=slice(1, None)),
        "all heads but the last": finder(heads=slice(0, -1)),
        "at least a half": finder(limit=lambda threshold: max(threshold, 0.5)),
        "at most a half": finder(limit=lambda threshold: min(threshold, 0.5)),
    }.items(),
    ids=lambda pair: pair[0],
)
def test_an_answer_that_misses_heads_for_another_reason_is_not_told_that_its_threshold_is_a_half(answer, seed):
    result = judged("find_heads", answer[1], seed)
    assert not result.passed
    assert result.misconception != A_HALF, str(result)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("fixed", [0.5, 0.55])
def test_an_answer_that_ignores_the_argument_is_told_so(fixed, seed):
    assert judged("find_heads", finder(limit=lambda threshold: fixed), seed).misconception == A_HALF


def loop_one_too_far(pattern, period):
    seen = [one[i, i - period + 2].item() for one in pattern for i in range(period + 1, pattern.shape[1])]
    return sum(seen) / len(seen)


def mask_of_the_batch(pattern, period):
    total = count = 0
    for row in range(len(pattern)):
        for i in range(period + 1, len(pattern)):
            total, count = total + pattern[row, i, i - period + 1], count + 1
    return total / count


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("answer", "diagnosis"),
    [
        (loop_one_too_far, "one too far, and past the end"),
        (
            lambda pattern, period: pattern.diagonal(-period + 2, dim1=1, dim2=2)[:, 2:].mean(),
            "the diagonal one too high",
        ),
        (lambda pattern, period: pattern.diagonal(1 - period)[:, 2:].mean(), "the diagonal of batch and destination"),
        (
            lambda pattern, period: torch.diagonal(pattern, -(period - 1)).mean(),
            "the whole diagonal of batch and destination",
        ),
        (mask_of_the_batch, "a loop up to the batch size"),
    ],
)
def test_index_mistakes_are_named(answer, diagnosis, seed):
    result = judged("induction_score", answer, seed)
    assert result.misconception == diagnosis, str(result)
