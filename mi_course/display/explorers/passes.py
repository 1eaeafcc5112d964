"""Forward passes, each made once."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from jaxtyping import Int
from torch import Tensor

from mi_course.interventions import Run, run, sites

_KEPT = 16  # texts; a pass of 96 positions through a 4-layer, d 128 model holds about 3 MB


class Passes:
    """The forward passes of one model, with every activation that the explorers read; the last 16 texts are kept."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._wanted = [site for site in sites(model) if site.kind not in ("q", "k", "v", "resid_mid")]
        self._kept: OrderedDict[tuple[int, ...], Run] = OrderedDict()

    def __call__(self, tokens: Int[Tensor, "1 pos"]) -> Run:
        """The pass of this text, made now or earlier."""
        key = tuple(tokens[0].tolist())
        if key not in self._kept:
            self._kept[key] = run(self.model, tokens, cache=self._wanted)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]
