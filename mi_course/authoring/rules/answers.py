"""A learner's notebook gives no answer away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mi_course.authoring import notebook as nb
from mi_course.authoring.rules.material import PLACEHOLDER, Finding, Material


def no_answers(material: Material) -> Iterator[Finding]:
    """No telling line of an answer stands in the unsolved notebook, and nothing in it has been run."""
    chapter, unsolved = material.chapter, material.unsolved
    if unsolved is None:
        return
    path = chapter.relative(chapter.unsolved)
    for cell in unsolved["cells"]:
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield Finding(
                path, f"cell {cell.get('id')}", "The cell has been run.", f"Run `mi-course dev build {chapter.name}`."
            )
    telling = {
        line.strip(): cell.exercise
        for cell in material.source.cells
        if cell.exercise
        for line in cell.solution_lines()
        if _is_telling(line)
    }
    for cell in unsolved["cells"]:
        for line in nb.text_of(cell).splitlines():
            name = telling.get(line.strip())
            if name is not None:
                yield Finding(
                    path,
                    f"cell {cell.get('id')}",
                    f"The line {line.strip()!r} is part of the answer to {name!r}.",
                    f"Reword or move it in {chapter.source.name}, then run `mi-course dev build {chapter.name}`.",
                )


def _is_telling(line: str) -> bool:
    """Whether a line says something about the answer: `return total`, `else:` and `with torch.no_grad():` do not."""
    code = line.strip()
    if code.startswith(("#", "import ", "from ", "with torch.")) or PLACEHOLDER in code:
        return False
    return len(re.sub(r"\W", "", code)) >= 10 and re.search(r"[(\[+*/@-]", code) is not None
