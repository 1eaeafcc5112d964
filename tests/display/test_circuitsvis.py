"""circuitsvis figures: small, described, nothing from a network, and no token or number that could break the page.

What they look like in a page is tested in tests/browser.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket

import pytest
import torch

from mi_course.display import circuitsvis
from mi_course.errors import CourseError

TOKENS = ["[BOS]", "a", "b", "a"]
NASTY = ["[BOS]", "</script><script>alert(1)</script>", "<!--", "&lt;b&gt;"]


@pytest.fixture
def pattern() -> torch.Tensor:
    table = torch.eye(4)
    table[3] = torch.tensor([0.1, 0.0, 0.9, 0.0])
    return table


def drawings(tokens: list[str], pattern: torch.Tensor) -> list[circuitsvis.Drawing]:
    log_probs = torch.arange(16.0).reshape(4, 4).log_softmax(-1)
    return [
        circuitsvis.attention_pattern(tokens, pattern, title="L1H0"),
        circuitsvis.attention_heads(tokens, torch.stack([pattern, pattern.flip(1)]), ["L0H0", "L1H1"]),
        circuitsvis.colored_tokens(tokens, torch.tensor([0.0, 1.5, -2.0, 0.25]), name="log-odds (nats)"),
        circuitsvis.token_log_probs(torch.arange(4), log_probs, tokens, top_k=2),
    ]


def test_each_figure_is_small_and_has_caption_and_description(pattern):
    for figure in drawings(TOKENS, pattern):
        html = figure._repr_html_()
        assert len(html) < 6000
        assert "<figcaption" in html and re.search(r'role="img" aria-label="[^"]{20,}"', html)
        assert "http" not in html
        assert figure.caption in str(figure) and figure.alt in str(figure)


def test_descriptions_say_the_numbers(pattern):
    one, heads, tokens, probs = drawings(TOKENS, pattern)
    assert "a (3) to b (2) 0.90" in one.alt and "L1H0" in one.alt
    assert "L0H0: Largest" in heads.alt and "L1H1: Largest" in heads.alt
    assert "log-odds (nats)" in tokens.alt and "b (2) -2.00" in tokens.alt and "±2.00" in tokens.caption
    assert "mean -1.44; 1 of them" in probs.alt


def test_the_rank_counts_those_held_more_probable():
    log_probs = torch.tensor([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]).log()
    figure = circuitsvis.token_log_probs(torch.tensor([0, 2, 1]), log_probs, ["[BOS]", "x", "y"], top_k=1)
    assert figure.props["correctTokenRank"] == [0, 1]
    assert figure.props["topKTokens"] == [["y"], ["[BOS]"]]
    assert figure.props["correctTokenLogProb"] == [-0.357, -1.2]


def test_no_token_can_end_the_script_or_become_markup(pattern):
    for figure in drawings(NASTY, pattern):
        html = figure._repr_html_()
        assert html.count("<script>") == html.count("</script>") == 1 and html.endswith("</script></figure>")
        assert "<!--" not in html
    for figure in drawings(NASTY, pattern)[2:]:
        said = json.dumps(figure.props, ensure_ascii=False)
        assert not re.search(r"<[a-zA-Z!/?]|&[a-zA-Z#]", said)
        assert "[BOS]" in said


def test_equal_figures_give_equal_html(pattern):
    first, second = (drawings(TOKENS, pattern) for _ in range(2))
    assert [each._repr_html_() for each in first] == [each._repr_html_() for each in second]


def test_the_script_is_the_wheels_and_is_found_without_a_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    html = circuitsvis.load()._repr_html_()
    assert len(html) < 600_000
    packed = re.search(r'atob\("([^"]+)"\)', html)
    assert packed
    script = gzip.decompress(base64.b64decode(packed[1])).decode()
    assert script.startswith('"use strict";var CircuitsVis=') and "sourceMappingURL" not in script
    assert html.count("</script>") == 1
    assert "Trust Notebook" in html.partition("<script>")[0]


@pytest.mark.parametrize(
    "draw, says",
    [
        (lambda: circuitsvis.attention_pattern(["a"], torch.zeros(2, 2)), r"shape \(2, 2\) where \(1, 1\)"),
        (lambda: circuitsvis.attention_pattern([], torch.zeros(0, 0)), "tokens is empty"),
        (lambda: circuitsvis.attention_pattern("ab", torch.eye(2)), "list of strings"),
        (lambda: circuitsvis.attention_heads(["a"], torch.ones(1, 2, 1, 1), ["x"]), "choose one sequence"),
        (lambda: circuitsvis.attention_heads(["a"], torch.ones(2, 1, 1), ["x"]), r"where \(1, 1, 1\)"),
        (lambda: circuitsvis.colored_tokens(["a", "b"], torch.tensor([1.0, torch.nan])), r"nan at \[1\]"),
        (lambda: circuitsvis.token_log_probs(torch.tensor([0, 1]), torch.randn(2, 2), ["a", "b"]), "log_softmax"),
        (
            lambda: circuitsvis.token_log_probs(torch.tensor([0, 5]), torch.zeros(2, 2), ["a", "b"]),
            "beyond the 2 names",
        ),
        (lambda: circuitsvis.token_log_probs(torch.tensor([[0, 1]]), torch.zeros(2, 2), ["a", "b"]), "one text"),
        (
            lambda: circuitsvis.token_log_probs(
                torch.tensor([0, 1]), torch.zeros(2, 2).log_softmax(-1), ["a", "b"], top_k=3
            ),
            "top_k is 3",
        ),
    ],
)
def test_bad_input_is_refused_with_what_to_do(draw, says):
    with pytest.raises(CourseError, match=says):
        draw()
