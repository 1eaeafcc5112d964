"""Tables of logits for all sums: those that the exercises of 2.10 are judged on, and other ways to waves and losses."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Draw
from mi_course.exercises.induction_heads.models import trained

NAME, P = "modular-addition", 53


@cache
def embedding_of(seed: int) -> Tensor:
    return trained(NAME, seed).W_E[:P].detach().clone()


@cache
def _model_logits(seed: int) -> tuple[Tensor, Tensor, list[int]]:
    """The logits of a shipped model for every sum, which sums it was trained on, and its key frequencies."""
    data = helper.sums_of(NAME, seed)
    return (
        helper.sum_logits(trained(NAME, seed), data),
        data.train.view(P, P),
        helper.key_frequencies(embedding_of(seed)),
    )


def orthonormal_waves(p: int) -> Tensor:
    """Orthonormal waves, by QR: another way to them than the helper's."""
    n = torch.arange(p).double()
    waves = [torch.ones(p).double()]
    for k in range(1, p // 2 + 1):
        waves += [(2 * math.pi * k * n / p).cos(), (2 * math.pi * k * n / p).sin()]
    q, r = torch.linalg.qr(torch.stack(waves, dim=1))
    return (q * r.diagonal().sign()).T


def right_answers(p: int) -> Tensor:
    number = torch.arange(p)
    return (number[:, None] + number) % p


def kept_by_fft(logits: Tensor, frequencies: Any, constant: bool) -> np.ndarray:
    """numpy's two-dimensional transform: waves of a + b stand where both frequencies are k, or both p − k."""
    p = len(logits)
    spectrum = np.fft.fft2(logits.detach().double().numpy(), axes=(0, 1))
    kept = np.zeros_like(spectrum)
    if constant:
        kept[0, 0] = spectrum[0, 0]
    for k in map(int, frequencies):
        kept[k, k], kept[p - k, p - k] = spectrum[k, k], spectrum[p - k, p - k]
    return np.fft.ifft2(kept, axes=(0, 1)).real


def losses_in_numpy(logits: np.ndarray) -> np.ndarray:
    p = len(logits)
    top = logits.max(-1)
    total = top + np.log(np.exp(logits - top[..., None]).sum(-1))
    a, b = np.mgrid[:p, :p]
    return total - logits[a, b, (a + b) % p]


def kept_by_sum(logits: Tensor, frequencies: Any) -> Tensor:
    """The waves kept: the mean over the pairs of each sum, then a transform of one dimension."""
    p = len(logits)
    answers = right_answers(p)
    by_sum = torch.stack([logits[answers == s].mean(0) for s in range(p)])
    spectrum = torch.fft.rfft(by_sum, dim=0)
    mask = torch.zeros(len(spectrum), dtype=torch.bool)
    mask[list(frequencies)] = True
    return torch.fft.irfft(spectrum * mask[:, None], n=p, dim=0)[answers]


def wave_columns(p: int, frequencies: Any, dtype: torch.dtype, constant: bool) -> Tensor:
    pair_sum = (torch.arange(p)[:, None] + torch.arange(p)).flatten().to(dtype)
    columns = [torch.ones(p * p, dtype=dtype)] if constant else []
    for k in frequencies:
        columns += [torch.cos(2 * math.pi * k * pair_sum / p), torch.sin(2 * math.pi * k * pair_sum / p)]
    return torch.stack(columns, dim=1)


def _planted_logits(draw: Draw, p: int, strength: float) -> Tensor:
    """A rule on every frequency, waves of a − b and of a alone, a mean for each answer, and noise."""
    n = torch.arange(p).double()
    a, b, c = n[:, None, None], n[None, :, None], n[None, None, :]
    logits = draw.normal(f"{p} {p} {p}", dtype=torch.float64) + draw.normal(f"1 1 {p}", sd=1.5, dtype=torch.float64)
    for k in range(1, p // 2 + 1):
        w, shift = 2 * math.pi * k / p, draw.normal(f"4 1 1 {p}", sd=0.7, dtype=torch.float64)
        logits = logits + strength * (w * (a + b - c)).cos() + shift[0] * (w * (a + b)).sin() + shift[1] * (w * a).cos()
        logits = logits + shift[2] * (w * (a - b)).cos() + shift[3] * (w * (a - b)).sin()
    return logits.float()


def _one_answer_dominates(draw: Draw) -> tuple[Tensor, list[int]]:
    """Logits where a wrong answer is about e^150 times as probable as the right one, whichever of two waves is left.

    Its wave is highest at the sum 0 and lowest at the sum to which it is right: where exp of a logit is too
    large for single precision, it is a wrong answer's, and the right one's probability comes out as zero.
    """
    logits, ks = _planted_logits(draw, 7, 1.5), draw.sample([1, 2, 3], 2)
    pair_sum = torch.arange(7)[:, None] + torch.arange(7)
    for k in ks:
        logits[..., draw.choice([3, 4]) * pow(k, -1, 7) % 7] += 150 * (2 * math.pi * k / 7 * pair_sum).cos()
    return logits, ks[:1]


def loss_cases(draw: Draw) -> list[tuple[str, Tensor, list[int], Tensor]]:
    def mask(p: int) -> Tensor:
        chosen = torch.rand(p, p, generator=draw.generator) < 0.4
        chosen[0, 1], chosen[1, 0] = True, False
        return chosen

    model, train, keys = _model_logits(draw.integer(0, 4))
    far, far_keys, far_train = *_one_answer_dominates(draw), mask(7)
    far_train[0, 0] = True
    return [
        ("7 numbers, two frequencies", _planted_logits(draw, 7, 1.5), draw.sample([1, 2, 3], 2), mask(7)),
        ("11 numbers, one frequency", _planted_logits(draw, 11, 2.0), [draw.integer(2, 5)], mask(11)),
        ("5 numbers, all frequencies", _planted_logits(draw, 5, 0.5), [1, 2], mask(5)),
        ("a shipped model, one of its key frequencies", model, [draw.choice(keys)], train),
        ("7 numbers, a wrong answer far above the others", far, far_keys, far_train),
    ]
