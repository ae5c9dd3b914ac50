"""K11: whether what a plan opens and does besides makes up for the hospital beds that it closes (A12).

Beds lost are those open under business as usual less those under the plan. Beds made up for are those that people need
under business as usual less those that they need under the plan with every hospital bed kept: both have the same beds,
so the difference is what the plan does for the need, and no bed is counted as freed because it is not there. Stays
answer to pressure: in a hospital that keeps its beds while fewer people need them they grow, and fill most of what was
freed. The question is what could close with the hospital as pressed as under business as usual, so these stays count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed
from models.measures.need import beds_needed, ward_beds
from models.measures.plan import opened_by_month
from models.measures.tails import FEWEST, in_short, tails
from models.plans import months_after
from models.plans.schedule import Schedule
from models.settings.criteria import Criteria
from models.verdict.criteria import Assessed, Periods, crowding, grid, has_collapsed, months_between, reported

__all__ = ["Compensation", "compensation", "compensation_criterion"]

Floats = npt.NDArray[np.float64]
KEY, NAME, UNIT = "K11", "Compensation: hospital beds lost and not made up for", "hospital beds"
SOURCE = "own proposal: as many beds made up for as are lost"
NO_BED = 0.5  #: fewer lost than this are none: closures are of whole beds


@dataclass(frozen=True)
class Compensation:
    """Beds lost and made up for over the last years of a window.

    Parameters
    ----------
    cells : list of (place, period)
        Every hospital, and all together last.
    lost, freed : (R, cells)
        Hospital beds that are no longer open, and those that people no longer need.
    opened : (R,)
        Places outside hospital that are open beyond those before the plan.
    """

    cells: list[tuple[str, str]]
    lost: Floats
    freed: Floats
    opened: Floats


def compensation(plan: Observed, kept: Observed, usual: Observed, schedule: Schedule, years: Periods) -> Compensation:
    """Return the beds lost and made up for.

    Parameters
    ----------
    kept : Observed
        The plan with every hospital bed kept.
    years : list of (name, mask of months)
        One period.
    """
    cells, before = grid(usual, years, ward_beds)
    lost = before - grid(plan, years, ward_beds)[1]
    freed = grid(usual, years, beds_needed)[1] - grid(kept, years, partial(beds_needed, stays_as=usual))[1]
    months = years[0][1]
    opened = (opened_by_month(kept, schedule) * kept.days)[:, months].sum(axis=1) / kept.days[months].sum()
    return Compensation(cells, lost, freed, opened)


def compensation_criterion(
    plan: Observed,
    kept: Observed,
    usual: Observed,
    schedule: Schedule,
    criteria: Criteria,
    window: tuple[dt.date, dt.date],
) -> Assessed | str:
    """Judge K11 on one timeline over the last years of a window, or say why there is nothing to judge.

    A replication passes where all hospitals together have no more beds lost than are made up for, so also where none
    are lost; the note says so. It is reported and never decides.

    Returns
    -------
    Assessed or str
        A text where the plan closes no hospital beds; it says what it frees all the same.
    """
    span = max(1, criteria.window_years_after)
    first = months_after(window[1], -12 * span)
    years = months_between(usual, first, window[1], 12 * span)
    found = compensation(plan, kept, usual, schedule, years)
    lost, freed = found.lost[:, -1], found.freed[:, -1]
    if not any(step.kind == "acute" for step in schedule.closures):
        why = "not assessed: the plan closes no hospital beds, so there is nothing to make up for"
        return f"{why}. {schedule.timeline.years}-year plan: {_frees(found, 'frees')}{_each(found, plan, schedule)}"
    happened, net = lost >= NO_BED, found.lost - found.freed
    names = (KEY, NAME, 0.0, UNIT, SOURCE)
    by_site = reported(names, (freed >= lost) | ~happened, found.cells[:-1], net[:, :-1], 0 * net[:, :-1], "")
    note = f"reported; {_lost(lost, happened, (span, first))}; {_frees(found, 'makes up for')}"
    note += _each(found, plan, schedule) + _collapsed(usual, years[0][1])
    whole = {"value": float(net[:, -1].mean()), "cells": found.cells, "values": net, "usual": 0 * net}
    return replace(by_site, note=note, **whole)


def _lost(lost: Floats, happened: npt.NDArray[np.bool_], years: tuple[int, dt.date]) -> str:
    """Beds lost, and where none are: a pass there says nothing."""
    number, first = years
    last = f"in the {'year' if number == 1 else f'{number} years'} from {first:%B %Y} on"
    none = "none of its closures had happened by then, or as many beds had opened elsewhere"
    if not happened.any():
        return (
            f"{last} no hospital bed is lost in any of {len(lost)} simulated futures ({none}): there is nothing "
            "to make up for, and a pass says nothing"
        )
    said = f"{last} {_number(lost.mean())} fewer hospital beds are open than under business as usual"
    if not happened.all():
        futures = f"{(~happened).sum()} of {len(lost)} simulated futures"
        said += f" (no bed is lost in {futures}, which count as passed: {none})"
    return said


def _frees(found: Compensation, verb: str) -> str:
    freed = found.freed[:, -1]
    low, high = np.quantile(freed, tails(len(freed)))
    within = "90 % of simulated futures" if len(freed) >= FEWEST else in_short(len(freed))
    return (
        f"what the plan opens and does besides {verb} {_number(freed.mean())} hospital beds "
        f"({within}: {_number(low)} to {_number(high)})"
    )


def _each(found: Compensation, plan: Observed, schedule: Schedule) -> str:
    """Places opened, and the rate: beds made up for by each of them, with what else is in it."""
    opened = float(found.opened.mean())
    if opened < NO_BED:
        return "; no places outside hospital are open beyond those before" if schedule.services else ""
    rate = found.freed[:, -1].mean() / opened
    besides = _besides(plan, schedule)
    said = (
        f"; {_number(opened)} places outside hospital are open beyond those before: {rate:.2f} hospital beds for each"
    )
    return said + (f" (this includes {_listed(besides)})" if besides else "")


def _besides(plan: Observed, schedule: Schedule) -> list[str]:
    """What else a plan does that changes how many beds people need."""
    steering, found = plan.arm.steering, []
    if steering and steering.future.admissions_effect.value and schedule.places_at_home:
        found.append("the admissions that places at home avoid in this future")
    if any(getattr(move, "effect", None) for move in schedule.plan.moves.values()):
        found.append("what the plan's moves do to demand, stays and where people go")
    if any(step.kind == "community" for step in schedule.closures):
        found.append("places outside hospital that close")
    return found


def _collapsed(usual: Observed, last: npt.NDArray[np.bool_]) -> str:
    sites = usual.arm.system.footprint.sites.values()
    names = [site.name for site, gone in zip(sites, has_collapsed(crowding(usual, last)), strict=True) if gone]
    if not names:
        return ""
    return f"; business as usual has no steady state at {', '.join(names)}, where these are mostly people who wait"


def _number(x: float) -> str:
    """Whole beds, or one decimal where there are few."""
    return f"{x:,.0f}" if abs(x) >= 10 else f"{x:.1f}".replace("-0.0", "0.0")


def _listed(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
