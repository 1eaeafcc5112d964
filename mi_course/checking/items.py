"""Many small questions in one exercise: studies to sort, gaps to fill, sentences to mark.

An `Item` is one of them. It knows the answers that can be defended, the wrong ones that tempt, and what to say to each.
`Items` are all the items of an exercise; they read a learner's answer and say how it fares.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mi_course.checking.plain import Odd, describe
from mi_course.checking.result import CaseReport, Status
from mi_course.errors import did_you_mean

if TYPE_CHECKING:
    from mi_course.checking.cards import Cards

Labels = frozenset[str]

SHOWN = 6  # wrong items that a panel comments on; the others are only named
_NOTHING = ("", "none", "nothing", "neither", "set()", "{}")  # ways of writing that no label applies


@dataclass(frozen=True)
class Tempting:
    """A wrong answer that tempts on one item.

    trap: the name of the mistake behind it, one of the keys of `Items.traps`.
    answer: the wrong answer, a label or a set of labels.
    sentence: what sets it right, with the section of the paper.
    """

    trap: str
    answer: str | Collection[str]
    sentence: str

    @property
    def labels(self) -> Labels:
        """The wrong answer as a set of labels."""
        return _set_of(self.answer)


@dataclass(frozen=True)
class Item:
    """One thing to sort, to mark or to fill in.

    key: short name by which the learner's answer refers to it.
    text: what the learner reads, one to three sentences.
    answers: the right answer: a label, or a set of labels. A list holds several answers that can each be defended.
    feedback: said to a wrong answer that falls into no trap; points at what to look for and leaves the answer open.
    tempting: the wrong answers that are expected, and what sets them right.
    group: heading under which the item is shown (the abstract that a sentence is from).
    """

    key: str
    text: str
    answers: str | Collection[str] | list[Any] = field(repr=False)
    feedback: str = field(repr=False)
    tempting: Sequence[Tempting] = field(default=(), repr=False)
    group: str = ""

    @property
    def accepted(self) -> tuple[Labels, ...]:
        """Every answer that can be defended, the course's own first."""
        several = self.answers if isinstance(self.answers, (list, tuple)) else [self.answers]
        return tuple(map(_set_of, several))

    def trap(self, given: Labels, first: str = "") -> Tempting | None:
        """The temptation that a wrong answer gave in to: exactly, or in what it adds to the right one and drops.

        first: the trap to be preferred where two lead to the same answer.
        """
        if given in self.accepted:
            return None
        right = self.accepted[0]
        tempting = sorted(self.tempting, key=lambda each: each.trap != first)
        for each in tempting:
            if each.labels == given:
                return each
        for each in tempting:
            added, dropped = each.labels - right, right - each.labels
            if added <= given and not dropped & given:
                return each
        return None


@dataclass(frozen=True)
class Reading:
    """A learner's answer, read: what was given where, what is still to do, and what cannot be understood.

    given: the labels for every item that was answered in known words.
    unclear: a sentence for every item that was answered in other words.
    strays: a sentence for every key that belongs to no item, and for an answer that is no table of items at all.
    """

    given: Mapping[str, Labels]
    unclear: Mapping[str, str]
    strays: tuple[str, ...]


@dataclass(frozen=True)
class Sorted:
    """How an answer fared: what a `Result` is made of."""

    status: Status
    message: str
    misconception: str | None
    reports: tuple[CaseReport, ...]


