"""The learner's working copy: the chapters, copied where answers are kept, and never overwritten.

Beside the notebooks stands a folder `.mi-course` with

    base/…             every file as it was handed out, byte for byte: what a later three-way update compares with
    working-copy.json  {"format": 1, "version": the course's version that last added to this folder}

Each file appears whole or not at all, and its base appears before it; so a run that was killed is put right by
running `start` again.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import mi_course
from mi_course.errors import CourseError

MARKER = ".mi-course"
_MARKER_FILE = "working-copy.json"
_HANDED_OUT = ("*.ipynb", "README.md", "images/*")


@dataclass(frozen=True)
class StartReport:
    """What `start` did. Names are relative to `directory`, with forward slashes."""

    directory: Path
    added: tuple[str, ...]
    kept: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"Your working copy is {self.directory}."]
        if self.added:
            lines.append(f"Added: {', '.join(self.added)}.")
        if self.kept:
            lines.append(f"Already there and left as they are: {', '.join(self.kept)}.")
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
    _refuse_own_source(target, source)
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


def _copy(source: Path, target: Path) -> StartReport:
    names = sorted(path.relative_to(source).as_posix() for pattern in _HANDED_OUT for path in source.glob(pattern))
    base = target / MARKER / "base"
    # Every folder first: when something stands in the way nothing has been written yet.
    for name in names:
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).parent.mkdir(parents=True, exist_ok=True)

    added, kept = [], []
    for name in names:
        content = (source / name).read_bytes()
        file = target / name
        if os.path.lexists(file):
            kept.append(name)
            _adopt(file, base / name, content)
            continue
        _write(base / name, content)
        (added if _write_new(file, content) else kept).append(name)

    marker = json.dumps({"format": 1, "version": mi_course.__version__}, indent=1) + "\n"
    _write(target / MARKER / _MARKER_FILE, marker.encode())
    return StartReport(target, tuple(added), tuple(kept))


def _adopt(file: Path, base: Path, content: bytes) -> None:
    """Give an unchanged file that has no base one: it was copied by hand, or its base was lost."""
    if not os.path.lexists(base) and file.is_file() and file.read_bytes() == content:
        _write(base, content)


def _write(path: Path, content: bytes) -> None:
    """Write one of the course's own records, replacing it whole."""
    temporary = _temporary(path, content)
    try:
        os.replace(temporary, path)
    except OSError:
        _discard(temporary)
        raise


def _write_new(path: Path, content: bytes) -> bool:
    """Write the learner's file unless something of that name has appeared meanwhile; say whether it was written."""
    temporary = _temporary(path, content)
    try:
        # Unlike a rename, a hard link never replaces what is there.
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:
        # A file system without hard links (exFAT, some network drives).
        if os.path.lexists(path):
            return False
        os.rename(temporary, path)
    finally:
        _discard(temporary)
    return True


def _temporary(path: Path, content: bytes) -> Path:
    """The content on disk under a hidden name in the same folder, ready to be renamed."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        _discard(temporary)
        raise
    return temporary


def _discard(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        temporary.unlink()


def _obstacle(path: Path) -> Path:
    """The nearest thing on the way to `path` that exists and is no folder."""
    return next((p for p in (path, *path.parents) if os.path.lexists(p) and not p.is_dir()), path)


def _refuse_own_source(target: Path, source: Path) -> None:
    """The course's own folders are no place for answers: the next `dev build` or upgrade would rewrite them."""
    resolved = target.resolve()
    root = source.parent
    own = [source, root / "solutions", root / "mi_course", root / "tests"]
    if resolved == root or any(resolved == folder or folder in resolved.parents for folder in own):
        raise CourseError(
            f"{target} belongs to the course's own source: choose another folder, e.g. `mi-course start my-course`."
        )
