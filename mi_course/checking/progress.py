"""The learner's record: one line of JSON per event, only ever appended to.

Appending cannot lose what was there: a kill in the middle of a write costs at most the line being written. A line that
cannot be read is passed over and told, and stays in the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mi_course.checking.home import home

FILE = "progress.jsonl"

Event = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """All events in order, and one sentence about lines that could not be read (empty if all could)."""

    events: tuple[Event, ...]
    damage: str = ""


def path() -> Path:
    """The file of the record."""
    return home() / FILE


def append(kind: str, **details: Any) -> str:
    """Add an event. Returns an empty string, or one sentence if it could not be saved: a check goes on regardless."""
    event = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "event": kind, **details}
    line = json.dumps(event, ensure_ascii=False, default=str) + "\n"
    file = path()
    reason = ""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if _ends_midline(file):
            line = "\n" + line  # an earlier write was cut off: leave its remains on a line of their own
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            data = line.encode(errors="surrogatepass")
            if os.write(handle, data) < len(data):
                reason = "the disk is full"
        finally:
            os.close(handle)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if not reason:
        return ""
    return f"Your progress was not saved: {file} cannot be written ({reason}). The verdict above stands."


def _ends_midline(file: Path) -> bool:
    if not file.exists() or file.stat().st_size == 0:
        return False
    with file.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"


def read(file: Path | None = None) -> Record:
    """All events that can be read. Never raises on a damaged, half-written or missing file."""
    file = file or path()
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return Record(())
    except OSError as error:
        return Record(
            (), f"{file} cannot be read ({error.strerror}): your earlier progress is not shown, and not lost."
        )
    events, bad = [], []
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if not line.strip():
            continue
        event = _parse(line)
        if event is None:
            bad.append(number)
        else:
            events.append(event)
    return Record(tuple(events), _damage(file, bad, len(events)))


def _parse(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def _damage(file: Path, bad: list[int], good: int) -> str:
    if not bad:
        return ""
    lines = f"line {bad[0]}" if len(bad) == 1 else f"lines {', '.join(map(str, bad[:5]))}{' …' if len(bad) > 5 else ''}"
    return (
        f"{file}: {lines} cannot be read (cut off by a crash, perhaps) and passed over; the other {good} events are "
        "there. To be rid of this message, delete the damaged lines in an editor."
    )


@dataclass(frozen=True)
class Standing:
    """What the record says of one exercise.

    status: "passed", "skipped" (the reference was used and no own answer passed), "tried" or "not attempted".
    """

    status: str = "not attempted"
    tries: int = 0
    hints: int = 0
    points: float = 0.0
    misconceptions: tuple[str, ...] = field(default=())


def standings(events: Iterable[Event] | None = None) -> dict[str, Standing]:
    """Every exercise in the record with its standing. Having passed once counts, whatever was tried afterwards."""
    kept: dict[str, dict[str, Any]] = {}
    for event in read().events if events is None else events:
        name = event.get("id")
        if not isinstance(name, str):
            continue
        entry = kept.setdefault(name, {"status": "not attempted", "tries": 0, "hints": 0, "points": 0.0, "met": []})
        if event["event"] == "check":
            _count_check(entry, event)
        elif event["event"] == "hint":
            entry["hints"] = max(entry["hints"], _whole(event.get("number")))
        elif event["event"] == "reference" and entry["status"] != "passed":
            entry["status"] = "skipped"
    return {
        name: Standing(e["status"], e["tries"], e["hints"], e["points"], tuple(dict.fromkeys(e["met"])))
        for name, e in kept.items()
    }


def _count_check(entry: dict[str, Any], event: Event) -> None:
    status = event.get("status")
    if status == "not attempted":
        return
    entry["tries"] += 1
    if isinstance(event.get("misconception"), str):
        entry["met"].append(event["misconception"])
    if status == "passed" and not event.get("borrowed"):
        entry["status"] = "passed"
        entry["points"] = max(entry["points"], _number(event.get("points")))
    elif status == "passed" and entry["status"] != "passed":
        entry["status"] = "skipped"
    elif entry["status"] == "not attempted":
        entry["status"] = "tried"


def _whole(number: Any) -> int:
    return number if isinstance(number, int) else 0


def _number(thing: Any) -> float:
    """A number of points from the record, which anything may have been written into."""
    return float(thing) if isinstance(thing, (int, float)) and 0 <= thing < 1e9 else 0.0
