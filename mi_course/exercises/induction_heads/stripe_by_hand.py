"""2.2: the stripe, by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course.checking import Case, Exercise, Misconception, Oracle, Question
from mi_course.checking.drivers import value

QUESTIONS: list[Question] = []


def _by_brute_force(text: str) -> list[int]:
    """For every later token: the position after the latest earlier copy of the same token, by search."""
    words = text.split()
    sources = []
    for i, word in enumerate(words):
        copies = [j for j in range(i) if words[j] == word]
        if copies:
            sources.append(copies[-1] + 1)
    return sources


def _sources(shift: int) -> Callable[[str], list[int]]:
    return lambda text: [i - shift for i in range(5, 9)]


_TOKENS = ["B", "C", "D", "A"]
_LETTERS = "letters"


def _observe_four(case: Case, given: Any) -> Any:
    """The four sources in order, also where they came as a row, by destination, or as (destination, source) pairs.

    Letters in place of positions become one thing, whichever they are, unless they are the right ones.
    """
    if isinstance(given, (Tensor, np.ndarray)):
        given = given.reshape(-1).tolist() if given.ndim == 2 and 1 in given.shape else given.tolist()
    pairs = isinstance(given, (list, tuple)) and all(isinstance(p, (list, tuple)) and len(p) == 2 for p in given)
    if pairs and [p[0] for p in given] == [5, 6, 7, 8]:
        given = dict(given)
    if isinstance(given, dict) and set(given) == {5, 6, 7, 8}:
        given = [given[dest] for dest in (5, 6, 7, 8)]
    letters = given.replace(",", " ").split() if isinstance(given, str) and " " in given else given
    if isinstance(letters, (list, tuple, str)) and letters and all(isinstance(x, str) for x in letters):
        letters = [x.strip() for x in letters]
        if not any(x.isdigit() for x in letters):
            return _TOKENS if letters == _TOKENS else [_LETTERS]
    return given


stripe_by_hand = Exercise(
    name="stripe_by_hand",
    chapter="induction_heads",
    section="2.2",
    title="The stripe, by hand",
    core=True,
    difficulty=1,
    minutes=3,
    points=1,
    prerequisites=("repeated_tokens",),
    hints=(
        "Number the positions: [BOS] is 0, the first A is 1, and so on to the second D at 8.",
        "The second A stands at 5. Its previous copy stands at 1. The token after that copy is B, at 2.",
        "So the first source is 2. The second B (position 6) looks at 3; each next destination looks one further.",
    ),
    reference=lambda text: [2, 3, 4, 5],
    oracle=Oracle("search over the tokens of the text for the latest earlier copy", _by_brute_force),
    cases=lambda draw: [Case("the sources of destinations 5, 6, 7, 8", ("[BOS] A B C D A B C D",))],
    driver=value,
    observe=_observe_four,
    alternatives={
        "a tuple": lambda text: (2, 3, 4, 5),
        "a tensor": lambda text: torch.arange(5, 9) - 3,
        "a range": lambda text: range(2, 6),
        "floats": lambda text: [2.0, 3.0, 4.0, 5.0],
        "a row": lambda text: torch.tensor([[2, 3, 4, 5]]),
        "by destination": lambda text: {5: 2, 6: 3, 7: 4, 8: 5},
        "pairs": lambda text: [(5, 2), (6, 3), (7, 4), (8, 5)],
    },
    misconceptions=(
        Misconception(
            "the same token",
            "These are the positions of the same token, one segment ago (or you gave [BOS] no number: it stands at "
            "position 0). Looking there is what a duplicate-token head does. An induction head looks one further, "
            "at the token that followed.",
            _sources(4),
        ),
        Misconception(
            "the previous token",
            "These are the positions just before each destination. A head that looks there is a previous-token "
            "head; it needs no repetition at all. Find the earlier copy first, then go one further.",
            _sources(1),
        ),
        Misconception(
            "back to the start at the end",
            "The first three are right. For the second D you went back to the first A, at 1. What followed the "
            "first D is the second A, at 5: the stripe goes straight on.",
            lambda text: [2, 3, 4, 1],
        ),
        Misconception(
            "back to [BOS] at the end",
            "The first three are right. For the last D you went to [BOS]. What followed the first D is the second "
            "A, at 5: the stripe goes straight on.",
            lambda text: [2, 3, 4, 0],
        ),
        Misconception(
            "not beyond the first segment",
            "The first three are right. For the last D you stopped at the first D, at 4, which is its previous copy "
            "itself. What followed it is the second A, at 5: a source may lie in the second segment.",
            lambda text: [2, 3, 4, 4],
        ),
        Misconception(
            "distances",
            "These are distances: how far back each one looks. Asked for are positions, counted from [BOS] at 0. "
            "Subtract the distance from the destination.",
            lambda text: [3, 3, 3, 3],
        ),
        Misconception(
            "tokens instead of positions",
            "These are the right tokens. Asked for are the positions at which they stand, counted from [BOS] at 0.",
            lambda text: ["B", "C", "D", "A"],
        ),
        Misconception(
            "letters instead of positions",
            "These are letters. Asked for are four positions, numbers counted from [BOS] at 0. Nor are these the "
            "tokens that stand there: for each destination, the one after the previous copy.",
            lambda text: ["B", "C", "D", "?"],
        ),
        Misconception(
            "the token before the copy",
            "These stand one before the previous copy. An induction head wants to know what came after it, since "
            "that is what will come next now.",
            _sources(5),
        ),
        Misconception(
            "looking ahead",
            "These positions lie after the destination. A causal model cannot look there: the source is at or "
            "before the destination.",
            _sources(-1),
        ),
        Misconception(
            "looking at itself",
            "These are the destinations themselves. The question is where each of them looks: at a token in the "
            "first segment, or one after its end.",
            _sources(0),
        ),
        Misconception(
            "two after the copy",
            "These stand two after the previous copy. The token that will come next stood one after it.",
            _sources(2),
        ),
    ),
)

EXERCISES = [stripe_by_hand]
