"""2.8: take the head away, by zeros, by the mean, by what it gives on another text."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.exercises.induction_heads.tiny import texts, tiny_model
from mi_course.interventions import Edit, attn_out, k, pattern, q, replace, resid_post, run, v, z
from mi_course.transformer_maths import next_token_loss

QUESTIONS = [
    Question(
        name="heads_that_matter",
        text="Zero ablation of one head at a time: for how many of the eight heads of induction-2l (seed 0) does the "
        "loss on the second copy rise by more than 1 nat?",
        low=0,
        high=8,
    ),
]


def constant_writer() -> tuple[Any, Any]:
    """Two models that compute the same function: in the first L0H2 writes a large constant that all later parts
    subtract; in the second it writes nothing and nothing is subtracted. A previous-token head and an induction head
    are planted in both."""
    from mi_course.zoo.planted import Induction, PreviousToken, planted

    roles = {(0, 1): PreviousToken(), (1, 3): Induction(0.9)}
    quiet, loud = planted(roles), planted(roles)
    head, entry, d_vocab = 2, 0, loud.cfg.d_vocab
    constant = torch.zeros(loud.cfg.d_model)
    # On the part of the stream that holds tokens: uneven, or all scores would rise alike.
    constant[:d_vocab] = 2.0 * torch.randn(d_vocab, generator=torch.Generator().manual_seed(0))
    state = loud.state_dict()
    with torch.no_grad():
        quiet_state = quiet.state_dict()
        rows = slice(head * loud.cfg.d_head, (head + 1) * loud.cfg.d_head)
        for each in (state, quiet_state):  # the noise on this head is taken away in both
            each["blocks.0.attn.v.weight"][rows] = 0
            each["blocks.0.attn.o.weight"][:, rows] = 0
        state["blocks.0.attn.v.bias"][rows][entry] = 1
        state["blocks.0.attn.o.weight"][:, rows.start + entry] = constant
        for name in "qkv":
            state[f"blocks.1.attn.{name}.bias"] -= state[f"blocks.1.attn.{name}.weight"] @ constant
        state["unembed.bias"] -= state["unembed.weight"] @ constant
    return loud, quiet


# --- ablate_head ------------------------------------------------------------------------------------------------------


def _by_transformer_lens(model: Any, tokens: Tensor, layer: int, head: int, how: str) -> Tensor:
    """At attn_out instead of z: what the head wrote is taken off, what the replacement would write is put on."""
    kept: dict[str, Tensor] = {}

    def keep(value: Tensor, hook: Any) -> None:
        kept["z"] = value[:, :, head].clone()

    def put(value: Tensor, hook: Any) -> Tensor:
        own = kept["z"].double()
        instead = {
            "zero": lambda: own * 0,
            "mean": lambda: (own.sum(0) / len(own))[None].repeat(len(own), 1, 1),
            "resample": lambda: own[[*range(1, len(own)), 0]],
        }[how]()
        return value + ((instead - own) @ model.W_O[layer, head].double()).to(value)

    hooks = [(f"blocks.{layer}.attn.hook_z", keep), (f"blocks.{layer}.hook_attn_out", put)]
    with torch.no_grad():
        return model.run_with_hooks(tokens, fwd_hooks=hooks)


def _by_hooks(model: Any, tokens: Tensor, layer: int, head: int, how: str) -> Tensor:
    name = f"blocks.{layer}.attn.hook_z"

    def hook(value: Tensor, hook: Any) -> Tensor:
        own = value[..., head, :].clone()
        if how == "zero":
            value[..., head, :] = 0
        elif how == "mean":
            value[..., head, :] = torch.einsum("bpd->pd", own) / len(own)
        else:
            value[..., head, :] = torch.cat([own[-1:], own[:-1]])
        return value

    return model.run_with_hooks(tokens, fwd_hooks=[(name, hook)])


def _by_a_derangement(model: Any, tokens: Tensor, layer: int, head: int, how: str) -> Tensor:
    site, batch = z(layer, head=head), len(tokens)

    def function(own: Tensor) -> Tensor:
        if how == "zero":
            return own * 0.0
        if how == "mean":
            return torch.stack([torch.stack(list(own)).mean(0)] * batch)
        order = torch.randperm(batch)
        while (order == torch.arange(batch)).any():
            order = torch.randperm(batch)
        return own[order]

    return run(model, tokens, [Edit(site, function)]).logits


def _by_any_other_row(model: Any, tokens: Tensor, layer: int, head: int, how: str) -> Tensor:
    def draw_other(row: int, rows: int) -> int:
        return (row + int(torch.randint(1, rows, ()))) % rows

    cached = run(model, tokens, cache=[z(layer)]).cache[z(layer)].double()
    own = cached[:, :, head].clone()
    if how == "mean":
        cached[:, :, head] = own.mean(0)
    else:
        others = [draw_other(row, len(own)) for row in range(len(own))] if how == "resample" else [0] * len(own)
        cached[:, :, head] = own[others] * (how == "resample")
    return run(model, tokens, [replace(z(layer), cached)]).logits


def _by_value(model: Any, tokens: Tensor, layer: int, head: int, how: str) -> Tensor:
    """Zero by way of the values: a mean of zeros is zero."""
    if how == "zero":
        return run(model, tokens, [replace(v(layer, head=head), 0.0)]).logits
    return helper.ablate_head(model, tokens, layer, head, how)


Donor = Callable[[Tensor], Tensor]


def _rows_in_random_order(own: Tensor) -> Tensor:
    return own[torch.randperm(len(own))]


def _positions_in_random_order(own: Tensor) -> Tensor:
    return own[:, torch.randperm(own.shape[1])]


def _each_position_from_any_text(own: Tensor) -> Tensor:
    order = torch.rand(own.shape[:2]).argsort(0)
    return own.gather(0, order[..., None].expand_as(own))


def _all_mixed(own: Tensor) -> Tensor:
    flat = own.flatten(0, 1)
    return flat[torch.randperm(len(flat))].view_as(own)


def _average(own: Tensor) -> Tensor:
    return own.mean(0, keepdim=True)


def _next_text(own: Tensor) -> Tensor:
    return own.roll(1, 0)


def _as_it_is(own: Tensor) -> Tensor:
    return own


def _exchanged(one: str, other: str) -> Callable[[str], str]:
    return lambda how: {one: other, other: one}.get(how, how)


Put = Callable[[Tensor], Tensor]


def _edited(model: Any, text: tuple[tuple[int, ...], ...], layer: int, head: int, where: str, put: Put | str) -> Tensor:
    """The logits with `put` of what stands there in its place. "b_V": that bias stays; "b_O": that one goes, too."""
    if isinstance(put, str):
        bias = model.b_V[layer, head].detach()
        function = {"b_V": lambda own: bias.expand_as(own), "b_O": torch.zeros_like}[put]
    else:
        function = put
    site = {
        "z": z(layer, head=head),
        "pattern": pattern(layer, head=head),
        "attn_out": attn_out(layer),
        "all heads": z(layer),
        "other heads": z(layer),
        "entry": z(layer),
        "entry of attn_out": attn_out(layer),
        "position": z(layer, position=head),
        "values": v(layer, head=head),
        "queries": q(layer, head=head),
        "keys": k(layer, head=head),
        "stream": resid_post(layer),
    }[where]

    def change(own: Tensor) -> Tensor:
        new = function(own).expand_as(own).clone()
        if where == "other heads":
            new[:, :, head] = own[:, :, head]
        if where.startswith("entry"):
            new, chosen = own.clone(), new[..., head]
            new[..., head] = chosen
        return new

    edits = [Edit(site, change)]
    if put == "b_O":
        edits.append(Edit(attn_out(layer), lambda out: out - model.blocks[layer].state_dict()["attn.o.bias"]))
    return run(model, torch.tensor(text), edits).logits


# Many wrong answers put in the same thing for one of the three words.
_edited_before = lru_cache(maxsize=512)(_edited)


def _variant(
    *,
    zero: Put | str = torch.zeros_like,
    mean: Put = _average,
    donor: Donor = _next_text,
    where: str = "z",
    how_used: Callable[[str], str] = lambda how: how,
    returns: str = "logits",
    head_of: Callable[[int, int], tuple[int, int]] = lambda layer, head: (layer, head),
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def answer(model: Any, tokens: Tensor, layer: int, head: int, how: str) -> Any:
        layer, head = head_of(layer, head)
        put = {"zero": zero, "mean": mean, "resample": donor}[how_used(how)]
        drawn = put is donor and donor is not _next_text  # a random order is another one each time
        text = tuple(map(tuple, tokens.tolist()))
        logits = (_edited if drawn else _edited_before)(model, text, layer, head, where, put)
        clean = run(model, tokens).logits if returns in ("difference", "minus difference", "clean") else logits
        return {
            "logits": lambda: logits.clone(),
            "difference": lambda: logits - clean,
            "minus difference": lambda: clean - logits,
            "clean": lambda: clean,
            "probabilities": lambda: logits.softmax(-1),
            "log-probabilities": lambda: logits.log_softmax(-1),
            "loss": lambda: next_token_loss(logits, tokens),
            "mean loss": lambda: next_token_loss(logits, tokens).mean(),
        }[returns]()

    return answer


def _at(combine: Callable[[Tensor, Tensor], Tensor], layers: str = "one") -> Callable[..., Tensor]:
    """The z of the clean run and what is asked for in its place, made one; in one layer or in all."""

    def answer(model: Any, tokens: Tensor, layer: int, head: int, how: str) -> Tensor:
        sites = [z(each, head=head) for each in (range(model.cfg.n_layers) if layers == "all" else [layer])]
        clean = run(model, tokens, cache=sites).cache
        put = {"zero": torch.zeros_like, "mean": _average, "resample": _next_text}[how]
        edits = [replace(site, combine(clean[site], put(clean[site]).expand_as(clean[site]))) for site in sites]
        return run(model, tokens, edits).logits

    return answer


def _of_the_logits(model: Any, tokens: Tensor, layer: int, head: int, how: str) -> Tensor:
    """The replacement made with logits, after the model has run."""
    if how == "zero":
        return helper.ablate_head(model, tokens, layer, head, how)
    logits = run(model, tokens).logits
    return logits.mean(0, keepdim=True).expand_as(logits) if how == "mean" else logits.roll(1, 0)


def _whole_run(model: Any, tokens: Tensor, layer: int, head: int, how: str) -> Any:
    logits = helper.ablate_head(model, tokens, layer, head, how)
    return logits, {}  # an empty cache: nothing was asked for


def _mean_over_heads(model: Any, tokens: Tensor, layer: int, head: int, how: str) -> Tensor:
    if how != "mean":
        return helper.ablate_head(model, tokens, layer, head, how)
    own = run(model, tokens, cache=[z(layer)]).cache[z(layer)]
    return run(model, tokens, [replace(z(layer, head=head), own.mean(2))]).logits


def _logits_of_another_text(model: Any, tokens: Tensor, layer: int, head: int, how: str) -> Tensor:
    """Resampling turned round: the other text is run, with this text's z in it."""
    if how != "resample":
        return helper.ablate_head(model, tokens, layer, head, how)
    own = run(model, tokens, cache=[z(layer, head=head)]).cache[z(layer, head=head)]
    return run(model, tokens.roll(1, 0), [replace(z(layer, head=head), own)]).logits


