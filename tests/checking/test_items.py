"""Items: an answer that sorts many things is read leniently, judged item by item, and told which mistake it makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from mi_course.checking import Exercise, Item, Items, Oracle, Status, Tempting, judge_exercise, sorting
from mi_course.checking import progress as record
from mi_course.checking.bank import obligations
from mi_course.checking.check import Check
from mi_course.checking.panel import html_panel
from mi_course.claims import Evidence
from mi_course.errors import CourseError

FURNITURE: dict[str, Any] = {
    "chapter": "toys",
    "section": "0.1",
    "title": "The toy",
    "hints": ("Look.", "Look at the legs.", "Insects have six."),
    "minutes": 1,
}

LEGS = "You go by the number of legs. Whether it flies is a matter of its wings alone."
SIZE = "You go by size. What lives in water is asked for, however large it is."

ANIMALS = Items(
    items=[
        Item("duck", "A duck.", {"flies", "swims"}, "Where have you seen it?"),
        Item(
            "bat",
            "A bat.",
            {"flies"},
            "Think of the night.",
            [Tempting("legs", set(), "A bat flies with its hands (section 2).")],
        ),
        Item(
            "ant",
            "An ant, queen or worker.",
            [set(), {"flies"}],
            "Which ant?",
            [Tempting("size", {"swims"}, "An ant is small, and lives on land (section 3).")],
        ),
        Item(
            "whale",
            "A whale.",
            {"swims"},
            "What has it instead of legs?",
            [
                Tempting("legs", {"flies", "swims"}, "No legs, no wings either (section 2)."),
                Tempting("size", set(), "Large, and yet in the water (section 3)."),
            ],
        ),
        Item(
            "pike",
            "A pike.",
            {"swims"},
            "Where is it caught?",
            [Tempting("size", set(), "A pike is a fish (section 3).")],
        ),
    ],
    labels={"flies": "moves through the air", "swims": "moves through water"},
    traps={"legs": LEGS, "size": SIZE},
    several=True,
    noun="animal",
)
animals = sorting(ANIMALS, name="animals", **FURNITURE)

RUNGS = Items(
    items=[
        Item(
            "s1",
            "A probe is trained.",
            "correlational",
            "What was changed?",
            [Tempting("high", "causal", "A probe changes nothing.")],
        ),
        Item("s2", "A head is removed.", "causal", "What was changed?", [Tempting("low", "correlational", "It was.")]),
        Item("s3", "Inputs are varied.", ["behavioural", "correlational"], "What was looked at?"),
    ],
    labels={"behavioural": "", "correlational": "", "causal": ""},
    traps={
        "high": "You give a rung too high wherever the inside is read out.",
        "low": "You go by what is seen, and leave out what was changed.",
    },
    also={"1": "behavioural", "2": "correlational", "3": "causal", "correlation": "correlational"},
)
rungs = sorting(RUNGS, name="rungs", **FURNITURE)

MARKED = Items(
    items=[
        Item("A1", "We looked.", "fine", "Read it again.", [Tempting("modest", "too much", "It says what was done.")]),
        Item(
            "A2", "It understands.", "too much", "Read it again.", [Tempting("bold", "fine", "A test shows outputs.")]
        ),
        Item("A3", "We counted.", "fine", "Read it again."),
        Item("B1", "It always holds.", "too much", "Read it again.", group="Abstract B"),
    ],
    labels={"too much": "", "fine": ""},
    traps={
        "modest": "You mark what was done; only claims can say too much.",
        "bold": "You let a large word pass that no test of outputs supports.",
    },
    marks="too much",
    noun="sentence",
)
marked = sorting(MARKED, name="marked", **FURNITURE)

RIGHT = {"duck": {"flies", "swims"}, "bat": {"flies"}, "ant": set(), "whale": {"swims"}, "pike": {"swims"}}


def verdict(exercise: Exercise, answer: Any) -> tuple[Status, str | None]:
    result = judge_exercise(exercise, answer)
    return result.status, result.misconception


@pytest.mark.parametrize(
    ("exercise", "due"),
    [
        pytest.param(each, o, id=f"{each.name}: {o.name}")
        for each in (animals, rungs, marked)
        for o in obligations(each)
    ],
)
def test_its_bank_holds(exercise: Exercise, due: Any) -> None:
    assert due.complaint(0) == ""


@pytest.mark.parametrize(
    "answer",
    [
        {"duck": ["flies", "swims"], "bat": "flies", "ant": [], "whale": ("swims",), "pike": frozenset({"swims"})},
        {"DUCK": "Flies, swims", " bat ": " FLIES", "ant": "none", "whale": "swims", "pike": np.array(["swims"])},
        {**RIGHT, "ant": "flies"},
        {**RIGHT, "duck": "flies + swims"},
    ],
)
def test_spelling_and_containers_do_not_matter(answer: Any) -> None:
    assert verdict(animals, answer) == (Status.PASSED, None)


def test_members_of_an_enumeration_stand_for_their_number() -> None:
    answer = {"s1": Evidence.CORRELATIONAL, "s2": {Evidence.CAUSAL_COMPONENT}, "s3": Evidence.BEHAVIOURAL}
    assert judge_exercise(rungs, answer).passed
    assert judge_exercise(rungs, {"s1": "correlation", "s2": 3, "s3": "2"}).passed


@pytest.mark.parametrize(
    "answer", [["A2", "B1"], {"a2", "b1"}, "A2, B1", ("B1", "A2"), {"A1": False, "A2": True, "B1": 1}]
)
def test_marking_takes_keys(answer: Any) -> None:
    result = judge_exercise(marked, answer)
    assert result.passed == (answer != {"A1": False, "A2": True, "B1": 1})  # 1 is not a word for "yes"


def test_a_dropped_mark_is_blamed_on_its_sentence() -> None:
    result = judge_exercise(marked, ["A2"])
    assert [case.label for case in result.cases if not case.passed] == ["B1"]
    assert judge_exercise(marked, ["A1", "A2", "A3", "B1"]).misconception is None  # everything marked: no answer
    assert judge_exercise(marked, []).misconception is None
    assert judge_exercise(marked, ["A1", "B1"]).status is Status.PARTLY


def test_items_left_out_are_not_attempted_yet() -> None:
    result = judge_exercise(animals, {"duck": ["flies", "swims"], "bat": ..., "whale": {"swims"}, "pike": None})
    assert result.status is Status.PARTLY and result.misconception is None
    assert "2 of 5 right, none wrong so far." in result.message
    assert "Not attempted yet: bat, ant, pike." in result.message


@pytest.mark.parametrize("blank", [..., {}, {"duck": ..., "bat": ...}, {"duck": {...}}, dict.fromkeys(RIGHT)])
def test_a_stub_is_not_attempted(blank: Any) -> None:
    assert verdict(animals, blank) == (Status.NOT_ATTEMPTED, None)


def test_unknown_words_get_a_suggestion() -> None:
    result = judge_exercise(animals, {**RIGHT, "bat": "flyes", "duk": "flies"})
    assert result.status is Status.PARTLY
    assert "'flyes' is no label here. Did you mean 'flies'? The labels are 'flies', 'swims'." in result.message
    assert "There is no animal 'duk'. Did you mean 'duck'?" in result.message
    assert [case.label for case in result.cases if not case.passed] == ["bat"]


def test_an_answer_too_many_is_told() -> None:
    result = judge_exercise(animals, {**RIGHT, "horse": set()})
    assert not result.passed and "There is no animal 'horse'." in result.message
    assert "takes one label, and 2 are given" in judge_exercise(rungs, {"s1": ["causal", "behavioural"]}).message
    assert "answered twice" in judge_exercise(animals, {**RIGHT, "Duck": "flies"}).message


@pytest.mark.parametrize("answer", [3.5, None, "flies", ["flies"], object(), {"horse": "flies"}, lambda: 1])
def test_what_is_no_table_is_told(answer: Any) -> None:
    result = judge_exercise(animals, answer)
    assert result.status is Status.FAILED and result.message


def test_a_mistake_is_named_where_two_items_show_it_or_the_only_wrong_one() -> None:
    assert verdict(animals, {**RIGHT, "whale": set(), "pike": set()}) == (Status.PARTLY, "size")
    assert verdict(animals, {**RIGHT, "whale": {"flies", "swims"}}) == (Status.PARTLY, "legs")
    assert verdict(animals, {**RIGHT, "whale": {"flies", "swims"}, "duck": set()}) == (Status.PARTLY, None)
    assert verdict(animals, {**RIGHT, "duck": set()}) == (Status.PARTLY, None)


def test_a_mistake_is_seen_through_another_on_the_same_item() -> None:
    result = judge_exercise(animals, {**RIGHT, "ant": {"swims", "flies"}})  # the trap adds "swims"
    assert result.misconception == "size"


def test_feedback_is_per_item_and_not_without_end() -> None:
    many = Items(
        [Item(f"n{i}", f"Number {i}.", "odd" if i % 2 else "even", f"Divide {i} by two.") for i in range(12)]
        + [Item("n12", "Number 12.", "even", "Divide it.", [Tempting("dozen", "odd", "A dozen is even.")])],
        labels={"odd": "", "even": ""},
        traps={"dozen": "You take a dozen for thirteen, as a baker would."},
    )
    exercise = sorting(many, name="many", **FURNITURE)
    result = judge_exercise(exercise, {f"n{i}": "even" if i % 2 else "odd" for i in range(13)})
    assert result.status is Status.FAILED
    assert result.message.count("•") == 6
    assert "And 7 more: n6, n7, n8, n9, n10, n11, n12." in result.message


def test_the_panel_names_the_mistake_and_counts() -> None:
    result = judge_exercise(animals, {**RIGHT, "whale": set(), "pike": set(), "duck": "flies"})
    panel = html_panel(result)
    assert "Not quite: size." in panel and SIZE in panel and "2 of 5 right, 3 to look at again." in panel
    assert str(result).index("pike:") < str(result).index("duck:")  # what the mistake explains comes first


def test_the_record_keeps_the_name(toy_chapter: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("MI_COURSE_HOME", str(tmp_path))
    toy_chapter.EXERCISES.append(animals)
    try:
        with pytest.raises(CourseError):
            Check("toys")(animals={**RIGHT, "whale": set(), "pike": set()})
    finally:
        toy_chapter.EXERCISES.remove(animals)
    assert record.read().events[-1]["misconception"] == "size"


def test_a_mistake_that_explains_little_is_not_named() -> None:
    """Two of eight wrong items fell into a trap, which thoughtless answers do as well."""
    plain = [Item(f"n{i}", f"Number {i}.", "even" if i % 2 else "odd", f"Divide {i} by two.") for i in range(6)]
    traps = [replace(each, key=f"t{i}", tempting=[Tempting("t", "even", "No.")]) for i, each in enumerate(plain[::2])]
    items = Items([*plain, *traps], labels={"odd": "", "even": ""}, traps={"t": "A sentence that sets one right."})
    exercise = sorting(items, name="few", **FURNITURE)
    flipped = {item.key: "odd" if item.accepted[0] == {"even"} else "even" for item in items}
    assert judge_exercise(exercise, {**items.key, "t0": "even", "t1": "even"}).misconception == "t"
    assert judge_exercise(exercise, {**flipped, "t2": "odd"}).misconception is None


def test_mistakes_need_not_be_named() -> None:
    result = judge_exercise(animals, {**RIGHT, "whale": set(), "pike": set()}, name_mistakes=False)
    assert result.status is Status.PARTLY and result.misconception is None


def faulty() -> Iterator[tuple[str, dict[str, Any]]]:
    item = Item("a", "A.", "x", "Look.", [Tempting("t", "y", "No.")])
    good: dict[str, Any] = {"items": [item], "labels": {"x": "", "y": ""}, "traps": {"t": "A sentence."}}
    yield "same key", {**good, "items": [item, replace(item, key="A ")]}
    yield "is no label", {**good, "items": [replace(item, answers="z")]}
    yield "exactly one label", {**good, "items": [replace(item, answers={"x", "y"})]}
    yield "also accepted", {**good, "items": [replace(item, answers=["x", "y"])]}
    yield "tempting nowhere", {**good, "items": [replace(item, tempting=())]}
    yield "not described", {**good, "traps": {}}
    yield "is empty", {**good, "items": [replace(item, feedback=" ")]}
    yield (
        "two answers",
        {**good, "items": [replace(item, tempting=[Tempting("t", "y", "No."), Tempting("t", "y", "No!")])]},
    )
    yield "marking needs", {**good, "marks": "z"}
    yield "stands for", {**good, "also": {"w": "z"}}


@pytest.mark.parametrize(("fault", "fields"), list(faulty()), ids=lambda f: f if isinstance(f, str) else "")
def test_faults_of_the_author_are_raised(fault: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=fault):
        Items(**fields)


def test_the_bank_holds_items_against_the_oracle() -> None:
    wrong = replace(animals, oracle=Oracle("a zoo", lambda: {**RIGHT, "pike": {"flies"}}))
    said = {o.name: o.complaint(0) for o in obligations(wrong)}
    assert said["items agree with the oracle"] == "the oracle says otherwise on pike"


def test_cards_show_the_items_and_no_answer() -> None:
    shown = MARKED.show()
    for text in (repr(shown), shown._repr_html_()):
        assert "It understands." in text and "Abstract B" in text and "too much" in text
    assert "We looked." not in repr(MARKED.show(group="Abstract B"))
    with pytest.raises(CourseError, match="Did you mean 'Abstract B'"):
        MARKED.show(group="Abstract C")
    assert "answers" not in repr(MARKED) and "feedback" not in repr(MARKED)


def test_texts_are_escaped() -> None:
    items = replace(MARKED, items=[replace(MARKED["A1"], text="p < 0.05 & <b>"), MARKED["A2"]])
    assert "p &lt; 0.05 &amp; &lt;b&gt;" in items.show()._repr_html_()


def test_the_question_behind_a_missing_label_is_put_again():
    from mi_course.exercises.mechanistic.definitions import FIELD, NARROW, STUDIES

    without = {key: labels - {FIELD} for key, labels in STUDIES.key.items()}
    told = STUDIES.judge(without)
    assert told.misconception is None
    assert STUDIES.asks[FIELD] in told.message.splitlines()[1]
    assert all(STUDIES.asks[FIELD] in r.sentence or r.label in told.message for r in told.reports if not r.passed)
    inside = {key: labels | {NARROW} if "broad technical" in labels else labels for key, labels in STUDIES.key.items()}
    assert STUDIES.asks[NARROW] in STUDIES.judge(inside).message


def test_what_is_written_a_little_otherwise_is_read_or_asked_about():
    from mi_course.exercises.mechanistic.definitions import STUDIES
    from mi_course.exercises.mechanistic.evidence import SENTENCES

    assert "Did you mean 's01'?" in STUDIES.judge({"s1": {"broad cultural"}}).message
    assert "write set()" in STUDIES.judge({"s10": {}, "s20": set()}).message
    assert STUDIES.read({"s10": "set()"}).given == {"s10": frozenset()}
    assert "is to be a list" in SENTENCES.judge(3.5j).message or "List the keys" in SENTENCES.judge(3.5j).message
