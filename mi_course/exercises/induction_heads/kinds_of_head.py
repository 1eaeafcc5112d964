"""2.6: three kinds of head, told by where they look."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.exercises.induction_heads.induction_score import score_variant

QUESTIONS = [
    Question(
        name="duplicate_heads",
        text="Of the sixteen heads of story (seed 0), how many put more than half of their attention on the same "
        "token, one segment ago?",
        low=0,
        high=16,
    ),
]


def _looking(back: int, batch: int, n: int, sharpness: float = 1.0) -> Tensor:
    """A head that looks `back` tokens back with this much of its attention, the rest spread evenly."""
    pattern = torch.ones(n, n).tril()
    pattern = (1 - sharpness) * pattern / pattern.sum(-1, keepdim=True)
    dest = torch.arange(n)
    pattern[dest, (dest - back).clamp(min=0)] += sharpness
    return pattern.expand(batch, n, n).contiguous()


# --- previous_token_score ---------------------------------------------------------------------------------------------


def _previous_by_words(pattern: Tensor) -> float:
    looked = [row[dest][dest - 1] for row in pattern.double().tolist() for dest in range(2, len(row))]
    return math.fsum(looked) / len(looked)


def _previous_by_loops(pattern: Tensor) -> float:
    total, count = 0.0, 0
    for one in pattern:
        for i in range(2, one.shape[0]):
            total += one[i, i - 1].item()
            count += 1
    return total / count


def _previous_by_mask(pattern: Tensor) -> Tensor:
    n = pattern.shape[-1]
    i, j = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
    cells = (j == i - 1) & (i >= 2)
    return pattern.masked_select(cells).mean()


def _previous_by_trace(pattern: Tensor) -> Any:
    return np.trace(pattern.detach().numpy()[:, 2:, 1:-1], axis1=1, axis2=2).mean() / (pattern.shape[-1] - 2)


def _previous_variant(
    *, back: int = 1, rows: str = "from 2", reduce: str = "mean", axes: str = "dest, src"
) -> Callable[[Tensor], Any]:
    """The answer with one or two things done otherwise."""

    def score(pattern: Tensor) -> Any:
        if axes == "src, dest":
            pattern = pattern.transpose(-1, -2)
        n = pattern.shape[-1]
        half = (n - 1) // 2
        first = {"from 1": 1, "from 3": 3, "second half": half + 1}.get(rows, 2)
        dest = torch.arange(first, n)
        dest = dest[(dest - back >= 0) & (dest - back < n)]
        counted = {"all": n, "all but [BOS]": n - 1}
        if rows == "no last":
            dest = dest[:-1]
        if rows == "wrong end":
            dest = torch.arange(1, n - 1)
        if rows == "first half":
            dest = dest[dest <= half]
        on = pattern[:, dest, dest - back]
        count = len(pattern) * counted[rows] if rows in counted else on.numel()
        return {
            "mean": lambda: on.sum() / count,
            "sum": lambda: on.sum(),
            "max": lambda: on.max(),
            "median": lambda: on.median(),
            "per sequence": lambda: on.mean(1),
            "first sequence": lambda: on[0].mean(),
            "last sequence": lambda: on[-1].mean(),
            "sum over sequences": lambda: on.mean(1).sum(),
            "square": lambda: on.sum() / (len(pattern) * n * n),
            "argmax": lambda: (pattern.argmax(-1)[:, dest] == dest - back).float().mean(),
            "above half": lambda: (on > 0.5).float().mean(),
        }[reduce]()

    return score


def _up_to_the_batch(how: str) -> Callable[[Tensor], Any]:
    """The batch size taken for the number of positions."""

    def score(pattern: Tensor) -> Any:
        seen = [one[i, i - 1].item() for one in pattern for i in range(2, len(pattern))]
        return torch.tensor(seen).mean() if how == "a mean" else sum(seen) / len(seen)

    return score


def _previous_cases(draw: Draw) -> list[Case]:
    n = draw.integer(8, 12)
    return [
        Case(f"batch of 3, {n} positions", (draw.pattern(f"3 {n} {n}"),)),
        Case("batch of 1, five positions", (draw.pattern("1 5 5"),)),
        Case("more sequences than positions", (draw.pattern("9 6 6"),)),
        Case("a head that looks one back, most of the time", (_looking(1, 2, n, 0.7),)),
        Case("a head that looks one back a little more than elsewhere", (_looking(1, 2, 9, 0.3),)),
        Case("a head that looks at itself", (_looking(0, 2, 7),)),
        Case("a head that looks two back", (_looking(2, 2, 8),)),
    ]


_HEAD = {"chapter": "induction_heads", "section": "2.6"}

previous_token_score = Exercise(
    name="previous_token_score",
    **_HEAD,
    title="The token before",
    core=True,
    difficulty=1,
    minutes=5,
    points=2,
    prerequisites=("induction_score",),
    hints=(
        "For six positions, 0 to 5, write down the (destination, source) pairs of a head that looks one back. Which of "
        "them has [BOS] as its source?",
        "The pairs lie on the diagonal one below the main one: pattern.diagonal(-1, dim1=-2, dim2=-1). Its first entry "
        "belongs to destination 1, whose source is [BOS].",
        "pattern.diagonal(-1, dim1=-2, dim2=-1)[..., 1:].mean().",
    ),
    reference=helper.previous_token_score,
    oracle=Oracle("cell by cell, in Python's own floats", _previous_by_words),
    cases=_previous_cases,
    variant=_previous_variant,
    alternatives={
        "loops and floats": _previous_by_loops,
        "a mask": _previous_by_mask,
        "numpy's trace": _previous_by_trace,
        "index pairs, in double precision": lambda pattern: pattern.double()[
            :, range(2, pattern.shape[1]), range(1, pattern.shape[1] - 1)
        ].mean(),
    },
    misconceptions=(
        Misconception(
            "[BOS] counted as a previous token",
            "You include destination 1, whose previous token is [BOS]. A head that has found nothing often rests "
            "there, so that cell says little about looking back. Start with destination 2.",
            switches={"rows": "from 1"},
        ),
        Misconception(
            "one row too late",
            "You start at destination 3. Destination 2 has an ordinary token before it, at 1, and counts as well.",
            switches={"rows": "from 3"},
        ),
        Misconception(
            "the last row is left out",
            "You leave out the last position. What comes after it is unknown, but where it looks is in the pattern: "
            "all destinations from 2 on count.",
            switches={"rows": "no last"},
        ),
        Misconception(
            "the wrong end of the diagonal",
            "You cut the last entry off the diagonal instead of the first. The first one belongs to destination 1, "
            "whose previous token is [BOS]; the last position counts.",
            switches={"rows": "wrong end"},
        ),
        Misconception(
            "divided by all positions but [BOS]",
            "You add up the right cells and divide by the number of positions after [BOS]. Position 1 has no cell in "
            "the sum either: divide by the number of cells you added.",
            switches={"rows": "all but [BOS]"},
        ),
        Misconception(
            "a loop up to the batch size",
            "Your loop over destinations ends at len(pattern), which is the number of sequences, and with few of "
            "them it has ended before it began: a count of zero. The number of positions is pattern.shape[-1].",
            _up_to_the_batch("a division"),
        ),
        Misconception(
            "a loop up to the batch size, and the mean of nothing",
            "Your loop over destinations ends at len(pattern), the number of sequences, and with few of them it has "
            "ended before it began; NaN is the mean of nothing. The number of positions is pattern.shape[-1].",
            _up_to_the_batch("a mean"),
        ),
        Misconception(
            "a block from [BOS] on",
            "pattern[:, 1:, :-1].mean() averages a whole block: every destination with every source. The stripe "
            "pairs each destination with one source; and it begins with destination 2.",
            lambda pattern: pattern[:, 1:, :-1].mean(),
        ),
        Misconception(
            "the strongest of each row",
            "You average the largest attention of each row, wherever it goes. A head that always looks at [BOS] "
            "would score 1. Read the cell of the token just before.",
            lambda pattern: pattern[:, 2:].amax(-1).mean(),
        ),
        Misconception(
            "divided by all positions",
            "You add up the right cells and divide by the number of all positions. [BOS] and position 1 have no cell "
            "in the sum: divide by the number of cells you added.",
            switches={"rows": "all"},
        ),
        Misconception(
            "only the first half",
            "You average over the first half of the positions. This score needs no repetition, so it may be read from "
            "everywhere: all destinations from 2 on.",
            switches={"rows": "first half"},
        ),
        Misconception(
            "only the second half",
            "You average over the second half only, as for the induction score. Looking one back needs no earlier "
            "copy, so the first half counts too: all destinations from 2 on.",
            switches={"rows": "second half"},
        ),
        Misconception(
            "each token itself",
            "You read the main diagonal: how much each position looks at itself. The token before is one column to the "
            "left, the diagonal with offset −1.",
            switches={"back": 0},
        ),
        Misconception(
            "two back",
            "You read source i − 2, two tokens back. The previous token of destination i stands at i − 1.",
            switches={"back": 2},
        ),
        Misconception(
            "the next token, or rows and columns swapped",
            "You read source i + 1, which a causal model cannot look at: everything there is zero. Either the offset "
            "has the wrong sign, or destination and source are exchanged; attention reads [destination, source], and "
            "the diagonal below the main one has offset −1.",
            switches={"axes": "src, dest"},
        ),
        Misconception(
            "the diagonal of batch and destination",
            "pattern.diagonal(-1) without more takes the first two axes: sequence 1 with destination 0, sequence 2 "
            "with destination 1, and from each of them a whole row. The stripe runs through destination and source: "
            "add dim1=-2, dim2=-1.",
            lambda pattern: pattern.diagonal(-1)[..., 1:].mean(),
        ),
        Misconception(
            "rows of the diagonal of batch and destination",
            "pattern.diagonal(-1) without more takes the first two axes, batch and destination, and [1:] then drops "
            "source [BOS] and not a destination. Add dim1=-2, dim2=-1, and cut the last axis: [..., 1:].",
            lambda pattern: pattern.diagonal(-1)[1:].mean(),
        ),
        Misconception(
            "the whole diagonal of batch and destination",
            "pattern.diagonal(-1) without more takes the first two axes, batch and destination. The stripe runs "
            "through destination and source: add dim1=-2, dim2=-1, and leave out its first entry (source [BOS]).",
            lambda pattern: pattern.diagonal(-1).mean(),
        ),
        Misconception(
            "the batch is cut, not the diagonal",
            "diagonal(-1, -2, -1) has the batch first and the stripe last, so [1:] drops the first sequence (NaN is "
            "the mean of nothing, where there is no other) and keeps destination 1, whose previous token is [BOS]. Cut "
            "the last axis: [..., 1:].",
            lambda pattern: pattern.diagonal(-1, -2, -1)[1:].mean(),
        ),
        Misconception(
            "every row with every column",
            "pattern[:, rows][:, :, columns] takes every row with every column, a whole block. The stripe pairs them "
            "one to one: pattern[:, rows, columns], or .diagonal.",
            lambda pattern: pattern[:, 2:, 1:-1].mean(),
        ),
        Misconception(
            "a sum instead of a mean",
            "You add the attention up. A longer text or a larger batch then has a higher score; the mean stays between "
            "0 and 1.",
            switches={"reduce": "sum"},
        ),
        Misconception(
            "divided by the whole square",
            "You divide by all cells of the pattern, as a 0/1 mask and .mean() do together. Divide by the number of "
            "cells on the diagonal.",
            switches={"reduce": "square"},
        ),
        Misconception(
            "one number per sequence",
            "You average over positions only. Asked for is one number: average over the batch, too.",
            switches={"reduce": "per sequence"},
        ),
        Misconception(
            "only the first sequence",
            "You score the first sequence and leave the rest of the batch out. The mean goes over all of them.",
            switches={"reduce": "first sequence"},
        ),
        Misconception(
            "only the last sequence",
            "You score the last sequence and leave the rest of the batch out: is a result overwritten in the loop over "
            "sequences? The mean goes over all of them.",
            switches={"reduce": "last sequence"},
        ),
        Misconception(
            "summed over sequences",
            "You add up over the batch and divide by the number of positions only, so that a larger batch has a higher "
            "score. There are n − 2 cells in each sequence: divide by the batch size, too.",
            switches={"reduce": "sum over sequences"},
        ),
        Misconception(
            "the largest value",
            "You take the maximum: one position in one sequence decides. The score is the mean over all.",
            switches={"reduce": "max"},
        ),
        Misconception(
            "the median",
            "You take the median, which hides a head that fails on a third of the positions. The score is the mean.",
            switches={"reduce": "median"},
        ),
        Misconception(
            "how often it wins",
            "You count how often the previous token gets the most attention of its row. The score is the mean "
            "attention itself, which also says how much.",
            switches={"reduce": "argmax"},
        ),
        Misconception(
            "how often it exceeds a half",
            "You count the positions whose attention exceeds 0.5. The score is the mean attention itself; a threshold "
            "comes later, when heads are chosen.",
            switches={"reduce": "above half"},
        ),
    ),
)


# --- duplicate_token_score --------------------------------------------------------------------------------------------


def _duplicate_by_search(pattern: Tensor, period: int) -> float:
    """For every token find its latest earlier copy by comparing tokens, and read how much it is looked at."""
    rows = pattern.double().tolist()
    n = len(rows[0])
    tokens = [None] + [(i - 1) % period for i in range(1, n)]
    looked = []
    for i in range(1, n):
        copies = [j for j in range(1, i) if tokens[j] == tokens[i]]
        if copies:
            looked.extend(sequence[i][copies[-1]] for sequence in rows)
    return math.fsum(looked) / len(looked)


def _duplicate_by_index(pattern: Tensor, period: int) -> Tensor:
    dest = torch.arange(period + 1, pattern.shape[1])
    return pattern[:, dest, dest - period].mean()


def _duplicate_by_mask(pattern: Tensor, period: int) -> Tensor:
    dest = torch.arange(pattern.shape[-2])[:, None]
    src = torch.arange(pattern.shape[-1])[None, :]
    cells = (dest - src == period) & (src > 0)
    return (pattern * cells).sum() / (cells.sum() * len(pattern))


def _duplicate_by_loops(pattern: Tensor, period: int) -> float:
    seen = [one[i, i - period].item() for one in pattern for i in range(period + 1, pattern.shape[1])]
    return sum(seen) / len(seen)


def _duplicate_by_trace(pattern: Tensor, period: int) -> Any:
    block = pattern.detach().numpy()[:, period + 1 :, 1:]
    return np.trace(block, axis1=1, axis2=2).mean() / block.shape[1]


def _duplicate_variant(
    *, offset: Callable[[int], int] = lambda period: period, rows: str = "later", reduce: str = "mean", **other: Any
) -> Callable[[Tensor, int], Any]:
    """The induction score's variants, on the stripe one further to the left."""
    return score_variant(offset=offset, rows=rows, reduce=reduce, **other)


