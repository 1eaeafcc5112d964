"""The record: whatever happens to the file, what can be read is read, and nothing written is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mi_course.checking import progress
from mi_course.checking.home import home
from mi_course.checking.learner import FILE as LEARNER_FILE
from mi_course.checking.learner import learner_id, learner_seed
from mi_course.checking.progress import FILE, Standing, append, read, standings

reuse_tmp_path = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(count: int) -> bytes:
    for i in range(count):
        assert append("check", id=f"toys.e{i}", status="passed", points=i) == ""
    return progress.path().read_bytes()


def test_nothing_is_there_at_first() -> None:
    assert read() == progress.Record(())
    assert standings() == {}


def test_events_come_back_in_order(own_record: Path) -> None:
    write(5)
    events = read().events
    assert [event["id"] for event in events] == [f"toys.e{i}" for i in range(5)]
    assert all(event["event"] == "check" and event["time"].endswith("+00:00") for event in events)
    assert (own_record / FILE).exists()


@reuse_tmp_path
@given(st.data())
def test_a_file_cut_off_at_any_byte_loses_the_last_line_at_most(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / FILE
    lines = [json.dumps({"event": "check", "id": f"é{i}"}, ensure_ascii=False).encode() + b"\n" for i in range(4)]
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    file.write_bytes(whole[:cut])
    complete = whole[:cut].count(b"\n")
    record = read(file)
    ids = [event["id"] for event in record.events]
    assert ids[:complete] == [f"é{i}" for i in range(complete)]
    assert len(ids) <= complete + 1
    rest = whole[:cut].rpartition(b"\n")[2]
    assert bool(record.damage) == (bool(rest) and len(ids) == complete)


@reuse_tmp_path
@given(cut=st.integers(1, 300))
def test_writing_goes_on_after_a_cut(own_record: Path, cut: int) -> None:
    progress.path().unlink(missing_ok=True)
    whole = write(3)
    progress.path().write_bytes(whole[: min(cut, len(whole))])
    before = read().events
    assert append("hint", id="toys.after", number=1) == ""
    assert read().events[:-1] == before
    assert read().events[-1]["id"] == "toys.after"


@reuse_tmp_path
@given(junk=st.lists(st.one_of(st.binary(max_size=30), st.just(b"[" * 5000), st.just(b"1" * 5000)), max_size=5))
def test_junk_between_lines_is_passed_over_and_told(own_record: Path, junk: list[bytes]) -> None:
    progress.path().unlink(missing_ok=True)
    whole = write(2)
    first, second, _ = whole.split(b"\n")
    progress.path().write_bytes(b"\n".join([first, *junk, second]) + b"\n")
    record = read()
    ids = [event.get("id") for event in record.events]
    assert ids[0] == "toys.e0" and ids[-1] == "toys.e1"
    if any(line.strip() for piece in junk for line in piece.split(b"\n")):
        assert record.damage.startswith(str(progress.path()))
        assert (
            "cannot be read (cut off by a crash, perhaps) and passed over; the other 2 events are there"
            in record.damage
        )
    assert standings()["toys.e1"].points == 1


def test_the_damaged_line_is_named_and_kept() -> None:
    whole = write(2)
    progress.path().write_bytes(whole[:-10])
    assert f"{progress.path()}: line 2 cannot be read" in read().damage
    append("hint", id="toys.e0", number=1)
    assert whole[:-10] in progress.path().read_bytes()
    assert "line 2 cannot be read" in read().damage
    progress.path().write_bytes(b"x\n" * 8)
    assert "lines 1, 2, 3, 4, 5 … cannot be read" in read().damage


def test_a_file_that_cannot_be_read_or_written(own_record: Path) -> None:
    progress.path().mkdir()
    assert read().events == ()
    assert "cannot be read" in read().damage and "not lost" in read().damage
    sentence = append("check", id="toys.e0")
    assert sentence.startswith("Your progress was not saved: ") and str(progress.path()) in sentence
    assert sentence.endswith("The verdict above stands.")


def test_a_home_that_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MI_COURSE_HOME", str(tmp_path / "file"))
    assert "was not saved" in append("check", id="a")
    assert "cannot be read" in read().damage
    assert learner_id() == "nobody"


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress.os, "write", lambda handle, data: len(data) - 1)
    assert "(the disk is full)" in append("check", id="a")


@pytest.mark.parametrize("detail", ["\ud800", "ünïcode\n", {1: {2}}, object(), float("nan"), 10**30])
def test_anything_can_be_recorded(detail: Any) -> None:
    assert append("prediction", id="a", value=detail) == ""
    assert len(read().events) == 1 and read().damage == ""


KERNEL = """
import sys
from mi_course.checking import progress
from mi_course.checking.learner import learner_id
for i in range(60):
    assert progress.append("check", id=f"{sys.argv[1]}.{i}", note="x" * 300) == ""
