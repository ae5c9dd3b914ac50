"""What all settings of one footprint need to know: switches, patterns, classes of people, and sizes of hospitals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from models.care.crowding import size
from models.care.demand import Demand
from models.care.demand_shape import DemandShape
from models.care.front_door import FrontDemand, FrontSize
from models.care.mental_health import MENTAL_HEALTH
from models.care.planned import planned_classes
from models.care.population import Population
from models.care.wards import POOLED, Wards, ward
from models.footprint.footprint import Footprint
from models.settings.fit import Fit
from models.system.sizes import season_beds
from models.system.whole.demand import SiteDemand, Stream, age_of, attributes
from models.system.whole.settings import Care, Settings

__all__ = ["EMERGENCY", "Frame", "Hospitals", "SiteSize", "booked", "door", "front_demand_of", "planned_group"]
__all__ += ["site_sizes", "with_mean"]

EMERGENCY = ("emergency", "direct")  #: classes admitted unplanned
AT_HOME = "community"  #: class of people who are referred at home
SURGICAL = "surgical"  #: group of wards of planned patients


@dataclass(frozen=True)
class Frame:
    """Parameters, patterns and dates.

    Parameters
    ----------
    footprint, fit, demand, population
    care : Care
        With the switches applied.
    on : Settings
    start, horizon : date
        Begin and end.
    emergencies : dict
        By site, streams of emergencies at the instant of the decision to admit.
    at_the_door : dict
        By site, the same with the hours of arrivals at A&E.
    attendance, planned : DemandShape
        Patterns of attendances and of planned patients.
    """

    footprint: Footprint
    fit: Fit
    demand: Demand
    population: Population
    care: Care
    on: Settings
    start: dt.date
    horizon: dt.date
    emergencies: dict[str, list[Stream]]
    at_the_door: dict[str, list[Stream]]
    attendance: DemandShape
    planned: DemandShape

    @property
    def people(self) -> bool:
        """Whether everybody is followed through A&E."""
        return self.on.front_door == "people"

    @property
    def paths(self) -> Any:
        """Parameters of the detailed ways out, or none where they are plain."""
        return self.care.pathways if self.on.pathways == "detailed" else None

    @property
    def classes(self) -> list[str]:
        """Classes of people, those with nobody in them left out."""
        out = ["attendance"] if self.people else []
        out += [*EMERGENCY, *booked(self)]
        out += [MENTAL_HEALTH] if self.on.mental_health else []
        return [*out, AT_HOME] if self.on.community or self.paths is not None else out

    @property
    def unplanned(self) -> list[str]:
        """Classes of those in a hospital bed who are not planned patients."""
        return [c for c in self.classes if c in (*EMERGENCY, AT_HOME)]

    @property
    def inside(self) -> tuple[str, ...]:
        """Classes of those who keep a bed until there is a place elsewhere."""
        return tuple(c for c in self.classes if c not in ("attendance", AT_HOME))

    def attributes(self, needs: dict[str, float]) -> dict[str, Any]:
        """Attributes of people with these shares of need."""
        payer = self.paths.self_share if self.paths else 0.0
        age = age_of(self.demand, self.population, needs) if self.on.ages else None
        return attributes(need=needs, age=age, payer={"council": 1 - payer, "self": payer} if payer else None)


@dataclass(frozen=True)
class SiteSize:
    """Places of one hospital: beds open for wards by April quarter, the front door, and what lies beside both."""

    beds: dict[int, int]
    front: FrontSize | None
    critical: int
    extra: int
    overnight: int = 0  # counted beds that belong to the assessment unit


Hospitals = dict[str, tuple[SiteDemand, SiteSize]]


def booked(frame: Frame) -> tuple[str, ...]:
    """Classes of planned patients, those after a cancellation included."""
    return planned_classes(frame.care.planned) if frame.on.planned else ("elective",)


def planned_group(care: Wards) -> str:
    """Group of wards of planned patients."""
    return POOLED if care.groups == "one" else SURGICAL if SURGICAL in care.names else care.names[-1]


def door(frame: Frame, site: str) -> str:
    """Station where somebody comes who is to be admitted and does not come through A&E."""
    return f"{site}_direct" if frame.people else ward(site, frame.care.wards.names[0])


def with_mean(stay: Any, days: float) -> Any:
    """Return a stay with another mean."""
    mean = stay.mean_days.model_copy(update={"value": days, "low": None, "high": None})
    return stay.model_copy(update={"mean_days": mean})


def front_demand_of(frame: Frame, site: str, demand: SiteDemand) -> FrontDemand:
    """Demand of the front door with one pattern, that of its largest stream, for all emergencies; for sizes."""
    at_door, decided = frame.at_the_door[site], frame.emergencies[site]
    need = {cls: {"need": demand.needs} for cls in EMERGENCY}
    main = max(range(len(at_door)), key=lambda i: at_door[i].part)
    return FrontDemand(
        demand.attendance, demand.emergency, demand.direct, at_door[main].shape, decided[main].shape, need
    )


def site_sizes(frame: Frame, demands: dict[str, SiteDemand]) -> Hospitals:
    """Sizes of every hospital, by the settings' own rules.

    Beds of wards are those counted, less community beds inside the count and less the part of the assessment unit that
    is open overnight (its load of people who stay a night). Critical care is taken to lie beside the count, as the time
    there lies beside the stays that were fitted.
    """
    care, out = frame.care.wards, {}
    for site, counted in season_beds(frame.footprint).items():
        demand = demands[site]
        front = size(frame.care.front_door, front_demand_of(frame, site, demand)) if frame.people else None
        unit = _overnight_beds(frame.care, demand, front) if front else 0
        beds = {quarter: max(1, number - unit) for quarter, number in counted.items()}
        extra = round(care.escalation.beds.value * demand.millions) if care.escalation.enabled else 0
        critical = round(care.critical_care.beds.value * demand.millions) if care.critical_care.enabled else 0
        out[site] = demand, SiteSize(beds, front, critical, extra, unit)
    return out


def _overnight_beds(care: Care, demand: SiteDemand, front: FrontSize) -> int:
    """Beds of the assessment unit that people who stay a night use, with their part of the margin."""
    unit, needs, sdec = care.front_door.assessment, demand.needs, care.front_door.sdec
    night, none = needs.get("one_night", 0.0), needs.get("zero_day", 0.0)
    day = none * (1 - (sdec.share.value if sdec.enabled else 0.0)) * unit.zero_day.minutes
    stay = night * unit.one_night.minutes + (1 - night - none) * (1 - unit.bypass.value) * unit.longer.minutes
    return round(front.assessment * stay / (stay + day)) if stay + day else 0
