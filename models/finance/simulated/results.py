"""The money of a run as a table: income and expenditure by arm, year and organisation, and what a change costs.

Convention: income is positive and expenditure negative; a positive result is a surplus. Memoranda (double running,
new places, stranded cost, cost ended, savings, new loans and cash drawn, standing against control totals, what is
carried forward) are amounts of their own, and part of no sum. Signed are control totals and what results are above or
below them, the dashboard ratio, new loans and cash drawn (less what went back), cumulative positions, and reserves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.finance.accounts import ACCOUNTS
from models.finance.books import Books, year_of
from models.finance.invariants import BEFORE
from models.finance.rules.amounts import Pence
from models.finance.rules.double_running import NEVER
from models.finance.simulated.accounts import Account, Accounts
from models.finance.simulated.carried import carried_memos
from models.finance.simulated.costs import DOUBLE_RUNNING, NEW_PLACES, STRANDED
from models.finance.simulated.do_nothing import NAME as NOTHING
from models.finance.simulated.do_nothing import DoNothing
from models.finance.simulated.standing import memos
from models.finance.statements import SYSTEM
from sim.arrow import names_column

__all__ = ["DESCRIPTION", "RESULT", "break_even_years", "by_year", "money_table", "per_cent", "years_of"]

DESCRIPTION = (
    "income (+) and expenditure (-) in pounds by arm, financial year, organisation and line; mean and 5-95 % over "
    "replications; lines that begin with 'memo' are amounts of their own, or per cent where they say so"
)
RESULT, BEFORE_FINANCING = "surplus or deficit", "surplus or deficit before PSF, interest and dividend"
MEMOS = {
    DOUBLE_RUNNING: "memo: double running",
    NEW_PLACES: "memo: new places beside double running",
    STRANDED: "memo: stranded cost",
}

DRAWN = {"loan": "memo: new loans", "cash_drawn": "memo: cash drawn beyond income"}

Lines = dict[tuple[str, str], Any]  #: (organisation, line): pence (R, years)


def years_of(account: Account) -> list[str]:
    """Financial years of the books, the last one perhaps not whole."""
    return [year for _, year in _years(tuple(account.months))]


def by_year(account: Account, monthly: Pence) -> Pence:
    """Sums (..., years) of monthly amounts (..., months)."""
    return np.add.reduceat(monthly, [n for n, _ in _years(tuple(account.months))], axis=-1)


@lru_cache(maxsize=8)
def _years(months: tuple[dt.date, ...]) -> list[tuple[int, str]]:
    """First month and name of every financial year; asked for with each line of the books."""
    names = [year_of(month) for month in months]
    return [(names.index(year), year) for year in dict.fromkeys(names)]


def money_table(found: Accounts) -> pa.Table:
    """One row an arm, year, organisation and line, in pounds."""
    parts = [_table(name, years_of(account), _lines(account, found)) for name, account in found.arms.items()]
    return pa.concat_tables([*parts, _twin(found.nothing)]).unify_dictionaries()


def _twin(nothing: DoNothing) -> pa.Table:
    """The do-nothing twin: one path, so mean and range are the same."""
    lines = {
        "income: all from outside": nothing.income,
        "expenditure: care that is simulated": [-c for c in nothing.care],
        "expenditure: everything else": [-c for c in nothing.other],
        RESULT: nothing.result,
    }
    keys: Lines = {(SYSTEM, line): np.array([pence], np.int64) for line, pence in lines.items()}
    return _table(NOTHING, nothing.years, keys)


def _lines(account: Account, found: Accounts) -> Lines:
    """Every line of an arm."""
    out: Lines = {}
    for key, pence in _flows(account.books):
        out[key] = out.get(key, 0) + by_year(account, pence)
    for cost in account.costs.lines:
        if cost.item in MEMOS:
            owner, amount = found.basis.owners.of(cost.site, cost.runs), by_year(account, cost.pence.T)
            for who in (owner, SYSTEM):
                out[who, MEMOS[cost.item]] = out.get((who, MEMOS[cost.item]), 0) + amount
    for (site, runs), ended in account.costs.released.items():
        if ended.any():
            for who in (found.basis.owners.of(site, runs), SYSTEM):
                line = who, "memo: cost ended"
                out[line] = out.get(line, 0) + by_year(account, ended.T)
    if account.position is not None:
        for who, line, amounts in memos(account.position, account.books):
            part = len(years_of(account)) - amounts.shape[1]  # a year that is not whole is not held against anything
            out[who, line] = np.pad(amounts, ((0, 0), (0, part)))
    out |= {(who, line): amounts for who, line, amounts in carried_memos(account.books)}
    for saved in account.costs.savings:
        for words, pence in (
            ("planned", saved.planned),
            ("booked", saved.booked),
            ("booked, recurrent", saved.recurrent),
            ("cost up front", saved.cost),
        ):
            for who in (saved.organisation, SYSTEM):
                line = who, f"memo: savings programmes, {words}"
                out[line] = out.get(line, 0) + by_year(account, pence.T)
    order = [*found.finance.members, SYSTEM]
    return {key: out[key] for key in sorted(out, key=lambda k: (order.index(k[0]), _place(k[1]), k[1]))}


def _place(line: str) -> int:
    heads = ("income", "expenditure", BEFORE_FINANCING, RESULT, "memo")
    return next(n for n, head in enumerate(heads) if line == head or line.startswith(f"{head}:"))


def _flows(books: Books) -> Iterator[tuple[tuple[str, str], Pence]]:
    """Income and expenditure by organisation and purpose; for the system without what its members pay each other."""
    inside = {e.name for e in books.entities if not e.external}
    for n in np.flatnonzero(books.keys.part("income", "expenditure")):
        entity, account, other, purpose = books.keys.listed[n]
        if entity not in inside:
            continue
        pence = -books.movement[n]
        words = f"{ACCOUNTS[account].words.lower()}: {purpose.replace('_', ' ')}"
        for who in [entity] if other in inside else [entity, SYSTEM]:
            yield (who, words), pence
            yield (who, RESULT), pence
            if purpose not in BEFORE:
                yield (who, BEFORE_FINANCING), pence
    for n in books.keys.where(*DRAWN):
        entity, account, other, _ = books.keys.listed[n]
        if entity in inside and other not in inside:
            for who in (entity, SYSTEM):
                yield (who, DRAWN[account]), -books.movement[n]


def _table(arm: str, years: list[str], lines: Lines) -> pa.Table:
    keys = list(lines)
    pounds = np.stack([lines[key] for key in keys]) / 100  # (lines, R, years)
    low, high = np.quantile(pounds, [0.05, 0.95], axis=1)
    who, what = (list(dict.fromkeys(key[n] for key in keys)) for n in (0, 1))
    count = len(years)

    def column(names: list[str], index: list[int]) -> Any:
        return names_column(names, np.array(index, np.int32))

    return pa.table(
        {
            "arm": column([arm], [0] * (len(keys) * count)),
            "year": column(years, list(range(count)) * len(keys)),
            "organisation": column(who, [who.index(k[0]) for k in keys for _ in years]),
            "line": column(what, [what.index(k[1]) for k in keys for _ in years]),
            "mean": pounds.mean(axis=1).ravel(),
            "p05": low.ravel(),
            "p95": high.ravel(),
            "unit": column(["GBP", "per cent"], [int(per_cent(k[1])) for k in keys for _ in years]),
        }
    )


def per_cent(line: str) -> bool:
    """Whether a line of the table is no pounds but per cent."""
    return line.endswith((", per cent", "per cent of futures"))


def break_even_years(account: Account) -> npt.NDArray[np.float64]:
    """Years from the plan's start until it has paid for itself (R,); infinite where it never does."""
    assert account.both is not None  # noqa: S101 - asked of plans only
    month = account.both.break_even
    return np.where(month == NEVER, np.inf, (month - 1) / 12)
