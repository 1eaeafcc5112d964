"""How JupyterLab's command line is put together."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from mi_course.classroom import lab
from mi_course.errors import CourseError


@pytest.mark.parametrize(
    ("arguments", "port"),
    [
        ([], None),
        (["--port", "8899"], 8899),
        (["--port=8899", "--no-browser"], 8899),
        (["--ServerApp.port=7000"], 7000),
        (["--port=0"], 0),
        (["--portage=3"], None),
    ],
)
def test_named_port(arguments: list[str], port: int | None) -> None:
    assert lab.named_port(arguments) == port


@pytest.mark.parametrize("value", ["eighty", "-1", "65536", ""])
def test_a_port_that_is_none(value: str) -> None:
    with pytest.raises(CourseError, match="is not a port"):
        lab.named_port(["--port", value])


@pytest.mark.parametrize("ip", [None, "127.0.0.1", "0.0.0.0"])
def test_a_busy_port_is_one_sentence(tmp_path: Path, ip: str | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        arguments = ["--port", str(port), *(["--ip", ip] if ip else [])]
        with pytest.raises(CourseError, match=f"Port {port} is in use"):
            lab.command(tmp_path, arguments)


def test_a_free_port_is_meant_exactly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    line = lab.command(tmp_path, ["--port", str(port)])
    assert "--ServerApp.port_retries=0" in line
    assert line[-2:] == ["--port", str(port)]


def test_a_learner_who_wants_retries_gets_them_and_no_option_twice(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    line = lab.command(tmp_path, ["--port", str(port), "--port-retries=5"])
    assert [word for word in line if "retries" in word] == ["--port-retries=5"]


def test_without_a_port_the_next_free_one_is_fine(tmp_path: Path) -> None:
    line = lab.command(tmp_path)
    assert not [word for word in line if word.startswith(("--port", "--ServerApp.port"))]
    assert f"--ServerApp.root_dir={tmp_path}" in line


def test_an_address_that_is_not_here(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="not an address of this machine"):
        lab.command(tmp_path, ["--port", "8899", "--ip", "no.such.host.invalid"])


@pytest.mark.parametrize(("uid", "told"), [(0, True), (1000, False)])
def test_only_root_is_told_that_root_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uid: int, told: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid, raising=False)
    assert ("--allow-root" in lab.command(tmp_path)) is told


def test_no_browser_without_a_display(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert "--no-browser" in lab.command(tmp_path)
    monkeypatch.setenv("DISPLAY", ":0")
    assert "--no-browser" not in lab.command(tmp_path)
