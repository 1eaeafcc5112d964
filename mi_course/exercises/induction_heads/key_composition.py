"""2.9: how the second head finds its place: read off the weights, and cut one path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.exercises.induction_heads.tiny import texts, tiny_model
from mi_course.interventions import Edit, Site, attn_out, head_contribution, replace, resid_pre, run, z
from mi_course.transformer_maths import layer_norm

QUESTIONS = [
    Question(
        name="path_that_matters",
        text="Which input of the induction head has to be made without the previous-token head, for the loss on the "
        "second copy to rise by more than 1 nat: its queries ('q'), its keys ('k') or its values ('v')?",
        kind=str,
        options=("q", "k", "v"),
    ),
]


# --- k_composition ----------------------------------------------------------------------------------------------------


def _by_loops(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_Q: Tensor, W_K: Tensor) -> Tensor:
    """One pair of tokens after the other, vector by vector, in double precision."""
    embedding, read, write, ask, answer = (each.detach().double().numpy() for each in (W_E, W_V, W_O, W_Q, W_K))
    table = np.zeros((len(embedding), len(embedding)))
    for u, token in enumerate(embedding):
        written = (token @ read) @ write
        key = written @ answer
        for t, present in enumerate(embedding):
            table[t, u] = np.dot(present @ ask, key) / np.sqrt(len(key))
    return torch.tensor(table, dtype=W_E.dtype)


def _by_einsum(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_Q: Tensor, W_K: Tensor) -> Tensor:
    scores = torch.einsum("tm,me,ne,dn,xd,ux->tu", W_E, W_Q, W_K, W_O, W_V, W_E)
    return scores / W_K.shape[1] ** 0.5


def _by_circuits(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_Q: Tensor, W_K: Tensor) -> Tensor:
    """The circuits of Elhage et al. as matrices of d_model by d_model, then the embedding around them."""
    W_QK, W_OV = W_Q @ W_K.mT, W_V @ W_O
    return W_E.matmul(W_QK).matmul(W_OV.mT).matmul(W_E.mT).div(W_Q.shape[-1] ** 0.5)


def _by_scaled_queries(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_Q: Tensor, W_K: Tensor) -> Tensor:
    queries = (W_E / torch.tensor(W_Q.shape[1]).sqrt()) @ W_Q
    return torch.stack([queries @ (row @ W_V @ W_O @ W_K) for row in W_E], dim=1)


def _composed(
    *,
    order: str = "V then O",
    composed: str = "keys",
    transposed: bool = False,
    scale: str = "d_head",
    exchanged: bool = False,
    softmax: bool = False,
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_Q: Tensor, W_K: Tensor) -> Tensor:
        if exchanged:
            W_Q, W_K = W_K, W_Q
        W_OV = {
            "V then O": lambda: W_V @ W_O,
            "O then V": lambda: W_O @ W_V,
            "transposed": lambda: (W_V @ W_O).T,
            "none": lambda: torch.eye(W_E.shape[1], dtype=W_E.dtype),
        }[order]()
        through = W_E @ W_OV
        queries = (through if composed in ("queries", "both") else W_E) @ W_Q
        keys = (through if composed in ("keys", "both") else W_E) @ W_K
        table = queries @ keys.T
        sizes = {"d_head": W_Q.shape[1], "d_model": W_Q.shape[0], "none": 1, "whole": W_Q.shape[1] ** 2}
        root = (sizes | {"writer": W_V.shape[1]})[scale] ** 0.5
        table = table / root
        table = table.T if transposed else table
        return table.softmax(-1) if softmax else table

    return answer


def _embedded_twice(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_Q: Tensor, W_K: Tensor) -> Tensor:
    """The key reads the whole stream: the token itself and what the head has written of another, taken as one."""
    return W_E @ W_Q @ ((W_E + W_E @ W_V @ W_O) @ W_K).T / W_Q.shape[1] ** 0.5


def _after(change: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda W_E, W_V, W_O, W_Q, W_K: change(helper.k_composition(W_E, W_V, W_O, W_Q, W_K))


def _streams(into_query: bool) -> Callable[..., Tensor]:
    """Query, or query and key, made of the token itself and what the head writes of it."""

    def answer(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_Q: Tensor, W_K: Tensor) -> Tensor:
        written = W_E @ W_V @ W_O
        keys = (written if into_query else W_E + written) @ W_K
        return (W_E + written) @ W_Q @ keys.T / W_Q.shape[1] ** 0.5

    return answer


def _cases_composition(draw: Draw) -> list[Case]:
    def case(label: str, d_vocab: int, d_model: int, writes: int, reads: int, **kwargs: Any) -> Case:
        W_E = draw.normal(f"{d_vocab} {d_model}", mean=0.3, **kwargs)
        W_V, W_Q, W_K = (draw.normal(f"{d_model} {d}", mean=0.2, **kwargs) for d in (writes, reads, reads))
        W_O = draw.normal(f"{writes} {d_model}", mean=0.2, **kwargs)
        return Case(label, (W_E, W_V, W_O, W_Q, W_K), axes=("query's token", "token the writer saw"))

    return [
        case("nine tokens, d_model 6, heads as wide as the stream", 9, 6, 6, 6),
        case("seven tokens, d_model 8, d_head 3", 7, 8, 3, 3),
        case("as many tokens as numbers, d_model 5, d_head 5", 5, 5, 5, 5),
        case("a writer of d_head 4 and a reader of d_head 2", 6, 7, 4, 2),
        case("double precision", 4, 6, 3, 3, dtype=torch.float64),
    ]


k_composition = Exercise(
    name="k_composition",
    chapter="induction_heads",
    section="2.9",
    title="Which key does a query fit?",
    core=True,
    difficulty=3,
    minutes=15,
    points=3,
    prerequisites=("ablate_head",),
    hints=(
        "Follow two vectors. The query starts at the embedding of t and goes through one matrix. The key starts at the "
        "embedding of u and goes through three.",
        "Rows multiply from the left: the first head turns the row x into x @ W_V @ W_O, and the second head makes its "
        "key of that. queries has shape (d_vocab, d_head), and so has keys.",
        "queries = W_E @ W_Q; keys = W_E @ W_V @ W_O @ W_K; then every query with every key: queries @ keys.T, divided "
        "by the root of W_Q.shape[-1].",
    ),
    reference=helper.k_composition,
    oracle=Oracle("one pair of tokens after the other, vector by vector in numpy and double precision", _by_loops),
    cases=_cases_composition,
    variant=_composed,
    alternatives={
        "one einsum": _by_einsum,
        "the circuits first": _by_circuits,
        "scaled queries, one key after the other": _by_scaled_queries,
        "in double precision": lambda *weights: _by_circuits(*(each.double() for each in weights)),
    },
    misconceptions=(
        Misconception(
            "W_O before W_V",
            "You multiply by W_O first and W_V second. Papers that write vectors as columns say W_O W_V; with rows, "
            "x @ W_V comes first. Where a head is as wide as the stream both products exist, and only one is what "
            "the head does.",
            switches={"order": "O then V"},
        ),
        Misconception(
            "the query side",
            "You put the writer's output into the query. That is Q-composition: the present position would have to "
            "know what stood before it, and compare that with the token at the source. Asked for is the key: W_V and "
            "W_O belong between W_E and W_K.",
            switches={"composed": "queries"},
        ),
        Misconception(
            "both sides",
            "You put the writer's output into query and key. Then the previous token would be compared with the "
            "previous token. The query is made from the embedding itself.",
            switches={"composed": "both"},
        ),
        Misconception(
            "the writer is left out",
            "You compare embedding with embedding: where a duplicate-token head would look. The key is to be made from "
            "what the earlier head wrote: W_E @ W_V @ W_O @ W_K.",
            switches={"order": "none"},
        ),
        Misconception(
            "W_OV transposed",
            "Your product of W_V and W_O is transposed: it reads with W_O and writes with W_V. A row goes through W_V "
            "first, then through W_O: W_E @ W_V @ W_O.",
            switches={"order": "transposed"},
        ),
        Misconception(
            "query and key exchanged",
            "You make queries with W_K and keys with W_Q. What the head writes about the source goes through W_K.",
            switches={"exchanged": True},
        ),
        Misconception(
            "rows and columns exchanged",
            "Your rows are keys and your columns queries. The first axis is the token that asks, as destinations are "
            "the rows of an attention pattern: queries @ keys.T.",
            switches={"transposed": True},
        ),
        Misconception(
            "not scaled",
            "The root of d_head is missing. The model divides every score by it before softmax.",
            switches={"scale": "none"},
        ),
        Misconception(
            "scaled by d_model",
            "You divide by the root of d_model. Scores are divided by the root of the length of query and key, d_head: "
            "W_Q.shape[-1]. (In a head as wide as the stream the two are the same.)",
            switches={"scale": "d_model"},
        ),
        Misconception(
            "scaled by the writer's d_head",
            "You divide by the root of the writer's d_head. Query and key belong to the reader: W_Q.shape[-1]. In most "
            "models the two are the same number.",
            switches={"scale": "writer"},
        ),
        Misconception(
            "the root is missing",
            "You divide by d_head itself. Scores are divided by its root.",
            switches={"scale": "whole"},
        ),
        Misconception(
            "scaled by the vocabulary",
            "You divide by the root of the number of tokens. Scores are divided by the root of the length of query and "
            "key, d_head: W_Q.shape[-1].",
            lambda W_E, W_V, W_O, W_Q, W_K: (W_E @ W_Q) @ (W_E @ W_V @ W_O @ W_K).T / len(W_E) ** 0.5,
        ),
        Misconception(
            "multiplied by the root",
            "You multiply by the root of d_head. Scores are divided by it.",
            lambda W_E, W_V, W_O, W_Q, W_K: (W_E @ W_Q) @ (W_E @ W_V @ W_O @ W_K).T * W_Q.shape[1] ** 0.5,
        ),
        Misconception(
            "log-softmax over tokens",
            "You took a log-softmax over each row. A model's softmax runs over the positions of a text, not over all "
            "tokens that exist: return the scores.",
            _after(lambda table: table.log_softmax(-1)),
        ),
        Misconception(
            "a softmax over columns",
            "You took a softmax over each column, over the tokens that ask. Return the scores themselves.",
            _after(lambda table: table.softmax(0)),
        ),
        Misconception(
            "a mask over tokens",
            "You leave out what stands above the diagonal. A causal mask is for positions of a text; rows and columns "
            "of this table are tokens, and every pair counts.",
            _after(torch.tril),
        ),
        Misconception(
            "only the diagonal",
            "You give one score for each token, that of its query for the key written of the same token. Asked for is "
            "the table of all pairs: queries @ keys.T.",
            _after(torch.diagonal),
        ),
        Misconception(
            "the reader is left out",
            "Your table is W_E W_V W_O W_E.T: which token the writer raises for which. Asked for is what the reader "
            "makes of it, with W_Q on one side and W_K on the other.",
            lambda W_E, W_V, W_O, W_Q, W_K: W_E @ W_V @ W_O @ W_E.T,
        ),
        Misconception(
            "the query's embedding is left out",
            "Your rows are directions of the stream, d_model of them, and no tokens. The query of token t is e_t W_Q: "
            "W_E @ W_Q.",
            lambda W_E, W_V, W_O, W_Q, W_K: W_Q @ (W_E @ W_V @ W_O @ W_K).T / W_Q.shape[1] ** 0.5,
        ),
        Misconception(
            "the writer in the query as well",
            "Your query holds what the writer says of t besides the embedding of t. Asked for is one term alone: the "
            "query made of the embedding, the key made of what the writer says.",
            _streams(into_query=True),
        ),
        Misconception(
            "the whole stream on both sides",
            "Query and key of yours hold token and what the writer says of it. That is a sum of four terms; asked for "
            "is one of them: the embedding in the query, the writer's part in the key.",
            _streams(into_query=False),
        ),
        Misconception(
            "a softmax over tokens",
            "You took a softmax over each row. A model's softmax runs over the positions of a text, not over all "
            "tokens that exist. Return the scores.",
            switches={"softmax": True},
        ),
        Misconception(
            "the token itself is in the key",
            "Your key holds the embedding of u as well as what the writer says of u. At one position these are two "
            "different tokens: the one that stands there and the one before. Only the writer's part is asked for.",
            _embedded_twice,
        ),
        Misconception(
            "reshape for transpose",
            "You bring the keys into shape with reshape or view, which deals the numbers out anew in the order in "
            "which they lie. To exchange rows and columns transpose: keys.T.",
            lambda W_E, W_V, W_O, W_Q, W_K: (
                (W_E @ W_Q) @ (W_E @ W_V @ W_O @ W_K).reshape(W_K.shape[1], len(W_E)) / W_K.shape[1] ** 0.5
            ),
        ),
        Misconception(
            "the last embedding is left out",
            "Your table ends at the residual stream: its columns are directions, d_model of them, and no tokens. "
            "Multiply by W_E.T as well, so that each column belongs to the token u that the writer saw.",
            lambda W_E, W_V, W_O, W_Q, W_K: W_E @ W_Q @ (W_V @ W_O @ W_K).T / W_K.shape[1] ** 0.5,
        ),
    ),
)


# --- cut_path ---------------------------------------------------------------------------------------------------------


def _forward64(model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k") -> Tensor:
    """Both layers in numpy and double precision, the residual stream of the one input edited."""
    state = {name: value.double().numpy() for name, value in model.state_dict().items()}
    text, n_heads, d_head = tokens.numpy(), model.cfg.n_heads, model.cfg.d_head
    batch, pos = text.shape

    def normed(x: np.ndarray, name: str) -> np.ndarray:
        if f"{name}.weight" not in state:
            return x
        x = x - x.mean(-1, keepdims=True)
        scale = np.sqrt((x**2).mean(-1, keepdims=True) + model.cfg.eps)
        return x / scale * state[f"{name}.weight"] + state[f"{name}.bias"]

    def of_heads(x: np.ndarray, layer: int, name: str) -> np.ndarray:
        out = x @ state[f"blocks.{layer}.attn.{name}.weight"].T + state[f"blocks.{layer}.attn.{name}.bias"]
        return out.reshape(batch, pos, n_heads, d_head)

    def rotated(x: np.ndarray) -> np.ndarray:
        if model.cfg.positional_embedding_type != "rotary":
            return x
        points = x[..., 0::2] + 1j * x[..., 1::2]
        speed = 10_000.0 ** (-np.arange(d_head // 2) * 2 / d_head)
        points = points * np.exp(1j * np.arange(pos)[:, None] * speed)[:, None, :]
        return np.stack([points.real, points.imag], -1).reshape(x.shape)

    def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        scores = np.einsum("bdhe,bshe->bhds", rotated(q), rotated(k)) / np.sqrt(d_head)
        scores = np.where(np.tril(np.ones((pos, pos), dtype=bool)), scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return np.einsum("bhds,bshe->bdhe", weights / weights.sum(-1, keepdims=True), v)

    x = state["embed.weight"][text]
    written = np.zeros_like(x)
    if "pos_embed.weight" in state:
        x = x + state["pos_embed.weight"][:pos]
    for layer in range(2):
        inputs = {name: of_heads(normed(x, f"blocks.{layer}.ln1"), layer, name) for name in "qkv"}
        W_O = state[f"blocks.{layer}.attn.o.weight"].T.reshape(n_heads, d_head, -1)
        if layer == 1:
            other = of_heads(normed(x - written + written.mean(0), "blocks.1.ln1"), 1, into)
            inputs[into][:, :, reader[1]] = other[:, :, reader[1]]
        gathered = attention(**inputs)
        by_head = np.einsum("bphe,hem->bphm", gathered, W_O)
        written = by_head[:, :, writer[1]]
        x = x + by_head.sum(2) + state[f"blocks.{layer}.attn.o.bias"]
    logits = normed(x, "ln_final") @ state["unembed.weight"].T + state.get("unembed.bias", 0.0)
    return torch.tensor(logits, dtype=torch.float32)


def _by_the_stream(model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k") -> Tensor:
    """The residual stream with the writer's mean in place of its output, through LayerNorm and one matrix by hand."""
    cached = run(model, tokens, cache=[z(0), resid_pre(1)]).cache
    wrote = head_contribution(model, cached, 0)[:, :, writer[1]]
    stream = cached[resid_pre(1)] - wrote + wrote.mean(dim=0)
    state = model.state_dict()
    if "blocks.1.ln1.weight" in state:
        stream = layer_norm(stream, state["blocks.1.ln1.weight"], state["blocks.1.ln1.bias"], model.cfg.eps)
    W, b = getattr(model, f"W_{into.upper()}")[reader], getattr(model, f"b_{into.upper()}")[reader]
    return run(model, tokens, [replace(Site(into, *reader), stream @ W + b)]).logits


