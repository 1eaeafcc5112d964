"""How the second head finds its place: through its keys, which read what an earlier head has written (K-composition).

Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits": the induction head's key at a position holds
the token *before* that position, which a previous-token head of the layer below has put there; its query holds the
present token. Three ways to look at that: a product of weights, a sum of scores, and an edit of one path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.induction_heads.ablation import ablated
from mi_course.interventions import Site, embed, head_contribution, mlp_out, replace, resid_pre, run, z
from mi_course.transformer_maths import layer_norm, rotate

Head = tuple[int, int]


def k_composition(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_Q: Float[Tensor, "d_model d_reads"],
    W_K: Float[Tensor, "d_model d_reads"],
) -> Float[Tensor, "d_vocab d_vocab"]:
    """The attention score that each token's query gives to the key written for each token by an earlier head.

    W_E: rows of the embedding. W_V, W_O: of the head that writes. W_Q, W_K: of the head that reads.
    Entry [t, u]: the reader's query is made from the embedding of t; its key from what the writer puts into the
    residual stream where it looks at u. Scaled by the root of the reader's d_head, as in the model.

    Exact as a part of the score where there is no LayerNorm, no rotation and no bias; elsewhere a sketch of it.
    Raises CourseError when the shapes do not fit one another.
    """
    d_model = W_E.shape[-1]
    fits = W_Q.shape == W_K.shape and W_V.shape == W_O.T.shape and {W_Q.shape[0], W_V.shape[0]} == {d_model}
    if not fits:
        shapes = ", ".join(str(tuple(each.shape)) for each in (W_E, W_V, W_O, W_Q, W_K))
        raise CourseError(
            "W_E is (d_vocab, d_model); W_V, W_Q and W_K of one head (d_model, d_head), W_O (d_head, d_model). "
            f"The shapes given are {shapes}."
        )
    queries = W_E @ W_Q
    keys = W_E @ W_V @ W_O @ W_K
    return queries @ keys.T / W_Q.shape[-1] ** 0.5


@torch.no_grad()
def match_table(model: Any, writer: Head, reader: Head, distance: int = 11) -> Float[Tensor, "d_vocab d_vocab"]:
    """`k_composition` on a model that may have LayerNorm and rotary positions: which token's key each query likes best.

    writer: a head of layer 0, whose input is an embedding and nothing else, so that its LayerNorm can be computed
        from the weights. reader: a head of layer 1.
    distance: how many positions the key lies before the query; only rotation makes it matter.
    Of the reader's LayerNorm the scale is left out, which depends on all that stands at a position: within a row the
    largest entry is what weights alone can say. Learned positions and biases are left out as well.
    Raises CourseError when the writer is not in layer 0 or the reader not in layer 1.
    """
    if writer[0] != 0 or reader[0] != 1:
        raise CourseError(
            f"match_table reads a head of layer 1 through one of layer 0, not {reader} through {writer}: further up, "
            "what a head reads is not known from the weights alone."
        )
    W_E, (layer, head) = model.W_E, reader
    before, after = _norm(model, 0), _norm(model, layer)
    seen = W_E
    if before is not None:
        gain, bias, eps = before
        seen = layer_norm(W_E, gain, bias, eps)
    written = seen @ model.W_V[writer] @ model.W_O[writer]
    read = [written, W_E]
    if after is not None:
        read = [(each - each.mean(-1, keepdim=True)) * after[0] for each in read]
    keys, queries = read[0] @ model.W_K[layer, head], read[1] @ model.W_Q[layer, head]
    if _rotary(model):
        keys = turned(model, keys[:, None])[:, 0]
        queries = turned(model, queries[:, None].expand(-1, distance + 1, -1))[:, distance]
    return queries @ keys.T / keys.shape[-1] ** 0.5


@dataclass(frozen=True)
class KeyContributions:
    """The attention scores of one head, divided among what its keys read.

    names: the parts: "embedding", "position" (learned positions), "L0H3" for each earlier head, "biases" for b_O of
        earlier layers, "MLP 0" …, and "constant" for the biases of LayerNorm and key.
    scores: one table for each part; together they are the head's scores. Only sources up to the destination count.
    """

    names: tuple[str, ...]
    scores: Float[Tensor, "part batch dest src"]

    def at(self, source: Int[Tensor, "batch dest"], queries: Int[Tensor, " query"]) -> Float[Tensor, "part batch"]:
        """How far each part raises the score of the right source over that of the other sources, mean over queries.

        source: for each destination the right source, such as `data.induction_source`. queries: destinations to average
        over. The other sources are all from position 1 up to the destination itself.
        """
        rises = []
        for dest in queries.tolist():
            right = source[:, dest]
            row = self.scores[:, :, dest, : dest + 1]
            chosen = row.gather(-1, right[None, :, None].expand(len(row), -1, 1))[..., 0]
            others = (row[..., 1:].sum(-1) - chosen) / (dest - 1)
            rises.append(chosen - others)
        return torch.stack(rises).mean(0)


@torch.no_grad()
def key_contributions(model: Any, tokens: Int[Tensor, "batch pos"], reader: Head) -> KeyContributions:
    """Divide a head's attention scores among the parts of the residual stream that its keys read.

    A key is linear in the residual stream once LayerNorm's scale is taken as it was in this run, so the score of a
    query for a key is a sum with one term for each part. Queries are left whole.
    Raises CourseError for a reader in layer 0 below which nothing was written, or a head that the model does not have.
    """
    layer, head = reader
    if not (1 <= layer < model.cfg.n_layers and 0 <= head < model.cfg.n_heads):
        raise CourseError(
            f"The reader is a head (layer, head) of layer 1 to {model.cfg.n_layers - 1}, not {reader}; heads run "
            f"from 0 to {model.cfg.n_heads - 1}."
        )
    site = Site("q", layer, head=head)
    has_mlp = "blocks.0.hook_mlp_out" in model.hook_dict and not getattr(model.cfg, "attn_only", False)
    wanted = [embed(), resid_pre(0), resid_pre(layer), site]
    wanted += [z(below) for below in range(layer)]
    wanted += [mlp_out(below) for below in range(layer)] if has_mlp else []
    cache = run(model, tokens, cache=wanted).cache
    parts: dict[str, Tensor] = {"embedding": cache[embed()]}
    if not _rotary(model):
        parts["position"] = cache[resid_pre(0)] - cache[embed()]
    for below in range(layer):
        heads = head_contribution(model, cache, below)
        parts |= {f"L{below}H{each}": heads[:, :, each] for each in range(heads.shape[2])}
        if has_mlp:
            parts[f"MLP {below}"] = cache[mlp_out(below)]
    stream = cache[resid_pre(layer)]
    parts["biases"] = stream - sum(parts.values())  # what is left is the same at all positions: b_O
    names, stack = (*parts, "constant"), torch.stack(list(parts.values()))
    W_K, b_K = model.W_K[layer, head], model.b_K[layer, head]
    norm = _norm(model, layer)
    if norm is None:
        keys = torch.cat([stack @ W_K, b_K.expand(1, *tokens.shape, -1)])
    else:
        gain, bias, eps = norm
        centred = stack - stack.mean(-1, keepdim=True)
        scale = (stream.var(-1, correction=0, keepdim=True) + eps).sqrt()
        keys = torch.cat([centred / scale * gain @ W_K, (bias @ W_K + b_K).expand(1, *tokens.shape, -1)])
    query = cache[site]
    if _rotary(model):
        keys, query = torch.stack([turned(model, each) for each in keys]), turned(model, query)
    return KeyContributions(names, torch.einsum("bde,cbse->cbds", query, keys) / query.shape[-1] ** 0.5)


def cut_path(
    model: Any, tokens: Int[Tensor, "batch pos"], writer: Head, reader: Head, into: str = "k"
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits when the reader's keys (or queries, or values) are made without what the writer says of the text.

    writer: a head (layer, head). reader: a head of the next layer. into: "k", "q" or "v".
    What the writer writes is replaced by its mean over the batch, position by position, for this one use: a first run
    with the writer mean-ablated gives the reader's keys, and a second run, unchanged in all else, is given these keys.
    The direct path into the reader's keys is cut, and every other path from the writer stays. (Path patching; Wang et
    al. 2022, "Interpretability in the Wild"; Goldowsky-Dill et al. 2023, "Localizing Model Behavior with Path
    Patching".) Chapter 1's `transformer_maths.cut_path` takes away all that was written and holds LayerNorm's scale;
    here the mean stays, and the scale is made anew.
    Raises CourseError unless the reader is in the layer after the writer: further up, heads in between would also read
    the changed stream.
    """
    if into not in ("q", "k", "v"):
        raise CourseError(f"into is 'q', 'k' or 'v', one of the reader's three inputs, not {into!r}.")
    if reader[0] != writer[0] + 1:
        raise CourseError(
            f"The reader {reader} has to be in the layer after the writer {writer}: from further up the stream would "
            "also be read by heads in between."
        )
    written, read = Site("z", *writer), Site(into, *reader)
    clean = run(model, tokens, cache=[written]).cache[written]
    without = run(model, tokens, edits=[replace(written, ablated(clean, "mean"))], cache=[read])
    return run(model, tokens, edits=[replace(read, without.cache[read])]).logits


