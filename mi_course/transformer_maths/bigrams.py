"""The shortest path through a transformer, from embedding to unembedding, beside the bigrams of its corpus.

Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", section "Zero-Layer Transformers": a model
without layers is W_E W_U, and the best that it can be is the table of bigram log-probabilities. Story World's generator
is the course's, so the true table need not be counted in full: the random codes' share of it follows by arithmetic.
"""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.worlds.story import LENGTH, ROLES, VOCABULARY, Draw, get_task, task_names
from mi_course.worlds.story.tasks.repetition import CODE_POOLS
from mi_course.worlds.story.vocabulary import BOS, ids_of

_CODE_WORD = len(VOCABULARY)  # stands for whatever word a random code has at a place
_WORD_ROLE = ROLES.index("word")


class DirectPath(NamedTuple):
    """What the direct path says, and how far that is from the corpus.

    log_probs: for each token (row) the log-probability of each next token, in nats.
    distance: Kullback-Leibler divergence from the corpus's bigrams to these, in nats, a mean over occurrences.
    """

    log_probs: Float[Tensor, "d_vocab d_vocab"]
    distance: Float[Tensor, ""]


def direct_path_bigrams(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    counts: Float[Tensor, "d_vocab d_vocab"],
) -> DirectPath:
    """The next-token log-probabilities that W_E W_U gives to each token alone, and their distance from counted pairs.

    W_E: one row a token: what enters the direct path. counts: how often each token (column) follows each (row); a pair
        may be missing, and a token may never occur.
    The distance is Σ p(a) Σ p(b | a) (log p(b | a) − log q(b | a)), over tokens a and b that may follow; p is the
    corpus and q the path: each token weighs as much as it occurs, and a pair that never occurs adds nothing.
    Raises CourseError for shapes that do not fit, negative counts, and counts that are all zero.
    """
    if W_E.ndim != 2 or W_U.ndim != 2 or W_E.shape[1] != W_U.shape[0]:
        raise CourseError(
            f"direct_path_bigrams needs W_E (d_vocab, d_model) and W_U (d_model, d_vocab), not {tuple(W_E.shape)} and "
            f"{tuple(W_U.shape)}."
        )
    if counts.shape != (W_E.shape[0], W_U.shape[1]):
        raise CourseError(
            f"counts has shape {tuple(counts.shape)}; it needs one row for each of the {W_E.shape[0]} tokens before "
            f"and one column for each of the {W_U.shape[1]} tokens after."
        )
    if bool((counts < 0).any()) or not bool(counts.sum() > 0):
        raise CourseError("counts are numbers of pairs: none below zero, and some above it.")
    log_probs = (W_E @ W_U).log_softmax(-1)
    return DirectPath(log_probs, (bigram_distances(counts, log_probs) * unigrams(counts)).sum().to(log_probs.dtype))


def unigrams(counts: Float[Tensor, "d_vocab d_vocab"]) -> Float[Tensor, " d_vocab"]:
    """How often each token is the first of a pair, as a share of all pairs."""
    return counts.sum(1) / counts.sum()


def bigram_distances(
    counts: Float[Tensor, "d_vocab d_vocab"], log_probs: Float[Tensor, "d_vocab d_vocab"]
) -> Float[Tensor, " d_vocab"]:
    """Kullback-Leibler divergence, in nats, for each token; 0 for a token that never occurs.

    counts: pairs, rows before, columns after. log_probs: what is said of them, each row a distribution.
    """
    counts, log_probs = counts.double(), log_probs.double()
    true = counts / counts.sum(1, keepdim=True).clamp_min(torch.finfo(counts.dtype).tiny)
    # Where true is zero nothing is added, even if log_probs is minus infinity there.
    said = torch.where(true > 0, true * log_probs, torch.zeros_like(true))
    return (torch.xlogy(true, true) - said).sum(1)


def story_bigrams(rows: int, *, seed: int = 0) -> Float[Tensor, "d_vocab d_vocab"]:
    """How often each word of Story World is followed by each, in rows of 96 tokens; expected counts, not whole numbers.

    rows: how many rows of the training mixture are drawn. seed: settles the draw; the rows are those of
        `story_tokens(rows, seed=seed)`.
    Sentences are sampled. The words of random codes (`code : teal 07 oslo ; …`) are not: given where a code stands and
    how long it is, the probability of each pair of its words is known, and that is what is added (Rao & Blackwell's
    idea). What is left to chance are about 7,000 kinds of pairs, most of them frequent.
    Raises CourseError for fewer than one row.
    """
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise CourseError(f"story_bigrams needs a whole number of rows, at least 1, not {rows!r}.")
    size = _CODE_WORD + 1
    places = torch.tensor([row[:LENGTH] for row in _rows(rows, Draw(seed))])
    pairs = torch.bincount((places[:, :-1] * size + places[:, 1:]).flatten(), minlength=size * size)
    counts = pairs.reshape(size, size).double()
    words, both = _code_words()
    within = counts[:-1, :-1] + counts[-1, -1] * both
    return within + torch.outer(counts[:-1, -1], words) + torch.outer(words, counts[-1, :-1])


def _rows(rows: int, draw: Draw) -> list[list[int]]:
    """Rows of token ids, drawn as `story_tokens` draws them, with a stand-in for every word of a code."""
    tasks = [get_task(name) for name in task_names() if get_task(name).share > 0]
    cumulative = list(accumulate(task.share for task in tasks))
    drawn = []
    for _ in range(rows):
        row = [BOS]
        while len(row) < LENGTH:
            task = tasks[bisect(cumulative, draw.number() * cumulative[-1])]
            sentence = task.write(task.plan(draw, "train"))
            words = list(sentence.words)
            if task.name == "repetition":
                for label, start, stop, value in sentence.marks:
                    if label == "role" and value == _WORD_ROLE:
                        words[start:stop] = [_CODE_WORD] * (stop - start)
            row += words
        drawn.append(row)
    return drawn


def _code_words() -> tuple[Float[Tensor, " d_vocab"], Float[Tensor, "d_vocab d_vocab"]]:
    """Probability of each word at a place of a code, and of each two at neighbouring places (of one pool both)."""
    size = len(VOCABULARY)
    words, both = torch.zeros(size, dtype=torch.double), torch.zeros(size, size, dtype=torch.double)
    for pool in CODE_POOLS:
        one = torch.zeros(size, dtype=torch.double)
        for word in pool:
            one[ids_of(word)[0]] += 1 / len(pool)
        words += one / len(CODE_POOLS)
        both += torch.outer(one, one) / len(CODE_POOLS)
    return words, both
