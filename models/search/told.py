"""An answer in words, and as rows of a table; the terminal and the report say the same."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from models.search.look import BOTH, OUTCOMES, SAFE, Found, Stretch, Tried
from models.search.names import YEARS
from models.search.question import Question, laid_over
from models.verdict.criteria_realism import UNSEEN
from models.verdict.verdict import fewest

__all__ = ["HEADS", "SHORT", "answer", "command", "conditions", "in_short", "says", "short_rows", "table_rows"]

HEADS = ("Value", "Hospital beds closed in the end", "Delivered", "Safe", "Both", "Verdict", "Passed too seldom")
SHORT = ("Question", "Plan in", "Delivered and safe", "Safe, delivered or not", "In this run")
DELIVERY, ALL_CLOSED = "K0", "every closure happened"


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
    if any(one.given for one in found):
        return [_at_given(one) for one in found]
    levers = [one for one in found if one.question.lever]
    kept = [(one, over) for one in levers if (over := one.stretch(BOTH)) is not None]
    if levers and not kept:
        more = any(one.possible(BOTH) for one in levers)
        how = "is shown to make it credible; more replications might tell" if more else "makes it credible"
        return [f"Nothing that was asked about the plan itself {how}."]
    return list(dict.fromkeys(_condition(one, over) for one, over in kept))


def _at_given(found: Found) -> str:
    """One answer beside what was set, in a line."""
    what = found.question.axis.partition(",")[0]
    line = f"With {found.given}{f', in {found.years} years' if found.question.name != YEARS else ''}, "
    both, safe = answer(found), answer(found, SAFE)
    return line + f"{what[0].lower()}{what[1:]}: {both}" + (f" (safe alone: {safe})." if safe != both else ".")


def _too_few(found: Sequence[Found]) -> str:
    """Said where so few futures are simulated that what they cannot rule out could not be certain enough either.

    What fails in most of the first few is ruled out by these, and no more are drawn: that is an answer.
    """
    drawn = max((tried.verdict.replications for one in found for tried in one.tried), default=0)
    least = max((fewest(one.target) for one in found), default=0)
    if drawn >= least or not any(one.possible(outcome) for one in found for outcome in OUTCOMES):
        return ""
    return f"No answer can be given from {drawn} simulated futures of a value: it takes at least {least}, none failing."


def conditions(found: Sequence[Found], timeline: str) -> list[str]:
    """Name what would make the plan credible on a timeline where as planned it is not: levers, each by itself."""
    levers = [one for one in found if one.question.lever and one.timeline == timeline]
    kept = [(one, over) for one in levers if (over := one.stretch(BOTH)) is not None]
    return [_lever(one, over) for one, over in kept if not _as_planned(one.question, over) and not _nothing(one, over)]


def _condition(found: Found, over: Stretch) -> str:
    q = found.question
    when = f", in {found.where}".replace("in with", "with") if found.where else ""
    if _as_planned(q, over):
        return f"Credible as planned{when}."
    if _nothing(found, over):
        more = f": at {q.shown(over.beyond.value)} {_chance(over.beyond, BOTH)}" if over.beyond else ""
        return f"{q.none}{when}{more}."
    return f"Credible with conditions: {_lever(found, over)}{when}."


def _as_planned(q: Question, over: Stretch) -> bool:
    ends = sorted((over.first.value, over.last.value))
    return q.planned is not None and ends[0] <= q.planned <= ends[1]


def _nothing(found: Found, over: Stretch) -> bool:
    """Whether nothing but nought of what was asked about is credible."""
    return bool(found.question.none) and not over.last.value


def _lever(found: Found, over: Stretch) -> str:
    """Return the lever, and how far it goes."""
    q, last = found.question, over.last
    what, end = q.axis.partition(",")[0], " (as far as was asked)" if over.beyond is None else ""
    # beyond its first value nothing is known of a stretch, where the plan lies there or easier values fail
    past = q.planned is not None and (over.first.value - q.planned) * (q.hard - q.easy) > 0
    many = "at most" if q.hard > q.easy else "at least"
    where = f"{many} {q.shown(last.value)}"
    if past or over.before is not None:
        where = f"{'' if over.first is last else 'from '}{_from_to(q, over)}"
    return f"{what[0].lower()}{what[1:]}, {where}{end}"


def answer(found: Found, outcome: str = BOTH) -> str:
    """The value up to which an outcome is certain enough, or the stretch; ``none`` or, of too few, ``not known``."""
    over, q = found.stretch(outcome), found.question
    if over is None:
        return "not known" if _too_few([found]) else "none"
    unseen = _unseen(over.last) if outcome == BOTH else ""
    if over.before is not None:
        return f"{_from_to(q, over)}{unseen}"
    side = "" if over.last is found.tried[0] else " or less" if q.hard > q.easy else " or more"
    return f"{q.shown(over.last.value)}{side}{unseen}"


def _from_to(q: Question, over: Stretch) -> str:
    if over.first is over.last:
        return f"only {q.shown(over.last.value)}"
    return f"{q.shown(over.first.value)} to {q.shown(over.last.value)}"


def command(found: Found, one: Tried) -> str:
    """The whole command that repeats a value with ``carebridge run``; empty where no words set it."""
    if not one.words and found.question.change:
        return ""
    return shlex.join(["carebridge", "run", *laid_over(found.base, one.words)])


def _edge(found: Found, outcome: str) -> str:
    q, first, over = found.question, found.tried[0], found.stretches(outcome)
    if not over:
        none = "not known from so few futures" if _too_few([found]) else "at no value that was tried"
        text = f"{none}; at {q.shown(first.value)} {_chance(first, outcome)}{_unseen(first)}"
        return f"{text}.{_why(first) if outcome == BOTH else ''}{_not_ruled_out(found, outcome)}"
    told = [_stretch(q, one, outcome) for one in over]
    return f"{'; and '.join(told)}.{_not_ruled_out(found, outcome)}"


def _stretch(q: Question, over: Stretch, outcome: str) -> str:
    """One stretch of values, and what lies on either side of it."""
    where = f"from {_from_to(q, over)}" if over.first is not over.last else f"only at {q.shown(over.last.value)}"
    text = f"{where} ({_chance(over.last, outcome)}{_unseen(over.last)})"
    for side, words in ((over.before, ", though not at {}"), (over.beyond, "; at {} no longer")):
        if side is not None:
            text += words.format(q.shown(side.value)) + f" ({_chance(side, outcome)}{_unseen(side)})"
    return f"{text}, which is as far as was asked" if over.beyond is None else text


def _why(one: Tried) -> str:
    """What was not delivered at a value, and why; empty where all was."""
    row = next(row for row in one.verdict.criteria if row["id"] == DELIVERY)
    told = [part for part in row["note"].split("; ") if part != ALL_CLOSED] if row["probability"] < 1 else []
    return f" There, {'; '.join(told)}." if told else ""


def _unseen(one: Tried) -> str:
    """Whether a value asks for what nobody has seen (K9), or leaves nothing to judge from."""
    return ", but no baseline" if one.verdict.reasons else f", but {UNSEEN}" if one.verdict.ruled_out else ""


def _not_ruled_out(found: Found, outcome: str) -> str:
    """How far it might go, for want of replications."""
    over, furthest = found.stretches(outcome), found.possible(outcome)
    if furthest is None or (over and found.tried.index(furthest) <= found.tried.index(over[-1].last)):
        return ""
    return f" With more replications it might turn out to go as far as {found.question.shown(furthest.value)}."


def _chance(one: Tried, outcome: str) -> str:
    share, (low, high) = one.chance(outcome)
    return f"in {share:.0%} of {one.verdict.replications} futures, {low:.0%} to {high:.0%}"


def short_rows(found: Sequence[Found]) -> list[list[str]]:
    """One row an answer, in the order of :data:`SHORT`."""
    return [[one.question.asks, _when(one), answer(one), answer(one, SAFE), _planned(one)] for one in found]


def _when(found: Found) -> str:
    """Years over which the plan is carried out, and when it ends on this timeline."""
    when = "any" if found.question.name == YEARS else f"{found.years}\u00a0years, to\u00a0{found.ends[:4]}"
    return f"{when}; with {found.given}" if found.given else when


def _planned(found: Found) -> str:
    planned = found.question.planned
    return "" if planned is None else found.question.shown(planned)


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
    named = [f"{row['name'].partition(':')[0]} ({row['probability']:.0%}{_mostly(row)})" for row in rows]
    named += [f"Demand realism ({UNSEEN})"] if one.verdict.ruled_out else []
    return ", ".join(named + [f"no baseline: {'; '.join(one.verdict.reasons)}"] * bool(one.verdict.reasons))


def _mostly(row: dict[str, Any]) -> str:
    """The place at which harm is done most often."""
    harmed = row.get("harmed")
    return f", mostly {harmed['place']}" if harmed else ""
