"""A head as two circuits, in tokens."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.exercises.transformer_maths.factors import factors, observe_factors

QUESTIONS = [
    Question(
        name="capitals_raised",
        text="One head of story-attn-1l looks at a country. For how many of 40 countries is its own capital the one "
        "that is raised most among the 40 capitals? (Right if within 5.)",
        low=0,
        high=40,
        unit="countries",
        comes_true=lambda value, outcome: abs(value - outcome) <= 5,
    ),
    Question(
        name="rotary_circuits",
        text="The previous-token head L1H0 of story: the cosine between its QK matrices for distances 1 and 5? (Right "
        "if within 0.15.)",
        kind=float,
        low=-1,
        high=1,
        comes_true=lambda value, outcome: abs(value - outcome) <= 0.15,
    ),
]


# --- ov_circuit -------------------------------------------------------------------------------------------------------


def _ov_reference(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> tuple[Tensor, Tensor]:
    circuit = helper.ov_circuit(W_E, W_V, W_O, W_U)
    return circuit.A, circuit.B


def _ov_by_tokens(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> dict[str, Any]:
    """What each token's value adds to each logit, one token and one logit at a time, in numpy's double precision."""
    embedding, values, output, unembedding = (each.double().numpy() for each in (W_E, W_V, W_O, W_U))
    table = np.zeros((len(embedding), unembedding.shape[1]))
    for source, row in enumerate(embedding):
        written = np.array([row @ values[:, i] for i in range(values.shape[1])]) @ output
        for token in range(unembedding.shape[1]):
            table[source, token] = written @ unembedding[:, token]
    return {"product": torch.from_numpy(table).float(), "axis between them": W_V.shape[1]}


class _Product:
    """A wrapping of one's own, with the factors as A and B, as FactoredMatrix has them."""

    def __init__(self, A: Tensor, B: Tensor) -> None:
        self.A, self.B = A, B


