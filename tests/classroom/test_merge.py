"""Three-way merge: no learner's cell is lost, no text of the course is missing, and a second time changes nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings

from mi_course.classroom import working_copy
from mi_course.classroom.merge import merge
from mi_course.classroom.notebooks import read, to_bytes
from tests.classroom.edits import (
    SMALL,
    Cell,
    Notebook,
    all_cells,
    cell,
    course_edits,
    edit,
    learner_edits,
    learners_cells,
    notebook,
)


def sources(merged: Notebook) -> list[str]:
    return [cell["source"] for cell in merged["cells"]]


def ids(merged: Notebook) -> list[str]:
    return [cell["id"] for cell in merged["cells"]]


def by_id(of: Notebook, key: str) -> Cell:
    (found,) = (cell for cell in of["cells"] if cell["id"] == key)
    return found


def changed(start: Notebook, **sources: str) -> Notebook:
    """The notebook with other text in some cells; `_` stands for `-` in their ids."""
    result = copy.deepcopy(start)
    for key, source in sources.items():
        by_id(result, key.replace("_", "-"))["source"] = source
    return result


def assert_sound(base: Notebook, mine: Notebook, new: Notebook) -> None:
    """What must hold of every merge, whatever the three notebooks are."""
    before = copy.deepcopy((base, mine, new))
    result = merge(base, mine, new)
    merged = result.notebook
    assert (base, mine, new) == before
    nbformat.validate(nbformat.from_dict(merged))  # its ids differ, too
    assert read(to_bytes(merged)) == merged

    own = learners_cells(base, mine)
    assert not own - all_cells(merged)
    assert result.kept <= sum(own.values())

    # Each cell of the course is there with its text, in a note where the learner changed it too, or was deleted.
    was = {cell["id"]: cell["source"] for cell in base["cells"]}
    there = {cell["id"]: cell["source"] for cell in merged["cells"]}
    for each in new["cells"]:
        if each["id"] not in there:
            assert each["id"] in was
            assert each["id"] not in ids(mine)
        elif each["source"] not in (there[each["id"]], was.get(each["id"])):
            assert any(each["source"] in source for source in sources(merged))

    # Killed before the base was written, or simply run again.
    for next_base in (base, new):
        assert merge(next_base, merged, new).notebook == merged


@settings(max_examples=200)
@given(learner=learner_edits, course=course_edits)
def test_no_cell_is_lost(learner: list[Any], course: list[Any]) -> None:
    assert_sound(SMALL, edit(SMALL, learner, "mine"), edit(SMALL, course, "new"))


@settings(max_examples=15)
@given(learner=learner_edits, course=course_edits)
def test_no_cell_is_lost_in_the_real_chapters(learner: list[Any], course: list[Any]) -> None:
    for path in working_copy.chapters_directory().glob("*.ipynb"):
        base = read(path.read_bytes())
        assert base is not None
        assert_sound(base, edit(base, learner, "mine"), edit(base, course, "new"))


@settings(max_examples=50)
@given(course=course_edits)
def test_a_notebook_in_which_nothing_was_written_becomes_the_new_one(course: list[Any]) -> None:
    new = edit(SMALL, course, "new")
    merged = merge(SMALL, SMALL, new)
    assert merged.notebook == new
    assert (merged.kept, merged.told) == (0, ())


@settings(max_examples=50)
@given(learner=learner_edits)
def test_without_news_from_the_course_everything_stays(learner: list[Any]) -> None:
    mine = edit(SMALL, learner, "mine")
    merged = merge(SMALL, mine, SMALL)
    assert all_cells(merged.notebook) == all_cells(mine)
    assert sources(merged.notebook) == sources(mine)


def test_an_answer_stays_in_the_new_text_around_it() -> None:
    mine = changed(SMALL, one_answer="def one():\n    return 1")
    new = changed(SMALL, one_text="## One, explained better", one_check="check(one, strictly=True)")
    merged = merge(SMALL, mine, new)
    assert merged.notebook == changed(new, one_answer="def one():\n    return 1")
    assert (merged.kept, merged.told) == (1, ())


def test_an_answer_whose_stub_has_changed_stays_with_the_new_stub_below_it() -> None:
    mine = changed(SMALL, one_answer="def one():\n    return 1")
    new = changed(SMALL, one_answer='def one():\n    """In ```fences```."""\n    raise NotImplementedError')
    merged = merge(SMALL, mine, new)
    at = ids(merged.notebook).index("one-answer")
    answer, note, check = merged.notebook["cells"][at : at + 3]
    assert answer["source"] == "def one():\n    return 1"
    assert check["id"] == "one-check"
    assert note["cell_type"] == "markdown"
    assert note["source"].endswith(f"````python\n{by_id(new, 'one-answer')['source']}\n````")
    assert merged.told == (
        "You and the course both changed the cell one: yours stays, with the new version in a note.",
    )


def test_a_note_that_was_read_and_deleted_stays_away() -> None:
    mine = changed(SMALL, title="# My title")
    new = changed(SMALL, title="# New title")
    merged = merge(SMALL, mine, new).notebook
    del merged["cells"][1]
    assert ids(merge(new, merged, new).notebook) == ids(SMALL)


def test_the_grading_of_a_changed_answer_is_the_courses_and_its_tags_are_the_learners() -> None:
    mine = changed(SMALL, one_answer="def one(): return 1")
    by_id(mine, "one-answer")["metadata"] = {"nbgrader": {"grade_id": "meddled"}, "tags": ["mine"]}
    new = copy.deepcopy(SMALL)
    by_id(new, "one-answer")["metadata"] = {"nbgrader": {"grade_id": "one", "points": 2}, "tags": ["theirs"]}
    merged = by_id(merge(SMALL, mine, new).notebook, "one-answer")
    assert merged["metadata"] == {"nbgrader": {"grade_id": "one", "points": 2}, "tags": ["mine"]}
    assert merged["source"] == "def one(): return 1"


def test_outputs_stay_where_the_code_is_the_same() -> None:
    mine = copy.deepcopy(SMALL)
    for key in ("one-check", "two-check"):
        by_id(mine, key).update(
            outputs=[{"output_type": "stream", "name": "stdout", "text": "passed"}], execution_count=4
        )
    merged = merge(SMALL, mine, changed(SMALL, two_check="check(two, more)")).notebook
    assert by_id(merged, "one-check")["outputs"][0]["text"] == "passed"
    assert by_id(merged, "one-check")["execution_count"] == 4
    # What the old code printed would stand below code that never ran.
    assert by_id(merged, "two-check")["outputs"] == []


def test_a_cell_of_the_learners_stays_below_the_one_it_was_written_under() -> None:
    mine = copy.deepcopy(SMALL)
    mine["cells"].insert(3, cell("scratch", "one()", "code"))  # below the answer to `one`
    new = copy.deepcopy(SMALL)
    new["cells"] = [new["cells"][0], *new["cells"][4:7], cell("hint", "A hint."), *new["cells"][1:4], new["cells"][7]]
    merged = merge(SMALL, mine, new).notebook
    expected = ids(new)
    expected.insert(expected.index("one-answer") + 1, "scratch")
    assert ids(merged) == expected


def test_where_the_learner_moved_cells_new_ones_come_to_the_cell_they_follow() -> None:
    mine = copy.deepcopy(SMALL)
    mine["cells"] = [mine["cells"][0], *mine["cells"][4:7], *mine["cells"][1:4], mine["cells"][7]]
    mine["cells"].insert(5, cell("scratch", "my remark"))  # below the text of `one`
    new = copy.deepcopy(SMALL)
    new["cells"].insert(2, cell("more", "More about one."))
    order = ["title", "two-text", "two-answer", "two-check", "one-text", "scratch", "more", "one-answer", "one-check"]
    assert ids(merge(SMALL, mine, new).notebook) == [*order, "end"]


def test_a_moved_cell_that_the_course_removed_does_not_hold_up_the_courses_order() -> None:
    a, b, c = cell("a", "A"), cell("b", "B"), cell("c", "C")
    base, mine, new = notebook(a, b, c), notebook(b, a, c), notebook(c, a)
    assert ids(merge(base, mine, new).notebook) == ["c", "a"]
    assert_sound(base, mine, new)


def test_a_new_cell_that_was_written_into_before_the_base_was_there() -> None:
    """The update was killed between the notebook and its base, and the learner went on working."""
    new = copy.deepcopy(SMALL)
    new["cells"].insert(1, cell("more", "stub", "code"))
    merged = merge(SMALL, changed(new, more="my answer"), new).notebook
    assert sources(merged)[1] == "my answer"
    assert "stub" in sources(merged)[2]
    assert_sound(SMALL, changed(new, more="my answer"), new)


def test_what_the_learner_deleted_stays_away_and_is_told() -> None:
    mine = copy.deepcopy(SMALL)
    mine["cells"] = [each for each in mine["cells"] if each["id"] not in ("title", "end")]
    merged = merge(SMALL, mine, changed(SMALL, title="# A new title"))
    assert ids(merged.notebook) == ids(mine)
    assert merged.told == ("You had deleted the cell “A new title” and the cell “The end.”: that stays so.",)


def test_what_the_course_removed_goes_unless_the_learner_changed_it() -> None:
    mine = changed(SMALL, one_answer="def one(): return 1")
    new = copy.deepcopy(SMALL)
    new["cells"] = [each for each in new["cells"] if not each["id"].startswith("one")]
    merged = merge(SMALL, mine, new)
    assert ids(merged.notebook) == ["title", "one-answer", "two-text", "two-answer", "two-check", "end"]
    assert merged.told == ("The course has removed the cell one, which you had changed: yours stays.",)


def test_of_two_cells_with_one_id_the_first_is_the_courses() -> None:
    mine = copy.deepcopy(SMALL)
    mine["cells"].insert(1, {**cell("title", "# Title")})
    merged = merge(SMALL, mine, changed(SMALL, title="# New title")).notebook
    assert sources(merged)[:2] == ["# New title", "# Title"]
    assert ids(merged)[1] != "title"


def test_many_cells_are_counted_and_not_all_named() -> None:
    mine = notebook(*(each | {"source": "mine"} for each in SMALL["cells"]))
    new = notebook(*(each | {"source": "theirs"} for each in SMALL["cells"]))
    (told,) = merge(SMALL, mine, new).told
    assert "and 5 more" in told


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\x00\xff",
        b"[]",
        b"{}",
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}',
        b'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}',
        b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}',
        b'{"nbformat": "4", "nbformat_minor": null}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_notebook_of_this_format_is_not_read(content: bytes | None) -> None:
    assert read(content) is None


def test_half_a_character_survives() -> None:
    odd = changed(SMALL, title="half \ud83d")
    assert read(to_bytes(odd)) == odd


def test_a_built_chapter_is_written_as_it_was_read() -> None:
    for path in working_copy.chapters_directory().glob("*.ipynb"):
        found = read(path.read_bytes())
        assert found is not None
        assert to_bytes(found) == path.read_bytes()
        assert json.loads(path.read_bytes())["nbformat_minor"] == 5
