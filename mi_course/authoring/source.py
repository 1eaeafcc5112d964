"""Reading `solutions/NN_name.py`: cells, their ids, and what is wrong with them, by line.

jupytext's percent format, kept strict: a header is `# %%` or `# %% [markdown]`, followed by `id="…"` and, where
the cell holds or judges an answer, `exercise="NAME"` or `check="NAME"`; `tags=["…"]` is passed on to the notebook.
"""

from __future__ import annotations

import ast
import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mi_course.authoring.tree import write_atomically
from mi_course.errors import CourseError, did_you_mean

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"

_KEYS = ("id", "exercise", "check", "tags")
# All that jupytext would take for the start of a cell: what is not written in our one form is reported.
_ANY_HEADER = re.compile(r"\s*#\s*(%%%*(\s.*)?|<codecell>\s*|In\[[0-9 ]*\]:?\s*)")
_HEADER = re.compile(r"# %%(?P<markdown> \[markdown\])?(?P<options>(?: \w+=(?:\"[^\"]*\"|\[[^\]]*\]))*)\s*")
_OPTION = re.compile(r" (\w+)=(\"[^\"]*\"|\[[^\]]*\])")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Problem:
    """Something wrong with a source: the line (from 1), one sentence, and what to do."""

    line: int
    sentence: str
    remedy: str


class SourceError(CourseError):
    """A notebook source that cannot be built as it stands."""


@dataclass(frozen=True)
class Cell:
    """One cell of a source.

    line: line of the header, from 1. lines: the text below it, as written (markdown still commented).
    """

    line: int
    markdown: bool
    id: str | None
    exercise: str | None
    check: str | None
    tags: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip("\n")

    @property
    def where(self) -> str:
        return f"cell {self.id}, line {self.line}" if self.id else f"line {self.line}"

    def solution_lines(self) -> Iterator[str]:
        """The lines between BEGIN SOLUTION and END SOLUTION: what a chapter must not show."""
        inside = False
        for line in self.lines:
            if BEGIN in line:
                inside = True
            elif END in line:
                inside = False
            elif inside:
                yield line

    def prose(self) -> str:
        """A markdown cell's text, without the comment signs."""
        return "\n".join(re.sub(r"^# ?", "", line) for line in self.lines).strip("\n")


@dataclass(frozen=True)
class Source:
    """A parsed source: its text, its cells and what is wrong with it."""

    text: str
    cells: tuple[Cell, ...]
    problems: tuple[Problem, ...]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def require_sound(self, path: str) -> None:
        """Raise SourceError naming every problem with its line."""
        if self.problems:
            lines = [f"{path}, line {p.line}: {p.sentence} {p.remedy}" for p in self.problems]
            raise SourceError("\n".join(lines))


