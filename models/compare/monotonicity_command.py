"""``carebridge monotonicity``: what more community places do to access, a table a service."""

from __future__ import annotations

import os
import sys
from typing import Any

import pyarrow as pa

from models.command_line.out_folder import folder_faults
from models.command_line.words import WHERE, own_words, path
from models.compare.monotonicity import MEASURES, PLACES, Added, monotonicity, not_falling
from models.settings.request import parse
from models.settings.run_only import refuse_what_only_runs_do
from models.settings.settings import Settings, settings
from models.verdict.verdict import SCHEMA_VERSION
from sim.arrow import write_table
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.files import run_folder, write_json

__all__ = ["HELP", "lines", "monotonicity_command"]

HELP = """carebridge monotonicity [key=value ...]

  services=all              services to which places are added, one at a time: all, or names with commas
  places=10,25,50,100       how many places, over the whole footprint, from the first day of the plan on
  replications=48           of each, the same people in all
  out=DIR                   folder for monotonicity.arrow; without it the table is only printed

Every key of `carebridge run` can be set too; plan=none asks about the area as it is. The changes are means of paired
differences, with one-sided bounds of 95 % confidence each: `better` (the change is below nought), `no harm` (within the
margin of the verdict), `harm` (above nought), or `undetermined` (more replications are needed). Only places are added,
not the effect on demand that a future ties to places at home. Ends with code 1 where more places do harm.
"""
FEWEST, MOST = 2, 100_000


def monotonicity_command(words: list[str]) -> int:
    """Run it; returns the exit code (1 where more places do harm)."""
    own, rest, faults = own_words(words, {"services": _names, "places": _numbers, "out": path})
    request = parse(rest)
    faults += folder_faults(own["out"]) if own["out"] else []
    if faults:
        raise FaultsError(faults, WHERE)
    chosen = settings(request)
    refuse_what_only_runs_do(chosen)
    if chosen.fit is None:
        raise CarebridgeError(f"{chosen.footprint.title} has no baseline; `carebridge run` says why.")
    services = own["services"] or tuple(chosen.footprint.pathways)
    if faults := _faults(chosen, services):
        raise FaultsError(faults, WHERE)
    workers = request.workers or os.cpu_count() or 1
    found = monotonicity(
        chosen, services, own["places"] or PLACES, workers, lambda text: print(f"{text} ...", file=sys.stderr)
    )
    print("\n".join(lines(chosen, found)))
    if own["out"]:
        with run_folder(own["out"]) as folder:
            hashed = write_table(folder / "monotonicity.arrow", _table(found), UNITS, _about(chosen))
            manifest = {"scenario_hash": chosen.scenario_hash, "tables": {"monotonicity.arrow": hashed}, "charts": []}
            write_json(folder / "manifest.json", {**manifest, "config": chosen.composed})
        print(f"Table: {own['out']}")
    return 1 if any(row.says == "harm" for row in found) else 0


def lines(chosen: Settings, found: list[Added]) -> list[str]:
    """Return the table as it is printed."""
    rows, before = [("service", "measure", "places", "share", "change (95 % bounds), points", "says")], ("", "")
    for row in found:
        if (row.service, row.measure) != before:
            before = (row.service, row.measure)
            rows.append((*before, "as planned", f"{100 * row.without.mean():.2f} %", "", ""))
        low, high = (100 * x for x in row.bounds)
        change = f"{100 * row.change:+.2f} ({low:+.2f} to {high:+.2f})"
        rows.append((row.service, row.measure, f"+{row.places}", f"{100 * row.values.mean():.2f} %", change, row.says))
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    futures = f"{len(found[0].values)} simulated futures each"
    out = [f"{chosen.plan.title}, {chosen.footprint.title}: more places from the first day on; {futures}."]
    out += ["  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    out += [f"  {name}: {what}" for name, what in MEASURES.items()]
    for fewer, more in not_falling(found):
        out.append(f"  {more.measure}: {more.places} more places of {more.service} are worse than {fewer.places}.")
    return out


def _names(key: str, text: str) -> Any:
    names = tuple(name for name in text.split(",") if name)
    return None if names == ("all",) else names or Fault(key, text, "all, or names with commas.", WHERE)


def _numbers(key: str, text: str) -> Any:
    try:
        numbers = sorted({int(part) for part in text.split(",")})
    except ValueError:
        return Fault(key, text, "whole numbers with commas.", WHERE, example="places=10,25,50,100")
    if not all(0 <= number <= MOST for number in numbers):
        return Fault(key, text, f"each must lie between 0 and {MOST}.", WHERE)
    return tuple(numbers)


def _faults(chosen: Settings, services: tuple[str, ...]) -> list[Fault]:
    known = list(chosen.footprint.pathways)
    rule = f"no such service; there are: all, {', '.join(known)}."
    found = [Fault("services", s, rule, WHERE, nearest(s, known)) for s in services if s not in known]
    if chosen.replications < FEWEST:
        found.append(Fault("replications", chosen.replications, "two or more are needed to compare means.", WHERE))
    return found


UNITS = {"places": "places", "share": "share", "without": "share"}


def _table(found: list[Added]) -> pa.Table:
    """One row a service, number of places, measure and replication."""
    columns: dict[str, list[Any]] = {name: [] for name in ("service", "measure", "replication", *UNITS)}
    for row in found:
        for r, (value, without) in enumerate(zip(row.values, row.without, strict=True)):
            one = (row.service, row.measure, r, row.places, float(value), float(without))
            for name, cell in zip(columns, one, strict=True):
                columns[name].append(cell)
    return pa.table(columns)


def _about(chosen: Settings) -> dict[str, str]:
    what = "what more community places do to access, beside the same plan without them, by replication"
    return {"schema_version": SCHEMA_VERSION, "scenario_hash": chosen.scenario_hash, "description": what}
