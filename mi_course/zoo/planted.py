"""Attention-only models whose weights are written by hand, head by head, so that what each head does is known.

They serve as ground truth for methods that find heads. Learned positions, no LayerNorm, so that a head's weights can be
read off; the residual stream is four separate parts: token, position, previous token, output.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from mi_course.errors import CourseError

Head = tuple[int, int]
CERTAIN = 30.0  # attention score, in nats, that leaves e^-30 for everything else
GAIN = 20.0  # logits written for a token that a head copies


@dataclass(frozen=True)
class PreviousToken:
    """Looks one token back and writes that token into the part of the stream that induction heads' keys read."""


@dataclass(frozen=True)
class FirstToken:
    """Looks at position 1 from everywhere and writes its token into the part of the stream that queries read."""


@dataclass(frozen=True)
class FixedOffset:
    """Looks a fixed number of tokens back wherever it stands, whatever is there, and copies what it sees to the output.

    offsets: one distance, or several among which it divides its attention evenly.
    """

    offsets: tuple[int, ...]

    def __init__(self, *offsets: int) -> None:
        object.__setattr__(self, "offsets", offsets)


@dataclass(frozen=True)
class Induction:
    """Looks at the token after an earlier copy of its own token, with probability `strength`; else at [BOS].

    positions: the only destinations at which it does so; from all others it looks at [BOS].
    first_tokens: it does so only in texts whose first token after [BOS] is one of these; in all others it looks at
        [BOS].
    """

    strength: float = 0.95
    positions: frozenset[int] | None = None
    first_tokens: frozenset[int] | None = None


@dataclass(frozen=True)
class DuplicateToken:
    """Looks at the copies of its own token, itself included."""


Role = PreviousToken | FirstToken | FixedOffset | Induction | DuplicateToken


def planted(
    roles: Mapping[Head, Role],
    *,
    n_layers: int = 2,
    n_heads: int = 4,
    d_vocab: int = 64,
    n_ctx: int = 64,
    seed: int = 0,
) -> Any:
    """Build a model in which the named heads do what their roles say; all others attend evenly and write nothing.

    An `Induction` head needs a `PreviousToken` head in an earlier layer, or it finds nothing to match; one with
    `first_tokens` needs a `FirstToken` head there as well.
    seed: draws a small noise on all weights, so that no weight is exactly zero.
    Returns a TransformerBridge in eval mode; token 0 is [BOS].
    Raises CourseError for a head that the model does not have, an induction head without the heads that it needs, and
    one that is to work at positions or on tokens that the model does not have.
    """
    parts = _Parts(d_vocab, n_ctx, first=any(isinstance(role, FirstToken) for role in roles.values()))
    _check(roles, n_layers, n_heads, parts)
    weights = _blank(parts, n_layers, n_heads)
    for (layer, head), role in roles.items():
        _write(weights, parts, layer, head, role)
    generator = torch.Generator().manual_seed(seed)
    for name, weight in weights.items():
        if ".W_" in name:
            weight += 1e-3 * torch.randn(weight.shape, generator=generator)
    return _bridge(weights, parts, n_layers, n_heads)


class _Parts:
    """Where in the residual stream each kind of information lies."""

    def __init__(self, d_vocab: int, n_ctx: int, first: bool) -> None:
        self.d_vocab, self.n_ctx = d_vocab, n_ctx
        self.d_head = max(d_vocab, n_ctx) + 1  # the last dimension of a head holds the bid of [BOS]
        self.token = slice(0, d_vocab)
        self.position = slice(d_vocab, d_vocab + n_ctx)
        self.previous = slice(d_vocab + n_ctx, 2 * d_vocab + n_ctx)
        self.output = slice(2 * d_vocab + n_ctx, 3 * d_vocab + n_ctx)
        self.d_model = 3 * d_vocab + n_ctx + first * d_vocab
        self.first = slice(3 * d_vocab + n_ctx, self.d_model)  # empty where no head writes there


Weights = dict[str, torch.Tensor]


def _check(roles: Mapping[Head, Role], n_layers: int, n_heads: int, parts: _Parts) -> None:
    for (layer, head), role in roles.items():
        if not (0 <= layer < n_layers and 0 <= head < n_heads):
            raise CourseError(f"There is no head L{layer}H{head} in {n_layers} layers of {n_heads} heads.")
        if isinstance(role, Induction):
            earlier = {type(other) for place, other in roles.items() if place[0] < layer}
            _check_induction(f"L{layer}H{head}", role, earlier, parts)


def _check_induction(name: str, role: Induction, earlier: set[type], parts: _Parts) -> None:
    if not 0 < role.strength < 1:
        raise CourseError(f"An induction head's strength lies between 0 and 1, and {role.strength} does not.")
    if PreviousToken not in earlier:
        raise CourseError(f"{name} needs a previous-token head in an earlier layer; plant one.")
    if role.first_tokens is not None and FirstToken not in earlier:
        raise CourseError(f"{name} needs a first-token head in an earlier layer; plant one.")
    for what, wanted, end in (
        ("positions", role.positions, parts.n_ctx),
        ("first tokens", role.first_tokens, parts.d_vocab),
    ):
        if wanted is not None and not all(0 <= each < end for each in wanted):
            raise CourseError(f"{name}'s {what} {sorted(wanted)} are not all from 0 to {end - 1}.")


