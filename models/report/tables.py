"""Tables of the answer: the verdicts, the criteria, and the planner's arithmetic beside the simulation."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from models.arms.arms import Observed
from models.measures import measures
from models.report import series
from models.report.series import by_year, spread
from models.report.words import amount, cause_in_short, line_for, of_futures, percent, rule_for, signed_percent
from models.verdict.criteria import MORE_IS_BETTER
from models.verdict.criteria_delivery import NOT_OPEN
from models.verdict.criteria_realism import percentile_in_words
from models.verdict.verdict import Verdict
from models.waterfall.arithmetic import arithmetic

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = ["arithmetic_rows", "criteria_rows", "verdict_rows"]

INFORMATION = "For information, "  #: after it a note tells what is not judged
DASH = "\u2013"
LENSES = {
    "meets the standard": "meeting the standard",
    "does no harm": "doing no harm",
    "happens as planned": "happening as planned",
}


def plans(outcome: Outcome) -> list[tuple[str, Verdict, Observed]]:
    """Timelines with their verdict and what was observed, in order."""
    pairs = zip(series.arms(outcome)[1:], outcome.verdicts.values(), strict=True)
    return [(name, verdict, o) for (name, o), verdict in pairs]


def verdict_rows(outcome: Outcome) -> list[dict[str, Any]]:
    """One row a timeline: the line, its parts, what decided, and the verdict at other thresholds."""
    rows = []
    for name, v, _ in plans(outcome):
        deciding = [r for r in v.criteria if r["decides"]]
        binding = next(r for r in deciding if r["id"] == v.binding_criterion)
        rule, harm = rule_for(binding, outcome.settings.criteria)
        rows.append(
            {
                "name": name,
                "line": line_for(v),
                "verdict": v.verdict.upper(),
                "both": (v.probability, v.interval, of_futures(v.probability, v.replications)),
                **{
                    k: (d["probability"], d["interval"], of_futures(d["probability"], v.replications))
                    for k, d in (("delivered", v.delivered), ("safe", v.safe))
                },
                "binding": binding["name"],
                "binding_id": binding["id"],
                "tied": [
                    f"{r['name']} ({r['id']})"
                    for r in deciding
                    if r is not binding and r["probability"] == binding["probability"]
                ],
                "binding_rule": harm if binding["lens"] == "does no harm" else rule,
                "binding_passes": of_futures(binding["probability"], v.replications),
                "others": [(r["id"], r["name"], of_futures(r["probability"], v.replications)) for r in deciding],
                "ruled_out": v.ruled_out,
                "regraded": [{**one, "verdict": one["verdict"].upper()} for one in v.at_other_grades],
                "at": {t: said.upper() for t, said in v.at_other_thresholds.items()},
            }
        )
    return rows


def criteria_rows(outcome: Outcome) -> list[dict[str, Any]]:
    """Every criterion with a line a timeline; those not assessed say why."""
    found = plans(outcome)
    return [_criterion(outcome, row, found) for row in found[0][1].criteria]


def _criterion(outcome: Outcome, row: dict[str, Any], found: list[tuple[str, Verdict, Observed]]) -> dict[str, Any]:
    out = {"id": row["id"], "name": row["name"], "assessed": row["assessed"]}
    if not row["assessed"]:
        return out | {"why": _why_not(row["id"], found), "figures": []}
    rule, harm = rule_for(row, outcome.settings.criteria)
    source = row["source"]
    lines, notes = [], []
    for name, v, o in found:
        mine = next(r for r in v.criteria if r["id"] == row["id"])
        notes.append(_delivered(outcome, o, mine) if row["id"] == "K0" else _plain(mine["note"]))
        lines.append(_line(name, mine, v.replications))
    shared = notes[0] if len(set(notes)) == 1 else ""
    if not shared:
        for line, note in zip(lines, notes, strict=True):
            line["note"] = note
    return out | {
        "decides": row["decides"],
        "lens": LENSES.get(row["lens"], row["lens"]),
        "rule": rule,
        "harm": harm,
        "source": "our own proposal" if source.startswith(("own estimate", "own proposal")) else source,
        "unit": row["unit"],
        "note": shared,
        "lines": lines,
        "figures": _figures(row["id"], found),
    }


def _why_not(key: str, found: list[tuple[str, Verdict, Observed]]) -> str:
    """Why a criterion is not assessed, and what is told for information on every timeline."""
    notes = [next(r for r in v.criteria if r["id"] == key)["note"].removeprefix("not assessed: ") for _, v, _ in found]
    first, *rest = dict.fromkeys(notes)
    return "; ".join([first, *(note.partition(INFORMATION)[2] or note for note in rest)])


def _figures(key: str, found: list[tuple[str, Verdict, Observed]]) -> list[list[str]]:
    """What a plan takes for granted, beside what was seen: a row a figure, and one a timeline where these differ."""
    each = [next(r for r in v.criteria if r["id"] == key).get("figures", ()) for _, v, _ in found]
    names = [name for name, _, _ in found]
    out = []
    for ones in zip_longest(*each):
        rows: dict[tuple[str, ...], list[str]] = {}
        for name, one in zip(names, ones, strict=True):
            if one is not None:
                rows.setdefault(_laid(one), []).append(name)
        out += [[row[0], "all" if at == names else ", ".join(at), *row[1:]] for row, at in rows.items()]
    return out


def _laid(one: dict[str, Any]) -> tuple[str, ...]:
    """One figure of a plan beside what was seen."""
    value = signed_percent(one["value"])
    if one["percentile"] is None:
        return one["title"], value, "not known", DASH, DASH, one["reading"]
    among = "" if one["in_one_year"] is None else percentile_in_words(one["in_one_year"])
    between = f"{signed_percent(one['low'])} to {signed_percent(one['high'])}"
    reading = one["reading"] + ("; rests on evidence of the area's own" if one["own"] else "")
    return one["title"], value, between, percentile_in_words(one["percentile"]), among or DASH, reading


def _plain(note: str) -> str:
    """A criterion's note as the page writes it: that it is only reported is said elsewhere."""
    return re.sub(r"(\d)%", "\\1\u00a0%", note.removeprefix("reported").removeprefix("; "))


