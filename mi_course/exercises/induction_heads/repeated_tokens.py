"""2.1: random tokens, said twice. The result is random, so what is compared are properties of it; every property is one
a learner can be told about.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.checking.plain import describe
from mi_course.worlds import repeated_tokens as world_tokens

QUESTIONS: list[Question] = []


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
    chapter="induction_heads",
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

EXERCISES = [repeated_tokens]
