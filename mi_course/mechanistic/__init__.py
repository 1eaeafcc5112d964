"""Chapter 0: what is mechanistic. The methods of the chapter, one file each."""

from mi_course.mechanistic.timeline import COMMUNITIES, TOPICS, Event, Timeline, events, firsts, timeline_of

__all__ = ["COMMUNITIES", "TOPICS", "Event", "Timeline", "events", "firsts", "timeline_of"]
