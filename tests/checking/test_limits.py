"""The time limit, with the timer of the main thread and with a helper thread anywhere else."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from mi_course.checking import limits
from mi_course.checking.limits import TimeIsUp, limited, on_this_thread


def here(work: Callable[[], Any]) -> Any:
    assert on_this_thread()
    return work()


def on_a_worker(work: Callable[[], Any]) -> Any:
    box: list[Any] = []

    def run() -> None:
        assert not on_this_thread()
        try:
            box.append(work())
        except BaseException as error:
            box.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    if isinstance(box[0], BaseException):
        raise box[0]
    return box[0]


both = pytest.mark.parametrize("where", [here, on_a_worker])


def spin() -> None:
    while True:
        pass


@both
def test_what_ends_in_time_gives_its_result(where: Any) -> None:
    assert where(lambda: limited(lambda: 3, 5.0)) == 3
    assert where(lambda: limited(lambda: 3, float("inf"))) == 3


@both
@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit])
def test_errors_come_through(where: Any, error: type[BaseException]) -> None:
    def work() -> None:
        raise error("mine")

    with pytest.raises(error, match="mine"):
        where(lambda: limited(work, 5.0))


@both
def test_an_endless_loop_is_ended(where: Any) -> None:
    with pytest.raises(TimeIsUp):
        where(lambda: limited(spin, 0.05))
    if where is on_a_worker:
        assert not [thread for thread in threading.enumerate() if "work" in thread.name]


@both
@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_no_time_at_all(where: Any, seconds: float) -> None:
    with pytest.raises(TimeIsUp):
        where(lambda: limited(spin, seconds))


def test_a_sleep_is_interrupted() -> None:
    started = time.monotonic()
    with pytest.raises(TimeIsUp):
        limited(lambda: time.sleep(60), 0.05)
    assert time.monotonic() - started < 30


def test_a_worker_does_not_wait_for_a_sleep_to_end() -> None:
    asleep = threading.Event()
    started = time.monotonic()
    with pytest.raises(TimeIsUp):
        on_a_worker(lambda: limited(lambda: asleep.wait(20), 0.05))
    assert time.monotonic() - started < 10
    asleep.set()


def test_what_catches_everything_inside_a_loop_is_ended() -> None:
    caught = 0

    def stubborn() -> None:
        nonlocal caught
        while True:
            try:
                time.sleep(60)
            except:  # noqa: E722
                caught += 1

    with pytest.raises(TimeIsUp):
        limited(stubborn, 0.05)
    assert caught >= 1


def test_the_tracer_is_put_back() -> None:
    def tracer(frame: Any, event: str, arg: Any) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        test_what_catches_everything_inside_a_loop_is_ended()
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


def test_a_timer_that_was_running_goes_on() -> None:
    rung = []
    previous = signal.signal(signal.SIGALRM, lambda *args: rung.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 50, 7)
        assert limited(lambda: 3, 5.0) == 3
        left, interval = signal.getitimer(signal.ITIMER_REAL)
        assert 20 < left <= 50 and interval == 7
        assert not rung
        with pytest.raises(TimeIsUp):
            limited(spin, 0.05)
        assert signal.getitimer(signal.ITIMER_REAL)[1] == 7
        signal.setitimer(signal.ITIMER_REAL, 0.05)  # one that falls due while ours is set rings afterwards
        assert limited(lambda: time.sleep(0.1), 5.0) is None
        end = time.monotonic() + 10
        while not rung and time.monotonic() < end:
            time.sleep(0.005)
        assert rung
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_no_timer_and_no_handler_are_left() -> None:
    before = signal.getsignal(signal.SIGALRM)
    for work in (lambda: 3, spin):
        with contextlib.suppress(TimeIsUp):
            limited(work, 0.05)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
        assert signal.getsignal(signal.SIGALRM) is before


def test_limits_nest() -> None:
    """A judge that is itself limited: the inner limit ends the inner work, the outer one goes on."""

    def outer() -> str:
        with pytest.raises(TimeIsUp):
            limited(spin, 0.05)
        return "went on"

    assert limited(outer, 20.0) == "went on"

    def longer_inside() -> None:
        limited(lambda: time.sleep(0.2), 20.0)
        spin()

    with pytest.raises(TimeIsUp):
        limited(longer_inside, 0.1)


def test_an_import_is_not_cut_off(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would leave half a package behind, and every later import of it would fail."""
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.2)\nDONE = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(limits, "GRACE", 0.05)

    def work() -> None:
        import slow_to_import

        assert slow_to_import.DONE
        spin()

    with pytest.raises(TimeIsUp):
        limited(work, 0.05)
    assert sys.modules.pop("slow_to_import").DONE
