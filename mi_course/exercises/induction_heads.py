"""Chapter 2, induction heads: what each exercise asks and how it is judged."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Check, Draw, Exercise, Misconception, Oracle, Predict, Question
from mi_course.checking.drivers import value
from mi_course.checking.plain import describe
from mi_course.worlds import repeated_tokens as world_tokens

CHAPTER = "induction_heads"

check = Check(CHAPTER)
predict = Predict(
    CHAPTER,
    [
        Question(
            name="heads_on_stripe",
            text="Of the eight heads of induction-2l, how many put more than half of their attention on the stripe?",
            low=0,
            high=8,
        ),
        Question(
            name="decoy_survives",
            text="A head fills the stripe at period 12. Will its score still be above 0.5 at period 9?",
            kind=bool,
        ),
    ],
)


# --- repeated_tokens --------------------------------------------------------------------------------------------------
# Its result is random, so what is compared are properties of it; every property is one a learner can be told about.


def _reference_tokens(batch: int, period: int, repeats: int, d_vocab: int, generator: torch.Generator) -> Tensor:
    shuffled = torch.rand(batch, d_vocab - 1, generator=generator).argsort(dim=-1) + 1
    bos = torch.zeros(batch, 1, dtype=torch.long)
    return torch.cat([bos, shuffled[:, :period].repeat(1, repeats)], dim=1)


def _tokens_by_loops(batch: int, period: int, repeats: int, d_vocab: int, generator: torch.Generator) -> Tensor:
    rows = []
    for _ in range(batch):
        segment = [i + 1 for i in torch.randperm(d_vocab - 1, generator=generator)[:period].tolist()]
        rows.append([0] + segment * repeats)
    return torch.tensor(rows)


def _tokens_by_multinomial(batch: int, period: int, repeats: int, d_vocab: int, generator: torch.Generator) -> Tensor:
    chances = torch.ones(batch, d_vocab)
    chances[:, 0] = 0
    segment = torch.multinomial(chances, period, replacement=False, generator=generator)
    tokens = segment.new_zeros(batch, 1 + period * repeats)
    tokens[:, 1:] = segment.unsqueeze(1).expand(-1, repeats, -1).reshape(batch, -1)
    return tokens


def _tokens_variant(
    *,
    bos: str = "first",
    rows: str = "own",
    copies: str = "segments",
    low: int = 1,
    high: int = 0,
    replacement: bool = False,
    draws_from: str = "the generator",
    shuffled: bool = True,
    extra: int = 0,
    always_two: bool = False,
    truncated: bool = False,
    dtype: torch.dtype = torch.long,
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(batch: int, period: int, repeats: int, d_vocab: int, generator: torch.Generator) -> Tensor:
        g = {"the generator": generator, "the global state": None}.get(draws_from)
        if draws_from == "a fixed seed":
            g = torch.Generator().manual_seed(0)
        if draws_from == "a copy":
            g = torch.Generator().manual_seed(generator.initial_seed())
        top = d_vocab + high
        drawn = batch if rows == "own" else 1
        if replacement:
            segment = torch.randint(low, top, (drawn, period), generator=g)
        else:
            segment = torch.rand(drawn, top - low, generator=g).argsort(-1)[:, :period] + low
        if not shuffled:
            segment = segment.sort(-1).values
        segment = segment.expand(batch, -1)
        zero = torch.zeros(batch, 1, dtype=dtype)
        copies_wanted = 2 if always_two else repeats + extra
        if bos == "each":
            segment = torch.cat([zero, segment], 1)
        if copies == "segments":
            body = segment.repeat(1, copies_wanted)
        elif copies == "tokens":
            body = segment.repeat_interleave(copies_wanted, 1)
        elif copies == "fresh":
            body = torch.cat(
                [segment[:, torch.randperm(segment.shape[1], generator=g)] for _ in range(copies_wanted)], 1
            )
        else:
            others = torch.rand(batch, copies_wanted, top - low, generator=g).argsort(-1)[..., :period] + low
            body = others.flatten(1)
        whole = {"last": [body, zero], "first": [zero, body]}.get(bos, [body])
        tokens = torch.cat(whole, 1)
        return tokens[:, : period * repeats] if truncated else tokens

    return answer


def _run_tokens(answer: Any, case: Case) -> Any:
    """Four calls: two with a generator in the same state, one more with the second of them, one with another; the
    global seed differs every time."""
    *sizes, generator = case.args
    seed = generator.initial_seed()
    first, second, other = (torch.Generator().manual_seed(each) for each in (seed, seed, seed + 1))
    outputs = []
    for place, own in enumerate((first, second, second, other)):
        torch.manual_seed(1000 + place)
        outputs.append(answer(*sizes, own))
    return outputs


_KIND = "what it is"


def _observe_tokens(case: Case, outputs: Any) -> Any:
    """The properties of a batch of repeated tokens, in an order in which each makes sense if those before it hold.

    Each is said coarsely enough for a wrong answer to show the same ones whatever it draws; what only chance decides in
    a small batch is not looked at there.
    """
    batch, period, repeats, d_vocab, _ = case.args
    tokens, again, next_call, other = outputs
    if not isinstance(tokens, Tensor):
        return {_KIND: describe(tokens) + (" (is a return missing?)" if tokens is None else "")}
    whole = tokens.dtype in (torch.int64, torch.int32, torch.int16)
    floats = "a tensor of floating point numbers" if tokens.is_floating_point() else describe(tokens)
    seen: dict[str, Any] = {
        _KIND: "a tensor of whole numbers" if whole else floats,
        "shape (batch, position)": tuple(tokens.shape),
    }
    if tokens.ndim != 2 or tokens.numel() == 0 or tokens.is_complex():
        return seen
    starts = bool((tokens[:, 0] == 0).all())
    seen["[BOS] (id 0) stands at position 0 of every row"] = starts
    counts = {int(n) for n in (tokens == 0).sum(1)}
    seen["how often [BOS] stands in a row"] = _times(counts, repeats)
    body = (tokens[:, 1:] if starts else tokens).long()
    rows = len({tuple(row) for row in body[:, :period].tolist()})
    seen["every row draws its own segment"] = rows > 0.9 * batch or math.perm(d_vocab - 1, period) < 100 * batch**2
    seen.update(_segments(body, period))
    if rows >= 20:
        seen.update(_chances(body[:, :period], d_vocab))
    elif batch >= 20:
        seen.update(_CHANCES_FINE)  # too few different segments to tell; that is said above
    seen["the same generator state gives the same tokens, whatever the global seed"] = _same(tokens, again)
    seen["another generator state gives other tokens"] = not _same(tokens, other)
    seen["a second call with the same generator draws other tokens"] = not _same(again, next_call)
    return seen


def _times(counts: set[int], repeats: int) -> str:
    if counts == {1}:
        return "once"
    if counts == {0}:
        return "never"
    return (
        "once for each segment" if counts <= {repeats, repeats + 1} and len(counts) == 1 else "more often in some rows"
    )


def _same(a: Any, b: Any) -> bool:
    return isinstance(a, Tensor) and isinstance(b, Tensor) and a.shape == b.shape and bool((a == b).all())


def _segments(body: Tensor, period: int) -> dict[str, Any]:
    later = body[:, period:]
    segments = body[:, : body.shape[1] // period * period].reshape(len(body), -1, period).sort(-1).values
    return {
        "each segment holds the ids of the first": bool((segments == segments[:, :1]).all()),
        "each segment is the one before it, token by token": bool((later == body[:, : later.shape[1]]).all()),
    }


_CHANCES_FINE = {
    "no id stands twice within a segment": True,
    "every id from 1 to d_vocab − 1 is drawn, and no other": "all of them",
    "all ids are about equally frequent": True,
    "ids stand in random order": True,
}


def _chances(head: Tensor, d_vocab: int) -> dict[str, Any]:
    """What can be told of how the ids were drawn, from twenty or more different segments."""
    seen = dict(_CHANCES_FINE)
    seen["no id stands twice within a segment"] = all(len({*row}) == len(row) for row in head.tolist())
    if head.numel() < 30 * d_vocab:  # only a large batch can be expected to show every id
        return seen
    counts = torch.bincount(head.flatten().clamp(min=0), minlength=d_vocab + 1)
    used = [i for i, n in enumerate(counts.tolist()) if n]
    full = list(range(1, d_vocab))
    if used != full:
        edges = (min(used) - 1, max(used) - (d_vocab - 1))
        what = {(-1, 0): "also id 0", (1, 0): "not id 1", (0, -1): "not the last", (0, 1): "one past the last"}
        what |= {(-1, -1): "id 0, and not the last"}
        seen["every id from 1 to d_vocab − 1 is drawn, and no other"] = what.get(edges, "not all of them, or others")
        return seen
    share = head.numel() / len(full)
    unevenness = float(((counts[1:d_vocab] - share) ** 2).sum() / share)  # chi-square, d_vocab − 2 degrees of freedom
    seen["all ids are about equally frequent"] = unevenness < 6 * len(full)
    ascending = float((head.diff(dim=1) > 0).float().mean())
    pairs = len({tuple(pair) for pair in head[:, :2].tolist()})
    seen["ids stand in random order"] = 0.3 < ascending < 0.7 and pairs > 0.4 * min(len(head), len(full) ** 2)
    return seen


def _world_tokens(batch: int, period: int, repeats: int, d_vocab: int, generator: torch.Generator) -> Tensor:
    return world_tokens(batch, period, repeats, d_vocab, generator=generator).tokens


def _cases_tokens(draw: Draw) -> list[Case]:
    def case(label: str, *sizes: int) -> Case:
        return Case(label, (*sizes, torch.Generator().manual_seed(draw.integer(0, 10**6))))

    odd = draw.integer(5, 9)
    return [
        case(f"batch of 60, period {odd}, two copies, vocabulary of 30", 60, odd, 2, 30),
        case("batch of 40, period 6, four copies, vocabulary of 17", 40, 6, 4, 17),
        case("batch of 1, period 8, three copies, vocabulary of 40", 1, 8, 3, 40),
        case("batch of 300, period 5, two copies, vocabulary of 12", 300, 5, 2, 12),
        case("a segment that uses up the vocabulary: batch of 50, period 7, vocabulary of 8", 50, 7, 2, 8),
    ]


repeated_tokens = Exercise(
    name="repeated_tokens",
    chapter=CHAPTER,
    section="2.1",
    title="Random tokens, said twice",
    core=True,
    difficulty=2,
    minutes=15,
    points=2,
    hints=(
        "Three steps: draw one segment per row, repeat it along the row, put a column of zeros in front.",
        "torch.randperm(n, generator=generator) is a random order of 0 … n − 1, without repetition; ids start at 1, "
        "so add 1. For all rows at once: torch.rand(batch, d_vocab - 1, generator=generator).argsort(dim=-1) + 1.",
        "segment = torch.rand(batch, d_vocab - 1, generator=generator).argsort(dim=-1)[:, :period] + 1; then "
        "segment.repeat(1, repeats) has every copy, and torch.cat([zeros, …], dim=1) puts [BOS] in front, with "
        "zeros = torch.zeros(batch, 1, dtype=torch.long).",
    ),
    reference=_reference_tokens,
    oracle=Oracle(
        "the properties of mi_course.worlds.repeated_tokens, whose labels a brute-force search confirms", _world_tokens
    ),
    cases=_cases_tokens,
    driver=_run_tokens,
    observe=_observe_tokens,
    variant=_tokens_variant,
    alternatives={"loops and randperm": _tokens_by_loops, "multinomial": _tokens_by_multinomial},
    misconceptions=(
        Misconception(
            "[BOS] is repeated",
            "Your [BOS] stands at the head of every segment. It marks the beginning of the text, so it stands once, "
            "at position 0; repeated, it would be one more token that tells where the copy starts. Repeat the "
            "segment first, then put [BOS] in front.",
            switches={"bos": "each"},
        ),
        Misconception(
            "[BOS] is missing",
            "Your rows start with the segment itself. Every text of these models starts with [BOS], id 0: a head "
            "that has nothing to look at rests there.",
            switches={"bos": "none"},
        ),
        Misconception(
            "[BOS] at the end",
            "Your zeros stand in the last column. [BOS] means beginning of sequence: torch.cat([bos, segments], "
            "dim=1), in this order.",
            switches={"bos": "last"},
        ),
        Misconception(
            "one segment for all rows",
            "All rows of your batch hold the same segment. A mean over the batch would then be a mean over one "
            "sequence, and its interval far too narrow. Draw a segment for each row.",
            switches={"rows": "same"},
        ),
        Misconception(
            "each token repeated on the spot",
            "Your rows read A A B B C C: every token stands twice in a row. Asked for is A B C A B C, the whole "
            "segment again: tensor.repeat(1, repeats) rather than repeat_interleave.",
            switches={"copies": "tokens"},
        ),
        Misconception(
            "the copies are in another order",
            "Your later segments hold the same ids in a new order. Then the earlier copy tells which tokens come, "
            "and not what follows what, and an induction head has nothing to go by. Draw one order and repeat it.",
            switches={"copies": "fresh"},
        ),
        Misconception(
            "nothing is repeated",
            "Your later segments are drawn anew, so that nothing in the text was said before. Draw one segment per "
            "row and write the same one `repeats` times.",
            switches={"copies": "drawn anew"},
        ),
        Misconception(
            "[BOS]'s id is drawn like any other",
            "Id 0 turns up inside your segments. It belongs to [BOS] alone, which stands at position 0 and nowhere "
            "else: draw from 1 … d_vocab − 1.",
            switches={"low": 0},
        ),
        Misconception(
            "the last id is never drawn",
            "The id d_vocab − 1 never turns up. torch.randint leaves out its upper end, and randperm(n) ends at n − "
            "1: there are d_vocab − 1 ids to draw from, 1 to d_vocab − 1.",
            switches={"high": -1},
        ),
        Misconception(
            "an id that does not exist",
            "The id d_vocab turns up in your segments. Ids run from 0 to d_vocab − 1, so a model has no embedding "
            "for it: the largest id to draw is d_vocab − 1.",
            switches={"high": 1},
        ),
        Misconception(
            "ids come back within a segment",
            "Some ids stand twice within one of your segments: they were drawn with replacement. Then a token has "
            "two earlier copies and two continuations, and «the token after the previous copy» is no longer one "
            "place. Draw without replacement.",
            switches={"replacement": True},
        ),
        Misconception(
            "the generator is not used",
            "Two calls with the generator in the same state gave different tokens: yours draw from the global "
            "random state. Hand generator=generator to every call that draws, or nobody can repeat your experiment.",
            switches={"draws_from": "the global state"},
        ),
        Misconception(
            "always the same tokens",
            "Two generators in different states gave the same tokens: yours come from a seed that is written into "
            "the function. The caller decides about the randomness: hand generator=generator to every call that "
            "draws.",
            switches={"draws_from": "a fixed seed"},
        ),
        Misconception(
            "the generator stands still",
            "Two calls in a row with one generator gave the same tokens: yours draw from a copy of it, or put its "
            "state back. Then every batch of an experiment is the same batch. Draw from the generator itself, which "
            "moves on.",
            switches={"draws_from": "a copy"},
        ),
        Misconception(
            "floating point ids",
            "Your tokens are floats. torch.zeros makes floats unless told otherwise, and torch.cat then turns all "
            "ids into floats. Ids are looked up in a table, so they are whole numbers: torch.zeros(batch, 1, "
            "dtype=torch.long).",
            switches={"dtype": torch.float32},
        ),
        Misconception(
            "ids in ascending order",
            "The ids of your segments ascend. Then the next token can be guessed from the last one alone, and "
            "repetition is no longer the only help. Which ids, and their order, should both be random.",
            switches={"shuffled": False},
        ),
        Misconception(
            "one copy too many",
            "Your rows hold one segment more than asked for. `repeats` counts all copies, the first one included: "
            "two means A B C A B C.",
            switches={"extra": 1},
        ),
        Misconception(
            "one copy too few",
            "Your rows hold one segment less than asked for. `repeats` counts all copies, the first one included: "
            "two means A B C A B C.",
            switches={"extra": -1},
        ),
        Misconception(
            "always two copies",
            "Your rows hold two segments whatever `repeats` says. Use the argument: with repeats=4 the segment "
            "stands four times.",
            switches={"always_two": True},
        ),
        Misconception(
            "[BOS] counted as part of the segments",
            "Your rows are one token short: the last segment is cut off. [BOS] comes in addition to the segments, "
            "so a row has 1 + period * repeats tokens.",
            switches={"truncated": True},
        ),
    ),
)


# --- stripe_by_hand ---------------------------------------------------------------------------------------------------


def _by_brute_force(text: str) -> list[int]:
    """For every later token: the position after the latest earlier copy of the same token, by search."""
    words = text.split()
    sources = []
    for i, word in enumerate(words):
        copies = [j for j in range(i) if words[j] == word]
        if copies:
            sources.append(copies[-1] + 1)
    return sources


def _sources(shift: int) -> Callable[[str], list[int]]:
    return lambda text: [i - shift for i in range(5, 9)]


def _observe_four(case: Case, given: Any) -> Any:
    """The four sources in order, also where they came as a row, by destination, or as (destination, source) pairs."""
    if isinstance(given, (Tensor, np.ndarray)):
        given = given.reshape(-1).tolist() if given.ndim == 2 and 1 in given.shape else given.tolist()
    pairs = isinstance(given, (list, tuple)) and all(isinstance(p, (list, tuple)) and len(p) == 2 for p in given)
    if pairs and [p[0] for p in given] == [5, 6, 7, 8]:
        given = dict(given)
    if isinstance(given, dict) and set(given) == {5, 6, 7, 8}:
        given = [given[dest] for dest in (5, 6, 7, 8)]
    return given


stripe_by_hand = Exercise(
    name="stripe_by_hand",
    chapter=CHAPTER,
    section="2.2",
    title="The stripe, by hand",
    core=True,
    difficulty=1,
    minutes=3,
    points=1,
    prerequisites=("repeated_tokens",),
    hints=(
        "Number the positions: [BOS] is 0, the first A is 1, and so on to the second D at 8.",
        "The second A stands at 5. Its previous copy stands at 1. The token after that copy is B, at 2.",
        "So the first source is 2. The second B (position 6) looks at 3; each next destination looks one further.",
    ),
    reference=lambda text: [2, 3, 4, 5],
    oracle=Oracle("search over the tokens of the text for the latest earlier copy", _by_brute_force),
    cases=lambda draw: [Case("the sources of destinations 5, 6, 7, 8", ("[BOS] A B C D A B C D",))],
    driver=value,
    observe=_observe_four,
    alternatives={
        "a tuple": lambda text: (2, 3, 4, 5),
        "a tensor": lambda text: torch.arange(5, 9) - 3,
        "a range": lambda text: range(2, 6),
        "floats": lambda text: [2.0, 3.0, 4.0, 5.0],
        "a row": lambda text: torch.tensor([[2, 3, 4, 5]]),
        "by destination": lambda text: {5: 2, 6: 3, 7: 4, 8: 5},
        "pairs": lambda text: [(5, 2), (6, 3), (7, 4), (8, 5)],
    },
    misconceptions=(
        Misconception(
            "the same token",
            "These are the positions of the same token, one segment ago (or you gave [BOS] no number: it stands at "
            "position 0). Looking there is what a duplicate-token head does. An induction head looks one further, "
            "at the token that followed.",
            _sources(4),
        ),
        Misconception(
            "the previous token",
            "These are the positions just before each destination. A head that looks there is a previous-token "
            "head; it needs no repetition at all. Find the earlier copy first, then go one further.",
            _sources(1),
        ),
        Misconception(
            "back to the start at the end",
            "The first three are right. For the second D you went back to the first A, at 1. What followed the "
            "first D is the second A, at 5: the stripe goes straight on.",
            lambda text: [2, 3, 4, 1],
        ),
        Misconception(
            "back to [BOS] at the end",
            "The first three are right. For the last D you went to [BOS]. What followed the first D is the second "
            "A, at 5: the stripe goes straight on.",
            lambda text: [2, 3, 4, 0],
        ),
        Misconception(
            "distances",
            "These are distances: how far back each one looks. Asked for are positions, counted from [BOS] at 0. "
            "Subtract the distance from the destination.",
            lambda text: [3, 3, 3, 3],
        ),
        Misconception(
            "tokens instead of positions",
            "These are the right tokens. Asked for are the positions at which they stand, counted from [BOS] at 0.",
            lambda text: ["B", "C", "D", "A"],
        ),
        Misconception(
            "the token before the copy",
            "These stand one before the previous copy. An induction head wants to know what came after it, since "
            "that is what will come next now.",
            _sources(5),
        ),
        Misconception(
            "looking ahead",
            "These positions lie after the destination. A causal model cannot look there: the source is at or "
            "before the destination.",
            _sources(-1),
        ),
        Misconception(
            "looking at itself",
            "These are the destinations themselves. The question is where each of them looks: at a token in the "
            "first segment, or one after its end.",
            _sources(0),
        ),
        Misconception(
            "two after the copy",
            "These stand two after the previous copy. The token that will come next stood one after it.",
            _sources(2),
        ),
    ),
)


# --- induction_score --------------------------------------------------------------------------------------------------


def _reference_score(pattern: Tensor, period: int) -> Tensor:
    on_stripe = pattern.diagonal(offset=-(period - 1), dim1=-2, dim2=-1)  # starts at destination period - 1
    return on_stripe[..., 2:].mean()


def _score_by_search(pattern: Tensor, period: int) -> float:
    """The definition word for word: for every token with an earlier copy, find the copy, go one further, look there."""
    rows = pattern.double().tolist()
    n = len(rows[0])
    tokens = [None] + [(i - 1) % period for i in range(1, n)]
    looked = []
    for i in range(1, n):
        copies = [j for j in range(1, i) if tokens[j] == tokens[i]]
        if copies:
            looked.extend(sequence[i][copies[-1] + 1] for sequence in rows)
    return sum(looked) / len(looked)


def _score_by_mask(pattern: Tensor, period: int) -> Tensor:
    dest = torch.arange(pattern.shape[-2]).unsqueeze(1)
    src = torch.arange(pattern.shape[-1]).unsqueeze(0)
    on_stripe = (src == dest - period + 1) & (dest > period)
    return (pattern * on_stripe).sum() / (on_stripe.sum() * pattern.shape[0])


def _score_by_gather(pattern: Tensor, period: int) -> Tensor:
    dest = torch.arange(period + 1, pattern.shape[1])
    return pattern[:, dest, dest - (period - 1)].mean()


def _score_by_trace(pattern: Tensor, period: int) -> Any:
    block = pattern.numpy()[:, period + 1 :, 2:]  # rows of the later segments; the stripe begins in its corner
    return np.trace(block, axis1=1, axis2=2).mean() / block.shape[1]


def _score_by_loops(pattern: Any, period: int) -> float:
    total, count = 0.0, 0
    for one in pattern:
        for i in range(period + 1, one.shape[0]):
            total += one[i, i - period + 1].item()
            count += 1
    return total / count


def _score_variant(
    *,
    offset: Callable[[int], int] = lambda period: period - 1,
    rows: str = "later",
    reduce: str = "mean",
    transposed: bool = False,
) -> Callable[[Tensor, int], Any]:
    """The answer with one or two things done otherwise: which rows count, and how they are summarised."""

    def score(pattern: Tensor, period: int) -> Any:
        if transposed:
            pattern = pattern.transpose(-1, -2)
        n = pattern.shape[-1]
        back = offset(period)
        first = {"later": period + 1, "one early": period, "one late": period + 2, "all": back, "diagonal": back}
        dest = torch.arange(first.get(rows, period + 1), n)
        if rows == "second":
            dest = dest[:period]
        if rows == "no last":
            dest = dest[:-1]
        if rows == "last only":
            dest = dest[-period:]
        if rows == "first only":
            dest = dest[:1]
        if rows == "final only":
            dest = dest[-1:]
        dest = dest[(dest - back >= 0) & (dest - back < n)]
        on = pattern[:, dest, dest - back]
        if rows == "all":  # rows without a source on the stripe count as zero
            on = torch.cat([on, on.new_zeros(on.shape[0], n - on.shape[1])], 1)
        if reduce == "sum":
            return on.sum()
        if reduce == "max":
            return on.max()
        if reduce == "per sequence":
            return on.mean(1)
        if reduce == "per position":
            return on.mean(0)
        if reduce == "first sequence":
            return on[0].mean()
        if reduce == "sum over positions":
            return on.sum(1).mean()
        if reduce == "square":
            return on.sum() / (pattern.shape[0] * n * n)
        if reduce in ("over all", "over all but one"):
            return on.sum() / (pattern.shape[0] * (n - (reduce == "over all but one")))
        if reduce == "over one period":
            return on.sum() / (pattern.shape[0] * period)
        if reduce == "argmax":
            return (pattern.argmax(-1)[:, dest] == dest - back).float().mean()
        if reduce == "median":
            return on.median()
        if reduce == "above half":
            return (on > 0.5).float().mean()
        return on.mean()

    return score


def _every_earlier_copy(pattern: Tensor, period: int) -> Tensor:
    n = pattern.shape[-1]
    dest, src = torch.arange(n).unsqueeze(1), torch.arange(n).unsqueeze(0)
    on = (dest > period) & (src >= 2) & ((dest - src + 1) % period == 0) & (src <= dest - period + 1)
    return (pattern * on).sum(-1)[:, period + 1 :].mean()


def _diagonal_by_destination(start: int) -> Callable[[Tensor, int], Tensor]:
    return lambda pattern, period: pattern.diagonal(-(period - 1), -2, -1)[..., period + start :].mean()


def _block(pattern: Tensor, period: int) -> Tensor:
    dest = torch.arange(period + 1, pattern.shape[-1])
    return pattern[:, dest][:, :, dest - (period - 1)].mean()


def _two_after_by_index(pattern: Tensor, period: int) -> Tensor:
    dest = torch.arange(period + 1, pattern.shape[-1])
    return pattern[:, dest, dest - (period - 2)].mean()


def _wrong_axes(sign: int, start: int) -> Callable[[Tensor, int], Tensor]:
    return lambda pattern, period: pattern.diagonal(sign * (period - 1))[..., start:].mean()


def _up_to_the_batch(how: str) -> Callable[[Tensor, int], Any]:
    """The batch size taken for the number of positions; what there is nothing of ends in one way or another."""

    def score(pattern: Tensor, period: int) -> Any:
        if how == "indices":
            dest = torch.arange(period + 1, len(pattern))
            return pattern[:, dest, dest - (period - 1)].mean()
        seen = [one[i, i - period + 1].item() for one in pattern for i in range(period + 1, len(pattern))]
        return torch.tensor(seen).mean() if how == "a mean" else sum(seen) / len(seen)

    return score


def _cases_score(draw: Draw) -> list[Case]:
    def case(label: str, batch: int, period: int, repeats: int, **kwargs: Any) -> Case:
        n = 1 + period * repeats
        return Case(label, (draw.pattern(f"{batch} {n} {n}", **kwargs), period))

    short, long = draw.integer(3, 5), draw.integer(6, 9)
    return [
        case(f"batch of 3, period {long}, two copies", 3, long, 2),
        case(f"batch of 2, period {short}, four copies", 2, short, 4),
        case("batch of 1, period 5, three copies", 1, 5, 3),
        case("batch of 4, period 2, three copies", 4, 2, 3),
        case("batch of 2, period 1, four copies", 2, 1, 4),
        Case(f"a perfect induction head, period {long}", (_ideal(long, 2, long - 1), long)),
        Case(f"a perfect duplicate-token head, period {short}", (_ideal(short, 3, short), short)),
    ]


def _ideal(period: int, repeats: int, back: int) -> Tensor:
    """A head that looks exactly `back` tokens back, and at [BOS] where there is nothing."""
    n = 1 + period * repeats
    pattern = torch.zeros(2, n, n)
    dest = torch.arange(n)
    src = torch.where(dest > period, dest - back, 0)
    pattern[:, dest, src] = 1.0
    return pattern


induction_score = Exercise(
    name="induction_score",
    chapter=CHAPTER,
    section="2.2",
    title="Where does the second A look?",
    core=True,
    difficulty=2,
    minutes=10,
    points=3,
    prerequisites=("stripe_by_hand",),
    hints=(
        "Write down, for [BOS] A B C D A B C D, which (destination, source) pairs are on the stripe: you have them "
        "from the exercise before. Then do the same with T in place of 4.",
        "Destinations run from T + 1 (the first token with a previous copy) to the end; the source of i is i − (T − "
        "1). tensor.diagonal(offset, dim1, dim2) reads a stripe; offset counts columns to the right, so below the "
        "main diagonal it is negative.",
        "pattern.diagonal(-(period - 1), dim1=-2, dim2=-1) has the stripe of all rows on its last axis, starting at "
        "destination T − 1. Its first two entries, of destinations T − 1 and T, belong to the first segment: leave "
        "them out, and take the mean of the rest.",
    ),
    reference=_reference_score,
    oracle=Oracle(
        "search for each token's latest earlier copy, in plain Python and double precision", _score_by_search
    ),
    cases=_cases_score,
    variant=_score_variant,
    alternatives={
        "mask": _score_by_mask,
        "index pairs": _score_by_gather,
        "two loops and floats": _score_by_loops,
        "in double precision": lambda pattern, period: _score_by_gather(pattern.double(), period),
        "in half precision": lambda pattern, period: _score_by_gather(pattern.half(), period),
        "numpy's trace": _score_by_trace,
    },
    misconceptions=(
        Misconception(
            "off by one",
            "Your stripe is at source i − T: there stands the same token, one segment ago. That is what a "
            "duplicate-token head looks at. An induction head looks one further: at the token that followed it.",
            switches={"offset": lambda period: period},
        ),
        Misconception(
            "one too far",
            "Your stripe is at source i − (T − 2): two tokens after the previous copy. The token that will come "
            "next stood one after it, at i − (T − 1).",
            switches={"offset": lambda period: period - 2},
        ),
        Misconception(
            "one too far, and past the end",
            "Your source is i − (T − 2): two tokens after the previous copy, and with T = 1 the token after the "
            "destination itself, which at the end of the text does not exist. The token that will come next stood "
            "one after the copy, at i − (T − 1).",
            _two_after_by_index,
        ),
        Misconception(
            "the diagonal one too high",
            "You read the diagonal T − 2 below the main one, source i − (T − 2): two tokens after the previous copy. "
            "The stripe is one diagonal lower, T − 1 below the main one; there, leaving out the first two entries "
            "is right.",
            lambda pattern, period: pattern.diagonal(-(period - 2), -2, -1)[..., 2:].mean(),
        ),
        Misconception(
            "one short of the copy",
            "Your stripe is at source i − (T + 1): the token before the previous copy. Going from T to the token "
            "that followed makes the distance smaller, T − 1, not larger.",
            switches={"offset": lambda period: period + 1},
        ),
        Misconception(
            "the previous token",
            "You read the diagonal just below the main one, source i − 1. That scores a previous-token head, which "
            "needs no repetition; the stripe of an induction head is T − 1 below.",
            switches={"offset": lambda period: 1},
        ),
        Misconception(
            "each token itself",
            "You read the main diagonal: how much each position attends to itself. The stripe lies T − 1 below it.",
            switches={"offset": lambda period: 0},
        ),
        Misconception(
            "the first segment is in your mean",
            "You divide by all rows. On their first appearance tokens have nothing to look back to, so the first T "
            "rows (and [BOS]) pull every head toward zero. Start with the second segment, at destination T + 1.",
            switches={"rows": "all"},
        ),
        Misconception(
            "two rows of the first segment",
            "You take the whole diagonal. It starts at destination T − 1 with source 0; its first two entries "
            "belong to the first segment, where there is no previous copy yet. The second segment starts at "
            "destination T + 1.",
            switches={"rows": "diagonal"},
        ),
        Misconception(
            "one row too early",
            "You start at destination T. Position 0 is [BOS], so T is still the last token of the first segment; "
            "the second segment starts at T + 1.",
            switches={"rows": "one early"},
        ),
        Misconception(
            "one row too late",
            "You start at destination T + 2 and leave out the first token of the second segment, which has a "
            "previous copy like all after it.",
            switches={"rows": "one late"},
        ),
        Misconception(
            "the last row is left out",
            "You leave out the last position. What comes after it is not in the text, but where it looks is; the "
            "score is about looking.",
            switches={"rows": "no last"},
        ),
        Misconception(
            "only the second segment",
            "You stop after the second segment. Where the segment stands three or four times, the later copies "
            "count as well: all destinations from T + 1 to the end.",
            switches={"rows": "second"},
        ),
        Misconception(
            "only the last segment",
            "You read only the last segment. Every copy after the first counts: all destinations from T + 1 to the "
            "end.",
            switches={"rows": "last only"},
        ),
        Misconception(
            "rows and columns swapped",
            "Attention reads [destination, source]; each row sums to one. Yours reads how much the source is looked "
            "at from later tokens, with the two exchanged.",
            switches={"transposed": True},
        ),
        Misconception(
            "a sum instead of a mean",
            "You add the attention up over batch and positions. A longer text or a larger batch then has a higher "
            "score; the mean stays between 0 and 1.",
            switches={"reduce": "sum"},
        ),
        Misconception(
            "summed over positions",
            "You average over the batch but add up over positions, so that the score grows with the length of the "
            "text. Take the mean over both.",
            switches={"reduce": "sum over positions"},
        ),
        Misconception(
            "divided by the whole square",
            "You divide by all entries of the pattern, nearly all of which lie off the stripe. Multiplying by a 0/1 "
            "mask and then taking .mean() does that. Divide by the number of entries on the stripe.",
            switches={"reduce": "square"},
        ),
        Misconception(
            "the largest value",
            "You take the maximum: one lucky position in one sequence decides. The score asks what the head does on "
            "average.",
            switches={"reduce": "max"},
        ),
        Misconception(
            "the median",
            "You take the median. It is a defensible summary, but it hides a head that fails on a third of the "
            "positions; the score here, and in the literature, is the mean.",
            switches={"reduce": "median"},
        ),
        Misconception(
            "one number per sequence",
            "You average over positions only, so there is one number for each sequence of the batch. Asked for is "
            "one number: average over the batch, too.",
            switches={"reduce": "per sequence"},
        ),
        Misconception(
            "one number per position",
            "You average over the batch only, so there is one number for each position on the stripe. Asked for is "
            "one number: average over the positions, too.",
            switches={"reduce": "per position"},
        ),
        Misconception(
            "only the first sequence",
            "You score the first sequence of the batch and leave the rest out. The mean goes over all of them.",
            switches={"reduce": "first sequence"},
        ),
        Misconception(
            "how often it wins",
            "You count how often the stripe gets the most attention of its row. That is 1 for a head that puts 20 % "
            "there and spreads the rest thinly. The score is the mean attention itself.",
            switches={"reduce": "argmax"},
        ),
        Misconception(
            "how often it exceeds a half",
            "You count the positions whose attention on the stripe exceeds 0.5. The score is the mean attention "
            "itself; a threshold comes later, when heads are chosen.",
            switches={"reduce": "above half"},
        ),
        Misconception(
            "every row with every column",
            "pattern[:, rows][:, :, columns] takes every row with every column, a whole block of the pattern. The "
            "stripe pairs them one to one: pattern[:, rows, columns], or .diagonal.",
            _block,
        ),
        Misconception(
            "the diagonal counted as if it were rows",
            "You cut the diagonal at T + 1, as if its first entry were destination 0. A diagonal T − 1 below the "
            "main one begins at destination T − 1; the second segment begins two entries later, at index 2.",
            _diagonal_by_destination(1),
        ),
        Misconception(
            "the diagonal cut at T",
            "You cut the diagonal at T, as if its first entry were destination 0. A diagonal T − 1 below the main "
            "one begins at destination T − 1; the second segment begins two entries later, at index 2.",
            _diagonal_by_destination(0),
        ),
        Misconception(
            "the diagonal of batch and destination",
            "pattern.diagonal(offset) without more takes the first two axes, batch and destination: it pairs "
            "sequence 0 with one destination, sequence 1 with the next, and finds hardly any, or none (NaN is the "
            "mean of nothing). The stripe runs through destination and source: add dim1=-2, dim2=-1.",
            _wrong_axes(-1, 2),
        ),
        Misconception(
            "the whole diagonal of batch and destination",
            "pattern.diagonal(offset) without more takes the first two axes, batch and destination, and often "
            "finds nothing there (NaN is the mean of nothing). The stripe runs through destination and source: add "
            "dim1=-2, dim2=-1. Its first two entries then belong to the first segment, and are to be left out.",
            _wrong_axes(-1, 0),
        ),
        Misconception(
            "a positive offset, through batch and destination",
            "pattern.diagonal(offset) without more takes the first two axes, batch and destination: sequence 0 with "
            "destination T − 1, sequence 1 with the next. The stripe runs through destination and source, so add "
            "dim1=-2, dim2=-1; there a positive offset lies above the main diagonal, where a causal head cannot "
            "look, so make it -(period - 1).",
            _wrong_axes(1, 2),
        ),
        Misconception(
            "the batch taken for positions",
            "len(pattern) is the size of the first axis, the number of sequences. Your destinations run from T + 1 "
            "to that number, which is mostly below T + 1. The number of positions is pattern.shape[-1].",
            _up_to_the_batch("indices"),
        ),
        Misconception(
            "a loop up to the batch size",
            "Your loop over destinations ends at len(pattern), the number of sequences, and mostly before it has "
            "begun; then you divide by a count of zero. The number of positions is pattern.shape[-1].",
            _up_to_the_batch("a division"),
        ),
        Misconception(
            "a loop up to the batch size, and the mean of nothing",
            "Your loop over destinations ends at len(pattern), the number of sequences, and mostly before it has "
            "begun; NaN is the mean of nothing. The number of positions is pattern.shape[-1].",
            _up_to_the_batch("a mean"),
        ),
        Misconception(
            "divided by all positions",
            "You add up the right entries and divide by the number of all positions. The first segment and [BOS] "
            "have no entry on the stripe, so they must not count: divide by the number of entries you added.",
            switches={"reduce": "over all"},
        ),
        Misconception(
            "divided by all positions but [BOS]",
            "You add up the right entries and divide by the number of positions after [BOS]. The first segment has "
            "no entry on the stripe either: divide by the number of entries you added.",
            switches={"reduce": "over all but one"},
        ),
        Misconception(
            "divided by one period",
            "You divide by T for each sequence, which is right when there are two copies. With more there are more "
            "destinations: T for each copy after the first.",
            switches={"reduce": "over one period"},
        ),
        Misconception(
            "all earlier copies",
            "From the third segment on you add up the attention to the tokens after every earlier copy. The "
            "definition here takes the latest copy only, so that the stripe is one line.",
            _every_earlier_copy,
        ),
    ),
)


# --- find_heads -------------------------------------------------------------------------------------------------------


@cache
def _trained(name: str, seed: int) -> Any:
    from mi_course.zoo import load_model

    return load_model(name, seed=seed)


_ROLES: dict[Any, dict[helper.Head, Any]] = {}
"""Who does what in the planted models built so far."""


@cache
def _planted(seed: int) -> tuple[Any, tuple[int, ...]]:
    """A three-layer model with three induction heads, one of them weak, in places drawn from the seed; and the
    periods to look at. Decoys that look one or two fixed distances back fill the stripes of some periods, and
    three share out its destinations among them: each fills the stripe at every third."""
    from mi_course.zoo.planted import DuplicateToken, FixedOffset, Induction, PreviousToken, planted

    draw = Draw(seed)
    columns, n_ctx = 7, 48
    periods = tuple(draw.sample([7, 8, 9, 10, 11, 13, 14, 15], 3))  # not 12, the notebook's own
    first, last = ([(layer, head) for head in draw.sample(range(columns), columns)] for layer in (0, 2))
    ends, between = draw.sample([0, columns - 1], 2), draw.sample(range(1, columns - 1), columns - 2)
    middle = [(1, head) for head in (*ends, *between)]
    # The first and the last head of one layer, and not of the last layer, so that picking one a layer, searching the
    # last layer only and a range that starts or ends one off are found out.
    # Strengths keep clear of the thresholds also when the text holds three copies, among which these heads divide.
    roles = {middle[0]: Induction(0.95), middle[1]: Induction(0.58), last[0]: Induction(0.3)}
    roles |= {first[0]: PreviousToken(), middle[2]: DuplicateToken()}
    for rest, place in enumerate((middle[3], last[1], last[2])):
        roles[place] = Induction(0.85, positions=frozenset(range(rest, n_ctx, 3)))
    # One decoy for each period somebody might look at in place of those asked for, the first of these in layer 0, and
    # one for each two of the three; it looks at itself as well, for 1/3 is farther from every threshold than a half.
    one, *others = periods
    offsets = [(one - 1,), *((a - 1, b - 1, 0) for a, b in itertools.combinations(periods, 2))]
    offsets += [(period - 1,) for period in sorted({*others, 8, 9, 10, 12, 13, 16, 20} - {one})]
    places = [*first[1:], *middle[4:], *last[3:]]
    roles |= {place: FixedOffset(*back) for place, back in zip(places, offsets, strict=False)}
    model = planted(roles, n_layers=3, n_heads=columns, d_vocab=20, n_ctx=n_ctx, seed=seed)
    _ROLES[model] = roles
    return model, periods


_PART_TIME_VOCAB = 21


@cache
def _part_time(seed: int) -> tuple[Any, tuple[int, ...]]:
    """A two-layer model with two induction heads, and four decoys that share out the texts among them: each fills the
    stripe only in texts that begin with certain tokens."""
    from mi_course.zoo.planted import FirstToken, Induction, PreviousToken, planted

    draw = Draw(seed)
    period = draw.integer(7, 15)
    heads = draw.sample(range(6), 6)
    roles: dict[helper.Head, Any] = {(1, head): Induction(0.95) for head in heads[:2]}
    previous, first = draw.sample(range(6), 2)
    roles |= {(0, previous): PreviousToken(), (0, first): FirstToken()}
    for rest, head in enumerate(heads[2:]):
        roles[1, head] = Induction(0.75, first_tokens=frozenset(range(1 + rest, _PART_TIME_VOCAB, 4)))
    model = planted(roles, n_layers=2, n_heads=6, d_vocab=_PART_TIME_VOCAB, n_ctx=48, seed=seed)
    _ROLES[model] = roles
    return model, (period,)


def _fills(role: Any, period: int) -> float:
    """How much of its attention a planted head puts on the stripe of a period, in all texts together."""
    if not hasattr(role, "strength"):
        offsets = getattr(role, "offsets", ())
        return float(period - 1 in offsets) / max(len(offsets), 1)
    share = 1.0
    if role.positions is not None:
        share = sum(dest in role.positions for dest in range(period + 1, 2 * period + 1)) / period
    if role.first_tokens is not None:
        share = len(role.first_tokens) / (_PART_TIME_VOCAB - 1)
    return float(role.strength) * share


def _heads_by_detector(model: Any, periods: tuple[int, ...], threshold: float = 0.5) -> list[helper.Head]:
    """Planted truth where there is one; else TransformerLens' own detection pattern on single sequences."""
    roles = _ROLES.get(model)
    if roles is not None:
        return sorted(head for head, role in roles.items() if all(_fills(role, p) > threshold for p in periods))
    scores = _detector_scores(model, periods)
    return [
        (layer, head)
        for layer in range(len(scores))
        for head in range(len(scores[layer]))
        if scores[layer][head] > threshold
    ]


