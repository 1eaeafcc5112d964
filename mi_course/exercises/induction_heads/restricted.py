"""2.10: the loss of logits that keep nothing but a few waves of the sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Exercise, Misconception, Oracle, Question
from mi_course.exercises.induction_heads.sum_mistakes import log_prob_of_answers, loss_variant, shared_mistakes
from mi_course.exercises.induction_heads.sum_tables import (
    kept_by_fft,
    kept_by_sum,
    loss_cases,
    losses_in_numpy,
    right_answers,
    wave_columns,
)

QUESTIONS = [
    Question(
        name="restricted_first",
        text="At step 1,400 of seed 1 the held-out sums are still mostly wrong. With everything but three frequencies "
        "taken out of the logits, which share of all sums comes right there? "
        "(Right if within 10.)",
        kind=float,
        low=0,
        high=100,
        unit="per cent",
        comes_true=lambda value, outcome: abs(value - outcome) <= 10,
    ),
]


def _restricted_by_fft(logits: Tensor, frequencies: Any) -> float:
    return float(losses_in_numpy(kept_by_fft(logits, frequencies, True)).mean())


def _restricted_by_sums(logits: Tensor, frequencies: Any) -> Tensor:
    kept = kept_by_sum(logits, frequencies) + logits.mean(dim=(0, 1), keepdim=True)
    return F.cross_entropy(kept.flatten(0, 1), right_answers(len(logits)).flatten())


def _restricted_by_least_squares(logits: Tensor, frequencies: Any) -> float:
    p = len(logits)
    flat = logits.reshape(p * p, p).double()
    waves = wave_columns(p, frequencies, torch.float64, True)
    kept = waves @ torch.linalg.lstsq(waves, flat).solution
    return F.nll_loss(kept.log_softmax(1), right_answers(p).flatten()).item()


def _restricted_by_loop(logits: Tensor, frequencies: Any) -> Tensor:
    p = logits.shape[0]
    a, b = torch.arange(p)[:, None], torch.arange(p)[None, :]
    kept = logits.mean((0, 1)).expand(p, p, p).clone()
    for k in frequencies:
        for wave in (torch.cos(2 * torch.pi * k * (a + b) / p), torch.sin(2 * torch.pi * k * (a + b) / p)):
            wave = (wave / wave.norm()).to(logits.dtype)
            kept += wave[..., None] * (wave[..., None] * logits).sum((0, 1))
    probability = kept.double().softmax(-1)[a, b, (a + b) % p]
    return -probability.log().mean()


def _restricted_variant(**switches: Any) -> Callable[..., Tensor]:
    return loss_variant(removes=False, **switches)


restricted_loss = Exercise(
    name="restricted_loss",
    chapter="induction_heads",
    section="2.10",
    title="Nothing but a few waves",
    core=False,
    difficulty=4,
    minutes=20,
    points=4,
    prerequisites=("key_frequencies",),
    hints=(
        "Three steps: what of the logits lies along a few waves; put only that, and their mean, back together; take "
        "the loss of the result. Each answer c has its own table logits[:, :, c], and all are treated alike.",
        "pair_sum = torch.arange(p)[:, None] + torch.arange(p); wave = (2 * torch.pi * k * pair_sum / p).cos(); "
        "divide it by wave.norm(). (wave[..., None] * logits).sum((0, 1)) is how much of it each answer has.",
        "kept = logits.mean((0, 1)) + the sum over waves (cosine and sine of each frequency) of wave[..., None] * how "
        "much of it each answer has. Then F.cross_entropy(kept.flatten(0, 1), (pair_sum % p).flatten()).",
    ),
    reference=helper.restricted_loss,
    oracle=Oracle("numpy.fft.fft2 over both numbers, with all other entries set to zero", _restricted_by_fft),
    cases=lambda draw: [Case(label, (logits, keys)) for label, logits, keys, _ in loss_cases(draw)],
    variant=_restricted_variant,
    alternatives={
        "the mean over each sum, then torch.fft": _restricted_by_sums,
        "least squares on the waves": _restricted_by_least_squares,
        "a loop over unit waves": _restricted_by_loop,
        "numpy's fft2": _restricted_by_fft,
    },
    misconceptions=(
        Misconception(
            "cosine without sine",
            "You keep cos(w(a + b)) and drop the sine. The rule cos(w(a + b − c)) is cos(w(a + b)) cos(wc) + sin(w(a "
            "+ b)) sin(wc): with the cosine alone the answers c and p − c cannot be told apart.",
            switches={"waves": "cos"},
        ),
        Misconception(
            "sine without cosine",
            "You keep sin(w(a + b)) and drop the cosine. Both are needed for a wave with any shift.",
            switches={"waves": "sin"},
        ),
        Misconception(
            "the mean is lost",
            "You keep the waves and lose the mean of each answer's logit over all pairs (the constant). It differs "
            "from answer to answer, so the softmax sees it: add logits.mean((0, 1)), one number for each answer c. Or "
            "you add a mean that is the same for every answer, which softmax does not see.",
            switches={"constant": "other"},
        ),
        Misconception(
            "all products of the frequency",
            "You keep all four products of cosine and sine of wa and of wb. They hold the waves of a − b as well, "
            "which say nothing about the sum. Keep cos(w(a + b)) and sin(w(a + b)) only: two directions a frequency.",
            switches={"waves": "products"},
        ),
        Misconception(
            "everything at these frequencies",
            "You keep whatever has one of these frequencies, or none, in each of the two numbers, as a mask on rows "
            "and on columns of a two-dimensional transform does. That includes waves of a alone, of a − b, and "
            "products of two different frequencies. Keep the waves of a + b only.",
            switches={"waves": "mask"},
        ),
        Misconception(
            "the difference of the numbers",
            "Your waves are of a − b. The answer depends on a + b.",
            switches={"waves": "difference"},
        ),
        Misconception(
            "waves of one number at a time",
            "You keep cos and sin of wa and of wb, each by itself. No sum of these two is a function of a + b alone: "
            "keep cos(w(a + b)) and sin(w(a + b)).",
            switches={"waves": "single"},
        ),
        Misconception(
            "every wave of the sum",
            "You keep every frequency of a + b, as a mean over the pairs of each sum does. That is the best function "
            "of the sum. Asked for is the part at the given frequencies.",
            switches={"waves": "every"},
        ),
        Misconception(
            "waves over the answers",
            "Your waves run along the last axis, the answers. Kept or dropped is how the logits vary with the pair "
            "(a, b), for each answer by itself.",
            switches={"waves": "answers"},
        ),
        Misconception(
            "the frequency is one too low",
            "Your waves make one round fewer than asked for. Frequency k means cos(2πk(a + b)/p); if you look it up "
            "in a list, its place is not its frequency.",
            switches={"waves": "from zero"},
        ),
        Misconception(
            "the waves are kept out",
            "You remove these waves and keep the rest. That is the excluded loss. The restricted loss keeps them, "
            "and the mean, and drops the rest.",
            switches={"swap": True},
        ),
        Misconception(
            "not divided by the wave's length",
            "You multiply by a wave twice, once to measure and once to put back, without dividing by its squared "
            "length, which is p²/2. What you keep is p²/2 times too large.",
            switches={"size": "not divided"},
        ),
        Misconception(
            "divided by the length once",
            "You divide by the length of the wave once. The wave stands there twice, once to measure how much there "
            "is of it and once to put that back, so divide by its length each time, or make it one unit long first.",
            switches={"size": "once"},
        ),
        Misconception(
            "only the first frequency",
            "You keep the waves of the first frequency given and drop the others. Is there a return inside the loop? "
            "Keep those of all frequencies in the list, added up.",
            switches={"each": "first"},
        ),
        Misconception(
            "only the last frequency",
            "You keep the waves of the last frequency given and drop the others. Does each round of your loop write "
            "over what the round before has kept? Add it up.",
            _restricted_variant(each="last"),
        ),
        Misconception(
            "softmax twice",
            "You take a softmax and hand the result to a cross-entropy, which takes another. F.cross_entropy wants "
            "logits.",
            _restricted_variant(score="twice"),
        ),
        Misconception(
            "no softmax",
            "You average the logits of the right answers. A logit becomes a log-probability only by log_softmax over "
            "the answers.",
            _restricted_variant(score="logits"),
        ),
        Misconception(
            "the answer a − b",
            "You score the answer (a − b) mod p. These models add: the right answer is (a + b) mod p.",
            _restricted_variant(score="a minus b"),
        ),
        Misconception(
            "p from the notebook",
            "Your waves are made with p = 53, the shipped models' size, whatever the table's. Take p from logits: "
            "len(logits).",
            _restricted_variant(waves="global p"),
        ),
        Misconception(
            "one frequency at a time",
            "You take the loss for each frequency by itself and average the losses. The answer stands out because the "
            "waves of several frequencies add up: add the waves, then take one loss.",
            switches={"each": "apart"},
        ),
        Misconception(
            "on top of the logits",
            "You add the waves to the logits they were taken from, so nothing is dropped and the waves count twice. "
            "Add them to the mean of each answer's logit only.",
            switches={"constant": "original"},
        ),
        Misconception(
            "the most probable answer",
            "You score the answer that the logits hold most probable. That says how sure they are. Score the right "
            "answer, (a + b) mod p.",
            switches={"score": "most probable"},
        ),
        Misconception(
            "half of each wave",
            "You keep half of each wave. Do you divide by p²? The squared length of a cosine or sine over all pairs is "
            "p²/2, since its square is one half on average. Or, with an FFT, do you keep the entry [k, k] without "
            "[−k, −k]? A wave has half of itself in each.",
            switches={"size": 0.5},
        ),
        Misconception(
            "a sum over pairs",
            "You add the losses of all pairs up. A loss is the mean over pairs, so that tables of different size can "
            "be compared.",
            switches={"score": "sum"},
        ),
        Misconception(
            "bits",
            "Your logarithm has base 2. Losses are in nats here: the natural logarithm.",
            switches={"score": "bits"},
        ),
        Misconception(
            "the sign",
            "This is a mean log-probability, which is negative. The loss is minus that.",
            switches={"score": "sign"},
        ),
        Misconception(
            "the mean before the logarithm",
            "You average the probabilities of the right answers and take the logarithm then. The loss is the mean of "
            "the logarithms, in which one pair that is certain and wrong weighs heavily.",
            switches={"score": "probability"},
        ),
        *shared_mistakes(_restricted_variant, "F.cross_entropy(kept.flatten(0, 1), (pair_sum % p).flatten())"),
        Misconception(
            "nothing is dropped",
            "This is the loss of the logits as they are. Keep the mean of each answer's logit and the waves of the "
            "frequencies asked for, and drop the rest.",
            lambda logits, frequencies: -log_prob_of_answers(logits.double()).mean(),
        ),
        Misconception(
            "accuracy",
            "You return the share of pairs that come right. Asked for is the loss, which says how sure the logits "
            "are as well, and which moves before any pair changes sides.",
            switches={"score": "right"},
        ),
    ),
)

EXERCISES = [restricted_loss]
