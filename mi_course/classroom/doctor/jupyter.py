"""JupyterLab as `mi-course lab` starts it: the kernel it offers, its widgets, and the script of the token pictures.

Jupyter is asked in a process of its own, under the environment that `mi-course lab` gives it, since what it finds
depends on that.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mi_course.classroom import lab
from mi_course.classroom.doctor.finding import Finding
from mi_course.classroom.doctor.packages import required

SECONDS = 15
"""How long Jupyter may take to answer. It needs a fraction of a second; a busy machine needs more."""

MANAGER = "@jupyter-widgets/jupyterlab-manager"
SCRIPT = "circuitsvis/dist/cdn/iife.js"


class JupyterSilent(Exception):
    """Jupyter did not start, or gave no answer that can be read."""


def ask(*words: str) -> Any:
    """What `jupyter WORDS --json` of this environment answers."""
    line = [sys.executable, "-m", "jupyter", *words, "--json"]
    try:
        done = subprocess.run(line, env=lab.environment(), capture_output=True, text=True, timeout=SECONDS, check=True)
        return json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise JupyterSilent(f"no answer in {SECONDS} seconds") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-1:] or [f"exit code {error.returncode}"]
        raise JupyterSilent(last[0]) from None
    except (OSError, ValueError) as error:
        raise JupyterSilent(str(error)) from None


def command() -> Iterator[Finding]:
    """Whether the `jupyter` on the path is this environment's: whoever types `jupyter lab` gets that one."""
    found = shutil.which("jupyter")
    if found is None:
        yield Finding("jupyter", "ok", "no `jupyter` on the path; `mi-course lab` starts the one of this environment")
    elif _folder(found) in {_folder(sys.executable), _plain(sysconfig.get_path("scripts"))}:
        yield Finding("jupyter", "ok", f"`jupyter` is this environment's ({found})")
    else:
        yield Finding(
            "jupyter",
            "warn",
            f"`jupyter` is another environment's ({found}), which may not have the course",
            "Open the course with `mi-course lab`, or activate this environment before `jupyter lab`.",
        )


def kernel() -> Iterator[Finding]:
    """Whether the kernel that runs the notebooks, `python3`, is this Python."""
    try:
        spec = ask("kernelspec", "list")["kernelspecs"].get("python3")
    except JupyterSilent as error:
        again = "Install JupyterLab again: " + _pip("--force-reinstall jupyterlab ipykernel")
        yield Finding("kernel", "problem", f"Jupyter does not start ({error})", again)
        return
    again = f'Run `"{sys.executable}" -m ipykernel install --sys-prefix`.'
    if spec is None:
        yield Finding("kernel", "problem", "there is no kernel called python3", f"{_pip('ipykernel')} Then: {again}")
        return
    program = spec["spec"]["argv"][0]
    # Jupyter puts its own interpreter in the place of a bare `python`.
    ours = re.fullmatch(r"python(3(\.\d+)?)?(\.exe)?", program) or _folder(program) == _folder(sys.executable)
    if ours:
        yield Finding("kernel", "ok", f"the kernel python3 is this Python ({sys.executable})")
    else:
        where = f"as {spec.get('resource_dir', 'Jupyter')} says"
        yield Finding("kernel", "problem", f"the kernel python3 is another Python ({program}), {where}", again)


def widgets() -> Iterator[Finding]:
    """Whether ipywidgets is there for the kernel and its extension for JupyterLab; one alone shows nothing."""
    try:
        version = importlib.metadata.version("ipywidgets")
    except importlib.metadata.PackageNotFoundError:
        missing = "ipywidgets is not installed, so progress bars and explorers show nothing"
        yield Finding("widgets", "problem", missing, _pip("ipywidgets"))
        return
    try:
        paths = ask("--paths")
    except JupyterSilent as error:
        silent = f"Jupyter does not say where its extensions are ({error})"
        yield Finding("widgets", "problem", silent, "Install JupyterLab again: " + _pip("--force-reinstall jupyterlab"))
        return
    places = [Path(folder) / "labextensions" / MANAGER for folder in paths["data"]]
    seen = [place for place in places if (place / "package.json").is_file()]
    if not seen:
        without = f"ipywidgets {version} is installed, but JupyterLab does not see its extension {MANAGER}"
        yield Finding("widgets", "problem", without, _pip("--force-reinstall --no-deps jupyterlab_widgets"))
    elif _switched_off(paths["config"]):
        yield Finding(
            "widgets",
            "problem",
            f"JupyterLab's extension {MANAGER} is switched off",
            f'Run `"{sys.executable}" -m jupyter labextension enable {MANAGER}`.',
        )
    else:
        yield Finding("widgets", "ok", f"ipywidgets {version}, with its extension in {seen[0]}")


def circuitsvis() -> Iterator[Finding]:
    """Whether circuitsvis brings the script that the course puts into the page, so that nothing is fetched."""
    try:
        installed = importlib.metadata.distribution("circuitsvis")
    except importlib.metadata.PackageNotFoundError:
        if required("circuitsvis"):
            missing = "circuitsvis is not installed, so pictures over tokens cannot be drawn"
            yield Finding("circuitsvis", "problem", missing, _pip("circuitsvis"))
        else:
            yield Finding("circuitsvis", "ok", "not installed, and this edition of the course does not use it")
        return
    script = Path(str(installed.locate_file(SCRIPT)))
    if script.is_file() and script.stat().st_size:
        yield Finding(
            "circuitsvis", "ok", f"circuitsvis {installed.version}, with its script for work without a network"
        )
    else:
        yield Finding(
            "circuitsvis",
            "problem",
            f"circuitsvis {installed.version} is installed without its script ({script}), so its pictures stay empty",
            _pip("--force-reinstall --no-deps circuitsvis"),
        )


def _switched_off(folders: list[str]) -> bool:
    """Whether JupyterLab's settings switch the widgets' extension off; the first folder has the last word."""
    off = False
    for folder in reversed(folders):
        try:
            page = json.loads((Path(folder) / "labconfig" / "page_config.json").read_text(encoding="utf-8"))
            disabled = page.get("disabledExtensions", {})
        except (OSError, ValueError, AttributeError):
            continue  # none there, or none that JupyterLab could read
        if isinstance(disabled, list):  # as older versions wrote it
            disabled = dict.fromkeys(disabled, True)
        for name in (MANAGER, f"{MANAGER}:plugin"):
            off = bool(disabled.get(name, off))
    return off


def _folder(program: str) -> str:
    """The folder of a program, links not followed: the Pythons of two environments may be links to one."""
    return _plain(str(Path(program).parent))


def _plain(path: str) -> str:
    return os.path.normcase(os.path.abspath(path))


def _pip(what: str) -> str:
    return f'Run `"{sys.executable}" -m pip install {what}`.'
