"""``carebridge compare``: one plan on several timelines, paired, and what each mechanism contributes."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arms.memory import gigabytes
from models.arms.prepare import USUAL
from models.command_line.out_folder import folder_faults
from models.command_line.words import WHERE, one_of, own_words, path
from models.compare.compare import AFTER, AS_PLANNED, BEFORE, CALENDAR, OWN, WINDOWS, Compared, compare, end_of_runs
from models.compare.contributions import Change, changes
from models.compare.costs import Both, cost_summary
from models.compare.mechanisms import AROUND, MECHANISMS, present
from models.measures.tails import in_short, tails
from models.settings.request import parse
from models.settings.run_only import refuse_what_only_runs_do
from models.settings.settings import Settings, settings
from models.verdict.verdict import SCHEMA_VERSION
from sim.arrow import write_table
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.files import run_folder, write_json
from sim.statistics import binomial_bounds

__all__ = ["HELP", "compare_command"]

HELP = """carebridge compare [key=value ...] [--dry-run]

  timeline=3y,5y,10y,15y    the timelines to compare; all meet the same people and are judged over the same years
  without=all               mechanisms to leave out one at a time: all, none, or names with commas:
                            approval proof mothball lead_time ramp staff change_capacity money rules
                            feedback; those that the run does not have are named
  window=both               over which years timelines are judged: calendar, the same years for all; plan, the two years
                            before each plan's own end and the one after it; both, calendar first
  replications=48           of every timeline, with and without each mechanism
  out=DIR                   folder for compare.html, its charts and tables; without it the tables are only printed
  --dry-run                 print the configuration and an estimate of arms, time and memory, and run nothing

