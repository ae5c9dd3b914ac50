"""What a search leaves in a folder: a table, all answers in one JSON file, and a page with charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from models.search.look import BOTH, OUTCOMES, SAFE, Found, Stretch, Tried
from models.search.told import command, in_short, says
from models.settings.settings import Settings
from models.verdict.verdict import SCHEMA_VERSION
from sim.arrow import write_table
from sim.files import write_json

__all__ = ["Written", "write_search"]

ABOUT = "values of a number of the plan or of the world, and with what probability the plan holds at each"
UNITS = {
    "value": "see question",
    "given_value": "see given",
    "closed_mean": "beds",
    "closed_p05": "beds",
    "closed_p95": "beds",
}


@dataclass(frozen=True)
class Written:
    """Files of a search: hashes of tables, charts, and the others."""

    hashes: dict[str, str]
    charts: list[str]
    files: list[str]


def write_search(folder: Path, chosen: Settings, found: Sequence[Found]) -> Written:
    """Write everything into a folder that is there; the same search gives the same bytes."""
    from models.report.search_page import write_search_report

    about = {"schema_version": SCHEMA_VERSION, "scenario_hash": chosen.scenario_hash, "description": ABOUT}
    hashed = write_table(folder / "search.arrow", _table(found), UNITS, about)
    document = {"schema_version": SCHEMA_VERSION, "scenario_hash": chosen.scenario_hash, "in_short": in_short(found)}
    write_json(folder / "search.json", {**document, "answers": [_plain(one) for one in found]})
    charts = write_search_report(folder, chosen, found)
    return Written({"search.arrow": hashed}, charts, ["search.json", "search.html"])


def _plain(found: Found) -> dict[str, Any]:
    answers = {}
    for outcome in OUTCOMES:
        furthest = found.possible(outcome)
        answers[outcome] = {
            "credible": [_ends(over) for over in found.stretches(outcome)],
            "not_ruled_out_up_to": furthest and furthest.value,
        }
    q = found.question
    return {
        "question": q.name,
        "asks": q.asks,
        "timeline": found.timeline,
        "given": found.given and {"question": found.given.question.name, "value": found.given.value},
        "unit": q.unit,
        "times": q.scale,
        "planned": q.planned,
        "answers": answers,
        "in_words": says(found),
        "tried": [_point(one) | {"command": command(found, one)} for one in found.tried],
    }


def _ends(over: Stretch) -> dict[str, float | None]:
    return {
        "from": over.first.value,
        "to": over.last.value,
        "not_at_easier": over.before and over.before.value,
        "not_at_harder": over.beyond and over.beyond.value,
    }


def _point(one: Tried) -> dict[str, Any]:
    v = one.verdict
    both = {"probability": v.probability, "interval": v.interval}
    return {
        "value": one.value,
        "moves": one.moves,
        "replications": v.replications,
        "delivered": v.delivered,
        "safe": v.safe,
        "both": both,
        "verdict": v.verdict,
        "binding_criterion": v.binding_criterion,
        "beds_closed": one.closed,
        "words": one.words,
    }


def _table(found: Sequence[Found]) -> pa.Table:
    """One row a question, timeline and value."""
    rows = []
    for one in found:
        for t in one.tried:
            v = t.verdict
            row: dict[str, Any] = {"question": one.question.name, "timeline": one.timeline}
            row |= {"given": one.given.question.name, "given_value": one.given.value} if one.given else {}
            row |= {"value": t.value}
            row |= {"replications": v.replications, "verdict": v.verdict, "binding_criterion": v.binding_criterion}
            parts = {"delivered": (v.delivered["probability"], v.delivered["interval"])}
            for name, (share, (low, high)) in (parts | {o: t.chance(o) for o in (SAFE, BOTH)}).items():
                row |= {name: share, f"{name}_low": low, f"{name}_high": high}
            rows.append(row | dict(zip(("closed_mean", "closed_p05", "closed_p95"), t.closed, strict=True)))
    return pa.Table.from_pylist(rows)
