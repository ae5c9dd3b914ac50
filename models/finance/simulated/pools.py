"""Pooled funds in a run: what members pay in, what a pool pays for, and who decides that it pays for more (F13, F31).

A pool pays a share of what some community services cost in the baseline year. What a plan makes of these services it
pays for once its board has decided, and who it is that decides depends on the pot. Over- and underspends are borne by
the members in the month in which they arise, so a pool holds nothing over. What members pay each other through it
cancels in the area.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from models.finance.ledger import Book
from models.finance.organisations import Fund, Pays
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import MONTHS, Pence, exacts, split, times
from models.finance.rules.pooled import REFUSED, Delays, bear, decided, pay_for_performance
from models.finance.simulated.activity import Activity
from models.finance.simulated.costs import DOUBLE_RUNNING, NEW_PLACES, Costs
from models.finance.simulated.settings import Money
from models.finance.simulated.years import Years, grown
from sim.errors import Fault, FaultsError, nearest

if TYPE_CHECKING:
    from models.finance.simulated.basis import Owners

__all__ = ["Line", "Pool", "baseline_pools", "pools_of", "post_pools", "service_faults"]

EVERY = slice(None)


@dataclass(frozen=True)
class Line:
    """A service in a catchment that a pool pays for, whom it pays, and its budget in pence a year."""

    site: str
    service: str
    owner: str
    budget: int


@dataclass(frozen=True)
class Pool:
    """A pooled fund as it stands in the baseline year.

    Parameters
    ----------
    fund : Fund
    terms : Pays
    lines : list of Line
    payers : list of str
        Members that are commissioners: they stand for the performance part.
    trusts : mapping of str to int
        Emergency admissions of the baseline year of each trust whose hospitals are the pool's.
    """

    fund: Fund
    terms: Pays
    lines: list[Line]
    payers: list[str]
    trusts: Mapping[str, int]

    @property
    def members(self) -> list[str]:
        """Who pays in."""
        return list(self._agreed)

    @property
    def shares(self) -> list[Fraction]:
        """What each member pays in of the whole, and bears of what is spent beyond it; they sum to one."""
        found = exacts(list(self._agreed.values()))
        return [share / sum(found) for share in found]

    @property
    def _agreed(self) -> dict[str, float]:
        return self.fund.contributions.shares if self.fund.contributions else {}

    @property
    def at_stake(self) -> int:
        """Pence a year of the performance part."""
        return round(self.terms.performance.value * 100) if self.terms.performance else 0

    def stakes(self, pence: Pence | int) -> Pence:
        """Shared between the commissioners, as they contribute [..., payers]."""
        return split(pence, [self.shares[self.members.index(name)] for name in self.payers])

    def to_trusts(self, pence: Pence | int) -> Pence:
        """Shared between the trusts, by their emergencies of the baseline year [..., trusts]."""
        return split(pence, np.array(list(self.trusts.values()), np.int64))


def pools_of(finance: Finance, done: Activity, spent: Costs, owners: Owners, money: Money) -> dict[str, Pool]:
    """Return the pools that pay for simulated services, with their budgets, from business as usual.

    Raises
    ------
    FaultsError
        When a pool would pay for a service that nobody simulates.
    """
    if faults := service_faults(finance, money):
        raise FaultsError(faults, "finance")
    out = {}
    for name, fund in finance.funds.items():
        if fund.pays is None:
            continue
        sites = [site for site in finance.organisations[fund.host].sites if site in owners.hospital]
        trusts: dict[str, int] = {}
        for site in sites:
            came = round(float(done.emergencies[site][:MONTHS].sum(axis=0).mean()))
            trusts[owners.hospital[site]] = trusts.get(owners.hospital[site], 0) + came
        members = fund.contributions.shares if fund.contributions else {}
        payers = [m for m in members if finance.organisations[m].kind == "commissioner"]
        lines = _lines(fund.pays, sites, spent, owners, money)
        if lines:
            out[name] = Pool(fund, fund.pays, lines, payers, trusts)
    return out


def service_faults(finance: Finance, money: Money) -> list[Fault]:
    """Services that a pool pays for and that nobody simulates, or that it names twice."""
    out = []
    for name, fund in finance.funds.items():
        services = fund.pays.services if fund.pays else []
        for n, service in enumerate(services):
            key = f"finance.funds.{name}.pays.services.{n}"
            if service not in money.services:
                rule = f"no such service; there are: {', '.join(money.services)}."
                out.append(Fault(key, service, rule, nearest=nearest(service, money.services)))
            elif service in services[:n]:
                out.append(Fault(key, service, "is named twice: the pool would pay its share two times."))
    return out


def _lines(terms: Pays, sites: Sequence[str], spent: Costs, owners: Owners, money: Money) -> list[Line]:
    out = []
    for site in sites:
        for service in terms.services:
            cost = _cost(spent, site, service)
            if cost is not None:
                a_year = round(float(cost[:MONTHS].sum(axis=0).mean()))
                owner = owners.of(site, money.services[service].runs)
                out.append(Line(site, service, owner, int(times(a_year, terms.share))))
    return out


def _cost(spent: Costs, site: str, service: str, *items: str) -> Pence | None:
    """What a service costs in a catchment [months, replications]; some kinds of cost only, or all."""
    found = [c.pence for c in spent.lines if (c.site, c.service) == (site, service) and (not items or c.item in items)]
    return sum(found[1:], found[0]) if found else None


def baseline_pools(pools: Mapping[str, Pool]) -> dict[str, int]:
    """What each organisation gets from pools less what it pays in the baseline year, in pence; it sums to nought."""
    out: dict[str, int] = {}

    def add(name: str, pence: int) -> None:
        out[name] = out.get(name, 0) + pence

    for pool in pools.values():
        total = sum(line.budget for line in pool.lines)
        for member, pence in zip(pool.members, split(total, pool.shares), strict=True):
            add(member, -int(pence))
        for line in pool.lines:
            add(line.owner, line.budget)
        if pool.at_stake:
            for name, pence in zip(pool.payers, pool.stakes(pool.at_stake), strict=True):
                add(name, -int(pence))
            for name, pence in zip(pool.trusts, pool.to_trusts(pool.at_stake), strict=True):
                add(name, int(pence))
    return out


def post_pools(book: Book, pools: Mapping[str, Pool], done: Activity, spent: Costs, years: Years, money: Money) -> None:
    """Post what members pay in and what the pools pay for."""
    for name, pool in pools.items():
        budget = np.stack([grown(line.budget, years, money) for line in pool.lines], axis=1)  # [months, lines]
        claims = np.stack(
            [_claims(line, budget[:, n], pool, spent, money) for n, line in enumerate(pool.lines)], axis=-1
        )  # [months, replications, lines]
        paid_in = split(budget.sum(axis=1), pool.shares)  # [months, members]
        released = _performance(book, name, pool, done, years, money)
        with_more = paid_in[:, None, :] + released
        asked = claims.sum(axis=-1)
        borne, uncovered = bear(with_more, asked, pool.shares, _caps(pool, paid_in[:, None, :], asked, money))
        for m, member in enumerate(pool.members):
            paid = (with_more + borne)[..., m]
            book.pay(EVERY, member, name, f"contribution_{name}", paid.T, "pool_contribution")
        for n, pence in enumerate(np.moveaxis(split(asked - uncovered, claims), -1, 0)):
            line = pool.lines[n]
            rule = f"{name}_{line.service}_{line.site}"
            book.pay(EVERY, name, line.owner, rule, pence.T, "pool_spending")


def _claims(line: Line, budget: Pence, pool: Pool, spent: Costs, money: Money) -> Pence:
    """What is spent on a line: its budget until the decision on the plan's places holds, then a share of its cost."""
    cost = _cost(spent, line.site, line.service)
    opened = _cost(spent, line.site, line.service, NEW_PLACES, DOUBLE_RUNNING)
    shape = (len(budget), spent.lines[0].pence.shape[1])
    before = np.broadcast_to(budget[:, None], shape)
    if cost is None or opened is None:
        return before
    rules, any_ = money.rules.pooled, opened > 0
    delays = Delays(*(round(f.value) for f in (rules.joint_decision, rules.partner_ratifies, rules.national_ratifies)))
    agreed = np.full(shape[1], pool.terms.ratified)
    since = decided(pool.terms.pot, np.argmax(any_, axis=0), agreed, agreed, delays)
    holds = any_.any(axis=0) & (since != REFUSED) & (np.arange(shape[0])[:, None] >= since)
    return np.where(holds, times(cost, pool.terms.share), before)


