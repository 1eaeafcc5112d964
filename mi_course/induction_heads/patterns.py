"""Where heads look: the stripe of the token after the previous copy, and the heads that keep to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.claims import Interval, bootstrap_interval
from mi_course.errors import CourseError
from mi_course.interventions import pattern as pattern_site
from mi_course.interventions import run
from mi_course.worlds.repeated import repeated_tokens

Head = tuple[int, int]
"""(layer, head), both counted from 0: (1, 0) is the head that is written L1H0."""


def attention_patterns(model: Any, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "layer head batch dest src"]:
    """The attention probabilities of every head; `patterns[layer, head]` is what `induction_score` takes.

    Raises CourseError when the tokens do not fit the model.
    """
    layers = range(model.cfg.n_layers)
    cache = run(model, tokens, cache=[pattern_site(layer) for layer in layers]).cache
    return torch.stack([cache[pattern_site(layer)].transpose(0, 1) for layer in layers])


def stripe(pattern: Float[Tensor, "*batch dest src"], period: int) -> Float[Tensor, "*batch later_dest"]:
    """Attention paid to the token after the previous copy, by each position of the second and later segments.

    pattern: destination by source; position 0 is [BOS], then segments of `period` tokens.
    The source is i − (period − 1) for destination i; the first destination with a previous copy is period + 1.
    """
    _check_pattern(pattern, period)
    # The diagonal starts at destination period − 1, two rows before the second segment.
    return pattern.diagonal(offset=-(period - 1), dim1=-2, dim2=-1)[..., 2:]


def induction_score(pattern: Float[Tensor, "batch dest src"], period: int) -> Float[Tensor, ""]:
    """Mean attention that the second and later segments pay to the token after the previous copy.

    pattern: attention probabilities of one head; position 0 is [BOS], then segments of `period` tokens.
    Returns one number between 0 and 1. (Prefix matching score, Olsson et al. 2022.)
    """
    return stripe(pattern, period).mean()


def previous_stripe(pattern: Float[Tensor, "*batch dest src"]) -> Float[Tensor, "*batch later_dest"]:
    """Attention paid to the token just before, by each position from 2 on.

    Position 1 is left out: the token before it is [BOS], where a head that has found nothing often rests.
    """
    _check_square(pattern)
    if pattern.shape[-1] < 3:
        raise CourseError(f"A pattern of {pattern.shape[-1]} positions has no token with one before it but [BOS].")
    return pattern.diagonal(offset=-1, dim1=-2, dim2=-1)[..., 1:]


def previous_token_score(pattern: Float[Tensor, "batch dest src"]) -> Float[Tensor, ""]:
    """Mean attention that positions from 2 on pay to the token just before them; a number between 0 and 1.

    pattern: attention probabilities of one head on any text; position 0 is [BOS].
    """
    return previous_stripe(pattern).mean()


def duplicate_stripe(pattern: Float[Tensor, "*batch dest src"], period: int) -> Float[Tensor, "*batch later_dest"]:
    """Attention paid to the same token one segment ago, by each position of the second and later segments.

    The source is i − period for destination i; the first destination with a previous copy is period + 1.
    """
    _check_pattern(pattern, period)
    # The diagonal starts at destination `period`, whose source is [BOS]; it is the last row of the first segment.
    return pattern.diagonal(offset=-period, dim1=-2, dim2=-1)[..., 1:]


def duplicate_token_score(pattern: Float[Tensor, "batch dest src"], period: int) -> Float[Tensor, ""]:
    """Mean attention that the second and later segments pay to the same token one segment ago; between 0 and 1.

    pattern: attention probabilities of one head; position 0 is [BOS], then segments of `period` tokens.
    (Wang et al. 2022, "Interpretability in the Wild", name duplicate-token heads by where they look.)
    """
    return duplicate_stripe(pattern, period).mean()


def _check_square(pattern: Tensor) -> None:
    if pattern.ndim < 2 or pattern.shape[-1] != pattern.shape[-2]:
        raise CourseError(f"A pattern has as many destinations as sources; this one has shape {tuple(pattern.shape)}.")


def _check_pattern(pattern: Tensor, period: int) -> None:
    _check_square(pattern)
    if not 1 <= period < pattern.shape[-1] - 1:
        raise CourseError(
            f"A pattern of {pattern.shape[-1]} positions has no second segment of period {period}: "
            f"the period is from 1 to {pattern.shape[-1] - 2}."
        )


@dataclass(frozen=True)
class HeadScores:
    """A score for every head of a model, with an interval over sequences and a baseline.

    name: what is scored, with its unit, for the axis of a figure.
    made: how the model came about, "trained" or "planted".
    scores, low, high: shape (layer, head); `low` and `high` bound the `level` interval.
    baseline: the same score without what is claimed, shape (layer, head); `baseline_name` says without what.
    n: number of sequences.
    """

    name: str
    scores: Float[Tensor, "layer head"]
    low: Float[Tensor, "layer head"]
    high: Float[Tensor, "layer head"]
    baseline: Float[Tensor, "layer head"]
    baseline_name: str
    n: int
    made: str = "trained"
    level: float = 0.95
    method: str = "bootstrap over sequences"

    def heads(self, threshold: float = 0.5) -> list[Head]:
        """Heads whose score exceeds the threshold, in order."""
        return [(int(layer), int(head)) for layer, head in (self.scores > threshold).nonzero()]

    def interval(self, head: Head) -> Interval:
        """The interval of one head's score."""
        return Interval(float(self.low[head]), float(self.high[head]), self.level, self.method)


