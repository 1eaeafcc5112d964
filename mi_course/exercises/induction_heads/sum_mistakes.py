"""What goes wrong in the restricted loss as well as in the excluded one: waves over pairs, and losses."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course.checking import Misconception
from mi_course.exercises.induction_heads.sum_tables import P, orthonormal_waves, right_answers


def _wave_set(p: int, frequencies: Any, waves: str) -> Tensor:
    """The waves over (a, b) that a (wrong) answer keeps, in rows of p² entries, each of length 1."""
    n = torch.arange(p).double()
    if waves == "mask":
        used = torch.cat(
            [orthonormal_waves(p)[:1], *(orthonormal_waves(p)[2 * k - 1 : 2 * k + 1] for k in frequencies)]
        )
        return torch.einsum("ia,jb->ijab", used, used).reshape(len(used) ** 2, -1)[1:]
    rows = []
    for k in range(1, p // 2 + 1) if waves == "every" else frequencies:
        angle = 2 * math.pi * (k - 1 if waves == "from zero" else k) / (P if waves == "global p" else p) * n
        angle = angle / 2 if waves == "half a round" else angle
        cosine, sine = angle.cos(), angle.sin()
        plus = [
            torch.outer(cosine, cosine) - torch.outer(sine, sine),
            torch.outer(sine, cosine) + torch.outer(cosine, sine),
        ]
        minus = [
            torch.outer(cosine, cosine) + torch.outer(sine, sine),
            torch.outer(sine, cosine) - torch.outer(cosine, sine),
        ]
        one = torch.ones(p).double()
        single = [torch.outer(w, one) for w in (cosine, sine)] + [torch.outer(one, w) for w in (cosine, sine)]
        rows += {
            "cos": plus[:1],
            "sin": plus[1:],
            "products": plus + minus,
            "difference": minus,
            "single": single,
        }.get(waves, plus)
    if waves == "global p":
        return torch.stack([row.flatten() for row in rows]) * math.sqrt(2) / P
    return torch.stack([F.normalize(row.flatten(), dim=0) for row in rows])


def loss_variant(
    *,
    removes: bool,
    waves: str = "sum",
    size: float | str = 1.0,
    constant: str = "as asked",
    over: str = "as asked",
    score: str = "nats",
    swap: bool = False,
    seen: str = "all",
    each: str = "together",
) -> Callable[..., Tensor]:
    """Restricted or (`removes`) excluded loss with one or two things done otherwise."""

    def answer(logits: Tensor, frequencies: Any, train: Tensor | None = None) -> Tensor:
        p = len(logits)
        logits = logits.detach().double()
        sums = torch.ones(p, p, dtype=torch.bool) if train is None else train
        if each == "apart":
            return torch.stack([one_way(logits, [k], train) for k in frequencies]).mean()
        frequencies = {"first": list(frequencies)[:1], "last": list(frequencies)[-1:]}.get(each, frequencies)
        mean = logits.mean((0, 1))
        if waves == "answers":
            spectrum = torch.fft.rfft(logits, dim=-1)
            mask = torch.zeros(spectrum.shape[-1], dtype=torch.bool)
            mask[list(frequencies)] = True
            kept = torch.fft.irfft(spectrum * mask, n=p, dim=-1)
        else:
            rows = _wave_set(p, frequencies, waves)
            flat = logits.flatten(0, 1) * (sums.flatten()[:, None] if seen == "train" else 1)
            factor = {"not divided": p**2 / 2, "once": p / math.sqrt(2)}.get(size) or float(size)
            kept = (factor * rows.T @ (rows @ flat)).view(p, p, p)
            if seen == "least squares":
                mask = sums.flatten()
                fitted = torch.linalg.lstsq(rows.T[mask], flat[mask], driver="gelsd").solution
                kept = (rows.T @ fitted).view(p, p, p)
        away = removes != swap
        if away:
            changed = logits - kept - (mean if constant == "other" else 0)
        else:
            changed = kept + {"other": 0, "original": logits}.get(constant, mean)
        if score == "twice":
            changed = changed.softmax(-1)
        right = right_answers(p)
        if score == "a minus b":
            right = (torch.arange(p)[:, None] - torch.arange(p)) % p
        log_probs = (changed if score == "logits" else changed.log_softmax(-1)).gather(-1, right[..., None])[..., 0]
        if score == "axis 1":
            log_probs = -F.cross_entropy(changed, right, reduction="none")
        if score == "log of softmax":
            log_probs = changed.float().softmax(-1).gather(-1, right[..., None])[..., 0].log()
        if score.startswith("added "):
            log_probs = (log_probs.exp() + float(score.removeprefix("added "))).log()
        if score == "most probable":
            log_probs = changed.log_softmax(-1).amax(-1)
        if over == "zeros":
            log_probs = log_probs * sums
        chosen = {"everything": torch.ones_like(sums), "zeros": torch.ones_like(sums), "held out": ~sums}.get(
            over, sums
        )
        picked = log_probs[chosen]
        return {
            "minus probability": lambda: -picked.exp().mean(),
            "difference": lambda: log_prob_of_answers(logits)[chosen].mean() - picked.mean(),
            "sum": lambda: -picked.sum(),
            "bits": lambda: -picked.mean() / math.log(2),
            "sign": lambda: picked.mean(),
            "probability": lambda: -picked.exp().mean().log(),
            "right": lambda: (changed.argmax(-1) == right_answers(p))[chosen].double().mean(),
        }.get(score, lambda: -picked.mean())()

    def one_way(logits: Tensor, frequencies: Any, train: Tensor | None) -> Tensor:
        return loss_variant(removes=removes)(logits, frequencies, train)

    return answer


def log_prob_of_answers(logits: Tensor) -> Tensor:
    return logits.log_softmax(-1).gather(-1, right_answers(len(logits))[..., None])[..., 0]


def shared_mistakes(variant: Callable[..., Any], right: str) -> tuple[Misconception, ...]:
    """Mistakes in waves and losses that are the same in both exercises."""
    return (
        Misconception(
            "half a round",
            "Your angle is πk(a + b)/p, so a wave of odd k does not close on the circle. k rounds are 2πk(a + b)/p.",
            variant(waves="half a round"),
        ),
        Misconception(
            "the answers are on the last axis",
            "F.cross_entropy takes axis 1 of a table with three axes for the answers. That is b here; the answers are "
            f"the last axis. Hand over a table with two axes: {right}.",
            variant(score="axis 1"),
        ),
        Misconception(
            "no logarithm",
            "This is minus the mean probability of the right answers. A loss is made of logarithms of probabilities: "
            "take the logarithm of each, and the mean last.",
            variant(score="minus probability"),
        ),
        Misconception(
            "the logarithm of zero",
            "Where the right answer is very improbable, exp or softmax in single precision gives 0 or infinity, and "
            "so does the loss. log_softmax, or F.cross_entropy, takes softmax and logarithm in one step and stays "
            "finite.",
            variant(score="log of softmax"),
        ),
        *(
            Misconception(
                f"{added} is added",
                f"You add {added} before the logarithm, so no pair can lose more than {-math.log(float(added)):.1f} "
                "nats. That hides the pairs that are most wrong. log_softmax, or F.cross_entropy, needs no such help.",
                variant(score=f"added {added}"),
            )
            for added in ("1e-10", "1e-8", "1e-9", "1e-12")
        ),
    )
