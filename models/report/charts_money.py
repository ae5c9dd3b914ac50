"""Charts of the money: from business as usual to the plan, line by line, and every organisation's result."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from models.report import style
from models.report.series import Spread, spread
from models.report.words import amount, signed

__all__ = ["bridge_chart", "organisations_charts"]

BETTER: dict[str, Any] = {"facecolor": "white", "edgecolor": style.INK, "hatch": "....."}
WORSE: dict[str, Any] = {"facecolor": "#8f8f8f", "edgecolor": style.INK}
WHOLE: dict[str, Any] = {"facecolor": "#d9d9d9", "edgecolor": style.INK}
HEIGHT = 0.34  #: inches for a bar
TALLEST = 6.4  #: inches of a chart with its caption on a printed page of the money, which is A4 on its side
AROUND = 1.3  #: inches of them for title, axis and legend
Floats = npt.NDArray[np.float64]


def bridge_chart(
    name: str, title: str, usual: float, parts: Sequence[tuple[str, float]], plan: float, folder: Path
) -> str:
    """Draw a horizontal waterfall from one result to another; write ``<name>.png`` and return the inline SVG.

    Parameters
    ----------
    name, title : str
    usual, plan : float
        Results, million pounds a year; a deficit is negative.
    parts : sequence of (words, change)
        What lies between them; together exactly the difference.
    """
    fig = style.figure(title, HEIGHT * (len(parts) + 2) + 1.6)
    ax, reached, names = fig.subplots(), usual, ["Business as usual"]
    _bar(ax, 0, 0, usual, WHOLE, f"= {amount(usual, 1)}")
    for words, change in parts:
        ax.plot([reached, reached], [len(names) - 0.7, len(names) - 0.3], color=style.GREY, linewidth=0.8)
        _bar(ax, len(names), reached, change, BETTER if change >= 0 else WORSE, signed(change, 1))
        names, reached = [*names, words], reached + change
    ax.plot([reached, reached], [len(names) - 0.7, len(names) - 0.3], color=style.GREY, linewidth=0.8)
    _bar(ax, len(names), 0, plan, WHOLE, f"= {amount(plan, 1)}")
    names.append("The plan")
    _axes(ax, names)
    ax.axvline(0, color=style.INK, linewidth=0.9)
    ax.set_xlabel("\u00a3 million a year, prices of 2018/19 (left of nought: a deficit)")
    looks = (
        ("makes the result better", BETTER),
        ("makes it worse", WORSE),
        ("result before PSF, interest and dividend", WHOLE),
    )
    style.legend_below(fig, [Patch(label=words, **look) for words, look in looks])
    return style.save(fig, folder, name, title)


def _bar(ax: Any, y: int, begin: float, length: float, look: dict[str, Any], words: str) -> None:
    ax.barh(y, length, 0.6, left=begin, zorder=2, **look)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    at = max(begin, begin + length)
    ax.annotate(words, (at, y), (5, 0), textcoords="offset points", va="center", bbox=box, zorder=4)


def _axes(ax: Any, names: Sequence[str]) -> None:
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    least, most = min(0.0, ax.dataLim.x0), max(0.0, ax.dataLim.x1)
    ax.set_xlim(least - 0.02 * (most - least), most + 0.16 * (most - least))  # room for the number after a bar
    style.exact_ticks(ax.xaxis)


def organisations_charts(
    name: str, title: str, results: Mapping[str, Mapping[str, Floats]], folder: Path
) -> Iterator[tuple[str, str, str]]:
    """Draw each organisation's yearly result under every arm, with its 5-95 % range, on charts that fit a printed page.

    Parameters
    ----------
    name, title : str
    results : mapping of organisation to mapping of arm to array (R,)
        Million pounds a year.

    Yields
    ------
    name, title, svg : str
        One chart, or several of about the same length and on the same scale where one would be too tall.
    """
    arms = list(next(iter(results.values())))
    row = 0.12 + 0.09 * len(arms)
    parts = -(-len(results) // int((TALLEST - AROUND) / row))
    rows = -(-len(results) // parts)
    found = {who: [spread(values) for values in of_arms.values()] for who, of_arms in results.items()}
    ends = [end for spreads in found.values() for s in spreads for end in map(float, (s.low, s.high, s.mean, 0.0))]
    room = 0.03 * (max(ends) - min(ends)) or 1.0
    for n in range(parts):
        part = dict(list(found.items())[n * rows : (n + 1) * rows])
        fig = style.figure(title + (f" ({n + 1} of {parts})" if parts > 1 else ""), row * len(part) + AROUND)
        ax = fig.subplots()
        _results(ax, part)
        ax.set_xlim(min(ends) - room, max(ends) + room)
        style.legend_below(fig, [Line2D([], [], label=arm, **_mark(n)) for n, arm in enumerate(arms)], 3)
        key = f"{name}_{n + 1}" if parts > 1 else name
        yield key, title, style.save(fig, folder, key, title)


def _results(ax: Any, found: Mapping[str, Sequence[Spread]]) -> None:
    """A row an organisation, in it a mark and a range an arm."""
    for y, spreads in enumerate(found.values()):
        for n, one in enumerate(spreads):
            at = y + 0.72 * ((n + 0.5) / len(spreads) - 0.5)
            ax.plot([one.low, one.high], [at, at], color=style.arm_line(n).color, linewidth=1.3, zorder=3)
            ax.plot([one.mean], [at], zorder=4, **_mark(n))
        if y:
            ax.axhline(y - 0.5, color=style.GREY, linewidth=0.4)
    ax.axvline(0, color=style.INK, linewidth=0.9, zorder=1.5)
    ax.set_yticks(range(len(found)), [textwrap.fill(who, 34) for who in found], fontsize=8, linespacing=1.0)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(found) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    style.exact_ticks(ax.xaxis)
    ax.set_xlabel("\u00a3 million a year (left of nought: a deficit)")


def _mark(arm: int) -> dict[str, Any]:
    """Business as usual is hollow, timelines are filled with the marker they have in every chart."""
    line = style.arm_line(arm)
    marker = line.marker or "D"
    face = line.color if arm else "white"
    return {"color": line.color, "marker": marker, "markerfacecolor": face, "linestyle": "", "markersize": 5}