def _detector_scores(model: Any, periods: tuple[int, ...]) -> list[list[float]]:
    """The lowest score over periods, from TransformerLens' mask and its own cache."""
    from transformer_lens.head_detector import get_induction_head_detection_pattern

    lowest: Tensor | None = None
    for period in periods:
        total = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
        rows = 8
        tokens = world_tokens(rows, period, 2, model.cfg.d_vocab, seed=1000 + period).tokens
        with torch.no_grad():
            _, kept = model.run_with_cache(tokens, names_filter=lambda name: name.endswith("hook_pattern"))
        for row in range(rows):
            mask = get_induction_head_detection_pattern(tokens[row : row + 1])
            for layer in range(model.cfg.n_layers):
                pattern = kept[f"blocks.{layer}.attn.hook_pattern"][row]
                total[layer] += (pattern * mask).sum((-1, -2)) / mask.sum()
        score = total / rows
        lowest = score if lowest is None else torch.minimum(lowest, score)
    assert lowest is not None
    return lowest.tolist()


_PLANTED_SEEDS = (11, 12, 13)
_MARGIN = 0.1


@cache
def _clear_threshold(name: str, seed: int, periods: tuple[int, ...]) -> float:
    """0.3, or where a head's score lies so near that sampling noise could turn the verdict, a clearer place near by."""
    scores = sorted(score for row in _detector_scores(_trained(name, seed), periods) for score in row)
    for threshold in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7):
        if all(abs(score - threshold) > _MARGIN for score in scores):
            return threshold
    raise ValueError(f"{name} seed {seed} has no clear threshold: {scores}")


