"""Recipes: how each of the course's own models was made, as code that makes it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mi_course.errors import CourseError, did_you_mean
from mi_course.zoo.fit import Options
from mi_course.zoo.recipes.induction import Hyperparameters as InductionHyperparameters
from mi_course.zoo.recipes.induction import InductionRecipe
from mi_course.zoo.recipes.modular import ModularRecipe
from mi_course.zoo.recipes.shapes import ShapesRecipe
from mi_course.zoo.recipes.story import Hyperparameters as StoryHyperparameters
from mi_course.zoo.recipes.story import StoryRecipe, with_truth
from mi_course.zoo.recipes.story_small import SmallStoryRecipe

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


class Recipe(Protocol):
    """What a recipe has to offer to take part in the zoo.

    A model is a bridge for the kind "native", one of plain transformers for the kind "checkpoint" and a torch module
    for the kind "module"; what is measured is a bridge, or the module.
    """

    @property
    def name(self) -> str:
        """What load_model takes."""

    @property
    def shipped_seeds(self) -> tuple[int, ...]:
        """The seeds that the course ships."""

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """Steps before which the model is kept."""

    @property
    def checkpointed_seeds(self) -> tuple[int, ...]:
        """The shipped seeds that are shipped with these checkpoints."""

    def build(self, seed: int) -> Any:
        """The model before its first step."""

    def train(self, seed: int, options: Options = ...) -> Any:
        """Train from the beginning, or from where the state in the options is."""

    def measure(self, model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
        """The model's phenomena beside their baselines, as JSON."""

    def measure_checkpoint(self, model: TransformerBridge) -> dict[str, Any]:
        """The few numbers that are followed through training, as JSON."""

    def describe(self) -> dict[str, Any]:
        """The part of the card that does not depend on the seed, as JSON."""


_RECIPES: dict[str, Recipe] = {}


def register(recipe: Recipe) -> None:
    """Add a recipe to the zoo. A recipe that needs a helper module lives with it and registers itself here."""
    _RECIPES[recipe.name] = recipe


def recipe(name: str) -> Recipe:
    """The recipe of a model. Raises CourseError for a name that has none."""
    if name not in _RECIPES:
        raise CourseError(
            f"There is no recipe for a model called {name!r}.{did_you_mean(name, _RECIPES)} "
            f"The course's own models are {', '.join(_RECIPES)}."
        )
    return _RECIPES[name]


def recipe_names() -> list[str]:
    """Names of the models that have a recipe, in the order in which the course meets them."""
    return list(_RECIPES)


# The step at which the heads form lies between 200 and 300, so the checkpoints are dense there.
INDUCTION_CHECKPOINTS = (
    *range(0, 200, 50),
    *range(200, 300, 10),
    *(300, 325, 350, 400, 450, 500),
    *(600, 700, 800, 1000, 1250, 1500, 1750),
)

register(InductionRecipe("induction-1l", n_layers=1, shipped_seeds=(0, 1, 2), checkpoints=INDUCTION_CHECKPOINTS))
register(
    InductionRecipe(
        "induction-2l",
        n_layers=2,
        shipped_seeds=(0, 1, 2, 3, 4),
        checkpoints=INDUCTION_CHECKPOINTS,
        checkpointed_seeds=(0,),
    )
)
register(
    InductionRecipe(
        "induction-2l-plain",
        n_layers=2,
        shipped_seeds=(0, 1, 2),
        hyperparameters=InductionHyperparameters(head_penalty=0.0),
        n_heads=1,
        plain=True,
    )
)

# Seed 1 knows its trained sums by heart at step 100 and the others between steps 1,500 and 1,800.
MODULAR_CHECKPOINTS = (*(0, 50, 100, 200, 300, 500, 700, 900), *range(1100, 2000, 100), 2100, 2500)

register(ModularRecipe(checkpoints=MODULAR_CHECKPOINTS))
register(StoryRecipe())
register(
    StoryRecipe(
        "story-truth",
        shipped_seeds=(0,),
        checkpointed_seeds=(),
        tasks=with_truth(),
        hyperparameters=StoryHyperparameters(checkpoints=()),
    )
)
register(
    SmallStoryRecipe(
        "story-0l",
        n_layers=0,
        hyperparameters=StoryHyperparameters(steps=800, learning_rate=1e-2, weight_decay=0.0, checkpoints=()),
    )
)
register(
    SmallStoryRecipe(
        "story-attn-1l",
        n_layers=1,
        hyperparameters=StoryHyperparameters(steps=2500, learning_rate=1e-2, checkpoints=()),
    )
)
register(ShapesRecipe())
