"""What a calibration leaves behind: the fit of a footprint to its baseline year, and how well it is known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from models.figures.figures import Shape

__all__ = ["DetailName", "Fit", "Missed", "Range"]

Fraction = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(gt=0)]
DetailName = Literal["beds", "default", "full"]


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
    out_of_reach: dict[str, Fraction] = {}  # by site: share of the beds that are free, but not for the next emergency
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
