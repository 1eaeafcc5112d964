"""The whole model."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.checking.exercise import Tolerance
from mi_course.exercises.transformer_maths.attention import attention_variant
from mi_course.exercises.transformer_maths.mlps import mlp_variant
from mi_course.exercises.transformer_maths.rotary import rotate_variant
from mi_course.transformer_maths import Weights

QUESTIONS = [
    Question(
        name="exact_gelu_same_words",
        text="A copy of story with the exact GELU in place of gelu_new: at how many per cent of positions is its most "
        "probable next token the same? (Right if within 0.5.)",
        kind=float,
        low=0,
        high=100,
        unit="per cent",
        comes_true=lambda value, outcome: abs(value - outcome) <= 0.5,
    ),
    Question(
        name="exact_gelu_gap",
        text="And how large is the largest difference between one of its logits and the same logit of story, on 64 "
        "texts? (Right if within a factor of 3.)",
        kind=float,
        low=0,
        high=1000,
        comes_true=lambda value, outcome: outcome / 3 <= value <= outcome * 3,
    ),
]


def _reference(tokens: Tensor, weights: Weights) -> Tensor:
    return helper.transformer_forward(tokens, weights)


@cache
def _story() -> tuple[Any, Weights]:
    from mi_course.zoo import load_model

    model = load_model("story")
    return model, helper.weights_of(model)


def _by_libraries(tokens: Tensor, weights: Weights) -> Tensor:
    """story's logits are the bridge's own; other weights go into transformers' GPT-NeoX."""
    model, own = _story()
    if weights["W_E"].shape == own["W_E"].shape:
        with torch.no_grad():
            return model(tokens)
    return _gpt_neox(tokens, weights)


def _gpt_neox(tokens: Tensor, weights: Weights) -> Tensor:
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    layers, heads, d_model, _ = weights["W_Q"].shape
    config = GPTNeoXConfig(
        vocab_size=len(weights["W_E"]),
        hidden_size=d_model,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=weights["W_in"].shape[-1],
        max_position_embeddings=32,
        hidden_act="gelu_new",
        use_parallel_residual=False,
        layer_norm_eps=1e-5,
        tie_word_embeddings=False,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 1.0},
        bos_token_id=0,
        eos_token_id=0,
    )
    state = {
        "gpt_neox.embed_in.weight": weights["W_E"],
        "gpt_neox.final_layer_norm.weight": weights["ln_final_w"],
        "gpt_neox.final_layer_norm.bias": weights["ln_final_b"],
    }
    for i in range(layers):
        w = {name: value[i] for name, value in weights.items() if name not in _WHOLE}
        # Rows of the fused matrix run by head, then queries, keys, values, then d_head.
        fused = torch.stack([w["W_Q"], w["W_K"], w["W_V"]], 1).transpose(-1, -2).reshape(-1, d_model)
        here = {
            "input_layernorm.weight": w["ln1_w"],
            "input_layernorm.bias": w["ln1_b"],
            "post_attention_layernorm.weight": w["ln2_w"],
            "post_attention_layernorm.bias": w["ln2_b"],
            "attention.query_key_value.weight": fused,
            "attention.query_key_value.bias": torch.stack([w["b_Q"], w["b_K"], w["b_V"]], 1).flatten(),
            "attention.dense.weight": w["W_O"].reshape(-1, d_model).T,
            "attention.dense.bias": w["b_O"],
            "mlp.dense_h_to_4h.weight": w["W_in"].T,
            "mlp.dense_h_to_4h.bias": w["b_in"],
            "mlp.dense_4h_to_h.weight": w["W_out"].T,
            "mlp.dense_4h_to_h.bias": w["b_out"],
        }
        state |= {f"gpt_neox.layers.{i}.{name}": value for name, value in here.items()}
    model = GPTNeoXForCausalLM(config).eval()
    # The last matrix has one name in transformers 4 and another in 5.
    last = next(name for name in model.state_dict() if not name.startswith("gpt_neox."))
    state[last] = weights["W_U"].T
    model.load_state_dict(state, strict=True)
    with torch.no_grad():
        return model(tokens).logits + weights["b_U"]


