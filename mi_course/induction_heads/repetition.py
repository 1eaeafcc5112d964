"""What repetition is worth: how much lower the loss is on a later copy, and what a guesser without order would gain."""

from __future__ import annotations

import math

from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.transformer_maths import next_token_loss


def repetition_gain(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"], period: int
) -> Float[Tensor, " batch"]:
    """For each sequence, the mean loss on the first copy minus the mean loss on what a copy has settled, in nats.

    tokens: position 0 is [BOS], then two or more segments of `period` tokens.
    The first copy is tokens 1 to T. Settled are tokens T + 2 to the end: the first token of the second copy is
    predicted before anything has come again. One number a sequence, because sequences are what an interval is made
    from.
    (Olsson et al. 2022, "In-context Learning and Induction Heads", look at repeated random tokens in the same way.)
    Raises CourseError when the tokens do not hold two segments of the period, or do not fit the logits.
    """
    pos = tokens.shape[-1]
    if isinstance(period, bool) or not isinstance(period, int) or period < 2 or pos < 1 + 2 * period:
        raise CourseError(
            f"repetition_gain needs [BOS] and two segments or more; {pos} positions hold no two of period {period!r}. "
            f"The period is a whole number from 2 to {max((pos - 1) // 2, 2)}."
        )
    loss = next_token_loss(logits, tokens)  # entry i is the loss of token i + 1
    return loss[:, :period].mean(-1) - loss[:, period + 1 :].mean(-1)


def bag_loss(period: int) -> float:
    """Mean loss, on the second copy from its second token on, of a guesser who knows the copy's tokens but no order.

    The guesser crosses off what the second copy has said already. Before its token number k + 1, T − k are left, all
    equally probable: log(T − k) nats, so log((T − 1)!) / (T − 1) on average over k = 1 … T − 1. That no guesser without
    order can do better follows from the segment's tokens being different and in random order.
    Raises CourseError for a period below 2.
    """
    if isinstance(period, bool) or not isinstance(period, int) or period < 2:
        raise CourseError(f"bag_loss needs a period of at least 2, since one token alone has no order; not {period!r}.")
    return math.lgamma(period) / (period - 1)
