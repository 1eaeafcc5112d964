"""Attention rows in which it is counted out how often each head looks at the subject, and where it looks otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mi_course.checking import Draw
from mi_course.induction_heads import Head


class Prompts(NamedTuple):
    """The prompts of a case, of which `choose` says on which to choose. usual: the commonest distance there."""

    end: Tensor
    subject: Tensor
    first: Tensor
    choose: Tensor
    usual: int

    def half(self, choosing: bool, *, easy: bool | None = None, usual: bool | None = None) -> list[int]:
        """Prompts of one half. easy: the first noun is the subject; usual: the subject is at the usual distance."""
        fits = self.choose == choosing
        if easy is not None:
            fits = fits & ((self.first == self.subject) == easy)
        if usual is not None:
            fits = fits & ((self.end - self.subject == self.usual) == usual)
        return fits.nonzero()[:, 0].tolist()


class Looks(NamedTuple):
    """Where a head looks in each prompt, and how much attention goes where (before a row is made to sum to one).

    most: more for that source than for others. second: a source that gets nearly as much. rest: what [BOS] gets.
    """

    at: Tensor
    most: Any = 0.15
    second: Tensor | None = None
    rest: Any = 0.0


def draw_prompts(draw: Draw, back: Sequence[int], easy: Sequence[int]) -> Prompts:
    """Sixteen prompts to choose on, 21 to score on: no rate but 0 and 1 has two decimal places.

    back: three distances. The first is the commonest where chosen, the second on the other half, the third of all.
    easy: for how many of each distance, where chosen, the first noun is the subject; four together.
    """
    choose = torch.zeros(37, dtype=torch.bool)
    choose[draw.sample(range(37), 16)] = True
    distance = torch.zeros(37, dtype=torch.long)
    is_first = torch.zeros(37, dtype=torch.bool)
    for side, counts in ((True, (7, 3, 6)), (False, (3, 10, 8))):
        places = draw.sample((choose == side).nonzero()[:, 0].tolist(), sum(counts))
        for far, count, share in zip(back, counts, easy, strict=True):
            here, places = places[:count], places[count:]
            distance[here] = far
            if side:
                is_first[here[:share]] = True
    is_first[draw.sample((~choose).nonzero()[:, 0].tolist(), 12)] = True
    while True:  # until one fixed place of the prompt is the commonest, and hits another number than the distance
        end = 12 - torch.tensor([draw.integer(0, 3) for _ in range(37)])
        subject = end - distance
        counts_at = subject[choose].bincount()
        if (counts_at == counts_at.max()).sum() == 1 and (subject[~choose] == counts_at.argmax()).sum() != 3:
            break
    # Where it is another one, the first noun mostly stands seven back, and no subject does.
    before = torch.full((37,), 7)
    before[draw.sample((choose & ~is_first).nonzero()[:, 0].tolist(), 3)] = 8
    return Prompts(end, subject, torch.where(is_first, subject, end - before), choose, back[0])


def looks_at(
    draw: Draw, prompts: Prompts, chosen: Sequence[int], others: int, misses: Mapping[int, int] | None = None
) -> Tensor:
    """Where a head looks: at the subject in the prompts `chosen`, and in so many of the half that is scored.

    misses: where it looks in some of its other prompts. In those that are left it looks at no place that a rule names,
    one of the usual distance among them, so that its looks are never those of a rule.
    """
    missed = prompts.half(False, usual=True)[0]
    hits = {*chosen, *draw.sample([i for i in prompts.half(False) if i != missed], others)}
    at = prompts.subject.clone()
    for i in range(len(at)):
        if i not in hits:
            end = int(prompts.end[i])
            named = {int(prompts.subject[i]), int(prompts.first[i]), end, end - 1, end - prompts.usual}
            free = draw.choice([source for source in range(1, end + 1) if source not in named])
            at[i] = (misses or {}).get(i, free)
    return at


def torn(prompts: Prompts, most: float, rest: float = 0.0) -> Looks:
    """A head that has much for the subject, and a little more for its own place or another one."""
    at = torch.where(prompts.end == prompts.subject, prompts.end - 2, prompts.end)
    return Looks(at, torch.full((37,), most), prompts.subject, torch.full((37,), rest))


def attention(draw: Draw, prompts: Prompts, layers: int, heads: int, planted: Mapping[Head, Looks]) -> Tensor:
    """The rows: planted heads, and others that look at the subject in 3 prompts where chosen and in 4 others."""
    count = len(prompts.end)
    rows = 0.03 + 0.005 * torch.stack([draw.normal(f"{count} {layers} 14") for _ in range(heads)], 2).abs().clamp(max=2)
    for layer in range(layers):
        for head in range(heads):
            look = planted.get((layer, head))
            if look is None:
                look = Looks(looks_at(draw, prompts, draw.sample(prompts.half(True), 3), 4))
            here, every = rows[:, layer, head], torch.arange(count)
            here[every, look.at] += look.most
            if look.second is not None:
                here[every, look.second] += torch.where(look.second == look.at, 0, look.most - 0.1)
            here[:, 0] += look.rest
    rows[(torch.arange(14) > prompts.end[:, None])[:, None, None].expand_as(rows)] = 0
    return rows / rows.sum(-1, keepdim=True)
