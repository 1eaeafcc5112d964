"""The timeline as a figure: a row for each event, told in words as well."""

from __future__ import annotations

from mi_course.display import plot
from mi_course.mechanistic import COMMUNITIES, Timeline, events, timeline_of


def test_caption_and_description_say_what_is_there():
    chosen = events("sparse")
    figure = plot(timeline_of("sparse"))
    assert "Sparse features" in figure.caption and "selection" in figure.caption
    assert f"{len(chosen)} events from {chosen[0].year} to {chosen[-1].year}" in figure.alt
    for community in {event.community for event in chosen}:
        own = events("sparse", community)
        the_first = "the first " if len(own) > 1 else ""
        assert f"{COMMUNITIES[community]}: {len(own)}, {the_first}{own[0].who} {own[0].year}" in figure.alt
    assert COMMUNITIES["vision"] not in plot(timeline_of("lens")).alt


def test_more_events_make_a_longer_picture():
    def height(figure):
        return int.from_bytes(figure.png[20:24], "big")

    assert height(plot(timeline_of("lens"))) < height(plot(timeline_of("sparse"))) < height(plot(timeline_of()))


def test_order_and_repetition_do_not_matter():
    chosen = events("attention")
    assert plot(Timeline(chosen[::-1])).png == plot(Timeline(chosen)).png


def test_one_event_without_title_and_a_caption_of_ones_own():
    figure = plot(Timeline(events("lens")[:1]), caption="The first of them.")
    assert figure.caption == "The first of them." and "1 events" not in figure.alt
