"""load_model: the right model each time, and one sentence that helps when there is none."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.worlds import repeated_tokens
from mi_course.zoo import card, load_model, model_names, seeds, table, verify_weights
from mi_course.zoo.weights import WEIGHTS, find_entry


def same(one, other):
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


@pytest.mark.parametrize("name", model_names())
def test_a_model_comes_fresh_in_eval_mode(name):
    random_state = torch.get_rng_state()
    one, other = load_model(name), load_model(name)
    assert torch.equal(random_state, torch.get_rng_state())
    assert not one.training
    assert (getattr(one, "tokenizer", None) is not None) == (card(name)["kind"] == "checkpoint")
    assert all(parameter.requires_grad and parameter.dtype == torch.float32 for parameter in one.parameters())
    assert same(one, other)
    with torch.no_grad():
        next(one.parameters()).zero_()
    assert not same(one, other) and same(other, load_model(name))


@pytest.mark.parametrize("name", [name for name in model_names() if len(seeds(name)) > 1])
def test_seeds_and_the_untrained_twin_are_different_models(name):
    assert not same(load_model(name, seed=0), load_model(name, seed=1))
    untrained = load_model(name, seed=1, untrained=True)
    assert not same(load_model(name, seed=1), untrained) and not untrained.training
    assert same(untrained, load_model(name, seed=1, untrained=True))
    assert not same(untrained, load_model(name, seed=0, untrained=True))


def test_the_loaded_model_really_copies():
    data = repeated_tokens(16, 20, seed=5)
    with torch.no_grad():
        said = load_model("induction-2l")(data.tokens)[:, :-1].argmax(dim=-1)
    right = (said == data.tokens[:, 1:])[data.predictable[:, :-1]]
    assert right.float().mean() > 0.95


def test_importing_the_zoo_loads_no_transformer_lens_and_sets_no_threads():
    code = (
        "import torch; torch.set_num_threads(3); import sys, mi_course.zoo; "
        "assert torch.get_num_threads() == 3; assert 'transformer_lens' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("induction2l", {}, "Did you mean 'induction-2l'"),
        ("gtp2", {}, "Did you mean 'gpt2'"),
        ("", {}, "course's own models are induction-1l, induction-2l"),
        ("story", {"folder": "nowhere"}, "has no trained model"),
        ("a/b/c", {}, "owner/name"),
        (2, {}, "not a int"),
        ("induction-1l", {"seed": 3}, "choose one of 0, 1, 2"),
        ("induction-2l", {"seed": -1}, "choose one of 0, 1, 2, 3, 4"),
        ("induction-2l", {"seed": True}, "choose one of"),
        ("induction-2l", {"seed": 9, "untrained": True}, "choose one of"),
        ("induction-1l", {"checkpoint": 100}, "without checkpoints"),
        ("gpt2", {"seed": 1}, "leave these out"),
        ("gpt2", {"untrained": True}, "leave these out"),
    ],
)
def test_what_cannot_be_had_is_said(name, options, words):
    with pytest.raises(CourseError, match=words):
        load_model(name, **options)


@pytest.fixture
def own_weights(tmp_path, monkeypatch):
    """A copy of the weights that a test may spoil."""
    shutil.copytree(WEIGHTS, tmp_path / "weights")
    monkeypatch.setattr("mi_course.zoo.weights.WEIGHTS", tmp_path / "weights")
    return find_entry("induction-2l", 1)[0]


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [
        flip_a_bit,
        lambda path: path.write_bytes(path.read_bytes()[:1000]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("version https://git-lfs.github.com/spec/v1"),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: shutil.copy(path.with_name("seed-0.safetensors"), path),
    ],
    ids=["one bit", "half", "empty", "pointer", "missing", "folder", "another seed's"],
)
def test_spoilt_weights_are_never_loaded(own_weights, spoil):
    spoil(own_weights)
    for attempt in (
        lambda: load_model("induction-2l", seed=1),
        lambda: verify_weights("induction-2l", 1),
        lambda: verify_weights("induction-2l"),
    ):
        with pytest.raises(CourseError) as caught:
            attempt()
        assert str(own_weights) in str(caught.value)
        assert "mi-course train induction-2l --seed 1 --install" in str(caught.value)
    assert load_model("induction-2l", seed=0) and load_model("induction-2l", seed=1, untrained=True)
    row = next(row for row in table() if row["name"] == "induction-2l")
    assert not row["intact"] and str(own_weights) in row["problem"]


def test_all_seeds_of_all_models_are_intact():
    for name in model_names():
        verify_weights(name)
        assert seeds(name)
