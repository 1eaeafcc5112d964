"""The command line as a person or a script meets it: output, exit codes, and errors that are one sentence."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from mi_course import __version__, cli, zoo
from mi_course.checking import exercises, progress
from mi_course.errors import CourseError
from mi_course.zoo import model_names


@dataclass
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def mi_course(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run `mi-course WORDS…` in this process."""

    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["mi-course", *words])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        printed = capsys.readouterr()
        return Done(int(stop.value.code or 0), printed.out, printed.err)

    return run


Run = Callable[..., Done]


def assert_one_sentence(done: Done) -> None:
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("mi-course: ")
    assert "Traceback" not in done.err
    assert done.err.count("\n") == 1


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "mi_course.cli", "--help"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert not {"torch", "numpy", "IPython"} & {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    for command in ("start", "update", "lab", "doctor", "list", "zoo", "train", "hint", "progress", "dev"):
        assert f" {command} " in done.stdout


def test_version(mi_course: Run) -> None:
    assert mi_course("--version").out.strip() == __version__


@pytest.mark.parametrize(
    "words", [["no-such-command"], ["start"], ["update"], ["list", "--no-such-option"], ["dev", "new", "one"]]
)
def test_wrong_usage_is_exit_code_2(mi_course: Run, words: list[str]) -> None:
    done = mi_course(*words)
    assert done.code == 2
    assert done.out == ""
    assert "Traceback" not in done.err


def test_start_makes_the_folder_and_says_what_it_did(mi_course: Run, tmp_path: Path) -> None:
    done = mi_course("start", str(tmp_path / "mine"))
    assert done.code == 0
    assert str(tmp_path / "mine") in done.out
    assert list((tmp_path / "mine").glob("*.ipynb"))
    again = mi_course("start", str(tmp_path / "mine"))
    assert again.code == 0
    assert "left as they are" in again.out


def test_start_where_a_file_stands(mi_course: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("notes")
    done = mi_course("start", str(tmp_path / "mine"))
    assert_one_sentence(done)
    assert str(tmp_path / "mine") in done.err


def test_update_says_what_it_did(mi_course: Run, tmp_path: Path) -> None:
    mi_course("start", str(tmp_path / "mine"))
    done = mi_course("update", str(tmp_path / "mine"))
    assert done.code == 0
    assert done.out.startswith(f"Nothing to do: your working copy {tmp_path / 'mine'}")


def test_update_of_a_folder_that_is_no_working_copy(mi_course: Run, tmp_path: Path) -> None:
    done = mi_course("update", str(tmp_path))
    assert_one_sentence(done)
    assert f"`mi-course start {tmp_path}`" in done.err


def test_lab_on_a_busy_port_changes_nothing(mi_course: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = mi_course("lab", str(tmp_path / "mine"), "--", "--port", str(port))
    assert_one_sentence(done)
    assert f"Port {port} is in use" in done.err
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("words", "directory", "options"),
    [
        ([], "my-course", []),
        (["there"], "there", []),
        (["there", "--", "--port=0", "--no-browser"], "there", ["--port=0", "--no-browser"]),
        (["--", "--no-browser"], "my-course", ["--no-browser"]),
    ],
)
def test_lab_starts_jupyterlab_on_the_working_copy(
    mi_course: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    directory: str,
    options: list[str],
) -> None:
    from mi_course.classroom import lab

    monkeypatch.chdir(tmp_path)
    started: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr(lab, "run", lambda place, arguments: started.append((place, arguments)))
    assert mi_course("lab", *words).code == 0
    assert started == [(tmp_path / directory, options)]
    assert list((tmp_path / directory).glob("*.ipynb"))


LIST_KEYS = {
    "id", "chapter", "name", "section", "title", "core", "difficulty", "minutes", "points", "prerequisites", "status"
}  # fmt: skip
ZOO_KEYS = {
    "name", "kind", "summary", "layers", "heads", "d_model", "context", "vocabulary", "steps", "seeds", "seeds_failed",
    "checkpoints", "bytes", "phenomena", "intact", "problem",
}  # fmt: skip


def test_list_json(mi_course: Run) -> None:
    rows = json.loads(mi_course("list", "--json").out)
    assert [row["id"] for row in rows] == [each.id for each in exercises()]
    for row in rows:
        assert set(row) == LIST_KEYS
        assert row["id"] == f"{row['chapter']}.{row['name']}"
        assert row["status"] == "not attempted"


def test_list_shows_how_you_stand(mi_course: Run) -> None:
    first = exercises()[0]
    progress.append("check", id=first.id, status="passed", points=first.points)
    (row,) = [row for row in json.loads(mi_course("list", "--json").out) if row["id"] == first.id]
    assert row["status"] == "passed"
    (line,) = [line for line in mi_course("list").out.splitlines() if f" {first.id} " in f" {line} "]
    assert line.endswith("passed")
    assert line.startswith("*") is first.core


def test_list_of_a_chapter_that_is_none(mi_course: Run) -> None:
    chapter = exercises()[0].chapter
    done = mi_course("list", chapter[:-1])
    assert_one_sentence(done)
    assert f"Did you mean {chapter!r}" in done.err


def test_hints_come_one_at_a_time(mi_course: Run) -> None:
    first = exercises()[0]
    shown = [mi_course("hint", first.id).out for _ in range(3)]
    for number, text in enumerate(shown, start=1):
        assert f"Hint {number} of" in text
        assert first.hints[number - 1] in text
    (standing,) = json.loads(mi_course("progress", "--json").out)["exercises"][:1]
    assert standing["hints"] == 3


def test_hint_for_an_unknown_exercise(mi_course: Run) -> None:
    first = exercises()[0]
    done = mi_course("hint", first.name + "s")
    assert_one_sentence(done)
    assert "Did you mean" in done.err


def test_progress_json(mi_course: Run, own_record: Path) -> None:
    first = exercises()[0]
    progress.append("check", id=first.id, status="failed", misconception="off by one")
    progress.append("check", id=first.id, status="passed", points=first.points)
    report = json.loads(mi_course("progress", "--json").out)
    assert set(report) == {
        "record", "damage", "points", "max_points", "exercises", "misconceptions", "predictions"
    }  # fmt: skip
    assert Path(report["record"]).parent == own_record
    assert report["damage"] == ""
    assert report["points"] == first.points
    assert report["max_points"] == sum(each.points for each in exercises())
    assert report["exercises"][0] == {
        "id": first.id,
        "status": "passed",
        "tries": 2,
        "hints": 0,
        "points": first.points,
        "max_points": first.points,
        "misconceptions": ["off by one"],
    }
    where = {"id": first.id, "times": 1, "passed": True}
    assert report["misconceptions"] == [{"name": "off by one", "times": 1, "exercises": [where]}]


def test_progress_json_scores_the_predictions(mi_course: Run) -> None:
    assert json.loads(mi_course("progress", "--json").out)["predictions"]["brier"] is None
    progress.append("reveal", id="a.predict.b", outcome=3, came_true=True, brier=0.04)
    progress.append("reveal", id="a.predict.c", outcome=3, came_true=False, brier=0.36)
    progress.append("prediction", id="a.predict.d", value=3, confidence=0.5)
    found = json.loads(mi_course("progress", "--json").out)["predictions"]
    bins = found.pop("bins")
    assert found == {"scored": 2, "waiting": 1, "missed": 0, "brier": pytest.approx(0.2), "baseline": 0.25}
    assert [set(each) for each in bins] == [{"low", "high", "number", "confidence", "came_true"}] * 5
    assert [each["number"] for each in bins] == [0, 0, 0, 1, 1]


def test_progress_for_a_person(mi_course: Run) -> None:
    first = exercises()[0]
    progress.append("check", id=first.id, status="failed", misconception="off by one")
    progress.append("reveal", id="a.predict.b", outcome=3, came_true=True, brier=0.04)
    done = mi_course("progress")
    assert (done.code, done.err) == (0, "")
    assert "off by one" in done.out and "Brier score 0.04" in done.out
    assert done.out.endswith(f"Recorded in {progress.path()}.\n")


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("warn", 0), ("problem", 1)])
def test_doctor_is_exit_code_1_on_a_problem_only(
    mi_course: Run, monkeypatch: pytest.MonkeyPatch, status: Literal["ok", "warn", "problem"], code: int
) -> None:
    from mi_course.classroom import doctor

    found = doctor.Finding("disk", status, "2.0 GB free", "Free some." if code else "")
    monkeypatch.setattr(doctor, "diagnose", lambda: [found])
    done = mi_course("doctor")
    assert (done.code, done.err) == (code, "")
    assert f"{status:<7}  disk  2.0 GB free" in done.out
    told = mi_course("doctor", "--json")
    assert told.code == code
    assert json.loads(told.out) == [{"check": "disk", "status": status, "found": "2.0 GB free", "do": found.do}]