CALLS = 4  # resampling may be random, and a random order leaves some row in its place in about two draws of three


_FROM = "at each position of a text, the head's output comes from"


def _drive(answer: Any, case: Case) -> Any:
    if case.args[-1] != "resample":
        return answer(*case.args)
    return [answer(*case.args) for _ in range(CALLS)]


@lru_cache(maxsize=16)
def _table(model: Any, rows: tuple[tuple[int, ...], ...], layer: int, head: int) -> Tensor:
    """Logits when a head's z is the one of text c at position p, at all places: shape (c, p, batch, pos, d_vocab)."""
    tokens = torch.tensor(rows)
    own = run(model, tokens, cache=[z(layer, head=head)]).cache[z(layer, head=head)]
    given = [[run(model, tokens, [replace(z(layer, head=head), each)]).logits for each in text] for text in own]
    return torch.stack([torch.stack(text) for text in given])


def _observe(case: Case, output: Any) -> Any:
    """Resampled rows as the places that they came from, since any other text will do; else the logits themselves."""
    if case.args[-1] != "resample" or not isinstance(output, list):
        return output
    model, tokens, layer, head, _ = case.args
    table = _table(model, tuple(map(tuple, tokens.tolist())), layer, head)
    for logits in output:
        if not isinstance(logits, Tensor) or logits.shape != table.shape[2:] or not logits.is_floating_point():
            got = f"numbers of shape {tuple(logits.shape)}" if isinstance(logits, Tensor) else type(logits).__name__
            got = "None (is a return missing?)" if logits is None else got
            return {_FROM: f"nowhere: logits of shape {tuple(table.shape[2:])} are asked for, and what came is {got}"}
    origin = _origin(table, output)
    if origin.startswith("something"):
        if any(_origin(table, [each.roll(back, 0) for each in output]) == "one other text" for back in (1, -1)):
            origin = "this text, in the logits of another one"
        site = z(layer, head=head)
        rolled = run(model, tokens, [Edit(site, lambda own: own.roll(1))]).logits
        if all(torch.allclose(rolled, each.to(rolled), atol=1e-3) for each in output):
            origin = "the entry before, over all texts, positions and entries as one row"
    return {_FROM: origin}