def _line(name: str, row: dict[str, Any], runs: int) -> dict[str, Any]:
    """One criterion on one timeline."""
    lenses = [
        f"{words} in {of_futures(row[key], runs)}"
        for key, words in (
            ("meets_standard", "meets the standard"),
            ("does_no_harm", "does no harm"),
            ("usual_meets_standard", "business as usual meets the standard"),
        )
        if row[key] is not None
    ]
    worst = row["worst"]
    where = ""
    if worst and _no_worse(row):
        where = "nowhere worse than business as usual, on average"
    elif worst:
        since = "from " if row["id"] == "K11" else ""  # it looks at several years together
        when = "April to June " + worst["from"][:4] if row["id"] == "K10" else series.year_of(worst["from"])
        where = (
            f"{worst['place']}, {since}{when}: {_value(row, worst['value'])} against "
            f"{_value(row, worst['usual_value'])}"
        )
    return {
        "name": name,
        "value": _value(row, row["value"]),
        "usual": _value(row, row["usual_value"]) if row["usual_value"] is not None else "does not apply",
        "probability": row["probability"],
        "interval": row["interval"],
        "passes": of_futures(row["probability"], runs),
        "lenses": "; ".join(lenses) if row["decides"] and len(lenses) > 1 else "",
        "worst": "; ".join(part for part in (where, _harmed(row, runs)) if part),
        "note": "",
    }


def _harmed(row: dict[str, Any], runs: int) -> str:
    """Where harm is done in the futures in which it is, which a mean over all of them does not show."""
    found = row.get("harmed")
    if not found or not row["decides"]:
        return ""
    where, by = found["place"], f"{amount(100 * found['by'], 1)} points in the worst year"
    if found["fails"] == 1:
        return f"in the one future of {runs} that does harm, at {where}, by {by}"
    often = f"most often at {where} ({found['times']})"
    return f"in the {found['fails']} futures of {runs} that do harm, {often}, by {by} of the middle future"


def _value(row: dict[str, Any], value: float) -> str:
    """Return a share in per cent, people in whole numbers, millions of pounds, and few beds, with one decimal."""
    if row["id"] == "K7":
        return amount(value, 1)
    if row["id"] == "K9":
        compared = [one for one in row["figures"] if one["percentile"] is not None]
        return f"{round(value * len(compared))} of {len(compared)} figures"
    if row["id"] == "K11":
        return amount(value, 0 if value == 0 or abs(value) >= 10 else 1)  # noqa: PLR2004 - few beds
    return amount(value) if row["unit"].startswith(("people", "programmes")) else percent(value, 1)


def _no_worse(row: dict[str, Any]) -> bool:
    """Whether even the worst place and year are no worse than business as usual, on average."""
    gap = row["worst"]["value"] - row["worst"]["usual_value"]
    return (-gap if row["id"] in MORE_IS_BETTER else gap) <= 0


def _delivered(outcome: Outcome, o: Observed, row: dict[str, Any]) -> str:
    """What was not delivered, in words: closures that were held back, and places that were not open in time."""
    within = round(outcome.settings.criteria.delivered_within_months.value)
    late = [part for part in row["note"].split("; ") if part.endswith(NOT_OPEN)]
    told = [part.replace("by then", f"{within} months after the plan\u2019s end") for part in late]
    held = _held(outcome, o)
    return "; ".join(told if told and not o.closures[0] else [held, *told])


