"""2.11: write it yourself: weights by hand, tried on texts that the author has not seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.errors import CourseError
from mi_course.induction_heads.by_hand import CERTAIN, sizes
from mi_course.worlds import repeated_tokens

QUESTIONS = [
    Question(
        name="vote_reaches",
        text="Segments of 15 tokens drawn from 19, with repeats, said twice. What share of the second copy does the "
        "vote of all earlier copies get right (right if within 0.05)?",
        kind=float,
        low=0,
        high=1,
        comes_true=lambda value, outcome: abs(value - outcome) <= 0.05,
    ),
]

ASKED = "right"
_SLACK = 0.01


# --- other right answers ----------------------------------------------------------------------------------------------


def _layout(d_vocab: int, n_ctx: int) -> tuple[slice, slice, slice, slice, int]:
    starts = [0, d_vocab, d_vocab + n_ctx, 2 * d_vocab + n_ctx, 3 * d_vocab + n_ctx]
    token, position, previous, prediction = (slice(a, b) for a, b in itertools.pairwise(starts))
    return token, position, previous, prediction, starts[-1]


def _by_loops(d_vocab: int, n_ctx: int) -> dict[str, Tensor]:
    """Entry by entry, in double precision; the layers in lists before they are stacked."""
    d_model, d_head = 3 * d_vocab + n_ctx, d_vocab + n_ctx
    position, previous, prediction = d_vocab, d_vocab + n_ctx, 2 * d_vocab + n_ctx
    W = {"W_E": (d_vocab, d_model), "W_pos": (n_ctx, d_model), "W_U": (d_model, d_vocab)}
    weights = {name: torch.zeros(shape, dtype=torch.float64) for name, shape in W.items()}
    Q, K, V = ([torch.zeros(d_model, d_head, dtype=torch.float64) for _ in range(2)] for _ in range(3))
    out = [torch.zeros(d_head, d_model, dtype=torch.float64) for _ in range(2)]
    strong = math.sqrt(25 * math.sqrt(d_head))
    for i in range(n_ctx):
        weights["W_pos"][i, position + i] = 1
        K[0][position + i, i] = strong
        if i:
            Q[0][position + i, i - 1] = strong
    for t in range(d_vocab):
        weights["W_E"][t, t] = 1
        weights["W_U"][prediction + t, t] = 5
        V[0][t, t], out[0][t, previous + t] = 1, 1
        Q[1][t, t], K[1][previous + t, t] = strong, strong
        V[1][t, t], out[1][t, prediction + t] = 1, 1
    return weights | {name: torch.stack(layers) for name, layers in (("W_Q", Q), ("W_K", K), ("W_V", V), ("W_O", out))}


def _in_a_turned_stream(d_vocab: int, n_ctx: int) -> dict[str, Tensor]:
    """The same function in a residual stream without tidy parts: everything turned by a random rotation."""
    weights = helper.write_induction_model(d_vocab, n_ctx)
    d_model = weights["W_E"].shape[1]
    turn, _ = torch.linalg.qr(torch.randn(d_model, d_model, dtype=torch.float64))
    turned = {name: value.double() for name, value in weights.items()}
    for name in ("W_E", "W_pos", "W_O"):
        turned[name] = turned[name] @ turn
    for name in ("W_Q", "W_K", "W_V"):
        turned[name] = turn.T @ turned[name]
    turned["W_U"] = turn.T @ turned["W_U"]
    return turned


def _over_the_prediction(d_vocab: int, n_ctx: int) -> dict[str, Any]:
    """Three parts instead of four, in numpy: the prediction is written where "previous" stood, since nobody reads that
    any more; its remains are small beside what is written."""
    d_model, d_head = 2 * d_vocab + n_ctx, max(d_vocab, n_ctx)
    token, position = slice(0, d_vocab), slice(d_vocab, d_vocab + n_ctx)
    previous = slice(d_vocab + n_ctx, d_model)
    tokens, positions = np.eye(d_vocab), np.eye(n_ctx)
    shapes = {"W_Q": (2, d_model, d_head), "W_K": (2, d_model, d_head), "W_V": (2, d_model, d_head)}
    weights = {name: np.zeros(shape) for name, shape in shapes.items()}
    weights |= {"W_O": np.zeros((2, d_head, d_model)), "W_E": np.zeros((d_vocab, d_model))}
    weights |= {"W_pos": np.zeros((n_ctx, d_model)), "W_U": np.zeros((d_model, d_vocab))}
    weights["W_E"][:, token], weights["W_pos"][:, position], weights["W_U"][previous] = tokens, positions, tokens
    sharp = 40 * np.sqrt(d_head)
    weights["W_Q"][0, position, :n_ctx] = positions
    weights["W_K"][0, position, :n_ctx] = sharp * np.eye(n_ctx, k=1)  # key i answers to position i + 1
    weights["W_Q"][1, token, :d_vocab], weights["W_K"][1, previous, :d_vocab] = tokens, sharp * tokens
    for layer, size in ((0, 1), (1, 100)):
        weights["W_V"][layer, token, :d_vocab] = tokens
        weights["W_O"][layer, :d_vocab, previous] = size * tokens
    return weights


# --- wrong answers ----------------------------------------------------------------------------------------------------


def _written(
    *,
    back: int = 1,
    sharp: tuple[float, float] = (CERTAIN, CERTAIN),
    root: bool = True,
    seeks: str = "token",
    finds: str = "previous",
    fixed: bool = False,
    carries: str = "token",
    noted: str = "token",
    notes: str = "previous",
    writes: str = "prediction",
    reads_out: str = "prediction",
    size: tuple[int, int] | None = None,
    shift: int = 0,
    sign: int = 1,
) -> Callable[[int, int], dict[str, Tensor]]:
    """The answer with one or two things done otherwise."""

    def answer(d_vocab: int, n_ctx: int) -> dict[str, Tensor]:
        d_vocab, n_ctx = size or (d_vocab, n_ctx)
        token, position, previous, prediction, d_model = _layout(d_vocab, n_ctx)
        parts = {"token": token, "position": position, "previous": previous, "prediction": prediction}
        d_head = max(d_vocab, n_ctx)
        weights = {name: torch.zeros(2, d_model, d_head) for name in ("W_Q", "W_K", "W_V")}
        weights |= {"W_O": torch.zeros(2, d_head, d_model), "W_E": torch.zeros(d_vocab, d_model)}
        weights |= {"W_pos": torch.zeros(n_ctx, d_model), "W_U": torch.zeros(d_model, d_vocab)}
        weights["W_E"][:, token] = torch.eye(d_vocab)
        weights["W_pos"][:, position] = torch.eye(n_ctx)
        weights["W_U"][parts[reads_out]] = torch.eye(d_vocab)
        first, second = (each * (math.sqrt(d_head) if root else 1.0) for each in sharp)
        places = torch.eye(n_ctx)
        whole = dict.fromkeys(parts, torch.eye(d_vocab)) | {"position": places}
        widths = dict.fromkeys(parts, d_vocab) | {"position": n_ctx}
        weights["W_Q"][0, position, :n_ctx] = first * places.roll(-back, 1)
        weights["W_K"][0, position, :n_ctx] = places
        weights["W_V"][0, parts[noted], : widths[noted]] = whole[noted]
        weights["W_O"][0, :d_vocab, parts[notes]] = torch.eye(d_vocab)
        if fixed:
            period = (n_ctx - 1) // 2
            weights["W_Q"][1, position, :n_ctx] = second * places.roll(-(period - 1), 1)
            weights["W_K"][1, position, :n_ctx] = places
        else:
            weights["W_Q"][1, parts[seeks], : widths[seeks]] = second * whole[seeks]
            weights["W_K"][1, parts[finds], : widths[finds]] = whole[finds]
        weights["W_V"][1, parts[carries], : widths[carries]] = whole[carries]
        weights["W_O"][1, :d_vocab, parts[writes]] = sign * torch.eye(d_vocab).roll(shift, 1)
        return weights

    return answer


# --- how it is judged -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """Texts on which weights are tried: what they are called, and by which share of the next tokens has to be right."""

    label: str
    tokens: Tensor
    first: int
    period: int
    asked: float


@lru_cache(maxsize=64)
def _trials(d_vocab: int, n_ctx: int, seed: int) -> tuple[Trial, ...]:
    draw = Draw(seed)
    if n_ctx > 10 * d_vocab:  # a context of this size is there for one thing; all trials on it would take minutes
        return (_after_long_text(d_vocab, n_ctx, draw),)
    longest = min((n_ctx - 1) // 2, d_vocab - 1)
    found = []
    middle = draw.integer(3, max(3, longest - 1))
    for period, repeats in ((longest, 2), (middle, 2), (2, (n_ctx - 1) // 2)):
        data = repeated_tokens(40, period, repeats, d_vocab, seed=draw.integer(0, 10**6))
        label = f"different tokens, {repeats} copies of {period}"
        found.append(Trial(label, data.tokens, period + 1, period, 0.99))
    short = max(2, longest // 2)
    lead = n_ctx - 1 - 2 * short
    ids = torch.rand(40, d_vocab - 1, generator=draw.generator).argsort(-1) + 1
    lead = min(lead, d_vocab - 1 - short)
    if lead > 0:
        segment, before = ids[:, :short], ids[:, short : short + lead]
        tokens = torch.cat([torch.zeros(40, 1, dtype=torch.long), before, segment, segment], 1)
        label = f"{lead} other tokens, then 2 copies of {short} different ones"
        found.append(Trial(label, tokens, lead + short + 1, short, 0.99))
    period = (n_ctx - 1) // 2
    data = repeated_tokens(600, period, 2, d_vocab, seed=draw.integer(0, 10**6), unique=False)
    chances = helper.one_match_ceiling(data.tokens, period)
    # Among equals it is a matter of luck which one a model names; four standard errors of that are allowed for.
    luck = 4 * float((chances * (1 - chances)).sum()) ** 0.5 / chances.numel()
    asked = float(chances.mean()) - _SLACK - luck
    label = f"tokens that come back within a segment, 2 copies of {period}"
    found.append(Trial(label, data.tokens, period + 1, period, asked))
    return tuple(found)


def _after_long_text(d_vocab: int, n_ctx: int, draw: Draw) -> Trial:
    """A short segment twice, after a text so long that what a soft head leaves to each other place adds up."""
    short, texts = 4, 4
    ids = torch.rand(texts, d_vocab - 1, generator=draw.generator).argsort(-1) + 1
    segment, rest = ids[:, :short], ids[:, short:]
    lead = n_ctx - 1 - 2 * short
    before = rest.gather(1, torch.randint(0, rest.shape[1], (texts, lead), generator=draw.generator))
    tokens = torch.cat([torch.zeros(texts, 1, dtype=torch.long), before, segment, segment], 1)
    label = f"a long text of {lead} other tokens, then 2 copies of {short} different ones"
    return Trial(label, tokens, lead + short + 1, short, 0.99)


def _run(weights: Mapping[str, Tensor], tokens: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits and the two patterns, by plain products."""
    x = weights["W_E"][tokens] + weights["W_pos"][: tokens.shape[1]]
    future = torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool).triu(1)
    patterns = []
    for layer in range(2):
        q, k, v = (x @ weights[f"W_{name}"][layer] for name in "QKV")
        scores = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(future, -torch.inf)
        patterns.append(scores.softmax(-1))
        x = x + patterns[-1] @ v @ weights["W_O"][layer]
    return x @ weights["W_U"], patterns