def _cases_heads(draw: Draw) -> list[Case]:
    planted_seed = draw.choice(_PLANTED_SEEDS)
    model, periods = _planted(planted_seed)
    sometimes, one = _part_time(planted_seed)
    seed = draw.integer(0, 4)
    usual = (8, 13, 20)
    clear = _clear_threshold("induction-2l", seed, usual)
    return [
        Case("a model with planted heads, threshold 0.12", (model, list(periods), 0.12)),
        Case("the same model, threshold 0.4", (model, list(periods), 0.4)),
        Case("the same model, one period only, threshold 0.66", (model, [periods[0]], 0.66)),
        Case("another planted model, one period, threshold 0.65", (sometimes, list(one), 0.65)),
        Case(
            f"induction-2l, seed {seed}, threshold {clear}",
            (_trained("induction-2l", seed), list(usual), clear),
        ),
        Case("induction-1l, which has none", (_trained("induction-1l", 0), list(usual), 0.5)),
    ]


def _index(x: Any) -> Any:
    """A layer or head number as a plain whole number; what is none is left as it is."""
    x = x.item() if isinstance(x, Tensor) and x.numel() == 1 else x
    return int(x) if isinstance(x, float) and x.is_integer() else x


def _observe_heads(case: Case, found: Any) -> Any:
    """The heads as a set: in any order, as tuples or lists. Anything else is left as it is, to be reported.

    Heads that look at the stripe in some texts only are counted, not named: which one an answer finds that trusts one
    text is the chance of its draw.
    """
    if isinstance(found, (Tensor, np.ndarray)) and found.ndim == 2:
        found = found.tolist()
    if isinstance(found, (list, tuple, set)):
        pairs = [tuple(map(_index, p)) if isinstance(p, (list, tuple)) else p for p in found]
        if all(isinstance(p, tuple) and len(p) == 2 for p in pairs):
            roles = _ROLES.get(case.args[0], {})
            part_time = {head for head, role in roles.items() if getattr(role, "first_tokens", None) is not None}
            if not part_time:
                return {"heads": set(pairs)}
            found_at_times = len(part_time & set(pairs))
            return {
                "heads": set(pairs) - part_time,
                "heads that look at the stripe in a quarter of the texts": ("none", "one")[found_at_times]
                if found_at_times < 2
                else "several",
            }
    return found if isinstance(found, Tensor) else {"heads": found}


