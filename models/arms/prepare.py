"""From checked settings to what is run: business as usual, and the plan on every timeline."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from models.arms.arms import Arm, keeping_beds, make_arm, with_plan
from models.care.pressure import ANSWERS
from models.plans.moves import BEDS
from models.plans.schedule import Schedule, schedule
from models.settings.criteria import end_of_run
from models.settings.settings import Settings
from models.system.details import build
from models.system.system import System
from models.transition.followed import merged_services
from models.transition.idle import Idle, idle_moves

__all__ = ["USUAL", "Prepared", "arm_names", "idle", "prepare", "window", "with_beds_kept"]

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
    kept : list of Arm
        One more for each timeline where compensation is asked for: the plan with every hospital bed kept. Empty where
        the plan changes no hospital beds: then it is that arm itself.
    schedules : dict of Schedule
        By timeline.
    window : (date, date)
        First day and the day after the last of what is judged.
    """

    usual: System
    arms: list[Arm]
    kept: list[Arm]
    schedules: dict[str, Schedule]
    window: tuple[dt.date, dt.date]


def window(chosen: Settings) -> tuple[dt.date, dt.date]:
    """Return the same years for every timeline: from the plan's start to two years after the longest one."""
    return chosen.plan.starts, end_of_run(chosen.criteria, chosen.plan)


def arm_names(chosen: Settings) -> list[str]:
    """Names of all arms that a run simulates, in order: business as usual, the timelines, these with every bed kept."""
    names = [timeline.name for timeline in chosen.timelines]
    return [USUAL, *names, *(map(with_beds_kept, names) if _keeps_beds(chosen) else ())]


def with_beds_kept(timeline: str) -> str:
    """Name of the arm of a timeline with every hospital bed kept."""
    return f"{timeline} with every bed kept"


def _keeps_beds(chosen: Settings) -> bool:
    """Whether arms with every hospital bed kept are asked for, and differ from the plan's own."""
    moves, rules = chosen.plan.moves.values(), chosen.plan.off_plan
    changes = any(BEDS in (move.closes, move.opens) for move in moves) or any(rule.beds for rule in rules)
    return chosen.compensation and changes


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
    if chosen.compensation:
        arms = [replace(arm, also=ANSWERS) for arm in arms]
    kept = [keeping_beds(arm, with_beds_kept(arm.name)) for arm in arms[1:]] if _keeps_beds(chosen) else []
    return Prepared(usual, arms, kept, schedules, years)
