"""Clocks of planned care whose beginning lies before the network.

Where the time from referral to the decision to operate is left out of the network, it is added here: it is independent
of all that follows, so the share treated in time is the mean, over the times since the decision that the run gives, of
the share whose time before it leaves room.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

__all__ = ["SINCE_DECISION", "decision_clocks", "room_left"]

SINCE_DECISION = (7, 28, 98)  #: days since the decision to operate, at which treatment is counted
GRID = 40  #: points between two of them at which the time before the decision is looked at
Float = npt.NDArray[np.float64]


def decision_clocks(site: str, clocks: Mapping[str, Any]) -> dict[str, Any]:
    """Clocks of planned care that begin with the decision to operate, in place of those of 18 weeks and 62 days."""
    out = {k: c for k, c in clocks.items() if not k.startswith((f"{site}_18_weeks_", f"{site}_62_days_"))}
    for name, clock in clocks.items():
        if name.startswith(f"{site}_18_weeks_"):
            end = name.removeprefix(f"{site}_18_weeks_")
            out |= {f"{site}_decided_{d}_days_{end}": {**clock, "within": f"{d} d"} for d in SINCE_DECISION}
    return out


def room_left(limit_days: float, mean_days: float, cv: float) -> Float:
    """Probability, for each span between two of `SINCE_DECISION` days, that the time before leaves room within a limit.

    Parameters
    ----------
    limit_days : float
        Since referral.
    mean_days, cv : float
        Time from referral to the decision, lognormal.
    """
    spread = math.log1p(cv * cv)
    law = stats.lognorm(math.sqrt(spread), scale=mean_days * math.exp(-spread / 2))
    edges = np.array([0.0, *SINCE_DECISION])
    points = edges[:-1, None] + (np.arange(GRID) + 0.5) / GRID * np.diff(edges)[:, None]
    return law.cdf(limit_days - points).mean(axis=1)