@lru_cache(maxsize=64)
def _patterns(model: Any, period: int) -> Tensor:
    """Kept, because every wrong answer of the bank looks at the same ones."""
    return helper.attention_patterns(model, world_tokens(12, period, 2, model.cfg.d_vocab, seed=period).tokens)


def _head_table(model: Any, period: int, score: Callable[[Tensor, int], Tensor]) -> Tensor:
    return torch.stack([torch.stack([score(head, period) for head in layer]) for layer in _patterns(model, period)])


def _heads_variant(
    *,
    score: Callable[..., Any] = helper.induction_score,
    periods_used: str = "every",
    pick: str = "above",
    layers: str = "all",
    write: Callable[[int, int], tuple[int, int]] = lambda layer, head: (layer, head),
) -> Callable[..., list[tuple[int, int]]]:
    def find(model: Any, periods: Any, threshold: float = 0.5) -> list[tuple[int, int]]:
        used = {
            "first": periods[:1],
            "last": periods[-1:],
            "fixed": (12,),
            "not the last": periods[:-1],
            "not the first": periods[1:],
        }.get(periods_used, periods)
        tables = torch.stack([_head_table(model, period, score) for period in used])
        table = {"any": tables.amax(0), "mean": tables.mean(0)}.get(periods_used, tables.amin(0))
        limit = 0.5 if pick == "fixed threshold" else threshold
        chosen = table < limit if pick == "below" else table > limit
        if pick == "best":
            chosen = (table == table.max()) & (table > limit)
        if pick == "best of each layer":
            chosen = (table == table.amax(1, keepdim=True)) & (table > limit)
        if layers == "last":
            chosen[:-1] = False
        return [write(int(layer), int(head)) for layer, head in chosen.nonzero()]

    return find


