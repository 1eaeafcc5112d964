"""circuitsvis in JupyterLab without a network: before and after its script, re-run, reloaded, not trusted, dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.notebooks import untrusted_copy, write_notebook

pytestmark = pytest.mark.browser

SET_UP = """\
import torch
from mi_course.display import circuitsvis
tokens = ["[BOS]", "<b>bold</b>", "&lt;", "ball", "to", "mary"]
pattern = torch.rand(4, 6, 6, generator=torch.Generator().manual_seed(0)).mul(6).tril().add(
    torch.full((6, 6), -torch.inf).triu(1)).softmax(-1)"""
ONE = 'circuitsvis.attention_pattern(tokens, pattern[0], title="L0H0")'
HEADS = 'circuitsvis.attention_heads(tokens, pattern, ["L0H0", "L0H1", "L1H0", "L1H1"])'
TOKENS = 'circuitsvis.colored_tokens(tokens, [0, 0.5, -1, 2, -2, 0.1], name="log-odds (nats)")'
PROBS = "circuitsvis.token_log_probs(torch.arange(6), torch.eye(6).roll(1, 1).mul(3).log_softmax(-1), tokens)"
LOAD = "circuitsvis.load()"

WAITING = "This figure waits for its script"


def drawn(visitor, source: str):
    """What circuitsvis has put into the output of a cell: canvases, or tokens with a background."""
    return visitor.cell(source).locator("[data-circuitsvis]").locator("canvas, span[style*=background]")


def test_figures_wait_for_the_script_and_then_draw_themselves(lab, visitor) -> None:
    # The script comes last, as when somebody runs its cell late.
    write_notebook(lab.directory / "cv.ipynb", [SET_UP, ONE, HEADS, TOKENS, PROBS, LOAD])
    visitor.open(lab.notebook("cv.ipynb"))
    for source in (SET_UP.splitlines()[0], ONE, TOKENS):
        visitor.run(source)
    expect(visitor.cell(ONE)).to_contain_text(WAITING)
    expect(drawn(visitor, ONE)).to_have_count(0)
    expect(visitor.cell(TOKENS)).to_contain_text("log-odds (nats)")
    visitor.screenshot("circuitsvis-1-waiting", visitor.cell(ONE))

    expect(visitor.run(LOAD)).to_contain_text("is in this page")
    for source, count in ((ONE, 1), (HEADS, 5), (TOKENS, 6), (PROBS, 5)):
        if source in (HEADS, PROBS):  # run after the script
            visitor.run(source)
        visitor.cell(source).locator("figcaption").scroll_into_view_if_needed()
        expect(drawn(visitor, source)).to_have_count(count)
        visitor.screenshot(f"circuitsvis-2-{source.split('.')[1].split('(')[0]}", visitor.cell(source))
    expect(visitor.page.get_by_text(WAITING)).to_have_count(0)

    # Tokens are text, whatever they look like.
    words = drawn(visitor, TOKENS).all_inner_texts()
    assert [word.replace("\u2060", "") for word in words] == ["[BOS]", "<b>bold</b>", "&lt;", "ball", "to", "mary"]
    drawn(visitor, PROBS).nth(2).hover()
    expect(visitor.cell(PROBS).locator("table")).to_contain_text("Log Prob")
    visitor.screenshot("circuitsvis-3-hover")

    # Run again, and reload with what was saved.
    visitor.run(ONE)
    expect(drawn(visitor, ONE)).to_have_count(1)
    visitor.save()
    visitor.open(lab.notebook("cv.ipynb"))
    for source, count in ((ONE, 1), (TOKENS, 6)):
        visitor.cell(source).locator("figcaption").scroll_into_view_if_needed()
        expect(drawn(visitor, source)).to_have_count(count)

    visitor.dark()
    visitor.cell(ONE).locator("figcaption").scroll_into_view_if_needed()
    visitor.screenshot("circuitsvis-4-dark", visitor.cell(TOKENS))

    # Somebody else's copy: no script runs, and each figure still says what it shows.
    untrusted_copy(lab.directory / "cv.ipynb", lab.directory / "copy.ipynb")
    visitor.open(lab.notebook("copy.ipynb"))
    expect(visitor.cell(ONE)).to_contain_text(WAITING)
    expect(visitor.cell(ONE)).to_contain_text("Largest attention")
    expect(visitor.cell(LOAD)).to_contain_text("not trusted")
    assert drawn(visitor, ONE).count() == 0
    visitor.screenshot("circuitsvis-5-untrusted", visitor.cell(ONE))

    assert visitor.elsewhere == []
    assert visitor.errors == []


def test_without_its_script_cell_a_saved_figure_says_what_to_run(lab, visitor) -> None:
    write_notebook(lab.directory / "cv.ipynb", [SET_UP, LOAD, ONE])
    visitor.open(lab.notebook("cv.ipynb"))
    visitor.run_all()
    expect(drawn(visitor, ONE)).to_have_count(1)
    visitor.cell(LOAD).locator(".jp-InputPrompt").click()
    visitor.page.keyboard.press("d")
    visitor.page.keyboard.press("d")
    expect(visitor.cell(LOAD)).to_have_count(0)
    visitor.run(ONE)
    expect(drawn(visitor, ONE)).to_have_count(1)  # what is in the page stays there
    visitor.save()

    visitor.open(lab.notebook("cv.ipynb"))
    expect(visitor.cell(ONE)).to_contain_text("run the cell with circuitsvis.load()")
    visitor.rewrite(ONE, "circuitsvis.load()  # put back")
    visitor.page.keyboard.press("Escape")
    assert visitor.elsewhere == []
    assert visitor.errors == []
