"""Placeholders, links and images in what people read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from mi_course.authoring.rules.material import PLACEHOLDER, Finding, Material
from mi_course.authoring.source import parse
from mi_course.authoring.tree import chapters

_TO_WRITE = re.compile(rf"{PLACEHOLDER}\s*(.*?)[.\s]*(?=[\"'](?!\w)|$)")
# Nothing inside code is a link or an image.
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\](?=[(\[])")
_LINK = re.compile(r"\]\(\s*<?(?P<target>[^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_HEADING = re.compile(r"^#{1,6}\s+(?P<text>.+?)\s*#*$", re.MULTILINE)


def nothing_left_to_write(material: Material) -> Iterator[Finding]:
    """Every place that `dev new` marked has been filled in."""
    for path in (material.chapter.source, *material.chapter.exercise_files):
        relative = material.chapter.relative(path)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for what in _TO_WRITE.findall(line):
                yield Finding(
                    relative, f"line {number}", f"Still to write: {what}.", f"Fill it in and remove `{PLACEHOLDER}`."
                )


def images_have_alt_text(material: Material) -> Iterator[Finding]:
    """Every image in a text cell or an output says in words what it shows."""
    remedy = "Say in words what the picture shows."
    for cell in material.source.cells:
        if not cell.markdown:
            continue
        text = _CODE.sub("", cell.prose())
        if any(not match["alt"].strip() for match in _IMAGE.finditer(text)) or _Html(text).mute:
            yield material.in_source(cell.where, "An image has no alt text.", remedy)
    if material.solved is None:
        return
    path = material.chapter.relative(material.chapter.solved)
    for cell in material.solved["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            html = data.get("text/html", "")
            where = f"cell {cell.get('id')}"
            if _Html(html if isinstance(html, str) else "".join(html)).mute:
                yield Finding(path, where, "An image in its output has no alt text.", remedy)
            elif any(mime.startswith("image/") for mime in data):
                yield Finding(
                    path,
                    where,
                    "Its output is a bare image, which has no alt text.",
                    "Return `display.plot(…)` from the cell, or end it with `plt.close()` and a figure with alt text.",
                )


def links_lead_somewhere(material: Material) -> Iterator[Finding]:
    """Relative links, anchors and cell ids in text cells exist, seen from `chapters/`."""
    chapter = material.chapter
    here = chapter.root / "chapters"
    for cell in material.source.cells:
        if not cell.markdown:
            continue
        for target in _targets(cell.prose()):
            path, _, fragment = unquote(target).partition("#")
            resolved = (here / path).resolve() if path else chapter.unsolved.resolve()
            built_later = resolved == chapter.unsolved.resolve()
            if not built_later and not resolved.exists():
                yield material.in_source(cell.where, f"The link to {target!r} leads nowhere.", "Correct the path.")
            elif fragment and not _has_anchor(chapter.root, resolved, fragment, material):
                yield material.in_source(
                    cell.where,
                    f"The link to {target!r} names a heading or cell that is not there.",
                    "Copy the heading's own link in JupyterLab, or use `#cell-id=ID`.",
                )


def document_links(root: Path) -> Iterator[Finding]:
    """Relative links in the README, CONTRIBUTING and the map of the chapters lead to files that exist."""
    for name in ("README.md", "CONTRIBUTING.md", "chapters/README.md"):
        document = root / name
        if not document.exists():
            continue
        text = document.read_text(encoding="utf-8")
        bare = _CODE.sub("", text)
        if any(not match["alt"].strip() for match in _IMAGE.finditer(bare)) or _Html(bare).mute:
            yield Finding(name, "", "An image has no alt text.", "Say in words what the picture shows.")
        for target in _targets(text):
            path, _, fragment = unquote(target).partition("#")
            if path and not (document.parent / path).exists():
                yield Finding(name, "", f"The link to {target!r} leads nowhere.", "Correct the path.")
            elif fragment and not path and fragment not in _web_anchors(text):
                yield Finding(name, "", f"The link to {target!r} names a heading that is not there.", "Correct it.")


def _targets(text: str) -> Iterator[str]:
    """Links that can be followed without a network."""
    bare = _CODE.sub("", text)
    for target in [match["target"] for match in _LINK.finditer(bare)] + _Html(bare).targets:
        if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//", target):
            yield target


def _has_anchor(root: Path, notebook: Path, fragment: str, material: Material) -> bool:
    source = material.source
    if notebook.suffix != ".ipynb":
        return True
    if notebook.name != material.chapter.unsolved.name:
        others = {chapter.unsolved.name: chapter.source for chapter in chapters(root)}
        if notebook.name not in others:
            return True
        source = parse(others[notebook.name].read_text(encoding="utf-8"))
    if fragment.startswith("cell-id="):
        return fragment.removeprefix("cell-id=") in {cell.id for cell in source.cells}
    texts = [cell.prose() for cell in source.cells if cell.markdown]
    headings = {_plain(match["text"]).replace(" ", "-") for text in texts for match in _HEADING.finditer(text)}
    return fragment in headings or any(fragment in _Html(text).ids for text in texts)


def _plain(heading: str) -> str:
    """A heading as it is shown: without the signs for emphasis and code, and with only the text of its links."""
    return re.sub(r"[*`]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading))


def _web_anchors(text: str) -> set[str]:
    """Anchors that code-hosting sites give to the headings of a document."""
    headings = [_plain(match["text"]) for match in _HEADING.finditer(_CODE.sub("", text.replace("`", "")))]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class _Html(HTMLParser):
    """Reads the tags of a text: link targets, ids, and whether an image lacks a text for those who cannot see it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: set[str] = set()
        self.mute = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img" and not (given.get("alt") or "").strip():
            self.mute = True
        if tag == "svg" and not ({"aria-label", "aria-labelledby", "aria-hidden"} & given.keys()):
            self.mute = True
        if tag == "a" and given.get("href"):
            self.targets.append(given["href"] or "")
        self.ids |= {value for key in ("id", "name") if (value := given.get(key))}
