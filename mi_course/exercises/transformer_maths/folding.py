"""The same model with other weights: folding LayerNorm, centring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.transformer_maths import Weights

QUESTIONS = [
    Question(
        name="what_centring_moves",
        text="After centring, which of these are still what they were (up to rounding): 'logits', 'log-probabilities', "
        "'both' or 'neither'?",
        kind=str,
        options=("logits", "log-probabilities", "both", "neither"),
    ),
]

READERS = {
    "ln1": {"W_Q": "b_Q", "W_K": "b_K", "W_V": "b_V"},
    "ln2": {"W_in": "b_in"},
    "ln_final": {"W_U": "b_U"},
}
"""By LayerNorm, the matrices that read it and the biases added to their products."""


def random_weights(draw: Draw, sizes: dict[str, int], *, n_ctx: int = 0) -> Weights:
    """A model's weights: gains around one and far from all alike, no bias zero, no mean zero."""
    weights = {}
    for symbol in helper.WEIGHTS:
        shape = helper.shape_of(symbol, sizes)
        if symbol.name.startswith("ln") and symbol.name.endswith("_w"):
            weights[symbol.name] = draw.normal(" ".join(map(str, shape)), mean=1.2, sd=0.6)
        elif symbol.name.startswith("W_"):
            weights[symbol.name] = draw.normal(" ".join(map(str, shape)), mean=0.15, sd=shape[-2] ** -0.5)
        else:
            weights[symbol.name] = draw.normal(" ".join(map(str, shape)), mean=0.3, sd=0.5)
    if n_ctx:
        weights["W_pos"] = draw.normal(f"{n_ctx} {sizes['d_model']}", mean=0.4, sd=0.5)
    return weights


def sizes_of(layer: int, head: int, d_model: int, d_head: int, d_mlp: int, d_vocab: int) -> dict[str, int]:
    return dict(layer=layer, head=head, d_model=d_model, d_head=d_head, d_mlp=d_mlp, d_vocab=d_vocab)


# --- fold_layer_norm --------------------------------------------------------------------------------------------------


