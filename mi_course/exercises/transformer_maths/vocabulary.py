"""What a neuron writes, as words."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.exercises.transformer_maths.lens import small_weights, stacked
from mi_course.transformer_maths import Weights

QUESTIONS = [
    Question(
        name="one_class_of_ten",
        text="Of the ten words that a neuron of story's layer 2 raises most, how many belong to one class of words, "
        "the class that fits best, on average over neurons? (Right if within 1.)",
        kind=float,
        low=1,
        high=10,
        unit="words of ten",
        comes_true=lambda value, outcome: abs(value - outcome) <= 1,
    ),
    Question(
        name="one_class_at_random",
        text="And how many of the ten words that a random direction raises most, through story's gain and W_U? (Right "
        "if within 1.)",
        kind=float,
        low=1,
        high=10,
        unit="words of ten",
        comes_true=lambda value, outcome: abs(value - outcome) <= 1,
    ),
]


def _reference(weights: Weights, layer: int, k: int) -> Tensor:
    return helper.mlp_vocabulary(weights, layer, k)


def _by_folding(weights: Weights, layer: int, k: int) -> Tensor:
    """Gain and centring moved into W_U, in numpy's double precision, and a full sort."""
    gain, W_U, rows = (weights[name].detach().double().numpy() for name in ("ln_final_w", "W_U", "W_out"))
    folded = gain[:, None] * W_U
    folded = folded - folded.mean(axis=0, keepdims=True)
    order = np.argsort(-(rows[layer] @ folded), axis=1, kind="stable")
    return torch.from_numpy(order[:, :k].copy())


def _by_sorting(weights: Weights, layer: int, k: int) -> list[list[int]]:
    gain, W_U = weights["ln_final_w"].double(), weights["W_U"].double()
    lists = []
    for row in weights["W_out"][layer].double():
        scores = [float(((row - row.mean()) * gain * W_U[:, word]).sum()) for word in range(W_U.shape[1])]
        lists.append(sorted(range(len(scores)), key=lambda word, scores=scores: -scores[word])[:k])
    return lists


def _by_layer_norm(weights: Weights, layer: int, k: int) -> Tensor:
    """Each row normalised by itself: a positive factor for each neuron, which leaves the order as it was."""
    rows = F.layer_norm(weights["W_out"][layer], weights["ln_final_w"].shape, weights["ln_final_w"], eps=1e-12)
    return (rows @ weights["W_U"]).softmax(-1).argsort(-1, descending=True)[:, :k]


def _by_einsum(weights: Weights, layer: int, k: int) -> Tensor:
    d_model = weights["W_U"].shape[0]
    centring = torch.eye(d_model) - torch.full((d_model, d_model), 1 / d_model)
    scores = torch.einsum("nm,mp,p,pv->vn", weights["W_out"][layer], centring, weights["ln_final_w"], weights["W_U"])
    return torch.topk(scores, k, dim=0).indices.T.to(torch.int32)


def _relative_to_the_mean_word(weights: Weights, layer: int, k: int) -> np.ndarray:
    """The mean over words subtracted as well: it moves all logits of a neuron alike."""
    rows = weights["W_out"][layer].float()
    scores = (rows - rows.mean(1)[:, None]) @ torch.diag(weights["ln_final_w"]) @ weights["W_U"]
    scores = scores - scores.mean(-1, keepdim=True)
    return np.stack([np.argsort(-each.numpy())[:k] for each in scores])


