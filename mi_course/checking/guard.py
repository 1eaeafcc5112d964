"""Keeps a check from leaving traces: random state, grad mode, default dtype, threads, output, and models' hooks."""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

MAX_OUTPUT = 4_000
BIG_MODEL = 20_000_000  # parameters; larger models are watched through version counters, not through a copy


class Captured(io.StringIO):
    """What an answer printed. Keeps the beginning only, so that an endless print cannot fill the memory."""

    def write(self, text: str) -> int:
        room = MAX_OUTPUT - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


@contextlib.contextmanager
def contained(seed: int) -> Iterator[Captured]:
    """Run the body with seeded random state and grad enabled; put everything back as it was afterwards.

    Both output streams and warnings are captured: a grading cell that writes on stderr would score zero in nbgrader.
    """
    before = _read_state()
    output = Captured()
    try:
        _seed(seed)
        torch.set_grad_enabled(True)
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield output
    finally:
        _write_state(before)


def _read_state() -> dict[str, Any]:
    numpy_random = sys.modules.get("numpy.random")
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None,
        "python": random.getstate(),
        "numpy": numpy_random.get_state() if numpy_random else None,
        "grad": torch.is_grad_enabled(),
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "threads": torch.get_num_threads(),
        "recursion": sys.getrecursionlimit(),
        "folder": _folder(),
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
    random.seed(seed)
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random:
        numpy_random.seed(seed % 2**32)


def same_tensor(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Equal in shape, type, place and every entry; NaN equals NaN."""
    if (a.shape, a.dtype, a.device) != (b.shape, b.dtype, b.device):
        return False
    a, b = a.detach(), b.detach()
    if torch.equal(a, b):
        return True
    return torch.equal(a.isnan(), b.isnan()) and torch.equal(torch.nan_to_num(a), torch.nan_to_num(b))


def _is_wiring(hook: Any) -> bool:
    """A hook that TransformerBridge puts on itself at its first forward pass, and not again if it is lost."""
    home = getattr(hook, "__module__", None) or ""
    return home.startswith("transformer_lens.") and home != "transformer_lens.hook_points"


class Watch:
    """Remembers a model's hooks, mode and weights, tells what an answer changed, and puts it back.

    Works on any nn.Module, TransformerBridge included: hook points keep their hooks in torch's own dictionaries
    (`_forward_hooks`, `_backward_hooks`) and list them once more in `fwd_hooks` and `bwd_hooks`.
    """

    DICTS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks",
             "_forward_hooks_with_kwargs", "_forward_pre_hooks_with_kwargs",
             "_forward_hooks_always_called")  # fmt: skip
    LISTS = ("fwd_hooks", "bwd_hooks")
    FLAGS = ("_with_kwargs", "_always_called")  # these list once more what stands in another dictionary
    PARTS = ("_parameters", "_buffers", "_modules")

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.modules = list(model.modules())
        self.hooks = [self._read_hooks(module) for module in self.modules]
        self.modes = [module.training for module in self.modules]
        self.parts = [[dict(getattr(module, name)) for name in self.PARTS] for module in self.modules]
        self.parameters = list(model.parameters()) + list(model.buffers())
        self.wanted_grad = [p.requires_grad for p in self.parameters]
        small = sum(p.numel() for p in self.parameters) <= BIG_MODEL
        self.copies = [p.detach().clone() for p in self.parameters] if small else None
        self.versions = [p._version for p in self.parameters]

    def _read_hooks(self, module: nn.Module) -> dict[str, Any]:
        has = module.__dict__  # most modules have no hooks, and a check looks at hundreds of them
        return {name: has[name].copy() for name in (*self.DICTS, *self.LISTS) if has.get(name)}

    def restore(self) -> list[str]:
        """Put the model back; return what had been changed, in words."""
        changed = []
        left = 0
        for module, kept in zip(self.modules, self.hooks, strict=True):
            has = module.__dict__
            for name in self.DICTS:
                now, before = has.get(name, {}), kept.get(name, {})
                if now or before:
                    wiring = {key: hook for key, hook in now.items() if key not in before and _is_wiring(hook)}
                    wanted = before | wiring
                    if list(now) != list(wanted):
                        if not name.endswith(self.FLAGS):
                            left += len(now.keys() - wanted.keys()) or 1
                        now.clear()
                        now.update(wanted)
            for name in self.LISTS:
                now, listed = has.get(name, []), kept.get(name, [])
                if (now or listed) and list(map(id, now)) != list(map(id, listed)):
                    now[:] = listed
        if left:
            changed.append(f"{left} hook{'s' * (left != 1)} left on the model")
        if any(module.training != mode for module, mode in zip(self.modules, self.modes, strict=True)):
            changed.append("the model's train/eval mode")
            for module, mode in zip(self.modules, self.modes, strict=True):
                module.training = mode
        replaced = self._parts_replaced()
        if self._weights_changed() or replaced:
            changed.append("the model's weights" if replaced != "_modules" else "the model's layers")
        for p, wants_grad in zip(self.parameters, self.wanted_grad, strict=True):
            if p.requires_grad != wants_grad and p.is_leaf:
                p.requires_grad_(wants_grad)
            if p.is_leaf:
                p.grad = None
        return changed

    def _parts_replaced(self) -> str:
        """Put back parameters, buffers and layers that were exchanged or deleted; say which dictionary lost something.

        Additions are left, since a model may make some at its first forward pass. Buffers are put back but not told of,
        since a model may exchange those of its own accord.
        """
        found = ""
        for module, parts in zip(self.modules, self.parts, strict=True):
            for name, before in zip(self.PARTS, parts, strict=True):
                now = module.__dict__[name]
                lost = {key: part for key, part in before.items() if key not in now or now[key] is not part}
                now.update(lost)
                if lost and name != "_buffers":
                    found = found or name
        return found

    def _weights_changed(self) -> bool:
        if self.copies is None:
            return any(p._version != v for p, v in zip(self.parameters, self.versions, strict=True))
        changed = False
        with torch.no_grad():
            for p, copy in zip(self.parameters, self.copies, strict=True):
                if not same_tensor(p, copy):
                    changed = True
                    if (p.shape, p.dtype, p.device) == (copy.shape, copy.dtype, copy.device):
                        p.copy_(copy)
                    else:
                        p.data = copy.clone()
        return changed
