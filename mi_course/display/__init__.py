"""Figures: `plot(result)` draws any result of the course, with axes, units, caption and alternative text."""

from mi_course.display.figure import Figure
from mi_course.display.plot import plot

__all__ = ["Figure", "plot"]
