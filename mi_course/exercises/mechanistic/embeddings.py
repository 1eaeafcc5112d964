"""Anisotropy of embeddings, and the frequency direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

CHAPTER = "mechanistic"

QUESTIONS: list[Question] = [
    Question(
        name="more_anisotropic",
        text="Take the hidden states of different words after the last layer. Where is their mean cosine similarity "
        "higher: in trained story, or in its untrained twin?",
        kind=str,
        options=("trained", "untrained"),
    ),
    Question(
        name="kinds_without_frequency",
        text="Take the frequency direction out of story's embedding. Will a word's nearest neighbour be of its own "
        "kind (a city for a city) more often, less often, or as often (within 0.01) as before?",
        kind=str,
        options=("more often", "less often", "as often"),
    ),
]


# --- mean_cosine ------------------------------------------------------------------------------------------------------


def _reference_cosine(vectors: Tensor, tokens: Tensor) -> Tensor:
    units = vectors / vectors.norm(dim=1, keepdim=True)
    word = tokens > 1
    different = (tokens[:, None] != tokens[None, :]) & word[:, None] & word[None, :]
    return (units @ units.T)[different].mean()


def _cosine_by_loops(vectors: Tensor, tokens: Tensor) -> float:
    rows, ids = vectors.double().tolist(), tokens.tolist()
    found = []
    for i, u in enumerate(rows):
        for j in range(i):
            if ids[i] != ids[j] and min(ids[i], ids[j]) >= 2:
                v = rows[j]
                dot = sum(x * y for x, y in zip(u, v, strict=True))
                found.append(dot / (sum(x * x for x in u) * sum(y * y for y in v)) ** 0.5)
    return sum(found) / len(found)


def _cosine_by_sums(vectors: Tensor, tokens: Tensor) -> Tensor:
    kept = torch.isin(tokens, torch.tensor([0, 1]), invert=True)
    units = torch.nn.functional.normalize(vectors[kept].double(), dim=-1)
    total, alike, pairs = units.sum(0).square().sum(), torch.zeros(()).double(), kept.sum() ** 2
    for word in tokens[kept].unique():
        own = units[tokens[kept] == word]
        alike, pairs = alike + own.sum(0).square().sum(), pairs - len(own) ** 2
    return (total - alike) / pairs


def _cosine_with_numpy(vectors: Tensor, tokens: Tensor) -> Any:
    rows, ids = vectors.numpy(), tokens.numpy()
    rows, ids = rows[ids > 1], ids[ids > 1]
    lengths = np.sqrt((rows**2).sum(1))
    i, j = np.triu_indices(len(rows), k=1)
    cosine = (rows[i] * rows[j]).sum(1) / (lengths[i] * lengths[j])
    return cosine[ids[i] != ids[j]].mean()


def _cosine_variant(
    *,
    pairs: str = "different words",
    lengths: str = "each",
    special: bool = False,
    divide: str = "pairs",
    centred: bool = False,
    size: bool = False,
    towards: str = "each other",
) -> Callable[[Tensor, Tensor], Tensor]:
    """The answer with one or two things done otherwise."""

    def mean_cosine(vectors: Tensor, tokens: Tensor) -> Tensor:
        if not special:
            vectors, tokens = vectors[tokens > 1], tokens[tokens > 1]
        if centred:
            vectors = vectors - vectors.mean(0)
        length = vectors.norm(dim=1, keepdim=True)
        if towards == "the mean":
            mean = vectors.mean(0)
            return ((vectors @ mean) / (length[:, 0] * mean.norm())).mean()
        units = {"each": vectors / length, "none": vectors, "mean": vectors / length.mean()}.get(lengths)
        if lengths == "columns":
            units = vectors / vectors.norm(dim=0, keepdim=True)
        assert units is not None
        similar = units @ units.T
        if size:
            similar = similar.abs()
        n = len(tokens)
        chosen = {
            "different words": tokens[:, None] != tokens[None, :],
            "different items": ~torch.eye(n, dtype=torch.bool),
            "all": torch.ones(n, n, dtype=torch.bool),
            "same word": (tokens[:, None] == tokens[None, :]) & ~torch.eye(n, dtype=torch.bool),
            "neighbours": torch.ones(n, n).triu(1).tril(1) > 0,
        }[pairs]
        if divide == "all":
            return similar[chosen].sum() / n**2
        if divide == "half":
            return similar[chosen].sum() / (chosen.sum() / 2)
        return similar[chosen].mean()

    return mean_cosine


def _cases_cosine(draw: Draw) -> list[Case]:
    def case(label: str, tokens: list[int], d: int, mean: float) -> Case:
        lengths = torch.exp(draw.normal(f"{len(tokens)}", sd=0.7)).unsqueeze(1)
        own = {word: draw.normal(f"{d}") for word in sorted(set(tokens))}
        vectors = torch.stack([own[word] for word in tokens]) + 0.5 * draw.normal(f"{len(tokens)} {d}") + mean
        vectors[torch.tensor(tokens) <= 1] += 3.0  # what stands at [BOS] is often unlike anything else
        return Case(label, (vectors * lengths, torch.tensor(tokens)))

    some = draw.sample(range(2, 60), 7)
    return [
        case("12 items, words that come again, [BOS] and [PAD] among them", [0, *some, *some[:2], 1, 1], 5, 0.3),
        case("a whole vocabulary, each word once", list(range(15)), 8, 0.4),
        case("20 items of 4 words", [0] + [some[draw.integer(0, 3)] for _ in range(15)] + some[:4], 6, -0.3),
        case("two words", [some[0], 0, some[1]], 3, 0.2),
    ]


mean_cosine = Exercise(
    name="mean_cosine",
    chapter=CHAPTER,
    section="0.7",
    title="Do all words point one way?",
    core=False,
    difficulty=2,
    minutes=10,
    points=2,
    hints=(
        "Bring every vector to length 1; the table of all cosines is then units @ units.T. What is left is to choose "
        "which entries of it count.",
        "An entry (i, j) counts if tokens[i] and tokens[j] are different words. That leaves out the diagonal as well. "
        "Ids 0 and 1 are no words: drop those items at the start.",
        "kept = tokens > 1; units = vectors[kept] / vectors[kept].norm(dim=1, keepdim=True); the mean is (units @ "
        "units.T)[tokens[kept][:, None] != tokens[kept][None, :]].mean().",
    ),
    reference=_reference_cosine,
    oracle=Oracle("a loop over all pairs in plain Python and double precision", _cosine_by_loops),
    cases=_cases_cosine,
    variant=_cosine_variant,
    alternatives={"sums instead of pairs": _cosine_by_sums, "numpy, each pair once": _cosine_with_numpy},
    misconceptions=(
        Misconception(
            "items compared with themselves",
            "You average over the whole table, its diagonal included (or, which is the same, take the squared length "
            "of the mean unit vector). Each item's similarity to itself is 1 and pulls the mean up, the more so the "
            "fewer items there are. Only pairs of different words count.",
            switches={"pairs": "all"},
        ),
        Misconception(
            "a word compared with itself elsewhere",
            "You leave out the diagonal, but two items of the same word still count. How alike a word is to itself in "
            "other places is a measure of its own (Ethayarajh calls it self-similarity). Asked for are pairs of "
            "different words: tokens[i] != tokens[j].",
            switches={"pairs": "different items"},
        ),
        Misconception(
            "only the same word",
            "You average over pairs of the same word. That says how much a word changes with its context. Asked for "
            "are pairs of different words.",
            switches={"pairs": "same word"},
        ),
        Misconception(
            "only neighbours",
            "You compare each item with the next one only. Asked for is the mean over all pairs of different words.",
            switches={"pairs": "neighbours"},
        ),
        Misconception(
            "dot products",
            "You average dot products: nothing was divided by the lengths. Two long vectors then count for much, and "
            "the number has no scale. Divide each vector by its own length.",
            switches={"lengths": "none"},
        ),
        Misconception(
            "the mean length",
            "You divide by the mean length instead of each vector's own. That is a ratio of means, in which long "
            "vectors weigh most. A cosine divides each pair by its own two lengths.",
            switches={"lengths": "mean"},
        ),
        Misconception(
            "columns brought to length 1",
            "You divide along the wrong axis: each coordinate was brought to length 1 over the items, and the vectors "
            "were not. The length of a vector is its norm over the last axis, dim=1.",
            switches={"lengths": "columns"},
        ),
        Misconception(
            "similarity to the mean",
            "You average the cosine of each vector with the mean vector. That is always higher than between two words, "
            "since every word is part of the mean. Compare the words with each other.",
            switches={"towards": "the mean"},
        ),
        Misconception(
            "the mean taken off",
            "You subtract the mean vector first. What all words share is then gone, and with it what this number is to "
            "measure. Do that afterwards, as an experiment.",
            switches={"centred": True},
        ),
        Misconception(
            "[BOS] and [PAD] counted",
            "Items of id 0 and 1 are in your mean. They are no words, and what stands at [BOS] is often unlike "
            "anything else. Keep the items with tokens > 1.",
            switches={"special": True},
        ),
        Misconception(
            "divided by all pairs",
            "You leave out pairs from the sum and still divide by the number of all pairs. The pairs left out then "
            "count as zeros. Divide by the number of pairs that you kept.",
            switches={"divide": "all"},
        ),
        Misconception(
            "twice too much",
            "You sum every pair in both orders and divide by the number of pairs in one. Divide by what you summed: "
            "the mean of the chosen entries.",
            switches={"divide": "half"},
        ),
        Misconception(
            "cosines without their sign",
            "You average absolute cosines. Vectors that point evenly everywhere then seem alike. Opposite directions "
            "have to cancel: keep the sign.",
            switches={"size": True},
        ),
    ),
)


# --- remove_frequency -------------------------------------------------------------------------------------------------


def _reference_removal(vectors: Tensor, counts: Tensor, fit: Tensor) -> Tensor:
    chosen, log_count = vectors[fit], counts[fit].to(vectors.dtype).log()
    direction = (log_count - log_count.mean()) @ (chosen - chosen.mean(0))
    direction = direction / direction.norm()
    return vectors - torch.outer(vectors @ direction, direction)


def _removal_by_partial_least_squares(vectors: Tensor, counts: Tensor, fit: Tensor) -> Tensor:
    """The first weight vector of partial least squares is the direction of greatest covariance."""
    from sklearn.cross_decomposition import PLSRegression

    mask = fit.numpy()
    rows = vectors.double().numpy()
    found = PLSRegression(n_components=1, scale=False).fit(rows[mask], np.log(counts.double().numpy())[mask])
    weights = found.x_weights_
    # Everything that is orthogonal to it, put together from a basis.
    basis = np.linalg.svd(weights.T)[2][1:]
    return torch.from_numpy(rows @ basis.T @ basis).float()


def _removal_by_projector(vectors: Tensor, counts: Tensor, fit: Tensor) -> Tensor:
    places = fit.nonzero().flatten()
    joint = torch.cat([counts[places].double().log().unsqueeze(1), vectors[places].double()], dim=1)
    covariance = torch.cov(joint.T)[0, 1:]
    projector = torch.eye(len(covariance)).double() - torch.outer(covariance, covariance) / covariance.dot(covariance)
    return vectors.double() @ projector


def _removal_with_numpy(vectors: Tensor, counts: Tensor, fit: Tensor) -> Any:
    x, y, kept = vectors.numpy().astype(float), np.log2(counts.numpy()), fit.numpy()
    direction = sum((b - y[kept].mean()) * a for a, b in zip(x[kept], y[kept], strict=True))
    return np.array([row - (row @ direction) / (direction @ direction) * direction for row in x])


def _removal_variant(
    *,
    target: str = "log",
    centred: str = "yes",
    fitted: str = "fit",
    how: str = "covariance",
    remove: str = "component",
    unit: bool = True,
) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The answer with one or two things done otherwise."""

    def remove_frequency(vectors: Tensor, counts: Tensor, fit: Tensor) -> Tensor:
        chosen = {"fit": fit, "all": torch.ones_like(fit), "others": ~fit}[fitted]
        x, y = vectors[chosen], counts[chosen].to(vectors.dtype)
        y = {"log": y.log(), "counts": y, "ranks": y.argsort().argsort().to(x.dtype)}[target]
        xc, yc = (x, y) if centred == "no" else (x - x.mean(0), y - y.mean())
        if how == "covariance":
            direction = yc @ xc
        elif how == "regression":
            direction = torch.linalg.lstsq(xc.double(), yc.double().unsqueeze(1)).solution[:, 0].to(x.dtype)
        elif how == "top component":
            direction = torch.linalg.svd(xc, full_matrices=False).Vh[0]
        elif how == "mean":
            direction = x.mean(0)
        else:
            direction = yc.sign() @ xc
        if unit:
            direction = direction / direction.norm()
        component = torch.outer(vectors @ direction, direction)
        about = torch.outer((vectors - x.mean(0)) @ direction, direction)
        return {
            "component": vectors - component,
            "keep": component,
            "twice": vectors - 2 * component,
            "add": vectors + component,
            "about the mean": vectors - about,
            "mean": vectors - x.mean(0),
            "mean and component": (vectors - x.mean(0)) - about,
            "from the fit words": torch.where(fit.unsqueeze(1), vectors - component, vectors),
            "direction": vectors - direction,
        }[remove]

    return remove_frequency


