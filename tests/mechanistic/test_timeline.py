"""The timeline: every event is complete and in its place, and the filters keep what they say."""

from __future__ import annotations

import itertools
import re

import pytest

from mi_course.errors import CourseError
from mi_course.mechanistic import COMMUNITIES, TOPICS, Timeline, events, firsts, timeline_of
from mi_course.mechanistic.timeline import EVENTS

ARXIV = re.compile(r"https://arxiv\.org/abs/(\d\d)(\d\d)\.\d{4,5}$")


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: f"{event.who} {event.date}")
def test_an_event_is_complete(event):
    assert event.community in COMMUNITIES
    assert event.topics and set(event.topics) <= set(TOPICS) and len(set(event.topics)) == len(event.topics)
    assert event.month is None or 1 <= event.month <= 12
    assert event.source.startswith("https://") and event.who and event.where
    assert event.what.endswith(".") and event.what[0].isupper()
    assert not event.section or re.fullmatch(r"A|[23](\.\d){0,2}", event.section)


@pytest.mark.parametrize("event", [event for event in EVENTS if ARXIV.match(event.source)], ids=lambda event: event.who)
def test_no_event_is_later_than_its_preprint(event):
    # The number of a preprint tells its month; a date of publication in its place would change who was first.
    # (Pearl 2001 was put there long after it had appeared.)
    year, month = (int(part) for part in ARXIV.match(event.source).groups())
    assert (event.year, event.month or 1) <= (2000 + year, month)


def test_sources_are_not_given_twice():
    sources = [event.source for event in EVENTS]
    assert len(set(sources)) == len(sources)


def test_filters_keep_what_they_say_and_the_order_of_dates():
    for topic, community in itertools.product([None, *TOPICS], [None, *COMMUNITIES]):
        kept = events(topic, community, since=2015, until=2022)
        assert all(topic is None or topic in event.topics for event in kept)
        assert all(community is None or event.community == community for event in kept)
        assert all(2015 <= event.year <= 2022 for event in kept)
        assert [event.date for event in kept] == sorted(event.date for event in kept)
        rest = [event for event in EVENTS if event not in kept]
        assert not any(
            topic in (None, *event.topics) and community in (None, event.community) and 2015 <= event.year <= 2022
            for event in rest
        )
    assert len(events()) == len(EVENTS)


@pytest.mark.parametrize("topic", TOPICS)
def test_firsts_are_the_earliest_of_each_community(topic):
    found = firsts(topic)
    assert found.keys() == {event.community for event in events(topic)}
    for community, event in found.items():
        assert event == events(topic, community)[0]
    assert [event.date for event in found.values()] == sorted(event.date for event in found.values())


def test_precedents_that_the_history_names():
    """Saphra & Wiegreffe 2024, footnote 8 and sections 3.1.1 and 3.3."""
    assert {event.who for event in events("interventions", "nlp", 2020, 2020)} >= {
        "Vig et al.",
        "Geiger, Richardson & Potts",
    }
    assert events("interventions", "nlp")[0].year < firsts("interventions")["mi"].year
    assert firsts("sparse")["nlp"].year < firsts("sparse")["mi"].year
    assert firsts("vectors")["nlp"].year < firsts("vectors")["mi"].year


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: events("sprase"), "Did you mean 'sparse'"),
        (lambda: events(community="acl"), "no community 'acl'"),
        (lambda: firsts("love"), "Choose from vectors"),
        (lambda: timeline_of("sparse", until=1950), "widen the years"),
        (lambda: Timeline([]), "no events"),
    ],
)
def test_what_there_is_not_is_said(call, says):
    with pytest.raises(CourseError, match=says):
        call()


def test_a_title_says_what_was_chosen():
    assert timeline_of().title == "All topics"
    assert timeline_of("sparse", "nlp").title == "Sparse features, NLP interpretability"
