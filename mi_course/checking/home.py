"""Where this learner's record lives: beside their notebooks, so that it moves with the folder."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = ".mi-course"


def home() -> Path:
    """The folder of the record.

    MI_COURSE_HOME if set; else the `.mi-course` folder of the working copy in which the current directory lies
    (`mi-course start` makes one); else the user's data directory.
    """
    given = os.environ.get("MI_COURSE_HOME")
    if given:
        return Path(os.path.expanduser(given))
    for folder in _here():
        if os.path.isdir(folder / FOLDER):
            return folder / FOLDER
    from platformdirs import user_data_path

    return user_data_path("mi-course")


def _here() -> list[Path]:
    """The working directory and all that it lies in; none where it has been deleted."""
    try:
        here = Path.cwd()
    except OSError:
        return []
    return [here, *here.parents]