def _cases_removal(draw: Draw) -> list[Case]:
    def case(label: str, words: int, d: int, strength: float, share: float) -> Case:
        log_count = draw.normal(f"{words}", mean=3.0, sd=1.5)
        counts = log_count.exp().round().long() + 1
        vectors = draw.normal(f"{words} {d}") * torch.linspace(2.0, 0.5, d) + draw.normal(f"{d}", sd=1.5)
        vectors = vectors + strength * (log_count - 3).unsqueeze(1) * draw.normal(f"{d}")
        order = torch.randperm(words, generator=draw.generator)
        return Case(label, (vectors, counts, order < share * words), axes=("word", "d"))

    return [
        case("60 words of 5 numbers, a strong direction, half of the words to fit on", 60, 5, 0.8, 0.5),
        case("40 words of 8 numbers, a weak direction", 40, 8, 0.2, 0.5),
        case("30 words of 4 numbers, a third of them to fit on", 30, 4, 0.5, 1 / 3),
    ]


def _as_tensor(case: Case, given: Any) -> Any:
    """Arrays and nested lists of numbers count as tensors."""
    if isinstance(given, np.ndarray):
        return torch.from_numpy(given)
    if isinstance(given, list) and given and all(isinstance(row, Tensor) and row.ndim == 1 for row in given):
        return torch.stack(given) if len({len(row) for row in given}) == 1 else given
    return given