def _observe(case: Case, output: Any) -> Any:
    """For each sort of text either that it went right, or what went wrong first and where the two heads looked."""
    d_vocab, n_ctx = case.args
    trials = _trials(d_vocab, n_ctx, _seed(case))
    wanted = {trial.label: ASKED for trial in trials}
    if not isinstance(output, dict):
        return output
    unfit = _unfit(output, d_vocab, n_ctx)
    if unfit:
        return wanted | {trials[0].label: f"no model: {unfit}"}
    weights = {name: torch.as_tensor(value, dtype=torch.float32) for name, value in output.items()}
    for trial in trials:
        told = _tried(weights, trial)
        if told:
            # The rest is not tried: what goes wrong first is what to mend first.
            return wanted | {trial.label: told}
    return wanted


def _unfit(output: Mapping[Any, Any], d_vocab: int, n_ctx: int) -> str:
    """Why these weights make no model of the size asked for, or an empty string."""
    try:
        weights = {str(name): torch.as_tensor(value, dtype=torch.float32) for name, value in output.items()}
        found = sizes(weights)
    except CourseError as error:
        return str(error)
    except (TypeError, ValueError, RuntimeError):
        return "some entry of the dict is no tensor of numbers"
    if (found["d_vocab"], found["n_ctx"]) != (d_vocab, n_ctx):
        return f"made for d_vocab {found['d_vocab']} and n_ctx {found['n_ctx']}, where {d_vocab} and {n_ctx} are due"
    finite = all(bool(value.isfinite().all()) for value in weights.values())
    return "" if finite else "some number in the weights is NaN or infinite"