def _caps(pool: Pool, paid_in: Pence, asked: Pence, money: Money) -> Pence | None:
    """Most that each member bears of an overspend: commissioners a share of what they pay in, councils all of it."""
    if not pool.terms.nhs_capped:
        return None
    capped = times(paid_in, money.rules.pooled.nhs_cap)
    nhs = np.array([member in pool.payers for member in pool.members])
    return np.where(nhs, capped, asked[..., None])


def _performance(book: Book, name: str, pool: Pool, done: Activity, years: Years, money: Money) -> Pence:
    """Split the performance part at the end of each year [months, replications, members]: what the pool gets.

    It is released as emergency admissions fall below the baseline year's; what is not pays the trusts for hospital
    care. In the baseline year nothing can have fallen.
    """
    out = np.zeros((book.months, book.replications, len(pool.members)), np.int64)
    if not pool.at_stake:
        return out
    sites = [site for site in book.system.organisations[pool.fund.host].sites if site in done.emergencies]
    came, before = np.sum([done.emergencies[site] for site in sites], axis=0), sum(pool.trusts.values())
    for n, months in enumerate(years.whole):
        last, pot = int(months[-1]), grown(pool.at_stake, years, money)[months].sum()
        fewer = before - came[months].sum(axis=0) if n else np.zeros(book.replications, np.int64)
        released, kept = pay_for_performance(pot, fewer, before, money.rules.pooled.bcf_target)
        members = [pool.members.index(payer) for payer in pool.payers]
        out[last][:, members] = pool.stakes(released)
        each = pool.stakes(kept)
        for p, payer in enumerate(pool.payers):
            for t, pence in enumerate(np.moveaxis(pool.to_trusts(each[:, p]), -1, 0)):
                trust = list(pool.trusts)[t]
                book.pay(last, payer, trust, f"performance_{name}", pence, "patient_care")
    return out
