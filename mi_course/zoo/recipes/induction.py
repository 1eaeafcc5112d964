"""The induction models: attention only, trained on nothing but random tokens that repeat.

Olsson et al. 2022, "In-context Learning and Induction Heads", found in small language models that two layers of
attention grow induction heads, in one sudden step of training, and that one layer does not. Here the language is taken
away: the one thing to be learned is that what came after the previous copy will come again.

Training has three phases, all by step number:
- *form*: plain training; the loss on later copies falls within a few hundred steps.
- *prune*: a penalty on the size of each head rises and stays. Four heads of 16 dimensions share any work they are
  given; the penalty lets the heads that matter least die out, so that the survivors can be read one at a time. (A
  group lasso, Yuan and Lin 2006, over heads; Voita et al. 2019, "Analyzing Multi-Head Self-Attention", prune heads
  with gates to the same end.)
- *settle*: the penalty falls to a tenth while the learning rate does.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.worlds import BOS
from mi_course.zoo.fit import Run
from mi_course.zoo.measures import MEASUREMENT, followed, induction_phenomena
from mi_course.zoo.native import build_native
from mi_course.zoo.recipes.trained import Trained, learning_rate

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

D_VOCAB, N_CTX, D_MODEL = 64, 64, 64

ROTARY = {"normalization_type": "LN", "positional_embedding_type": "rotary", "rotary_base": 10_000}
PLAIN = {"normalization_type": None, "positional_embedding_type": "standard"}


@dataclass(frozen=True)
class Hyperparameters:
    """The numbers of the recipe. A step is one of the optimiser; the lead is the random text before the segment."""

    steps: int = 2000
    batch: int = 48
    learning_rate: float = 3e-3
    final_learning_rate: float = 1.5e-4
    warm_up_steps: int = 50
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.02
    gradient_clip: float = 1.0
    shortest_period: int = 4
    longest_period: int = 28
    longest_lead: int = 15
    head_penalty: float = 0.03
    prune_from_step: int = 500
    prune_fully_from_step: int = 1000
    settle_from_step: int = 1500


@dataclass(frozen=True)
class InductionRecipe(Trained["TransformerBridge"]):
    """How the induction models are made, all on the same data.

    plain: learned positions and no LayerNorm, so that what a head does can be read off products of weight matrices;
        otherwise rotary positions and LayerNorm.
    """

    name: str
    n_layers: int
    shipped_seeds: tuple[int, ...]
    hyperparameters: Hyperparameters = Hyperparameters()
    n_heads: int = 4
    plain: bool = False
    checkpoints: tuple[int, ...] = ()
    checkpointed_seeds: tuple[int, ...] = ()

    @property
    def config(self) -> dict[str, Any]:
        """Fields of TransformerBridgeConfig."""
        return {
            "n_layers": self.n_layers,
            "d_model": D_MODEL,
            "n_heads": self.n_heads,
            "d_head": D_MODEL // self.n_heads,
            "n_ctx": N_CTX,
            "d_vocab": D_VOCAB,
            "d_vocab_out": D_VOCAB,
            "attn_only": True,
            "act_fn": "relu",  # never used, as there is no MLP; the config insists on one
            **(PLAIN if self.plain else {**ROTARY, "rotary_dim": D_MODEL // self.n_heads}),
            "init_mode": "gpt2",
            "initializer_range": 1 / math.sqrt(D_MODEL),
        }

    def describe(self) -> dict[str, Any]:
        """The part of the card that does not depend on the seed."""
        hyper = self.hyperparameters
        layers = "one layer" if self.n_layers == 1 else f"{self.n_layers} layers"
        heads = "one head" if self.n_heads == 1 else f"{self.n_heads} heads"
        bare = "learned positions, no LayerNorm, " if self.plain else ""
        return {
            "name": self.name,
            "kind": "native",
            "summary": f"Attention only, {layers} of {heads}, {bare}trained on repeated random tokens.",
            "config": self.config,
            "recipe": {"module": __name__, "hyperparameters": asdict(hyper) | {"betas": list(hyper.betas)}},
            "steps": hyper.steps,
            "data": (
                f"Drawn on the fly: [BOS], up to {hyper.longest_lead} random tokens, then a segment of "
                f"{hyper.shortest_period} to {hyper.longest_period} different random tokens, repeated until the "
                f"context of {N_CTX} is full. {hyper.steps * hyper.batch * N_CTX:,} tokens."
            ),
            "measurement": MEASUREMENT,
        }

    def build(self, seed: int) -> TransformerBridge:
        """The model before its first step: the untrained twin of the trained one."""
        return build_native(self.config, seed=seed)

    def run(self, model: TransformerBridge, seed: int) -> Run:
        """What a step does, with the optimiser and the data."""
        hyper = self.hyperparameters
        optimiser = torch.optim.AdamW(
            model.parameters(), lr=hyper.learning_rate, betas=hyper.betas, weight_decay=hyper.weight_decay, fused=True
        )
        device = next(model.parameters()).device
        # Seeds of the data are kept apart from those of the initial weights.
        generator = torch.Generator().manual_seed(1000 + seed)

        def step(number: int) -> float:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(number, hyper)
            tokens = training_batch(hyper, generator).to(device)
            loss = F.cross_entropy(model(tokens)[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
            optimiser.zero_grad(set_to_none=True)
            (loss + head_penalty(number, hyper) * sum_of_head_sizes(model)).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), hyper.gradient_clip)
            optimiser.step()
            return loss.item()

        return self.run_of(model, seed, optimiser, step, generator)

    def measure(self, model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
        """Repeated-token accuracy and loss, induction and previous-token scores, beside their baselines."""
        found = induction_phenomena(model, untrained)
        if self.plain:
            from mi_course.zoo.plain_measures import weight_phenomena

            found |= weight_phenomena(model, untrained)
        return found

    def measure_checkpoint(self, model: TransformerBridge) -> dict[str, Any]:
        """What is followed through training."""
        return followed(model)


def training_batch(hyper: Hyperparameters, generator: torch.Generator) -> Int[Tensor, "batch pos"]:
    """Rows of `[BOS]`, some random tokens, and a segment of different tokens repeated to the end of the context.

    Where the segment begins and how long it is differs from row to row, so that no fixed distance does the work.
    """

    def draw(low: int, high: int) -> Int[Tensor, "batch 1"]:
        return torch.randint(low, high + 1, (hyper.batch, 1), generator=generator)

    position = torch.arange(N_CTX)
    period = draw(hyper.shortest_period, hyper.longest_period)
    start = 1 + draw(0, hyper.longest_lead)
    lead = torch.randint(1, D_VOCAB, (hyper.batch, N_CTX), generator=generator)
    ids = 1 + torch.rand(hyper.batch, D_VOCAB - 1, generator=generator).argsort(dim=-1)
    repeated = ids.gather(1, (position - start).clamp(min=0) % period)
    tokens = torch.where(position >= start, repeated, lead)
    tokens[:, 0] = BOS
    return tokens


def head_penalty(step: int, hyper: Hyperparameters) -> float:
    """Nothing while heads form; then a rise, a plateau, and a fall to a tenth."""
    if step <= hyper.prune_from_step:
        return 0.0
    rise = (step - hyper.prune_from_step) / (hyper.prune_fully_from_step - hyper.prune_from_step)
    fall = (hyper.steps - step) / (hyper.steps - hyper.settle_from_step)
    return hyper.head_penalty * max(0.1, min(1.0, rise, fall))


def sum_of_head_sizes(model: TransformerBridge) -> Float[Tensor, ""]:
    """Sum over all heads of the norm of the head's four matrices taken as one vector."""
    weights = (model.W_Q, model.W_K, model.W_V, model.W_O)
    squares = torch.stack([weight.pow(2).sum(dim=(-2, -1)) for weight in weights]).sum(dim=0)
    # A pruned head has norm zero, where the root has no slope; the small constant gives it one.
    return (squares + 1e-8).sqrt().sum()
