"""Keeps a check from leaving traces on models: their hooks, their mode, their weights, what in them wants gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

BIG_MODEL = 20_000_000  # parameters; larger models are watched through version counters, not through a copy


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

    def told(self) -> list[str]:
        """What was changed that makes no later result another one, in words; `restore` undoes it."""
        flipped = any(p.requires_grad != wants for p, wants in zip(self.parameters, self.wanted_grad, strict=True))
        return ["requires_grad of the model's parameters"] if flipped else []

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