def induction_scores(
    model: Any,
    twin: Any,
    *,
    period: int = 12,
    repeats: int = 2,
    batch: int = 256,
    seed: int = 0,
    made: str = "trained",
    baseline_name: str = "untrained twin",
) -> HeadScores:
    """The induction score of every head on fresh random sequences, beside that of the untrained twin.

    model, twin: two bridges of one architecture, such as `load_model(name)` and `load_model(name, untrained=True)`.
    made, baseline_name: what to call the two in a figure.
    The interval is a bootstrap over sequences: positions of one sequence are not independent of one another.
    """
    data = repeated_tokens(batch, period, repeats, model.cfg.d_vocab, seed=seed)
    return head_scores(
        model,
        twin,
        data.tokens,
        lambda pattern: stripe(pattern, period),
        name="induction score (mean attention on the stripe)",
        made=made,
        baseline_name=baseline_name,
        seed=seed,
    )


def head_scores(
    model: Any,
    twin: Any,
    tokens: Int[Tensor, "batch pos"],
    read: Callable[[Float[Tensor, "*batch dest src"]], Float[Tensor, "*batch read"]],
    *,
    name: str,
    made: str = "trained",
    baseline_name: str = "untrained twin",
    seed: int = 0,
) -> HeadScores:
    """Any score that is a mean over cells of the pattern, for every head, beside that of the untrained twin.

    model, twin: two bridges of one architecture. tokens: what both are run on.
    read: takes patterns to the cells that the score is the mean of, on the last axis; such as `previous_stripe`.
    name: what is scored, with its unit. made, baseline_name: what to call the two in a figure.
    The interval is a bootstrap over sequences: positions of one sequence are not independent of one another.
    Raises CourseError when the two differ in layers or heads.
    """
    sizes = [(each.cfg.n_layers, each.cfg.n_heads) for each in (model, twin)]
    if sizes[0] != sizes[1]:
        raise CourseError(
            f"The baseline must have as many layers and heads as the model, {sizes[0]}; it has {sizes[1]}. "
            "Take the untrained twin: load_model(name, untrained=True)."
        )
    by_sequence = read(attention_patterns(model, tokens)).mean(-1)
    baseline = read(attention_patterns(twin, tokens)).mean((-1, -2))
    low, high = torch.empty_like(baseline), torch.empty_like(baseline)
    for layer in range(by_sequence.shape[0]):
        for head in range(by_sequence.shape[1]):
            interval = bootstrap_interval(by_sequence[layer, head].numpy(), seed=seed)
            low[layer, head], high[layer, head] = interval.low, interval.high
    scores = by_sequence.mean(-1)
    return HeadScores(
        name=name,
        scores=scores,
        low=torch.minimum(low, scores),  # the bootstrap counts in double precision, the scores in single
        high=torch.maximum(high, scores),
        baseline=baseline,
        baseline_name=baseline_name,
        n=tokens.shape[0],
        made=made,
    )


def find_heads(model: Any, periods: Sequence[int], threshold: float = 0.5) -> list[Head]:
    """Heads whose induction score exceeds the threshold at every one of the periods.

    A head that always looks the same number of tokens back fills the stripe of one period; at another period it misses.
    Returns (layer, head) pairs in order.
    Raises CourseError when no period is given or two segments do not fit the model's context.
    """
    if not periods:
        raise CourseError("find_heads needs at least one period, such as [8, 13, 20].")
    lowest = None
    for period in periods:
        data = repeated_tokens(batch=32, period=period, repeats=2, d_vocab=model.cfg.d_vocab, seed=period)
        scores = stripe(attention_patterns(model, data.tokens), period).mean((-1, -2))
        lowest = scores if lowest is None else torch.minimum(lowest, scores)
    assert lowest is not None
    return [(int(layer), int(head)) for layer, head in (lowest > threshold).nonzero()]
