"""Measure what a model of the zoo does: the numbers on its card, each beside a baseline and with an interval.

The zoo stands to the left of `interventions` and `claims`, so it reads attention patterns with the model's own
`run_with_cache` and makes its intervals itself. Nothing is edited here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from scipy import stats
from torch import Tensor

from mi_course.worlds import RepeatedTokens, repeated_tokens

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

LEVEL = 0.95
MEASUREMENT = {"rows": 512, "period": 25, "repeats": 2, "d_vocab": 64, "seed": 20220924}
"""The data all induction models are measured on: these arguments of `repeated_tokens`, never seen in training."""


def induction_phenomena(model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
    """Everything on the card of an induction model, from the model and its twin before training.

    Every mean is over rows (sequences), which are independent; positions of one row are not. Intervals are at 95 %,
    from Student's t over row means. Where every row is right, t would give an interval of no width; the lower limit is
    then the exact binomial one for rows (Clopper and Pearson 1934).
    """
    data = measurement_data()
    rows, period = data.tokens.shape[0], data.period
    trained, twin = _observe(model, data), _observe(untrained, data)

    def entry(name: str, **baselines: float) -> dict[str, Any]:
        value, low, high = mean_and_interval(trained[name], proportion=name.endswith("accuracy"))
        return {
            "value": value,
            "interval": [low, high],
            "n": rows,
            "baselines": {"untrained": float(twin[name].mean()), **baselines},
        }

    remaining = sum(1 / left for left in range(1, period)) / (period - 1)
    uniform = math.log(model.cfg.d_vocab - 1)
    accuracy = entry("repeated_token_accuracy", copier=1 / period, copier_without_replacement=remaining)
    first = entry("loss_first_copy", uniform=uniform)
    later = entry("loss_later_copies", uniform=uniform, copier=math.log(period))
    induction, previous = (_by_head(name, trained, twin) for name in ("induction_score", "previous_token_score"))
    above = {
        "value": sum(score > 0.5 for layer in induction["by_head"] for score in layer),
        "n": model.cfg.n_layers * model.cfg.n_heads,
        "baselines": {"untrained": sum(score > 0.5 for layer in induction["untrained"] for score in layer)},
    }
    return {
        "repeated_token_accuracy": accuracy,
        "loss_first_copy": first,
        "loss_later_copies": later,
        "induction_score": induction,
        "previous_token_score": previous,
        "induction_heads_above_half": above,
    }


def followed(model: TransformerBridge) -> dict[str, Any]:
    """The numbers that are followed through training: of the card's, those that tell when the heads formed."""
    observed = _observe(model, measurement_data())
    kept: dict[str, Any] = {}
    for name in ("repeated_token_accuracy", "loss_first_copy", "loss_later_copies"):
        value, low, high = mean_and_interval(observed[name], proportion=name.endswith("accuracy"))
        kept[name] = {"value": value, "interval": [low, high]}
    for name in ("induction_score", "previous_token_score"):
        scores = observed[name]
        best = int(scores.mean(dim=0).argmax())
        layer, head = divmod(best, scores.shape[2])
        value, low, high = mean_and_interval(scores[:, layer, head])
        kept[name] = {"head": f"L{layer}H{head}", "value": value, "interval": [low, high]}
    return kept


def measurement_data() -> RepeatedTokens:
    """The sequences that every card's numbers are measured on."""
    rows, period, repeats, d_vocab, seed = MEASUREMENT.values()
    return repeated_tokens(rows, period, repeats, d_vocab, seed=seed)


def mean_and_interval(
    rows: Float[Tensor, " row"], *, proportion: bool = False, level: float = LEVEL
) -> tuple[float, float, float]:
    """Mean over independent rows, with the limits of its interval at the level given."""
    n, mean = len(rows), float(rows.mean())
    spread = float(rows.std()) / math.sqrt(n)
    if proportion and spread == 0 and mean == 1:
        return 1.0, ((1 - level) / 2) ** (1 / n), 1.0
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * spread
    low, high = mean - half, mean + half
    return (mean, max(low, 0.0), min(high, 1.0)) if proportion else (mean, low, high)


@torch.no_grad()
def _observe(model: TransformerBridge, data: RepeatedTokens) -> dict[str, Tensor]:
    """One number for each row, or for each row, layer and head, of everything the card reports."""
    tokens, period = data.tokens, data.period
    logits, cache = model.run_with_cache(tokens, names_filter=lambda name: name.endswith("attn.hook_pattern"))
    log_probs = logits[:, :-1].log_softmax(dim=-1)
    loss = -log_probs.gather(-1, tokens[:, 1:, None])[..., 0]
    right = (logits[:, :-1].argmax(dim=-1) == tokens[:, 1:]).float()
    # Row, position of the prediction: the first copy is predicted from [BOS] on, later ones where they are predictable.
    first, later = slice(0, period), data.predictable[0, :-1]

    layers = range(model.cfg.n_layers)
    patterns = torch.stack([cache[f"blocks.{layer}.attn.hook_pattern"] for layer in layers], dim=1)
    source = data.induction_source[0]
    seeking = (source >= 0).nonzero()[:, 0]
    # From position 2: at position 1 the previous token is [BOS], where a head that does nothing often rests.
    walking = torch.arange(2, tokens.shape[1])
    return {
        "repeated_token_accuracy": right[:, later].mean(dim=1),
        "loss_first_copy": loss[:, first].mean(dim=1),
        "loss_later_copies": loss[:, later].mean(dim=1),
        "induction_score": patterns[..., seeking, source[seeking]].mean(dim=-1),
        "previous_token_score": patterns[..., walking, walking - 1].mean(dim=-1),
    }


def _by_head(name: str, trained: dict[str, Tensor], twin: dict[str, Tensor]) -> dict[str, Any]:
    scores = trained[name]
    layers, heads = range(scores.shape[1]), range(scores.shape[2])
    limits = [[mean_and_interval(scores[:, layer, head]) for head in heads] for layer in layers]
    best_layer, best_head = max(
        ((layer, head) for layer in layers for head in heads), key=lambda at: limits[at[0]][at[1]][0]
    )
    value, low, high = limits[best_layer][best_head]
    untrained = twin[name].mean(dim=0)
    return {
        "best": {
            "head": f"L{best_layer}H{best_head}",
            "value": value,
            "interval": [low, high],
            "n": scores.shape[0],
            "baselines": {"untrained_best": float(untrained.max()), "uniform": _uniform_attention(name)},
        },
        "by_head": [[limits[layer][head][0] for head in heads] for layer in layers],
        "interval_by_head": [[list(limits[layer][head][1:]) for head in heads] for layer in layers],
        "untrained": untrained.tolist(),
    }


def _uniform_attention(name: str) -> float:
    """The score of a head that spreads its attention evenly over all it can see."""
    data = measurement_data()
    length = data.tokens.shape[1]
    start = data.period + 1 if name == "induction_score" else 2
    return sum(1 / (position + 1) for position in range(start, length)) / (length - start)
