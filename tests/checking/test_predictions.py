"""Predictions: committed, changed, revealed and scored; what is wrong is refused."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_course.checking import Predict, Question, progress
from mi_course.checking.calibration import brier
from mi_course.errors import CourseError


@pytest.fixture
def predict(toy_chapter: ModuleType) -> Predict:
    return toy_chapter.predict


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_a_prediction_is_noted_revealed_and_scored(predict: Predict, capsys: pytest.CaptureFixture[str]) -> None:
    predict("heads", value=3, confidence=0.8)
    assert shown(capsys) == "How many heads?\nNoted: 3, 80% sure.\n"
    predict.reveal("heads", 3)
    text = shown(capsys)
    assert "It is 3. Your prediction of 3 came true" in text and "Brier score of 0.04" in text
    [made, out] = progress.read().events
    assert (made["id"], made["value"], made["confidence"]) == ("toys.predict.heads", 3, 0.8)
    assert (out["outcome"], out["came_true"]) == (3, True)
    assert out["brier"] == pytest.approx(0.04)


def test_a_wrong_prediction(predict: Predict, capsys: pytest.CaptureFixture[str]) -> None:
    predict("survives", value=True, confidence=0.9)
    predict.reveal("survives", np.bool_(False))
    assert "did not come true; at 90% sure that is a Brier score of 0.81" in shown(capsys)
    assert progress.read().events[-1]["came_true"] is False


def test_it_can_be_changed_until_the_result_is_out(predict: Predict, capsys: pytest.CaptureFixture[str]) -> None:
    predict("heads", value=3, confidence=0.8)
    predict("heads", value=4, confidence=0.6)
    predict.reveal("heads", 4)
    shown(capsys)
    predict("heads", value=5, confidence=1.0)
    assert "The result is out, so a prediction no longer counts. It stays 4, 60% sure." in shown(capsys)
    predict.reveal("heads", 4)
    assert "Your prediction of 4 came true" in shown(capsys)
    assert [event["event"] for event in progress.read().events] == ["prediction", "prediction", "reveal"]


def test_without_a_prediction(predict: Predict, capsys: pytest.CaptureFixture[str]) -> None:
    predict.reveal("heads", 4)
    predict.reveal("heads", 4)
    assert shown(capsys).count("You made no prediction") == 2
    predict("heads", value=4, confidence=1.0)
    assert "no longer counts. None had been made." in shown(capsys)
    assert [event["event"] for event in progress.read().events] == ["reveal"]
    assert progress.read().events[0]["brier"] is None


@pytest.mark.parametrize("given_", [{"value": ..., "confidence": ...}, {"value": 3, "confidence": ...}])
def test_placeholders_are_reminded_of_and_not_recorded(
    predict: Predict, given_: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict("heads", **given_) is None
    assert "Replace both `...`" in shown(capsys)
    assert progress.read().events == ()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("heads", 9, r"asks for a number from 0 to 8, not 9"),
        ("heads", -1, "from 0 to 8"),
        ("heads", 10**30, "from 0 to 8"),
        ("heads", 2.5, "asks for a whole number, not 2.5"),
        ("heads", True, "asks for a whole number, not True"),
        ("heads", "3", "asks for a whole number, not '3'"),
        ("heads", None, "asks for a whole number, not None"),
        ("share", -0.5, "asks for a number from 0 to inf"),
        ("share", float("nan"), "asks for a number, and NaN is none"),
        ("share", "half", "asks for a number, not 'half'"),
        ("colour", "gren", r"asks for one of 'red', 'green'\. Did you mean 'green'\?"),
        ("colour", 3, "asks for a text"),
        ("survives", 1, "asks for True or False, not 1"),
        ("head", 1, r"asks no prediction 'head'\. Did you mean 'heads'\? It asks: heads, share"),
    ],
)
def test_what_makes_no_sense_is_refused(predict: Predict, name: str, value: Any, sentence: str) -> None:
    with pytest.raises(CourseError, match=sentence):
        predict(name, value=value, confidence=0.5)
    assert progress.read().events == ()


@pytest.mark.parametrize("confidence", [-0.1, 1.1, 80, "sure", None, True, float("nan")])
def test_a_confidence_that_is_none(predict: Predict, confidence: Any) -> None:
    with pytest.raises(CourseError, match="confidence is a number from 0 to 1"):
        predict("heads", value=3, confidence=confidence)


def test_a_question_may_say_when_it_comes_true(predict: Predict, capsys: pytest.CaptureFixture[str]) -> None:
    predict("near", value=4, confidence=1)
    predict.reveal("near", 4.5)
    assert "came true; at 100% sure that is a Brier score of 0.00" in shown(capsys)


@pytest.mark.parametrize("damage", [{"value": "many"}, {"confidence": "high"}, {"confidence": 7}, {"confidence": None}])
def test_a_prediction_damaged_in_the_record_is_passed_over(
    predict: Predict, damage: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    predict("heads", value=3, confidence=0.8)
    progress.append("prediction", **({"id": "toys.predict.heads", "value": 5, "confidence": 0.5} | damage))
    predict.reveal("heads", 3)
    assert "Your prediction of 3 came true" in shown(capsys)


def test_html_is_escaped() -> None:
    from mi_course.checking.predictions import _Note

    assert _Note("<b>", "<i>")._repr_html_().count("&lt;") == 2


def test_a_record_that_cannot_be_written(predict: Predict, own_record: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (own_record / progress.FILE).mkdir()
    predict("heads", value=3, confidence=0.8)
    assert "was not saved" in shown(capsys)


@given(st.floats(0, 1), st.booleans())
def test_brier(confidence: float, true: bool) -> None:
    assert 0 <= brier(confidence, true) <= 1
    assert brier(0.5, true) == 0.25
    assert brier(confidence, true) == pytest.approx(brier(1 - confidence, not true))


def test_question_defaults() -> None:
    assert Question("n", "N?").fault(3) == ""
    assert Question("n", "N?", high=2).fault(3).endswith("from -inf to 2, not 3.")


def test_a_unit_is_repeated_and_a_share_in_its_place_asked_about(
    toy_chapter: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    predict = Predict("toys", [Question("part", "How many per cent?", kind=float, low=0, high=100, unit="per cent")])
    predict("part", value=..., confidence=...)
    assert "your prediction, a number (per cent), and how sure" in shown(capsys)
    predict("part", value=0.66, confidence=0.5)
    text = shown(capsys)
    assert "Noted: 0.66 per cent, 50% sure." in text and "If you mean 66 per cent, run the cell again" in text
    predict("part", value=66, confidence=0.5)
    assert "If you mean" not in shown(capsys)
    predict.reveal("part", 70.0)
    assert "It is 70.0 per cent. Your prediction of 66 per cent did not come true" in shown(capsys)


def test_the_unfilled_cell_says_what_is_asked(predict: Predict, capsys: pytest.CaptureFixture[str]) -> None:
    predict("survives", value=..., confidence=...)
    assert "True or False" in shown(capsys)
    predict("colour", value=..., confidence=...)
    assert "one of 'red', 'green'" in shown(capsys)
