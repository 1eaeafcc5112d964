"""2.3: which heads?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.checking.plain import describe
from mi_course.exercises.induction_heads.induction_score import score_by_loops, score_variant
from mi_course.exercises.induction_heads.models import ROLES, SHORT, fills, part_time_model, planted_model, trained
from mi_course.worlds import repeated_tokens as world_tokens

QUESTIONS = [
    Question(
        name="decoy_survives",
        text="A head fills the stripe at period 12. Will its score still be above 0.5 at period 9?",
        kind=bool,
    ),
]


def _heads_by_detector(model: Any, periods: tuple[int, ...], threshold: float = 0.5) -> list[helper.Head]:
    """Planted truth where there is one; else TransformerLens' own detection pattern on single sequences."""
    roles = ROLES.get(model)
    if roles is not None:
        return sorted(head for head, role in roles.items() if all(fills(role, p) > threshold for p in periods))
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
    scores = sorted(score for row in _detector_scores(trained(name, seed), periods) for score in row)
    for threshold in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7):
        if all(abs(score - threshold) > _MARGIN for score in scores):
            return threshold
    raise ValueError(f"{name} seed {seed} has no clear threshold: {scores}")


def _cases_heads(draw: Draw) -> list[Case]:
    planted_seed = draw.choice(_PLANTED_SEEDS)
    model, periods = planted_model(planted_seed)
    sometimes, one = part_time_model(planted_seed)
    seed = draw.integer(0, 4)
    usual = (8, 13, 20)
    clear = _clear_threshold("induction-2l", seed, usual)
    return [
        Case("a model with planted heads, threshold 0.12", (model, list(periods), 0.12)),
        # So short that the two cells which the diagonal has in the first segment, one of them at [BOS], weigh much.
        Case(f"the same model, period {SHORT} only, threshold 0.345", (model, [SHORT], 0.345)),
        Case("the same model, two periods, threshold 0.66", (model, list(periods[:2]), 0.66)),
        Case("another planted model, one period, threshold 0.65", (sometimes, list(one), 0.65)),
        Case(
            f"induction-2l, seed {seed}, threshold {clear}",
            (trained("induction-2l", seed), list(usual), clear),
        ),
        Case("induction-1l, which has none", (trained("induction-1l", 0), list(usual), 0.5)),
    ]


def _index(x: Any) -> Any:
    """A layer or head number as a plain whole number; what is none is left as it is."""
    x = x.item() if isinstance(x, Tensor) and x.numel() == 1 else x
    return int(x) if isinstance(x, float) and x.is_integer() else x


def _run_heads(answer: Any, case: Case) -> Any:
    """What the answer returns, in a container, so that `_observe_heads` sees also what is no list at all."""
    return {"returned": answer(*case.args, **case.kwargs)}


_FORM = "what it returns"
_PAIRS = "a list of (layer, head) pairs"


def _observe_heads(case: Case, output: Any) -> Any:
    """The heads as a set: in any order, as tuples or lists. Of anything else it is said what it is.

    Heads that look at the stripe in some texts only are counted, not named: which one an answer finds that trusts one
    text is the chance of its draw.
    """
    found = output["returned"]
    if isinstance(found, (Tensor, np.ndarray)) and found.ndim == 2:
        found = found.tolist()
    if not isinstance(found, (list, tuple, set)):
        return {_FORM: describe(found) + (" (is a return missing?)" if found is None else "")}
    pairs = [tuple(map(_index, p)) if isinstance(p, (list, tuple)) else p for p in found]
    if not all(isinstance(p, tuple) and len(p) == 2 for p in pairs):
        return {_FORM: f"{describe(found)}, and not all are pairs", "heads": sorted(map(str, pairs))}
    roles = ROLES.get(case.args[0], {})
    part_time = {head for head, role in roles.items() if getattr(role, "first_tokens", None) is not None}
    seen: dict[str, Any] = {_FORM: _PAIRS, "heads": set(pairs) - part_time}
    if part_time:
        at_times = len(part_time & set(pairs))
        count = ("none", "one")[at_times] if at_times < 2 else "several"
        seen["heads that look at the stripe in a quarter of the texts"] = count
    return seen


@lru_cache(maxsize=64)
def _patterns(model: Any, period: int) -> Tensor:
    """Kept, because every wrong answer of the bank looks at the same ones."""
    return helper.attention_patterns(model, world_tokens(12, period, 2, model.cfg.d_vocab, seed=period).tokens)


