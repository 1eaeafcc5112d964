"""Analogies by vector arithmetic, beside rules that use less: a is to b as c is to … the word nearest to b - a + c.

Mikolov, Yih & Zweig 2013, "Linguistic Regularities in Continuous Space Word Representations"; Levy & Goldberg 2014,
"Linguistic Regularities in Sparse and Explicit Word Representations"; the rules beside it are after Linzen 2016,
"Issues in Evaluating Semantic Spaces Using Word Analogies".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mi_course.claims import Interval
from mi_course.errors import CourseError, did_you_mean
from mi_course.interventions import resid_post, run
from mi_course.worlds.story import VOCABULARY
from mi_course.worlds.story import words as w
from mi_course.worlds.story.tasks.word_pairs import PAIRS

RULES = ("arithmetic", "inputs allowed", "nearest to c", "nearest to b", "wrong way")
"""arithmetic: the word nearest to b - a + c, other than a, b and c. inputs allowed: a, b and c may be answered as well.
nearest to c, nearest to b: the word nearest to that one, other than a, b and c. wrong way: nearest to a - b + c, other
than a, b and c. The first two take the step from a to b, the last one takes it backwards, and the others do without."""

RESAMPLES = 2000


def analogy_questions(pairs: Sequence[tuple[int, int]]) -> Int[Tensor, "question 4"]:
    """Every question that two pairs of a relation make, as rows (a, b, c, answer): a is to b as c is to the answer.

    Questions whose answer is a, b or c are left out: a rule that may not answer its inputs could not get them right.
    Raises CourseError when no question is left.
    """
    rows = [(a, b, c, d) for a, b in pairs for c, d in pairs if a != c and d not in (a, b, c)]
    if not rows:
        raise CourseError("An analogy needs two pairs of words whose answers differ; these make no question.")
    return torch.tensor(rows)


def solve(
    vectors: Float[Tensor, "word d"],
    questions: Int[Tensor, "question 4"],
    rule: str = "arithmetic",
    *,
    candidates: Bool[Tensor, " word"] | None = None,
) -> Int[Tensor, " question"]:
    """What a rule (see RULES) answers to each question, as the id of a word.

    vectors: one a word; they are brought to length 1 first, and nearest means by cosine.
    candidates: words that may be answered, all by default; give a mask that leaves out [BOS] and [PAD].
    Raises CourseError for an unknown rule or ids that have no vector.
    """
    if rule not in RULES:
        raise CourseError(f"There is no rule {rule!r}.{did_you_mean(rule, RULES)} The rules are {', '.join(RULES)}.")
    if int(questions.max()) >= len(vectors) or int(questions.min()) < 0:
        raise CourseError(f"The questions name words outside the {len(vectors)} that have a vector.")
    units = torch.nn.functional.normalize(vectors.double(), dim=1)
    a, b, c = (units[questions[:, i]] for i in range(3))
    target = {"nearest to c": c, "nearest to b": b, "wrong way": a - b + c}.get(rule, b - a + c)
    similar = target @ units.T
    if candidates is not None:
        similar[:, ~candidates] = -torch.inf
    if rule != "inputs allowed":
        similar.scatter_(1, questions[:, :3], -torch.inf)
    return similar.argmax(1)


@dataclass(frozen=True, eq=False)
class AnalogyScores:
    """Which questions each rule gets right.

    where: which vectors, for a figure. relation: which relation.
    correct: by rule, whether the answer to each question is right.
    given, asked: the pair that a and b come from and the pair that c comes from (a number a pair). Questions that share
        either are not independent.
    inputs: share of questions to which "inputs allowed" answers a, b and c, by name.
    """

    where: str
    relation: str
    correct: dict[str, Bool[Tensor, " question"]]
    given: Int[Tensor, " question"]
    asked: Int[Tensor, " question"]
    inputs: dict[str, float]

    def accuracy(self, rule: str) -> float:
        """Share of questions that a rule gets right."""
        return float(self.correct[rule].double().mean())

    def interval(self, rule: str, less: str | None = None, *, seed: int = 0) -> Interval:
        """A bootstrap interval over pairs for a rule's accuracy, or for how much it is above another rule's.

        Pairs are drawn, and a question counts as often as the pair it gives times the pair it asks about: every pair
        is in many questions, in either part. (Drawing by one part alone would take the other for independent.)
        Percentile, 2000 resamples. It needs two pairs or more, and with ten it is still too narrow.
        """
        values = self.correct[rule].double()
        if less is not None:
            values = values - self.correct[less].double()
        pairs, member = torch.cat([self.given, self.asked]).unique(return_inverse=True)
        given, asked = member.chunk(2)
        generator = torch.Generator().manual_seed(seed)
        drawn = torch.randint(len(pairs), (RESAMPLES, len(pairs)), generator=generator)
        times = torch.zeros(RESAMPLES, len(pairs), dtype=torch.double)
        times.scatter_add_(1, drawn, torch.ones_like(drawn, dtype=torch.double))
        weights = times[:, given] * times[:, asked]
        some = weights.sum(1) > 0  # a draw of one pair only has no question
        found = (weights[some] @ values) / weights[some].sum(1)
        low, high = found.quantile(torch.tensor([0.025, 0.975], dtype=torch.double)).tolist()
        estimate = float(values.mean())
        method = f"bootstrap over {len(pairs)} pairs, percentile, {RESAMPLES} resamples"
        return Interval(min(low, estimate), max(high, estimate), 0.95, method)

    def above(self, less: str) -> float:
        """By how much the arithmetic is above another rule."""
        return self.accuracy("arithmetic") - self.accuracy(less)


def analogy_scores(
    vectors: Float[Tensor, "word d"],
    pairs: Sequence[tuple[int, int]],
    *,
    where: str = "",
    relation: str = "",
    candidates: Bool[Tensor, " word"] | None = None,
) -> AnalogyScores:
    """Every rule on every question that the pairs of a relation make."""
    questions = analogy_questions(pairs)
    answers = {rule: solve(vectors, questions, rule, candidates=candidates) for rule in RULES}
    # A pair is the same pair whichever of its two words is given.
    number = {frozenset(pair): i for i, pair in enumerate({frozenset(pair): pair for pair in pairs}.values())}
    given, asked = (
        torch.tensor([number[frozenset(row[part])] for row in questions.tolist()])
        for part in (slice(0, 2), slice(2, 4))
    )
    inputs = (answers["inputs allowed"].unsqueeze(1) == questions[:, :3]).double().mean(0)
    return AnalogyScores(
        where=where,
        relation=relation,
        correct={rule: answer == questions[:, 3] for rule, answer in answers.items()},
        given=given,
        asked=asked,
        inputs=dict(zip("abc", inputs.tolist(), strict=True)),
    )


def story_relations() -> dict[str, list[tuple[int, int]]]:
    """Relations of Story World by name: pairs of token ids (given word, answer).

    Capitals and languages of countries, opposites (either way), plurals of nouns, the next letter, and from a verb's
    singular to its plural (`likes`, `like`).
    """
    names = {
        "capital": "capital",
        "language": "language",
        "opposite": "opposite",
        "plural noun": "plural",
        "next letter": "next letter",
    }
    ids = {word: i for i, word in enumerate(VOCABULARY)}
    found = {
        name: [(ids[str(getattr(a, "text", a))], ids[str(getattr(b, "text", b))]) for a, b in PAIRS[key].items()]
        for name, key in names.items()
    }
    forms = dict.fromkeys((*w.LINKING_VERBS, *w.ANIMATE_VERBS, *w.INANIMATE_VERBS, *w.TRANSITIVE_VERBS))
    found["verb number"] = [(ids[one], ids[many]) for one, many in forms]
    return found


def story_words() -> Bool[Tensor, " d_vocab"]:
    """True for all tokens but [BOS] and [PAD], which are no words."""
    return torch.arange(len(VOCABULARY)) > 1


def word_vectors(model: Any) -> dict[str, Float[Tensor, "d_vocab d_model"]]:
    """A vector for each word at three places of a story model.

    "embedding": rows of W_E, what the model reads a word as. "after layer 1": the residual stream at a word that stands
    alone after [BOS]. "unembedding": columns of W_U, what raises a word's logit.
    """
    alone = torch.stack([torch.zeros(len(VOCABULARY), dtype=torch.long), torch.arange(len(VOCABULARY))], dim=1)
    with torch.no_grad():
        middle = run(model, alone, cache=[resid_post(1)]).cache[resid_post(1)][:, 1]
    return {
        "embedding": model.W_E.detach(),
        "after layer 1": middle,
        "unembedding": model.W_U.detach().T,
    }