def test_doctor_documents_every_check(mi_course: Run) -> None:
    from mi_course.classroom import doctor

    described = " ".join((cli.doctor.__doc__ or "").split())
    assert all(f'"{name}"' in described for name in doctor.checks())


def test_zoo_shows_each_model_with_its_baselines(mi_course: Run) -> None:
    done = mi_course("zoo")
    assert done.code == 0
    for name in model_names():
        assert f"{name} (" in done.out
    assert "baseline: untrained" in done.out


def test_zoo_json(mi_course: Run) -> None:
    done = mi_course("zoo", "--json")
    assert done.code == 0
    rows = json.loads(done.out)
    assert [row["name"] for row in rows] == model_names()
    for row in rows:
        assert set(row) == ZOO_KEYS
        assert row["intact"] is True


def test_zoo_with_damaged_weights_is_exit_code_1(mi_course: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from mi_course.zoo import table

    def damaged(name: str) -> None:
        raise CourseError(f"The weights of {name} are damaged: install the course again.")

    monkeypatch.setattr(sys.modules[table.__module__], "verify_weights", damaged)
    for words in (["zoo"], ["zoo", "--json"]):
        done = mi_course(*words)
        assert done.code == 1
        assert "damaged" in done.err
        assert done.out


def test_train_tells_what_came_out(mi_course: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict[str, object]]] = []

    def train(name: str, **options: object) -> zoo.Trained:
        asked.append((name, options))
        phenomenon = {"value": 0.25, "n": 8, "baselines": {"untrained": 0.125}}
        return zoo.Trained(name, 3, tmp_path / "seed-3.safetensors", "0123456789abcdef", False, {"score": phenomenon})

    monkeypatch.setattr(zoo, "train", train)
    done = mi_course("train", "induction-1l", "--seed", "3", "--out", str(tmp_path))
    assert done.code == 0
    assert asked == [("induction-1l", {"seed": 3, "out": tmp_path, "install": False, "device": "cpu"})]
    assert str(tmp_path / "seed-3.safetensors") in done.out
    assert "score: 0.250; baseline: untrained 0.125" in done.out


