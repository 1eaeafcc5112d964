"""The course's own parts: notebooks, models, the record, the hub's cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from mi_course import zoo
from mi_course.checking import progress, registry
from mi_course.classroom import working_copy
from mi_course.classroom.doctor import course
from mi_course.classroom.doctor.finding import Finding
from mi_course.errors import CourseError


def only(findings: Any) -> Finding:
    (finding,) = findings
    assert finding.status == "ok" or finding.do
    return finding


def test_the_chapters_are_here() -> None:
    finding = only(course.chapters())
    assert finding.status == "ok" and str(working_copy.chapters_directory()) in finding.found


def test_a_chapter_without_its_notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(working_copy, "chapters_directory", lambda: tmp_path)
    monkeypatch.setattr(registry, "chapters", lambda: ["induction_heads", "probing"])
    (tmp_path / "02_induction_heads.ipynb").write_text("{}")
    finding = only(course.chapters())
    assert finding.status == "problem" and "no notebook for probing" in finding.found
    (tmp_path / "03_probing.ipynb").write_text("{}")
    assert only(course.chapters()).status == "ok"


def test_no_chapters(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise CourseError("This installation has none: install it again.")

    monkeypatch.setattr(working_copy, "chapters_directory", none)
    finding = only(course.chapters())
    assert finding.status == "problem" and "install it again" in finding.do


def test_models_intact_damaged_and_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(name: str) -> None:
        if name == "b":
            raise CourseError("The weights of b are damaged; run `git checkout`.")

    monkeypatch.setattr(zoo, "verify_weights", verify)
    monkeypatch.setattr(zoo, "model_names", lambda: ["a"])
    assert only(course.models()).status == "ok"
    monkeypatch.setattr(zoo, "model_names", lambda: ["a", "b"])
    finding = only(course.models())
    assert finding.status == "problem" and finding.found.startswith("b ") and "git checkout" in finding.do
    monkeypatch.setattr(zoo, "model_names", lambda: [])
    assert only(course.models()).status == "problem"


def test_a_flipped_bit_in_the_weights_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from mi_course.zoo import weights

    monkeypatch.setattr(zoo, "model_names", lambda: ["induction-1l"])
    assert only(course.models()).status == "ok"
    folder = tmp_path / "weights" / "induction-1l"
    folder.mkdir(parents=True)
    for file in (weights.WEIGHTS / "induction-1l").iterdir():
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        (folder / file.name).write_bytes(content)
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")
    finding = only(course.models())
    assert finding.status == "problem" and "sha256" in finding.do


def test_a_record_that_can_be_written(own_record: Path) -> None:
    assert only(course.record()).status == "ok"
    assert not list(own_record.iterdir())
    progress.append("check", id="a.b", status="passed")
    before = progress.path().read_bytes()
    finding = only(course.record())
    assert finding.status == "ok" and str(progress.path()) in finding.found
    assert progress.path().read_bytes() == before


def test_a_record_whose_folder_is_yet_to_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MI_COURSE_HOME", str(tmp_path / "deep" / "er"))
    assert only(course.record()).status == "ok"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("obstacle", ["a folder for the file", "a file for the folder", "a disk that refuses"])
def test_a_record_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, own_record: Path, tmp_path: Path, obstacle: str
) -> None:
    if obstacle == "a folder for the file":
        progress.path().mkdir()
    elif obstacle == "a file for the folder":
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("MI_COURSE_HOME", str(tmp_path / "file"))
    else:

        def refuse(**options: object) -> None:
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr(course.tempfile, "TemporaryFile", refuse)
    finding = only(course.record())
    assert finding.status == "problem"
    assert str(progress.path()) in finding.found and "MI_COURSE_HOME" in finding.do


def test_a_damaged_record_is_a_warning() -> None:
    progress.append("check", id="a.b", status="passed")
    with progress.path().open("a") as stream:
        stream.write('{"event": "che')
    finding = only(course.record())
    assert finding.status == "warn" and "line 2" in finding.do


def put(cache: Path, repository: str) -> None:
    """A model in the hub's cache, as the hub's own client lays it out."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    snapshot = folder / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    (snapshot / "model.safetensors").write_bytes(b"")


def test_the_hub_cache_is_fine_full_or_empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    finding = only(course.hub_cache())
    assert finding.status == "ok"
    assert f"neither gpt2 nor pythia-70m in {tmp_path}" in finding.found
    assert "hf download openai-community/gpt2" in finding.do and "EleutherAI/pythia-70m" in finding.do
    put(tmp_path, "openai-community/gpt2")
    finding = only(course.hub_cache())
    assert finding.found.startswith("gpt2 in ") and "gpt2" not in finding.do and "pythia" in finding.do
    put(tmp_path, "EleutherAI/pythia-70m")
    assert only(course.hub_cache()) == Finding("hub cache", "ok", f"gpt2 and pythia-70m in {tmp_path}")