def _rotary(model: Any) -> bool:
    return model.cfg.positional_embedding_type == "rotary"


def turned(model: Any, x: Float[Tensor, "batch pos d_head"]) -> Float[Tensor, "batch pos d_head"]:
    """Queries or keys of one head as the model rotates them, up to one order of entries for both.

    Native bridges pair neighbouring entries, checkpoints entry j with entry j + d_head/2; scores do not depend on the
    order. Raises CourseError for a model that rotates only some of the entries.
    """
    if (model.cfg.rotary_dim or x.shape[-1]) != x.shape[-1]:
        raise CourseError("This model rotates only some entries of its queries and keys, which is not handled here.")
    if model.cfg.architecture == "TransformerLensNative":
        x = torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)
    return rotate(x[:, :, None], float(model.cfg.rotary_base or 10_000))[:, :, 0]


def _norm(model: Any, layer: int) -> tuple[Tensor, Tensor, float] | None:
    """Gain, bias and eps of the LayerNorm before the attention, or None where there is none."""
    state = model.blocks[layer].state_dict()
    gain = [value for name, value in state.items() if name.startswith("ln1.") and name.endswith("weight")]
    bias = [value for name, value in state.items() if name.startswith("ln1.") and name.endswith("bias")]
    return (gain[0], bias[0], float(model.cfg.eps)) if gain else None
