"""Sustainability and transformation fund, later provider sustainability fund: paid by quarter if gates are open.

An organisation's allocation is split by quarter and by element (finance, A&E, ...). The finance gate, a control total
met from April up to the quarter without money from the fund, is on or off and closes the other elements too; each of
those has a gate of its own beside it. What is not paid stays with the fund: it is never lost, nor paid twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import MONTHS, Pence, Rate, as_pence, exact, split, times
from models.finance.rules.checks import at_least, between, fitting, refuse, summing_to_one
from sim.errors import Fault

__all__ = ["FINANCE", "Divided", "Paid", "access_gate", "by_month", "divided", "finance_gate", "incentive", "of_system"]
__all__ += ["pay_fund"]

FINANCE = "finance"  #: the element whose gate is the control total
Gates = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Paid:
    """What the fund pays, in pence."""

    elements: dict[str, Pence]  #: paid by element, [..., quarters]
    unpaid: Pence  #: what stays with the fund at the end of the year, [...]

    @property
    def quarters(self) -> Pence:
        """Paid by quarter, [..., quarters]."""
        return np.stack(list(self.elements.values())).sum(axis=0)


@dataclass(frozen=True)
class Divided:
    """What a fund for deficits and for change is spent on, in pence; together it is the fund."""

    deficits: Pence  #: by organisation, [..., organisations]
    change: Pence  #: left for transformation, [...]
    unspent: Pence  #: set aside for deficits that did not come, [...]


def divided(fund: Any, deficits: Any, transformation: Rate, diverted: Rate = 0) -> Divided:
    """Divide a fund between deficits and change; deficits that it does not cover may eat into the latter (F2).

    Parameters
    ----------
    fund : ndarray of int64 [...]
    deficits : ndarray of int64 [..., organisations]
        To be covered, as positive amounts; a fund that is too small is shared in proportion.
    transformation : rate
        Share that is set aside for change.
    diverted : rate
        How much of that may go to deficits that the rest of the fund does not cover: 0 none, 1 all of it.

    Raises
    ------
    FaultsError
        When an amount is negative, or a share lies outside 0 to 1.
    """
    fund, claims = as_pence(fund, "fund"), as_pence(deficits, "deficits")
    faults = at_least(0, fund=fund, deficits=claims) + between(0, 1, transformation=transformation, diverted=diverted)
    refuse(faults, "division of the fund")
    aside = times(fund, transformation)
    asked = claims.sum(axis=-1)
    taken = np.minimum(times(aside, diverted), np.maximum(asked - (fund - aside), 0))
    covered = np.minimum(asked, fund - aside + taken)
    return Divided(split(covered, claims), aside - taken, fund - aside + taken - covered)


def finance_gate(result: Any, control_total: Any) -> Gates:
    """Say in which quarters the result since April, without money from the fund, is at or above the control total.

    Parameters
    ----------
    result, control_total : ndarray of int64 [..., quarters]
        Surplus (+) or deficit (-) of each quarter, in pence.
    """
    done, asked = as_pence(result, "result"), as_pence(control_total, "control_total")
    return np.asarray(np.cumsum(done, axis=-1) >= np.cumsum(asked, axis=-1))


def access_gate(performance: npt.ArrayLike, trajectories: Sequence[npt.ArrayLike], standard: Rate) -> Gates:
    """Say in which quarters access is at or above the standard, or at or above every trajectory.

    Parameters
    ----------
    performance : ndarray of float [..., quarters]
        Share seen in time.
    trajectories : sequence of ndarray of float [..., quarters]
        For example the agreed trajectory and the same quarter of last year; the higher one counts.
    standard : rate
    """
    reached = np.asarray(performance, float)
    asked = np.max(np.broadcast_arrays(*(np.asarray(t, float) for t in trajectories)), axis=0)
    return (reached >= asked) | (reached >= float(exact(standard)))


def pay_fund(
    allocation: Any,
    quarters: Sequence[Rate],
    shares: Mapping[str, Rate],
    gates: Mapping[str, npt.ArrayLike],
    catch_up: Collection[str] = (),
    system_gate: npt.ArrayLike | None = None,
    system_share: Rate = 0,
) -> Paid:
    """Return what organisations are paid by quarter.

    Parameters
    ----------
    allocation : ndarray of int64 [...]
        Of the year, in pence.
    quarters : sequence of rates
        Weight of each quarter; they sum to one.
    shares : mapping of element to rate
        Share of each element; they sum to one, and one is ``"finance"``.
    gates : mapping of element to ndarray of bool [..., quarters]
        Each element's own gate.
    catch_up : collection of str
        Elements of which closed quarters are made good in the next quarter whose gates are open.
    system_gate : ndarray of bool [..., quarters], optional
        Finance gate of the whole system.
    system_share : rate
        Share of the allocation whose finance gate is the system's instead of the organisation's own (F10, F11).

    Returns
    -------
    Paid

    Raises
    ------
    FaultsError
        When shares do not sum to one, or gates are missing or unknown.
    """
    allocation = as_pence(allocation, "allocation")
    refuse(_faults(allocation, quarters, shares, gates, catch_up, system_gate, system_share), "sustainability fund")
    shape = (*allocation.shape, len(quarters))
    opened = {name: np.broadcast_to(np.asarray(gates[name], bool), shape) for name in shares}
    halves = [(1 - exact(system_share), opened[FINANCE])]
    if system_gate is not None:
        halves.append((exact(system_share), np.broadcast_to(np.asarray(system_gate, bool), shape)))
    parts = split(allocation, [share for share, _ in halves])
    paid = {name: np.zeros(shape, np.int64) for name in shares}
    for i, (_, finance) in enumerate(halves):
        due = split(split(parts[..., i], quarters), list(shares.values()))
        for j, name in enumerate(shares):
            gate = finance if name == FINANCE else finance & opened[name]
            paid[name] += _released(due[..., j], gate, name in catch_up)
    return Paid(paid, allocation - sum(part.sum(axis=-1) for part in paid.values()))


def _released(due: Pence, gate: Gates, catch_up: bool) -> Pence:
    """Pay the quarters whose gate is open; with catch-up, everything due so far."""
    if not catch_up:
        return np.where(gate, due, 0)
    total = np.maximum.accumulate(np.where(gate, np.cumsum(due, axis=-1), 0), axis=-1)
    return np.diff(total, axis=-1, prepend=0)


def _faults(
    allocation: Pence,
    quarters: Sequence[Rate],
    shares: Mapping[str, Rate],
    gates: Mapping[str, npt.ArrayLike],
    catch_up: Collection[str],
    system_gate: npt.ArrayLike | None,
    system_share: Rate,
) -> list[Fault]:
    faults = summing_to_one("quarters", quarters) + summing_to_one("shares", list(shares.values()))
    faults += at_least(0, allocation=allocation) + between(0, 1, system_share=system_share)
    if FINANCE not in shares:
        faults.append(Fault("shares", list(shares), f"one element must be '{FINANCE}'."))
    for key, names in (("gates", gates), ("catch_up", catch_up)):
        strange = sorted(set(names) - set(shares))
        faults += [Fault(f"{key}.{name}", None, "is no element of the fund.") for name in strange]
    faults += [Fault(f"gates.{name}", None, "is missing.") for name in shares if name not in gates]
    if system_gate is None and exact(system_share) != 0:
        faults.append(Fault("system_gate", None, "is missing, but a share of the fund depends on it."))
    shape = (*allocation.shape, len(quarters))
    given = {f"gates.{name}": np.asarray(gate) for name, gate in gates.items()}
    if system_gate is not None:
        given["system_gate"] = np.asarray(system_gate)
    return faults + fitting(shape, **given)


def incentive(result: Any, control_total: Any, rate: Rate, pool: Any) -> Pence:
    """Return the bonus for results above the control total, pound for pound at rate 1, as far as the pool goes.

    Parameters
    ----------
    result, control_total : ndarray of int64 [..., organisations]
        Of the year, without money from the fund.
    rate : rate
        Bonus for each pound above.
    pool : ndarray of int64 [...]
        What there is to give, for example what the fund did not pay; short pools are shared in proportion.

    Returns
    -------
    ndarray of int64 [..., organisations]
    """
    pool = as_pence(pool, "pool")
    refuse(at_least(0, pool=pool, rate=exact(rate)), "incentive")
    claims = times(np.maximum(as_pence(result, "result") - as_pence(control_total, "control_total"), 0), rate)
    asked = claims.sum(axis=-1)
    return split(np.minimum(asked, pool), claims)


def by_month(quarterly: Any, lag: int) -> Pence:
    """Return quarterly payments by month of the year and after it: paid `lag` months after the quarter (in arrears).

    The lead commissioner passes each payment on in the month in which it gets it.

    Parameters
    ----------
    quarterly : ndarray of int64 [..., quarters]
    lag : int
        Months from the end of the quarter.

    Returns
    -------
    ndarray of int64 [12 + lag, ...]
        The first month is the first of the year.
    """
    quarterly = as_pence(quarterly, "quarterly")
    quarters = quarterly.shape[-1]
    refuse(at_least(0, lag=lag), "payment of the fund")
    out = np.zeros((MONTHS + lag, *quarterly.shape[:-1]), np.int64)
    ends = (np.arange(quarters) + 1) * (MONTHS // quarters) - 1
    out[ends + lag] = np.moveaxis(quarterly, -1, 0)
    return out


def of_system(result: Any, control_total: Any) -> Gates:
    """Return the finance gate of the system for each of its organisations: all results against all control totals.

    Parameters
    ----------
    result, control_total : ndarray of int64 [..., organisations, quarters]

    Returns
    -------
    ndarray of bool [..., 1, quarters]
    """
    done, asked = as_pence(result, "result"), as_pence(control_total, "control_total")
    return finance_gate(done.sum(axis=-2, keepdims=True), asked.sum(axis=-2, keepdims=True))
