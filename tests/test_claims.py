"""Claims: the verdict follows from the numbers, bad numbers are refused, and the intervals cover."""

from __future__ import annotations

import html.parser
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.claims import Claim, Evidence, Interval, bootstrap_interval, cards_shown
from mi_course.errors import CourseError


def a_claim(**changes):
    arguments = {
        "statement": "Head L1H2 looks at the token after the previous copy.",
        "evidence": Evidence.CORRELATIONAL,
        "baseline": 0.02,
        "baseline_name": "untrained twin",
        "estimate": 0.9,
        "interval": Interval(0.88, 0.92, 0.95, "made up"),
        "n": 512,
        "does_not_say": "that what is read there is used",
    }
    return Claim(**(arguments | changes))


# --- the ladder -------------------------------------------------------------------------------------------------------


def test_the_ladder_is_in_order_and_every_rung_says_what_it_can_and_cannot_show():
    assert Evidence.BEHAVIOURAL < Evidence.CORRELATIONAL < Evidence.CAUSAL_COMPONENT < Evidence.CAUSAL_END_TO_END
    for part in ("label", "shows", "cannot_show"):
        texts = [getattr(rung, part) for rung in Evidence]
        assert all(texts) and len(set(texts)) == len(Evidence)


# --- the verdict ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "direction", "threshold", "verdict"),
    [
        (0.3, 0.5, "above", 0.0, "holds"),
        (0.1, 0.5, "above", 0.0, "undecided"),
        (0.0, 0.1, "above", 0.0, "does not hold"),
        (0.1, 0.2, "above", 0.0, "does not hold"),  # the baseline itself is not above the baseline
        (0.3, 0.5, "above", 0.2, "undecided"),
        (0.3, 0.5, "above", 0.05, "holds"),
        (0.3, 0.5, "below", 0.0, "does not hold"),
        (0.0, 0.1, "below", 0.0, "holds"),
        (0.0, 0.1, "below", 0.15, "undecided"),
        (0.1, 0.5, "below", 0.0, "undecided"),
    ],
)
def test_verdict(low, high, direction, threshold, verdict):
    baseline = 0.2
    claim = a_claim(
        baseline=baseline,
        estimate=(low + high) / 2,
        interval=Interval(low, high),
        direction=direction,
        threshold=threshold,
    )
    assert claim.verdict == verdict


numbers = st.floats(-1e3, 1e3)


@settings(max_examples=100, deadline=None)
@given(numbers, numbers, numbers, st.floats(0, 10))
def test_turning_everything_round_turns_the_direction_and_keeps_the_verdict(one, other, baseline, threshold):
    low, high = sorted((one, other))
    above = a_claim(baseline=baseline, estimate=low, interval=Interval(low, high), threshold=threshold)
    below = a_claim(
        baseline=-baseline, estimate=-low, interval=Interval(-high, -low), threshold=threshold, direction="below"
    )
    assert above.verdict == below.verdict
    everything_beyond = low > baseline + threshold
    assert (above.verdict == "holds") == everything_beyond


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"estimate": math.nan}, "estimate"),
        ({"estimate": "0.9"}, "estimate"),
        ({"baseline": math.inf}, "baseline"),
        ({"threshold": math.nan}, "threshold"),
        ({"threshold": -0.1}, "negative"),
        ({"estimate": 0.5}, "does not contain"),
        ({"interval": (0.8, 1.0)}, "Interval"),
        ({"n": 0}, "n is"),
        ({"n": 3.5}, "n is"),
        ({"n": True}, "n is"),
        ({"evidence": "CORELATIONAL"}, "Did you mean 'CORRELATIONAL'"),
        ({"evidence": 2}, "rung"),
        ({"direction": "up"}, "direction"),
        ({"statement": " "}, "statement"),
        ({"baseline_name": ""}, "baseline_name"),
        ({"does_not_say": ""}, "does_not_say"),
        ({"does_not_say": None}, "does_not_say"),
    ],
)
def test_a_claim_without_its_parts_is_refused(changes, words):
    with pytest.raises(CourseError, match=words):
        a_claim(**changes)


