"""What neurons write as words: planted neurons, and the direct effect on the logits of story."""

from __future__ import annotations

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.interventions import add, mlp_out, resid_post, run
from mi_course.transformer_maths import logit_lens, mlp_vocabulary, vocabulary_scores, weights_of
from mi_course.worlds.story import story_tokens
from mi_course.zoo import load_model


@pytest.fixture(autouse=True)
def no_grad():
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def story():
    model = load_model("story")
    return model, weights_of(model)


def test_planted_words_come_first_in_order(story):
    _, weights = story
    weights = dict(weights)
    # Directions that the gain and W_U turn into a rise of the planted words, 3 : 2 : 1, and of no others.
    planted = torch.tensor([[5, 80, 300], [640, 7, 11]])
    wanted = torch.zeros(2, 686).scatter(1, planted, torch.tensor([[3.0, 2.0, 1.0]] * 2))
    inverse = torch.linalg.pinv(weights["ln_final_w"][:, None] * weights["W_U"])
    W_out = weights["W_out"].clone()
    W_out[1, :2] = 10 * (wanted @ inverse)
    weights["W_out"] = W_out
    found = mlp_vocabulary(weights, 1, 3)
    assert found.shape == (384, 3)
    scores = vocabulary_scores(W_out[1, :2], weights)
    assert torch.equal(found[:2], scores.argsort(descending=True)[:, :3])
    assert (found[:2, 0] == planted[:, 0]).all()


def test_a_constant_added_to_every_number_of_a_row_says_nothing(story):
    _, weights = story
    rows = weights["W_out"][2]
    torch.testing.assert_close(
        vocabulary_scores(rows + 3.0, weights), vocabulary_scores(rows, weights), atol=1e-4, rtol=1e-4
    )


def test_scores_over_the_scale_are_the_direct_effect_of_a_neuron(story):
    """The last MLP's neurons reach the logits by no other way, so silencing one there gives an independent answer."""
    model, weights = story
    tokens, neuron = story_tokens(2, 10, seed=4), 17
    logits, cache = model.run_with_cache(tokens)
    written = cache["blocks.3.mlp.hook_post"][..., neuron, None] * weights["W_out"][3, neuron]
    silenced = run(model, tokens, [add(mlp_out(3), -written)], [resid_post(3)]).cache[resid_post(3)]
    # The scale stays what it was: the direct effect leaves it alone.
    centred = silenced - silenced.mean(-1, keepdim=True)
    frozen = (centred / cache["ln_final.hook_scale"] * weights["ln_final_w"] + weights["ln_final_b"]) @ weights["W_U"]
    expected = logits - frozen
    ours = vocabulary_scores(written, weights) / cache["ln_final.hook_scale"]
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-3)


def test_scores_add_up_to_what_the_lens_reads_without_biases(story):
    model, weights = story
    _, cache = model.run_with_cache(story_tokens(1, 8, seed=5))
    stream = cache["blocks.3.hook_resid_post"]
    scores = vocabulary_scores(stream, weights) / cache["ln_final.hook_scale"]
    biases = weights["ln_final_b"] @ weights["W_U"] + weights["b_U"]
    torch.testing.assert_close(scores + biases, logit_lens(cache, weights)[-1], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("layer", "k", "said"), [(4, 3, "no layer 4"), (-1, 3, "no layer -1"), (0, 0, "from 1 to")])
def test_a_layer_or_k_that_does_not_exist_is_refused(story, layer, k, said):
    with pytest.raises(CourseError, match=said):
        mlp_vocabulary(story[1], layer, k)


def test_rows_of_another_size_are_refused(story):
    with pytest.raises(CourseError, match="128 numbers"):
        vocabulary_scores(torch.zeros(3, 384), story[1])
