"""What double running costs in a comparison, in pounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.simulated.accounts import Account
from models.finance.simulated.costs import DOUBLE_RUNNING
from models.finance.simulated.results import break_even_years, by_year, years_of

__all__ = ["Both", "cost_of_both", "cost_summary"]

Floats = npt.NDArray[np.float64]
A_MILLION = 10**8  #: pence


@dataclass(frozen=True)
class Both:
    """What double running costs, by replication (R,).

    Parameters
    ----------
    total, peak_year : million pounds
        Over all years, and in the dearest financial year.
    dearest : int
        The year that is dearest on average, by the calendar year in which it begins.
    break_even : years
        From the plan's start until all that it added is made good by what has ended; infinite where it never is.
    """

    total: Floats
    peak_year: Floats
    dearest: int
    break_even: Floats

    @property
    def reached(self) -> Floats:
        """Years to break even of the replications that come to it."""
        return self.break_even[np.isfinite(self.break_even)]


def cost_of_both(account: Account) -> Both:
    """Cost of double running of one arm."""
    yearly = by_year(account, account.costs.of(DOUBLE_RUNNING).T) / A_MILLION
    dearest = years_of(account)[int(np.argmax(yearly.mean(axis=0)))]
    return Both(yearly.sum(axis=1), yearly.max(axis=1), int(dearest[:4]), break_even_years(account))


def cost_summary(cost: Both | None) -> dict[str, Any]:
    """Plain data; empty where money is left out."""
    if cost is None:
        return {}
    done = cost.reached
    return {
        "double_running_million_gbp": float(cost.total.mean()),
        "dearest_year_million_gbp": float(cost.peak_year.mean()),
        "dearest_year": cost.dearest,
        "break_even_years": float(np.median(done)) if len(done) else None,
        "break_even_runs": len(done),
    }
