"""The logit lens, and what it misses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.transformer_maths import Weights

QUESTIONS = [
    Question(
        name="lens_on_facts",
        text="Prompts about facts, such as 'the capital of france is': in which reading of the lens is the right word "
        "the first choice of more than half of them for the first time? (0: what enters layer 0; 1 to 4: what leaves "
        "layers 0 to 3.)",
        kind=int,
        low=0,
        high=4,
    ),
    Question(
        name="parts_that_matter",
        text="Of the 15 parts of layers 0 to 2 (12 heads, 3 MLPs), how many take more than one logit off the answer's "
        "lead when each is replaced by its mean? (Right if within 1.)",
        kind=int,
        low=0,
        high=15,
        comes_true=lambda value, outcome: abs(value - outcome) <= 1,
    ),
]

Activations = Mapping[str, Tensor]


def _reference(cache: Activations, weights: Weights) -> Tensor:
    return helper.logit_lens(cache, weights)


def _layers(weights: Weights) -> range:
    return range(len(weights["W_Q"]))


def _by_torch(cache: Activations, weights: Weights) -> Tensor:
    """torch's own LayerNorm and Linear in double precision, the stream put together from what was added to it."""
    weights = {name: value.double() for name, value in weights.items()}
    stream = cache["blocks.0.hook_resid_pre"].double()
    readings = []
    for layer in (None, *_layers(weights)):
        if layer is not None:
            for part in ("attn", "mlp"):
                stream = stream + cache[f"blocks.{layer}.hook_{part}_out"].double()
        normed = F.layer_norm(stream, stream.shape[-1:], weights["ln_final_w"], weights["ln_final_b"])
        readings.append(F.linear(normed, weights["W_U"].T, weights["b_U"]))
    return torch.stack(readings).float()


def _by_modules(cache: Activations, weights: Weights) -> Tensor:
    d_model, d_vocab = weights["W_U"].shape
    end = nn.Sequential(nn.LayerNorm(d_model), nn.Linear(d_model, d_vocab))
    end.load_state_dict(
        {
            "0.weight": weights["ln_final_w"],
            "0.bias": weights["ln_final_b"],
            "1.weight": weights["W_U"].T,
            "1.bias": weights["b_U"],
        }
    )
    streams = [cache["blocks.0.hook_resid_pre"]] + [cache[f"blocks.{i}.hook_resid_post"] for i in _layers(weights)]
    with torch.no_grad():
        return end(torch.stack(streams))


def _by_loops(cache: Activations, weights: Weights) -> Tensor:
    w = {name: value.double() for name, value in weights.items()}
    readings = []
    for stream in [cache["blocks.0.hook_resid_pre"], *(cache[f"blocks.{i}.hook_resid_post"] for i in _layers(weights))]:
        texts = []
        for text in stream.double():
            rows = []
            for x in text:
                x = (x - x.mean()) / (x.var(unbiased=False) + 1e-5).sqrt()
                rows.append((x * w["ln_final_w"] + w["ln_final_b"]) @ w["W_U"] + w["b_U"])
            texts.append(torch.stack(rows))
        readings.append(torch.stack(texts))
    return torch.stack(readings)


