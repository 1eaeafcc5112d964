"""Letting a model go on with a text, one token at a time."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError

Forward = Callable[[Int[Tensor, "batch pos"]], Float[Tensor, "batch pos d_vocab"]]


def continue_tokens(
    forward: Forward,
    tokens: Int[Tensor, " pos"],
    n: int,
    *,
    temperature: float = 0.0,
    seed: int = 0,
) -> Int[Tensor, " longer"]:
    """The text with n more tokens.

    forward: from tokens of shape (1, pos) to logits: a bridge, or `lambda t: transformer_forward(t, weights)`.
    temperature: 0 takes the most probable token each time; 1 draws from the model's own probabilities; in between, the
        logits are divided by it.
    seed: settles the draw.
    Raises CourseError for a negative temperature or no tokens to begin with.
    """
    if temperature < 0:
        raise CourseError(f"The temperature is 0 or more, not {temperature}.")
    if tokens.ndim != 1 or not len(tokens):
        raise CourseError("continue_tokens takes the tokens of one text, a row with at least one of them.")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _ in range(n):
            logits = forward(tokens[None])[0, -1]
            if temperature:
                chances = (logits / temperature).softmax(-1)
                chosen = torch.multinomial(chances, 1, generator=generator)
            else:
                chosen = logits.argmax(-1, keepdim=True)
            tokens = torch.cat([tokens, chosen])
    return tokens
