"""Old and new side by side: building up, both open, proof, and release, with what it costs in beds (T1, A10)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from models.measures.plan import closed_by_month, double_running, opened_by_month
from models.report import course, series, style
from models.report.course import middle
from models.report.words import amount

if TYPE_CHECKING:
    from models.arms.arms import Observed
    from models.plans.schedule import Schedule
    from models.run.runner import Outcome

__all__ = ["has_overlap", "overlap_chart"]

OLD: dict[str, Any] = {"facecolor": "#c9c9c9"}
NEW: dict[str, Any] = {"facecolor": "white", "hatch": "////"}
BOTH: dict[str, Any] = {"facecolor": "#8a8a8a", "hatch": "xxxx"}
SPANS: dict[str, dict[str, Any]] = {
    "building up": NEW,
    "both open": BOTH,
    "proving": {"facecolor": "white", "hatch": "...."},
    "releasing": {"facecolor": "#6f6f6f"},
}


def has_overlap(plan: Schedule) -> bool:
    """Whether a plan opens places and closes beds."""
    return bool(plan.services and plan.closures)


def overlap_chart(outcome: Outcome, folder: Path) -> tuple[str, str]:
    """Draw both services of every timeline: inline SVG and the title."""
    plans = [(n, *_arm(n, outcome)) for n, plan in outcome.schedules.items() if has_overlap(plan)]
    both = {n: double_running(o, outcome.schedules[n]) for n, _, o in plans}
    years = {n: found.sum(axis=1).mean() / 12 for n, found in both.items()}
    title = "Double running: " + "; ".join(f"{title}, {amount(years[n])} bed-years" for n, title, _ in plans)
    fig = style.figure(title, 1.2 + 2.95 * len(plans))
    axes = fig.subplots(
        2 * len(plans), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": [2.1, 0.8] * len(plans)}
    ).ravel()  # fmt: skip
    first, last = outcome.window[0], next(iter(both.values())).shape[1]
    for k, (name, words, o) in enumerate(plans):
        keep = np.array([m >= first for m in o.months])
        days = [m.toordinal() for m in o.months if m >= first]
        top, below = axes[2 * k : 2 * k + 2]
        _services(top, days, o, outcome.schedules[name], keep)
        _phases(below, days, o)
        top.set_title(f"{words[0].upper()}{words[1:]}. {_cost(both[name])}", fontsize=8.5)
        for ax in (top, below):
            style.month_axis(ax, first, o.months[last - 1])
    style.legend_below(fig, _legend())
    return style.save(fig, folder, "chart_overlap", title), title


def _arm(timeline: str, outcome: Outcome) -> tuple[str, Observed]:
    return series.arms(outcome)[list(outcome.observed).index(timeline)]


def _cost(both: Any) -> str:
    """Double running in words: the most at once, and bed-years, with 5-95 %."""

    def said(values: Any, unit: str) -> str:
        found = series.spread(values)
        low, high = amount(float(found.low)), amount(float(found.high))
        return f"{amount(float(found.mean))} {unit} ({low} to {high})"

    return f"Both open: at most {said(both.max(axis=1), 'beds')}, {said(both.sum(axis=1) / 12, 'bed-years')}"


def _services(ax: Any, days: list[int], o: Observed, plan: Schedule, keep: Any) -> None:
    """Old beds still open, new places on top of them as the beds that they replace, and what exceeds the old beds."""
    beds = sum(step.beds for step in plan.closures)
    places = sum(steps[-1][1] for service in plan.services for steps in plan.opened(service).values())
    old = beds - closed_by_month(o)[:, keep].mean(axis=0)
    new = beds / places * opened_by_month(o, plan)[:, keep].mean(axis=0)
    used = beds / places * opened_by_month(o, plan, used=True)[:, keep].mean(axis=0)
    step: dict[str, Any] = {"step": "post", "edgecolor": style.INK, "linewidth": 0.4}
    ax.fill_between(days, 0, old, **step, **OLD)
    ax.fill_between(days, old, old + new, **step, **NEW)
    ax.fill_between(days, beds, np.maximum(beds, old + new), **step, **BOTH)
    ax.axhline(beds, color=style.INK, linewidth=1.1, linestyle=(0, (5, 2)))
    ax.plot(days, old + used, color="white", linewidth=3.4, drawstyle="steps-post")
    ax.plot(days, old + used, color=style.INK, linewidth=1.5, drawstyle="steps-post", **_every(len(days)))
    ax.set_ylim(0)
    ax.set_ylabel("beds, or beds replaced")
    style.thousands(ax)


def _every(points: int) -> dict[str, Any]:
    return {"marker": "o", "markevery": max(1, points // 7), "markersize": 4}


def _phases(ax: Any, days: list[int], o: Observed) -> None:
    """From when to when each phase lasted in the middle run; an arrow where it had no end."""
    found = course.phases(o)
    edge = days[-1] + 31
    for n, (name, (starts, ends)) in enumerate(found.items()):
        start, end = middle(starts), middle(ends)
        if np.isfinite(start):
            stop = min(end, edge)
            ax.barh(n, stop - start, left=start, height=0.62, edgecolor=style.INK, linewidth=0.6, **SPANS[name])
            if end > edge:
                ax.plot([edge], [n], marker=">", markersize=6, color=style.INK, clip_on=False)
    ax.set_yticks(range(len(found)), list(found), fontsize=7.5)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(found) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)


def _legend() -> list[Any]:
    edge = {"edgecolor": style.INK, "linewidth": 0.5}
    return [
        Patch(label="beds that are to close, still open", **edge, **OLD),
        Patch(label="new places, as the beds that they replace", **edge, **NEW),
        Patch(label="double running: more than there was before", **edge, **BOTH),
        Line2D(
            [], [], color=style.INK, linewidth=1.5, marker="o", markersize=4, label="up to here new places are in use"
        ),
        Line2D([], [], color=style.INK, linewidth=1.1, linestyle=(0, (5, 2)), label="all beds that are to close"),
    ]
