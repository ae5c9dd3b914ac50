"""K12, change capacity: programmes that a plan runs at once, beside how many leaders can carry (G3, G11, V9).

A move is a programme from the month in which its first stage begins, decision and consultation included, to that of
its last step, as planned. The evidence is weak: it is told and never decides. Where leaders' time is modelled
(``around=all``), the gate `change capacity` holds programmes to it; that counts those that have begun and are not over,
so also the months by which they are late, and those in which people take to what is new.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from models.arms.arms import Observed
from models.care.slow import Around
from models.plans import Tranche, months_after
from models.plans.schedule import Schedule
from models.verdict.criteria import Assessed, reported

__all__ = ["programmes", "programmes_at_once"]

UNIT = "programmes at once"
SOURCE = "own proposal"


def programmes(plan: Observed, schedule: Schedule, around: Around) -> Assessed:
    """Count K12 on a timeline: the most programmes at once, in every replication the same.

    Parameters
    ----------
    around : Around
        With the number that leaders can carry (``configs/around/change_capacity.yaml``), switched on or not.
    """
    at_once, known = programmes_at_once(schedule), around.change_capacity
    peak = max(at_once.values(), default=0)
    line, (low, high) = known.at_once.value, known.at_once.range
    values = np.full((len(plan.closures), 1), float(peak))
    names = ("K12", "Change capacity: programmes at once", line, UNIT, SOURCE)
    note = f"reported; weak evidence (grade {known.grade}), advice only: {_when(at_once, peak)}"
    note += f", beside {line:g} that leaders are taken to carry ({low:g} to {high:g}: {known.at_once.note})"
    if known.enabled and schedule.gates.enabled and schedule.gates.change_capacity.enabled:
        note += "; in this run the gate holds programmes to what operations leave of it"
    else:
        note += "; nothing holds programmes to it in this run"
    return reported(names, values[:, 0] <= line, [("all", "plan")], values, None, note)


def programmes_at_once(schedule: Schedule) -> dict[dt.date, int]:
    """How many moves run in each month, as planned, from the first month of any to the last."""
    spans: dict[str, tuple[dt.date, dt.date]] = {}
    for tranche in schedule.tranches:
        first, last = spans.get(tranche.move, (tranche.starts, tranche.due))
        spans[tranche.move] = min(first, tranche.starts), max(last, _over(tranche))
    if not spans:
        return {}
    day, end = min(first for first, _ in spans.values()), max(last for _, last in spans.values())
    out = {}
    while day <= end:
        out[day] = sum(first <= day <= last for first, last in spans.values())
        day = months_after(day, 1)
    return out


def _over(tranche: Tranche) -> dt.date:
    """Month in which a step takes effect; of a conversion or merger, the later of its two ends."""
    return max(tranche.due, tranche.opens_due or tranche.due)


def _when(at_once: dict[dt.date, int], peak: int) -> str:
    months = [day for day, number in at_once.items() if number == peak]
    if not months:
        return "the plan has no programmes"
    whole = "in that month only" if len(months) == 1 else f"in {len(months)} months in all"
    return f"{peak} of the plan's programmes run at once, first in {months[0]:%B %Y} and {whole}"
