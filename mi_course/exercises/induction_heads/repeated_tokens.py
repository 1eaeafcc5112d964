"""2.1: random tokens, said twice. The result is random, so what is compared are properties of it; every property is one
a learner can be told about.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
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
    draw: str = "without replacement",
    draws_from: str = "the generator",
    order: str = "random",
    extra: int = 0,
    least: int = 0,
    always_two: bool = False,
    truncated: bool = False,
    dtype: torch.dtype = torch.long,
    form: Callable[[Tensor], Any] = lambda tokens: tokens,
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def answer(batch: int, period: int, repeats: int, d_vocab: int, generator: torch.Generator) -> Any:
        g = _source(draws_from, generator)
        ids = d_vocab + high - low
        draw_rows = {"with replacement": _with_replacement, "bumped": _bumped}.get(draw, _without_replacement)
        segment = _rows_drawn(rows, batch, period, ids, lambda n: draw_rows(n, period, ids, g), g) + low
        if order != "random":
            segment = segment.sort(-1, descending=order == "descending").values
        zero = torch.zeros(batch, 1, dtype=dtype)
        copies_wanted = 2 if always_two else max(repeats + extra, least)
        if bos == "each":
            segment = torch.cat([zero, segment], 1)
        if copies == "segments":
            body = segment.repeat(1, copies_wanted)
        elif copies == "tokens":
            body = segment.repeat_interleave(copies_wanted, 1)
        elif copies == "of rows":
            body = segment.repeat(copies_wanted, 1).reshape(batch, -1)
        elif copies in ("stacked", "stacked, each with [BOS]"):
            body = segment.repeat(copies_wanted, 1)
            zero = zero if copies == "stacked" else zero.repeat(copies_wanted, 1)
        elif copies == "fresh":
            body = torch.cat(
                [segment[:, torch.randperm(segment.shape[1], generator=g)] for _ in range(copies_wanted)], 1
            )
        else:
            others = torch.rand(batch, copies_wanted, ids, generator=g).argsort(-1)[..., :period] + low
            body = others.flatten(1)
        whole = {"last": [body, zero], "first": [zero, body]}.get(bos, [body])
        tokens = torch.cat(whole, 1)
        return form(tokens[:, : period * repeats] if truncated else tokens)

    return answer


def _source(draws_from: str, generator: torch.Generator) -> torch.Generator | None:
    """The generator that a variant draws from; None stands for the global state."""
    if draws_from == "a fixed seed":
        return torch.Generator().manual_seed(0)
    if draws_from == "a copy":
        return torch.Generator().manual_seed(generator.initial_seed())
    if draws_from == "the global state, seeded from the generator":
        torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
        return None
    return None if draws_from == "the global state" else generator


def _without_replacement(n: int, period: int, ids: int, g: torch.Generator | None) -> Tensor:
    return torch.rand(n, ids, generator=g).argsort(-1)[:, :period]


def _with_replacement(n: int, period: int, ids: int, g: torch.Generator | None) -> Tensor:
    return torch.randint(0, ids, (n, period), generator=g)


def _bumped(n: int, period: int, ids: int, g: torch.Generator | None) -> Tensor:
    """An id that is taken already gives way to the next one that is free."""
    drawn = torch.randint(0, ids, (n, period), generator=g).tolist()
    for row in drawn:
        for place in range(1, period):
            while row[place] in row[:place]:
                row[place] = (row[place] + 1) % ids
    return torch.tensor(drawn)


def _rows_drawn(
    rows: str, batch: int, period: int, ids: int, draw: Callable[[int], Tensor], g: torch.Generator | None
) -> Tensor:
    """A segment for every row, counted from 0: drawn for each, or made of one another in some way."""
    if rows == "own":
        return draw(batch)
    if rows in ("twice", "reversed twins"):
        half = draw((batch + 1) // 2)
        return torch.cat([half, half if rows == "twice" else half.flip(1)])[:batch]
    if rows == "runs":
        return (torch.randint(0, ids, (batch, 1), generator=g) + torch.arange(period)) % ids
    if rows == "windows":
        whole = torch.randperm(ids, generator=g)
        return torch.stack([whole.roll(i)[:period] for i in range(batch)])
    one = draw(1)
    if rows == "one set":
        return one[0][torch.rand(batch, one.shape[1], generator=g).argsort(-1)]
    if rows == "moved along":
        return (one + torch.arange(batch)[:, None]) % ids
    return one.expand(batch, -1)


def _run_tokens(answer: Any, case: Case) -> Any:
    """Four calls: two with a generator in the same state, one more with the second of them, one with another; the
    global seed differs every time. And whether the answer left that seed alone."""
    *sizes, generator = case.args
    seed = generator.initial_seed()
    first, second, other = (torch.Generator().manual_seed(each) for each in (seed, seed, seed + 1))
    outputs = []
    left_alone = True
    with torch.random.fork_rng(devices=[]):
        for place, own in enumerate((first, second, second, other)):
            torch.manual_seed(1000 + place)
            outputs.append(answer(*sizes, own))
            left_alone = left_alone and torch.initial_seed() == 1000 + place
    return [*outputs, left_alone]


_KIND = "what it is"
_ROWS = "what the rows hold"
_OWN = "a segment of its own each"
MANY = 20  # rows from which on it can be told how they were drawn


def _observe_tokens(case: Case, outputs: Any) -> Any:
    """The properties of a batch of repeated tokens, in an order in which each makes sense if those before it hold.

    Each is said coarsely enough for a wrong answer to show the same ones whatever it draws; what only chance decides in
    a small batch is not looked at there.
    """
    batch, period, repeats, d_vocab, _ = case.args
    tokens, again, next_call, other, seed_left_alone = outputs
    if not isinstance(tokens, Tensor):
        return {_KIND: _other_kind(tokens)}
    whole = not tokens.is_floating_point() and not tokens.is_complex() and tokens.dtype != torch.bool
    floats = "a tensor of floating point numbers" if tokens.is_floating_point() else describe(tokens)
    seen: dict[str, Any] = {
        _KIND: "a tensor of whole numbers" if whole else floats,
        "shape (batch, position)": str(tuple(tokens.shape)),
    }
    if tokens.ndim != 2 or tokens.numel() == 0 or tokens.is_complex():
        return seen
    starts = bool((tokens[:, 0] == 0).all())
    seen["[BOS] (id 0) stands at position 0 of every row"] = starts
    body = (tokens[:, 1:] if starts else tokens).long()
    if body.shape[1] < period:
        return seen
    head = body[:, :period]
    seen[_ROWS] = _rows_hold(head, d_vocab) if len(head) >= MANY else _OWN
    if batch >= MANY and seen[_ROWS] != _ALIKE:  # whether one segment holds id 0 is chance
        seen["how often [BOS] stands in a row"] = _times({int(n) for n in (tokens == 0).sum(1)}, repeats)
    seen.update(_segments(body, period))
    if seen[_ROWS] == _OWN and len({tuple(row) for row in head.tolist()}) >= MANY:
        seen.update(_chances(head, d_vocab))
    elif batch >= MANY:
        seen.update(_CHANCES_FINE)  # the rows were not drawn one by one; that is said above
    # In one row, or where there are few segments to choose from, the same one may come again by chance.
    few = batch < MANY or (len({*map(tuple, head.tolist())}) < MANY and math.perm(d_vocab - 1, period) < 10**6)
    moves_on = few or not _same(again, next_call)
    seen["the same generator state gives the same tokens, whatever the global seed"] = few or _same(tokens, again)
    seen["another generator state gives other tokens"] = few or not _same(tokens, other)
    seen["a second call with the same generator draws other tokens"] = moves_on
    # What stands still has been told already, and weighs more.
    seen["the global seed is left as it was"] = seed_left_alone or not moves_on
    return seen


def _other_kind(thing: Any) -> str:
    if isinstance(thing, np.ndarray):
        return "a numpy array"
    if isinstance(thing, (list, tuple)):
        return "a list"
    return describe(thing) + (" (is a return missing?)" if thing is None else "")


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


_ALIKE = "all the same segment"


def _rows_hold(head: Tensor, d_vocab: int) -> str:
    """Whether each row's segment was drawn for itself, or else how the rows are made of one another."""
    batch, period = head.shape
    ids = d_vocab - 1
    segments = {tuple(row) for row in head.tolist()}
    if len(segments) == 1:
        return _ALIKE
    if period > ids - 2:  # then all rows hold nearly the same ids
        return _OWN
    sets = {tuple(sorted(row)) for row in segments}
    if len(sets) == 1:
        return "the same ids, in other orders"
    steps = {tuple(row) for row in (head.diff(dim=1) % ids).tolist()}
    if len(steps) <= 0.1 * batch and steps != {(1,) * (period - 1)}:
        return "one segment, its ids moved along from row to row"
    if float((_neighbours(head, ids) == period - 1).float().mean()) > 0.5:
        return "runs of consecutive ids"
    if math.comb(ids, period) < 20 * batch**2:  # where rows may be alike by chance
        return _OWN
    follow = {tuple(pair) for row in segments for pair in itertools.pairwise(row)}
    if len(follow) <= 1.2 * len({first for first, _ in follow}):  # next to every id has one successor only
        return "pieces of one long order"
    if len(segments) <= 0.9 * batch:
        return "some the same segment"
    return "some the same ids" if len(sets) <= 0.9 * batch else _OWN


