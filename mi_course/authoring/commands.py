"""The three `dev` commands for the command line: they print, and return the exit code."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from mi_course.authoring.registry import Registry


def build(
    chapter: str | None = None,
    *,
    force: bool = False,
    execute: bool = True,
    root: Path | None = None,
    registry: Registry | None = None,
    console: Console | None = None,
) -> int:
    """`dev build [CHAPTER] [--force] [--no-execute]`. Returns 0; raises CourseError where a chapter cannot be built."""
    from mi_course.authoring.build import build as run

    console = console or Console()
    done = run(
        chapter, root=root, registry=registry, force=force, execute=execute, on_start=lambda m: console.print(f"{m} …")
    )
    for each in done:
        console.print(f"[green]{escape(each.chapter)}[/green]: {each.action}")
    return 0


def check(
    chapter: str | None = None,
    *,
    root: Path | None = None,
    registry: Registry | None = None,
    console: Console | None = None,
) -> int:
    """`dev check [CHAPTER]`. Prints every finding; returns 0 where there is none, else 1."""
    from mi_course.authoring.check import check as run
    from mi_course.authoring.check import shared_oracles

    console = console or Console()
    findings = run(chapter, root=root, registry=registry)
    by_path = defaultdict(list)
    for finding in findings:
        by_path[finding.path].append(finding)
    for path, found in by_path.items():
        console.print(f"[bold]{escape(path)}[/bold]", highlight=False, soft_wrap=True)
        for finding, following in zip(found, [*found[1:], None], strict=True):
            place = f"{finding.where}: " if finding.where else ""
            console.print(f"  {escape(place)}{escape(finding.sentence)}", highlight=False, soft_wrap=True)
            if following is None or following.remedy != finding.remedy:  # said once for all it goes for
                console.print(f"    [dim]{escape(finding.remedy)}[/dim]", highlight=False, soft_wrap=True)
    if findings:
        console.print(f"{len(findings)} finding{'s' if len(findings) > 1 else ''}.", highlight=False)
        return 1
    for exercise_id, reason in shared_oracles(root, registry):
        console.print(f"[dim]{escape(exercise_id)}: the oracle is the reference, because {escape(reason)}[/dim]")
    console.print("[green]Nothing to mend.[/green]")
    return 0


def new(
    chapter: str,
    exercise: str,
    *,
    value: bool = False,
    file: str | None = None,
    root: Path | None = None,
    console: Console | None = None,
) -> int:
    """`dev new CHAPTER EXERCISE [--value] [--file FILE]`.

    Returns 0; raises CourseError where the name is taken or is no name."""
    from mi_course.authoring.new import new as run

    console = console or Console()
    for path in run(chapter, exercise, value=value, file=file, root=root):
        console.print(f"added to [bold]{escape(path)}[/bold]", highlight=False)
    console.print("Fill in what `mi-course dev check` lists.", highlight=False)
    return 0
