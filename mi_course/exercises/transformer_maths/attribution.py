"""Direct logit attribution."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.checking.exercise import Tolerance
from mi_course.exercises.transformer_maths.decomposition import (
    random_activations,
    story,
    story_activations,
)
from mi_course.exercises.transformer_maths.folding import random_weights, sizes_of
from mi_course.transformer_maths import Weights

QUESTIONS = [
    Question(
        name="heads_for_the_name",
        text="Of story's 16 heads, how many contribute more than 1 to the logit of the receiver minus that of the "
        "giver, on average over the prompts?",
        low=0,
        high=16,
    ),
    Question(
        name="mean_and_prompt",
        text="L3H0 contributes nearly nothing on average. How large is the standard deviation of its contribution over "
        "prompts, in logits? (Right if within a factor of 1.5.)",
        kind=float,
        low=0,
        high=100,
        comes_true=lambda value, outcome: outcome / 1.5 <= value <= outcome * 1.5,
    ),
]

Parts = dict[str, Tensor]


def _by_taking_away(
    parts: Parts, scale: Tensor, weights: Weights, right: Tensor, wrong: Tensor, position: Tensor
) -> Parts:
    """In numpy and double precision, text by text: the difference of the logits of a stream that holds the part, minus
    that of one that does not, at the same divisor. What is left of an empty stream is the constant."""
    w = {name: weights[name].double().numpy() for name in ("ln_final_w", "ln_final_b", "W_U", "b_U")}
    found: dict[str, list[float]] = {name: [] for name in [*parts, "constant"]}
    for i, (r, u, p) in enumerate(zip(right.tolist(), wrong.tolist(), position.tolist(), strict=True)):
        by = float(scale.double()[i, p].reshape(()))

        def difference(stream: np.ndarray, by: float = by, r: int = r, u: int = u) -> float:
            logits = ((stream - stream.mean()) / by * w["ln_final_w"] + w["ln_final_b"]) @ w["W_U"] + w["b_U"]
            return float(logits[r] - logits[u])

        written = {name: part[i, p].double().numpy() for name, part in parts.items()}
        everything = np.sum(list(written.values()), axis=0)
        for name, part in written.items():
            found[name].append(difference(everything) - difference(everything - part))
        found["constant"].append(difference(np.zeros_like(everything)))
    return {name: torch.tensor(values, dtype=torch.float64) for name, values in found.items()}


def _by_folding(parts: Parts, scale: Tensor, weights: Weights, right: Tensor, wrong: Tensor, position: Tensor) -> Parts:
    """With a folded, centred unembedding: then a part is read by one matrix."""
    W = weights["ln_final_w"][:, None] * weights["W_U"]
    W = W - W.mean(0, keepdim=True)  # takes the mean of what is read away
    b = weights["b_U"] + weights["ln_final_b"] @ weights["W_U"]
    rows = range(len(scale))
    names = list(parts)
    at = torch.stack([torch.stack([parts[name][i, position[i]] for i in rows]) for name in names])
    at = at / scale[torch.arange(len(scale)), position].reshape(-1, 1)
    logits = at @ W
    table = torch.stack([logits[:, i, right[i]] - logits[:, i, wrong[i]] for i in rows], 1)
    return dict(zip(names, table, strict=True)) | {"constant": b[right] - b[wrong]}


def _by_gather(parts: Parts, scale: Tensor, weights: Weights, right: Tensor, wrong: Tensor, position: Tensor) -> Parts:
    """All logits of all positions, then the ones asked for, in double precision."""
    w = {name: value.double() for name, value in weights.items()}

    def chosen(table: Tensor) -> Tensor:
        here = table.gather(1, position[:, None, None].expand(-1, 1, table.shape[-1]))[:, 0]
        return (here.gather(1, right[:, None]) - here.gather(1, wrong[:, None])).squeeze(1)

    out = {}
    for name, part in parts.items():
        part = part.double()
        out[name] = chosen(((part - part.mean(-1, keepdim=True)) / scale) * w["ln_final_w"] @ w["W_U"])
    out["constant"] = chosen((w["ln_final_b"] @ w["W_U"] + w["b_U"]).expand(*scale.shape[:2], -1))
    return out


def _by_text(parts: Parts, scale: Tensor, weights: Weights, right: Tensor, wrong: Tensor, position: Tensor) -> Parts:
    out = {name: torch.zeros(len(scale)) for name in [*parts, "constant"]}
    for i in range(len(scale)):
        p = int(position[i])
        towards = weights["W_U"][:, right[i]] - weights["W_U"][:, wrong[i]]
        for name, part in parts.items():
            x = part[i, p] - part[i, p].mean()
            out[name][i] = torch.dot(x * weights["ln_final_w"] / scale[i, p], towards)
        out["constant"][i] = torch.dot(weights["ln_final_b"], towards)
        out["constant"][i] += weights["b_U"][right[i]] - weights["b_U"][wrong[i]]
    return out


def _observe(case: Case, contributions: Any) -> Any:
    """Numbers in a list or in numpy are as good as a tensor of them."""
    if not isinstance(contributions, dict):
        return contributions

    def numbers(given: Any) -> Any:
        if isinstance(given, np.ndarray) and given.dtype.kind == "f":
            return torch.from_numpy(given)
        if isinstance(given, list) and all(type(each) is float for each in given):
            return torch.tensor(given, dtype=torch.float64)
        return given

    return {name: numbers(given) for name, given in contributions.items()}


def _variant(
    *,
    norm: str = "taken apart",
    scale: str = "at the position",
    mean: str = "subtracted",
    gain: str = "times",
    sign: str = "right minus wrong",
    constant: str = "both",
    bias: str = "in the constant",
    where: str = "position",
    matrix: str = "W_U",
    tokens: str = "difference",
    out: str = "by part",
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def answer(parts: Parts, divisor: Tensor, weights: Weights, right: Tensor, wrong: Tensor, position: Tensor) -> Any:
        rows = torch.arange(len(divisor))
        pick = slice(None) if where.startswith("all") else rows
        scale_at = slice(None) if where == "all" else rows
        at = {
            "position": position,
            "all": position,
            "all, right scale": position,
            "last": torch.full_like(position, -1),
            "one before": position - 1,
        }[where]
        U = weights["W_U"] if matrix == "W_U" else weights["W_E"].T
        direction, offset = U[:, right], weights["b_U"][right]
        if tokens == "difference":
            direction, offset = direction - U[:, wrong], offset - weights["b_U"][wrong]
        if sign == "wrong minus right":
            direction, offset = -direction, -offset
        direction = direction.T
        divisor = divisor.reshape(*divisor.shape[:2], 1)
        sum_of_parts = sum(parts.values())

        def deviation(x: Tensor) -> Tensor:
            return (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()

        by = {
            "at the position": lambda part: divisor[scale_at, at],
            "none": lambda part: torch.ones_like(divisor[rows, at]),
            "last": lambda part: divisor[:, -1],
            "first": lambda part: divisor[:, 0],
            "mean": lambda part: divisor.mean(1),
            "first text": lambda part: divisor[0, at[0]].expand(len(rows), 1),
            "own": lambda part: deviation(part),
            "of the parts": lambda part: deviation(sum_of_parts[rows, at]),
            "times": lambda part: 1 / divisor[rows, at],
        }[scale]
        w, b = weights["ln_final_w"], weights["ln_final_b"]
        result = {}
        for name, part in parts.items():
            x = part[pick, at]
            if mean == "after the gain":
                x = x * w
                x = (x - x.mean(-1, keepdim=True)) / by(part[rows, at])
            else:
                x = (x - x.mean(-1, keepdim=True) if mean == "subtracted" else x) / by(part[rows, at])
                x = x * w if gain == "times" else x
            if norm == "none":
                x = part[pick, at]
            if bias == "in every part":
                x = x + b
            result[name] = (x * direction).sum(-1)
        left = direction @ b if bias == "in the constant" else torch.zeros(len(rows))
        if constant == "b_ln divided":
            left = (b / divisor[rows, at] * direction).sum(-1)
        if constant == "b_ln times gain":
            left = direction @ (b * w)
        if constant != "no b_U":
            left = left + offset
        if constant == "only b_U":
            left = offset
        if constant != "missing":
            result["constant"] = left
        if out == "shares":
            return {name: each / sum(result.values()) for name, each in result.items()}
        return sum(result.values()) if out == "summed" else result

    return answer


@lru_cache(maxsize=4)
def _story_prompts(seed: int) -> tuple[Any, ...]:
    """A short, a middling and a long prompt; kept, since every answer of a round is tried on them."""
    from mi_course.worlds.story import story_pairs

    prompts = story_pairs("names", 40, split="test", seed=seed)
    order = prompts.end.argsort()
    chosen = order[[0, len(order) // 2, -1]]
    acts = story_activations(prompts.clean.tokens[chosen])
    parts = helper.residual_decomposition(acts, story()[1])
    ids = prompts.answer[chosen], prompts.wrong[chosen].float().argmax(-1), prompts.end[chosen]
    return parts, acts["ln_final.hook_scale"], story()[1], *ids


def _cases(draw: Draw) -> list[Case]:
    def small(label: str, sizes: dict[str, int], batch: int, pos: int, some: bool = False) -> Case:
        weights = random_weights(draw, sizes)
        tokens = draw.integers(f"{batch} {pos}", high=sizes["d_vocab"])
        acts = random_activations(tokens, weights)
        parts = helper.residual_decomposition(acts, weights)
        if some:
            parts = {name: parts[name] for name in ("L0H1", "b_O 0", "MLP 1")}
        right = draw.integers(f"{batch}", high=sizes["d_vocab"])
        wrong = (right + draw.integers(f"{batch}", low=1, high=sizes["d_vocab"])) % sizes["d_vocab"]
        # Every text is read somewhere else, none of them at its last position.
        position = (torch.arange(batch) + draw.integer(0, pos - 2)) % (pos - 1)
        return Case(label, (parts, acts["ln_final.hook_scale"], weights, right, wrong, position))

    return [
        small("a small model, four texts", sizes_of(2, 3, 12, 4, 17, 9), 4, 7),
        small("three of the parts only", sizes_of(2, 2, 8, 4, 11, 13), 3, 5, some=True),
        small("one text", sizes_of(1, 1, 6, 6, 9, 11), 1, 4),
        Case("story on three prompts of the name task", _story_prompts(draw.integer(0, 10**6))),
    ]


direct_logit_attribution = Exercise(
    name="direct_logit_attribution",
    chapter="transformer_maths",
    section="1.13",
    title="Who moved the logit?",
    core=True,
    difficulty=3,
    minutes=18,
    points=4,
    prerequisites=("layer_norm", "residual_decomposition"),
    tolerance=Tolerance(1e-4, 2e-4),  # story's parts are long vectors whose products cancel
    hints=(
        "Write LayerNorm out for a stream that is a sum. Which of its steps can be done for each part by itself, and "
        "which number has to come from the whole stream?",
        "rows = torch.arange(len(position)); part[rows, position] is one vector a text, and so is "
        "scale[rows, position] one divisor. The direction is (W_U[:, right] - W_U[:, wrong]).T, one row a text.",
        "For each part: x = part[rows, position]; x = (x - x.mean(-1, keepdim=True)) / scale[rows, position] * "
        "ln_final_w; its contribution is (x * direction).sum(-1). And constant = direction @ ln_final_b + b_U[right] - "
        "b_U[wrong].",
    ),
    reference=helper.direct_logit_attribution,
    oracle=Oracle(
        "the logits of the stream with the part and without, at the same divisor, in numpy and double precision",
        _by_taking_away,
    ),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    alternatives={
        "a folded unembedding": _by_folding,
        "all logits of all positions, then gather, in double precision": _by_gather,
        "one text and one part at a time": _by_text,
    },
    misconceptions=(
        Misconception(
            "LayerNorm's scale is ignored",
            "You do not divide by the scale. The stream is divided by it before W_U reads it, so your contributions "
            "sum to that many times too much, and texts with a long stream count more.",
            switches={"scale": "none"},
        ),
        Misconception(
            "no LayerNorm at all",
            "You multiply each part by the direction as it is. Between the stream and W_U stands a LayerNorm: each "
            "part loses its mean, is divided by the scale, and multiplied by the gain ln_final_w.",
            switches={"norm": "none"},
        ),
        Misconception(
            "every text at every position",
            "part[:, position] takes the positions of all texts from every text: a table of texts by texts, of "
            "which only the diagonal is asked for. With rows = torch.arange(len(position)), part[rows, position] "
            "takes from each text its own, and scale[rows, position] likewise.",
            switches={"where": "all"},
        ),
        Misconception(
            "every part at the positions of all texts",
            "scale[rows, position] is right, and part[:, position] takes the positions of all texts from every "
            "text, which makes a table of texts by texts. Index the parts as you index the scale: part[rows, "
            "position].",
            switches={"where": "all, right scale"},
        ),
        Misconception(
            "the scale of the wrong position",
            "You divide by the scale of the last position. Each text is read at its own position, and the divisor is "
            "the one there: scale[rows, position].",
            switches={"scale": "last"},
        ),
        Misconception(
            "the scale of the first position",
            "You divide by the scale at position 0, where [BOS] stands. The divisor is the one at the position that is "
            "read: scale[rows, position].",
            switches={"scale": "first"},
        ),
        Misconception(
            "one scale for all positions",
            "You divide by the text's average scale. Every position has its own divisor: scale[rows, position].",
            switches={"scale": "mean"},
        ),
        Misconception(
            "one scale for all texts",
            "You divide everything by the scale of the first text. Every text has its own: scale[rows, position].",
            switches={"scale": "first text"},
        ),
        Misconception(
            "LayerNorm of each part",
            "You normalise each part by its own size, so a part that wrote next to nothing counts like one that wrote "
            "a lot, and the sum is not the model's. LayerNorm sees the whole stream and divides all parts by one "
            "number: the scale that is given.",
            switches={"scale": "own"},
        ),
        Misconception(
            "LayerNorm of each part, bias and all",
            "You send each part through LayerNorm by itself. It is then divided by its own size and gets the bias, so "
            "the sum has the bias many times over and a part that wrote next to nothing counts like any other. Only "
            "the divisor of the whole stream, `scale`, makes the parts sum to the model's difference; the bias goes "
            "into `constant`, once.",
            switches={"scale": "own", "bias": "in every part"},
        ),
        Misconception(
            "the scale of these parts alone",
            "You work out the divisor from the sum of the parts you were given. That is right when they are all there "
            "are, and wrong when they are some of them: the model divided by the scale of the whole stream. Use "
            "`scale`.",
            switches={"scale": "of the parts"},
        ),
        Misconception(
            "multiplied by the scale",
            "You multiply by the scale. hook_scale is what LayerNorm *divides* by.",
            switches={"scale": "times"},
        ),
        Misconception(
            "the mean is not subtracted",
            "You leave each part's mean over d_model in. LayerNorm subtracts the stream's mean, which is the sum of "
            "the parts' means: every part loses its own.",
            switches={"mean": "left"},
        ),
        Misconception(
            "the mean is subtracted after the gain",
            "You multiply by the gain first and subtract the mean then. LayerNorm's order is mean, scale, gain.",
            switches={"mean": "after the gain"},
        ),
        Misconception(
            "the gain is forgotten",
            "ln_final_w is missing. W_U reads the stream after it has been multiplied, entry by entry, by the gain.",
            switches={"gain": "none"},
        ),
        Misconception(
            "wrong minus right",
            "You have logit(wrong) minus logit(right), so what speaks for the right token comes out negative.",
            switches={"sign": "wrong minus right"},
        ),
        Misconception(
            "the right token alone",
            "These are contributions to the logit of the right token. A logit by itself says little, since a number "
            "added to all logits changes nothing. Asked for is the difference: W_U[:, right] - W_U[:, wrong], and the "
            "biases likewise.",
            switches={"tokens": "right only"},
        ),
        Misconception(
            "read at the last position",
            "You read every text at its last position. Texts end at different places, and what stands after the end is "
            "filled up: read at `position`.",
            switches={"where": "last"},
        ),
        Misconception(
            "one position too early",
            "You read one position before the one asked for, perhaps because position i predicts token i + 1. "
            "`position` is already the place where the prediction is made.",
            switches={"where": "one before"},
        ),
        Misconception(
            "W_E in place of W_U",
            "You use rows of W_E, what tokens look like when they come in. Logits are read by W_U, one column a token.",
            switches={"matrix": "W_E"},
        ),
        Misconception(
            "LayerNorm's bias in every part",
            "You add ln_final_b to each part, so the sum has it as many times as there are parts. LayerNorm adds it "
            "once, and it belongs to no part: it goes into `constant`.",
            switches={"bias": "in every part"},
        ),
        Misconception(
            "LayerNorm's bias is forgotten",
            "Your constant is the difference of b_U alone. LayerNorm's bias passes W_U as well and is added to the "
            "logits of every text: direction @ ln_final_b.",
            switches={"constant": "only b_U"},
        ),
        Misconception(
            "b_U is forgotten",
            "Your constant comes from LayerNorm's bias alone. Each logit has a bias of its own besides: "
            "b_U[right] - b_U[wrong]. In story it happens to be zero.",
            switches={"constant": "no b_U"},
        ),
        Misconception(
            "LayerNorm's bias is divided",
            "You divide ln_final_b by the scale. LayerNorm adds its bias after dividing.",
            switches={"constant": "b_ln divided"},
        ),
        Misconception(
            "LayerNorm's bias times the gain",
            "You multiply ln_final_b by the gain. LayerNorm adds its bias after multiplying by the gain.",
            switches={"constant": "b_ln times gain"},
        ),
        Misconception(
            "the constant is missing",
            "Something moves the difference that no part wrote: the bias of the last LayerNorm, read by W_U, and b_U. "
            "Without `constant` the contributions do not sum to the model's difference.",
            switches={"constant": "missing"},
        ),
        Misconception(
            "shares",
            "You divide by the sum. Contributions have both signs, so a share of the sum can be a hundredfold or "
            "negative, and where the sum is near zero it says nothing. Asked for are the contributions themselves, in "
            "logits.",
            switches={"out": "shares"},
        ),
        Misconception(
            "summed up",
            "You return the sum: the model's own logit difference. Asked for is what each part adds to it, by name.",
            switches={"out": "summed"},
        ),
    ),
)

EXERCISES = [direct_logit_attribution]
