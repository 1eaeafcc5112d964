"""Small models with random weights and biases, on which interventions are judged: nothing in them is zero by chance."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from mi_course.checking import Draw

D_VOCAB, N_CTX = 13, 12


@cache
def tiny_model(seed: int, plain: bool = False) -> Any:
    """Two layers of three heads; LayerNorm and rotary positions, or, if plain, neither.

    Gains, biases and embeddings are drawn far from one and zero, so that whatever is left out is seen.
    """
    from mi_course.zoo.native import build_native

    position: dict[str, Any] = {"normalization_type": "LN", "positional_embedding_type": "rotary"}
    position |= {"rotary_base": 10_000, "rotary_dim": 4}
    if plain:
        position = {"normalization_type": None, "positional_embedding_type": "standard"}
    config = {
        "n_layers": 2,
        "d_model": 12,
        "n_heads": 3,
        "d_head": 4,
        "n_ctx": N_CTX,
        "d_vocab": D_VOCAB,
        "d_vocab_out": D_VOCAB,
        "attn_only": True,
        "act_fn": "relu",
        **position,
    }
    model = build_native(config, seed=seed)
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            gain = 1.0 if ".ln1." in name or "ln_" in name else 0.0
            parameter.copy_(gain + 0.5 * torch.randn(parameter.shape, generator=draw))
    return model.requires_grad_(False)


def texts(draw: Draw, batch: int, pos: int) -> Tensor:
    """[BOS] and random tokens; all rows differ from position 1 on."""
    tokens = draw.integers(f"{batch} {pos}", high=D_VOCAB, low=1)
    tokens[:, 0] = 0
    tokens[:, 1] = torch.tensor(draw.sample(range(1, D_VOCAB), batch))
    return tokens
