"""An induction model whose weights are written, not trained: what the explanation says, put to the test as a program.

The residual stream has four parts that do not overlap: the token at the position, the position itself, the token before
(which layer 0 writes and layer 1 reads), and the prediction. Attention only, one head a layer, learned positions, no
LayerNorm, no biases.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError

Weights = dict[str, Tensor]

SHAPES: Mapping[str, tuple[str, ...]] = {
    "W_E": ("d_vocab", "d_model"),
    "W_pos": ("n_ctx", "d_model"),
    "W_Q": ("2", "d_model", "d_head"),
    "W_K": ("2", "d_model", "d_head"),
    "W_V": ("2", "d_model", "d_head"),
    "W_O": ("2", "d_head", "d_model"),
    "W_U": ("d_model", "d_vocab"),
}
"""The tensors of a model of two layers with one head each; the author chooses d_model and d_head."""


CERTAIN = 30.0
"""By how much, in nats, the score of a position that matches exceeds that of one that does not: a softmax over n
positions then leaves at most n e^−30 for all that do not match."""


def write_induction_model(d_vocab: int, n_ctx: int) -> Weights:
    """Weights of a two-layer model that continues repeated text, in closed form (see the module's text).

    d_vocab: tokens, [BOS] included, which is id 0. n_ctx: the longest text.
    Returns the tensors named in `SHAPES`, in single precision.
    """
    if d_vocab < 2 or n_ctx < 2:
        raise CourseError(f"write_induction_model needs two tokens and two positions, not {d_vocab} and {n_ctx}.")
    token = slice(0, d_vocab)
    position = slice(d_vocab, d_vocab + n_ctx)
    previous = slice(d_vocab + n_ctx, 2 * d_vocab + n_ctx)
    prediction = slice(2 * d_vocab + n_ctx, 3 * d_vocab + n_ctx)
    d_model, d_head = 3 * d_vocab + n_ctx, max(d_vocab, n_ctx)
    tokens, positions = torch.eye(d_vocab), torch.eye(n_ctx)
    weights = {
        "W_E": torch.zeros(d_vocab, d_model),
        "W_pos": torch.zeros(n_ctx, d_model),
        "W_Q": torch.zeros(2, d_model, d_head),
        "W_K": torch.zeros(2, d_model, d_head),
        "W_V": torch.zeros(2, d_model, d_head),
        "W_O": torch.zeros(2, d_head, d_model),
        "W_U": torch.zeros(d_model, d_vocab),
    }
    weights["W_E"][:, token] = tokens
    weights["W_pos"][:, position] = positions
    weights["W_U"][prediction] = tokens
    sharp = CERTAIN * math.sqrt(d_head)  # scores are divided by the root of d_head
    # Layer 0 looks one position back, whatever stands there, and notes what it sees under "previous".
    weights["W_Q"][0, position, :n_ctx] = sharp * positions.roll(-1, 1)  # row i asks for position i − 1
    weights["W_K"][0, position, :n_ctx] = positions
    weights["W_V"][0, token, :d_vocab] = tokens
    weights["W_O"][0, :d_vocab, previous] = tokens
    # Layer 1 looks where "previous" is its own token, and predicts the token that stands there.
    weights["W_Q"][1, token, :d_vocab] = sharp * tokens
    weights["W_K"][1, previous, :d_vocab] = tokens
    weights["W_V"][1, token, :d_vocab] = tokens
    weights["W_O"][1, :d_vocab, prediction] = tokens
    return weights


def sizes(weights: Mapping[str, Tensor]) -> dict[str, int]:
    """d_vocab, n_ctx, d_model and d_head of weights by hand.

    Raises CourseError for a name that is missing or too many, and for a tensor that does not fit the others.
    """
    if not isinstance(weights, Mapping) or set(weights) != set(SHAPES):
        given = ", ".join(map(str, weights)) if isinstance(weights, Mapping) else type(weights).__name__
        raise CourseError(f"The weights are a dict with {', '.join(SHAPES)}; given: {given}.")
    found: dict[str, int] = {}
    for name, axes in SHAPES.items():
        shape = tuple(weights[name].shape)
        fits = len(shape) == len(axes) and all(
            size == (int(axis) if axis.isdigit() else found.setdefault(axis, size))
            for axis, size in zip(axes, shape, strict=True)
        )
        if not fits:
            known = ", ".join(f"{axis} {size}" for axis, size in found.items())
            raise CourseError(f"{name} has shape {shape}; it should be ({', '.join(axes)}), with {known}.")
    return found


def build_by_hand(weights: Mapping[str, Tensor]) -> Any:
    """The weights as a TransformerBridge in eval mode, on which everything of this course runs.

    Raises CourseError for weights that do not fit together, see `sizes`.
    """
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge.sources import boot_native
    from transformer_lens.model_bridge.sources.tl_legacy import convert_tl_checkpoint

    size = sizes(weights)
    state = {
        "embed.W_E": weights["W_E"],
        "pos_embed.W_pos": weights["W_pos"],
        "unembed.W_U": weights["W_U"],
        "unembed.b_U": torch.zeros(size["d_vocab"]),
    }
    for layer in range(2):
        for name in ("W_Q", "W_K", "W_V", "W_O"):
            state[f"blocks.{layer}.attn.{name}"] = weights[name][layer].unsqueeze(0)
        for name in ("b_Q", "b_K", "b_V"):
            state[f"blocks.{layer}.attn.{name}"] = torch.zeros(1, size["d_head"])
        state[f"blocks.{layer}.attn.b_O"] = torch.zeros(size["d_model"])
    config = TransformerBridgeConfig(
        architecture="TransformerLensNative",
        positional_embedding_type="standard",
        n_layers=2,
        n_heads=1,
        d_mlp=None,
        attn_only=True,
        act_fn="relu",
        d_vocab_out=size["d_vocab"],
        normalization_type=None,
        **size,
    )
    bridge = boot_native(config, device="cpu", dtype=torch.float32)
    bridge.load_state_dict(convert_tl_checkpoint({k: v.float() for k, v in state.items()}, config), strict=True)
    return bridge.eval()


def one_match_ceiling(tokens: Int[Tensor, "batch pos"], period: int) -> Float[Tensor, "batch later"]:
    """How probable it is that the vote of all earlier copies names the right next token, at each later position.

    tokens: [BOS] and segments of `period` ids, in which ids may come back. At a position of a later segment (not the
    last of the text) every earlier occurrence of the same token votes for the token that followed it, with one vote
    each; the most frequent wins, and among equals one is drawn. That is what a head can do that compares one token and
    attends to all matches alike.
    """
    if tokens.shape[1] < period + 3:
        raise CourseError(f"Texts of {tokens.shape[1]} tokens have no second segment of period {period} to predict.")
    chances = []
    for row in tokens.tolist():
        of_row = []
        for at in range(period + 1, len(row) - 1):
            votes: dict[int, int] = {}
            for before in range(1, at):
                if row[before] == row[at]:
                    votes[row[before + 1]] = votes.get(row[before + 1], 0) + 1
            most = max(votes.values())
            best = [token for token, count in votes.items() if count == most]
            of_row.append((row[at + 1] in best) / len(best))
        chances.append(of_row)
    return torch.tensor(chances)
