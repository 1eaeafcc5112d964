"""Running a notebook the way a fresh reader would: a new kernel of this Python, in an empty directory."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from mi_course.errors import CourseError

CELL_TIMEOUT = 300
"""Seconds one cell may take. A chapter's longest cell should need a tenth of it on two cores."""

STDERR_EXPECTED = "stderr-expected"
"""Tag of a cell that may write to standard error (a progress bar, say)."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_WIDGET = "application/vnd.jupyter.widget-view+json"


class ExecutionError(CourseError):
    """A cell of a solved notebook failed."""


def run_notebook(notebook: Any, *, root: Path, path: str, timeout: int = CELL_TIMEOUT) -> None:
    """Run every code cell of `notebook` in place, outputs and execution counts included.

    The kernel runs this Python, sees the package at `root`, and keeps the record of progress, like everything else
    it writes, in a temporary directory. Raises ExecutionError naming the cell that raised, ran into `timeout`
    seconds, took the kernel down, or wrote to standard error without the tag `stderr-expected`.
    """
    with tempfile.TemporaryDirectory(prefix="mi-course-build-") as directory:
        client = _client(notebook, Path(directory), timeout)
        with client.setup_kernel(cleanup_kc=True, cwd=directory, env=_environment(root, Path(directory))):
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    _run_cell(client, cell, index, path, timeout)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _keep(output)]
            _refuse_stderr(cell, path)


def _client(notebook: Any, directory: Path, timeout: int) -> Any:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    class ThisPython(KernelSpecManager):
        """A kernel called python3 may be registered for another environment; this one is always ours."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            from ipykernel.kernelspec import RESOURCES, get_kernel_dict

            return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())

    return NotebookClient(
        notebook,
        km=AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=ThisPython(),
            connection_file=str(directory / "kernel.json"),
            transport="tcp" if sys.platform == "win32" else "ipc",  # no ports to race for, and none open to others
        ),
        timeout=timeout,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(directory)}},
    )


def _environment(root: Path, directory: Path) -> dict[str, str]:
    paths = [str(root), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "MI_COURSE_HOME": str(directory / "record"),
        "MI_COURSE_LEARNER": "the authors",  # exercises drawn for the learner are the same at every build
        "IPYTHONDIR": str(directory / "ipython"),  # no start-up files of the author's own
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONHASHSEED": "0",
    }


def _run_cell(client: Any, cell: Any, index: int, path: str, timeout: int) -> None:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    try:
        client.execute_cell(cell, index, execution_count=client.code_cells_executed + 1)
    except CellTimeoutError:
        _fail(path, cell, f"took more than {timeout} seconds")
    except DeadKernelError:
        _fail(path, cell, "took the kernel down (out of memory, or a crash in compiled code)")
    except CellExecutionError as error:
        raised = next((output for output in reversed(cell.outputs) if output.output_type == "error"), error)
        lines = _ANSI.sub("", "\n".join(getattr(raised, "traceback", []))).strip().splitlines()
        shown = "\n".join(f"    {line}".rstrip() for line in lines[-12:])
        first = _ANSI.sub("", raised.evalue).strip().partition("\n")[0]
        _fail(path, cell, f"raised {raised.ename}: {first.rstrip('.')}", shown)


def _fail(path: str, cell: Any, what: str, detail: str = "") -> None:
    raise ExecutionError(
        f"{path}: {describe(cell)} {what}. The notebooks built before are unchanged.\n{detail}".rstrip()
    )


def describe(cell: Any) -> str:
    """A cell as messages name it: its id and its first line."""
    first = next((line.strip() for line in cell["source"].splitlines() if line.strip()), "")
    return f"cell {cell['id']} ({first[:70]})"


def _keep(output: Any) -> bool:
    """Drop live widgets, which nobody can see in a stored notebook; a figure they carry as HTML stays."""
    data = output.get("data")
    if not data or _WIDGET not in data:
        return True
    data.pop(_WIDGET)
    return bool(set(data) - {"text/plain"})


def _refuse_stderr(cell: Any, path: str) -> None:
    if STDERR_EXPECTED in cell.metadata.get("tags", []):
        return
    written = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr").strip()
    if written:
        raise ExecutionError(
            f"{path}: {describe(cell)} wrote to standard error: {written.splitlines()[0][:120]!r}. "
            f'Mend its cause, or, if a reader should see it, add tags=["{STDERR_EXPECTED}"] to the cell; '
            "nbgrader gives no points to a check that does so."
        )
