"""story-0l and story-attn-1l: the smallest models of Story World's text, whose weights can be read as tables.

Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits": a model with no layers can only learn bigrams,
which stand in W_E W_U; a model with one layer of attention learns skip trigrams (`A … B -> C`), which stand in the
products of its heads' matrices. So that they stand there and nowhere else, these models have no LayerNorm, no MLP, and
learned positions that are added to the embeddings.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mi_course.worlds.story import LENGTH, VOCABULARY
from mi_course.zoo.fit import Run
from mi_course.zoo.native import build_native
from mi_course.zoo.recipes.story import Hyperparameters, story_run
from mi_course.zoo.recipes.trained import Trained

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


@dataclass(frozen=True)
class SmallStoryRecipe(Trained["TransformerBridge"]):
    """How these two are made: story's data and schedule, fewer steps."""

    name: str
    n_layers: int
    hyperparameters: Hyperparameters
    d_model: int = 128
    n_heads: int = 8
    shipped_seeds: tuple[int, ...] = (0,)
    checkpoints: tuple[int, ...] = ()
    checkpointed_seeds: tuple[int, ...] = ()

    @property
    def config(self) -> dict[str, Any]:
        """Fields of TransformerBridgeConfig."""
        d_head = self.d_model // self.n_heads
        shape = {
            "n_layers": self.n_layers,
            "d_model": self.d_model,
            "n_heads": self.n_heads,
            "d_head": d_head,
            "n_ctx": LENGTH,
            "d_vocab": len(VOCABULARY),
            "d_vocab_out": len(VOCABULARY),
            "attn_only": True,
            "act_fn": "relu",  # never used, as there is no MLP; the config insists on one
            "normalization_type": None,
        }
        if not self.n_layers:
            # Rotary positions live in attention, of which there is none: so no positions at all. The usual
            # initialisation divides by the number of layers.
            return {**shape, "positional_embedding_type": "rotary", "rotary_dim": d_head, "init_mode": "xavier_normal"}
        std = 0.6 / math.sqrt(self.d_model)
        return {**shape, "positional_embedding_type": "standard", "init_mode": "gpt2", "initializer_range": std}

    def describe(self) -> dict[str, Any]:
        """The part of the card that does not depend on the seed."""
        hyper = self.hyperparameters
        tokens = hyper.steps * hyper.batch * LENGTH
        what = (
            f"one layer of {self.n_heads} heads, no MLP" if self.n_layers else "embedding and unembedding, nothing else"
        )
        return {
            "name": self.name,
            "kind": "native",
            "summary": f"A model of Story World's text: {what}; no LayerNorm.",
            "config": self.config,
            "recipe": {
                "module": __name__,
                "hyperparameters": asdict(hyper) | {"betas": list(hyper.betas), "checkpoints": list(hyper.checkpoints)},
            },
            "steps": hyper.steps,
            "data": f"Story World, as for story, drawn on the fly in rows of {LENGTH} tokens. {tokens:,} tokens.",
        }

    def build(self, seed: int) -> TransformerBridge:
        """The model before its first step: the untrained twin of the trained one."""
        return build_native(self.config, seed=seed)

    def run(self, model: TransformerBridge, seed: int) -> Run:
        """What a step does, with the optimiser and the data."""
        return story_run(self, model, seed, self.hyperparameters, model)

    def measure(self, model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
        """Loss beside that of bigrams, and the tasks that can be had from so little."""
        from mi_course.zoo.story_small_measures import small_phenomena

        return small_phenomena(model, untrained)

    def measure_checkpoint(self, model: TransformerBridge) -> dict[str, Any]:
        """Nothing: these models are not followed through training."""
        return {}
