"""Chart of the money gap: from what was short at the start to the published number, part by part, with what is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from models.finance.gap import KINDS, Gap, bridge, ends, part_ends
from models.report import style
from models.report.words import amount, percent, signed

__all__ = ["gap_chart"]

WIDENS: dict[str, Any] = {"facecolor": "#8f8f8f", "edgecolor": style.INK}
NARROWS: dict[str, Any] = {"facecolor": "white", "edgecolor": style.INK, "hatch": "....."}
WHOLE: dict[str, Any] = {"facecolor": "#d9d9d9", "edgecolor": style.INK}
OPEN: dict[str, Any] = {"facecolor": "white", "edgecolor": style.INK, "hatch": "/////", "linestyle": (0, (4, 2))}
HEIGHT = 0.36  #: inches for a bar


def gap_chart(gap: Gap, draft: str, folder: Path) -> str:
    """Draw the bridge of the last year as a horizontal waterfall; write ``chart_gap.png`` and return the inline SVG.

    Each part starts where the one above ends. A thin line is the part with its own figure at the ends of its range; at
    the sum of the parts it is the sum with every figure at its narrowing, and at its widening, end.
    """
    one, ranges = bridge(gap, draft), part_ends(gap, draft)
    least, most = ends(gap, draft)
    title = (
        f"{gap.areas[gap.drafts[draft].area].title}, {gap.last}: stated figures come to £{amount(one.stated)} million, "
        f"{percent(one.stated / one.published)} of the published gap of £{amount(one.published)} million"
    )
    with style.styled():
        fig = style.figure(title, HEIGHT * (len(one.parts) + 3) + 1.7)
        ax, names, reached, kind = fig.subplots(), list[str](), 0.0, ""
        for (of, line), added, span in zip(one.parts, one.amounts[:, -1], ranges, strict=True):
            y, look = len(names), WIDENS if added >= 0 else NARROWS
            marks = [reached + end for end in span]
            _bar(ax, y, reached, float(added), look, signed(added), marks)
            if of != kind and names:
                ax.axhline(y - 0.5, color=style.GREY, linewidth=0.5)
            names.append(f"{KINDS[of]}: {gap.lines[line].title}")
            reached, kind = reached + float(added), of
            ax.plot([reached, reached], [y + 0.3, y + 0.7], color=style.GREY, linewidth=0.8)
        ax.axhline(len(names) - 0.5, color=style.INK, linewidth=0.9)
        _bar(ax, len(names), 0, one.stated, WHOLE, f"= {amount(one.stated)}", [least.stated, most.stated])
        _bar(ax, len(names) + 1, one.stated, one.unexplained, OPEN, signed(one.unexplained), [])
        _bar(ax, len(names) + 2, 0, one.published, WHOLE, f"= {amount(one.published)}", [])
        names += ["Stated parts together", "Not explained by them", "Published"]
        _axes(ax, names)
        style.legend_below(fig, _legend())
        says = f"{title}. Every figure at one end: £{amount(least.stated)} to £{amount(most.stated)} million."
        return style.save(fig, folder, "chart_gap", says)


def _bar(ax: Any, y: int, begin: float, length: float, look: dict[str, Any], words: str, marks: list[float]) -> None:
    ax.barh(y, length, 0.6, left=begin, zorder=2, **look)
    if marks and max(marks) > min(marks):
        ax.plot([min(marks), max(marks)], [y, y], color=style.INK, linewidth=1.2, zorder=3)
        for x in marks:
            ax.plot([x, x], [y - 0.16, y + 0.16], color=style.INK, linewidth=1.2, zorder=3)
    right = max(begin, begin + length, *marks)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    ax.annotate(words, (right, y), (5, 0), textcoords="offset points", va="center", bbox=box, zorder=4)


def _axes(ax: Any, names: list[str]) -> None:
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.axvline(0, color=style.INK, linewidth=0.8)
    least, most = min(0.0, ax.dataLim.x0), ax.dataLim.x1
    ax.set_xlim(least, most + 0.14 * (most - least))  # room for the number after the longest bar
    style.exact_ticks(ax.xaxis)
    ax.set_xlabel("£ million a year, in the money of that year")


def _legend() -> list[Any]:
    return [
        Patch(label="widens the gap", **WIDENS),
        Patch(label="narrows it", **NARROWS),
        Patch(label="together", **WHOLE),
        Patch(label="published, and explained by nothing stated", **OPEN),
        Line2D(
            [],
            [],
            color=style.INK,
            linewidth=1.2,
            marker="|",
            label="thin: its figure at either end; together: all at once",
        ),
    ]
