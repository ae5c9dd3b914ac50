"""What buildings cost a trust without anybody being treated: wear, replacement, the dividend on public capital.

What was there when the books opened wears out evenly over its life, and is replaced as it wears out (or runs down).
What the plan builds is bought with public dividend capital. Rooms of wards that are closed for good may be given up:
what they are worth is then written off, and wear and dividend on them end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.finance.accounts import ACCOUNTS
from models.finance.ledger import Book
from models.finance.organisations import Organisation
from models.finance.organisations import System as Finance
from models.finance.rules.amounts import MONTHS, Pence, over
from models.finance.rules.capital import carry
from models.finance.rules.public_dividend import dividend, instalments
from models.finance.simulated.costs import Costs
from models.finance.simulated.settings import Money
from models.finance.simulated.years import Years

if TYPE_CHECKING:
    from models.finance.simulated.basis import Basis

__all__ = ["Estate", "baseline_charges", "estate", "post_charges"]

EVERY = slice(None)
WHOLE = np.ones((MONTHS, 1))  #: of a year in which nothing is given up
PUBLIC_BODIES = ("commissioner", "council", "gp sector")  #: no wear: a council's is reversed by law, others own nothing


@dataclass(frozen=True)
class Estate:
    """Assets of an organisation month by month, in pence [months, replications].

    Parameters
    ----------
    wear, impairment, replaced, retired : ndarray of int64
        Of the month.
    cost, net : ndarray of int64
        At cost, and less what has worn out, at the end of the month.
    """

    wear: Pence
    impairment: Pence
    replaced: Pence
    retired: Pence
    cost: Pence
    net: Pence


def estate(cost: int, worn: int, kept: Any, money: Money) -> Estate:
    """Wear out and replace what was there at the start.

    Parameters
    ----------
    cost, worn : int
        Pence at cost, and accumulated depreciation, when the books open.
    kept : ndarray of float [months, replications]
        Share of it that has not been given up by the end of each month; never rises.
    money : Money

    Returns
    -------
    Estate
        A share `replaced` of the assets is made new as it wears out, so that it is worth the same for ever; the rest
        wears out in a straight line. Never more is worn out than it cost.
    """
    rules, kept = money.rules.capital, np.asarray(kept, float)
    months, life = len(kept), round(rules.opening_life.value)
    renewed = round(cost * float(rules.replaced.value))
    renewed_net = renewed - round(worn * float(rules.replaced.value))
    ageing, ageing_net = cost - renewed, cost - worn - renewed_net
    left = max(1, round(life * ageing_net / ageing)) if ageing else 1
    running_down = carry(ageing_net, left, 0, months).net[:, None]
    fresh = np.diff(over(np.arange(months + 1, dtype=np.int64) * renewed, life))[:, None]
    net = _share(kept, renewed_net + running_down)
    gross = _share(kept, np.full((months, 1), cost, np.int64))
    before = np.concatenate([np.full_like(net[:1], cost - worn), net[:-1]])
    gross_before = np.concatenate([np.full_like(net[:1], cost), gross[:-1]])
    kept_before = np.concatenate([np.ones_like(kept[:1]), kept[:-1]])
    lost = before - _share(kept / np.maximum(kept_before, 1e-12), before)
    new = _share(kept, fresh)
    return Estate(before - lost + new - net, lost, new, gross_before + new - gross, gross, net)


def _share(part: Any, pence: Pence) -> Pence:
    return np.rint(part * pence).astype(np.int64)


def _opening(organisation: Organisation) -> dict[str, int]:
    """Pence of each account of an opening balance sheet, debits positive."""
    out: dict[str, int] = {}
    for account, _, pence in organisation.opening.lines():
        out[account] = out.get(account, 0) + pence
    return out


def _dividend_base(organisation: Organisation) -> int | None:
    """Relevant net assets when the books open: without cash; nobody pays who has no public dividend capital."""
    held = _opening(organisation)
    if not held.get("pdc"):
        return None
    parts = ("asset", "liability")
    return sum(pence for account, pence in held.items() if ACCOUNTS[account].part in parts and account != "cash")


def baseline_charges(finance: Finance, money: Money) -> dict[str, int]:
    """Wear and dividend of the first year by organisation, in pence: a part of what its contracts pay for."""
    out: dict[str, int] = {}
    for name, organisation in finance.organisations.items():
        if organisation.kind in PUBLIC_BODIES:
            continue
        found, base = _estate_of(organisation, WHOLE, money), _dividend_base(organisation)
        opening = _opening(organisation)
        start = opening.get("ppe_cost", 0) + opening.get("accumulated_depreciation", 0)
        due = 0 if base is None else int(_due(base, base + found.net[-1, 0] - start, money))
        if charge := int(found.wear.sum()) + due:
            out[name] = charge
    return out


def _estate_of(organisation: Organisation, kept: Any, money: Money) -> Estate:
    held = _opening(organisation)
    return estate(held.get("ppe_cost", 0), -held.get("accumulated_depreciation", 0), kept, money)


def _due(opening: Any, closing: Any, money: Money) -> Pence:
    return dividend(opening, closing, 0, 0, 0, money.rules.public_dividend.rate)


def post_charges(book: Book, basis: Basis, spent: Costs, years: Years, money: Money) -> None:
    """Post the wear of every organisation's assets, what replaces them, capital of the plan, and the dividend."""
    shape = (book.months, book.replications)
    for name, organisation in book.system.organisations.items():
        if organisation.kind in PUBLIC_BODIES:
            continue
        sites = [site for site, trust in basis.owners.hospital.items() if trust == name]
        built = sum((_built(book, name, site, spent, money) for site in sites), np.zeros(shape, np.int64))
        found = _estate_of(organisation, np.broadcast_to(_kept(sites, spent, money), shape), money)
        for write, words in (
            (book.depreciate, "wear"),
            (book.impair, "impairment"),
            (book.build, "replaced"),
            (book.retire, "retired"),
        ):
            pence = getattr(found, words)
            if pence.any():
                write(EVERY, name, f"{words}_{name}", pence.T)
        base = _dividend_base(organisation)
        if base is None and not built.any():
            continue
        opening = _opening(organisation)
        start = opening.get("ppe_cost", 0) + opening.get("accumulated_depreciation", 0)
        _dividend(book, name, base or 0, found.net - start + built, years, money)


