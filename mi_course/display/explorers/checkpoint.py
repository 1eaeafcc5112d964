"""A model through its training: how well it predicts a text, and where a head looks, at each checkpoint."""

from __future__ import annotations

import ipywidgets as widgets

from mi_course.display.explorers.frame import Explorer, slider
from mi_course.display.explorers.markup import coloured_table, figure, pattern_svg
from mi_course.display.explorers.passes import Passes
from mi_course.display.words import strongest_attention
from mi_course.errors import CourseError
from mi_course.interventions import pattern
from mi_course.zoo import checkpoints, load_model

END = -1
"""The value of the slider at the finished model; ipywidgets keeps None for "nothing chosen"."""


class CheckpointExplorer(Explorer):
    """One text at every checkpoint of a training: the loss on each token, and the pattern of one head.

    name, seed: a model of the zoo that is shipped with checkpoints, such as "induction-2l". text, layer, head: as for
    AttentionExplorer. Each checkpoint is loaded once, when the slider first comes to it.
    Raises CourseError for a model without checkpoints and a text that it cannot read.
    """

    def __init__(
        self, name: str = "induction-2l", seed: int = 0, text: str | None = None, *, layer: int = 0, head: int = 0
    ) -> None:
        steps = checkpoints(name, seed)
        if not steps:
            raise CourseError(
                f"{name} is shipped without checkpoints for seed {seed}; choose 'induction-2l' with seed 0, or look at "
                "the finished model with AttentionExplorer."
            )
        model = load_model(name, seed=seed)
        self._name, self._seed = name, seed
        self._passes = {END: Passes(model)}
        options = [*((str(step), step) for step in steps), ("the end", END)]
        self.step = widgets.SelectionSlider(
            options=options, index=0, description="step", layout=widgets.Layout(width="26em")
        )
        self.layer = slider("layer", model.cfg.n_layers - 1, layer)
        self.head = slider("head", model.cfg.n_heads - 1, head)
        super().__init__(model, text, [self.step, self.layer, self.head])

    def draw(self) -> None:
        """Draw losses and pattern at the step that is chosen."""
        step, layer, head = self.step.value, self.layer.value, self.head.value
        if step not in self._passes:
            self._passes[step] = Passes(load_model(self._name, seed=self._seed, checkpoint=step))
        logits, cache = self._passes[step](self.tokens)
        when = f"{self._name} at the end of training" if step == END else f"{self._name} at step {step}"
        values = cache[pattern(layer, head=head)][0].double().numpy()
        said = strongest_attention(values, self.names)
        body = pattern_svg(values, self.names, f"Attention pattern of L{layer}H{head}, {when}. {said}")
        below = figure(body, f"L{layer}H{head}, {when}: attention from destination (rows) to source (columns). {said}")
        if len(self.names) == 1:
            self.picture.value = below
            return
        after = self.tokens[0, 1:]
        losses = -logits[0, :-1].log_softmax(-1).gather(1, after[:, None])[:, 0].double()
        half = len(losses) // 2
        early, late = losses[: max(1, half)].mean(), losses[half:].mean()
        table = coloured_table(
            ["loss"], self.names[1:], [[f"{loss:.2f}" for loss in losses.tolist()]], (-losses).exp()[None].numpy()
        )
        above = figure(
            table,
            f"Loss on each token (nats), {when}: mean {losses.mean():.2f}; first half {early:.2f}, "
            f"second half {late:.2f}. The bluer, the more probable the model held the token.",
        )
        self.picture.value = above + below
