"""The report of a comparison: when benefits are real, what double running costs, what fails, and what waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from models.command_line.doctor import versions
from models.compare.compare import AFTER, AS_PLANNED, BEFORE, CALENDAR, OWN, Compared
from models.compare.contributions import Change, lost_by_waiting, reached
from models.compare.mechanisms import MECHANISMS
from models.measures.tails import in_short, shaded, tails, that_holds
from models.report import charts_compare, style
from models.report.course import middle
from models.report.page import environment
from models.report.pictures import Chart
from models.report.series import spread
from models.report.tables_money import owner_rows, summary_rows, year_rows
from models.report.words import amount, between, line_for, percent, signed
from models.settings.settings import Settings

__all__ = ["lost_rows", "when_rows", "write_compare_report"]

Rows = list[list[str]]
CAPTIONS = {
    "compare_probabilities": (
        "Share of simulated futures with exact bounds, each with 95 % confidence; over the same years for every "
        "timeline, or over as many years about each plan's own end."
    ),
    "compare_double": "Mean over simulated futures, and the range {range}.",
    "compare_contributions": (
        "The change when one mechanism is left out and all else stays, future by future, with a 95 % interval of the "
        "paired difference; filled marks differ from nought beyond chance. Right of nought: there would be more "
        "without the mechanism. Contributions need not add up."
    ),
    "compare_months": "Mean over simulated futures; {shaded}. Places open as far as there are staff.",
}


def write_compare_report(
    folder: Path, chosen: Settings, found: Sequence[Compared], contributed: Sequence[Change], absent: Sequence[str] = ()
) -> list[str]:
    """Write ``compare.html`` and its charts as PNG files; the same comparison gives the same bytes.

    Returns
    -------
    list of str
        Names of the PNG files, in the order of the page.
    """
    rows = [c for c in found if c.left_out == AS_PLANNED]
    charts = _draw(folder, chosen, rows, contributed)
    context: dict[str, Any] = {
        "plan": chosen.plan,
        "footprint": chosen.footprint,
        "future": chosen.future,
        "replications": chosen.replications,
        "seed": chosen.seed,
        "scenario_hash": chosen.scenario_hash,
        "versions": versions(),
        "charts": {c.name: {"title": c.title, "svg": Markup(c.svg), "caption": c.caption} for c in charts},
        "verdicts": [_verdict_row(c, window) for window in (CALENDAR, OWN) for c in rows if window in c.judged],
        "too_short": [f"{c.years} years" for c in rows if OWN not in c.judged and CALENDAR in c.judged],
        "both_windows": any(OWN in c.judged and CALENDAR in c.judged for c in rows),
        "before": BEFORE,
        "after": AFTER,
        "says": [f"{c.years} years: {line_for(c.verdict)}." for c in rows],
        "timelines": [f"{c.years} years" for c in rows],
        "range": in_short(chosen.replications),
        "when": when_rows(rows),
        "double": _double_rows(rows, chosen),
        "beside": next((f"{c.places / c.planned:.2g}" for c in rows if c.planned and c.places), ""),
        "staff": _staff_a_bed(chosen),
        "pounds": _pounds(rows),
        "owner_heads": [f"{c.years} years: {what}" for c in rows for what in ("double running", "stranded")],
        "failing": _failing_rows(rows),
        "fails": _what_fails(rows, contributed),
        "lost": lost_rows(rows),
        "contributions": _contribution_rows(contributed),
        "not_there": [MECHANISMS[name] for name in absent],
    }
    page = environment().get_template("compare.html.j2").render(context)
    (folder / "compare.html").write_text(page, encoding="utf-8", newline="\n")
    return [f"{chart.name}.png" for chart in charts]


def _draw(folder: Path, chosen: Settings, rows: list[Compared], contributed: Sequence[Change]) -> list[Chart]:
    with style.styled():
        drawn = {"compare_probabilities": charts_compare.probabilities_chart(rows, chosen.criteria, folder)}
        if any(c.planned or c.places for c in rows):
            drawn["compare_months"] = charts_compare.months_chart(rows, folder)
        if any(c.planned and c.places for c in rows):
            drawn["compare_double"] = charts_compare.double_chart(rows, folder)
        if contributed:
            drawn["compare_contributions"] = charts_compare.contributions_chart(contributed, folder)
    return [Chart(name, title, svg, _caption(name, chosen.replications)) for name, (svg, title) in drawn.items()]


def _caption(name: str, futures: int) -> str:
    return CAPTIONS[name].format(range=that_holds(futures), shaded=shaded(futures))


def _verdict_row(c: Compared, window: str) -> list[str]:
    v = c.judged[window].verdict
    parts = [(p["probability"], p["interval"]) for p in (v.delivered, v.safe)] + [(v.probability, v.interval)]
    years = f"{v.window[0][:4]} to {v.window[1][:4]}" + (", its own" if window == OWN else "")
    return [f"{c.years} years", years, *(f"{percent(p)} ({between(i)})" for p, i in parts), v.verdict]


def when_rows(rows: Sequence[Compared]) -> Rows:
    """Years from the start until half, and nine in ten, of what is planned are there for good, by timeline."""
    out = []
    for what, noun in (("opened", "Places open"), ("closed", "Beds closed")):
        for share, words in ((0.5, "half of them"), (0.9, "nine in ten")):
            if any(c.places if what == "opened" else c.planned for c in rows):
                out.append([f"{noun}, {words}", *(_years(reached(c, what, share)) for c in rows)])
    return out


def _years(found: Any) -> str:
    """Middle and 5-95 % of years that may never come."""
    never, (first, last) = int(np.isinf(found).sum()), tails(len(found))
    low, half, high = (middle(found, share) for share in (first, 0.5, last))
    text = "not in most futures" if np.isinf(half) else f"{half:.1f}"
    if not np.isinf(half):
        text += f" ({low:.1f} to {high:.1f})" if np.isfinite(high) else f" ({low:.1f} to never)"
    return text + (f"; never in {never} of {len(found)}" if never else "")


def _staff_a_bed(chosen: Settings) -> float | None:
    """Ward staff a bed, all groups together; nothing where staff are not modelled."""
    staff = chosen.around.workforce
    return sum(g.per_bed.value for g in staff.groups.values()) if staff.enabled else None


def _double_rows(rows: Sequence[Compared], chosen: Settings) -> Rows:
    """What double running takes: beds at most, bed-years, and staff-years on wards."""
    a_bed, out = _staff_a_bed(chosen), []
    for c in rows:
        if c.planned and c.places:
            cells = [_mean(c.peak), _mean(c.bed_years)]
            out.append([f"{c.years} years", *cells, *([_mean(c.bed_years * a_bed)] if a_bed else [])])
    return out


def _pounds(rows: Sequence[Compared]) -> dict[str, Any] | None:
    """What double running costs in pounds: in all, by year and by organisation; nothing where money is left out."""
    kept = {c.timeline: c.money for c in rows if c.money is not None}
    if len(kept) < len(rows):
        return None
    plans = [books.arms[name] for name, books in kept.items()]
    first = next(iter(kept.values()))
    return {
        "summary": summary_rows(plans),
        "years": year_rows(plans),
        "owners": owner_rows(first, plans),
        "made_up": bool(first.finance.synthetic),
    }


def _mean(values: Any) -> str:
    found = spread(values)
    return f"{amount(float(found.mean))} ({amount(float(found.low))} to {amount(float(found.high))})"


def _failing_rows(rows: Sequence[Compared]) -> Rows:
    """Share of futures that pass each criterion that decides, by timeline."""
    ids = [row["id"] for row in rows[0].verdict.criteria if row["decides"]]
    by_id = [{row["id"]: row for row in c.verdict.criteria} for c in rows]
    return [
        [f"{by_id[0][k]['name']} ({k})", *(percent(own[k]["probability"]) if k in own else "\u2013" for own in by_id)]
        for k in ids
    ]


def _what_fails(rows: Sequence[Compared], contributed: Sequence[Change]) -> list[str]:
    """In a few sentences a timeline: what decides against it most, and which mechanism holds back most beds."""
    out = []
    for c in rows:
        deciding = [row for row in c.verdict.criteria if row["decides"]]
        fewest = min(row["probability"] for row in deciding)
        least = [row for row in deciding if row["probability"] == fewest]
        text = f"{c.years} years: nothing that decides fails in any simulated future."
        if fewest < 1:
            names = "; ".join(f"{row['name']} ({row['id']})" for row in least)
            text = f"{c.years} years: what fails most, in {percent(1 - fewest)} of futures, is: {names}."
            notes = [row["note"] for row in least if row["id"] == "K0" and row["note"]]
            text += "".join(f" Delivery: {note}." for note in notes)
        own = [x for x in contributed if x.timeline == c.timeline and x.measure == "beds closed" and x.clear]
        most = max(own, key=lambda x: x.difference, default=None)
        if most is not None and most.difference > 0:
            text += f" The mechanism that holds back most beds is {MECHANISMS[most.left_out]}; without it"
            text += f" {amount(most.difference)} more would close ({_interval(most.interval)})."
        out.append(text)
    return out


def lost_rows(rows: Sequence[Compared]) -> Rows:
    """What each longer timeline has had less of by the end than the shortest, paired, with 95 %."""
    if len(rows) < 2:  # noqa: PLR2004 - two to compare
        return []
    shortest = min(rows, key=lambda c: c.years)
    out = []
    for c in rows:
        if c is not shortest:
            lost = lost_by_waiting(shortest, c).values()
            out.append([f"{c.years} years", *(f"{amount(d)} ({_interval(i)})" for d, i in lost)])
    return out


def _interval(interval: tuple[float, float], scale: float = 1, form: Callable[[float], str] = amount) -> str:
    if not np.isfinite(interval).all():
        return "one future has no interval"
    return f"{form(scale * interval[0])} to {form(scale * interval[1])}"


def _contribution_rows(contributed: Sequence[Change]) -> Rows:
    """What changes without each mechanism, by timeline: points of delivered and of safe, and beds closed."""
    rows: dict[tuple[str, int], list[str]] = {}
    for c in contributed:
        scale = 100 if c.measure in ("delivered", "safe") else 1
        own = rows.setdefault((c.left_out, c.years), [MECHANISMS[c.left_out], f"{c.years} years"])
        own.append(f"{signed(scale * c.difference)} ({_interval(c.interval, scale, form=signed)})")
    return list(rows.values())
