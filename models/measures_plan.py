"""What has become of a plan month by month: beds and places closed so far, and places open beyond those before it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.arms import Observed
from models.plan import Schedule
from sim.clock import DAY

__all__ = ["closed_by_month", "opened_at", "opened_by_month"]

Floats = npt.NDArray[np.float64]


def closed_by_month(
    o: Observed, kind: str | None = None, setting: str | None = None, site: str | None = None
) -> Floats:
    """Beds and places closed so far (R, months), counted on the first of the month; of one kind, setting or site."""
    out = np.zeros((len(o.closures), len(o.months)))
    for r, closures in enumerate(o.closures):
        for c in closures:
            asked = (
                kind in (None, c.step.kind)
                and setting in (None, c.step.tranche.setting)
                and site in (None, c.step.site)
            )
            if c.closed is not None and asked:
                out[r] += c.step.beds * np.array([c.closed <= m for m in o.months])
    return out


def opened_by_month(o: Observed, plan: Schedule) -> Floats:
    """Places outside hospital that are open beyond those before the plan (R, months): as many as there are staff for.

    Of those planned; closures of the same service are set against them.
    """
    total = np.zeros((len(o.closures), len(o.months)))
    for service in plan.services:
        for site in plan.opened(service):
            total += opened_at(o, plan, service, site)
    return total


def opened_at(o: Observed, plan: Schedule, service: str, site: str) -> Floats:
    """Places of one service at one site that are open beyond those before the plan (R, months)."""
    piece = o.arm.system.roles.made_of[site, service][0]
    have = o.places[:, :, o.station(piece.pool), 0] / (o.days * DAY)
    gone = closed_by_month(o, setting=service, site=site)
    return np.clip((have - piece.before) / piece.per_place + gone, 0, plan.opened(service)[site][-1][1])
