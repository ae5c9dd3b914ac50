"""The folder of a run: Arrow tables, books, verdict, report with charts, and the manifest that says what made it."""

from __future__ import annotations

import datetime as dt
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from models.command_line.doctor import machine, peak_memory_mb, versions
from models.finance.simulated.files import write_books
from models.finance.simulated.results import money_table
from models.run.columns import OF_EACH
from models.run.outputs import (
    baseline_table,
    each_table,
    sensitivity_table,
    tables,
    verdict_table,
    waterfall_count_table,
    waterfall_table,
    write_tables,
)
from models.run.patients import patients_table
from models.search.write import write_search
from models.system.details import BEDS
from models.verdict.verdict import SCHEMA_VERSION
from models.waterfall.arithmetic import arithmetic
from sim.files import run_folder, write_json

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = ["all_tables", "verdict_document", "write_run"]


def write_run(out: Path, outcome: Outcome, began: float) -> None:
    """Write everything about a run into a new folder, whole or not at all.

    Parameters
    ----------
    began : float
        When it was begun (seconds since 1970), for the manifest.
    """
    from models.report import write_money_pages, write_report

    chosen = outcome.settings
    with run_folder(out) as folder:
        hashes = write_tables(folder, all_tables(outcome), chosen.scenario_hash)
        for name in chosen.request.each if outcome.verdicts else ():  # one at a time: they may be large
            table = each_table(name, outcome.observed, outcome.window)
            hashes |= write_tables(folder, {name + OF_EACH: table} if table else {}, chosen.scenario_hash)
        if table := patients_table(outcome.observed):
            hashes |= write_tables(folder, {"patients": table}, chosen.scenario_hash)
        if outcome.money:
            hashes |= write_books(folder, outcome.money, chosen.scenario_hash)
        write_json(folder / "verdict.json", verdict_document(outcome))
        charts, (drawn, pages) = write_report(folder, outcome), write_money_pages(folder, outcome)
        if outcome.found:
            written = write_search(folder, chosen, outcome.found)
            hashes, drawn, pages = hashes | written.hashes, drawn + written.charts, pages + written.files
        about = _manifest(outcome, hashes, charts + drawn, began)
        write_json(folder / "manifest.json", about | ({"files": pages} if pages else {}))


def all_tables(outcome: Outcome) -> dict[str, pa.Table]:
    """Every table of a run but its books and those of every replication, by name; none without a baseline."""
    found: dict[str, pa.Table] = {}
    if outcome.verdicts:
        found = tables(outcome.observed, outcome.assessed, outcome.window)
        if outcome.waterfall:
            found |= {"waterfall": waterfall_table(outcome.waterfall.table())}
            found |= {"waterfall_count": waterfall_count_table(outcome.waterfall)}
        if outcome.matters:
            found |= {"sensitivity": sensitivity_table(outcome.matters)}
        found |= {"baseline": baseline_table(outcome.baseline), "verdict": verdict_table(outcome.verdicts)}
    return found | ({"money": money_table(outcome.money)} if outcome.money else {})


def verdict_document(outcome: Outcome) -> dict[str, Any]:
    """Plain data of ``verdict.json``: the first timeline on top, all of them under ``timelines``."""
    chosen = outcome.settings
    head = {
        "schema_version": SCHEMA_VERSION,
        "footprint": chosen.footprint.name,
        "plan": chosen.plan.name,
        "scenario": chosen.request.scenario,
        **({} if chosen.detail == BEDS else {"detail": chosen.detail}),
        "future": chosen.future.name,
        "future_decides": chosen.future.decides,
        "scenario_hash": chosen.scenario_hash,
        "seed": chosen.seed,
    }
    if outcome.system is None:
        nothing = {
            "verdict": "no baseline",
            "probability": None,
            "interval": None,
            "binding_criterion": None,
            "criteria": [],
            "replications": 0,
            "reasons": outcome.baseline.reasons,
        }
        return {**head, **nothing, "timelines": []}
    all_of_them = [v.as_dict() for v in outcome.verdicts.values()]
    sums = {
        name: asdict(arithmetic(outcome.system, s, chosen.future, chosen.criteria))
        for name, s in outcome.schedules.items()
    }
    return {**head, **all_of_them[0], "arithmetic": sums, "baseline": outcome.baseline.errors, "timelines": all_of_them}


def _manifest(outcome: Outcome, hashes: dict[str, str], charts: list[str], began: float) -> dict[str, Any]:
    """What made this folder; the only file that may differ between two runs of the same configuration."""
    chosen = outcome.settings
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario_hash": chosen.scenario_hash,
        "command": ["carebridge", "run", *chosen.request.words],
        "finished": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "seconds": round(time.time() - began, 1),
        "peak_memory_mb": peak_memory_mb(),
        "workers": chosen.request.workers or os.cpu_count(),
        "versions": versions(),
        "machine": machine(),
        "seed": chosen.seed,
        "replications": chosen.replications,
        "events": {name: o.events for name, o in (outcome.observed | outcome.kept).items()},
        "tables": hashes,
        "charts": charts,
        "config": chosen.composed,
    }
