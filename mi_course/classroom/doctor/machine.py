"""What the machine offers: threads, memory, disk."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from mi_course.checking import home
from mi_course.classroom.doctor.finding import Finding

GB = 1e9

# A kernel with a small model takes 0.5 GB, JupyterLab a fifth of that; the next open notebook takes as much again.
MEMORY_SCARCE, MEMORY_TIGHT = 0.7 * GB, 1.5 * GB
# A working copy with all its outputs is some 20 MB; models trained anew and fetched ones take hundreds.
DISK_SCARCE, DISK_TIGHT = 0.05 * GB, 1 * GB


def threads() -> Iterator[Finding]:
    """How many threads torch takes when nobody tells it. The course's small models are fastest on one."""
    setting = os.environ.get("OMP_NUM_THREADS")
    if setting is not None and not re.fullmatch(r"\s*[1-9]\d*\s*(,\s*[1-9]\d*\s*)*", setting):
        what = f"OMP_NUM_THREADS is set to {setting!r}, which is no number of threads"
        yield Finding("threads", "warn", what, "Set OMP_NUM_THREADS=1, or remove it.")
        return
    import torch

    count, cores, load = torch.get_num_threads(), _cores(), _load()
    found = f"torch takes {count} thread{'s' * (count != 1)} of its own accord"
    if setting is not None:
        found += f" (OMP_NUM_THREADS={setting})"
    busy = load is not None and load >= cores
    if busy:
        found += f"; the machine is busy (load {load:.1f} on {cores} core{'s' * (cores != 1)})"
    if count > 1 and busy:
        yield Finding(
            "threads",
            "warn",
            found,
            "The notebooks and `mi-course train` take one thread. In your own scripts call torch.set_num_threads(1), "
            "or set OMP_NUM_THREADS=1: on a busy machine small models run many times slower on two.",
        )
    elif count > 1:
        yield Finding("threads", "ok", f"{found}; the notebooks set one, on which small models are fastest")
    else:
        yield Finding("threads", "ok", f"{found}{'; everything takes longer' * busy}")


def memory() -> Iterator[Finding]:
    """Whether there is memory for JupyterLab, a kernel and a model."""
    total, available = _memory()
    if total is None:
        yield Finding("memory", "ok", "this system does not say how much memory there is; 2 GB are enough")
        return
    found = f"{total / GB:.1f} GB"
    if available is not None:
        found += f", of which {available / GB:.1f} GB are available"
    least = total if available is None else available
    if least < MEMORY_SCARCE:
        short = "Close other programs and other kernels: JupyterLab with one notebook takes 0.7 GB."
        yield Finding("memory", "problem", found, short)
    elif least < MEMORY_TIGHT:
        yield Finding("memory", "warn", found, "Keep one notebook open at a time, and shut down kernels not in use.")
    else:
        yield Finding("memory", "ok", found)


def disk() -> Iterator[Finding]:
    """Whether there is room where the working copy and the record of progress are written."""
    record = home.home()
    # A record in a working copy lies in its .mi-course; without one, `mi-course lab` makes a copy where it is called.
    copy = record.parent if record.name == home.FOLDER else Path(os.path.abspath(os.curdir))
    for what, folder in _places({"your working copy": copy, "your record of progress": record}):
        free = shutil.disk_usage(folder).free
        found = f"{free / GB:.1f} GB free for {what} ({folder})"
        if free < DISK_SCARCE:
            yield Finding("disk", "problem", found, "Free some room, or keep your working copy on another disk.")
        elif free < DISK_TIGHT:
            yield Finding("disk", "warn", found, "Enough for the notebooks; free some room before you train models.")
        else:
            yield Finding("disk", "ok", found)


def _places(wanted: dict[str, Path]) -> Iterator[tuple[str, Path]]:
    """What is written where, one entry a disk: each folder, or the nearest one above it that exists."""
    by_disk: dict[int, tuple[list[str], Path]] = {}
    for what, folder in wanted.items():
        folder = next(each for each in (folder, *folder.parents) if each.is_dir())
        by_disk.setdefault(folder.stat().st_dev, ([], folder))[0].append(what)
    for names, folder in by_disk.values():
        yield " and ".join(names), folder


def _cores() -> int:
    """The cores this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load() -> float | None:
    """How many processes wanted a core over the last minute, where the system tells."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def _memory(root: Path = Path("/")) -> tuple[float | None, float | None]:
    """Memory in all and memory available, in bytes; None for what the system does not tell."""
    try:
        text = (root / "proc/meminfo").read_text(encoding="utf-8")
        kilobytes = {name: float(number) for name, number in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
        total, available = kilobytes["MemTotal"] * 1024, kilobytes.get("MemAvailable", kilobytes["MemFree"]) * 1024
    except (OSError, KeyError):
        return _memory_by_sysconf(), None
    limit, used = _container(root)
    if limit is not None and limit < total:
        total, available = limit, min(available, limit - used)
    return total, available


def _container(root: Path) -> tuple[float | None, float]:
    """The memory limit of the container one is in, if there is one, and how much of it is used."""
    group = root / "sys/fs/cgroup"
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            return float((group / limit).read_text()), float((group / used).read_text())
        except (OSError, ValueError):  # not this version of control groups, or the limit is the word "max"
            continue
    return None, 0.0


def _memory_by_sysconf() -> float | None:
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):  # Windows
        return None
