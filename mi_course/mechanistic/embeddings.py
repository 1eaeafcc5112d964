"""What a cloud of word vectors shows: how much all of them point one way, and how much of them is frequency.

Mimno & Thompson 2017, "The Strange Geometry of Skip-Gram with Negative Sampling"; Mu & Viswanath 2018,
"All-but-the-Top"; Ethayarajh 2019, "How Contextual are Contextualized Word Representations?"
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mi_course.claims import Interval, bootstrap_interval
from mi_course.errors import CourseError
from mi_course.interventions import resid_post, resid_pre, run

SPECIAL = (0, 1)
"""Ids of [BOS] and [PAD], which are no words."""


def mean_cosine(vectors: Float[Tensor, "item d"], tokens: Int[Tensor, " item"]) -> float:
    """Mean cosine similarity over all pairs of vectors that belong to different words.

    vectors: one for each item, an embedding or a hidden state. tokens: the word of each item, as its id; items of
        [BOS] and [PAD] (ids 0 and 1) are left out.
    Returns a number from -1 to 1: near 0 where directions are even, 1 where all are the same. (Ethayarajh 2019, section
    3.3, where it is the baseline that measures of contextuality are corrected by.)
    Raises CourseError when fewer than two words are left, or for a vector of length zero, which has no direction.
    """
    units, tokens = _units(vectors, tokens)
    words, member = tokens.unique(return_inverse=True)
    if len(words) < 2:
        raise CourseError("mean_cosine compares different words; give vectors of at least two of them.")
    # All pairs at once: what the sums have in common, less the pairs that share a word.
    sums = torch.zeros(len(words), units.shape[1], dtype=units.dtype).index_add_(0, member, units)
    counts = torch.bincount(member).double()
    across = sums.sum(0).square().sum() - sums.square().sum()
    return float(across / (counts.sum() ** 2 - counts.square().sum()))


def mean_cosine_interval(
    vectors: Float[Tensor, "word d"], *, level: float = 0.95, seed: int = 0, resamples: int = 1000
) -> Interval:
    """A percentile bootstrap interval over words for the mean cosine of vectors that all belong to different words.

    Words are drawn, not pairs: the pairs of one word are not independent of each other. A word drawn twice is not
    paired with itself.
    """
    estimate = mean_cosine(vectors, torch.arange(2, 2 + len(vectors)))
    units = _units(vectors, torch.arange(2, 2 + len(vectors)))[0]
    similar = units @ units.T
    similar.fill_diagonal_(0)
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(units), (resamples, len(units)), generator=generator)
    times = torch.zeros(resamples, len(units), dtype=units.dtype)
    times.scatter_add_(1, drawn, torch.ones_like(drawn, dtype=units.dtype))
    pairs = times.sum(1).square() - times.square().sum(1)
    found = ((times @ similar) * times).sum(1) / pairs
    low, high = found.quantile(torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=found.dtype)).tolist()
    return Interval(
        min(low, estimate), max(high, estimate), level, f"bootstrap over words, percentile, {resamples} resamples"
    )


def frequency_direction(
    vectors: Float[Tensor, "word d"], counts: Int[Tensor, " word"], fit: Bool[Tensor, " word"]
) -> Float[Tensor, " d"]:
    """The direction, of length 1, along which the vectors of the `fit` words vary together with log frequency.

    It is the covariance of the vectors with the log counts: the sum over words of (log count - its mean) times (vector
    - the mean vector), both means over the words of `fit`. The words of `fit` have none of it left once it is removed:
    then no linear function of their vectors goes along with their log counts. (Belrose et al. 2023, "LEACE", prove that
    zero covariance and linear unreadability are the same.)
    Raises CourseError for counts below 1, shapes that do not fit, or fewer than two words to fit on.
    """
    _check_words(vectors, counts, fit)
    chosen, log_count = vectors[fit].double(), counts[fit].double().log()
    direction = (chosen - chosen.mean(0)).T @ (log_count - log_count.mean())
    length = direction.norm()
    if not float(length) > 0:
        raise CourseError("These vectors do not vary with log frequency at all, so there is no direction to find.")
    return direction / length


def remove_direction(vectors: Float[Tensor, "word d"], direction: Float[Tensor, " d"]) -> Float[Tensor, "word d"]:
    """The vectors without their component along a direction, of any length but zero."""
    unit = direction.double() / direction.double().norm()
    wide = vectors.double()
    return wide - (wide @ unit).unsqueeze(1) * unit


def remove_frequency(
    vectors: Float[Tensor, "word d"], counts: Int[Tensor, " word"], fit: Bool[Tensor, " word"]
) -> Float[Tensor, "word d"]:
    """All vectors without their component along the frequency direction of the `fit` words.

    fit: True for the words on which the direction is found. What is then measured has to be measured on the others: on
    the fit words nothing is left by construction, whether or not frequency has a direction.
    """
    return remove_direction(vectors, frequency_direction(vectors, counts, fit))


def frequency_correlation(
    vectors: Float[Tensor, "word d"], counts: Int[Tensor, " word"], fit: Bool[Tensor, " word"], *, seed: int = 0
) -> tuple[float, Interval]:
    """Pearson correlation, over the words that are not in `fit`, of log count with the component along the direction.

    Returns it with a 95 % bootstrap interval over those words.
    """
    component = vectors[~fit].double() @ frequency_direction(vectors, counts, fit)
    return _with_log_count(component, counts[~fit], seed)


def frequency_readout(
    vectors: Float[Tensor, "word d"], counts: Int[Tensor, " word"], fit: Bool[Tensor, " word"], *, seed: int = 0
) -> tuple[float, Interval]:
    """How well a ridge regression fitted on the `fit` words reads log count from the other words' vectors.

    `frequency_correlation` looks along one direction that is fixed by a formula; this one may look for the direction
    that serves best, and so tells more of what can be read linearly. The strength of the penalty is chosen within the
    `fit` words, by leaving out one at a time.
    Returns the Pearson correlation of prediction and log count over the words not in `fit`, with a 95 % bootstrap
    interval over those words.
    """
    from sklearn.linear_model import RidgeCV  # here, since scikit-learn takes a second to import

    _check_words(vectors, counts, fit)
    rows, log_count = vectors.double(), counts.double().log()
    scale = float(rows[fit].var(0).sum()) * int(fit.sum())
    model = RidgeCV(alphas=scale * np.logspace(-5, 0, 11)).fit(rows[fit].numpy(), log_count[fit].numpy())
    return _with_log_count(torch.from_numpy(model.predict(rows[~fit].numpy())), counts[~fit], seed)


def halves(n: int, *, seed: int = 0) -> Bool[Tensor, " word"]:
    """A mask that is True for a random half of n words."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return (order < n // 2).clone()


