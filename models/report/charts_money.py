"""Charts of the money: from business as usual to the plan, line by line, and every organisation's result."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from models.report import style
from models.report.series import spread
from models.report.words import amount, signed

__all__ = ["bridge_chart", "organisations_chart"]

BETTER: dict[str, Any] = {"facecolor": "white", "edgecolor": style.INK, "hatch": "....."}
WORSE: dict[str, Any] = {"facecolor": "#8f8f8f", "edgecolor": style.INK}
WHOLE: dict[str, Any] = {"facecolor": "#d9d9d9", "edgecolor": style.INK}
HEIGHT = 0.34  #: inches for a bar
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
    ax.xaxis.set_major_formatter(lambda value, _: amount(value))


def organisations_chart(name: str, title: str, results: Mapping[str, Mapping[str, Floats]], folder: Path) -> str:
    """Draw each organisation's yearly result under every arm, with its 5-95 % range.

    Parameters
    ----------
    name, title : str
    results : mapping of organisation to mapping of arm to array (R,)
        Million pounds a year.
    """
    arms = list(next(iter(results.values())))
    fig = style.figure(title, (0.2 + 0.16 * len(arms)) * len(results) + 1.3)
    ax = fig.subplots()
    for y, of_arms in enumerate(results.values()):
        for n, values in enumerate(of_arms.values()):
            found, at, line = spread(values), y + 0.7 * ((n + 0.5) / len(arms) - 0.5), style.arm_line(n)
            ax.plot([found.low, found.high], [at, at], color=line.color, linewidth=1.3, zorder=3)
            ax.plot([found.mean], [at], zorder=4, **_mark(n))
        if y:
            ax.axhline(y - 0.5, color=style.GREY, linewidth=0.4)
    ax.axvline(0, color=style.INK, linewidth=0.9, zorder=1.5)
    ax.set_yticks(range(len(results)), [textwrap.fill(who, 30) for who in results])
    ax.set_ylim(len(results) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_formatter(lambda value, _: amount(value))
    ax.set_xlabel("\u00a3 million a year (left of nought: a deficit)")
    style.legend_below(fig, [Line2D([], [], label=arm, **_mark(n)) for n, arm in enumerate(arms)])
    return style.save(fig, folder, name, title)


def _mark(arm: int) -> dict[str, Any]:
    """Business as usual is hollow, timelines are filled with the marker they have in every chart."""
    line = style.arm_line(arm)
    marker = line.marker or "D"
    face = line.color if arm else "white"
    return {"color": line.color, "marker": marker, "markerfacecolor": face, "linestyle": "", "markersize": 5.5}
