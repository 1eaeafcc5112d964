"""JupyterLab: whose `jupyter` it is, whose kernel, and whether widgets and token pictures can show anything."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mi_course.classroom.doctor import jupyter
from mi_course.classroom.doctor.finding import Finding
from mi_course.classroom.doctor.jupyter import MANAGER, SCRIPT, JupyterSilent

Answer = Callable[[Any], None]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Sets what Jupyter answers; an exception is raised instead."""

    def set_answer(answer: Any) -> None:
        def ask(*words: str) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(jupyter, "ask", ask)

    return set_answer


def only(findings: Any) -> Finding:
    (finding,) = findings
    assert finding.status == "ok" or finding.do
    return finding


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_jupyter_of_this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jupyter.shutil, "which", lambda name: str(Path(sys.executable).with_name(name)))
    assert only(jupyter.command()).status == "ok"


def test_no_jupyter_on_the_path_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jupyter.shutil, "which", lambda name: None)
    finding = only(jupyter.command())
    assert finding.status == "ok" and "mi-course lab" in finding.found


def test_the_jupyter_of_another_environment_even_with_the_same_python(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.setattr(jupyter.shutil, "which", lambda name: str(tmp_path / name))
    finding = only(jupyter.command())
    assert finding.status == "warn"
    assert str(tmp_path) in finding.found and "`mi-course lab`" in finding.do


# --- the kernel -------------------------------------------------------------------------------------------------------


def kernelspecs(program: str) -> dict[str, Any]:
    return {"kernelspecs": {"python3": {"resource_dir": "/there", "spec": {"argv": [program, "-m", "x"]}}}}


@pytest.mark.parametrize("program", ["python", "python3", "python3.11", "python.exe", sys.executable])
def test_a_kernel_that_is_this_python(answers: Answer, program: str) -> None:
    answers(kernelspecs(program))
    assert only(jupyter.kernel()).status == "ok"


@pytest.mark.parametrize("program", ["/other/bin/python", "/other/bin/python3.11", "pypy"])
def test_a_kernel_that_is_another_python(answers: Answer, program: str) -> None:
    answers(kernelspecs(program))
    finding = only(jupyter.kernel())
    assert finding.status == "problem"
    assert program in finding.found and "/there" in finding.found
    assert "ipykernel install --sys-prefix" in finding.do


def test_no_kernel(answers: Answer) -> None:
    answers({"kernelspecs": {"ir": {}}})
    finding = only(jupyter.kernel())
    assert finding.status == "problem" and "no kernel called python3" in finding.found
    assert "ipykernel install --sys-prefix" in finding.do


def test_jupyter_that_does_not_start(answers: Answer) -> None:
    answers(JupyterSilent("No module named jupyter"))
    for check in (jupyter.kernel, jupyter.widgets):
        finding = only(check())
        assert finding.status == "problem"
        assert "No module named jupyter" in finding.found and "jupyterlab" in finding.do


def test_this_environments_jupyter_answers() -> None:
    assert "python3" in jupyter.ask("kernelspec", "list")["kernelspecs"]
    assert str(Path(sys.prefix) / "share" / "jupyter") in jupyter.ask("--paths")["data"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (subprocess.TimeoutExpired("jupyter", 15), "no answer in 15 seconds"),
        (subprocess.CalledProcessError(1, "jupyter", stderr="Traceback\nImportError: zmq\n"), "ImportError: zmq"),
        (subprocess.CalledProcessError(7, "jupyter", stderr=""), "exit code 7"),
        (OSError("Cannot allocate memory"), "Cannot allocate memory"),
    ],
)
def test_why_jupyter_is_silent(monkeypatch: pytest.MonkeyPatch, error: Exception, told: str) -> None:
    def run(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(jupyter.subprocess, "run", run)
    with pytest.raises(JupyterSilent, match=told):
        jupyter.ask("--paths")


def test_an_answer_that_is_no_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jupyter.subprocess, "run", lambda *arguments, **options: SimpleNamespace(stdout="hello"))
    with pytest.raises(JupyterSilent):
        jupyter.ask("--paths")


