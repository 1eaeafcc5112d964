"""What goes to the page: short numbers, and tokens that cannot be taken for markup."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

_WORD_JOINER = "\u2060"


def short(values: np.ndarray) -> Any:
    """Nested lists with three digits a number: what a tooltip shows, in a third of the bytes."""
    return np.vectorize(lambda value: float(f"{value:.3g}"), otypes=[object])(values).tolist()


def plain(tokens: Iterable[str]) -> list[str]:
    """Tokens that read the same as text and as markup.

    circuitsvis puts a token into the page as markup, and the same string into its tooltip as text, so escaping it as
    `&lt;` would show there. Markup begins with "<" or "&" and a character of ASCII; an invisible word joiner in between
    leaves both as they look.
    """
    return [token.replace("<", "<" + _WORD_JOINER).replace("&", "&" + _WORD_JOINER) for token in tokens]
