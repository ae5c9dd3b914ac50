"""Charts of the transition: new services beside the old ones, and closures beside their planned dates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from models.report import series, style
from models.report.series import spread
from models.report.words import amount, cause_in_short, month, percent

if TYPE_CHECKING:
    from models.runner import Outcome

__all__ = ["closures_chart", "services_chart"]

HOME, COMMUNITY = ("-", "o"), ((0, (5, 2)), "s")
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


def services_chart(outcome: Outcome, folder: Path) -> tuple[str, str]:
    """Both services through the double running: a row a timeline, services on the left, beds closed on the right."""
    months, keep = _window(outcome)
    x = [m.toordinal() for m in months]
    arms = series.arms(outcome)[1:]
    words = []
    for (name, o), plan in zip(arms, outcome.schedules.values(), strict=True):
        opened = sum(steps[-1][1] for steps in plan.openings.values())
        closed = series.end_of(series.closed_by_month(o))
        total = sum(s.beds for s in plan.closures)
        words.append(f"{name}: {opened} places at home open, {amount(closed)} of {total} beds close")
    title = "Double running. " + "; ".join(words)
    fig = style.figure(title, 1.15 + 1.9 * len(arms))
    axes = fig.subplots(len(arms), 2, sharex=True, sharey="col", squeeze=False)
    for n, ((name, o), plan) in enumerate(zip(arms, outcome.schedules.values(), strict=True)):
        left, right = axes[n]
        color = style.arm_line(n + 1).color
        for pathway, (dashes, marker) in (("p1", HOME), ("p2", COMMUNITY)):
            _band(left, x, series.pathway_places(o, pathway)[:, keep], color, dashes, marker)
        used = spread(series.pathway_places(o, "p1", used=True)[:, keep])
        left.plot(x, used.mean, color=style.GREY, linewidth=1.1)
        for kind, (dashes, marker) in (("acute", HOME), ("community", COMMUNITY)):
            right.plot(x, series.planned_closed(plan, months, kind), drawstyle="steps-post", **PLANNED)
            _band(right, x, series.closed_by_month(o, kind)[:, keep], color, dashes, marker)
        left.set_title(f"{name[0].upper()}{name[1:]}: community")
        right.set_title(f"{name[0].upper()}{name[1:]}: beds closed so far")
        left.set_ylabel("places and beds")
        style.thousands(left)
        right.set_ylabel("beds closed")
        for ax in (left, right):
            style.month_axis(ax, months[0], months[-1])
            ax.set_ylim(0)
    home, beds = ({"color": style.INK, "linestyle": dashes, "marker": marker} for dashes, marker in (HOME, COMMUNITY))
    legend: list[Any] = [
        Line2D([], [], **home, label="left: places at home open"),
        Line2D([], [], color=style.GREY, linewidth=1.1, label="left: places at home in use"),
        Line2D([], [], **beds, label="left: community beds open"),
        Line2D([], [], **home, label="right: acute beds closed"),
        Line2D([], [], **beds, label="right: community beds closed"),
        Line2D([], [], **PLANNED, label="right: closed if all closed on their dates"),
    ]
    style.legend_below(fig, legend)
    return style.save(fig, folder, "chart_services", title), title


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
