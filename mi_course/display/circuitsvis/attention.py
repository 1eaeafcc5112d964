"""Attention patterns to hover over: one head, or a group of heads to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

from mi_course.display.circuitsvis.drawing import Drawing
from mi_course.display.circuitsvis.values import short
from mi_course.display.inputs import finite, strings
from mi_course.display.theme import BLUE, FUTURE, VERMILLION
from mi_course.display.words import strongest_attention
from mi_course.errors import CourseError

_COLOURS: dict[str, Any] = {
    "positiveColor": BLUE,
    "negativeColor": VERMILLION,
    "upperTriColor": FUTURE,
    "minValue": -1,
    "maxValue": 1,
}


def attention_pattern(
    tokens: Sequence[str], pattern: Float[Tensor, "dest src"], *, title: str = "one head", caption: str = ""
) -> Drawing:
    """One head's attention, destination by source; hover to read a number.

    tokens: what stands at each position. pattern: probabilities, each row sums to one. title: which head of which
    model.
    Raises CourseError for a pattern that does not fit the tokens or holds NaN.
    """
    tokens = strings(tokens, "tokens")
    values = finite(pattern, "pattern", (len(tokens), len(tokens)))
    return Drawing(
        "AttentionPattern",
        {"tokens": tokens, "attention": short(values), "zoomed": True, **_COLOURS},
        caption=caption or f"{title}: attention from destination (rows) to source (columns). {_READ}",
        alt=f"Attention pattern of {title} on {len(tokens)} tokens. {strongest_attention(values, tokens)}",
    )


def attention_heads(
    tokens: Sequence[str],
    patterns: Float[Tensor, "head dest src"],
    names: Sequence[str],
    *,
    title: str = "",
    caption: str = "",
) -> Drawing:
    """A small pattern for each head; hover to see one large, click to keep it.

    tokens: what stands at each position. patterns: probabilities. names: of the heads, "L1H0".
    title: which model on which data.
    Raises CourseError for patterns that do not fit tokens and names or hold NaN.
    """
    tokens, names = strings(tokens, "tokens"), strings(names, "names")
    if getattr(patterns, "ndim", 3) != 3:
        raise CourseError(
            f"patterns has {patterns.ndim} axes where (head, destination, source) is due; "
            "choose one sequence of a batch first, and attention_pattern() draws a single head."
        )
    values = finite(patterns, "patterns", (len(names), len(tokens), len(tokens)))
    about = f" of {title}" if title else ""
    each = " ".join(f"{name}: {strongest_attention(v, tokens)}" for name, v in zip(names, values, strict=True))
    return Drawing(
        "AttentionHeads",
        {"tokens": tokens, "attention": short(values), "attentionHeadNames": names, **_COLOURS},
        caption=caption
        or f"Attention of {len(names)} heads{about}, destination (rows) to source (columns). "
        f"Hover over a small pattern to see it large, click to keep it. {_READ}",
        alt=f"Attention patterns{about} on {len(tokens)} tokens. {each}",
    )


_READ = "White is 0, dark blue is 1, grey is the future."
