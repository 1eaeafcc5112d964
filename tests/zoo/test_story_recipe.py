"""The recipe of story: a stock checkpoint, a schedule by step, and training that resumes to the bit."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.worlds.story import LENGTH, VOCABULARY, encode
from mi_course.worlds.story.tokenizer import save_tokenizer
from mi_course.zoo.fit import Options
from mi_course.zoo.recipes.story import Hyperparameters, StoryRecipe, early, learning_rate, training_batch

HYPER = Hyperparameters()
QUIET = Options(progress=False)
TINY = StoryRecipe(
    n_layers=1,
    d_model=16,
    n_heads=2,
    d_mlp=24,
    hyperparameters=replace(HYPER, steps=6, batch=2, warm_up_steps=2, checkpoints=(0, 3), state_every=2),
)


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one, two):
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_the_schedule_warms_up_and_comes_down_by_step():
    rates = [learning_rate(step, HYPER) for step in range(HYPER.steps)]
    assert rates[0] < rates[HYPER.warm_up_steps - 1] and max(rates) <= HYPER.learning_rate
    assert rates[-1] == pytest.approx(HYPER.final_share * HYPER.learning_rate, rel=0.01)
    assert early(0, HYPER) == 1 and early(HYPER.steps // 2, HYPER) == 0


def test_a_batch_is_settled_by_seed_and_step_alone():
    one, again, next_step, other = (
        training_batch(*where, TINY.hyperparameters) for where in ((3, 0), (3, 0), (4, 0), (3, 1))
    )
    assert one.shape == (2, LENGTH)
    assert torch.equal(one, again) and not torch.equal(one, next_step) and not torch.equal(one, other)


def test_training_resumes_to_the_bit_and_leaves_the_world_alone(tmp_path):
    threads, random_state = torch.get_num_threads(), torch.get_rng_state()
    steps = []
    whole = TINY.train(0, replace(QUIET, at_checkpoint=lambda step, model: steps.append((step, model.training))))
    assert steps == [(0, False), (3, False), (6, False)] and not whole.training
    state = tmp_path / "deep" / "state.pt"
    TINY.train(0, replace(QUIET, stop_after=3, state=state))
    resumed = TINY.train(0, replace(QUIET, state=state))
    assert same(weights(whole), weights(resumed))
    assert not same(weights(whole), weights(TINY.train(1, QUIET)))
    assert same(weights(TINY.train(0, replace(QUIET, stop_after=0))), weights(TINY.build(0)))
    assert torch.get_num_threads() == threads and torch.equal(random_state, torch.get_rng_state())
    assert [path.name for path in state.parent.iterdir()] == ["state.pt"]

    with pytest.raises(CourseError, match="another seed or another recipe"):
        TINY.train(1, replace(QUIET, state=state))
    with pytest.raises(CourseError, match="another seed or another recipe"):
        replace(TINY, d_mlp=32).train(0, replace(QUIET, state=state))
    state.write_bytes(b"half a file")
    with pytest.raises(CourseError, match="cannot be read as a state of training"):
        TINY.train(0, replace(QUIET, state=state))


def test_training_learns():
    recipe = replace(TINY, hyperparameters=replace(TINY.hyperparameters, steps=40, batch=8))
    tokens = training_batch(0, 99, recipe.hyperparameters)

    def loss(model):
        with torch.no_grad():
            return float(model(tokens, labels=tokens).loss)

    assert loss(recipe.train(0, QUIET)) < loss(recipe.build(0)) - 0.5


def test_plain_transformers_and_the_bridge_read_the_checkpoint(tmp_path):
    from transformer_lens.model_bridge import TransformerBridge
    from transformers import AutoModelForCausalLM, AutoTokenizer

    recipe = replace(TINY, n_layers=2)
    model = recipe.build(3)
    model.save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    plain = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    tokens = torch.tensor([AutoTokenizer.from_pretrained(tmp_path)("the capital of france is").input_ids])
    assert tokens[0].tolist() == encode("the capital of france is")
    bridge = TransformerBridge.boot_transformers(str(tmp_path), device="cpu")
    bridge.eval()
    with torch.no_grad():
        expected = model(tokens).logits
        torch.testing.assert_close(plain(tokens).logits, expected, atol=1e-6, rtol=0)
        torch.testing.assert_close(bridge(tokens), expected, atol=1e-4, rtol=0)
    assert plain.config.model_type == "gpt_neox" and not plain.config.use_parallel_residual
    assert plain.config.vocab_size == len(VOCABULARY)


def test_the_card_says_what_the_recipe_does():
    described = StoryRecipe().describe()
    assert described["kind"] == "checkpoint" and described["steps"] == HYPER.steps
    assert described["recipe"]["hyperparameters"]["batch"] == HYPER.batch
    assert described["config"]["num_hidden_layers"] == 4
