"""Which contract is in force where and when, and the money that follows: a twelfth of the plan, then a true-up.

Contract years begin in April (T12). A month's payment on account is its twelfth of the year's plan, split by largest
remainder. Some months later what the year so far has earned is compared with what was paid on account for it, and the
difference is paid: over the year, and from month to month, payments add up to the contract's own payment rule.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from models.finance.rules.amounts import MONTHS, Pence, as_pence, split
from models.finance.rules.checks import at_least, known, refuse
from models.finance.rules.contracts import Contract, pay
from sim.errors import Fault

__all__ = ["Agreement", "Line", "Settled", "contract_year", "in_force", "month", "month_faults", "month_text"]
__all__ += ["on_account", "payments", "schedule", "settle"]

APRIL = 4  #: first month of a contract year

Line: TypeAlias = tuple[str, str, str]  #: commissioner, provider, place (or kind of care)


@dataclass(frozen=True)
class Agreement:
    """One contract between two organisations for one place, from its first month to its last.

    Parameters
    ----------
    commissioner, provider, place : str
        `place` may as well name a kind of care: whatever has a contract of its own.
    first, last : str
        Months such as ``"2017-04"``, both within.
    contract : Contract
    plan : int
        Pence a year.
    changes : tuple of (month, int)
        Change of the plan, in pence a year, from a month on (variations at cost, F6).
    """

    commissioner: str
    provider: str
    place: str
    first: str
    last: str
    contract: Contract
    plan: int
    changes: tuple[tuple[str, int], ...] = ()

    @property
    def line(self) -> Line:
        """What the agreement is about; agreements about the same may not overlap."""
        return (self.commissioner, self.provider, self.place)


@dataclass(frozen=True)
class Settled:
    """Payments by month, in pence, arrays of shape [months, ...]."""

    on_account: Pence  #: paid in the month
    true_up: Pence  #: paid in the month for an earlier one; negative where the provider pays back
    earned: Pence  #: due by the payment rule for the month's activity

    @property
    def owed(self) -> Pence:
        """What the commissioner still owes at the end of each month; negative where the provider owes."""
        return np.cumsum(self.earned - self.on_account - self.true_up, axis=0)


# -- months --------------------------------------------------------------------------------------------------------


def month(text: str) -> int:
    """Return the number of a month such as ``"2017-04"``, counted from the year 0.

    Raises
    ------
    FaultsError
        When it is no month.
    """
    refuse(month_faults("month", text), "month")
    year, number = text.split("-")
    return int(year) * 12 + int(number) - 1


def month_faults(key: str, text: str) -> list[Fault]:
    """Faults of a text that is no month."""
    fits = re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(text))
    return [] if fits else [Fault(key, text, "give a year and a month.", example=f'{key}: "2017-04"')]


def month_text(number: int) -> str:
    """Return the text of a month's number."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def contract_year(number: int) -> int:
    """Return the calendar year in which the contract year of a month begins."""
    return (number - APRIL + 1) // MONTHS


# -- agreements ----------------------------------------------------------------------------------------------------


def schedule(agreements: Iterable[Agreement], organisations: Collection[str]) -> tuple[Agreement, ...]:
    """Return the agreements in order of line and time.

    Raises
    ------
    FaultsError
        With every agreement between organisations that do not exist or between one and itself, every plan below
        nought, every month that is none, and every overlap.
    """
    found = list(agreements)
    faults = [fault for i, agreement in enumerate(found) for fault in _faults(i, agreement, organisations)]
    timed = [a for a in found if not month_faults("", a.first) and not month_faults("", a.last)]
    ordered = sorted(timed, key=lambda a: (a.line, a.first, a.last))
    for before, after in pairwise(ordered):
        if before.line == after.line and after.first <= before.last:
            rule = f"begins before the one from {before.first} to {before.last} for {' / '.join(after.line)} ends."
            faults.append(Fault("agreements.first", after.first, rule))
    refuse(faults, "schedule of contracts")
    return tuple(ordered)


def _faults(i: int, agreement: Agreement, organisations: Collection[str]) -> list[Fault]:
    key = f"agreements.{i}"
    faults = known(f"{key}.commissioner", [agreement.commissioner], organisations, "organisation")
    faults += known(f"{key}.provider", [agreement.provider], organisations, "organisation")
    if agreement.commissioner == agreement.provider:
        faults.append(Fault(f"{key}.provider", agreement.provider, "no organisation has a contract with itself."))
    faults += at_least(0, **{f"{key}.plan": agreement.plan})
    after = np.cumsum([agreement.plan, *(change for _, change in sorted(agreement.changes))])
    if agreement.plan >= 0 and (after < 0).any():
        faults.append(Fault(f"{key}.changes", int(after.min()), "more is taken out than the contract holds."))
    wrong = month_faults(f"{key}.first", agreement.first) + month_faults(f"{key}.last", agreement.last)
    if not wrong and agreement.last < agreement.first:
        wrong.append(Fault(f"{key}.last", agreement.last, f"must not lie before the first month {agreement.first}."))
    for when, _ in agreement.changes:
        unclear = month_faults(f"{key}.changes", when)
        if not unclear and not wrong and not agreement.first <= when <= agreement.last:
            unclear.append(Fault(f"{key}.changes", when, "must lie within the contract."))
        faults += unclear
    return faults + wrong


