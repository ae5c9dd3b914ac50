"""``carebridge search``: how much of a plan would be credible, and what one would have to believe."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from models.calibrate import inputs_hash
from models.compose import Settings, parse, settings
from models.doctor import versions
from models.memory import gigabytes
from models.out_folder import folder_faults
from models.prepare import window
from models.search.look import BOTH, OUTCOMES, SAFE, Found, Looker, Tried, tries
from models.search.questions import ALL, MOVES_USUAL, NAMES, YEARS, Cannot, Question, own_question, question
from models.search.told import HEADS, command, in_short, says, table_rows
from models.verdict import SCHEMA_VERSION
from models.words import WHERE, number, one_of, own_words, path, whole
from sim.arrow import write_table
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.files import check_room, run_folder, write_json

__all__ = ["HELP", "lines", "search_command"]

HELP = """carebridge search [key=value ...] [--dry-run]

  ask=plan                  what to look for, several with commas:
                            plan            the largest part of the whole plan that is credible
                            beds            the most hospital beds that can close, all else as planned
                            double_running  the shortest time for which old and new must run side by side
                            years           the fewest years over which the plan must be carried out
                            places          the fewest places outside hospital
                            growth          the fastest growth of demand
                            admissions      the smallest effect of places at home on emergency admissions
                            stays           the smallest cut of stays in hospital, from the plan's first day
                            believe         the last four: what one would have to believe; all: everything
                            or any other number, by the key that `carebridge run` takes, with from, to and easy
  from=, to=                range to look in, of one question; shares are written as shares (0.5, not 50)
  easy=low                  of a key of one's own: whether low or high values make it easier for the plan
  steps=40                  values on the scale; the answer lies between two neighbours
  replications=48           of each value that is tried
  out=DIR                   folder for search.html, its charts and tables; without it the answers are only printed

