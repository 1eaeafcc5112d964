"""Heatmaps, lines, bars, token strips and circuit graphs: they say their numbers, and refuse what cannot be drawn."""

from __future__ import annotations

import io
import math

import matplotlib.image
import numpy as np
import pytest
import torch

from mi_course.claims import Interval
from mi_course.display import Bars, CircuitGraph, Edge, Heatmap, Line, Lines, Node, TokenStrip, circuit_graph, plot
from mi_course.display import heatmap as heatmap_module
from mi_course.display import lines as lines_module
from mi_course.display.theme import DIVERGING
from mi_course.errors import CourseError

BAND = "95% interval (bootstrap over prompts)"
TABLE = torch.tensor([[0.5, -2.0], [0.25, 1.0]])
POINTS = torch.tensor([0.0, 10.0, 20.0])
NODES = [Node("embed", 0), Node("L0H1", 1), Node("L1H0", 2), Node("logits", 3)]
EDGES = [
    Edge("embed", "L0H1", 0.4),
    Edge("L0H1", "L1H0", -0.9),
    Edge("L1H0", "logits", 2.5),
    Edge("embed", "L1H0", 0.1),
]


def heatmap(values=TABLE, **changes):
    return Heatmap(
        values,
        ["layer 0", "layer 1"],
        ["H0", "H1"],
        **{"name": "effect (logits)", "row_axis": "layer", "column_axis": "head"} | changes,
    )


def lines(*each, **changes):
    each = each or (Line("seed 0", POINTS / 20, POINTS / 20 - 0.1, POINTS / 20 + 0.1), Line("twin", POINTS * 0))
    return Lines(POINTS, each, "training step", "induction score", **{"interval": BAND} | changes)


def bars(values=(0.9, -0.3), **changes):
    return Bars(["L0H0", "L0H1"], torch.tensor(values), "effect (logits)", **changes)


def strip(values=(0.5, -2.0, 1.0), **changes):
    return TokenStrip(["[BOS]", "a $x$", "b"], torch.tensor(values), "log-odds (nats)", **changes)


def graph(nodes=NODES, edges=EDGES):
    return CircuitGraph(nodes, edges, "effect (logits)", "a toy model")


@pytest.mark.parametrize(
    "result, caption, alt",
    [
        (
            heatmap(title="story", diverging=True),
            ["Effect (logits) by layer and head, story", "white at zero"],
            ["layer 0 × H1 -2.00", "layer 1 × H1 1.00", "2 rows (layer) by 2 columns (head)"],
        ),
        (
            lines(baseline=(0.5, "chance")),
            [BAND, "Dotted: chance, 0.50", "by training step"],
            ["seed 0: from 0.00 at 0 to 1.00 at 20", "twin: from 0.00", "chance: 0.50"],
        ),
        (
            bars(low=torch.tensor([0.8, -0.5]), high=torch.tensor([1.0, -0.1]), interval=BAND, axis="head"),
            [BAND, "by head"],
            ["L0H0 0.90, L0H1 -0.30", "widest interval is 0.40"],
        ),
        (bars(baseline=0.5, baseline_name="chance"), ["Dashed: chance"], ["chance: 0.50"]),
        (
            bars(baseline=torch.tensor([0.1, 0.2]), baseline_name="untrained twin"),
            ["Hatched: untrained twin"],
            ["untrained twin: L0H0 0.10, L0H1 0.20"],
        ),
        (strip(title="L1H0", diverging=True), ["L1H0", "white at zero"], ["a $x$ (1) -2.00", "3 tokens"]),
        (
            graph(),
            ["a toy model", "dashed where it is negative"],
            ["4 components", "4 edges", "L1H0 to logits 2.50; L0H1 to L1H0 -0.90"],
        ),
        (graph(NODES[:1], []), ["a toy model"], ["none"]),
    ],
)
def test_caption_and_description_say_what_is_there(result, caption, alt):
    figure = plot(result)
    for text in caption:
        assert text in figure.caption
    for text in alt:
        assert text in figure.alt
    height, width = pixels(figure).shape[:2]
    assert width > 400 and height > 80


def pixels(figure):
    return matplotlib.image.imread(io.BytesIO(figure.png))


def colour_is_in(figure, colour) -> bool:
    return bool((np.abs(pixels(figure)[..., :3] - np.array(colour[:3])).max(-1) < 0.01).any())


def test_a_diverging_scale_is_centred_on_zero_whatever_the_values():
    # −2 has the full colour of its side, and 1 only half of the other's; nothing is stretched to fill the scale.
    figure = plot(heatmap(diverging=True))
    assert colour_is_in(figure, DIVERGING(0.0)) and colour_is_in(figure, DIVERGING(0.75))


def test_long_lists_are_told_by_their_ends():
    values = torch.arange(30.0)
    alt = plot(Bars([f"n{i}" for i in range(30)], values, "score")).alt
    assert "highest n29 29.00, n28 28.00, n27 27.00; lowest n0 0.00, n1 1.00, n2 2.00; mean 14.50" in alt


def test_equal_results_give_equal_pictures():
    for result in (heatmap(), lines(), bars(), strip(), graph()):
        assert plot(result).png == plot(result).png


