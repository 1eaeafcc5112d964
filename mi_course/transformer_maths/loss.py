"""The loss a language model is trained on."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError


def next_token_loss(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]
) -> Float[Tensor, "batch next"]:
    """Minus the log-probability (in nats) of each token that follows another; next = pos − 1.

    Entry i belongs to position i, which predicts token i + 1. Token 0 ([BOS]) is predicted by nothing, and what comes
    after the last token is not known.
    Raises CourseError for fewer than two positions or logits and tokens that do not fit.
    """
    if logits.shape[:2] != tokens.shape or tokens.shape[1] < 2:
        raise CourseError(
            f"next_token_loss needs logits (batch, pos, d_vocab) and tokens (batch, pos) of two positions or more, "
            f"not {tuple(logits.shape)} and {tuple(tokens.shape)}."
        )
    log_probs = logits[:, :-1].log_softmax(-1)
    return -log_probs.gather(-1, tokens[:, 1:].unsqueeze(-1)).squeeze(-1)