def _seed(case: Case) -> int:
    return sum(map(int, case.args))


def _tried(weights: Mapping[str, Tensor], trial: Trial) -> str:
    """An empty string, or what went wrong, with the first text and place where it did."""
    with torch.no_grad():
        logits, patterns = _run(weights, trial.tokens)
    if not bool(logits.isfinite().all()):
        return "the logits are not finite"
    guess = logits[:, trial.first : -1].argmax(-1)
    due = trial.tokens[:, trial.first + 1 :]
    # In an exact tie argmax takes the first; a model that prefers nothing must not pass by that.
    tied = (logits[:, trial.first : -1].amax(-1) - logits[:, trial.first : -1].mean(-1)) < 1e-6
    right = (guess == due) & ~tied
    if float(right.float().mean()) >= trial.asked:
        return ""
    text, at = (~right).nonzero()[0].tolist()
    place = trial.first + at
    tokens = trial.tokens[text]
    said = "no token more than another" if bool(tied[text, at]) else f"{int(guess[text, at])}"
    begun = max(1, place - 40)
    written = " ".join(["[BOS]" if begun == 1 else "…", *map(str, tokens[begun : place + 1].tolist())])
    looks = [_looks(patterns, layer, trial) for layer in range(2)]
    blurred = _blurred(patterns, trial)
    if _asks_ahead(weights):
        looks[0] += " (it asks for position i + 1, which is masked, and all other scores are equal)"
    return (
        f"after «{written}» (position {place}) your model predicts {said}, and {int(due[text, at])} is due. On these "
        f"texts layer 0 looks {looks[0]}; layer 1, on the later copies, {looks[1]}{blurred}"
    )


