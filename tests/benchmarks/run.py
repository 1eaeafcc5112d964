"""`make bench [BENCH=name]`: run the benchmarks, print a table, write `bench-NAME.json` into the current folder.

A benchmark is a module `tests/benchmarks/NAME.py` with a function `rows()`; a row is {"name", "peer", "ratio",
"bound", "max_diff"}: how long something takes as a ratio to its peer in the same run, and how far the results differ.
Exit code 1 when a ratio exceeds its bound, 2 for a name that does not exist.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))


def main(wanted: list[str]) -> int:
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem != "run" and not path.stem.startswith("test_"))
    unknown = [name for name in wanted if name not in names]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}; there are: {', '.join(names)}.", file=sys.stderr)
        return 2
    slow = False
    for name in wanted or names:
        rows = importlib.import_module(f"tests.benchmarks.{name}").rows()
        Path(f"bench-{name}.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        show(name, rows)
        slow = slow or any(row["ratio"] > row["bound"] for row in rows)
    return int(slow)


def show(name: str, rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=name)
    for heading in ("what", "against", "ratio", "bound", "largest difference"):
        table.add_column(heading)
    for row in rows:
        numbers = [f"{row[key]:.3g}" for key in ("ratio", "bound", "max_diff")]
        table.add_row(row["name"], row["peer"], *numbers)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
