"""`plot(result)`: one name for every figure; the type of the result decides which."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from mi_course.display.bars import Bars, plot_bars
from mi_course.display.circuit_graph import CircuitGraph, plot_circuit_graph
from mi_course.display.figure import Figure
from mi_course.display.heads import plot_head_scores
from mi_course.display.heatmap import Heatmap, plot_heatmap
from mi_course.display.lines import Lines, plot_lines
from mi_course.display.patterns import AttentionPattern, plot_pattern
from mi_course.display.pictures import Pictures, plot_pictures
from mi_course.display.timeline import plot_timeline
from mi_course.display.token_strip import TokenStrip, plot_token_strip
from mi_course.display.tuning import TuningGrid, plot_tuning
from mi_course.errors import CourseError
from mi_course.induction_heads import HeadScores
from mi_course.mechanistic.timeline import Timeline


@singledispatch
def plot(result: Any, **options: Any) -> Figure:
    """Draw a result. Raises CourseError for a type that has no figure."""
    known = ", ".join(kind.__name__ for kind in plot.registry if kind is not object)
    raise CourseError(f"There is no figure for {type(result).__name__}. plot() draws: {known}.")


@plot.register
def _(result: HeadScores, **options: Any) -> Figure:
    return plot_head_scores(result, **options)


@plot.register
def _(result: AttentionPattern, **options: Any) -> Figure:
    return plot_pattern(result, **options)


@plot.register
def _(result: Bars, **options: Any) -> Figure:
    return plot_bars(result, **options)


@plot.register
def _(result: CircuitGraph, **options: Any) -> Figure:
    return plot_circuit_graph(result, **options)


@plot.register
def _(result: Heatmap, **options: Any) -> Figure:
    return plot_heatmap(result, **options)


@plot.register
def _(result: Lines, **options: Any) -> Figure:
    return plot_lines(result, **options)


@plot.register
def _(result: Pictures, **options: Any) -> Figure:
    return plot_pictures(result, **options)


@plot.register
def _(result: TokenStrip, **options: Any) -> Figure:
    return plot_token_strip(result, **options)


@plot.register
def _(result: Timeline, **options: Any) -> Figure:
    return plot_timeline(result, **options)


@plot.register
def _(result: TuningGrid, **options: Any) -> Figure:
    return plot_tuning(result, **options)
