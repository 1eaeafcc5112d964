"""Measure the smallest story models: their loss beside that of bigrams, and the tables that their weights hold."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.worlds.story import VOCABULARY, story_tokens
from mi_course.worlds.story.entities import CAPITAL, CITIES, COUNTRIES
from mi_course.worlds.story.vocabulary import ID
from mi_course.zoo.measures import mean_and_interval
from mi_course.zoo.story_measures import MEASUREMENTS, SEED, measure_loss, measure_task

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

ROWS_COUNTED, ADDED = 24_000, 0.1
"""Rows of fresh text in which bigrams are counted (2.3 million tokens), and what is added to each count: in random
codes any word may follow any other, more pairs than can be counted. With 0.1 fresh text has the least loss."""

TASKS = ("names", "facts", "agreement", "brackets", "sentiment", "opposites and plurals")
"""Of the tasks of MEASUREMENTS, those that show what one layer of attention can and cannot do."""


def small_phenomena(model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
    """Everything on the card of story-0l or story-attn-1l."""
    loss = measure_loss(model, untrained)
    loss["baselines"]["bigrams"] = bigram_loss()
    found = {"next_token_loss": loss, "distance_to_bigrams": distance_to_bigrams(model, untrained)}
    if model.cfg.n_layers:
        found |= {name: measure_task(model, untrained, MEASUREMENTS[name]) for name in TASKS}
        found["skip_trigrams"] = skip_trigrams(model, untrained)
    return found


@cache
def bigram_counts() -> Float[Tensor, "d_vocab d_vocab"]:
    """How often each word follows each, in fresh text of the training mixture; rows are the word before."""
    tokens = story_tokens(ROWS_COUNTED, seed=SEED + 2)
    size = len(VOCABULARY)
    pairs = tokens[:, :-1].flatten() * size + tokens[:, 1:].flatten()
    return torch.bincount(pairs, minlength=size * size).reshape(size, size).double()


@cache
def bigram_log_probs() -> Float[Tensor, "d_vocab d_vocab"]:
    """Log probability of each word after each, in nats."""
    smoothed = bigram_counts() + ADDED
    return (smoothed / smoothed.sum(dim=1, keepdim=True)).log()


def bigram_loss() -> float:
    """Loss in nats, on the rows that `measure_loss` reads, of a reader who knows the bigram table and nothing else."""
    from mi_course.worlds.story import story_batch

    tokens = story_batch(128, seed=SEED).tokens
    return float(-bigram_log_probs()[tokens[:, :-1], tokens[:, 1:]].mean())


def distance_to_bigrams(model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
    """Kullback-Leibler divergence, in nats, from the corpus's bigrams to what W_E W_U says of each word alone.

    A mean over words, each as often as it occurs. Zero would be the bigram table itself. The interval is over words,
    weighted likewise, by bootstrap.
    """
    counts = bigram_counts()
    weights = counts.sum(dim=1) / counts.sum()
    true = bigram_log_probs()

    def divergence(one: TransformerBridge) -> Float[Tensor, " d_vocab"]:
        said = (one.W_E @ one.W_U).detach().double().log_softmax(dim=-1)
        return (true.exp() * (true - said)).sum(dim=-1)

    ours = divergence(model)
    generator = torch.Generator().manual_seed(SEED)
    drawn = torch.multinomial(weights, 2000 * len(ours), replacement=True, generator=generator).reshape(2000, -1)
    low, high = ours[drawn].mean(dim=1).quantile(torch.tensor([0.025, 0.975], dtype=torch.double)).tolist()
    unigram = (counts.sum(dim=0) + 1).log() - (counts.sum() + len(counts)).log()
    return {
        "value": float((weights * ours).sum()),
        "interval": [low, high],
        "n": len(VOCABULARY),
        "baselines": {
            "untrained": float((weights * divergence(untrained)).sum()),
            "unigram": float((weights * (true.exp() * (true - unigram)).sum(dim=-1)).sum()),
        },
    }


def skip_trigrams(model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
    """`the capital of france is -> paris`, read from weights alone.

    Each head's attention from `is` to the words of the sentence follows from queries and keys of the words (positions
    are left out); what it moves from the country follows from its value and output matrices. Is the capital the city
    that all heads together, by what they move from the country, raise most? The share of countries for which it is.
    """
    value, low, high = mean_and_interval(_capital_is_first(model), proportion=True)
    return {
        "value": value,
        "interval": [low, high],
        "n": len(COUNTRIES),
        "baselines": {"untrained": float(_capital_is_first(untrained).mean()), "chance": 1 / len(CITIES)},
    }


def _capital_is_first(model: TransformerBridge) -> Float[Tensor, " country"]:
    with torch.no_grad():
        countries, cities = _ids(COUNTRIES), _ids(CITIES)
        before = torch.tensor([ID[word] for word in ("[BOS]", "the", "capital", "of")])
        frame = before.expand(len(countries), -1)
        prompts = torch.cat([frame, countries[:, None], torch.full((len(countries), 1), ID["is"])], dim=1)
        embedded = model.W_E[prompts]
        query = torch.einsum("cd,hdk->chk", embedded[:, -1], model.W_Q[0]) + model.b_Q[0]
        keys = torch.einsum("csd,hdk->chsk", embedded, model.W_K[0]) + model.b_K[0][:, None]
        scores = torch.einsum("chk,chsk->chs", query, keys) / model.cfg.d_head**0.5
        attention = scores.softmax(dim=-1)[:, :, len(before)]
        moved = torch.einsum("ch,cd,hdk,hkm->cm", attention, embedded[:, len(before)], model.W_V[0], model.W_O[0])
        first = (moved @ model.W_U[:, cities]).argmax(dim=-1)
        capital = torch.tensor([CITIES.index(CAPITAL[country]) for country in COUNTRIES])
        return (first == capital).float()


def _ids(entities: tuple[Any, ...]) -> Int[Tensor, " entity"]:
    return torch.tensor([entity.ids[0] for entity in entities])
