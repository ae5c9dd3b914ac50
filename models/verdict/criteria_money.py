"""K7, money: whether the area's result under the plan falls below business as usual by more than is allowed (F9).

While an opening balance sheet is made up, nothing is judged; what the books say is told as information.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.finance.invariants import BEFORE, system_result
from models.finance.rules.amounts import Pence
from models.finance.simulated.accounts import Account, Accounts
from models.finance.simulated.results import by_year, years_of
from models.finance.statements import SYSTEM, income_and_expenditure
from models.verdict.criteria import Assessed, reported

__all__ = ["area_income", "money_criterion"]

KEY, NAME, UNIT = "K7", "Money: the area's result beside business as usual", "\u00a3 million a year"
TOLD = ("psf", "interest")  #: left out of what is told for information: it breaks even in the baseline year
A_MILLION = 10**8  #: pence
MINUS = "\u2212"
Window = tuple[dt.date, dt.date]


def money_criterion(found: Accounts, arm: str, window: Window) -> Assessed | str:
    """Judge K7 on one timeline over a window of dates, or say why it is not assessed.

    The result is the whole area's income less expenditure before PSF, interest and dividend, year by year; it may
    fall below business as usual in the same replication by an allowance, a share of the area's income of the year.

    Returns
    -------
    Assessed or str
        A text while an opening balance sheet is synthetic; with the figures, for information.
    """
    usual, plan = next(iter(found.arms.values())), found.arms[arm]
    years = [n for n, year in enumerate(years_of(plan)) if window[0] <= dt.date(int(year[:4]), 4, 1) < window[1]]
    values, before = (_result(account)[:, years] / A_MILLION for account in (plan, usual))
    allowed = float(found.money.allowance.value) * area_income(usual)[years] / A_MILLION
    why = found.finance.money_assessed
    if why != "assessed":
        values, before = (_result(account, TOLD)[:, years] / A_MILLION for account in (plan, usual))
        span = f"{years_of(plan)[years[0]]} to {years_of(plan)[years[-1]]}" if years else "no whole year"
        return (
            f"{why}. For information, {_timeline(arm)}: the area's result before PSF and interest is {_said(values)} "
            f"a year under the plan and {_said(before)} under business as usual, on average over {span}"
        )
    harmless = np.all(values >= before - allowed, axis=1)
    cells = [(found.finance.title, f"{year[:4]}-04") for year in np.array(years_of(plan))[years]]
    allowance = found.money.allowance
    names = (KEY, NAME, None, UNIT, "own proposal: no worse than business as usual by more than an allowance")
    note = f"reported; allowed: {allowance.value:.1%} of the area's income a year"
    return reported(names, harmless, cells, values, before, note, more_is_better=True)


def _said(millions: npt.NDArray[np.float64]) -> str:
    """A mean in words, with a true minus sign, and none before nought."""
    mean = round(float(millions.mean()), 1)
    return f"{MINUS if mean < 0 else ''}\u00a3{abs(mean):,.1f} million"


def _timeline(arm: str) -> str:
    """A timeline in words: its name is like 5y."""
    return f"in {arm.removesuffix('y')} years" if arm.removesuffix("y").isdigit() else arm


def _result(account: Account, without: Sequence[str] = BEFORE) -> Pence:
    """Yearly result of the area (R, years), without some purposes."""
    return by_year(account, system_result(account.books, without))


def area_income(account: Account) -> Pence:
    """Yearly income of the area in the first replication (years,), without the sustainability fund."""
    table = income_and_expenditure(account.books, SYSTEM).table
    kept = [str(label).startswith("Income") and str(label) != "Income: psf" for label in table.index]
    return table[kept].to_numpy(np.int64).sum(axis=0)
