"""A new user's first quarter of an hour, in a browser, without a network."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, expect

from mi_course.checking import find

pytestmark = pytest.mark.browser

EXERCISE = "induction_heads.induction_score"
NOTEBOOK = "02_induction_heads.ipynb"

RIGHT = """\
def induction_score(pattern, period):
    total, count = 0.0, 0
    for dest in range(1 + period, pattern.shape[-2]):
        total = total + pattern[:, dest, dest - (period - 1)].mean()
        count = count + 1
    return total / count
"""
OFF_BY_ONE = RIGHT.replace("dest - (period - 1)", "dest - period")


def test_a_wrong_answer_is_named_and_a_right_one_passes(lab, visitor) -> None:
    visitor.open(lab.notebook(NOTEBOOK))
    expect(visitor.page.get_by_text("Would you like to get notified")).to_have_count(0)

    # Nothing is answered yet: everything runs, and each check says that it waits for an answer.
    visitor.run_all()
    panel = visitor.cell("check(induction_score)").locator(".jp-OutputArea")
    expect(panel).to_contain_text("Not attempted")
    visitor.screenshot("1-not-attempted", panel)

    visitor.rewrite("def induction_score", OFF_BY_ONE)
    panel = visitor.run("check(induction_score)")
    expect(panel).to_contain_text("Not quite")
    assert sentence_of("off by one") in words(panel)
    visitor.screenshot("2-off-by-one", panel)

    visitor.rewrite("def induction_score", RIGHT)
    panel = visitor.run("check(induction_score)")
    expect(panel).to_contain_text("Passed")
    visitor.screenshot("3-passed", panel)

    # The answer and the record stay with the working copy.
    visitor.save()
    saved = (lab.directory / NOTEBOOK).read_text(encoding="utf-8")
    assert "dest - (period - 1)" in saved
    record = (lab.directory / ".mi-course" / "progress.jsonl").read_text(encoding="utf-8")
    events = [json.loads(line) for line in record.splitlines()]
    statuses = [event["status"] for event in events if event.get("id") == EXERCISE and event["event"] == "check"]
    assert statuses == ["not attempted", "failed", "passed"]

    assert visitor.elsewhere == []


def sentence_of(misconception: str) -> str:
    """The sentence that the exercise has for a mistake."""
    (found,) = [each for each in find(EXERCISE).misconceptions if each.name == misconception]
    return " ".join(found.message.split())


def words(panel: Locator) -> str:
    """What a panel says, without its line breaks."""
    return " ".join(panel.inner_text().split())
