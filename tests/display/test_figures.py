"""Figures: drawn, captioned, readable without seeing them, and refused where there is nothing to draw."""

from __future__ import annotations

import re

import pytest
import torch

from mi_course.display import plot
from mi_course.display.patterns import AttentionPattern
from mi_course.errors import CourseError
from mi_course.induction_heads import HeadScores

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def scores() -> HeadScores:
    values = torch.tensor([[0.1, 0.2], [0.9, 0.3]])
    return HeadScores("a score (in bits)", values, values - 0.05, values + 0.05, values / 10, "the untrained twin", 17)


def test_bars_name_every_head_and_the_baseline(scores):
    figure = plot(scores)
    assert figure.png.startswith(PNG)
    for text in ("L0H0 0.10", "L0H1 0.20", "L1H0 0.90", "L1H1 0.30", "the untrained twin"):
        assert text in figure.alt
    assert "95%" in figure.caption and "n = 17" in figure.caption


def test_pattern_says_how_much_lies_on_the_stripe():
    period, n = 3, 7
    pattern = torch.zeros(n, n)
    pattern[range(n), [0, 0, 0, 0, 2, 3, 4]] = 1.0
    figure = plot(AttentionPattern(pattern, ["[BOS]", *"ABCABC"], "a planted head", period))
    assert figure.png.startswith(PNG)
    assert "stripe, 2 below the diagonal, mean attention is 1.00" in figure.alt


def test_html_is_a_figure_with_escaped_text_and_no_link(scores):
    html = plot(scores, caption="1 < 2 & <script>")._repr_html_()
    assert re.search(r'<img [^>]*alt="[^"]+"', html) and "<figcaption" in html
    assert "<script>" not in html and "&lt;script&gt;" in html
    assert "http" not in html


def test_the_same_result_gives_the_same_bytes(scores):
    assert plot(scores).png == plot(scores).png


def test_picture_can_be_saved(scores, tmp_path):
    plot(scores).save(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(PNG)


def test_what_has_no_figure_is_refused_by_name():
    with pytest.raises(CourseError, match=r"no figure for dict.*HeadScores"):
        plot({})


def test_tokens_must_fit_the_pattern():
    with pytest.raises(CourseError, match="3 tokens need a pattern of shape"):
        AttentionPattern(torch.zeros(4, 4), ["a", "b", "c"], "x")
