"""Every figure and every explorer in JupyterLab without a network: seen, described, and changed by their controls."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.notebooks import write_notebook

pytestmark = pytest.mark.browser

SET_UP = """\
import torch
from mi_course.display import *
from mi_course.display.explorers import AttentionExplorer, CheckpointExplorer, ComponentExplorer
from mi_course.zoo import checkpoint, load_model
from mi_course.zoo.recipes.story import StoryRecipe
words = "[BOS] when john and mary went to the park , john gave a ball to mary .".split()
draw = torch.Generator().manual_seed(0)
some = torch.rand(4, 8, generator=draw)
model, story = load_model("induction-2l"), checkpoint.bridge(StoryRecipe().build(0))"""

FIGURES = {
    "heatmap": "plot(Heatmap(some - 0.5, [f'L{i}' for i in range(4)], [f'H{i}' for i in range(8)], "
    "'effect (logits)', 'layer', 'head', diverging=True))",
    "lines": "plot(Lines(torch.arange(8), [Line('a', some[0], some[0] - 0.1, some[0] + 0.1), Line('b', some[1])], "
    "'step', 'loss (nats)', interval='95% interval', baseline=(0.5, 'chance')))",
    "bars": "plot(Bars([f'H{i}' for i in range(8)], some[0], 'score', some[0] - 0.1, some[0] + 0.1, '95% interval', "
    "baseline=some[1], baseline_name='untrained twin'))",
    "strip": "plot(TokenStrip(words, torch.randn(len(words), generator=draw), 'activation', diverging=True))",
    "graph": "plot(CircuitGraph([Node('embed', 0), Node('L0H1', 1), Node('L1H0', 2)], "
    "[Edge('embed', 'L0H1', 0.5), Edge('L0H1', 'L1H0', -0.9), Edge('embed', 'L1H0', 0.2)], 'effect (logits)'))",
    "pattern": "plot(AttentionPattern(torch.ones(6, 6).tril().softmax(-1), words[:6], 'a head'))",
}
ATTENTION = "AttentionExplorer(story, 'john gave a ball to mary')"
COMPONENT = "ComponentExplorer(story, 'john gave a ball to mary')"
CHECKPOINT = "CheckpointExplorer('induction-2l', layer=1)"


def handle(cell: Locator, name: str) -> Locator:
    """The handle of a slider; it takes arrow keys, as for somebody without a mouse."""
    row = cell.locator(".widget-slider, .widget-hslider").filter(has=cell.page.locator("label", has_text=name))
    return row.locator(".noUi-handle")


def caption(cell: Locator, at: int = 0) -> str:
    return cell.locator("figcaption").nth(at).inner_text()


def test_every_figure_is_seen_and_described(lab, visitor) -> None:
    write_notebook(lab.directory / "figures.ipynb", [SET_UP, *FIGURES.values()])
    visitor.open(lab.notebook("figures.ipynb"))
    visitor.run_all()
    for name, source in FIGURES.items():
        cell = visitor.cell(source[:40])
        picture = cell.locator("figure img")
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_attribute("alt", re.compile(r"\d"))
        assert picture.evaluate("image => image.complete && image.naturalWidth") > 200
        assert caption(cell)
        visitor.screenshot(f"figure-{name}", picture)
    visitor.dark()
    visitor.screenshot("figure-dark", visitor.cell(FIGURES["bars"][:40]).locator("img"))
    assert visitor.elsewhere == []
    assert visitor.errors == []


def test_explorers_answer_to_their_controls(lab, visitor) -> None:
    write_notebook(lab.directory / "explorers.ipynb", [SET_UP, ATTENTION, COMPONENT, CHECKPOINT])
    visitor.open(lab.notebook("explorers.ipynb"))
    visitor.run_all()

    cell = visitor.cell(ATTENTION)
    expect(cell.locator("svg[role=img] rect").first).to_be_visible()
    before = caption(cell)
    handle(cell, "layer").press("ArrowRight")
    expect(cell.locator("figcaption")).to_contain_text("L1H0")
    handle(cell, "head").press("ArrowRight")
    expect(cell.locator("figcaption")).to_contain_text("L1H1")
    assert numbers(caption(cell)) != numbers(before)
    text = cell.locator("input[type=text]").first
    text.fill("john gave a xylophone")
    text.press("Enter")
    expect(cell.get_by_role("alert")).to_contain_text("no word 'xylophone'")
    visitor.screenshot("explorer-attention", cell)
    text.fill("john gave a book to mary")
    text.press("Enter")
    expect(cell.get_by_role("alert")).to_have_count(0)
    expect(cell.locator("svg[role=img]")).to_contain_text("book")

    cell = visitor.cell(COMPONENT)
    before = caption(cell)
    cell.locator("select").select_option("MLP2")
    expect(cell.locator("figcaption").first).to_contain_text("What MLP2 writes at position 6")
    handle(cell, "position").press("ArrowLeft")
    expect(cell.locator("figcaption").first).to_contain_text("at position 5 (to)")
    assert numbers(caption(cell)) != numbers(before)
    expect(cell.locator("figcaption").nth(1)).to_contain_text("At position 5")
    visitor.screenshot("explorer-component", cell)

    cell = visitor.cell(CHECKPOINT)
    expect(cell.locator("figcaption").first).to_contain_text("at step 0")
    before = loss(cell)
    handle(cell, "step").press("End")
    expect(cell.locator("figcaption").first).to_contain_text("at the end of training")
    assert loss(cell) < before
    visitor.screenshot("explorer-checkpoint", cell)
    visitor.dark()
    visitor.screenshot("explorer-dark", cell)

    assert visitor.elsewhere == []
    assert visitor.errors == []


def test_the_timeline_answers_to_its_topic(lab, visitor) -> None:
    source = "TimelineExplorer()"
    set_up = "from mi_course.display.explorers import TimelineExplorer"
    write_notebook(lab.directory / "timeline.ipynb", [set_up, source])
    visitor.open(lab.notebook("timeline.ipynb"))
    visitor.run_all()
    cell = visitor.cell(source)
    marks = cell.locator("svg[role=img] a")
    numbered = cell.locator("svg[role=img] a text")
    expect(marks.first).to_be_visible()
    everything = marks.count()
    assert numbered.count() == everything
    cell.locator("select").select_option("Sparse features")
    expect(cell.locator("figcaption")).to_contain_text("Earliest on sparse features")
    assert marks.count() == everything
    assert numbered.count() == cell.locator("table tr").count() - 1 < everything
    expect(numbered.first.locator("..")).to_have_attribute("href", re.compile("^https://"))
    visitor.screenshot("explorer-timeline", cell)
    visitor.dark()
    visitor.screenshot("explorer-timeline-dark", cell)
    assert visitor.elsewhere == []
    assert visitor.errors == []


def numbers(text: str) -> list[str]:
    return re.findall(r"[-+]?\d+\.\d+", text)


def loss(cell: Locator) -> float:
    found = re.search(r"second half (\d+\.\d+)", caption(cell))
    assert found
    return float(found[1])
