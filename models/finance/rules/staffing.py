"""What staff cost: cover by bank and agency, redundancy and retraining.

Staff are whole-time equivalents, in numbers with a fraction as a simulation gives them (to the millionth).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import MONTHS, Pence, Rate, as_pence, exact, over, product, scaled
from models.finance.rules.checks import at_least, between, refuse
from sim.errors import Fault

__all__ = ["Cover", "cover", "redundancy", "retraining"]


@dataclass(frozen=True)
class Cover:
    """Cover of empty posts for a month, arrays of shape [..., groups]."""

    bank: Pence
    agency: Pence
    uncovered: npt.NDArray[np.float64]  #: whole-time equivalents


def cover(
    needed: npt.ArrayLike,
    staff: npt.ArrayLike,
    salary: Any,
    on_cost: Rate,
    bank_share: Rate,
    bank_premium: Rate,
    agency_share: Rate,
    agency_premium: Rate,
) -> Cover:
    """Return the cost of bank and agency staff in a month.

    Parameters
    ----------
    needed, staff : ndarray of int or float [..., groups]
        Whole-time equivalents; cover is bought for what is needed beyond those in post.
    salary : ndarray of int64 [groups]
        Pence a year for one.
    on_cost : rate
        Pension, insurance and levy, as a share of salary.
    bank_share, agency_share : rate
        Shares of the gap that are covered; together at most one, the rest stays empty.
    bank_premium, agency_premium : rate
        Cost above that of staff in post, as a share of it.
    """
    salary = as_pence(salary, "salary")
    faults = at_least(0, needed=needed, staff=staff, salary=salary, on_cost=exact(on_cost))
    faults += between(0, 1, bank_share=bank_share, agency_share=agency_share)
    faults += at_least(0, bank_premium=exact(bank_premium), agency_premium=exact(agency_premium))
    covered = exact(bank_share) + exact(agency_share)
    if covered > 1:
        faults.append(Fault("bank_share, agency_share", float(covered), "together they may not be above 1."))
    refuse(faults, "cover of empty posts")
    gap = np.maximum(np.asarray(needed, float) - np.asarray(staff, float), 0.0)
    monthly = (1 + exact(on_cost)) / MONTHS
    return Cover(
        bank=scaled(salary, gap, monthly * exact(bank_share) * (1 + exact(bank_premium))),
        agency=scaled(salary, gap, monthly * exact(agency_share) * (1 + exact(agency_premium))),
        uncovered=gap * float(1 - covered),
    )


def redundancy(
    people: Any, salary: Any, service: Any, months_a_year: Rate, most_months: Rate, most_salary: Any
) -> Pence:
    """Return the one-off cost of redundancies.

    Parameters
    ----------
    people : ndarray of int64 [...]
        Number made redundant with the same salary and service.
    salary : ndarray of int64 [...]
        Pence a year; above `most_salary` it does not count.
    service : ndarray of int64 [...]
        Whole years of service.
    months_a_year : rate
        Months' pay for each year of service.
    most_months : rate
        Most months' pay.
    most_salary : int

    Returns
    -------
    ndarray of int64 [...]
    """
    given = {"people": people, "salary": salary, "service": service, "most_salary": most_salary}
    held = {key: as_pence(value, key) for key, value in given.items()}
    each, most = exact(months_a_year), exact(most_months)
    refuse(at_least(0, **held, months_a_year=each, most_months=most), "redundancy")
    counted = product(held["people"], np.minimum(held["salary"], held["most_salary"]))
    scale = each.denominator * most.denominator
    months = np.minimum(product(held["service"], int(each * scale)), int(most * scale))
    return over(product(counted, months), MONTHS * scale)


def retraining(people: Any, fee: Any, months: Rate, salary: Any, on_cost: Rate) -> Pence:
    """Return the cost of retraining: a fee, and pay while someone learns and does not yet count (W5).

    Parameters
    ----------
    people : ndarray of int or float [...]
        Whole-time equivalents retrained.
    fee : ndarray of int64 [...]
        Pence for each.
    months : rate
        Months beside the rota.
    salary : ndarray of int64 [...]
        Pence a year.
    on_cost : rate
    """
    fee, salary = as_pence(fee, "fee"), as_pence(salary, "salary")
    given = {"people": people, "fee": fee, "salary": salary, "months": exact(months), "on_cost": exact(on_cost)}
    refuse(at_least(0, **given), "retraining")
    return scaled(fee, people) + scaled(salary, people, (1 + exact(on_cost)) * exact(months) / MONTHS)
