"""The planner's arithmetic: beds = occupied bed-days a day ÷ target occupancy, set beside the simulated answer.

No randomness, no queues, no order of events: what a spreadsheet says about the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.plans.schedule import Schedule
from models.settings.criteria import Criteria
from models.settings.future import Future
from models.system.system import System
from models.verdict.criteria import ADVISED

__all__ = ["Arithmetic", "arithmetic"]


@dataclass(frozen=True)
class Arithmetic:
    """What the spreadsheet says.

    Parameters
    ----------
    in_use : float
        Beds in use at midnight in the baseline year.
    open_before, closed, open_after : float
        Hospital beds counted before the plan, closed by it (community beds inside the count included), and after.
    needed : dict
        Beds needed at a target occupancy, by target.
    avoided : float
        Beds freed by the admissions that this future's plan avoids.
    undelayed : float
        Beds freed if nobody countable as delayed were left in hospital.
    occupancy_after : float
        Occupancy if both came true and everything else stayed.
    """

    in_use: float
    open_before: float
    closed: float
    open_after: float
    needed: dict[float, float]
    avoided: float
    undelayed: float
    occupancy_after: float


def arithmetic(system: System, schedule: Schedule, future: Future, criteria: Criteria) -> Arithmetic:
    """Work the plan out as a planner's spreadsheet would."""
    footprint = system.footprint
    in_use = sum(s.beds_occupied.value for s in footprint.sites.values())
    have = sum(s.beds_available.value for s in footprint.sites.values())
    closed = 0.0
    for step in schedule.closures:
        within = system.inside[step.site] / system.places[step.site, "p2"] if step.kind == "community" else 1.0
        closed += step.beds * within
    emergencies = sum(s.overnight_emergencies_per_day.value for s in footprint.sites.values())
    share = emergencies / footprint.overnight_per_day
    reach = future.reach(schedule.places_at_home, footprint.population.england_equivalents.value)
    avoided = -future.admissions_effect.value * reach * in_use * share if schedule.openings else 0.0
    conversion = footprint.delays.host_conversion
    undelayed = footprint.delays.acute_beds.value * (conversion.value if conversion else 1.0)
    after = have - closed
    return Arithmetic(
        in_use=in_use,
        open_before=have,
        closed=closed,
        open_after=after,
        needed={t: in_use / t for t in (ADVISED, criteria.occupancy_year.value)},
        avoided=avoided,
        undelayed=undelayed,
        occupancy_after=(in_use - avoided - undelayed) / after,
    )
