"""nbgrader preprocessors that turn a solved notebook into a learner's; `nbgrader_config.py` puts them into nbgrader."""

from __future__ import annotations

from typing import Any

from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from mi_course.authoring.source import BEGIN, cleared

NBVAL_MARK = "# NBVAL_CHECK_OUTPUT"


class CourseClearSolutions(ClearSolutions):
    """nbgrader's ClearSolutions with two stubs: one raises inside a function, one is a comment at top level.

    nbgrader has one stub a language, and a stub that raises at top level would end a learner's Run All.
    """

    def _replace_solution_region(self, cell: Any, language: str) -> bool:
        if cell.cell_type != "code" or BEGIN not in cell.source:
            return super()._replace_solution_region(cell, language)
        original = cell.source
        cell.source = cleared(original)
        return cell.source != original

    def preprocess_cell(self, cell: Any, resources: dict[str, Any], cell_index: int) -> tuple[Any, dict[str, Any]]:
        if is_solution(cell) and cell.cell_type == "code" and BEGIN not in cell.source:
            # nbgrader would replace the whole cell, signature and all.
            raise RuntimeError(f"the answer cell {cell.metadata.nbgrader.grade_id!r} has no `{BEGIN}`")
        return super().preprocess_cell(cell, resources, cell_index)


class ForLearners(NbGraderPreprocessor):
    """Lets Run All go on past a check that is not passed yet, and removes the mark that only nbval reads."""

    def preprocess_cell(self, cell: Any, resources: dict[str, Any], cell_index: int) -> tuple[Any, dict[str, Any]]:
        if cell.cell_type == "code":
            cell.source = "\n".join(line for line in cell.source.split("\n") if line.strip() != NBVAL_MARK)
            if is_grade(cell):
                tags = cell.metadata.get("tags", [])
                cell.metadata["tags"] = sorted({*tags, "raises-exception"})
        return cell, resources
