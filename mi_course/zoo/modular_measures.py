"""What is measured of modular-addition: how well it adds, and how much of that lies along a few waves.

The key frequencies of a model are those that each have more than a tenth of the power of its embedding. Restricted and
excluded loss are those of Nanda et al. 2023, section 5.1; see `mi_course.zoo.fourier`.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor

from mi_course.worlds import ModularAddition
from mi_course.zoo.fourier import (
    along_sum_waves,
    excluded_losses,
    frequency_power,
    key_frequencies,
    restricted_losses,
    sum_losses,
)
from mi_course.zoo.measures import mean_and_interval

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

MEASUREMENT = {"sums": "all p² of them", "key_threshold": 0.1, "random_sets": 50, "seed": 20230112}
"""A frequency is key above this share of the embedding's power; baselines are means over random sets of as many."""


def modular_phenomena(model: TransformerBridge, untrained: TransformerBridge, data: ModularAddition) -> dict[str, Any]:
    """Everything on the card, from the model and its twin before training.

    Losses are in nats. Accuracies and losses are means over sums, with 95 % intervals that treat the sums as a sample;
    of trained or held-out sums there are no more than these, so what differs by chance is the seed. The other numbers
    are shares of one table, and have no interval.
    """
    logits, twin = (sum_logits(each, data) for each in (model, untrained))
    train = data.train.view(data.p, data.p)
    found = _task(logits, twin, train)

    keys, most = model_frequencies(model, data.p), data.p // 2
    others = [k for k in range(1, most + 1) if k not in keys]
    generator = random.Random(MEASUREMENT["seed"])
    sets = [generator.sample(others, len(keys)) for _ in range(MEASUREMENT["random_sets"])]
    found["key frequencies"] = {
        "value": len(keys),
        "n": most,
        "baselines": {"untrained": len(model_frequencies(untrained, data.p))},
        "frequencies": keys,
    }
    power, blank = (frequency_power(each.W_E[: data.p]) for each in (model, untrained))
    chosen = torch.tensor(keys, dtype=torch.long) - 1
    found["share of the embedding"] = {
        "value": float(power[chosen].sum() / power.sum()),
        "n": most,
        "baselines": {"untrained": float(blank[chosen].sum() / blank.sum()), "as many at random": len(keys) / most},
        "by_frequency": (power / power.sum()).tolist(),
    }
    found["share of the logits"] = {
        "value": share_of_logits(logits, keys),
        "n": most,
        "baselines": {
            "untrained": share_of_logits(twin, keys),
            "as many others": sum(share_of_logits(logits, each) for each in sets) / len(sets),
        },
    }
    for name, losses, where in [
        ("restricted loss", restricted_losses, torch.ones_like(train)),
        ("excluded loss", excluded_losses, train),
    ]:
        baselines = {
            "untrained": float(losses(twin, keys)[where].mean()),
            "as many others": sum(float(losses(logits, each)[where].mean()) for each in sets) / len(sets),
        }
        found[name] = _mean(losses(logits, keys)[where]) | {"baselines": baselines}
    return found


def followed(model: TransformerBridge, data: ModularAddition) -> dict[str, Any]:
    """The numbers that are followed through training: accuracy and loss, and how the embedding's power is spread."""
    logits = sum_logits(model, data)
    train = data.train.view(data.p, data.p)
    power = frequency_power(model.W_E[: data.p])
    kept: dict[str, Any] = {}
    for where, sums in (("train", train), ("test", ~train)):
        kept[f"{where} accuracy"] = _mean(_right(logits)[sums], proportion=True)
        kept[f"{where} loss"] = _mean(sum_losses(logits)[sums])
    kept["embedding"] = {"by_frequency": (power / power.sum()).tolist()}
    return kept


@torch.no_grad()
def sum_logits(model: TransformerBridge, data: ModularAddition) -> Float[Tensor, "first second answer"]:
    """The model's logits for every sum, read at the sign of equality."""
    return model(data.tokens)[:, -1].unflatten(0, (data.p, data.p))


def model_frequencies(model: TransformerBridge, p: int) -> list[int]:
    """The key frequencies of a model: those of its embedding of the numbers."""
    return key_frequencies(model.W_E[:p], MEASUREMENT["key_threshold"])


def share_of_logits(logits: Float[Tensor, "first second answer"], frequencies: list[int]) -> float:
    """How much of the logits' variance over all pairs lies along cos and sin of w·(a + b) of these frequencies.

    Softmax does not see a number that is added to all answers of a pair, so that is taken off first.
    """
    logits = logits.double()
    logits = logits - logits.mean(-1, keepdim=True)
    logits = logits - logits.mean((0, 1))
    return float(along_sum_waves(logits, frequencies).pow(2).sum() / logits.pow(2).sum())


def _task(logits: Tensor, twin: Tensor, train: Tensor) -> dict[str, Any]:
    found = {}
    for where, sums in (("train", train), ("test", ~train)):
        found[f"{where} accuracy"] = _mean(_right(logits)[sums], proportion=True) | {
            "baselines": {"untrained": float(_right(twin)[sums].mean()), "one number always": 1 / len(logits)}
        }
        found[f"{where} loss"] = _mean(sum_losses(logits)[sums]) | {
            "baselines": {"untrained": float(sum_losses(twin)[sums].mean()), "uniform": math.log(len(logits))}
        }
    return found


def _right(logits: Float[Tensor, "first second answer"]) -> Float[Tensor, "first second"]:
    number = torch.arange(len(logits))
    return (logits.argmax(-1) == (number[:, None] + number) % len(logits)).double()


def _mean(values: Float[Tensor, " sum"], *, proportion: bool = False) -> dict[str, Any]:
    value, low, high = mean_and_interval(values, proportion=proportion)
    return {"value": value, "interval": [low, high], "n": len(values)}
