"""A score for every head as a bar, with its interval, beside the baseline."""

from __future__ import annotations

from mi_course.display.figure import Figure, canvas
from mi_course.display.theme import BLUE, GREY
from mi_course.induction_heads import HeadScores


def plot_head_scores(result: HeadScores, *, of: str = "", threshold: float | None = 0.5, caption: str = "") -> Figure:
    """One pair of bars a head: the score with its interval, and the baseline.

    of: which model on which data, for the caption. threshold: drawn as a dashed line; None draws none.
    """
    names = [f"L{layer}H{head}" for layer in range(len(result.scores)) for head in range(len(result.scores[layer]))]
    scores, low, high, baseline = (
        table.flatten().numpy() for table in (result.scores, result.low, result.high, result.baseline)
    )
    places = list(range(len(names)))
    with canvas(max(4.5, 0.7 * len(names) + 1.5), 3.0) as (picture, axes):
        axes.bar([p - 0.2 for p in places], scores, 0.4, color=BLUE, label=result.made)
        errors = [(scores - low).clip(min=0), (high - scores).clip(min=0)]
        axes.errorbar(
            [p - 0.2 for p in places], scores, yerr=errors, fmt="none", ecolor="black", capsize=3, linewidth=1
        )
        axes.bar([p + 0.2 for p in places], baseline, 0.4, color=GREY, hatch="//", label=result.baseline_name)
        if threshold is not None:
            axes.axhline(threshold, color="black", linewidth=0.8, linestyle="--")
        axes.set_xticks(places, names)
        axes.set_ylim(0, 1.05)
        axes.set_xlabel("head")
        axes.set_ylabel("\n(".join(result.name.split(" (", 1)))
        axes.legend(loc="upper left")
        said = ", ".join(f"{name} {score:.2f}" for name, score in zip(names, scores.tolist(), strict=True))
        alt = f"Bar chart of {result.name} by head: {said}. {result.baseline_name}: at most {baseline.max():.2f}."
        return Figure(picture, caption=caption or _caption(result, of, threshold), alt=alt)


def _caption(result: HeadScores, of: str, threshold: float | None) -> str:
    about = f" of {of}" if of else ""
    line = f" Dashed line: {threshold:g}." if threshold is not None else ""
    return (
        f"{result.name[0].upper() + result.name[1:]} of every head{about}, n = {result.n} sequences. Black: "
        f"{result.level:.0%} interval ({result.method}), often thinner than the line. "
        f"Hatched: {result.baseline_name}.{line}"
    )