def _kept(sites: list[str], spent: Costs, money: Money) -> Any:
    """Share of a trust's assets that has not been given up: its wards' part goes with wards closed for good."""
    beds = sum(spent.beds[site] for site in sites)
    if not beds:
        return np.ones((1, 1))
    gone = sum((spent.gone[site] for site in sites), np.zeros((1, 1), np.int64))
    rules = money.rules.capital
    return 1 - float(rules.given_up.value) * float(rules.ward_part.value) * gone / beds


def _built(book: Book, trust: str, site: str, spent: Costs, money: Money) -> Pence:
    """Capital of the plan, given as public dividend capital: bought, worn out evenly; returns what it is worth."""
    bought = spent.capital.get(site)
    if bought is None or not bought.any():
        return np.zeros((book.months, book.replications), np.int64)
    total, life = np.cumsum(bought, axis=0), round(money.rules.capital.building_life.value)
    book.receive_pdc(EVERY, trust, f"capital_{site}", bought.T)
    book.build(EVERY, trust, f"buildings_{site}", bought.T)
    in_use = np.concatenate([np.zeros_like(total[:1]), total[:-1]])
    worn = over(np.cumsum(in_use - _earlier(in_use, life), axis=0), life)
    book.depreciate(EVERY, trust, f"wear_{site}", np.diff(worn, axis=0, prepend=0).T)
    return total - worn


def _earlier(values: Pence, months: int) -> Pence:
    """Values of some months before, nought at first."""
    return np.concatenate([np.zeros_like(values[:months]), values[:-months]])[: len(values)]


def _dividend(book: Book, trust: str, base: int, changed: Pence, years: Years, money: Money) -> None:
    """Dividend by half-years, each year's on the mean of its two ends: what there was at first, and how it changed."""
    for months in years.whole:
        before = changed[months[0] - 1] if months[0] else np.zeros_like(changed[0])
        due = _due(base + before, base + changed[months[-1]], money)
        parts = instalments(due, round(money.rules.public_dividend.payments.value))
        step = MONTHS // parts.shape[-1]
        book.pay(months[step - 1 :: step], trust, "dhsc", f"dividend_{trust}", parts, "pdc_dividend")
