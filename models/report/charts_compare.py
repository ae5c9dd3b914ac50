"""Charts of a comparison: probabilities, double running and contributions by timeline, and what happens when."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from models.compare.compare import AFTER, BEFORE, CALENDAR, OWN, Compared
from models.compare.contributions import MEASURES, Change
from models.compare.mechanisms import MECHANISMS
from models.measures.tails import shaded
from models.report import style
from models.report.series import spread
from models.report.words import amount, percent
from models.settings.criteria import Criteria

__all__ = ["contributions_chart", "double_chart", "months_chart", "probabilities_chart"]

PARTS = {"delivered": "o", "safe": "s", "delivered and safe": "D"}
SPAN = {CALENDAR: "The same years for all", OWN: f"{BEFORE} years before its end to {AFTER} after"}
SERIES = {"closed": "Beds closed so far", "opened": "Places open beyond those before", "double": "Beds running double"}


def probabilities_chart(rows: Sequence[Compared], criteria: Criteria, folder: Path) -> tuple[str, str]:
    """P(delivered), P(safe) and P(both) with exact bounds, by timeline; a panel for each window of years."""
    windows = [name for name in SPAN if any(name in c.judged for c in rows)]
    best = max(rows, key=lambda c: (c.verdict.probability, -c.years))
    title = "Delivered and safe: in none of the simulated futures on any timeline"
    if best.verdict.probability > 0:
        title = f"Delivered and safe: in {percent(best.verdict.probability)} at best, with {_named(best.years)}"
    fig = style.figure(title, 1.5 + 0.55 * len(rows))
    axes = fig.subplots(1, len(windows), sharex=True, sharey=True, squeeze=False)[0]
    for ax, window in zip(axes, windows, strict=True):
        for n, c in enumerate(rows):
            if window not in c.judged:
                ax.text(50, n, "too short for these years", ha="center", va="center", fontsize=8)
                continue
            for k, (probability, interval) in enumerate(_three(c, window)):
                at = n + 0.24 * (k - 1)
                ax.plot([100 * t for t in interval], [at, at], color=style.INK, linewidth=1.2)
                face = style.INK if k == len(PARTS) - 1 else "white"
                ax.plot(
                    [100 * probability], [at], marker=list(PARTS.values())[k], color=style.INK, markerfacecolor=face,
                    clip_on=False, zorder=4,
                )  # fmt: skip
        for share in (criteria.not_credible_below, criteria.credible_from):
            ax.axvline(100 * share, color=style.GREY, linewidth=0.9, linestyle=(0, (2, 2)))
        ax.set_title(SPAN[window], fontsize=8.5)
        ax.set_xlim(0, 100)
        ax.set_xlabel("% of simulated futures")
        ax.grid(axis="y", visible=False)
    _timelines(axes[0], rows)
    marks: list[Any] = []
    for name, marker in PARTS.items():
        face = style.INK if marker == "D" else "white"
        marks.append(Line2D([], [], color=style.INK, marker=marker, markerfacecolor=face, linewidth=1.2, label=name))
    marks.append(Line2D([], [], color=style.GREY, linewidth=0.9, linestyle=(0, (2, 2)), label="lines of the verdict"))
    style.legend_below(fig, marks, columns=4)
    return style.save(fig, folder, "compare_probabilities", title), title


def _named(years: int) -> str:
    """A timeline by its years, which stay on one line."""
    return f"{years}\u00a0years"


def _three(c: Compared, window: str) -> list[tuple[float, tuple[float, float]]]:
    v = c.judged[window].verdict
    parts = [(part["probability"], part["interval"]) for part in (v.delivered, v.safe)]
    return [*parts, (v.probability, v.interval)]


def _timelines(ax: Any, rows: Sequence[Compared]) -> None:
    ax.set_yticks(range(len(rows)), [f"{c.years} years" for c in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)


def double_chart(rows: Sequence[Compared], folder: Path) -> tuple[str, str]:
    """Double running by timeline: the most beds at once, and bed-years, with their ranges."""
    title = "Double running: " + "; ".join(f"{_named(c.years)}, {amount(c.bed_years.mean())} bed-years" for c in rows)
    fig = style.figure(title, 1.35 + 0.36 * len(rows))
    axes = fig.subplots(1, 2, sharey=True)
    for ax, key, label in zip(axes, ("peak", "bed_years"), ("beds, at most at once", "bed-years in all"), strict=True):
        for n, c in enumerate(rows):
            found = spread(getattr(c, key))
            ax.plot([found.low, found.high], [n, n], color=style.INK, linewidth=1.4)
            ax.plot([found.mean], [n], marker="o", color=style.INK, markersize=6)
            text = f"{amount(float(found.mean))} ({amount(float(found.low))} to {amount(float(found.high))})"
            ax.text(float(found.mean), n - 0.2, text, ha="center", va="bottom", fontsize=7.5)
        most = max(float(spread(getattr(c, key)).high) for c in rows)
        ax.set_xlim(0, 1.25 * max(1.0, most))
        ax.set_xlabel(label)
        style.exact_ticks(ax.xaxis)
        ax.grid(axis="y", visible=False)
    _timelines(axes[0], rows)
    axes[0].set_ylim(len(rows) - 0.5, -0.75)
    return style.save(fig, folder, "compare_double", title), title


def contributions_chart(found: Sequence[Change], folder: Path) -> tuple[str, str]:
    """What each mechanism changes when it is left out: a panel a measure, a mark a timeline, paired 95 % intervals."""
    names = list(dict.fromkeys(c.left_out for c in found))
    years = list(dict.fromkeys(c.years for c in found))
    clear = sum(any(c.clear for c in found if c.left_out == name) for name in names)
    title = f"Left out alone, {clear} of {len(names)} mechanisms change something beyond chance"
    fig = style.figure(title, 1.6 + (0.13 * len(years) + 0.12) * len(names))
    axes = fig.subplots(1, len(MEASURES), sharey=True)
    for ax, (measure, unit) in zip(axes, MEASURES.items(), strict=True):
        scale = 100 if unit == "share" else 1
        own = [c for c in found if c.measure == measure]
        for c in own:
            line = style.arm_line(1 + years.index(c.years))
            at = names.index(c.left_out) + 0.8 / len(years) * (years.index(c.years) - (len(years) - 1) / 2)
            if np.isfinite(c.interval).all():
                ax.plot([scale * t for t in c.interval], [at, at], color=line.color, linewidth=1.1)
            face = line.color if c.clear else "white"
            ax.plot([scale * c.difference], [at], marker=line.marker, color=line.color, markerfacecolor=face, zorder=4)
        ax.axvline(0, color=style.INK, linewidth=0.9)
        reach = max([1.0, *(abs(scale * t) for c in own for t in (*c.interval, c.difference) if np.isfinite(t))])
        ax.set_xlim(-1.08 * reach, 1.08 * reach)
        ax.set_title(measure[0].upper() + measure[1:], fontsize=9)
        ax.set_xlabel(
            ("percentage points" if unit == "share" else unit) + "\nfewer without it \u2190 \u2192 more", fontsize=8
        )
        for n in range(1, len(names)):
            ax.axhline(n - 0.5, color="#dcdcdc", linewidth=0.6)
        ax.grid(axis="y", visible=False)
    axes[0].set_yticks(range(len(names)), [_broken(MECHANISMS[name]) for name in names], fontsize=8)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    marks = [_solid(style.arm_line(1 + n), f"{y} years") for n, y in enumerate(years)]
    style.legend_below(fig, marks, columns=4)
    return style.save(fig, folder, "compare_contributions", title), title


def _solid(line: style.Line, label: str) -> Any:
    return Line2D([], [], color=line.color, marker=line.marker, linewidth=1.1, label=label)


def _broken(text: str, widest: int = 26) -> str:
    """Words of a mechanism on lines that leave room for the panels."""
    return "\n".join(textwrap.wrap(text, widest))


def months_chart(rows: Sequence[Compared], folder: Path) -> tuple[str, str]:
    """Beds closed, places open and double running over calendar time: a line a timeline, with their ranges."""
    title = "Beds closed by the end: " + "; ".join(
        f"{_named(c.years)}, {amount(c.closed.mean())} of {amount(c.planned)}" for c in rows
    )
    fig = style.figure(title, 1.3 + 1.75 * len(SERIES))
    axes = fig.subplots(len(SERIES), 1, sharex=True)
    for ax, (key, label) in zip(axes, SERIES.items(), strict=True):
        for n, c in enumerate(rows):
            line, found = style.arm_line(1 + n), spread(c.by_month[key])
            x = [m.toordinal() for m in c.months]
            ax.fill_between(
                x, found.low, found.high, color=line.color, alpha=style.BAND / 1.6, linewidth=0, step="post"
            )
            ax.plot(x, found.mean, drawstyle="steps-post", **line.kwargs(len(x)))
            end = c.months[0].replace(year=c.months[0].year + c.years).toordinal()
            hollow: dict[str, Any] = {"marker": line.marker, "markerfacecolor": "white", "markersize": 7, "zorder": 5}
            ax.plot([end], [0.05], color=line.color, transform=ax.get_xaxis_transform(), **hollow)
        ax.set_title(label, fontsize=9)
        ax.set_ylabel("places" if key == "opened" else "beds")
        ax.set_ylim(0)
        style.thousands(ax)
        style.month_axis(ax, rows[0].months[0], rows[0].months[-1])
    marks: list[Any] = [
        Line2D([], [], **style.arm_line(1 + n).kwargs(), label=f"{c.years} years (hollow: its planned end)")
        for n, c in enumerate(rows)
    ]
    marks.append(Patch(facecolor=style.GREY, alpha=0.3, label=shaded(len(rows[0].closed))))
    style.legend_below(fig, marks)
    return style.save(fig, folder, "compare_months", title), title