def _neighbours(head: Tensor, ids: int) -> Tensor:
    """For each row, how many of its ids stand beside their successor; the last id's successor is the first."""
    on = torch.zeros(len(head), ids)
    on.scatter_(1, (head - 1) % ids, 1.0)
    return (on * on.roll(1, 1)).sum(1)


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
    "neighbouring ids are as often together as any others": True,
    "the order of the ids": "random",
}


def _chances(head: Tensor, d_vocab: int) -> dict[str, Any]:
    """What can be told of how the ids were drawn, from twenty or more different segments."""
    seen: dict[str, Any] = dict(_CHANCES_FINE)
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
    seen["neighbouring ids are as often together as any others"] = _neighbours_by_chance(head, len(full))
    ascending = float((head.diff(dim=1) > 0).float().mean())
    pairs = len({tuple(pair) for pair in head[:, :2].tolist()})
    mixed = 0.3 < ascending < 0.7 and pairs > 0.4 * min(len(head), len(full) ** 2)
    seen["the order of the ids"] = "random" if mixed else {0.0: "descending", 1.0: "ascending"}.get(ascending, "not")
    return seen


def _neighbours_by_chance(head: Tensor, ids: int) -> bool:
    """Whether ids and their successors are together as often as uniform draws have it, within six standard errors."""
    period = head.shape[1]
    if period > ids - 2:
        return True
    together = _neighbours(head, ids)
    expected = period * (period - 1) / (ids - 1)
    return abs(float(together.mean()) - expected) < 6 * float(together.std()) / len(head) ** 0.5


