"""The smallest story models: bigrams, skip trigrams, and what their measures say of tables that are known."""

from __future__ import annotations

import pytest
import torch

from mi_course.worlds.story import VOCABULARY, story_tokens
from mi_course.worlds.story.entities import CAPITAL
from mi_course.zoo import card, load_model
from mi_course.zoo.story_small_measures import bigram_counts, bigram_log_probs, distance_to_bigrams, skip_trigrams


class Table:
    """A stand-in whose W_E W_U is a given table."""

    def __init__(self, logits):
        self.W_E, self.W_U = torch.eye(len(logits)), logits.float()


def test_bigrams_are_counted_as_they_stand():
    counts = bigram_counts()
    tokens = story_tokens(3, seed=7)
    size = len(VOCABULARY)
    assert counts.shape == (size, size) and (counts[:, 0] == 0).all()  # nothing is followed by [BOS]
    assert (counts[tokens[:, :-1], tokens[:, 1:]] > 0).float().mean() > 0.95
    torch.testing.assert_close(bigram_log_probs().exp().sum(dim=1), torch.ones(size).double())


def test_the_table_itself_has_no_distance_and_a_shifted_row_none_either():
    table = bigram_log_probs()
    shifted = table + torch.randn(len(table), 1, generator=torch.Generator().manual_seed(0))
    flat = Table(torch.zeros_like(table))
    assert distance_to_bigrams(Table(table), flat)["value"] == pytest.approx(0, abs=1e-4)
    assert distance_to_bigrams(Table(shifted), flat)["value"] == pytest.approx(0, abs=1e-4)
    assert distance_to_bigrams(flat, flat)["value"] == distance_to_bigrams(flat, flat)["baselines"]["untrained"] > 2


def test_no_layers_means_one_token_settles_the_prediction():
    model = load_model("story-0l")
    tokens = story_tokens(2, seed=3)[:, :30]
    with torch.no_grad():
        torch.testing.assert_close(model(tokens), (model.W_E @ model.W_U)[tokens], atol=1e-4, rtol=0)
    assert model.cfg.n_layers == 0 and len(list(model.parameters())) == 2


def test_skip_trigrams_are_read_where_they_are_planted():
    model = load_model("story-attn-1l", untrained=True)
    untrained = skip_trigrams(model, model)["value"]
    assert untrained < 0.3
    with torch.no_grad():
        for country, capital in CAPITAL.items():  # a value of each country that is its capital's unembedding
            model.embed.original_component.weight[country.ids[0]] = model.W_U[:, capital.ids[0]] * 20
        for layer in model.blocks:
            layer.attn.v.original_component.weight.copy_(torch.eye(128))
            layer.attn.o.original_component.weight.copy_(torch.eye(128))
    # Each head passes on its own sixteen dimensions of the capital's direction: not the whole, but more than chance.
    assert skip_trigrams(model, load_model("story-attn-1l", untrained=True))["value"] > untrained + 0.3


def test_the_cards_show_what_the_chapters_say_of_them():
    bare = card("story-0l")["seeds"]["0"]["phenomena"]
    assert bare["distance_to_bigrams"]["interval"][1] < 0.15 < bare["distance_to_bigrams"]["baselines"]["unigram"]
    assert bare["next_token_loss"]["value"] < bare["next_token_loss"]["baselines"]["bigrams"] + 0.05
    one = card("story-attn-1l")["seeds"]["0"]["phenomena"]
    assert one["next_token_loss"]["interval"][1] < one["next_token_loss"]["baselines"]["bigrams"] - 0.5
    assert one["facts"]["interval"][0] > 0.95 and one["skip_trigrams"]["interval"][0] > 0.5
    # What takes two steps is not to be had from one layer: who of the two gave is a coin toss.
    assert one["names"]["value"] < 0.7
