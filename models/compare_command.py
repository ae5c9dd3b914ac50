"""``carebridge compare``: one plan on several timelines, paired, and what each mechanism contributes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.compare import AS_PLANNED, MECHANISMS, Both, Compared, compare
from models.compose import Settings, folder_faults, parse, settings
from models.verdict import SCHEMA_VERSION
from models.words import WHERE, own_words, path
from sim.arrow import write_table
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.files import run_folder, write_json
from sim.statistics import binomial_bounds

__all__ = ["HELP", "compare_command"]

HELP = """carebridge compare [key=value ...]

  timeline=3y,5y,10y,15y    the timelines to compare; all meet the same people and are judged over the same years
  without=all               mechanisms to leave out one at a time: all, none, or names with commas:
                            approval proof mothball lead_time ramp staff change_capacity rules feedback
  replications=48           of every timeline, with and without each mechanism
  out=DIR                   folder for compare.arrow and compare.json; without it the tables are only printed

Every key of `carebridge run` can be set too. P(delivered), P(safe) and P(both) with exact one-sided 95 % bounds; what
changes when a mechanism is left out is its contribution.
"""
USUAL_TIMELINES = ("3y", "5y", "10y", "15y")


def compare_command(words: list[str]) -> int:
    """Run the comparison; returns the exit code."""
    own, rest, faults = own_words(words, {"without": _mechanisms, "out": path})
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
    asked = own["without"]
    workers = chosen.request.workers or os.cpu_count() or 1
    wanted = list(MECHANISMS) if asked is None else list(asked)
    found = compare(chosen, wanted, workers, lambda text: print(text, file=sys.stderr))
    print("\n".join([*_timelines(chosen, found), "", *_contributions(found)]))
    if out:
        with run_folder(out) as folder:
            hashed = write_table(folder / "compare.arrow", _table(found), UNITS | COST_UNITS, _about(chosen))
            document = {"schema_version": SCHEMA_VERSION, "scenario_hash": chosen.scenario_hash}
            document |= {"rows": [_summary(row) for row in found]}
            write_json(folder / "compare.json", document)
            manifest = {"scenario_hash": chosen.scenario_hash, "tables": {"compare.arrow": hashed}, "charts": []}
            write_json(folder / "manifest.json", {**manifest, "config": chosen.composed})
        print(f"Tables: {out}")
    return 0


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
    low, high = np.quantile(values, [0.05, 0.95])
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
    runs = f"{chosen.replications} runs each, {chosen.future.title.lower()}."
    return [f"{chosen.plan.title}, {chosen.footprint.title}; {runs}", *_aligned(rows)]


def _costs(cost: Both) -> tuple[str, ...]:
    """Double running in pounds, for one timeline."""
    done = cost.break_even[np.isfinite(cost.break_even)]
    even = f"{np.median(done):.0f} years, in {len(done)} of {len(cost.break_even)} runs" if len(done) else "never"
    year = f"{cost.dearest}/{(cost.dearest + 1) % 100:02d}"
    return _interval(cost.total), f"{_interval(cost.peak_year)} ({year})", even


def _contributions(found: list[Compared]) -> list[str]:
    """What changes on each timeline when a mechanism is left out."""
    planned = {c.timeline: c for c in found if c.left_out == AS_PLANNED}
    others = list(dict.fromkeys(c.left_out for c in found if c.left_out != AS_PLANNED))
    if not others:
        return []
    rows = [("without", *(f"{c.years} years: delivered, safe, beds closed" for c in planned.values()))]
    for name in others:
        cells = []
        for timeline, base in planned.items():
            c = next(c for c in found if (c.left_out, c.timeline) == (name, timeline))
            delivered = c.verdict.delivered["probability"] - base.verdict.delivered["probability"]
            safe = c.verdict.safe["probability"] - base.verdict.safe["probability"]
            cells.append(f"{100 * delivered:+.0f}, {100 * safe:+.0f} points, {(c.closed - base.closed).mean():+.0f}")
        rows.append((MECHANISMS[name], *cells))
    return ["What each mechanism contributes: the change when it alone is left out.", *_aligned(rows)]


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


def _about(chosen: Settings) -> dict[str, str]:
    what = "one plan on several timelines, with all mechanisms and with each left out, by replication"
    return {"schema_version": SCHEMA_VERSION, "scenario_hash": chosen.scenario_hash, "description": what}


def _summary(c: Compared) -> dict[str, Any]:
    done = c.cost.break_even[np.isfinite(c.cost.break_even)] if c.cost else np.zeros(0)
    cost = (
        {}
        if c.cost is None
        else {
            "double_running_million_gbp": float(c.cost.total.mean()),
            "dearest_year_million_gbp": float(c.cost.peak_year.mean()),
            "dearest_year": c.cost.dearest,
            "break_even_years": float(np.median(done)) if len(done) else None,
            "break_even_runs": len(done),
        }
    )
    passes = round(c.verdict.probability * c.verdict.replications)
    return {
        "timeline": c.timeline,
        "years": c.years,
        "left_out": c.left_out,
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
        **cost,
    }
