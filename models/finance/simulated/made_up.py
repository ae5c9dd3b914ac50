"""An area's organisations made up from its footprint, where nobody has written them down: all of it assumed."""

from __future__ import annotations

from typing import Any

from models.finance.organisations import System as Finance
from models.finance.organisations import read_system
from models.finance.simulated.settings import Money
from models.system.system import System

__all__ = ["made_up"]

COMMUNITY, COMMISSIONER, COUNCIL = "community_services", "commissioner", "council"
MILLION = 1_000_000


def made_up(system: System, money: Money) -> Finance:
    """Return the footprint's trusts, a community provider, a commissioner and a council, with contracts between them.

    Trusts are paid by results and in proportion to their beds, the community provider a block that covers its places.
    Every opening balance sheet is synthetic.
    """
    footprint = system.footprint
    trusts: dict[str, list[str]] = {}
    for name, site in footprint.sites.items():
        trusts.setdefault(site.code, []).append(name)
    organisations = {
        f"trust_{code.lower()}": _organisation(footprint.sites[sites[0]].trust, "acute trust", sites, code)
        for code, sites in trusts.items()
    }
    everywhere = list(footprint.sites)
    organisations[COMMUNITY] = _organisation("Community services", "community provider", everywhere)
    organisations[COMMISSIONER] = _organisation("Commissioner", "commissioner", [])
    organisations[COUNCIL] = _organisation("Adult social care", "council", everywhere)
    income = money.made_up.income_per_bed.value
    plans = {
        f"trust_{code.lower()}": round(income * sum(footprint.sites[s].beds_available.value for s in sites))
        for code, sites in trusts.items()
    }
    contracts = {f"{COMMISSIONER}_to_{name}": _contract(name, "payment by results", n) for name, n in plans.items()}
    contracts[f"{COMMISSIONER}_to_community"] = _contract(COMMUNITY, "block", _community(system, money))
    people = footprint.population.residents
    return read_system(
        {
            "name": footprint.name,
            "title": footprint.title,
            "question": "Who would hold the money here?",
            "start": f"{footprint.baseline_year[:4]}-04-01",
            "residents": {
                "people": people.model_dump(exclude_none=True),
                "shares": {"year": footprint.baseline_year, "basis": "resident"},
                "parts": {"all": {"title": "All", "share": 1, "commissioner": COMMISSIONER, "council": COUNCIL}},
            },
            "organisations": organisations,
            "funds": {"psf": _fund()},
            "contracts": contracts,
        }
    )


def _community(system: System, money: Money) -> int:
    """What places run by the community provider would cost, all in use, rounded up to a million pounds a year."""
    day = {name: float(money.pence(s.day)) / 100 for name, s in money.services.items() if s.runs == "community"}
    cost = sum(n * day[service] * 365 for (_, service), n in system.places.items() if service in day)
    return -int(-cost * 1.1 // MILLION) * MILLION


def _figure(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "year": "2018/19", "basis": "not applicable", "note": "made up"}


def _organisation(title: str, kind: str, sites: list[str], code: str = "") -> dict[str, Any]:
    cash = 10 * MILLION
    return {
        "title": title,
        "kind": kind,
        "code": code,
        "sites": sites,
        "cash_floor": _figure(MILLION, "GBP"),
        "opening": {
            "synthetic": True,
            "year": "2018/19",
            "basis": "not applicable",
            "note": "made up",
            "balances": {"cash": cash, "ie_reserve": cash},
        },
    }


def _fund() -> dict[str, Any]:
    title = "Provider Sustainability Fund, the area's share"
    return {"title": title, "host": "nhs_england", "members": [COMMISSIONER], "purposes": ["psf"]}


def _contract(payee: str, form: str, plan: float) -> dict[str, Any]:
    out = {"payer": COMMISSIONER, "payee": payee, "form": form, "settle_months": 0 if form == "block" else 1}
    return out | {"plan": _figure(plan, "GBP per year")}
