"""From checked settings to what is run: business as usual, and the plan on every timeline."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from models.arms import Arm, make_arm, with_plan
from models.compose import Settings
from models.details import build
from models.plan import Schedule, end_of_run, schedule
from models.system import System
from models.transition.followed import merged_services
from models.transition.idle import Idle, idle_moves

__all__ = ["USUAL", "Prepared", "idle", "prepare", "window"]

USUAL = "business as usual"


@dataclass(frozen=True)
class Prepared:
    """Arms, ready to run.

    Parameters
    ----------
    usual : System
        Business as usual.
    arms : list of Arm
        Business as usual first, then one for each timeline.
    schedules : dict of Schedule
        By timeline.
    window : (date, date)
        First day and the day after the last of what is judged.
    """

    usual: System
    arms: list[Arm]
    schedules: dict[str, Schedule]
    window: tuple[dt.date, dt.date]


def window(chosen: Settings) -> tuple[dt.date, dt.date]:
    """Return the same years for every timeline: from the plan's start to two years after the longest one."""
    return chosen.plan.starts, end_of_run(chosen.criteria, chosen.plan)


def idle(chosen: Settings) -> list[Idle]:
    """Moves of the plan that change nothing in this run, and why."""
    followed = chosen.detail == "full"  # people who go home from A&E
    return idle_moves(chosen.plan, chosen.around, chosen.footprint.sites, followed)


def prepare(chosen: Settings) -> Prepared:
    """Build every arm; the footprint must have been fitted."""
    assert chosen.fit is not None  # noqa: S101 - callers ask first
    years = window(chosen)
    basis = (chosen.footprint, chosen.fit, chosen.future, years[1], chosen.feedback, chosen.around)
    usual = build(*basis)
    arms = [make_arm(USUAL, usual)]
    planned = make_arm("plan", build(*basis, planned=True, between=merged_services(chosen.plan)))
    schedules: dict[str, Schedule] = {}
    for timeline in chosen.timelines:
        laid_out = schedules[timeline.name] = schedule(chosen.plan, timeline, chosen.gates, usual.sizes, chosen.fund)
        arms.append(with_plan(planned, timeline.name, laid_out, chosen.future))
    return Prepared(usual, arms, schedules, years)
