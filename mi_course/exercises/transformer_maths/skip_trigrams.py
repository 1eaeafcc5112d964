"""Skip trigrams, looked up in the full circuits of one layer of heads."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="logit_of_paris",
        text="In `the capital of france is` the country is exchanged for another one. By how much does the logit of "
        "paris fall in story-attn-1l, on average over countries and their capitals? (Right if within 3.)",
        kind=float,
        low=-20,
        high=40,
        comes_true=lambda value, outcome: abs(value - outcome) <= 3,
    ),
    Question(
        name="french_for_a_capital",
        text="After `the capital of france is`, where does the logit of french stand among those of the 28 languages, "
        "on average over the 40 countries and their languages? 1 is the highest. (Right if within 2.)",
        kind=float,
        low=1,
        high=28,
        comes_true=lambda value, outcome: abs(value - outcome) <= 2,
    ),
]

Weights = dict[str, Tensor]


def _by_full_tables(w: Weights, source: Tensor, destination: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
    """The two full circuits of every head, vocabulary by vocabulary in double precision, then looked up."""
    E, U = w["W_E"].double().numpy(), w["W_U"].double().numpy()
    attend, write = [], []
    for head in range(len(w["W_Q"])):
        Q, K, V, out_of = (w[f"W_{each}"][head].double().numpy() for each in "QKVO")
        attend.append((E @ Q @ K.T @ E.T / np.sqrt(Q.shape[1]))[destination.numpy(), source.numpy()])
        write.append((E @ V @ out_of @ U)[source.numpy(), out.numpy()])
    return tuple(torch.from_numpy(np.stack(each, 1)).float() for each in (attend, write))  # type: ignore[return-value]


def _by_loops(w: Weights, source: Tensor, destination: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
    attend = torch.zeros(len(source), len(w["W_Q"]))
    write = torch.zeros_like(attend)
    for t in range(len(source)):
        A, B, C = w["W_E"][source[t]], w["W_E"][destination[t]], w["W_U"][:, out[t]]
        for h in range(len(w["W_Q"])):
            attend[t, h] = (B @ w["W_Q"][h]) @ (A @ w["W_K"][h]) / w["W_K"].shape[-1] ** 0.5
            write[t, h] = A @ w["W_V"][h] @ w["W_O"][h] @ C
    return attend, write


def _by_matrices(w: Weights, source: Tensor, destination: Tensor, out: Tensor) -> list[Tensor]:
    """The heads' small square matrices first, in a list."""
    W_QK = w["W_Q"] @ w["W_K"].transpose(-1, -2) * w["W_Q"].size(-1) ** -0.5
    W_OV = torch.matmul(w["W_V"], w["W_O"])
    A, B, C = w["W_E"][source], w["W_E"][destination], w["W_U"].T[out]
    return [torch.einsum("tm,hmn,tn->th", B, W_QK, A), torch.einsum("tm,hmn,tn->th", A, W_OV, C)]


