"""Charts of what happens in hospital: beds open and in use, waits for a bed, beds held by delayed people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from models.footprint.observed import delays_by_year
from models.measures import measures
from models.measures.tails import shaded
from models.report import series, style
from models.report.series import by_year, end_of, spread
from models.report.words import amount, percent, short

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = ["beds_chart", "delays_chart", "handles", "waits_chart"]


def handles(outcome: Outcome) -> list[Any]:
    """Legend of the arms, as they are drawn in every chart."""
    out: list[Any] = [
        Line2D([], [], **style.arm_line(n).kwargs(), label=name) for n, (name, _) in enumerate(series.arms(outcome))
    ]
    return [*out, Patch(facecolor=style.GREY, alpha=0.3, label=shaded(outcome.settings.replications))]


def draw(ax: Any, x: Any, values: Any, number: int) -> None:
    """One arm's mean with its band of its range."""
    found, line = spread(values), style.arm_line(number)
    ax.fill_between(x, found.low, found.high, color=line.color, alpha=style.BAND, linewidth=0)
    ax.plot(x, found.mean, **line.kwargs(len(found.mean)))


def _ends(outcome: Outcome, words: list[str]) -> str:
    """Values at the end of the years, by arm, as a title says them."""
    names = ["under business as usual", *(f"with the {name}" for name, _ in series.arms(outcome)[1:])]
    return ", ".join(f"{word} {name}" for name, word in zip(names, words, strict=True))


