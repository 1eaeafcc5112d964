"""How well a learner's confidence fits what came true: the Brier score over all predictions, and calibration.

Brier 1950, "Verification of forecasts expressed in terms of probability". Somebody is calibrated if what they hold with
confidence p comes true in a share p of the cases; bins of confidence beside those shares are a reliability diagram
(Murphy & Winkler 1977, "Reliability of subjective probability forecasts of precipitation and temperature").
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mi_course.checking.progress import Event

BASELINE = 0.25
"""The Brier score of holding everything with a confidence of one half."""

BINS = 5


def brier(confidence: float, true: bool) -> float:
    """Squared distance between the confidence and what happened (1 if the prediction came true, else 0)."""
    return (confidence - float(true)) ** 2


@dataclass(frozen=True)
class Forecast:
    """A prediction whose result is known: how sure the learner was, and whether it came true."""

    confidence: float
    came_true: bool

    @property
    def brier(self) -> float:
        return brier(self.confidence, self.came_true)


@dataclass(frozen=True)
class Bin:
    """The predictions with a confidence from `low` up to `high` (included only in the last bin).

    confidence: their mean confidence. came_true: the share that came true. Both are None where there are none.
    """

    low: float
    high: float
    number: int
    confidence: float | None
    came_true: float | None


@dataclass(frozen=True)
class Calibration:
    """What the record says of a learner's predictions.

    scored: how many have their result. brier: their mean squared error; None where there are none.
    waiting: predictions whose result is not out. missed: results that were shown without a prediction.
    bins: confidence in five equal bins, from 0 to 1.
    """

    scored: int
    waiting: int
    missed: int
    brier: float | None
    bins: tuple[Bin, ...]


def calibration(events: Iterable[Event]) -> Calibration:
    """The calibration over all predictions in the record. The first result shown of each question is the one that
    counts, and what is not as `Predict` writes it is passed over."""
    made: set[str] = set()
    results: dict[str, Forecast | None] = {}
    for event in events:
        name = event.get("id")
        if not isinstance(name, str):
            continue
        if event["event"] == "prediction":
            made.add(name)
        elif event["event"] == "reveal" and _is_result(event):
            results.setdefault(name, _forecast(event))
    scored = [forecast for forecast in results.values() if forecast is not None]
    return Calibration(
        scored=len(scored),
        waiting=len(made - results.keys()),
        missed=len(results) - len(scored),
        brier=_mean([forecast.brier for forecast in scored]),
        bins=tuple(_bin(i / BINS, (i + 1) / BINS, [f for f in scored if _place(f) == i]) for i in range(BINS)),
    )


def _is_result(event: Event) -> bool:
    came_true, score = event.get("came_true"), event.get("brier")
    if came_true is None and score is None:
        return True
    return isinstance(came_true, bool) and isinstance(score, (int, float)) and 0 <= score <= 1


def _forecast(event: Event) -> Forecast | None:
    """The prediction behind a result; None if there was none."""
    if event["came_true"] is None:
        return None
    # The line has the score; with what happened it gives back the confidence, whatever else became of the record.
    off = math.sqrt(event["brier"])
    return Forecast(round(1 - off if event["came_true"] else off, 9), event["came_true"])


def _place(forecast: Forecast) -> int:
    """The number of the bin that a prediction is in."""
    return min(int(round(forecast.confidence * BINS, 6)), BINS - 1)


def _bin(low: float, high: float, inside: Sequence[Forecast]) -> Bin:
    return Bin(
        low, high, len(inside), _mean([f.confidence for f in inside]), _mean([float(f.came_true) for f in inside])
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