def _origin(table: Tensor, calls: list[Tensor]) -> str:
    pos = table.shape[1]
    fits = torch.stack([(table - logits).abs().amax(-1) < 1e-3 for logits in calls])
    fits = fits[..., 1:]  # of [BOS] all texts give the same
    if not bool(fits.flatten(1, 2).any(1).all()):
        return "something that the head gives on none of the texts"
    place = torch.arange(1, pos)
    kept_place = fits[:, :, place, :, place - 1]  # (pos − 1, call, c, batch): from the same position of text c
    if bool(kept_place.any(2).all()):
        one_text = kept_place.all(0)  # call, c, batch
        if not bool(one_text.any(1).all()):
            return "the same position, but of several texts"
        own = one_text.diagonal(dim1=1, dim2=2)
        if bool(own.all()):
            return "this text itself"
        return "one other text" if not bool(own.any()) else "one other text, or now and then this text itself"
    same_text = fits.any(2).diagonal(dim1=1, dim2=2)
    return "this text, at other positions" if bool(same_text.all()) else "other positions of other texts"


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, plain: bool, batch: int, pos: int, layer: int, head: int, how: str) -> Case:
        arguments = (tiny_model(draw.seed % 3, plain), texts(draw, batch, pos), layer, head, how)
        return Case(label, arguments, axes=("batch", "pos", "token"))

    first, second = draw.sample(range(3), 2)
    return [
        case(f"zero, L0H{first}, batch of 3", False, 3, 7, 0, first, "zero"),
        case(f"mean, L0H{second}, batch of 4", False, 4, 7, 0, second, "mean"),
        case(f"mean, L1H{first}, batch of 2, no LayerNorm", True, 2, 6, 1, first, "mean"),
        case(f"zero, L1H{second}, batch of 2, no LayerNorm", True, 2, 7, 1, second, "zero"),
        case(f"resample, L1H{second}, batch of 5", False, 5, 6, 1, second, "resample"),
        case(f"resample, L1H{first}, batch of 3, no LayerNorm", True, 3, 5, 1, first, "resample"),
    ]


