"""Figures: `plot(result)` draws any result of the course, with axes, units, caption and alternative text.

A picture has a white ground of its own, so that its colours mean the same in a light and in a dark notebook.
"""

from mi_course.display.bars import Bars
from mi_course.display.circuit_graph import CircuitGraph, Edge, Node
from mi_course.display.figure import Figure
from mi_course.display.heatmap import Heatmap
from mi_course.display.lines import Line, Lines
from mi_course.display.patterns import AttentionPattern
from mi_course.display.pictures import Pictures
from mi_course.display.plot import plot
from mi_course.display.token_strip import TokenStrip
from mi_course.display.tuning import TuningGrid

__all__ = [
    "AttentionPattern",
    "Bars",
    "CircuitGraph",
    "Edge",
    "Figure",
    "Heatmap",
    "Line",
    "Lines",
    "Node",
    "Pictures",
    "TokenStrip",
    "TuningGrid",
    "plot",
]
