"""What section 0.2 asks fits the timeline that it is asked about."""

from __future__ import annotations

from mi_course.exercises.mechanistic import history
from mi_course.mechanistic import TOPICS, firsts


def test_the_prediction_ranges_over_the_topics_of_both_communities():
    shared = [topic for topic in TOPICS if {"nlp", "mi"} <= firsts(topic).keys()]
    (question,) = history.QUESTIONS
    assert (question.low, question.high) == (0, len(shared))
    assert question.text.startswith("Ten topics") and len(shared) == 10


def test_every_label_has_a_date_in_the_timeline():
    assert history.METHODS.labels.keys() == history._DID.keys()
    for who, _ in history._DID.values():
        assert history._event(who).who == who


def test_a_work_that_shares_no_idea_with_any_method_is_there_on_account_of_its_name():
    ideas = {idea for _, idea in history._IS.values()}
    strangers = {label for label, (_, did) in history._DID.items() if not did & ideas}
    namesakes = {
        label for item in history.METHODS for each in item.tempting if each.trap == "same name" for label in each.labels
    }
    assert strangers <= namesakes
