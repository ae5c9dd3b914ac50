"""A back-test in plain words and Markdown tables, as its page quotes them: what was known, said, and what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.backtest.inputs import KNOWN, LATER, UNDATED
from models.backtest.run import CONTROL, Found, Said
from models.measures.tails import in_short, tails
from models.plans import Gates
from models.plans.listing import what_moves
from models.report.words import cause_in_short

__all__ = ["document", "hindsight", "lines"]


def lines(found: Found) -> list[str]:
    """The whole back-test as Markdown."""
    case = found.case
    head = [f"### {case.title}", "", case.question]
    return [*head, "", *_known(found), "", *_plan(found), "", *_model(found), "", *_happened(found)]


def _known(found: Found) -> list[str]:
    case, growth = found.case, found.case.growth
    ends = f"{100 * growth.range[0]:+.1f} to {100 * growth.range[1]:+.1f}"
    out = [
        "**What was known.** "
        f"Growth of overnight bed-days: {100 * growth.value:+.2f} % a year ({ends}; {growth.source}, {growth.year}).",
        "",
        f"| figures the model is told | of {case.known_until} or before | later: hindsight | no date: assumed |",
        "|---|---|---|---|",
    ]
    counts = found.told.groupby(["part", "dated"]).size().unstack(fill_value=0)
    for part in dict.fromkeys(found.told["part"]):
        row = [int(counts.loc[part].get(dated, 0)) for dated in (KNOWN, LATER, UNDATED)]
        out.append(f"| {_PARTS[part]} | {row[0]} | {row[1]} | {row[2]} |")
    return out


_PARTS = {
    "footprint": "the area and its hospitals",
    "plan": "the plan",
    "gates": "gates before beds close",
    "criteria": "criteria of the verdict",
    "feedback": "answers of stays to pressure",
    "around": "staff and other stocks",
    "case": "growth",
}


def _plan(found: Found) -> list[str]:
    case = found.case
    whole = f"{_sentence(what_moves(found.chosen.plan))}, in {found.chosen.timelines[0].years} years"
    out = (
        f"**What the plan said.** {whole} from April {case.began.year}. Laid out in those years, {found.due} of "
        f"{found.planned} beds and community places were to be closed by the end of {case.last} (month {found.month})"
    )
    if found.due_hospital is not None:
        out += f", and {found.due_hospital:.0f} hospital beds from {case.first} to {case.last} (means of the quarters)"
    return [f"{out}."]


def _model(found: Found) -> list[str]:
    """One column an assumption, and one for what happened where it is known."""
    case, said = found.case, found.said
    months = round(found.chosen.criteria.delivered_within_months.value)
    share = found.chosen.criteria.delivered_share.value
    rows = {
        "": [one.title for one in said],
        "known": [one.known or "-" for one in said],
        f"closed by the end of {case.last}, of {found.due} due": [_range(one.closed) for one in said],
    }
    seen = {}
    if found.due_hospital is not None:
        name = f"hospital beds since {case.first}, of {_signed(-found.due_hospital)} planned"
        rows[name] = [_range(-one.hospital, sign=True) for one in said if one.hospital is not None]
        seen = {"": "what happened", name: _signed(found.happened["change"].iloc[-1])}
    rows |= {
        f"on plan then ({share:.0%} of what was due {months} months before)": [
            "nothing was due" if one.on_plan is None else _share(one.on_plan.mean()) for one in said
        ],
        "nothing closed then": [_share(one.none_closed.mean()) for one in said],
        "beds due and still open then, by what held them": [_held(one, found.chosen.gates) for one in said],
        "whole plan delivered in the end": [_bounded(one.verdict.delivered) for one in said],
        "safe": [_bounded(one.verdict.safe) for one in said],
    }
    if seen:
        rows = {key: [*cells, seen.get(key, "-")] for key, cells in rows.items()}
    count = found.chosen.replications
    futures = f"{count} simulated futures (mean, {in_short(count)} of futures)"
    head = f"**What the model says** of the same months, in {futures}:"
    return [head, "", *_table(rows)]


def _table(rows: Mapping[str, Sequence[str]]) -> list[str]:
    """Markdown table; the first row is its head, and keys are its first column."""
    drawn = [f"| {' | '.join([name, *cells])} |" for name, cells in rows.items()]
    columns = len(next(iter(rows.values()))) + 1
    return [drawn[0], f"|{'---|' * columns}", *drawn[1:]]


def _bounded(part: Mapping[str, Any]) -> str:
    low, high = part["interval"]
    return f"{part['probability']:.0%} ({low:.0%} to {high:.0%})"


def _happened(found: Found) -> list[str]:
    out = ["**What happened.**", ""]
    out += [f"- {fact.text} ({fact.status}: {fact.source})." for fact in found.case.happened.values()]
    rows = found.happened.to_dict("records")
    if not rows:
        return out
    cells = {
        "": [str(row["quarter"]) for row in rows],
        "hospital beds open": [f"{row['available']:,.0f}" for row in rows],
        f"change since {rows[0]['quarter']}": [_signed(row["change"]) for row in rows],
    }
    return [*out, "", *_table(cells)]


def hindsight(found: Sequence[Found]) -> list[str]:
    """Figures of later years than the plans, by year and source, and how many each case is told."""
    names = [one.case.name for one in found]
    rows: Any = pd.concat([one.told.assign(case=one.case.name) for one in found])
    rows = rows[rows["dated"] == LATER]
    counts = rows.groupby(["year", "source", "case"]).size().unstack(fill_value=0).reindex(columns=names, fill_value=0)
    out = ["### Figures of later years than the plans", ""]
    out += [f"| of | source | {' | '.join(one.case.title for one in found)} |", f"|---|---|{'---|' * len(names)}"]
    return [*out, *(f"| {year} | {source} | {' | '.join(map(str, row))} |" for (year, source), row in _rows(counts))]


def _rows(counts: Any) -> Iterable[tuple[tuple[str, str], list[int]]]:
    return ((key, [int(n) for n in row]) for key, row in zip(counts.index, counts.to_numpy(), strict=True))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _signed(value: float) -> str:
    """A whole number with its sign; nought has none."""
    return "0" if round(value) == 0 else f"{round(value):+d}"


def _range(values: npt.NDArray[np.float64], sign: bool = False) -> str:
    low, high = np.quantile(values, tails(len(values)))
    shown = _signed if sign else lambda value: f"{value:.0f}"
    return f"{shown(values.mean())} ({shown(low)} to {shown(high)})"


def _share(value: float) -> str:
    return f"{value:.0%}"


def _held(one: Said, gates: Gates) -> str:
    """The three commonest causes in words, with the beds they held."""
    beds: dict[str, float] = {}
    for cause, held in one.held.items():
        name = cause_in_short(cause, gates)
        beds[name] = beds.get(name, 0.0) + held
    most = sorted(beds.items(), key=lambda found: -found[1])[:3]
    return ", ".join(f"{cause} {held:.0f}" for cause, held in most) or "nothing"


def document(found: Sequence[Found]) -> dict[str, Any]:
    """Everything as plain data."""
    return {"cases": [_plain(one) for one in found]}


def _plain(found: Found) -> dict[str, Any]:
    return {
        "name": found.case.name,
        "plan": found.case.plan,
        "scenario_hash": found.chosen.scenario_hash,
        "replications": found.chosen.replications,
        "planned": found.planned,
        "due": found.due,
        "due_hospital": found.due_hospital,
        "month": found.month,
        "said": [_plain_said(one) for one in found.said],
        "happened": found.happened.to_dict("records"),
        "told": {dated: int(n) for dated, n in found.told["dated"].value_counts().sort_index().items()},
    }


def _plain_said(one: Said) -> dict[str, Any]:
    return {
        "assumed": one.name,
        "control": one.name == CONTROL,
        "closed": _whole(one.closed),
        "hospital": None if one.hospital is None else _whole(one.hospital),
        "opened": _whole(one.opened),
        "on_plan": None if one.on_plan is None else float(one.on_plan.mean()),
        "nothing_closed": float(one.none_closed.mean()),
        "held": one.held,
        "delivered": one.verdict.delivered,
        "safe": one.verdict.safe,
        "verdict": one.verdict.verdict,
    }


def _whole(values: Iterable[float]) -> list[float]:
    return [round(float(value), 4) for value in values]
