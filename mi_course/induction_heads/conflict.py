"""How much of what a model does a stated rule predicts, and texts on which rules disagree.

"It predicts what followed the earlier copy" is one rule only where there is one earlier copy. Saphra & Wiegreffe 2024,
"Mechanistic?", section 2.1, on induction heads: an end-to-end account would also have to say how the repetition is
recognised, and how the prediction comes about once the earlier occurrences are attended to.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.errors import CourseError, did_you_mean

RULES = ("latest", "earliest", "most_frequent")
"""What followed the latest earlier occurrence; the earliest; most of them (among equals, the latest of these)."""

NONE = -1
"""The prediction of a rule where the token has not occurred before."""


def rule_predictions(tokens: Int[Tensor, "batch pos"], rule: str) -> Int[Tensor, "batch pos"]:
    """What a rule says comes next at each position; -1 where the present token has not occurred before.

    rule: one of `RULES`. An earlier occurrence is a position before the present one with the same token; what followed
    it is the token one further, which may be the present one.
    """
    if rule not in RULES:
        raise CourseError(f"rule is one of {', '.join(map(repr, RULES))}, not {rule!r}.{did_you_mean(rule, RULES)}")
    said = torch.full_like(tokens, NONE)
    for index, row in enumerate(tokens.tolist()):
        followed: dict[int, list[int]] = {}
        for at, token in enumerate(row):
            if at:
                followed.setdefault(row[at - 1], []).append(token)
            seen = followed.get(token)
            if seen is None:
                continue
            counts = {each: seen.count(each) for each in seen}
            said[index, at] = {
                "latest": seen[-1],
                "earliest": seen[0],
                # The last one in the list with the highest count.
                "most_frequent": next(each for each in reversed(seen) if counts[each] == max(counts.values())),
            }[rule]
    return said


class Gap(NamedTuple):
    """What a rule leaves unexplained.

    choice: share of the positions at which the model's most probable token is not the one that the rule names.
    probability: one minus the mean probability that the model gives to the token that the rule names.
    """

    choice: float
    probability: float


def end_to_end_gap(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"], rule: str = "latest"
) -> Gap:
    """How far a model's behaviour is from a rule's, over all positions about which the rule says something.

    Both numbers run from 0 (the rule says it all) to 1. They compare the model with the rule, not with the text: a
    model can be wrong about the next token exactly as the rule is.
    Raises CourseError when no token occurs twice, so that the rule says nothing.
    """
    if logits.shape[:2] != tokens.shape:
        raise CourseError(
            f"logits (batch, pos, d_vocab) belong to tokens (batch, pos); the shapes are {tuple(logits.shape)} and "
            f"{tuple(tokens.shape)}."
        )
    said = rule_predictions(tokens, rule)
    speaks = said != NONE
    if not bool(speaks.any()):
        raise CourseError("No token of these texts occurs twice, so the rule says nothing; give texts with repeats.")
    probabilities = logits[speaks].softmax(-1)
    named = said[speaks]
    agrees = (probabilities.argmax(-1) == named).double().mean()
    mass = probabilities.gather(-1, named[:, None]).double().mean()
    return Gap(1 - float(agrees), 1 - float(mass))


class Conflict(NamedTuple):
    """Texts that end on a token whose earlier occurrences went on in different ways.

    tokens: `[BOS] … A x … A y … A`. continuations: for each letter of the order, the token it stands for in each row.
    """

    tokens: Int[Tensor, "batch pos"]
    continuations: dict[str, Int[Tensor, " batch"]]


def conflicting_tokens(order: str, batch: int = 256, spacing: int = 6, d_vocab: int = 64, seed: int = 0) -> Conflict:
    """Draw texts in which a token A is followed by one thing here and by another there.

    order: a letter for each earlier occurrence of A, saying what followed it: "xy" for two different continuations,
        "xxy" for twice x and then y. Equal letters stand for equal tokens.
    spacing: how many other tokens stand before every A. All tokens of a row differ, save A and what follows it.
    d_vocab: ids run from 1 (0 is [BOS]) to d_vocab − 1. seed: settles the draw.
    Raises CourseError when there are fewer ids than a row needs different ones.
    """
    letters = sorted(set(order))
    needed = 1 + len(letters) + spacing * (len(order) + 1)
    if not order or spacing < 0 or needed > d_vocab - 1:
        raise CourseError(
            f"Order {order!r} with spacing {spacing} needs {needed} different tokens and at least one letter; there "
            f"are {d_vocab - 1} tokens. Shorten the order or the spacing."
        )
    generator = torch.Generator().manual_seed(seed)
    ids = torch.rand(batch, d_vocab - 1, generator=generator).argsort(dim=-1) + 1
    repeated, others = ids[:, :1], ids[:, 1 + len(letters) :]
    stands_for = {letter: ids[:, 1 + index] for index, letter in enumerate(letters)}
    parts = [torch.zeros(batch, 1, dtype=torch.long)]
    for index, letter in enumerate(order):
        parts += [others[:, index * spacing : (index + 1) * spacing], repeated, stands_for[letter][:, None]]
    parts += [others[:, len(order) * spacing : (len(order) + 1) * spacing], repeated]
    return Conflict(torch.cat(parts, dim=1), stands_for)
