"""The models in which heads are to be found: trained ones, and planted ones whose heads are known."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

from mi_course import induction_heads as helper
from mi_course.checking import Draw


@cache
def trained(name: str, seed: int) -> Any:
    from mi_course.zoo import load_model

    return load_model(name, seed=seed)


ROLES: dict[Any, dict[helper.Head, Any]] = {}
"""Who does what in the planted models built so far."""


SHORT = 3
"""A period so short that a part of the first segment weighs much in a mean. A head of layer 0 fills its stripe."""


@cache
def planted_model(seed: int) -> tuple[Any, tuple[int, ...]]:
    """A three-layer model with three induction heads, one of them weak, in places drawn from the seed; and the
    periods to look at. Decoys that look one or two fixed distances back fill the stripes of some periods, and
    three share out its destinations among them: each fills the stripe at every third."""
    from mi_course.zoo.planted import DuplicateToken, FixedOffset, Induction, PreviousToken, planted

    draw = Draw(seed)
    columns, n_ctx = 7, 42
    # Not 12, the notebook's own. Short ones: whoever runs the model anew for each head runs it sixty times. In order,
    # so that the shortest and the longest are the first and the last.
    periods = tuple(sorted(draw.sample([7, 8, 9, 10, 11, 13], 3)))
    first, last = ([(layer, head) for head in draw.sample(range(columns), columns)] for layer in (0, 2))
    ends, between = draw.sample([0, columns - 1], 2), draw.sample(range(1, columns - 1), columns - 2)
    middle = [(1, head) for head in (*ends, *between)]
    # The first and the last head of one layer, and not of the last layer, so that picking one a layer, searching the
    # last layer only and a range that starts or ends one off are found out.
    # Strengths keep clear of the thresholds also when the text holds three copies, among which these heads divide.
    roles = {middle[0]: Induction(0.95), middle[1]: Induction(0.58), last[0]: Induction(0.2)}
    roles |= {first[0]: PreviousToken(), middle[2]: DuplicateToken()}
    for rest, place in enumerate((middle[3], last[1], last[2])):
        roles[place] = Induction(0.85, positions=frozenset(range(rest, n_ctx, 3)))
    # One decoy for each period somebody might look at in place of those asked for, the first of these in layer 0, and
    # one for each two of the three; it looks at itself as well, for 1/3 is farther from every threshold than a half.
    one, *others = periods
    offsets = [(one - 1,), (SHORT - 1,), *((a - 1, b - 1, 0) for a, b in itertools.combinations(periods, 2))]
    offsets += [(period - 1,) for period in sorted({*others, 8, 9, 10, 12, 13, 16, 20} - {one})]
    places = [*first[1:], *middle[4:], *last[3:]]
    roles |= {place: FixedOffset(*back) for place, back in zip(places, offsets, strict=False)}
    model = planted(roles, n_layers=3, n_heads=columns, d_vocab=16, n_ctx=n_ctx, seed=seed)
    ROLES[model] = roles
    return model, periods


_PART_TIME_VOCAB = 21


@cache
def part_time_model(seed: int) -> tuple[Any, tuple[int, ...]]:
    """A two-layer model with two induction heads, and four decoys that share out the texts among them: each fills the
    stripe only in texts that begin with certain tokens."""
    from mi_course.zoo.planted import FirstToken, Induction, PreviousToken, planted

    draw = Draw(seed)
    period = draw.integer(7, 11)
    heads = draw.sample(range(6), 6)
    # Of different strengths, so that it is no chance which is the best.
    roles: dict[helper.Head, Any] = {(1, heads[0]): Induction(0.97), (1, heads[1]): Induction(0.92)}
    previous, first = draw.sample(range(6), 2)
    roles |= {(0, previous): PreviousToken(), (0, first): FirstToken()}
    for rest, head in enumerate(heads[2:]):
        roles[1, head] = Induction(0.75, first_tokens=frozenset(range(1 + rest, _PART_TIME_VOCAB, 4)))
    model = planted(roles, n_layers=2, n_heads=6, d_vocab=_PART_TIME_VOCAB, n_ctx=36, seed=seed)
    ROLES[model] = roles
    return model, (period,)


def fills(role: Any, period: int) -> float:
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


def suspect() -> tuple[Any, Any]:
    """The model of «Break this claim», and one of the same size in which nothing was planted."""
    from mi_course.zoo.planted import FixedOffset, Induction, PreviousToken, planted

    roles = {(0, 1): PreviousToken(), (0, 2): FixedOffset(11), (1, 3): Induction(0.9)}
    return planted(roles), planted({}, seed=1)