def _by_folding(cache: Activations, weights: Weights) -> Tensor:
    """The gain, the centring and the bias moved into W_U and b_U; what enters the next layer for what leaves this."""
    layers = len(weights["W_Q"])
    streams = [cache[f"blocks.{i}.hook_resid_pre"] for i in _layers(weights)]
    streams.append(cache[f"blocks.{layers - 1}.hook_resid_post"])
    stacked = torch.stack(streams)
    folded = weights["ln_final_w"][:, None] * weights["W_U"]
    folded = folded - folded.mean(0)
    scale = (stacked.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    bias = weights["ln_final_b"] @ weights["W_U"] + weights["b_U"]
    return torch.einsum("...m,mv->...v", stacked, folded) / scale + bias


def _as_list(cache: Activations, weights: Weights) -> list[Tensor]:
    streams = [cache["blocks.0.hook_resid_pre"]]
    for i in _layers(weights):
        streams.append(cache[f"blocks.{i}.hook_resid_mid"] + cache[f"blocks.{i}.hook_mlp_out"])
    return [
        helper.layer_norm(x, weights["ln_final_w"], weights["ln_final_b"]) @ weights["W_U"] + weights["b_U"]
        for x in streams
    ]


def _over_everything(x: Tensor) -> Tensor:
    """Each reading normalised by one mean and one scale for all its texts and positions."""
    centred = x - x.mean((1, 2, 3), keepdim=True)
    return centred / (centred.pow(2).mean((1, 2, 3), keepdim=True) + 1e-5).sqrt()


def _variant(
    *,
    norm: str = "each",
    ln_bias: bool = True,
    streams: str = "right",
    unembedding: str = "W_U",
    bias: bool = True,
    out: str = "logits",
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(cache: Activations, weights: Weights) -> Tensor:
        layers = _layers(weights)
        before, middle, after = (
            [cache[f"blocks.{i}.hook_resid_{where}"] for i in layers] for where in ("pre", "mid", "post")
        )
        chosen = {
            "right": lambda: [before[0], *after],
            "words alone": lambda: [cache["hook_embed"], *after],
            "pre": lambda: before,
            "post": lambda: after,
            "mid": lambda: [before[0], *middle],
            "mid too": lambda: [before[0]] + [each for pair in zip(middle, after, strict=True) for each in pair],
            "added": lambda: [before[0]] + [b - a for a, b in zip(before, after, strict=True)],
            "backwards": lambda: [before[0], *after][::-1],
            "one too many": lambda: [*before, after[-1], after[-1]],
            "MLPs": lambda: [before[0], *(cache[f"blocks.{i}.hook_mlp_out"] for i in layers)],
            "summed": lambda: torch.stack([before[0], *after]).cumsum(0),
        }[streams]()
        x = torch.stack(list(chosen))
        gain, shift = weights["ln_final_w"], weights["ln_final_b"] * ln_bias
        centred = x - x.mean(-1, keepdim=True)
        scale = (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()
        read = {
            "each": lambda: centred / scale * gain + shift,
            "none": lambda: x,
            "no gain": lambda: centred / scale,
            "no eps": lambda: centred / (scale**2 - 1e-5).sqrt() * gain + shift,
            "unbiased": lambda: centred / x.std(-1, keepdim=True) * gain + shift,
            "whole": lambda: _over_everything(x) * gain + shift,
            "gain only": lambda: x * gain + shift,
            "last scale": lambda: centred / cache["ln_final.hook_scale"] * gain + shift,
            "rms": lambda: x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * gain + shift,
            "ln1": lambda: centred / scale * weights["ln1_w"][0] + weights["ln1_b"][0],
        }[norm]()
        logits = read @ (weights["W_U"] if unembedding == "W_U" else weights["W_E"].T)
        if bias:
            logits = logits + weights["b_U"]
        return {
            "logits": lambda: logits,
            "probabilities": lambda: logits.softmax(-1),
            "log-probabilities": lambda: logits.log_softmax(-1),
            "last position": lambda: logits[:, :, -1],
            "texts first": lambda: logits.transpose(0, 1),
            "words": lambda: logits.argmax(-1),
            "last": lambda: logits[-1],
            "joined": lambda: logits.flatten(0, 1),
            "readings last": lambda: logits.movedim(0, -1),
        }[out]()

    return answer


def small_weights(draw: Draw, layers: int, d_model: int, d_mlp: int, d_vocab: int) -> Weights:
    """Random weights of a small model: gains far from one, biases and means that are not zero."""
    sizes = {"layer": layers, "head": 2, "d_head": 3, "d_model": d_model, "d_mlp": d_mlp, "d_vocab": d_vocab}
    weights = {}
    for symbol in helper.WEIGHTS:
        shape = helper.shape_of(symbol, sizes)
        gain = symbol.name.startswith("ln") and symbol.name.endswith("_w")
        matrix = symbol.name.startswith("W_") and symbol.name != "W_E"
        mean, sd = (0.3, shape[-2] ** -0.5) if matrix else (1.0 if gain else 0.4, 0.7)
        weights[symbol.name] = draw.normal(" ".join(map(str, shape)), mean=mean, sd=sd)
    return weights


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, layers: int, batch: int, pos: int, size: float = 1.0, learned: bool = False) -> Case:
        d_model = draw.integer(8, 11)
        weights = small_weights(draw, layers, d_model, 13, draw.integer(15, 19))
        shape = f"{batch} {pos} {d_model}"
        x = draw.normal(shape, mean=0.8 * size, sd=size)
        cache = {"hook_embed": x}
        if learned:
            weights["W_pos"] = draw.normal(f"{pos + 2} {d_model}", mean=0.3)
            cache["hook_pos_embed"] = weights["W_pos"][:pos].expand(x.shape).clone()
            x = x + cache["hook_pos_embed"]
        for i in range(layers):
            cache[f"blocks.{i}.hook_resid_pre"] = x
            for part, where in (("attn", "mid"), ("mlp", "post")):
                cache[f"blocks.{i}.hook_{part}_out"] = draw.normal(shape, mean=0.3 * size, sd=size * (i + 1))
                x = x + cache[f"blocks.{i}.hook_{part}_out"]
                cache[f"blocks.{i}.hook_resid_{where}"] = x
        cache["ln_final.hook_scale"] = (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        cache["ln_final.hook_normalized"] = (x - x.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"]
        cache["ln_final.hook_out"] = cache["ln_final.hook_normalized"] * weights["ln_final_w"] + weights["ln_final_b"]
        return Case(label, (cache, weights), axes=("reading", "batch", "pos", "d_vocab"))

    return [
        case("three layers, batch of 2, five positions", 3, 2, 5),
        case("two layers, batch of 1, one position", 2, 1, 1),
        case("one layer, batch of 3, two positions", 1, 3, 2),
        case("two layers, learned positions, batch of 2, three positions", 2, 2, 3, learned=True),
        case("two layers, small streams, where eps is seen", 2, 2, 3, size=0.004),
    ]


def stacked(case: Case, output: Any) -> Any:
    """Arrays, and lists of tensors or arrays of one shape, are as good as the tensor they make."""
    if isinstance(output, np.ndarray) and output.dtype.kind in "fiu":
        return torch.from_numpy(output.copy())
    if isinstance(output, list | tuple) and all(isinstance(each, Tensor | np.ndarray) for each in output):
        each = [torch.as_tensor(one) for one in output]
        return torch.stack(each) if len({one.shape for one in each}) == 1 else output
    return output


logit_lens = Exercise(
    name="logit_lens",
    chapter="transformer_maths",
    section="1.14",
    title="Reading the stream too early",
    core=False,
    difficulty=2,
    minutes=25,
    points=2,
    prerequisites=("layer_norm", "transformer_forward"),
    hints=(
        "The last line of transformer_forward turns the last stream into logits. Here the same line is applied to "
        "other streams, one after the other. Which streams are there, and how many?",
        "The streams are cache['blocks.0.hook_resid_pre'] and, for every layer i, "
        "cache[f'blocks.{i}.hook_resid_post']. torch.stack puts a list of tensors of one shape together, with a new "
        "axis in front.",
        "streams = torch.stack([...]) has shape (layer + 1, batch, pos, d_model). Then "
        "layer_norm(streams, weights['ln_final_w'], weights['ln_final_b']) @ weights['W_U'] + weights['b_U'].",
    ),
    reference=_reference,
    oracle=Oracle("torch's LayerNorm and Linear in double precision, on a running sum of what was added", _by_torch),
    cases=_cases,
    observe=stacked,
    variant=_variant,
    alternatives={
        "nn.LayerNorm and nn.Linear with the weights loaded": _by_modules,
        "loops over streams, texts and positions, double precision": _by_loops,
        "LayerNorm folded into W_U, einsum, resid_pre of the next layer": _by_folding,
        "a list with one tensor a reading, streams put together from their parts": _as_list,
    },
    misconceptions=(
        Misconception(
            "the last LayerNorm is forgotten",
            "You multiply the stream itself by W_U. In the model W_U never sees the stream: the last LayerNorm stands "
            "between the two, with a gain for every entry. Your last reading is therefore not the model's logits. "
            "Apply layer_norm with ln_final_w and ln_final_b first.",
            switches={"norm": "none"},
        ),
        Misconception(
            "gain and bias of the last LayerNorm are forgotten",
            "You subtract the mean and divide by the scale, and leave out the gain and the bias. They belong to the "
            "last LayerNorm, and W_U was trained to read what comes after them: ln_final_w, ln_final_b.",
            switches={"norm": "no gain"},
        ),
        Misconception(
            "gain and bias without normalising",
            "You multiply by the gain and add the bias, but do not subtract the mean and divide by the scale first. "
            "An early stream, which is short, then gives logits that are too close together.",
            switches={"norm": "gain only"},
        ),
        Misconception(
            "the scale of the last layer",
            "You divide every stream by the scale of the last one (ln_final.hook_scale). That is the contribution of "
            "an early stream to the model's actual logits: direct attribution. The lens asks what the model "
            "would say if it ended here, so each stream is normalised by its own mean and scale.",
            switches={"norm": "last scale"},
        ),
        Misconception(
            "the mean is not subtracted",
            "Your LayerNorm divides by the root of the mean square and subtracts no mean (RMSNorm). The last LayerNorm "
            "of this model subtracts each vector's mean first.",
            switches={"norm": "rms"},
        ),
        Misconception(
            "the unbiased variance",
            "You divide by x.std(), which counts d_model − 1 numbers unless told otherwise. LayerNorm takes the mean "
            "of the squares over d_model numbers, as in section 1.3: use layer_norm.",
            switches={"norm": "unbiased"},
        ),
        Misconception(
            "no eps",
            "Your LayerNorm has no eps under the root. Where the stream is short, as an early one can be, that gives "
            "other numbers than the model's own LayerNorm: use layer_norm, whose default is 1e-5.",
            switches={"norm": "no eps"},
        ),
        Misconception(
            "one mean and scale for all positions",
            "You take the mean and the scale over all texts and positions of a reading together. A LayerNorm treats "
            "each position's vector by itself: along the last axis only.",
            switches={"norm": "whole"},
        ),
        Misconception(
            "another LayerNorm's gain and bias",
            "You use gain and bias of layer 0's first LayerNorm, ln1. What stands before W_U is the last LayerNorm: "
            "ln_final_w and ln_final_b.",
            switches={"norm": "ln1"},
        ),
        Misconception(
            "the bias of the last LayerNorm is forgotten",
            "The bias of the last LayerNorm, ln_final_b, is missing. It raises the same words at every position and in "
            "every reading, whatever the stream holds.",
            switches={"ln_bias": False},
        ),
        Misconception(
            "b_U is forgotten",
            "The bias of the logits, b_U, is missing. In story it happens to be zero, so that nothing shows there; in "
            "these cases it is not.",
            switches={"bias": False},
        ),
        Misconception(
            "one layer early",
            "You read the stream as it enters each layer, so what the last layer adds is in none of your readings, and "
            "none of them is the model's logits. There are layer + 1 readings: what enters layer 0, and what leaves "
            "each layer (hook_resid_post).",
            switches={"streams": "pre"},
        ),
        Misconception(
            "the embedding is left out",
            "You read what leaves each layer, and not what enters layer 0. That first reading is asked for as well: it "
            "shows what the embedding alone says. Put blocks.0.hook_resid_pre in front.",
            switches={"streams": "post"},
        ),
        Misconception(
            "the words without their positions",
            "Your first reading is hook_embed, the rows of W_E. In a model with learned positions the stream that "
            "enters layer 0 has the rows of W_pos in it as well: blocks.0.hook_resid_pre.",
            switches={"streams": "words alone"},
        ),
        Misconception(
            "the middle of each layer",
            "You read hook_resid_mid, the stream before the MLP of its layer has added anything. Asked for is "
            "what leaves each layer, with its MLP: hook_resid_post.",
            switches={"streams": "mid"},
        ),
        Misconception(
            "the middle of each layer as well",
            "You read between attention and MLP as well, which gives 2 · layer + 1 readings. That is a finer lens and "
            "a fine thing to look at; asked for here are layer + 1, what enters layer 0 and what leaves each layer.",
            switches={"streams": "mid too"},
        ),
        Misconception(
            "what each layer adds",
            "You read what each layer adds by itself. Asked for is the stream after that layer, with everything that "
            "was added before: the sum, and not its latest term.",
            switches={"streams": "added"},
        ),
        Misconception(
            "what each MLP adds",
            "You read the output of each layer's MLP. The lens reads the stream that leaves the layer: everything that "
            "was there before, what the attention has added, and what the MLP has added.",
            switches={"streams": "MLPs"},
        ),
        Misconception(
            "streams added up",
            "You add the streams of the layers up. Each stream is a sum already: what leaves a layer contains what "
            "entered it. Read each by itself.",
            switches={"streams": "summed"},
        ),
        Misconception(
            "from the last to the first",
            "Your readings run from the last layer to the first. Entry 0 is what enters layer 0, and the last entry "
            "what leaves the last layer.",
            switches={"streams": "backwards"},
        ),
        Misconception(
            "the last stream twice",
            "You read what enters each layer and then the last stream twice. What leaves a layer is what enters the "
            "next, so layer + 1 readings are all there are.",
            switches={"streams": "one too many"},
        ),
        Misconception(
            "the embedding turned round",
            "You multiply by the transpose of W_E. That compares the stream with the words as they come in; the model "
            "reads its next word off W_U, which is a matrix of its own in story.",
            switches={"unembedding": "W_E"},
        ),
        Misconception(
            "probabilities",
            "These are probabilities. Asked for are the logits, before any softmax.",
            switches={"out": "probabilities"},
        ),
        Misconception(
            "log-probabilities",
            "These are log-probabilities. Asked for are the logits, before any softmax.",
            switches={"out": "log-probabilities"},
        ),
        Misconception(
            "only the last position",
            "You return the readings at the last position only. The lens reads every position: (layer + 1, batch, pos, "
            "d_vocab).",
            switches={"out": "last position"},
        ),
        Misconception(
            "texts before readings",
            "Your first axis is the text, your second the reading. The reading comes first: (layer + 1, batch, pos, "
            "d_vocab), so that result[-1] is the model's logits.",
            switches={"out": "texts first"},
        ),
        Misconception(
            "readings and texts on one axis",
            "You join the readings along the axis of the texts, as torch.cat does. torch.stack gives them an axis of "
            "their own, in front: (layer + 1, batch, pos, d_vocab).",
            switches={"out": "joined"},
        ),
        Misconception(
            "readings on the last axis",
            "Your readings stand on the last axis. They come first, (layer + 1, batch, pos, d_vocab), so that "
            "result[-1] is an ordinary tensor of logits.",
            switches={"out": "readings last"},
        ),
        Misconception(
            "the words in place of their logits",
            "You return the token with the largest logit at each place. Asked for are the logits of all tokens; which "
            "is the largest can be read off them afterwards.",
            switches={"out": "words"},
        ),
        Misconception(
            "only the last reading",
            "You return one reading, that of the last stream: the model's ordinary logits. Asked for is one reading "
            "for what enters layer 0 and one for what leaves each layer, stacked on a first axis. Is a return inside "
            "the loop, or a variable overwritten in it?",
            switches={"out": "last"},
        ),
    ),
)

EXERCISES = [logit_lens]
