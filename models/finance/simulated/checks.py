"""What the figures of the section ``money`` must be beside their own ranges, and whether they fit the organisations.

Asked before anything is simulated, so that nobody waits for a run that has no books.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models.figures.figures import Figure
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import MONTHS
from models.finance.rules.sustainability_fund import FINANCE
from models.finance.simulated.agreed_totals import QUARTERS, no_lead, sustainability_fund_of
from models.finance.simulated.basis import ALLOCATED, paid_contracts
from models.finance.simulated.pools import service_faults
from models.finance.simulated.savings import saving_faults
from models.finance.simulated.settings import Money
from sim.errors import Fault, nearest

__all__ = ["MONEY_STAND_INS", "joint_faults", "money_faults"]

_UNITS = ("GBP", "share", "months", "years", "beds", "days", "factor", "relative change", "per year")
_UNITS += tuple(f"GBP per {unit}" for unit in ("year", "day", "spell", "bed-day")) + ("payments per year",)
_NEVER: dict[str, Any] = {"year": "not applicable", "basis": "not applicable"}
#: what may stand for a faulty part while the sound parts are checked; nothing that is told depends on them
MONEY_STAND_INS: tuple[Any, ...] = (
    *({"value": 0, "unit": unit} | _NEVER for unit in _UNITS),
    *({"values": [1], "unit": "share"} | _NEVER, {"shares": {FINANCE: 1}} | _NEVER),
    *("none", "stated", "block", "2019-04-01", True),
)
HALF = 0.5  #: what is rounded to whole months, beds or payments must come to one at least


def money_faults(money: Money) -> Iterator[Fault]:
    """Faults of a section whose shape is right; keys are those of the section."""
    rules, years = money.rules, money.rules.sustainability_fund.by_year
    terms = money.control.terms
    if terms not in years:
        rule = f"must be a year of rules.sustainability_fund: {', '.join(years)}."
        yield Fault("control.terms", terms, rule, nearest=nearest(terms, years))
    for name, fund in years.items():
        key = f"rules.sustainability_fund.by_year.{name}"
        if len(fund.quarters.values) != QUARTERS:
            yield Fault(f"{key}.quarters", fund.quarters.values, "give a share for each of the four quarters.")
        if FINANCE not in fund.elements.shares:
            yield Fault(f"{key}.elements.shares", list(fund.elements.shares), f"one element must be '{FINANCE}'.")
    above: tuple[tuple[str, Figure, float], ...] = (
        ("control.providers_income", money.control.providers_income, 0),
        ("retraining_salary", money.retraining_salary, 0),
        ("rules.pooled.bcf_target", rules.pooled.bcf_target, 0),
        ("hospital.ward_beds", money.hospital.ward_beds, HALF),
        ("rules.capital.opening_life", rules.capital.opening_life, HALF),
        ("rules.capital.building_life", rules.capital.building_life, HALF),
    )
    yield from (Fault(key, f.value, f"must be above {least:g}.") for key, f, least in above if f.value <= least)
    payments = rules.public_dividend.payments.value
    if payments not in [n for n in range(1, MONTHS + 1) if MONTHS % n == 0]:
        yield Fault(
            "rules.public_dividend.payments", payments, "must divide a year into whole months: 1, 2, 3, 4, 6, 12."
        )
    least, most = rules.efficiency.optimism_least.value, rules.efficiency.optimism_capital.value
    if least > most:
        yield Fault("rules.efficiency.optimism_least", least, f"must not lie above optimism_capital, {most:g}.")


def joint_faults(money: Money, finance: Finance) -> list[Fault]:
    """Where money and organisations do not fit each other: savings programmes, pools, and the way of the fund."""
    found = [*saving_faults(finance, finance.start, money), *_too_large(finance, money)]
    found += service_faults(finance, money)
    if money.control.enabled and sustainability_fund_of(finance):
        found += _leads(finance)
    return found


def _too_large(finance: Finance, money: Money) -> Iterator[Fault]:
    """Savings programmes beyond all that an organisation can spend on what is not simulated.

    What it really spends on that is known once business as usual has run
    (:func:`models.finance.simulated.savings.post_programmes` asks again): its income less what is simulated, and of
    commissioners and councils nothing, whose allocation is what they pay others.
    """
    contracts = paid_contracts(finance, {}, money)
    for name, organisation in finance.organisations.items():
        wanted = sum(float(money.pence(s.target)) for s in money.savings.values() if s.organisation == name)
        public = organisation.kind in ALLOCATED
        most = 0 if public else sum(c.baseline_plan(finance.start) for c in contracts if c.contract.payee == name)
        if wanted > most:
            has = "all its costs are contracts and pools" if public else f"it has {most / 100:,.0f} pounds a year"
            rule = f"more than {name} can spend on what is not simulated: {has}."
            yield Fault("money.savings", f"{wanted / 100:,.0f}", rule)


def _leads(finance: Finance) -> Iterator[Fault]:
    """Trusts that no commissioner of the national fund pays for anything."""
    members = finance.funds[sustainability_fund_of(finance)].members
    leads = {m for m in members if m in finance.organisations and finance.organisations[m].kind == "commissioner"}
    for name, organisation in finance.organisations.items():
        paid = any(c.payee == name and c.payer in leads and c.plan.value for c in finance.contracts.values())
        if organisation.kind.endswith("trust") and not paid:
            yield no_lead(finance, name)
