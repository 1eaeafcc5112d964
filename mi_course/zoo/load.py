"""load_model: one door to the course's own models and to those of the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mi_course.errors import CourseError, did_you_mean
from mi_course.zoo.cards import card, check_seed, model_names
from mi_course.zoo.hub import HUB_NAMES, load_hub_model, repositories
from mi_course.zoo.native import build_native
from mi_course.zoo.weights import read_weights

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


def load_model(
    name: str, *, seed: int = 0, checkpoint: int | None = None, untrained: bool = False
) -> TransformerBridge:
    """Load a model as a TransformerBridge in eval mode; each call makes a fresh one.

    name: one of `model_names()`, or a model of the Hugging Face hub ('gpt2', 'EleutherAI/pythia-70m').
    seed: which training of the model; `seeds(name)` lists those shipped.
    checkpoint: a training step; no model of the zoo is shipped with checkpoints yet.
    untrained: the twin that training with this seed began from: the same architecture, random weights.

    The course's models take token ids; their `tokenizer` is None and `[BOS]` is id 0.
    Raises CourseError, with what to do, for an unknown name or seed, for weights that are missing or do not match their
    card, and for a hub model that is neither cached nor within reach.
    """
    if not isinstance(name, str):
        raise CourseError(f"load_model takes the name of a model, such as 'induction-2l', not a {type(name).__name__}.")
    if name not in model_names():
        return _load_other(name, seed=seed, checkpoint=checkpoint, untrained=untrained)
    check_seed(name, seed)
    if checkpoint is not None:
        raise CourseError(
            f"{name} is shipped fully trained only, without checkpoints; leave out checkpoint={checkpoint!r}."
        )
    if untrained:
        return build_native(card(name)["config"], seed=seed)
    weights = read_weights(name, seed)
    model = build_native(card(name)["config"], seed=seed)
    model.load_state_dict(weights, strict=True)
    return model


def _load_other(name: str, *, seed: int, checkpoint: int | None, untrained: bool) -> TransformerBridge:
    if not repositories(name):
        known = [*model_names(), *HUB_NAMES]
        raise CourseError(
            f"There is no model called {name!r}.{did_you_mean(name, known)} The course's own models are "
            f"{', '.join(model_names())}; a hub model is named as owner/name."
        )
    if seed != 0 or checkpoint is not None or untrained:
        raise CourseError(
            f"{name!r} is a hub model, which has no seed, checkpoint or untrained twin here; leave these out."
        )
    return load_hub_model(name)