def read(path: Path) -> Source:
    """Read and parse a source; see `parse`. Raises CourseError where the file is missing or is not UTF-8."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return parse(file.read())
    except FileNotFoundError:
        raise CourseError(f"There is no notebook source {path}. `mi-course dev new` adds to one that exists.") from None
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8 and try again.") from None


def parse(text: str) -> Source:
    """Split a source into cells and list what is wrong with it. Never raises."""
    problems: list[Problem] = []
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if _ANY_HEADER.fullmatch(line)]
    problems += _before_first_cell(lines[: starts[0] if starts else len(lines)])
    cells = []
    for start, end in itertools.pairwise([*starts, len(lines)]):
        cells.append(_cell(start + 1, lines[start], tuple(lines[start + 1 : end]), problems))
    problems += _ids(cells)
    for cell in cells:
        problems += _region(cell)
    problems += _pairs(cells)
    return Source(text, tuple(cells), tuple(sorted(problems, key=lambda p: p.line)))


def stamp(text: str) -> str:
    """Give every cell that has no id one, made from its content; all else stays byte for byte as it was.

    Stamping a stamped source changes nothing. Headers that are not understood are left alone.
    """
    cells = parse(text).cells
    taken = {cell.id for cell in cells if cell.id}
    missing = {cell.line: cell for cell in cells if cell.id is None}
    lines = text.splitlines(keepends=True)
    for line, cell in missing.items():
        header = lines[line - 1]
        if not _HEADER.fullmatch(header.rstrip("\r\n")):
            continue
        new_id = _fresh_id(cell, taken)
        taken.add(new_id)
        opening = "# %% [markdown]" if cell.markdown else "# %%"
        lines[line - 1] = f'{opening} id="{new_id}"{header.removeprefix(opening)}'
    return "".join(lines)


def stamp_file(path: Path) -> Source:
    """Stamp the source at `path` (only written where an id was missing) and return it parsed."""
    source = read(path)
    stamped = stamp(source.text)
    if stamped != source.text:
        write_atomically(path, stamped.encode())
        source = parse(stamped)
    return source


def cleared(code: str) -> str:
    """The code with each solution region replaced by its stub.

    An indented region (a function's body) becomes `raise NotImplementedError`; a region at top level becomes a comment,
    so that a chapter in which nothing is solved still runs.
    """
    kept = []
    inside = False
    for line in code.split("\n"):
        if BEGIN in line:
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            kept.append(f"{indent}raise NotImplementedError" if indent else "# Your answer replaces the ... above.")
        elif END in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def _cell(number: int, header: str, lines: tuple[str, ...], problems: list[Problem]) -> Cell:
    match = _HEADER.fullmatch(header)
    if match is None:
        problems.append(
            Problem(
                number,
                f"The cell header {header.strip()!r} is not understood.",
                'Write `# %%` or `# %% [markdown]`, then key="value" pairs with one space before each; '
                "to use the words in a text, do not start a line with them.",
            )
        )
        return Cell(number, "[markdown]" in header, None, None, None, (), lines)
    options: dict[str, object] = {}
    for key, value in _OPTION.findall(match["options"]):
        if key not in _KEYS:
            problems.append(
                Problem(number, f"A cell header has no {key!r}.{did_you_mean(key, _KEYS)}", f"Use {', '.join(_KEYS)}.")
            )
        elif key in options:
            problems.append(Problem(number, f"The cell header gives {key!r} twice.", "Keep one of them."))
        try:
            options[key] = json.loads(value)
        except json.JSONDecodeError:
            problems.append(Problem(number, f"The value {value} of {key!r} is not JSON.", 'Write tags=["a", "b"].'))
    tags = options.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        problems.append(Problem(number, "The tags of this cell are not a list of names.", 'Write tags=["a", "b"].'))
        tags = []
    names = {key: value if isinstance(value := options.get(key), str) else None for key in ("id", "exercise", "check")}
    cell = Cell(number, bool(match["markdown"]), **names, tags=tuple(tags), lines=lines)
    if cell.markdown and (cell.exercise or cell.check):
        problems.append(
            Problem(number, "A text cell cannot hold or judge an answer.", "Remove [markdown] or the exercise/check.")
        )
    if cell.exercise and cell.check:
        problems.append(
            Problem(number, "One cell both holds and judges an answer.", "Give the check a cell of its own below.")
        )
    if "raises-exception" in tags:
        problems.append(
            Problem(
                number,
                "The tag raises-exception would hide failures in the solved notebook.",
                "Remove it; `dev build` adds it to the check cells of the unsolved chapter.",
            )
        )
    return cell


def _before_first_cell(lines: list[str]) -> Iterator[Problem]:
    """Only a jupytext header (between two `# ---`) and blank lines may stand above the first cell."""
    in_header = False
    for number, line in enumerate(lines, start=1):
        if line.rstrip() == "# ---":
            in_header = not in_header
        elif line.strip() and not in_header:
            yield Problem(number, "This text stands above the first cell.", "Put `# %%` or `# %% [markdown]` above it.")
            return
    if in_header:
        yield Problem(1, "The header opened by `# ---` is never closed.", "Add a second `# ---`.")


def _ids(cells: list[Cell]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for cell in cells:
        if cell.id is None:
            continue
        if not _ID.fullmatch(cell.id):
            yield Problem(
                cell.line, f"{cell.id!r} is no cell id.", "Use letters, digits, - and _, or delete it: build makes one."
            )
        elif cell.id in seen:
            yield Problem(
                cell.line,
                f"The id {cell.id!r} is already that of the cell at line {seen[cell.id]}.",
                "Delete one of the two; `dev build` gives that cell a new one.",
            )
        else:
            seen[cell.id] = cell.line


def _region(cell: Cell) -> Iterator[Problem]:
    """Solution regions: only in answer cells, closed, not nested, and leaving a stub that does not raise at once."""
    opened: int | None = None
    any_region = False
    for number, line in enumerate(cell.lines, start=cell.line + 1):
        if BEGIN in line:
            if opened is not None:
                yield Problem(
                    number, f"A second BEGIN SOLUTION, while the one at line {opened} is open.", f"Add `{END}`."
                )
                return
            opened, any_region = number, True
        elif END in line:
            if opened is None:
                yield Problem(number, "END SOLUTION without a BEGIN SOLUTION above it.", f"Add `{BEGIN}` or remove it.")
                return
            opened = None
    if opened is not None:
        yield Problem(opened, "BEGIN SOLUTION is never closed.", f"Add `{END}` in the same cell.")
    elif any_region and not cell.exercise:
        yield Problem(
            cell.line, "This cell has a solution region but names no exercise.", 'Add exercise="NAME" to its header.'
        )
    elif cell.exercise and not any_region:
        yield Problem(
            cell.line,
            f"The answer cell of {cell.exercise!r} has no solution region.",
            f"Put the answer between `{BEGIN}` and `{END}`.",
        )
    elif cell.exercise:
        yield from _stub(cell)


def _stub(cell: Cell) -> Iterator[Problem]:
    try:
        tree = ast.parse(cleared(cell.text))
    except SyntaxError as error:
        yield Problem(
            cell.line,
            f"With its answer removed, the cell of {cell.exercise!r} is not Python ({error.msg}).",
            "Let the region cover whole statements, and keep magics out of answer cells.",
        )
        return
    if _raises_outside_functions(tree):
        yield Problem(
            cell.line,
            f"With its answer removed, the cell of {cell.exercise!r} raises as soon as it is run.",
            "Put the region inside a function or method, after its docstring.",
        )


def _raises_outside_functions(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise):
        return True
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return False
    return any(_raises_outside_functions(child) for child in ast.iter_child_nodes(node))


def _pairs(cells: list[Cell]) -> Iterator[Problem]:
    """One answer cell and one check cell an exercise, the answer first."""
    answers: dict[str, int] = {}
    checks: dict[str, int] = {}
    for cell in cells:
        for name, seen, what in ((cell.exercise, answers, "answer"), (cell.check, checks, "check")):
            if name and name in seen:
                yield Problem(
                    cell.line,
                    f"{name!r} already has its {what} cell at line {seen[name]}.",
                    "Grades are kept by name: keep one of the two.",
                )
            elif name:
                seen[name] = cell.line
    for name, line in checks.items():
        if name in answers and answers[name] > line:
            yield Problem(line, f"The check of {name!r} stands above its answer cell.", "Swap the two cells.")


def _fresh_id(cell: Cell, taken: set[str]) -> str:
    """Eight hex digits of the content's hash; a counter tells equal cells apart."""
    kind = "markdown" if cell.markdown else "code"
    for attempt in range(10_000):
        digest = hashlib.sha256(f"{kind}\n{attempt}\n{cell.text}".encode()).hexdigest()[:8]
        if digest not in taken:
            return digest
    raise SourceError(f"No free id could be made for the cell at line {cell.line}: give it one by hand.")
