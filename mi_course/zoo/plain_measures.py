"""Read the induction circuit of induction-2l-plain off its weights, without running it.

Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits": with no LayerNorm and learned positions, what a
head looks for and what it writes are products of matrices. Each number is a share of rows whose largest entry is where
the circuit should have it; a row is a position or a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor

from mi_course.zoo.measures import MEASUREMENT, mean_and_interval

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


def weight_phenomena(model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
    """The three products that make an induction circuit of one head a layer.

    previous_position: by positions alone, the head of layer 0 looks from each position of a first copy (2 to 25 in the
        data that cards are measured on) to the one before. From later positions, where in training later copies stand,
        it need not and does not.
    match_by_previous: by tokens alone, the head of layer 1 looks from each token to where the head of layer 0 has
        written that token (K-composition).
    copies: what the head of layer 1 writes of each token raises that token most.
    """
    ours, twin = _products(model), _products(untrained)
    found = {}
    for name, rows in ours.items():
        value, low, high = mean_and_interval(rows, proportion=True)
        found[f"weights, {name}"] = {
            "value": value,
            "interval": [low, high],
            "n": len(rows),
            "baselines": {"untrained": float(twin[name].mean())},
        }
    return found


@torch.no_grad()
def _products(model: TransformerBridge) -> dict[str, Float[Tensor, " row"]]:
    first, second = 0, 1
    query_key = [model.W_Q[layer, 0] @ model.W_K[layer, 0].T for layer in (first, second)]
    value_output = [model.W_V[layer, 0] @ model.W_O[layer, 0] for layer in (first, second)]
    position, tokens = model.W_pos, model.W_E[1:]  # without [BOS], which is never copied
    n = len(position)
    seen = torch.ones(n, n).tril().bool()
    looks = (position @ query_key[0] @ position.T).masked_fill(~seen, -torch.inf).argmax(dim=-1)
    matched = (tokens @ query_key[1] @ (tokens @ value_output[0]).T).argmax(dim=-1)
    raised = (tokens @ value_output[1] @ model.W_U[:, 1:]).argmax(dim=-1)
    ids = torch.arange(len(tokens))
    return {
        # From position 2: at 1 the previous token is [BOS].
        "previous_position": (looks == torch.arange(n) - 1)[2 : int(MEASUREMENT["period"]) + 1].float(),
        "match_by_previous": (matched == ids).float(),
        "copies": (raised == ids).float(),
    }
