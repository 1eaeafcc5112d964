"""Keeps a check from leaving traces in the process: random state, grad mode, default dtype, threads, output."""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import torch

MAX_OUTPUT = 4_000
NOBODYS_SEED = 0x6D69_636F_7572_7365  # stands for the check's own in torch.initial_seed()


class Captured(io.StringIO):
    """What an answer printed. Keeps the beginning only, so that an endless print cannot fill the memory."""

    def write(self, text: str) -> int:
        room = MAX_OUTPUT - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


@dataclass
class Contained:
    """What is known of the body afterwards.

    left: what it would have left changed for whatever runs after it in this process, in words.
    """

    output: Captured = field(default_factory=Captured)
    left: list[str] = field(default_factory=list)


@contextlib.contextmanager
def contained(seed: int) -> Iterator[Contained]:
    """Run the body with seeded random state and grad enabled; put everything back as it was afterwards.

    Both output streams and warnings are captured: a grading cell that writes on stderr would score zero in nbgrader.
    """
    before = _read_random() | _read_settings()
    body = Contained()
    seeded: set[str] = set()
    try:
        _seed(seed)
        torch.set_grad_enabled(True)
        begun, first_seed, numbers = _read_settings(), torch.initial_seed(), _read_random()
        with (
            contextlib.redirect_stdout(body.output),
            contextlib.redirect_stderr(body.output),
            warnings.catch_warnings(),
            _noticing_seeds(seeded),
        ):
            warnings.simplefilter("ignore")
            try:
                yield body
            finally:
                ended = _read_settings()
                body.left = [words for name, words in _SETTINGS.items() if ended[name] != begun[name]]
                if torch.initial_seed() != first_seed:
                    body.left.append(_SEEDS["torch"])
                body.left += [_SEEDS[name] for name in _SEEDS if name in seeded and _moved(name, numbers)]
    finally:
        _write_state(before)


_SETTINGS = {
    "grad": "gradients switched off (`with torch.no_grad():` switches them on again by itself)",
    "dtype": "torch's default dtype",
    "device": "torch's default device",
    "threads": "the number of threads",
    "recursion": "the recursion limit",
    "folder": "the working directory",
}
_SEEDS = {
    "torch": "torch's seed (a torch.Generator of your own leaves it alone)",
    "numpy": "NumPy's seed (np.random.default_rng leaves it alone)",
    "python": "Python's seed (a random.Random of your own leaves it alone)",
}


def _read_settings() -> dict[str, Any]:
    return {
        "grad": torch.is_grad_enabled(),
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "threads": torch.get_num_threads(),
        "recursion": sys.getrecursionlimit(),
        "folder": _folder(),
    }


def _read_random() -> dict[str, Any]:
    numpy_random = sys.modules.get("numpy.random")
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None,
        "python": random.getstate(),
        "numpy": numpy_random.get_state() if numpy_random else None,
    }


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it has been deleted
        return None


def _write_state(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["torch"])
    if state["cuda"] is not None:
        torch.cuda.set_rng_state_all(state["cuda"])
    random.setstate(state["python"])
    if state["numpy"] is not None:
        sys.modules["numpy.random"].set_state(state["numpy"])
    torch.set_grad_enabled(state["grad"])
    torch.set_default_dtype(state["dtype"])
    if torch.get_default_device() != state["device"]:
        torch.set_default_device(None if state["device"].type == "cpu" else state["device"])
    sys.setrecursionlimit(state["recursion"])
    if torch.get_num_threads() != state["threads"]:
        torch.set_num_threads(state["threads"])
    if state["folder"] is not None and _folder() != state["folder"]:
        with contextlib.suppress(OSError):
            os.chdir(state["folder"])


def _seed(seed: int) -> None:
    torch.manual_seed(seed)
    # The state begins with the seed it was made from, on which no later number rests. Another one there tells an
    # answer that sets this very seed from one that only draws.
    state = torch.get_rng_state()
    state[:8].view(torch.int64).fill_(NOBODYS_SEED)
    torch.set_rng_state(state)
    random.seed(seed)
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random:
        numpy_random.seed(seed % 2**32)


@contextlib.contextmanager
def _noticing_seeds(seeded: set[str]) -> Iterator[None]:
    """Write down whose seed is set; torch itself remembers its own. Drawing alone leaves no such trace."""
    watched: list[tuple[str, ModuleType]] = [("python", random)]
    if "numpy.random" in sys.modules:
        watched.append(("numpy", sys.modules["numpy.random"]))
    with contextlib.ExitStack() as undo:
        for name, module in watched:
            undo.callback(setattr, module, "seed", module.seed)
            module.seed = _noticed(name, module.seed, seeded)  # type: ignore[attr-defined]
        yield


def _noticed(name: str, original: Any, seeded: set[str]) -> Any:
    def seed(*args: Any, **kwargs: Any) -> Any:
        seeded.add(name)
        return original(*args, **kwargs)

    return seed


def _moved(name: str, begun: dict[str, Any]) -> bool:
    """Whether the random state is another one than at the beginning: whoever put it back has left nothing."""
    before, after = begun[name], _read_random()[name]
    if name == "numpy" and before is not None:
        return not all(map(np.array_equal, before, after))
    return bool(before != after)
