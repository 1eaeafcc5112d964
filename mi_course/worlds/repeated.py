"""Repeated random tokens: `[BOS] A B C D A B C D`, the data on which induction heads show themselves.

The tokens are random, so nothing but the earlier copy tells what comes next. Whatever a model gets right on the second
copy, it took from the context. (Olsson et al. 2022, "In-context Learning and Induction Heads", section on prefix
matching.)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mi_course.errors import CourseError

BOS = 0
"""The id of `[BOS]`. It stands at position 0 and nowhere else."""


@dataclass(frozen=True, eq=False)
class RepeatedTokens:
    """A batch of repeated segments with the labels that belong to it.

    tokens: token ids; position 0 is `[BOS]`, then `repeats` copies of a segment of `period` ids.
    previous_copy: for each position, the position of the same token one segment ago; -1 in the first segment and at
        `[BOS]`.
    induction_source: for each position, the position of the token that followed the previous copy, which is where an
        induction head looks; -1 in the first segment and at `[BOS]`.
    period: length of the segment, in tokens.
    repeats: how many times the segment stands in the row.
    """

    tokens: Int[Tensor, "batch pos"]
    previous_copy: Int[Tensor, "batch pos"]
    induction_source: Int[Tensor, "batch pos"]
    period: int
    repeats: int

    @property
    def predictable(self) -> Bool[Tensor, "batch pos"]:
        """True at the positions whose next token is settled by the earlier copy.

        These are the positions of the second and later segments, save the very last, after which no token follows.
        The first token of the second segment is not predictable: at the position before it nothing has yet been
        repeated.
        """
        settled = self.previous_copy >= 0
        settled[:, -1] = False
        return settled


def repeated_tokens(
    batch: int,
    period: int,
    repeats: int = 2,
    d_vocab: int = 64,
    *,
    seed: int | None = None,
    generator: torch.Generator | None = None,
    unique: bool = True,
) -> RepeatedTokens:
    """Draw a batch of random segments, each repeated within its row.

    batch: number of rows; each draws its own segment.
    period: tokens in a segment.
    repeats: copies of the segment in a row; with 1 nothing repeats and every label is -1.
    d_vocab: vocabulary size; ids are drawn from 1 to d_vocab - 1, because 0 is `[BOS]`.
    seed: a number that settles the draw. Give this or `generator`; with neither, the seed is 0.
    generator: a CPU generator to draw from; it moves on, so that a second call gives other tokens.
    unique: draw the ids of a segment without replacement (each stands once in a segment), or with.

    Returns tokens of shape (batch, 1 + period * repeats) with their labels. The caller sees to it that this fits the
    model's context.
    Raises CourseError when a number is not a positive integer, when a segment of distinct ids is longer than the
    vocabulary allows, or when both a seed and a generator are given.
    """
    for name, value in (("batch", batch), ("period", period), ("repeats", repeats)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise CourseError(f"repeated_tokens needs {name} to be a whole number of at least 1, not {value!r}.")
    if isinstance(d_vocab, bool) or not isinstance(d_vocab, int) or d_vocab < 2:
        raise CourseError(f"repeated_tokens needs d_vocab to be a whole number of at least 2, not {d_vocab!r}.")
    if unique and period > d_vocab - 1:
        raise CourseError(
            f"A segment of {period} different tokens cannot be drawn from {d_vocab - 1} ids ([BOS] is not drawn); "
            f"choose a period of at most {d_vocab - 1}, or pass unique=False."
        )

    generator = _generator(seed, generator)
    if unique:
        # The first `period` entries of a random order of all ids: one draw for all rows, without a loop.
        order = torch.rand(batch, d_vocab - 1, generator=generator).argsort(dim=-1)
        segment = 1 + order[:, :period]
    else:
        segment = torch.randint(1, d_vocab, (batch, period), generator=generator)

    bos = torch.full((batch, 1), BOS, dtype=segment.dtype)
    tokens = torch.cat([bos, segment.repeat(1, repeats)], dim=1)

    position = torch.arange(1 + period * repeats)
    later = position > period
    previous_copy = torch.where(later, position - period, -1)
    induction_source = torch.where(later, position - (period - 1), -1)
    return RepeatedTokens(
        tokens=tokens,
        previous_copy=previous_copy.repeat(batch, 1),
        induction_source=induction_source.repeat(batch, 1),
        period=period,
        repeats=repeats,
    )


def _generator(seed: int | None, generator: torch.Generator | None) -> torch.Generator:
    if generator is not None:
        if seed is not None:
            raise CourseError("repeated_tokens takes a seed or a generator, not both; leave one out.")
        if not isinstance(generator, torch.Generator):
            raise CourseError(f"generator must be a torch.Generator, not {type(generator).__name__}.")
        return generator
    if seed is None:
        seed = 0
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise CourseError(f"seed must be a whole number, not {seed!r}.")
    return torch.Generator().manual_seed(seed)
