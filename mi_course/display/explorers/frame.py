"""What all explorers have: a text, a line that says what is wrong with it, and pictures that change in place."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets
import torch

from mi_course.display.explorers.prompt import example, names, read
from mi_course.display.theme import VERMILLION
from mi_course.errors import CourseError

_WIDE = widgets.Layout(width="60em", max_width="100%")


class Panel(widgets.VBox):
    """A box with a `picture`, which stands still in place of the widgets in a saved notebook without its kernel."""

    picture: widgets.HTML

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if isinstance(bundle, dict):
            bundle["text/html"] = self.picture.value
        return bundle


class Explorer(Panel):
    """Controls above, picture below. A subclass makes controls, and `draw()` sets `picture.value`.

    When the text cannot be read, `message` says why in one sentence and the picture stays as it was.
    """

    def __init__(self, model: Any, text: str | None, controls: list[widgets.Widget]) -> None:
        self.model = model
        self.text = widgets.Text(
            value=example(model) if text is None else text,
            description="text" if model.tokenizer is not None else "token ids",
            continuous_update=False,
            layout=_WIDE,
        )
        self.message = widgets.HTML()
        self.picture = widgets.HTML()
        self.controls = controls
        self.tokens = read(model, self.text.value)
        self.names = names(model, self.tokens[0])
        super().__init__([self.text, self.message, widgets.HBox(controls), self.picture])
        with torch.no_grad():
            self.reading()
            self.draw()
        self.text.observe(lambda _: self.say(self._read), "value")
        for control in controls:
            control.observe(lambda _: self.say(self.draw), "value")

    def reading(self) -> None:
        """Called when a new text has been read and before it is drawn."""

    def draw(self) -> None:
        """Draw what the controls say."""
        raise NotImplementedError

    def say(self, action: Callable[[], None]) -> None:
        """Do something that may fail on account of what was typed, and show what is wrong."""
        try:
            with torch.no_grad():
                action()
        except CourseError as error:
            style = f"border-left:4px solid {VERMILLION};padding:2px 10px"
            self.message.value = f'<div role="alert" style="{style}">{escape(str(error))}</div>'
        else:
            if self.message.value:
                self.message.value = ""

    def _read(self) -> None:
        tokens = read(self.model, self.text.value)
        self.tokens, self.names = tokens, names(self.model, tokens[0])
        self.reading()
        self.draw()


def slider(name: str, last: int, value: int = 0) -> widgets.IntSlider:
    """A whole number from 0, changed while it is dragged. Raises CourseError for a value that there is not."""
    if not 0 <= value <= last:
        raise CourseError(f"There is no {name} {value}; choose one from 0 to {last}.")
    return widgets.IntSlider(value, min=0, max=last, description=name, layout=widgets.Layout(width="20em"))
