"""Savings programmes: cost first, savings along a ramp, less than planned, and a part of them in the first year only.

What a programme saves is taken out of what is not simulated, so that no ward and no place is saved twice. A programme
of the plan is not in business as usual; what organisations save every year anyway, and lose again through prices, is in
neither: prices of a run stay as they are (F19, F20, F25).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.finance.ledger import Book
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import MONTHS, Pence, times
from models.finance.rules.efficiency import programme, with_optimism
from models.finance.simulated.draws import triangular, uniform
from models.finance.simulated.programme_terms import Saving
from models.finance.simulated.settings import Money
from models.finance.simulated.years import Years
from sim.errors import Fault, FaultsError, nearest

__all__ = ["Saved", "capital_with_bias", "post_programmes", "programmes", "saving_faults"]

EVERY = slice(None)


@dataclass(frozen=True)
class Saved:
    """One programme by month, in pence [months, replications].

    Parameters
    ----------
    name, organisation : str
    planned : ndarray of int64
        The target along its ramp: what would be saved if all of it came and went on.
    cost, recurrent, one_off : ndarray of int64
        Up front; what is saved and goes on; what is saved in the first financial year only.
    """

    name: str
    organisation: str
    planned: Pence
    cost: Pence
    recurrent: Pence
    one_off: Pence

    @property
    def booked(self) -> Pence:
        """What is really saved."""
        return self.recurrent + self.one_off


def programmes(
    finance: Finance, months: Sequence[dt.date], replications: int, plan: bool, money: Money, seed: int
) -> list[Saved]:
    """Return what the savings programmes of an arm cost and save.

    Parameters
    ----------
    finance : Finance
    months : sequence of date
        Of the books.
    replications : int
    plan : bool
        Whether the arm has a plan; without one only programmes of business as usual are done.
    money : Money
    seed : int
        Of the run, for what is drawn.

    Raises
    ------
    FaultsError
        With every programme of an organisation that does not exist, or that begins in the baseline year or before.
    """
    if faults := saving_faults(finance, months[0], money):
        raise FaultsError(faults, "money")
    chosen = {n: s for n, s in money.savings.items() if (plan or s.usual) and s.starts in months}
    return [_saved(name, saving, months, replications, money, seed) for name, saving in chosen.items()]


def saving_faults(finance: Finance, opening: dt.date, money: Money) -> list[Fault]:
    """Programmes of organisations that do not exist, or that begin before the second year of the books."""
    out = []
    for name, saving in money.savings.items():
        key, who = f"money.savings.{name}", list(finance.organisations)
        if saving.organisation not in who:
            rule = f"no such organisation; there are: {', '.join(who)}."
            close = nearest(saving.organisation, who)
            out.append(Fault(f"{key}.organisation", saving.organisation, rule, nearest=close))
        second = dt.date(opening.year + 1, opening.month, 1)
        if saving.starts < second:
            rule = f"must not begin before {second}: the baseline year is what a result is a change from."
            out.append(Fault(f"{key}.starts", saving.starts.isoformat(), rule))
    return out


def _saved(name: str, saving: Saving, months: Sequence[dt.date], replications: int, money: Money, seed: int) -> Saved:
    rules, target = money.rules.efficiency, round(money.pence(saving.target))
    start, ramp, invest = list(months).index(saving.starts), round(rules.ramp.value), round(rules.invest.value)
    comes = np.full(replications, rules.realisation.value)
    if money.bias.savings == "drawn":
        low, high = rules.realisation.range
        comes = triangular(low, rules.realisation.value, high, f"savings {name}", seed, replications)
    up_front, share = times(target, rules.up_front), rules.recurrent
    found = programme(target, up_front, comes, share, start, ramp, max(invest, 1), len(months))
    hoped = programme(target, 0, np.ones(replications), 1, start, ramp, 1, len(months))
    return Saved(name, saving.organisation, hoped.recurrent, found.cost, found.recurrent, found.one_off)


def post_programmes(book: Book, saved: Sequence[Saved], other: Mapping[str, int], years: Years) -> None:
    """Post programmes, each in the books of its organisation, and claim once a year what it saved.

    Raises
    ------
    FaultsError
        When an organisation would save more than it spends on what is not simulated.
    """
    faults = []
    for name in dict.fromkeys(s.organisation for s in saved):
        most = max(int(sum(s.planned[-MONTHS:].sum(axis=0).max() for s in saved if s.organisation == name)), 0)
        if most > other.get(name, 0):
            rule = f"more than {name} spends on what is not simulated, {other.get(name, 0) / 100:,.0f} pounds a year."
            faults.append(Fault("money.savings", f"{most / 100:,.0f}", rule))
    if faults:
        raise FaultsError(faults, "money")
    for s in saved:
        book.pay(EVERY, s.organisation, "suppliers", f"programme_cost_{s.name}", s.cost.T, "one_off")
        book.pay(EVERY, s.organisation, "suppliers", f"programme_{s.name}", -s.booked.T, "other")
        so_far = years.so_far(s.booked)
        for month in np.flatnonzero(np.append(years.month[1:] == 0, True)):
            if so_far[month].any():
                book.agreed.saving(int(month), f"programme_{s.name}", s.organisation, so_far[month])


def capital_with_bias(pence: Pence, money: Money, seed: int) -> Pence:
    """Return capital [months, replications] with the usual excess over plan, as the run asks for it."""
    rules = money.rules.efficiency
    if money.bias.capital == "none":
        return pence
    if money.bias.capital == "stated":
        return with_optimism(pence, rules.optimism_capital.value)
    more = uniform(rules.optimism_least.value, rules.optimism_capital.value, "capital", seed, pence.shape[1])
    return np.stack([with_optimism(pence[:, r], share) for r, share in enumerate(more)], axis=1)
