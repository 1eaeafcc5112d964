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
from mi_course.exercises.induction_heads.induction_score import score_by_loops, score_variant
from mi_course.exercises.induction_heads.models import ROLES, fills, part_time_model, planted_model, trained
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
        Case("the same model, threshold 0.4", (model, list(periods), 0.4)),
        Case("the same model, one period only, threshold 0.66", (model, [periods[0]], 0.66)),
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
            roles = ROLES.get(case.args[0], {})
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
            switches={"score": score_variant(offset=lambda period: period)},
        ),
    ),
)

EXERCISES = [find_heads]
