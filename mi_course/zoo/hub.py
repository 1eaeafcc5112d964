"""Models from the Hugging Face hub, without the long wait when there is no network.

Asked for a model that it does not have, the hub's own client retries for half a minute. So the cache is looked at
first; a model found there is loaded from its folder, and nothing is asked of the network. Otherwise one short attempt
to connect settles whether to try.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mi_course.errors import CourseError

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

CONNECT_SECONDS = 0.7

# Names without an owner, by the repositories they may be cached under.
HUB_NAMES = {
    "gpt2": ("openai-community/gpt2", "gpt2"),
    "gpt2-small": ("openai-community/gpt2", "gpt2"),
    "gpt2-medium": ("openai-community/gpt2-medium", "gpt2-medium"),
    "gpt2-large": ("openai-community/gpt2-large", "gpt2-large"),
    "gpt2-xl": ("openai-community/gpt2-xl", "gpt2-xl"),
    "distilgpt2": ("distilbert/distilgpt2", "distilgpt2"),
}
_PYTHIA = re.compile(r"pythia-[0-9.]+[mb](-deduped)?")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")


def repositories(name: str) -> tuple[str, ...]:
    """The hub repositories that a name may stand for, the first being its proper one; empty if it is no hub name."""
    if name in HUB_NAMES:
        return HUB_NAMES[name]
    if _PYTHIA.fullmatch(name):
        return (f"EleutherAI/{name}",)
    return (name,) if _REPOSITORY.fullmatch(name) else ()


def load_hub_model(name: str) -> TransformerBridge:
    """Load a hub model in eval mode, from the cache if it is there.

    Raises CourseError, in under a second when offline, if the model is not cached and the hub cannot be reached.
    """
    repository = repositories(name)[0]
    folder = cached_folder(name)
    if folder is None and not _hub_answers():
        raise CourseError(
            f"{name!r} is not in this machine's Hugging Face cache and the hub cannot be reached; the chapters go "
            f"on with the course's own models (such as 'induction-2l'), and with a network `hf download "
            f"{repository}` fetches it."
        )

    # Both imports take seconds; by now the model can probably be had.
    import torch
    from transformer_lens.model_bridge import TransformerBridge

    try:
        model = TransformerBridge.boot_transformers(str(folder or repository), device="cpu", dtype=torch.float32)
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CourseError(
            f"{name!r} could not be loaded as a TransformerBridge ({reason}); check the name on huggingface.co, or "
            f"fetch it again with `hf download {repository}`."
        ) from error
    return model.eval()


def cached_folder(name: str) -> Path | None:
    """The folder of a cached model that has both a config and weights."""
    from huggingface_hub import try_to_load_from_cache

    for repository in repositories(name):
        config = try_to_load_from_cache(repository, "config.json")
        if isinstance(config, str) and any((Path(config).parent / weights).exists() for weights in _WEIGHTS):
            return Path(config).parent
    return None


def _hub_answers() -> bool:
    """Whether a connection to the hub, or to the proxy on the way to it, comes about in CONNECT_SECONDS."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE or os.environ.get("TRANSFORMERS_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return False
    hub = urlsplit(constants.ENDPOINT)
    proxy = None
    if not urllib.request.proxy_bypass(hub.hostname or ""):
        proxy = urllib.request.getproxies().get(hub.scheme)
    target = urlsplit(proxy if "//" in proxy else f"//{proxy}") if proxy else hub
    address = (target.hostname or "", target.port or (80 if target.scheme == "http" else 443))

    answered = threading.Event()

    def connect() -> None:
        try:
            with socket.create_connection(address, timeout=CONNECT_SECONDS):
                answered.set()
        except OSError:
            pass

    # In a thread of its own, because looking up the address knows no time limit.
    attempt = threading.Thread(target=connect, daemon=True)
    attempt.start()
    attempt.join(CONNECT_SECONDS)
    return answered.is_set()