_WHOLE = ("W_E", "ln_final_w", "ln_final_b", "W_U", "b_U")


def _by_torch(tokens: Tensor, weights: Weights) -> Tensor:
    """With torch's own layer_norm, attention and gelu, and one matrix for all heads."""
    x = F.embedding(tokens, weights["W_E"])
    layers, heads, d_model, d_head = weights["W_Q"].shape
    for i in range(layers):
        w = {name: value[i] for name, value in weights.items() if name not in _WHOLE}
        h = F.layer_norm(x, (d_model,), w["ln1_w"], w["ln1_b"])
        q, k, v = (
            F.linear(h, w[f"W_{each}"].transpose(0, 1).reshape(d_model, -1).T, w[f"b_{each}"].flatten())
            .unflatten(-1, (heads, d_head))
            .transpose(1, 2)
            for each in "QKV"
        )
        q, k = (_turned(each) for each in (q, k))
        z = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + z @ w["W_O"].flatten(0, 1) + w["b_O"]
        h = F.layer_norm(x, (d_model,), w["ln2_w"], w["ln2_b"])
        x = x + F.gelu(h @ w["W_in"] + w["b_in"], approximate="tanh") @ w["W_out"] + w["b_out"]
    x = F.layer_norm(x, (d_model,), weights["ln_final_w"], weights["ln_final_b"])
    return x @ weights["W_U"] + weights["b_U"]


def _turned(x: Tensor) -> Tensor:
    """(batch, head, pos, d_head), by complex numbers."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[2])[:, None] * 10000.0 ** (-torch.arange(half) / half)
    turned = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([turned.real, turned.imag], -1)


def _by_positions(tokens: Tensor, weights: Weights) -> Tensor:
    """One text, one position and one head at a time, in double precision, keeping the keys and values of earlier "
    "ones."""
    w = {name: value.double() for name, value in weights.items()}
    layers, heads, _, d_head = w["W_Q"].shape
    half = d_head // 2
    out = []
    for row in tokens.tolist():
        keys: dict[tuple[int, int], list[Tensor]] = {}
        values: dict[tuple[int, int], list[Tensor]] = {}
        logits = []
        for i, token in enumerate(row):
            x = w["W_E"][token]
            angle = i * 10000.0 ** (-torch.arange(half).double() / half)

            for n in range(layers):
                normed = _normed(x, w["ln1_w"][n], w["ln1_b"][n])
                x = x + w["b_O"][n]
                for h in range(heads):
                    q, k, v = (normed @ w[f"W_{each}"][n, h] + w[f"b_{each}"][n, h] for each in "QKV")
                    keys.setdefault((n, h), []).append(_turned_by(k, angle))
                    values.setdefault((n, h), []).append(v)
                    chances = (torch.stack(keys[n, h]) @ _turned_by(q, angle) / d_head**0.5).softmax(0)
                    x = x + chances @ torch.stack(values[n, h]) @ w["W_O"][n, h]
                pre = _normed(x, w["ln2_w"][n], w["ln2_b"][n]) @ w["W_in"][n] + w["b_in"][n]
                x = x + F.gelu(pre, approximate="tanh") @ w["W_out"][n] + w["b_out"][n]
            logits.append(_normed(x, w["ln_final_w"], w["ln_final_b"]) @ w["W_U"] + w["b_U"])
        out.append(torch.stack(logits))
    return torch.stack(out).float()


def _turned_by(u: Tensor, angle: Tensor) -> Tensor:
    a, b = u.chunk(2)
    return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()])