def _vectors(d_model: int) -> Tensor:
    """What a LayerNorm gives before gain and bias: d_model + 2 vectors of mean zero and mean square one."""
    drawn = torch.randn(d_model + 2, d_model, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    return F.layer_norm(drawn, (d_model,), eps=0.0)


NO_TENSOR = "no tensor: give torch tensors (torch.as_tensor)"


def _seen(weights: Weights, read: Callable[[str, str, str, int | None], Tensor]) -> dict[str, Any]:
    """What is compared: names, shapes, the gains and biases, what each matrix makes of what it reads, and the rest."""
    seen: dict[str, Any] = {"the names in the dictionary": set(weights)}
    for name, value in weights.items():
        seen[f"the shape of {name}"] = str(tuple(value.shape)) if isinstance(value, Tensor) else NO_TENSOR
    reading = {name for readers in READERS.values() for pair in readers.items() for name in pair}
    for name, value in weights.items():
        if name not in reading and isinstance(value, Tensor):
            seen[name] = value
    for norm, readers in READERS.items():
        for matrix, bias in readers.items():
            layers: list[int | None] = [None] if norm == "ln_final" else list(range(len(weights[matrix])))
            rows = [read(norm, matrix, bias, layer) for layer in layers]
            seen[f"what {matrix} and {bias} make of a normalised vector"] = torch.stack(rows)
    return seen


def _read(weights: Weights, matrix: str, bias: str, layer: int | None, normed: Tensor) -> Tensor:
    W, b = (weights[name] if layer is None else weights[name][layer] for name in (matrix, bias))
    return normed @ W.double() + b.double().unsqueeze(-2)


def _observe_folded(case: Case, folded: Any) -> Any:
    """A folded model is known by what its matrices make of normalised vectors, not by its numbers: a right answer may
    also have centred the columns, which changes nothing."""
    before: Weights = case.args[0]
    d_model = len(before["ln_final_w"])
    if not isinstance(folded, dict):
        return folded
    fits = folded.keys() >= before.keys() and all(
        isinstance(folded[name], Tensor)
        and folded[name].shape == before[name].shape
        and folded[name].is_floating_point()
        for name in before
    )
    if not fits:
        return {"the names in the dictionary": set(folded)} | {
            f"the shape of {name}": str(tuple(folded[name].shape)) if isinstance(folded[name], Tensor) else NO_TENSOR
            for name in before
            if name in folded
        }
    vectors = _vectors(d_model)

    def read(norm: str, matrix: str, bias: str, layer: int | None) -> Tensor:
        gain, shift = (folded[f"{norm}_{each}"] for each in "wb")
        gain, shift = (each if layer is None else each[layer] for each in (gain, shift))
        return _read(folded, matrix, bias, layer, vectors * gain.double() + shift.double())

    return _seen({name: folded[name] for name in before} | folded, read)


def _by_what_is_read(weights: Weights) -> dict[str, Any]:
    """Never folds: gives the old LayerNorm's output, by torch, to the old matrices, and asks for gains 1 and biases
    0."""
    d_model = len(weights["ln_final_w"])
    target = {
        name: torch.ones_like(value) if name.startswith("ln") and name.endswith("_w") else value
        for name, value in weights.items()
    }
    target = {
        name: torch.zeros_like(value) if name.startswith("ln") and name.endswith("_b") else value
        for name, value in target.items()
    }

    def read(norm: str, matrix: str, bias: str, layer: int | None) -> Tensor:
        gain, shift = (weights[f"{norm}_{each}"] for each in "wb")
        gain, shift = (each if layer is None else each[layer] for each in (gain, shift))
        normed = F.layer_norm(_vectors(d_model), (d_model,), gain.double(), shift.double(), eps=0.0)
        return _read(weights, matrix, bias, layer, normed)

    return _seen(target, read)


def _fold_by_einsum(weights: Weights) -> Weights:
    out = {name: value.clone() for name, value in weights.items()}
    for each in "QKV":
        out[f"b_{each}"] += torch.einsum("lm,lhme->lhe", weights["ln1_b"], weights[f"W_{each}"])
        out[f"W_{each}"] = torch.einsum("lm,lhme->lhme", weights["ln1_w"], weights[f"W_{each}"])
    out["b_in"] += torch.einsum("lm,lmn->ln", weights["ln2_b"], weights["W_in"])
    out["W_in"] = torch.einsum("lm,lmn->lmn", weights["ln2_w"], weights["W_in"])
    out["b_U"] += weights["ln_final_b"] @ weights["W_U"]
    out["W_U"] = weights["ln_final_w"][:, None] * weights["W_U"]
    for norm in READERS:
        out[f"{norm}_w"].fill_(1)
        out[f"{norm}_b"].zero_()
    return out


def _fold_by_loops(weights: Weights) -> Weights:
    """One matrix at a time, with a diagonal matrix, in double precision."""
    out = {name: value.double() for name, value in weights.items()}
    layers, heads = weights["W_Q"].shape[:2]

    def fold(W: Tensor, c: Tensor, gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        return torch.diag(gain) @ W, c + W.T @ bias

    new = {name: value.clone() for name, value in out.items()}
    for i in range(layers):
        for each in "QKV":
            for h in range(heads):
                new[f"W_{each}"][i, h], new[f"b_{each}"][i, h] = fold(
                    out[f"W_{each}"][i, h], out[f"b_{each}"][i, h], out["ln1_w"][i], out["ln1_b"][i]
                )
        new["W_in"][i], new["b_in"][i] = fold(out["W_in"][i], out["b_in"][i], out["ln2_w"][i], out["ln2_b"][i])
    new["W_U"], new["b_U"] = fold(out["W_U"], out["b_U"], out["ln_final_w"], out["ln_final_b"])
    for norm in READERS:
        new[f"{norm}_w"], new[f"{norm}_b"] = torch.ones_like(new[f"{norm}_w"]), torch.zeros_like(new[f"{norm}_b"])
    return new


def _fold_and_centre_columns(weights: Weights) -> Weights:
    """As TransformerLens folds: what reads is centred as well, which nothing notices, since what is read has mean
    zero."""
    out = _fold_by_einsum(weights)
    for name in ("W_Q", "W_K", "W_V", "W_in", "W_U"):
        out[name] = out[name] - out[name].mean(-2, keepdim=True)
    return out


class _Folding:
    def __call__(self, weights: Weights) -> Weights:
        self.old, self.new = weights, dict(weights)
        for norm, readers in READERS.items():
            for matrix, bias in readers.items():
                self.fold(norm, matrix, bias)
        return self.new | {
            name: torch.full_like(value, float(name.endswith("_w")))
            for name, value in self.old.items()
            if name.startswith("ln")
        }

    def fold(self, norm: str, matrix: str, bias: str) -> None:
        W = self.old[matrix]
        gain, shift = (self.old[f"{norm}_{each}"] for each in "wb")
        while gain.ndim < W.ndim - 1:
            gain, shift = gain.unsqueeze(1), shift.unsqueeze(1)
        self.new[matrix] = (W.mT * gain.unsqueeze(-2)).mT
        self.new[bias] = self.old[bias] + (W * shift.unsqueeze(-1)).sum(-2)


def _fold_variant(
    *,
    gain: str = "rows",
    bias: str = "folded",
    gains: str = "one",
    biases: str = "zero",
    without: str = "",
    norms: str = "as they are",
    first: str = "both from the old matrix",
    operation: str = "times",
    given: str = "everything",
) -> Callable[[Weights], Weights]:
    """The answer with one or two things done otherwise."""

    def answer(weights: Weights) -> Weights:
        out = dict(weights)
        for norm, readers in READERS.items():
            source = {
                "exchanged": {"ln1": "ln2", "ln2": "ln1"},
                "ln1 for the MLP": {"ln2": "ln1"},
                "ln2 for the attention": {"ln1": "ln2"},
            }.get(norms, {}).get(norm, norm)
            w, b = weights[f"{source}_w"], weights[f"{source}_b"]
            if norm == without:
                continue
            for matrix, offset in readers.items():
                W = weights[matrix]
                if matrix == without or norms == f"{norm} nowhere":
                    continue
                heads = W.ndim == 4
                column, row = (w[:, None, :, None], b[:, None, :, None]) if heads else (w[..., None], b[..., None])
                if gain == "columns":
                    column = w[:, None, None, :] if heads else w[..., None, :]
                elif gain == "layers taken for heads" and heads:
                    column = w[..., None]
                elif gain == "not":
                    column = torch.ones_like(column)
                folded = W / column if operation == "divided" else W * column
                through = {"both from the old matrix": W, "gain first": folded}[first]
                out[matrix] = folded
                if bias == "folded" or (bias == "not of the attention" and norm != "ln1"):
                    out[offset] = weights[offset] + (through * row).sum(-2)
                elif bias == "in place of the old one":
                    out[offset] = (through * row).sum(-2)
                elif bias == "subtracted":
                    out[offset] = weights[offset] - (through * row).sum(-2)
        for norm in READERS:
            if norm == without:
                continue
            if gains == "one":
                out[f"{norm}_w"] = torch.ones_like(weights[f"{norm}_w"])
            if biases == "zero":
                out[f"{norm}_b"] = torch.zeros_like(weights[f"{norm}_b"])
        if given == "without LayerNorms":
            return {name: value for name, value in out.items() if not name.startswith("ln")}
        if given == "what reads":
            return {name: out[name] for readers in READERS.values() for pair in readers.items() for name in pair}
        return out

    return answer


def _fold_writers(weights: Weights) -> Weights:
    """Gain and bias go into what writes."""
    out = _fold_variant(gain="not", bias="dropped")(weights)
    out["W_O"] = weights["W_O"] * weights["ln1_w"][:, None, None, :]
    out["b_O"] = weights["b_O"] * weights["ln1_w"] + weights["ln1_b"]
    out["W_out"] = weights["W_out"] * weights["ln2_w"][:, None, :]
    out["b_out"] = weights["b_out"] * weights["ln2_w"] + weights["ln2_b"]
    return out


def _fold_cases(draw: Draw) -> list[Case]:
    width = draw.integer(5, 7)
    return [
        Case("two layers, three heads, all sizes different", (random_weights(draw, sizes_of(2, 3, 12, 4, 17, 9)),)),
        Case("as many heads as layers", (random_weights(draw, sizes_of(2, 2, 8, 4, 11, 13)),)),
        Case(
            "one head a layer, all other sizes equal, learned positions",
            (random_weights(draw, sizes_of(3, 1, width, width, width, width), n_ctx=width + 1),),
        ),
    ]


fold_layer_norm = Exercise(
    name="fold_layer_norm",
    chapter="transformer_maths",
    section="1.11",
    title="Folding LayerNorm",
    core=False,
    difficulty=3,
    minutes=15,
    points=3,
    prerequisites=("layer_norm",),
    hints=(
        "Take one LayerNorm and one matrix behind it and multiply out (n · w + b) W + c. What stands before n is the "
        "new matrix, what stands alone is the new bias.",
        "Entry i of n meets row i of W, so the gain multiplies rows: w[:, None] * W for one matrix, and the bias "
        "becomes "
        'c + b @ W with the old W. For all layers and heads at once: torch.einsum("lm,lhme->lhme", ln1_w, W_Q) and '
        'torch.einsum("lm,lhme->lhe", ln1_b, W_Q).',
        'folded = dict(weights); for each of Q, K, V: folded["b_Q"] = weights["b_Q"] + torch.einsum("lm,lhme->lhe", '
        'weights["ln1_b"], weights["W_Q"]) and folded["W_Q"] = weights["ln1_w"][:, None, :, None] * weights["W_Q"]. '
        "W_in and b_in likewise with ln2, W_U and b_U with ln_final. Then put torch.ones_like(…) for the three gains "
        "and torch.zeros_like(…) for the three biases.",
    ),
    reference=helper.fold_layer_norm,
    oracle=Oracle(
        "the old LayerNorm, by torch, read by the old matrices: the new ones have to make the same of a normalised "
        "vector",
        _by_what_is_read,
        observes=True,
    ),
    cases=_fold_cases,
    observe=_observe_folded,
    variant=_fold_variant,
    alternatives={
        "einsum on clones": _fold_by_einsum,
        "loops over matrices, diagonal matrices, double precision": _fold_by_loops,
        "with the columns centred, as TransformerLens does": _fold_and_centre_columns,
        "an object that transposes": _Folding(),
    },
    misconceptions=(
        Misconception(
            "the bias is not folded",
            "You set LayerNorm's bias to zero and put it nowhere. It reached every matrix: (n · w + b) W holds the "
            "constant b W. Add that to the matrix's own bias: b_Q + ln1_b W_Q, and so on.",
            switches={"bias": "dropped"},
        ),
        Misconception(
            "the bias stays in LayerNorm",
            "Your matrices have the gain in them, and the bias stays in LayerNorm. What a matrix reads is then n + b, "
            "so the bias is multiplied by the gain, which it was not before. Move the bias, too: b W, with the old W, "
            "goes into the matrix's own bias, and LayerNorm's becomes zero.",
            switches={"bias": "dropped", "biases": "left"},
        ),
        Misconception(
            "the bias counts twice",
            "You add b W to the matrices' biases and leave LayerNorm's bias as it is, so it comes in twice. What has "
            "been folded has to go: put zeros in ln1_b, ln2_b and ln_final_b.",
            switches={"biases": "left"},
        ),
        Misconception(
            "the gain counts twice",
            "The gain is in your matrices and still in LayerNorm, so everything is multiplied by it twice. What has "
            "been folded has to go: put ones in ln1_w, ln2_w and ln_final_w.",
            switches={"gains": "left"},
        ),
        Misconception(
            "the gain is not folded",
            "You set the gains to one and the matrices have not changed, so the gain is lost. It belongs to the "
            "entries of what is read: row i of each matrix is multiplied by entry i of the gain.",
            switches={"gain": "not"},
        ),
        Misconception(
            "gain on the wrong axis",
            "Your gain multiplies the columns of the matrices: what comes out. (Where the sizes differ that does not "
            "even run.) Entry i of the gain belongs to entry i of what is *read*, and that meets row i: the axis "
            "d_model, last but one.",
            switches={"gain": "columns"},
        ),
        Misconception(
            "layers taken for heads",
            "The gain of layer l multiplies head l of every layer. W_Q has axes layer, head, d_model, d_head and the "
            "gain has layer, d_model: without an axis of size one for the heads, broadcasting lines layers up with "
            "heads. Write ln1_w[:, None, :, None].",
            switches={"gain": "layers taken for heads"},
        ),
        Misconception(
            "the bias goes through the new matrix",
            "You fold the gain first and then send the bias through the matrix that has the gain in it. LayerNorm adds "
            "b *after* multiplying by w, so b never met the gain: use the old matrix for b W. If your code "
            "says weights[…] there: new = weights makes no copy, so it is folded already. Start with dict(weights).",
            switches={"first": "gain first"},
        ),
        Misconception(
            "the old bias is lost",
            "b W takes the place of the matrix's own bias. It is added to it: b_Q + ln1_b W_Q.",
            switches={"bias": "in place of the old one"},
        ),
        Misconception(
            "the bias is subtracted",
            "You subtract b W from the matrices' biases. Multiply (n · w + b) W + c out: b W is added to c.",
            switches={"bias": "subtracted"},
        ),
        Misconception(
            "divided by the gain",
            "You divide the rows by the gain. LayerNorm no longer multiplies, so the matrix has to do it: multiply.",
            switches={"operation": "divided"},
        ),
        Misconception(
            "the last LayerNorm is left as it was",
            "ln_final is not folded. It has a reader as well: W_U, with b_U.",
            switches={"without": "ln_final"},
        ),
        Misconception(
            "the MLP is left as it was",
            "ln2 is not folded. Its reader is W_in, with b_in.",
            switches={"without": "ln2"},
        ),
        Misconception(
            "the values are forgotten",
            "Queries and keys have taken over gain and bias of ln1, the values have not. W_V reads the same LayerNorm: "
            "fold it into W_V and b_V as well.",
            switches={"without": "W_V"},
        ),
        Misconception(
            "ln1 and ln2 exchanged",
            "You fold ln2 into the attention and ln1 into the MLP. ln1 comes first in a layer and is read by W_Q, W_K "
            "and W_V; ln2 is read by W_in.",
            switches={"norms": "exchanged"},
        ),
        Misconception(
            "ln1 for the MLP",
            "You fold ln1 into W_in. The MLP reads the second LayerNorm of its layer: ln2_w and ln2_b go into "
            "W_in and b_in.",
            switches={"norms": "ln1 for the MLP"},
        ),
        Misconception(
            "ln2 for the attention",
            "You fold ln2 into W_Q, W_K and W_V. Attention reads the first LayerNorm of its layer: ln1_w and ln1_b.",
            switches={"norms": "ln2 for the attention"},
        ),
        Misconception(
            "ln2 goes nowhere",
            "You set ln2 to ones and zeros, and W_in and b_in are as they were: its gain and bias are lost. "
            "Multiply W_in by ln2_w, row by row, and add ln2_b W_in to b_in.",
            switches={"norms": "ln2 nowhere"},
        ),
        Misconception(
            "the last LayerNorm goes nowhere",
            "You set ln_final to ones and zeros, and W_U and b_U are as they were: its gain and bias are lost. "
            "Multiply W_U by ln_final_w, row by row, and add ln_final_b W_U to b_U.",
            switches={"norms": "ln_final nowhere"},
        ),
        Misconception(
            "the attention's biases are forgotten",
            "ln2_b and ln_final_b are folded, ln1_b is not: the biases b_Q, b_K and b_V are as they were. Each head's "
            "queries, keys and values take their share: b_Q + ln1_b W_Q.",
            switches={"bias": "not of the attention"},
        ),
        Misconception(
            "the LayerNorms are taken out",
            "Your dictionary has no ln1, ln2 and ln_final any more. They still have work to do: subtract the mean, "
            "divide by the scale. Keep their names, with gains of one and biases of zero.",
            switches={"given": "without LayerNorms"},
        ),
        Misconception(
            "only what has changed",
            "You return the matrices and biases that were folded and nothing else. Nobody can run that: return the "
            "whole model, all names, also the tensors that stay as they were.",
            switches={"given": "what reads"},
        ),
        Misconception(
            "folded into what writes",
            "You fold each LayerNorm into W_O and W_out, which write into the stream. LayerNorm stands before W_Q, "
            "W_K, W_V and W_in and acts on a copy that only these read: fold it into them.",
            _fold_writers,
        ),
    ),
)

# --- centre_weights ---------------------------------------------------------------------------------------------------


def _by_projection(weights: Weights) -> Weights:
    """A matrix that takes the mean away, in numpy and double precision."""

    def projected(value: Tensor) -> Tensor:
        rows = value.double().numpy()
        n = rows.shape[-1]
        return torch.from_numpy(rows @ (np.eye(n) - np.full((n, n), 1 / n)))

    written = {"W_E", "W_pos", "W_O", "b_O", "W_out", "b_out", "W_U", "b_U"}
    return {name: projected(value) if name in written else value for name, value in weights.items()}


def _centre_by_name(weights: Weights) -> Weights:
    out = {name: value.clone() for name, value in weights.items()}
    for name in ["W_E", "W_O", "W_out", "W_U"] + ["W_pos"] * ("W_pos" in weights):
        out[name] -= weights[name].mean(dim=-1, keepdim=True)
    for i in range(len(weights["b_O"])):
        out["b_O"][i] = weights["b_O"][i] - weights["b_O"][i].mean()
        out["b_out"][i] = weights["b_out"][i] - weights["b_out"][i].mean()
    out["b_U"] = weights["b_U"] - weights["b_U"].mean()
    return out


def _centre_in_double(weights: Weights) -> Weights:
    names = [name for name in weights if name in ("W_E", "W_pos", "W_O", "b_O", "W_out", "b_out", "W_U", "b_U")]
    fine = {name: weights[name].double() for name in names}
    return {**weights, **{name: value - value.sum(-1, True) / value.shape[-1] for name, value in fine.items()}}


def _centre_by_layer_norm(weights: Weights) -> Weights:
    """LayerNorm without its division."""

    def centred(value: Tensor) -> Tensor:
        normed = F.layer_norm(value, value.shape[-1:], eps=0.0)
        return normed * value.std(-1, correction=0, keepdim=True)

    return {
        name: centred(value) if name in ("W_E", "W_pos", "W_O", "b_O", "W_out", "b_out", "W_U", "b_U") else value
        for name, value in weights.items()
    }


def _centre_variant(
    *,
    without: tuple[str, ...] = (),
    embedding: str = "words",
    attention: str = "d_model",
    given: str = "as given",
    neurons: str = "d_model",
    unembedding: str = "d_vocab",
    biases: str = "by layer",
    readers: str = "left",
    how: str = "mean",
) -> Callable[[Weights], Weights]:
    """The answer with one or two things done otherwise."""

    def answer(weights: Weights) -> Weights:
        axes: dict[str, int | None] = {
            "W_E": -1 if embedding == "words" else 0,
            "W_pos": -1 if embedding == "words" else 0,
            "W_O": {"d_model": -1, "d_head": -2, "head": 1}[attention],
            "W_out": -1 if neurons == "d_model" else -2,
            "W_U": {"d_vocab": -1, "d_model": 0}.get(unembedding),
            "b_O": {"by layer": -1, "over layers": 0}.get(biases),
            "b_out": {"by layer": -1, "over layers": 0}.get(biases),
            "b_U": -1,
        }
        if given == "folded":
            weights = _fold_by_einsum(weights)
        if how == "axis 0":
            axes = dict.fromkeys(axes, 0)
        if how == "one number a tensor":
            axes = dict.fromkeys(axes)
        if readers == "everything":
            axes |= {name: -1 for name in weights if name not in axes}
        if readers == "centred":
            axes |= {"W_Q": -2, "W_K": -2, "W_V": -2, "W_in": -2}
        out = dict(weights)
        for name, axis in axes.items():
            if name not in weights or name in without:
                continue
            value = weights[name]
            mean = value.mean() if axis is None else value.mean(axis, keepdim=True)
            out[name] = value - mean
            if how == "standardised" and axis is not None:
                out[name] = out[name] / value.std(axis, correction=0, keepdim=True)
        return out

    return answer


def _centre_cases(draw: Draw) -> list[Case]:
    return [
        Case("two layers, three heads, all sizes different", (random_weights(draw, sizes_of(2, 3, 12, 4, 17, 9)),)),
        Case(
            "three layers of one head, learned positions",
            (random_weights(draw, sizes_of(3, 1, 6, 6, draw.integer(8, 10), 11), n_ctx=7),),
        ),
    ]


centre_weights = Exercise(
    name="centre_weights",
    chapter="transformer_maths",
    section="1.11",
    title="Centring the weights",
    core=False,
    difficulty=2,
    minutes=10,
    points=2,
    prerequisites=("fold_layer_norm",),
    hints=(
        "For each tensor on the list ask which axis is added to the residual stream (or, for W_U and b_U, which axis "
        "is the logits of one position). The mean goes along that axis.",
        "In rows-times-matrix order the axis that comes out is the last one, for all of them: d_model for what writes, "
        "d_vocab for W_U and b_U. value.mean(-1, keepdim=True) is its mean.",
        'For name in "W_E", "W_pos" (if it is there), "W_O", "b_O", "W_out", "b_out", "W_U", "b_U": centred[name] = '
        "weights[name] - weights[name].mean(-1, keepdim=True), in a copy of the dictionary.",
    ),
    reference=helper.centre_weights,
    oracle=Oracle("times the matrix that takes the mean away, in numpy and double precision", _by_projection),
    cases=_centre_cases,
    variant=_centre_variant,
    alternatives={
        "name by name, layer by layer": _centre_by_name,
        "sums, in double precision": _centre_in_double,
        "LayerNorm times the standard deviation": _centre_by_layer_norm,
    },
    misconceptions=(
        Misconception(
            "the mean word is taken away",
            "You subtract from W_E the mean over words: the average embedding. That makes the words' average zero and "
            "changes what the model computes. LayerNorm takes away the mean over d_model of each vector: the last "
            "axis.",
            switches={"embedding": "mean word"},
        ),
        Misconception(
            "W_O along d_head",
            "You centre W_O along d_head, the axis that comes in. What is written has the axis d_model: the last one.",
            switches={"attention": "d_head"},
        ),
        Misconception(
            "W_out along the neurons",
            "You centre W_out along its neurons: the average neuron's output is taken away. What each neuron writes is "
            "a row, and the row loses its own mean: the last axis.",
            switches={"neurons": "d_mlp"},
        ),
        Misconception(
            "W_U along d_model",
            "You centre each word's column of W_U along d_model. What the softmax does not see is a number added to "
            "all words' logits at once: the mean over d_vocab, the last axis. (Your centring is harmless after "
            "folding, when what W_U reads has mean zero, and changes the model before.)",
            switches={"unembedding": "d_model"},
        ),
        Misconception(
            "W_U as one number",
            "You subtract one number, the mean of all of W_U. The mean over the vocabulary is one number for each "
            "entry of d_model: W_U.mean(-1, keepdim=True).",
            switches={"unembedding": "everything"},
        ),
        Misconception(
            "one mean for all layers",
            "b_O and b_out have an axis of layers, and you subtract the mean over all layers from each. Every layer's "
            "bias is a vector of its own: .mean(-1, keepdim=True).",
            switches={"biases": "all layers"},
        ),
        Misconception(
            "the biases that write are forgotten",
            "b_O and b_out are written into the stream as well. Leave them, and the stream's mean is not zero: centre "
            "them along d_model.",
            switches={"without": ("b_O", "b_out")},
        ),
        Misconception(
            "b_O is forgotten",
            "Attention writes its bias, too: b_O has to be centred along d_model, as b_out is.",
            switches={"without": ("b_O",)},
        ),
        Misconception(
            "b_out is forgotten",
            "The MLP writes its bias, too: b_out has to be centred along d_model, as b_O is.",
            switches={"without": ("b_out",)},
        ),
        Misconception(
            "b_U is forgotten",
            "W_U is centred and b_U is not. The logits' mean comes from both: subtract b_U's mean over the vocabulary.",
            switches={"without": ("b_U",)},
        ),
        Misconception(
            "the unembedding is forgotten",
            "W_U and b_U are as they were. LayerNorm is not the only part that overlooks something: softmax does not "
            "see a number added to all logits of a position. Centre W_U and b_U along the vocabulary.",
            switches={"without": ("W_U", "b_U")},
        ),
        Misconception(
            "the embedding is forgotten",
            "W_E (and W_pos, where there is one) writes into the stream as well, first of all. Centre it along "
            "d_model.",
            switches={"without": ("W_E", "W_pos")},
        ),
        Misconception(
            "learned positions are forgotten",
            'W_pos is added to the stream like W_E. Where a model has one ("W_pos" in weights), centre it, too.',
            switches={"without": ("W_pos",)},
        ),
        Misconception(
            "what reads is centred as well",
            "You also centre W_Q, W_K, W_V and W_in along d_model. After folding nothing would notice (TransformerLens "
            "does it then), but these weights may not be folded: what they read then has a mean, and the model "
            "changes. Asked for is what writes, and W_U with b_U.",
            switches={"readers": "centred"},
        ),
        Misconception(
            "everything is centred",
            "You centre every tensor along its last axis, gains, queries and all. Only what is added to the stream may "
            "lose its mean, because LayerNorm would take it, and W_U and b_U, because of the softmax. Elsewhere the "
            "mean does something.",
            switches={"readers": "everything"},
        ),
        Misconception(
            "one number for each tensor",
            "You subtract from each tensor one number, the mean of all of it. LayerNorm takes away the mean of each "
            "vector by itself: every row of W_E, of W_O, of W_out has its own, .mean(-1, keepdim=True).",
            switches={"how": "one number a tensor"},
        ),
        Misconception(
            "the mean over layers",
            "You subtract from b_O and b_out the mean over layers, axis 0. Each layer's bias loses the mean of its own "
            "entries: axis -1.",
            switches={"biases": "over layers"},
        ),
        Misconception(
            "the first axis of everything",
            "You take every mean along axis 0: over words for W_E, over layers for W_O and W_out. LayerNorm takes"
            " away the mean of each vector, and the vectors lie along the last axis: .mean(-1, keepdim=True).",
            switches={"how": "axis 0"},
        ),
        Misconception(
            "W_O across heads",
            "You subtract from W_O the mean over heads. Each row of each head's W_O loses its own mean, along d_model.",
            switches={"attention": "head"},
        ),
        Misconception(
            "only the unembedding",
            "W_U and b_U are centred, what writes into the stream is not: W_E, W_pos where there is one, W_O, b_O, "
            "W_out and b_out lose their mean over d_model.",
            switches={"without": ("W_E", "W_pos", "W_O", "b_O", "W_out", "b_out")},
        ),
        Misconception(
            "folded as well",
            "You fold LayerNorm first. That is the other function; this one has to centre the weights as they are "
            "given, folded or not, and leave gains and biases of the LayerNorms alone.",
            switches={"given": "folded"},
        ),
        Misconception(
            "standardised",
            "You also divide by the standard deviation. LayerNorm overlooks the mean of what each part writes and not "
            "the size, which settles how much a part counts beside the others. Subtract the mean, and no more.",
            switches={"how": "standardised"},
        ),
    ),
)

EXERCISES = [fold_layer_norm, centre_weights]
