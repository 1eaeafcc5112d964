"""The progress panel: what it counts, and what it says as text and as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_course.checking import exercises, progress, progress_panel
from mi_course.checking.columns import columns
from mi_course.checking.report import ChapterStanding, misconceptions_met


def failed(name: str, misconception: str) -> None:
    progress.append("check", id=f"toys.{name}", status="failed", misconception=misconception)


@pytest.fixture
def some_work(toy_chapter: ModuleType) -> ModuleType:
    """A record with something of everything."""
    failed("centre", "halved")
    failed("centre", "halved")
    failed("centre", "the mean over rows, and the sign is flipped")
    progress.append("check", id="toys.centre", status="passed", points=2)
    failed("square", "halved")
    progress.append("hint", id="toys.square", number=2)
    progress.append("reference", id="toys.positions")
    toy_chapter.predict("heads", value=4, confidence=0.9)
    toy_chapter.predict.reveal("heads", 4)
    return toy_chapter


def test_by_chapter(some_work: ModuleType) -> None:
    (toys,) = [each for each in progress_panel().chapters if each.chapter == "toys"]
    own = exercises("toys")
    most = sum(each.points for each in own)
    assert toys == ChapterStanding("toys", len(own), passed=1, skipped=1, tried=1, hints=2, points=2, max_points=most)


def test_the_whole_course_is_the_sum_of_its_chapters(some_work: ModuleType) -> None:
    report = progress_panel()
    assert report.points == 2
    assert report.max_points == sum(each.points for each in exercises())


def test_by_misconception_over_exercises(some_work: ModuleType) -> None:
    halved, *others = progress_panel().misconceptions
    assert (halved.name, halved.times) == ("halved", 3)
    assert [(met.exercise, met.times, met.passed) for met in halved.meetings] == [
        ("toys.centre", 2, True),
        ("toys.square", 1, False),
    ]
    assert halved.meetings[0].message.startswith("Your result is half")
    assert halved.meetings[1].message == ""  # square knows no such misconception
    assert {(each.name, each.times) for each in others} == {("the mean over rows", 1), ("the sign is flipped", 1)}


def test_every_pair_that_a_check_can_name_counts_as_both(toy_chapter: ModuleType) -> None:
    pairs = [(exercise, pair) for exercise in exercises("toys") for pair in exercise.pairs()]
    assert pairs
    for exercise, pair in pairs:
        event = {"event": "check", "id": exercise.id, "misconception": pair.name, "status": "failed"}
        met = misconceptions_met([event], exercises())
        assert len(met) == 2
        assert {each.name for each in met} < {each.name for each in exercise.misconceptions}


def test_an_exercise_that_is_gone_keeps_its_misconceptions() -> None:
    progress.append("check", id="old.one", status="failed", misconception="this, and that")
    (met,) = progress_panel().misconceptions
    assert (met.name, met.times, met.meetings[0].exercise) == ("this, and that", 1, "old.one")


json_values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.just([1]))
fields = st.sampled_from(["id", "status", "points", "number", "misconception", "borrowed", "came_true", "brier"])


@given(
    st.lists(
        st.tuples(st.sampled_from(["check", "hint", "reveal", "prediction"]), st.dictionaries(fields, json_values))
    )
)
def test_the_panel_survives_anything_that_is_json(events: list[tuple[str, dict[str, Any]]]) -> None:
    progress.path().unlink(missing_ok=True)
    for kind, rest in events:
        progress.append(kind, **rest)
    report = progress_panel()
    assert "Predictions: " in str(report) and "Predictions: " in report._repr_html_()


# --- what is read -----------------------------------------------------------------------------------------------------


def test_as_text(some_work: ModuleType) -> None:
    text = str(progress_panel())
    assert re.search(r"^chapter +passed +skipped +tried +hints +points$", text, re.MULTILINE)
    assert re.search(rf"^toys +1 of {len(exercises('toys'))} +1 +1 +2 +2 of \d+$", text, re.MULTILINE)
    assert re.search(r"^halved +3 +toys.centre \(passed since\), toys.square$", text, re.MULTILINE)
    assert "Predictions: 1 with a result, Brier score 0.01 (0 is best; always saying 50 % earns 0.25)." in text
    assert "So few say little" in text
    assert re.search(r"^80% to 100% sure +1 +90% +1 of 1$", text, re.MULTILINE)
    assert re.search(r"^0% to 20% sure +0 +– +–$", text, re.MULTILINE)
    assert repr(progress_panel()) == text


def test_at_the_beginning() -> None:
    report = progress_panel()
    for text in (str(report), report._repr_html_()):
        assert "Predictions: none has its result yet." in text
        assert "isconception" not in text and "came true" not in text


def test_predictions_without_a_result_and_results_without_a_prediction(toy_chapter: ModuleType) -> None:
    toy_chapter.predict("heads", value=4, confidence=0.9)
    toy_chapter.predict.reveal("colour", "red")
    text = str(progress_panel())
    assert "Waiting for a result: 1. Results seen without a prediction: 1." in text


def test_enough_predictions_are_not_called_few() -> None:
    for i in range(10):
        progress.append("reveal", id=f"toys.predict.q{i}", outcome=1, came_true=True, brier=0.04)
    assert "10 with a result, Brier score 0.04" in str(progress_panel())
    assert "So few" not in str(progress_panel())


def test_damage_is_told_in_the_panel(some_work: ModuleType) -> None:
    with progress.path().open("a") as stream:
        stream.write('{"event": "che')
    report = progress_panel()
    for text in (str(report), report._repr_html_()):
        assert "cannot be read" in text and "Predictions: 1 with a result" in text


class Tables(HTMLParser):
    """Collects what a screen reader goes by, and every style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.starts: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.starts.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_as_html_a_screen_reader_can_walk_it_in_any_theme(some_work: ModuleType) -> None:
    page = Tables(progress_panel()._repr_html_())
    assert page.open == []
    tags = [tag for tag, _ in page.starts]
    assert tags.count("table") == tags.count("caption") == 3
    assert all(attributes.get("scope") in ("row", "col") for tag, attributes in page.starts if tag == "th")
    assert page.starts[0][1]["role"] == "region" and page.starts[0][1]["aria-label"]
    # Text and background are the page's own, so that it reads in dark themes.
    styles = " ".join(attributes.get("style") or "" for _, attributes in page.starts)
    assert not re.search(r"(^|[; ])(color|background[a-z-]*):", styles)


def test_html_has_what_the_checks_said_and_escapes_it(some_work: ModuleType) -> None:
    failed("centre", "<script>")
    text = progress_panel()._repr_html_()
    assert "&lt;script&gt;" in text and "<script>" not in text
    assert "<summary>What the checks said</summary>" in text and "Your result is half" in text


def test_columns_line_up() -> None:
    assert columns(["a", "long head"], [["wide cell", 1], ["b", None]]) == (
        "a          long head\nwide cell  1\nb          None"
    )
