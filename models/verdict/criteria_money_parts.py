"""The parts of K7, each with its value and what it is held against (F9 to F16, F19): told beside it, never deciding.

The area's control total, double running against money set aside for change, cash support, and payback.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.accounts import Pence
from models.finance.books import Books, year_of
from models.finance.simulated.accounts import Account, Accounts
from models.finance.simulated.costs import DOUBLE_RUNNING
from models.finance.simulated.results import break_even_years, by_year, years_of
from models.finance.simulated.standing import standing
from models.plans.schedule import Schedule
from models.verdict.criteria_money import area_income

__all__ = ["area_support", "control_total_held", "money_parts"]

A_MILLION = 10**8  #: pence
CONTROL = "The area's result less its control totals"
MILLIONS, YEARS = "\u00a3 million", "years"
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Window = tuple[dt.date, dt.date]


def money_parts(found: Accounts, arm: str, schedule: Schedule, window: Window) -> list[dict[str, Any]]:
    """Return the parts of K7 on one timeline.

    Parameters
    ----------
    found : Accounts
    arm : str
    schedule : Schedule
        The plan on the timeline, with its money for change if there is a limit to it.
    window : (date, date)
        First day and the day after the last.

    Returns
    -------
    list of dict
        ``name``, ``status`` (always ``reported``), ``unit``, ``value`` (mean over replications; of payback the middle
        one), ``usual`` (of business as usual, where there is one), ``limit`` (None where nothing is set), ``within``
        (share of replications) and ``note``; of the control total, ``year``.
    """
    usual, plan = next(iter(found.arms.values())), found.arms[arm]
    limits, income = found.money.limits, area_income(usual)
    most = limits.cash_support.value * float(income[0]) / A_MILLION
    owed, before = (_peak(area_support(a.books), a.months, window) for a in (plan, usual))
    year = np.max(by_year(plan, plan.costs.of(DOUBLE_RUNNING).T), axis=1) / A_MILLION
    fund = None if schedule.fund is None else schedule.fund.year / 1e6
    funded = "nothing is set aside for change (funding=none)" if fund is None else "limit: money set aside for a year"
    back, horizon = break_even_years(plan), limits.payback.value
    middle = float(np.median(back))
    last = f"from the plan's start; middle one of all futures, never being longest; limit {limits.payback.status}"
    support = "most interim loans, and cash beyond allocations and reserves, at once"
    support += f"; limit: {limits.cash_support.value:.1%} of the area's income"
    return [
        *_control_total(found, usual, plan, schedule, income),
        _part("Double running in its worst year", MILLIONS, year, None, fund, funded),
        _part("Cash support", MILLIONS, owed, before, most, f"{support} ({limits.cash_support.status})"),
        _part("Payback", YEARS, back, None, horizon, last) | {"value": middle if np.isfinite(middle) else None},
    ]


def _part(name: str, unit: str, values: Floats, usual: Floats | None, limit: float | None, note: str) -> dict[str, Any]:
    """A part that holds where its value is no more than its limit."""
    return {
        "name": name,
        "status": "reported",
        "unit": unit,
        "value": float(values.mean()),
        "usual": None if usual is None else float(usual.mean()),
        "limit": limit,
        "within": None if limit is None else float((values <= limit).mean()),
        "usual_within": None if limit is None or usual is None else float((usual <= limit).mean()),
        "note": note,
    }


def _control_total(
    found: Accounts, usual: Account, plan: Account, schedule: Schedule, income: Pence
) -> list[dict[str, Any]]:
    """The area's result against all control totals in the plan's last year; none where nobody has a control total."""
    if plan.position is None or usual.position is None:
        return []
    own, other = (standing(a.position, a.books).variance.sum(axis=1) for a in (plan, usual) if a.position)
    named = years_of(plan)[: own.shape[1]]
    ends = year_of(schedule.end - dt.timedelta(days=1))
    if ends not in named:
        return []
    first, last = plan.starts // 12, named.index(ends)
    allowed = np.rint(float(found.money.allowance.value) * income).astype(np.int64)
    held, held_before = (control_total_held(v, first, last, allowed[: v.shape[1]]) for v in (own, other))
    note = f"in the plan's last year; in none before missed by over {found.money.allowance.value:.1%} of its income"
    value, before = (v[:, last] / A_MILLION for v in (own, other))
    if left := _without_total(found, plan):
        note += f"; without a control total, so not in it: {'; '.join(left)}"
    part = _part(CONTROL, MILLIONS, value, before, 0.0, note)
    return [part | {"within": float(held.mean()), "usual_within": float(held_before.mean()), "year": ends}]


def _without_total(found: Accounts, plan: Account) -> list[str]:
    """Titles of the area's organisations whose result no control total asks for."""
    asked = plan.position.totals.names if plan.position else ()
    inside = [e.name for e in plan.books.entities if not e.external]
    return [o.title for name, o in found.finance.organisations.items() if name in inside and name not in asked]


def control_total_held(variance: Pence, first: int, last: int, allowed: Pence) -> Bools:
    """Say in which replications the control total is met in the plan's last year, and not missed by more before.

    Parameters
    ----------
    variance : ndarray of int64 [replications, years]
        Result less control total.
    first, last : int
        Years of the plan's start and end.
    allowed : ndarray of int64 [years]
        By how much a year before the last may miss.
    """
    before = np.all(variance[:, first:last] >= -allowed[first:last], axis=1)
    return np.asarray((variance[:, last] >= 0) & before)


def area_support(books: Books) -> Pence:
    """Interim loans and cash drawn beyond income, at each month's end [replications, months], without opening ones."""
    inside = {e.name for e in books.entities if not e.external}
    keys = [n for n in books.keys.where("loan", "cash_drawn") if books.keys.listed[n][0] in inside]
    return -np.cumsum(books.total(books.movement, keys), axis=1)


def _peak(owed: Pence, months: list[dt.date], window: Window) -> Floats:
    """Most that is owed in a window, in millions of pounds [replications]."""
    inside = np.array([window[0] <= month < window[1] for month in months])
    return owed[:, inside].max(axis=1) / A_MILLION
