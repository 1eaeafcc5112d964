"""Curves of training: what was measured at every checkpoint, also of seeds whose checkpoints are not shipped.

A curve is two kilobytes where its checkpoints are two megabytes. Those of a seed that is shipped with checkpoints stand
on the card; the others lie in `curves/NAME.json`. They were measured when the training was repeated, on another machine
than the one that made the shipped weights. The sums are rounded otherwise there, so the bits differ; what was measured
at the end of the repetition is kept as well, and agrees with the card to 1e-3 in every number (a test looks). The curve
that `training_curve` gives ends with the card's own numbers. To measure one again, and to write the file anew:

    mi-course train induction-2l --seed 3 --out trained-models
    python -m mi_course.zoo.curves trained-models induction-2l
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mi_course.errors import CourseError
from mi_course.zoo.cards import card, check_seed

CURVES = Path(__file__).parent / "curves"


@dataclass(frozen=True)
class TrainingCurve:
    """What was measured of one training, at each checkpoint and at the end.

    steps: training steps; the last is the end. values: by name, one number for each step. Scores of heads are those of
        the head that is best at that step.
    """

    name: str
    seed: int
    steps: tuple[int, ...]
    values: dict[str, tuple[float, ...]]


def training_curve(name: str, seed: int = 0) -> TrainingCurve:
    """The curve of a training that the course ships.

    Raises CourseError for an unknown model or seed, and for one whose checkpoints were never measured.
    """
    check_seed(name, seed)
    known = card(name)
    entry = known["seeds"][str(seed)]
    points = {step: one["phenomena"] for step, one in entry.get("checkpoints", {}).items()}
    points = points or _recorded(name).get(str(seed), {}).get("checkpoints", {})
    if not points:
        raise CourseError(f"No curve of {name} with seed {seed} is shipped; those of induction-2l are, for every seed.")
    followed = list(next(iter(points.values())))
    end = {key: entry["phenomena"][key] for key in followed if key in entry["phenomena"]}
    end = {key: _number(value) for key, value in end.items()}
    steps = sorted(map(int, points))
    at = [points[str(step)] for step in steps] + [end]
    return TrainingCurve(
        name=name,
        seed=seed,
        steps=(*steps, int(known["steps"])),
        values={key: tuple(_number(point[key]) for point in at) for key in end},
    )


def _number(measured: Any) -> float:
    """The value of something measured; of scores by head, that of the best head."""
    if isinstance(measured, dict):
        measured = measured.get("best", measured)["value"]
    return float(measured)


def _recorded(name: str) -> dict[str, Any]:
    path = CURVES / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))["seeds"] if path.exists() else {}


def record(folder: Path, name: str) -> Path:
    """Write `curves/NAME.json` from the entries that `mi-course train` left in a folder, all seeds found there.

    Returns its path. Raises CourseError when the folder holds no training of the model.
    """
    entries = sorted((folder / name).glob("seed-*.json"))
    if not entries:
        raise CourseError(f"There is no {folder / name}/seed-N.json; train one with `mi-course train {name} --seed N`.")
    lines = []
    for path in entries:
        entry = json.loads(path.read_text(encoding="utf-8"))
        points = {step: one["phenomena"] for step, one in entry["checkpoints"].items()}
        followed = list(next(iter(points.values())))
        values = {step: {key: _number(point[key]) for key in followed} for step, point in points.items()}
        end = {key: _number(entry["phenomena"][key]) for key in followed if key in entry["phenomena"]}
        rows = ",\n".join(f"    {json.dumps(step)}: {json.dumps(point)}" for step, point in values.items())
        seed = json.dumps(path.stem.removeprefix("seed-"))
        lines.append(f'  {seed}: {{\n   "checkpoints": {{\n{rows}\n   }},\n   "end": {json.dumps(end)}\n  }}')
    target = CURVES / f"{name}.json"
    target.write_text('{\n "seeds": {\n' + ",\n".join(lines) + "\n }\n}\n", encoding="utf-8")
    return target


if __name__ == "__main__":
    print(record(Path(sys.argv[1]), sys.argv[2]))