def _blurred(patterns: list[Tensor], trial: Trial) -> str:
    """A hint where the first head that leaves the right place much attention, and not most of it, is too soft."""
    tokens, size = trial.tokens, trial.tokens.shape[1]
    dest = torch.arange(1, size - 1)
    first = float(patterns[0][:, dest, dest - 1].mean())
    later = torch.arange(trial.first, size - 1)
    after = tokens[:, None, :-1] == tokens[:, later, None]
    after = torch.cat([torch.zeros_like(after[..., :1]), after & (torch.arange(size - 1) < later[:, None])], -1)
    second = float((patterns[1][:, later] * after).sum(-1).mean())
    evenly = float((after.sum(-1) / (later + 1)).mean())
    for layer, share, even in ((0, first, float((1.0 / (dest + 1)).mean())), (1, second, evenly)):
        if share < 0.9:
            if share < even + 1e-3 or patterns[layer].amax(-1)[:, dest].mean() > 0.9:
                return ""  # it is sharp, or does not look there at all
            return (
                f". Layer {layer} looks at the right place, with too little of its attention: the rest is spread. A "
                "match has to win by some 20 after the division by the root of d_head, so multiply its queries by "
                "20 times that root"
            )
    return ""


def _asks_ahead(weights: Mapping[str, Tensor]) -> bool:
    """Whether position i would look at i + 1 if that were not masked, and sees nothing to prefer as it is."""
    query, key = (weights["W_pos"] @ weights[name][0] for name in ("W_Q", "W_K"))
    scores = query @ key.mT
    ahead = torch.arange(1, len(scores))
    rest = scores[:-1].tril()
    return bool((scores[:-1].argmax(-1) == ahead).all()) and float(rest.abs().max()) < 1e-3 * float(scores.abs().max())


