"""Build a native bridge, the course's own small transformers, from the plain numbers of a card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


def build_native(config: Mapping[str, Any], *, seed: int) -> TransformerBridge:
    """Build a freshly initialised native bridge on the CPU, in eval mode.

    config: fields of TransformerBridgeConfig, as a card holds them.
    seed: settles the initial weights; the caller's random state is left alone.
    """
    # Imported here because it takes seconds, and most of the course's code never builds a model.
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge.sources import boot_native

    bridge_config = TransformerBridgeConfig(architecture="TransformerLensNative", seed=seed, **config)
    bridge = boot_native(bridge_config, device="cpu", dtype=torch.float32)
    return bridge.eval()
