"""Measure what a story model can do: every task of Story World on fresh sentences, held-out ones wherever there are
any.

Each number stands beside what the untrained twin reaches, what the best constant answer reaches, and, where a shortcut
suggests itself, what that shortcut reaches. Intervals are at 95 %. Prompts are independent of one another, so a prompt
is the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.worlds.story import (
    BOS,
    VOCABULARY,
    Split,
    StoryPairs,
    story_batch,
    story_pairs,
)
from mi_course.worlds.story.kinds import FAMILIES
from mi_course.worlds.story.tasks.people import RELATION_WORDINGS
from mi_course.worlds.story.tasks.repetition import POOL
from mi_course.worlds.story.tasks.word_pairs import NAMES as RELATION_NAMES
from mi_course.zoo.measures import mean_and_interval

SEED = 20240924
"""Of all data that cards are measured on; no training uses it."""

PROMPTS, TWIN_PROMPTS = 400, 100
FOLLOWED = ("names", "facts", "agreement, attractor mismatched", "holding", "whereabouts, one move")
"""What is measured at each checkpoint too, beside repetition and loss."""

SPORT = [relation for relation, _ in RELATION_WORDINGS].index("sport")
"""After `plays` a sport may come, or `the` and an instrument."""
REPEATED_ROWS, PERIOD = 256, 14


@dataclass(frozen=True)
class Measurement:
    """One number: which prompts, and what would be a shortcut.

    task, split, question, where: as `story_pairs` has them.
    by: "accuracy", was the likeliest of all words right; or "preference", was the right side likelier than the wrong
        one, where the sentence could also go on in some other way.
    shortcut: by name, the word (token id) that a reader would give who takes a short way; one for each prompt.
    """

    task: str
    split: Split = "train"
    question: str | None = None
    where: Callable[[Any], bool] | None = None
    by: str = "accuracy"
    shortcut: dict[str, Callable[[StoryPairs], Int[Tensor, " prompt"]]] = field(default_factory=dict)

    def prompts(self) -> StoryPairs:
        """The prompts of this measurement."""
        return story_pairs(self.task, PROMPTS, split=self.split, question=self.question, where=self.where, seed=SEED)


def _word_at(role: str) -> Callable[[StoryPairs], Int[Tensor, " prompt"]]:
    def shortcut(pairs: StoryPairs) -> Int[Tensor, " prompt"]:
        rows = torch.arange(len(pairs))
        return pairs.clean.tokens[rows, pairs.positions[role]]

    return shortcut


def _last_mentioned(category: str) -> Callable[[StoryPairs], Int[Tensor, " prompt"]]:
    """The place or the object mentioned last of all."""
    from mi_course.worlds.story import CATEGORIES

    def shortcut(pairs: StoryPairs) -> Int[Tensor, " prompt"]:
        found = pairs.clean.labels["category"] == CATEGORIES.index(category)
        place = torch.arange(found.shape[1])
        last = torch.where(found, place, -1).amax(dim=1)
        return pairs.clean.tokens[torch.arange(len(pairs)), last]

    return shortcut


def _is(word: str) -> Callable[[Any], bool]:
    return lambda plan: plan.relation == word


def _family(number: int) -> Callable[[Any], bool]:
    return lambda plan: plan.family == number


def _moved(twice: bool) -> Callable[[Any], bool]:
    """Whether the one asked for first has moved twice."""
    return lambda plan: (sum(event.who is plan.asked[0] for event in plan.events) > 1) == twice


def _wording(*wordings: int) -> Callable[[Any], bool]:
    return lambda plan: plan.wording in wordings


def _deep(depth: int) -> Callable[[Any], bool]:
    """So many clauses inside, and the two outermost nouns of different number."""
    return lambda plan: len(plan.inner_verbs) == depth and plan.nouns[0].plural != plan.nouns[1].plural


MEASUREMENTS: dict[str, Measurement] = {
    "names": Measurement("names", "test", shortcut={"giver": _word_at("giver"), "last named": _word_at("second")}),
    "names, new wordings": Measurement("names", "wordings"),
    "facts": Measurement("facts"),
    "facts, new wordings": Measurement("facts", "wordings"),
    "people": Measurement("people", where=lambda plan: plan.manner == 0 and plan.relation != SPORT),
    "people, new wordings": Measurement("people", "wordings", where=lambda plan: plan.relation != SPORT),
    "people, one of two": Measurement("people", where=lambda plan: plan.manner > 4 and plan.relation != SPORT),
    "people, sport": Measurement("people", where=lambda plan: plan.relation == SPORT, by="preference"),
    "agreement": Measurement("agreement", "test", by="preference"),
    "agreement, attractor mismatched": Measurement(
        "agreement", "test", where=lambda plan: plan.mismatched, by="preference"
    ),
    "sentiment": Measurement("sentiment", "test", by="preference"),
    "pronouns": Measurement("pronouns", "test", by="preference"),
    "counting": Measurement("successors", "test", where=lambda plan: plan.length == 3),
    "letters": Measurement("successors", where=_wording(2, 3)),
    "circle, sequences": Measurement("circle", where=lambda plan: plan.wording == 0 and plan.length == 3),
    "circle, one step": Measurement("circle", where=_wording(1, 2)),
    "circle, sums": Measurement("circle", where=_wording(3)),
    "circle, new sums": Measurement("circle", "test"),
    # The year 99 is always right here: look at the probability of the right side instead.
    "greater than": Measurement("greater_than", "test"),
    "brackets": Measurement("brackets", by="preference"),
    "brackets, new nest": Measurement("brackets", "test", by="preference"),
    "opposites and plurals": Measurement("lexicon"),
    "holding": Measurement("holding", "test", shortcut={"last mentioned": _last_mentioned("object")}),
    "whereabouts, one move": Measurement(
        "whereabouts", "test", where=_moved(False), shortcut={"last mentioned": _last_mentioned("place")}
    ),
    "whereabouts, moved on": Measurement(
        "whereabouts", "test", where=_moved(True), shortcut={"last mentioned": _last_mentioned("place")}
    ),
    # What follows `14 is` or `paris is a city in` may be something else: a statement that is false, or the country.
    "kinds": Measurement("kinds", by="preference"),
    "truth": Measurement("truth"),
    "truth, new entities": Measurement("truth", "test"),
    **{
        f"truth, new entities: {family.relation} of a {family.role}": Measurement(
            "truth", "test", where=_family(number)
        )
        for number, family in enumerate(FAMILIES)
    },
    **{f"word pairs: {name}": Measurement("word_pairs", where=_is(name)) for name in RELATION_NAMES},
    **{f"word pairs, new words: {name}": Measurement("word_pairs", "test", where=_is(name)) for name in RELATION_NAMES},
    **{
        f"recursion, {depth} deep, {which}": Measurement(
            "recursion",
            "test",
            question=question,
            where=_deep(depth),
            by="preference",
        )
        for depth in (1, 2, 3)
        for which, question in (("outer verb", "verb"), ("inner verb", "inner verb 1"))
    },
}
"""What a card of a story model holds, by name."""


def logits(model: Any, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_vocab"]:
    """What a bridge or a model of plain transformers says, 100 rows at a time."""
    said = []
    with torch.no_grad():
        for rows in tokens.split(100):
            out = model(rows)
            said.append(getattr(out, "logits", out))
    return torch.cat(said)


def observe(model: Any, pairs: StoryPairs, first: int | None = None) -> dict[str, Float[Tensor, " prompt"]]:
    """One number for each prompt: was the likeliest word right, is the right side likelier, and by how many nats.

    accuracy: 1 where the likeliest word of all is on the right side.
    preference: 1 where the words of the right side are together likelier than those of the wrong one.
    logit_difference: log of the ratio of the two sides' probabilities; for single words the difference of logits.
    probability: of the right side among all words.

    first: look at so many of the prompts only.
    """
    rows = torch.arange(len(pairs))[:first]
    last = logits(model, pairs.clean.tokens[rows])[rows, pairs.end[rows]]
    right = last.masked_fill(~pairs.right[rows], -torch.inf).logsumexp(-1)
    wrong = last.masked_fill(~pairs.wrong[rows], -torch.inf).logsumexp(-1)
    likeliest = last.argmax(-1, keepdim=True)
    return {
        "accuracy": pairs.right[rows].gather(1, likeliest)[:, 0].float(),
        "preference": (right > wrong).float(),
        "logit_difference": right - wrong,
        "probability": (right - last.logsumexp(-1)).exp(),
    }


def measurements_of(tasks: Iterable[str]) -> tuple[str, ...]:
    """Names of the measurements that belong to these tasks."""
    wanted = set(tasks)
    return tuple(name for name, measurement in MEASUREMENTS.items() if measurement.task in wanted)


def story_phenomena(model: Any, untrained: Any, only: tuple[str, ...]) -> dict[str, Any]:
    """What the card of a story model says of its tasks: these of MEASUREMENTS.

    For a model of the usual mixture, random words said twice and the loss are measured too.
    """
    found = {name: measure_task(model, untrained, MEASUREMENTS[name]) for name in only}
    if any(MEASUREMENTS[name].task == "names" for name in only):
        found["repetition"] = measure_repetition(model, untrained)
        found["next_token_loss"] = measure_loss(model, untrained)
    return found


def followed(model: Any) -> dict[str, Any]:
    """The numbers that are followed through training."""
    found = {}
    for name in FOLLOWED:
        measurement = MEASUREMENTS[name]
        value, low, high = mean_and_interval(observe(model, measurement.prompts())[measurement.by], proportion=True)
        found[name] = {"value": value, "interval": [low, high]}
    for name, measured in (("repetition", measure_repetition(model)), ("next_token_loss", measure_loss(model))):
        found[name] = {key: measured[key] for key in ("value", "interval")}
    return found


def measure_task(model: Any, untrained: Any, measurement: Measurement) -> dict[str, Any]:
    """One measurement: the share of prompts that come out right with its interval and baselines, and the margin."""
    pairs, by = measurement.prompts(), measurement.by
    ours, twin = observe(model, pairs), observe(untrained, pairs, first=TWIN_PROMPTS)
    value, low, high = mean_and_interval(ours[by], proportion=True)
    margin = mean_and_interval(ours["logit_difference"])
    baselines = {"untrained": float(twin[by].mean()), "constant": _constant(pairs, by)}
    for name, shortcut in measurement.shortcut.items():
        baselines[name] = float(pairs.right.gather(1, shortcut(pairs)[:, None]).float().mean())
    return {
        "value": value,
        "by": by,
        "interval": [low, high],
        "n": len(pairs),
        "baselines": baselines,
        "logit_difference": {"value": margin[0], "interval": list(margin[1:])},
        "probability": float(ours["probability"].mean()),
        "probability_by_frequency": _by_frequency(pairs),
    }


def _constant(pairs: StoryPairs, by: str) -> float:
    """What the best constant answer reaches: the same word always, or, by preference, the same word likelier always.

    By preference a prompt that has the word on neither side is a coin toss.
    """
    right, wrong = pairs.right.float().mean(dim=0), pairs.wrong.float().mean(dim=0)
    return float(right.max() if by == "accuracy" else (right + 0.5 * (1 - right - wrong)).max())


def _by_frequency(pairs: StoryPairs) -> float:
    """Probability that a reader gives to the right side who knows how often each answer comes, and nothing else."""
    frequency = torch.bincount(pairs.answer, minlength=len(VOCABULARY)) / len(pairs)
    return float((pairs.right * frequency).sum(dim=1).mean())


def repeated_words(rows: int = REPEATED_ROWS, period: int = PERIOD) -> Int[Tensor, "batch pos"]:
    """`[BOS]` and random content words, twice over, with nothing between: unlike any sentence of training."""
    generator = torch.Generator().manual_seed(SEED)
    pool = torch.tensor([VOCABULARY.index(word) for word in POOL])
    segment = pool[torch.rand(rows, len(pool), generator=generator).argsort(dim=-1)[:, :period]]
    return torch.cat([torch.full((rows, 1), BOS), segment, segment], dim=1)


def measure_repetition(model: Any, untrained: Any = None) -> dict[str, Any]:
    """Accuracy on the second copy of random words."""
    tokens = repeated_words()

    def right(one: Any) -> Float[Tensor, " row"]:
        said = logits(one, tokens)[:, PERIOD + 1 : -1].argmax(-1)
        return (said == tokens[:, PERIOD + 2 :]).float().mean(dim=1)

    value, low, high = mean_and_interval(right(model), proportion=True)
    baselines = {"copier": 1 / PERIOD}
    if untrained is not None:
        baselines["untrained"] = float(right(untrained).mean())
    return {"value": value, "interval": [low, high], "n": len(tokens), "baselines": baselines}


def induction_scores(
    patterns: list[Float[Tensor, "batch head dest src"]], period: int = PERIOD
) -> Float[Tensor, "layer head"]:
    """Mean attention from the second copy of `repeated_words` to the word after the first copy, by layer and head."""
    dest = torch.arange(period + 1, 2 * period + 1)
    return torch.stack([layer[:, :, dest, dest - (period - 1)].mean(dim=(0, 2)) for layer in patterns])


def measure_loss(model: Any, untrained: Any = None) -> dict[str, Any]:
    """Mean loss of the next token on fresh rows of the training mixture, in nats."""
    tokens = story_batch(128, seed=SEED).tokens

    def loss(one: Any) -> Float[Tensor, " row"]:
        surprise = -logits(one, tokens).log_softmax(-1)[:, :-1].gather(2, tokens[:, 1:, None])[..., 0]
        return surprise.mean(dim=1)

    counts = torch.bincount(story_batch(400, seed=SEED + 1).tokens.flatten(), minlength=len(VOCABULARY)).float() + 1
    unigram = -(counts / counts.sum()).log()[tokens[:, 1:]].mean()
    value, low, high = mean_and_interval(loss(model))
    baselines = {"unigram": float(unigram)}
    if untrained is not None:
        baselines["untrained"] = float(loss(untrained).mean())
    return {"value": value, "interval": [low, high], "n": len(tokens), "baselines": baselines}