def _looks(patterns: list[Tensor], layer: int, trial: Trial) -> str:
    """Where a head looks, in words, if most of its attention goes there."""
    tokens, pattern = trial.tokens, patterns[layer]
    far = min(6, tokens.shape[1] - 3)
    dest = torch.arange(trial.first if layer else far, tokens.shape[1] - 1)
    rows = pattern[:, dest]
    back = {"at the position itself": 0, "one position back": 1}
    back |= {f"{step} positions back": step for step in range(2, far + 1)}
    places = {name: rows[:, torch.arange(len(dest)), dest - step] for name, step in back.items() if dest[0] >= step}
    places["at [BOS]"] = rows[..., 0]
    if layer:
        same = tokens[:, None, :] == tokens[:, dest, None]  # text, query, source: the source is a copy of the query
        same &= torch.arange(tokens.shape[1]) < dest[:, None]
        after = torch.cat([torch.zeros_like(same[..., :1]), same[..., :-1]], -1)
        was = tokens[:, None, :] == tokens[:, dest - 1, None]
        was &= torch.arange(tokens.shape[1]) <= dest[:, None]
        places = {
            "at the token after an earlier copy": (rows * after).sum(-1),
            "at an earlier copy of the present token": (rows * same).sum(-1),
            "at copies of the token before": (rows * was).sum(-1),
        } | places
        step = (tokens.shape[1] - 1) // 2 - 1
        if dest[0] >= step:
            places[f"{step} positions back"] = rows[:, torch.arange(len(dest)), dest - step]
    shares = {name: float(share.mean()) for name, share in places.items()}
    strong = [name for name in sorted(shares, key=lambda name: -shares[name]) if shares[name] > 0.3]
    if strong:
        return " and ".join(strong[:2])
    even = float((1.0 / (dest + 1)).mean())  # the share of one place of all that can be seen
    best = max((name for name in shares if name != "at copies of the token before"), key=lambda name: shares[name])
    return f"everywhere, {best} a little more" if shares[best] > even + 1e-3 else "at all places alike"


def _properties(d_vocab: int, n_ctx: int) -> dict[str, str]:
    return {trial.label: ASKED for trial in _trials(d_vocab, n_ctx, d_vocab + n_ctx)}


def _cases(draw: Draw) -> list[Case]:
    large, odd = draw.integer(20, 26), draw.integer(9, 14)
    return [
        Case("vocabulary of 12, context of 17", (12, 17)),
        Case(f"vocabulary of {odd}, context of {2 * odd + 3}", (odd, 2 * odd + 3)),
        Case(f"vocabulary of {large}, context of {large - 4}", (large, large - 4)),
        Case("vocabulary of 30, context of 60", (30, 60)),
        Case("vocabulary of 12, context of 400", (12, 400)),
    ]


