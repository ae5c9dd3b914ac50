"""Capital: an envelope that is rationed, assets that wear out, a backlog of repairs, and who is charged for capital.

Depreciation is straight-line and land has none; depreciation and impairment are spending but move no cash. The same
grant costs a trust a dividend on the asset, and a commissioner or a practice nothing (E7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import MONTHS, Pence, Rate, as_pence, exact, over, split, times
from models.finance.rules.checks import at_least, between, fitting, refuse
from models.finance.rules.public_dividend import dividend
from sim.errors import Fault, nearest

__all__ = ["LAND", "Assets", "Backlog", "Funded", "backlog", "capital_loan", "carry", "cost_of_capital", "ration"]
__all__ += ["ration_years"]

LAND = 0  #: life of what does not wear out
HALF_YEARS = 2  #: in a year
RATIONS = ("priority", "pro rata")


def ration(requests: Any, envelope: Any, rule: str = "priority", rank: npt.ArrayLike | None = None) -> Pence:
    """Return what each project gets of the capital envelope (E1, E6, E9).

    Parameters
    ----------
    requests : ndarray of int64 [..., projects]
        Wanted in the year, in order of priority.
    envelope : ndarray of int64 [...]
        Most that may be spent in the year.
    rule : str
        ``"priority"``: one after the other, the last as far as it goes; ``"pro rata"``: all in proportion.
    rank : ndarray of number [..., projects], optional
        Who comes first, the least number: for example the rating of an area, where early money goes to those rated as
        the most advanced (E5). Among equals, and unless given, the order of the requests counts.

    Returns
    -------
    ndarray of int64 [..., projects]
        Never more than requested, together never more than the envelope.
    """
    wanted, most = as_pence(requests, "requests"), as_pence(envelope, "envelope")
    faults = at_least(0, requests=wanted, envelope=most)
    if rule not in RATIONS:
        close = nearest(rule, RATIONS)
        faults.append(Fault("rule", rule, f"must be one of: {', '.join(RATIONS)}.", nearest=close))
    refuse(faults, "capital envelope")
    if rule == "pro rata":
        return split(np.minimum(wanted.sum(axis=-1), most), wanted)
    first = np.arange(wanted.shape[-1]) if rank is None else np.asarray(rank)
    order = np.argsort(np.broadcast_to(first, wanted.shape), axis=-1, kind="stable")
    queued = np.take_along_axis(wanted, order, axis=-1)
    before = np.cumsum(queued, axis=-1) - queued
    out = np.zeros_like(wanted)
    np.put_along_axis(out, order, np.clip(most[..., None] - before, 0, queued), axis=-1)
    return out


@dataclass(frozen=True)
class Funded:
    """Capital by year, in pence, arrays of shape [years, ..., projects]."""

    granted: Pence
    waiting: Pence  #: asked for and not yet granted, at the end of the year


def ration_years(requests: Any, envelopes: Any, rule: str = "priority", rank: npt.ArrayLike | None = None) -> Funded:
    """Ration the envelopes of several years: what is not granted is asked for again in the next year (E3).

    An envelope that is not used up is lost, as yearly capital limits are.

    Parameters
    ----------
    requests : ndarray of int64 [years, ..., projects]
        New in each year.
    envelopes : ndarray of int64 [years, ...]
        For example the tranches of a national programme.
    rule, rank
        As for :func:`ration`; a rank holds for all years.

    Returns
    -------
    Funded
    """
    wanted, most = as_pence(requests, "requests"), as_pence(envelopes, "envelopes")
    faults = at_least(0, requests=wanted, envelopes=most)
    if len(wanted) != len(most):
        faults.append(Fault("envelopes", len(most), f"one is needed for each of {len(wanted)} years."))
    refuse(faults, "capital over the years")
    out = Funded(np.zeros_like(wanted), np.zeros_like(wanted))
    waiting = np.zeros_like(wanted[0])
    for year, (new, there) in enumerate(zip(wanted, most, strict=True)):
        out.granted[year] = ration(waiting + new, there, rule, rank)
        waiting = out.waiting[year] = waiting + new - out.granted[year]
    return out


@dataclass(frozen=True)
class Assets:
    """Assets by month, in pence, arrays of shape [months, ...]."""

    depreciation: Pence
    impairment: Pence
    net: Pence  #: carrying amount at the end of the month


def carry(cost: Any, life: Any, in_use: Any, months: int, impairment: Any = None) -> Assets:
    """Depreciate assets in a straight line over their lives; after an impairment, what is left over the rest of it.

    Parameters
    ----------
    cost : ndarray of int64 [...]
    life : ndarray of int [...]
        Months; :data:`LAND` for what does not wear out.
    in_use : ndarray of int [...]
        First month of use, from 0; the first month's depreciation is booked in it. It may lie before 0.
    months : int
        Months to return, from 0.
    impairment : ndarray of int64 [months, ...], optional
        Write-downs at the beginning of a month; no more than is left is written down.

    Returns
    -------
    Assets
        A month is the rest divided by the months left, so depreciation adds up to the cost, to the penny.
    """
    cost, life, in_use = as_pence(cost, "cost"), np.asarray(life), np.asarray(in_use)
    shape = np.broadcast_shapes(cost.shape, life.shape, in_use.shape)
    faults = at_least(0, cost=cost, life=life, months=months)
    if impairment is not None:
        lost = as_pence(impairment, "impairment")
        faults += at_least(0, impairment=lost) + fitting((months, *shape), impairment=lost)
    refuse(faults, "assets")
    lost = np.broadcast_to(as_pence(0 if impairment is None else impairment), (months, *shape))
    cost, life, in_use = (np.broadcast_to(x, shape) for x in (cost, life, in_use))
    out = Assets(*(np.zeros((months, *shape), np.int64) for _ in range(3)))
    earlier = np.clip(-in_use, 0, life)
    net = cost - np.where(life == LAND, 0, over(cost * earlier, np.maximum(life, 1)))
    for t in range(months):
        there = in_use <= t
        out.impairment[t] = np.where(there, np.minimum(lost[t], net), 0)
        net = net - out.impairment[t]
        left = life - (t - in_use)
        wearing = there & (life != LAND) & (left > 0)
        out.depreciation[t] = np.where(wearing, over(net, np.maximum(left, 1)), 0)
        net = net - out.depreciation[t]
        out.net[t] = np.where(there, net, 0)
    return out


@dataclass(frozen=True)
class Backlog:
    """Backlog of repairs by month, in pence, arrays of shape [months, ...]."""

    repaired: Pence
    balance: Pence  #: at the end of the month


def backlog(opening: Any, wear: Any, spending: Any, growth: Rate) -> Backlog:
    """Return the backlog of repairs (E2): it grows by wear and by neglect, and falls by what is spent on it.

    Parameters
    ----------
    opening : ndarray of int64 [...]
    wear, spending : ndarray of int64 [months, ...]
        Repairs that fall due, and money for repairs.
    growth : rate
        Growth of what is left undone, a year; a twelfth of it a month.
    """
    wear, spending = as_pence(wear, "wear"), as_pence(spending, "spending")
    refuse(at_least(0, opening=opening, wear=wear, spending=spending, growth=exact(growth)), "backlog of repairs")
    shape = np.broadcast_shapes(wear.shape, spending.shape)
    repaired, balance = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    due = as_pence(opening, "opening")
    for t in range(shape[0]):
        due = due + times(due, exact(growth) / MONTHS) + wear[t]
        repaired[t] = np.minimum(due, spending[t])
        due = balance[t] = due - repaired[t]
    return Backlog(repaired, balance)


def cost_of_capital(opening: Any, closing: Any, rate: Rate, pays: npt.ArrayLike) -> Pence:
    """Return the yearly charge on a granted asset: the dividend where its holder is a trust, nothing elsewhere (E7).

    Parameters
    ----------
    opening, closing : ndarray of int64 [...]
        Carrying amounts of the asset.
    rate : rate
        Of the dividend, a year.
    pays : ndarray of bool [...]
        Whether the holder pays the dividend.
    """
    return np.where(np.asarray(pays, bool), dividend(opening, closing, 0, 0, 0, rate), 0)


def capital_loan(principal: Any, rate: Rate, years: int) -> tuple[Pence, Pence]:
    """Return the repayments and the interest of a capital loan by half-year: equal repayments, interest on the rest.

    Parameters
    ----------
    principal : ndarray of int64 [...]
    rate : rate
        A year, fixed for the life of the loan.
    years : int

    Returns
    -------
    repaid, interest : ndarray of int64 [half-years, ...]
    """
    principal = as_pence(principal, "principal")
    refuse(at_least(0, principal=principal) + at_least(1, years=years) + between(0, 1, rate=rate), "capital loan")
    repaid = np.moveaxis(split(principal, np.ones(years * HALF_YEARS, np.int64)), -1, 0)
    owed = principal - np.cumsum(repaid, axis=0) + repaid
    return repaid, times(owed, exact(rate) / HALF_YEARS)
