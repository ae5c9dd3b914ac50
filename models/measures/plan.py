"""What has become of a plan month by month: beds and places closed so far, and places open beyond those before it."""

from __future__ import annotations

import numpy as np

from models.arms.arms import Floats, Observed
from models.measures.measures import HELD, PLACES
from models.plans.schedule import Schedule
from sim.clock import DAY

__all__ = ["closed_by_month", "double_running", "opened_at", "opened_by_month"]


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


def opened_by_month(o: Observed, plan: Schedule, *, used: bool = False) -> Floats:
    """Places outside hospital that are open beyond those before the plan (R, months): as many as there are staff for.

    Of those planned; closures of the same service are set against them. With `used`, as many of them as are in use when
    new places are used no less and no more than others of their service at their site.
    """
    total = np.zeros((len(o.closures), len(o.months)))
    for service in plan.services:
        for site in plan.opened(service):
            total += opened_at(o, plan, service, site) * (_in_use(o, site, service) if used else 1.0)
    return total


def opened_at(o: Observed, plan: Schedule, service: str, site: str) -> Floats:
    """Places of one service at one site that are open beyond those before the plan (R, months)."""
    piece = o.arm.system.roles.made_of[site, service][0]
    have = o.places[:, :, o.station(piece.pool), 0] / (o.days * DAY)
    gone = closed_by_month(o, setting=service, site=site)
    return np.clip((have - piece.before) / piece.per_place + gone, 0, plan.opened(service)[site][-1][1])


def double_running(o: Observed, plan: Schedule) -> Floats:
    """Beds (R, months) that are still open although the part of the plan that replaces them is open.

    The part of all planned closures that corresponds to the part of the planned places that are open, less what has
    closed.
    """
    places = sum(steps[-1][1] for service in plan.services for steps in plan.opened(service).values())
    beds = sum(step.beds for step in plan.closures)
    if not places or not beds:
        return np.zeros((len(o.closures), len(o.months)))
    return np.clip(beds * opened_by_month(o, plan) / places - closed_by_month(o), 0, None)


def _in_use(o: Observed, site: str, service: str) -> Floats:
    """Share of a service's places at a site that is in use at midnight (R, months)."""
    stations = [o.station(s) for s in o.arm.system.with_places(site, service)]
    held = o.midnight[:, :, stations][..., HELD].sum(axis=(2, 3))
    return np.minimum(1.0, held / np.maximum(1, o.midnight[:, :, stations, PLACES].sum(axis=2)))
