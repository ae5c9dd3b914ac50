"""Who carries the risk: what each form of contract would have paid for the same work, and who gains by it (F27).

The work is that of the register: plan and value of what was done, by contract and year. Nothing is simulated anew, so
behaviour is switched off; only contracts between members of the area are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.finance.books import Books
from models.finance.organisations import EXTERNAL, Form
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import Pence
from models.finance.rules.contracts import pay
from models.finance.rules.settings import Rules
from models.finance.simulated.settings import agreed_form

__all__ = ["Agreed", "Carried", "carried", "gains", "register"]


@dataclass(frozen=True)
class Agreed:
    """One contract of the register: pence by replication and year (R, years), nought in years without it."""

    payer: str
    payee: str
    name: str
    plan: Pence
    actual: Pence
    paid: Pence


def register(books: Books, years: list[str]) -> list[Agreed]:
    """Contracts between members of the area."""
    table, place = books.contracts, {year: n for n, year in enumerate(years)}
    row_of = {number: n for n, number in enumerate(books.numbers)}
    out = []
    for group, rows in table.groupby(["rule", "payer", "payee"], sort=True):
        name, payer, payee = group if isinstance(group, tuple) else ("", "", "")
        if payer in EXTERNAL or payee in EXTERNAL:
            continue
        at = np.array([row_of[n] for n in rows["replication"]]), np.array([place[year] for year in rows["year"]])
        amounts = []
        for what in ("plan", "actual", "paid"):
            pence = np.zeros((len(books.numbers), len(years)), np.int64)
            pence[at] = rows[f"{what}_pence"].to_numpy(np.int64)
            amounts.append(pence)
        out.append(Agreed(str(payer), str(payee), str(name), *amounts))
    return out


def _would_pay(one: Agreed, form: Form, finance: Finance, rules: Rules) -> Pence:
    """What a form pays, with the contract's own collar and cap."""
    contract = finance.contracts.get(one.name)
    bounds = (contract.collar, contract.cap) if contract else (None, None)
    return pay(agreed_form(form, rules, *bounds), one.plan, one.actual)


def gains(found: list[Agreed], form: Form, finance: Finance, rules: Rules) -> dict[str, Pence]:
    """What each organisation gains if all contracts inside the area were of one form instead of as they are.

    Returns
    -------
    mapping of organisation to int64 array (R, years)
        Pence; a payee gains what its payer loses, so they sum to nought.
    """
    out: dict[str, Pence] = {}
    for one in found:
        more = _would_pay(one, form, finance, rules) - one.paid
        for who, pence in ((one.payee, more), (one.payer, -more)):
            out[who] = out.get(who, 0) + pence
    return out


@dataclass(frozen=True)
class Carried:
    """Work above and below plan, in pence by replication and year (R, years), and whose it is.

    Parameters
    ----------
    above, below : ndarray
        Value of what was done beyond the plan; of what was planned and not done.
    paid_above : ndarray
        Of the first, what payers pay; payees carry the rest.
    kept_below : ndarray
        Of the second, what payees keep; payers get the rest back.
    """

    above: Pence
    below: Pence
    paid_above: Pence
    kept_below: Pence


def carried(found: list[Agreed], form: Form | None, finance: Finance, rules: Rules) -> Carried:
    """Say who carries work above and below plan under a form; as the contracts are without one."""
    zero = np.zeros_like(found[0].plan)
    above, below, paid_above, kept_below = zero, zero, zero, zero
    for one in found:
        paid = one.paid if form is None else _would_pay(one, form, finance, rules)
        over = one.actual - one.plan
        above, below = above + np.maximum(over, 0), below + np.maximum(-over, 0)
        paid_above = paid_above + np.where(over > 0, paid - one.plan, 0)
        kept_below = kept_below + np.where(over < 0, paid - one.actual, 0)
    return Carried(above, below, paid_above, kept_below)
