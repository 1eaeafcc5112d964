"""The items of an exercise as cards to read, as HTML and as plain text. They never show an answer."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from mi_course.checking.items import Item, Items
from mi_course.errors import CourseError, did_you_mean

WIDTH = 96


@dataclass(frozen=True, repr=False)
class Cards:
    """What a notebook shows for `items.show()`.

    items: all items of the exercise. group: only the items under this heading.

    Raises CourseError for a group that the items do not have.
    """

    items: Items
    group: str | None = field(default=None)

    def __post_init__(self) -> None:
        groups = list(dict.fromkeys(item.group for item in self.items if item.group))
        if self.group is not None and self.group not in groups:
            known = f"The groups are {', '.join(map(repr, groups))}." if groups else "These items have no groups."
            raise CourseError(f"There is no group {self.group!r}.{did_you_mean(self.group, groups)} {known}")

    def _groups(self) -> Iterator[tuple[str, list[Item]]]:
        shown = [item for item in self.items if self.group in (None, item.group)]
        for name, items in groupby(shown, key=lambda item: item.group):
            yield name, list(items)

    def __repr__(self) -> str:
        lines = ["Labels:"]
        for label, meaning in self.items.labels.items():
            lines.append(_wrapped(f"  {label}: {meaning}" if meaning else f"  {label}", "    "))
        for name, items in self._groups():
            lines += ["", name] if name else [""]
            indent = " " * (2 + max(len(item.key) for item in items))
            lines += [_wrapped(item.key.ljust(len(indent)) + item.text, indent) for item in items]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        labels = "".join(
            f"<div><b>{html.escape(label)}</b>{': ' if meaning else ''}{html.escape(meaning)}</div>"
            for label, meaning in self.items.labels.items()
        )
        parts = [f'<div style="max-width:60em;line-height:1.4"><div style="margin:4px 0 10px">{labels}</div>']
        for name, items in self._groups():
            if name:
                parts.append(f'<div style="font-weight:600;margin:10px 0 4px">{html.escape(name)}</div>')
            parts += map(_card, items)
        return "".join([*parts, "</div>"])


def _card(item: Item) -> str:
    """One item. Borders are grey and texts have the page's own colour, so that it reads in dark themes."""
    return (
        '<div style="display:flex;gap:12px;border-left:4px solid #0072B2;padding:4px 12px;margin:6px 0;'
        'background:rgba(128,128,128,0.07)">'
        f'<code style="flex:0 0 3em">{html.escape(item.key)}</code><div>{html.escape(item.text)}</div></div>'
    )


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)
