"""What must hold between the organisations of a system before any money moves; every fault is reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from models.figures import ROUNDING
from models.finance.accounts import MIRRORS, PURPOSES
from models.finance.organisations import EXTERNAL, System
from sim.errors import Fault, nearest

__all__ = ["system_faults"]

_LIMIT = 10**13  #: pounds; 2**63 pence is 9.2e16 pounds, and sums over a system must stay exact


def system_faults(system: System, file: str = "finance") -> list[Fault]:
    """Every fault of a system whose shape is right.

    Parameters
    ----------
    system : System
    file : str
        What to call it in faults.
    """
    found = [
        *_names(system),
        *_calendar(system),
        *_residents(system),
        *_funds(system),
        *_contracts(system),
        *_border(system),
        *_openings(system),
        *_agreement(system),
    ]
    return [Fault(f.key, f.value, f.rule, file, f.nearest, f.example) for f in found]


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
        yield from _known(f"organisations.{name}.lender", organisation.lender, EXTERNAL, "a body outside the system")


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
            yield Fault(f"organisations.{name}", None, "is a commissioner responsible for no resident.")


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


def _contracts(system: System) -> Iterator[Fault]:
    for name, contract in system.contracts.items():
        key = f"contracts.{name}"
        for side in ("payer", "payee"):
            who = getattr(contract, side)
            yield from _known(f"{key}.{side}", who, system.entities, "an organisation, a fund or an outside body")
        if contract.payer == contract.payee:
            yield Fault(f"{key}.payee", contract.payee, "nobody has a contract with itself.")
        yield from _known(f"{key}.purpose", contract.purpose, PURPOSES, "a purpose of money")


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
