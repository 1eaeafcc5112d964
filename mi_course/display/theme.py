"""One look for all figures. The colours are Okabe and Ito's, which stay apart under the common colour blindnesses."""

from __future__ import annotations

from typing import Any

from matplotlib.colors import LinearSegmentedColormap

BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY, YELLOW, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#8A8A8A",
)

FUTURE = "#D9D9D9"
"""Background of what a causal model cannot look at, to be told from an attention of zero."""

SEQUENTIAL = "cividis"
"""Colour map for amounts from zero up; it reads the same with and without red-green blindness."""

DIVERGING = LinearSegmentedColormap.from_list("mi-course", [VERMILLION, "white", BLUE])
"""Colour map for amounts of either sign, zero in the middle: blue above, orange-red below, as with circuitsvis."""

SERIES = (
    (BLUE, "-", "o"),
    (VERMILLION, "--", "s"),
    (GREEN, "-.", "^"),
    (PURPLE, ":", "D"),
    (ORANGE, (0, (5, 1, 1, 1, 1, 1)), "v"),
    (SKY, (0, (8, 2)), "P"),
    ("black", (0, (2, 1)), "X"),
)
"""Colour, dashes and marker of the lines of a chart in order; dashes and markers tell them apart without colour."""

STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "image.cmap": SEQUENTIAL,
    "image.interpolation": "nearest",
}