@dataclass(frozen=True)
class Items:
    """All the items of one exercise.

    items: in the order in which they are shown.
    labels: what an item can be labelled, and what each label means in a few words.
    traps: mistakes that a thoughtful learner would make on several items; name and the sentence that sets them right.
    several: an item takes a set of labels, and may take none; otherwise exactly one.
    marks: for an exercise that asks to mark some items out of all: the label of the marked ones. The learner may then
        give a list of keys; the items not in it get the other one of the two labels.
    also: other words for the labels.
    asks: for some labels the question that decides on them. Where an answer is wrong in other ways than a trap expects,
        the questions answered wrongly are put again.
    noun: what an item is called in messages ("study", "sentence", "gap").
    """

    items: Sequence[Item]
    labels: Mapping[str, str]
    traps: Mapping[str, str] = field(repr=False)
    several: bool = False
    marks: str = ""
    also: Mapping[str, str] = field(default_factory=dict, repr=False)
    asks: Mapping[str, str] = field(default_factory=dict, repr=False)
    noun: str = "item"

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise ValueError("; ".join(faults))

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, key: str) -> Item:
        return next(item for item in self.items if item.key == key)

    @property
    def key(self) -> dict[str, Any]:
        """The course's own answer: a label an item, or a set of labels."""
        return {item.key: self._as_given(item.accepted[0]) for item in self.items}

    def fallen_for(self, trap: str) -> dict[str, Any]:
        """The answer of somebody who makes one mistake wherever it tempts, and no other."""
        answer = {}
        for item in self.items:
            tempted = next((each.labels for each in item.tempting if each.trap == trap), item.accepted[0])
            answer[item.key] = self._as_given(tempted)
        return answer

    def _as_given(self, labels: Labels) -> Any:
        return set(labels) if self.several else next(iter(labels))

    def show(self, *, group: str | None = None) -> Cards:
        """The items as cards to read, with the labels above them; only one group's if `group` is given."""
        from mi_course.checking.cards import Cards

        return Cards(self, group)

    # --- reading an answer --------------------------------------------------------------------------------------------

    def read(self, answer: Any) -> Reading:
        """Read an answer that has been made plain (`mi_course.checking.plain`)."""
        if self.marks and not isinstance(answer, (dict, Odd)) and answer is not None:
            # [...] is a list that has not been begun; an empty one marks nothing.
            begun = not _listed(answer) or not self._is_blank(answer)
            return self._read_marks(answer) if begun else Reading({}, {}, ())
        if not isinstance(answer, dict):
            kind = "list" if self.marks else "dict"
            return Reading(
                {}, {}, (f"The answer is to be a {kind}, {self._example()}, and this is {describe(answer)}.",)
            )
        keys = {_folded(item.key): item.key for item in self.items}
        given: dict[str, Labels] = {}
        unclear: dict[str, str] = {}
        strays = []
        for written, value in answer.items():
            key = keys.get(_folded(written))
            if key is None:
                strays.append(self._no_item(written))
            elif key in given or key in unclear:
                unclear[key] = "It is answered twice, under keys that differ only in spelling."
                given.pop(key, None)
            elif not self._is_blank(value):
                labels = self._labels_in(value)
                if isinstance(labels, str):
                    unclear[key] = labels
                else:
                    given[key] = labels
        return Reading(given, unclear, tuple(strays))

    def _read_marks(self, answer: Any) -> Reading:
        listed = _listed(answer)
        if listed is None:
            sentence = f"List the keys to be marked, such as [{self.items[0].key!r}]; this is {describe(answer)}."
            return Reading({}, {}, (sentence,))
        keys = {_folded(item.key): item.key for item in self.items}
        if isinstance(answer, str) and _folded(answer) not in keys:
            listed = [part.strip() for part in re.split(r"[,;]", answer)]
        marked = {keys[_folded(each)] for each in listed if _folded(each) in keys}
        strays = tuple(self._no_item(each) for each in listed if _folded(each) not in keys)
        other = next(label for label in self.labels if label != self.marks)
        if strays and not marked:
            return Reading({}, {}, strays)
        return Reading(
            {item.key: frozenset({self.marks if item.key in marked else other}) for item in self.items}, {}, strays
        )

    def _is_blank(self, value: Any) -> bool:
        """Nothing has been written there yet."""
        if value is None or (isinstance(value, Odd) and "placeholder" in value.description):
            return True
        listed = _listed(value)
        if listed is not None and any(isinstance(each, Odd) and "placeholder" in each.description for each in listed):
            return True
        return not self.several and (value == "" or listed == [])

    def _labels_in(self, value: Any) -> Labels | str:
        """The labels that a value names, or a sentence about why they cannot be told."""
        if isinstance(value, str) and self.several and _folded(value) in _NOTHING:
            return frozenset()
        if self.several and isinstance(value, dict) and not value:
            return "In Python {} is an empty dict; for no label at all write set()."
        listed = _listed(value)
        if listed is None:
            return f"A label is a text, and this is {describe(value)}."
        found = set()
        for each in listed:
            labels = self._known(each)
            if labels is None:
                choice = ", ".join(map(repr, self.labels))
                return f"{_shown(each)} is no label here.{did_you_mean(each, self.labels)} The labels are {choice}."
            found |= labels
        if not self.several and len(found) > 1:
            return f"It takes one label, and {len(found)} are given."
        return frozenset(found)

    def _known(self, word: Any) -> set[str] | None:
        """The label a word stands for; several where a text joins them by commas."""
        words = self._words()
        folded = _folded(word)
        if folded in words:
            return {words[folded]}
        parts = [part for part in map(_folded, re.split(r"[,;+&/]", str(word))) if part]
        if isinstance(word, str) and len(parts) > 1 and all(part in words for part in parts):
            return {words[part] for part in parts}
        return None

    def _words(self) -> dict[str, str]:
        words = {_folded(label): label for label in self.labels}
        words |= {_folded(word): label for word, label in self.also.items()}
        if self.marks:
            other = next(label for label in self.labels if label != self.marks)
            words |= {"true": self.marks, "false": other}
        return words

    def _no_item(self, written: Any) -> str:
        keys = [item.key for item in self.items]
        same = [key for key in keys if _unpadded(key) == _unpadded(written)]
        close = f" Did you mean {same[0]!r}?" if len(same) == 1 else did_you_mean(written, keys)
        first, last = self.items[0].key, self.items[-1].key
        return f"There is no {self.noun} {_shown(written)}.{close or f' The keys run from {first!r} to {last!r}.'}"

    def _example(self) -> str:
        label = next(iter(self.labels))
        if self.marks:
            return f"[{self.items[0].key!r}, …]"
        return (
            f"{{{self.items[0].key!r}: {{{label!r}}}, …}}"
            if self.several
            else f"{{{self.items[0].key!r}: {label!r}, …}}"
        )

    # --- judging it ---------------------------------------------------------------------------------------------------

    def judge(self, answer: Any, *, name_mistakes: bool = True) -> Sorted:
        """How a plain answer fares. Passed only where every item is right and nothing else is in the answer."""
        reading = self.read(answer)
        if not reading.given and not reading.unclear:
            return self._not_begun(answer, reading)
        wrong = [item for item in self.items if item.key in reading.given]
        wrong = [item for item in wrong if reading.given[item.key] not in item.accepted]
        fallen = {item.key: item.trap(reading.given[item.key]) for item in wrong}
        trap = self._main_trap(reading, fallen) if name_mistakes else None
        question = self._one_question(reading, fallen) if name_mistakes else None
        if question and trap and 2 * sum(t is not None and t.trap == trap for t in fallen.values()) <= len(fallen):
            trap = None  # it is behind half of them at most, and the question behind all
        if trap:  # a wrong answer that two mistakes lead to is told by the one that is named
            fallen = {item.key: item.trap(reading.given[item.key], first=trap) for item in wrong}
        reports = tuple(self._report(item, reading, fallen) for item in self.items)
        right = sum(report.passed for report in reports)
        if right == len(self.items) and not reading.strays:
            return Sorted(Status.PASSED, "", None, reports)
        message = self._message(reading, reports, fallen, trap, question)
        return Sorted(Status.PARTLY if right else Status.FAILED, message, trap, reports)

    def _not_begun(self, answer: Any, reading: Reading) -> Sorted:
        reports = tuple(CaseReport(item.key, False, "not attempted yet") for item in self.items)
        if reading.strays:
            return Sorted(Status.FAILED, "\n".join(reading.strays[:SHOWN]), None, reports)
        how = f"Begin with {self._example()}; items left out count as not attempted yet."
        return Sorted(Status.NOT_ATTEMPTED, f"None of the {len(self.items)} is answered yet. {how}", None, reports)

    def _report(self, item: Item, reading: Reading, fallen: Mapping[str, Tempting | None]) -> CaseReport:
        if item.key in reading.unclear:
            return CaseReport(item.key, False, reading.unclear[item.key])
        if item.key not in reading.given:
            return CaseReport(item.key, False, "not attempted yet")
        if item.key not in fallen:
            return CaseReport(item.key, True, result_right=True)
        tempted, given = fallen[item.key], reading.given[item.key]
        if tempted and tempted.labels == given:
            return CaseReport(item.key, False, tempted.sentence)
        # No temptation is met exactly: say first which questions were answered wrongly, and then only what fits them.
        off = [self.asks[label] for label in self.labels if label in self.asks and label in given ^ item.accepted[0]]
        if not off:
            return CaseReport(item.key, False, tempted.sentence if tempted else item.feedback)
        rest = f" {tempted.sentence}" if tempted else f" {item.feedback}" if len(off) > 1 else ""
        return CaseReport(item.key, False, f"ask again: {' And: '.join(off)}{rest}")

    def _main_trap(self, reading: Reading, fallen: Mapping[str, Tempting | None]) -> str | None:
        """The mistake behind most wrong items: behind two at least and a third of all, or behind the only one.

        Answers drawn by chance fall into some trap here and there; a third of what is wrong is more than that. And
        nothing is named for one and the same answer everywhere: that is no mistake yet, but no answer.
        """
        if len(reading.given) > 2 and len({*reading.given.values()}) == 1:
            return None
        if self.several and len(reading.given) > 4:
            # Nearly the same set everywhere: no reading of the items either, save for an exception or two.
            most = Counter(reading.given.values()).most_common(1)[0][1]
            if 10 * most > 8 * len(reading.given):
                return None
        # A wrong answer may be what two mistakes have in common: it counts for both.
        behind: Counter[str] = Counter()
        for key, tempted in fallen.items():
            if tempted:
                same = [each.trap for each in self[key].tempting if each.labels == reading.given[key]]
                behind.update({*same, tempted.trap})
        if not behind:
            return None
        all_of = Counter(each.trap for item in self.items for each in item.tempting)
        order = list(self.traps)
        trap = max(behind, key=lambda name: (behind[name], behind[name] / all_of[name], -order.index(name)))
        wrong = len(fallen) + len(reading.unclear)
        return trap if wrong == 1 or (behind[trap] > 1 and 3 * behind[trap] >= wrong) else None

    def _one_question(self, reading: Reading, fallen: Mapping[str, Tempting | None]) -> str | None:
        """A sentence on the one label that is missing, or too much, in every wrong answer; None if there is none."""
        off = {
            (label, label in reading.given[key])
            for key in fallen
            for label in reading.given[key] ^ self[key].accepted[0]
        }
        if len(fallen) < 3 or len(off) != 1:
            return None
        label, given = off.pop()
        if label not in self.asks:
            return None
        return f"All of them turn on one label, which is {'given' if given else 'left out'}: {self.asks[label]}"

    def _message(
        self,
        reading: Reading,
        reports: Sequence[CaseReport],
        fallen: Mapping[str, Tempting | None],
        trap: str | None,
        question: str | None = None,
    ) -> str:
        right = sum(report.passed for report in reports)
        undone = [r.label for r in reports if r.label not in reading.given and r.label not in reading.unclear]
        again = [report for report in reports if not report.passed and report.label not in undone]
        again.sort(key=lambda report: self._order(report.label, reading, fallen, trap))
        rest = f", {len(again)} to look at again" if again else ", none wrong so far" if undone else ""
        lines = [f"{right} of {len(reports)} right{rest}."]
        if trap:
            lines.append(self.traps[trap])
        elif question:
            lines.append(question)
        for report in again[:SHOWN]:
            tempted = fallen.get(report.label)
            other = f" ({tempted.trap})" if trap and tempted and tempted.trap != trap else ""
            lines.append(f"• {report.label}{other}: {report.sentence}")
        if len(again) > SHOWN:
            lines.append(f"And {len(again) - SHOWN} more: {', '.join(r.label for r in again[SHOWN:])}.")
        lines += reading.strays[:SHOWN]
        if undone:
            lines.append(f"Not attempted yet: {', '.join(undone)}.")
        return "\n".join(lines)

    def _order(
        self, key: str, reading: Reading, fallen: Mapping[str, Tempting | None], trap: str | None
    ) -> tuple[bool, bool]:
        """What cannot be understood first, then the named mistake, then the rest."""
        tempted = fallen.get(key)
        return key not in reading.unclear, not (tempted and tempted.trap == trap)


