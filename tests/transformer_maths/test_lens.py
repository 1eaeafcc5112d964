"""The logit lens: against the bridge's own last parts, and by what must hold of it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mi_course.errors import CourseError
from mi_course.transformer_maths import logit_lens, weights_of
from mi_course.worlds.story import story_tokens
from mi_course.zoo import load_model


@pytest.fixture(autouse=True)
def no_grad():
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def story():
    model = load_model("story")
    with torch.no_grad():
        _, cache = model.run_with_cache(story_tokens(2, 12, seed=3))
    return model, weights_of(model), cache


def test_each_reading_is_the_bridges_own_end_applied_early(story):
    model, weights, cache = story
    readings = logit_lens(cache, weights)
    streams = [cache["blocks.0.hook_resid_pre"], *(cache[f"blocks.{i}.hook_resid_post"] for i in range(4))]
    assert len(readings) == len(streams) == 5
    for reading, stream in zip(readings, streams, strict=True):
        torch.testing.assert_close(reading, model.unembed(model.ln_final(stream)), atol=1e-4, rtol=0)


def test_the_last_reading_is_the_models_logits(story):
    model, weights, cache = story
    torch.testing.assert_close(logit_lens(cache, weights)[-1], model(story_tokens(2, 12, seed=3)), atol=1e-4, rtol=0)


def test_a_reading_does_not_change_with_the_length_or_the_mean_of_its_stream():
    normal = torch.Generator().manual_seed(0)
    weights = {
        "W_Q": torch.zeros(1, 2, 6, 3),
        "ln_final_w": torch.randn(6, generator=normal),
        "ln_final_b": torch.randn(6, generator=normal),
        "W_U": torch.randn(6, 9, generator=normal),
        "b_U": torch.randn(9, generator=normal),
    }
    stream = torch.randn(2, 3, 6, generator=normal)
    cache = {"blocks.0.hook_resid_pre": stream, "blocks.0.hook_resid_post": 5 * stream - 2}
    first, second = logit_lens(cache, weights, eps=0.0)
    torch.testing.assert_close(first, second, atol=1e-4, rtol=1e-4)
    expected = F.layer_norm(stream, (6,), weights["ln_final_w"], weights["ln_final_b"], eps=0.5) @ weights["W_U"]
    torch.testing.assert_close(logit_lens(cache, weights, eps=0.5)[0], expected + weights["b_U"])


def test_a_cache_without_the_streams_is_refused(story):
    _, weights, cache = story
    with pytest.raises(CourseError, match=r"no 'blocks\.3\.hook_resid_post'"):
        logit_lens({name: cache[name] for name in cache if "blocks.3" not in name}, weights)
