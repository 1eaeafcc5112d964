"""The timeline to explore: each topic brings its events forward, with sources, and nothing else changes place."""

from __future__ import annotations

import re
from html import unescape

import pytest

from mi_course.display.explorers import TimelineExplorer
from mi_course.errors import CourseError
from mi_course.mechanistic import TOPICS, Timeline, events
from mi_course.mechanistic.timeline import EVENTS


def marks(explorer):
    """Title and number of every mark, from left to right in its lane."""
    found = re.findall(r"<title>(.*?)</title><path[^>]*/>(?:<text[^>]*>(\d+)</text>)?", explorer.picture.value)
    return {unescape(title): number for title, number in found}


def test_every_event_is_there_and_the_topics_are_numbered_in_order():
    explorer = TimelineExplorer()
    for topic in TOPICS:
        explorer.topic.value = topic
        shown, chosen = marks(explorer), events(topic)
        assert len(shown) == len(EVENTS)
        numbered = {number: title for title, number in shown.items() if number}
        assert len(numbered) == len(chosen)
        for i, event in enumerate(chosen):
            assert numbered[str(i + 1)].startswith(f"{event.date} {event.who}: {event.what}")


def test_the_list_has_a_row_and_a_source_for_each_event_of_the_topic():
    explorer = TimelineExplorer(topic="interventions")
    rows = re.findall(r"<tr[^>]*><td.*?</tr>", explorer.picture.value)
    assert len(rows) == len(events("interventions"))
    for row, event in zip(rows, events("interventions"), strict=True):
        assert event.source in row and event.date in row
    assert any("section 3.2.2" in row for row in rows)


def test_the_caption_answers_who_did_it_first():
    explorer = TimelineExplorer(topic="sparse")
    first = events("sparse")[0]
    assert f"Earliest on sparse features, by community: Earlier roots: {first.who} {first.date}" in unescape(
        explorer.picture.value
    )


def test_marks_of_a_lane_do_not_cover_each_other():
    picture = TimelineExplorer().picture.value
    centres = [
        (float(x), float(y)) for x, y in re.findall(r'<text x="([\d.]+)" y="([\d.]+)" fill="#(?:fff|000)"', picture)
    ]
    assert len(centres) == len(EVENTS)
    for i, (x, y) in enumerate(centres):
        assert all(abs(x - a) > 16 or abs(y - b) > 12 for a, b in centres[:i])


def test_a_saved_notebook_keeps_the_picture():
    explorer = TimelineExplorer(Timeline(events("lens")))
    assert explorer._repr_mimebundle_()["text/html"] == explorer.picture.value
    assert "http://" not in explorer.picture.value.replace("http://www.w3.org", "")


def test_a_topic_that_no_event_has_leaves_the_others_standing():
    explorer = TimelineExplorer(Timeline(events("lens")), topic="saliency")
    assert "There is no event on saliency" in explorer.picture.value and len(marks(explorer)) == len(events("lens"))


def test_a_topic_that_there_is_not_is_said():
    with pytest.raises(CourseError, match="Did you mean 'probing'"):
        TimelineExplorer(topic="probin")
