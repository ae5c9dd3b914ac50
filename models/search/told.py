"""An answer in words, and as rows of a table; the terminal and the report say the same."""

from __future__ import annotations

from collections.abc import Sequence

from models.criteria_realism import UNSEEN
from models.search.look import BOTH, OUTCOMES, SAFE, Found, Stretch, Tried
from models.search.names import YEARS
from models.search.questions import Question

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
    met = [(one, one.stretch(BOTH)) for one in found if one.question.lever]
    kept = [(one, over) for one, over in met if over is not None and not over.last.verdict.ruled_out]
    if not met:
        return []
    if not kept:
        return ["Nothing that was asked about the plan itself makes it credible."]
    return [_condition(one, over) for one, over in kept]


def _condition(found: Found, over: Stretch) -> str:
    q = found.question
    when = "" if q.name == YEARS else f", in {found.years} years"
    ends = sorted((over.first.value, over.last.value))
    if q.planned is not None and _meets(q, over):
        return f"Credible as planned{when}."
    what = q.axis.partition(",")[0]
    where = f"{'at most' if q.hard > q.easy else 'at least'} {q.shown(over.last.value)}"
    if over.before is not None:
        where = f"from {q.shown(ends[0])} to {q.shown(ends[1])}"
    return f"Credible with conditions: {what[0].lower()}{what[1:]}, {where}{when}."


def _meets(q: Question, over: Stretch) -> bool:
    """Whether the plan as it is lies in a stretch; one that begins with the easiest value holds beyond it too."""
    assert q.planned is not None  # noqa: S101 - callers ask first
    up = 1 if q.hard > q.easy else -1
    past_first = over.before is None or up * (q.planned - over.first.value) >= 0
    return past_first and up * (over.last.value - q.planned) >= 0


def answer(found: Found, outcome: str = BOTH) -> str:
    """The value up to which an outcome is certain enough, or the stretch; ``none`` where there is none."""
    over, q = found.stretch(outcome), found.question
    if over is None:
        return "none"
    return q.shown(over.last.value) if over.before is None else _from_to(q, over)


def _from_to(q: Question, over: Stretch) -> str:
    if over.first is over.last:
        return f"only {q.shown(over.first.value)}"
    return f"{q.shown(over.first.value)} to {q.shown(over.last.value)}"


def command(one: Tried) -> str:
    """Words that repeat a value with ``carebridge run``; empty where no words set it."""
    if not one.words:
        return ""
    quoted = (f"'{word}'" if " " in word else word for word in one.words)
    return " ".join(["carebridge run", *quoted])


def _edge(found: Found, outcome: str) -> str:
    q, first, over = found.question, found.tried[0], found.stretches(outcome)
    if not over:
        text = f"at no value that was tried; at {q.shown(first.value)} {_chance(first, outcome)}"
        return f"{text}.{_why(first) if outcome == BOTH else ''}{_not_ruled_out(found, outcome)}"
    told = [_stretch(q, one, outcome) for one in over]
    return f"{'; and '.join(told)}.{_not_ruled_out(found, outcome)}"


def _stretch(q: Question, over: Stretch, outcome: str) -> str:
    """One stretch of values, and what lies on either side of it."""
    where = f"from {_from_to(q, over)}" if over.first is not over.last else f"only at {q.shown(over.last.value)}"
    text = f"{where} ({_chance(over.last, outcome)}{_unseen(over.last)})"
    if over.before is not None:
        text += f", though not at {q.shown(over.before.value)} ({_chance(over.before, outcome)})"
    if over.beyond is None:
        return f"{text}, which is as far as was asked"
    return f"{text}; at {q.shown(over.beyond.value)} no longer ({_chance(over.beyond, outcome)})"


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