# --- widgets ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def places(tmp_path: Path, answers: Answer) -> SimpleNamespace:
    """Jupyter's folders, two for data and two for settings, with the extension in the second."""
    folders = {kind: [tmp_path / kind / which for which in ("first", "second")] for kind in ("data", "config")}
    answers({kind: list(map(str, both)) for kind, both in folders.items()})
    extension = folders["data"][1] / "labextensions" / MANAGER
    extension.mkdir(parents=True)
    (extension / "package.json").write_text("{}")
    return SimpleNamespace(extension=extension, settings=folders["config"])


def switch(folder: Path, page: object) -> None:
    (folder / "labconfig").mkdir(parents=True)
    (folder / "labconfig" / "page_config.json").write_text(page if isinstance(page, str) else json.dumps(page))


def test_widgets_with_their_extension(places: SimpleNamespace) -> None:
    finding = only(jupyter.widgets())
    assert finding.status == "ok" and str(places.extension) in finding.found


def test_widgets_without_their_extension(places: SimpleNamespace) -> None:
    (places.extension / "package.json").unlink()
    finding = only(jupyter.widgets())
    assert finding.status == "problem" and "does not see its extension" in finding.found
    assert "jupyterlab_widgets" in finding.do


def test_widgets_that_are_not_installed(monkeypatch: pytest.MonkeyPatch, places: SimpleNamespace) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    finding = only(jupyter.widgets())
    assert finding.status == "problem" and "ipywidgets is not installed" in finding.found
    assert "pip install ipywidgets" in finding.do


@pytest.mark.parametrize("disabled", [{MANAGER: True}, [MANAGER], {f"{MANAGER}:plugin": True}])
def test_widgets_switched_off(places: SimpleNamespace, disabled: object) -> None:
    switch(places.settings[1], {"disabledExtensions": disabled})
    finding = only(jupyter.widgets())
    assert finding.status == "problem" and "switched off" in finding.found
    assert f"labextension enable {MANAGER}" in finding.do


@pytest.mark.parametrize(
    "page", [{"disabledExtensions": {MANAGER: False}}, {"disabledExtensions": {"x": True}}, "{", "3"]
)
def test_settings_that_leave_widgets_on(places: SimpleNamespace, page: object) -> None:
    switch(places.settings[1], page)
    assert only(jupyter.widgets()).status == "ok"


def test_the_first_folder_of_settings_has_the_last_word(places: SimpleNamespace) -> None:
    switch(places.settings[0], {"disabledExtensions": {MANAGER: False}})
    switch(places.settings[1], {"disabledExtensions": {MANAGER: True}})
    assert only(jupyter.widgets()).status == "ok"


# --- circuitsvis ------------------------------------------------------------------------------------------------------


@pytest.fixture
def wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the script of an installed circuitsvis would lie."""
    installed = SimpleNamespace(version="1.43.3", locate_file=lambda name: tmp_path / name)
    monkeypatch.setattr(importlib.metadata, "distribution", {"circuitsvis": installed}.__getitem__)
    script = tmp_path / SCRIPT
    script.parent.mkdir(parents=True)
    return script


def test_circuitsvis_with_its_script(wheel: Path) -> None:
    wheel.write_text("var circuitsvis;")
    finding = only(jupyter.circuitsvis())
    assert finding.status == "ok" and "1.43.3" in finding.found


@pytest.mark.parametrize("content", [None, ""])
def test_circuitsvis_without_its_script(wheel: Path, content: str | None) -> None:
    if content is not None:
        wheel.write_text(content)
    finding = only(jupyter.circuitsvis())
    assert finding.status == "problem" and str(wheel) in finding.found
    assert "--force-reinstall --no-deps circuitsvis" in finding.do


@pytest.mark.parametrize(("needed", "status"), [(True, "problem"), (False, "ok")])
def test_no_circuitsvis(monkeypatch: pytest.MonkeyPatch, needed: bool, status: str) -> None:
    def distribution(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", distribution)
    monkeypatch.setattr(jupyter, "required", lambda name: needed)
    finding = only(jupyter.circuitsvis())
    assert finding.status == status and "not installed" in finding.found
