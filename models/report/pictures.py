"""Which charts a report holds, in order, each with a caption that says how to read it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.report import (
    charts,
    charts_baseline,
    charts_gantt,
    charts_overlap,
    charts_plan,
    charts_quarters,
    charts_waterfall,
    style,
)
from models.report.words import percent

if TYPE_CHECKING:
    from models.run.runner import Outcome
    from models.settings.future import Future
    from models.waterfall.waterfall import Waterfall

__all__ = ["Chart", "draw_all"]


QUARTERS = (
    "Means of each quarter. Hospital beds are counted as NHS England counts them; community places are those of the "
    "services that the plan changes. Upright lines stand where something first happened in the middle one of all "
    "simulated futures. The vertical axes of beds and places do not start at zero."
)
SITES = (
    "Means of each quarter, each hospital on its own scale, which does not start at zero. Under its name: what most "
    "often first held a step back there, and in how many simulated futures."
)
GANTT = (
    "A strip fills from below with the share of the move that had come so far (by beds, places or staff; mean over "
    "simulated futures); white inside the outline has not begun or waits. Beside it: how late the last step was in the "
    "middle one of them, what held back most of what slipped, and in how many it never came. An arrow: not "
    "within the simulated years."
)


@dataclass(frozen=True)
class Chart:
    """One chart: its file name without ending, its title, its drawing and its caption."""

    name: str
    title: str
    svg: str
    caption: str


def draw_all(folder: Path, outcome: Outcome) -> list[Chart]:
    """Draw every chart that this outcome allows; none without a baseline run."""
    if not outcome.observed:
        return []
    both = any(charts_overlap.has_overlap(s) for s in outcome.schedules.values())
    closes = any(s.closures for s in outcome.schedules.values())
    wanted: list[tuple[str, Callable[[Outcome, Path], tuple[str, str]], str]] = [
        ("chart_beds", charts.beds_chart, _beds(outcome)),
        ("chart_waits", charts.waits_chart, _waits(outcome)),
        ("chart_delays", charts.delays_chart, _delays(outcome)),
    ]
    if fall := outcome.waterfall:
        draw = functools.partial(_waterfall, fall)
        wanted.insert(0, ("chart_waterfall", draw, charts_waterfall.caption(fall)))
    if both:
        wanted.append(("chart_overlap", charts_overlap.overlap_chart, _overlap(outcome)))
    if closes:
        wanted.append(("chart_closures", charts_plan.closures_chart, _closures(outcome)))
    for timeline in outcome.schedules:
        for name, draw, caption in (
            ("chart_quarters", charts_quarters.quarters_chart, QUARTERS),
            ("chart_quarters_sites", charts_quarters.sites_chart, SITES),
        ):
            wanted.append((f"{name}_{timeline}", functools.partial(draw, timeline), caption))
    for page in charts_gantt.gantt_pages(outcome):
        wanted.append((page.name, functools.partial(charts_gantt.gantt_chart, page), GANTT))
    wanted.append(("chart_baseline", charts_baseline.baseline_chart, _baseline(outcome)))
    out = []
    with style.styled():
        for name, draw, caption in wanted:
            svg, title = draw(outcome, folder)
            out.append(Chart(name, title, svg, caption))
    return out


def _waterfall(fall: Waterfall, _: Outcome, folder: Path) -> tuple[str, str]:
    return charts_waterfall.waterfall_chart(fall, folder)


def _beds(outcome: Outcome) -> str:
    chosen = outcome.settings
    return (
        "General and acute beds, mean of each year, counted as NHS England counted them in "
        f"{chosen.footprint.baseline_year}; community beds inside that count are included. Under business as usual the "
        f"beds stay as they were{_but_shut(chosen.future)}. The vertical axis does not start at zero."
    )


def _but_shut(future: Future) -> str:
    """What waves of illness shut of the beds that stay, with the share at the peak of the highest."""
    most = max((shock.beds_closed.value for shock in future.shocks if shock.beds_closed), default=0.0)
    if not most:
        return ""
    winters = f"the bad winters ({', '.join(future.bad_winters)})"
    return f", but for some weeks of {winters}, in which infection shuts up to {percent(most, 1)} of them"


def _waits(outcome: Outcome) -> str:
    limit = percent(outcome.settings.criteria.access_share.value)
    level = (
        "No count of these waits by hospital is published for the baseline year, so the level is not calibrated; "
        "compare the plan with business as usual."
    )
    if outcome.settings.fit is not None and outcome.settings.fit.out_of_reach:
        level = "Waits over twelve hours were fitted to the baseline year by hospital; these follow from them."
    return (
        "Time from the decision to admit to a bed on a ward, all emergencies who stay a night, by year. The criterion "
        f"({limit}) is judged in every quarter. " + level
    )


def _delays(outcome: Outcome) -> str:
    delays = outcome.settings.footprint.delays
    text = "People ready to leave, assessed, and waiting for a place that is not free (delayed transfers of care). "
    if delays.host_conversion:
        low, high = delays.host_conversion.range
        text += (
            "Published days count residents wherever they lie; they are multiplied by "
            f"{delays.host_conversion.value:g} (thin bars: {low:g} to {high:g}) to compare with these hospitals. "
        )
    if outcome.settings.footprint.data.delays_annual is None:
        return text + "Those of the baseline year are worked out from the beds that people ready to leave hold."
    return text + "History was not fitted, apart from the baseline year."


def _overlap(outcome: Outcome) -> str:
    gated = outcome.settings.gates.enabled
    return (
        "Old and new side by side, means over simulated futures; new places are counted as the beds that they replace "
        "(all planned places for all planned closures), as far as they have staff, and as used as others of their "
        "service. What lies above the dashed line is double running. Below: from when to when each phase lasted in the "
        "middle one of all futures; an arrow has no end in the simulated years. "
        + (
            "Beds close only when the gate lets them."
            if gated
            else "Beds close on their dates, for this run has no gate."
        )
    )


def _closures(outcome: Outcome) -> str:
    text = "Acute and community beds together. "
    if not outcome.settings.gates.enabled:
        return text + "This run has no gate: every bed closes on its date."
    return text + (
        "Below, where there is anything to show: beds whose closure was held back, by the condition that failed last "
        "before they closed, or before the simulation ended."
    )


def _baseline(outcome: Outcome) -> str:
    footprint = outcome.settings.footprint
    quarters = ", ".join(f"Q{q}" for q in footprint.holdout.quarters)
    return (
        f"Above: beds in use were fitted to {footprint.baseline_year}, so agreement is no surprise. Below: {quarters} "
        f"of {footprint.holdout.year} (Q1 is April to June) were not seen by the fit. A mark on the zero line is a "
        "perfect forecast."
    )
