"""Direct contributions add up to the logits, and the lens ends with the prediction, on every kind of model."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from mi_course.display.explorers.contributions import (
    component_names,
    component_outputs,
    direct_contribution,
    logit_lens,
)
from mi_course.display.explorers.passes import Passes
from mi_course.errors import CourseError
from mi_course.interventions import resid_post, resid_pre

TOKENS = torch.tensor([[0, 5, 9, 7, 5, 9]])


@torch.no_grad()
def test_contributions_and_biases_add_up_to_the_logits(model):
    logits, cache = Passes(model)(TOKENS)
    outputs = component_outputs(model, cache)
    assert len(outputs) == len(component_names(model))
    end = cache[resid_post(model.cfg.n_layers - 1)][0]
    torch.testing.assert_close(outputs.sum(0), end, rtol=1e-4, atol=1e-4)

    total = sum(direct_contribution(model, cache, output) for output in outputs)
    bias = getattr(model.ln_final, "bias", None) if model.cfg.normalization_type else None
    shared = model.b_U + (0 if bias is None else bias @ model.W_U)
    torch.testing.assert_close(total + shared, logits[0], rtol=1e-3, atol=1e-3)


@torch.no_grad()
def test_the_lens_begins_with_the_embedding_and_ends_with_the_prediction(model):
    logits, cache = Passes(model)(TOKENS)
    lens = logit_lens(model, cache)
    assert lens.shape == (model.cfg.n_layers + 1, TOKENS.shape[1], model.cfg.d_vocab)
    torch.testing.assert_close(lens[-1], logits[0].log_softmax(-1), rtol=1e-4, atol=1e-4)
    first = model.unembed(model.ln_final(cache[resid_pre(0)]))[0].log_softmax(-1)
    torch.testing.assert_close(lens[0], first)


def test_an_unknown_normalisation_is_refused(plain):
    _, cache = Passes(plain)(TOKENS)
    odd = SimpleNamespace(cfg=SimpleNamespace(normalization_type="softmax", n_layers=2))
    with pytest.raises(CourseError, match="softmax, cannot be divided"):
        direct_contribution(odd, cache, torch.zeros(6, plain.cfg.d_model))


def test_a_pass_is_made_once_and_few_are_kept(plain, monkeypatch):
    made = []
    from mi_course.display.explorers import passes as module

    real = module.run
    monkeypatch.setattr(module, "run", lambda *args, **kwargs: made.append(1) or real(*args, **kwargs))
    passes = Passes(plain)
    first = passes(TOKENS)
    assert passes(TOKENS.clone()) is first and len(made) == 1
    for last in range(1, 20):
        passes(torch.tensor([[0, last]]))
    assert len(made) == 20 and len(passes._kept) == 16
