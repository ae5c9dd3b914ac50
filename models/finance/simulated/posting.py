"""The books of an arm: contracts, allocations, costs and capital, posted for all replications at once."""

from __future__ import annotations

import numpy as np

from models.finance.books import Books, month_starts, year_of
from models.finance.ledger import Book
from models.finance.organisations import PUBLIC_MONEY
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import MONTHS, Pence
from models.finance.rules.contracts import pay
from models.finance.simulated.activity import Activity
from models.finance.simulated.agreed_totals import Totals, in_time_of
from models.finance.simulated.basis import Basis, Paid, values
from models.finance.simulated.charges import post_charges
from models.finance.simulated.control import Position, settle
from models.finance.simulated.costs import Costs
from models.finance.simulated.periods import in_force, on_each, shared
from models.finance.simulated.pools import post_pools
from models.finance.simulated.savings import post_programmes
from models.finance.simulated.settings import Money, agreed_form
from models.finance.simulated.years import Years as _Years
from models.finance.simulated.years import grown as _grown
from models.finance.simulated.years import twelfths as _twelfths

__all__ = ["post"]

EVERY = slice(None)
LATE = 1  #: months after which what is not simulated is paid for: goods and services on account


def post(
    finance: Finance, basis: Basis, done: Activity, spent: Costs, money: Money, totals: Totals | None = None
) -> tuple[Books, Position | None]:
    """Post an arm and close its books, with the twelve invariants asserted in every month.

    Parameters
    ----------
    finance : Finance
    basis : Basis
        Contracts and the baseline year of business as usual; the same for every arm.
    done, spent : Activity, Costs
        Of this arm.
    money : Money
    totals : Totals, optional
        Control totals as business as usual has agreed them; without them this arm is business as usual.

    Returns
    -------
    Books, Position or None
        Where it stands against its control totals; None where there are none.

    Raises
    ------
    LedgerError
        When the books do not hold.
    """
    book = Book(finance, len(done.months), done.replications)
    years = _Years.read([year_of(month) for month in done.months])
    worth = values(done, spent, basis.owners, money)
    for paid in basis.contracts:
        _contract(book, paid, years, worth.get(paid.driver), basis.value.get(paid.driver, 0), money)
    _public_money(book, finance, basis, years, money)
    for cost in spent.lines:
        if cost.runs != "council":  # a council buys from the market, under a contract
            owner = basis.owners.of(cost.site, cost.runs)
            book.pay(EVERY, owner, cost.payee, cost.rule, cost.pence.T, cost.purpose)
    for name, yearly in basis.other.items():
        book.pay(EVERY, name, "suppliers", "other_services", _twelfths(yearly, years), "other", settle_months=LATE)
    post_pools(book, basis.pools, done, spent, years, money)
    post_programmes(book, spent.savings, basis.other, years)
    _savings(book, basis, spent, years)
    post_charges(book, basis, spent, years, money)
    in_time = in_time_of(basis.owners.hospital, done.in_time, done.emergencies)
    position = settle(book, finance, basis, in_time, money, totals)
    return book.close(), position


def _contract(book: Book, paid: Paid, years: _Years, worth: Pence | None, base: int, money: Money) -> None:
    """Pay a contract in the months in which it holds, by its own rule on its own year so far, and register it.

    Its plan is that of its first year in the books. A contract that holds in part of a year is paid for that part.
    """
    c, months = paid.contract, month_starts(book.system.start, book.months)
    holds = in_force(c, months)
    at = np.flatnonzero(holds)
    if not len(at):
        return
    since = np.maximum(np.arange(len(months)) - MONTHS * years.number[at[0]], 0)  # its first year's month
    plan = np.where(holds, _grown(paid.plan, years, money)[since], 0)
    shape = (len(plan), book.replications)
    actual = np.broadcast_to(plan[:, None], shape)
    if worth is not None and paid.by_activity:
        extra = worth - _twelfths(base, years)[:, None]
        actual = np.maximum(actual + shared(extra, on_each(paid.shares, months)), 0)
    plan_so_far, so_far = years.so_far(plan), years.so_far(actual)
    agreed = agreed_form(c.form, money.rules, c.collar, c.cap)
    due = pay(agreed, np.broadcast_to(plan_so_far[:, None], shape), so_far)
    book.pay(at, c.payer, c.payee, paid.name, years.apart(due)[at].T, c.purpose, c.settle_months)
    if paid.registered:
        for n in np.unique(years.number[at]):
            last = np.flatnonzero(years.number == n)[-1]
            planned, done = plan_so_far[last], so_far[last]
            book.agreed.contract(years.names[n], paid.name, c.payer, c.payee, c.form, planned, done, agreed=agreed)


def _public_money(book: Book, finance: Finance, basis: Basis, years: _Years, money: Money) -> None:
    """Allocations of commissioners, grants and taxes of councils: what their contracts are planned to cost."""
    for name, yearly in basis.public.items():
        giver, purpose = PUBLIC_MONEY[finance.organisations[name].kind]
        book.pay(EVERY, giver, name, purpose, _grown(yearly, years, money), purpose)


def _savings(book: Book, basis: Basis, spent: Costs, years: _Years) -> None:
    """Claims of what has ended, once a year, each by the organisation whose cost it was."""
    for (site, runs), ended in spent.released.items():
        if not ended.any():
            continue
        so_far = years.so_far(ended)
        for month in np.flatnonzero(np.append(years.month[1:] == 0, True)):
            if so_far[month].any():
                book.agreed.saving(int(month), f"closures_{runs}_{site}", basis.owners.of(site, runs), so_far[month])