Every key of `carebridge run` can be set too. P(delivered), P(safe) and P(both) with exact one-sided 95 % bounds; what
changes when a mechanism is left out is its contribution, with the 95 % interval of the paired difference.
"""
USUAL_TIMELINES = ("3y", "5y", "10y", "15y")


def compare_command(words: list[str]) -> int:
    """Run the comparison; returns the exit code."""
    keys = {"without": _mechanisms, "window": one_of(*WINDOWS), "out": path}
    own, rest, faults = own_words(words, keys, ("dry-run",))
    request = parse(rest)
    if not any(word.startswith("timeline=") for word in rest):
        request.timelines = USUAL_TIMELINES
    out: Path | None = own["out"]
    faults += folder_faults(out) if out else []
    if faults:
        raise FaultsError(faults, WHERE)
    chosen = settings(request)
    if chosen.fit is None:
        raise CarebridgeError(f"{chosen.footprint.title} has no baseline; `carebridge run` says why.")
    refuse_what_only_runs_do(chosen)
    asked = own["without"]
    workers = chosen.request.workers or os.cpu_count() or 1
    there = present(chosen)
    asked = list(MECHANISMS) if asked is None else list(asked)
    wanted, absent = ([name for name in asked if there[name] is kept] for kept in (True, False))
    windows = own["window"] or "both"
    if windows == OWN and (short := [t for t in chosen.timelines if t.years < BEFORE]):
        rule = f"a plan's own years begin {BEFORE} years before its end; a timeline of {short[0].years} has none."
        raise FaultsError([Fault("window", OWN, rule)], WHERE)
    if "dry-run" in own.flags:
        return _dry_run(chosen, wanted, absent, windows)
    found = compare(chosen, wanted, workers, lambda text: print(text, file=sys.stderr), windows)
    contributed = changes(found)
    said = [*_timelines(chosen, found), "", *_own_years(found), *_contributions(contributed), *_absent(absent)]
    print("\n".join(said))
    if out:
        _write(out, chosen, found, contributed, absent)
        print(f"Report, tables and charts: {out / 'compare.html'}")
    return 0


def _dry_run(chosen: Settings, wanted: list[str], absent: list[str], windows: str) -> int:
    """Print what the comparison would run, and what that would take."""
    from models.run.runner import tell_cost

    alone = replace(chosen, waterfall=0, sensitivity=0)  # which only `carebridge run` shows
    usual = [USUAL, *(f"{USUAL} without {name}" for name in AROUND if name in wanted)]
    timelines = [timeline.name for timeline in chosen.timelines]
    named = ", ".join([*usual, *timelines])
    named += f"; each timeline again without {', '.join(wanted)}" if wanted else ""
    arms, end = len(usual) + len(timelines) * (1 + len(wanted)), end_of_runs(chosen, WINDOWS[windows])
    # the arm before is there until the next is done; books of what is as planned stay, each beside business as usual
    tell_cost(alone, arms, named, end, gigabytes(alone, len(usual) + 2, 2 * len(timelines) + 2))
    for line in _absent(absent):
        print(line)
    return 0


def _write(out: Path, chosen: Settings, found: list[Compared], contributed: list[Change], absent: list[str]) -> None:
    """Write the folder: tables, the same in one JSON file, and the report with its charts."""
    from models.report.compare_page import write_compare_report

    with run_folder(out) as folder:
        hashes = {}
        written = {"compare": (_table(found), UNITS | COST_UNITS), "compare_months": (_months(found), MONTHS_UNITS)}
        for name, (table, units) in written.items():
            about = _about(chosen, name)
            hashes[f"{name}.arrow"] = write_table(folder / f"{name}.arrow", table, units, about)
        document = {"schema_version": SCHEMA_VERSION, "scenario_hash": chosen.scenario_hash}
        document |= {"rows": [_summary(row) for row in found], "contributions": [_plain(c) for c in contributed]}
        write_json(folder / "compare.json", document)
        charts = write_compare_report(folder, chosen, found, contributed, absent)
        manifest = {"scenario_hash": chosen.scenario_hash, "tables": hashes, "charts": charts}
        manifest |= {"files": ["compare.json", "compare.html"]}
        write_json(folder / "manifest.json", {**manifest, "config": chosen.composed})


def _plain(c: Change) -> dict[str, Any]:
    """A change for JSON, which knows no infinity: one replication alone has no interval."""
    row = asdict(c)
    return row if np.isfinite(c.interval).all() else {**row, "interval": None}


def _mechanisms(key: str, text: str) -> Any:
    if text in ("all", "none"):
        return tuple(MECHANISMS) if text == "all" else ()
    names = tuple(name for name in text.split(",") if name)
    for name in names:
        if name not in MECHANISMS:
            rule = f"no such mechanism; there are: all, none, {', '.join(MECHANISMS)}."
            return Fault(key, name, rule, WHERE, nearest(name, MECHANISMS))
    return names


def _interval(values: npt.NDArray[np.float64]) -> str:
    low, high = np.quantile(values, tails(len(values)))
    return f"{values.mean():.0f} ({low:.0f} to {high:.0f})"


def _probability(one: dict[str, Any]) -> str:
    low, high = one["interval"]
    return f"{one['probability']:.0%} ({low:.0%} to {high:.0%})"


def _timelines(chosen: Settings, found: list[Compared]) -> list[str]:
    rows: list[tuple[str, ...]] = [
        ("years", "delivered", "safe", "both", "beds closed", "months late", "peak double running", "bed-years of it")
    ]
    if any(c.cost for c in found):
        rows[0] = (*rows[0], "its cost, £m", "in the dearest year, £m", "pays for itself after")
    for c in (c for c in found if c.left_out == AS_PLANNED):
        v = c.verdict
        both = {"probability": v.probability, "interval": v.interval}
        late = f"{np.nanmean(c.late_months):.0f}" if np.isfinite(c.late_months).any() else "-"
        closed = f"{_interval(c.closed)} of {c.planned}"
        ends = (closed, late, f"{_interval(c.peak)} beds", _interval(c.bed_years))
        ends += _costs(c.cost) if c.cost else ()
        rows.append((str(c.years), _probability(v.delivered), _probability(v.safe), _probability(both), *ends))
    futures = f"{chosen.replications} simulated futures of each, {chosen.future.title.lower()}."
    futures += f" In brackets: exact 95 % bounds of shares, else {in_short(chosen.replications)} of futures."
    return [f"{chosen.plan.title}, {chosen.footprint.title}; {futures}", *_aligned(rows)]


def _costs(cost: Both) -> tuple[str, ...]:
    """Double running in pounds, for one timeline."""
    done, futures = cost.reached, f"{len(cost.break_even)} simulated futures"
    even = f"{np.median(done):.0f} years, in {len(done)} of {futures}" if len(done) else "never"
    year = f"{cost.dearest}/{(cost.dearest + 1) % 100:02d}"
    return _interval(cost.total), f"{_interval(cost.peak_year)} ({year})", even


def _own_years(found: list[Compared]) -> list[str]:
    """The same over each plan's own years, where both were asked for."""
    if CALENDAR not in found[0].judged:
        return []
    rows = [("years", "judged over", "delivered", "safe", "both")]
    for c in (c for c in found if c.left_out == AS_PLANNED and OWN in c.judged):
        v = c.judged[OWN].verdict
        both = {"probability": v.probability, "interval": v.interval}
        span = f"{v.window[0]} to {v.window[1]}"
        rows.append((str(c.years), span, _probability(v.delivered), _probability(v.safe), _probability(both)))
    if len(rows) == 1:
        return []
    return [f"Over each plan's own years, {BEFORE} before its end and {AFTER} after:", *_aligned(rows), ""]


