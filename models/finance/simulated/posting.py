"""The books of an arm: contracts, allocations, costs, capital and loans, posted for all replications at once."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from models.finance.books import Books, year_of
from models.finance.ledger import Book
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import Pence
from models.finance.rules.contracts import pay
from models.finance.rules.loans import borrow
from models.finance.simulated.activity import Activity
from models.finance.simulated.basis import Basis, Paid, values
from models.finance.simulated.charges import post_charges
from models.finance.simulated.costs import Costs
from models.finance.simulated.pools import post_pools
from models.finance.simulated.savings import post_programmes
from models.finance.simulated.settings import Money, agreed_form
from models.finance.simulated.years import Years as _Years
from models.finance.simulated.years import grown as _grown
from models.finance.simulated.years import twelfths as _twelfths

__all__ = ["post"]

EVERY = slice(None)
LATE = 1  #: months after which what is not simulated is paid for: goods and services on account


def post(finance: Finance, basis: Basis, done: Activity, spent: Costs, money: Money) -> Books:
    """Post an arm and close its books, with the twelve invariants asserted in every month.

    Parameters
    ----------
    finance : Finance
    basis : Basis
        Contracts and the baseline year of business as usual; the same for every arm.
    done, spent : Activity, Costs
        Of this arm.
    money : Money

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
    _loans(book, finance, money)
    return book.close()


def _contract(book: Book, paid: Paid, years: _Years, worth: Pence | None, base: int, money: Money) -> None:
    """Pay a contract month by month, by its own rule on the year so far, and enter it in the register."""
    c = paid.contract
    plan = _grown(paid.plan, years, money)
    shape = (len(plan), book.replications)
    actual = np.broadcast_to(plan[:, None], shape)
    if worth is not None and paid.share:
        share = Fraction(repr(paid.share))
        extra = worth - _twelfths(base, years)[:, None]
        actual = np.maximum(actual + _shared(extra, share), 0)
    plan_so_far, so_far = years.so_far(plan), years.so_far(actual)
    due = pay(agreed_form(c.form, money.rules), np.broadcast_to(plan_so_far[:, None], shape), so_far)
    book.pay(EVERY, c.payer, c.payee, paid.name, years.apart(due).T, c.purpose, c.settle_months)
    if paid.registered:
        for n, year in enumerate(years.names):
            last = np.flatnonzero(years.number == n)[-1]
            book.agreed.contract(year, paid.name, c.payer, c.payee, c.form, plan_so_far[last], so_far[last])


def _shared(pence: Pence, share: Fraction) -> Pence:
    """A share of monthly amounts; running totals are rounded, so that nothing is lost over the years."""
    total = np.cumsum(pence, axis=0)
    return np.diff(np.rint(total * float(share)).astype(np.int64), axis=0, prepend=0)


def _public_money(book: Book, finance: Finance, basis: Basis, years: _Years, money: Money) -> None:
    """Allocations of commissioners, grants and taxes of councils: what their contracts are planned to cost."""
    givers = {"commissioner": ("nhs_england", "allocation"), "council": ("treasury", "grant")}
    for name, yearly in basis.public.items():
        giver, purpose = givers[finance.organisations[name].kind]
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


def _loans(book: Book, finance: Finance, money: Money) -> None:
    """Interim loans wherever cash would fall below its floor, and interest on them."""
    names = list(finance.organisations)
    flow = np.stack([book.cash_flow(name).T for name in names], axis=1)  # [months, organisations, replications]
    opening = np.array([[book.opening.get((name, "cash", "", ""), 0)] for name in names], np.int64)
    floor = np.array([[book.floors[name]] for name in names], np.int64)
    loan = borrow(flow, opening, floor, [money.rules.loans.most_trusts])
    for n, name in enumerate(names):
        lender = finance.organisations[name].lender
        book.pay(EVERY, name, lender, "loan_interest", loan.interest[:, n].T, "interest")
        book.draw_loan(EVERY, name, lender, "interim_loan", loan.drawn[:, n].T)