@pytest.mark.parametrize("constant", [0.0, 3.0])
def test_constant_values_are_drawn(constant):
    for result in (heatmap(TABLE * 0 + constant), heatmap(TABLE * 0 + constant, diverging=True), strip([constant] * 3)):
        assert f"{constant:.2f}" in plot(result).alt


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: heatmap(torch.zeros(3, 2)), r"shape \(3, 2\) where \(2, 2\) is due; give"),
        (lambda: heatmap(TABLE * math.nan), r"nan at \[0, 0\] \(4 such in all\)"),
        (lambda: heatmap("x"), "a table of numbers"),
        (lambda: Heatmap(torch.zeros(0, 0), [], [], "a", "b", "c"), "rows is empty"),
        (lambda: Heatmap(torch.zeros(1, 1), [0], ["c"], "a", "b", "c"), "list of strings"),
        (lambda: lines(Line("short", POINTS[:2])), r"short has shape \(2,\) where \(3,\)"),
        (lambda: lines(Line("half", POINTS, low=POINTS)), "half has only one end"),
        (lambda: lines(Line("swapped", POINTS, POINTS + 1, POINTS - 1)), "outside its interval"),
        (lambda: lines(interval=""), "what it is, with its level"),
        (lambda: lines(*[Line(f"{i}", POINTS) for i in range(8)]), "at most 7"),
        (lambda: lines(log_x=True), "leave out log_x"),
        (lambda: Lines(POINTS.flip(0), [Line("a", POINTS)], "x", "y"), "sort the points"),
        (lambda: Lines(POINTS, [], "x", "y"), "lines is empty"),
        (lambda: bars((0.1, math.inf)), r"inf at \[1\]"),
        (lambda: bars(baseline=0.5), "baseline_name"),
        (lambda: bars(baseline=torch.zeros(3), baseline_name="chance"), r"baseline has shape \(3,\)"),
        (lambda: bars(low=torch.zeros(2) - 1, high=torch.ones(2)), "`interval`"),
        (lambda: strip((0.1, 0.2)), r"shape \(2,\) where \(3,\)"),
        (lambda: graph([]), "nodes is empty"),
        (lambda: graph([*NODES, NODES[0]]), "'embed' is listed twice"),
        (lambda: graph(edges=[Edge("embed", "L9", 1.0)]), "'L9', which is not among the nodes"),
        (lambda: graph(edges=[Edge("logits", "embed", 1.0)]), "does not lead upward"),
        (lambda: graph(edges=[EDGES[0], EDGES[0]]), "listed twice"),
        (lambda: graph(edges=[Edge("embed", "logits", math.nan)]), "weight of embed → logits holds nan"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_to_do(make, says):
    with pytest.raises(CourseError, match=says):
        make()


def test_an_edge_that_skips_layers_keeps_away_from_the_node_between():
    # The middle node stands to the right of the line between the other two.
    result = graph(NODES[:3], [Edge("embed", "L1H0", 1.0)])
    places = circuit_graph._places(result)
    assert places["L0H1"][0] > places["embed"][0] == places["L1H0"][0]
    assert circuit_graph._bend(result.edges[0], places) < 0
    assert circuit_graph._bend(Edge("embed", "L0H1", 1.0), places) == 0


def test_intervals_draw_what_their_ends_draw():
    spans = [Interval(0.1, 0.4), Interval(0.3, 0.9)]
    ends = {"low": [0.1, 0.3], "high": [0.4, 0.9]}
    given, spelt = (
        plot(Bars(["a", "b"], [0.2, 0.5], "score", interval="95 %", **one)) for one in ({"intervals": spans}, ends)
    )
    assert given.alt == spelt.alt and given.caption == spelt.caption and "Black: 95 %" in given.caption
    assert np.array_equal(pixels(given), pixels(spelt))
    line = Line("a", [0.2, 0.5], intervals=spans)
    assert "Band: 95 %" in plot(Lines([0, 1], [line], "step", "score", interval="95 %")).caption
    with pytest.raises(CourseError, match="intervals twice"):
        Bars(["a", "b"], [0.2, 0.5], "score", interval="95 %", intervals=spans, **ends)
    with pytest.raises(CourseError, match="outside its interval"):
        Lines([0, 1], [Line("a", [0.2, 1.5], intervals=spans)], "step", "score", interval="95 %")


def test_cells_of_one_table_have_the_same_number_of_decimals():
    assert [heatmap_module._in_cell(value, 2.0) for value in (1.0, -0.001, 0.0042)] == ["1.00", "0.00", "0.00"]
    assert heatmap_module._in_cell(0.0042, 0.01) == "0.0042"


@pytest.mark.parametrize(
    "x, labels", [([50, 300, 2000], ["50", "100", "200", "500", "1000", "2000"]), ([1, 10, 1e6], None)]
)
def test_a_logarithmic_axis_of_few_decades_has_numbers_between_the_powers_of_ten(x, labels, monkeypatch):
    drawn = []
    monkeypatch.setattr(lines_module, "Figure", lambda picture, **_: drawn.append(picture))
    plot(Lines(x, [Line("a", [1.0, 2.0, 3.0])], "step", "score", log_x=True))
    axes = drawn[0].axes[0]
    drawn[0].canvas.draw()
    low, high = axes.get_xlim()
    shown = [tick.get_text() for tick in axes.get_xticklabels() if low <= tick.get_position()[0] <= high]
    assert shown == labels if labels else len(shown) < 8
