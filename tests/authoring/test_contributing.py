"""The walk-through in CONTRIBUTING.md, followed step by step in a copy of the course."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME = "bos_attention"


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def blocks() -> tuple[str, str]:
    """The finished entry and the finished cells, as the text shows them."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return next(block for block in found if block.startswith(f"# --- {NAME}")), next(
        block for block in found if block.startswith("# %%")
    )


@pytest.mark.slow
def test_an_exercise_can_be_added_as_described(tmp_path: Path) -> None:
    root = tmp_path / "course"
    root.mkdir()
    for name in ("mi_course", "solutions", "chapters", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "screenshots"))
    shutil.copy(ROOT / "pyproject.toml", root)
    module = root / "mi_course" / "exercises" / "induction_heads" / "conflict.py"
    source = root / "solutions" / "02_induction_heads.py"
    entry, cells = blocks()

    added = run(root, "-m", "mi_course.cli", "dev", "new", "induction_heads", NAME, "--file", "conflict")
    assert added.returncode == 0, added.stderr
    listed = run(root, "-m", "mi_course.cli", "dev", "check", "induction_heads")
    assert listed.returncode == 1
    said = [line for line in listed.stdout.splitlines() if line.startswith("  line ")]
    marks = module.read_text(encoding="utf-8").count("WRITE:") + source.read_text(encoding="utf-8").count("WRITE:")
    assert len(said) == marks

    text = module.read_text(encoding="utf-8")
    frame = text[text.index(f"# --- {NAME}") : text.index("EXERCISES = [")]
    module.write_text(text.replace(frame, entry + "\n\n"), encoding="utf-8")
    bank = run(
        root, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/exercises", "--bank", f"induction_heads.{NAME}"
    )
    assert bank.returncode == 0, bank.stdout[-3000:]

    text = source.read_text(encoding="utf-8")
    frame = text[text.rindex("# %% [markdown]", 0, text.index("WRITE:")) :]
    place = re.search(r"^# %% [^\n]*\n# ## Scale up", text, re.MULTILINE)
    assert place is not None
    text = text.replace(frame, "")
    text = f"{text[: place.start()]}{cells}\n{text[place.start() :].rstrip()}\n"
    source.write_text(text, encoding="utf-8")
    # Without running the chapter: the test of the notebooks does that, and it takes long.
    built = run(root, "-m", "mi_course.cli", "dev", "build", "induction_heads", "--no-execute")
    assert built.returncode == 0, built.stderr
    listed = run(root, "-m", "mi_course.cli", "dev", "check", "induction_heads")
    files = {line for line in listed.stdout.splitlines() if line.endswith((".py", ".ipynb"))}
    assert files <= {"solutions/02_induction_heads.ipynb"}, listed.stdout  # which was not built anew


def test_the_finished_entry_is_tidy(tmp_path: Path) -> None:
    """By this project's own rules; names that it takes from its file aside."""
    entry, _ = blocks()
    path = tmp_path / "entry.py"
    path.write_text(entry, encoding="utf-8")
    settings = ["--config", str(ROOT / "pyproject.toml")]
    for arguments in (["check", "--ignore", "F", *settings], ["format", "--check", *settings]):
        done = run(ROOT, "-m", "ruff", *arguments, str(path))
        assert done.returncode == 0, done.stdout
