"""A time limit around a learner's code that also ends a sleep, an endless loop, and a loop that swallows exceptions."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

GRACE = 0.5  # seconds between repeated interruptions, for code that catches the first one
LONGEST = 1e6  # seconds; the system's timers take no infinity


class TimeIsUp(BaseException):
    """Raised inside the code that ran too long. A BaseException, so that `except Exception` does not catch it."""


def limited(function: Callable[[], T], seconds: float) -> T:
    """Run `function` and return its result; raise TimeIsUp once it has run for `seconds`.

    On the main thread of a POSIX system an interval timer interrupts even a sleep. Elsewhere (Windows, worker
    threads) the function runs on a helper thread, which is told to stop; one stuck inside a C call is left behind.
    """
    if not seconds > 0:
        raise TimeIsUp
    seconds = min(seconds, LONGEST)
    return _by_timer(function, seconds) if on_this_thread() else _by_thread(function, seconds)


def on_this_thread() -> bool:
    """Whether `limited` runs a function on the calling thread, stopped by a timer, rather than on a helper thread."""
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


def _by_timer(function: Callable[[], T], seconds: float) -> T:
    armed = True
    rings = 0

    def ring(signum: int, frame: FrameType | None) -> None:
        nonlocal rings
        if not armed or _is_importing(frame):
            return
        rings += 1
        if rings > 1:  # the first one was caught, perhaps by a bare `except` inside an endless loop
            _raise_at_next_line(frame)
        raise TimeIsUp

    started = time.monotonic()
    tracer = sys.gettrace()
    previous = signal.signal(signal.SIGALRM, ring)
    outer_left, outer_interval = signal.setitimer(signal.ITIMER_REAL, seconds, GRACE)
    try:
        try:
            return function()
        finally:  # a ring in this very moment must not keep what follows from being done
            armed = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if rings > 1:
            sys.settrace(tracer)
        if outer_left:  # somebody else's timer (a test runner's) goes on where it was
            left = outer_left - (time.monotonic() - started)
            signal.setitimer(signal.ITIMER_REAL, max(left, 1e-3), outer_interval)


def _is_importing(frame: FrameType | None) -> bool:
    """An import is under way. One that was cut off would leave half a package behind; the next ring will do."""
    while frame is not None and frame.f_code.co_filename != __file__:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _raise_at_next_line(frame: FrameType | None) -> None:
    """Raise TimeIsUp at the next line that runs in the interrupted code.

    A handler that swallows the exception of the timer is itself a line, and what is raised there leaves the `try`.
    """

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            raise TimeIsUp
        return trace

    while frame is not None and frame.f_code.co_filename != __file__:
        frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(trace)


def _by_thread(function: Callable[[], T], seconds: float) -> T:
    box: dict[str, Any] = {}

    def work() -> None:
        try:
            box["result"] = function()
        except BaseException as error:  # handed to the caller's thread, whatever it is
            box["error"] = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        for _ in range(3):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TimeIsUp))
            thread.join(GRACE / 5)
            if not thread.is_alive():
                break
        raise TimeIsUp
    if "error" in box:
        raise box["error"]
    result: T = box["result"]
    return result
