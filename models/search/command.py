"""``carebridge search``: how much of a plan would be credible, and what one would have to believe."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from models.arms.memory import gigabytes
from models.arms.prepare import window
from models.command_line.doctor import versions
from models.command_line.out_folder import folder_faults
from models.command_line.words import WHERE, number, one_of, own_words, path, whole
from models.search.ask import STEPS, Asking, lay_out, look, most_runs
from models.search.look import BOTH, Found, tries
from models.search.names import NAMES, YEARS, names_in
from models.search.own_key import held, own_question
from models.search.question import Cannot, Given, Question
from models.search.questions import MOVES_USUAL, question
from models.search.told import HEADS, command, in_short, says, table_rows
from models.search.write import write_search
from models.settings.request import parse
from models.settings.run_only import run_only_faults
from models.settings.settings import Settings, settings
from sim.errors import Fault, FaultsError
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
  given=plan:0.1,0.25,0.5   what is set beside: everything is asked at each of these values of another question (or key)
  from=, to=                range to look in, of one question; shares are written as shares (0.5, not 50)
  easy=low                  of a key of one's own: whether low or high values make it easier for the plan
  steps=40                  values on the scale; the answer lies between two neighbours
  replications=48           of each value that is tried
  out=DIR                   folder for search.html, its charts and tables; without it the answers are only printed

Every key of `carebridge run` can be set too. Every value is a whole comparison with business as usual, judged as
`carebridge run` would judge it: an answer counts where the lower bound of the probability reaches the line of the
verdict (90 % unless criteria.credible_from says otherwise) there and at every easier value that was tried; a
stretch that holds in the middle only is told as one.
--dry-run prints the configuration and an estimate of time and memory, and runs nothing.
"""
LEAST, MOST = 4, 1000  #: steps on a scale
ROOM_MB = 10.0  #: for the folder


def search_command(words: list[str]) -> int:
    """Run it; returns the exit code."""
    readers = {"ask": _asked, "given": _given, "from": number, "to": number, "easy": one_of("low", "high")}
    own, rest, faults = own_words(words, {**readers, "steps": whole(LEAST, MOST), "out": path}, ["dry-run"])
    request = parse(rest)
    out: Path | None = own["out"]
    faults += folder_faults(out) if out else []
    asked: tuple[str, ...] = own["ask"] or ("plan",)
    faults += _given_faults(asked, own["given"])
    faults += _range_faults(asked, own["from"], own["to"], own["easy"])
    k11 = any(word.lower() in ("compensation=on", "compensation=true") for word in rest)
    faults += run_only_faults(request, k11, WHERE, search="a key of `carebridge run`; here it is ask=.")
    if faults:
        raise FaultsError(faults, WHERE)
    workers = request.workers or os.cpu_count() or 1
    if out:
        check_room(out, ROOM_MB)
    steps = own["steps"] or STEPS
    beside = partial(_beside, *own["given"]) if own["given"] else None
    asking = lay_out(request, {what: partial(_question, what, own) for what in asked}, workers, _say, steps, beside)
    chosen = settings(request) if len(asking) > 1 else asking[0].chosen  # with all timelines, for what is written
    if "dry-run" in own.flags:
        return _dry_run(chosen, asking, steps)
    found = look(asking, steps)
    print("\n".join(lines(chosen, found)))
    if out:
        with run_folder(out) as folder:
            written = write_search(folder, chosen, found)
            manifest = {"scenario_hash": chosen.scenario_hash, "command": ["carebridge", "search", *words]}
            manifest |= {"versions": versions(), "tables": written.hashes, "charts": written.charts}
            write_json(folder / "manifest.json", {**manifest, "files": written.files, "config": chosen.composed})
        print(f"Report, charts and tables: {out / 'search.html'}")
    return 0


def _dry_run(chosen: Settings, asking: Sequence[Asking], steps: int) -> int:
    """Print what the search would run at the most, and what that would take."""
    from models.run.runner import tell_cost

    asks = [one.questions for one in asking]
    values = sum(tries(len(q.values(steps))) for questions in asks for q in questions)
    timelines = {one.chosen.timelines[0].name for one in asking}  # business as usual is the same whatever is beside
    arms = len(timelines) + sum(most_runs(questions, steps) for questions in asks)
    names = dict.fromkeys(q.name for questions in asks for q in questions)
    named = f"business as usual, and about {values} values of: {', '.join(names)}"
    alone = replace(chosen, waterfall=0, sensitivity=0)  # which only `carebridge run` shows
    tell_cost(alone, arms, named, window(chosen)[1], gigabytes(alone, 3, 0))
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _question(what: str, own: Any, chosen: Settings) -> Question:
    if what in NAMES:
        return question(what, chosen).between(own["from"], own["to"])
    easy, hard = (own["from"], own["to"]) if own["easy"] == "low" else (own["to"], own["from"])
    there, beside = held(chosen.composed, what)
    return own_question(what, easy, hard, there, beside)


def _given(key: str, text: str) -> Any:
    """A question and its values: ``plan:0.1,0.25``."""
    name, colon, values = text.partition(":")
    names = names_in(key, name, WHERE, own_keys=True)
    if isinstance(names, Fault):
        return names
    if not colon or len(names) > 1:
        return Fault(key, text, "one question or key, a colon and its values.", WHERE, example="given=plan:0.1,0.25")
    found = [number(key, value) for value in values.split(",")]
    fault = next((one for one in found if isinstance(one, Fault)), None)
    return fault or (next(iter(names)), list(dict.fromkeys(found)))


def _given_faults(asked: tuple[str, ...], given: tuple[str, list[float]] | None) -> list[Fault]:
    if given and given[0] in asked:
        return [Fault("given", given[0], "it is what is asked; set another.", WHERE)]
    if given and given[0] in MOVES_USUAL:
        return [Fault("given", given[0], "changes business as usual, so it cannot be set beside; ask it.", WHERE)]
    return []


def _beside(name: str, values: Sequence[float], chosen: Settings) -> list[Given]:
    """Values of a question of this plan that are set while others are asked; raises what is wrong with any."""
    if name not in NAMES:
        q = own_question(name, min(values), max(values), *held(chosen.composed, name))
        return [Given(q, value) for value in values]
    try:
        q = question(name, chosen)
    except Cannot as reason:
        raise FaultsError([Fault("given", name, f"{reason}.", WHERE)], WHERE) from None
    low, high = sorted((q.easy, q.hard))
    rule = f"must lie between {low:g} and {high:g}{', in whole numbers' if q.whole else ''}."
    wrong = [v for v in values if not low <= v <= high or (q.whole and v != round(v)) or (q.past_easy and v == q.easy)]
    if wrong:
        raise FaultsError([Fault("given", f"{name}:{v:g}", rule, WHERE) for v in wrong], WHERE)
    return [Given(q, value) for value in values]


def _asked(key: str, text: str) -> Any:
    return names_in(key, text, WHERE, own_keys=True)


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
        when = "" if one.question.name == YEARS else f" In {one.years} years, to {one.ends}"
        when += f" With {one.given}" if one.given and not when else f", with {one.given}" if one.given else ""
        when += ":" if when else ""
        out += ["", f"{one.question.asks}{when}"]
        out += [f"  {line}" for line in says(one)]
        rows = [HEADS, *map(tuple, table_rows(one))]
        widths = [max(len(row[n]) for row in rows) for n in range(len(HEADS))]
        out += ["    " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        over = one.stretch(BOTH)
        out += [f"  To see it whole: {command(one, over.last)}"] if over and command(one, over.last) else []
    return out