def _world_tokens(batch: int, period: int, repeats: int, d_vocab: int, generator: torch.Generator) -> Tensor:
    return world_tokens(batch, period, repeats, d_vocab, generator=generator).tokens


def _cases_tokens(draw: Draw) -> list[Case]:
    def case(label: str, *sizes: int) -> Case:
        return Case(label, (*sizes, torch.Generator().manual_seed(draw.integer(0, 10**6))))

    odd = draw.integer(5, 9)
    return [
        case(f"batch of 60, period {odd}, two copies, vocabulary of 30", 60, odd, 2, 30),
        case("batch of 40, period 6, four copies, vocabulary of 25", 40, 6, 4, 25),
        case("batch of 1, period 8, three copies, vocabulary of 40", 1, 8, 3, 40),
        case("one copy only: batch of 30, period 6, vocabulary of 40", 30, 6, 1, 40),
        case("batch of 600, period 5, two copies, vocabulary of 12", 600, 5, 2, 12),
        case("a segment that uses up the vocabulary: batch of 120, period 5, vocabulary of 6", 120, 5, 2, 6),
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
            "the same ids in every row",
            "Your rows differ in the order of the ids, or in where the segment begins, and all hold the same ids. Draw "
            "for each row anew which ids it holds, from all d_vocab − 1 of them.",
            _tokens_variant(rows="one set"),
        ),
        Misconception(
            "one segment, its ids moved along",
            "Your rows are one segment, its ids counted on by a number that changes from row to row: all have the same "
            "steps from token to token. Then the batch is one draw, and no mean over rows says more than one row does. "
            "Draw a segment for each row.",
            _tokens_variant(rows="moved along"),
        ),
        Misconception(
            "pieces of one long order",
            "Your rows are cut from one long order of the ids, each from another place on, so that the same ids "
            "follow one another in all of them. Then the rows are no draws of their own. Draw a segment for each row.",
            _tokens_variant(rows="windows"),
        ),
        Misconception(
            "a segment in more than one row",
            "Some rows of your batch hold the same segment as others. A mean over the batch then counts some draws "
            "twice or more, and its interval is too narrow. Draw a segment for each row.",
            _tokens_variant(rows="twice"),
        ),
        Misconception(
            "rows made of other rows",
            "Some rows of your batch hold the ids of other rows in another order, turned round for one. They are no "
            "draws of their own, so that a mean over the batch rests on fewer draws than it has rows. Draw a segment "
            "for each row.",
            _tokens_variant(rows="reversed twins"),
        ),
        Misconception(
            "consecutive ids",
            "The ids of your segments are consecutive numbers, beginning somewhere. One id then tells most of the "
            "others. Each id is to be drawn from all that are left, wherever the others lie: a random order of all "
            "ids, its first `period` entries.",
            _tokens_variant(rows="runs"),
        ),
        Misconception(
            "the next free id in place of one taken",
            "Ids that are neighbours (4 and 5, say) stand in one segment more often than chance has it, as they do "
            "when an id that is taken already gives way to the next free one. Then not every choice of ids is equally "
            "probable. Draw again in such a case, or take the first entries of a random order of all ids.",
            _tokens_variant(draw="bumped"),
        ),
        Misconception(
            "copies of the rows",
            "segment.repeat(repeats, 1) repeats along the batch, and the reshape then puts the segments of different "
            "rows behind one another. Within a row nothing is said twice. Repeat along the row: "
            "segment.repeat(1, repeats).",
            _tokens_variant(copies="of rows"),
        ),
        Misconception(
            "copies stacked as new rows",
            "segment.repeat(repeats, 1) writes the copies below one another, as more rows, and there are too few "
            "[BOS] for them. Repeat along the row: segment.repeat(1, repeats).",
            _tokens_variant(copies="stacked"),
        ),
        Misconception(
            "copies stacked as new rows, each with [BOS]",
            "Your copies are more rows of the batch, and within a row nothing is said twice. Asked for are `batch` "
            "rows, with all copies of a segment in one row: segment.repeat(1, repeats).",
            _tokens_variant(copies="stacked, each with [BOS]"),
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
            "the first id is never drawn",
            "Id 1 never turns up in your segments. Only id 0 belongs to [BOS]: draw from 1 … d_vocab − 1.",
            _tokens_variant(low=2),
        ),
        Misconception(
            "all ids one too low",
            "Your ids run from 0 to d_vocab − 2, as torch.randperm(d_vocab − 1) has them. Id 0 belongs to [BOS], and "
            "the last id, d_vocab − 1, never turns up: add 1 to what you drew.",
            _tokens_variant(low=0, high=-1),
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
            switches={"draw": "with replacement"},
        ),
        Misconception(
            "the generator is not used",
            "Two calls with the generator in the same state gave different tokens: yours draw from somewhere else (the "
            "global random state, Python's or numpy's own), or give the generator a seed from outside. Hand "
            "generator=generator to every call that draws, or nobody can repeat your experiment.",
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
            "Two calls in a row with one generator gave the same tokens: yours draw from a copy of it or from another "
            "source that is given its initial seed, or put its state back. Then every batch of an experiment is the "
            "same batch. Draw from the generator itself, which moves on.",
            switches={"draws_from": "a copy"},
        ),
        Misconception(
            "the global seed is set",
            "You call torch.manual_seed inside the function. The tokens are right, but whoever draws from the global "
            "random state afterwards gets other numbers because of it, the same ones after the same call. Draw from "
            "the generator itself: hand generator=generator to every call that draws.",
            _tokens_variant(draws_from="the global state, seeded from the generator"),
        ),
        Misconception(
            "a numpy array",
            "You return a numpy array. Models look their ids up with torch, so return a tensor: "
            "torch.as_tensor(...), or torch calls all the way.",
            _tokens_variant(form=lambda tokens: tokens.numpy()),
        ),
        Misconception(
            "nested lists",
            "You return lists. Models look their ids up with torch, so return a tensor: torch.tensor(rows), all rows "
            "of the same length.",
            _tokens_variant(form=lambda tokens: tokens.tolist()),
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
            switches={"order": "ascending"},
        ),
        Misconception(
            "ids in descending order",
            "The ids of your segments descend. Then the next token can be guessed from the last one alone, and "
            "repetition is no longer the only help. Which ids, and their order, should both be random.",
            _tokens_variant(order="descending"),
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
            "at least two copies",
            "Your rows hold two segments where one was asked for. With repeats=1 the segment stands once and nothing "
            "is repeated: such rows are the control.",
            _tokens_variant(least=2),
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
