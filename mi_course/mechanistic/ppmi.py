"""Word vectors that nobody trained: counted neighbours, turned into positive pointwise mutual information.

Levy & Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization", show that skip-gram with negative
sampling factorises such a table, moved by a constant. Counted vectors of the same corpus therefore are a baseline for
learned ones: what they have, too, is in the text and owes nothing to the model.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError


def count_neighbours(
    tokens: Int[Tensor, "batch pos"], d_vocab: int, *, window: int = 4, special: tuple[int, ...] = (0, 1)
) -> Float[Tensor, "word neighbour"]:
    """How often each word stands at most `window` places from each other word, on either side. Symmetric.

    tokens: ids from 0 to d_vocab - 1, one text a row. special: ids that are no words ([BOS] and [PAD] of the story
        models); nothing is counted at them.
    Raises CourseError for a window that does not fit a row, or ids outside the vocabulary.
    """
    if tokens.ndim != 2 or not 1 <= window < tokens.shape[1]:
        raise CourseError(
            f"Give tokens of shape (batch, pos) and a window from 1 to pos - 1; got shape {tuple(tokens.shape)} and "
            f"a window of {window}."
        )
    if int(tokens.min()) < 0 or int(tokens.max()) >= d_vocab:
        raise CourseError(f"Token ids run from 0 to {d_vocab - 1}; these go from {tokens.min()} to {tokens.max()}.")
    counts = torch.zeros(d_vocab * d_vocab, dtype=torch.float64)
    for distance in range(1, window + 1):
        left, right = tokens[:, :-distance].reshape(-1), tokens[:, distance:].reshape(-1)
        counts += torch.bincount(left * d_vocab + right, minlength=d_vocab**2)
    one_side = counts.reshape(d_vocab, d_vocab)
    both = one_side + one_side.T
    both[list(special)] = 0
    both[:, list(special)] = 0
    return both


def ppmi(counts: Float[Tensor, "word neighbour"]) -> Float[Tensor, "word neighbour"]:
    """Positive pointwise mutual information: max(0, log p(word, neighbour) / (p(word) p(neighbour))), in nats.

    counts: how often each word stood beside each neighbour, as `count_neighbours` gives them.
    A row is the vector of its word. Pairs never seen together are zero, and so are rows and columns without counts.
    (Church & Hanks 1990, "Word Association Norms, Mutual Information, and Lexicography"; Levy & Goldberg 2014.)
    Raises CourseError for negative or no counts.
    """
    if counts.ndim != 2 or bool((counts < 0).any()) or not float(counts.sum()) > 0:
        raise CourseError("ppmi needs a table (word, neighbour) of counts, none of them negative and not all zero.")
    together = counts.double() / counts.double().sum()
    apart = together.sum(1, keepdim=True) * together.sum(0, keepdim=True)
    seen = together > 0
    return torch.where(seen, torch.log(together / apart.where(seen, torch.ones_like(apart))), 0.0).clamp(min=0)