def _head_table(model: Any, period: int, score: Callable[[Tensor, int], Tensor], drawn: int | None = None) -> Tensor:
    """The score of every head at a period, on texts of this period or of the one `drawn`; none where these are too
    short for it."""
    patterns = _patterns(model, drawn or period)
    if period > patterns.shape[-1] - 2:
        return torch.zeros(patterns.shape[:2])
    return torch.stack([torch.stack([score(head, period) for head in layer]) for layer in patterns])


def _heads_variant(
    *,
    score: Callable[..., Any] = helper.induction_score,
    periods_used: str = "every",
    drawn_once: bool = False,
    pick: str = "above",
    layers: str = "all",
    write: Callable[[int, int], Any] = lambda layer, head: (layer, head),
) -> Callable[..., list[Any]]:
    def find(model: Any, periods: Any, threshold: float = 0.5) -> list[Any]:
        used = {
            "first": periods[:1],
            "last": periods[-1:],
            "first two": periods[:2],
            "last two": periods[-2:],
            "first and last": [periods[0], periods[-1]],
            "fixed": (12,),
            "the docstring's": (8, 13, 20),
            "not the last": periods[:-1],
            "not the first": periods[1:],
        }.get(periods_used, periods)
        drawn = periods[0] if drawn_once else None
        tables = torch.stack([_head_table(model, period, score, drawn) for period in used])
        limit = 0.5 if pick == "fixed threshold" else threshold
        table = _over_periods(periods_used, tables)
        chosen = _picked(pick, tables, table, limit)
        _leave_out(layers, chosen)
        heads = [(int(layer), int(head)) for layer, head in chosen.nonzero()]
        if pick == "first found":
            heads = heads[:1]
        if pick == "first of each layer":
            heads = list({layer: (layer, head) for layer, head in reversed(heads)}.values())
        return [write(layer, head) for layer, head in heads]

    return find


def _over_periods(periods_used: str, tables: Tensor) -> Tensor:
    return {
        "any": lambda: tables.amax(0),
        "mean": lambda: tables.mean(0),
        "most": lambda: tables.median(0).values,
    }.get(periods_used, lambda: tables.amin(0))()


def _picked(pick: str, tables: Tensor, table: Tensor, limit: float) -> Tensor:
    """Which heads are kept: by the table of lowest scores, as a rule."""
    above = table > limit
    if pick == "below":
        return table < limit
    if pick == "always below":
        return tables.amax(0) < limit
    if pick == "all":
        return torch.ones_like(above)
    if pick == "best":
        return (table == table.max()) & above
    if pick == "best of each layer":
        return (table == table.amax(1, keepdim=True)) & above
    if pick == "removed while looping":
        kept = [(layer, head) for layer in range(table.shape[0]) for head in range(table.shape[1])]
        for scores in tables:
            for place in kept:
                if scores[place] <= limit:
                    kept.remove(place)  # and the next one moves up, past the loop
        left = torch.zeros_like(above)
        for place in kept:
            left[place] = True
        return left
    return above


def _leave_out(layers: str, chosen: Tensor) -> None:
    """Strike out, in place, the heads in which an answer does not look."""
    if layers == "last":
        chosen[:-1] = False
    if layers == "not the first":
        chosen[0] = False
    if layers == "not the last":
        chosen[-1] = False
    if layers == "square":
        chosen[:, chosen.shape[0] :] = False
    if layers == "two of four":
        chosen[1]  # the notebook's sizes: a model of one layer has no second
        chosen[2:] = False
        chosen[:, 4:] = False


def _all_pass_without_periods(periods_used: str) -> Callable[..., list[Any]]:
    """As all(...) has it: where no period is left to look at, no head fails."""

    def find(model: Any, periods: Any, threshold: float = 0.5) -> list[Any]:
        used = "every" if len(periods) > 1 else periods_used
        if used == "every":
            return _heads_variant(periods_used=periods_used)(model, periods, threshold)
        return _heads_variant(pick="all")(model, periods, threshold)

    return find


def _numbered(model: Any, periods: Any, threshold: float = 0.5) -> list[int]:
    return [layer * model.cfg.n_heads + head for layer, head in _heads_variant()(model, periods, threshold)]


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
                lowest[layer][head] = min(lowest[layer][head], score_by_loops(patterns[layer, head], period))
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


