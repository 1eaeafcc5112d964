"""Whether later tokens of a text are easier than earlier ones: the in-context learning score."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError


def in_context_differences(
    loss: Float[Tensor, "batch next"],
    early: Sequence[int],
    late: Sequence[int],
    lengths: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, " text"]:
    """For each text that is long enough, its mean loss on the late tokens minus that on the early ones, in nats.

    loss: as `next_token_loss` gives it; entry i is the loss of token i + 1.
    early, late: ranges of consecutive positions of tokens, [BOS] at 0, such as range(5, 15) and range(80, 90).
    lengths: tokens of each text, [BOS] included; what lies beyond is padding. Without it all texts fill their row.

    A text counts only when all tokens of both windows lie in it: otherwise the early mean would be over other texts
    than the late one, and the difference one between texts.
    Raises CourseError for an empty window, positions that have no loss, lengths that do not fit, and when no text is
    long enough.
    """
    if not len(early) or not len(late):
        raise CourseError("early and late need at least one token position each, such as range(5, 15).")
    last = max(*early, *late)
    if min(*early, *late) < 1 or last > loss.shape[-1]:
        raise CourseError(
            f"The tokens that have a loss are 1 to {loss.shape[-1]} ([BOS] at 0 has none); the windows run from "
            f"{min(*early, *late)} to {last}."
        )
    if lengths is not None:
        if lengths.shape != loss.shape[:1]:
            raise CourseError(f"{loss.shape[0]} texts need as many lengths; there are {tuple(lengths.shape)}.")
        loss = loss[lengths > last]
        if not len(loss):
            raise CourseError(f"No text is longer than {last} tokens; choose a late window nearer to the beginning.")
    before, after = ([position - 1 for position in window] for window in (early, late))
    return loss[:, after].mean(-1) - loss[:, before].mean(-1)


def in_context_score(
    loss: Float[Tensor, "batch next"],
    early: Sequence[int],
    late: Sequence[int],
    lengths: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, ""]:
    """Mean loss on the late tokens minus that on the early ones, over the texts that hold both; below zero when later
    tokens are easier.

    Arguments as for `in_context_differences`, whose mean this is. Olsson et al. 2022, "In-context Learning and
    Induction Heads", take token 500 minus token 50.
    """
    return in_context_differences(loss, early, late, lengths).mean()


def count_pairs(tokens: Int[Tensor, "batch pos"], d_vocab: int, prior: float = 10.0) -> Float[Tensor, "before after"]:
    """How probable each token is after each other one, counted; a guesser with a memory of one token.

    prior: how many further tokens each row is given, shared out by frequency, so that no pair is impossible.
    """
    frequency = torch.bincount(tokens[:, 1:].flatten(), minlength=d_vocab).float() + 1
    frequency = frequency / frequency.sum()
    pairs = torch.zeros(d_vocab, d_vocab)
    pairs.index_put_((tokens[:, :-1].flatten(), tokens[:, 1:].flatten()), torch.tensor(1.0), accumulate=True)
    return (pairs + prior * frequency) / (pairs.sum(1, keepdim=True) + prior)


def table_loss(
    table: Float[Tensor, "before after"], tokens: Int[Tensor, "batch pos"], recent: float = 0.0
) -> Float[Tensor, "batch next"]:
    """The loss of a guesser who goes by a table of pairs and, with the share `recent`, by the bag of the text so far.

    The bag is how often each token has stood in the text up to here, in whatever order, [BOS] left out. (Kuhn & De Mori
    1990, "A Cache-Based Natural Language Model for Speech Recognition", mix a fixed model with such a cache.)
    Raises CourseError unless 0 <= recent < 1.
    """
    if not 0 <= recent < 1:
        raise CourseError(f"recent is a share from 0 up to, and not including, 1; not {recent!r}.")
    probability = table[tokens[:, :-1], tokens[:, 1:]]
    if recent:
        same = tokens[:, None, 1:] == tokens[:, 1:, None]  # batch, token to come, token before
        place = torch.arange(tokens.shape[1] - 1)
        before = place[None, :] < place[:, None]
        bag = (same & before).sum(-1) / place.clamp(min=1)
        probability = (1 - recent) * probability + recent * bag
    return -probability.log()
