"""`dev check`: everything that is not right in the sources, the exercises and the built notebooks. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mi_course.authoring.registry import Registry
from mi_course.authoring.rules import Finding, Material, answers, built, exercises, prose
from mi_course.authoring.source import read
from mi_course.authoring.tree import Chapter, chapters, find_chapter, find_root
from mi_course.errors import CourseError

if TYPE_CHECKING:
    from mi_course.checking import Exercise

RULES: tuple[Callable[[Material], Iterator[Finding]], ...] = (
    prose.nothing_left_to_write,
    exercises.cells_name_exercises,
    exercises.exercises_are_complete,
    exercises.order_works,
    prose.images_have_alt_text,
    prose.links_lead_somewhere,
    answers.no_answers,
    built.begins_with_the_opening,
    built.solved_is_current,
    built.unsolved_is_current,
)


def check(chapter: str | None = None, *, root: Path | None = None, registry: Registry | None = None) -> list[Finding]:
    """What is not right with one chapter, or with all of them and the documents around them.

    Raises CourseError only where there is nothing to check: an unknown chapter, or no checkout.
    """
    root = root or find_root()
    registry = registry or Registry()
    known = chapters(root)
    wanted = [find_chapter(root, chapter)] if chapter is not None else known
    findings = []
    earlier: dict[str, Exercise] = {}
    for each in known:
        try:
            its_own = registry.exercises(each.name)
        except CourseError as error:
            findings.append(Finding(each.relative(each.exercises), "", "The exercises cannot be read.", str(error)))
            continue
        if each in wanted:
            findings += _check_chapter(each, list(its_own), dict(earlier))
        earlier |= {exercise.id: exercise for exercise in its_own}
    if chapter is None:
        findings += _without_source(known, registry)
        findings += prose.document_links(root)
    return findings


def shared_oracles(root: Path | None = None, registry: Registry | None = None) -> list[tuple[str, str]]:
    """(exercise id, reason) wherever the oracle is the reference and says why; shown by `dev check`, not a finding."""
    root = root or find_root()
    registry = registry or Registry()
    every = [exercise for chapter in chapters(root) for exercise in registry.exercises(chapter.name)]
    return [(e.id, e.oracle.same_as_reference) for e in every if getattr(e.oracle, "same_as_reference", "")]


def _check_chapter(chapter: Chapter, own: list[Exercise], earlier: dict[str, Exercise]) -> Iterator[Finding]:
    source = read(chapter.source)
    material = Material(chapter, source, own, earlier)
    for problem in source.problems:
        yield material.in_source(f"line {problem.line}", problem.sentence, problem.remedy)
    unstamped = [cell.line for cell in source.cells if cell.id is None]
    if unstamped and not source.problems and not material.unfinished:
        again = f"Run `mi-course dev build {chapter.name}`."
        yield material.in_source(f"line {unstamped[0]}", "The cell has no id.", again)
    for rule in RULES:
        yield from rule(material)


def _without_source(known: list[Chapter], registry: Registry) -> Iterator[Finding]:
    with_source = {chapter.name for chapter in known}
    for name in registry.chapters():
        if name not in with_source:
            yield Finding(
                f"mi_course/exercises/{name}.py",
                "",
                "The exercises of this chapter have no notebook.",
                f"Add solutions/NN_{name}.py, see CONTRIBUTING.md.",
            )