def _contributions(contributed: list[Change]) -> list[str]:
    """What changes on each timeline when a mechanism is left out, with the interval of the paired difference."""
    if not contributed:
        return []
    cells: dict[tuple[str, int], list[str]] = {}
    for c in contributed:
        scale = 100 if c.measure in ("delivered", "safe") else 1
        low, high = (scale * end for end in c.interval)
        cells.setdefault((c.left_out, c.years), []).append(f"{scale * c.difference:+.0f} ({low:+.0f} to {high:+.0f})")
    heads = ("without", "years", "delivered, points", "safe, points", "beds closed")
    rows = [heads, *((MECHANISMS[name], str(years), *own) for (name, years), own in cells.items())]
    return ["What each mechanism contributes: the change when it alone is left out (95 %).", *_aligned(rows)]


def _absent(names: list[str]) -> list[str]:
    """Say which mechanisms were asked for in vain."""
    return [f"Not in these runs: {'; '.join(MECHANISMS[name] for name in names)}."] if names else []


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]


UNITS = {
    "years": "years",
    "closed": "beds",
    "planned": "beds",
    "opened": "places",
    "late": "months",
    "peak": "beds",
    "bed_years": "bed-years",
}
COST_UNITS = {"double_running": "GBP million", "dearest_year": "GBP million", "break_even": "years"}


def _table(found: list[Compared]) -> pa.Table:
    """One row a timeline, mechanism and replication; costs where money is kept."""
    costs = COST_UNITS if all(c.cost for c in found) else {}
    columns: dict[str, list[Any]] = {name: [] for name in ("timeline", "left_out", "replication", *UNITS, *costs)}
    for c in found:
        for r in range(len(c.closed)):
            row = (c.timeline, c.left_out, r, c.years, c.closed[r], c.planned, c.opened[r])
            row = (*row, c.late_months[r], c.peak[r], c.bed_years[r])
            if c.cost and costs:
                row = (*row, c.cost.total[r], c.cost.peak_year[r], c.cost.break_even[r])
            for name, value in zip(columns, row, strict=True):
                columns[name].append(value)
    return pa.table(columns)


MONTHS_UNITS = {"mean": "beds or places", "p05": "beds or places", "p95": "beds or places"}


def _months(found: list[Compared]) -> pa.Table:
    """Beds closed, places open and beds running double in every month of every timeline as planned."""
    parts = []
    for c in (c for c in found if c.left_out == AS_PLANNED):
        for what, values in c.by_month.items():
            low, high = np.quantile(values, [0.05, 0.95], axis=0)
            names = {"timeline": [c.timeline] * len(c.months), "what": [what] * len(c.months), "month": c.months}
            parts.append(pa.table({**names, "mean": values.mean(axis=0), "p05": low, "p95": high}))
    return pa.concat_tables(parts)


ABOUT = {
    "compare": "one plan on several timelines, with all mechanisms and with each left out, by replication",
    "compare_months": "beds closed so far, places open beyond those before, and beds running double; mean and 5-95 %",
}


def _about(chosen: Settings, table: str) -> dict[str, str]:
    what = ABOUT[table]
    return {"schema_version": SCHEMA_VERSION, "scenario_hash": chosen.scenario_hash, "description": what}


def _summary(c: Compared) -> dict[str, Any]:
    passes = round(c.verdict.probability * c.verdict.replications)
    own = c.judged.get(OWN)
    return {
        "timeline": c.timeline,
        "years": c.years,
        "left_out": c.left_out,
        "window": c.verdict.window,
        "own_window": None if own is None else own.verdict.as_dict(),
        "delivered": c.verdict.delivered,
        "safe": c.verdict.safe,
        "both": {"probability": c.verdict.probability, "interval": binomial_bounds(passes, len(c.closed), 0.95)},
        "verdict": c.verdict.verdict,
        "binding_criterion": c.verdict.binding_criterion,
        "beds_closed": float(c.closed.mean()),
        "beds_planned": c.planned,
        "places_opened": float(c.opened.mean()),
        "peak_double_running_beds": float(c.peak.mean()),
        "double_running_bed_years": float(c.bed_years.mean()),
        **cost_summary(c.cost),
    }
