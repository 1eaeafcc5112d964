"""A time limit around a learner's code that also ends a sleep, an endless loop, and a loop that swallows exceptions."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

GRACE = 0.5  # seconds between repeated interruptions, for code that catches the first one


class TimeIsUp(BaseException):
    """Raised inside the code that ran too long. A BaseException, so that `except Exception` does not catch it."""


def limited(function: Callable[[], T], seconds: float) -> T:
    """Run `function` and return its result; raise TimeIsUp once it has run for `seconds`.

    On the main thread of a POSIX system an interval timer interrupts even a sleep. Elsewhere (Windows, worker
    threads) the function runs on a helper thread, which is told to stop; one stuck inside a C call is left behind.
    """
    if seconds <= 0:
        raise TimeIsUp
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        return _by_timer(function, seconds)
    return _by_thread(function, seconds)


def _by_timer(function: Callable[[], T], seconds: float) -> T:
    armed = True

    def ring(signum: int, frame: Any) -> None:
        if armed:
            raise TimeIsUp

    started = time.monotonic()
    previous = signal.signal(signal.SIGALRM, ring)
    outer_left, outer_interval = signal.setitimer(signal.ITIMER_REAL, seconds, GRACE)
    try:
        return function()
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if outer_left:  # somebody else's timer (a test runner's) goes on where it was
            left = outer_left - (time.monotonic() - started)
            signal.setitimer(signal.ITIMER_REAL, max(left, 1e-3), outer_interval)


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
