"""Chart of the reconciliation: from the planner's mean load to the beds that the simulation asks for, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from models.report import style
from models.report.words import amount, percent, short, signed
from models.waterfall.words import title as title_of

if TYPE_CHECKING:
    from models.waterfall.waterfall import Row, Waterfall

__all__ = ["caption", "waterfall_chart"]

TOGETHER = "together"
START: dict[str, Any] = {"facecolor": "#c9c9c9", "edgecolor": style.INK}
MORE: dict[str, Any] = {"facecolor": "white", "edgecolor": style.INK, "hatch": "/////"}
FEWER: dict[str, Any] = {"facecolor": "white", "edgecolor": style.INK, "hatch": "....."}
OPEN: dict[str, Any] = {"color": style.INK, "linewidth": 1.5, "linestyle": "-"}
LEFT: dict[str, Any] = {"color": style.INK, "linewidth": 1.2, "linestyle": (0, (1, 1.5))}
SHEET: dict[str, Any] = {"color": style.INK, "linewidth": 1.0, "linestyle": (0, (6, 3))}
COLUMNS = 2


def waterfall_chart(w: Waterfall, folder: Path) -> tuple[str, str]:
    """Beds needed with one mechanism after another, all hospitals above, each below: inline SVG and the title."""
    last, first = w.row(w.steps[-1]), w.row(w.steps[0])
    title = (
        f"From a mean load of {amount(first.beds)} beds to {amount(last.beds)}: beds needed so that no more than "
        f"{percent(w.limit)} of emergencies wait over 4 h for a bed"
    )
    steps, sites = len(w.steps), list(w.names)
    rows = -(-len(sites) // COLUMNS)
    heights = [0.34 * steps + 0.35, *[0.23 * steps + 0.35] * rows]
    fig = style.figure(title, sum(heights) + 1.6)
    above, *below = fig.subfigures(1 + rows, 1, squeeze=False, height_ratios=heights)[:, 0]
    whole = above.subplots()
    _draw(whole, w, TOGETHER, [f"{k + 1}  {title_of(w, s)}" for k, s in enumerate(w.steps)], ticks=6)
    whole.set_title("All hospitals together")
    for n, part in enumerate(below):
        for k, ax in enumerate(part.subplots(1, COLUMNS)):
            site = dict(enumerate(sites)).get(COLUMNS * n + k)
            ax.set_visible(site is not None)
            if site is not None:
                _draw(ax, w, site, [str(step + 1) for step in range(steps)], ticks=5)
                ax.set_title(short(w.names[site]))
    style.legend_below(fig, _legend(w))
    return style.save(fig, folder, "chart_waterfall", title), title


def _draw(ax: Any, w: Waterfall, site: str, names: list[str], ticks: int) -> None:
    """One waterfall; the axis does not start at nought and says where it starts."""
    rows = [w.row(step, site) for step in w.steps]
    marks = _marks(w, site)
    values = [v for r in rows for v in (r.beds, r.low, r.high)] + [x for x, _ in marks]
    floor, top = _ends(min(values), max(values))
    for y, row in enumerate(rows):
        _bar(ax, y, row, floor, first=y == 0)
        if y + 1 < len(rows):
            ax.plot([row.beds, row.beds], [y + 0.3, y + 0.7], color=style.GREY, linewidth=0.8)
    for x, line in marks:
        ax.axvline(x, zorder=1.5, **line)
    ax.set_xlim(floor, floor + (top - floor) * 1.2)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_yticks(range(len(rows)), names)
    ax.grid(axis="y", visible=False)
    style.exact_ticks(ax.xaxis, ticks)
    ax.set_xlabel(f"beds (axis starts at {amount(floor)})")


def _bar(ax: Any, y: int, row: Row, floor: float, *, first: bool) -> None:
    begin = floor if first else row.beds - row.added
    look = START if first else MORE if row.added >= 0 else FEWER
    ax.barh(y, row.beds - begin, 0.6, left=begin, zorder=2, **look)
    if row.high > row.low:
        ax.plot([row.low, row.high], [y, y], color=style.INK, linewidth=1.1, zorder=3)
        for x in (row.low, row.high):
            ax.plot([x, x], [y - 0.12, y + 0.12], color=style.INK, linewidth=1.1, zorder=3)
    words = amount(row.beds) if first else f"{signed(row.added)}  = {amount(row.beds)}"
    right = max(row.beds, begin, row.high)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    ax.annotate(words, (right, y), (5, 0), textcoords="offset points", va="center", bbox=box, zorder=4)


def _ends(low: float, high: float) -> tuple[float, float]:
    """A round start of the axis, somewhat below the least value, and the greatest value."""
    step = 10.0 ** np.floor(np.log10(max(high - low, 10)))
    return max(0.0, float(np.floor((low - 0.15 * (high - low)) / step) * step)), high


def _marks(w: Waterfall, site: str) -> list[tuple[float, dict[str, Any]]]:
    sites = list(w.names) if site == TOGETHER else [site]
    out = [(sum(w.sheets[s].beds for s in sites), SHEET), (sum(w.open[s] for s in sites), OPEN)]
    if w.timeline is not None:
        out.append((sum(w.left[s] for s in sites), LEFT))
    return out


def _legend(w: Waterfall) -> list[Any]:
    target = percent(next(iter(w.sheets.values())).target)
    out: list[Any] = [
        Patch(label="mean load", **START),
        Patch(label="beds that a step adds", **MORE),
        Patch(label="beds that a step saves", **FEWER),
        Line2D([], [], color=style.INK, linewidth=1.1, marker="|", label="thin: 90 % of simulated years"),
        Line2D([], [], label=f"spreadsheet: mean load \u00f7 {target}", **SHEET),
        Line2D([], [], label=f"beds open in {w.baseline_year}", **OPEN),
    ]
    if w.timeline is not None:
        out.append(Line2D([], [], label="beds that the plan would leave", **LEFT))
    return out


def caption(w: Waterfall) -> str:
    """How to read the chart."""
    text = (
        "Each step switches one more mechanism on; the same people come at every step. The bar is what the step adds "
        f"or saves, the number after it the beds needed so far (median of {w.replications} simulated years). No axis "
        "starts at nought, so compare the bars of steps 2 and on with one another, not with the first. Community beds "
        "inside the published count are left out. Planned admissions without a bed wait for one; in the verdict they "
        "are cancelled. "
    )
    if w.timeline is not None:
        text += f"The plan is that of {w.timeline.years} years, without gates."
    return text.strip()
