"""An attention pattern as a heatmap, destination by source, with a stripe drawn in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from mi_course.display.figure import Figure, canvas
from mi_course.display.theme import VERMILLION
from mi_course.errors import CourseError


@dataclass(frozen=True)
class AttentionPattern:
    """One head's attention on one sequence.

    pattern: probabilities, destination by source; each row sums to one.
    tokens: what stands at each position, for the axes.
    title: which head of which model.
    period: if given, the stripe source = destination − (period − 1) is outlined.
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
        image = axes.imshow(result.pattern.numpy(), vmin=0, vmax=1)
        if result.period is not None:
            for dest in range(result.period + 1, n):
                source = dest - (result.period - 1)
                axes.add_patch(_box(source, dest))
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

    return Rectangle((source - 0.5, dest - 0.5), 1, 1, fill=False, edgecolor=VERMILLION, linewidth=0.9)


def _alt(result: AttentionPattern) -> str:
    text = f"Attention pattern of {result.title} on {len(result.tokens)} tokens, destination by source."
    if result.period is None:
        return text
    on = result.pattern.diagonal(-(result.period - 1))[2:]
    return (
        f"{text} On the outlined stripe, {result.period - 1} below the diagonal, the mean attention is {on.mean():.2f}."
    )