def _itself_too(pattern: Tensor, period: int) -> Tensor:
    dest = torch.arange(period + 1, pattern.shape[-1])
    return (pattern[:, dest, dest - period] + pattern[:, dest, dest]).mean()


def _and_the_next(pattern: Tensor, period: int) -> Tensor:
    dest = torch.arange(period + 1, pattern.shape[-1])
    return (pattern[:, dest, dest - period] + pattern[:, dest, dest - period + 1]).mean()


def _always_the_first(pattern: Tensor, period: int) -> Tensor:
    dest = torch.arange(period + 1, pattern.shape[-1])
    return pattern[:, dest, (dest - 1) % period + 1].mean()


def _every_copy(pattern: Tensor, period: int) -> Tensor:
    n = pattern.shape[-1]
    dest, src = torch.arange(n)[:, None], torch.arange(n)[None, :]
    cells = (src >= 1) & (dest > src) & ((dest - src) % period == 0)
    return (pattern * cells).sum(-1)[:, period + 1 :].mean()


def _over(count: Callable[[int, int], int]) -> Callable[[Tensor, int], Tensor]:
    """The right cells, divided by another number of them."""

    def score(pattern: Tensor, period: int) -> Tensor:
        on = pattern.diagonal(-period, -2, -1)[..., 1:]
        return on.sum() / (len(pattern) * count(pattern.shape[-1], period))

    return score


