"""Random edits of a notebook: what learners do to theirs, and what the course does to its own."""

from __future__ import annotations

import copy
import json
from collections import Counter
from typing import Any

from hypothesis import strategies as st

Notebook = dict[str, Any]
Cell = dict[str, Any]

texts = st.text(alphabet="ab\n`# é🙂", max_size=8)
places = st.integers(0, 10**6)
"""Taken modulo the number of cells."""


def cell(key: str, source: str, kind: str = "markdown", **metadata: Any) -> Cell:
    code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": key, "metadata": metadata, "source": source, **code}


def notebook(*cells: Cell) -> Notebook:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": list(cells), "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def exercise(name: str) -> list[Cell]:
    """The cells of one exercise, as `dev build` writes them."""
    return [
        cell(f"{name}-text", f"## {name}\n\nWrite it."),
        cell(f"{name}-answer", f"def {name}():\n    raise NotImplementedError", "code", nbgrader={"grade_id": name}),
        cell(f"{name}-check", f"check({name})", "code", nbgrader={"grade_id": f"check_{name}"}, tags=["x"]),
    ]


SMALL = notebook(cell("title", "# Title"), *exercise("one"), *exercise("two"), cell("end", "The end."))

learner_moves = st.one_of(
    st.tuples(st.just("type"), places, texts),
    st.tuples(st.just("retype"), places, texts),
    st.tuples(st.just("add"), places, texts, st.sampled_from(["code", "markdown", "raw"])),
    st.tuples(st.just("move"), places, places),
    st.tuples(st.just("split"), places, places, st.booleans()),
    st.tuples(st.just("duplicate"), places, places, st.booleans()),
    st.tuples(st.just("delete"), places),
    st.tuples(st.just("run"), places, texts),
    st.tuples(st.just("tag"), places, texts),
    st.tuples(st.just("convert"), places),
    st.tuples(st.just("paste a picture"), places),
)
learner_edits = st.lists(learner_moves, max_size=8)

course_edits = st.lists(
    st.one_of(
        st.tuples(st.just("retype"), places, texts),
        st.tuples(st.just("add"), places, texts, st.sampled_from(["code", "markdown"])),
        st.tuples(st.just("move"), places, places),
        st.tuples(st.just("delete"), places),
        st.tuples(st.just("tag"), places, texts),
        st.tuples(st.just("convert"), places),
    ),
    max_size=6,
)


def edit(start: Notebook, edits: list[tuple[Any, ...]], who: str) -> Notebook:
    """The notebook after these edits. who: begins the ids of new cells, so that two editors' ids differ."""
    result = copy.deepcopy(start)
    cells: list[Cell] = result["cells"]
    for count, (what, *arguments) in enumerate(edits):
        fresh = f"{who}-{count}"
        if what == "add":
            at, source, kind = arguments
            cells.insert(at % (len(cells) + 1), cell(fresh, source, kind))
        elif cells:
            at = arguments[0] % len(cells)
            _edit_cell(cells, at, what, arguments[1:], fresh)
    return result


def _edit_cell(cells: list[Cell], at: int, what: str, arguments: list[Any], fresh: str) -> None:
    this = cells[at]
    if what == "type":
        this["source"] += arguments[0]
    elif what == "retype":
        this["source"] = arguments[0]
    elif what == "delete":
        del cells[at]
    elif what == "move":
        cells.insert(arguments[0] % len(cells), cells.pop(at))
    elif what == "duplicate":
        # Pasted in JupyterLab it has a new id; pasted into the file by hand it has not.
        again = copy.deepcopy(this) | ({"id": fresh} if arguments[1] else {})
        cells.insert(arguments[0] % (len(cells) + 1), again)
    elif what == "split":
        cut = arguments[0] % (len(this["source"]) + 1)
        rest = copy.deepcopy(this) | {"source": this["source"][cut:]}
        this["source"] = this["source"][:cut]
        (rest if arguments[1] else this)["id"] = fresh
        cells.insert(at + 1, rest)
    elif what == "run" and this["cell_type"] == "code":
        this["outputs"] = [{"output_type": "stream", "name": "stdout", "text": arguments[0]}]
        this["execution_count"] = len(arguments[0]) + 1
    elif what == "tag":
        this["metadata"] |= {"tags": ["later"], "collapsed": len(arguments[0]) % 2 == 0}
    elif what == "convert":
        kind = "markdown" if this["cell_type"] == "code" else "code"
        cells[at] = cell(this["id"], this["source"], kind, **this["metadata"])
    elif what == "paste a picture" and this["cell_type"] == "markdown":
        this["attachments"] = {"a.png": {"image/png": "iVBORw0KGgo="}}


def says(cell: Cell) -> str:
    """All that a learner may have put into a cell."""
    kept = {key: cell.get(key) for key in ("cell_type", "source", "attachments", "outputs", "execution_count")}
    return json.dumps(kept, sort_keys=True)


def learners_cells(base: Notebook, mine: Notebook) -> Counter[str]:
    """The cells of `mine` that somebody wrote or changed since `base`, as `says` puts them, with their numbers."""
    was = {cell["id"]: cell for cell in base["cells"]}
    counted: Counter[str] = Counter()
    seen: set[str] = set()
    for each in mine["cells"]:
        handed_out = was.get(each["id"]) if each["id"] not in seen else None
        seen.add(each["id"])
        same = ("cell_type", "source", "attachments")
        if handed_out is None or any(each.get(key) != handed_out.get(key) for key in same):
            counted[says(each)] += 1
    return counted


def all_cells(*notebooks: Notebook) -> Counter[str]:
    return Counter(says(cell) for each in notebooks for cell in each["cells"])
