"""Train every model of the zoo, several at a time: `mi-course train --all`."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from mi_course.errors import CourseError
from mi_course.zoo.recipes import recipe, recipe_names
from mi_course.zoo.training import DEFAULT_OUT, train
from mi_course.zoo.weights import stem


def train_all(
    *,
    seed: int | None = None,
    out: str | Path | None = None,
    install: bool = False,
    device: str = "cpu",
    jobs: int | None = None,
    tell: Callable[[str], object] = print,
) -> bool:
    """Train every model with every shipped seed, or with this one only; those that lie there already are left as they
    are, so that the command can be given again after an interruption. Returns whether all went well.

    jobs: how many processes, each of one thread; as many as there are cores when none is given.
    tell: called with a sentence for each model that is done, was there already, or failed.
    Raises CourseError for a number of jobs below 1, and for what `train` would refuse for every model.
    """
    cores = os.cpu_count() or 1
    jobs = cores if jobs is None else jobs
    if jobs < 1:
        raise CourseError(f"--jobs is a whole number of at least 1, not {jobs}.")
    if install and out is not None:
        raise CourseError("Installing writes into the package itself; leave out either the folder or the installing.")
    wanted = [
        (name, one) for name in recipe_names() for one in (recipe(name).shipped_seeds if seed is None else [seed])
    ]
    # The longest first, so that no core is idle at the end.
    wanted.sort(key=lambda run: -_work(run[0]))
    base = DEFAULT_OUT if out is None else Path(out)
    there = [] if install else [run for run in wanted if (base / run[0] / f"{stem(run[1])}.json").exists()]
    for name, one in there:
        tell(f"{name} with seed {one} is in {base} already.")
    left = [run for run in wanted if run not in there]
    jobs = max(1, min(jobs, len(left)))
    fine = True
    with tqdm(total=len(left), desc="models", disable=not left) as bar:
        for (name, one), problem in _results(left, jobs, (out, install, device)):
            bar.update()
            fine = fine and problem is None
            tell(f"{name} with seed {one}: {problem or 'done'}")
    return fine


def _work(name: str) -> int:
    """About how long a model's training takes, beside the others': steps by layers."""
    one = recipe(name)
    return int(one.describe()["steps"]) * max(1, getattr(one, "n_layers", 1))


def _results(
    runs: list[tuple[str, int]], jobs: int, options: tuple[Any, ...]
) -> Iterator[tuple[tuple[str, int], str | None]]:
    """Each run with the sentence that says why it failed, or None, in the order in which they end."""
    if jobs == 1:
        for run in runs:
            yield run, _train(*run, *options)
        return
    context = multiprocessing.get_context("spawn")
    lock = context.RLock()
    tqdm.set_lock(lock)
    with ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(lock, context.Value("i", 0))) as pool:
        running = {pool.submit(_train, *run, *options): run for run in runs}
        for done in as_completed(running):
            yield running[done], done.result()


_LINE = 1


def _begin(lock: Any, started: Any) -> None:
    """Each process draws its bar on a line of its own, and computes on one thread."""
    global _LINE
    import torch

    torch.set_num_threads(1)
    tqdm.set_lock(lock)
    with started.get_lock():
        started.value += 1
        _LINE = started.value


def _train(name: str, seed: int, out: str | Path | None, install: bool, device: str) -> str | None:
    """Train one; the sentence that says why it failed, or nothing."""
    try:
        train(name, seed=seed, out=out, install=install, device=device, bar=_LINE, progress=sys.stderr.isatty())
    except CourseError as error:
        return str(error)
    return None
