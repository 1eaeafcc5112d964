"""What a change of a control costs: less than 150 ms of computing on a 4-layer model of d_model 128.

Measured as CPU time of this process, the median over changes, so that a busy machine matters little. The first change
to a checkpoint also loads it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import torch

from mi_course.display.explorers import AttentionExplorer, CheckpointExplorer, ComponentExplorer
from mi_course.interventions import pattern, run
from mi_course.zoo import checkpoint
from mi_course.zoo.recipes.story import StoryRecipe

BUDGET = 0.150  # seconds

TEXT = "when john and mary went to the park , john gave a ball to mary . then peter gave a book to john"


def measure(name: str, changes: Iterable[Callable[[], Any]], max_diff: float = 0.0) -> dict[str, Any]:
    """The share of the budget that the median change takes."""
    seconds = []
    for change in changes:
        started = time.process_time()
        change()
        seconds.append(time.process_time() - started)
    ratio = statistics.median(seconds) / BUDGET
    return {"name": name, "peer": "a budget of 150 ms a change", "ratio": ratio, "bound": 1.0, "max_diff": max_diff}


def setting(control: Any, values: Iterable[Any]) -> list[Callable[[], None]]:
    return [lambda value=value: setattr(control, "value", value) for value in values]


def rows() -> list[dict[str, Any]]:
    """What `make bench` shows."""
    torch.set_num_threads(1)
    model = checkpoint.bridge(StoryRecipe().build(0))
    attention, component = AttentionExplorer(model, TEXT), ComponentExplorer(model, TEXT)
    steps = CheckpointExplorer("induction-2l")
    heads = [(layer, head) for layer in range(4) for head in range(4)]

    def go_to(layer: int, head: int) -> None:
        attention.layer.value, attention.head.value = layer, head

    whole = run(model, attention.tokens, cache=[pattern(3)]).cache[pattern(3)]
    kept = attention._passes(attention.tokens).cache[pattern(3)]
    return [
        measure(
            "attention: a new layer and head",
            [lambda at=at: go_to(*at) for at in heads[1:]],
            float((whole - kept).abs().max()),
        ),
        measure("component: a new component", setting(component.component, component.component.options[2:])),
        measure("component: a new position", setting(component.position, range(12))),
        measure("checkpoint: the first time", setting(steps.step, [value for _, value in steps.step.options[1:]])),
        measure("checkpoint: back again", setting(steps.step, [value for _, value in steps.step.options[-2::-1]])),
    ]
