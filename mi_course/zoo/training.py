"""Train models of the zoo again, and compare or install the result.

A run works in a folder `.seed-N` beside where its files will lie: the state to resume from and the checkpoints so far.
When it is done, everything goes to its place in one step a file, the entry last, and the folder is removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from mi_course.errors import CourseError
from mi_course.zoo import checkpoint as stock
from mi_course.zoo import weights as disk
from mi_course.zoo.cards import card, card_path, check_seed, model_names, seeds
from mi_course.zoo.fit import Options, check_device
from mi_course.zoo.load import load_model, unpack
from mi_course.zoo.recipes import Recipe, recipe
from mi_course.zoo.weights import encode, sha256, stem

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
    name: str,
    *,
    seed: int = 0,
    out: str | Path | None = None,
    install: bool = False,
    progress: bool = True,
    bar: int = 0,
    device: str = "cpu",
) -> Trained:
    """Train a model by its recipe and write its weights, its checkpoints and its measured phenomena.

    A run that was interrupted goes on where it was, to the bit, when it is started again with the same folder.

    out: the folder to write into, below `NAME/`; `trained-models` in the working directory if none is given. A model
        that is there already is not replaced. `load_model(NAME, seed=…, folder=…)` loads from it.
    install: replace the shipped weights and the entry on their card instead.
    progress: show a bar, on the line `bar` of the screen.
    device: where to train, such as "cuda"; only the CPU gives the same bits again.

    Raises CourseError for an unknown name, a negative seed, a device that is not there, a file that would be replaced,
    or a folder inside the package.
    """
    chosen = recipe(name)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise CourseError(f"A seed is a whole number of at least 0, not {seed!r}.")
    if install and out is not None:
        raise CourseError("Installing writes into the package itself; leave out either the folder or the installing.")
    base = DEFAULT_OUT if out is None else Path(out)
    root = disk.WEIGHTS.parent if install else base
    place = Path("weights", name) if install else Path(name)
    if not install:
        _refuse_to_replace(base, name, seed)

    work = _Work(chosen, base / name / f".{stem(seed)}", seed, keep=not install or seed in chosen.checkpointed_seeds)
    options = Options(
        progress=progress, bar=bar, device=check_device(device), state=work.state, at_checkpoint=work.at_checkpoint
    )
    chosen.train(seed, options)
    entry = _rounded({**work.finished(place), "phenomena": work.measure()})
    shipped = name in model_names() and seed in seeds(name)
    sha = entry["weights"]["sha256"]
    as_shipped = card(name)["seeds"][str(seed)]["weights"]["sha256"] == sha if shipped else None
    work.move_to(root / place)
    if install:
        # Where several processes train, they share the bars' lock: no card is written by two at once.
        with tqdm.get_lock():
            _update_card(chosen, seed, entry)
    else:
        _write(base / name / f"{stem(seed)}.json", _to_json(entry))
    work.remove()
    return Trained(name, seed, root / entry["weights"]["file"], sha, as_shipped, entry["phenomena"])


def measure(name: str, seed: int = 0) -> dict[str, Any]:
    """Measure a shipped model's phenomena again, from its weights; the card holds the same numbers."""
    check_seed(name, seed)
    return recipe(name).measure(load_model(name, seed=seed), load_model(name, seed=seed, untrained=True))


def measure_checkpoint(name: str, seed: int, checkpoint: int) -> dict[str, Any]:
    """Measure again what the card says of a checkpoint."""
    return recipe(name).measure_checkpoint(load_model(name, seed=seed, checkpoint=checkpoint))


class _Work:
    """The folder of a run that is under way: `state.pt`, and one folder of files for each step that is kept."""

    def __init__(self, chosen: Recipe, folder: Path, seed: int, keep: bool) -> None:
        self.chosen, self.folder, self.seed = chosen, folder, seed
        self.known = chosen.describe()
        self.last = int(self.known["steps"])
        self.keep_checkpoints = keep
        self.state = folder / "state.pt"

    def at_checkpoint(self, step: int, model: Any) -> None:
        if step == self.last or self.keep_checkpoints:
            for name, content in self._pack(model, None if step == self.last else step).items():
                _write(self.folder / "files" / name, content)

    def finished(self, place: Path) -> dict[str, Any]:
        """The entry of the trained model, with its checkpoints and what is measured of each."""
        entry: dict[str, Any] = {"weights": self._entry(place, None)}
        steps = [step for step in self.chosen.checkpoints if self._weights(step).exists()]
        if steps:
            entry["checkpoints"] = {
                str(step): {
                    "weights": self._entry(place, step),
                    "phenomena": self.chosen.measure_checkpoint(self._load(step)),
                }
                for step in steps
            }
        return entry

    def measure(self) -> dict[str, Any]:
        """The phenomena of the files as they will be shipped, so after rounding to half precision."""
        twin = self.chosen.build(self.seed)
        return self.chosen.measure(self._load(None), stock.bridge(twin) if self._is_folder else twin)

    def move_to(self, folder: Path) -> None:
        for path in sorted(self._files()):
            _write(folder / path.relative_to(self.folder / "files"), path.read_bytes())

    def remove(self) -> None:
        """Remove the folder, and the ones around it where they hold nothing else."""
        shutil.rmtree(self.folder)
        for folder in (self.folder.parent, self.folder.parent.parent):
            with contextlib.suppress(OSError):
                folder.rmdir()

    @property
    def _is_folder(self) -> bool:
        return self.known["kind"] == "checkpoint"

    def _files(self) -> list[Path]:
        return [path for path in (self.folder / "files").rglob("*") if path.is_file()]

    def _weights(self, step: int | None) -> Path:
        name = stem(self.seed, step)
        return self.folder / "files" / (f"{name}/{stock.WEIGHTS_NAME}" if self._is_folder else f"{name}.safetensors")

    def _pack(self, model: Any, step: int | None) -> dict[str, bytes]:
        name = stem(self.seed, step)
        if self._is_folder:
            return {f"{name}/{file}": content for file, content in stock.pack(model).items()}
        return {f"{name}.safetensors": encode(model.state_dict())}

    def _load(self, step: int | None) -> TransformerBridge:
        path = self._weights(step)
        return unpack(self.known, path, path.read_bytes(), self.seed)

    def _entry(self, place: Path, step: int | None) -> dict[str, Any]:
        path = self._weights(step)
        content = path.read_bytes()
        beside = {each.name: each for each in sorted(path.parent.iterdir()) if self._is_folder and each != path}
        entry: dict[str, Any] = {
            "file": (place / path.relative_to(self.folder / "files")).as_posix(),
            "format": "safetensors, float16",
            "sha256": sha256(content),
            "bytes": len(content) + sum(each.stat().st_size for each in beside.values()),
        }
        if beside:
            entry["beside"] = {name: sha256(each.read_bytes()) for name, each in beside.items()}
        return entry


def _refuse_to_replace(out: Path, name: str, seed: int) -> None:
    if out.resolve().is_relative_to(disk.WEIGHTS.resolve()):
        raise CourseError(f"{out} holds the shipped weights; to replace them run `mi-course train {name} --install`.")
    for taken in (f"{stem(seed)}.json", f"{stem(seed)}.safetensors", stem(seed)):
        if (path := out / name / taken).exists():
            raise CourseError(f"{path} is there already; remove it, or choose another folder with --out.")


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
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


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