def _blank(parts: _Parts, n_layers: int, n_heads: int) -> Weights:
    weights: Weights = {
        "embed.W_E": torch.zeros(parts.d_vocab, parts.d_model),
        "pos_embed.W_pos": torch.zeros(parts.n_ctx, parts.d_model),
        "unembed.W_U": torch.zeros(parts.d_model, parts.d_vocab),
        "unembed.b_U": torch.zeros(parts.d_vocab),
    }
    weights["embed.W_E"][:, parts.token] = torch.eye(parts.d_vocab)
    weights["pos_embed.W_pos"][:, parts.position] = torch.eye(parts.n_ctx)
    weights["unembed.W_U"][parts.output] = GAIN * torch.eye(parts.d_vocab)
    for layer in range(n_layers):
        prefix = f"blocks.{layer}.attn."
        for name in "QKV":
            weights[prefix + f"W_{name}"] = torch.zeros(n_heads, parts.d_model, parts.d_head)
            weights[prefix + f"b_{name}"] = torch.zeros(n_heads, parts.d_head)
        weights[prefix + "W_O"] = torch.zeros(n_heads, parts.d_head, parts.d_model)
        weights[prefix + "b_O"] = torch.zeros(parts.d_model)
    return weights


def _write(weights: Weights, parts: _Parts, layer: int, head: int, role: Role) -> None:
    scale = math.sqrt(CERTAIN * math.sqrt(parts.d_head))
    at = f"blocks.{layer}.attn."
    query, key = weights[at + "W_Q"][head], weights[at + "W_K"][head]
    value, out = weights[at + "W_V"][head], weights[at + "W_O"][head]
    token_eye = torch.eye(parts.d_vocab)
    value[parts.token, : parts.d_vocab] = token_eye  # every role carries the token it looks at

    if isinstance(role, (PreviousToken, FirstToken, FixedOffset)):
        for source in _sources(role, parts.n_ctx):
            query[parts.position, : parts.n_ctx] += scale * torch.eye(parts.n_ctx)[source]
        key[parts.position, : parts.n_ctx] = scale * torch.eye(parts.n_ctx)
        targets = {PreviousToken: parts.previous, FirstToken: parts.first, FixedOffset: parts.output}
        out[: parts.d_vocab, targets[type(role)]] = token_eye
        return

    query[parts.token, : parts.d_vocab] = scale * token_eye
    if isinstance(role, DuplicateToken):
        key[parts.token, : parts.d_vocab] = scale * token_eye
        return
    key[parts.previous, : parts.d_vocab] = scale * token_eye
    out[: parts.d_vocab, parts.output] = token_eye
    # [BOS] bids for the rest of the attention: a softmax over a match at CERTAIN and this bid gives `strength`.
    bid = CERTAIN + math.log((1 - role.strength) / role.strength)
    weights[at + "b_Q"][head, -1] = scale
    key[0, -1] = bid / CERTAIN * scale
    # Where it is not to work the bid counts half as much again, which leaves a match at CERTAIN e^-13 or so.
    if role.positions is not None:
        elsewhere = [i for i in range(parts.n_ctx) if i not in role.positions]
        query[parts.position, -1][elsewhere] = 0.5 * scale
    if role.first_tokens is not None:
        others = [i for i in range(parts.d_vocab) if i not in role.first_tokens]
        query[parts.first, -1][others] = 0.5 * scale


def _sources(role: PreviousToken | FirstToken | FixedOffset, n_ctx: int) -> list[torch.Tensor]:
    """The positions that a head of fixed places looks at from each position, one tensor for each of them."""
    here = torch.arange(n_ctx)
    if isinstance(role, FirstToken):
        return [torch.ones_like(here)]
    offsets = role.offsets if isinstance(role, FixedOffset) else (1,)
    return [(here - offset).clamp(min=0) for offset in offsets]


def _bridge(weights: Weights, parts: _Parts, n_layers: int, n_heads: int) -> Any:
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge.sources import boot_native
    from transformer_lens.model_bridge.sources.tl_legacy import convert_tl_checkpoint

    config = TransformerBridgeConfig(
        architecture="TransformerLensNative",
        positional_embedding_type="standard",
        n_layers=n_layers,
        n_heads=n_heads,
        d_model=parts.d_model,
        d_head=parts.d_head,
        n_ctx=parts.n_ctx,
        d_mlp=None,
        attn_only=True,
        act_fn="relu",
        d_vocab=parts.d_vocab,
        d_vocab_out=parts.d_vocab,
        normalization_type=None,
    )
    bridge = boot_native(config, device="cpu", dtype=torch.float32)
    bridge.load_state_dict(convert_tl_checkpoint(weights, config), strict=True)
    return bridge.eval()
