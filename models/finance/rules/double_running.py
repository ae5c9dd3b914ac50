"""Double running: new services cost from the day they are built, old ones end only when the new have proved themselves.

Stages: build, ramp (the new service fills), proof (both run in full), lag (notice of what closes), then release (T1).
Months are counted from 1 in what is told, because planners do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import MONTHS, Pence, as_pence, over, product
from models.finance.rules.checks import at_least, refuse
from sim.errors import Fault

__all__ = ["NEVER", "DoubleRunning", "Stages", "build_cost", "double_running", "release", "run_up"]

NEVER = 0  #: instead of the month of something that does not happen


@dataclass(frozen=True)
class Stages:
    """Lengths of the stages in months, each a number or an array [...] (they may differ between replications)."""

    build: Any
    ramp: Any
    proof: Any
    lag: Any

    def __post_init__(self) -> None:
        refuse(at_least(0, **vars(self)), "stages of double running")

    @property
    def opens(self) -> npt.NDArray[np.int64]:
        """Months before the new service opens."""
        return np.asarray(self.build, np.int64)

    @property
    def releases(self) -> npt.NDArray[np.int64]:
        """Months before the old cost ends."""
        return self.opens + self.ramp + self.proof + self.lag


def build_cost(total: Any, stages: Stages, months: int) -> Pence:
    """Spread the cost of building evenly over the stage of building; all in the first month if that has no length.

    Parameters
    ----------
    total : ndarray of int64 [...]
    stages : Stages
    months : int

    Returns
    -------
    ndarray of int64 [months, ...]
    """
    total, length = as_pence(total, "total"), np.maximum(stages.opens, 1)
    gone = np.minimum(_counted(months, np.broadcast(total, length).ndim), length)
    return _months(over(product(total, gone), length))


def run_up(annual: Any, stages: Stages, months: int) -> Pence:
    """Return the cost of the new service by month: in the n-th month of a ramp of m months it runs at n / m.

    Parameters
    ----------
    annual : ndarray of int64 [...]
        Cost of a full year.
    stages : Stages
    months : int

    Returns
    -------
    ndarray of int64 [months, ...]
    """
    annual, ramp = as_pence(annual, "annual"), np.maximum(np.asarray(stages.ramp, np.int64), 1)
    since = np.maximum(_counted(months, np.broadcast(annual, ramp, stages.opens).ndim) - stages.opens, 0)
    filling = np.minimum(since, ramp)
    # Twice the months of full cost so far, times the ramp: m (m + 1) while it fills, then 2 for each month.
    twice = filling * (filling + 1) + 2 * ramp * (since - filling)
    return _months(over(product(annual, twice), 2 * MONTHS * ramp))


def release(annual: Any, stages: Stages, months: int) -> Pence:
    """Return the old cost that ends, by month: a twelfth of a year's from the release on.

    Parameters
    ----------
    annual : ndarray of int64 [...]
    stages : Stages
    months : int

    Returns
    -------
    ndarray of int64 [months, ...]
    """
    annual = as_pence(annual, "annual")
    since = np.maximum(_counted(months, np.broadcast(annual, stages.releases).ndim) - stages.releases, 0)
    return _months(over(product(annual, since), MONTHS))


def _counted(months: int, axes: int) -> npt.NDArray[np.int64]:
    refuse(at_least(1, months=months), "double running")
    return (np.arange(months, dtype=np.int64) + 1).reshape(-1, *(1,) * axes)


def _months(totals: Pence) -> Pence:
    return np.diff(totals, axis=0, prepend=np.zeros_like(totals[:1]))


@dataclass(frozen=True)
class DoubleRunning:
    """What a change costs before it pays, in pence."""

    net: Pence  #: released less added, [months, ...]
    cumulative: Pence  #: [months, ...]
    peak: Pence  #: deepest point below nought, as a cost, [...]
    month_of_peak: Pence  #: counted from 1; :data:`NEVER` if it is never below nought, [...]
    break_even: Pence  #: month, counted from 1, from which on the total is no longer below nought, [...]


def double_running(added: Any, released: Any, carry_on: bool = True) -> DoubleRunning:
    """Return the peak of double running, its month, and the month from which it has paid for itself.

    Parameters
    ----------
    added, released : ndarray of int64 [months, ...]
        Cost of the new, build included; cost of the old that ended.
    carry_on : bool
        Whether every year after the last month is like the last twelve months; otherwise a total that is still below
        nought at the end has break-even :data:`NEVER`.

    Returns
    -------
    DoubleRunning
        Break-even is 1 where the total is never below nought.
    """
    added, released = as_pence(added, "added"), as_pence(released, "released")
    faults = at_least(0, added=added)
    if added.shape != released.shape or added.ndim == 0 or len(added) < 1:
        faults.append(
            Fault("added, released", (added.shape, released.shape), "must have the same shape [months, ...].")
        )
    if carry_on and added.ndim and len(added) < MONTHS:
        faults.append(Fault("added", len(added), "give at least twelve months, or carry_on=False."))
    refuse(faults, "double running")
    net = released - added
    total = np.cumsum(net, axis=0)
    peak = np.maximum(-total.min(axis=0), 0)
    below = total < 0
    last = len(net) - np.argmax(below[::-1], axis=0)
    even = np.where(below.any(axis=0), last + 1, 1)
    if carry_on:
        even = _carried_on(net[-MONTHS:], total[-1], len(net), even)
    else:
        even = np.where(below[-1], NEVER, even)
    return DoubleRunning(net, total, peak, np.where(peak > 0, np.argmin(total, axis=0) + 1, NEVER), even)


def _carried_on(year: Pence, reached: Pence, months: int, even: Pence) -> Pence:
    """Break-even when the last twelve months repeat themselves for ever."""
    gain = year.sum(axis=0)
    within = np.cumsum(year, axis=0)
    # After k more years the total at the n-th month is reached + k x gain + within[n]. The last month below nought is
    # found month by month of the year: the largest k at which it is still below.
    ahead = -(reached + within)
    more = np.where(ahead > 0, -(-ahead // np.maximum(gain, 1)), 0)
    month = np.arange(1, MONTHS + 1).reshape(-1, *(1,) * reached.ndim)
    last = np.where(more > 0, months + (more - 1) * MONTHS + month, 0).max(axis=0)
    lasting = np.where(last > 0, last + 1, even)
    return np.where((gain > 0) | ((gain == 0) & (last == 0)), lasting, NEVER)
