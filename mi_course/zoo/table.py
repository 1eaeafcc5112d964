"""The zoo as a table, for `mi-course zoo` and its --json."""

from __future__ import annotations

from typing import Any

from mi_course.errors import CourseError
from mi_course.zoo.cards import card, model_names, seeds
from mi_course.zoo.weights import verify_weights

# Names of the sizes in the configurations of the two kinds.
_NATIVE = {
    "layers": "n_layers",
    "heads": "n_heads",
    "d_model": "d_model",
    "context": "n_ctx",
    "vocabulary": "d_vocab",
}
_STOCK = {
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "d_model": "hidden_size",
    "context": "max_position_embeddings",
    "vocabulary": "vocab_size",
}
_SIZES = {"native": _NATIVE, "checkpoint": _STOCK}


def table() -> list[dict[str, Any]]:
    """One row a model, as plain JSON values. The keys are stable:

    name: what load_model takes.
    kind: native, checkpoint or module.
    summary: one sentence.
    layers, heads, d_model, context, vocabulary: sizes; heads are per layer. null where the model is no transformer.
    steps: optimiser steps of the training.
    seeds: the seeds shipped. seeds_failed: those tried that did not show the phenomenon.
    checkpoints: for each seed that is shipped with some (a string, as JSON has it), the steps.
    bytes: size of all its weights together.
    phenomena: for each measured phenomenon that is one number, a list with an entry for each seed: seed, value,
        interval (low, high; null where none is made), n, baselines (by name). For scores by head it is the best head's,
        and the entry has `head` (such as L1H0) too.
    intact: whether every weights file matches its sha256; if not, `problem` says what is wrong and what to do, else
        null.
    """
    return [_row(name) for name in model_names()]


def _row(name: str) -> dict[str, Any]:
    known = card(name)
    try:
        verify_weights(name)
        problem = None
    except CourseError as error:
        problem = str(error)
    return {
        "name": name,
        "kind": known["kind"],
        "summary": known["summary"],
        **_sizes(known),
        "steps": known["steps"],
        "seeds": seeds(name),
        "seeds_failed": known["seeds_failed"],
        "checkpoints": _checkpoints(known),
        "bytes": sum(one["weights"]["bytes"] for entry in known["seeds"].values() for one in _with_checkpoints(entry)),
        "phenomena": _phenomena(known),
        "intact": problem is None,
        "problem": problem,
    }


def _sizes(known: dict[str, Any]) -> dict[str, int | None]:
    config = known["config"]
    if known["kind"] == "module":
        return {key: None for key in _NATIVE} | {"layers": len(config["filters"])}
    return {key: config[name] for key, name in _SIZES[known["kind"]].items()}


def _checkpoints(known: dict[str, Any]) -> dict[str, list[int]]:
    """For each seed that has some (a string), its checkpoints."""
    found = {seed: sorted(map(int, entry.get("checkpoints", {}))) for seed, entry in known["seeds"].items()}
    return {seed: steps for seed, steps in found.items() if steps}


def _with_checkpoints(entry: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry, *entry.get("checkpoints", {}).values()]


def _phenomena(known: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for seed in sorted(known["seeds"], key=int):
        for name, measured in known["seeds"][seed]["phenomena"].items():
            one = measured.get("best", measured)
            row = {"seed": int(seed), "value": one["value"], "interval": one.get("interval"), "n": one["n"]}
            row["baselines"] = one["baselines"]
            if "head" in one:
                row["head"] = one["head"]
            rows.setdefault(name, []).append(row)
    return rows
