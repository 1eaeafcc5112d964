"""What the front pages promise is there: the links, the make targets, the commands, the quoted sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from mi_course import cli
from mi_course.checking import exercises

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["README.md", "chapters/README.md", "CONTRIBUTING.md"]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        if not target.startswith("http"):
            assert ((ROOT / page).parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_pictures_have_words(page: str) -> None:
    assert "![](" not in (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_commands_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    group = typer.main.get_command(cli.app)
    for words in re.findall(r"(?:^|`)mi-course ((?:dev )?[a-z]+)", text, re.MULTILINE):
        command = group
        for word in words.split():
            assert word in command.commands, words
            command = command.commands[word]


def test_the_quoted_verdict_is_one_that_a_check_gives() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (quote,) = re.findall(r"(?:^> .*\n)+", text, re.MULTILINE)
    plain = " ".join(re.sub(r"^> |\*", "", quote, flags=re.MULTILINE).split())
    verdicts = {
        " ".join(f"Not quite: {mistake.name}. {mistake.message}".split())
        for exercise in exercises()
        for mistake in exercise.misconceptions
    }
    assert plain in verdicts
