"""The course's own models: how to load one, what is known about it, and how it was made.

    model = load_model("induction-2l", seed=0)
    card("induction-2l")["seeds"]["0"]["phenomena"]["induction_score"]["best"]

See README.md in this folder for what each model is for.
"""

from __future__ import annotations

from mi_course.zoo.cards import card, model_names, seeds
from mi_course.zoo.load import load_model
from mi_course.zoo.table import table
from mi_course.zoo.training import Trained, measure, measure_checkpoint, train
from mi_course.zoo.weights import checkpoints, verify_weights

__all__ = [
    "Trained",
    "card",
    "checkpoints",
    "load_model",
    "measure",
    "measure_checkpoint",
    "model_names",
    "seeds",
    "table",
    "train",
    "verify_weights",
]
