"""Tables as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def columns(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Left-aligned columns, plain text, so that it can be cut and searched."""
    table = [list(heads), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table)
    return "\n".join(line.rstrip() for line in lines)
