"""The Brier score and the bins, over what the record says of predictions."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_course.checking import progress
from mi_course.checking.calibration import BASELINE, brier, calibration


def revealed(name: str, confidence: float, came_true: bool) -> dict[str, Any]:
    return {"event": "reveal", "id": name, "came_true": came_true, "brier": brier(confidence, came_true)}


def test_the_score_is_the_mean_squared_error_of_the_confidence() -> None:
    found = calibration([revealed("a", 0.9, True), revealed("b", 0.8, False), revealed("c", 0.5, True)])
    assert found.scored == 3
    assert found.brier == pytest.approx((0.01 + 0.64 + 0.25) / 3)


@given(st.lists(st.booleans(), min_size=1))
def test_always_saying_one_half_earns_the_baseline(outcomes: list[bool]) -> None:
    found = calibration([revealed(str(i), 0.5, came_true) for i, came_true in enumerate(outcomes)])
    assert found.brier == pytest.approx(BASELINE)


@given(st.lists(st.tuples(st.integers(0, 100), st.booleans())))
def test_every_prediction_is_in_the_bin_of_its_confidence(made: list[tuple[int, bool]]) -> None:
    found = calibration([revealed(str(i), percent / 100, true) for i, (percent, true) in enumerate(made)])
    assert sum(each.number for each in found.bins) == found.scored == len(made)
    for place, each in enumerate(found.bins):
        inside = [(percent, true) for percent, true in made if min(percent // 20, 4) == place]
        assert each.number == len(inside)
        assert (each.low, each.high) == (place / 5, (place + 1) / 5)
        if inside:
            assert each.confidence == pytest.approx(sum(percent for percent, _ in inside) / 100 / len(inside), abs=1e-6)
            assert each.came_true == pytest.approx(sum(true for _, true in inside) / len(inside))
        else:
            assert each.confidence is None and each.came_true is None


def test_the_first_result_counts() -> None:
    found = calibration([revealed("a", 0.9, True), revealed("a", 0.9, False)])
    assert (found.scored, found.bins[4].came_true) == (1, 1.0)


def test_nothing_yet() -> None:
    found = calibration([])
    assert (found.scored, found.waiting, found.missed, found.brier) == (0, 0, 0, None)


def test_what_predict_records_is_what_is_read(toy_chapter: ModuleType) -> None:
    toy_chapter.predict("heads", value=3, confidence=0.6)
    toy_chapter.predict("heads", value=4, confidence=0.8)
    toy_chapter.predict("survives", value=True, confidence=0.5)
    toy_chapter.predict.reveal("heads", 4)
    toy_chapter.predict.reveal("colour", "red")
    found = calibration(progress.read().events)
    assert (found.scored, found.waiting, found.missed) == (1, 1, 1)
    assert found.brier == pytest.approx(0.04)
    assert [each.number for each in found.bins] == [0, 0, 0, 0, 1]
    assert found.bins[4].confidence == pytest.approx(0.8)


@pytest.mark.parametrize(
    "damage", [{"brier": "low"}, {"brier": 4}, {"brier": None}, {"came_true": 1}, {"came_true": None}, {"id": ["a"]}]
)
def test_a_damaged_result_is_passed_over(damage: dict[str, Any]) -> None:
    found = calibration([revealed("a", 0.9, True) | damage, revealed("b", 0.9, True)])
    assert (found.scored, found.missed) == (1, 0)
