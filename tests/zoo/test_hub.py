"""Hub models: from the cache without the network, and a quick, useful answer where there is neither."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import torch

from mi_course.errors import CourseError
from mi_course.zoo import load_model
from mi_course.zoo.hub import CONNECT_SECONDS, repositories


@pytest.fixture(autouse=True)
def no_hub(tmp_path, monkeypatch):
    """An empty cache, and a hub at a port where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "TRANSFORMERS_OFFLINE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def put_into_cache(cache, repository, write):
    folder = cache / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / "0123456789abcdef"
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(snapshot.name)
    write(snapshot)


def tiny_gpt2(folder):
    from tokenizers import Tokenizer, models
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    config = GPT2Config(vocab_size=10, n_embd=8, n_layer=1, n_head=2, n_positions=8, bos_token_id=0, eos_token_id=0)
    GPT2LMHeadModel(config).save_pretrained(folder)
    words = Tokenizer(models.WordLevel({"[BOS]": 0} | {str(i): i for i in range(1, 10)}, unk_token="[BOS]"))
    special = {name: "[BOS]" for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
    PreTrainedTokenizerFast(tokenizer_object=words, **special).save_pretrained(folder)


@pytest.mark.parametrize("name", ["gpt2", "EleutherAI/pythia-70m", "pythia-70m", "someone/some-model.v2"])
def test_neither_cached_nor_within_reach(name):
    with pytest.raises(CourseError) as caught:
        load_model(name)
    said = str(caught.value)
    assert repr(name) in said and "induction-2l" in said and f"hf download {repositories(name)[0]}" in said
    assert said.count("\n") == 0


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch):
    done = threading.Event()

    def hang(*arguments, **options):
        done.wait(20)
        raise OSError("no answer")

    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "https://hub.example")
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    started = time.monotonic()
    try:
        with pytest.raises(CourseError, match="cannot be reached"):
            load_model("gpt2")
    finally:
        done.set()
    # What the code waits, and a wide margin for a busy machine; far from the resolver's twenty seconds.
    assert time.monotonic() - started < CONNECT_SECONDS + 5


@pytest.mark.parametrize("offline", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_mode_is_respected(monkeypatch, offline):
    if offline == "HF_HUB_OFFLINE":
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    else:
        monkeypatch.setenv(offline, "1")
    monkeypatch.setattr(socket, "create_connection", lambda *arguments, **options: pytest.fail("went to the network"))
    with pytest.raises(CourseError, match="cannot be reached"):
        load_model("gpt2")


def test_a_proxy_is_asked_in_place_of_the_hub(monkeypatch):
    asked = []

    def refuse(address, timeout):
        asked.append(address)
        raise OSError

    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "https://hub.example")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(CourseError, match="cannot be reached"):
        load_model("gpt2")
    assert asked == [("proxy.example", 3128)]


@pytest.mark.parametrize(
    ("name", "repository"), [("gpt2", "openai-community/gpt2"), ("gpt2", "gpt2"), ("me/mine", "me/mine")]
)
def test_a_cached_model_is_loaded_without_the_network(no_hub, monkeypatch, name, repository):
    put_into_cache(no_hub, repository, tiny_gpt2)
    monkeypatch.setattr(socket.socket, "connect", lambda *arguments: pytest.fail("went to the network"))
    model = load_model(name)
    assert not model.training
    assert model(torch.tensor([[0, 1, 2]])).shape == (1, 3, 10)
    assert model.tokenizer is not None


def test_a_half_fetched_model_counts_as_not_cached(no_hub):
    put_into_cache(no_hub, "me/mine", lambda folder: (folder / "config.json").write_text("{}"))
    with pytest.raises(CourseError, match="cannot be reached"):
        load_model("me/mine")


def test_a_broken_cached_model_is_named(no_hub):
    def broken(folder):
        (folder / "config.json").write_text("{}")
        (folder / "model.safetensors").write_bytes(b"half")

    put_into_cache(no_hub, "me/mine", broken)
    with pytest.raises(CourseError, match=r"'me/mine' could not be loaded .*hf download me/mine"):
        load_model("me/mine")