ablate_head = Exercise(
    name="ablate_head",
    chapter="induction_heads",
    section="2.8",
    title="Take the head away",
    core=True,
    difficulty=3,
    minutes=20,
    points=4,
    time_limit=8.0,
    prerequisites=("find_heads",),
    hints=(
        "Two runs: one to see what the head's z is, one in which something else stands in its place. Which axis of z "
        "counts texts?",
        "site = z(layer, head=head); own = run(model, tokens, cache=[site]).cache[site] has shape (batch, pos, "
        "d_head). replace(site, tensor) is an edit; run(model, tokens, edits=[...]).logits is what is asked for.",
        "instead = torch.zeros_like(own) for 'zero'; own.mean(0, keepdim=True).expand_as(own) for 'mean'; "
        "own.roll(1, dims=0), which gives every text the z of its neighbour, for 'resample'.",
    ),
    reference=helper.ablate_head,
    oracle=Oracle("TransformerLens' hooks at attn_out: the head's own output off, the other on", _by_transformer_lens),
    cases=_cases,
    driver=_drive,
    observe=_observe,
    variant=_variant,
    alternatives={
        "one hook, in place": _by_hooks,
        "a random order that leaves no row in place": _by_a_derangement,
        "for every row any other one, in double precision": _by_any_other_row,
        "zero by way of the values": _by_value,
    },
    misconceptions=(
        Misconception(
            "the mean over positions, too",
            "Your mean runs over texts and positions, so that the head says the same everywhere. That also takes away "
            "what it says about the position alone, which is the same in every text. Asked for is the mean over the "
            "batch, one for each position: axis 0 of the cached z.",
            switches={"mean": lambda own: own.mean((0, 1), keepdim=True)},
        ),
        Misconception(
            "the mean over positions only",
            "Your mean runs over the positions of each text. It still holds what the head says about that very text. "
            "The mean that knows nothing of this text is the one over the batch, axis 0.",
            switches={"mean": lambda own: own.mean(1, keepdim=True)},
        ),
        Misconception(
            "the mean of the other texts",
            "You leave the text itself out of its mean. That is a clean control where there are few texts, and another "
            "number: asked for is one mean for all, over the whole batch.",
            switches={"mean": lambda own: (own.sum(0) - own) / (len(own) - 1)},
        ),
        Misconception(
            "the mean over d_head",
            "Your mean runs over the entries of z, the last axis: each vector becomes one number repeated. The entries "
            "are different directions and have no mean to speak of. Average over the texts, axis 0.",
            switches={"mean": lambda own: own.mean(-1, keepdim=True)},
        ),
        Misconception(
            "one number for everything",
            "The mean of the cached z without an axis is a single number, put into all entries of z. Average over "
            "the texts, axis 0, and keep one vector for each position.",
            switches={"mean": lambda own: own.mean()},
        ),
        Misconception(
            "all heads of the layer",
            "You replace the z of all heads in the layer. That measures what the layer does. Choose one head: "
            "z(layer, head=head).",
            switches={"where": "all heads"},
        ),
        Misconception(
            "the layer's output instead of the head's",
            "You replace attn_out, which is the sum of all heads and b_O. That ablates a layer and a bias with it. The "
            "output of one head before W_O is z(layer, head=head).",
            switches={"where": "attn_out"},
        ),
        Misconception(
            "the pattern instead of z",
            "You replace the pattern, where the head looks, and let it go on gathering this text's own values. That "
            "measures how much the place matters. What the head has gathered is z: the pattern times the values.",
            switches={"where": "pattern"},
        ),
        Misconception(
            "the values instead of z",
            "You replace the values and let the pattern of this text gather them. For zeros and for means over the "
            "batch of what is gathered that is another thing: the pattern still tells something of this text. z is "
            "what has been gathered.",
            switches={"where": "values"},
        ),
        Misconception(
            "a position instead of a head",
            "You index the second axis of z with the number of the head. The axes of z are batch, position, head, "
            "d_head: value[:, :, head], or z(layer, head=head).",
            switches={"where": "position"},
        ),
        Misconception(
            "layer and head exchanged",
            "You ablated head number `layer` of layer number `head` (where there is one). The layer comes first: "
            "z(layer, head=head).",
            _variant(head_of=lambda layer, head: (head, layer)),
        ),
        Misconception(
            "the value bias stays",
            "With zero ablation you leave b_V in place. A pattern sums to one, so b_V reaches z whole: z is the "
            "pattern times (values + b_V). All of z is to be zero, the bias with it.",
            switches={"zero": "b_V"},
        ),
        Misconception(
            "b_O goes with the head",
            "With zero ablation you take away b_O as well. It is added once for all heads and belongs to none: only z "
            "becomes zero.",
            switches={"zero": "b_O"},
        ),
        Misconception(
            "rows that stay in place",
            "Some texts of yours get their own z back: torch.randperm leaves a row in its place now and then, "
            "reversing the batch leaves the middle one, and a row that is given to all is given to itself. For such "
            "a text nothing is ablated. Every text needs another one: the cached z rolled along axis 0, or draw "
            "again until no row is in its place.",
            switches={"donor": _rows_in_random_order},
        ),
        Misconception(
            "resampled within the text",
            "You exchange the positions of each text, or roll along them: what the head says is still about this very "
            "text. Take it from another text, at the same position: move along axis 0, not 1.",
            switches={"donor": _positions_in_random_order},
        ),
        Misconception(
            "each position from a text of its own",
            "Each position of yours comes from another text. Together they are a head's output on no text at all, and "
            "what its positions have in common is lost. One other text for each row, at all positions.",
            switches={"donor": _each_position_from_any_text},
        ),
        Misconception(
            "texts and positions mixed up",
            "You shuffle texts and positions together, so a position gets what the head gives elsewhere in another "
            "text. That takes away what it says about the position as well. Exchange texts, keep positions.",
            switches={"donor": _all_mixed},
        ),
        Misconception(
            "nothing is resampled",
            "With 'resample' every text of yours keeps its own z: nothing is ablated. Give it another text's z.",
            switches={"donor": _as_it_is},
        ),
        Misconception(
            "always zero",
            "You put zeros, whatever `how` says. 'mean' and 'resample' put something else in.",
            _variant(how_used=lambda how: "zero"),
        ),
        Misconception(
            "always the mean",
            "You put the mean, whatever `how` says. 'zero' puts zeros, 'resample' another text's z.",
            _variant(how_used=lambda how: "mean"),
        ),
        Misconception(
            "always another text",
            "You put in another text's z, whatever `how` says. 'zero' puts zeros, 'mean' the mean over the batch.",
            _variant(how_used=lambda how: "resample"),
        ),
        Misconception(
            "zero and mean exchanged",
            "You put the mean for 'zero' and zeros for 'mean'. 'zero' asks what the model does without the head's "
            "output, 'mean' what it does if the head said the same in every text.",
            switches={"how_used": _exchanged("zero", "mean")},
        ),
        Misconception(
            "mean and resampling exchanged",
            "You put another text's z for 'mean' and the mean for 'resample'. The mean is one for all texts; "
            "resampling gives each text the z of one other.",
            _variant(how_used=_exchanged("mean", "resample")),
        ),
        Misconception(
            "zero and resampling exchanged",
            "You put another text's z for 'zero' and zeros for 'resample'. 'resample' speaks of another text, 'zero' "
            "of none.",
            _variant(how_used=_exchanged("zero", "resample")),
        ),
        Misconception(
            "the mean for zero",
            "With 'zero' you put in the mean, as with 'mean'. Zeros are asked for: also what the head writes in every "
            "text alike is to be gone.",
            _variant(zero=_average),
        ),
        Misconception(
            "another text for zero",
            "With 'zero' you put in another text's z, as with 'resample'. Zeros are asked for.",
            _variant(zero=_next_text),
        ),
        Misconception(
            "zeros for the mean",
            "With 'mean' you put in zeros. That also takes away what the head writes in every text alike: asked for "
            "is the mean of its z over the batch.",
            _variant(mean=torch.zeros_like),
        ),
        Misconception(
            "another text for the mean",
            "With 'mean' you put in another text's z, as with 'resample'. Asked for is the mean over all texts of the "
            "batch, the same for each.",
            _variant(mean=_next_text),
        ),
        Misconception(
            "nothing becomes zero",
            "With 'zero' the head keeps its z: these are the logits of the model as it is. Put zeros in its place.",
            _variant(zero=_as_it_is),
        ),
        Misconception(
            "nothing is averaged",
            "With 'mean' the head keeps its z: these are the logits of the model as it is. Put the mean over the batch "
            "in its place.",
            _variant(mean=_as_it_is),
        ),
        Misconception(
            "the mean is taken off",
            "With 'mean' you subtract the mean from z. What differs from text to text is left then, and that is what "
            "is to go: put the mean itself in place of z.",
            _variant(mean=lambda own: own - own.mean(0)),
        ),
        Misconception(
            "the sum over texts",
            "You add up over the texts. The more texts there are the larger that is: divide by their number, which "
            ".mean(0) does.",
            _variant(mean=lambda own: own.sum(0, keepdim=True)),
        ),
        Misconception(
            "the median over texts",
            "You take the median over the texts, entry by entry. Asked for is the mean.",
            _variant(mean=lambda own: own.median(0, keepdim=True).values),
        ),
        Misconception(
            "the mean over positions and d_head",
            "Your mean runs over positions and entries of each text, so each text gets one number of its own. Average "
            "over the texts, axis 0, and keep one vector for each position.",
            _variant(mean=lambda own: own.mean((1, 2), keepdim=True)),
        ),
        Misconception(
            "all heads but this one",
            "You replace the z of all other heads of the layer and keep this one. That asks whether the head suffices. "
            "Asked for is what is lost without it.",
            _variant(where="other heads"),
        ),
        Misconception(
            "the head of every layer",
            "You replace the head of this number in every layer. Heads of one number share nothing else: only the one "
            "in `layer` is to go.",
            _at(lambda own, instead: instead, layers="all"),
        ),
        Misconception(
            "always layer 0",
            "You replace a head of layer 0 whatever `layer` says: z(layer, head=head).",
            _variant(head_of=lambda layer, head: (0, head)),
        ),
        Misconception(
            "an entry instead of a head",
            "You index the last axis of z with the number of the head: one entry of d_head, in all heads. The axes of "
            "z are batch, position, head, d_head: value[:, :, head], or z(layer, head=head).",
            _variant(where="entry"),
        ),
        Misconception(
            "an entry of attn_out",
            "You index attn_out with the number of the head. Its axes are batch, position, d_model: the heads are "
            "added up there, and what you replace is one number of the stream. Heads are apart in z.",
            _variant(where="entry of attn_out"),
        ),
        Misconception(
            "the queries instead of z",
            "You replace the queries, so that the head looks elsewhere and goes on gathering. What it has gathered is "
            "z: z(layer, head=head).",
            _variant(where="queries"),
        ),
        Misconception(
            "the keys instead of z",
            "You replace the keys, so that the head looks elsewhere and goes on gathering. What it has gathered is z: "
            "z(layer, head=head).",
            _variant(where="keys"),
        ),
        Misconception(
            "added instead of put in its place",
            "You add to z what is to stand in its place, so the head's own z is still there. replace(site, tensor) "
            "puts it in; add(site, tensor) adds.",
            _at(lambda own, instead: own + instead),
        ),
        Misconception(
            "the logits are exchanged",
            "You take the mean of the logits, or another text's, after the model has run. Only the z of one head is to "
            "change, and the model computes on from there.",
            _of_the_logits,
        ),
        Misconception(
            "the whole run",
            "You return the run, which holds logits and cache. Asked for are the logits: run(...).logits.",
            _whole_run,
        ),
        Misconception(
            "the other layer",
            "You replace the head in the other layer. `layer` counts from 0: z(layer, head=head).",
            _variant(head_of=lambda layer, head: (1 - layer, head)),
        ),
        Misconception(
            "the stream instead of the head's output",
            "You replace the residual stream after the layer. That takes away everything that was written so far, the "
            "embedding included. What one head has gathered is z(layer, head=head).",
            _variant(where="stream"),
        ),
        Misconception(
            "no text's output",
            "With 'resample' you put in something that the head gives on none of the texts, such as their mean, or "
            "noise. Resampling keeps the head's output a usual one: that of one other text.",
            switches={"donor": lambda own: own.mean(0, keepdim=True)},
        ),
        Misconception(
            "all axes rolled as one",
            "roll(1) without dims takes all numbers as one long row and moves each by one: an entry of z takes the "
            "place of the next entry. Roll along the texts: own.roll(1, dims=0).",
            switches={"donor": lambda own: own.roll(1)},
        ),
        Misconception(
            "another text's logits",
            "With 'resample' you run the other text with this text's z in it, so the logits in each row belong to "
            "another text than the tokens do. Run the other text only to get its z, and put that into a run of "
            "`tokens`.",
            _logits_of_another_text,
        ),
        Misconception(
            "the mean over heads",
            "Your mean runs over the heads of the layer, axis 2 of its whole z. Heads gather different things, and the "
            "mean still tells of this text. Average one head's z over the texts, axis 0.",
            _mean_over_heads,
        ),
        Misconception(
            "the mean over texts and d_head",
            "Your mean runs over the texts and over the entries of z, so each position gets one number repeated. "
            "Average over the texts only: own.mean(0) has shape (pos, d_head).",
            _variant(mean=lambda own: own.mean((0, 2), keepdim=True)),
        ),
        Misconception(
            "the whole model minus the ablated one",
            "You return the logits of the whole model minus those without the head, which is what the head adds in "
            "all. Asked for are the ablated model's logits themselves.",
            _variant(returns="minus difference"),
        ),
        Misconception(
            "the difference from the whole model",
            "You return by how much the logits change. Asked for are the logits of the ablated model.",
            _variant(returns="difference"),
        ),
        Misconception(
            "the edit is not in the run",
            "These are the logits of the model as it is: the edit was made on a copy, or the run does not get it. Pass "
            "it: run(model, tokens, edits=[...]).",
            _variant(returns="clean"),
        ),
        Misconception(
            "probabilities",
            "You return probabilities. Asked for are logits, the numbers before softmax.",
            _variant(returns="probabilities"),
        ),
        Misconception(
            "log-probabilities",
            "You return log-probabilities. Asked for are logits; a log-softmax subtracts a number at each position.",
            _variant(returns="log-probabilities"),
        ),
        Misconception(
            "the loss",
            "You return the loss of each token. Asked for are the logits; the loss is computed from them later.",
            _variant(returns="loss"),
        ),
        Misconception(
            "the mean loss",
            "You return one number, the mean loss. Asked for are the logits; the loss is computed from them later.",
            _variant(returns="mean loss"),
        ),
    ),
)

EXERCISES = [ablate_head]
