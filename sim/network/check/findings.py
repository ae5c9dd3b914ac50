"""What a rule reports, and the checks that many rules share."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sim.clock import DAY
from sim.errors import Fault, nearest
from sim.network.fields import Weekly
from sim.network.schema import Network

__all__ = [
    "Finding",
    "Findings",
    "at",
    "count_findings",
    "finding",
    "hours_findings",
    "known",
    "rising_findings",
    "sum_findings",
]

MOST = 1_000_000_000  # of anything that is counted: places, room, amounts
_TOLERANCE = 1e-9
_SHOWN = 12  # names in a list of those that are known


@dataclass(frozen=True)
class Finding:
    """A fault, and the dotted keys by which it was judged."""

    fault: Fault
    reads: tuple[str, ...]


Findings = Iterator[Finding]


def finding(
    key: str, value: object, rule: str, *, reads: Sequence[str] = (), nearest: str = "", example: str = ""
) -> Finding:
    """Report a fault; unless `reads` says more, it was judged by its own key alone."""
    return Finding(Fault(key, value, rule, nearest=nearest, example=example), tuple(reads) or (key,))


def known(
    key: str, name: str, choices: Iterable[str], what: str, declared: str, shown: Callable[[str], str] | None = None
) -> Findings:
    """Check that a name exists.

    Parameters
    ----------
    key, name : str
        Where the name is used, and the name.
    choices : iterable of str
    what : str
        What it should name, in a word.
    declared : str
        Key under which it would be declared.
    shown : callable, optional
        How a choice is written in the example; as the value of the last part of the key unless given.
    """
    choices = list(choices)
    if name in choices:
        return
    close = nearest(name, choices)
    listed = ", ".join(choices[:_SHOWN]) + (", …" if len(choices) > _SHOWN else "")
    rule = f"no such {what}; known: {listed or 'none is declared'}."
    example = ""
    if choices:
        best = close or choices[0]
        example = shown(best) if shown else f"{key.rpartition('.')[2]}: {best}"
    yield finding(key, name, rule, reads=(key, declared), nearest=close, example=example)


def sum_findings(key: str, shares: Iterable[float], when: str = "", reads: Sequence[str] = ()) -> Findings:
    """Shares must sum to one."""
    total = sum(shares)
    if abs(total - 1) > _TOLERANCE:
        yield finding(key, None, f"{when}shares sum to {total:.6g}, not to one.", reads=reads)


def count_findings(key: str, value: object, what: str) -> Findings:
    """A number of places, of room or of an amount must lie in the range that is counted."""
    if not isinstance(value, int) or 0 <= value <= MOST:
        return
    if value < 0:
        yield finding(key, value, f"{what} cannot be negative.")
    else:
        yield finding(key, value, f"{what} is at most {MOST:,}.")


def at(network: Network, instant: dt.date | float) -> float:
    """Milliseconds from the start."""
    return (instant - network.start).days * DAY if isinstance(instant, dt.date) else float(instant)


def rising_findings(network: Network, key: str, instants: Sequence[dt.date | float]) -> Findings:
    """Steps must follow one another in time, by a millisecond at least."""
    times = [math.floor(at(network, i) + 0.5) for i in instants]
    if any(b <= a for a, b in zip(times, times[1:], strict=False)):
        reads = (key, "start") if any(isinstance(i, dt.date) for i in instants) else (key,)
        yield finding(key, None, "steps must follow one another in time; one lies at or before the last.", reads=reads)


def hours_findings(key: str, entry: Weekly, what: str) -> Findings:
    """Hours of the week must be some hours."""
    if entry.hours[1] <= entry.hours[0]:
        rule = f"{what} begins before it ends; for hours across midnight give two entries."
        yield finding(f"{key}.hours", list(entry.hours), rule)
    if not entry.weekdays:
        yield finding(f"{key}.weekdays", [], f"{what} needs at least one weekday.")