def _held(outcome: Outcome, o: Observed) -> str:
    """What held closures back most, and what kept most of the others from ever happening, in words."""
    rows = series.delays_by_cause(o)
    if not rows:
        return "no closure was held back" if o.closures[0] else "no beds or places are to close"
    planned = sum(c.step.beds for c in o.closures[0])
    said = []
    for words, size in (
        ("held back last by", {k: sum(v.values()) for k, v in rows.items()}),
        ("never closed, mostly because of", {k: v["never"] for k, v in rows.items()}),
    ):
        cause = max(size, key=lambda k: size[k])
        if size[cause] > 0:
            short = cause_in_short(cause, outcome.settings.gates)
            said.append(f"{words} \u201c{short}\u201d: {amount(size[cause])} of {planned} beds")
    return "; ".join(said) + " in a simulated future, on average"


def arithmetic_rows(outcome: Outcome) -> dict[str, Any]:
    """The spreadsheet's answer and the simulated one, line by line."""
    chosen, system = outcome.settings, outcome.system
    assert system is not None, "there is no arithmetic without a system"
    arms = series.arms(outcome)
    usual = arms[0][1]
    years = series.april_years(usual)
    plan = next(iter(outcome.schedules.values()))
    sums = arithmetic(system, plan, chosen.future, chosen.criteria)
    used = [by_year(o, measures.occupied_beds(o)) for _, o in arms]
    have = [by_year(o, measures.beds_open(o)) for _, o in arms]
    closed = {kind: [series.closed_by_month(o, kind)[:, -1] for _, o in arms[1:]] for kind in ("acute", "community")}
    planned = {kind: sum(s.beds for s in plan.closures if s.kind == kind) for kind in closed}
    delayed = [by_year(o, measures.delayed_beds(o)) for _, o in arms]
    base, last = years[0], years[-1]

    def range_of(values: Any, form: Callable[[float], str] = amount) -> tuple[str, str]:
        found = spread(values)
        low, high = form(float(found.low)), form(float(found.high))
        return form(float(found.mean)), "" if low == high else f"{low} to {high}"

    def share(x: float) -> str:
        return percent(x, 1)

    dash = ("\u2013", "")
    rows = [
        (f"Beds in use at midnight, {base}", amount(sums.in_use), [range_of(u[:, 0]) for u in used]),
        (f"Beds open, {base}", amount(sums.open_before), [range_of(h[:, 0]) for h in have]),
        *(
            (f"{kind.capitalize()} beds closed by {last}", amount(planned[kind]), [dash, *map(range_of, values)])
            for kind, values in closed.items()
        ),
        (
            "Beds closed that are in the count of hospital beds",
            amount(sums.closed),
            [dash, *(range_of(have[0][:, -1] - h[:, -1]) for h in have[1:])],
        ),
        (f"Beds open, {last}", amount(sums.open_after), [range_of(h[:, -1]) for h in have]),
        *(
            (
                f"Beds needed if {percent(target)} may be full (spreadsheet: for the beds in use in {base}; simulated: "
                f"in {last})",
                amount(need),
                [range_of(u[:, -1] / target) for u in used],
            )
            for target, need in sums.needed.items()
        ),
        ("Beds freed by admissions avoided", amount(sums.avoided), [("not separated", "")] * len(arms)),
        (
            "Beds freed if nobody were delayed",
            amount(sums.undelayed),
            [dash, *(range_of(delayed[0][:, -1] - d[:, -1]) for d in delayed[1:])],
        ),
        (
            f"Beds in use at midnight, {last}",
            amount(sums.in_use - sums.avoided - sums.undelayed),
            [range_of(u[:, -1]) for u in used],
        ),
        (
            f"Midnight occupancy, {last}",
            share(sums.occupancy_after),
            [range_of(u[:, -1] / h[:, -1], share) for u, h in zip(used, have, strict=True)],
        ),
        (
            f"Emergencies who wait over 4 h for a bed, {last}",
            "cannot say",
            [range_of(series.waits_by_year(o, None)[:, -1], share) for _, o in arms],
        ),
    ]
    return {
        "rows": [{"label": label, "sheet": sheet, "cells": cells} for label, sheet, cells in rows],
        "names": [name for name, _ in arms],
        "full": sums.occupancy_after > 1,
        "last": last,
        "base": base,
        "growth": float(np.mean(used[0][:, -1]) / np.mean(used[0][:, 0]) - 1),
    }
