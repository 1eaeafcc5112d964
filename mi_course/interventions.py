"""Run a model, change what happens inside it, and keep what one wants to look at.

This is the only module that talks to a model's hooks. A `Site` names an activation, an `Edit` says what to put there,
and `run` does one forward pass with the edits in place and returns the logits together with the cached activations:

    clean = run(model, tokens, cache=[z(0), pattern(1, head=2)])
    ablated = run(model, tokens, edits=[zero(z(1, head=2))])

Everything is taken off the model again when `run` returns or raises; hooks that were on the model before stay on it.

Only sites that mean the same on both kinds of model, native and checkpoint, are offered. Attention scores are not: on
native models an edit there is silently dropped. Queries and keys are those before the rotary rotation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError, did_you_mean

# Where each kind of site lives on a TransformerBridge, and the axes of the tensor found there.
_HOOKS = {
    "embed": "hook_embed",
    "resid_pre": "blocks.{layer}.hook_resid_pre",
    "resid_mid": "blocks.{layer}.hook_resid_mid",
    "resid_post": "blocks.{layer}.hook_resid_post",
    "q": "blocks.{layer}.attn.hook_q",
    "k": "blocks.{layer}.attn.hook_k",
    "v": "blocks.{layer}.attn.hook_v",
    "z": "blocks.{layer}.attn.hook_z",
    "pattern": "blocks.{layer}.attn.hook_pattern",
    "attn_out": "blocks.{layer}.hook_attn_out",
    "mlp_out": "blocks.{layer}.hook_mlp_out",
}
_STREAM_AXES = ("batch", "position", "d_model")
_HEAD_AXES = ("batch", "position", "head", "d_head")
_AXES = {kind: _STREAM_AXES for kind in _HOOKS} | {kind: _HEAD_AXES for kind in ("q", "k", "v", "z")}
_AXES["pattern"] = ("batch", "head", "position", "source")


@dataclass(frozen=True)
class Site:
    """An activation of a model: what kind, in which layer, and if wanted only one head or one position of it.

    kind: one of embed, resid_pre, resid_mid, resid_post, q, k, v, z, pattern, attn_out, mlp_out.
    layer: index of the layer, from 0; None for embed only.
    head: one head (q, k, v, z and pattern only), or None for all.
    position: one position, negative ones counting from the end, or None for all. Of a pattern it is the destination.

    The tensor at a site has shape (batch, position, d_model), for q, k, v and z (batch, position, head, d_head), for a
    pattern (batch, head, destination, source). Naming a head or a position drops that axis.
    """

    kind: str
    layer: int | None = None
    head: int | None = None
    position: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in _HOOKS:
            raise CourseError(
                f"There is no kind of site called {self.kind!r}.{did_you_mean(self.kind, _HOOKS)} "
                f"The kinds are {', '.join(_HOOKS)}."
            )
        for name in ("layer", "head", "position"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise CourseError(f"The {name} of a site is a whole number, not {value!r}.")
        if self.kind == "embed" and self.layer is not None:
            raise CourseError("The embedding belongs to no layer; write embed() without a layer.")
        if self.kind != "embed" and self.layer is None:
            raise CourseError(f"A {self.kind} site needs a layer, as in {self.kind}(0).")
        if self.head is not None and "head" not in _AXES[self.kind]:
            raise CourseError(f"{self.kind} has no heads; heads are in q, k, v, z and pattern.")

    def __str__(self) -> str:
        named = [f"{name} {getattr(self, name)}" for name in ("layer", "head", "position")]
        given = [text for text in named if not text.endswith("None")]
        return f"{self.kind} ({', '.join(given)})" if given else self.kind

    @property
    def whole(self) -> Site:
        """The same activation with all heads and positions."""
        return dataclass_replace(self, head=None, position=None)

    @property
    def _hook_name(self) -> str:
        return _HOOKS[self.kind].format(layer=self.layer)

    @property
    def _index(self) -> tuple[int | slice, ...]:
        chosen = {"head": self.head, "position": self.position}
        return tuple(slice(None) if (i := chosen.get(axis)) is None else i for axis in _AXES[self.kind])

    def _select(self, value: Tensor) -> Tensor:
        if self.head is None and self.position is None:
            return value
        return value[self._index]


def embed(*, position: int | None = None) -> Site:
    """The token embedding, without positions."""
    return Site("embed", position=position)


def resid_pre(layer: int, *, position: int | None = None) -> Site:
    """The residual stream as it enters a layer."""
    return Site("resid_pre", layer, position=position)


def resid_mid(layer: int, *, position: int | None = None) -> Site:
    """The residual stream between the attention and the MLP of a layer. Attention-only models have none."""
    return Site("resid_mid", layer, position=position)


def resid_post(layer: int, *, position: int | None = None) -> Site:
    """The residual stream as it leaves a layer."""
    return Site("resid_post", layer, position=position)


def q(layer: int, *, head: int | None = None, position: int | None = None) -> Site:
    """Queries, before any rotation."""
    return Site("q", layer, head, position)


def k(layer: int, *, head: int | None = None, position: int | None = None) -> Site:
    """Keys, before any rotation."""
    return Site("k", layer, head, position)


def v(layer: int, *, head: int | None = None, position: int | None = None) -> Site:
    """Values."""
    return Site("v", layer, head, position)


def z(layer: int, *, head: int | None = None, position: int | None = None) -> Site:
    """What each head has gathered, before W_O: the pattern times the values."""
    return Site("z", layer, head, position)


def pattern(layer: int, *, head: int | None = None, position: int | None = None) -> Site:
    """Attention probabilities, destination by source; a position names the destination."""
    return Site("pattern", layer, head, position)


def attn_out(layer: int, *, position: int | None = None) -> Site:
    """What the attention of a layer adds to the residual stream: all heads and b_O."""
    return Site("attn_out", layer, position=position)


def mlp_out(layer: int, *, position: int | None = None) -> Site:
    """What the MLP of a layer adds to the residual stream. Attention-only models have none."""
    return Site("mlp_out", layer, position=position)


@dataclass(frozen=True)
class Edit:
    """A change at a site: `function` receives a copy of the tensor there and returns the tensor to go on with.

    The result must have the shape and the dtype of what came in. Edits at the same site apply in the order given.
    """

    site: Site
    function: Callable[[Tensor], Tensor]

    def __post_init__(self) -> None:
        if not isinstance(self.site, Site):
            raise CourseError(f"An edit needs a site such as z(0, head=1), not {type(self.site).__name__}.")
        if not callable(self.function):
            raise CourseError("An edit needs a function from tensor to tensor; to put in a given tensor use replace().")


def replace(site: Site, value: Tensor | float) -> Edit:
    """Put `value` at the site: a tensor of the site's shape, or one that broadcasts to it."""
    return Edit(site, lambda current: _broadcast(site, value, current))


