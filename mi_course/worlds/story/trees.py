"""Distances in parse trees, and how far they are from distances along the sentence."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from mi_course.errors import CourseError


def tree_distance(heads: Int[Tensor, " word"]) -> Int[Tensor, "word word"]:
    """Steps between every two words of one sentence in its parse tree.

    heads: for each word the place of its head within these words; the root is its own head. Positions of a row have to
        be counted from the sentence's start: `labels["tree_head"][row, start:stop] - start`.
    Raises CourseError when the heads are no tree.
    """
    parents = [int(head) for head in heads]
    n = len(parents)
    paths = []
    for place in range(n):
        path = [place]
        while parents[path[-1]] != path[-1]:
            path.append(parents[path[-1]])
            if len(path) > n or not 0 <= path[-1] < n:
                raise CourseError("These heads are no tree: a word's line of heads does not end at a root within it.")
        paths.append(path)
    distance = torch.zeros(n, n, dtype=torch.long)
    for one, up_one in enumerate(paths):
        steps = {place: number for number, place in enumerate(up_one)}
        for two, up_two in enumerate(paths):
            meeting = next((number for number, place in enumerate(up_two) if place in steps), None)
            if meeting is None:
                raise CourseError("These heads are no tree: they have more than one root.")
            distance[one, two] = meeting + steps[up_two[meeting]]
    return distance


def share_that_disagrees(heads: Int[Tensor, " word"], by_at_least: int = 1) -> float:
    """Share of the word pairs of a sentence whose distance in the tree and along the sentence differ by so much."""
    tree = tree_distance(heads)
    place = torch.arange(len(tree))
    along = (place[:, None] - place).abs()
    one, two = torch.triu_indices(len(tree), len(tree), 1)
    return float(((tree - along).abs()[one, two] >= by_at_least).float().mean())
