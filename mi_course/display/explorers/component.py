"""What a head or an MLP writes: the tokens it raises and lowers directly, beside the logit lens."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets
from jaxtyping import Float
from torch import Tensor

from mi_course.display.explorers.contributions import (
    component_names,
    component_outputs,
    direct_contribution,
    logit_lens,
)
from mi_course.display.explorers.frame import Explorer, slider
from mi_course.display.explorers.markup import bar_table, coloured_table, figure
from mi_course.display.explorers.passes import Passes
from mi_course.display.explorers.prompt import names
from mi_course.errors import CourseError, did_you_mean

_SHOWN = 8  # tokens raised, and as many lowered


class ComponentExplorer(Explorer):
    """What one component adds to the logits at one position, and what the residual stream predicts layer by layer.

    model, text: as for AttentionExplorer. component: "L1H0", "MLP0", "embedding", or "b_O 1" for what the attention of
    a layer adds beside its heads. position: from 0; the last one if left out or beyond the text.
    Contributions are direct (Elhage et al. 2021) and relative to the mean over the vocabulary, which no probability
    depends on; the lens is nostalgebraist's (2020).
    Raises CourseError for a text that the model cannot read.
    """

    def __init__(
        self, model: Any, text: str | None = None, *, component: str | None = None, position: int | None = None
    ) -> None:
        options = component_names(model)
        if component is not None and component not in options:
            raise CourseError(
                f"There is no component {component!r}.{did_you_mean(component, options)} This model has "
                f"{', '.join(options)}."
            )
        self.component = widgets.Dropdown(options=options, value=component or options[1], description="component")
        self.position = slider("position", 0)
        self._begin = position
        self._passes = Passes(model)
        super().__init__(model, text, [self.component, self.position])

    def reading(self) -> None:
        """Fit the slider to the text, and take everything from the pass that does not depend on the controls."""
        last = len(self.names) - 1
        cache = self._passes(self.tokens).cache
        self._outputs = component_outputs(self.model, cache)
        self._contributions: dict[str, Float[Tensor, "pos d_vocab"]] = {}
        best = logit_lens(self.model, cache).max(-1)
        self._guesses = [names(self.model, row) for row in best.indices]
        self._probabilities = best.values.exp().double().numpy()
        with self.position.hold_trait_notifications():
            self.position.max = last
            self.position.value = last if self._begin is None else min(self._begin, last)

    def contribution(self) -> Float[Tensor, " d_vocab"]:
        """The chosen component's direct contribution at the chosen position, less its mean over the vocabulary."""
        name = self.component.value
        if name not in self._contributions:
            cache = self._passes(self.tokens).cache
            output = self._outputs[self.component.options.index(name)]
            whole = direct_contribution(self.model, cache, output)
            self._contributions[name] = whole - whole.mean(-1, keepdim=True)
        return self._contributions[name][self.position.value]

    def draw(self) -> None:
        """Draw the tokens raised and lowered, and the lens with the chosen position framed."""
        name, position = self.component.value, self.position.value
        values = self.contribution()
        shown = min(_SHOWN, len(values))
        raised, lowered = values.topk(shown), (-values).topk(shown)
        most = max(float(values.abs().max()), 1e-6)
        tables = [
            bar_table(names(self.model, best.indices), (sign * best.values).tolist(), heading, most)
            for best, sign, heading in ((raised, 1, "raises most (logits)"), (lowered, -1, "lowers most (logits)"))
        ]
        first = names(self.model, raised.indices[:1])[0]
        top = figure(
            "".join(tables),
            f"What {name} writes at position {position} ({self.names[position]}), directly to the logits of the next "
            f"token: most to {first}, {float(raised.values[0]):+.2f}; relative to the mean over the vocabulary.",
        )
        self.picture.value = top + self._lens(position)

    def _lens(self, position: int) -> str:
        layers = ["before 0", *(f"after {layer}" for layer in range(self.model.cfg.n_layers))]
        cells = [
            [f"{escape(word)}<br>{share:.2f}" for word, share in zip(line, each, strict=True)]
            for line, each in zip(self._guesses, self._probabilities, strict=True)
        ]
        at = self._probabilities[:, position]
        table = coloured_table(layers[::-1], self.names, cells[::-1], self._probabilities[::-1], position)
        return figure(
            table,
            "Logit lens: the likeliest next token and its probability, read from the residual stream after each layer. "
            f"At position {position} it begins with {self._guesses[0][position]} ({at[0]:.2f}) and ends with "
            f"{self._guesses[-1][position]} ({at[-1]:.2f}).",
        )
