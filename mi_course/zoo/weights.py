"""The weights on disk: where they are, whether they are the right ones, and how they are read and written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.zoo.cards import card, check_seed

WEIGHTS = Path(__file__).parent / "weights"


def weights_path(name: str, seed: int) -> Path:
    """Where the shipped weights of a model lie."""
    return WEIGHTS / name / f"seed-{seed}.safetensors"


def verify_weights(name: str, seed: int | None = None) -> None:
    """Compare weights with the sha256 on their card: of one seed, or of all.

    Raises CourseError that names the first file that is missing or differs, and says how to mend it.
    """
    for one in sorted(map(int, card(name)["seeds"])) if seed is None else [seed]:
        read_weights(name, one)


def read_weights(name: str, seed: int) -> dict[str, Tensor]:
    """The verified weights of a model, by parameter name, as float32."""
    check_seed(name, seed)
    path = weights_path(name, seed)
    mend = (
        f"run `git checkout -- {path.name}` in its folder if this is a clone, else reinstall mi-course, "
        f"or train it anew with `mi-course train {name} --seed {seed} --install`"
    )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CourseError(f"The weights file {path} is missing or cannot be read; {mend}.") from error
    if sha256(content) != card(name)["seeds"][str(seed)]["weights"]["sha256"]:
        raise CourseError(
            f"The weights file {path} is not the one its card describes (its sha256 differs), so it is damaged or was "
            f"changed; {mend}."
        )
    return decode(content, path)


def encode(weights: Mapping[str, Tensor]) -> bytes:
    """The content of a safetensors file with the weights in half precision; equal weights give equal bytes."""
    return save({key: weights[key].detach().to(torch.float16).contiguous() for key in sorted(weights)})


def decode(content: bytes, path: Path) -> dict[str, Tensor]:
    """The weights in the content of a safetensors file, as float32."""
    try:
        return {key: value.float() for key, value in load(content).items()}
    except SafetensorError as error:
        raise CourseError(f"{path} is not a whole safetensors file ({error}); make or fetch it again.") from error


def sha256(content: bytes) -> str:
    """The sha256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