def test_train_of_a_model_that_is_none(mi_course: Run) -> None:
    assert_one_sentence(mi_course("train", "induction-3l"))


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["induction-1l", "--all"],
        ["induction-1l", "--jobs", "2"],
        ["--all", "--jobs", "0"],
        ["--all", "--install", "--out", "here"],
        ["induction-1l", "--device", "cuda:97"],
    ],
)
def test_train_says_what_it_cannot_do(mi_course: Run, words: list[str]) -> None:
    assert_one_sentence(mi_course("train", *words))


def test_train_all_goes_through_what_is_missing_and_leaves_the_rest(
    mi_course: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mi_course.zoo.recipes import recipe, recipe_names

    asked: list[tuple[str, int]] = []

    def train(name: str, *, seed: int, **options: object) -> None:
        asked.append((name, seed))
        if name == "story-0l":
            raise CourseError("The disk is full.")

    monkeypatch.setattr("mi_course.zoo.train_all.train", train)
    (tmp_path / "induction-1l").mkdir()
    (tmp_path / "induction-1l" / "seed-1.json").write_text("{}")
    done = mi_course("train", "--all", "--out", str(tmp_path), "--jobs", "1")
    every = {(name, seed) for name in recipe_names() for seed in recipe(name).shipped_seeds}
    assert set(asked) == every - {("induction-1l", 1)} and len(asked) == len(every) - 1
    assert asked[0][0] == "story"  # the longest first
    assert "induction-1l with seed 1 is in" in done.out and "story-0l with seed 0: The disk is full." in done.out
    assert done.code == 1


def test_train_all_in_several_processes_tells_why_each_failed(tmp_path: Path) -> None:
    from mi_course.zoo.train_all import train_all

    (tmp_path / "taken").write_text("a file where the folder should be")
    told: list[str] = []
    assert not train_all(seed=-1, out=tmp_path / "taken", jobs=2, tell=told.append)
    assert told and all("at least 0, not -1" in line for line in told)


@pytest.mark.parametrize("command", ["list", "progress"])
def test_a_damaged_record_is_told_and_does_not_stop(mi_course: Run, own_record: Path, command: str) -> None:
    first = exercises()[0]
    progress.append("check", id=first.id, status="passed", points=first.points)
    with progress.path().open("a") as stream:
        stream.write('{"event": "che')
    done = mi_course(command)
    assert done.code == 0
    assert str(progress.path()) in done.err
    assert done.out


def test_dev_without_the_authors_tools(mi_course: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from mi_course.authoring import commands

    def missing(*arguments: object, **options: object) -> int:
        raise ModuleNotFoundError("No module named 'jupytext'", name="jupytext")

    monkeypatch.setattr(commands, "build", missing)
    done = mi_course("dev", "build")
    assert_one_sentence(done)
    assert "[dev]" in done.err


@pytest.mark.parametrize("code", [0, 1])
def test_dev_check_hands_on_the_exit_code(mi_course: Run, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    from mi_course.authoring import commands

    monkeypatch.setattr(commands, "check", lambda chapter: code)
    assert mi_course("dev", "check").code == code
