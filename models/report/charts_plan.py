"""Chart of the transition: closures beside their planned dates, and what held them back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from models.report import series, style
from models.report.series import spread
from models.report.words import cause_in_short, month, percent

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = ["closures_chart"]

PLANNED: dict[str, Any] = {"color": style.INK, "linewidth": 0.9, "linestyle": ":"}


def _window(outcome: Outcome) -> tuple[list[dt.date], Any]:
    """Months from the plan's start, and where they lie among all months."""
    o = next(iter(outcome.observed.values()))
    keep = np.array([m >= outcome.window[0] for m in o.months])
    return [m for m in o.months if m >= outcome.window[0]], keep


def _band(ax: Any, x: Any, values: Any, color: str, dashes: Any, marker: str) -> None:
    """Mean and band of a quantity that changes on the first of a month."""
    found = spread(values)
    ax.fill_between(x, found.low, found.high, color=color, alpha=style.BAND, linewidth=0, step="post")
    ax.plot(
        x, found.mean, color=color, linestyle=dashes, marker=marker, markevery=max(1, len(x) // 7),
        drawstyle="steps-post",
    )  # fmt: skip


def closures_chart(outcome: Outcome, folder: Path) -> tuple[str, str]:
    """When closures happened beside their planned dates, and what held them back."""
    months, keep = _window(outcome)
    x = [m.toordinal() for m in months]
    arms = series.arms(outcome)[1:]
    plans = list(outcome.schedules.values())
    totals = [sum(s.beds for s in plan.closures) for plan in plans]
    shares = [100 * series.closed_by_month(o)[:, keep] / t for (_, o), t in zip(arms, totals, strict=True)]
    ends = [f"{percent(series.end_of(s) / 100)} with the {name}" for s, (name, _) in zip(shares, arms, strict=True)]
    title = f"Share of planned closures that had happened by {month(months[-1])}: " + ", ".join(ends)
    held = [series.delays_by_cause(o) for _, o in arms]
    found = list(dict.fromkeys(cause for h in held for cause in h))
    names = {cause: cause_in_short(cause, outcome.settings.gates) for cause in found}
    fig = style.figure(title, 3.2 + 0.24 * len(found) * len(arms))
    heights = [2.1, 0.4 + 0.24 * len(found) * len(arms)]
    top, below = fig.subplots(2, 1, gridspec_kw={"height_ratios": heights}) if found else (fig.subplots(), None)
    for n, (values, plan, total) in enumerate(zip(shares, plans, totals, strict=True)):
        line = style.arm_line(n + 1)
        planned: dict[str, Any] = {**PLANNED, "color": line.color, "drawstyle": "steps-post"}
        top.plot(x, 100 * series.planned_closed(plan, months) / total, **planned)
        _band(top, x, values, line.color, line.linestyle, line.marker)
    top.set_ylim(0, 103)
    top.set_ylabel("% of beds to close")
    style.month_axis(top, months[0], months[-1])
    if below is not None:
        _causes(below, held, found, names)
    style.legend_below(fig, _closures_legend([name for name, _ in arms], causes_shown=below is not None))
    return style.save(fig, folder, "chart_closures", title), title


def _closures_legend(names: list[str], *, causes_shown: bool) -> list[Any]:
    lines = [style.arm_line(n + 1) for n in range(len(names))]
    out: list[Any] = [
        Line2D([], [], **line.kwargs(), label=f"{name}: as it happened")
        for name, line in zip(names, lines, strict=True)
    ]
    out.append(Line2D([], [], **PLANNED, label="as planned (same colour)"))
    if causes_shown:
        out += [
            Patch(facecolor="white", edgecolor=line.color, hatch=line.hatch, label=f"{name}: closed late")
            for name, line in zip(names, lines, strict=True)
        ]
        out.append(Patch(facecolor=style.GREY, edgecolor=style.INK, label="never closed"))
    return out


def _causes(ax: Any, held: list[dict[str, dict[str, float]]], found: list[str], names: dict[str, str]) -> None:
    """Beds by what held their closure back last: a bar a timeline, hatched where it closed late, solid where never."""
    width = 0.8 / len(held)
    for n, rows in enumerate(held):
        line = style.arm_line(n + 1)
        at = np.arange(len(found)) + (n - (len(held) - 1) / 2) * width
        late = np.array([rows.get(k, {}).get("late", 0.0) for k in found])
        never = np.array([rows.get(k, {}).get("never", 0.0) for k in found])
        ax.barh(at, late, width * 0.9, facecolor="white", edgecolor=line.color, hatch=line.hatch)
        ax.barh(at, never, width * 0.9, left=late, facecolor=style.GREY, edgecolor=line.color)
    ax.set_yticks(np.arange(len(found)), [names[k] for k in found])
    ax.set_xlim(0, 1.05 * max(sum(rows[k].values()) for rows in held for k in rows))
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("beds in a simulated future, on average")
    ax.set_title("What held closures back last")