def _normed(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return (x - x.mean()) / (x.var(unbiased=False) + 1e-5).sqrt() * w + b


class _AsModule(nn.Module):
    """A class that is called: blocks as objects, as one would write a model to train."""

    def forward(self, tokens: Tensor, weights: Weights) -> Tensor:
        x = weights["W_E"][tokens]
        for i in range(weights["W_Q"].shape[0]):
            x = x + self.attention(x, {name: weights[name][i] for name in weights if name not in _WHOLE})
            x = x + self.neurons(x, {name: weights[name][i] for name in weights if name not in _WHOLE})
        return helper.layer_norm(x, weights["ln_final_w"], weights["ln_final_b"]) @ weights["W_U"] + weights["b_U"]

    def attention(self, x: Tensor, w: Weights) -> Tensor:
        x = helper.layer_norm(x, w["ln1_w"], w["ln1_b"])
        q, k, v = ((x[:, None] @ w[f"W_{each}"]).transpose(1, 2) + w[f"b_{each}"] for each in "QKV")
        return helper.attention_output(
            helper.attention_pattern(helper.rotate(q), helper.rotate(k)), v, w["W_O"], w["b_O"]
        )

    def neurons(self, x: Tensor, w: Weights) -> Tensor:
        return helper.mlp(helper.layer_norm(x, w["ln2_w"], w["ln2_b"]), w["W_in"], w["b_in"], w["W_out"], w["b_out"])


def _variant(
    *,
    norm: str = "pre",
    final: bool = True,
    skip: bool = True,
    parallel: bool = False,
    turned: str = "queries and keys",
    pairs: str = "halves",
    layers: str = "all",
    second: str = "ln2",
    out: str = "logits",
    scale: str = "root d_head",
    mask: str = "before",
    function: str = "gelu_new",
    unembedding: str = "W_U",
    bias: bool = True,
    without: str = "",
    kept: str = "everything",
    values: str = "normalised",
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(tokens: Tensor, weights: Weights) -> Tensor:
        rotated, attend, neurons = (
            rotate_variant(pairs=pairs),
            attention_variant(scale=scale, mask=mask),
            mlp_variant(function=function),
        )
        count = len(weights["W_Q"])
        order = {
            "all": list(range(count)),
            "backwards": list(reversed(range(count))),
            "the first again and again": [0] * count,
            "all but the last": list(range(count - 1)),
            "the first only": [0],
        }[layers]
        x = weights["W_E"][tokens]
        for i in order:
            w = {name: value[i] for name, value in weights.items() if name not in _WHOLE}
            if without:
                w[without] = torch.zeros_like(w[without])
            first = "ln1"
            if second == "swapped":
                first = "ln2"
            before = x
            raw = norm in ("post", "none before attention", "none", "of the output")
            h = x if raw else helper.layer_norm(x, w[f"{first}_w"], w[f"{first}_b"])
            if norm == "on the way":
                x = h
            read = {"Q": h, "K": h, "V": before if values == "raw" else h}
            q, k, v = (torch.einsum("bpm,hme->bphe", read[each], w[f"W_{each}"]) + w[f"b_{each}"] for each in "QKV")
            if turned != "nothing":
                q, k = rotated(q), rotated(k)
            if turned == "values too":
                v = rotated(v)
            if turned == "keys only":
                q = torch.einsum("bpm,hme->bphe", h, w["W_Q"]) + w["b_Q"]
            if turned == "queries only":
                k = torch.einsum("bpm,hme->bphe", h, w["W_K"]) + w["b_K"]
            added = helper.attention_output(attend(q, k), v, w["W_O"], w["b_O"])
            if norm == "of the output":
                added = helper.layer_norm(added, w["ln1_w"], w["ln1_b"])
            x = x + added if skip else added
            if norm == "post":
                x = helper.layer_norm(x, w["ln1_w"], w["ln1_b"])
            h = before if parallel else x
            if norm not in ("post", "none before MLP", "none", "of the output"):
                used = "ln1" if second == "swapped" else second
                h = helper.layer_norm(h, w[f"{used}_w"], w[f"{used}_b"])
            if norm == "on the way":
                x = h
            added = neurons(h, w["W_in"], w["b_in"], w["W_out"], w["b_out"])
            if norm == "of the output":
                added = helper.layer_norm(added, w["ln2_w"], w["ln2_b"])
            if kept == "without the attention":
                x = before
            x = x + added if skip else added
            if norm == "post":
                x = helper.layer_norm(x, w["ln2_w"], w["ln2_b"])
        if final and norm != "none":
            x = helper.layer_norm(x, weights["ln_final_w"], weights["ln_final_b"])
        logits = x @ (weights["W_U"] if unembedding == "W_U" else weights["W_E"].T)
        logits = logits + weights["b_U"] if bias else logits
        return {
            "logits": lambda: logits,
            "probabilities": lambda: logits.softmax(-1),
            "log-probabilities": lambda: logits.log_softmax(-1),
            "last": lambda: logits[:, -1],
        }[out]()

    return answer


def _cases(draw: Draw) -> list[Case]:
    from mi_course.worlds.story import story_tokens

    def small(label: str, layers: int, heads: int, d_head: int, batch: int, pos: int) -> Case:
        sizes = {"layer": layers, "head": heads, "d_head": d_head, "d_model": heads * d_head, "d_mlp": 17}
        sizes["d_vocab"] = draw.integer(19, 23)
        weights = {}
        for symbol in helper.WEIGHTS:
            shape = helper.shape_of(symbol, sizes)
            gain = symbol.name.startswith("ln") and symbol.name.endswith("_w")
            matrix = symbol.name.startswith("W_") and symbol.name != "W_E"
            sd = shape[-2] ** -0.5 if matrix else 0.5
            weights[symbol.name] = draw.normal(" ".join(map(str, shape)), mean=float(gain), sd=sd)
        tokens = draw.integers(f"{batch} {pos}", high=sizes["d_vocab"], low=1)
        tokens[:, 0] = 0
        return Case(label, (tokens, weights), axes=_AXES)

    tokens = story_tokens(2, 20, seed=draw.integer(0, 10**6))
    return [
        small("a small model with random weights: two layers, three heads", 2, 3, 4, 2, 7),
        small("another, three layers of one head, a single text", 3, 1, 6, 1, 5),
        Case("story itself, on two texts of 20 tokens", (tokens, _story()[1]), axes=_AXES),
    ]


_AXES = ("batch", "pos", "d_vocab")

transformer_forward = Exercise(
    name="transformer_forward",
    chapter="transformer_maths",
    section="1.9",
    title="The whole model",
    core=True,
    difficulty=4,
    minutes=25,
    points=6,
    prerequisites=("layer_norm", "attention_pattern", "rotate", "attention_output", "mlp"),
    time_limit=10.0,
    tolerance=Tolerance(0.0, 1e-4),
    hints=(
        "Follow the picture from top to bottom. There is one variable, x, the residual stream; everything else reads a "
        "normalised copy of it and is added to it.",
        "In layer i: h = layer_norm(x, weights['ln1_w'][i], weights['ln1_b'][i]); queries are "
        'torch.einsum("bpm,hme->bphe", h, weights["W_Q"][i]) + weights["b_Q"][i], keys and values alike. Rotate '
        "queries and keys, not the values. Add the attention's output to x. Then the same with ln2 and the MLP. To "
        "find where yours goes another way, run it on `tokens` and compare x after the attention of layer i with "
        'cache[f"blocks.{i}.hook_resid_mid"], and after its MLP with cache[f"blocks.{i}.hook_resid_post"].',
        "After the last layer: layer_norm(x, weights['ln_final_w'], weights['ln_final_b']) @ weights['W_U'] + "
        "weights['b_U']. In each layer: x = x + attention_output(attention_pattern(rotate(q), rotate(k)), v, "
        "weights['W_O'][i], weights['b_O'][i]), then x = x + mlp(layer_norm(x, ln2 …), …).",
    ),
    reference=_reference,
    oracle=Oracle("TransformerBridge's logits for story, transformers' GPT-NeoX for random weights", _by_libraries),
    cases=_cases,
    variant=_variant,
    alternatives={
        "torch's own parts, one matrix for all heads": _by_torch,
        "position by position, with kept keys and values, in double precision": _by_positions,
        "a module with blocks": _AsModule(),
    },
    misconceptions=(
        Misconception(
            "normalised after adding",
            "You normalise after each addition, as the transformer of Vaswani et al. 2017 does (post-norm). GPT-2, "
            "GPT-NeoX and story normalise before (pre-norm): each part reads LayerNorm(x), and what it computes is "
            "added to x itself, which is never normalised on the way.",
            switches={"norm": "post"},
        ),
        Misconception(
            "added to the normalised stream",
            "You write LayerNorm's result into x itself, so each part is added to the normalised stream. Keep two "
            "variables: h = layer_norm(x, …) is a copy for the part to read, and what the part computes is added to x "
            "as it was before normalising.",
            switches={"norm": "on the way"},
        ),
        Misconception(
            "no LayerNorm anywhere",
            "Yours has no LayerNorm at all. The attention reads layer_norm(x, ln1_w, ln1_b), the MLP "
            "layer_norm(x, ln2_w, ln2_b), and ln_final comes before W_U.",
            switches={"norm": "none"},
        ),
        Misconception(
            "the outputs are normalised",
            "Attention and MLP read the stream as it is, and LayerNorm is taken of what they compute. It belongs at "
            "their entrance: a part reads the normalised stream, and its output is added as it is.",
            switches={"norm": "of the output"},
        ),
        Misconception(
            "the values read the stream as it is",
            "Your queries and keys read the normalised stream and your values x itself. All three are made from "
            "layer_norm(x, ln1_w, ln1_b).",
            switches={"values": "raw"},
        ),
        Misconception(
            "the attention's output is lost",
            "The MLP reads the stream with the attention's output added, but the MLP's own output is then added to the "
            "stream as it entered the layer, so what the attention wrote is gone. x grows twice in each layer: "
            "x = x + attention, then x = x + MLP.",
            switches={"kept": "without the attention"},
        ),
        Misconception(
            "attention reads the stream as it is",
            "Your queries, keys and values are made from x without LayerNorm. They read layer_norm(x, ln1_w, ln1_b).",
            switches={"norm": "none before attention"},
        ),
        Misconception(
            "the MLP reads the stream as it is",
            "Your MLP reads x without LayerNorm. It reads layer_norm(x, ln2_w, ln2_b).",
            switches={"norm": "none before MLP"},
        ),
        Misconception(
            "the last LayerNorm is missing",
            "You multiply the residual stream by W_U as it leaves the last layer. There is one more LayerNorm between: "
            "ln_final.",
            switches={"final": False},
        ),
        Misconception(
            "nothing is added",
            "Each part of yours replaces x with what it computes. In a transformer it is added: x = x + …. Without "
            "that the embedding is gone after the first layer.",
            switches={"skip": False},
        ),
        Misconception(
            "attention and MLP side by side",
            "Your MLP reads the stream as it was before the attention of its layer. Pythia and GPT-J do that (parallel "
            "residual). In story the MLP comes after: it reads the stream with the attention's output added.",
            switches={"parallel": True},
        ),
        Misconception(
            "no rotation",
            "You do not rotate queries and keys, so a head cannot tell near from far: it knows only which tokens came "
            "before. Use rotate on both.",
            switches={"turned": "nothing"},
        ),
        Misconception(
            "values rotated as well",
            "You rotate the values, too. Position matters for *where* a head looks; what it moves from there is not "
            "turned. Rotate queries and keys only.",
            switches={"turned": "values too"},
        ),
        Misconception(
            "only the queries rotated",
            "You rotate the queries and leave the keys. The score then depends on where the destination stands, not on "
            "how far away the source is. Rotate both.",
            switches={"turned": "queries only"},
        ),
        Misconception(
            "only the keys rotated",
            "You rotate the keys and leave the queries. The score then depends on where the source stands, not on how "
            "far away it is. Rotate both.",
            switches={"turned": "keys only"},
        ),
        Misconception(
            "neighbours as pairs",
            "Your rotation turns entries 2j and 2j + 1 together. In story, entry j goes with entry j + d_head/2.",
            switches={"pairs": "neighbours"},
        ),
        Misconception(
            "the scores are not scaled",
            "Your attention scores are not divided by √d_head.",
            switches={"scale": "none"},
        ),
        Misconception(
            "no mask",
            "Your positions see the future: the logits of a position change with the tokens after it. Mask the scores.",
            switches={"mask": "none"},
        ),
        Misconception(
            "the exact GELU",
            "Everything is in place but the activation function: yours is the exact GELU, story's is gelu_new (F.gelu "
            "with "
            'approximate="tanh"). On story the logits differ by hundredths, in a small model by less.',
            switches={"function": "exact"},
        ),
        Misconception(
            "ReLU",
            "Everything is in place but the activation function: your neurons use ReLU, story's use gelu_new (F.gelu "
            'with approximate="tanh").',
            switches={"function": "relu"},
        ),
        Misconception(
            "one LayerNorm used twice",
            "Before the MLP you use ln1's gain and bias again. Each layer has two LayerNorms; the MLP's is ln2.",
            switches={"second": "ln1"},
        ),
        Misconception(
            "ln1 and ln2 exchanged",
            "You use ln2 before the attention and ln1 before the MLP. ln1 comes first in a layer: it belongs to the "
            "attention.",
            switches={"second": "swapped"},
        ),
        Misconception(
            "b_Q is forgotten",
            "The bias of the queries, b_Q, is missing: q = h W_Q + b_Q.",
            switches={"without": "b_Q"},
        ),
        Misconception(
            "b_K is forgotten",
            "The bias of the keys, b_K, is missing: k = h W_K + b_K. (Without rotation the softmax would not notice; "
            "with it the bias is turned and the scores change.)",
            switches={"without": "b_K"},
        ),
        Misconception(
            "b_V is forgotten",
            "The bias of the values, b_V, is missing: v = h W_V + b_V.",
            switches={"without": "b_V"},
        ),
        Misconception(
            "the layers in reverse",
            "You run the layers from the last to the first. Layer 0 comes first.",
            switches={"layers": "backwards"},
        ),
        Misconception(
            "always the first layer's weights",
            "Every layer of yours uses the weights of layer 0. weights['W_Q'][i] is W_Q of layer i.",
            switches={"layers": "the first again and again"},
        ),
        Misconception(
            "only the first layer",
            "You run layer 0 and stop, perhaps because of a return inside the loop. All layers follow each other, and "
            "len(weights['W_Q']) says how many there are.",
            switches={"layers": "the first only"},
        ),
        Misconception(
            "one layer too few",
            "You leave out the last layer. len(weights['W_Q']) is the number of layers, and range() stops before its "
            "end by itself.",
            switches={"layers": "all but the last"},
        ),
        Misconception(
            "the embedding turned round",
            "You multiply by the transpose of W_E. Models with tied embeddings do that (GPT-2 does; Press & Wolf "
            "2017). story has a matrix of its own for it: W_U.",
            switches={"unembedding": "W_E"},
        ),
        Misconception(
            "b_U is forgotten",
            "The bias of the logits, b_U, is missing. In story it happens to be zero, so that nothing shows there; in "
            "the small models it is not.",
            switches={"bias": False},
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
            "You return the logits of the last position. Every position predicts its next token: return all of them, "
            "(batch, pos, d_vocab).",
            switches={"out": "last"},
        ),
    ),
)

EXERCISES = [transformer_forward]
