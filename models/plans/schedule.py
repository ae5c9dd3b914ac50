"""The schedule of a plan: its steps on one timeline, and what closes and opens with them.

Sources of the rules: T1 (double running before anything is decommissioned), A10 and A12 (build first, compensate), T2
(3 to 5 years against 10 to 15).
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from models.plans.gates import Gates
from models.plans.layout import Sizes, Tranche, end_of, lay_out, months_after
from models.plans.moves import BEDS
from models.plans.plan import Plan, Timeline

if TYPE_CHECKING:
    from models.transition.funding import Fund

__all__ = ["HOME_SERVICE", "Schedule", "Step", "schedule"]

HOME_SERVICE = "p1"  #: support at home


@dataclass(frozen=True)
class Step:
    """One closure: beds or places at one site, with its planned date and how far the plan is to have come by then."""

    kind: Literal["acute", "community"]
    site: str
    beds: int
    due: dt.date
    share_before: float  # share of the moves that it comes after that is to be live, and proven, before it
    tranche: Tranche


@dataclass(frozen=True)
class Schedule:
    """A plan laid out on a timeline.

    Parameters
    ----------
    plan : Plan
    timeline : Timeline
    gates : Gates
        Those of the run.
    tranches : tuple of Tranche
        Steps of all moves, by planned day.
    fund : Fund, optional
        Money for change; without it money is no limit.
    """

    plan: Plan
    timeline: Timeline
    gates: Gates
    tranches: tuple[Tranche, ...]
    fund: Fund | None = None

    @property
    def end(self) -> dt.date:
        """First day after the plan."""
        return end_of(self.plan, self.timeline)

    @cached_property
    def closures(self) -> list[Step]:
        """Beds and places that close, by planned day."""
        found = [self.step(t) for t in self.tranches if self.plan.moves[t.move].closes and t.size]
        return sorted(found, key=lambda s: (s.due, s.kind, s.site))

    def step(self, tranche: Tranche) -> Step:
        """Return the closure of a step that closes something."""
        kind = "acute" if tranche.setting == BEDS else "community"
        return Step(kind, tranche.site, tranche.size, tranche.due, tranche.share if tranche.after else 0.0, tranche)

    def opened(self, setting: str) -> dict[str, list[tuple[dt.date, int]]]:
        """Places of a service, or beds, that open, by site: from each date on, how many in all."""
        steps: dict[str, dict[dt.date, int]] = {}
        for t in self.tranches:
            move = self.plan.moves[t.move]
            number, day = (t.opens, t.opens_due) if t.opens else (t.size, t.due)
            if move.opens == setting and number and day:
                by_day = steps.setdefault(t.to if t.kind == "merge" else t.site, {})
                by_day[day] = by_day.get(day, 0) + number
        return {
            site: list(zip(sorted(days), itertools.accumulate(days[d] for d in sorted(days)), strict=True))
            for site, days in steps.items()
        }

    @cached_property
    def openings(self) -> dict[str, list[tuple[dt.date, int]]]:
        """Places at home (P1) that open, by site: from each date on, how many in all."""
        return self.opened(HOME_SERVICE)

    @property
    def places_at_home(self) -> int:
        """Places at home that open in all."""
        return sum(steps[-1][1] for steps in self.openings.values())

    @cached_property
    def services(self) -> tuple[str, ...]:
        """Services in which places open."""
        found = (self.plan.moves[t.move].opens for t in self.tranches)
        return tuple(dict.fromkeys(s for s in found if s and s != BEDS))

    def earlier(self, months: int) -> Schedule:
        """Return the same plan so many months earlier."""

        def back(day: dt.date | None) -> dt.date | None:
            return None if day is None else months_after(day, -months)

        moved = (replace(t, due=back(t.due), starts=back(t.starts), opens_due=back(t.opens_due)) for t in self.tranches)
        return replace(self, tranches=tuple(moved))


def schedule(plan: Plan, timeline: Timeline, gates: Gates, sizes: Sizes, fund: Fund | None = None) -> Schedule:
    """Lay a plan out on a timeline.

    Parameters
    ----------
    sizes : mapping
        Beds and places that there are, by (setting, site).
    fund : Fund, optional
        Money for change.
    """
    return Schedule(plan, timeline, gates, tuple(lay_out(plan, timeline, sizes)), fund)
