"""How JupyterLab is started on a working copy: offline, also as root, also without a display."""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from mi_course.errors import CourseError

DEFAULTS = Path(__file__).parent / "jupyter"
"""A Jupyter configuration folder with defaults for learners, which their own settings override: no question about
news from the network (and so no look for updates); every cell laid out, so that the page does not jump while one
scrolls; and nbgrader's menus, which are for whoever sets the class up, put away."""


def command(directory: Path, arguments: Sequence[str] = ()) -> list[str]:
    """The command line that opens JupyterLab on `directory`, with the learner's own `arguments` at the end.

    Raises CourseError when `arguments` name a port that cannot be used.
    """
    line = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={directory}"]
    if running_as_root():
        line.append("--allow-root")
    if not has_display(os.environ):
        line.append("--no-browser")
    port = named_port(arguments)
    if port is not None and port != 0:
        refuse_busy_port(port, named_value(arguments, "ip") or "localhost")
        # Whoever names a port means that one, not the next free one.
        if named_value(arguments, "port_retries") is None and named_value(arguments, "port-retries") is None:
            line.append("--ServerApp.port_retries=0")
    return [*line, *arguments]


def run(directory: Path, arguments: Sequence[str] = ()) -> NoReturn:
    """Become JupyterLab; return only by leaving the process, with JupyterLab's exit code."""
    line = command(directory, arguments)
    if os.name == "posix":
        os.execve(line[0], line, environment())
    # On Windows exec returns to the prompt at once, with JupyterLab still running.
    try:
        sys.exit(subprocess.run(line, env=environment(), check=False).returncode)
    except KeyboardInterrupt:
        sys.exit(130)


def environment() -> dict[str, str]:
    """The environment variables under which JupyterLab is started."""
    return {
        **os.environ,
        # The notebooks run in this environment, whatever kernels the learner has elsewhere.
        "JUPYTER_PREFER_ENV_PATH": "1",
        # Our defaults come before JupyterLab's and after the learner's own settings.
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, [str(DEFAULTS), os.environ.get("JUPYTER_CONFIG_PATH")])),
    }


def named_value(arguments: Sequence[str], option: str) -> str | None:
    """The value of `--option V`, `--option=V` or `--ServerApp.option=V`, or None."""
    found = None
    names = (f"--{option}", f"--ServerApp.{option}")
    for argument, following in zip(arguments, [*arguments[1:], None], strict=False):
        name, equals, value = argument.partition("=")
        if name in names:
            found = value if equals else following
    return found


def named_port(arguments: Sequence[str]) -> int | None:
    """The port the learner asked for, or None. Raises CourseError when it is not a port number."""
    value = named_value(arguments, "port")
    if value is None:
        return None
    if not re.fullmatch(r"\d+", value) or int(value) > 65535:
        raise CourseError(f"{value!r} is not a port: give a number such as 8899 (to 65535).")
    return int(value)


def refuse_busy_port(port: int, ip: str) -> None:
    """Raise CourseError when nothing can listen on `port`: JupyterLab would say so in a page of log."""
    try:
        addresses = socket.getaddrinfo(
            ip if ip != "*" else None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError:
        raise CourseError(f"{ip!r} is not an address of this machine: leave `--ip` out, or give 0.0.0.0.") from None
    for family, kind, protocol, _, address in addresses:
        try:
            probe = socket.socket(family, kind, protocol)
        except OSError:  # this machine has no IPv6
            continue
        with probe:
            if os.name == "posix":  # as the server does: a port that was just given back is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind(address)
            except PermissionError:
                raise CourseError(f"Port {port} is kept for the system: name one from 1024, e.g. 8899.") from None
            except OSError as error:
                if _not_ours(error):
                    continue
                raise CourseError(
                    f"Port {port} is in use by another program (or by a JupyterLab you left open): "
                    "name another port, or none, and JupyterLab takes a free one."
                ) from None


def running_as_root() -> bool:
    """Jupyter refuses to run as root, as in a container, unless told."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def has_display(environment: Mapping[str, str]) -> bool:
    """Whether a browser window can open. Without one JupyterLab prints its address and waits."""
    if sys.platform.startswith("linux"):
        return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _not_ours(error: OSError) -> bool:
    """An address the name resolves to that this machine cannot bind, e.g. ::1 where IPv6 is switched off."""
    return error.errno == errno.EADDRNOTAVAIL
