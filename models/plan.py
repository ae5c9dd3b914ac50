"""Plans as data: what closes, what opens, on which timeline, under which future and with which safeguards.

Sources of the rules: T1 (double running before anything is decommissioned), A10 and A12 (build first, compensate), T2
(3 to 5 years against 10 to 15), NHS England's bed test of March 2017 (replacement in place alongside or ahead).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from models.figures import Figure, Name, Shape, must, within

__all__ = ["Criteria", "DetailName", "Fit", "Future", "Gate", "Missed", "Plan", "Range", "Schedule", "Step"]
__all__ += ["Timeline", "months_after", "schedule"]

Fraction = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(gt=0)]
DetailName = Literal["beds", "default", "full"]


Beds = Annotated[Figure, AfterValidator(within("beds", -float("inf"), float("inf")))]
Places = Annotated[Figure, AfterValidator(within("places", -float("inf"), float("inf")))]
Months = Annotated[Figure, AfterValidator(must("months", most=120))]
RecentMonths = Annotated[Figure, AfterValidator(within("months", 1, 12))]
AShare = Annotated[Figure, AfterValidator(must("share", most=1))]
Change = Annotated[Figure, AfterValidator(within("relative change", -1, 1))]


class Gate(Shape):
    """What must hold before a closure goes ahead; judged on the first of each month."""

    enabled: bool
    proof_months: Months  # replacement places open that long
    use_share: AShare  # of the places at home that are open, in use over the last months
    access_months: RecentMonths  # months over which access and occupancy are judged
    access_share: AShare  # waits over 4 h among emergencies, at most (or the site's own baseline, if that is worse)
    occupancy: AShare  # midnight occupancy of the beds that would be left, at most (or the site's own baseline)


class Staging(Shape):
    """When things happen, as shares of the timeline."""

    open_from: Fraction
    open_to: Fraction
    close_from: Fraction
    close_to: Fraction
    months_between_steps: int = Field(ge=1, le=24)

    @model_validator(mode="after")
    def _in_order(self) -> Staging:
        if self.open_to <= self.open_from:
            raise ValueError(f"open_to ({self.open_to}) must lie after open_from ({self.open_from})")
        if self.close_to <= self.close_from:
            raise ValueError(f"close_to ({self.close_to}) must lie after close_from ({self.close_from})")
        return self


class Plan(Shape):
    """A plan to close beds and open places."""

    name: Name
    title: str
    question: str
    starts: dt.date
    close_acute: Beds
    close_community: Beds
    open_home: Places
    lead_time_months: Months
    staging: Staging
    gate: Gate
    claims: dict[str, Figure] = {}
    alternatives: list[str] = []
    missing: list[str] = []

    @property
    def moves(self) -> bool:
        """Whether the plan changes anything at all."""
        return any(f.value > 0 for f in (self.close_acute, self.close_community, self.open_home))


class Timeline(Shape):
    """How long the plan takes; the end state is the same on every timeline."""

    name: Name
    years: int = Field(ge=1, le=30)


class Future(Shape):
    """What happens to demand, with and without the plan."""

    name: str
    title: str
    decides: bool
    growth: str  # key of the footprint's demand.growth
    admissions_effect: (
        Change  # relative change of emergency overnight admissions once the places at home are all in use
    )


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


class Step(Shape):
    """One closure: beds at one site, with its planned date and what must be open before it."""

    kind: Literal["acute", "community"]
    site: str
    beds: int
    due: dt.date
    share_before: Fraction  # share of all places at home that must be open, and proven, before it


class Schedule(Shape):
    """A plan laid out on a timeline: openings by date and closures in steps."""

    plan: Plan
    timeline: Timeline
    openings: dict[str, list[tuple[dt.date, int]]]  # by site: places at home open from that date on, in all
    closures: list[Step]

    @property
    def end(self) -> dt.date:
        """First day after the plan."""
        return months_after(self.plan.starts, 12 * self.timeline.years)


def months_after(day: dt.date, months: int) -> dt.date:
    """First of the month that lies `months` after the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


def schedule(
    plan: Plan, timeline: Timeline, acute_by_site: dict[str, float], places_by_site: dict[str, float]
) -> Schedule:
    """Lay a plan out on a timeline.

    Closures and openings are shared between sites pro rata to beds and to community places, in whole beds, and made
    in equal steps. Nothing opens before the lead time is over, however short the timeline.

    Parameters
    ----------
    acute_by_site, places_by_site : dict
        Beds that are open, and places in community beds, by site.
    """
    span = 12 * timeline.years
    stage = plan.staging
    first_open = max(round(stage.open_from * span), round(plan.lead_time_months.value))
    last_open = max(round(stage.open_to * span), first_open + stage.months_between_steps)
    opening = _steps(plan, first_open, last_open)
    closing = _steps(plan, round(stage.close_from * span), round(stage.close_to * span))
    home = _split(plan.open_home.value, places_by_site)
    openings = {site: [(day, round(total * share)) for day, share in opening] for site, total in home.items()}
    closures: list[Step] = []
    kinds: list[tuple[Literal["acute", "community"], Figure, dict[str, float]]] = [
        ("acute", plan.close_acute, acute_by_site),
        ("community", plan.close_community, places_by_site),
    ]
    for kind, figure, weights in kinds:
        for site, total in _split(figure.value, weights).items():
            cumulative = [0, *(round(total * share) for _, share in closing)]
            for (day, share), (before, after) in zip(closing, itertools.pairwise(cumulative), strict=True):
                if after > before:
                    closures.append(Step(kind=kind, site=site, beds=after - before, due=day, share_before=share))
    closures.sort(key=lambda s: (s.due, s.kind, s.site))
    return Schedule(plan=plan, timeline=timeline, openings=openings if plan.open_home.value else {}, closures=closures)


def _steps(plan: Plan, first: int, last: int) -> list[tuple[dt.date, float]]:
    """Dates of equal steps and the share that is done with each."""
    months = list(range(first, last, plan.staging.months_between_steps))
    months = [*months[1:], last] if len(months) > 1 else [last]
    return [(months_after(plan.starts, m), (n + 1) / len(months)) for n, m in enumerate(months)]


def _split(total: float, weights: dict[str, float]) -> dict[str, int]:
    """Share a whole number out in proportion to weights, largest remainders first."""
    all_weights = sum(weights.values())
    exact = {k: total * w / all_weights for k, w in weights.items()}
    out = {k: int(x) for k, x in exact.items()}
    for k in sorted(exact, key=lambda k: (out[k] - exact[k], k))[: round(total) - sum(out.values())]:
        out[k] += 1
    return out
