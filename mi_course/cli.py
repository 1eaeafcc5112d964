"""The `mi-course` command.

Exit codes: 0 fine, 1 the thing checked is not fine, 2 wrong usage or the command could not do its work. Errors are one
sentence and what to do, on standard error. Everything heavy is imported by the command that needs it.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from mi_course import __version__
from mi_course.errors import CourseError

if TYPE_CHECKING:
    from mi_course.checking import Exercise
    from mi_course.checking.calibration import Calibration
    from mi_course.checking.progress import Standing
    from mi_course.checking.report import MisconceptionMet

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Learn mechanistic interpretability by doing it. Exit codes: 0 fine, 1 the thing checked is not fine, "
    "2 wrong usage or the command could not do its work.",
)
dev = typer.Typer(no_args_is_help=True, help="For authors: build the notebooks, check them, add an exercise.")
app.add_typer(dev, name="dev")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table; the keys are stable.")]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def start(directory: Annotated[Path, typer.Argument(help="Your folder; it is made when missing.")]) -> None:
    """Copy the chapters into a folder of your own. What is there already is never changed."""
    from mi_course.classroom.working_copy import start

    print(start(directory))


@app.command()
def update(directory: Annotated[Path, typer.Argument(help="Your folder, as `start` or `lab` made it.")]) -> None:
    """Bring the installed course's new text into your folder. Your cells stay, and what changes is backed up."""
    from mi_course.classroom.update import update

    print(update(directory))


@app.command(context_settings={"ignore_unknown_options": True})
def lab(
    words: Annotated[list[str] | None, typer.Argument(metavar="[DIRECTORY] [-- JUPYTER_OPTIONS]")] = None,
) -> None:
    """Open your working copy in JupyterLab, making it first where there is none (default: my-course).

    Options after `--` go to JupyterLab: `mi-course lab my-course -- --no-browser --port 8899`.
    """
    from mi_course.classroom import lab
    from mi_course.classroom.working_copy import start

    words = list(words or [])
    directory = words.pop(0) if words and not words[0].startswith("-") else "my-course"
    # First the port, so that nothing has been written when it is busy.
    lab.command(Path(directory), words)
    report = start(directory)
    print(report, flush=True)
    lab.run(report.directory, words)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything the course stands on, and say what to do about what is amiss (exit code 1 on a problem).

    JSON: a list of {"check", "status", "found", "do"}. "check" is one of "python", "packages", "chapters", "models",
    "record", "jupyter", "kernel", "widgets", "circuitsvis", "threads", "memory", "disk", "hub cache", "sandbox", and
    may come more than once; "status" is "ok", "warn" (the course works, but something is slow, unusual or missing for
    some) or "problem" (part of it will not work); "found" is what is there; "do" is what to do, or "".
    """
    from mi_course.classroom.doctor import diagnose, report

    findings = diagnose()
    if as_json:
        _print_json([asdict(each) for each in findings])
    else:
        print(report(findings))
    raise typer.Exit(1 if any(each.status == "problem" for each in findings) else 0)


@app.command("list")
def list_(
    chapter: Annotated[str | None, typer.Argument(help="Only this chapter, e.g. induction_heads.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every exercise, in the order in which it is met, and how you stand (* marks the core ones).

    JSON: a list of {"id", "chapter", "name", "section", "title", "core", "difficulty" (1 to 5), "minutes", "points",
    "prerequisites" (ids), "status" ("passed", "skipped", "tried", "not attempted")}.
    """
    from mi_course.checking import exercises, progress

    record = progress.read()
    standings = progress.standings(record.events)
    rows = [_exercise_row(each, standings.get(each.id, progress.Standing()).status) for each in exercises(chapter)]
    _tell(record.damage)
    if as_json:
        return _print_json(rows)
    shown = ["id", "title", "section", "difficulty", "minutes", "points", "status"]
    _print_table(
        ["", *shown],
        [["*" if row["core"] else "", *(row[key] for key in shown)] for row in rows],
    )


@app.command()
def hint(exercise: Annotated[str, typer.Argument(help="Its id (CHAPTER.name), or its name.")]) -> None:
    """Show the next hint of an exercise: three in all, from a nudge to nearly the answer."""
    from mi_course.checking import Check, find

    found = find(exercise)
    Check(found.chapter).hint(found.name)