def _set_of(answer: str | Collection[str]) -> Labels:
    return frozenset({answer}) if isinstance(answer, str) else frozenset(answer)


def _folded(text: Any) -> str:
    """A text without what does not matter: case, spaces, hyphens, quotes at the ends."""
    return re.sub(r"[\s_\-‐–—]+", " ", str(text)).strip(" .'\"`").casefold()


def _unpadded(key: Any) -> str:
    """A key without the letter before its number and without zeros in front: s01, s1 and 1 are one."""
    return re.sub(r"^[^\W\d]?0*(?=\d)", "", _folded(key))


def _listed(value: Any) -> list[Any] | None:
    """A value as a list: a single label, or a container of labels. None for anything else."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (str, bool, int)):
        return [value]
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, set):
        return sorted(value, key=str)
    return None


def _shown(word: Any) -> str:
    return repr(word) if isinstance(word, (str, int)) else describe(word)


def _faults(items: Items) -> Iterator[str]:
    """What is wrong with items as their author wrote them."""
    keys = [_folded(item.key) for item in items.items]
    if len({*keys}) < len(keys):
        yield "two items have the same key"
    if items.marks and (items.marks not in items.labels or len(items.labels) != 2 or items.several):
        yield "marking needs two labels, `marks` being one of them, and one label an item"
    for word, label in items.also.items():
        if label not in items.labels:
            yield f"{word!r} stands for {label!r}, which is no label"
    used = {each.trap for item in items.items for each in item.tempting}
    for name in [*items.traps, *used]:
        if name not in items.traps or name not in used:
            yield f"the trap {name!r} is {'tempting nowhere' if name in items.traps else 'not described'}"
    for item in items.items:
        yield from (f"{item.key}: {fault}" for fault in _item_faults(item, items))


def _item_faults(item: Item, items: Items) -> Iterator[str]:
    tempting = [each.labels for each in item.tempting]
    for labels in (*item.accepted, *tempting):
        if labels - items.labels.keys():
            yield f"{', '.join(sorted(labels - items.labels.keys()))} is no label"
        if not items.several and len(labels) != 1:
            yield "it takes exactly one label"
    if any(labels in item.accepted for labels in tempting):
        yield "a tempting answer is also accepted"
    if len({each.trap for each in item.tempting}) < len(item.tempting):
        yield "one trap tempts to two answers"
    if not item.text.strip() or not item.feedback.strip() or not all(each.sentence.strip() for each in item.tempting):
        yield "a text, a feedback or a sentence is empty"
