"""Models written by hand in which it is known which heads lower a token: planted models with a sign turned.

`story` has no head that lowers the right answer (its card), so methods that look for one are tried here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from mi_course.errors import CourseError
from mi_course.zoo.planted import Head, Role, planted


def suppressing(
    roles: Mapping[Head, Role],
    strengths: Mapping[Head, float],
    *,
    flat: Mapping[Head, float] | None = None,
    n_layers: int = 2,
    n_heads: int = 4,
    d_vocab: int = 64,
    n_ctx: int = 64,
    seed: int = 0,
) -> Any:
    """A planted model in which some heads write more, less, or the opposite of what their role writes.

    roles: as for `planted`.
    strengths: by head, the factor on what it writes to the logits; below zero it lowers the token that it looks at.
    flat: by head, the number of logits by which it moves every token alike, which changes no probability.
    Returns a TransformerBridge in eval mode; token 0 is [BOS].
    Raises CourseError for a head without a role.
    """
    flat = flat or {}
    for layer, head in [*strengths, *flat]:
        if (layer, head) not in roles:
            raise CourseError(f"L{layer}H{head} has no role, so there is nothing to turn; give it one in `roles`.")
    model = planted(roles, n_layers=n_layers, n_heads=n_heads, d_vocab=d_vocab, n_ctx=n_ctx, seed=seed)
    # The part of the stream that the logits are read from. Elsewhere the unembedding has its noise, which is not zero.
    output = (model.W_U.detach().abs().amax(-1) > 1).nonzero()[:, 0]
    with torch.no_grad():
        state = model.state_dict()
        d_head = model.cfg.d_head
        for (layer, head), strength in strengths.items():
            state[f"blocks.{layer}.attn.o.weight"][:, head * d_head : (head + 1) * d_head] *= strength
        for (layer, head), logits in flat.items():
            columns = state[f"blocks.{layer}.attn.o.weight"][:, head * d_head : (head + 1) * d_head]
            columns[:] = 0
            # Whatever token it looks at, its value holds a one there: the same number goes to every output.
            columns[output, :d_vocab] = logits / float(model.W_U.detach().max())
    return model
