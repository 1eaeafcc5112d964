"""Train a model of the zoo again, and compare or install the result."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mi_course.errors import CourseError
from mi_course.zoo.cards import card, card_path, check_seed, model_names, seeds
from mi_course.zoo.load import load_model
from mi_course.zoo.recipes import Recipe, recipe
from mi_course.zoo.weights import decode, encode, sha256, weights_path

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

DEFAULT_OUT = Path("trained-models")


@dataclass(frozen=True)
class Trained:
    """What a training run left behind.

    path: the weights file.
    sha256: of that file.
    as_shipped: True when the file is, to the bit, the one the course ships; None when it ships no such seed. Another
        processor or another version of torch may round differently, so False alone is no cause for worry: compare the
        phenomena.
    phenomena: as on the card, measured after reading the file back.
    """

    name: str
    seed: int
    path: Path
    sha256: str
    as_shipped: bool | None
    phenomena: dict[str, Any]


def train(
    name: str, *, seed: int = 0, out: str | Path | None = None, install: bool = False, progress: bool = True
) -> Trained:
    """Train a model by its recipe and write its weights and measured phenomena.

    out: the folder to write `NAME/seed-N.safetensors` and `.json` into; `trained-models` in the working directory if
        none is given. A file that is there already is not replaced.
    install: replace the shipped weights and the entry on their card instead.

    Raises CourseError for an unknown name, a negative seed, a file that would be replaced, or a folder inside the
    package.
    """
    chosen = recipe(name)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise CourseError(f"A seed is a whole number of at least 0, not {seed!r}.")
    if install and out is not None:
        raise CourseError("Installing writes into the package itself; leave out either the folder or the installing.")
    path = weights_path(name, seed) if install else _free_path(name, seed, DEFAULT_OUT if out is None else Path(out))

    content = encode(chosen.train(seed, progress=progress).state_dict())
    phenomena = _measure(chosen, decode(content, path), seed)
    entry = {"weights": _weights_entry(name, seed, content), "phenomena": phenomena}
    shipped = name in model_names() and seed in seeds(name)
    as_shipped = card(name)["seeds"][str(seed)]["weights"]["sha256"] == sha256(content) if shipped else None
    _write(path, content)
    if install:
        _update_card(chosen, seed, entry)
    else:
        _write(path.with_suffix(".json"), _to_json(entry))
    return Trained(name, seed, path, sha256(content), as_shipped, phenomena)


def measure(name: str, seed: int = 0) -> dict[str, Any]:
    """Measure a shipped model's phenomena again, from its weights; the card holds the same numbers."""
    check_seed(name, seed)
    return recipe(name).measure(load_model(name, seed=seed), load_model(name, seed=seed, untrained=True))


def _measure(chosen: Recipe, weights: dict[str, Any], seed: int) -> dict[str, Any]:
    model: TransformerBridge = chosen.build(seed)
    model.load_state_dict(weights, strict=True)
    return chosen.measure(model, chosen.build(seed))


def _free_path(name: str, seed: int, out: Path) -> Path:
    if out.resolve().is_relative_to(weights_path(name, seed).parents[1].resolve()):
        raise CourseError(f"{out} holds the shipped weights; to replace them run `mi-course train {name} --install`.")
    path = out / name / f"seed-{seed}.safetensors"
    for taken in (path, path.with_suffix(".json")):
        if taken.exists():
            raise CourseError(f"{taken} is there already; remove it, or choose another folder with --out.")
    return path


def _weights_entry(name: str, seed: int, content: bytes) -> dict[str, Any]:
    file = weights_path(name, seed)
    return {
        "file": file.relative_to(file.parents[2]).as_posix(),
        "format": "safetensors, float16",
        "sha256": sha256(content),
        "bytes": len(content),
    }


def _update_card(chosen: Recipe, seed: int, entry: dict[str, Any]) -> None:
    old = card(chosen.name) if chosen.name in model_names() else {"seeds": {}, "seeds_failed": []}
    entries = old["seeds"] | {str(seed): entry}
    tried = sorted({*map(int, entries), *old["seeds_failed"]})
    new = chosen.describe() | {
        "seeds_tried": tried,
        "seeds_failed": old["seeds_failed"],
        "seeds": {key: entries[key] for key in sorted(entries, key=int)},
    }
    _write(card_path(chosen.name), _to_json(new))


def _to_json(value: dict[str, Any]) -> bytes:
    return (json.dumps(_rounded(value), indent=1, ensure_ascii=False) + "\n").encode()


def _rounded(value: Any) -> Any:
    """Six decimals: more than the intervals bear, and they keep the card readable."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value


def _write(path: Path, content: bytes) -> None:
    """Write in one step, so that an interruption leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