def zero(site: Site) -> Edit:
    """Put zeros at the site."""
    return Edit(site, torch.zeros_like)


def add(site: Site, value: Tensor | float) -> Edit:
    """Add `value`, which may broadcast, to what is at the site."""
    return Edit(site, lambda current: current + _broadcast(site, value, current))


class Cache(Mapping[Site, Tensor]):
    """The activations kept by a run, by site.

    A cached activation also answers for its parts: with `z(0)` cached, `cache[z(0, head=2)]` is that head of it.
    """

    def __init__(self, values: Mapping[Site, Tensor]) -> None:
        self._values = dict(values)

    def __getitem__(self, site: Site) -> Tensor:
        """The tensor at the site. Raises CourseError when neither the site nor the whole of it was cached."""
        if site in self._values:
            return self._values[site]
        if isinstance(site, Site) and site.whole in self._values:
            value = self._values[site.whole]
            for axis, index in (("head", site.head), ("position", site.position)):
                if index is not None:
                    _check_index(axis, index, value.shape[_AXES[site.kind].index(axis)], site)
            return site._select(value)
        have = ", ".join(map(str, self._values)) or "nothing"
        raise CourseError(f"{site} was not cached (cached: {have}); ask for it with run(..., cache=[...]).")

    def __contains__(self, site: object) -> bool:
        return site in self._values or (isinstance(site, Site) and site.whole in self._values)

    def __iter__(self) -> Iterator[Site]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Cache({', '.join(f'{site}: {tuple(value.shape)}' for site, value in self._values.items())})"


