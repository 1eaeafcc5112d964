"""story: the course's own language model, a stock GPT-NeoX checkpoint trained on Story World.

Four layers, because keeping track of who is where was never learned with three. The schedule goes by step:
- a warm-up, then a cosine down to two percent of the learning rate;
- for the first third of training, sentences that repeat and sentences with two names come more often, since heads that
  copy are what most other tasks are built on.

A run can be interrupted and resumed to the bit: every batch is settled by the seed and the step alone, and the state
of the optimiser is kept beside the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mi_course.worlds.story import BOS, LENGTH, PAD, VOCABULARY, get_task, story_tokens, task_names
from mi_course.zoo.fit import Run
from mi_course.zoo.recipes.trained import Trained

if TYPE_CHECKING:
    from transformers import GPTNeoXForCausalLM

DATA_SEED = 1000
"""Training with seed N draws its sentences from the seed DATA_SEED + N, so that data and first weights are apart."""


@dataclass(frozen=True)
class Hyperparameters:
    """The numbers of the recipe."""

    steps: int = 4000
    batch: int = 24
    learning_rate: float = 3e-3
    final_share: float = 0.02
    warm_up_steps: int = 100
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.05
    gradient_clip: float = 1.0
    early_share: float = 0.35
    checkpoints: tuple[int, ...] = (100, 300, 600, 1000, 1500, 2200, 3200)
    state_every: int = 250


def with_truth() -> tuple[tuple[str, float], ...]:
    """Story World's own mixture, and on top of it what things are, and statements called true or false."""
    usual = {name: get_task(name).share for name in task_names()}
    return tuple(({name: share for name, share in usual.items() if share} | {"kinds": 0.10, "truth": 0.25}).items())


@dataclass(frozen=True)
class StoryRecipe(Trained["GPTNeoXForCausalLM"]):
    """How story and story-truth are made.

    tasks: names of tasks with their shares; Story World's own mixture when there are none.
    """

    name: str = "story"
    shipped_seeds: tuple[int, ...] = (0, 1, 2)
    checkpointed_seeds: tuple[int, ...] = (0,)
    n_layers: int = 4
    d_model: int = 128
    n_heads: int = 4
    d_mlp: int = 384
    tasks: tuple[tuple[str, float], ...] = ()
    hyperparameters: Hyperparameters = Hyperparameters()

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """Steps before which the model is kept."""
        return self.hyperparameters.checkpoints

    @property
    def trained_on(self) -> dict[str, float]:
        """Tasks and their shares."""
        usual = {name: get_task(name).share for name in task_names()}
        return dict(self.tasks) or {name: share for name, share in usual.items() if share}

    @property
    def config(self) -> dict[str, Any]:
        """Fields of transformers' GPTNeoXConfig."""
        return {
            "vocab_size": len(VOCABULARY),
            "hidden_size": self.d_model,
            "num_hidden_layers": self.n_layers,
            "num_attention_heads": self.n_heads,
            "intermediate_size": self.d_mlp,
            "max_position_embeddings": LENGTH,
            "hidden_act": "gelu_new",
            "use_parallel_residual": False,
            "layer_norm_eps": 1e-5,
            "tie_word_embeddings": False,
            "attention_bias": True,
            "initializer_range": 0.6 / math.sqrt(self.d_model),
            "bos_token_id": BOS,
            "eos_token_id": BOS,
            "pad_token_id": PAD,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 1.0},
        }

    def describe(self) -> dict[str, Any]:
        """The part of the card that does not depend on the seed."""
        hyper = self.hyperparameters
        tokens = hyper.steps * hyper.batch * LENGTH
        fields = asdict(hyper) | {"betas": list(hyper.betas), "checkpoints": list(hyper.checkpoints)}
        shares = ", ".join(f"{name} {share:g}" for name, share in self.trained_on.items())
        added = [name for name in self.trained_on if not get_task(name).share]
        beside = f", {' and '.join(added)} among its tasks" if added else ""
        size = f"{self.n_layers} layers of {self.n_heads} heads with MLPs"
        return {
            "name": self.name,
            "kind": "checkpoint",
            "summary": f"A language model in Story World{beside}: {size}.",
            "config": self.config,
            "recipe": {"module": __name__, "hyperparameters": fields},
            "steps": hyper.steps,
            "data": f"Story World, drawn on the fly, in rows of {LENGTH} tokens; shares: {shares}. {tokens:,} tokens.",
        }

    def build(self, seed: int) -> GPTNeoXForCausalLM:
        """The model before its first step, as plain transformers has it; the caller's random state is left alone."""
        from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

        config = GPTNeoXConfig(**self.config)
        config._attn_implementation = "sdpa"
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return GPTNeoXForCausalLM(config).eval()

    def run(self, model: GPTNeoXForCausalLM, seed: int) -> Run:
        """What a step does, with the optimiser and the data."""

        def forward(tokens: Tensor) -> Tensor:
            return model(tokens, use_cache=False).logits

        return story_run(self, model, seed, self.hyperparameters, forward, dict(self.tasks))

    def measure(self, model: Any, untrained: Any) -> dict[str, Any]:
        """All tasks on fresh held-out data, and what heads and layers do, beside their baselines."""
        from mi_course.zoo.story_heads import head_phenomena
        from mi_course.zoo.story_measures import measurements_of, story_phenomena

        found = story_phenomena(model, untrained, measurements_of(self.trained_on))
        # What heads do is asked of the model that has all of Story World.
        return found if self.tasks else found | head_phenomena(model, untrained)

    def measure_checkpoint(self, model: Any) -> dict[str, Any]:
        """What is followed through training."""
        from mi_course.zoo.story_measures import followed

        return followed(model)


