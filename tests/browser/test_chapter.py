"""A chapter as it is worked through: its explorers, a prediction that is kept, a long notebook, and after an update."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from playwright.sync_api import expect

from tests.browser.conftest import ROOT, Lab, environment
from tests.browser.test_figures import caption, handle, loss, numbers

pytestmark = pytest.mark.browser

NOTEBOOK = "02_induction_heads.ipynb"
ATTENTION = "AttentionExplorer(model, said_twice"
CHECKPOINT = 'CheckpointExplorer("induction-2l", text=said_twice'


def course(lab: Lab, *arguments: str) -> str:
    """What the command `mi-course` prints, run in the working copy."""
    command = [sys.executable, "-m", "mi_course.cli", *arguments]
    home = lab.directory.parent
    done = subprocess.run(
        command, cwd=lab.directory, env=environment(home), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_explorers_of_the_chapter_and_a_prediction_that_is_kept(lab, visitor) -> None:
    visitor.open(lab.notebook(NOTEBOOK))
    # Before the result is out: a prediction made afterwards does not count.
    visitor.write('predict("heads_on_stripe"', 'predict("heads_on_stripe", value=3, confidence=0.8)')
    visitor.run_all()

    cell = visitor.cell(ATTENTION)
    expect(cell.locator("figcaption")).to_contain_text("L0H3")
    before = numbers(caption(cell))
    handle(cell, "layer").press("ArrowRight")
    expect(cell.locator("figcaption")).to_contain_text("L1H3")
    assert numbers(caption(cell)) != before
    visitor.screenshot("chapter-attention", cell)

    cell = visitor.cell(CHECKPOINT)
    expect(cell.locator("figcaption").first).to_contain_text("at step 0")
    before_training = loss(cell)
    handle(cell, "step").press("End")
    expect(cell.locator("figcaption").first).to_contain_text("at the end of training")
    assert loss(cell) < before_training
    visitor.screenshot("chapter-checkpoint", cell)

    kept = json.loads(course(lab, "progress", "--json"))["predictions"]
    assert (kept["scored"], kept["waiting"]) == (1, 0)
    assert kept["brier"] == pytest.approx(0.8**2)  # three heads, nearly sure; there is one
    visitor.save()
    assert visitor.elsewhere == []
    assert visitor.errors == []


def test_a_long_notebook_scrolled_fast(lab, visitor) -> None:
    """Three times the solved chapter, outputs included, opened and scrolled to its end."""
    solved = nbformat.read(ROOT / "solutions" / NOTEBOOK, as_version=4)
    cells = []
    for i in range(3):
        for cell in json.loads(json.dumps(solved.cells)):
            cells.append(nbformat.from_dict({**cell, "id": f"{cell['id']}-{i}"}))
    solved.cells = cells
    nbformat.write(solved, lab.directory / "long.ipynb")
    started = time.monotonic()
    visitor.open(lab.notebook("long.ipynb"))
    opened = time.monotonic()
    pictures = visitor.notebook.locator("figure img")
    visitor.notebook.locator(".jp-Cell").first.hover()
    for _ in range(400):
        visitor.page.mouse.wheel(0, 2000)
        if at_the_end(visitor):
            break
    finished = time.monotonic()
    assert at_the_end(visitor)
    picture = pictures.last
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 200
    visitor.screenshot("long-notebook", picture)
    print(f"{len(cells)} cells: opened in {opened - started:.1f} s, scrolled in {finished - opened:.1f} s")
    assert visitor.elsewhere == []
    assert visitor.errors == []


def at_the_end(visitor) -> bool:
    """Whether the notebook cannot be scrolled any further down."""
    return visitor.notebook.locator(".jp-WindowedPanel-outer").evaluate(
        "outer => outer.scrollTop + outer.clientHeight >= outer.scrollHeight - 4"
    )


def test_after_an_update_figures_are_seen_and_scripts_wait_for_a_run(lab, visitor) -> None:
    path = lab.directory / NOTEBOOK
    # As if the course had said something else before: the title, in what was handed out and in the learner's copy.
    for each in (lab.directory / ".mi-course" / "base" / NOTEBOOK, path):
        text = each.read_text(encoding="utf-8")
        assert "# 2 · Induction heads" in text
        each.write_text(text.replace("# 2 · Induction heads", "# 2 · An older title"), encoding="utf-8")
    with_cells(path)
    visitor.open(lab.notebook(NOTEBOOK))
    visitor.run_all()
    visitor.save()
    assert re.search(r"02_induction_heads", course(lab, "update", str(lab.directory)))
    assert "An older title" not in path.read_text(encoding="utf-8")

    visitor.open(lab.notebook(NOTEBOOK))
    figure = visitor.cell("plot(scores").locator("figure img")
    figure.scroll_into_view_if_needed()
    assert figure.evaluate("image => image.complete && image.naturalWidth") > 200
    assert caption(visitor.cell("plot(scores"))
    mine = visitor.cell("circuitsvis.attention_pattern(")
    mine.scroll_into_view_if_needed()
    expect(mine).to_contain_text("This figure waits for its script")
    expect(visitor.cell("from mi_course.display import circuitsvis")).to_contain_text("not trusted")
    assert mine.locator("canvas").count() == 0
    visitor.screenshot("after-update", mine)
    visitor.run("from mi_course.display import circuitsvis")
    visitor.run("circuitsvis.attention_pattern(")
    mine.locator("figcaption").scroll_into_view_if_needed()
    expect(mine.locator("[data-circuitsvis] canvas")).to_have_count(1)
    visitor.screenshot("after-update-run", mine)
    assert visitor.elsewhere == []


def with_cells(path: Path) -> None:
    """Two cells of the learner's own at the end of the chapter."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells += [
        new_code_cell("from mi_course.display import circuitsvis\ncircuitsvis.load()", id="mine-1"),
        new_code_cell("circuitsvis.attention_pattern(['a', 'b'], torch.ones(2, 2).tril().softmax(-1))", id="mine-2"),
    ]
    nbformat.write(notebook, path)
