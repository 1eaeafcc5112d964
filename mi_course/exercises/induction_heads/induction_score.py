"""2.2: where does the second A look? The score of one attention pattern."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="heads_on_stripe",
        text="Of the eight heads of induction-2l, how many put more than half of their attention on the stripe?",
        low=0,
        high=8,
    ),
]


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


def score_by_loops(pattern: Any, period: int) -> float:
    total, count = 0.0, 0
    for one in pattern:
        for i in range(period + 1, one.shape[0]):
            total += one[i, i - period + 1].item()
            count += 1
    return total / count


def score_variant(
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
        if reduce == "over one too many":
            return on.sum() / (pattern.shape[0] * (n - period))
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


def _every_earlier_copy_and_the_first_token(pattern: Tensor, period: int) -> Tensor:
    """The sum goes on to source 1, one period before the token after the first copy, where no copy stands before it."""
    n = pattern.shape[-1]
    dest, src = torch.arange(n).unsqueeze(1), torch.arange(n).unsqueeze(0)
    on = (dest > period) & (src >= 1) & ((dest - src + 1) % period == 0) & (src <= dest - period + 1)
    return (pattern * on).sum(-1)[:, period + 1 :].mean()


def _mean_over_copies(pattern: Tensor, period: int) -> Tensor:
    """Every pair of a destination and the token after an earlier copy counts once."""
    n = pattern.shape[-1]
    pairs = [(dest, src) for dest in range(period + 1, n) for src in range(dest - period + 1, 1, -period)]
    dest, src = torch.tensor(pairs).T
    return pattern[:, dest, src].mean()


def _after_the_first_copy(pattern: Tensor, period: int) -> Tensor:
    dest = torch.arange(period + 1, pattern.shape[-1])
    return pattern[:, dest, (dest - 1) % period + 2].mean()


def _half_of_the_text(pattern: Tensor, period: int) -> Tensor:
    return _reference_score(pattern, (pattern.shape[-1] - 1) // 2)


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
        # The shape and the period of the first case: an answer that keeps results by these is found out.
        case(f"another batch of 3, period {long}, two copies", 3, long, 2),
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
    chapter="induction_heads",
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
    variant=score_variant,
    alternatives={
        "mask": _score_by_mask,
        "index pairs": _score_by_gather,
        "two loops and floats": score_by_loops,
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
            "the batch is cut, not the diagonal",
            "diagonal(…, -2, -1) has the batch first and the stripe last, so [2:] drops the first two sequences (NaN "
            "is the mean of nothing, where there are no more) and keeps the whole diagonal. Its first two entries "
            "belong to the first segment: cut the last axis, [..., 2:].",
            lambda pattern, period: pattern.diagonal(-(period - 1), -2, -1)[2:].mean(),
        ),
        Misconception(
            "one cut off at each end",
            "You cut one entry off each end of the diagonal. Both entries to be left out stand at its beginning: they "
            "belong to destinations T − 1 and T, in the first segment. The last position counts.",
            lambda pattern, period: pattern.diagonal(-(period - 1), -2, -1)[..., 1:-1].mean(),
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
            "divided by one position too many",
            "You add up the right entries and divide by n − T for each sequence. Destination T is the last one of the "
            "first segment and has no entry in the sum: there are n − 1 − T of them. Divide by the number of entries "
            "you added.",
            switches={"reduce": "over one too many"},
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
        Misconception(
            "all earlier copies, and the first token",
            "From the third segment on you add up the attention to the tokens after every earlier copy, and go one "
            "step too far besides: the last token of a segment is paired with the first A as well, which follows "
            "[BOS] and no copy. The definition here takes the latest copy only, so that the stripe is one line.",
            _every_earlier_copy_and_the_first_token,
        ),
        Misconception(
            "a mean over all earlier copies",
            "You average over every pair of a destination and the token after an earlier copy. Late segments have "
            "several such pairs, and a head that keeps to the latest copy is marked down for the others. The "
            "definition here takes the latest copy only: one source for each destination.",
            _mean_over_copies,
        ),
        Misconception(
            "always the first copy",
            "You read the token after the copy in the first segment, however many copies there are. With more than "
            "two the latest one counts, source i − (T − 1): one stripe.",
            _after_the_first_copy,
        ),
        Misconception(
            "half of the text as the period",
            "You take half of the text for one segment. That is so with two copies; with more a segment is shorter. "
            "Use the argument, period.",
            _half_of_the_text,
        ),
        Misconception(
            "half of the text, [BOS] with it, as the period",
            "You take half of all positions for one segment. [BOS] belongs to no segment, and with more than two "
            "copies a segment is shorter than half of the rest. Use the argument, period.",
            lambda pattern, period: _reference_score(pattern, pattern.shape[-1] // 2),
        ),
    ),
)

EXERCISES = [induction_score]
