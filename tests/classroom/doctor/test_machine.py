"""Threads, memory and disk, on machines that have plenty, little, or do not tell."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mi_course.checking import home
from mi_course.classroom.doctor import machine
from mi_course.classroom.doctor.finding import Finding


def only(findings: Any) -> Finding:
    (finding,) = findings
    assert finding.status == "ok" or finding.do
    return finding


# --- threads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "load", "status", "told"),
    [
        (1, 0.2, "ok", "torch takes 1 thread of its own accord"),
        (8, 0.2, "ok", "the notebooks set one"),
        (8, None, "ok", "the notebooks set one"),
        (8, 4.0, "warn", "the machine is busy (load 4.0 on 4 cores)"),
        (1, 9.5, "ok", "the machine is busy (load 9.5 on 4 cores); everything takes longer"),
    ],
)
def test_threads(monkeypatch: pytest.MonkeyPatch, count: int, load: float | None, status: str, told: str) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: count)
    monkeypatch.setattr(machine, "_cores", lambda: 4)
    monkeypatch.setattr(machine, "_load", lambda: load)
    finding = only(machine.threads())
    assert finding.status == status
    assert told in finding.found
    assert ("OMP_NUM_THREADS=1" in finding.do) is (status == "warn")


@pytest.mark.parametrize(
    ("setting", "sound"), [("1", True), (" 4,2 ", True), ("all", False), ("0", False), ("-1", False), ("", False)]
)
def test_omp_num_threads(monkeypatch: pytest.MonkeyPatch, setting: str, sound: bool) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", setting)
    monkeypatch.setattr(machine, "_load", lambda: 0.0)
    finding = only(machine.threads())
    assert finding.status == ("ok" if sound else "warn")
    assert setting in finding.found and "OMP_NUM_THREADS" in finding.found


def test_a_system_without_load_and_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "getloadavg", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert machine._load() is None
    assert machine._cores() == 6


# --- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "available", "status"),
    [
        (8e9, 6e9, "ok"),
        (8e9, 1.2e9, "warn"),
        (8e9, 0.4e9, "problem"),
        (8e9, None, "ok"),
        (1e9, None, "warn"),
        (0.5e9, None, "problem"),
        (None, None, "ok"),
    ],
)
def test_memory(monkeypatch: pytest.MonkeyPatch, total: float | None, available: float | None, status: str) -> None:
    monkeypatch.setattr(machine, "_memory", lambda: (total, available))
    finding = only(machine.memory())
    assert finding.status == status
    assert ("does not say" if total is None else f"{total / 1e9:.1f} GB") in finding.found
    assert bool(finding.do) is (status != "ok")


def system(root: Path, **files: str) -> Path:
    for name, text in files.items():
        file = root / name.replace("__", "/").replace("_DOT_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


MEMINFO = "MemTotal:        8000000 kB\nMemFree:          500000 kB\nMemAvailable:    4000000 kB\nHugePages:       0\n"


def test_memory_of_a_linux_machine(tmp_path: Path) -> None:
    root = system(tmp_path, proc__meminfo=MEMINFO, sys__fs__cgroup__memory_DOT_max="max\n")
    assert machine._memory(root) == (8000000 * 1024, 4000000 * 1024)


def test_memory_of_a_container(tmp_path: Path) -> None:
    limits = {"sys__fs__cgroup__memory_DOT_max": "2000000000\n", "sys__fs__cgroup__memory_DOT_current": "1500000000\n"}
    assert machine._memory(system(tmp_path, proc__meminfo=MEMINFO, **limits)) == (2e9, 0.5e9)


def test_memory_of_an_older_container(tmp_path: Path) -> None:
    folder = tmp_path / "sys/fs/cgroup/memory"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text("3000000000\n")
    (folder / "memory.usage_in_bytes").write_text("1000000000\n")
    assert machine._memory(system(tmp_path, proc__meminfo=MEMINFO)) == (3e9, 2e9)
    (folder / "memory.limit_in_bytes").write_text("9223372036854771712\n")  # no limit
    assert machine._memory(tmp_path) == (8000000 * 1024, 4000000 * 1024)


def test_memory_where_there_is_no_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert machine._memory(tmp_path) == (4096000, None)
    monkeypatch.delattr(os, "sysconf")
    assert machine._memory(tmp_path) == (None, None)


# --- disk -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("free", "status"), [(20e9, "ok"), (0.3e9, "warn"), (0.01e9, "problem")])
def test_disk(monkeypatch: pytest.MonkeyPatch, free: float, status: str) -> None:
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    for finding in machine.disk():
        assert finding.status == status
        assert f"{free / 1e9:.1f} GB free" in finding.found
        assert bool(finding.do) is (status != "ok")


def test_one_line_a_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MI_COURSE_HOME", str(tmp_path / "not" / "yet" / "there"))
    monkeypatch.chdir(tmp_path)
    assert f"your working copy and your record of progress ({tmp_path})" in only(machine.disk()).found

    real = Path.stat

    def stat(self: Path, **options: bool) -> Any:
        if self.name == "elsewhere":
            return SimpleNamespace(st_dev=-1, st_mode=real(self, **options).st_mode)
        return real(self, **options)

    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("MI_COURSE_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(Path, "stat", stat)
    copy, record = machine.disk()
    assert f"your working copy ({tmp_path})" in copy.found
    assert f"your record of progress ({tmp_path / 'elsewhere'})" in record.found


def test_the_working_copy_is_where_its_record_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / home.FOLDER).mkdir()
    (tmp_path / "deep").mkdir()
    monkeypatch.delenv("MI_COURSE_HOME")
    monkeypatch.chdir(tmp_path / "deep")
    assert f"({tmp_path})" in only(machine.disk()).found
