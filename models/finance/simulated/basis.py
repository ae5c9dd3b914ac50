"""Who runs what in an area, and what the contracts pay for in the baseline year of business as usual.

What is not simulated costs what the contracts pay for it then, so every organisation breaks even in the baseline year
on average; from there on the books show what demand, contracts and the plan change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from models.finance.books import month_starts
from models.finance.organisations import EXTERNAL, PUBLIC_MONEY, Contract
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import MONTHS, Pence, as_pence, growing, split
from models.finance.simulated.activity import Activity
from models.finance.simulated.charges import baseline_charges
from models.finance.simulated.costs import Costs
from models.finance.simulated.periods import Steps, in_force, on_each, shares
from models.finance.simulated.pools import Pool, baseline_pools, pools_of
from models.finance.simulated.settings import FORMS, Money
from models.system.system import System
from sim.errors import Fault, FaultsError

__all__ = ["ALLOCATED", "Basis", "Owners", "Paid", "basis", "owners", "paid_contracts", "values"]

MARKET = "suppliers"  #: whom councils pay for care homes
ALLOCATED = tuple(PUBLIC_MONEY)  #: kinds that are given what their contracts and pools cost


@dataclass(frozen=True)
class Owners:
    """Which organisation runs the hospital, the community services and the care homes of each site."""

    hospital: Mapping[str, str]
    community: Mapping[str, str]
    council: Mapping[str, str]

    def of(self, site: str, runs: str) -> str:
        """Organisation whose cost something is."""
        return getattr(self, runs)[site]


def owners(finance: Finance, sites: Iterable[str]) -> Owners:
    """Say who runs what: by the `sites` of the organisations.

    A hospital needs an acute trust; where no community provider names the site the trust runs its community services,
    and where no council does, the first one pays for its care homes.

    Raises
    ------
    FaultsError
        Naming every hospital that no acute trust runs.
    """

    def first(kind: str, site: str) -> str | None:
        return next((n for n, o in finance.organisations.items() if o.kind == kind and site in o.sites), None)

    sites, faults = list(sites), []
    hospital = {site: first("acute trust", site) for site in sites}
    faults = [
        Fault("finance.organisations", site, "no acute trust of the finance file names this hospital in its `sites`.")
        for site, found in hospital.items()
        if found is None
    ]
    councils = [n for n, o in finance.organisations.items() if o.kind == "council"]
    if not councils:
        faults.append(Fault("finance.organisations", None, "there is no council, which pays for care homes."))
    if faults:
        raise FaultsError(faults, "finance")
    found = {site: name for site, name in hospital.items() if name}
    return Owners(
        hospital=found,
        community={site: first("community provider", site) or found[site] for site in sites},
        council={site: first("council", site) or councils[0] for site in sites},
    )


@dataclass(frozen=True)
class Paid:
    """A contract, or care across the border, as it is paid for.

    Parameters
    ----------
    name : str
        Rule under which it is posted.
    contract : Contract
    plan : int
        Pence a year.
    shares : steps
        Part of what its payee does in hospital that it pays for, from each day on; of a council's contract with the
        market, all. Nothing while it is not in force, and where activity does not count.
    registered : bool
        Whether it is a contract of the area, and stands in the register.
    """

    name: str
    contract: Contract
    plan: int
    shares: Steps
    registered: bool = True

    @property
    def by_activity(self) -> bool:
        """Whether what is simulated ever changes the value of what is done under it."""
        return any(share for _, share in self.shares)

    def baseline_plan(self, opening: dt.date) -> int:
        """Pence planned in the first twelve months of the books."""
        months = split(np.array([self.plan]), np.ones(MONTHS, np.int64))[0]
        return int(months[in_force(self.contract, month_starts(opening, MONTHS))].sum())

    def baseline_share(self, opening: dt.date) -> Fraction:
        """Its part of the work, on average over the first twelve months of the books."""
        each = on_each(self.shares, month_starts(opening, MONTHS))
        return sum((Fraction(repr(share)) for share in each), Fraction(0)) / MONTHS

    @property
    def driver(self) -> str:
        """Organisation whose simulated work changes what is paid."""
        market = self.contract.purpose == "social_care" and self.contract.payee == MARKET
        return self.contract.payer if market else self.contract.payee


@dataclass(frozen=True)
class Basis:
    """The baseline year: pence a year by organisation.

    Parameters
    ----------
    value : mapping
        Of its simulated work at the contracts' prices.
    direct, other : mapping
        Cost of what is simulated, and of what is not.
    public : mapping
        Allocations of commissioners, grants and taxes of councils: what their contracts and pools are planned to cost.
    pools : mapping
        Pooled funds that pay for simulated services.
    charges : mapping
        Wear and dividend.
    """

    contracts: list[Paid]
    value: Mapping[str, int]
    direct: Mapping[str, int]
    other: Mapping[str, int]
    public: Mapping[str, int]
    owners: Owners
    pools: Mapping[str, Pool] = field(default_factory=dict)
    charges: Mapping[str, int] = field(default_factory=dict)


def values(done: Activity, spent: Costs, who: Owners, money: Money) -> dict[str, Pence]:
    """Value of what each organisation did [months, replications]: admissions at their price, care homes at cost."""
    out: dict[str, Pence] = {}
    for site, trust in who.hospital.items():
        emergency = growing(done.emergencies[site], money.pence(money.hospital.emergency_spell))
        elective = growing(done.elective[site], money.pence(money.hospital.elective_spell))
        out[trust] = out.get(trust, 0) + emergency + elective
    for cost in spent.lines:
        if cost.runs == "council":
            council = who.council[cost.site]
            out[council] = out.get(council, 0) + cost.pence
    return out


def basis(finance: Finance, system: System, done: Activity, spent: Costs, money: Money) -> Basis:
    """Return the baseline of an area from business as usual.

    Parameters
    ----------
    finance : Finance
    system : System
    done, spent : Activity, Costs
        Of business as usual; its first twelve months are the baseline year.
    money : Money

    Raises
    ------
    FaultsError
        When a hospital has no trust.
    """
    who = owners(finance, system.footprint.sites)
    value = {name: _a_year(pence) for name, pence in values(done, spent, who, money).items()}
    contracts = paid_contracts(finance, value, money)
    direct: dict[str, int] = {}
    for cost in spent.lines:
        owner = who.of(cost.site, cost.runs)
        direct[owner] = direct.get(owner, 0) + _a_year(cost.pence)
    other, public = {}, {}
    for name, organisation in finance.organisations.items():
        income = sum(c.baseline_plan(finance.start) for c in contracts if c.contract.payee == name)
        out = sum(c.baseline_plan(finance.start) for c in contracts if c.contract.payer == name)
        if organisation.kind in ALLOCATED:
            public[name] = out - income
        else:
            other[name] = income - out - direct.get(name, 0)
    found = Basis(contracts, value, direct, other, public, who)
    return _beside_contracts(found, pools_of(finance, done, spent, who, money), baseline_charges(finance, money))


def _beside_contracts(found: Basis, pools: Mapping[str, Pool], charges: Mapping[str, int]) -> Basis:
    """Let pools, wear and dividend be paid for in the baseline year as well."""
    more = baseline_pools(pools)
    other = {n: max(0, pence + more.get(n, 0) - charges.get(n, 0)) for n, pence in found.other.items()}
    public = {n: pence - more.get(n, 0) for n, pence in found.public.items()}
    return replace(found, other=other, public=public, pools=pools, charges=charges)


def _a_year(pence: Pence) -> int:
    return round(float(pence[:MONTHS].sum(axis=0).mean()))


def paid_contracts(finance: Finance, value: Mapping[str, int], money: Money) -> list[Paid]:
    """Contracts and care across the border, in the form that the run asks for.

    What a trust does in hospital is paid for by all who buy patient care from it, in proportion to the plans that they
    have at the time. A council without a contract with the market gets one, of the size of its care homes.
    """
    found = [(name, c, True) for name, c in finance.contracts.items()]
    for name, flow in finance.border.items():
        contract = Contract(
            payer=flow.payer, payee=flow.payee, form="payment by results", purpose="border", plan=flow.amount
        )
        found.append((f"border_{name}", contract, False))
    served = {c.payer for _, c, _ in found if c.payee == MARKET and c.purpose == "social_care"}
    out = [_paid(name, c, found, money, registered, finance.start) for name, c, registered in found]
    for name, organisation in finance.organisations.items():
        if organisation.kind == "council" and name not in served and value.get(name):
            plan = organisation.cash_floor.model_copy(
                update={"value": value[name] / 100, "unit": "GBP per year", "low": None, "high": None}
            )
            care = Contract(payer=name, payee=MARKET, form="payment by results", purpose="social_care", plan=plan)
            out.append(Paid(f"{name}_to_care_homes", care, value[name], ((finance.start, 1.0),)))
    return out


def _paid(
    name: str,
    contract: Contract,
    every: list[tuple[str, Contract, bool]],
    money: Money,
    registered: bool,
    opening: dt.date,
) -> Paid:
    inside = contract.payer not in EXTERNAL and contract.payee not in EXTERNAL
    if inside and money.form in FORMS:
        contract = contract.model_copy(update={"form": FORMS[money.form]})
    market = contract.payee == MARKET and contract.purpose == "social_care"
    if not market and contract.purpose not in ("patient_care", "border"):
        return Paid(name, contract, _pence(contract), (), registered)

    def alike(c: Contract) -> bool:
        if market:
            return (c.payer, c.payee, c.purpose) == (contract.payer, contract.payee, contract.purpose)
        return c.payee == contract.payee and c.purpose in ("patient_care", "border")

    pairs: dict[tuple[str, ...], list[Contract]] = {}
    for other, c, agreed in every:
        if alike(c):
            pairs.setdefault((c.payer, c.purpose) if agreed else (other,), []).append(c)
    return Paid(name, contract, _pence(contract), shares(contract, list(pairs.values()), opening), registered)


def _pence(contract: Contract) -> int:
    return int(as_pence(round(contract.plan.value * 100)))
