"""Claims: what was found, how well it is supported, and what it does not say.

A finding about a model is a number beside a baseline, with an interval, from evidence of some kind. `Claim` holds these
together and works out its own verdict, so that a sentence cannot outlive its numbers.
"""

from __future__ import annotations

import html
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from mi_course.errors import CourseError, did_you_mean

Direction = Literal["above", "below"]
Verdict = Literal["holds", "does not hold", "undecided"]
Statistic = Callable[..., Any]


class Evidence(IntEnum):
    """The ladder of evidence: a higher rung supports a stronger claim, and each has a limit.

    After the questions that Saphra & Wiegreffe 2024, "Mechanistic?", ask of a study, and the distinction between
    observation and intervention in Pearl 2009, "Causality".
    """

    BEHAVIOURAL = 1
    CORRELATIONAL = 2
    CAUSAL_COMPONENT = 3
    CAUSAL_END_TO_END = 4

    @property
    def label(self) -> str:
        """The rung in words."""
        return _LADDER[self][0]

    @property
    def shows(self) -> str:
        """What evidence of this kind can show, in a sentence."""
        return _LADDER[self][1]

    @property
    def cannot_show(self) -> str:
        """What evidence of this kind cannot show, in a sentence."""
        return _LADDER[self][2]


_LADDER = {
    Evidence.BEHAVIOURAL: (
        "behavioural",
        "It shows what comes out of the model for what goes in.",
        "It cannot show how: different mechanisms can give the same outputs.",
    ),
    Evidence.CORRELATIONAL: (
        "correlational",
        "It shows that something inside the model goes along with what is of interest.",
        "It cannot show that the model makes use of it.",
    ),
    Evidence.CAUSAL_COMPONENT: (
        "causal, for a component",
        "It shows that changing this component changes the behaviour.",
        "It cannot show what the component computes, nor that it is the only one that can do it.",
    ),
    Evidence.CAUSAL_END_TO_END: (
        "causal, end to end",
        "It shows that the proposed mechanism, from input to output, accounts for the behaviour on the data tested.",
        "It cannot show that the mechanism is the only one, nor that it holds on other data.",
    ),
}


@dataclass(frozen=True)
class Interval:
    """A confidence interval.

    low, high: its limits, both included.
    level: the share of such intervals that cover the truth, if the method's assumptions hold; between 0 and 1.
    method: how it was made.

    Raises CourseError unless low <= high, both finite, and 0 < level < 1.
    """

    low: float
    high: float
    level: float = 0.95
    method: str = "given"

    def __post_init__(self) -> None:
        _finite("low", self.low)
        _finite("high", self.high)
        _check_level(self.level)
        if self.low > self.high:
            raise CourseError(f"An interval's low end ({self.low:g}) is above its high end ({self.high:g}); swap them.")

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{100 * self.level:g} % interval {_number(self.low)} to {_number(self.high)}"


def bootstrap_interval(
    values: Any,
    *,
    groups: Any = None,
    level: float = 0.95,
    seed: int = 0,
    statistic: Statistic = np.mean,
    resamples: int = 2000,
) -> Interval:
    """A bootstrap interval for a statistic of independent values, or of values that come in groups.

    values: numbers, one per observation; anything that becomes a one-dimensional array, a tensor included.
    groups: for each value the group it belongs to (sequence, person, model seed …). Values of one group are not
        independent,
        so whole groups are drawn: the cluster bootstrap. Without groups every value counts as independent, which is
        too sure of itself when, for example, many positions of a few sequences are pooled.
    level: confidence level, between 0 and 1.
    seed: settles the resampling; the global random state is not used.
    statistic: a function of an array, such as numpy.mean. One that takes `axis` is quicker.
    resamples: how often to resample.

    Without groups the interval is bias-corrected and accelerated (BCa; Efron 1987, "Better Bootstrap Confidence
    Intervals"; Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapter 14), or the plain percentile one
    (chapter 13) where BCa cannot be computed. With groups it is the percentile interval over resampled groups (Davison
    & Hinkley 1997, "Bootstrap Methods and their Application", section 3.8). The bootstrap is too narrow for few
    observations: with 10 groups a 95 % interval covers the truth about 90 times in 100.

    Raises CourseError for fewer than two values or groups, values that are not finite, or groups of another length.
    """
    array = _array(values)
    _check_level(level)
    if isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < 100:
        raise CourseError(f"Resample at least 100 times, not {resamples!r}.")
    if array.size < 2:
        raise CourseError(f"An interval needs at least two values; there {'is' if array.size else 'are'} {array.size}.")
    generator = np.random.default_rng(seed)
    if groups is not None:
        return _cluster_bootstrap(array, groups, level, generator, statistic, resamples)
    if np.all(array == array[0]):
        # Resampling equal values gives them back: no spread can be seen, which is not to say there is none.
        only = float(statistic(array))
        return Interval(only, only, level, "bootstrap; all values are equal, so it has no width")
    estimate = float(statistic(array))
    low = high = math.nan
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # Degenerate resamples are answered by falling back, not by a warning.
            warnings.simplefilter("ignore")
            found = stats.bootstrap(
                (array,), statistic, confidence_level=level, n_resamples=resamples, method=method, rng=generator
            ).confidence_interval
        low, high = float(found.low), float(found.high)
        # Far out in a skewed sample BCa can miss the very number it is about.
        if low <= estimate <= high:
            break
    if not (math.isfinite(low) and math.isfinite(high)):
        raise CourseError(
            "The bootstrap gave no finite interval; check that the statistic is finite on every resample."
        )
    return Interval(min(low, estimate), max(high, estimate), level, f"bootstrap, {method}, {resamples} resamples")


