"""K0 and K8: whether the plan happens, and whether what replaces beds was there before they closed.

T1, A10, V10. A plan whose gates never open harms nobody and achieves nothing: whether it happened is a criterion of its
own.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed
from models.measures.plan import opened_by_month
from models.plans import months_after
from models.plans.schedule import Schedule
from models.settings.criteria import Criteria
from models.transition.steering import Closure
from models.transition.told import because
from models.verdict.criteria import ALWAYS, OWN, Assessed, reported

__all__ = ["NOT_OPEN", "delivery", "sequence"]

NOT_OPEN = "places outside hospital were not open by then"

Floats = npt.NDArray[np.float64]


def delivery(plan: Observed, schedule: Schedule, criteria: Criteria) -> Assessed:
    """K0, decides: share of planned beds and places that close or open within some months of their date."""
    within = round(criteria.delivered_within_months.value)
    last = months_after(schedule.end, within)
    places = sum(steps[-1][1] for service in schedule.services for steps in schedule.opened(service).values())
    opened = _opened(plan, schedule, last)
    beds = sum(step.beds for step in schedule.closures)
    share = np.ones((len(plan.closures), 1))
    for r, closures in enumerate(plan.closures):
        done = sum(
            c.step.beds for c in closures if c.closed is not None and c.closed <= months_after(c.step.due, within)
        )
        share[r, 0] = (done + opened[r]) / (beds + places) if beds + places else 1.0
    never, steering = _most_common_cause(plan), plan.arm.steering
    why = because(steering.brief, never) if never and steering else never
    note = f"what never closed was held back mostly because {why}" if why else "every closure happened"
    if opened.mean() < places - 1:
        note += f"; {places - opened.mean():.0f} of {places} {NOT_OPEN}"
    passes = share[:, 0] >= criteria.delivered_share.value
    return Assessed(
        key="K0",
        name="Delivery",
        decides=True,
        lens=ALWAYS,
        threshold=criteria.delivered_share.value,
        unit="share of beds and places on time",
        source=OWN,
        passes=passes,
        meets=passes,
        harmless=None,
        usual_meets=None,
        value=float(share.mean()),
        usual_value=None,
        worst={},
        note=note,
        cells=[("all", "plan")],
        values=share,
        usual=None,
    )


def _opened(plan: Observed, schedule: Schedule, last: dt.date) -> Floats:
    """Places outside hospital that are open by a date (R), of those planned."""
    month = max(n for n, first in enumerate(plan.months) if n == 0 or first <= last)
    return opened_by_month(plan, schedule)[:, month]


def _most_common_cause(plan: Observed) -> str:
    """Gate condition that kept most beds from ever closing."""
    causes: dict[str, int] = {}
    for closures in plan.closures:
        for c in closures:
            if c.closed is None:
                causes[c.held_by] = causes.get(c.held_by, 0) + c.step.beds
    return max(causes, key=lambda k: causes[k]) if causes else ""


def sequence(plan: Observed, schedule: Schedule) -> Assessed:
    """K8, reported: whether places at home had been open for the proof period before each closure."""
    proof = round(schedule.gates.proof.months.value)
    share = np.ones((len(plan.closures), 1))
    for r, closures in enumerate(plan.closures):
        done = [c for c in closures if c.closed is not None]
        good = sum(_preceded(c, schedule, proof) for c in done)
        share[r, 0] = good / len(done) if done else 1.0
    note = "reported; " + (
        "the gate makes it hold" if schedule.gates.enabled and schedule.gates.proof.enabled else "no gate in this run"
    )
    names = (
        "K8",
        "Sequence: places open before beds close",
        1.0,
        "share of closures",
        "NHS England bed test, March 2017",
    )
    return reported(names, np.greater_equal(share[:, 0], 1), [("all", "plan")], share, None, note)


def _preceded(closure: Closure, schedule: Schedule, proof: int) -> bool:
    steps = schedule.openings.get(closure.step.site, [])
    assert closure.closed is not None  # noqa: S101 - it has happened
    since = months_after(closure.closed, -proof)
    ready = max((n for day, n in steps if day <= since), default=0)
    return not steps or ready >= closure.step.share_before * steps[-1][1] - 0.5