write_induction_model = Exercise(
    name="write_induction_model",
    chapter="induction_heads",
    section="2.11",
    title="Write it yourself",
    core=False,
    difficulty=4,
    minutes=30,
    points=5,
    time_limit=8.0,
    prerequisites=("k_composition",),
    hints=(
        "Take one head at a time. Which part of the stream does its query read, which its key, what does it carry, and "
        "into which part does it write? Each matrix is an identity (or a shifted one) in the right place.",
        "Layer 0: the query at position i asks for position i − 1: torch.eye(n_ctx).roll(-1, 1) has its ones there. It "
        "carries the token and writes it under previous. Layer 1: the query is the token, the key is previous; it "
        "carries the token and writes it under prediction.",
        "W_Q[0, position, :n_ctx] = sharp * torch.eye(n_ctx).roll(-1, 1); W_K[0, position, :n_ctx] = "
        "torch.eye(n_ctx); W_V[0, token, :d_vocab] = torch.eye(d_vocab); W_O[0, :d_vocab, previous] = "
        "torch.eye(d_vocab); in the same way for layer 1. Scores are divided by d_head ** 0.5, so sharp = 30 * "
        "d_head ** 0.5 makes a match win by 30.",
    ),
    reference=helper.write_induction_model,
    oracle=Oracle("texts whose right continuation is known, and the vote of all earlier copies", _properties, True),
    cases=_cases,
    observe=_observe,
    variant=_written,
    alternatives={
        "entry by entry, in double precision": _by_loops,
        "in a stream without tidy parts": _in_a_turned_stream,
        "three parts instead of four, in numpy": _over_the_prediction,
    },
    misconceptions=(
        Misconception(
            "one length only",
            "Your layer 1 looks a fixed number of positions back, so it works for one period and no other. That is the "
            "decoy of section 2.3. Let it look where the note of layer 0 matches the present token.",
            switches={"fixed": True},
        ),
        Misconception(
            "two back",
            "Your layer 0 looks two positions back. The key then says what stood two before, and the head lands one "
            "further than it should. Ask for position i − 1.",
            switches={"back": 2},
        ),
        Misconception(
            "layer 0 looks at itself",
            "Your layer 0 looks at its own position and notes the present token. The key then says what stands "
            "there, and layer 1 finds copies of the present token instead of what came after them. Ask for position "
            "i − 1: the ones of the identity, moved by one.",
            switches={"back": 0},
        ),
        Misconception(
            "layer 0 asks for what it cannot see",
            "Your layer 0 asks for position i + 1, which is masked: all other scores are equal, so it looks at all "
            "positions alike. Shift the identity the other way: row i of the queries is to ask for position i − 1. "
            "(roll(1, 1) moves the ones to the right; exchanging queries and keys does the same.)",
            switches={"back": -1},
        ),
        Misconception(
            "the present token is raised",
            "Your heads look at the right places, and what reaches the logits is the present token. Either layer 1 "
            "carries the note that stands there, which is the token before, the present one: let W_V read the token "
            "part. Or W_U reads the token part: let it read what layer 1 writes.",
            switches={"carries": "previous"},
        ),
        Misconception(
            "keys made of tokens",
            "Your layer 1 compares token with token and finds the earlier copy itself, as a duplicate-token head does; "
            "what it copies is the present token again. Its key has to read the note of layer 0.",
            switches={"finds": "token"},
        ),
        Misconception(
            "keys made of positions",
            "The keys of your layer 1 read the position part, so that token number 5 looks at position 5, whatever "
            "stands there. Let them read the note of layer 0, under previous.",
            switches={"finds": "position"},
        ),
        Misconception(
            "a position is noted",
            "Your layer 0 looks at the right place and carries its position, so that the note says where the token "
            "before stood and not which it was. Let the W_V of layer 0 read the token part.",
            switches={"noted": "position"},
        ),
        Misconception(
            "query and key exchanged",
            "Your layer 1 asks with the note and compares it with tokens: it finds copies of the token before. Ask "
            "with the token, and let the keys be made of the note.",
            switches={"seeks": "previous", "finds": "token"},
        ),
        Misconception(
            "the note on both sides",
            "Your layer 1 compares note with note: it finds places that follow the same token as the present one does, "
            "this place included, and copies the present token. Ask with the token.",
            switches={"seeks": "previous"},
        ),
        Misconception(
            "the note is written over the token",
            "Your layer 0 writes the token before into the part that holds the token. Both lie on top of one another, "
            "and nothing stands under previous. Write into a part of its own.",
            switches={"notes": "token"},
        ),
        Misconception(
            "the note is written into the prediction",
            "Your layer 0 writes into the part that W_U reads, and nothing stands where the keys of layer 1 look. "
            "Write under previous.",
            switches={"notes": "prediction"},
        ),
        Misconception(
            "the softmax is not sharp",
            "Your matches win by about one in score, before the division by the root of d_head: in long texts the many "
            "positions that do not match get most of the attention. Multiply queries (or keys) so that a match wins by "
            "some 20 or more after the division.",
            switches={"sharp": (1.0, 1.0), "root": False},
        ),
        Misconception(
            "layer 0 is not sharp",
            "Your layer 0 spreads its attention over all positions, so its note is a mixture of all tokens so far. "
            "Multiply its queries as those of layer 1.",
            switches={"sharp": (0.1, CERTAIN)},
        ),
        Misconception(
            "layer 1 is not sharp",
            "Your layer 1 spreads its attention over all positions, so what it copies is a mixture. Multiply its "
            "queries as those of layer 0.",
            switches={"sharp": (CERTAIN, 0.05)},
        ),
        Misconception(
            "layer 0 looks everywhere alike",
            "Your layer 0 looks at all places alike, so its note is a mixture of all tokens so far. Queries and keys "
            "do not meet: W_Q and W_K of layer 0 have to read the position part, the queries moved by one, and W_pos "
            "has to be there.",
            _written(sharp=(0.0, CERTAIN)),
        ),
        Misconception(
            "layer 1 looks everywhere alike",
            "Your layer 1 looks at all places alike: what its queries ask for stands in no key. Either its W_Q reads "
            "no token or its W_K no note, or the note is not there: W_V of layer 0 reads the token part, W_O of layer "
            "0 writes under previous, and W_K of layer 1 reads that.",
            _written(finds="prediction"),
        ),
        Misconception(
            "layer 1 compares positions",
            "Your layer 1 compares position with position and looks at itself. Ask with the token, and let the keys "
            "read the note under previous.",
            _written(seeks="position", finds="position"),
        ),
        Misconception(
            "layer 1 asks with the position",
            "The queries of your layer 1 read the position part, so that position 5 asks for token number 5. Let them "
            "read the token.",
            _written(seeks="position"),
        ),
        Misconception(
            "layer 1 carries positions",
            "Your layer 1 looks at the right place and carries its position, so that the number of the place is "
            "predicted as if it were a token. Let the W_V of layer 1 read the token part.",
            _written(carries="position"),
        ),
        Misconception(
            "the prediction is not written",
            "What layer 1 carries does not reach the logits: no token is predicted more than another. Either W_O "
            "writes it into a part that W_U does not read, or W_V reads a part in which nothing stands.",
            switches={"writes": "token"},
        ),
        Misconception(
            "W_U reads the note",
            "Your W_U reads the note of layer 0, so that the token before is predicted. Let it read what layer 1 "
            "writes.",
            switches={"reads_out": "previous"},
        ),
        Misconception(
            "one size only",
            "Your weights have the same size whatever is asked for. Make them from d_vocab and n_ctx.",
            switches={"size": (64, 64)},
        ),
        Misconception(
            "ids moved by one",
            "Your layer 1 writes every token one id further, which happens where [BOS] is left out of a count. Ids run "
            "from 0, [BOS] included.",
            switches={"shift": 1},
        ),
        Misconception(
            "the sign",
            "Your layer 1 lowers the token that it finds. W_O and W_U together have to raise it.",
            switches={"sign": -1},
        ),
    ),
)

EXERCISES = [write_induction_model]
