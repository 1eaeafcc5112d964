"""A circuit as a graph: components in layers from below to above, edges as wide as their weight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.patches import FancyArrowPatch

from mi_course.display.figure import Figure, canvas
from mi_course.display.inputs import finite, strings
from mi_course.display.theme import BLUE, VERMILLION
from mi_course.display.words import number
from mi_course.errors import CourseError

_LABELLED = 14  # edges; up to here each weight is written on its edge
_COLUMN, _LEVEL = 1.5, 1.15  # inches from node to node, across and up
_SAID = 12  # edges that the alternative text lists


@dataclass(frozen=True)
class Node:
    """A component of a model. layer: where it is drawn; what it reads from lies in lower layers."""

    name: str
    layer: int


@dataclass(frozen=True)
class Edge:
    """What one component passes to another. weight: its effect, of either sign."""

    source: str
    target: str
    weight: float


@dataclass(frozen=True)
class CircuitGraph:
    """The components of a circuit and the edges between them (Wang et al. 2022 draw theirs in this way).

    name: what the weights are, with their unit. layers: names of layers by number, "embedding"; else "layer 3".
    title: of which model, for which task.
    Raises CourseError for a node that is named twice, an edge to nowhere, downward or listed twice, and a weight that
    is NaN.
    """

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    name: str
    title: str = ""
    layers: Mapping[int, str] | None = None

    def __post_init__(self) -> None:
        names = strings([node.name for node in self.nodes], "nodes")
        twice = [name for name, times in Counter(names).items() if times > 1]
        if twice:
            raise CourseError(f"The node {twice[0]!r} is listed twice; every node needs a name of its own.")
        layer = {node.name: node.layer for node in self.nodes}
        for edge in self.edges:
            for end in (edge.source, edge.target):
                if end not in layer:
                    raise CourseError(f"An edge names {end!r}, which is not among the nodes; add the node.")
            if layer[edge.source] >= layer[edge.target]:
                raise CourseError(
                    f"The edge {edge.source} → {edge.target} does not lead upward; a component reads what lower layers "
                    "wrote, so give the target the higher layer."
                )
            finite([edge.weight], f"The weight of {edge.source} → {edge.target}", (1,))
        pairs = Counter((edge.source, edge.target) for edge in self.edges)
        if pairs and max(pairs.values()) > 1:
            source, target = pairs.most_common(1)[0][0]
            raise CourseError(f"The edge {source} → {target} is listed twice; add its weights up or keep one.")


def plot_circuit_graph(result: CircuitGraph, *, caption: str = "") -> Figure:
    """Nodes as boxes in their layers; positive edges blue and solid, negative ones orange-red and dashed."""
    places = _places(result)
    across = max(abs(x) for x, _ in places.values()) * 2 + 1
    levels = sorted({node.layer for node in result.nodes})
    most = max((abs(edge.weight) for edge in result.edges), default=1.0) or 1.0
    with canvas(max(4.5, _COLUMN * across + 1.5), _LEVEL * len(levels) + 0.9) as (picture, axes):
        for edge in result.edges:
            _draw_edge(axes, edge, places, most, labelled=len(result.edges) <= _LABELLED)
        for node in result.nodes:
            box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "black", "linewidth": 1.0}
            axes.text(*places[node.name], node.name, ha="center", va="center", fontsize=9, bbox=box, zorder=3)
        left = -across / 2 - 0.45
        for y, level in enumerate(levels):
            name = (result.layers or {}).get(level, f"layer {level}")
            axes.text(left, y, name, ha="right", va="center", fontsize=8, color="#555555")
        axes.set_xlim(left - 0.55, across / 2 + 0.2)
        axes.set_ylim(-0.45, len(levels) - 0.55)
        axes.axis("off")
        axes.set_title(result.title)
        return Figure(picture, caption=caption or _caption(result), alt=_alt(result))


def _places(result: CircuitGraph) -> dict[str, tuple[float, float]]:
    """Where each node stands: layers from below; within a layer near what it reads from, so that few edges cross."""
    places: dict[str, tuple[float, float]] = {}
    for y, level in enumerate(sorted({node.layer for node in result.nodes})):
        names = [node.name for node in result.nodes if node.layer == level]
        below = {
            name: [places[edge.source][0] for edge in result.edges if edge.target == name] or [0.0] for name in names
        }
        names.sort(key=lambda name: float(np.mean(below[name])))
        # Odd layers stand a little aside: an edge that skips a layer then passes beside the node in between.
        aside = 0.22 if y % 2 else 0.0
        for i, name in enumerate(names):
            places[name] = (i - (len(names) - 1) / 2 + aside, float(y))
    return places


def _draw_edge(
    axes: object, edge: Edge, places: Mapping[str, tuple[float, float]], most: float, labelled: bool
) -> None:
    (x0, y0), (x1, y1) = places[edge.source], places[edge.target]
    positive = edge.weight >= 0
    bend = _bend(edge, places)
    axes.add_patch(  # type: ignore[attr-defined]
        FancyArrowPatch(
            (x0, y0 + 0.17),
            (x1, y1 - 0.17),
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            mutation_scale=11,
            shrinkA=0,
            shrinkB=0,
            color=BLUE if positive else VERMILLION,
            linestyle="-" if positive else (0, (3, 2)),
            linewidth=0.6 + 3.4 * abs(edge.weight) / most,
        )
    )
    if labelled:
        # Nearer to the target than to the source: labels of edges that leave one node together stay apart.
        along = 0.6
        axes.text(  # type: ignore[attr-defined]
            x0 + along * (x1 - x0) + _aside(along, bend, y1 - y0),
            y0 + 0.17 + along * (y1 - y0 - 0.34),
            f"{edge.weight:+.2f}",
            ha="center",
            va="center",
            fontsize=7,
            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
            zorder=2,
        )


def _bend(edge: Edge, places: Mapping[str, tuple[float, float]]) -> float:
    """How far an edge bends to the right, as a share of its length: so that it keeps away from the nodes between."""
    (x0, y0), (x1, y1) = places[edge.source], places[edge.target]
    if y1 - y0 <= 1:
        return 0.0

    def clearance(bend: float) -> float:
        away = []
        for x, y in places.values():
            if y0 < y < y1:
                along = (y - y0) / (y1 - y0)
                away.append(abs(x - x0 - along * (x1 - x0) - _aside(along, bend, y1 - y0)))
        return min(away)

    return max((0.0, 0.15, -0.15, 0.3, -0.3, 0.45, -0.45), key=lambda bend: min(clearance(bend), 0.4))


def _aside(along: float, bend: float, levels: float) -> float:
    """How far to the right of the straight line a bent edge runs, in columns."""
    return 2 * along * (1 - along) * bend * levels * _LEVEL / _COLUMN


def _caption(result: CircuitGraph) -> str:
    about = f" of {result.title}" if result.title else ""
    return (
        f"Circuit{about}. Width: {result.name}; blue and solid where it is positive, orange-red and dashed where it is "
        "negative. Layers run from below to above."
    )


def _alt(result: CircuitGraph) -> str:
    edges = sorted(result.edges, key=lambda edge: -abs(edge.weight))
    listed = "; ".join(f"{edge.source} to {edge.target} {number(edge.weight)}" for edge in edges[:_SAID])
    most = "strongest edges" if len(edges) > _SAID else "edges"
    return (
        f"Graph of {len(result.nodes)} components ({', '.join(node.name for node in result.nodes)}) and "
        f"{len(edges)} edges; {most} by {result.name}: {listed or 'none'}."
    )
