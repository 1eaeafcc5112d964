"""Where things stand in a checkout of the course: chapters, their sources and what is built from them."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mi_course.errors import CourseError, did_you_mean

_STEM = re.compile(r"(?P<number>\d\d)_(?P<name>[a-z][a-z0-9_]*)")

_NAMES = {"what_is_mechanistic": "mechanistic"}
"""Helper modules and exercises that are not called as their notebook is."""


@dataclass(frozen=True)
class Chapter:
    """One chapter of the tree at `root`; `stem` is the name its files share, such as `02_induction_heads`."""

    root: Path
    stem: str

    @property
    def number(self) -> int:
        return int(self.stem[:2])

    @property
    def name(self) -> str:
        """The name of the chapter's helper module and exercises: `induction_heads`."""
        return _NAMES.get(self.stem[3:], self.stem[3:])

    @property
    def source(self) -> Path:
        """The one file an author edits."""
        return self.root / "solutions" / f"{self.stem}.py"

    @property
    def solved(self) -> Path:
        return self.root / "solutions" / f"{self.stem}.ipynb"

    @property
    def unsolved(self) -> Path:
        return self.root / "chapters" / f"{self.stem}.ipynb"

    @property
    def exercises(self) -> Path:
        """Where it says what the chapter's exercises ask and how they are judged: a file, or a folder with one a
        section."""
        folder = self.root / "mi_course" / "exercises" / self.name
        return folder if folder.is_dir() else folder.with_name(f"{self.name}.py")

    @property
    def exercise_files(self) -> list[Path]:
        """The file, or the files of the folder by name; none where there is neither."""
        if self.exercises.is_dir():
            return sorted(self.exercises.glob("*.py"))
        return [self.exercises] if self.exercises.exists() else []

    def relative(self, path: Path) -> str:
        """The path as findings show it: from the root, with forward slashes."""
        return path.relative_to(self.root).as_posix()


def chapters(root: Path) -> list[Chapter]:
    """The chapters that have a source, in reading order."""
    stems = sorted(path.stem for path in (root / "solutions").glob("*.py") if _STEM.fullmatch(path.stem))
    return [Chapter(root, stem) for stem in stems]


def find_chapter(root: Path, wanted: str) -> Chapter:
    """The chapter called `induction_heads`, `02_induction_heads`, `02`, `2` or by the path of one of its files.

    Raises CourseError where there is none.
    """
    key = Path(str(wanted)).name
    key = key.removesuffix(".py").removesuffix(".ipynb")
    known = chapters(root)
    for chapter in known:
        if key in (chapter.name, chapter.stem) or (key.isdecimal() and int(key) == chapter.number):
            return chapter
    names = [chapter.name for chapter in known]
    listed = ", ".join(names) or "none yet"
    raise CourseError(
        f"There is no chapter {wanted!r} in {root / 'solutions'}.{did_you_mean(key, names)} The chapters are: {listed}."
    )


def find_root(start: Path | None = None) -> Path:
    """The checkout to work on: the nearest one around `start` (default: the working directory), else the package's own.

    Raises CourseError where the package was installed without its sources, or was installed from another checkout than
    the one around `start`: the notebooks of one and the exercises of the other would be mixed.
    """
    import mi_course

    package_root = Path(mi_course.__file__).resolve().parent.parent
    here = (start or Path.cwd()).resolve()
    for directory in (here, *here.parents):
        if (directory / "solutions").is_dir() and (directory / "mi_course").is_dir():
            if directory != package_root:
                raise CourseError(
                    f"You are in the course at {directory}, but Python imports mi_course from {package_root}. "
                    f"Run `pip install -e .` in {directory}, or `python -m mi_course.cli` from there."
                )
            return directory
    if (package_root / "solutions").is_dir():
        return package_root
    raise CourseError(
        "The sources of the chapters are not here: `dev` commands work in a clone of the repository, "
        "installed with `pip install -e '.[dev]'`."
    )


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step, so that an interruption leaves the old file or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
