"""Finding exercises, and drawing their cases."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mi_course.checking import Draw, UnknownExercise, chapters, exercises, find, registry
from tests.checking import toys


def test_chapters_come_in_the_order_of_the_course(toy_chapter: ModuleType) -> None:
    names = chapters()
    assert names[-1] == "toys"  # not on the course's map, so last
    assert "induction_heads" in names


def test_exercises_come_in_the_order_of_their_file(toy_chapter: ModuleType) -> None:
    assert exercises("toys") == toys.EXERCISES
    assert exercises()[-len(toys.EXERCISES) :] == toys.EXERCISES


def test_find(toy_chapter: ModuleType) -> None:
    assert find("toys.centre") is toys.centre
    assert find("centre") is toys.centre


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("toys.center", r"There is no exercise 'toys\.center'\. Did you mean 'toys\.centre'\?"),
        ("toy.centre", r"Did you mean 'toys\.centre'\?"),
        ("Centre", r"Did you mean"),
        ("zzz", r"There is no exercise 'zzz'\. `mi-course list` shows them all\."),
        ("", "There is no exercise ''"),
    ],
)
def test_find_suggests(toy_chapter: ModuleType, name: str, sentence: str) -> None:
    with pytest.raises(UnknownExercise, match=sentence):
        find(name)


def test_an_unknown_chapter(toy_chapter: ModuleType) -> None:
    with pytest.raises(UnknownExercise, match=r"There is no chapter 'toy'\. Did you mean 'toys'\? There are: "):
        exercises("toy")


def test_a_name_in_two_chapters_needs_its_chapter(toy_chapter: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = replace(toys.centre, name="induction_score")
    monkeypatch.setattr(toy_chapter, "EXERCISES", [twin])
    registry._table.cache_clear()
    with pytest.raises(UnknownExercise, match=r"in several chapters: induction_heads\.induction_score, toys"):
        find("induction_score")
    assert find("toys.induction_score") is twin


@pytest.mark.parametrize(
    ("faulty", "sentence"),
    [
        ([toys.centre, toys.centre], "Two exercises of chapter 'toys' are called 'centre'"),
        ([replace(toys.centre, chapter="other")], "stands in the file of chapter 'toys'"),
    ],
)
def test_a_faulty_chapter(
    toy_chapter: ModuleType, monkeypatch: pytest.MonkeyPatch, faulty: list, sentence: str
) -> None:
    monkeypatch.setattr(toy_chapter, "EXERCISES", faulty)
    registry._table.cache_clear()
    with pytest.raises(ValueError, match=sentence):
        exercises("toys")


# --- draw -------------------------------------------------------------------------------------------------------------

names = st.lists(st.sampled_from(["batch", "pos", "head", "d_model", "d_head", "layer"]), unique=True, max_size=6)


@given(st.integers(0, 2**32 - 1), names)
def test_sizes_that_have_names_all_differ(seed: int, dims: list[str]) -> None:
    draw = Draw(seed)
    shape = draw.shape(" ".join(dims))
    assert len(set(shape)) == len(shape) and min(shape, default=2) >= 2
    assert draw.shape(" ".join(reversed(dims))) == shape[::-1]
    assert draw.shape("3 1") == (3, 1)


@given(st.integers(0, 2**32 - 1))
def test_the_same_seed_draws_the_same(seed: int) -> None:
    one, two = Draw(seed), Draw(seed)
    for draw in (one, two):
        torch.rand(1)  # the global random state has no part in it
        draw.kept = (  # type: ignore[attr-defined]
            draw.integer(0, 99), draw.choice("abc"), draw.sample(range(9), 3), draw.normal("a b").tolist(),
            draw.integers("a 3", high=5, low=2).tolist(), draw.pattern("2 n n").tolist(),
        )  # fmt: skip
    assert one.kept == two.kept  # type: ignore[attr-defined]


@given(st.integers(0, 1000))
def test_drawn_patterns_are_attention_patterns(seed: int) -> None:
    pattern = Draw(seed).pattern("2 5 5")
    assert torch.allclose(pattern.sum(-1), torch.ones(2, 5))
    later = torch.ones(5, 5, dtype=torch.bool).triu(1)
    assert not pattern[:, later].any()
    assert Draw(seed).pattern("2 5 5", causal=False)[:, later].all()
    integers = Draw(seed).integers("50", high=4, low=2)
    assert set(integers.tolist()) <= {2, 3}