@pytest.mark.parametrize("limits", [(1, 0), (math.nan, 1), (0, math.inf), (0, 1, 0), (0, 1, 1), (0, 1, "95 %")])
def test_an_impossible_interval_is_refused(limits):
    with pytest.raises(CourseError):
        Interval(*limits)


def test_single_precision_does_not_put_an_estimate_outside_an_interval_without_width():
    value = float(torch.tensor(0.1))
    assert a_claim(estimate=value, interval=Interval(0.1, 0.1)).verdict == "holds"


# --- the card ---------------------------------------------------------------------------------------------------------


def test_the_card_says_everything_in_text_and_in_html():
    claim = a_claim(unit="of the attention", quantity="induction score", observations="sequences")
    for card in (str(claim), claim._repr_html_()):
        for text in (
            claim.statement,
            "0.900 of the attention",
            "95 %",
            "0.88",
            "512 sequences",
            "untrained twin",
            "holds",
        ):
            assert text in card
        assert claim.does_not_say in card and claim.evidence.cannot_show in card


class _Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags, self.styles, self.text = [], [], [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))
        self.styles.append(dict(attrs).get("style", ""))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_html_is_escaped_well_formed_accessible_and_fixes_no_colours():
    hostile = '<script>alert("1")</script> & <b>'
    claim = a_claim(
        statement=hostile,
        baseline_name=hostile,
        does_not_say=hostile,
        unit=hostile,
        quantity=hostile,
        observations=hostile,
    )
    reader = _Reader()
    reader.feed(claim._repr_html_())
    assert not reader.open
    assert {tag for tag, _ in reader.tags} <= {"section", "div", "table", "tr", "th", "td"}
    assert reader.text.count(hostile) >= 6
    assert reader.tags[0][0] == "section" and reader.tags[0][1]["aria-label"]
    assert all(attrs.get("scope") == "row" for tag, attrs in reader.tags if tag == "th")
    assert not any("#" in style or "rgb" in style for style in reader.styles)


# --- intervals --------------------------------------------------------------------------------------------------------


def test_the_seed_settles_the_interval_and_no_global_state_is_touched():
    values = np.random.default_rng(0).normal(size=30)
    before = np.random.get_state()[1].copy()
    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)
    assert bootstrap_interval(values, seed=3) != bootstrap_interval(values, seed=4)
    assert (np.random.get_state()[1] == before).all()


def test_lists_arrays_and_tensors_give_the_same_interval():
    values = [0.1, 0.4, 0.35, 0.8, 0.5]
    expected = bootstrap_interval(values)
    assert bootstrap_interval(np.array(values)) == expected
    assert bootstrap_interval(torch.tensor(values, dtype=torch.float64, requires_grad=True)) == expected