find_heads = Exercise(
    name="find_heads",
    chapter="induction_heads",
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
    driver=_run_heads,
    observe=_observe_heads,
    variant=_heads_variant,
    alternatives={
        "three loops, last layer first": _heads_by_loops,
        "run_with_cache and the world's labels": _heads_by_cache,
    },
    misconceptions=(
        Misconception(
            "no head at all",
            "You return an empty list for every model and threshold, though most of these models have heads above it "
            "at every period. Either the condition is never true (is it the stripe that you read, on tokens of that "
            "very period?), or the list is never filled, or emptied on the way.",
            lambda model, periods, threshold=0.5: [],
        ),
        Misconception(
            "every head of the model",
            "You return every head of the model, whatever its score. Compare the score at each period with the "
            "threshold, and leave out a head that misses it at any of them.",
            _heads_variant(pick="all"),
        ),
        Misconception(
            "tokens of one period only",
            "You draw tokens of one period, once, and take the score at all periods. At the others there is no copy "
            "where the score looks for it, so that every head fails. Draw new tokens for each period, inside the loop, "
            "and run the model on them.",
            _heads_variant(drawn_once=True),
        ),
        Misconception(
            "names instead of pairs",
            "The heads are the right ones, written as names. Asked for are pairs of whole numbers, (1, 0) for L1H0, "
            "which can be used to index: patterns[layer, head].",
            _heads_variant(write=lambda layer, head: f"L{layer}H{head}"),
        ),
        Misconception(
            "one number for each head",
            "The heads are the right ones, counted through all layers. Asked for are pairs (layer, head): divide by "
            "the number of heads in a layer, and the quotient is the layer, the rest the head.",
            _numbered,
        ),
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
            "the last period is left out, and with it the only one",
            "You look at all periods but the last. Where `periods` holds one only, nothing is left to fail at, and "
            "every head passes; and a head that divides its attention between two fixed distances can pass at two "
            "periods of three. Try every period.",
            _all_pass_without_periods("not the last"),
        ),
        Misconception(
            "the first period is left out, and with it the only one",
            "You look at all periods but the first. Where `periods` holds one only, nothing is left to fail at, and "
            "every head passes; and a head that divides its attention between two fixed distances can pass at two "
            "periods of three. Try every period.",
            _all_pass_without_periods("not the first"),
        ),
        Misconception(
            "only two periods, the first ones",
            "You look at the first two periods and leave out any further ones. A head that divides its attention "
            "between two fixed distances passes at two periods and fails at the third: try every one.",
            _heads_variant(periods_used="first two"),
        ),
        Misconception(
            "only two periods, the last ones",
            "You look at the last two periods and leave out any before them. A head that divides its attention between "
            "two fixed distances passes at two periods and fails at the third: try every one.",
            _heads_variant(periods_used="last two"),
        ),
        Misconception(
            "only the shortest and the longest period",
            "You look at the first and the last period, the shortest and the longest here, and leave out what lies "
            "between. A head that divides its attention between two fixed distances passes at these two and fails at "
            "the third: try every one.",
            _heads_variant(periods_used="first and last"),
        ),
        Misconception(
            "most of the periods",
            "You keep a head that passes at most of the periods (two of three, or by the median of its scores). A head "
            "that divides its attention between two fixed distances does that and knows nothing of repetition. Keep a "
            "head only if it exceeds the threshold at every period.",
            _heads_variant(periods_used="most"),
        ),
        Misconception(
            "the periods of the docstring",
            "You look at periods 8, 13 and 20, whatever was asked for. They are the docstring's example; the argument "
            "`periods` says at which to look, and a small vocabulary may not even have 20 different tokens.",
            _heads_variant(periods_used="the docstring's"),
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
            "only the first head found",
            "You return one head, the first that passes: is there a return, or a break, inside the loop? Several heads "
            "may do the same job: return every head above the threshold.",
            _heads_variant(pick="first found"),
        ),
        Misconception(
            "the first head of each layer",
            "You keep one head per layer, the first that passes: is a break in the loop over heads, or does a layer "
            "have room for one only? Two heads of one layer may both be above the threshold: return all of them.",
            _heads_variant(pick="first of each layer"),
        ),
        Misconception(
            "heads removed from the list that the loop goes through",
            "You remove heads from a list while a loop goes through it: the next head moves up into the free place, "
            "and the loop passes it by untested. Loop over a copy, list(heads), or build a new list of those that "
            "pass.",
            _heads_variant(pick="removed while looping"),
        ),
        Misconception(
            "the threshold is always a half",
            "Your threshold is 0.5 whatever was asked for. Use the argument `threshold`: a head at 0.2 counts when "
            "the threshold is 0.12, and a head at 0.58 does not when it is 0.66.",
            switches={"pick": "fixed threshold"},
        ),
        Misconception(
            "the largest value decides",
            "You take the largest attention on the stripe: one lucky position in one sequence is enough. A head that "
            "hits the stripe at every third destination is then as good as one that always does. Take the mean over "
            "positions and sequences, as induction_score does.",
            switches={"score": score_variant(reduce="max")},
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
            "the whole diagonal",
            "You take the mean over the whole diagonal. Its first two cells belong to the first segment, where there "
            "is no copy yet: there a head rests on [BOS], which stands on the diagonal, and a weak head gains by it. "
            "Leave them out: [..., 2:].",
            _heads_variant(score=score_variant(rows="diagonal")),
        ),
        Misconception(
            "how often the stripe wins",
            "You count how often the stripe gets the most attention of its row. A head that puts 58 % there then "
            "counts as one that always looks there, and one of 20 % not at all. Take the mean attention, as "
            "induction_score does.",
            _heads_variant(score=score_variant(reduce="argmax")),
        ),
        Misconception(
            "one token too far",
            "What you return are the heads that look two tokens after the previous copy (source i − (T − 2)): was the "
            "score given T − 1 for the period? The stripe is at i − (T − 1).",
            _heads_variant(score=score_variant(offset=lambda period: period - 2)),
        ),
        Misconception(
            "only the first token of the copy",
            "You look at one destination only, the first that has a previous copy. What a head does there it need "
            "not do elsewhere: take the mean over all destinations of the later segments, T + 1 to the end.",
            switches={"score": score_variant(rows="first only")},
        ),
        Misconception(
            "only the last token of the text",
            "You look at one destination only, the last position. What a head does there it need not do elsewhere: "
            "take the mean over all destinations of the later segments, T + 1 to the end.",
            switches={"score": score_variant(rows="final only")},
        ),
        Misconception(
            "only one sequence",
            "You judge by one sequence: the first of the batch, or a batch of one. A head that fills the stripe only "
            "in texts that begin with certain tokens can do so in this one. Draw many sequences and take the mean "
            "over all of them.",
            switches={"score": score_variant(reduce="first sequence")},
        ),
        Misconception(
            "the best sequence decides",
            "You keep a head if it fills the stripe in any one of the sequences. A head that does so only in texts "
            "that begin with certain tokens is then found as well. Take the mean over all sequences.",
            switches={"score": _best_sequence},
        ),
        Misconception(
            "below instead of above",
            "You return the heads that are below the threshold at some period. A high score means that the head looks "
            "at the stripe: asked for are those above it at every one.",
            switches={"pick": "below"},
        ),
        Misconception(
            "below at every period",
            "You return the heads that stay below the threshold at every period, or reach it at most. Asked for are "
            "those above it: a high score means that the head looks at the stripe.",
            _heads_variant(pick="always below"),
        ),
        Misconception(
            "the first layer is left out",
            "You leave out layer 0. Theory has no induction head there, but the function is to report scores as they "
            "are: at a single period a head of layer 0 can pass, and that would be a warning. Search all layers.",
            _heads_variant(layers="not the first"),
        ),
        Misconception(
            "the last layer is left out",
            "You search all layers but the last: does a range end one early? range(model.cfg.n_layers) already stops "
            "before n_layers.",
            _heads_variant(layers="not the last"),
        ),
        Misconception(
            "as many heads as layers",
            "You try as many heads of each layer as there are layers. The number of heads in a layer is "
            "model.cfg.n_heads.",
            _heads_variant(layers="square"),
        ),
        Misconception(
            "two layers of four heads",
            "You try two layers of four heads, as induction-2l has them, whatever the model. Its own numbers are "
            "model.cfg.n_layers and model.cfg.n_heads.",
            _heads_variant(layers="two of four"),
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
            switches={"score": score_variant(offset=lambda period: period)},
        ),
    ),
)

EXERCISES = [find_heads]
