"""The first code cell of every notebook: silent where the course is installed, and what to do where it is not.

The cell is the same in all chapters and `dev build` puts it in, so that it can change with the course's address. With
`Repository` under `[project.urls]` in pyproject.toml the notebooks install the course in Colab by themselves.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from mi_course.authoring.source import parse, read
from mi_course.authoring.tree import Chapter, write_atomically
from mi_course.errors import CourseError

ID = "is-it-installed"
"""The cell's id, by which an older version of it is found and replaced."""

_CELL = """\
# Silent where the course is installed.
import importlib.util
import sys

INSTALLif importlib.util.find_spec("mi_course") is None:
    raise ModuleNotFoundError(
        "The course is not installed for this kernel. Download its folderWHERE, run "
        f'`"{sys.executable}" -m pip install -c constraints.txt -e .` in that folder '
        "(in Colab: upload it, %cd into it, put ! before the command), restart the kernel."
    )"""

_INSTALL = """\
if importlib.util.find_spec("mi_course") is None and "google.colab" in sys.modules:
    install = "install -q git+ADDRESS"
    get_ipython().run_line_magic("pip", install)
    importlib.invalidate_caches()
"""


def opening(root: Path) -> str:
    """The code of the cell, with the address that the pyproject.toml in `root` gives, if it gives one."""
    address = _address(root / "pyproject.toml")
    if address is None:
        return _CELL.replace("INSTALL", "").replace("WHERE", "")
    where = f' "\n        "from {address}'
    return _CELL.replace("INSTALL", _INSTALL).replace("WHERE", where).replace("ADDRESS", address)


def with_opening(text: str, code: str) -> str:
    """The source with this code as its first code cell: put in, or in place of an older version; else unchanged."""
    source = parse(text)
    code_cells = [cell for cell in source.cells if not cell.markdown]
    if source.problems or not code_cells or code_cells[0].text == code:
        return text
    lines = text.splitlines(keepends=True)
    old = next((cell for cell in code_cells if cell.id == ID), None)
    if old is not None:
        del lines[old.line - 1 : old.line + len(old.lines)]
        return with_opening("".join(lines), code)
    lines.insert(code_cells[0].line - 1, f'# %% id="{ID}"\n{code}\n\n')
    return "".join(lines)


def open_file(chapter: Chapter) -> None:
    """Put the cell into the chapter's source; the file is only written where that changes it."""
    text = read(chapter.source).text
    opened = with_opening(text, opening(chapter.root))
    if opened != text:
        write_atomically(chapter.source, opened.encode())


def _address(pyproject: Path) -> str | None:
    """Where the course can be installed from."""
    try:
        project = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {})
    except FileNotFoundError:
        return None
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{pyproject} is not TOML: {error}. Mend it first.") from None
    address = project.get("urls", {}).get("Repository")
    return address.rstrip("/") if address else None
