"""The report of a run: one page that opens anywhere, prints in black and white and loads nothing, and its charts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = ["write_money_pages", "write_report"]


def write_report(folder: Path, outcome: Outcome) -> list[str]:
    """Write ``report.html`` and its charts as PNG files; the same outcome gives the same bytes.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Returns
    -------
    list of str
        Names of the PNG files, in the order of the page.
    """
    from models.report.page import render
    from models.report.pictures import draw_all

    charts = draw_all(folder, outcome)
    (folder / "report.html").write_text(render(outcome, charts), encoding="utf-8", newline="\n")
    return [f"{chart.name}.png" for chart in charts]


def write_money_pages(folder: Path, outcome: Outcome) -> tuple[list[str], list[str]]:
    """Write ``money.html`` and a page of statements for each arm; return the names of charts and of pages.

    Nothing is written where money is left out, or where there is no baseline.
    """
    from models.report.money_page import write_money_pages as write

    return write(folder, outcome)