def learning_rate(step: int, hyper: Hyperparameters) -> float:
    """Linear warm-up, then a cosine down to a small share of the full rate."""
    warm_up = min(1.0, (step + 1) / hyper.warm_up_steps)
    cosine = 0.5 * (1 + math.cos(math.pi * step / hyper.steps))
    return hyper.learning_rate * warm_up * (hyper.final_share + (1 - hyper.final_share) * cosine)


def early(step: int, hyper: Hyperparameters) -> float:
    """How much more often copying tasks come: 1 at the first step, 0 from a third of training on."""
    return max(0.0, 1 - step / (hyper.early_share * hyper.steps))


def training_batch(step: int, seed: int, hyper: Hyperparameters, tasks: Mapping[str, float] | None = None) -> Tensor:
    """The rows of one step, settled by the seed and the step alone."""
    return story_tokens(hyper.batch, seed=DATA_SEED + seed, stream=step, early=early(step, hyper), tasks=tasks or None)


def story_run(
    recipe: Any,
    model: nn.Module,
    seed: int,
    hyper: Hyperparameters,
    forward: Callable[[Tensor], Tensor],
    tasks: Mapping[str, float] | None = None,
) -> Run:
    """A run of any model of story tokens, stock or native, by the schedule of these hyperparameters.

    forward: from tokens (batch, pos) to logits (batch, pos, d_vocab). tasks: shares by name, if not the usual ones.
    """
    optimiser = _optimiser(model, hyper)
    device = next(model.parameters()).device

    def step(number: int) -> float:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(number, hyper)
        tokens = training_batch(number, seed, hyper, tasks).to(device)
        logits = forward(tokens)
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), hyper.gradient_clip)
        optimiser.step()
        return loss.item()

    return Run(
        label=f"{recipe.name} seed {seed}",
        identity=repr((recipe, seed, VOCABULARY)),
        model=model,
        optimiser=optimiser,
        step=step,
        steps=hyper.steps,
        checkpoints=hyper.checkpoints,
        state_every=hyper.state_every,
    )


def _optimiser(model: nn.Module, hyper: Hyperparameters) -> torch.optim.AdamW:
    """AdamW that decays the matrices of the blocks and the unembedding, and nothing else."""
    decayed: list[Tensor] = []
    free: list[Tensor] = []
    for name, parameter in model.named_parameters():
        embedding = name.removeprefix("gpt_neox.").startswith(("embed_in", "tok_embed", "pos."))
        (decayed if parameter.ndim == 2 and not embedding else free).append(parameter)
    groups = [{"params": decayed, "weight_decay": hyper.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=hyper.learning_rate, betas=hyper.betas, fused=True)
