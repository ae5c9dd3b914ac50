"""Who had a bed in time, quarter by quarter: what stands for A&E performance where a fund asks for it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed
from models.measures.measures import long_wait_share

__all__ = ["in_time"]


def in_time(o: Observed, first: int, months: int) -> dict[str, npt.NDArray[np.float64]]:
    """Share of emergencies who had a bed within four hours of the decision [quarters, replications], by hospital.

    Parameters
    ----------
    o : Observed
    first : int
        Period of the run in which the first month of the books begins.
    months : int
        Months of the books; the last quarter may be shorter.
    """
    begins = np.array([day.day == 1 for day in o.months])
    month = np.cumsum(begins) - begins[: first + 1].sum()  # of the books; below nought before them
    inside = np.arange(len(begins)) >= first
    masks = [inside & (month // 3 == quarter) for quarter in range(-(-months // 3))]
    return {site: 1 - long_wait_share(o, site, masks).T for site in o.arm.system.footprint.sites}
