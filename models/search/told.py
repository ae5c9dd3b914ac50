"""An answer in words, and as rows of a table; the terminal and the report say the same."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from models.criteria_realism import UNSEEN
from models.search.look import BOTH, OUTCOMES, SAFE, Found, Tried
from models.search.questions import YEARS, laid_over
from models.verdict import fewest

__all__ = ["HEADS", "answer", "command", "in_short", "says", "table_rows"]

HEADS = ("Value", "Hospital beds closed in the end", "Delivered", "Safe", "Both", "Verdict", "Passed too seldom")
DELIVERY = "K0"


def says(found: Found) -> list[str]:
    """Return the answer in sentences: of both, then of safety by itself, and what is known of the value elsewhere."""
    q = found.question
    lines = [f"{OUTCOMES[outcome].capitalize()}: {_edge(found, outcome)}" for outcome in OUTCOMES]
    if q.planned is not None:
        lines.append(
            f"As the run has it: {q.shown(q.planned)}." + (f" {q.known[0].upper()}{q.known[1:]}." if q.known else "")
        )
    return lines


def in_short(found: Sequence[Found]) -> list[str]:
    """Return the shortest answer: on which conditions, of those that its makers can set, the plan is credible."""
    if short := _too_few(found):
        return [short]
    levers = [one for one in found if one.question.lever]
    kept = [(one, last) for one in levers if (last := one.edge(BOTH)[0]) is not None]
    if levers and not kept:
        more = any(one.possible(BOTH) for one in levers)
        how = "is shown to make it credible; more replications might tell" if more else "makes it credible"
        return [f"Nothing that was asked about the plan itself {how}."]
    return list(dict.fromkeys(_condition(one, last) for one, last in kept))


def _too_few(found: Sequence[Found]) -> str:
    """Said where so few futures are simulated that nothing could be certain enough, whatever they show."""
    drawn = max((tried.verdict.replications for one in found for tried in one.tried), default=0)
    least = max((fewest(one.target) for one in found), default=0)
    if drawn >= least:
        return ""
    return f"No answer can be given from {drawn} simulated futures of a value: it takes at least {least}, none failing."


def _condition(found: Found, last: Tried) -> str:
    q = found.question
    when = "" if q.name == YEARS else f", in {found.years} years"
    up, first = q.hard > q.easy, found.tried[0]
    ends = sorted((first.value, last.value))
    if q.planned is not None and ends[0] <= q.planned <= ends[1]:
        return f"Credible as planned{when}."
    if q.none and not last.value:
        beyond = found.edge(BOTH)[1]
        more = f": at {q.shown(beyond.value)} {_chance(beyond, BOTH)}" if beyond else ""
        return f"{q.none}{when}{more}."
    past = q.planned is not None and (first.value - q.planned) * (q.hard - q.easy) > 0  # easier than all that was asked
    many = f"from {q.shown(first.value)} to" if past else "at most" if up else "at least"
    what, end = q.axis.partition(",")[0], " (as far as was asked)" if found.edge(BOTH)[1] is None else ""
    return f"Credible with conditions: {what[0].lower()}{what[1:]}, {many} {q.shown(last.value)}{end}{when}."


def answer(found: Found, outcome: str = BOTH) -> str:
    """The value up to which an outcome is certain enough; ``none`` or, of too few futures, ``not known``."""
    (last, _), q = found.edge(outcome), found.question
    if last is None:
        return "not known" if _too_few([found]) else "none"
    side = "" if last is found.tried[0] else " or less" if q.hard > q.easy else " or more"
    return f"{q.shown(last.value)}{side}{_unseen(last) if outcome == BOTH else ''}"


def command(found: Found, one: Tried) -> str:
    """The whole command that repeats a value with ``carebridge run``; empty where no words set it."""
    if not one.words and found.question.change:
        return ""
    return shlex.join(["carebridge", "run", *laid_over(found.base, one.words)])


def _edge(found: Found, outcome: str) -> str:
    q, first, (last, beyond) = found.question, found.tried[0], found.edge(outcome)
    if last is None:
        text = f"at no value that was tried; at {q.shown(first.value)} {_chance(first, outcome)}{_unseen(first)}"
        return f"{text}.{_why(first) if outcome == BOTH else ''}{_not_ruled_out(found, outcome)}"
    text = f"to {q.shown(last.value)} ({_chance(last, outcome)}{_unseen(last)})"
    text = f"from {q.shown(first.value)} {text}" if last is not first else f"only at {text.removeprefix('to ')}"
    if beyond is None:
        return f"{text}, which is as far as was asked."
    no_longer = f"at {q.shown(beyond.value)} no longer ({_chance(beyond, outcome)}{_unseen(beyond)})"
    return f"{text}; {no_longer}.{_not_ruled_out(found, outcome)}"


def _why(one: Tried) -> str:
    """What held closures back at a value where the plan is not delivered."""
    row = next(row for row in one.verdict.criteria if row["id"] == DELIVERY)
    held = "held back" in row["note"] and row["probability"] < 1
    return f" There, {row['note']}." if held else ""


def _unseen(one: Tried) -> str:
    """Whether a value asks for what nobody has seen (K9), or leaves nothing to judge from."""
    return ", but no baseline" if one.verdict.reasons else f", but {UNSEEN}" if one.verdict.ruled_out else ""


def _not_ruled_out(found: Found, outcome: str) -> str:
    """How far it might go, for want of replications."""
    last, furthest = found.edge(outcome)[0], found.possible(outcome)
    if furthest is None or (last and found.tried.index(furthest) <= found.tried.index(last)):
        return ""
    return f" With more replications it might turn out to go as far as {found.question.shown(furthest.value)}."


def _chance(one: Tried, outcome: str) -> str:
    share, (low, high) = one.chance(outcome)
    return f"in {share:.0%} of {one.verdict.replications} futures, {low:.0%} to {high:.0%}"


def table_rows(found: Found) -> list[list[str]]:
    """One row a value, in the order of :data:`HEADS`."""
    return [_row(found, one) for one in found.tried]


def _row(found: Found, one: Tried) -> list[str]:
    v, (mean, low, high) = one.verdict, one.closed
    parts = ((v.delivered["probability"], v.delivered["interval"]), one.chance(SAFE), one.chance(BOTH))
    return [
        found.question.shown(one.value),
        f"{mean:.0f} ({low:.0f} to {high:.0f})",
        *(f"{share:.0%} ({low:.0%} to {high:.0%})" for share, (low, high) in parts),
        v.verdict,
        _failing(found, one),
    ]


def _failing(found: Found, one: Tried) -> str:
    """Deciding criteria that are passed too seldom, and how often they are, the most seldom first."""
    rows = [row for row in one.verdict.criteria if row["decides"] and row["probability"] < found.target]
    rows.sort(key=lambda row: row["probability"])
    named = [f"{row['name'].partition(':')[0]} ({row['probability']:.0%})" for row in rows]
    named += [f"Demand realism ({UNSEEN})"] if one.verdict.ruled_out else []
    return ", ".join(named + [f"no baseline: {'; '.join(one.verdict.reasons)}"] * bool(one.verdict.reasons))