def _variant(
    *,
    read: str = "W_out",
    centre: str = "rows",
    gain: str = "ln_final",
    unembedding: str = "W_U",
    biases: str = "none",
    order: str = "largest",
    which: str = "layer",
    out: str = "ids",
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def answer(weights: Weights, layer: int, k: int) -> Any:
        layer = {"layer": layer, "first": 0, "one before": layer - 1}[which]
        rows = {
            "W_out": lambda: weights["W_out"][layer],
            "W_in": lambda: weights["W_in"][layer].T,
            "columns": lambda: weights["W_out"][layer].T,
            "b_out too": lambda: weights["W_out"][layer] + weights["b_out"][layer],
        }[read]()
        factor = {
            "ln_final": lambda: weights["ln_final_w"],
            "none": lambda: torch.ones_like(weights["ln_final_w"]),
            "ln2": lambda: weights["ln2_w"][layer],
            "divided": lambda: 1 / weights["ln_final_w"],
        }[gain]()
        rows = {
            "rows": lambda: (rows - rows.mean(-1, keepdim=True)) * factor,
            "none": lambda: rows * factor,
            "neurons": lambda: (rows - rows.mean(0)) * factor,
            "everything": lambda: (rows - rows.mean()) * factor,
            "after the gain": lambda: rows * factor - (rows * factor).mean(-1, keepdim=True),
        }[centre]()
        if biases.startswith("LayerNorm"):  # the row as if it were the stream
            scale = (weights["W_out"][layer].var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
            rows = (rows / scale if len(scale) == len(rows) else rows) + weights["ln_final_b"]
        elif biases in ("ln_final_b", "both"):
            rows = rows + weights["ln_final_b"]
        scores = rows @ (weights["W_U"] if unembedding == "W_U" else weights["W_E"].T)
        if biases in ("b_U", "both", "LayerNorm and b_U"):
            scores = scores + weights["b_U"]
        if order == "absolute":
            scores = scores.abs()
        axis = 0 if out == "neurons" else -1
        if out == "neurons":
            k = min(k, len(scores))
        top = scores.topk(k, dim=axis, largest=order != "smallest")
        ids = {
            "ascending": lambda: top.indices.flip(-1),
            "by id": lambda: top.indices.sort(-1).values,
        }.get(order, lambda: top.indices)()
        return {"ids": ids, "neurons": ids, "scores": top.values, "both": top}[out]

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, layers: int, layer: int, d_model: int, d_mlp: int, d_vocab: int, k: int) -> Case:
        while True:  # until no two words of a list are so close that rounding could exchange them
            weights = small_weights(draw, layers, d_model, d_mlp, d_vocab)
            rows = weights["W_out"].double()
            gain, W_U = weights["ln_final_w"].double(), weights["W_U"].double()
            scores = ((rows - rows.mean(-1, keepdim=True)) * gain)[layer] @ W_U
            ranked = scores.sort(dim=-1, descending=True).values[:, : k + 1]
            if float((ranked[:, :-1] - ranked[:, 1:]).min()) > 1e-3:
                return Case(label, (weights, layer, k), axes=("neuron", "place"))

    return [
        case("three layers, layer 1, five words each", 3, 1, 8, 11, 17, 5),
        case("three layers, layer 2, two words each", 3, 2, 7, 8, 13, 2),
        case("as many neurons as numbers in the stream, two words each", 2, 1, 9, 9, 14, 2),
        case("one layer, one word each", 1, 0, 7, 5, 12, 1),
        case("all words, in order", 2, 1, 6, 4, 10, 10),
    ]


def _observe(case: Case, output: Any) -> Any:
    """Lists of ids and arrays are as good as a tensor."""
    output = stacked(case, output)
    if isinstance(output, list | tuple | np.ndarray):
        with contextlib.suppress(TypeError, ValueError):
            return torch.as_tensor(np.asarray(output))
    return output


mlp_vocabulary = Exercise(
    name="mlp_vocabulary",
    chapter="transformer_maths",
    section="1.15",
    title="What a neuron writes",
    core=False,
    difficulty=2,
    minutes=20,
    points=2,
    prerequisites=("mlp", "logit_lens"),
    hints=(
        "What does one neuron add to the stream, and what happens to that on its way to the logits? The last "
        "LayerNorm does three things to it; one of them is the same factor for all words.",
        "rows = weights['W_out'][layer] has one row a neuron. Subtract each row's mean (dim=-1, keepdim=True), "
        "multiply by weights['ln_final_w'], then @ weights['W_U'].",
        "scores = ((rows - rows.mean(-1, keepdim=True)) * weights['ln_final_w']) @ weights['W_U'] has shape (d_mlp, "
        "d_vocab); scores.topk(k, dim=-1).indices are the ids, the largest first.",
    ),
    reference=_reference,
    oracle=Oracle("gain and centring folded into W_U, numpy in double precision, a full sort", _by_folding),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    alternatives={
        "loops over neurons and words, Python's sorted, a list of lists": _by_sorting,
        "torch's LayerNorm on each row, softmax, argsort": _by_layer_norm,
        "one einsum with a centring matrix, words first, int32": _by_einsum,
        "relative to the mean word, a numpy array": _relative_to_the_mean_word,
    },
    misconceptions=(
        Misconception(
            "W_in for W_out",
            "You read the columns of W_in: the directions that the neurons look for. What they write when they find "
            "them are the rows of W_out.",
            switches={"read": "W_in"},
        ),
        Misconception(
            "columns for rows",
            "You read the columns of W_out: for each entry of the stream, which neurons write into it. A neuron's own "
            "vector is its row, weights['W_out'][layer][n], with d_model numbers.",
            switches={"read": "columns"},
        ),
        Misconception(
            "the gain is forgotten",
            "You leave out the gain of the last LayerNorm. Every entry of the stream is multiplied by it before W_U "
            "reads it, and the gains differ: multiply by ln_final_w.",
            switches={"gain": "none"},
        ),
        Misconception(
            "the gain of the MLP's own LayerNorm",
            "You multiply by ln2_w. That gain stands before the MLP, on what the neurons read. What they write goes "
            "through the last LayerNorm: ln_final_w.",
            switches={"gain": "ln2"},
        ),
        Misconception(
            "divided by the gain",
            "You divide by the gain of the last LayerNorm. It multiplies: layer_norm divides by the scale and "
            "multiplies by w.",
            switches={"gain": "divided"},
        ),
        Misconception(
            "not centred",
            "You do not subtract the mean of the row. The last LayerNorm subtracts the mean of each vector, so what a "
            "neuron writes alike into all entries never reaches the logits.",
            switches={"centre": "none"},
        ),
        Misconception(
            "the mean over neurons",
            "You subtract the mean over neurons, from each entry by itself. That compares a neuron with its "
            "neighbours. The LayerNorm subtracts the mean of each vector: the mean along d_model, of each row.",
            switches={"centre": "neurons"},
        ),
        Misconception(
            "W_E for W_U",
            "You compare with the rows of W_E, the words as they come in. What raises a logit is a column of W_U, "
            "which in story is a matrix of its own.",
            switches={"unembedding": "W_E"},
        ),
        Misconception(
            "the biases are in it",
            "You add ln_final_b and b_U. They raise the same words whatever is in the stream, so they belong to no "
            "neuron, and they bring the same words into every list.",
            switches={"biases": "both"},
        ),
        Misconception(
            "the LayerNorm's bias is in it",
            "You add the bias of the last LayerNorm, ln_final_b, to every row. It is added once, whatever the neurons "
            "do, so no part of it is this neuron's. Leave it out.",
            switches={"biases": "ln_final_b"},
        ),
        Misconception(
            "b_U is in it",
            "You add b_U to the scores: how frequent a word is anyway, for instance. The neuron has no share in that. "
            "Leave it out.",
            switches={"biases": "b_U"},
        ),
        Misconception(
            "the whole LayerNorm on the row",
            "You put the row through the last LayerNorm as if it were the stream: divided by a scale of its own, with "
            "the bias added. In the model the row is one term of a sum, and the bias is another. Only the mean is "
            "subtracted and the gain multiplied.",
            switches={"biases": "LayerNorm"},
        ),
        Misconception(
            "the logit lens on the row",
            "You apply the logit lens to the row: what the model would say if the row were all there is in the stream, "
            "both biases included. Asked for is what the row adds to the logits: without a scale of its own and "
            "without biases.",
            switches={"biases": "LayerNorm and b_U"},
        ),
        Misconception(
            "b_out is in it",
            "You add b_out to each row. It is written once by the whole MLP, whether a neuron is active or not, and "
            "belongs to none of them.",
            switches={"read": "b_out too"},
        ),
        Misconception(
            "the gain before the mean",
            "You multiply by the gain first and subtract the mean afterwards. The LayerNorm does it the other way "
            "round: centred first, then the gain.",
            switches={"centre": "after the gain"},
        ),
        Misconception(
            "one mean for all neurons",
            "You subtract one number from everything, the mean of the whole matrix. Each row has a mean of its own: "
            "mean(dim=-1, keepdim=True).",
            switches={"centre": "everything"},
        ),
        Misconception(
            "sorted by id",
            "The right words, in the order of their ids. Asked for is the order of their rises: the most raised first.",
            switches={"order": "by id"},
        ),
        Misconception(
            "the largest in size",
            "You sort by absolute value, so words that the neuron lowers most stand among those that it raises. Asked "
            "for are the words raised most: sort by the value with its sign.",
            switches={"order": "absolute"},
        ),
        Misconception(
            "the words lowered most",
            "These are the words whose logits the neuron lowers most. Asked for are those it raises most: the largest "
            "values.",
            switches={"order": "smallest"},
        ),
        Misconception(
            "the most raised last",
            "The right words, in rising order. The most raised word comes first.",
            switches={"order": "ascending"},
        ),
        Misconception(
            "one layer too early",
            "You read the layer before the one asked for. Layers count from 0, so weights['W_out'][layer] belongs"
            " to the layer of that number.",
            switches={"which": "one before"},
        ),
        Misconception(
            "always layer 0",
            "You read layer 0 whatever layer is asked for. weights['W_out'][layer] belongs to the layer of "
            "that number.",
            switches={"which": "first"},
        ),
        Misconception(
            "neurons for each word",
            "Your topk runs along the neurons: for each word, the neurons that raise it most. Asked for is, for each "
            "neuron, the words: the last axis, shape (d_mlp, k).",
            switches={"out": "neurons"},
        ),
        Misconception(
            "scores for ids",
            "These are the sizes of the rises. Asked for is which words they belong to: topk returns both, .values and "
            ".indices.",
            switches={"out": "scores"},
        ),
        Misconception(
            "scores and ids together",
            "You return both things that topk gives. Asked for are the ids alone: take .indices of it.",
            switches={"out": "both"},
        ),
    ),
)

EXERCISES = [mlp_vocabulary]
