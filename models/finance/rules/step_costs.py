"""What beds cost, in steps: sites, named wards, and every occupied bed-day; and what a closure really releases.

A ward costs its staff while it is open and until the notice after its closure has run out; a bed closed within a ward
releases none of that. A site's fixed cost goes only with the site. What varies follows the patient: whoever moves to
another ward takes it along (F14). Cost is never worked out from a trust's total of beds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import MONTHS, Pence, Rate, as_pence, exact, growing, over, product, split
from models.finance.rules.checks import at_least, known, refuse
from sim.errors import Fault

__all__ = ["Stranded", "StepCosts", "Wards", "average_cost", "stranded", "ward_costs"]


@dataclass(frozen=True)
class Wards:
    """Named wards of named sites.

    Parameters
    ----------
    names : sequence of str
    site_of : sequence of str
        Site of each ward.
    sites : sequence of str
    ward_cost : ndarray of int64 [wards]
        Pence a year while the ward is open, whatever its occupancy.
    site_cost : ndarray of int64 [sites]
        Pence a year while the site is open.
    """

    names: Sequence[str]
    site_of: Sequence[str]
    sites: Sequence[str]
    ward_cost: Pence
    site_cost: Pence

    def __post_init__(self) -> None:
        faults = known("site_of", self.site_of, self.sites, "site")
        for key, names in (("names", self.names), ("sites", self.sites)):
            twice = sorted({name for name in names if list(names).count(name) > 1})
            faults += [Fault(key, name, "stands there twice.") for name in twice]
        for key, values, names in (
            ("site_of", self.site_of, self.names),
            ("ward_cost", self.ward_cost, self.names),
            ("site_cost", self.site_cost, self.sites),
        ):
            if len(values) != len(names):
                faults.append(Fault(key, len(values), f"must hold one value for each of {len(names)}."))
        refuse(faults + at_least(0, ward_cost=self.ward_cost, site_cost=self.site_cost), "wards")


@dataclass(frozen=True)
class StepCosts:
    """Costs by month, in pence."""

    site: Pence  #: [months, sites]
    ward: Pence  #: [months, wards, ...]
    variable: Pence  #: [months, wards, ...]

    @property
    def total(self) -> Pence:
        """All together, [months, ...]."""
        site = self.site.sum(axis=1)
        return site.reshape(-1, *(1,) * (self.ward.ndim - 2)) + (self.ward + self.variable).sum(axis=1)


def ward_costs(
    wards: Wards,
    open_beds: Any,
    bed_days: npt.ArrayLike,
    per_bed_day: Rate,
    notice: int,
    site_open: npt.ArrayLike | None = None,
    site_notice: int = 0,
) -> StepCosts:
    """Return the costs of wards and sites by month.

    Parameters
    ----------
    wards : Wards
    open_beds : ndarray of int [months, wards, ...]
        Beds staffed; a ward is closed when it has none.
    bed_days : ndarray of int or float [months, wards, ...]
        Bed-days occupied in the month, as they happened.
    per_bed_day : rate
        Pence, variable cost of an occupied bed-day; rounded in running totals, so a year's cost is exact for each ward.
    notice : int
        Months for which a closed ward's cost still runs.
    site_open : ndarray of bool [months, sites], optional
        All sites stay open unless given; that their wards are closed does not close them.
    site_notice : int
        The same notice for sites.

    Raises
    ------
    FaultsError
        When beds, bed-days, notice or price are negative, or a closed ward has patients.
    """
    beds, days = np.asarray(open_beds), np.asarray(bed_days)
    sites = np.ones((len(beds), len(wards.sites)), bool) if site_open is None else np.asarray(site_open, bool)
    faults = at_least(0, open_beds=beds, bed_days=days, notice=notice, site_notice=site_notice)
    faults += at_least(0, per_bed_day=float(exact(per_bed_day)))
    if beds.shape != days.shape or beds.ndim < 2 or beds.shape[1] != len(wards.names):
        rule = f"must both be of shape [months, {len(wards.names)} wards, ...]."
        faults.append(Fault("open_beds, bed_days", (beds.shape, days.shape), rule))
    else:
        full = np.argwhere(((beds == 0) & (days > 0)).reshape(*beds.shape[:2], -1).any(axis=(0, 2)))
        faults += [Fault(f"bed_days.{wards.names[w]}", None, "patients in a closed ward.") for (w,) in full]
    if sites.shape != (len(beds), len(wards.sites)):
        faults.append(Fault("site_open", sites.shape, f"must be of shape [months, {len(wards.sites)} sites]."))
    refuse(faults, "cost of wards")
    tail = (1,) * (beds.ndim - 2)
    monthly = _monthly(wards.ward_cost, len(beds)).reshape(*beds.shape[:2], *tail)
    return StepCosts(
        site=np.where(_running_on(sites, site_notice), _monthly(wards.site_cost, len(beds)), 0),
        ward=np.where(_running_on(beds > 0, notice), monthly, 0),
        variable=growing(days, per_bed_day),
    )


def _monthly(annual: Any, months: int) -> Pence:
    """Twelfths of yearly costs, [months, n]."""
    return split(as_pence(annual), np.ones(MONTHS, np.int64)).T[np.arange(months) % MONTHS]


def _running_on(open_: npt.NDArray[np.bool_], notice: int) -> npt.NDArray[np.bool_]:
    """Where something is open, or was within the notice."""
    out = open_.copy()
    for lag in range(1, min(notice, len(open_) - 1) + 1):
        out[lag:] |= open_[:-lag]
    return out


@dataclass(frozen=True)
class Stranded:
    """What a closure was credited with and what it gave, in pence [...]."""

    credit: Pence  #: at average cost
    released: Pence  #: cost that really ended
    stranded: Pence  #: credit - released


def average_cost(cost: Any, beds: Any, closed: Any) -> Pence:
    """Return what closing beds would save if every bed cost the average: cost x closed / beds.

    Parameters
    ----------
    cost : ndarray of int64 [...]
    beds, closed : ndarray of int [...]
    """
    beds, closed = np.asarray(beds), np.asarray(closed)
    faults = at_least(0, cost=cost, closed=closed) + at_least(1, beds=beds)
    if not faults and (closed > beds).any():
        faults.append(Fault("closed", int(closed.max()), "no more beds can close than there are."))
    refuse(faults, "average cost")
    return over(product(as_pence(cost, "cost"), closed), beds)


def stranded(before: Any, after: Any, beds: Any, closed: Any) -> Stranded:
    """Return what a closure releases, beside the credit at average cost.

    Parameters
    ----------
    before, after : ndarray of int64 [...]
        Cost of the same period without and with the closure, all wards and sites together.
    beds, closed : ndarray of int [...]
        Beds before, and beds closed.
    """
    credit = average_cost(before, beds, closed)
    released = as_pence(before, "before") - as_pence(after, "after")
    return Stranded(credit, released, credit - released)
