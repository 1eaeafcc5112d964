"""Jupyter Notebook 7 in place of JupyterLab: figures, circuitsvis, an explorer, a progress bar and a check."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.notebooks import write_notebook

pytestmark = pytest.mark.browser

SET_UP = """\
import torch
from mi_course.display import Bars, circuitsvis, plot
from mi_course.display.explorers import AttentionExplorer
from mi_course.exercises.induction_heads import check
from mi_course.zoo import load_model"""
FIGURE = "plot(Bars(['a', 'b'], torch.tensor([0.3, 0.6]), 'score'))"
LOAD = "circuitsvis.load()"
PATTERN = "circuitsvis.attention_pattern(['a', 'b', 'c'], torch.ones(3, 3).tril().softmax(-1))"
EXPLORER = "AttentionExplorer(load_model('induction-2l'), '0 5 9 7 5 9 7')"
BAR = "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass"
CHECK = "def induction_score(pattern, period):\n    return pattern.mean()\ncheck(induction_score)"


def test_what_a_chapter_uses_works_there_too(notebook7, visitor) -> None:
    write_notebook(notebook7.directory / "seven.ipynb", [SET_UP, FIGURE, LOAD, PATTERN, EXPLORER, BAR, CHECK])
    visitor.open(notebook7.notebook("seven.ipynb"))
    visitor.run_all()
    assert visitor.cell(FIGURE).locator("figure img").evaluate("image => image.naturalWidth") > 200
    visitor.cell(PATTERN).locator("figcaption").scroll_into_view_if_needed()
    expect(visitor.cell(PATTERN).locator("[data-circuitsvis] canvas")).to_have_count(1)
    expect(visitor.cell(BAR.splitlines()[0])).to_contain_text("3/3")
    expect(visitor.cell("check(induction_score)")).to_contain_text("Not quite")

    # With the mouse: the arrow keys are the notebook's own there.
    cell = visitor.cell(EXPLORER)
    expect(cell.locator("figcaption")).to_contain_text("L0H0")
    cell.locator("figcaption").scroll_into_view_if_needed()
    place = cell.locator(".noUi-handle").first.bounding_box()
    assert place
    visitor.page.mouse.move(place["x"] + 8, place["y"] + 8)
    visitor.page.mouse.down()
    visitor.page.mouse.move(place["x"] + 150, place["y"] + 8, steps=5)
    visitor.page.mouse.up()
    expect(cell.locator("figcaption")).to_contain_text("L1H0")
    visitor.screenshot("notebook7", cell)
    assert visitor.elsewhere == []
