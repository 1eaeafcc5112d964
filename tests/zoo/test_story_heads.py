"""Measures of heads and layers: identities that hold for any model, and truths planted in the data."""

from __future__ import annotations

import pytest
import torch

from mi_course.worlds.story import story_pairs
from mi_course.zoo import load_model, story_heads
from mi_course.zoo.story_heads import (
    _ablate,
    _held_out_correlation,
    _ratio,
    direct_by_head,
    syntax_head,
    where_facts_are,
)


@pytest.fixture(scope="module")
def story():
    return load_model("story")


@pytest.fixture(scope="module")
def twin():
    return load_model("story", untrained=True)


def test_heads_and_all_else_add_up_to_the_logit_difference(story):
    pairs = story_pairs("names", 12, split="test", seed=2)
    rows = torch.arange(len(pairs))
    with torch.no_grad():
        logits, cache = story.run_with_cache(pairs.clean.tokens)
        heads = direct_by_head(story, pairs).sum(dim=(1, 2))
        layers = range(story.cfg.n_layers)
        z = torch.stack([cache[f"blocks.{layer}.attn.hook_z"][rows, pairs.end] for layer in layers], dim=1)
        written = torch.einsum("plhd,lhdm->pm", z, story.W_O)
        rest = cache[f"blocks.{layers[-1]}.hook_resid_post"][rows, pairs.end] - written
        norm = story.ln_final.original_component
        centred = (rest - rest.mean(dim=-1, keepdim=True)) / cache["ln_final.hook_scale"][rows, pairs.end]
        wrong = pairs.wrong.float().argmax(dim=-1)
        others = (centred * norm.weight + norm.bias) @ story.W_U
        last = logits[rows, pairs.end]
    expected = last[rows, pairs.answer] - last[rows, wrong]
    torch.testing.assert_close(heads + others[rows, pairs.answer] - others[rows, wrong], expected, atol=1e-3, rtol=0)


def test_a_head_of_the_last_layer_before_a_silent_mlp_repairs_nothing_but_the_scale(story):
    model = load_model("story")
    last = model.cfg.n_layers - 1
    with torch.no_grad():
        for parameter in model.blocks[last].mlp.parameters():
            parameter.zero_()
    pairs = story_pairs("names", 60, split="test", seed=3)
    direct, total = _ablate(model, pairs, last, int(direct_by_head(model, pairs).mean(dim=0)[last].argmax()))
    assert torch.corrcoef(torch.stack([direct, total]))[0, 1] > 0.9
    assert direct.mean() > 0.3 and abs(1 - total.mean() / direct.mean()) < 0.5


def test_restoring_everything_restores_and_restoring_what_is_the_same_changes_nothing(story, twin):
    for model in (story, twin):
        found = where_facts_are(model, "facts")["by_layer"]
        assert found["end"][0] == pytest.approx(0, abs=1e-4)  # the last token is the same in both prompts
        assert found["end"][-1] == pytest.approx(1, abs=1e-4)
        assert found["subject"][-1] == pytest.approx(0, abs=1e-4)  # nothing reads it any more


class Looks:
    """A stand-in of three heads: two tokens back, at the first noun, and (if right) at the verb's own noun."""

    class cfg:
        n_layers = 1

    def __init__(self, sets, right):
        self.sets, self.right = sets, right

    def run_with_cache(self, tokens, names_filter):
        pairs, role = next(each for each in self.sets if torch.equal(each[0].clean.tokens, tokens))
        pattern = torch.zeros(len(tokens), 3, tokens.shape[1], tokens.shape[1])
        rows = torch.arange(len(tokens))
        pattern[rows, 0, pairs.end, pairs.end - 2] = 1
        pattern[rows, 1, pairs.end, pairs.positions["subject"]] = 1
        pattern[rows, 2, pairs.end, pairs.positions[role] + (0 if self.right else 1)] = 0.3
        pattern[rows, 2, pairs.end, 0] = 0.7
        return None, {"blocks.0.attn.hook_pattern": pattern}


def test_a_head_that_looks_at_the_noun_is_found_and_one_that_looks_at_the_first_is_not_enough(monkeypatch):
    monkeypatch.setattr(story_heads, "PROMPTS", 80)
    sets = [
        (story_pairs("recursion", 80, split="test", question=question, seed=story_heads.SEED), role)
        for question, role in (("verb", "subject"), ("inner verb 1", "embedded"))
    ]
    found = syntax_head(Looks(sets, right=True), Looks(sets, right=False))
    assert found["head"] == "L0H2" and found["value"] == 1
    assert found["baselines"]["first_noun"] == found["baselines"]["untrained"] == found["by_head"][0][1] == 0.5
    assert 0 < found["baselines"]["fixed_offset"] < 0.6


def test_a_planted_direction_is_found_on_words_it_was_not_fitted_to():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(600, 20, generator=generator)
    target = features @ torch.randn(20, generator=generator)
    assert _held_out_correlation(features, target).mean() > 0.95
    noise = torch.randn(600, generator=generator)
    assert abs(float(_held_out_correlation(features, noise).mean())) < 0.1


def test_a_ratio_of_means_has_its_truth_in_its_interval():
    generator = torch.Generator().manual_seed(1)
    below = 5 + torch.randn(400, generator=generator)
    value, (low, high) = _ratio(0.4 * below + 0.5 * torch.randn(400, generator=generator), below)
    assert low < 0.4 < high and low < value < high and high - low < 0.1