def _middle(pattern: Tensor, period: int) -> Tensor:
    return helper.stripe(pattern, period).median(-1).values.mean()


def _best_sequence(pattern: Tensor, period: int) -> Tensor:
    return helper.stripe(pattern, period).mean(-1).max()


def _previous_token(pattern: Tensor, period: int) -> Tensor:
    return pattern.diagonal(-1, -2, -1)[..., 1:].mean()


def _heads_by_loops(model: Any, periods: Any, threshold: float = 0.5) -> list[list[int]]:
    lowest = [[1.0] * model.cfg.n_heads for _ in range(model.cfg.n_layers)]
    for period in periods:
        patterns = helper.attention_patterns(model, world_tokens(8, period, 2, model.cfg.d_vocab, seed=3).tokens)
        for layer in range(model.cfg.n_layers):
            for head in range(model.cfg.n_heads):
                lowest[layer][head] = min(lowest[layer][head], _score_by_loops(patterns[layer, head], period))
    return [
        [layer, head]
        for layer in reversed(range(model.cfg.n_layers))
        for head in range(model.cfg.n_heads)
        if lowest[layer][head] > threshold
    ]


def _heads_by_cache(model: Any, periods: Any, threshold: float = 0.5) -> set[tuple[int, int]]:
    names = [f"blocks.{layer}.attn.hook_pattern" for layer in range(model.cfg.n_layers)]
    kept: set[tuple[int, int]] | None = None
    for period in periods:
        data = world_tokens(48, period, 2, model.cfg.d_vocab, seed=77)
        _, store = model.run_with_cache(data.tokens)
        here = set()
        for layer, name in enumerate(names):
            source = data.induction_source
            dest = (source >= 0)[0].nonzero().flatten()
            looked = store[name][:, :, dest].gather(
                -1, source[:, None, dest, None].expand(-1, model.cfg.n_heads, -1, 1)
            )
            here |= {(layer, head) for head in range(model.cfg.n_heads) if looked[:, head].mean() > threshold}
        kept = here if kept is None else kept & here
    return kept or set()


