"""modular-addition: sums modulo 53, first learned by heart and only much later by a rule.

Power et al. 2022, "Grokking: Generalization Beyond Overfitting on Small Algorithmic Datasets", trained transformers on
a share of such a table and saw the held-out rest come right long after the training share. Nanda et al. 2023, "Progress
measures for grokking via mechanistic interpretability", took the trained model apart. This one is theirs in small: one
layer, learned positions, no LayerNorm, ReLU, weight decay, every step on all sums of the training share. Their modulus
is 113 and their weight decay 1; for a modulus of 53 they needed a stronger one (appendix C.2), and so did this recipe.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.worlds import ModularAddition, modular_addition
from mi_course.zoo.fit import Run
from mi_course.zoo.native import build_native
from mi_course.zoo.recipes.trained import Trained

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

P, D_MODEL, N_HEADS, D_MLP = 53, 64, 4, 256


@dataclass(frozen=True)
class Hyperparameters:
    """The numbers of the recipe. A step is one of the optimiser, on all sums that training sees."""

    steps: int = 4000
    train_share: float = 0.375
    learning_rate: float = 3e-3
    warm_up_steps: int = 10
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 2.0


@dataclass(frozen=True)
class ModularRecipe(Trained["TransformerBridge"]):
    """How modular-addition is made. The seed settles the initial weights and which sums training sees."""

    name: str = "modular-addition"
    hyperparameters: Hyperparameters = Hyperparameters()
    shipped_seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    checkpoints: tuple[int, ...] = ()
    checkpointed_seeds: tuple[int, ...] = (1,)

    @property
    def config(self) -> dict[str, Any]:
        """Fields of TransformerBridgeConfig."""
        return {
            "n_layers": 1,
            "d_model": D_MODEL,
            "n_heads": N_HEADS,
            "d_head": D_MODEL // N_HEADS,
            "d_mlp": D_MLP,
            "n_ctx": 3,
            "d_vocab": P + 1,  # the numbers and the sign of equality
            "d_vocab_out": P,
            "attn_only": False,
            "act_fn": "relu",
            "normalization_type": None,
            "positional_embedding_type": "standard",
            "init_mode": "gpt2",
            "initializer_range": 1 / math.sqrt(D_MODEL),
        }

    def describe(self) -> dict[str, Any]:
        """The part of the card that does not depend on the seed."""
        from mi_course.zoo.modular_measures import MEASUREMENT

        hyper = self.hyperparameters
        seen = int(hyper.train_share * P * P)
        return {
            "name": self.name,
            "kind": "native",
            "summary": f"One layer that adds modulo {P}: it knows the trained sums early, and all of them much later.",
            "config": self.config,
            "recipe": {"module": __name__, "hyperparameters": asdict(hyper) | {"betas": list(hyper.betas)}},
            "steps": hyper.steps,
            "data": (
                f"`a b =`, with the answer a + b modulo {P}. Each step is on the same {seen:,} of the {P * P:,} sums; "
                "the others are held out. The seed settles which they are."
            ),
            "measurement": MEASUREMENT,
        }

    def data(self, seed: int) -> ModularAddition:
        """All sums, and which of them training with this seed sees."""
        return modular_addition(P, self.hyperparameters.train_share, seed=seed)

    def build(self, seed: int) -> TransformerBridge:
        """The model before its first step: the untrained twin of the trained one."""
        return build_native(self.config, seed=seed)

    def run(self, model: TransformerBridge, seed: int) -> Run:
        """What a step does, with the optimiser and the data."""
        hyper = self.hyperparameters
        # The biases of attention stay at zero, as in the paper, whose attention has none.
        trained = [p for name, p in model.named_parameters() if not (".attn." in name and name.endswith("bias"))]
        optimiser = torch.optim.AdamW(
            trained, lr=hyper.learning_rate, betas=hyper.betas, weight_decay=hyper.weight_decay, fused=True
        )
        data = self.data(seed)
        device = next(model.parameters()).device
        tokens, answer = data.tokens[data.train].to(device), data.answer[data.train].to(device)

        def step(number: int) -> float:
            for group in optimiser.param_groups:
                group["lr"] = hyper.learning_rate * min(1.0, (number + 1) / hyper.warm_up_steps)
            # In single precision a loss below 1e-7 is lost in rounding, and training becomes unstable there.
            loss = F.cross_entropy(answer_logits(model, tokens).double(), answer)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            return loss.item()

        return self.run_of(model, seed, optimiser, step)

    def measure(self, model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
        """Accuracy and loss on trained and held-out sums, and the frequencies that carry them, beside baselines."""
        from mi_course.zoo.modular_measures import modular_phenomena

        return modular_phenomena(model, untrained, self.data(_seed_of(model)))

    def measure_checkpoint(self, model: TransformerBridge) -> dict[str, Any]:
        """What is followed through training."""
        from mi_course.zoo.modular_measures import followed

        return followed(model, self.data(_seed_of(model)))


def answer_logits(model: TransformerBridge, tokens: Int[Tensor, "sum 3"]) -> Float[Tensor, "sum answer"]:
    """The logits at the sign of equality, as the model has them, at a third of the cost.

    Nobody reads the logits of the first two positions, so their queries and their MLP are left out; and the query of
    the last position, where the same token always stands, is computed once.
    """
    stream = model.W_E[tokens] + model.W_pos
    last = stream[:, -1]
    query = torch.einsum("d,hdk->hk", last[0], model.W_Q[0])
    looks_for = torch.einsum("hdk,hk->dh", model.W_K[0], query) / math.sqrt(D_MODEL // N_HEADS)
    pattern = (stream @ looks_for).softmax(dim=1)
    gathered = torch.einsum("nth,ntd->nhd", pattern, stream)
    z = torch.einsum("nhd,hdk->nhk", gathered, model.W_V[0])
    last = last + z.flatten(1) @ model.W_O[0].flatten(0, 1)
    last = last + F.relu(last @ model.W_in[0] + model.b_in[0]) @ model.W_out[0] + model.b_out[0]
    return last @ model.W_U


def _seed_of(model: TransformerBridge) -> int:
    """The seed the model was built with, which settles the sums it was trained on."""
    return int(model.cfg.seed)