Every key of `carebridge run` can be set too. Every value is a whole comparison with business as usual, judged as
`carebridge run` would judge it: an answer counts where the lower bound of the probability reaches the line of the
verdict (90 % unless criteria.credible_from says otherwise) there and at every easier value that was tried.
--dry-run prints the configuration and an estimate of time and memory, and runs nothing.
"""
LEAST, STEPS, MOST = 4, 40, 1000  #: values on a scale
ROOM_MB = 10.0  #: for the folder


def search_command(words: list[str]) -> int:
    """Run it; returns the exit code."""
    readers = {"ask": _asked, "from": number, "to": number, "easy": one_of("low", "high")}
    own, rest, faults = own_words(words, {**readers, "steps": whole(LEAST, MOST), "out": path}, ["dry-run"])
    request = parse(rest)
    out: Path | None = own["out"]
    faults += folder_faults(out) if out else []
    asked: tuple[str, ...] = own["ask"] or ("plan",)
    faults += _range_faults(asked, own["from"], own["to"], own["easy"])
    if any(word.startswith("compensation=") for word in rest):
        faults.append(Fault("compensation", None, "only `carebridge run` answers K11; leave it out.", WHERE))
    if faults:
        raise FaultsError(faults, WHERE)
    workers = request.workers or os.cpu_count() or 1
    lookers = [Looker(replace(request, timelines=(name,)), workers, _say) for name in request.timelines]
    if out:
        check_room(out, ROOM_MB)
    chosen = [settings(looker.request) for looker in lookers]
    entire = settings(request) if len(chosen) > 1 else chosen[0]  # with all timelines, for what is written
    if entire.fit is None:
        raise CarebridgeError(f"{chosen[0].footprint.title} has no baseline; `carebridge run` says why.")
    asks, steps = _laid_out(asked, chosen, own), own["steps"] or STEPS
    _check_ends(lookers, asks, steps)
    if "dry-run" in own.flags:
        return _dry_run(chosen[0], asks, steps)
    found = list[Found]()
    for looker, one, questions in zip(lookers, chosen, asks, strict=True):
        looker.check(one)
        found += [looker.look(q, one, steps) for q in questions]
    print("\n".join(lines(chosen[0], found)))
    if out:
        _write(out, entire, found, words)
        print(f"Report, charts and tables: {out / 'search.html'}")
    return 0


def _dry_run(chosen: Settings, asks: Sequence[Sequence[Question]], steps: int) -> int:
    """Print what the search would run at the most, and what that would take."""
    from models.runner import tell_cost

    values = [(q, tries(len(q.values(steps)))) for questions in asks for q in questions]
    arms = len(asks) + sum(count * (2 if q.name in MOVES_USUAL else 1) for q, count in values)
    named = f"business as usual, and at most {sum(count for _, count in values)} values of: "
    named += ", ".join(dict.fromkeys(q.name for q, _ in values))
    alone = replace(chosen, waterfall=0, sensitivity=0)  # which only `carebridge run` shows
    tell_cost(alone, arms, named, window(chosen)[1], gigabytes(alone, 3, 0))
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _laid_out(asked: tuple[str, ...], chosen: Sequence[Settings], own: Any) -> list[list[Question]]:
    """Questions by timeline; says which cannot be asked of this plan, and why."""
    out: list[list[Question]] = []
    for nth, one in enumerate(chosen):
        out.append([])
        for what in asked:
            try:
                if what != YEARS or not nth:
                    out[-1].append(_question(what, one, own))
            except Cannot as reason:
                if not nth:
                    _say(f"ask={what}: {reason}; left out.")
    if not any(out):
        raise CarebridgeError(f"{chosen[0].plan.title} holds nothing that could be asked about; see the reasons above.")
    return out


def _check_ends(lookers: Sequence[Looker], asks: Sequence[Sequence[Question]], steps: int) -> None:
    """Compose both ends of every scale, so that what is wrong is known before anything is simulated.

    Of a key of one's own, a value between them too; and the fit of the area must belong to what is simulated.
    """
    faults: list[Fault] = []
    for looker, questions in zip(lookers, asks, strict=True):
        for q in questions:
            own = q.name not in NAMES
            for value in (q.easy, q.hard, *(q.values(steps)[1:2] if own else ())):
                try:
                    chosen = looker.settings_at(q, value)
                except FaultsError as error:
                    faults += error.faults
                    continue
                if own and chosen.fit and chosen.fit.inputs != inputs_hash(chosen.footprint):
                    rule = (
                        "the fit of the area belongs to its figures as they are, so a run with others has no baseline."
                    )
                    faults.append(Fault("ask", q.name, rule, WHERE))
    if faults:
        raise FaultsError(list({str(f): f for f in faults}.values()), "an end of the range")


def _question(what: str, chosen: Settings, own: Any) -> Question:
    if what in NAMES:
        return question(what, chosen).between(own["from"], own["to"])
    easy, hard = (own["from"], own["to"]) if own["easy"] == "low" else (own["to"], own["from"])
    return own_question(what, easy, hard, *_held(chosen.composed, what))


def _held(composed: Any, key: str) -> tuple[Any, Any]:
    """What the configuration has under a key, and the figure that it is the value of; None where there is nothing."""
    above: Any = None
    for name in key.lstrip("+").split("."):
        above, composed = composed, composed.get(name) if isinstance(composed, Mapping) else None
    return composed, above if key.endswith(".value") and isinstance(above, Mapping) else None


def _asked(key: str, text: str) -> Any:
    names: list[str] = []
    for name in (part for part in map(str.strip, text.split(",")) if part):
        names += ALL.get(name, [name])
        if name not in (*NAMES, *ALL) and "." not in name:
            rule = f"no such question; there are: {', '.join((*NAMES, *ALL))}; or a key with a dot in it."
            return Fault(key, name, rule, WHERE, nearest(name, (*NAMES, *ALL)))
    return tuple(dict.fromkeys(names)) or Fault(key, text, "what to look for is missing.", WHERE, example="ask=plan")


def _range_faults(asked: tuple[str, ...], low: float | None, high: float | None, easy: str | None) -> list[Fault]:
    faults, keys = [], [name for name in asked if name not in NAMES]
    given = low is not None or high is not None
    if given and len(asked) > 1:
        faults.append(Fault("from", low, "a range belongs to one question; ask one at a time.", WHERE))
    if low is not None and high is not None and low >= high:
        faults.append(Fault("from", low, f"must lie below to ({high:g}).", WHERE))
    for key in keys:
        missing = [n for n, v in (("from", low), ("to", high), ("easy", easy)) if v is None]
        if missing:
            rule = "a key of one's own needs from, to, and easy=low or easy=high; missing: "
            faults.append(Fault("ask", key, f"{rule}{', '.join(missing)}.", WHERE))
    if easy and not keys:
        faults.append(Fault("easy", easy, f"{', '.join(asked)}: which end is easier is known; leave it out.", WHERE))
    return faults


def lines(chosen: Settings, found: list[Found]) -> list[str]:
    """Return what is printed: each answer in words, and every value that was tried."""
    out = [f"{chosen.plan.title}, {chosen.footprint.title}. {chosen.future.title}."]
    out += [
        f"An answer holds in {chosen.criteria.credible_from:.0%} of simulated futures, with 95 % confidence.",
        *in_short(found),
    ]
    for one in found:
        when = "" if one.question.name == YEARS else f" In {one.years} years, to {one.ends}:"
        out += ["", f"{one.question.asks}{when}"]
        out += [f"  {line}" for line in says(one)]
        rows = [HEADS, *map(tuple, table_rows(one))]
        widths = [max(len(row[n]) for row in rows) for n in range(len(HEADS))]
        out += ["    " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        last, _ = one.edge(BOTH)
        out += [f"  To see it whole: {command(one, last)}"] if last and command(one, last) else []
    return out


def _write(out: Path, chosen: Settings, found: list[Found], words: list[str]) -> None:
    """Write the folder: the table, the same in one JSON file, and the report with its charts."""
    from models.report.search_page import write_search_report

    with run_folder(out) as folder:
        about = {"schema_version": SCHEMA_VERSION, "scenario_hash": chosen.scenario_hash, "description": ABOUT}
        hashed = write_table(folder / "search.arrow", _table(found), UNITS, about)
        document = {"schema_version": SCHEMA_VERSION, "scenario_hash": chosen.scenario_hash}
        write_json(
            folder / "search.json", {**document, "in_short": in_short(found), "answers": [_plain(one) for one in found]}
        )
        charts = write_search_report(folder, chosen, found)
        manifest = {"scenario_hash": chosen.scenario_hash, "command": ["carebridge", "search", *words]}
        manifest |= {"versions": versions(), "tables": {"search.arrow": hashed}, "charts": charts}
        manifest |= {"files": ["search.json", "search.html"], "config": chosen.composed}
        write_json(folder / "manifest.json", manifest)


ABOUT = "values of a number of the plan or of the world, and with what probability the plan holds at each"
UNITS = {"value": "see question", "closed_mean": "beds", "closed_p05": "beds", "closed_p95": "beds"}


def _plain(found: Found) -> dict[str, Any]:
    edges = {}
    for outcome in OUTCOMES:
        last, beyond = found.edge(outcome)
        furthest = found.possible(outcome)
        edges[outcome] = {
            "credible_up_to": last and last.value,
            "not_at": beyond and beyond.value,
            "not_ruled_out_up_to": furthest and furthest.value,
        }
    q = found.question
    return {
        "question": q.name,
        "asks": q.asks,
        "timeline": found.timeline,
        "unit": q.unit,
        "times": q.scale,
        "planned": q.planned,
        "answers": edges,
        "in_words": says(found),
        "tried": [_point(one) | {"command": command(found, one)} for one in found.tried],
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


def _table(found: list[Found]) -> pa.Table:
    """One row a question, timeline and value."""
    rows = []
    for one in found:
        for t in one.tried:
            v = t.verdict
            row: dict[str, Any] = {"question": one.question.name, "timeline": one.timeline, "value": t.value}
            row |= {"replications": v.replications, "verdict": v.verdict, "binding_criterion": v.binding_criterion}
            parts = {"delivered": (v.delivered["probability"], v.delivered["interval"])}
            for name, (share, (low, high)) in (parts | {o: t.chance(o) for o in (SAFE, BOTH)}).items():
                row |= {name: share, f"{name}_low": low, f"{name}_high": high}
            rows.append(row | dict(zip(("closed_mean", "closed_p05", "closed_p95"), t.closed, strict=True)))
    return pa.Table.from_pylist(rows)