@app.command()
def progress(as_json: AsJson = False) -> None:
    """How you stand: by chapter, by misconception met, and how well your confidence fits what came true.

    JSON: {"record" (the file), "damage" (one sentence about lines that cannot be read, or ""), "points", "max_points",
    "exercises": a list of {"id", "status", "tries", "hints", "points", "max_points", "misconceptions" (met so far)},
    "misconceptions": a list of {"name", "times", "exercises": a list of {"id", "times", "passed" (since)}}, most
    frequent first, "predictions": {"scored", "waiting" (for a result), "missed" (results seen without one), "brier"
    (mean squared error of the confidence, or null), "baseline" (0.25, always saying 50 %), "bins": a list of {"low",
    "high", "number", "confidence" (mean, or null), "came_true" (share, or null)}}}.
    """
    from mi_course.checking import exercises, progress, progress_panel
    from mi_course.checking.report_view import text_report

    report = progress_panel()
    if not as_json:
        _tell(report.damage)
        print(text_report(report))
        return print(f"\nRecorded in {report.record}.")
    standings = progress.standings()
    rows = [_standing_row(each, standings.get(each.id, progress.Standing())) for each in exercises()]
    _print_json(
        {
            "record": str(report.record),
            "damage": report.damage,
            "points": report.points,
            "max_points": report.max_points,
            "exercises": rows,
            "misconceptions": [_misconception_row(each) for each in report.misconceptions],
            "predictions": _predictions(report.predictions),
        }
    )


@app.command()
def zoo(as_json: AsJson = False) -> None:
    """The course's models, what was measured on them, and whether their weights are intact (exit code 1 if not).

    JSON: a list of {"name", "kind", "summary", "layers", "heads" (a layer), "d_model", "context", "vocabulary",
    "steps", "seeds" (shipped), "seeds_failed", "checkpoints" (steps by seed), "bytes", "phenomena", "intact",
    "problem" (one sentence or null)}; "phenomena" maps a name to a list of {"seed", "value", "interval" (or null), "n",
    "baselines", and "head" where it is one head's}.
    """
    _one_thread()
    from mi_course.zoo import table

    rows = table()
    if as_json:
        _print_json(rows)
    else:
        for row in rows:
            _print_model(row)
    for row in rows:
        _tell(row["problem"] or "")
    raise typer.Exit(0 if all(row["intact"] for row in rows) else 1)


@app.command()
def train(
    name: Annotated[str | None, typer.Argument(help="A model of the zoo, e.g. induction-2l.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every model of the zoo with every seed shipped.")] = False,
    seed: Annotated[
        int | None, typer.Option(help="The seed to train from (default: 0, or with --all each one).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the weights and measurements (default: trained-models).")
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Replace the shipped weights and their card instead.")
    ] = False,
    device: Annotated[
        str, typer.Option(help="Where to train, e.g. cuda. Only the CPU gives the same bits again.")
    ] = "cpu",
    jobs: Annotated[
        int | None, typer.Option(help="With --all: how many to train at a time (default: one a core).")
    ] = None,
) -> None:
    """Train a model of the zoo again by its recipe, and measure it as its card does.

    A run that was interrupted goes on where it was when the same command is given again.
    """
    _one_thread()
    if (name is None) == (not all_):
        raise CourseError("Name one model to train, or give --all; `mi-course zoo` lists the models.")
    if all_:
        from mi_course.zoo.train_all import train_all

        if not train_all(seed=seed, out=out, install=install, device=device, jobs=jobs, tell=print):
            raise typer.Exit(1)
        return
    if jobs is not None:
        raise CourseError("One model is trained by one process; leave out --jobs, or give --all.")
    from mi_course.zoo import train

    assert name is not None
    done = train(name, seed=0 if seed is None else seed, out=out, install=install, device=device)
    print(f"Wrote {done.path} (sha256 {done.sha256[:12]}…).")
    if done.as_shipped is not None:
        print(
            "These are, to the bit, the weights the course ships."
            if done.as_shipped
            else "These are not the bits of the weights the course ships: other hardware or versions round otherwise. "
            "Compare what follows with its card."
        )
    for phenomenon, measured in done.phenomena.items():
        one = measured.get("best", measured)
        where = f" ({one['head']})" if "head" in one else ""
        print(f"  {phenomenon}: {one['value']:.3f}{where}{_baselines(one['baselines'])}")


@dev.command()
def build(
    chapter: Annotated[str | None, typer.Argument(help="Only this chapter, e.g. induction_heads.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run the cells even where the source is unchanged.")] = False,
    execute: Annotated[bool, typer.Option("--execute/--no-execute", help="Run the solved notebook.")] = True,
) -> None:
    """Write solutions/NN.ipynb (executed) and chapters/NN.ipynb (unsolved) from solutions/NN_name.py."""
    with _author_tools():
        from mi_course.authoring import commands

        raise typer.Exit(commands.build(chapter, force=force, execute=execute))