def suspect() -> tuple[Any, Any]:
    """The model of «Break this claim», and one of the same size in which nothing was planted."""
    from mi_course.zoo.planted import FixedOffset, Induction, PreviousToken, planted

    roles = {(0, 1): PreviousToken(), (0, 2): FixedOffset(11), (1, 3): Induction(0.9)}
    return planted(roles), planted({}, seed=1)


find_heads = Exercise(
    name="find_heads",
    chapter=CHAPTER,
    section="2.3",
    title="Which heads?",
    core=True,
    difficulty=3,
    minutes=15,
    points=4,
    prerequisites=("repeated_tokens", "induction_score"),
    time_limit=10.0,
    hints=(
        "Two nested questions: for each head, its score at each period; then, whether the smallest of these scores "
        "is above the threshold.",
        "At each period: data = draw_repeated_tokens(32, period, 2, model.cfg.d_vocab); patterns = "
        "attention_patterns(model, data.tokens); patterns[layer, head] is what induction_score takes.",
        "Keep a set of heads that are above the threshold at the first period; at every further period, keep only "
        "those that are above it there as well. Return sorted(kept). model.cfg.n_layers and model.cfg.n_heads say "
        "how many there are.",
    ),
    reference=helper.find_heads,
    oracle=Oracle(
        "the heads that were planted; on trained models transformer_lens.head_detector's detection pattern",
        _heads_by_detector,
    ),
    cases=_cases_heads,
    observe=_observe_heads,
    variant=_heads_variant,
    alternatives={
        "three loops, last layer first": _heads_by_loops,
        "run_with_cache and the world's labels": _heads_by_cache,
    },
    misconceptions=(
        Misconception(
            "one period is enough for you",
            "You keep a head that fills the stripe at any one period. A head that always looks the same number of "
            "tokens back does that at one period, by coincidence, and knows nothing of repetition. Keep a head only "
            "if it exceeds the threshold at every period.",
            switches={"periods_used": "any"},
        ),
        Misconception(
            "only the first period",
            "You look at the first period and leave the others out. A head that always looks the same number of "
            "tokens back can fill the stripe of one period; only a second period tells it from an induction head.",
            switches={"periods_used": "first"},
        ),
        Misconception(
            "only the last period",
            "Only the last period decides: is the result overwritten in the loop over periods? A head counts if it "
            "exceeds the threshold at every one of them.",
            switches={"periods_used": "last"},
        ),
        Misconception(
            "the last period is left out",
            "You look at all periods but the last. A head that divides its attention between two fixed distances "
            "can pass at two periods and fail at the third: try every period in `periods`.",
            switches={"periods_used": "not the last"},
        ),
        Misconception(
            "the first period is left out",
            "You look at all periods but the first. A head that divides its attention between two fixed distances "
            "can pass at two periods and fail at the third: try every period in `periods`.",
            switches={"periods_used": "not the first"},
        ),
        Misconception(
            "a period of your own",
            "You look at period 12 (the notebook's PERIOD), whatever was asked for. The argument `periods` says at "
            "which to look: use it both where the data is drawn and where the score is taken.",
            switches={"periods_used": "fixed"},
        ),
        Misconception(
            "an average over periods",
            "You average the score over the periods. A head that always looks the same number of tokens back is "
            "perfect at one period and nothing at the others; its mean can pass a low threshold. Ask for the "
            "threshold at every period.",
            switches={"periods_used": "mean"},
        ),
        Misconception(
            "layer and head exchanged",
            "Your pairs read (head, layer). The convention, here and in the literature, is layer first: (1, 0) is "
            "L1H0.",
            switches={"write": lambda layer, head: (head, layer)},
        ),
        Misconception(
            "counted from one",
            "Your numbers start at one. Layers and heads are counted from zero, as their index in the tensor.",
            switches={"write": lambda layer, head: (layer + 1, head + 1)},
        ),
        Misconception(
            "only the best head",
            "You return the head with the highest score. Several heads may do the same job, and naming one hides "
            "that: return every head above the threshold.",
            switches={"pick": "best"},
        ),
        Misconception(
            "the best head of each layer",
            "You keep at most one head per layer. Two heads of one layer may both be above the threshold: return "
            "all of them.",
            switches={"pick": "best of each layer"},
        ),
        Misconception(
            "the threshold is always a half",
            "Your threshold is 0.5 whatever was asked for. Use the argument `threshold`: a head at 0.3 counts when "
            "the threshold is 0.12, and a head at 0.58 does not when it is 0.66.",
            switches={"pick": "fixed threshold"},
        ),
        Misconception(
            "the largest value decides",
            "You take the largest attention on the stripe: one lucky position in one sequence is enough. A head that "
            "hits the stripe at every third destination is then as good as one that always does. Take the mean over "
            "positions and sequences, as induction_score does.",
            switches={"score": _score_variant(reduce="max")},
        ),
        Misconception(
            "the misses decide",
            "You summarise the stripe by something that is near zero as soon as many of its entries are: a median, "
            "the smallest value, a geometric mean. A head that looks there at every third destination has a score of "
            "nearly a third, and counts when the threshold is lower. Take the plain mean over positions and "
            "sequences, as induction_score does.",
            switches={"score": _middle},
        ),
        Misconception(
            "only the first token of the copy",
            "You look at one destination only, the first that has a previous copy. What a head does there it need "
            "not do elsewhere: take the mean over all destinations of the later segments, T + 1 to the end.",
            switches={"score": _score_variant(rows="first only")},
        ),
        Misconception(
            "only the last token of the text",
            "You look at one destination only, the last position. What a head does there it need not do elsewhere: "
            "take the mean over all destinations of the later segments, T + 1 to the end.",
            switches={"score": _score_variant(rows="final only")},
        ),
        Misconception(
            "only one sequence",
            "You judge by one sequence: the first of the batch, or a batch of one. A head that fills the stripe only "
            "in texts that begin with certain tokens can do so in this one. Draw many sequences and take the mean "
            "over all of them.",
            switches={"score": _score_variant(reduce="first sequence")},
        ),
        Misconception(
            "the best sequence decides",
            "You keep a head if it fills the stripe in any one of the sequences. A head that does so only in texts "
            "that begin with certain tokens is then found as well. Take the mean over all sequences.",
            switches={"score": _best_sequence},
        ),
        Misconception(
            "below instead of above",
            "You return the heads that stay below the threshold. A high score means that the head looks at the stripe.",
            switches={"pick": "below"},
        ),
        Misconception(
            "only the last layer",
            "You search the last layer only. These models happen to have their induction heads late; a deeper one "
            "need not. Search all layers.",
            switches={"layers": "last"},
        ),
        Misconception(
            "previous-token heads",
            "What you return are the heads that look at the token just before. They take part in induction, as "
            "later sections show, but they are not the heads that look at the stripe: use induction_score.",
            switches={"score": _previous_token},
        ),
        Misconception(
            "duplicate-token heads",
            "What you return are the heads that look at the same token one segment ago (source i − T). The stripe "
            "is at i − (T − 1).",
            switches={"score": _score_variant(offset=lambda period: period)},
        ),
    ),
)

EXERCISES = [repeated_tokens, stripe_by_hand, induction_score, find_heads]
