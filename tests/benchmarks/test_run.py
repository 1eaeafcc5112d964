"""`make bench`: rows of the agreed form, a table, a file, and an exit code that says whether a bound was passed."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

from tests.benchmarks import run

ROW = {"name": "sweep", "peer": "a loop", "ratio": 0.5, "bound": 1.0, "max_diff": 0.0}


@pytest.mark.parametrize("ratio, code", [(0.5, 0), (1.5, 1)])
def test_a_bound_that_is_passed_is_an_exit_code(ratio, code, tmp_path, monkeypatch, capsys):
    toy = types.ModuleType("tests.benchmarks.check_overhead")
    toy.rows = lambda: [ROW | {"ratio": ratio}]
    monkeypatch.setitem(sys.modules, toy.__name__, toy)
    monkeypatch.chdir(tmp_path)
    assert run.main(["check_overhead"]) == code
    assert json.loads(Path("bench-check_overhead.json").read_text()) == [ROW | {"ratio": ratio}]
    assert "a loop" in capsys.readouterr().out


def test_an_unknown_name_is_refused_and_the_known_ones_are_told():
    script = Path(run.__file__)
    done = subprocess.run([sys.executable, script, "nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "check_overhead" in done.stderr