_SHOWN: dict[str, Claim] = {}


def cards_shown() -> list[Claim]:
    """The claims whose cards this session has shown, in that order; of one shown again, the latest."""
    return list(_SHOWN.values())


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A finding with its evidence, and its verdict worked out from the numbers.

    statement: what is claimed, in a sentence.
    evidence: the rung of the ladder that supports it.
    estimate, interval, n: the number, its interval, and how many independent observations it comes from.
    baseline, baseline_name: what the same measurement gives where the claim is false, and what that is (an untrained
        twin, chance, a random direction …).
    does_not_say: what a reader might take from it and should not.
    direction: whether the claim is that the number is 'above' or 'below' the baseline.
    threshold: how far beyond the baseline it has to be for the claim to hold; 0 if any difference will do.
    quantity, unit: what the number is, for the card.
    observations: what n counts, such as 'sequences'.

    Raises CourseError for a number that is not finite, an interval that does not contain the estimate, n below 1, a
    negative threshold, or an empty statement, baseline_name or does_not_say.
    """

    statement: str
    evidence: Evidence
    baseline: float
    baseline_name: str
    estimate: float
    interval: Interval
    n: int
    does_not_say: str
    direction: Direction = "above"
    threshold: float = 0.0
    quantity: str = "estimate"
    unit: str = ""
    observations: str = "observations"

    def __post_init__(self) -> None:
        for name in ("statement", "baseline_name", "does_not_say"):
            text = getattr(self, name)
            if not isinstance(text, str) or not text.strip():
                raise CourseError(f"A claim needs its {name} in words.")
        if not isinstance(self.evidence, Evidence):
            rungs = [rung.name for rung in Evidence]
            raise CourseError(
                f"evidence is a rung of the ladder, such as Evidence.CORRELATIONAL, not {self.evidence!r}."
                f"{did_you_mean(self.evidence, rungs)}"
            )
        if not isinstance(self.interval, Interval):
            raise CourseError("interval is an Interval, for example what bootstrap_interval returns.")
        for name in ("estimate", "baseline", "threshold"):
            _finite(name, getattr(self, name))
        # Single and double precision may differ in the last digit, which matters when the interval has no width.
        slack = 1e-6 * max(1.0, abs(self.estimate))
        if not self.interval.low - slack <= self.estimate <= self.interval.high + slack:
            raise CourseError(
                f"The {self.interval} does not contain the estimate {_number(self.estimate)}; they come from "
                f"different numbers."
            )
        if isinstance(self.n, bool) or not isinstance(self.n, int | np.integer) or self.n < 1:
            raise CourseError(f"n is the number of independent observations, at least 1, not {self.n!r}.")
        if self.direction not in ("above", "below"):
            raise CourseError(f"direction is 'above' or 'below', not {self.direction!r}.")
        if self.threshold < 0:
            raise CourseError(
                "threshold is a distance from the baseline, so it is not negative; turn the direction instead."
            )

    @property
    def bar(self) -> float:
        """The value that the number has to be beyond: the baseline, moved by the threshold."""
        return self.baseline + (self.threshold if self.direction == "above" else -self.threshold)

    @property
    def verdict(self) -> Verdict:
        """'holds' when the whole interval is beyond the bar, 'does not hold' when none of it is, else 'undecided'."""
        low, high = self.interval.low, self.interval.high
        if self.direction == "below":
            low, high = -high, -low
        bar = self.bar if self.direction == "above" else -self.bar
        if low > bar:
            return "holds"
        return "does not hold" if high <= bar else "undecided"

    def __str__(self) -> str:
        return "\n".join(f"{name}: {text}" for name, text in self._rows())

    def _repr_html_(self) -> str:
        """A card in the colours of the page it stands on, so that it reads in light and dark themes."""
        _SHOWN.pop(self.statement, None)
        _SHOWN[self.statement] = self
        rows = "".join(
            f'<tr><th scope="row" style="{_CELL}font-weight:600;width:11em">{html.escape(name)}</th>'
            f'<td style="{_CELL}">{html.escape(text)}</td></tr>'
            for name, text in self._rows()[1:]
        )
        return (
            f'<section aria-label="Claim card" style="{_CARD}"><div style="font-weight:600;margin-bottom:0.4em">'
            f"Claim: {html.escape(self.statement)}</div>"
            f'<table style="border-collapse:collapse;color:inherit;background:none;margin:0">{rows}</table></section>'
        )

    def _rows(self) -> Sequence[tuple[str, str]]:
        unit = f" {self.unit}" if self.unit else ""
        beyond = f" by more than {_number(self.threshold)}{unit}" if self.threshold else ""
        return (
            ("Claim", self.statement),
            ("Evidence", f"{self.evidence.label}. {self.evidence.shows} {self.evidence.cannot_show}"),
            (
                self.quantity[:1].upper() + self.quantity[1:],
                f"{_number(self.estimate)}{unit}, {self.interval} ({self.interval.method}), n = {self.n} "
                f"{self.observations}",
            ),
            ("Baseline", f"{_number(self.baseline)}{unit} ({self.baseline_name})"),
            ("Verdict", f"{self.verdict} (asked: {self.direction} the baseline{beyond})"),
            ("It does not say", self.does_not_say),
        )


# Colours are the page's own: Jupyter's themes set them, and nothing here fixes a background.
_CARD = (
    "border:1px solid currentColor;border-left-width:4px;border-radius:4px;padding:0.6em 0.9em;margin:0.6em 0;"
    "max-width:60em;color:inherit;background:none"
)
_CELL = "text-align:left;vertical-align:top;padding:0.15em 0.8em 0.15em 0;background:none;color:inherit;"


def _cluster_bootstrap(
    array: NDArray[np.float64],
    groups: Any,
    level: float,
    generator: np.random.Generator,
    statistic: Statistic,
    resamples: int,
) -> Interval:
    labels = np.asarray(groups.detach().cpu() if hasattr(groups, "detach") else groups)
    if labels.shape != array.shape:
        raise CourseError(
            f"There are {array.size} values and groups of shape {labels.shape}; give one group for each value."
        )
    names, member = np.unique(labels, return_inverse=True)
    if names.size < 2:
        raise CourseError("An interval over groups needs at least two groups; here there is one.")
    order = np.argsort(member, kind="stable")
    parts = np.split(array[order], np.cumsum(np.bincount(member))[:-1])
    if statistic is np.mean:
        # The mean of a resample from the groups' sums and counts: no need to copy the values together.
        sums, counts = np.array([part.sum() for part in parts]), np.array([part.size for part in parts])
        drawn = generator.integers(names.size, size=(resamples, names.size))
        replicates = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    else:
        replicates = np.array(
            [
                float(statistic(np.concatenate([parts[i] for i in generator.integers(names.size, size=names.size)])))
                for _ in range(resamples)
            ]
        )
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    method = f"cluster bootstrap over {names.size} groups, percentile, {resamples} resamples"
    # Adding up in another order moves the last digit; the interval must still contain the estimate when all are equal.
    estimate = float(statistic(array))
    if math.isclose(low, high, rel_tol=1e-12):
        low = high = estimate
    return Interval(float(low), float(high), level, method)


def _array(values: Any) -> NDArray[np.float64]:
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CourseError(f"values has to be a list or array of numbers ({error}).") from error
    if array.ndim != 1:
        raise CourseError(
            f"values has to have one dimension, not shape {array.shape}; flatten it and say in groups which values "
            f"belong together."
        )
    if not np.isfinite(array).all():
        raise CourseError("values holds numbers that are not finite; find out where they come from before averaging.")
    return array


def _finite(name: str, value: Any) -> None:
    try:
        fine = math.isfinite(value) and not isinstance(value, bool)
    except TypeError:
        fine = False
    if not fine:
        raise CourseError(f"{name} has to be a finite number, not {value!r}.")


def _check_level(level: Any) -> None:
    if not isinstance(level, float | int) or not 0 < level < 1:
        raise CourseError(f"level is a share between 0 and 1, such as 0.95, not {level!r}.")


def _number(value: float) -> str:
    """Three significant digits, without an exponent where it can be helped."""
    return f"{value:#.3g}" if 1e-4 <= abs(value) < 1e3 else f"{value:.4g}"
