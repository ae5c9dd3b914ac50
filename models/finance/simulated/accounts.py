"""The money of a run: the books and costs of every arm, on the basis of business as usual."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from models.arms.arms import Observed
from models.finance.books import Books, year_of
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import MONTHS
from models.finance.rules.double_running import DoubleRunning, double_running
from models.finance.simulated.activity import activity, changes
from models.finance.simulated.agreed_totals import Totals
from models.finance.simulated.basis import Basis, basis
from models.finance.simulated.carried import beyond_reserves
from models.finance.simulated.control import Position
from models.finance.simulated.costs import Costs, costs
from models.finance.simulated.do_nothing import DoNothing, do_nothing
from models.finance.simulated.made_up import made_up
from models.finance.simulated.periods import gap_words, gaps
from models.finance.simulated.posting import post
from models.finance.simulated.savings import capital_with_bias, programmes
from models.finance.simulated.settings import Money
from models.plans.schedule import Schedule
from models.system.system import System

__all__ = ["Account", "Accounts", "accounts"]


@dataclass(frozen=True)
class Account:
    """One arm in pounds and pence.

    Parameters
    ----------
    books : Books
    costs : Costs
    months : list of date
    both : DoubleRunning, optional
        What the plan costs before it pays, month by month from its start; none in business as usual.
    starts : int
        Month of the books in which the plan starts.
    position : Position, optional
        Where it stands against its control totals.
    """

    books: Books
    costs: Costs
    months: list[dt.date]
    both: DoubleRunning | None
    starts: int
    position: Position | None = None


@dataclass(frozen=True)
class Accounts:
    """All arms of a run, by name, business as usual first; and, apart from them, the do-nothing twin."""

    finance: Finance
    money: Money
    basis: Basis
    arms: Mapping[str, Account]
    nothing: DoNothing

    @property
    def unpaid(self) -> list[str]:
        """In words, every pair whose contracts leave months out: work that nobody pays for."""
        named = {**self.finance.organisations, **self.finance.funds}
        titles = {name: one.title for name, one in named.items()}
        months = next(iter(self.arms.values())).months
        return [gap_words(gap, titles) for gap in gaps(self.finance, months)]

    def beyond_reserves(self, names: Mapping[str, str]) -> list[str]:
        """In words, every council whose reserves fall below their minimum, by arm under the name that readers see."""
        arms = self.arms.items()
        return [line for arm, account in arms for line in beyond_reserves(account.books, names.get(arm, arm))]


def _opening_day(finance: Finance | None, system: System) -> dt.date:
    """First day of the books."""
    return finance.start if finance else dt.date(int(system.footprint.baseline_year[:4]), 4, 1)


def accounts(
    observed: Mapping[str, Observed],
    schedules: Mapping[str, Schedule],
    finance: Finance | None,
    money: Money,
    growth: float,
    seed: int = 0,
) -> Accounts:
    """Keep the books of every arm.

    Parameters
    ----------
    observed : mapping
        What each arm wrote down, business as usual first.
    schedules : mapping
        The plan on each timeline, by the arm's name.
    finance : Finance, optional
        Organisations of the area; made up where there is no file of them.
    money : Money
    growth : float
        Of overnight bed-days a year, for the do-nothing twin.
    seed : int
        Of the run, for what money draws itself.

    Raises
    ------
    FaultsError
        When a hospital has no trust.
    LedgerError
        When books do not hold.
    """
    usual = next(iter(observed.values()))
    system = usual.arm.system
    finance = finance or made_up(system, money)
    found, agreed, totals = {}, None, None
    for name, o in observed.items():
        plan = schedules.get(name)
        found[name], agreed = _account(o, plan, finance, money, agreed, totals, seed)
        position = found[name].position
        totals = position.totals if position else None
    assert agreed is not None  # noqa: S101 - there is always business as usual
    years = list(dict.fromkeys(year_of(month) for month in next(iter(found.values())).months))
    return Accounts(finance, money, agreed, found, do_nothing(finance, agreed, years, growth, money))


def _account(
    o: Observed,
    plan: Schedule | None,
    finance: Finance,
    money: Money,
    agreed: Basis | None,
    totals: Totals | None,
    seed: int,
) -> tuple[Account, Basis]:
    """Keep the books of one arm; without a basis it is business as usual, which gives it."""
    start = _opening_day(finance, o.arm.system)
    done = activity(o, start)
    spent = costs(done, changes(o, plan, start), o.arm.system, plan, money)
    spent = replace(
        spent,
        capital={site: capital_with_bias(pence, money, seed) for site, pence in spent.capital.items()},
        savings=programmes(finance, done.months, done.replications, plan is not None, money, seed),
    )
    agreed = agreed or basis(finance, o.arm.system, done, spent, money)
    books, position = post(finance, agreed, done, spent, money, totals)
    both, starts = _both(spent, done.months, plan) if plan else (None, 0)
    return Account(books, spent, done.months, both, starts, position), agreed


def _both(spent: Costs, months: list[dt.date], plan: Schedule) -> tuple[DoubleRunning, int]:
    first = next((n for n, month in enumerate(months) if month >= plan.plan.starts), 0)
    added = spent.added[first:]
    return double_running(added, spent.ended[first:], carry_on=len(added) >= MONTHS), first
