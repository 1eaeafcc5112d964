"""JupyterLab as `mi-course lab` starts it, and a Chromium that can reach nothing else."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = Path(__file__).parent / "screenshots"
HERE = ("127.0.0.1", "localhost")
NUMBER = re.compile(r"\[\d+\]")  # the prompt of a cell that has run


@dataclass
class Lab:
    """A running JupyterLab or Notebook 7: its address with the token, the folder it is open on, its log."""

    url: str
    directory: Path
    log: Path

    def notebook(self, name: str) -> str:
        """The address that opens one notebook."""
        base, query = self.url.split("?")
        return (
            f"{base}/tree/{name}?{query}"
            if base.endswith("/lab")
            else f"{base[: -len('tree')]}notebooks/{name}?{query}"
        )


@dataclass
class Visitor:
    """A browser window, every address it was asked for that is not on this machine, and errors in its console.

    A cell is named by a piece of its source. Nothing here sleeps: each step waits for what a person would wait for.
    """

    page: Page
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        """Open a notebook and wait until its kernel is ready."""
        self.page.goto(address)
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        # Both: before the toolbar names the kernel, running a cell asks which kernel to use.
        expect(self.notebook.locator(".jp-Toolbar-kernelName")).to_contain_text("Python 3")
        expect(self.notebook.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")

    @property
    def notebook(self) -> Locator:
        """The notebook in front; others may be open in tabs behind it."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def cell(self, source: str) -> Locator:
        """The one code cell whose source contains the text."""
        return self.notebook.locator(".jp-CodeCell").filter(has=self.page.locator(".jp-InputArea", has_text=source))

    def run_all(self) -> None:
        """Run > Run All Cells, and wait for the last cell's number."""
        self.page.locator(".lm-MenuBar-item").get_by_text("Run", exact=True).click()
        self.page.locator("li[data-command='runmenu:run-all']").click()
        # A chapter computes for two minutes and more.
        last = self.notebook.locator(".jp-CodeCell .jp-InputPrompt").last
        expect(last).to_have_text(NUMBER, timeout=900_000)

    def write(self, source: str, code: str) -> None:
        """Replace a cell's whole source by typing over it."""
        self.cell(source).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)

    def rewrite(self, source: str, code: str) -> None:
        """Replace a cell's whole source by typing over it, and run it."""
        self.write(source, code)
        self.run(code.splitlines()[0])

    def run(self, source: str) -> Locator:
        """Run a cell and return its output area once it has finished."""
        cell = self.cell(source)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        expect(prompt).not_to_have_text(before)
        expect(prompt).to_have_text(NUMBER)
        return cell.locator(".jp-OutputArea")

    def save(self) -> None:
        """Save with the keyboard and wait until the tab's mark of unsaved changes is gone."""
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)

    def dark(self) -> None:
        """Settings > Theme > JupyterLab Dark."""
        self.page.locator(".lm-MenuBar-item").get_by_text("Settings", exact=True).click()
        self.page.locator(".lm-Menu-item").get_by_text("Theme", exact=True).hover()
        self.page.locator(".lm-Menu-item").get_by_text("JupyterLab Dark", exact=True).click()
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")

    def screenshot(self, name: str, of: Locator | None = None) -> None:
        """Keep a picture of the window, with one part of it in sight if given."""
        if of is not None:
            of.scroll_into_view_if_needed()
            expect(of).to_be_in_viewport()
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """`mi-course lab` on a fresh working copy, as a new user runs it, with nothing of this user's own settings."""
    command = [sys.executable, "-m", "mi_course.cli", "lab", str(tmp_path / "my-course"), "--"]
    with _serving(command, tmp_path / "my-course", "lab") as lab:
        yield lab


@pytest.fixture
def notebook7(tmp_path: Path) -> Iterator[Lab]:
    """Jupyter Notebook 7 on an empty folder, as somebody starts it who prefers it to JupyterLab."""
    directory = tmp_path / "my-course"
    directory.mkdir()
    command = [sys.executable, "-m", "notebook", "--allow-root", f"--ServerApp.root_dir={directory}"]
    with _serving(command, directory, "tree") as lab:
        yield lab


@contextlib.contextmanager
def _serving(command: list[str], directory: Path, page: str) -> Iterator[Lab]:
    """A Jupyter server while the block runs; page: what the address ends in that it prints."""
    home, log = directory.parent, directory.parent / "server.log"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with log.open("w") as stream:
        process = subprocess.Popen(
            [*command, "--no-browser", "--port", str(port)],
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=environment(home),
            start_new_session=True,
        )
    try:
        yield Lab(printed_address(process, log, port, page), directory, log)
    finally:
        # The group this test began, kernels included.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def environment(home: Path) -> dict[str, str]:
    """This process's environment with a home of its own and no way to the network."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not re.match(r"(?i)(.*_proxy|jupyter.*|mi_course_.*)$", name)
    }
    dead = "http://127.0.0.1:9"  # the discard port: nobody listens
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "IPYTHONDIR": str(home / "ipython"),
        "http_proxy": dead,
        "https_proxy": dead,
        "no_proxy": ",".join(HERE),
    }


def printed_address(process: subprocess.Popen[bytes], log: Path, port: int, page: str, seconds: float = 60) -> str:
    """The address with its token, as JupyterLab prints it for people without a display."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = re.search(rf"http://127\.0\.0\.1:{port}/{page}\?token=\w+", log.read_text())
        if found:
            return found.group()
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """A window of headless Chromium in which every name but this machine's leads nowhere."""
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
        )
        context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 1100})
        # Waiting ends when what is waited for is there; on a busy machine loading torch alone can take a minute.
        context.set_default_timeout(120_000)
        expect.set_options(timeout=120_000)
        visitor = Visitor(context.new_page())

        def guard(route: Route) -> None:
            if urlsplit(route.request.url).hostname in HERE:
                route.continue_()
            else:
                visitor.elsewhere.append(route.request.url)
                route.abort()

        context.route(re.compile("^https?://"), guard)
        visitor.page.on("console", lambda said: visitor.errors.append(said.text) if said.type == "error" else None)
        visitor.page.on("pageerror", lambda error: visitor.errors.append(str(error)))
        visitor.page.on("websocket", lambda socket: note_elsewhere(visitor, socket.url))
        yield visitor
        visitor.screenshot("last")  # of a failed test, the moment at which it failed
        browser.close()


def note_elsewhere(visitor: Visitor, url: str) -> None:
    if urlsplit(url).hostname not in HERE:
        visitor.elsewhere.append(url)
