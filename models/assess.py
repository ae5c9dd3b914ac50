"""All criteria that a run answers: whether the plan happens, what patients meet, staff, and the order of things."""

from __future__ import annotations

import datetime as dt

from models.arms import Observed
from models.criteria import Assessed, of_care
from models.criteria_delivery import delivery, sequence
from models.criteria_staffing import staffing
from models.plan import Criteria, Schedule

__all__ = ["assess"]


def assess(
    plan: Observed, usual: Observed, schedule: Schedule, criteria: Criteria, window: tuple[dt.date, dt.date]
) -> list[Assessed]:
    """Judge a plan beside business as usual, replication by replication, over a window of dates."""
    return [
        delivery(plan, schedule, criteria),
        *of_care(plan, usual, criteria, window),
        *staffing(plan, usual, criteria, window),
        sequence(plan, schedule),
    ]
