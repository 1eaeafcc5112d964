"""The weights on disk: where they are, whether they are the right ones, and how they are read and written.

A model's *entry* says which files it consists of and what their sha256 is. Entries of shipped models stand on their
card; the entry of a model trained by hand lies beside its weights as `seed-N.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.zoo.cards import card, check_seed

WEIGHTS = Path(__file__).parent / "weights"


def stem(seed: int, step: int | None = None) -> str:
    """What the files of a training are called, before any ending."""
    return f"seed-{seed}" if step is None else f"seed-{seed}-step-{step:05d}"


def find_entry(
    name: str, seed: int, checkpoint: int | None = None, folder: Path | None = None
) -> tuple[Path, dict[str, Any]]:
    """The weights file of a model and its entry: `file`, `format`, `sha256`, `bytes`, and `beside`, further files.

    checkpoint: a training step. folder: where `mi-course train` wrote; the shipped weights when none is given.
    Raises CourseError for a seed or a checkpoint that is not there.
    """
    if folder is None:
        check_seed(name, seed)
        entry, root = card(name)["seeds"][str(seed)], WEIGHTS.parent
    else:
        entry, root = _own_entry(name, seed, folder), folder
    if checkpoint is not None:
        entry = _checkpoint(entry, name, seed, checkpoint)
    weights = entry["weights"]
    return root / weights["file"], weights


def checkpoints(name: str, seed: int = 0, folder: Path | None = None) -> list[int]:
    """The training steps at which a model can be had before it was finished; none for most seeds."""
    if folder is None:
        check_seed(name, seed)
        entry = card(name)["seeds"][str(seed)]
    else:
        entry = _own_entry(name, seed, folder)
    return sorted(map(int, entry.get("checkpoints", {})))


def verify_weights(name: str, seed: int | None = None) -> None:
    """Compare weights with the sha256 on their card: of one seed, or of all, with their checkpoints.

    Raises CourseError that names the first file that is missing or differs, and says how to mend it.
    """
    for one in sorted(map(int, card(name)["seeds"])) if seed is None else [seed]:
        for step in (None, *checkpoints(name, one)):
            verified(name, one, step)


def verified(name: str, seed: int, checkpoint: int | None = None, folder: Path | None = None) -> tuple[Path, bytes]:
    """The weights file of a model and its content, once every file of the model is found to be the right one."""
    path, entry = find_entry(name, seed, checkpoint, folder)
    contents = [_read(file, sha, name, seed, folder) for file, sha in _files(path, entry)]
    return path, contents[0]


def encode(weights: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """The content of a safetensors file with the weights in half precision; equal weights give equal bytes."""
    return save({key: weights[key].detach().to(torch.float16).contiguous() for key in sorted(weights)}, metadata)


def decode(content: bytes, path: Path) -> dict[str, Tensor]:
    """The weights in the content of a safetensors file, as float32."""
    try:
        return {key: value.float() for key, value in load(content).items()}
    except SafetensorError as error:
        raise CourseError(f"{path} is not a whole safetensors file ({error}); make or fetch it again.") from error


def sha256(content: bytes) -> str:
    """The sha256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _files(path: Path, entry: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    yield path, entry["sha256"]
    for name, sha in entry.get("beside", {}).items():
        yield path.with_name(name), sha


def _read(path: Path, sha: str, name: str, seed: int, folder: Path | None) -> bytes:
    if folder is None:
        mend = (
            f"run `git checkout -- {path.name}` in its folder if this is a clone, else reinstall mi-course, "
            f"or train it anew with `mi-course train {name} --seed {seed} --install`"
        )
    else:
        mend = f"remove it and train it anew with `mi-course train {name} --seed {seed}`"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CourseError(f"The weights file {path} is missing or cannot be read; {mend}.") from error
    if sha256(content) != sha:
        raise CourseError(
            f"The weights file {path} is not the one its card describes (its sha256 differs), so it is damaged or was "
            f"changed; {mend}."
        )
    return content


def _own_entry(name: str, seed: int, folder: Path) -> dict[str, Any]:
    path = folder / name / f"{stem(seed)}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        there = sorted(each.stem for each in (folder / name).glob("seed-*.json"))
        raise CourseError(
            f"There is no {path} that can be read; {folder / name} has {', '.join(there) or 'no trained model'}. Make "
            f"one with `mi-course train {name} --seed {seed} --out {folder}`."
        ) from error


def _checkpoint(entry: dict[str, Any], name: str, seed: int, step: object) -> dict[str, Any]:
    steps = sorted(map(int, entry.get("checkpoints", {})))
    if not steps:
        with_some = [one for one in card(name)["seeds"] if card(name)["seeds"][one].get("checkpoints")]
        raise CourseError(
            f"{name} is shipped without checkpoints for seed {seed}; "
            + (f"choose seed {' or '.join(with_some)}." if with_some else f"leave out checkpoint={step!r}.")
        )
    if isinstance(step, bool) or not isinstance(step, int):
        raise CourseError(f"A checkpoint is the number of a training step, such as {steps[-1]}, not {step!r}.")
    if step not in steps:
        nearest = min(steps, key=lambda one: abs(one - step))
        raise CourseError(
            f"{name} with seed {seed} has no checkpoint {step}; the nearest is {nearest}. All of them: "
            f"{', '.join(map(str, steps))}."
        )
    return entry["checkpoints"][str(step)]
