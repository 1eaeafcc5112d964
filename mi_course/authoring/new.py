"""`dev new`: a complete frame for one more exercise, to be filled in where it says so."""

from __future__ import annotations

import ast
import json
import keyword
from pathlib import Path

from mi_course.authoring import scaffold
from mi_course.authoring.source import parse, read, stamp
from mi_course.authoring.tree import Chapter, find_chapter, find_root, write_atomically
from mi_course.errors import CourseError, did_you_mean


def new(
    chapter: str, exercise: str, *, value: bool = False, file: str | None = None, root: Path | None = None
) -> list[str]:
    """Add an exercise to a chapter: its entry among the chapter's exercises, its cells at the end of the source.

    value: the answer is a value, not a function. file: which file of the folder `mi_course/exercises/CHAPTER`, by name;
    where the chapter's exercises are one file there is nothing to choose.
    Returns the paths of the two files, from the root.
    Raises CourseError, with nothing written, where the chapter or the file is unknown, the name is no Python name or is
    taken, or one of the two files is not in order.
    """
    where = find_chapter(root or find_root(), chapter)
    _require_name(exercise)
    source = read(where.source)
    source.require_sound(where.relative(where.source))
    if any(exercise in (cell.exercise, cell.check) for cell in source.cells):
        raise CourseError(f"{where.relative(where.source)} already has an exercise {exercise!r}. Choose another name.")
    entries = _entries_file(where, file)
    module = _with_entry(where, entries, exercise, value)
    notebook = stamp(source.text.rstrip() + "\n\n" + scaffold.cells(exercise, value=value))
    parse(notebook).require_sound(where.relative(where.source))
    before = entries.read_bytes()
    write_atomically(entries, module.encode())
    try:
        write_atomically(where.source, notebook.encode())
    except BaseException:
        write_atomically(entries, before)
        raise
    return [where.relative(entries), where.relative(where.source)]


def _entries_file(chapter: Chapter, file: str | None) -> Path:
    """The file that gets the entry."""
    path = chapter.exercises
    if not path.is_dir():
        if file is not None:
            raise CourseError(
                f"The exercises of {chapter.name} are one file, {chapter.relative(path)}; leave out --file."
            )
        return path
    known = [each.stem for each in chapter.exercise_files if each.stem != "__init__"]
    if file is None:
        raise CourseError(
            f"The exercises of {chapter.name} are several files. Say which one is to have it, with --file: "
            f"{', '.join(known)}."
        )
    name = file.removesuffix(".py")
    if name not in known:
        raise CourseError(
            f"{chapter.relative(path)} has no file {name!r}.{did_you_mean(name, known)} There are {', '.join(known)}."
        )
    return path / f"{name}.py"


def _require_name(exercise: str) -> None:
    if not exercise.isidentifier() or keyword.iskeyword(exercise):
        raise CourseError(
            f"{exercise!r} is no Python name, and an exercise is called as its answer is: "
            "letters, digits and _, not a digit first, such as previous_token_score."
        )
    if exercise.startswith("_") or not exercise.isascii():
        raise CourseError(f"{exercise!r} will not do: begin with a letter, and use letters without accents.")


def _with_entry(chapter: Chapter, entries: Path, exercise: str, value: bool) -> str:
    """The text of the exercises' file with the new entry above `EXERCISES`, and its name in that list."""
    path = chapter.relative(entries)
    try:
        text = entries.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except FileNotFoundError:
        raise CourseError(
            f"{path} does not exist yet. CONTRIBUTING.md, 'I want to add a chapter', says what it begins with."
        ) from None
    except SyntaxError as error:
        raise CourseError(f"{path}, line {error.lineno}: {error.msg}. Mend it first.") from None
    listed = next(
        (node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign) and "EXERCISES" in _bound(node)),
        None,
    )
    if listed is None or not isinstance(listed.value, ast.List):
        raise CourseError(f"{path} has no list `EXERCISES = [...]` at its end. Add one and try again.")
    bound = {name for node in tree.body for name in _bound(node)}
    entry = scaffold.entry(exercise, "CHAPTER" if "CHAPTER" in bound else json.dumps(chapter.name), value=value)
    for name in sorted({name for node in ast.parse(entry).body for name in _bound(node)} & bound):
        raise CourseError(f"{path} already uses the name {name!r}. Choose another name for the exercise.")
    listed_names = [ast.unparse(element) for element in listed.value.elts] + [exercise]
    lines = text.splitlines(keepends=True)
    lines[listed.lineno - 1 : listed.end_lineno] = [f"{entry}\n", _list_line(listed_names)]
    return _with_imports("".join(lines), bound, value)


def _list_line(names: list[str]) -> str:
    """The list as the formatter would write it."""
    line = f"EXERCISES = [{', '.join(names)}]\n"
    return line if len(line) <= 121 else "".join(["EXERCISES = [\n", *(f"    {name},\n" for name in names), "]\n"])


def _with_imports(text: str, bound: set[str], value: bool) -> str:
    """The module with what the entry uses imported, where it was not yet."""
    needed = {name: "mi_course.checking" for name in scaffold.NEEDS[value]} | {"Any": "typing"}
    if value:
        needed["value"] = "mi_course.checking.drivers"
    missing: dict[str, list[str]] = {}
    for name, module in needed.items():
        if name not in bound:
            missing.setdefault(module, []).append(name)
    if not missing:
        return text
    imports = "".join(f"from {module} import {', '.join(sorted(names))}\n" for module, names in missing.items())
    after = max(
        (node.end_lineno for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)), default=0
    )
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:after], imports, *lines[after:]])


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement at module level binds."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