@settings(max_examples=25, deadline=None)
@given(st.lists(numbers, min_size=2, max_size=20), st.booleans())
def test_an_interval_contains_its_estimate(values, grouped):
    groups = [i // 2 for i in range(len(values))] if grouped and len(values) > 2 else None
    interval = bootstrap_interval(values, groups=groups, resamples=100)
    estimate = float(np.mean(values))
    assert interval.low <= interval.high
    a_claim(estimate=estimate, interval=interval)


def test_a_wider_level_gives_a_wider_interval():
    values = np.random.default_rng(1).normal(size=40)
    inner, outer = (bootstrap_interval(values, level=level) for level in (0.8, 0.99))
    assert outer.low < inner.low < inner.high < outer.high
    assert (inner.level, outer.level) == (0.8, 0.99)


def _coverage(draw, truth, trials=200, **options):
    generator = np.random.default_rng(0)
    return np.mean([truth in bootstrap_interval(**draw(generator), resamples=400, **options) for _ in range(trials)])


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_of_a_skewed_mean_cover_about_as_often_as_they_say(level):
    covered = _coverage(lambda generator: {"values": generator.exponential(size=60)}, 1.0, level=level)
    # Four standard errors of a share over 200 trials, and a little for the bootstrap's own shortfall at n = 60.
    assert abs(covered - level) < 4 * math.sqrt(level * (1 - level) / 200) + 0.02


def test_grouped_values_need_the_cluster_bootstrap():
    def draw(generator):
        of_group = generator.normal(size=(40, 1))
        values = of_group + 0.3 * generator.normal(size=(40, 10))
        return {"values": values.ravel(), "groups": np.repeat(np.arange(40), 10)}

    with_groups = _coverage(draw, 0.0)
    without = _coverage(lambda generator: {"values": draw(generator)["values"]}, 0.0, trials=60)
    assert with_groups > 0.95 - 4 * math.sqrt(0.95 * 0.05 / 200) - 0.02
    assert without < 0.7


def test_the_cluster_bootstrap_is_the_same_for_a_statistic_without_the_short_cut():
    generator = np.random.default_rng(2)
    values, groups = generator.normal(size=60), generator.integers(0, 12, size=60)
    short_cut = bootstrap_interval(values, groups=groups, resamples=4000)
    long_way = bootstrap_interval(values, groups=groups, resamples=4000, statistic=lambda sample: sample.mean())
    width = short_cut.high - short_cut.low
    assert abs(short_cut.low - long_way.low) < 0.1 * width
    assert abs(short_cut.high - long_way.high) < 0.1 * width


def test_groups_may_be_of_different_sizes_and_named_by_words():
    interval = bootstrap_interval([1.0, 2.0, 3.0, 10.0], groups=["a", "a", "b", "c"])
    assert 1.5 <= interval.low <= 4.0 <= interval.high <= 10.0
    assert "3 groups" in interval.method


def test_one_group_for_each_value_agrees_with_no_groups():
    values = np.random.default_rng(3).normal(size=50)
    plain, grouped = bootstrap_interval(values), bootstrap_interval(values, groups=range(50))
    width = plain.high - plain.low
    assert abs(plain.low - grouped.low) < 0.15 * width and abs(plain.high - grouped.high) < 0.15 * width


def test_other_statistics():
    values = np.random.default_rng(4).normal(size=41)
    interval = bootstrap_interval(values, statistic=np.median)
    assert interval.low <= np.median(values) <= interval.high


def test_equal_values_give_an_interval_without_width_that_says_so():
    interval = bootstrap_interval([0.5] * 9)
    assert (interval.low, interval.high) == (0.5, 0.5)
    assert "no width" in interval.method


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"values": []}, "at least two"),
        ({"values": [1.0]}, "at least two"),
        ({"values": [1.0, math.nan]}, "finite"),
        ({"values": [[1.0, 2.0]]}, "one dimension"),
        ({"values": ["a", "b"]}, "numbers"),
        ({"values": [1.0, 2.0], "level": 95}, "level"),
        ({"values": [1.0, 2.0], "resamples": 10}, "100"),
        ({"values": [1.0, 2.0], "groups": [0]}, "one group for each"),
        ({"values": [1.0, 2.0], "groups": [0, 0]}, "two groups"),
    ],
)
def test_values_that_bear_no_interval_are_refused(arguments, words):
    with pytest.raises(CourseError, match=words):
        bootstrap_interval(**arguments)


def test_cards_that_were_shown_are_kept_in_order_and_the_latest_of_each():
    first, second = a_claim(statement="A first finding."), a_claim(statement="A second finding.")
    again = a_claim(statement="A first finding.", n=77)
    for one in (first, second, again):
        one._repr_html_()
    assert cards_shown()[-2:] == [second, again] and first not in cards_shown()