print(learner_id())
"""


def test_several_kernels_at_once_lose_nothing_and_agree_on_the_learner(own_record: Path) -> None:
    root = Path(__file__).parents[2]
    commands = [[sys.executable, "-c", KERNEL, str(k)] for k in range(2)]
    kernels = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for command in commands]
    names = {kernel.communicate(timeout=100)[0] for kernel in kernels}
    assert [kernel.returncode for kernel in kernels] == [0, 0]
    assert names == {learner_id() + "\n"}
    record = read()
    assert record.damage == ""
    assert {event["id"] for event in record.events} == {f"{k}.{i}" for k in range(2) for i in range(60)}
    assert len(record.events) == 120


# --- standings --------------------------------------------------------------------------------------------------------


def check(status: str, **more: Any) -> dict[str, Any]:
    return {"event": "check", "id": "a.b", "status": status, **more}


@pytest.mark.parametrize(
    ("events", "standing"),
    [
        ([check("not attempted")], Standing()),
        ([check("failed", misconception="m")] * 2, Standing("tried", 2, misconceptions=("m",))),
        ([check("passed", points=2), check("failed", points=0)], Standing("passed", 2, points=2.0)),
        ([check("passed", points=0, borrowed="reference")], Standing("skipped", 1)),
        ([{"event": "reference", "id": "a.b"}, check("failed")], Standing("skipped", 1)),
        ([{"event": "reference", "id": "a.b"}, check("passed", points=3)], Standing("passed", 1, points=3.0)),
        ([check("passed", points=3), {"event": "reference", "id": "a.b"}], Standing("passed", 1, points=3.0)),
        ([{"event": "hint", "id": "a.b", "number": 2}, {"event": "hint", "id": "a.b", "number": 1}], Standing(hints=2)),
        ([check("passed", points="many", misconception=3)], Standing("passed", 1)),
        ([check("passed", points=10**400)], Standing("passed", 1)),
        ([check("passed", points=float("nan"))], Standing("passed", 1)),
        ([{"event": "hint", "id": "a.b", "number": "two"}], Standing()),
    ],
)  # fmt: skip
def test_standing(events: list[dict[str, Any]], standing: Standing) -> None:
    assert standings(events) == {"a.b": standing}


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=3,
)
fields = st.sampled_from(["id", "status", "points", "number", "misconception", "borrowed"])
kinds = st.sampled_from(["check", "hint", "reference", "prediction", "other"])


@given(
    st.lists(
        st.builds(lambda kind, rest: {**rest, "event": kind}, kinds, st.dictionaries(fields, json_values)), max_size=5
    )
)
def test_standings_survive_anything_that_is_json(events: list[dict[str, Any]]) -> None:
    for standing in standings(events).values():
        assert standing.status in ("passed", "skipped", "tried", "not attempted")
        assert standing.points >= 0


# --- where it lives and whose it is -----------------------------------------------------------------------------------


def test_home_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MI_COURSE_HOME", "~/records")
    assert home() == Path.home() / "records"


def test_home_is_the_working_copy_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MI_COURSE_HOME")
    deep = tmp_path / "copy" / "chapters" / "deep"
    deep.mkdir(parents=True)
    (tmp_path / ".mi-course").mkdir()
    monkeypatch.chdir(deep)
    assert home() == tmp_path / ".mi-course"
    (tmp_path / "copy" / ".mi-course").mkdir()
    assert home() == tmp_path / "copy" / ".mi-course"
    (deep / ".mi-course").write_text("a file, not a folder")
    assert home() == tmp_path / "copy" / ".mi-course"


def test_home_outside_a_working_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MI_COURSE_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    outside = home()
    assert outside.name == "mi-course"
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert home() == outside


def test_the_learner_id_is_made_once(own_record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = learner_id()
    assert len(first) == 32 and first == learner_id() == (own_record / LEARNER_FILE).read_text().strip()
    assert [path.name for path in own_record.iterdir()] == [LEARNER_FILE]
    monkeypatch.setenv("MI_COURSE_LEARNER", "ann")
    assert learner_id() == "ann"


def test_an_empty_learner_id_is_made_anew(own_record: Path) -> None:
    (own_record / LEARNER_FILE).write_text("")
    assert len(learner_id()) == 32 and learner_id() == learner_id()


def test_a_damaged_learner_id_does_not_stop_a_check(own_record: Path) -> None:
    (own_record / LEARNER_FILE).write_bytes(b"\xff\xfe\xff")
    assert learner_id() == "nobody"


@given(st.text(), st.text(min_size=1))
def test_seeds_are_stable_and_differ_between_learners(exercise: str, learner: str) -> None:
    exercise, learner = exercise.encode(errors="replace").decode(), learner.encode(errors="replace").decode()
    seed = learner_seed(exercise, learner)
    assert 0 <= seed < 2**32 and seed == learner_seed(exercise, learner)
    assert seed != learner_seed(exercise, learner + "'")
