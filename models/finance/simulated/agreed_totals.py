"""Control totals as they are agreed once for all arms, and what the sustainability fund would pay whom.

A trust and a commissioner are asked for their result in the baseline year of business as usual, quarter by quarter, and
for a share of their income above it. Social enterprises, councils and practices have no control total.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from models.finance.organisations import EXTERNAL
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import Pence, exact, pence, split, times
from models.finance.simulated.basis import Basis
from models.finance.simulated.settings import Money
from sim.errors import Fault, FaultsError

__all__ = ["QUARTERS", "THREE", "Totals", "agree", "area_fund", "in_time_of", "no_lead", "sustainability_fund_of"]

QUARTERS, THREE = 4, 3  #: quarters of a year, months of a quarter
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Totals:
    """Control totals, the same in every arm and year.

    Parameters
    ----------
    names : tuple of str
        Trusts and commissioners (O of them).
    total : ndarray of int64 [O, 4]
        Result asked for in each quarter, before money from the fund, in pence.
    income : ndarray of int64 [O]
        Of the baseline year.
    fund : str
        Name of the fund; empty where the area has none.
    trusts : tuple of str
        Whom it pays (T of them).
    leads : tuple of str
        The commissioner through which it pays each of them.
    allocation : ndarray of int64 [T]
        Of a year, in pence.
    asked : mapping
        Share of emergencies in time that the access element asks of a trust, by quarter [4]; none for trusts without.
    """

    names: tuple[str, ...]
    total: Pence
    income: Pence
    fund: str
    trusts: tuple[str, ...]
    leads: tuple[str, ...]
    allocation: Pence
    asked: Mapping[str, Floats]

    @property
    def paid(self) -> list[int]:
        """Place of each trust among those with a control total."""
        return [self.names.index(name) for name in self.trusts]


def agree(finance: Finance, basis: Basis, result: Pence, in_time: Mapping[str, Floats], money: Money) -> Totals:
    """Agree control totals from business as usual.

    Parameters
    ----------
    finance : Finance
    basis : Basis
    result : ndarray of int64 [replications, organisations, quarters]
        Of all organisations of `finance`, before the fund and before interest; its first four quarters count.
    in_time : mapping of trust to ndarray of float [replications, quarters]
        Share of emergencies who had a bed in time.
    money : Money

    Raises
    ------
    FaultsError
        When no commissioner that pays a trust is a member of the fund.
    """
    kinds = {name: organisation.kind for name, organisation in finance.organisations.items()}
    names = [name for name, kind in kinds.items() if kind.endswith("trust") or kind == "commissioner"]
    at = [list(kinds).index(name) for name in names]
    income = np.array([_income(name, basis, finance.start) for name in names], np.int64)
    usual = np.rint(result[:, at, :QUARTERS].mean(axis=0)).astype(np.int64)
    more = split(times(income, money.control.requirement.value), np.ones(QUARTERS, np.int64))
    fund = sustainability_fund_of(finance)
    trusts = [name for name in names if kinds[name].endswith("trust")] if fund else []
    own = np.array([_income(name, basis, finance.start) for name in trusts], np.int64)
    return Totals(
        names=tuple(names),
        total=usual + more,
        income=income,
        fund=fund,
        trusts=tuple(trusts),
        leads=_leads(finance, basis, fund, trusts),
        allocation=split(area_fund(int(own.sum()), money), own) if trusts else own,
        asked={name: share[:, :QUARTERS].mean(axis=0) for name, share in in_time.items() if name in trusts},
    )


def _income(name: str, basis: Basis, opening: dt.date) -> int:
    """Pence of the baseline year: what contracts that hold in it plan, month by month, and an allocation."""
    planned = (c.baseline_plan(opening) for c in basis.contracts if c.contract.payee == name)
    return basis.public.get(name, 0) + sum(planned)


def area_fund(income: int, money: Money) -> int:
    """The area's part of the national fund in pence a year: that of its trusts' income in all providers' income."""
    size = pence(money.rules.sustainability_fund.by_year[money.control.terms].size)
    return int(times(size, Fraction(income, 100) / exact(money.control.providers_income)))


def sustainability_fund_of(finance: Finance) -> str:
    """Name of the national fund that pays PSF; empty where there is none."""
    found = (name for name, f in finance.funds.items() if f.host in EXTERNAL and "psf" in f.purposes)
    return next(found, "")


def _leads(finance: Finance, basis: Basis, fund: str, trusts: list[str]) -> tuple[str, ...]:
    """The commissioner that pays each trust most in the baseline year, or later, and is a member of the fund."""
    leads, faults = [], []
    members = finance.funds[fund].members if fund else []
    for trust in trusts:
        plans: dict[str, tuple[int, int]] = {}
        for member in (m for m in members if finance.organisations[m].kind == "commissioner"):
            own = [c for c in basis.contracts if (c.contract.payer, c.contract.payee) == (member, trust)]
            if sum(c.plan for c in own):
                plans[member] = sum(c.baseline_plan(finance.start) for c in own), sum(c.plan for c in own)
        if not plans:
            faults.append(no_lead(finance, trust))
            continue
        leads.append(max(plans, key=lambda name: plans[name]))
    if faults:
        raise FaultsError(faults, "finance")
    return tuple(leads)


def no_lead(finance: Finance, trust: str) -> Fault:
    """Say that the fund reaches a trust through nobody."""
    fund = sustainability_fund_of(finance)
    rule = f"no commissioner among its members has a contract with {trust}, through which it could be paid."
    return Fault(f"finance.funds.{fund}.members", list(finance.funds[fund].members), rule)


def in_time_of(
    hospital: Mapping[str, str], in_time: Mapping[str, Floats], emergencies: Mapping[str, Pence]
) -> dict[str, Floats]:
    """Share in time by trust [replications, quarters], over all its hospitals.

    Parameters
    ----------
    hospital : mapping
        Trust of each hospital.
    in_time : mapping
        Share in time of each hospital [quarters, replications].
    emergencies : mapping
        Admissions of each hospital by month [months, replications].
    """
    out: dict[str, Floats] = {}
    for trust in dict.fromkeys(hospital.values()):
        sites = [site for site, name in hospital.items() if name == trust]
        many = [np.add.reduceat(emergencies[s], np.arange(0, len(emergencies[s]), THREE), axis=0) for s in sites]
        whole = np.maximum(sum(many), 1)
        out[trust] = (sum(in_time[s] * n for s, n in zip(sites, many, strict=True)) / whole).T
    return out
