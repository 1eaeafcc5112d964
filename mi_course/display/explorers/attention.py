"""Where each head looks: a text, a layer, a head."""

from __future__ import annotations

from typing import Any

from mi_course.display.explorers.frame import Explorer, slider
from mi_course.display.explorers.markup import figure, pattern_svg
from mi_course.display.explorers.passes import Passes
from mi_course.display.words import strongest_attention
from mi_course.interventions import pattern


class AttentionExplorer(Explorer):
    """The attention pattern of one head on your text.

    model: a bridge, such as `load_model("induction-2l")` returns. text: what to begin with; words for a model with a
    tokenizer, else token ids ("0 5 9 7 5 9 7"). layer, head: what to begin with.
    Raises CourseError for a text that the model cannot read.
    """

    def __init__(self, model: Any, text: str | None = None, *, layer: int = 0, head: int = 0) -> None:
        self.layer = slider("layer", model.cfg.n_layers - 1, layer)
        self.head = slider("head", model.cfg.n_heads - 1, head)
        self._passes = Passes(model)
        super().__init__(model, text, [self.layer, self.head])

    def draw(self) -> None:
        """Draw the pattern of the head that is chosen."""
        layer, head = self.layer.value, self.head.value
        values = self._passes(self.tokens).cache[pattern(layer, head=head)][0].double().numpy()
        said = strongest_attention(values, self.names)
        body = pattern_svg(values, self.names, f"Attention pattern of L{layer}H{head}. {said}")
        self.picture.value = figure(
            body,
            f"L{layer}H{head}: attention from destination (rows) to source (columns). {said} Blue is 1, "
            "white 0, grey the future.",
        )