def _by_hooks(model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k") -> Tensor:
    kept: dict[str, Tensor] = {}
    wrote, read = f"blocks.{writer[0]}.attn.hook_z", f"blocks.{reader[0]}.attn.hook_{into}"

    def flatten(value: Tensor, hook: Any) -> Tensor:
        value[:, :, writer[1]] = value[:, :, writer[1]].mean(0)
        return value

    def keep(value: Tensor, hook: Any) -> None:
        kept["read"] = value[:, :, reader[1]].clone()

    def put(value: Tensor, hook: Any) -> Tensor:
        value[:, :, reader[1]] = kept["read"]
        return value

    model.run_with_hooks(tokens, fwd_hooks=[(wrote, flatten), (read, keep)])
    return model.run_with_hooks(tokens, fwd_hooks=[(read, put)])


def _by_whole_sites(model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k") -> Tensor:
    """All heads' tensors cached and put back, changed in one head."""
    wrote, read = Site("z", writer[0]), Site(into, reader[0])
    clean = run(model, tokens, cache=[wrote, read]).cache
    flat = clean[wrote].clone()
    flat[:, :, writer[1]] = flat[:, :, writer[1]].mean(0, keepdim=True)
    changed = run(model, tokens, [replace(wrote, flat)], [read]).cache[read]
    mixed = clean[read].clone()
    mixed[:, :, reader[1]] = changed[:, :, reader[1]]
    return run(model, tokens, [replace(read, mixed)]).logits


def _cut(
    *,
    into_used: Callable[[str], str] = lambda into: into,
    instead: Callable[[Tensor], Tensor] = lambda own: own.mean(0, keepdim=True),
    heads: str = "one",
    how: str = "cut",
    writers: str = "one",
    exchanged: bool = False,
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k") -> Tensor:
        into = into_used(into)
        if exchanged:
            writer, reader = (writer[0], reader[1]), (reader[0], writer[1])
        wrote = Site("z", *writer) if writers == "one" else Site("z", writer[0])
        if writers == "attn_out":
            wrote = attn_out(writer[0])
        read = Site(into, *reader) if heads == "one" else Site(into, reader[0])
        clean = run(model, tokens, cache=[wrote, read])
        without = replace(wrote, instead(clean.cache[wrote]).expand_as(clean.cache[wrote]))
        changed = run(model, tokens, [without], [read])
        return {
            "cut": lambda: run(model, tokens, [replace(read, changed.cache[read])]).logits,
            "restored": lambda: run(model, tokens, [without, replace(read, clean.cache[read])]).logits,
            "all paths": lambda: changed.logits,
            "clean": lambda: run(model, tokens, [replace(read, clean.cache[read])]).logits,
            "difference": lambda: run(model, tokens, [replace(read, changed.cache[read])]).logits - clean.logits,
            "log softmax": lambda: run(model, tokens, [replace(read, changed.cache[read])]).logits.log_softmax(-1),
            "softmax": lambda: run(model, tokens, [replace(read, changed.cache[read])]).logits.softmax(-1),
        }[how]()

    return answer


def _scale_of_the_clean_run(
    model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k"
) -> Tensor:
    """LayerNorm's scale kept from the unchanged run: the writer's part is linear then, and not as the model does it."""
    cached = run(model, tokens, cache=[z(0), resid_pre(1)]).cache
    wrote = head_contribution(model, cached, 0)[:, :, writer[1]]
    whole = cached[resid_pre(1)]
    stream = whole - wrote + wrote.mean(0)
    state = model.state_dict()
    if "blocks.1.ln1.weight" in state:
        scale = (whole.var(-1, correction=0, keepdim=True) + model.cfg.eps).sqrt()
        centred = stream - stream.mean(-1, keepdim=True)
        stream = centred / scale * state["blocks.1.ln1.weight"] + state["blocks.1.ln1.bias"]
    W, b = getattr(model, f"W_{into.upper()}")[reader], getattr(model, f"b_{into.upper()}")[reader]
    return run(model, tokens, [replace(Site(into, *reader), stream @ W + b)]).logits


def _difference_through_the_matrix(
    model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k"
) -> Tensor:
    """What the writer says of this text, through the reader's matrix and off its input, past LayerNorm."""
    wrote = head_contribution(model, run(model, tokens, cache=[z(0)]).cache, 0)[:, :, writer[1]]
    said = (wrote - wrote.mean(0)) @ getattr(model, f"W_{into.upper()}")[reader]
    return run(model, tokens, [Edit(Site(into, *reader), lambda made: made - said)]).logits


def _own_mean(model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k") -> Tensor:
    read = Site(into, *reader)
    return run(model, tokens, [Edit(read, lambda made: made.mean(0, keepdim=True).expand_as(made))]).logits


def _carried_over(*sites: str) -> Callable[..., Tensor]:
    """Other things than the one input taken from the run without the writer."""

    def answer(model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k") -> Tensor:
        wrote, read = Site("z", *writer), [Site(site, *reader) for site in sites]
        silent = Edit(wrote, lambda own: own.mean(0, keepdim=True).expand_as(own))
        kept = run(model, tokens, [silent], read).cache
        return run(model, tokens, [replace(site, kept[site]) for site in read]).logits

    return answer


def _others_restored(model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k") -> Tensor:
    """The writer silent for everybody, and the reader's two other inputs put back."""
    wrote, others = Site("z", *writer), [Site(site, *reader) for site in "qkv" if site != into]
    clean = run(model, tokens, cache=[wrote, *others]).cache
    silent = replace(wrote, clean[wrote].mean(0, keepdim=True).expand_as(clean[wrote]))
    return run(model, tokens, [silent, *(replace(site, clean[site]) for site in others)]).logits


def _without(what: str) -> Callable[..., Tensor]:
    """The stream by hand with LayerNorm or the bias forgotten."""

    def answer(model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k") -> Tensor:
        cached = run(model, tokens, cache=[z(0), resid_pre(1)]).cache
        wrote = head_contribution(model, cached, 0)[:, :, writer[1]]
        stream = cached[resid_pre(1)] - wrote + wrote.mean(0)
        state = model.state_dict()
        if "blocks.1.ln1.weight" in state and what != "LayerNorm":
            stream = layer_norm(stream, state["blocks.1.ln1.weight"], state["blocks.1.ln1.bias"], model.cfg.eps)
        made = stream @ getattr(model, f"W_{into.upper()}")[reader]
        if what != "bias":
            made = made + getattr(model, f"b_{into.upper()}")[reader]
        return run(model, tokens, [replace(Site(into, *reader), made)]).logits

    return answer


def _keys_of_zero(model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k") -> Tensor:
    return run(model, tokens, [replace(Site(into, *reader), 0.0)]).logits


def _minus_cut(model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k") -> Tensor:
    return run(model, tokens).logits - helper.cut_path(model, tokens, writer, reader, into)


def _pattern_for_keys_and_queries(
    model: Any, tokens: Tensor, writer: helper.Head, reader: helper.Head, into: str = "k"
) -> Tensor:
    return _carried_over("v" if into == "v" else "pattern")(model, tokens, writer, reader, into)


def _cases_cut(draw: Draw) -> list[Case]:
    def case(label: str, plain: bool, batch: int, pos: int, writer: int, reader: int, into: str | None) -> Case:
        arguments = (tiny_model(draw.seed % 3, plain), texts(draw, batch, pos), (0, writer), (1, reader))
        return Case(label, arguments if into is None else (*arguments, into), axes=("batch", "pos", "token"))

    first, second, third = draw.sample(range(3), 3)
    return [
        case(f"keys of L1H{second} without L0H{first}, batch of 4", False, 4, 7, first, second, "k"),
        case(f"queries of L1H{third} without L0H{second}, batch of 3", False, 3, 8, second, third, "q"),
        case(f"values of L1H{first} without L0H{third}, batch of 3", False, 3, 6, third, first, "v"),
        case(f"`into` left out: keys of L1H{third} without L0H{first}", True, 2, 6, first, third, None),
        case(f"queries of L1H{second} without L0H{first}, no LayerNorm", True, 5, 5, first, second, "q"),
    ]


cut_path = Exercise(
    name="cut_path",
    chapter="induction_heads",
    section="2.9",
    title="Cut one path",
    core=True,
    difficulty=4,
    minutes=20,
    points=4,
    time_limit=8.0,
    prerequisites=("ablate_head",),
    hints=(
        "You want the reader's keys as they would be if the writer said nothing of this text, and everything else as "
        "it is. Where could you get such keys from?",
        "A run in which the writer is mean-ablated makes them: cache the site into which the path leads, of the reader "
        "only: Site(into, *reader). Only layer 1 reads the writer, so nothing but the writer's own part differs in it.",
        "written, read = Site('z', *writer), Site(into, *reader); own = the writer's z from a clean run; then "
        "without = run(model, tokens, edits=[replace(written, own.mean(0, keepdim=True).expand_as(own))], "
        "cache=[read]); and run(model, tokens, edits=[replace(read, without.cache[read])]).logits.",
    ),
    reference=helper.cut_path,
    oracle=Oracle("the forward pass in numpy and double precision, with the one input's stream edited", _forward64),
    cases=_cases_cut,
    variant=_cut,
    alternatives={
        "the edited stream through LayerNorm and one matrix": _by_the_stream,
        "two runs with hooks": _by_hooks,
        "whole sites, one head changed": _by_whole_sites,
    },
    misconceptions=(
        Misconception(
            "the query side",
            "You change queries and keys for one another: 'k' is answered with the queries' path. The letter says "
            "which of the reader's inputs is made without the writer.",
            switches={"into_used": lambda into: {"k": "q", "q": "k"}.get(into, into)},
        ),
        Misconception(
            "always the keys",
            "You cut the path into the keys whatever `into` says. The other two are the controls of the experiment.",
            switches={"into_used": lambda into: "k"},
        ),
        Misconception(
            "all paths at once",
            "These are the logits with the writer ablated everywhere: its path into queries, keys and values of all "
            "heads, and its direct path to the logits. Take from this run the reader's one input only, and put it "
            "into a run that is otherwise unchanged.",
            switches={"how": "all paths"},
        ),
        Misconception(
            "all paths but the one",
            "You keep the one path and cut all others: the writer is ablated in the last run, and the reader gets its "
            "clean input. That asks whether the path suffices. Asked for is what is lost without it.",
            switches={"how": "restored"},
        ),
        Misconception(
            "all heads of the reader's layer",
            "You replace this input in all heads of layer 1. Only the reader's is to change: Site(into, *reader), "
            "which names layer and head.",
            switches={"heads": "all"},
        ),
        Misconception(
            "all heads of the writer's layer",
            "You ablate all heads of layer 0. Only the writer's output is to be replaced: Site('z', *writer).",
            switches={"writers": "all"},
        ),
        Misconception(
            "zeros in place of the mean",
            "You put zeros in place of what the writer writes. That takes away what it writes in every text alike, "
            "which the reader is used to. Asked for is the mean over the batch, position by position.",
            switches={"instead": torch.zeros_like},
        ),
        Misconception(
            "the mean over positions, too",
            "Your mean runs over texts and positions. It also takes away what the writer says of the position alone. "
            "Mean over the batch, axis 0, one for each position.",
            switches={"instead": lambda own: own.mean((0, 1), keepdim=True)},
        ),
        Misconception(
            "the mean over positions only",
            "Your mean runs over positions within each text, so it still says something of this text. Mean over the "
            "batch, axis 0.",
            switches={"instead": lambda own: own.mean(1, keepdim=True)},
        ),
        Misconception(
            "another text instead of the mean",
            "You put in what the writer says of another text. That is a good control, and another one: asked for is "
            "the mean over the batch.",
            switches={"instead": lambda own: own.roll(1, 0)},
        ),
        Misconception(
            "the heads exchanged",
            "You take the number of the writer for the reader's and the other way round. writer and reader are each "
            "(layer, head).",
            switches={"exchanged": True},
        ),
        Misconception(
            "nothing is cut",
            "These are the logits of the model as it is. Does the input that you put in come from the clean run? It "
            "has to come from the run in which the writer is ablated. Or do you take the texts one at a time? The mean "
            "over one text is that text, so nothing is replaced: take the mean over the batch first.",
            switches={"how": "clean"},
        ),
        Misconception(
            "the difference from the whole model",
            "You return by how much the logits change. Asked for are the logits themselves.",
            switches={"how": "difference"},
        ),
        Misconception(
            "log-probabilities",
            "You return log_softmax of the logits. Asked for are the logits themselves, as the model gives them.",
            _cut(how="log softmax"),
        ),
        Misconception(
            "probabilities",
            "You return a softmax of the logits. Asked for are the logits themselves, as the model gives them.",
            _cut(how="softmax"),
        ),
        Misconception(
            "the mean over the entries of z",
            "Your mean runs over the last axis, the d_head entries of the writer's z, and still says something of "
            "this text. Mean over the batch, axis 0.",
            _cut(instead=lambda own: own.mean(-1, keepdim=True)),
        ),
        Misconception(
            "the writer is silent for the others, too",
            "You ablate the writer in the last run and put back the reader's two other inputs only. The other heads "
            "of layer 1 and the direct path to the logits lose the writer as well. In the last run nothing changes but "
            "the one input.",
            _others_restored,
        ),
        Misconception(
            "LayerNorm's scale from the clean run",
            "You edit the stream and divide by the scale of the unedited one. That treats LayerNorm as if it were "
            "linear, which is a useful approximation for adding up contributions. The model would divide by the "
            "scale of what it reads: compute it anew.",
            _scale_of_the_clean_run,
        ),
        Misconception(
            "the difference past LayerNorm",
            "You send what the writer says through the reader's matrix and take it off the input. Between the stream "
            "and the matrix stands LayerNorm, which scales and shifts it, and whose scale changes with it.",
            _difference_through_the_matrix,
        ),
        Misconception(
            "the input's own mean",
            "You replace the reader's input by its own mean over the batch. That cuts everything that reaches it, "
            "the embedding and the other heads included. Only the writer's part is to be replaced, before the input "
            "is made.",
            _own_mean,
        ),
        Misconception(
            "the pattern is carried over",
            "You take the reader's pattern from the run without the writer. A pattern is made of queries and keys, "
            "so two paths are cut at once (and none into the values). Carry over the one input that `into` names.",
            _carried_over("pattern"),
        ),
        Misconception(
            "the pattern for keys and queries",
            "For 'k' and for 'q' you carry over the reader's pattern, which is made of both: two paths are cut, and "
            "the two answers are the same. Carry over the keys alone, or the queries alone.",
            _pattern_for_keys_and_queries,
        ),
        Misconception(
            "an input of zeros",
            "You set the reader's input to zero. That cuts everything that reaches it: the embedding, the other heads "
            "and the bias. Only what the writer says is to go.",
            _keys_of_zero,
        ),
        Misconception(
            "the whole model minus the cut one",
            "You return the logits of the whole model minus those with the path cut. Asked for are the latter "
            "themselves.",
            _minus_cut,
        ),
        Misconception(
            "all three inputs are carried over",
            "You take queries, keys and values from the run without the writer, or the z that comes of them: three "
            "paths are cut. Carry over the one that `into` names; the other two are what it is compared with.",
            _carried_over("q", "k", "v"),
        ),
        Misconception(
            "LayerNorm is left out",
            "You multiply the residual stream itself. Layer 1 reads it through its LayerNorm, where there is one.",
            _without("LayerNorm"),
        ),
        Misconception(
            "the bias is left out",
            "The bias (b_K, b_Q or b_V) is missing from the input that you put in.",
            _without("bias"),
        ),
    ),
)

EXERCISES = [k_composition, cut_path]