class Run(NamedTuple):
    """What a run returns.

    logits: shape (batch, position, d_vocab).
    cache: the activations asked for, as the rest of the model saw them: after the edits.
    """

    logits: Float[Tensor, "batch position d_vocab"]
    cache: Cache


def run(
    model: Any,
    tokens: Int[Tensor, "batch position"],
    edits: Iterable[Edit] = (),
    cache: Iterable[Site] = (),
    *,
    grad: bool = False,
) -> Run:
    """Run the model on the tokens with the edits in place, keeping the activations at the sites in `cache`.

    model: a TransformerBridge in eval mode, native or from a checkpoint.
    tokens: token ids, shape (batch, position).
    grad: record gradients. Then a cached whole activation is the tensor that the model went on with, so that
        `torch.autograd.grad(loss, run.cache[site])` works; otherwise cached tensors are copies without a graph.

    Leaves no hook behind, also when an edit raises, and touches no other state of the model.
    Raises CourseError when the model is in train mode; when the tokens are not whole numbers of shape (batch, position)
    within the vocabulary and the context; when a site does not exist in this model or was not reached; when an edit
    returns None or a tensor of another shape or dtype.
    """
    edits, wanted = _as_list(edits, Edit, "edits"), _as_list(cache, Site, "cache")
    _check_model(model)
    tokens = _check_tokens(model, tokens)
    points = model.hook_dict  # the bridge puts this together anew each time it is asked
    for site in [*(edit.site for edit in edits), *wanted]:
        _check_site(model, points, site, tokens.shape[1])

    recorder = _Recorder(edits, wanted, grad)
    with torch.enable_grad() if grad else torch.no_grad(), _hooked(points, recorder.hooks()):
        logits = model(tokens)
    recorder.check_all_reached()
    return Run(logits, Cache(recorder.values))


def sites(model: Any) -> list[Site]:
    """Every whole site that this model has, in the order in which the model reaches them."""
    order = ["resid_pre", "q", "k", "v", "pattern", "z", "attn_out", "resid_mid", "mlp_out", "resid_post"]
    every = [embed(), *(Site(kind, layer) for layer in range(model.cfg.n_layers) for kind in order)]
    hooks = model.hook_dict
    return [site for site in every if site._hook_name in hooks]


def head_contribution(
    model: Any, cache: Mapping[Site, Tensor], layer: int
) -> Float[Tensor, "batch position head d_model"]:
    """What each head of a layer adds to the residual stream: its z times its W_O.

    cache: holds `z(layer)`.
    The heads together with b_O, which belongs to no head, make up attn_out (Elhage et al. 2021, "A Mathematical
    Framework for Transformer Circuits").
    """
    return torch.einsum("bphd,hdm->bphm", cache[z(layer)], model.W_O[layer])


# --- how it is done ---------------------------------------------------------------------------------------------------

_Hook = tuple[str, Callable[[Tensor], Tensor | None]]


