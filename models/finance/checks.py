"""What must hold between the organisations of a system before any money moves; every fault is reported at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from models.figures.figures import ROUNDING
from models.finance.accounts import MIRRORS, PURPOSES
from models.finance.organisations import EXTERNAL, PUBLIC_MONEY, Contract, Organisation, System
from sim.errors import Fault, nearest

__all__ = ["STAND_INS", "system_faults"]

_LIMIT = 10**13  #: pounds; 2**63 pence is 9.2e16 pounds, and sums over a system must stay exact


#: what may stand for a faulty part while the sound parts are checked; nothing that is told depends on them
_FIGURE: dict[str, Any] = {"value": 0, "unit": "GBP", "year": "not applicable", "basis": "not applicable"}
STAND_INS: tuple[Any, ...] = (
    *(_FIGURE | {"unit": unit} for unit in ("GBP", "GBP per year", "people")),
    *("block", "acute trust", "in", "assumed", "2018-04-01", True),
    {"synthetic": True, "year": "not applicable", "basis": "not applicable", "balances": {}},
    {"year": "not applicable", "basis": "not applicable"},
)
LENDER = Organisation.model_fields["lender"].default  #: what a written-out file says of those that have none
SPENDING = "pool_spending"  #: for which a pool pays
#: forms of contract that are paid by bands around the plan
_BANDED = ("cap and collar", "tolerance and marginal rate")


def system_faults(system: System) -> list[Fault]:
    """Every fault of a system whose shape is right."""
    return [
        *_names(system),
        *_calendar(system),
        *_residents(system),
        *_funds(system),
        *_contracts(system),
        *_overlaps(system),
        *_border(system),
        *_openings(system),
        *_agreement(system),
    ]


def _known(key: str, name: str, choices: Iterable[str], what: str) -> Iterator[Fault]:
    choices = list(choices)
    if name not in choices:
        yield Fault(
            key, name, f"must be {what}; there are: {', '.join(choices) or 'none'}.", nearest=nearest(name, choices)
        )


def _of_kind(system: System, kind: str) -> list[str]:
    return [name for name, o in system.organisations.items() if o.kind == kind]


def _names(system: System) -> Iterator[Fault]:
    for part in ("organisations", "funds"):
        for name in getattr(system, part):
            if name in EXTERNAL:
                yield Fault(f"{part}.{name}", None, "is the name of a body outside the system; choose another.")
    for name in system.funds:
        if name in system.organisations:
            yield Fault(f"funds.{name}", None, "is the name of an organisation; choose another.")
    for name, organisation in system.organisations.items():
        key = f"organisations.{name}.lender"
        yield from _known(key, organisation.lender, EXTERNAL, "a body outside the system")
        if organisation.kind in PUBLIC_MONEY and organisation.lender != LENDER:
            rule = f"a {organisation.kind} takes no loan to pay for a month's care; leave it out."
            yield Fault(key, organisation.lender, rule)


def _calendar(system: System) -> Iterator[Fault]:
    if (system.start.month, system.start.day) != (4, 1):
        rule = "books open on 1 April, when contracts and financial years begin."
        yield Fault("start", system.start.isoformat(), rule, example=f"start: {system.start.year}-04-01")


def _residents(system: System) -> Iterator[Fault]:
    commissioners, councils = _of_kind(system, "commissioner"), _of_kind(system, "council")
    parts = system.residents.parts
    for name, part in parts.items():
        key = f"residents.parts.{name}"
        yield from _known(f"{key}.commissioner", part.commissioner, commissioners, "the one responsible commissioner")
        yield from _known(f"{key}.council", part.council, councils, "a council")
    total = sum(part.share for part in parts.values())
    if abs(total - 1) > ROUNDING:
        rule = f"shares of residents must sum to one; these sum to {total:.4g}."
        yield Fault("residents.parts", None, rule)
    for name in commissioners:
        if not any(part.commissioner == name for part in parts.values()):
            yield Fault(f"organisations.{name}.kind", "commissioner", "it is responsible for no resident.")


def _funds(system: System) -> Iterator[Fault]:
    hosts = [*system.organisations, *EXTERNAL]
    for name, fund in system.funds.items():
        key = f"funds.{name}"
        yield from _known(f"{key}.host", fund.host, hosts, "an organisation or an outside body")
        for n, purpose in enumerate(fund.purposes):
            yield from _known(f"{key}.purposes.{n}", purpose, PURPOSES, "a purpose of money")
        for n, member in enumerate(fund.members):
            yield from _known(f"{key}.members.{n}", member, system.organisations, "an organisation of the system")
        if fund.host in system.organisations and fund.members and fund.host not in fund.members:
            yield Fault(f"{key}.host", fund.host, "the host of a pooled fund must be one of its members.")
        for member in fund.contributions.shares if fund.contributions else ():
            yield from _known(f"{key}.contributions.shares", member, fund.members, "a member of the fund")
        yield from _pays(system, name)
    yield from _paid_twice(system)


def _pays(system: System, name: str) -> Iterator[Fault]:
    """What a pool that pays for simulated services needs."""
    fund, key = system.funds[name], f"funds.{name}"
    if fund.pays is None:
        return
    if fund.contributions is None:
        yield Fault(f"{key}.contributions", None, "a fund that pays for services needs its members' shares.")
    if SPENDING not in fund.purposes:
        yield Fault(f"{key}.purposes", fund.purposes, f"a fund that pays for services needs '{SPENDING}'.")
    host = system.organisations.get(fund.host)
    if host is None:
        yield Fault(f"{key}.host", fund.host, "a fund that pays for services is hosted by an organisation of the area.")
    elif not host.sites:
        yield Fault(f"organisations.{fund.host}.sites", None, f"say whose services {name} pays for: the host has none.")
    payers = _of_kind(system, "commissioner")
    if fund.pays.performance and not set(payers) & set(fund.contributions.shares if fund.contributions else ()):
        yield Fault(f"{key}.pays.performance", None, "no commissioner contributes, so nobody stands for it.")


def _paid_twice(system: System) -> Iterator[Fault]:
    """Funds of one host that together pay for more than a service costs."""
    paid: dict[tuple[str, str], float] = {}
    for name, fund in system.funds.items():
        for service in fund.pays.services if fund.pays else ():
            before = paid.get((fund.host, service), 0.0)
            paid[fund.host, service] = before + (fund.pays.share.value if fund.pays else 0)
            if paid[fund.host, service] > 1 + ROUNDING:
                rule = f"with what other funds of {fund.host} pay for {service} it is more than all of its cost."
                yield Fault(f"funds.{name}.pays.share", fund.pays.share.value if fund.pays else 0, rule)


def _contracts(system: System) -> Iterator[Fault]:
    for name, contract in system.contracts.items():
        key = f"contracts.{name}"
        for side in ("payer", "payee"):
            who = getattr(contract, side)
            yield from _known(f"{key}.{side}", who, system.entities, "an organisation, a fund or an outside body")
        if contract.payer == contract.payee:
            yield Fault(f"{key}.payee", contract.payee, "nobody has a contract with itself.")
        yield from _known(f"{key}.purpose", contract.purpose, PURPOSES, "a purpose of money")
        yield from _terms(key, contract)
        fund = system.funds.get(contract.payer)
        if fund is None:
            continue
        if contract.purpose in PURPOSES and contract.purpose not in fund.purposes:
            rule = f"{contract.payer} may not pay for that; it may pay for: {', '.join(fund.purposes)}."
            close = nearest(contract.purpose, fund.purposes) or fund.purposes[0]
            yield Fault(f"{key}.purpose", contract.purpose, rule, nearest=close)
        national = fund.host in EXTERNAL and fund.members
        if national and contract.payee in system.entities and contract.payee not in fund.members:
            rule = f"{contract.payer} pays its members only: {', '.join(fund.members)}."
            yield Fault(f"{key}.payee", contract.payee, rule, nearest=nearest(contract.payee, fund.members))


def _terms(key: str, contract: Contract) -> Iterator[Fault]:
    """Period and bounds of a contract."""
    start, end = contract.start, contract.end
    if start and start.day != 1:
        yield Fault(f"{key}.start", start.isoformat(), "a contract begins on the first day of a month.")
    if end and (end + dt.timedelta(days=1)).day != 1:
        yield Fault(f"{key}.end", end.isoformat(), "a contract ends on the last day of a month.")
    if start and end and end < start:
        yield Fault(f"{key}.end", end.isoformat(), f"is before the contract's start, {start.isoformat()}.")
    for name in ("collar", "cap"):
        bound = getattr(contract, name)
        if bound is not None and contract.form not in _BANDED:
            rule = f"a contract of the form '{contract.form}' has none; these have: {', '.join(_BANDED)}."
            yield Fault(f"{key}.{name}", bound.value, rule)
    collar, cap = contract.collar, contract.cap
    if collar and cap and cap.value < collar.value:
        yield Fault(f"{key}.cap", cap.value, f"the cap must not lie below the collar, {collar.value:g} of the plan.")
        return
    if collar and collar.range[1] > 1:
        yield Fault(f"{key}.collar", collar.value, "it and its range are shares of the plan, at most 1.")
    if cap and cap.range[0] < 1:
        yield Fault(f"{key}.cap", cap.value, "it and its range are shares of the plan, at least 1.")


def _overlaps(system: System) -> Iterator[Fault]:
    """Contracts of one pair for one purpose, in force on the same day: the same care would be paid for twice."""
    for (first, one), (second, other) in combinations(system.contracts.items(), 2):
        if (one.payer, one.payee, one.purpose) != (other.payer, other.payee, other.purpose):
            continue
        begin = max(one.start or system.start, other.start or system.start)
        if one.in_force(begin) and other.in_force(begin):
            rule = (
                f"{one.payer} and {one.payee} have a contract for {one.purpose} already, '{first}', in force on "
                f"{begin.isoformat()}; one must end before the other begins."
            )
            yield Fault(f"contracts.{second}.start", other.start and other.start.isoformat(), rule)


def _border(system: System) -> Iterator[Fault]:
    for name, flow in system.border.items():
        inside, outside = ("payee", "payer") if flow.direction == "in" else ("payer", "payee")
        key = f"border.{name}"
        yield from _known(
            f"{key}.{inside}", getattr(flow, inside), system.organisations, "an organisation of the system"
        )
        yield from _known(f"{key}.{outside}", getattr(flow, outside), EXTERNAL, "a body outside the system")


def _openings(system: System) -> Iterator[Fault]:
    for name, organisation in system.organisations.items():
        opening, key = organisation.opening, f"organisations.{name}.opening"
        lines = opening.lines()
        if gap := sum(pence for *_, pence in lines):
            side = "debits (what it owns)" if gap > 0 else "credits (what it owes, and its reserves)"
            rule = f"the opening balance sheet does not balance: {side} exceed the other side by £{abs(gap) // 100:,}."
            yield Fault(f"{key}.balances", None, rule)
        amounts = {account: pence for account, other, pence in lines if not other}
        if -amounts.get("accumulated_depreciation", 0) > amounts.get("ppe_cost", 0):
            yield Fault(f"{key}.balances.accumulated_depreciation", None, "is more than the cost of what it wears out.")
        for account, other, pence in lines:
            where = f"{key}.balances.{account}" + (f".{other}" if other else "")
            if other:
                yield from _known(where, other, system.entities, "an organisation, a fund or an outside body")
            if abs(pence) > _LIMIT * 100:
                yield Fault(where, pence // 100, "is more than any organisation has.")
        if opening.synthetic and opening.status != "assumed":
            yield Fault(f"{key}.status", opening.status, "a synthetic balance sheet is 'assumed'.")
        if amounts.get("cash", 0) < round(organisation.cash_floor.value * 100):
            yield Fault(
                f"{key}.balances.cash", amounts.get("cash", 0) // 100, "is below the organisation's own cash floor."
            )


def _agreement(system: System) -> Iterator[Fault]:
    """What one organisation says it is owed by another, the other must say it owes."""
    said = {
        (name, account, other): pence
        for name, o in system.organisations.items()
        for account, other, pence in o.opening.lines()
        if other
    }
    for (name, account, other), pence in said.items():
        mirror = said.get((other, MIRRORS[account], name), 0)
        if other in system.organisations and pence != -mirror and (pence > 0 or not mirror):
            rule = (
                f"does not agree with organisations.{other}.opening.balances.{MIRRORS[account]}.{name}, "
                f"which says {abs(mirror) // 100:,}."
            )
            yield Fault(f"organisations.{name}.opening.balances.{account}.{other}", abs(pence) // 100, rule)
        if other in system.funds:
            rule = "a fund opens empty: nobody can owe it or be owed by it at the start."
            yield Fault(f"organisations.{name}.opening.balances.{account}.{other}", abs(pence) // 100, rule)
