"""Counted word vectors, against counting by hand and identities."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.mechanistic.ppmi import count_neighbours, ppmi


def test_neighbours_are_counted_as_by_hand() -> None:
    tokens = torch.randint(0, 7, (5, 9), generator=torch.Generator().manual_seed(0))
    expected: Counter[tuple[int, int]] = Counter()
    for row in tokens.tolist():
        for i, left in enumerate(row):
            for j, right in enumerate(row):
                if 0 < abs(i - j) <= 3 and left > 1 and right > 1:
                    expected[left, right] += 1
    found = count_neighbours(tokens, 7, window=3)
    assert {(i, j): found[i, j].item() for i in range(7) for j in range(7) if found[i, j]} == expected


def test_independent_words_have_no_mutual_information() -> None:
    share = torch.tensor([0.5, 0.3, 0.2])
    assert ppmi(1000 * torch.outer(share, share)).abs().max() < 1e-6


def test_it_is_the_logarithm_of_a_ratio_and_never_negative() -> None:
    counts = torch.tensor([[0.0, 8.0], [8.0, 4.0]])
    found = ppmi(counts)
    assert found[0, 1] == pytest.approx(torch.log(torch.tensor(0.4 / (0.4 * 0.6))).item(), abs=1e-6)
    assert found[0, 0] == 0
    assert found[1, 1] == 0
    assert torch.equal(found, found.T)


def test_the_size_of_the_corpus_does_not_matter() -> None:
    counts = torch.randint(0, 9, (6, 6), generator=torch.Generator().manual_seed(2)).double()
    assert torch.allclose(ppmi(counts), ppmi(7 * counts))


@pytest.mark.parametrize(
    "call",
    [
        lambda: count_neighbours(torch.zeros(2, 4, dtype=torch.long), 5, window=4),
        lambda: count_neighbours(torch.full((2, 4), 9), 5),
        lambda: ppmi(torch.zeros(3, 3)),
        lambda: ppmi(-torch.ones(3, 3)),
    ],
)
def test_what_cannot_be_counted_is_refused(call) -> None:
    with pytest.raises(CourseError):
        call()
