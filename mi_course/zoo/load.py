"""load_model: one door to the course's own models and to those of the hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mi_course.errors import CourseError, did_you_mean
from mi_course.zoo import checkpoint as stock
from mi_course.zoo.cards import card, check_seed, model_names
from mi_course.zoo.hub import HUB_NAMES, load_hub_model, repositories
from mi_course.zoo.native import build_native
from mi_course.zoo.recipes import recipe
from mi_course.zoo.shapes_cnn import ShapesCNN, build_shapes_cnn
from mi_course.zoo.weights import decode, verified

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


def load_model(
    name: str,
    *,
    seed: int = 0,
    checkpoint: int | None = None,
    untrained: bool = False,
    folder: str | Path | None = None,
) -> Any:
    """Load a model in eval mode: a TransformerBridge, or a torch module for 'shapes-cnn'. Each call makes a fresh one.

    name: one of `model_names()`, or a model of the Hugging Face hub ('gpt2', 'EleutherAI/pythia-70m').
    seed: which training of the model; `seeds(name)` lists those shipped.
    checkpoint: the model as it was before this training step; `checkpoints(name, seed)` lists those shipped.
    untrained: the twin that training with this seed began from: the same architecture, random weights.
    folder: load what `mi-course train` wrote there instead of what is shipped; any seed that you trained.

    shapes-cnn takes pictures and is a `mi_course.zoo.shapes_cnn.ShapesCNN`. The course's other models take token ids,
    and `[BOS]` is id 0 in all but modular-addition, which reads two numbers and `=`. Models of Story World have its
    tokenizer, the others have none.
    Raises CourseError, with what to do, for an unknown name, seed or checkpoint, for weights that are missing or do not
    match their card, and for a hub model that is neither cached nor within reach.
    """
    if not isinstance(name, str):
        raise CourseError(f"load_model takes the name of a model, such as 'induction-2l', not a {type(name).__name__}.")
    if name not in model_names():
        return _load_other(name, seed=seed, plain=checkpoint is None and not untrained and folder is None)
    if untrained and checkpoint is not None:
        raise CourseError(f"The untrained twin has no checkpoints; leave out untrained or checkpoint={checkpoint!r}.")
    if untrained:
        if folder is None:
            check_seed(name, seed)
        twin = recipe(name).build(seed)
        return stock.bridge(twin) if card(name)["kind"] == "checkpoint" else twin
    path, content = verified(name, seed, checkpoint, None if folder is None else Path(folder))
    return unpack(card(name), path, content, seed)


def unpack(known: dict, path: Path, content: bytes, seed: int) -> TransformerBridge | ShapesCNN:
    """The model of a card from its weights file."""
    if known["kind"] == "checkpoint":
        return stock.unpack(path.parent)
    if known["kind"] == "module":
        model = build_shapes_cnn(**known["config"], seed=seed)
    else:
        model = build_native(known["config"], seed=seed)
    model.load_state_dict(decode(content, path), strict=True)
    return model


def _load_other(name: str, *, seed: int, plain: bool) -> TransformerBridge:
    if not repositories(name):
        known = [*model_names(), *HUB_NAMES]
        raise CourseError(
            f"There is no model called {name!r}.{did_you_mean(name, known)} The course's own models are "
            f"{', '.join(model_names())}; a hub model is named as owner/name."
        )
    if seed != 0 or not plain:
        raise CourseError(
            f"{name!r} is a hub model, which has no seed, checkpoint or untrained twin here; leave these out."
        )
    return load_hub_model(name)