class _Recorder:
    """Applies the edits of one run and keeps its cache."""

    def __init__(self, edits: Sequence[Edit], wanted: Sequence[Site], grad: bool) -> None:
        self.edits, self.wanted, self.grad = edits, wanted, grad
        self.values: dict[Site, Tensor] = {}
        self._reached: set[Site] = set()
        self._resid_pre: dict[int, Tensor] = {}

    def hooks(self) -> list[_Hook]:
        """The hooks to put on the model, in an order in which edits come before caching."""
        hooks: list[_Hook] = []
        for site in dict.fromkeys([edit.site.whole for edit in self.edits] + [site.whole for site in self.wanted]):
            edits = [edit for edit in self.edits if edit.site.whole == site]
            wanted = [want for want in self.wanted if want.whole == site]
            if site.kind == "resid_mid" and edits:
                continue
            hooks.append((site._hook_name, self._at(site, edits, wanted)))
        # The hook called resid_mid sits on the way into the MLP's LayerNorm, past the fork: an edit there would leave
        # the skip connection as it was. What the attention writes is the last thing before the fork, so an edit is
        # made there, after all else has looked at attn_out.
        for site in dict.fromkeys(edit.site.whole for edit in self.edits if edit.site.kind == "resid_mid"):
            edits = [edit for edit in self.edits if edit.site.whole == site]
            wanted = [want for want in self.wanted if want.whole == site]
            assert site.layer is not None
            hooks.append((resid_pre(site.layer)._hook_name, self._remember(site.layer)))
            hooks.append((attn_out(site.layer)._hook_name, self._edit_resid_mid(site, edits)))
            hooks.append((site._hook_name, self._at(site, [], wanted)))
        return hooks

    def check_all_reached(self) -> None:
        for site in [*(edit.site for edit in self.edits), *self.wanted]:
            if site.whole not in self._reached:
                raise CourseError(
                    f"The model never came to {site}, so nothing was edited or cached there; "
                    f"choose another site, for example one of sites(model)."
                )

    def _at(self, site: Site, edits: Sequence[Edit], wanted: Sequence[Site]) -> Callable[[Tensor], Tensor | None]:
        def hook(value: Tensor) -> Tensor | None:
            self._reached.add(site)
            for edit in edits:
                value = _apply(edit, value)
            for want in wanted:
                part = want._select(value)
                self.values[want] = part if self.grad else part.clone()
            # With gradients the model has to go on with the very tensor that is cached.
            return value if edits or (wanted and self.grad) else None

        return hook

    def _remember(self, layer: int) -> Callable[[Tensor], None]:
        def hook(value: Tensor) -> None:
            self._resid_pre[layer] = value

        return hook

    def _edit_resid_mid(self, site: Site, edits: Sequence[Edit]) -> Callable[[Tensor], Tensor]:
        def hook(attention: Tensor) -> Tensor:
            assert site.layer is not None
            before = self._resid_pre.pop(site.layer)
            value = before + attention
            for edit in edits:
                value = _apply(edit, value)
            return value - before

        return hook


def _apply(edit: Edit, value: Tensor) -> Tensor:
    part = edit.site._select(value)
    result = edit.function(part.clone())
    if result is None:
        raise CourseError(
            f"The edit at {edit.site} returned None; it has to return the tensor to go on with, also when it "
            f"changes its argument in place."
        )
    if not isinstance(result, Tensor):
        raise CourseError(f"The edit at {edit.site} returned a {type(result).__name__}; it has to return a tensor.")
    if result.shape != part.shape:
        raise CourseError(
            f"The edit at {edit.site} returned shape {tuple(result.shape)} where {tuple(part.shape)} is due; return "
            f"a tensor of the shape that came in."
        )
    if result.dtype != part.dtype:
        raise CourseError(f"The edit at {edit.site} returned {result.dtype} where {part.dtype} is due; convert it.")
    # Copies on both ways: what came in may be cached, and what the function returned may be the caller's own tensor.
    if edit.site == edit.site.whole:
        return result.clone()
    edited = value.clone()
    edited[edit.site._index] = result
    return edited