def _duplicate_cases(draw: Draw) -> list[Case]:
    def case(label: str, batch: int, period: int, repeats: int) -> Case:
        n = 1 + period * repeats
        return Case(label, (draw.pattern(f"{batch} {n} {n}"), period))

    short, long = draw.integer(3, 5), draw.integer(6, 9)
    return [
        case(f"batch of 3, period {long}, two copies", 3, long, 2),
        case(f"batch of 2, period {short}, four copies", 2, short, 4),
        case("batch of 1, period 5, three copies", 1, 5, 3),
        case("batch of 4, period 2, three copies", 4, 2, 3),
        Case(f"a duplicate-token head, period {short}", (_looking(short, 2, 1 + 3 * short, 0.8), short)),
        Case(f"an induction head, period {long}", (_looking(long - 1, 2, 1 + 2 * long), long)),
        Case("a head that looks at itself", (_looking(0, 2, 9), 4)),
    ]


duplicate_token_score = Exercise(
    name="duplicate_token_score",
    **_HEAD,
    title="The same token, before",
    core=False,
    difficulty=1,
    minutes=5,
    points=1,
    prerequisites=("induction_score",),
    hints=(
        "In [BOS] A B C D A B C D the second A stands at 5. Where does the first one stand, and how far back is that "
        "in general?",
        "The source of destination i is i − T: the diagonal with offset −T. It starts at destination T; is that one in "
        "the second segment?",
        "pattern.diagonal(-period, dim1=-2, dim2=-1)[..., 1:].mean(): the first entry belongs to destination T, the "
        "last of the first segment, whose source would be [BOS].",
    ),
    reference=helper.duplicate_token_score,
    oracle=Oracle("search for each token's latest earlier copy, in plain Python", _duplicate_by_search),
    cases=_duplicate_cases,
    variant=_duplicate_variant,
    alternatives={
        "index pairs": _duplicate_by_index,
        "a mask": _duplicate_by_mask,
        "loops and floats": _duplicate_by_loops,
        "numpy's trace": _duplicate_by_trace,
    },
    misconceptions=(
        Misconception(
            "the induction stripe",
            "Your stripe is at source i − (T − 1): the token after the previous copy, where an induction head looks. "
            "The copy itself stands one further to the left, at i − T.",
            switches={"offset": lambda period: period - 1},
        ),
        Misconception(
            "one too far back",
            "Your stripe is at source i − (T + 1): the token before the previous copy. The copy itself is at i − T.",
            switches={"offset": lambda period: period + 1},
        ),
        Misconception(
            "each token itself",
            "You read the main diagonal. A token is no copy of itself here: the question is who looks at the earlier "
            "one, T positions back.",
            switches={"offset": lambda period: 0},
        ),
        Misconception(
            "the previous token",
            "You read source i − 1, which scores a previous-token head. The earlier copy stands T positions back.",
            switches={"offset": lambda period: 1},
        ),
        Misconception(
            "itself and the copy together",
            "You add the attention to the token itself to that paid to its copy. A head that looks at itself only "
            "would then pass for one that finds copies. Read the earlier copy alone.",
            _itself_too,
        ),
        Misconception(
            "all earlier copies",
            "From the third segment on you add up the attention to every earlier copy. The definition here takes the "
            "latest one, at i − T, so that the stripe is one line.",
            _every_copy,
        ),
        Misconception(
            "the copy and the token after it",
            "You add the attention to the token after the copy, where an induction head looks. The two kinds would "
            "then get the same score. Read the copy alone, at i − T.",
            _and_the_next,
        ),
        Misconception(
            "always the first copy",
            "You read the copy in the first segment, however many there are. With more than two the latest one "
            "counts, at i − T: one stripe.",
            _always_the_first,
        ),
        Misconception(
            "summed over positions",
            "You average over the batch but add up over positions, so the score grows with the length of the text. "
            "Take the mean over both.",
            switches={"reduce": "sum over positions"},
        ),
        Misconception(
            "divided by one period",
            "You divide by T for each sequence, which is right when there are two copies. With more there are more "
            "destinations: T for each copy after the first.",
            switches={"reduce": "over one period"},
        ),
        Misconception(
            "the median",
            "You take the median, which hides a head that fails on a third of the positions. The score is the mean.",
            switches={"reduce": "median"},
        ),
        Misconception(
            "only the first sequence",
            "You score the first sequence of the batch and leave the rest out. The mean goes over all of them.",
            switches={"reduce": "first sequence"},
        ),
        Misconception(
            "one row of the first segment",
            "You take the whole diagonal. It starts at destination T, the last token of the first segment, whose "
            "source would be [BOS]. The second segment starts at destination T + 1.",
            switches={"rows": "diagonal"},
        ),
        Misconception(
            "the first segment is in your mean",
            "You divide by all rows. Tokens of the first segment have no copy to look at, so they pull every head "
            "toward zero. Start with the second segment, at destination T + 1.",
            switches={"rows": "all"},
        ),
        Misconception(
            "one row too late",
            "You start at destination T + 2 and leave out the first token of the second segment, which has a copy like "
            "all after it.",
            switches={"rows": "one late"},
        ),
        Misconception(
            "the last row is left out",
            "You leave out the last position. What comes after it is unknown, but where it looks is in the pattern.",
            switches={"rows": "no last"},
        ),
        Misconception(
            "only the second segment",
            "You stop after the second segment. Every copy after the first counts: all destinations from T + 1 on.",
            switches={"rows": "second"},
        ),
        Misconception(
            "only the last segment",
            "You read only the last segment. Every copy after the first counts: all destinations from T + 1 on.",
            switches={"rows": "last only"},
        ),
        Misconception(
            "rows and columns swapped",
            "You read source i + T, which a causal model cannot look at: everything there is zero. Either the offset "
            "has the wrong sign, or destination and source are exchanged; attention reads [destination, source], and "
            "the diagonal T below the main one has offset −T.",
            switches={"transposed": True},
        ),
        Misconception(
            "a sum instead of a mean",
            "You add the attention up over batch and positions. The mean stays between 0 and 1, however long the text.",
            switches={"reduce": "sum"},
        ),
        Misconception(
            "divided by the whole square",
            "You divide by all cells of the pattern, as a 0/1 mask and .mean() do together. Divide by the number of "
            "cells on the stripe.",
            switches={"reduce": "square"},
        ),
        Misconception(
            "the largest value",
            "You take the maximum: one lucky position decides. The score is the mean over all destinations from T + 1.",
            switches={"reduce": "max"},
        ),
        Misconception(
            "one number per sequence",
            "You average over positions only. Asked for is one number: average over the batch, too.",
            switches={"reduce": "per sequence"},
        ),
        Misconception(
            "how often it wins",
            "You count how often the copy gets the most attention of its row. The score is the mean attention itself.",
            switches={"reduce": "argmax"},
        ),
        Misconception(
            "the diagonal of batch and destination",
            "pattern.diagonal(offset) without more takes the first two axes, batch and destination, and finds hardly "
            "any or nothing there. The stripe runs through destination and source: add dim1=-2, dim2=-1.",
            lambda pattern, period: pattern.diagonal(-period)[..., 1:].mean(),
        ),
        Misconception(
            "rows of the diagonal of batch and destination",
            "pattern.diagonal(offset) takes the first two axes unless told otherwise, batch and destination, where "
            "there is little or nothing (NaN is the mean of nothing), and [1:] drops a source. Add dim1=-2, dim2=-1, "
            "and cut the last axis: [..., 1:].",
            lambda pattern, period: pattern.diagonal(-period)[1:].mean(),
        ),
        Misconception(
            "divided by one too many",
            "You add up the right cells and divide by the number of positions from T on. Destination T has no cell in "
            "the sum, since it is the last of the first segment: divide by the number of cells you added.",
            _over(lambda n, period: n - period),
        ),
        Misconception(
            "divided by all positions",
            "You add up the right cells and divide by the number of all positions, [BOS] and the first segment with "
            "them. Those have no cell in the sum: divide by the number of cells you added.",
            _over(lambda n, period: n),
        ),
        Misconception(
            "divided by all positions from 2 on",
            "You add up the right cells and divide by n − 2, which is what the previous-token score divides by. Only "
            "destinations T + 1 to n − 1 have a cell in this sum: divide by the number of cells you added.",
            _over(lambda n, period: n - 2),
        ),
        Misconception(
            "the batch is cut, not the diagonal",
            "diagonal(-period, -2, -1) has the batch first and the stripe last, so [1:] drops the first sequence (NaN "
            "is the mean of nothing, where there is no other) and keeps destination T, which belongs to the first "
            "segment. Cut the last axis: [..., 1:].",
            lambda pattern, period: pattern.diagonal(-period, -2, -1)[1:].mean(),
        ),
        Misconception(
            "the wrong end of the diagonal",
            "You cut the last entry off the diagonal instead of the first. The first one belongs to destination T, the "
            "last of the first segment, whose source would be [BOS]; the last position counts.",
            lambda pattern, period: pattern.diagonal(-period, -2, -1)[..., :-1].mean(),
        ),
        Misconception(
            "half of the text as the period",
            "You take half of the text for one segment. That is so with two copies; with more a segment is shorter. "
            "Use the argument, period.",
            lambda pattern, period: helper.duplicate_token_score(pattern, (pattern.shape[-1] - 1) // 2),
        ),
        Misconception(
            "half of the text, [BOS] with it, as the period",
            "You take half of all positions for one segment. [BOS] belongs to no segment, and with more than two "
            "copies a segment is shorter than half of the rest. Use the argument, period.",
            lambda pattern, period: helper.duplicate_token_score(pattern, pattern.shape[-1] // 2),
        ),
        Misconception(
            "the diagonal cut at T",
            "You cut the diagonal at T + 1, as if its first entry were destination 0. A diagonal T below the main one "
            "begins at destination T; the second segment begins one entry later, at index 1.",
            lambda pattern, period: pattern.diagonal(-period, -2, -1)[..., period + 1 :].mean(),
        ),
    ),
)

EXERCISES = [previous_token_score, duplicate_token_score]
