"""Plain tables of text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["aligned"]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table, its head first: columns of the same width, those of numbers to the right."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    right = [all(_is_number(row[n]) for row in rows[1:]) for n in range(len(rows[0]))]
    return [
        "  " + "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)).rstrip()
        for row in rows
    ]


def _is_number(cell: str) -> bool:
    return not cell or cell[0] in "+-\u2212\u20130123456789" and " to " not in cell and "a" not in cell
