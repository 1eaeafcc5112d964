"""The whole forward pass against the bridge and against what must hold of it; and the notation page."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.transformer_maths import (
    ACTIVATIONS,
    AXES,
    WEIGHTS,
    Symbol,
    axis_sizes,
    continue_tokens,
    embed_positions,
    shape_of,
    transformer_forward,
    weights_of,
)
from mi_course.worlds.story import story_tokens
from mi_course.zoo import load_model


@cache
def story():
    model = load_model("story")
    return model, weights_of(model)


@pytest.fixture(autouse=True)
def no_grad():
    with torch.no_grad():
        yield


@pytest.mark.parametrize("untrained", [False, True])
def test_forward_is_the_bridges(untrained):
    model = load_model("story", untrained=True) if untrained else story()[0]
    tokens = story_tokens(3, seed=5)
    assert (transformer_forward(tokens, weights_of(model)) - model(tokens)).abs().max() < 1e-4


def test_forward_in_double_precision_differs_by_rounding_only():
    _, weights = story()
    tokens = story_tokens(2, seed=6)
    fine = transformer_forward(tokens, {name: weight.double() for name, weight in weights.items()})
    assert fine.dtype == torch.float64
    assert (transformer_forward(tokens, weights) - fine).abs().max() < 1e-4


def test_logits_do_not_depend_on_the_future():
    _, weights = story()
    tokens = story_tokens(1, seed=7)
    torch.testing.assert_close(
        transformer_forward(tokens, weights)[:, :20], transformer_forward(tokens[:, :20], weights), atol=1e-4, rtol=0
    )


def test_weights_are_the_bridges_and_are_copies():
    model, _ = story()
    weights = weights_of(model)
    assert [*weights] == [symbol.name for symbol in WEIGHTS]
    for name, weight in weights.items():
        if hasattr(model, name):
            assert torch.equal(weight, getattr(model, name)), name
    weights["W_E"].zero_()
    assert model.W_E.any()


def test_weights_have_the_shapes_of_the_notation_page():
    model, weights = story()
    for symbol in WEIGHTS:
        assert tuple(weights[symbol.name].shape) == shape_of(symbol, axis_sizes(model)), symbol.name


def test_activations_have_the_hooks_and_shapes_of_the_notation_page():
    model, _ = story()
    tokens = story_tokens(3, 11, seed=8)
    _, cache = model.run_with_cache(tokens)
    sizes = axis_sizes(model) | {"batch": 3, "pos": 11, "dest": 11, "src": 11}
    assert {*sizes} == {*AXES}
    for symbol in ACTIVATIONS:
        for layer in range(model.cfg.n_layers):
            assert tuple(cache[symbol.hook.format(l=layer)].shape) == shape_of(symbol, sizes), symbol.name


def test_learned_positions_are_the_bridges():
    model = load_model("story-attn-1l")
    tokens = story_tokens(2, 30, seed=9)
    _, cache = model.run_with_cache(tokens)
    torch.testing.assert_close(embed_positions(tokens, model.W_E, model.W_pos), cache["blocks.0.hook_resid_pre"])


@pytest.mark.parametrize("name", ["story-0l", "story-attn-1l"])
def test_a_model_without_all_parts_is_refused(name):
    with pytest.raises(CourseError, match="this model has no"):
        weights_of(load_model(name))


def test_a_shape_needs_all_its_sizes():
    with pytest.raises(CourseError, match="size for pos"):
        shape_of(Symbol("x", "batch pos 1", "anything"), {"batch": 2})


def counting(tokens: torch.Tensor) -> torch.Tensor:
    """A model of ten tokens that holds the next number most probable."""
    return 5.0 * torch.nn.functional.one_hot((tokens + 1) % 10, 10).float()


def test_greedy_continuation_takes_the_most_probable_token():
    assert continue_tokens(counting, torch.tensor([0, 7]), 4).tolist() == [0, 7, 8, 9, 0, 1]


def test_drawn_continuation_is_settled_by_its_seed_and_has_the_models_frequencies():
    begin = torch.tensor([0])
    first, again = (continue_tokens(counting, begin, 400, temperature=1.0, seed=3) for _ in range(2))
    assert torch.equal(first, again)
    right = float((first.diff() % 10 == 1).float().mean())
    chance = float(counting(begin)[0].softmax(-1).max())
    assert abs(right - chance) < 4 * (chance * (1 - chance) / 400) ** 0.5


def test_continuation_refuses_what_it_cannot_use():
    with pytest.raises(CourseError, match="temperature"):
        continue_tokens(counting, torch.tensor([0]), 1, temperature=-1.0)
    with pytest.raises(CourseError, match="one text"):
        continue_tokens(counting, torch.zeros(1, 3, dtype=torch.long), 1)
