"""From when to when contracts hold: what part of a payee's work each pays for, and who is then paid by nobody (F4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from models.finance.organisations import EXTERNAL, Contract, System
from models.finance.rules.amounts import Pence

__all__ = ["Gap", "Steps", "gap_words", "gaps", "in_force", "on_each", "shared", "shares"]

#: a value from each day on, until the next
Steps = tuple[tuple[dt.date, float], ...]


def in_force(contract: Contract, months: Iterable[dt.date]) -> npt.NDArray[np.bool_]:
    """Whether a contract holds in each month; it begins and ends with whole months."""
    return np.array([contract.in_force(month) for month in months], bool)


def shares(contract: Contract, pairs: Sequence[Sequence[Contract]], opening: dt.date) -> Steps:
    """What part of its payee's work a contract pays for: its plan over the plans of all who buy from the payee.

    A buyer whose contract has ended, or has not begun, still counts: the others do not pay in its place, nobody does.

    Parameters
    ----------
    contract : Contract
    pairs : sequence of sequences of Contract
        Of everyone who buys from the payee, one contract after the other.
    opening : date
        Day on which the books open.
    """
    ends = [c.end + dt.timedelta(days=1) for pair in pairs for c in pair if c.end]
    begins = [c.start for pair in pairs for c in pair if c.start]
    days = sorted({opening, *(day for day in (*begins, *ends) if day > opening)})
    out = []
    for day in days:
        whole = sum(_pence(_standing(pair, day)) for pair in pairs)
        out.append((day, _pence(contract) / whole if whole and contract.in_force(day) else 0.0))
    return tuple(out)


def on_each(steps: Steps, months: Iterable[dt.date]) -> list[float]:
    """Value in each month."""
    return [next((value for day, value in reversed(steps) if day <= month), 0.0) for month in months]


def shared(pence: Pence, parts: Sequence[float]) -> Pence:
    """A part of monthly amounts [months, ...]; running totals are rounded while the part stays, so nothing is lost."""
    out, first = np.zeros_like(pence), 0
    for part, same in groupby(parts):
        after = first + len(list(same))
        total = np.cumsum(pence[first:after], axis=0)
        out[first:after] = np.diff(np.rint(total * part).astype(np.int64), axis=0, prepend=0)
        first = after
    return out


def _standing(pair: Sequence[Contract], day: dt.date) -> Contract:
    """The contract in force, or else the one that ended last, or else the first to come."""
    order = sorted(pair, key=lambda c: c.start or dt.date.min)
    begun = [c for c in order if c.start is None or c.start <= day]
    return begun[-1] if begun else order[0]


def _pence(contract: Contract) -> int:
    return round(contract.plan.value * 100)


# -- gaps ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gap:
    """Months (first days) in which a pair has no contract, although it has one before or after."""

    payer: str
    payee: str
    purpose: str
    first: dt.date
    last: dt.date


def gaps(finance: System, months: Sequence[dt.date]) -> list[Gap]:
    """Every stretch of the books in which a pair that has a contract at some time has none in force."""
    pairs: dict[tuple[str, str, str], list[Contract]] = {}
    for c in finance.contracts.values():
        pairs.setdefault((c.payer, c.payee, c.purpose), []).append(c)
    out = []
    for pair, contracts in pairs.items():
        without = [month for month in months if not any(c.in_force(month) for c in contracts)]
        place = {month: n for n, month in enumerate(months)}
        for _, run in groupby(enumerate(without), key=lambda at: place[at[1]] - at[0]):
            days = [month for _, month in run]
            out.append(Gap(*pair, days[0], days[-1]))
    return out


def gap_words(gap: Gap, titles: Mapping[str, str]) -> str:
    """Say a gap in a sentence.

    Parameters
    ----------
    gap : Gap
    titles : mapping
        Names of organisations and funds in words; those of outside bodies are known.
    """
    payer, payee = ({**EXTERNAL, **titles}.get(name, name) for name in (gap.payer, gap.payee))
    span = f"from {gap.first:%B %Y} to {gap.last:%B %Y}" if gap.last > gap.first else f"in {gap.first:%B %Y}"
    return (
        f"{payee} has no contract with {payer} for {gap.purpose.replace('_', ' ')} {span}: "
        "what it does for it then is paid by nobody."
    )