def _by_heads_first(w: Weights, source: Tensor, destination: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
    """Heads in front, in double precision, turned at the end: what comes back is not contiguous."""
    w = {name: weight.double() for name, weight in w.items()}
    q, k = w["W_E"][destination] @ w["W_Q"], w["W_E"][source] @ w["W_K"]
    written = w["W_E"][source] @ w["W_V"] @ w["W_O"] @ w["W_U"]
    picked = written.gather(-1, out[None, :, None].expand(len(q), -1, 1))[..., 0]
    return ((q * k).sum(-1) / k.shape[-1] ** 0.5).T, picked.T


def _variant(
    *,
    asks: str = "destination",
    scale: str = "root d_head",
    reads: str = "source",
    raises: str = "out",
    matrices: str = "in order",
    ends: str = "entries",
    unembeds: str = "W_U",
) -> Callable[..., tuple[Tensor, Tensor]]:
    """The answer with one or two things done otherwise."""

    def answer(w: Weights, source: Tensor, destination: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
        A, B, C = w["W_E"][source], w["W_E"][destination], w["W_E"][out]
        first, second = {"destination": (B, A), "source": (A, B), "itself": (B, B)}[asks]
        q = torch.einsum("tm,hme->the", first, w["W_Q"])
        k = torch.einsum("tm,hme->the", second, w["W_K"])
        d_head, d_model = q.shape[-1], A.shape[-1]
        attend = (q * k).sum(-1) / {
            "root d_head": d_head**0.5,
            "none": 1.0,
            "d_head": float(d_head),
            "root d_model": d_model**0.5,
        }[scale]
        value_of = {"source": A, "destination": B, "out": C}[reads]
        if matrices == "turned":
            moved = torch.einsum("tm,hne,hem->thn", value_of, w["W_V"], w["W_O"])
        else:
            moved = torch.einsum("tm,hme,hen->thn", value_of, w["W_V"], w["W_O"])
        to = {"out": out, "destination": destination, "source": source}[raises]
        read_off = w["W_U"][:, to] if unembeds == "W_U" else w["W_E"][to].T
        write = torch.einsum("thn,nt->th", moved, read_off)
        return {
            "entries": lambda: (attend, write),
            "exchanged": lambda: (write, attend),
            "pattern": lambda: (attend.softmax(0), write),
            "over heads": lambda: (attend.softmax(-1), write),
            "weighted": lambda: (attend, attend * write),
            "summed": lambda: (attend.sum(-1), write.sum(-1)),
            "heads first": lambda: (attend.T, write.T),
        }[ends]()

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, triples: int, heads: int, d_vocab: int, d_model: int, d_head: int, same: bool = False) -> Case:
        weights = {
            "W_E": draw.normal(f"{d_vocab} {d_model}", mean=0.3),
            **{name: draw.normal(f"{heads} {d_model} {d_head}", mean=0.1, sd=0.7) for name in ("W_Q", "W_K", "W_V")},
            "W_O": draw.normal(f"{heads} {d_head} {d_model}", mean=0.1, sd=0.7),
            "W_U": draw.normal(f"{d_model} {d_vocab}", mean=-0.2),
        }
        source, destination, out = (draw.integers(f"{triples}", high=d_vocab) for _ in range(3))
        if not same:  # three different words, so that none can stand in for another
            destination = (source + draw.integer(1, d_vocab // 3)) % d_vocab
            out = (destination + draw.integer(1, d_vocab // 3)) % d_vocab
        else:
            destination = source.clone()
            out = (source + draw.integer(1, d_vocab - 1)) % d_vocab
        return Case(label, (weights, source, destination, out), axes=("triple", "head"))

    return [
        case("five triples, three heads, d_head 2", 5, 3, 11, 7, 2),
        case("one triple, two heads", 1, 2, 9, 5, 3),
        case("a source that is the destination's own word", 3, 2, 8, 6, 4, same=True),
        case("as many tokens as d_model, as many triples as heads", 4, 4, 6, 6, 3),
    ]


skip_trigrams = Exercise(
    name="skip_trigrams",
    chapter="transformer_maths",
    section="1.20",
    title="Words that act together from afar",
    core=False,
    difficulty=3,
    minutes=15,
    points=2,
    prerequisites=("attention_pattern", "attention_output"),
    hints=(
        "Two paths start at the embedding rows of two words. One asks how well the query of B fits the key of A; on "
        "the other the value of A is written out and read by the column of W_U that belongs to C. Which word is at "
        "which end?",
        "A = W_E[source], B = W_E[destination], both (triple, d_model). The query comes from B: "
        "torch.einsum('tm,hme->the', B, W_Q). What A moves: torch.einsum('tm,hme,hen->thn', A, W_V, W_O).",
        "attend = (query * key).sum(-1) / d_head ** 0.5, with the key from A; write = torch.einsum('thn,nt->th', "
        "moved, W_U[:, out]); return attend, write.",
    ),
    reference=helper.skip_trigrams,
    oracle=Oracle("the full circuits of every head, all pairs of words in double precision", _by_full_tables),
    cases=_cases,
    variant=_variant,
    alternatives={
        "two loops and dot products": _by_loops,
        "the heads' square matrices first": _by_matrices,
        "double precision, heads in front": _by_heads_first,
    },
    misconceptions=(
        Misconception(
            "query and key swapped",
            "You make the query from A and the key from B: how much A would look at B. But A comes first, and a "
            "position cannot look ahead. B is the destination, so its query meets the key of A.",
            switches={"asks": "source"},
        ),
        Misconception(
            "the destination looks at itself",
            "Query and key both come from B, so your score says how much B looks at its own word. The key comes from "
            "the source, A.",
            switches={"asks": "itself"},
        ),
        Misconception(
            "no root",
            "Your scores are not divided by √d_head. The model divides before its softmax; without it every attention "
            "would look sharper than it is.",
            switches={"scale": "none"},
        ),
        Misconception(
            "divided by d_head",
            "You divide scores by d_head; the model divides by its square root.",
            switches={"scale": "d_head"},
        ),
        Misconception(
            "the root of d_model",
            "You divide scores by √d_model. Query and key have d_head numbers: √d_head.",
            switches={"scale": "root d_model"},
        ),
        Misconception(
            "the value of the destination",
            "What you write is made from B, the word that looks. A head moves the value of the word that is looked "
            "at: A.",
            switches={"reads": "destination"},
        ),
        Misconception(
            "from C to A",
            "Your second table is read the other way round: how much attention on C would raise A. A stands earlier "
            "and is looked at; C is the word that comes next: the value of A, and the column of W_U for C.",
            switches={"reads": "out", "raises": "source"},
        ),
        Misconception(
            "the logit of the destination's word",
            "You read how much the head raises B. B is there already; asked for is the word that follows, C: W_U[:, "
            "out].",
            switches={"raises": "destination"},
        ),
        Misconception(
            "the logit of the source's word",
            "You read how much the head raises A itself, which is copying. Asked for is the word C: W_U[:, out].",
            switches={"raises": "source"},
        ),
        Misconception(
            "the embedding for the unembedding",
            "You read what is written with the embedding row of C. Logits come from W_U, and these models do not use "
            "one matrix for both: the column W_U[:, out].",
            switches={"unembeds": "W_E"},
        ),
        Misconception(
            "the OV matrix turned",
            "You multiply A by the transpose of W_V W_O, which goes from what is written to what is read. With "
            "vectors as rows it is A W_V W_O: value first, then out.",
            switches={"matrices": "turned"},
        ),
        Misconception(
            "the two results exchanged",
            "You return what is written first and the scores second. First where the head looks (attend), then what it "
            "moves (write).",
            switches={"ends": "exchanged"},
        ),
        Misconception(
            "a softmax over triples",
            "You put a softmax over the scores of your triples. The triples are no text: what attention becomes "
            "depends on all words that stand there. Return the scores as they are.",
            switches={"ends": "pattern"},
        ),
        Misconception(
            "a softmax over heads",
            "You take a softmax over the heads. Heads do not compete: a softmax runs over the sources of one "
            "head. Asked for are the scores, before any softmax.",
            switches={"ends": "over heads"},
        ),
        Misconception(
            "score times logit",
            "You multiply what is written by the score. A score is no attention (it may be negative), and the two "
            "tables are asked for apart: the second is what is written at attention 1.",
            switches={"ends": "weighted"},
        ),
        Misconception(
            "heads added up",
            "You add the heads up. Each has a softmax of its own, so their scores cannot be added; asked for is one "
            "number a triple and head.",
            switches={"ends": "summed"},
        ),
        Misconception(
            "heads before triples",
            "The numbers are right and the axes exchanged. Asked for is (triple, head), one row for each triple.",
            switches={"ends": "heads first"},
        ),
    ),
)

EXERCISES = [skip_trigrams]
