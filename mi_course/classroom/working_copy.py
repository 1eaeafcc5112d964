"""The learner's working copy: the chapters, copied where answers are kept, and never overwritten.

Beside the notebooks stands a folder `.mi-course` with

    base/…             every file as it was handed out, byte for byte: what `update` compares with
    backup/…           what an update changed, as it was before, by date; never removed
    working-copy.json  {"format": 1, "version": the course's version that last wrote to this folder}

Each file appears whole or not at all, and its base appears before it; so a run that was killed is put right by
running `start` again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import mi_course
from mi_course.classroom import files
from mi_course.classroom.renamed import renamed
from mi_course.errors import CourseError

MARKER = ".mi-course"
MARKER_FILE = "working-copy.json"
_HANDED_OUT = ("*.ipynb", "README.md", "images/*")


@dataclass(frozen=True)
class StartReport:
    """What `start` did. Names are relative to `directory`, with forward slashes.

    kept: what was there; a notebook that the learner renamed, under its present name.
    outdated: what the course has changed since it was handed out.
    """

    directory: Path
    added: tuple[str, ...]
    kept: tuple[str, ...]
    outdated: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"Your working copy is {self.directory}."]
        if self.added:
            lines.append(f"Added: {', '.join(self.added)}.")
        if self.kept:
            lines.append(f"Already there and left as they are: {', '.join(self.kept)}.")
        if self.outdated:
            lines.append(
                f"The course has changed since: {', '.join(self.outdated)}. "
                f"`mi-course update {self.directory}` brings that in around your answers."
            )
        return "\n".join(lines)


def chapters_directory() -> Path:
    """Where this installation keeps the notebooks as handed out: inside the wheel, or in the clone.

    Raises CourseError when neither is there.
    """
    package = Path(mi_course.__file__).resolve().parent
    for candidate in (package / "_chapters", package.parent / "chapters"):
        if any(candidate.glob("*.ipynb")):
            return candidate
    raise CourseError(
        f"This installation of the course has no notebooks (looked beside {package}): "
        "install it again, from a clone with `pip install -e .`."
    )


def start(directory: str | os.PathLike[str]) -> StartReport:
    """Copy into `directory` every chapter file that is not there yet; make the folder when it is missing.

    Nothing that is there already is overwritten, moved or removed, whatever it holds. Safe to run again, and after
    being killed at any moment.

    Raises CourseError when the folder cannot be made or written, or belongs to the course's own source.
    """
    source = chapters_directory()
    target = Path(os.path.abspath(Path(directory).expanduser()))
    refuse_own_source(target, source)
    try:
        return _copy(source, target)
    except (FileExistsError, NotADirectoryError) as error:
        raise CourseError(
            f"{_obstacle(Path(error.filename))} is a file where the working copy needs a folder: "
            "move it, or choose another folder."
        ) from None
    except PermissionError:
        raise CourseError(
            f"You may not write to {target}: choose a folder of your own, e.g. `mi-course start ~/my-course`."
        ) from None
    except OSError as error:
        raise CourseError(
            f"The working copy in {target} could not be finished ({error.strerror or error}): "
            "mend that and run the same command again; what was there before is unchanged."
        ) from None


def handed_out(source: Path) -> list[str]:
    """The files of a working copy: their names relative to `source`, with forward slashes."""
    return sorted(path.relative_to(source).as_posix() for pattern in _HANDED_OUT for path in source.glob(pattern))


def renamed_notebooks(target: Path, names: Iterable[str]) -> dict[str, str]:
    """Of the files `names`, the notebooks that the learner has renamed, each with its present name."""
    base = target / MARKER / "base"
    missing = {
        name: (base / name).read_bytes()
        for name in names
        if name.endswith(".ipynb") and not os.path.lexists(target / name) and (base / name).is_file()
    }
    return renamed(target, missing)


def write_marker(target: Path) -> None:
    """Note that this version of the course has written to the working copy."""
    marker = json.dumps({"format": 1, "version": mi_course.__version__}, indent=1) + "\n"
    files.replace(target / MARKER / MARKER_FILE, marker.encode())


def _copy(source: Path, target: Path) -> StartReport:
    names = handed_out(source)
    base = target / MARKER / "base"
    # Every folder first: when something stands in the way nothing has been written yet.
    for name in names:
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).parent.mkdir(parents=True, exist_ok=True)

    present = renamed_notebooks(target, names)
    added: list[str] = []
    kept: list[str] = []
    outdated: list[str] = []
    for name in names:
        content = (source / name).read_bytes()
        file = target / present.get(name, name)
        if os.path.lexists(file):
            kept.append(present.get(name, name))
            _adopt(file, base / name, content)
            if _is_outdated(file, base / name, content):
                outdated.append(present.get(name, name))
            continue
        files.replace(base / name, content)
        (added if files.write_new(file, content) else kept).append(name)

    write_marker(target)
    return StartReport(target, tuple(added), tuple(kept), tuple(outdated))


def _adopt(file: Path, base: Path, content: bytes) -> None:
    """Give an unchanged file that has no base one: it was copied by hand, or its base was lost."""
    if not os.path.lexists(base) and file.is_file() and file.read_bytes() == content:
        files.replace(base, content)


def _is_outdated(file: Path, base: Path, content: bytes) -> bool:
    """Whether `update` would have something to do: not where a killed one got as far as the learner's file."""
    return base.is_file() and base.read_bytes() != content and file.is_file() and file.read_bytes() != content


def _obstacle(path: Path) -> Path:
    """The nearest thing on the way to `path` that exists and is no folder."""
    return next((p for p in (path, *path.parents) if os.path.lexists(p) and not p.is_dir()), path)


def refuse_own_source(target: Path, source: Path) -> None:
    """The course's own folders are no place for answers: the next `dev build` or upgrade would rewrite them."""
    resolved = target.resolve()
    root = source.parent
    own = [source, root / "solutions", root / "mi_course", root / "tests"]
    if resolved == root or any(resolved == folder or folder in resolved.parents for folder in own):
        raise CourseError(
            f"{target} belongs to the course's own source: choose another folder, e.g. `mi-course start my-course`."
        )
