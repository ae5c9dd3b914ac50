"""What a plan is judged by, and how it is laid out: futures, criteria, fits, and the schedule of a plan on a timeline.

The language of plans is in :mod:`models.plans`. Sources of the rules: T1 (double running before anything is
decommissioned), A10 and A12 (build first, compensate), T2 (3 to 5 years against 10 to 15).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from models.care.shocks import Shock
from models.figures.figures import Figure, Shape, must, within
from models.plans import Gates, Plan, Sizes, Timeline, Tranche, end_of, lay_out, months_after
from models.plans.moves import BEDS
from models.system.winter import Winter
from models.verdict.realism import Realism

if TYPE_CHECKING:
    from models.transition.funding import Fund

__all__ = ["Criteria", "DetailName", "Fit", "Future", "Missed", "Plan", "Range", "Schedule", "Step", "end_of_run"]
__all__ += ["Timeline", "months_after", "schedule"]

Fraction = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(gt=0)]
DetailName = Literal["beds", "default", "full"]


Months = Annotated[Figure, AfterValidator(must("months", most=120))]
AShare = Annotated[Figure, AfterValidator(must("share", most=1))]
HOME_SERVICE = "p1"  #: support at home

Change = Annotated[Figure, AfterValidator(within("relative change", -1, 1))]
PerThousand = Annotated[Figure, AfterValidator(must("places per 1,000 people", most=100))]


class Future(Shape):
    """What happens to demand, with and without the plan."""

    name: str
    title: str
    decides: bool
    growth: str  # key of the footprint's demand.growth
    admissions_effect: (
        Change  # relative change of emergency overnight admissions once the places at home are all in use
    )
    full_effect_places: PerThousand | None = None  # places at home that it takes for the whole of that effect
    winter: Winter | None = None  # waves of illness on top of an average winter; none where every winter is one

    @property
    def shocks(self) -> list[Shock]:
        """Waves that come, on their days."""
        return list(self.winter.shocks().values()) if self.winter else []

    @property
    def bad_winters(self) -> tuple[str, ...]:
        """Financial years in whose winters they come."""
        return tuple(sorted(self.winter.winters)) if self.winter else ()

    def in_winter(self, winter: Winter) -> Future:
        """The same future with these winters."""
        if not winter.on:
            return self
        return self.model_copy(update={"winter": winter, "title": f"{self.title.rstrip('.')}; {winter.said}"})

    def reach(self, planned: float, people: float) -> float:
        """Share of the effect on admissions that so many places at home can have: few places, few people kept at home.

        Parameters
        ----------
        planned : float
            Places at home that the plan opens.
        people : float
            Whose care is planned.
        """
        needed = self.full_effect_places.value * people / 1000 if self.full_effect_places else 0.0
        return min(1.0, planned / needed) if needed > 0 else 1.0


def end_of_run(criteria: Criteria, plan: Plan) -> dt.date:
    """The day after the last of what is judged, the same for every timeline: years after the longest one."""
    return months_after(plan.starts, 12 * (criteria.longest_timeline_years + criteria.window_years_after))


class Criteria(Shape):
    """Thresholds of the verdict; ours unless a source is given (K0 to K12 are named in the documentation)."""

    credible_from: Fraction
    not_credible_below: Fraction
    delivered_share: AShare
    delivered_within_months: Months
    access_share: AShare
    delayed_share: AShare
    occupancy_year: AShare
    occupancy_winter: AShare
    four_hour_share: AShare
    four_hour_per_occupancy: Figure
    margin_share: AShare
    staffed_share: AShare
    realism: Realism | None = None  # without it K9 is not assessed
    window_years_after: int = Field(ge=0, le=20)
    longest_timeline_years: int = Field(ge=1, le=30)

    @model_validator(mode="after")
    def _in_order(self) -> Criteria:
        if self.credible_from <= self.not_credible_below:
            raise ValueError("credible_from must lie above not_credible_below")
        if 12 * self.window_years_after < self.delivered_within_months.value:
            raise ValueError(
                f"window_years_after ({self.window_years_after}) must hold delivered_within_months "
                f"({self.delivered_within_months.value:g}), or the last closures could never count as delivered"
            )
        return self


class Range(Shape):
    """What is known of one parameter after a fit: the middle 90 % before and after, and what the fit uses."""

    unit: str
    used: float  # by the fit, and so by every run
    low: float
    median: float
    high: float
    prior_low: float
    prior_high: float
    state: Literal["identified", "only in combination", "stays prior"]


class Missed(Shape):
    """How a fit meets one target, in standard deviations of all that allows for a difference."""

    unit: str
    basis: str
    year: str
    clock: str
    observed: float
    simulated: float
    sd: float
    implausibility: float  # at the fit
    within_ranges: float  # at the nearest point within the ranges of the parameters


class Fit(Shape):
    """What was fitted to the baseline year, and to which footprint; the ranges are those of a whole calibration."""

    footprint: str
    detail: DetailName = "beds"  # how much of the care system was simulated
    inputs: str  # hash of the footprint's figures that the fit was made with
    stay_factor: dict[str, Factor]  # by site, on all stays to medically ready
    capacity_factor: dict[str, Factor]  # by pathway, places over offered load
    zero_day_share: dict[str, Annotated[float, Field(ge=0, lt=1)]]
    direct_per_day: dict[str, Annotated[float, Field(ge=0)]]
    usual_pressure: dict[str, Factor] = {}  # by site: people in beds and waiting, over beds open
    cubicle_time: dict[str, Factor] = {}  # by site, on the time in a cubicle of A&E where people are followed there
    base_breach: dict[str, Fraction] = {}  # by site: of those not admitted, late in A&E when nobody boards there
    replications: int
    seed: int
    achieved: dict[str, float] = {}
    feedback: str | None = None  # name of the answers to pressure it was made with; older fits do not say
    mechanisms: list[str] = []  # those of them that were on
    posterior: dict[str, Range] = {}
    identified: list[str] = []  # in words: what the targets tell, and what stays an assumption
    implausibility: dict[str, Missed] = {}
    hash: str = ""  # of everything above

    def covers(self, sites: Iterable[str], pathways: Iterable[str]) -> bool:
        """Whether there is a fitted figure for every site and every pathway."""
        by_site = (self.stay_factor, self.zero_day_share, self.direct_per_day, self.usual_pressure)
        return all(s in f for s in sites for f in by_site) and all(p in self.capacity_factor for p in pathways)


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
