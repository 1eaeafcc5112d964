"""Explorers: a model, a text, and controls whose result one sees at once (ipywidgets).

    from mi_course.display.explorers import AttentionExplorer, CheckpointExplorer, ComponentExplorer

    AttentionExplorer(load_model("induction-2l"), "0 5 9 7 5 9 7")

A text is words for a model with a tokenizer, and token ids for one without. Each text is run through the model once;
after that a control costs only the drawing. `TimelineExplorer()` needs no model.
"""

from mi_course.display.explorers.attention import AttentionExplorer
from mi_course.display.explorers.checkpoint import CheckpointExplorer
from mi_course.display.explorers.component import ComponentExplorer
from mi_course.display.explorers.timeline import TimelineExplorer

__all__ = ["AttentionExplorer", "CheckpointExplorer", "ComponentExplorer", "TimelineExplorer"]
