"""Everything CI runs, part by part: `make test`, or `python tests/run.py lint types` for some of it.

A part that fails does not stop the others. At the end come the time each part took, and pytest's counts added up.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = (
    "SKIPPED: the browser test did not run, because there is no Chromium or Chrome on the path. "
    "On Debian: apt-get install chromium; elsewhere install Chrome or Chromium, then run `make test PARTS=browser`."
)
COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped|deselected)\b")
SUMMARY = re.compile(r"=*\s*\d+ (passed|failed|errors?|skipped|deselected)\b.* in [\d.]+s")
COLOURS = re.compile(r"\x1b\[[\d;]*m")


def pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


def module(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


PARTS: dict[str, list[str]] = {
    "lint": module("ruff", "check"),
    "format": module("ruff", "format", "--check"),
    "imports": [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
    "types": module("mypy"),
    "tests": pytest("-n", "2", "-m", "not browser"),
    "notebooks": pytest(
        *("-p", "tests.notebooks.nbval_settings", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadscope"),
        *("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=120", "solutions"),
    ),
    "build": module("mi_course.cli", "dev", "check"),
    "browser": pytest("-m", "browser", "tests/browser"),
}


@dataclass
class Outcome:
    part: str
    status: str
    seconds: float
    counts: dict[str, int] = field(default_factory=dict)


def run(part: str) -> Outcome:
    """Run one part, passing its output on line by line, and count what pytest says."""
    print(f"\n== {part}", flush=True)
    if part == "browser" and not any(map(shutil.which, BROWSERS)):
        print(NO_BROWSER)
        return Outcome(part, "skipped", 0.0)
    started = time.monotonic()
    counts: dict[str, int] = {}
    with subprocess.Popen(
        PARTS[part], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            plain = COLOURS.sub("", line)
            if SUMMARY.match(plain):
                counts = {word.rstrip("s"): int(number) for number, word in COUNTS.findall(plain)}
    status = "passed" if process.returncode == 0 else "FAILED"
    return Outcome(part, status, time.monotonic() - started, counts)


def main(wanted: list[str]) -> int:
    unknown = [part for part in wanted if part not in PARTS]
    if unknown:
        print(f"There is no part {unknown[0]!r}; there are: {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    # Small models want one thread, and two workers share the machine.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    outcomes = [run(part) for part in wanted or PARTS]

    print("\n== times")
    for outcome in outcomes:
        counts = ", ".join(f"{number} {word}" for word, number in outcome.counts.items())
        print(f"{outcome.part:<10} {outcome.status:<8} {outcome.seconds:7.1f} s  {counts}".rstrip())
    passed = sum(outcome.counts.get("passed", 0) for outcome in outcomes)
    failed = sum(outcome.counts.get(word, 0) for outcome in outcomes for word in ("failed", "error"))
    bad = [outcome.part for outcome in outcomes if outcome.status == "FAILED"]
    print(f"Parts: {len(outcomes) - len(bad)} fine, {len(bad)} not{': ' + ', '.join(bad) if bad else ''}.")
    total = sum(outcome.seconds for outcome in outcomes)
    print(f"{passed} passed, {failed} failed in {total:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
