"""2.10: the loss of logits that have lost a few waves of the sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Exercise, Misconception, Oracle, Question
from mi_course.exercises.induction_heads.sum_mistakes import loss_variant, shared_mistakes
from mi_course.exercises.induction_heads.sum_tables import (
    kept_by_fft,
    kept_by_sum,
    loss_cases,
    losses_in_numpy,
    right_answers,
    wave_columns,
)

QUESTIONS: list[Question] = []


def _excluded_by_fft(logits: Tensor, frequencies: Any, train: Tensor) -> float:
    left = logits.detach().double().numpy() - kept_by_fft(logits, frequencies, False)
    return float(losses_in_numpy(left)[train.numpy()].mean())


def _excluded_by_sums(logits: Tensor, frequencies: Any, train: Tensor) -> Tensor:
    left = logits - kept_by_sum(logits, frequencies)
    return F.cross_entropy(left[train], right_answers(len(logits))[train])


def _excluded_by_least_squares(logits: Tensor, frequencies: Any, train: Tensor) -> float:
    p = len(logits)
    flat = logits.reshape(p * p, p).double()
    waves = wave_columns(p, frequencies, torch.float64, False)
    left = flat - waves @ torch.linalg.lstsq(waves, flat).solution
    return F.cross_entropy(left[train.flatten()], right_answers(p).flatten()[train.flatten()]).item()


def _excluded_by_loop(logits: Tensor, frequencies: Any, train: Tensor) -> Tensor:
    p = logits.shape[0]
    a, b = torch.arange(p)[:, None], torch.arange(p)[None, :]
    left = logits.clone()
    for k in frequencies:
        for wave in (torch.cos(2 * torch.pi * k * (a + b) / p), torch.sin(2 * torch.pi * k * (a + b) / p)):
            left = left - 2 / p**2 * wave[..., None] * torch.einsum("ab,abc->c", wave, left)
    losses = left.logsumexp(-1) - left[a, b, (a + b) % p]
    return (losses * train).sum() / train.sum()


def _excluded_variant(**switches: Any) -> Callable[..., Tensor]:
    return loss_variant(removes=True, **switches)


excluded_loss = Exercise(
    name="excluded_loss",
    chapter="induction_heads",
    section="2.10",
    title="All but a few waves",
    core=False,
    difficulty=3,
    minutes=8,
    points=2,
    prerequisites=("restricted_loss",),
    hints=(
        "The other half of what restricted_loss takes apart: subtract instead of keep. What happens to the mean now?",
        "The mean of each answer's logit is no wave of these frequencies, so it stays: left = logits − (what lies "
        "along the waves). The waves are fitted on all pairs; only the loss is taken over the trained ones.",
        "F.cross_entropy(left[train], (pair_sum % p)[train]): a mask of shape (p, p) picks rows of left, shape (sum, "
        "p).",
    ),
    reference=helper.excluded_loss,
    oracle=Oracle("numpy.fft.fft2 over both numbers, with these entries set to zero", _excluded_by_fft),
    cases=lambda draw: [Case(label, (logits, keys, train)) for label, logits, keys, train in loss_cases(draw)],
    variant=_excluded_variant,
    alternatives={
        "the mean over each sum, then torch.fft": _excluded_by_sums,
        "least squares on the waves": _excluded_by_least_squares,
        "one wave after the other": _excluded_by_loop,
        "numpy's fft2": _excluded_by_fft,
    },
    misconceptions=(
        Misconception(
            "over all pairs",
            "Your mean is over all pairs. The excluded loss asks what is left of the *trained* sums when the rule is "
            "taken away, so that what was learned by heart can show: losses[train].mean().",
            switches={"over": "everything"},
        ),
        Misconception(
            "over the held-out pairs",
            "Your mean is over the sums that training did not see. Nobody could know these by heart. Asked for are "
            "the trained ones.",
            switches={"over": "held out"},
        ),
        Misconception(
            "waves fitted on the trained pairs",
            "You sum over trained pairs only, or set the held-out logits to zero, when you measure the waves. On a "
            "part of the pairs waves are not orthogonal, and one measures pieces of others. Fit on all pairs, take "
            "the loss on the trained ones.",
            switches={"seen": "train"},
        ),
        Misconception(
            "the waves are kept",
            "You keep these waves and drop the rest: the restricted loss, on the trained sums. Here they are removed "
            "and all else stays.",
            switches={"swap": True},
        ),
        Misconception(
            "the mean is removed as well",
            "You also take away the mean of each answer's logit. It is no wave of the frequencies asked for: it stays.",
            switches={"constant": "other"},
        ),
        Misconception(
            "only the cosine is removed",
            "You remove cos(w(a + b)) and leave the sine, which is half of the rule. Remove both.",
            switches={"waves": "cos"},
        ),
        Misconception(
            "only the sine is removed",
            "You remove sin(w(a + b)) and leave the cosine, which is half of the rule. Remove both.",
            switches={"waves": "sin"},
        ),
        Misconception(
            "all products are removed",
            "You remove all four products of cosine and sine of wa and of wb, and with them the waves of a − b. "
            "Remove cos(w(a + b)) and sin(w(a + b)) only.",
            switches={"waves": "products"},
        ),
        Misconception(
            "the difference of the numbers",
            "The waves you remove are of a − b. The rule is about a + b.",
            switches={"waves": "difference"},
        ),
        Misconception(
            "every wave of the sum is removed",
            "You remove every frequency of a + b. Asked for is to remove those given; the others stay, since the "
            "claim is that the rule lives in these few.",
            switches={"waves": "every"},
        ),
        Misconception(
            "waves over the answers are removed",
            "Your waves run along the last axis, the answers. Removed is how the logits vary with the pair (a, b), "
            "for each answer by itself.",
            switches={"waves": "answers"},
        ),
        Misconception(
            "half of each wave is removed",
            "Half of each wave stays. Do you divide by p²? The squared length of a wave over all pairs is p²/2. Or, "
            "with an FFT, do you set the entry [k, k] to zero and not [−k, −k]? A wave has half of itself in each.",
            switches={"size": 0.5},
        ),
        Misconception(
            "more than the wave is removed",
            "You subtract without dividing by the wave's squared length, p²/2, and so put p²/2 − 1 times the wave in "
            "with the opposite sign.",
            switches={"size": "not divided"},
        ),
        Misconception(
            "a sum over pairs",
            "You add the losses up. A loss is the mean over the trained pairs.",
            switches={"score": "sum"},
        ),
        Misconception(
            "bits for nats",
            "Your logarithm has base 2, so this is in bits. Losses are in nats: the natural logarithm.",
            switches={"score": "bits"},
        ),
        Misconception(
            "the sign is turned",
            "This is the mean log-probability of the right answers. The loss is minus that, and positive.",
            switches={"score": "sign"},
        ),
        Misconception(
            "how much is lost",
            "You return by how much the loss grows when the waves go. Asked for is the loss itself, without the waves.",
            switches={"score": "difference"},
        ),
        Misconception(
            "zeros for the held-out pairs",
            "You set the losses of held-out pairs to zero and divide by the number of all pairs. Divide by the "
            "number of trained ones: losses[train].mean().",
            switches={"over": "zeros"},
        ),
        Misconception(
            "least squares on the trained pairs",
            "You fit the waves to the trained pairs alone, by least squares. That takes away more than lies along "
            "them over the whole table: where only some pairs count, other things look like these waves. Fit on all "
            "pairs.",
            switches={"seen": "least squares"},
        ),
        Misconception(
            "divided by the wave's length once",
            "You divide by the length of the wave once, though the wave stands there twice: once to measure, once to "
            "subtract. Make it one unit long first.",
            switches={"size": "once"},
        ),
        Misconception(
            "the waves are doubled",
            "You add the waves once more, where they should be taken away: minus, not plus.",
            switches={"size": -1.0},
        ),
        Misconception(
            "only the first frequency is removed",
            "You remove the waves of the first frequency and leave those of the others, which still carry the rule. "
            "Is there a return inside the loop?",
            switches={"each": "first"},
        ),
        Misconception(
            "only the last frequency is removed",
            "You remove the waves of the last frequency and leave those of the others. Does each round of your loop "
            "begin with the logits as they were? Go on with what the round before has left.",
            _excluded_variant(each="last"),
        ),
        Misconception(
            "softmax twice",
            "You hand a softmax to a cross-entropy, which takes a softmax of its own. Give it logits.",
            _excluded_variant(score="twice"),
        ),
        Misconception(
            "no softmax",
            "You average the logits of the right answers; the loss is made of log-probabilities: log_softmax over the "
            "answers, or F.cross_entropy.",
            _excluded_variant(score="logits"),
        ),
        Misconception(
            "the answer a − b",
            "You score the answer (a − b) mod p. The right answer to a sum is (a + b) mod p.",
            _excluded_variant(score="a minus b"),
        ),
        Misconception(
            "p from the notebook",
            "You remove waves made with p = 53, the shipped models' size, whatever the size of the table. Its p is "
            "len(logits).",
            _excluded_variant(waves="global p"),
        ),
        Misconception(
            "one frequency removed at a time",
            "You remove each frequency by itself and average the losses. The others can then stand in for the one "
            "that is gone. Remove all of them together and take one loss.",
            switches={"each": "apart"},
        ),
        *shared_mistakes(_excluded_variant, "F.cross_entropy(left[train], (pair_sum % p)[train])"),
        Misconception(
            "nothing is removed",
            "This is the loss of the trained sums with the logits as they are. Take away what lies along the waves of "
            "the frequencies asked for first.",
            _excluded_variant(size=0.0),
        ),
        Misconception(
            "the mean comes before the logarithm",
            "You average the probabilities of the right answers over the trained pairs and take the logarithm then. "
            "Take the logarithm of each, and the mean last.",
            _excluded_variant(score="probability"),
        ),
        Misconception(
            "accuracy",
            "You return the share of trained sums that come right. Asked for is the loss.",
            switches={"score": "right"},
        ),
    ),
)

EXERCISES = [excluded_loss]