remove_frequency = Exercise(
    name="remove_frequency",
    chapter=CHAPTER,
    section="0.7",
    title="Take the frequency direction out",
    core=False,
    difficulty=3,
    minutes=15,
    points=3,
    prerequisites=("mean_cosine",),
    hints=(
        "Two parts: find the direction d on the words of `fit`, and take the component along it out of all vectors.",
        "d is a weighted sum of the fit words' vectors: words more frequent than the mean (in logarithms) count "
        "positively, rarer ones negatively. Divide d by its length. A vector's component along a unit d is (x · d) d.",
        "x, y = vectors[fit], counts[fit].float().log(); d = (y - y.mean()) @ (x - x.mean(0)); d = d / d.norm(); "
        "return vectors - torch.outer(vectors @ d, d).",
    ),
    reference=_reference_removal,
    oracle=Oracle(
        "scikit-learn's partial least squares, and a basis of what is left", _removal_by_partial_least_squares
    ),
    cases=_cases_removal,
    observe=_as_tensor,
    variant=_removal_variant,
    alternatives={"torch.cov and a projector": _removal_by_projector, "numpy, row by row, log 2": _removal_with_numpy},
    misconceptions=(
        Misconception(
            "nothing centred",
            "You multiply vectors and log counts without taking their means off. Your direction is then mostly the "
            "mean vector, which all words share whatever their frequency. Subtract the mean log count (and the mean "
            "vector) of the fit words first.",
            switches={"centred": "no"},
        ),
        Misconception(
            "the largest component, uncentred",
            "You take the first singular vector of the vectors as they are. Without centring that is close to the mean "
            "vector, and in any case it has not looked at a count. Asked for is the direction that varies with log "
            "frequency.",
            switches={"how": "top component", "centred": "no"},
        ),
        Misconception(
            "the largest component",
            "You take the first principal component: the direction in which the words vary most. It may or may not be "
            "that of frequency; it has not looked at a count. Use the covariance with the log counts.",
            switches={"how": "top component"},
        ),
        Misconception(
            "the mean direction",
            "You take out the direction of the mean vector. That removes what all words share. Frequency is something "
            "in which they differ.",
            switches={"how": "mean"},
        ),
        Misconception(
            "only the mean is removed",
            "You subtract the mean vector and stop. That moves the whole cloud and leaves every difference between "
            "words as it was, those of frequency included.",
            switches={"remove": "mean"},
        ),
        Misconception(
            "the mean is removed as well",
            "You take the component out and the mean vector off. Asked for is the component alone, so that one can see "
            "what it does by itself.",
            switches={"remove": "mean and component"},
        ),
        Misconception(
            "counted from the mean",
            "You take the component out of each vector's distance from the mean, so that the mean's own component "
            "stays in every vector. Asked for is x - (x · d) d, with the vectors as they are.",
            switches={"remove": "about the mean"},
        ),
        Misconception(
            "all but the direction is removed",
            "You return the component along the direction: all that is left is frequency. Subtract it from the "
            "vectors.",
            switches={"remove": "keep"},
        ),
        Misconception(
            "removed twice",
            "You subtract the component twice. That mirrors the vectors: frequency is still there, with its sign "
            "turned. Once is enough.",
            switches={"remove": "twice"},
        ),
        Misconception(
            "added instead",
            "You add the component, so that frequency counts double. Subtract it.",
            switches={"remove": "add"},
        ),
        Misconception(
            "the direction itself subtracted",
            "You subtract the same vector d from every word. That moves all words alike. Each word has its own "
            "component along d: (x · d) d.",
            switches={"remove": "direction"},
        ),
        Misconception(
            "only the fit words are changed",
            "You take the component out of the words of `fit` and hand back the others as they were. The direction is "
            "found on the former and removed from all: the others are the ones on which it is tested.",
            switches={"remove": "from the fit words"},
        ),
        Misconception(
            "fitted on every word",
            "You find the direction on all words, those among them on which it is to be tested. There nothing is left "
            "by construction, in random vectors too. Use the words of `fit` only.",
            switches={"fitted": "all"},
        ),
        Misconception(
            "fitted on the others",
            "You find the direction on the words outside `fit`. Those are kept for the test; use vectors[fit].",
            switches={"fitted": "others"},
        ),
        Misconception(
            "counts without the logarithm",
            "You use the counts as they are. A few words are so frequent that they alone settle the direction. Take "
            "logarithms: then a factor of two counts the same anywhere.",
            switches={"target": "counts"},
        ),
        Misconception(
            "the direction that predicts best",
            "You take the coefficients of a regression. They are divided by the vectors' own covariance, and when that "
            "direction is gone, log frequency can still be read from what varied together with it. Take the covariance "
            "itself: after it, nothing linear is left in the fit words.",
            switches={"how": "regression"},
        ),
        Misconception(
            "a direction of any length",
            "You did not divide the direction by its length before using (x · d) d, so that you subtract too much or "
            "too little. Divide by d.norm() first, or the whole by d · d.",
            switches={"unit": False},
        ),
    ),
)

EXERCISES: list[Exercise] = [mean_cosine, remove_frequency]
