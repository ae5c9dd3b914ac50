"""All criteria that a run answers: whether the plan happens, what patients meet, staff, their order, realism."""

from __future__ import annotations

import datetime as dt

from models.arms.arms import Observed
from models.care.slow import Around
from models.plans.schedule import Schedule
from models.settings.criteria import Criteria
from models.verdict.criteria import Assessed, of_care
from models.verdict.criteria_delivery import delivery, sequence
from models.verdict.criteria_programmes import programmes
from models.verdict.criteria_realism import realism
from models.verdict.criteria_staffing import staffing

__all__ = ["assess"]


def assess(
    plan: Observed,
    usual: Observed,
    schedule: Schedule,
    criteria: Criteria,
    window: tuple[dt.date, dt.date],
    around: Around | None = None,
) -> list[Assessed]:
    """Judge a plan beside business as usual, replication by replication, over a window of dates.

    Parameters
    ----------
    around : Around, optional
        What lies around the care system, with how many programmes leaders can carry; without it K12 is left out.
    """
    return [
        delivery(plan, schedule, criteria),
        *of_care(plan, usual, criteria, window),
        *staffing(plan, usual, criteria, window),
        sequence(plan, schedule),
        *realism(plan, schedule, criteria),
        *([programmes(plan, schedule, around)] if around else []),
    ]
