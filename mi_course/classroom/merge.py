"""Three-way merge of a notebook by cell id: as it was handed out, as the learner has it, as the course has it now.

A *learner's cell* is one that they wrote or changed: its id is not in the notebook as handed out, or its text is
another there. Each of them is in the result with its text and outputs as they are. All else is the course's: it takes
the new text, it goes where the course removed it, and it stays away where the learner deleted it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mi_course.classroom.notebooks import Cell, Notebook

COURSE_METADATA = ("nbgrader", "mi_course")
"""Metadata that nobody edits by hand: the course's version always wins."""


@dataclass(frozen=True)
class Merge:
    """A merged notebook.

    kept: how many cells of the learner's are in it.
    told: one sentence for each thing that the learner should know.
    """

    notebook: Notebook
    kept: int
    told: tuple[str, ...]


def merge(base: Notebook, mine: Notebook, new: Notebook) -> Merge:
    """Bring `new` into `mine`, which was made from `base`.

    Merging the result again gives the result, with the old base as well as with the new one: an update that was
    killed between the notebook and its base can simply be run again. None of the arguments is changed.
    """
    was, now = _by_id(base["cells"]), _by_id(new["cells"])
    have = _by_id(_with_unique_ids(mine["cells"], taken={*was, *now}))
    edited = {key for key, cell in have.items() if key not in was or not _same(cell, was[key])}
    own = {key for key in edited if key not in now or not _same(have[key], now[key])}

    from_mine = [key for key in have if key in own or key in now]
    from_new = [key for key in now if key in have or key not in was]
    by_learner, by_course = _moved(was, from_mine), _moved(was, from_new)
    # Where the learner moved nothing the course's order holds.
    order = _weave(from_mine, from_new, stuck=own) if by_learner else _weave(from_new, from_mine)

    cells: list[Cell] = []
    notes: list[str] = []
    for key in order:
        if key not in have:
            cells.append(now[key])
        elif key not in now:
            cells.append(have[key])
        elif key in own:
            cells.append(_kept(was.get(key), have[key], now[key]))
            if key not in was or not _same(was[key], now[key]):
                note = _note(now[key])
                notes.append(key)
                if note["id"] not in have:
                    cells.append(note)
        else:
            cells.append(_renewed(was.get(key), have[key], now[key]))

    notebook = {
        **mine,
        "cells": cells,
        "metadata": _metadata(base["metadata"], mine["metadata"], new["metadata"]),
        "nbformat_minor": max(mine["nbformat_minor"], new["nbformat_minor"]),
    }
    told = []
    if notes:
        told.append(
            f"You and the course both changed {_named(now, notes)}: yours stays, with the new version in a note."
        )
    orphans = [key for key in have if key in own and key in was and key not in now]
    if orphans:
        told.append(f"The course has removed {_named(was, orphans)}, which you had changed: yours stays.")
    deleted = [key for key in now if key in was and key not in have]
    if deleted:
        told.append(f"You had deleted {_named(now, deleted)}: that stays so.")
    if by_learner and by_course:
        told.append("You and the course both moved cells: your order stays.")
    return Merge(notebook, len(own), tuple(told))


def _by_id(cells: Iterable[Cell]) -> dict[str, Cell]:
    return {cell["id"]: cell for cell in cells}


def _with_unique_ids(cells: Sequence[Cell], taken: set[str]) -> list[Cell]:
    """The cells, with a fresh id for each whose id an earlier one has. The same cells get the same ids every time."""
    taken = taken | {cell["id"] for cell in cells}
    seen: set[str] = set()
    result = []
    for cell in cells:
        if cell["id"] in seen:
            count = 1
            while (fresh := _digest(f"{cell['id']} {count}")) in taken:
                count += 1
            taken.add(fresh)
            cell = {**cell, "id": fresh}
        seen.add(cell["id"])
        result.append(cell)
    return result


def _digest(text: str) -> str:
    """A cell id, looking like those that JupyterLab gives."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]


def _same(one: Cell, other: Cell) -> bool:
    """Whether two cells say the same. Outputs and metadata change without anybody's typing."""
    return all(one.get(key) == other.get(key) for key in ("cell_type", "source")) and (
        (one.get("attachments") or {}) == (other.get("attachments") or {})
    )


def _moved(was: dict[str, Cell], order: Sequence[str]) -> bool:
    """Whether the cells that were handed out stand in another order now."""
    there = set(order)
    return [key for key in order if key in was] != [key for key in was if key in there]


def _weave(frame: Sequence[str], guests: Sequence[str], stuck: Iterable[str] = ()) -> list[str]:
    """The frame, with each guest that it lacks put after the one that it follows among the guests.

    stuck: cells of the frame that are not parted from the cell above them: what somebody wrote below a cell belongs
    to it.
    """
    result, there, stuck = list(frame), set(frame), set(stuck)
    at = 0
    for guest in guests:
        if guest in there:
            at = result.index(guest) + 1
            continue
        while 0 < at < len(result) and result[at] in stuck:
            at += 1
        result.insert(at, guest)
        at += 1
    return result


def _kept(was: Cell | None, mine: Cell, new: Cell) -> Cell:
    """The learner's cell; only its grading may be the course's new one."""
    if mine["cell_type"] != new["cell_type"]:
        return mine
    return {**mine, "metadata": _metadata((was or {}).get("metadata", {}), mine["metadata"], new["metadata"])}


def _renewed(was: Cell | None, mine: Cell, new: Cell) -> Cell:
    """The course's cell; where its code is what the learner ran, with the outputs that they got."""
    result = {**new, "metadata": _metadata((was or {}).get("metadata", {}), mine["metadata"], new["metadata"])}
    if new["cell_type"] == "code" and _same(mine, new):
        result |= {"outputs": mine["outputs"], "execution_count": mine["execution_count"]}
    return result


def _metadata(base: dict[str, Any], mine: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Key by key: what the learner's tools did not touch is the course's."""
    result = dict(mine)
    for key in {*base, *new}:
        if key in COURSE_METADATA or mine.get(key) == base.get(key):
            result.pop(key, None)
            if key in new:
                result[key] = new[key]
    return result


def _note(new: Cell) -> Cell:
    """What the course says now in a cell that the learner has changed, as text to stand below it."""
    source = new["source"]
    if new["cell_type"] != "markdown":
        ticks = max((len(run) for run in re.findall("`+", source)), default=0)
        fence = "`" * max(3, ticks + 1)
        source = f"{fence}{'python' if new['cell_type'] == 'code' else ''}\n{source}\n{fence}"
    text = (
        "**The course has changed the cell above.** You had changed it too, so yours stays as it was. This is the "
        f"course's new version; delete this note when you have read it.\n\n{source}"
    )
    note: Cell = {"cell_type": "markdown", "id": _digest(f"{new['id']}\n{text}"), "metadata": {}, "source": text}
    if new.get("attachments"):
        note["attachments"] = new["attachments"]
    return note


def _named(cells: dict[str, Cell], keys: Sequence[str]) -> str:
    """The first few of these cells as a reader would recognise them."""
    shown = [_name(cells[key]) for key in keys[:3]]
    if len(keys) > 3:
        shown.append(f"{len(keys) - 3} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _name(cell: Cell) -> str:
    """An exercise's cell by its name, another by how it begins."""
    grade_id = (cell["metadata"].get("nbgrader") or {}).get("grade_id")
    if grade_id:
        return f"the cell {grade_id}"
    first = next((line.strip("#* ") for line in cell["source"].splitlines() if line.strip("#* ")), "")
    return f"the cell “{first if len(first) <= 40 else first[:39].rstrip() + '…'}”"