def in_force(agreements: Iterable[Agreement], line: Line, when: str) -> Agreement | None:
    """Return the agreement that holds for a line in a month, if any (F4: contracts change by locality and date)."""
    refuse(month_faults("when", when), "month")
    return next((a for a in agreements if a.line == line and a.first <= when <= a.last), None)


# -- money ---------------------------------------------------------------------------------------------------------


def on_account(agreement: Agreement) -> Pence:
    """Return the payment on account of each month of an agreement: twelfths of the plan, changes from their month.

    Returns
    -------
    ndarray of int64 [months of the agreement]
    """
    months = np.arange(month(agreement.first), month(agreement.last) + 1)
    place = (months - APRIL + 1) % MONTHS
    paid = _twelfths(agreement.plan)[place]
    for when, change in agreement.changes:
        paid = paid + np.where(months >= month(when), _twelfths(change)[place], 0)
    return paid


def _twelfths(annual: int) -> Pence:
    return split(annual, np.ones(MONTHS, np.int64))


def settle(agreement: Agreement, actual: Any, lag: int) -> Settled:
    """Return the payments of one agreement by month.

    Parameters
    ----------
    agreement : Agreement
    actual : ndarray of int64 [months of the agreement, ...]
        Value of the activity of each month at full price, in pence.
    lag : int
        Months from a month to its true-up.

    Returns
    -------
    Settled
        Arrays of [months of the agreement + lag, ...]. By the end everything earned is paid.
    """
    actual = as_pence(actual, "actual")
    account = on_account(agreement)
    wrong = at_least(0, lag=lag, actual=actual)
    if actual.shape[:1] != account.shape:
        wrong.append(Fault("actual", actual.shape, f"its first axis must hold the {len(account)} months."))
    refuse(wrong, "settlement of a contract")
    account = np.broadcast_to(account.reshape(-1, *(1,) * (actual.ndim - 1)), actual.shape)
    years = np.array([contract_year(n) for n in range(month(agreement.first), month(agreement.last) + 1)])
    earned = np.empty_like(actual)
    for year in np.unique(years):
        within = years == year
        due = pay(agreement.contract, np.cumsum(account[within], axis=0), np.cumsum(actual[within], axis=0))
        earned[within] = np.diff(due, axis=0, prepend=np.zeros_like(due[:1]))
    after = np.zeros((lag, *actual.shape[1:]), np.int64)
    return Settled(
        on_account=np.concatenate([account, after]),
        true_up=np.concatenate([after, earned - account]),
        earned=np.concatenate([earned, after]),
    )


def payments(agreements: Iterable[Agreement], first: str, actual: Mapping[Line, Any], lag: int) -> dict[Line, Settled]:
    """Return the payments of every line over the same months; where no agreement holds nothing is paid.

    Parameters
    ----------
    agreements : tuple of Agreement
        From :func:`schedule`.
    first : str
        First month of `actual`.
    actual : mapping of line to ndarray of int64 [months, ...]
        Value of activity at full price.
    lag : int

    Returns
    -------
    dict of line to Settled [months, ...]
        True-ups that fall after the last month are in :attr:`Settled.owed`.

    Raises
    ------
    FaultsError
        When an agreement begins before `first` (its year's earlier activity would be missing), or has no activity.
    """
    start, found = month(first), list(agreements)
    faults = [
        Fault("first", first, f"is later than the agreement of {' / '.join(a.line)} from {a.first} on.")
        for a in found
        if month(a.first) < start
    ]
    faults += [
        Fault("actual", list(map(" / ".join, actual)), f"activity of {' / '.join(line)} is missing.")
        for line in sorted({a.line for a in found} - set(actual))
    ]
    refuse(faults, "payments under contracts")
    out = {}
    for line, value in actual.items():
        done = as_pence(value, "actual")
        totals = [np.zeros_like(done) for _ in range(3)]
        for agreement in found:
            begin = month(agreement.first) - start
            if agreement.line == line and begin < len(done):
                _add(totals, begin, settle(*_cut(agreement, done[begin:]), lag))
        out[line] = Settled(*totals)
    return out


def _cut(agreement: Agreement, done: Pence) -> tuple[Agreement, Pence]:
    """Shorten an agreement to the months that have activity, or the activity to the agreement."""
    months = min(month(agreement.last) - month(agreement.first) + 1, len(done))
    last = month_text(month(agreement.first) + months - 1)
    return Agreement(**{**vars(agreement), "last": last}), done[:months]


def _add(totals: list[Pence], begin: int, settled: Settled) -> None:
    for total, part in zip(totals, (settled.on_account, settled.true_up, settled.earned), strict=True):
        end = min(begin + len(part), len(total))
        total[begin:end] += part[: end - begin]
