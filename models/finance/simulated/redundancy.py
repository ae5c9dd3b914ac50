"""What it costs to release the staff of wards that are closed for good: those who are not moved to other work (W8)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import Pence, scaled
from models.finance.rules.staffing import redundancy
from models.finance.simulated.settings import Money

__all__ = ["released_staff"]


def released_staff(gone: npt.NDArray[np.int64], beds: int, money: Money) -> Pence:
    """Return the cost of redundancies [months, replications], in the month in which a ward's cost ends.

    Parameters
    ----------
    gone : ndarray of int [months, replications]
        Beds of wards closed for good whose notice has run out.
    beds : int
        Beds of a ward of the usual size.
    money : Money
        A ward's cost is its staff: at the salary and on-cost of the run that gives their number.
    """
    rules = money.rules.staffing
    salary = money.pence(money.retraining_salary)
    a_bed = money.pence(money.rules.step_costs.ward) / beds
    staff = a_bed / (salary * (1 + Fraction(repr(rules.on_cost.value))))
    most = rules.redundancy_most.value
    each = redundancy(
        1,
        round(salary),
        round(rules.service.value),
        rules.redundancy_a_year.value,
        most,
        round(money.pence(rules.redundancy_salary)),
    )
    newly = np.maximum(np.diff(gone, axis=0, prepend=0), 0)
    return scaled(each, newly, staff * Fraction(repr(rules.redundant.value)))