def _broadcast(site: Site, value: Tensor | float, current: Tensor) -> Tensor:
    value = torch.as_tensor(value, dtype=current.dtype, device=current.device)
    try:
        return value.expand(current.shape)
    except RuntimeError:
        raise CourseError(
            f"A value of shape {tuple(value.shape)} does not fit {site}, which has shape {tuple(current.shape)}."
        ) from None


@contextmanager
def _hooked(points: Mapping[str, Any], hooks: Sequence[_Hook]) -> Iterator[None]:
    """Put hooks on the hook points for as long as the block lasts, and take off these and no others."""
    placed = []
    try:
        for name, function in hooks:
            point = points[name]
            placed.append((point, point.add_hook(lambda value, hook, function=function: function(value))))
        yield
    finally:
        for point, handle in placed:
            handle.hook.remove()
            # By identity: handles compare by content, and a learner's own hook must not go instead.
            point.fwd_hooks = [kept for kept in point.fwd_hooks if kept is not handle]


def _as_list(items: Any, kind: type, name: str) -> list[Any]:
    if isinstance(items, kind):
        return [items]
    try:
        listed = list(items)
    except TypeError:
        raise CourseError(f"{name} has to be a list of {kind.__name__} objects, not {type(items).__name__}.") from None
    for item in listed:
        if not isinstance(item, kind):
            raise CourseError(f"{name} has to be a list of {kind.__name__} objects; it holds a {type(item).__name__}.")
    return listed


def _check_model(model: Any) -> None:
    if not (hasattr(model, "hook_dict") and hasattr(model, "cfg")):
        raise CourseError(
            f"run() needs a TransformerBridge such as load_model('induction-2l') returns, not {type(model).__name__}."
        )
    if model.training:
        raise CourseError("The model is in train mode, in which results may be random; call model.eval() first.")


def _check_tokens(model: Any, tokens: Any) -> Tensor:
    if not isinstance(tokens, Tensor):
        raise CourseError(
            f"tokens has to be a tensor of token ids, not {type(tokens).__name__}; try torch.tensor(tokens)."
        )
    if tokens.dtype not in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8):
        raise CourseError(f"tokens has to hold whole numbers (torch.long), not {tokens.dtype}.")
    if tokens.ndim != 2 or tokens.numel() == 0:
        raise CourseError(
            f"tokens has to have shape (batch, position) and hold at least one token; its shape is "
            f"{tuple(tokens.shape)}."
        )
    n_ctx, d_vocab = model.cfg.n_ctx, model.cfg.d_vocab
    if tokens.shape[1] > n_ctx:
        raise CourseError(
            f"The sequence has {tokens.shape[1]} tokens, and this model's context holds {n_ctx}; shorten it."
        )
    low, high = int(tokens.min()), int(tokens.max())
    if low < 0 or high >= d_vocab:
        raise CourseError(
            f"Token id {low if low < 0 else high} is outside this model's vocabulary, "
            f"which runs from 0 to {d_vocab - 1}."
        )
    return tokens.long()


def _check_site(model: Any, points: Mapping[str, Any], site: Site, length: int) -> None:
    cfg = model.cfg
    if site.layer is not None:
        _check_index("layer", site.layer, cfg.n_layers, site)
    if site._hook_name not in points:
        kinds = list(dict.fromkeys(known.kind for known in sites(model)))
        raise CourseError(f"This model has no {site.kind}; the sites it has are {', '.join(kinds)}.")
    if site.head is not None:
        shared = getattr(cfg, "n_key_value_heads", None) if site.kind in ("k", "v") else None
        _check_index("head", site.head, shared or cfg.n_heads, site)
    if site.position is not None:
        _check_index("position", site.position, length, site)


def _check_index(axis: str, index: int, size: int, site: Site) -> None:
    lowest = -size if axis == "position" else 0
    if not lowest <= index < size:
        plural = {"layer": "layers", "head": "heads", "position": "positions"}[axis]
        raise CourseError(f"{site} does not exist: there are {size} {plural}, numbered 0 to {size - 1}.")
