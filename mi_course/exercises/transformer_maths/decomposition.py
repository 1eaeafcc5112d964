"""The residual stream as a sum of what was written into it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.checking.exercise import Tolerance
from mi_course.exercises.transformer_maths.folding import random_weights, sizes_of
from mi_course.transformer_maths import Weights

QUESTIONS = [
    Question(
        name="longest_part",
        text="Which part of story writes the longest vector at the last position of the text: 'embed', a head of a "
        "layer ('heads'), an MLP ('MLPs') or a bias b_O ('biases')?",
        kind=str,
        options=("embed", "heads", "MLPs", "biases"),
    ),
]

Activations = dict[str, Tensor]


def random_activations(tokens: Tensor, weights: Weights) -> Activations:
    """What a run of a model with these weights leaves in a cache, by hook name. Rotary unless there is W_pos."""
    acts: Activations = {"hook_embed": weights["W_E"][tokens]}
    x = acts["hook_embed"]
    if "W_pos" in weights:
        acts["hook_pos_embed"] = weights["W_pos"][: tokens.shape[1]].expand(x.shape).clone()
        x = x + acts["hook_pos_embed"]
    turn = (lambda vectors: vectors) if "W_pos" in weights else helper.rotate
    for i in range(len(weights["W_Q"])):
        here = f"blocks.{i}."
        acts[here + "hook_resid_pre"] = x
        h = _normed(acts, here + "ln1", x, weights["ln1_w"][i], weights["ln1_b"][i])
        q, k, v = (torch.einsum("bpm,hme->bphe", h, weights[f"W_{c}"][i]) + weights[f"b_{c}"][i] for c in "QKV")
        pattern = helper.attention_pattern(turn(q), turn(k))
        z = torch.einsum("bhds,bshe->bdhe", pattern, v)
        acts |= {here + f"attn.hook_{name}": value for name, value in zip("qkvz", (q, k, v, z), strict=True)}
        acts[here + "attn.hook_pattern"] = pattern
        acts[here + "hook_attn_out"] = torch.einsum("bphe,hem->bpm", z, weights["W_O"][i]) + weights["b_O"][i]
        x = x + acts[here + "hook_attn_out"]
        if "W_in" not in weights:  # attention only
            acts[here + "hook_resid_post"] = x
            continue
        acts[here + "hook_resid_mid"] = x
        h = _normed(acts, here + "ln2", x, weights["ln2_w"][i], weights["ln2_b"][i])
        acts[here + "mlp.hook_pre"] = h @ weights["W_in"][i] + weights["b_in"][i]
        acts[here + "mlp.hook_post"] = helper.gelu_new(acts[here + "mlp.hook_pre"])
        acts[here + "hook_mlp_out"] = acts[here + "mlp.hook_post"] @ weights["W_out"][i] + weights["b_out"][i]
        x = x + acts[here + "hook_mlp_out"]
        acts[here + "hook_resid_post"] = x
    last = _normed(acts, "ln_final", x, weights["ln_final_w"], weights["ln_final_b"])
    acts["unembed.hook_out"] = last @ weights["W_U"] + weights["b_U"]
    return acts


def _normed(acts: Activations, name: str, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    acts[f"{name}.hook_scale"] = (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()
    acts[f"{name}.hook_normalized"] = centred / acts[f"{name}.hook_scale"]
    acts[f"{name}.hook_out"] = acts[f"{name}.hook_normalized"] * w + b
    return acts[f"{name}.hook_out"]


@cache
def story() -> tuple[Any, Weights]:
    from mi_course.zoo import load_model

    model = load_model("story")
    return model, helper.weights_of(model)


def story_activations(tokens: Tensor) -> Activations:
    """A run of story: the hooks of the notation page."""
    with torch.no_grad():
        _, kept = story()[0].run_with_cache(tokens)
    names = {symbol.hook.format(l=layer) for symbol in helper.ACTIVATIONS for layer in range(4)}
    return {name: kept[name] for name in sorted(names)}


@lru_cache(maxsize=4)
def _story_texts(seed: int) -> Activations:
    """Kept, since every answer of a round is tried on the same texts."""
    from mi_course.worlds.story import story_tokens

    return story_activations(story_tokens(2, 12, seed=seed))


def _by_differences(cache: Activations, weights: Weights) -> dict[str, Tensor]:
    """In numpy and double precision: MLPs and embeddings as differences of the stream, a head as what the attention
    adds when the z of all other heads is zero, heads side by side."""

    def at(name: str) -> np.ndarray:
        return cache[name].double().numpy()

    parts: dict[str, np.ndarray] = {}
    layers, heads = weights["W_O"].shape[:2]
    pre = at("blocks.0.hook_resid_pre")
    parts["embed"] = pre
    if "W_pos" in weights:
        positions = np.stack([weights["W_pos"].double().numpy()[: pre.shape[1]]] * len(pre))
        parts = {"embed": pre - positions, "pos": positions}
    for layer in range(layers):
        z = at(f"blocks.{layer}.attn.hook_z")
        joined = weights["W_O"][layer].double().reshape(-1, pre.shape[-1]).numpy()
        for head in range(heads):
            alone = np.zeros_like(z)
            alone[:, :, head] = z[:, :, head]
            parts[f"L{layer}H{head}"] = alone.reshape(*z.shape[:2], -1) @ joined
        bias = weights["b_O"][layer].double().numpy()
        parts[f"b_O {layer}"] = np.tile(bias, (*z.shape[:2], 1))
        if f"blocks.{layer}.hook_resid_mid" in cache:
            parts[f"MLP {layer}"] = at(f"blocks.{layer}.hook_resid_post") - at(f"blocks.{layer}.hook_resid_mid")
    return {name: torch.from_numpy(np.ascontiguousarray(part)) for name, part in parts.items()}


def _observe(case: Case, parts: Any) -> Any:
    """Arrays of numpy are as good as tensors."""
    if not isinstance(parts, dict):
        return parts

    def as_tensor(part: Any) -> Any:
        return torch.from_numpy(part.copy()) if isinstance(part, np.ndarray) and part.dtype.kind == "f" else part

    return {name: as_tensor(part) for name, part in parts.items()}


def _by_einsum(cache: Activations, weights: Weights) -> dict[str, Tensor]:
    parts = {"embed": cache["hook_embed"]}
    if "W_pos" in weights:
        parts["pos"] = torch.zeros_like(parts["embed"]) + weights["W_pos"][: parts["embed"].shape[1]]
    z = torch.stack([cache[f"blocks.{i}.attn.hook_z"] for i in range(len(weights["W_O"]))])
    written = torch.einsum("lbphe,lhem->lhbpm", z, weights["W_O"])
    for i in range(len(written)):
        parts |= {f"L{i}H{h}": written[i, h] for h in range(written.shape[1])}
        parts[f"b_O {i}"] = torch.ones_like(parts["embed"]) * weights["b_O"][i]
        if (written_by_mlp := cache.get(f"blocks.{i}.hook_mlp_out")) is not None:
            parts[f"MLP {i}"] = written_by_mlp
    return parts


def _from_patterns(cache: Activations, weights: Weights) -> dict[str, Tensor]:
    """From patterns and values, and neurons, in double precision; b_O as what no head wrote."""
    w = {name: value.double() for name, value in weights.items()}
    c = {name: value.double() for name, value in cache.items()}
    parts = {"embed": c["hook_embed"]}
    if "W_pos" in w:
        parts["pos"] = c["blocks.0.hook_resid_pre"] - c["hook_embed"]
    for i in range(len(w["W_O"])):
        pattern, values = c[f"blocks.{i}.attn.hook_pattern"], c[f"blocks.{i}.attn.hook_v"]
        rest = c[f"blocks.{i}.hook_attn_out"].clone()
        for h in range(pattern.shape[1]):
            parts[f"L{i}H{h}"] = pattern[:, h] @ values[:, :, h] @ w["W_O"][i, h]
            rest -= parts[f"L{i}H{h}"]
        parts[f"b_O {i}"] = rest
        if "W_out" in w:
            parts[f"MLP {i}"] = c[f"blocks.{i}.mlp.hook_post"] @ w["W_out"][i] + w["b_out"][i]
    return parts


class _Decomposition(dict):
    """A dictionary that fills itself."""

    def __init__(self, cache: Activations, weights: Weights) -> None:
        super().__init__()
        for layer, W_O in enumerate(weights["W_O"].unbind(0)):
            z = cache[f"blocks.{layer}.attn.hook_z"].unbind(2)
            self.update({f"L{layer}H{h}": torch.matmul(z[h], W_O[h]) for h in range(len(z))})
            self[f"b_O {layer}"] = weights["b_O"][layer].repeat(*z[0].shape[:2], 1)
            self.update({f"MLP {layer}": v for k, v in cache.items() if k == f"blocks.{layer}.hook_mlp_out"})
        self["embed"] = cache["hook_embed"]
        if "hook_pos_embed" in cache:
            self["pos"] = cache["hook_pos_embed"]


def _as_class(cache: Activations, weights: Weights) -> dict[str, Tensor]:
    return _Decomposition(cache, weights)


def _variant(
    *,
    bias: str = "apart",
    mlp: str = "output",
    head: str = "z W_O",
    embedding: str = "tokens",
    positions: str = "apart",
    stream: str = "as written",
    layers: str = "all",
    shape: str = "whole",
    absent: str = "no entry",
) -> Callable[[Activations, Weights], dict[str, Tensor]]:
    """The answer with one or two things done otherwise."""

    def answer(cache: Activations, weights: Weights) -> dict[str, Tensor]:
        embed = cache["hook_embed"]
        parts = {"embed": cache["blocks.0.hook_resid_pre"] if embedding == "with positions" else embed}
        if embedding == "none":
            del parts["embed"]
        if "W_pos" in weights and positions == "apart":
            rows = weights["W_pos"][: embed.shape[1]]
            parts["pos"] = rows if shape in ("pos once", "both once") else rows.expand(embed.shape)
        count = len(weights["W_O"])
        for i in range(count - (layers == "all but the last")):
            z, W_O, b_O = cache[f"blocks.{i}.attn.hook_z"], weights["W_O"][i], weights["b_O"][i]
            if head == "values":
                z = cache[f"blocks.{i}.attn.hook_v"]
            if layers == "the first's W_O":
                W_O = weights["W_O"][0]
            written = torch.einsum("bphe,hem->hbpm", z, W_O)
            if head == "whole layer":
                written = written.sum(0, keepdim=True).expand(written.shape)
            if head == "layer over heads":
                written = written.mean(0, keepdim=True).expand(written.shape)
            extra = {"each head": b_O, "shared out": b_O / len(written)}.get(bias)
            if extra is not None:
                written = written + extra
            parts |= {f"L{i}H{h}": each for h, each in enumerate(written)}
            if bias == "apart":
                parts[f"b_O {i}"] = b_O if shape in ("b_O once", "both once") else b_O.expand(embed.shape)
            if bias == "both":
                parts |= {f"L{i}H{h}": each + b_O for h, each in enumerate(written)}
                parts[f"b_O {i}"] = b_O.expand(embed.shape)
            here = f"blocks.{i}."
            if here + "hook_mlp_out" not in cache and absent != "asked for":
                if absent == "zeros":
                    parts[f"MLP {i}"] = torch.zeros_like(embed)
                continue
            written_by_mlp = {
                "output": lambda here=here: cache[here + "hook_mlp_out"],
                "without b_out": lambda here=here, i=i: cache[here + "mlp.hook_post"] @ weights["W_out"][i],
                "the stream after it": lambda here=here: cache[here + "hook_resid_post"],
                "the whole layer": lambda here=here: cache[here + "hook_resid_post"] - cache[here + "hook_resid_pre"],
                "b_out apart": lambda here=here, i=i: cache[here + "mlp.hook_post"] @ weights["W_out"][i],
                "none": lambda: None,
            }[mlp]()
            if mlp == "b_out apart":
                parts[f"b_out {i}"] = weights["b_out"][i].expand(embed.shape)
            if written_by_mlp is not None:
                parts[f"MLP {i}"] = written_by_mlp
        if stream == "normalised":
            parts = {name: part - part.mean(-1, keepdim=True) for name, part in parts.items()}
            parts = {name: part / (part.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() for name, part in parts.items()}
        if stream == "centred":
            parts = {name: part - part.mean(-1, keepdim=True) for name, part in parts.items()}
        if stream == "divided":
            parts = {name: part / cache["ln_final.hook_scale"] for name, part in parts.items()}
        if stream == "last position":
            parts = {name: part[:, -1] for name, part in parts.items()}
        if stream == "running sum":
            names, values = list(parts), torch.stack(list(parts.values())).cumsum(0)
            parts = dict(zip(names, values, strict=True))
        return parts

    return answer


def _cases(draw: Draw) -> list[Case]:
    def small(label: str, sizes: dict[str, int], batch: int, pos: int, n_ctx: int = 0) -> Case:
        weights = random_weights(draw, sizes, n_ctx=n_ctx)
        tokens = draw.integers(f"{batch} {pos}", high=sizes["d_vocab"])
        return Case(label, (random_activations(tokens, weights), weights))

    def without_mlps(label: str, sizes: dict[str, int], batch: int, pos: int) -> Case:
        weights = random_weights(draw, sizes, n_ctx=pos + 2)
        weights = {name: value for name, value in weights.items() if name not in ("W_in", "b_in", "W_out", "b_out")}
        tokens = draw.integers(f"{batch} {pos}", high=sizes["d_vocab"])
        acts = random_activations(tokens, weights)
        return Case(label, (acts, {name: weights[name] for name in ("W_O", "b_O", "W_pos")}))

    return [
        small("a small model: two layers, three heads, rotary", sizes_of(2, 3, 12, 4, 17, 9), 2, 5),
        small("a small model with learned positions, one text", sizes_of(3, 2, 8, 4, 11, 13), 1, 4, n_ctx=6),
        without_mlps(
            "two layers without MLPs; of the weights W_O, b_O and W_pos are given", sizes_of(2, 2, 10, 3, 12, 7), 3, 4
        ),
        Case("story itself, two texts of 12 tokens", (_story_texts(draw.integer(0, 10**6)), story()[1])),
    ]


residual_decomposition = Exercise(
    name="residual_decomposition",
    chapter="transformer_maths",
    section="1.12",
    title="The stream is a sum",
    core=True,
    difficulty=2,
    minutes=12,
    points=3,
    prerequisites=("attention_output",),
    tolerance=Tolerance(1e-4, 1e-4),  # a difference of two long vectors of the stream is exact to so many digits
    hints=(
        "Go down the picture of section 1.1 and write down every arrow that ends in the stream. An attention layer is "
        "several arrows: one for each head, and one for its bias.",
        'What head h of layer l writes is cache[f"blocks.{l}.attn.hook_z"][:, :, h] @ weights["W_O"][l, h]. The MLP\'s '
        'output is in the cache already, b_out included: f"blocks.{l}.hook_mlp_out".',
        'parts = {"embed": cache["hook_embed"]}; then, for each layer l and head h, parts[f"L{l}H{h}"] as above; '
        'parts[f"b_O {l}"] = weights["b_O"][l].expand_as(cache["hook_embed"]); parts[f"MLP {l}"] = '
        'cache[f"blocks.{l}.hook_mlp_out"] where the cache has it. If "W_pos" in weights, parts["pos"] is its first '
        "rows, as many as there are positions, for every text: .expand_as(cache['hook_embed']).",
    ),
    reference=helper.residual_decomposition,
    oracle=Oracle(
        "differences of the stream, and the attention with all heads but one at zero, in numpy and double precision",
        _by_differences,
    ),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    alternatives={
        "all heads in one einsum, what is constant given once": _by_einsum,
        "patterns times values, neurons, double precision": _from_patterns,
        "a dictionary that fills itself": _as_class,
    },
    misconceptions=(
        Misconception(
            "b_O is forgotten",
            "Embedding, heads and MLPs are there, and their sum is not yet the stream: each attention layer adds its "
            "bias b_O as well. It belongs to no head, so it is a part of its own, `b_O l`.",
            switches={"bias": "none"},
        ),
        Misconception(
            "b_O in every head",
            "You add b_O to what each head writes, so the sum has it as many times as there are heads. The layer adds "
            "it once: a head writes z W_O, and `b_O l` is a part of its own.",
            switches={"bias": "each head"},
        ),
        Misconception(
            "b_O in every head and by itself",
            "You have b_O as a part of its own, and in every head besides. A head writes z W_O and nothing more.",
            switches={"bias": "both"},
        ),
        Misconception(
            "b_O shared out among the heads",
            "You give each head its share of b_O. The sum is right; but which share is whose cannot be known, so the "
            "parts are not what the heads wrote. Keep it apart, as `b_O l`.",
            switches={"bias": "shared out"},
        ),
        Misconception(
            "b_out is forgotten",
            "Your MLPs are neurons times W_out, without b_out. What an MLP adds to the stream includes its bias: "
            "hook_mlp_out has it.",
            switches={"mlp": "without b_out"},
        ),
        Misconception(
            "b_out by itself",
            "You have taken b_out out of the MLPs and made a part of it. That is a sum, too; here `MLP l` is all that "
            "the MLP adds, hook_mlp_out, its bias included. (b_O is kept apart because no single head writes it.)",
            switches={"mlp": "b_out apart"},
        ),
        Misconception(
            "the stream in place of what is added",
            "For the MLP you take the stream after the layer (hook_resid_post), in which everything written before is "
            "contained. Asked for is what the MLP adds: hook_mlp_out.",
            switches={"mlp": "the stream after it"},
        ),
        Misconception(
            "the whole layer as the MLP",
            "For the MLP you take all that the layer adds (hook_resid_post minus hook_resid_pre). The heads' part of "
            "it is then counted twice. What the MLP adds is hook_mlp_out.",
            switches={"mlp": "the whole layer"},
        ),
        Misconception(
            "the MLPs are missing",
            "There are no MLPs among your parts. They write into the stream as the heads do: `MLP l` is hook_mlp_out.",
            switches={"mlp": "none"},
        ),
        Misconception(
            "the values are not mixed",
            "Your heads write their own position's value times W_O, as if each position looked at itself only. What a "
            "head writes comes from z, the values mixed by the pattern: hook_z.",
            switches={"head": "values"},
        ),
        Misconception(
            "the whole layer as each head",
            "Each of your heads writes what all heads of the layer write together. Take one head's z and that head's "
            "W_O: z[:, :, h] @ W_O[l, h].",
            switches={"head": "whole layer"},
        ),
        Misconception(
            "the layer divided by the number of heads",
            "You divide what the layer writes evenly among its heads. The sum is right, and every head gets the same, "
            "which no head wrote. Take one head's z and that head's W_O.",
            switches={"head": "layer over heads"},
        ),
        Misconception(
            "always the first layer's W_O",
            "Every layer of yours writes with W_O of layer 0. weights['W_O'][l] is that of layer l.",
            switches={"layers": "the first's W_O"},
        ),
        Misconception(
            "one layer too few",
            "The parts of the last layer are missing. len(weights['W_O']) is the number of layers, and range() stops "
            "before its end by itself.",
            switches={"layers": "all but the last"},
        ),
        Misconception(
            "the embedding is missing",
            "Before any layer writes, the stream holds the tokens' rows of W_E. That is a part as well: `embed`.",
            switches={"embedding": "none"},
        ),
        Misconception(
            "positions counted twice",
            "Your `embed` is the stream as it enters layer 0. In a model with learned positions W_pos is in there "
            "already, and comes again as `pos`. hook_embed is the token's row of W_E alone.",
            switches={"embedding": "with positions"},
        ),
        Misconception(
            "learned positions are missing",
            'Where a model has learned positions ("W_pos" in weights), their rows are added at the beginning. They are '
            "a "
            "part of their own: `pos`.",
            switches={"positions": "none"},
        ),
        Misconception(
            "running sums",
            "Each of your parts holds all that came before it: you give the stream at every stage. Asked for is what "
            "each part adds by itself.",
            switches={"stream": "running sum"},
        ),
        Misconception(
            "normalised parts",
            "You normalise every part. The stream is the sum of what was written as it was written; LayerNorm comes in "
            "only when somebody reads the sum.",
            switches={"stream": "normalised"},
        ),
        Misconception(
            "centred parts",
            "You subtract each part's mean over d_model. LayerNorm will do that when it reads the stream; what was "
            "written into it still has its mean.",
            switches={"stream": "centred"},
        ),
        Misconception(
            "divided by the last scale",
            "You divide every part by what the last LayerNorm divides by. That comes in the next section. The stream "
            "is the sum of the parts as they were written.",
            switches={"stream": "divided"},
        ),
        Misconception(
            "only the last position",
            "You give the parts at the last position. Every position has a stream of its own: keep the axis, "
            "(batch, pos, d_model).",
            switches={"stream": "last position"},
        ),
        Misconception(
            "W_pos is inside embed",
            "You add the rows of W_pos to `embed`, and there is no `pos`. The sum is right; but what the words and "
            "what the positions bring are two parts here: `embed` is hook_embed, `pos` the rows of W_pos.",
            switches={"embedding": "with positions", "positions": "none"},
        ),
        Misconception(
            "b_O once for all positions",
            "The numbers of `b_O l` are right, and its shape is (d_model,). It would broadcast in a sum; asked for is "
            "every part with shape (batch, pos, d_model), so that each can be indexed alike: .expand_as(embed).",
            switches={"shape": "b_O once"},
        ),
        Misconception(
            "pos once for all texts",
            "The numbers of `pos` are right, and its axis of texts is missing. Every part has shape (batch, pos, "
            "d_model): .expand_as(embed).",
            switches={"shape": "pos once"},
        ),
        Misconception(
            "what is constant is given once",
            "The numbers are right. `b_O l` has shape (d_model,) and `pos` (pos, d_model) with you, where every part "
            "has shape (batch, pos, d_model): .expand_as(embed) gives a vector to all positions of all texts.",
            switches={"shape": "both once"},
        ),
        Misconception(
            "more is asked for than there is",
            "One of these models has no MLP, and of its weights only W_O, b_O and W_pos are given; your code asks for "
            "something else (the error says for what). Count layers and heads by W_O, and take hook_mlp_out where "
            'f"blocks.{l}.hook_mlp_out" is in the cache: a layer without an MLP has no such entry.',
            switches={"absent": "asked for"},
        ),
        Misconception(
            "zeros for a missing MLP",
            "Where a layer has no MLP you give zeros. The sum is right; but nothing was written, so there is no such "
            "part: leave the entry out.",
            switches={"absent": "zeros"},
        ),
    ),
)

EXERCISES = [residual_decomposition]