def nearest(vectors: Float[Tensor, "word d"], among: Bool[Tensor, " word"]) -> Int[Tensor, " word"]:
    """For each word the place of the word nearest to it by cosine: one of `among`, and never itself."""
    units = torch.nn.functional.normalize(vectors.double(), dim=1)
    similar = units @ units.T
    similar[:, ~among] = -torch.inf
    similar.fill_diagonal_(-torch.inf)
    return similar.argmax(1)


def one_of_each(
    tokens: Int[Tensor, "batch pos"], *, seed: int = 0
) -> tuple[Int[Tensor, " word"], Int[Tensor, " word"]]:
    """One occurrence of each word that the rows hold, drawn at random: (ids of the words in order, their places).

    A place counts along the flattened rows. [BOS] and [PAD] are no words.
    """
    flat = tokens.reshape(-1)
    order = torch.randperm(len(flat), generator=torch.Generator().manual_seed(seed))
    found: dict[int, int] = {}
    ids = flat.tolist()
    for at in order.tolist():
        if ids[at] not in SPECIAL:
            found.setdefault(ids[at], at)
    words = sorted(found)
    return torch.tensor(words), torch.tensor([found[word] for word in words])


def states_by_layer(
    model: Any, tokens: Int[Tensor, "batch pos"], places: Int[Tensor, " item"]
) -> Float[Tensor, "depth item d_model"]:
    """The residual stream at some places of the flattened rows: as it enters layer 0, then after each layer."""
    layers = range(model.cfg.n_layers)
    sites = [resid_pre(0), *(resid_post(layer) for layer in layers)]
    with torch.no_grad():
        cache = run(model, tokens, cache=sites).cache
    return torch.stack([cache[site].reshape(-1, model.cfg.d_model)[places] for site in sites])


def _units(vectors: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
    tokens = torch.as_tensor(tokens)
    if vectors.ndim != 2 or tokens.shape != vectors.shape[:1]:
        raise CourseError(
            f"Give vectors of shape (item, d) and one token for each; got {tuple(vectors.shape)} and "
            f"{tuple(tokens.shape)}."
        )
    kept = ~torch.isin(tokens, torch.tensor(SPECIAL))
    vectors, tokens = vectors[kept].double(), tokens[kept]
    length = vectors.norm(dim=1, keepdim=True)
    if bool((length == 0).any()):
        raise CourseError("A vector of length zero has no direction; leave such words out.")
    return vectors / length, tokens


def _with_log_count(values: Tensor, counts: Tensor, seed: int) -> tuple[float, Interval]:
    """Pearson correlation of one number a word with log count, and its interval over words."""
    found, log_count = values.numpy(), counts.double().log().numpy()

    def correlation(places: Any) -> float:
        chosen = np.asarray(places).astype(int)
        return float(np.corrcoef(found[chosen], log_count[chosen])[0, 1])

    places = np.arange(len(found))
    return correlation(places), bootstrap_interval(places, statistic=correlation, seed=seed, resamples=500)


def _check_words(vectors: Tensor, counts: Tensor, fit: Tensor) -> None:
    if vectors.ndim != 2 or counts.shape != vectors.shape[:1] or fit.shape != counts.shape or fit.dtype != torch.bool:
        raise CourseError(
            "Give vectors of shape (word, d), and for each word its count and in `fit` True or False; got shapes "
            f"{tuple(vectors.shape)}, {tuple(counts.shape)} and {tuple(fit.shape)}."
        )
    if int(counts.min()) < 1:
        raise CourseError("A count of 0 has no logarithm; leave out words that never occurred.")
    if int(fit.sum()) < 2:
        raise CourseError("Two words at least are needed to find the direction on.")
