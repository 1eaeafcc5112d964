"""K-composition: the identities behind the three ways, the planted circuit, and the shipped models."""

from __future__ import annotations

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.exercises.induction_heads.key_composition import _forward64
from mi_course.exercises.induction_heads.tiny import tiny_model
from mi_course.induction_heads import (
    ablate_head,
    cut_path,
    k_composition,
    key_contributions,
    match_table,
)
from mi_course.interventions import pattern, run
from mi_course.worlds import repeated_tokens
from mi_course.zoo import load_model, seeds
from mi_course.zoo.planted import Induction, PreviousToken, planted

DATA = repeated_tokens(16, 9, 2, seed=1)
CIRCUITS = {0: ((0, 3), (1, 2)), 1: ((0, 3), (1, 1)), 2: ((0, 2), (1, 3)), 3: ((0, 3), (1, 3)), 4: ((0, 0), (1, 0))}


def _hits(table):
    return (table.argmax(-1) == torch.arange(len(table))).float().mean()


@pytest.mark.parametrize(
    ("name", "reader"), [("induction-2l", (1, 2)), ("induction-2l-plain", (1, 0)), ("story", (2, 1)), ("story", (1, 0))]
)
def test_contributions_add_up_to_the_scores_of_the_model(name, reader):
    model = load_model(name)
    parts = key_contributions(model, DATA.tokens, reader)
    future = torch.ones(19, 19, dtype=torch.bool).triu(1)
    ours = parts.scores.sum(0).masked_fill(future, -torch.inf).softmax(-1)
    site = pattern(reader[0], head=reader[1])
    torch.testing.assert_close(ours, run(model, DATA.tokens, cache=[site]).cache[site], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("head", [0, 2])
def test_contributions_add_up_where_nothing_is_zero_by_chance(plain, head):
    model = tiny_model(1, plain)
    tokens = torch.randint(1, 13, (3, 7), generator=torch.Generator().manual_seed(0))
    parts = key_contributions(model, tokens, (1, head))
    future = torch.ones(7, 7, dtype=torch.bool).triu(1)
    ours = parts.scores.sum(0).masked_fill(future, -torch.inf).softmax(-1)
    cached = run(model, tokens, cache=[pattern(1, head=head)]).cache[pattern(1, head=head)]
    torch.testing.assert_close(ours, cached, atol=1e-4, rtol=1e-4)


def test_what_raises_the_right_source_by_hand():
    model = load_model("induction-2l", seed=3)
    parts = key_contributions(model, DATA.tokens, (1, 3))
    dests = torch.arange(10, 19)
    raised = parts.at(DATA.induction_source, dests)
    by_hand = 0.0
    for dest in dests.tolist():
        right = int(DATA.induction_source[4, dest])
        row = parts.scores[parts.names.index("L0H3"), 4, dest]
        others = [float(row[j]) for j in range(1, dest + 1) if j != right]
        by_hand += (float(row[right]) - sum(others) / len(others)) / len(dests)
    assert abs(float(raised[parts.names.index("L0H3"), 4]) - by_hand) < 1e-4


@pytest.mark.parametrize("seed", CIRCUITS)
def test_the_three_ways_agree_on_every_seed(seed):
    model, untrained = load_model("induction-2l", seed=seed), load_model("induction-2l", seed=seed, untrained=True)
    writer, reader = CIRCUITS[seed]
    for distance in (3, 12, 27):
        assert _hits(match_table(model, writer, reader, distance)[1:, 1:]) == 1
    assert _hits(match_table(untrained, writer, reader)[1:, 1:]) < 0.1
    parts = key_contributions(model, DATA.tokens, reader)
    raised = parts.at(DATA.induction_source, torch.arange(10, 19)).mean(-1)
    assert raised[parts.names.index(f"L0H{writer[1]}")] > 0.9 * raised.sum()

    def right(logits):
        return (logits[:, :-1].argmax(-1) == DATA.tokens[:, 1:])[DATA.predictable[:, :-1]].float().mean()

    assert right(cut_path(model, DATA.tokens, writer, reader)) < 0.3
    assert right(ablate_head(model, DATA.tokens, *writer, "mean")) < 0.3
    assert right(cut_path(model, DATA.tokens, writer, reader, "q")) > 0.95
    assert right(cut_path(model, DATA.tokens, writer, reader, "v")) > 0.95


def test_plain_models_match_on_the_key_side_only():
    for seed in seeds("induction-2l-plain"):
        m = load_model("induction-2l-plain", seed=seed)
        table = k_composition(m.W_E, m.W_V[0, 0], m.W_O[0, 0], m.W_Q[1, 0], m.W_K[1, 0])
        assert _hits(table[1:, 1:]) == 1
        torch.testing.assert_close(table, match_table(m, (0, 0), (1, 0)), atol=1e-3, rtol=1e-4)
        asks = (m.W_E @ m.W_V[0, 0] @ m.W_O[0, 0] @ m.W_Q[1, 0]) @ (m.W_E @ m.W_K[1, 0]).T
        assert _hits(asks[1:, 1:]) < 0.1


@pytest.mark.parametrize("into", ["q", "k", "v"])
@pytest.mark.parametrize("plain", [False, True])
def test_a_path_is_cut_as_the_forward_pass_in_double_precision_says(into, plain):
    model = tiny_model(2, plain)
    tokens = torch.randint(1, 13, (4, 6), generator=torch.Generator().manual_seed(3))
    ours = cut_path(model, tokens, (0, 1), (1, 2), into)
    torch.testing.assert_close(ours, _forward64(model, tokens, (0, 1), (1, 2), into), atol=1e-4, rtol=1e-4)


def test_in_a_planted_circuit_only_the_keys_matter():
    model = planted({(0, 1): PreviousToken(), (1, 3): Induction(0.9)})
    clean = run(model, DATA.tokens).logits
    for into, matters in (("k", True), ("q", False), ("v", False)):
        change = (cut_path(model, DATA.tokens, (0, 1), (1, 3), into) - clean).abs().max()
        assert (change > 1) == matters
    assert (cut_path(model, DATA.tokens, (0, 0), (1, 3)) - clean).abs().max() < 1


def test_what_cannot_be_done_is_said():
    model = load_model("induction-2l")
    with pytest.raises(CourseError, match="layer after the writer"):
        cut_path(model, DATA.tokens, (0, 1), (0, 2))
    with pytest.raises(CourseError, match="three inputs"):
        cut_path(model, DATA.tokens, (0, 1), (1, 2), "z")
    with pytest.raises(CourseError, match="layer 1"):
        key_contributions(model, DATA.tokens, (0, 1))
    with pytest.raises(CourseError, match="through one of layer 0"):
        match_table(model, (1, 0), (1, 1))
    with pytest.raises(CourseError, match="shapes given"):
        k_composition(torch.ones(5, 4), torch.ones(4, 2), torch.ones(4, 2), torch.ones(4, 2), torch.ones(4, 2))
