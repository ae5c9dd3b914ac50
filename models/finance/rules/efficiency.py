"""Efficiency programmes: cost first, savings along an S, part of them only once, and none of them booked twice.

A programme saves less than planned (F20); its one-off part has to be found again in the next year; and what it saves
one organisation on a contract may be another's loss: only cost that ends is a saving of the system (F17, F25).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import MONTHS, Pence, Rate, as_pence, exact, running, scaled, times
from models.finance.rules.checks import at_least, between, fitting, refuse
from models.finance.rules.contracts import Contract, pay
from sim.errors import Fault

__all__ = ["Booked", "Programme", "Years", "booked", "programme", "realism", "s_curve", "with_optimism", "years"]


def s_curve(month: int, ramp: int) -> Fraction:
    """Return the share of full effect in the n-th month of a ramp: 3x^2 - 2x^3 with x = month / ramp, exactly."""
    if ramp <= 0 or month >= ramp:
        return Fraction(int(month > 0 or ramp <= 0))
    x = Fraction(max(month, 0), ramp)
    return 3 * x**2 - 2 * x**3


@dataclass(frozen=True)
class Programme:
    """One programme by month, in pence, arrays of shape [months, ...]."""

    cost: Pence  #: up front
    recurrent: Pence  #: savings that go on
    one_off: Pence  #: savings of the first year only

    @property
    def net(self) -> Pence:
        """Savings less costs: below nought first, a J-curve (F19)."""
        return self.recurrent + self.one_off - self.cost


def programme(
    target: Any,
    up_front: Any,
    realisation: npt.ArrayLike,
    recurrent: Rate,
    start: int,
    ramp: int,
    invest: int,
    months: int,
) -> Programme:
    """Return costs and savings of a programme by month.

    Parameters
    ----------
    target : ndarray of int64 [...]
        Planned saving in a full year, in pence.
    up_front : ndarray of int64 [...]
        Cost of making it happen, spread evenly over `invest` months from `start` on.
    realisation : ndarray of float [...]
        Share of the target that comes; drawn from its prior, to the millionth.
    recurrent : rate
        Share of the saving that goes on after the contract year in which it starts.
    start : int
        Month of the first effect, from 0; month 0 is an April.
    ramp : int
        Months to full effect, along :func:`s_curve`.
    invest, months : int

    Raises
    ------
    FaultsError
        When an amount, a share or a time is out of range.
    """
    target, up_front = as_pence(target, "target"), as_pence(up_front, "up_front")
    shape = np.broadcast_shapes(target.shape, up_front.shape, np.shape(realisation))
    faults = at_least(0, target=target, up_front=up_front, realisation=realisation, start=start, ramp=ramp)
    faults += at_least(1, invest=invest, months=months) + between(0, 1, recurrent=recurrent)
    refuse(faults, "efficiency programme")
    achieved = np.broadcast_to(scaled(target, realisation), shape)
    lasting = times(achieved, recurrent)
    end = (start // MONTHS + 1) * MONTHS
    level = [s_curve(t - start + 1, ramp) if t >= start else Fraction(0) for t in range(months)]
    once = [share if t < end else Fraction(0) for t, share in enumerate(level)]
    spent = [Fraction(min(max(t - start + 1, 0), invest), invest) for t in range(months)]
    return Programme(
        cost=running(np.broadcast_to(up_front, shape), spent),
        recurrent=running(lasting, _so_far(level)),
        one_off=running(achieved - lasting, _so_far(once)),
    )


def _so_far(levels: list[Fraction]) -> list[Fraction]:
    """Running totals of monthly levels, in years of full effect."""
    total, out = Fraction(0), []
    for level in levels:
        total += level / MONTHS
        out.append(total)
    return out


@dataclass(frozen=True)
class Years:
    """Savings by year, in pence, arrays of shape [years, ...]: asked = recurrent + one_off + missed."""

    asked: Pence  #: new target, and what last year saved only once or missed
    recurrent: Pence
    one_off: Pence
    missed: Pence


def years(targets: Any, realisation: npt.ArrayLike, recurrent: Rate) -> Years:
    """Return what has to be saved each year when last year's one-off savings and shortfalls come back.

    Parameters
    ----------
    targets : ndarray of int64 [years, ...]
        New targets.
    realisation : ndarray of float [years, ...]
        Share of what is asked that is delivered, at most 1.
    recurrent : rate
        Share of what is delivered that goes on.
    """
    targets, share = as_pence(targets, "targets"), np.asarray(realisation, float)
    faults = at_least(0, targets=targets, realisation=share) + between(0, 1, recurrent=recurrent)
    if (share > 1).any():
        faults.append(Fault("realisation", float(share.max()), "must be at most 1."))
    refuse(faults + fitting(targets.shape, realisation=share), "savings by year")
    share = np.broadcast_to(share, targets.shape)
    out = Years(*(np.zeros_like(targets) for _ in range(4)))
    back = np.zeros_like(targets[0])
    for y in range(len(targets)):
        out.asked[y] = targets[y] + back
        delivered = scaled(out.asked[y], share[y])
        out.recurrent[y] = times(delivered, recurrent)
        out.one_off[y] = delivered - out.recurrent[y]
        out.missed[y] = out.asked[y] - delivered
        back = out.one_off[y] + out.missed[y]
    return out


def realism(planned: int, achieved: int) -> Fraction:
    """Return the plan over what was last achieved (F21): above 1 more is planned than ever came."""
    refuse(at_least(0, planned=planned) + at_least(1, achieved=achieved), "realism of savings")
    return Fraction(planned, achieved)


def with_optimism(cost: Any, uplift: Rate) -> Pence:
    """Return a planned cost with the usual excess of real over planned cost added."""
    refuse(at_least(0, uplift=exact(uplift)), "optimism of a cost")
    return times(cost, 1 + exact(uplift))


@dataclass(frozen=True)
class Booked:
    """A saving as each side and the system may book it, in pence [...]; the two sides make up the system."""

    commissioner: Pence  #: pays less
    provider: Pence  #: cost that ends less income lost
    system: Pence  #: cost that ends, once (F25)


def booked(agreed: Contract, plan: Any, actual: Any, avoided: Any, released: Any, rebased: Any = None) -> Booked:
    """Return who saves what when activity is avoided.

    On payment by results the commissioner's saving is the provider's loss of income. On a block the commissioner saves
    nothing until the block is rebased.

    Parameters
    ----------
    agreed : Contract
    plan, actual : ndarray of int64 [...]
        Value planned, and done if nothing were avoided.
    avoided : ndarray of int64 [...]
        Value of the activity avoided, at full price.
    released : ndarray of int64 [...]
        The provider's cost that really ends (:mod:`models.finance.rules.step_costs`).
    rebased : ndarray of int64 [...], optional
        The plan agreed anew; the old plan unless given.
    """
    actual, avoided = as_pence(actual, "actual"), as_pence(avoided, "avoided")
    released = as_pence(released, "released")
    faults = at_least(0, avoided=avoided)
    if (avoided > actual).any():
        faults.append(Fault("avoided", None, "no more can be avoided than would be done."))
    refuse(faults, "saving by avoided activity")
    less = pay(agreed, plan, actual) - pay(agreed, plan if rebased is None else rebased, actual - avoided)
    return Booked(commissioner=less, provider=released - less, system=released + np.zeros_like(less))
