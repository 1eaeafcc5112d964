"""Figures: `plot(result)` draws any result of the course, with axes, units, a caption and a text for those who cannot see it."""

from mi_course.display.figure import Figure
from mi_course.display.plot import plot

__all__ = ["Figure", "plot"]