def _ov_in_an_object(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> _Product:
    return _Product((W_V.T @ W_E.T).T, (W_U.T @ W_O.T).T)


def _ov_by_einsum(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> list[Tensor]:
    return [torch.einsum("sm,mh->sh", W_E, W_V), torch.einsum("hm,mv->hv", W_O, W_U)]


def _ov_balanced(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> tuple[Tensor, Tensor]:
    left, right = W_E.double() @ W_V.double(), W_O.double() @ W_U.double()
    u, s, vh = torch.linalg.svd(right, full_matrices=False)
    return left @ u * s.sqrt(), s.sqrt()[:, None] * vh


def _ov_by_rows(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> tuple[Tensor, Tensor]:
    left = torch.stack([(row[:, None] * W_V).sum(0) for row in W_E])
    right = torch.stack([W_U.T @ row for row in W_O])
    return left.requires_grad_(), right


def _ov_variant(
    *,
    left: str = "W_E",
    right: str = "W_U",
    middle: str = "V, O",
    turned: bool = False,
    scaled: bool = False,
    out: str = "factors",
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def answer(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> Any:
        first, second = {"V, O": (W_V, W_O), "O, V": (W_O.T, W_V.T)}[middle]
        A = {
            "W_E": lambda: W_E @ first,
            "W_U": lambda: W_U.T @ first,
            "normed": lambda: torch.nn.functional.layer_norm(W_E, W_E.shape[1:]) @ first,
            "nothing": lambda: first,
        }[left]()
        if scaled:
            A = A / W_V.shape[1] ** 0.5
        B = {"W_U": lambda: second @ W_U, "W_E": lambda: second @ W_E.T, "nothing": lambda: second}[right]()
        if turned:
            A, B = B.T, A.T
        return {
            "factors": lambda: (A, B),
            "first": lambda: A,
            "exchanged": lambda: (B, A),
            "direct": lambda: A @ B + (W_E @ W_U if A.shape[0] == B.shape[1] == len(W_E) else 0),
            "whole": lambda: A @ B,
            "probabilities": lambda: (A @ B).softmax(-1),
            "wide": lambda: (A @ second, W_U) if right == "W_U" and not turned else (A, B),
            "second turned": lambda: (A, B.T),
        }[out]()

    return answer


def _ov_cases(draw: Draw) -> list[Case]:
    def case(label: str, d_vocab: int, d_model: int, d_head: int) -> Case:
        matrices = (
            draw.normal(f"{d_vocab} {d_model}", mean=0.3),
            draw.normal(f"{d_model} {d_head}", mean=0.1),
            draw.normal(f"{d_head} {d_model}", mean=-0.1),
            draw.normal(f"{d_model} {d_vocab}", mean=0.2),
        )
        return Case(label, matrices, axes=("source", "logit"))

    return [
        case("11 tokens, d_model 7, d_head 3", 11, 7, 3),
        case("9 tokens, d_model 5, d_head 2", 9, 5, 2),
        case("8 tokens, d_model 6, one number a head", 8, 6, 1),
    ]


ov_circuit = Exercise(
    name="ov_circuit",
    chapter="transformer_maths",
    section="1.16",
    title="What a head says about a token",
    core=True,
    difficulty=2,
    minutes=10,
    points=2,
    prerequisites=("attention_output",),
    hints=(
        "Follow one token: its row of W_E, the value made of it, what W_O makes of the value, what W_U reads there. "
        "Which of these steps makes the vector short?",
        "The product is W_E W_V W_O W_U. Cut it where the vectors have d_head numbers: all to the left of the cut is "
        "one factor, all to the right the other.",
        "return W_E @ W_V, W_O @ W_U",
    ),
    reference=_ov_reference,
    oracle=Oracle("one token and one logit at a time, in numpy's double precision", _ov_by_tokens, observes=True),
    cases=_ov_cases,
    driver=factors,
    observe=observe_factors,
    variant=_ov_variant,
    alternatives={
        "an object with A and B, as TransformerLens' FactoredMatrix": _ov_in_an_object,
        "einsum, in a list": _ov_by_einsum,
        "other factors with the same product, in double precision": _ov_balanced,
        "row by row": _ov_by_rows,
    },
    misconceptions=(
        Misconception(
            "embedding and unembedding exchanged",
            "You read sources from W_U and logits from W_E. A source token comes in through its row of W_E, and the "
            "logits are read off with W_U: W_E stands on the left, W_U on the right.",
            switches={"left": "W_U", "right": "W_E"},
        ),
        Misconception(
            "W_E for W_U",
            "You read the logits with W_E turned round, which is right where embedding and unembedding are tied. Here "
            "the model has a matrix of its own for it: W_U.",
            switches={"right": "W_E"},
        ),
        Misconception(
            "W_U for W_E",
            "You let the source tokens in through W_U turned round, so your rows are what tokens look like when they "
            "are predicted. What the head sees of a source is its row of W_E.",
            switches={"left": "W_U"},
        ),
        Misconception(
            "W_V and W_O exchanged",
            "You use W_O, turned round, to make values and W_V to write them. The value comes first: W_V makes it "
            "from the stream, W_O writes it back.",
            switches={"middle": "O, V"},
        ),
        Misconception(
            "rows and columns exchanged",
            "Yours is the transpose: rows are logits and columns are sources, as in the paper, which writes columns. "
            "Here vectors are rows, so row t is what looking at token t does: first factor W_E W_V, second W_O W_U.",
            switches={"turned": True},
        ),
        Misconception(
            "ends in the stream",
            "Yours stops at the residual stream: what is written there when a token is looked at. To see what that "
            "does to the logits, multiply by W_U on the right.",
            switches={"right": "nothing"},
        ),
        Misconception(
            "begins in the stream",
            "Your rows are the d_model entries of the stream and not tokens. Put W_E on the left: one row for each "
            "source token.",
            switches={"left": "nothing"},
        ),
        Misconception(
            "no tokens at all",
            "These are W_V and W_O alone: the head as a map from stream to stream. The full circuit goes from token to "
            "logit: W_E on the left, W_U on the right.",
            switches={"left": "nothing", "right": "nothing"},
        ),
        Misconception(
            "the whole product",
            "You return the product, with d_vocab · d_vocab numbers. Asked for are two factors that give it: in a real "
            "vocabulary the product does not fit into memory. Return (W_E W_V, W_O W_U).",
            switches={"out": "whole"},
        ),
        Misconception(
            "only the first factor",
            "You return one factor, the values of all tokens. The other says what is made of a value: W_O W_U. Return "
            "both, the first one first.",
            switches={"out": "first"},
        ),
        Misconception(
            "the direct path as well",
            "You added W_E W_U, what a token does to the logits without any head, and multiplied everything out. The "
            "circuit is the head alone: the two factors W_E W_V and W_O W_U.",
            switches={"out": "direct"},
        ),
        Misconception(
            "the scale of the scores",
            "You divide by √d_head. That belongs to the scores, which decide where a head looks. What it carries from "
            "there is not scaled.",
            switches={"scaled": True},
        ),
        Misconception(
            "a LayerNorm of your own",
            "You normalise the rows of W_E first. This model has no LayerNorm; where one stands before the head, "
            "whoever calls the function hands over normalised rows in place of W_E.",
            switches={"left": "normed"},
        ),
        Misconception(
            "probabilities",
            "You took a softmax of each row. The circuit says what is *added* to the logits. Other parts add to them "
            "as well, and the softmax comes after all have. Return the two factors of the sum itself.",
            switches={"out": "probabilities"},
        ),
        Misconception(
            "cut in the stream",
            "The product is right, but between your factors there are d_model numbers: three of the matrices ended up "
            "on one side. Cut where the vectors are short, between W_V and W_O: two to the left, two to the right.",
            switches={"out": "wide"},
        ),
        Misconception(
            "the second factor first",
            "Your factors are the right ones, in the other order: (B, A). The product A @ B goes from source "
            "token to logit, so W_E W_V comes first and W_O W_U second.",
            switches={"out": "exchanged"},
        ),
        Misconception(
            "the second factor is turned",
            "Your second factor has the shape (d_vocab, d_head), so the two cannot be multiplied. It is W_O W_U, shape "
            "(d_head, d_vocab).",
            switches={"out": "second turned"},
        ),
    ),
)


# --- qk_circuit -------------------------------------------------------------------------------------------------------


def _qk_reference(W_E: Tensor, W_Q: Tensor, W_K: Tensor) -> tuple[Tensor, Tensor]:
    circuit = helper.qk_circuit(W_E, W_Q, W_K)
    return circuit.A, circuit.B


def _qk_by_pairs(W_E: Tensor, W_Q: Tensor, W_K: Tensor) -> dict[str, Any]:
    """The score of every pair of tokens, one pair at a time, in Python's own floats."""
    queries, keys = ((W_E.double() @ W.double()).tolist() for W in (W_Q, W_K))
    root = math.sqrt(W_Q.shape[1])
    table = torch.tensor([[sum(a * b for a, b in zip(q, k, strict=True)) / root for k in keys] for q in queries])
    return {"product": table, "axis between them": W_Q.shape[1]}


def _qk_in_an_object(W_E: Tensor, W_Q: Tensor, W_K: Tensor) -> _Product:
    queries, keys = (torch.nn.functional.linear(W_E, W.T) for W in (W_Q, W_K))
    return _Product(queries.numpy() * W_K.shape[1] ** -0.5, keys.mT)


def _qk_by_einsum(W_E: Tensor, W_Q: Tensor, W_K: Tensor) -> list[Tensor]:
    scaled = W_K / torch.tensor(float(W_K.shape[-1])).sqrt()
    return [torch.einsum("vm,mh->vh", W_E, W_Q), torch.einsum("mh,vm->hv", scaled, W_E)]


def _qk_shared_scale(W_E: Tensor, W_Q: Tensor, W_K: Tensor) -> tuple[Tensor, Tensor]:
    fourth = W_Q.shape[1] ** 0.25
    return W_E.double() @ W_Q.double() / fourth, W_K.double().T @ W_E.double().T / fourth


def _qk_variant(
    *,
    scale: str = "root",
    turned: bool = False,
    right: str = "W_E",
    left: str = "W_E",
    keys: str = "W_K",
    out: str = "factors",
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def answer(W_E: Tensor, W_Q: Tensor, W_K: Tensor) -> Any:
        d_model, d_head = W_Q.shape
        divisor = {
            "root": d_head**0.5,
            "none": 1.0,
            "d_head": float(d_head),
            "d_model": d_model**0.5,
            "times": d_head**-0.5,
        }
        Q = W_K if keys == "W_K twice" else W_Q
        A = (W_E @ Q if left == "W_E" else Q) / divisor[scale]
        K = W_Q if keys == "W_Q" else W_K
        B = K.T @ W_E.T if right == "W_E" else K.T
        if turned:
            A, B = B.T, A.T
        return {
            "factors": lambda: (A, B),
            "first": lambda: A,
            "masked": lambda: (A @ B).masked_fill(torch.ones(len(A), B.shape[1]).triu(1).bool(), -torch.inf),
            "whole": lambda: A @ B,
            "pattern": lambda: (A @ B).softmax(-1),
            "wide": lambda: (A @ K.T, W_E.T) if right == "W_E" and not turned else (A, B),
            "second turned": lambda: (A, B.T),
        }[out]()

    return answer


def _qk_cases(draw: Draw) -> list[Case]:
    def case(label: str, d_vocab: int, d_model: int, d_head: int) -> Case:
        matrices = (
            draw.normal(f"{d_vocab} {d_model}", mean=0.3),
            draw.normal(f"{d_model} {d_head}", mean=0.1),
            draw.normal(f"{d_model} {d_head}", mean=-0.1),
        )
        return Case(label, matrices, axes=("dest", "src"))

    return [
        case("11 tokens, d_model 7, d_head 3", 11, 7, 3),
        case("9 tokens, d_model 5, d_head 2", 9, 5, 2),
        case("8 tokens, d_model 6, one number a head", 8, 6, 1),
    ]


qk_circuit = Exercise(
    name="qk_circuit",
    chapter="transformer_maths",
    section="1.16",
    title="Where a token looks",
    core=False,
    difficulty=2,
    minutes=10,
    points=2,
    prerequisites=("attention_pattern", "ov_circuit"),
    hints=(
        "The destination makes a query of its row of W_E, the source a key. What does a score do with the two, and "
        "what is it divided by?",
        "All queries are W_E W_Q, all keys W_E W_K, one row for each token. A table of all dot products is one times "
        "the other turned round. The destinations are to be the rows.",
        "return W_E @ W_Q / W_Q.shape[1] ** 0.5, (W_E @ W_K).T",
    ),
    reference=_qk_reference,
    oracle=Oracle("the score of one pair of tokens at a time, in Python's own floats", _qk_by_pairs, observes=True),
    cases=_qk_cases,
    driver=factors,
    observe=observe_factors,
    variant=_qk_variant,
    alternatives={
        "an object with A and B, one of them from numpy": _qk_in_an_object,
        "einsum, the scale in the keys": _qk_by_einsum,
        "half of the scale in each factor, in double precision": _qk_shared_scale,
    },
    misconceptions=(
        Misconception(
            "source and destination exchanged",
            "Your rows are sources: row t says who looks at t. Attention is read [destination, source]: the query of "
            "the destination stands on the left, the key of the source on the right.",
            switches={"turned": True},
        ),
        Misconception(
            "the scale is missing",
            "These are dot products of queries and keys. The score is the dot product over √d_head.",
            switches={"scale": "none"},
        ),
        Misconception(
            "divided by d_head",
            "You divide by d_head, perhaps by its root in each of the two factors. In the product there is one root: "
            "put √d_head into one factor, or its root into each.",
            switches={"scale": "d_head"},
        ),
        Misconception(
            "the root of d_model",
            "You divide by the root of d_model, the width of the stream. Queries and keys have d_head numbers: the "
            "score is the dot product over √d_head.",
            switches={"scale": "d_model"},
        ),
        Misconception(
            "multiplied by the root",
            "You multiply by √d_head. A dot product of long vectors is large by itself; the score is divided by "
            "√d_head.",
            switches={"scale": "times"},
        ),
        Misconception(
            "queries for keys",
            "You use W_Q on both sides, so every token would like best what resembles its own query, and the table is "
            "symmetric. Keys are made by W_K.",
            switches={"keys": "W_Q"},
        ),
        Misconception(
            "the source is no token",
            "Your columns are the d_model entries of the stream. Put W_E turned round on the right: one column for "
            "each source token.",
            switches={"right": "nothing"},
        ),
        Misconception(
            "the destination is no token",
            "Your rows are the d_model entries of the stream. Put W_E on the left: one row for each destination token.",
            switches={"left": "nothing"},
        ),
        Misconception(
            "from stream to stream",
            "This is W_Q W_Kᵀ, the head between two vectors of the stream. The full circuit is between two tokens: "
            "W_E on the left, W_E turned round on the right.",
            switches={"left": "nothing", "right": "nothing"},
        ),
        Misconception(
            "the whole product",
            "You return the table of all scores, d_vocab · d_vocab numbers. Asked for are the two factors that give "
            "it: (d_vocab, d_head) and (d_head, d_vocab).",
            switches={"out": "whole"},
        ),
        Misconception(
            "only the first factor",
            "You return the queries alone. The other factor holds the keys, one column for each token: return both.",
            switches={"out": "first"},
        ),
        Misconception(
            "keys for queries",
            "You use W_K on both sides. The destination makes a query, with W_Q; only the source makes a key.",
            switches={"keys": "W_K twice"},
        ),
        Misconception(
            "a mask over tokens",
            "You masked the table above its diagonal. The mask is about positions: which stands later in a text. Rows "
            "and columns are tokens here, numbers in a list of words, and any of them can stand before any other.",
            switches={"out": "masked"},
        ),
        Misconception(
            "the pattern",
            "You took a softmax over all tokens that exist. In a text a destination chooses among the tokens that "
            "stand before it, so the softmax has to wait for a text. Return the two factors of the scores.",
            switches={"out": "pattern"},
        ),
        Misconception(
            "cut in the stream",
            "The product is right, but between your factors there are d_model numbers. Cut where the vectors are "
            "short: queries on one side, keys on the other.",
            switches={"out": "wide"},
        ),
        Misconception(
            "the second factor is turned",
            "Your second factor has one row for each token, so the two cannot be multiplied. Turn it round: shape "
            "(d_head, d_vocab).",
            switches={"out": "second turned"},
        ),
    ),
)

EXERCISES = [ov_circuit, qk_circuit]
