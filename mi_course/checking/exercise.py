"""What an exercise is: data. Everything the engine knows about a chapter it reads from these objects."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mi_course.checking.draw import Draw
from mi_course.checking.drivers import Driver, call, value

if TYPE_CHECKING:
    from mi_course.checking.items import Items

Answer = Any
"""A learner's answer: a function, a class or a value, whatever the exercise asks for."""


@dataclass(frozen=True)
class Step:
    """One call on an object that a class answer built.

    label: names it in reports.
    method: `__call__` for obj(...).
    """

    label: str
    method: str = "__call__"
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One input on which an answer is tried.

    label: what a learner reads, in the exercise's own terms ("batch of 3, period 5, two repeats").
    args, kwargs: handed to the answer as fresh copies; a model among them is shared, watched and restored.
    script: for classes, the calls made on the object built from args and kwargs.
    axes: names of the axes of the result, used to say where a result differs ("batch", "dest", "src").
    """

    label: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    script: tuple[Step, ...] = ()
    axes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Oracle:
    """Where expected results come from: another way of computing them than the reference's.

    name: one line for people ("brute force over token ids", "transformer_lens.head_detector").
    expected: called like the answer; its result goes through the exercise's `observe` unless `observes` is true,
        when it already returns what `observe` would.
    same_as_reference: the reason, where no independent way exists; `dev check` lists these.
    """

    name: str
    expected: Callable[..., Any]
    observes: bool = False
    same_as_reference: str = ""


@dataclass(frozen=True)
class Misconception:
    """A named wrong answer that a thoughtful learner would write, and the sentence that would set them right.

    name: short, lower case, shown after "Not quite:".
    message: says what the answer measures or does, and what is asked instead.
    answer: the wrong implementation; or leave it out and give
    switches: the settings of the exercise's `variant` that make the mistake. Mistakes given as switches are also
        recognised when two are made at once. What a variant builds leaves models as they were.
    """

    name: str
    message: str
    answer: Answer = None
    switches: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tolerance:
    """How far a float may be off: |got - expected| <= absolute + relative * |expected|."""

    relative: float
    absolute: float


@dataclass(frozen=True)
class Exercise:
    """One exercise: what it asks, how it is judged and how the judge is proven.

    reference, alternatives: right answers; the alternatives are written differently on purpose.
    oracle: gives the expected results, see `Oracle`.
    cases: maps a seeded `Draw` to the inputs tried, adversarial ones among them.
    observe: maps (case, output) to what is compared, for results that are random or may be ordered freely.
    driver: how an answer is run on a case, see `mi_course.checking.drivers`.
    variant: builds a (wrong) answer from switches, see `Misconception.switches`.
    per_learner: cases are drawn from the learner's own seed, so that neighbours have different right answers.
    time_limit: seconds the answer may take over all cases together.
    items: for an answer that sorts many items, see `mi_course.checking.sorting`; it is then judged item by item.
    """

    name: str
    chapter: str
    section: str
    title: str
    core: bool
    difficulty: int
    minutes: int
    points: int
    hints: Sequence[str]
    reference: Answer
    oracle: Oracle
    cases: Callable[[Draw], list[Case]]
    alternatives: Mapping[str, Answer]
    misconceptions: Sequence[Misconception]
    prerequisites: Sequence[str] = ()
    driver: Driver = call
    observe: Callable[[Case, Any], Any] | None = None
    variant: Callable[..., Answer] | None = None
    tolerance: Tolerance | None = None
    per_learner: bool = False
    time_limit: float = 4.0
    items: Items | None = None

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"{self.name!r} is not a Python name; an exercise's name is the name of its answer.")
        if not 1 <= self.difficulty <= 5:
            raise ValueError(f"{self.id}: difficulty is 1 to 5, not {self.difficulty}.")
        built = []
        for misconception in self.misconceptions:
            if misconception.answer is None:
                if self.variant is None or not misconception.switches:
                    raise ValueError(
                        f"{self.id}: misconception {misconception.name!r} has neither answer nor switches."
                    )
                misconception = replace(misconception, answer=self.variant(**misconception.switches))
            built.append(misconception)
        object.__setattr__(self, "misconceptions", tuple(built))

    @property
    def id(self) -> str:
        """`CHAPTER.name`, the exercise's name everywhere outside its chapter."""
        return f"{self.chapter}.{self.name}"

    @property
    def is_value(self) -> bool:
        """True where the answer is a value rather than a function or class."""
        return self.driver is value

    @property
    def calls(self) -> str:
        """How the check calls the answer, for messages: `induction_score(pattern, period)`."""
        if self.is_value:
            return self.name
        names = ", ".join(inspect.signature(self.reference).parameters)
        return f"{self.name}({names})"

    def pairs(self) -> Iterator[Misconception]:
        """Every two mistakes that can be made at once, built by merging their switches."""
        switched = [m for m in self.misconceptions if m.switches]
        for i, first in enumerate(switched):
            for second in switched[i + 1 :]:
                if self.variant is not None and not first.switches.keys() & second.switches.keys():
                    yield Misconception(
                        name=f"{first.name}, and {second.name}",
                        message=f"Two things at once. {first.message} And: {second.message}",
                        answer=self.variant(**first.switches, **second.switches),
                        switches={**first.switches, **second.switches},
                    )