@dev.command()
def check(
    chapter: Annotated[str | None, typer.Argument(help="Only this chapter, e.g. induction_heads.")] = None,
) -> None:
    """Say what is missing, out of date or gives an answer away. Exit code 1 when there is something."""
    with _author_tools():
        from mi_course.authoring import commands

        _one_thread()
        raise typer.Exit(commands.check(chapter))


@dev.command()
def new(
    chapter: Annotated[str, typer.Argument(help="The chapter's name, e.g. induction_heads.")],
    exercise: Annotated[str, typer.Argument(help="The exercise's name: the name of the answer.")],
    value: Annotated[bool, typer.Option("--value", help="The answer is a value, not a function.")] = False,
    file: Annotated[
        str | None, typer.Option("--file", help="Where a chapter's exercises are several files: which.")
    ] = None,
) -> None:
    """Add an exercise to fill in: the entry in mi_course/exercises and the cells in solutions."""
    with _author_tools():
        from mi_course.authoring import commands

        raise typer.Exit(commands.new(chapter, exercise, value=value, file=file))


@contextlib.contextmanager
def _author_tools() -> Iterator[None]:
    """A learner's installation has no jupytext and no nbgrader; say so instead of failing on the import."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("mi_course"):
            raise
        raise CourseError(
            f"`mi-course dev` needs {error.name}, which comes with the author's tools: "
            "in the course's folder, run `pip install -c constraints.txt -e '.[dev]'`."
        ) from None


def _exercise_row(exercise: Exercise, status: str) -> dict[str, Any]:
    keys = ["id", "chapter", "name", "section", "title", "core", "difficulty", "minutes", "points"]
    row = {key: getattr(exercise, key) for key in keys}
    return {**row, "prerequisites": list(exercise.prerequisites), "status": status}


def _standing_row(exercise: Exercise, standing: Standing) -> dict[str, Any]:
    return {
        "id": exercise.id,
        "status": standing.status,
        "tries": standing.tries,
        "hints": standing.hints,
        "points": standing.points,
        "max_points": exercise.points,
        "misconceptions": list(standing.misconceptions),
    }


def _misconception_row(met: MisconceptionMet) -> dict[str, Any]:
    where = [{"id": each.exercise, "times": each.times, "passed": each.passed} for each in met.meetings]
    return {"name": met.name, "times": met.times, "exercises": where}


def _predictions(found: Calibration) -> dict[str, Any]:
    from mi_course.checking.calibration import BASELINE

    return {**asdict(found), "baseline": BASELINE}


def _print_model(row: dict[str, Any]) -> None:
    """A model of the zoo in a few lines: what it is, and each phenomenon over its seeds beside its baselines."""
    sizes = f"{row['layers']} layer{'s' * (row['layers'] != 1)}"
    if row["d_model"] is not None:
        sizes += f", {row['heads']} heads each, d_model {row['d_model']}"
    failed = f", failed: {', '.join(map(str, row['seeds_failed']))}" if row["seeds_failed"] else ""
    print(f"{row['name']} ({row['kind']}; {sizes}; {row['bytes'] / 1e6:.1f} MB)")
    print(f"  {row['summary']}")
    print(f"  seeds {', '.join(map(str, row['seeds']))}{failed}; weights {'intact' if row['intact'] else 'NOT intact'}")
    for phenomenon, measured in row["phenomena"].items():
        values = ", ".join(f"{each['value']:.3f}{' ' + each['head'] if 'head' in each else ''}" for each in measured)
        print(f"  {phenomenon}: {values}{_baselines(measured[0]['baselines'])}")


def _baselines(baselines: dict[str, Any]) -> str:
    """What a measured number is to be compared with, or nothing where there are no baselines."""
    numbers = {name: value["value"] if isinstance(value, dict) else value for name, value in baselines.items()}
    told = ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in numbers.items() if value is not None)
    return f"; baseline: {told}" if told else ""


def _print_json(thing: object) -> None:
    print(json.dumps(thing, indent=1, ensure_ascii=False))


def _print_table(heads: list[str], rows: list[list[Any]]) -> None:
    from mi_course.checking.columns import columns

    print(columns(heads, rows))


def _tell(sentence: str) -> None:
    """Say something that is no result, where it does not disturb a pipe."""
    if sentence:
        print(sentence, file=sys.stderr)


def _one_thread() -> None:
    """The course's models are small: on more threads than one they run slower, on a busy machine far slower."""
    import torch

    torch.set_num_threads(1)


def main() -> NoReturn:
    """Run the command line; a CourseError becomes its sentence on standard error and exit code 2."""
    try:
        app(prog_name="mi-course")
    except CourseError as error:
        print(f"mi-course: {error}", file=sys.stderr)
        sys.exit(2)
    sys.exit(0)


if __name__ == "__main__":
    main()
