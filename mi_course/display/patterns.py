"""An attention pattern as a heatmap, destination by source, with a stripe drawn in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mi_course.display.figure import Figure, canvas
from mi_course.display.theme import FUTURE, VERMILLION
from mi_course.errors import CourseError


@dataclass(frozen=True)
class AttentionPattern:
    """One head's attention on one sequence.

    pattern: probabilities, destination by source; each row sums to one.
    tokens: what stands at each position, for the axes.
    title: which head of which model.
    period: if given, the stripe source = destination − (period − 1) is outlined, and lines separate the copies.
    """

    pattern: Float[Tensor, "dest src"]
    tokens: Sequence[str]
    title: str
    period: int | None = None

    def __post_init__(self) -> None:
        n = len(self.tokens)
        if tuple(self.pattern.shape) != (n, n):
            raise CourseError(f"{n} tokens need a pattern of shape ({n}, {n}), not {tuple(self.pattern.shape)}.")


def plot_pattern(result: AttentionPattern, *, caption: str = "") -> Figure:
    """Heatmap of one head on one sequence."""
    n = len(result.tokens)
    with canvas(0.17 * n + 2.2, 0.17 * n + 1.4) as (picture, axes):
        future = [[source > dest for source in range(n)] for dest in range(n)]
        image = axes.imshow(np.ma.masked_array(result.pattern.numpy(), future), vmin=0, vmax=1)
        axes.set_facecolor(FUTURE)
        if result.period is not None:
            for start in range(result.period + 1, n, result.period):
                axes.axhline(start - 0.5, color="white", linewidth=0.6)
                axes.axvline(start - 0.5, color="white", linewidth=0.6)
            for dest in range(result.period + 1, n):
                axes.add_patch(_box(dest - (result.period - 1), dest))
        every = max(1, n // 26)
        places = list(range(0, n, every))
        axes.set_xticks(places, [result.tokens[i] for i in places], fontsize=7, rotation=90)
        axes.set_yticks(places, [result.tokens[i] for i in places], fontsize=7)
        axes.set_xlabel("source: the position looked at")
        axes.set_ylabel("destination: the position that looks")
        axes.set_title(result.title)
        picture.colorbar(image, ax=axes, shrink=0.7, label="attention (probability)")
        return Figure(picture, caption=caption or result.title, alt=_alt(result))


def _box(source: int, dest: int) -> object:
    from matplotlib.patches import Rectangle

    return Rectangle((source - 0.5, dest - 0.5), 1, 1, fill=False, edgecolor=VERMILLION, linewidth=1.4, clip_on=False)


def _alt(result: AttentionPattern) -> str:
    text = f"Attention pattern of {result.title} on {len(result.tokens)} tokens, destination by source."
    if result.period is None:
        return text
    on = result.pattern.diagonal(-(result.period - 1))[2:]
    return (
        f"{text} On the outlined stripe, {result.period - 1} below the diagonal, mean attention is {on.mean():.2f}. "
        f"The largest attention of a row is {result.pattern.amax(-1).mean():.2f} on average."
    )
