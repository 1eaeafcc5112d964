"""Notebooks that the learner renamed: recognised by the ids of their cells."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from mi_course.classroom.notebooks import cell_ids


def renamed(target: Path, missing: Mapping[str, bytes]) -> dict[str, str]:
    """Under which name the learner keeps each missing notebook, as far as that is certain.

    missing: the course's name of the notebook to the file as it was handed out. Certain is a look-alike that is the
    only one, and looks like no other missing notebook (somebody may have put two chapters into one file).
    """
    found = look_alikes(target, missing)
    claims = Counter(file for files in found.values() for file in files)
    return {name: files[0] for name, files in found.items() if len(files) == 1 and claims[files[0]] == 1}


def look_alikes(target: Path, missing: Mapping[str, bytes]) -> dict[str, list[str]]:
    """For each missing notebook the files that hold at least half of its cells. Names relative to `target`.

    Looks into `target` and its folders, not deeper: somebody may keep the working copy in a home directory. Hidden
    folders (checkpoints, backups) and other working copies are left out.
    """
    ids = {name: set(cell_ids(content)) for name, content in missing.items()}
    ids = {name: of_name for name, of_name in ids.items() if of_name}
    found: dict[str, list[str]] = {name: [] for name in missing}
    if not ids:
        return found
    for path in sorted([*target.glob("*.ipynb"), *target.glob("*/*.ipynb")]):
        file = path.relative_to(target).as_posix()
        if file.startswith(".") or "/." in file or (path.parent != target and (path.parent / ".mi-course").exists()):
            continue
        with contextlib.suppress(OSError):
            there = set(cell_ids(path.read_bytes()))
            for name, of_name in ids.items():
                if 2 * len(there & of_name) >= len(of_name):
                    found[name].append(file)
    return found
