"""Heads that look at the verb's own noun, against what looking by place alone would give.

The verb is chosen one token before it stands, so that is where the look is measured and the head is taken away.
"""

from __future__ import annotations

from typing import Any, TypedDict

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.induction_heads.patterns import Head, attention_patterns
from mi_course.interventions import Edit, run
from mi_course.interventions import z as z_site


class SyntacticHead(TypedDict):
    """head: (layer, head), chosen on one half. rate, offset, first_noun: shares of the other half's prompts in which
    that head, the best fixed distance, and the first noun hit the subject."""

    head: Head
    rate: float
    offset: float
    first_noun: float


def looks_from(
    model: Any, tokens: Int[Tensor, "prompt pos"], end: Int[Tensor, " prompt"]
) -> Float[Tensor, "prompt layer head src"]:
    """The attention of every head from one position of each prompt, `end`."""
    patterns = attention_patterns(model, tokens)
    return patterns[:, :, torch.arange(len(tokens)), end].permute(2, 0, 1, 3)


def syntactic_heads(
    rows: Float[Tensor, "prompt layer head src"],
    end: Int[Tensor, " prompt"],
    subject: Int[Tensor, " prompt"],
    first: Int[Tensor, " prompt"],
    choose: Bool[Tensor, " prompt"],
) -> SyntacticHead:
    """The head that looks at the verb's subject most often, and the two rates it has to beat.

    rows: attention from position `end` of each prompt to every source; position 0 is [BOS].
    subject: position of the noun that the coming verb belongs to. first: position of the prompt's first noun.
    choose: the prompts on which head and distance are chosen; all rates are taken on the others.
    A head looks at the source, [BOS] apart, that gets most of its attention: heads rest on [BOS]. `offset` is the rate
    of always looking so many tokens back as the subject most often stands on the choosing half.
    (Clark et al. 2019, "What Does BERT Look At?", score heads of BERT so, with the best fixed offset as baseline.)
    Raises CourseError unless both halves have prompts.
    """
    if bool(choose.all()) or not bool(choose.any()):
        raise CourseError(
            "choose has to be True for some prompts and False for others: choose on one half, score on the other."
        )
    hits = (rows[..., 1:].argmax(-1) + 1 == subject[:, None, None]).double()
    best = int(hits[choose].mean(0).argmax())
    distance = end - subject
    usual = distance[choose].mode().values
    layer, head = divmod(best, rows.shape[2])
    return {
        "head": (layer, head),
        "rate": float(hits[~choose, layer, head].mean()),
        "offset": float((distance[~choose] == usual).double().mean()),
        "first_noun": float((first == subject)[~choose].double().mean()),
    }


def agreement_margin(
    logits: Float[Tensor, "prompt d_vocab"],
    right: Bool[Tensor, "prompt d_vocab"],
    wrong: Bool[Tensor, "prompt d_vocab"],
) -> Float[Tensor, " prompt"]:
    """Log odds, in nats, of the words on the right side against those on the wrong one; above zero where they agree."""
    return logits.masked_fill(~right, -torch.inf).logsumexp(-1) - logits.masked_fill(~wrong, -torch.inf).logsumexp(-1)


def logits_without(
    model: Any, tokens: Int[Tensor, "prompt pos"], end: Int[Tensor, " prompt"], head: Head | None
) -> Float[Tensor, "prompt d_vocab"]:
    """The prediction at `end` with one head's output there replaced by its mean over these prompts.

    head: (layer, head), or None for the model as it is.
    """
    rows = torch.arange(len(tokens))

    def to_mean(z: Tensor) -> Tensor:
        z = z.clone()
        z[rows, end, head[1]] = z[rows, end, head[1]].mean(0)  # type: ignore[index]
        return z

    edits = [] if head is None else [Edit(z_site(head[0]), to_mean)]
    return run(model, tokens, edits).logits[rows, end]
