"""An answer in words, and as rows of a table; the terminal and the report say the same."""

from __future__ import annotations

from collections.abc import Sequence

from models.criteria_realism import UNSEEN
from models.search.look import BOTH, OUTCOMES, SAFE, Found, Tried
from models.search.names import YEARS

__all__ = ["HEADS", "SHORT", "answer", "command", "in_short", "says", "short_rows", "table_rows"]

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
    met = [(one, one.edge(BOTH)[0]) for one in found if one.question.lever]
    kept = [(one, last) for one, last in met if last is not None and not last.verdict.ruled_out]
    if not met:
        return []
    if not kept:
        return ["Nothing that was asked about the plan itself makes it credible."]
    return [_condition(one, last) for one, last in kept]


def _condition(found: Found, last: Tried) -> str:
    q = found.question
    when = "" if q.name == YEARS else f", in {found.years} years"
    if q.planned is not None and (last.value - q.planned) * (q.hard - q.easy) >= 0:
        return f"Credible as planned{when}."
    least, what = "at most" if q.hard > q.easy else "at least", q.axis.partition(",")[0]
    return f"Credible with conditions: {what[0].lower()}{what[1:]}, {least} {q.shown(last.value)}{when}."


def answer(found: Found, outcome: str = BOTH) -> str:
    """The value up to which an outcome is certain enough; ``none`` where there is none."""
    last, _ = found.edge(outcome)
    return "none" if last is None else found.question.shown(last.value)


def command(one: Tried) -> str:
    """Words that repeat a value with ``carebridge run``; empty where no words set it."""
    if not one.words:
        return ""
    quoted = (f"'{word}'" if " " in word else word for word in one.words)
    return " ".join(["carebridge run", *quoted])


def _edge(found: Found, outcome: str) -> str:
    q, first, (last, beyond) = found.question, found.tried[0], found.edge(outcome)
    if last is None:
        text = f"at no value that was tried; at {q.shown(first.value)} {_chance(first, outcome)}"
        return f"{text}.{_why(first) if outcome == BOTH else ''}{_not_ruled_out(found, outcome)}"
    text = f"to {q.shown(last.value)} ({_chance(last, outcome)}{_unseen(last)})"
    text = f"from {q.shown(first.value)} {text}" if last is not first else f"only at {text.removeprefix('to ')}"
    if beyond is None:
        return f"{text}, which is as far as was asked."
    return f"{text}; at {q.shown(beyond.value)} no longer ({_chance(beyond, outcome)}).{_not_ruled_out(found, outcome)}"


def _why(one: Tried) -> str:
    """What was not delivered at a value, and why; empty where all was."""
    row = next(row for row in one.verdict.criteria if row["id"] == DELIVERY)
    told = [part for part in row["note"].split("; ") if part != ALL_CLOSED] if row["probability"] < 1 else []
    return f" There, {'; '.join(told)}." if told else ""


def _unseen(one: Tried) -> str:
    """Whether a value asks for what nobody has seen (K9)."""
    return f", but {UNSEEN}" if one.verdict.ruled_out else ""


def _not_ruled_out(found: Found, outcome: str) -> str:
    """How far it might go, for want of replications."""
    last, furthest = found.edge(outcome)[0], found.possible(outcome)
    if furthest is None or (last and found.tried.index(furthest) <= found.tried.index(last)):
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
    return "any" if found.question.name == YEARS else f"{found.years}\u00a0years, to\u00a0{found.ends[:4]}"


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
    named = [f"{row['name'].partition(':')[0]} ({row['probability']:.0%})" for row in rows]
    return ", ".join([*named, *([f"Demand realism ({UNSEEN})"] if one.verdict.ruled_out else [])])