def beds_chart(outcome: Outcome, folder: Path) -> tuple[str, str]:
    """Hospital beds open and in use, one panel an arm: inline SVG and the title."""
    arms = series.arms(outcome)
    usual, system = arms[0][1], outcome.system
    assert system is not None, "there are arms only where there is a system"
    years = series.april_years(usual)
    x = np.arange(len(years))
    have = [by_year(o, measures.beds_open(o)) for _, o in arms]
    used = [by_year(o, measures.occupied_beds(o)) for _, o in arms]
    plans = [by_year(usual, series.planned_open(usual, s, system)[None])[0] for s in outcome.schedules.values()]
    title = f"Hospital beds open in {years[-1]}: " + _ends(outcome, [amount(end_of(h)) for h in have])
    if plans:
        title += f"; the plan would leave {amount(plans[0][-1])}"
    columns = min(3, len(arms))
    rows = -(-len(arms) // columns)
    fig = style.figure(title, 0.9 + 2.5 * rows)
    axes = style.panels(fig, len(arms), columns)
    for n, (name, _) in enumerate(arms):
        ax, line = axes[n], style.arm_line(n)
        for values, dashes, marker in ((have[n], "-", ""), (used[n], (0, (4, 2)), "o")):
            found = spread(values)
            ax.fill_between(x, found.low, found.high, color=line.color, alpha=style.BAND, linewidth=0)
            ax.plot(x, found.mean, color=line.color, linestyle=dashes, marker=marker, markevery=3)
        if n:
            ax.plot(x, plans[n - 1], color=style.INK, linewidth=0.9, linestyle=":")
        ax.set_title(name[0].upper() + name[1:])
        style.year_axis(ax, years, 6)
    lowest = min(float(np.min(v)) for v in (*have, *used, *plans))
    highest = max(float(np.max(v)) for v in (*have, *used, *plans))
    floor = np.floor((lowest - 30) / 100) * 100
    axes[0].set_ylim(floor, np.ceil((highest + 30) / 100) * 100)
    for n in range(0, len(arms), columns):
        axes[n].set_ylabel(f"beds (axis starts at {amount(floor)})")
        style.thousands(axes[n])
    legend: list[Any] = [
        Line2D([], [], color=style.INK, label="beds open"),
        Line2D([], [], color=style.INK, linestyle=(0, (4, 2)), marker="o", label="beds in use at midnight"),
        Line2D([], [], color=style.INK, linewidth=0.9, linestyle=":", label="beds open if all closed on their dates"),
        Patch(facecolor=style.GREY, alpha=0.3, label=shaded(outcome.settings.replications)),
    ]
    style.legend_below(fig, legend if plans else [*legend[:2], legend[3]])
    return style.save(fig, folder, "chart_beds", title), title


def waits_chart(outcome: Outcome, folder: Path) -> tuple[str, str]:
    """Share of emergencies waiting over 4 h for a bed, one panel a hospital and one for all."""
    arms = series.arms(outcome)
    usual, footprint = arms[0][1], outcome.settings.footprint
    years = series.april_years(usual)
    x = np.arange(len(years))
    places: dict[str, str | None] = {site.name: name for name, site in footprint.sites.items()}
    places["All hospitals together"] = None
    ends = [percent(end_of(series.waits_by_year(o, None)), 1) for _, o in arms]
    title = f"Emergencies who waited over 4 h for a bed in {years[-1]}, all hospitals: " + _ends(outcome, ends)
    columns = min(3, len(places))
    rows = -(-len(places) // columns)
    fig = style.figure(title, 0.9 + 2.1 * rows)
    axes = style.panels(fig, len(places), columns)
    limit = 100 * outcome.settings.criteria.access_share.value
    top = limit
    for ax, (name, place) in zip(axes, places.items(), strict=True):
        for n, (_, o) in enumerate(arms):
            values = 100 * series.waits_by_year(o, place)
            draw(ax, x, values, n)
            top = max(top, float(spread(values).high.max()))
        ax.axhline(limit, color=style.INK, linewidth=0.9, linestyle=":")
        ax.set_title(short(name))
        style.year_axis(ax, years, 6)
    axes[0].set_ylim(0, top * 1.06)
    for n in range(0, len(places), columns):
        axes[n].set_ylabel("% of emergencies")
    line = Line2D([], [], color=style.INK, linewidth=0.9, linestyle=":", label=f"{limit:g} % line of the criterion")
    style.legend_below(fig, [*handles(outcome), line])
    return style.save(fig, folder, "chart_waits", title), title


def delays_chart(outcome: Outcome, folder: Path) -> tuple[str, str]:
    """Hospital beds held by delayed people, simulated beside the published history."""
    arms = series.arms(outcome)
    usual, footprint = arms[0][1], outcome.settings.footprint
    conversion = footprint.delays.host_conversion
    low, high = (1.0, 1.0) if conversion is None else conversion.range
    factor = 1.0 if conversion is None else conversion.value
    seen = delays_by_year(footprint, "acute").to_dict("records")
    years = sorted({str(r["year"]) for r in seen} | set(series.april_years(usual)))
    simulated = [years.index(y) for y in series.april_years(usual)]
    values = [by_year(o, measures.delayed_beds(o)) for _, o in arms]
    title = f"Hospital beds held by delayed people in {years[-1]}: " + _ends(
        outcome, [amount(end_of(v)) for v in values]
    )
    known = "published" if footprint.data.delays_annual else "worked out"
    base = next((r for r in seen if r["year"] == footprint.baseline_year), None)
    if base:
        title += f"; {known} for {footprint.baseline_year}: {amount(base['beds'] * factor)}"
    fig = style.figure(title, 3.7)
    ax = fig.subplots()
    for n, value in enumerate(values):
        draw(ax, simulated, value, n)
    at = [years.index(str(r["year"])) for r in seen]
    beds = np.array([float(r["beds"]) for r in seen])
    ax.errorbar(
        at, beds * factor, yerr=np.stack([beds * (factor - low), beds * (high - factor)]), fmt="D", markersize=5,
        markerfacecolor="white", color=style.INK, elinewidth=0.9, capsize=2.5, linestyle="none", zorder=4,
    )  # fmt: skip
    style.year_axis(ax, years, 4)
    ax.set_ylim(0)
    ax.set_ylabel("beds, mean of the year")
    points = Line2D([], [], color=style.INK, marker="D", markerfacecolor="white", linestyle="none")
    part = [f"{r['year']}: {r['calendar_days'] / 30.5:.0f} months" for r in seen if r["calendar_days"] < 365]  # noqa: PLR2004
    points.set_label(f"{known} ({', '.join(part)})" if part else known)
    style.legend_below(fig, [*handles(outcome), points])
    return style.save(fig, folder, "chart_delays", title), title
