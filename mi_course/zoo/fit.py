"""The loop that every recipe trains with: one thread, a bar, checkpoints, and a state from which it goes on to the bit.

What a step does belongs to the recipe; when it is done, and what is kept in between, is settled here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn
from tqdm.auto import tqdm

from mi_course.errors import CourseError

Model = TypeVar("Model", bound=nn.Module)

AtCheckpoint = Callable[[int, Any], None]
"""Called with a step and the model, in eval mode."""


@dataclass(frozen=True)
class Options:
    """How a run is carried out; none of this changes what comes out of it on one machine, save the device.

    stop_after: stop after this many steps of the unchanged schedule.
    progress: show a bar. bar: the line it is shown on, where several runs share a screen.
    device: where to train; the model comes back to the CPU.
    state: a file to keep weights and optimiser in as training goes on. If it is there already, training resumes from
        it. A finished run leaves it in place.
    at_checkpoint: called at each step of the recipe's checkpoints and after the last step.
    """

    stop_after: int | None = None
    progress: bool = True
    bar: int = 0
    device: str = "cpu"
    state: Path | None = None
    at_checkpoint: AtCheckpoint | None = None


DEFAULTS = Options()


@dataclass
class Run:
    """One training: what is trained, with which optimiser, by which step.

    label: shown beside the bar. identity: settles what is trained; a state of another identity is refused.
    step: takes the number of a step, does it, and returns the loss in nats.
    generator: of the data, where batches are drawn one after another; its state is kept with the weights.
    """

    label: str
    identity: str
    model: nn.Module
    optimiser: torch.optim.Optimizer
    step: Callable[[int], float]
    steps: int
    checkpoints: tuple[int, ...] = ()
    generator: torch.Generator | None = None
    state_every: int = 250


def fit(run: Run, options: Options) -> None:
    """Carry a run out, or on. The model is left on the CPU in eval mode.

    Raises CourseError when the file of the state holds another run, or no run at all.
    """
    last = run.steps if options.stop_after is None else min(options.stop_after, run.steps)
    state, keep = options.state, options.at_checkpoint
    begin = _resume(state, run, options.device) if state is not None and state.exists() else 0
    run.model.train()
    bar = tqdm(
        total=last,
        initial=begin,
        desc=run.label,
        disable=not options.progress,
        position=options.bar,
        leave=options.bar == 0,
    )
    with one_thread(), torch.enable_grad(), bar:
        for step in range(begin, last):
            if keep is not None and step in run.checkpoints:
                _show(run.model, step, keep, options.device)
            loss = run.step(step)
            bar.update()
            if step % 50 == 0:
                bar.set_postfix(loss=f"{loss:.3f}")
            done = step + 1
            if state is not None and (done % run.state_every == 0 or done == last):
                _keep(state, run, done)
    on_device(run.model, "cpu").eval()
    if keep is not None and last == run.steps:
        keep(last, run.model)


def check_device(device: str) -> str:
    """The device, if this machine has it. Raises CourseError otherwise."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise CourseError(
            f"This machine cannot train on {device!r} ({str(error).splitlines()[0]}); leave the device out to train on "
            "the CPU, which is what the recipes are made for."
        ) from None
    return device


def on_device(model: Model, device: str) -> Model:
    """The model, on this device. A bridge prints a line whenever it is moved, so it is not moved to where it is."""
    if next(model.parameters()).device != torch.device(device):
        model.to(device)
    return model


@contextmanager
def one_thread() -> Iterator[None]:
    """Small models are quickest on one thread, and only then are the sums in a fixed order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _show(model: nn.Module, step: int, keep: AtCheckpoint, device: str) -> None:
    on_device(model, "cpu").eval()
    keep(step, model)
    on_device(model, device).train()


def _keep(path: Path, run: Run, step: int) -> None:
    """Write the state of training in one step, so that an interruption leaves a whole file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    kept = {
        "identity": run.identity,
        "step": step,
        "model": run.model.state_dict(),
        "optimiser": run.optimiser.state_dict(),
    }
    if run.generator is not None:
        kept["generator"] = run.generator.get_state()
    torch.save(kept, temporary)
    os.replace(temporary, path)


def _resume(path: Path, run: Run, device: str) -> int:
    try:
        kept = torch.load(path, weights_only=True, map_location="cpu")
        identity, step = kept["identity"], int(kept["step"])
    except Exception as error:
        raise CourseError(
            f"{path} cannot be read as a state of training ({error}); remove it to begin anew."
        ) from error
    if identity != run.identity:
        raise CourseError(f"{path} is of another seed or another recipe; remove it, or choose another file.")
    run.model.load_state_dict(kept["model"])
    run.optimiser.load_state_dict(kept["optimiser"])
    if run.generator is not None:
        run.generator.set_state(kept["generator"])
    return step
