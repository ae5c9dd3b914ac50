"""Care at home and near it: nursing visits that taper, a two-hour response, virtual wards, step-up beds.

Somebody who would have been admitted is seen by the urgent response and then cared for at home or in a step-up bed only
if a place is free; otherwise hospital it is. Visits are an amount of a shared pool that a stay holds and that falls in
steps. General practice is no part of it: whom it cannot see comes to A&E in part (:mod:`models.care.general_practice`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from models import CONFIGS
from models.care.demand_shape import DemandShape
from models.care.part import Part, together
from models.care.taper import Taper, held_days
from models.figures.figures import Figure, Hours, Shape, Shares, must
from models.figures.presets import read_section
from sim.theory import mmc_wait_over

__all__ = ["COMMUNITY_FILE", "Community", "CommunityDemand", "CommunitySizes", "avoidable_split", "community"]
__all__ += ["community_nursing", "demand_for", "read_community", "sizes_for", "step_up_beds", "urgent_response"]
__all__ += ["virtual_ward"]

COMMUNITY_FILE = CONFIGS / "care" / "community.yaml"
AVOIDABLE = "emergency"  #: class of those who would have been admitted
AT_HOME = "community"  #: class of those who are referred at home
LEAVE = "leave"

Days = Annotated[Figure, AfterValidator(must("days"))]
Hour = Annotated[Figure, AfterValidator(must("hours"))]
Minutes = Annotated[Figure, AfterValidator(must("minutes"))]
Variation = Annotated[Figure, AfterValidator(must("coefficient of variation"))]
Share = Annotated[Figure, AfterValidator(must("share", most=1))]
Spare = Annotated[Figure, AfterValidator(must("places per offered load"))]
PerMillion = Annotated[Figure, AfterValidator(must("per day per million"))]
PlacesPerMillion = Annotated[Figure, AfterValidator(must("places per million"))]


class Rates(Shape):
    """Referrals of an area."""

    nursing: PerMillion
    urgent: PerMillion


class GivesUp(Shape):
    """Getting worse while waiting for a first visit."""

    enabled: bool
    after_days: Days


class Nursing(Shape):
    """Community nursing teams, whose visits taper."""

    enabled: bool
    visits: Taper
    stay_days: Days
    stay_cv: Variation
    spare: Spare
    gives_up: GivesUp


class Urgent(Shape):
    """Urgent community response."""

    enabled: bool
    hours: Hours
    limit_hours: Hour
    visit_minutes: Minutes
    visit_cv: Variation
    within_limit: Share
    goes_to_hospital_after_hours: Hour
    needs_nursing: Share


class Avoidance(Shape):
    """Admissions that are offered care at home."""

    enabled: bool
    offered_share: Share


class VirtualWard(Shape):
    """Places at home with staffed monitoring."""

    enabled: bool
    stay_days: Days
    stay_cv: Variation
    patients_per_nurse: Annotated[Figure, AfterValidator(must("patients per nurse"))]
    to_hospital_share: Share
    places_per_million: PlacesPerMillion
    nurses_per_million: Annotated[Figure, AfterValidator(must("nurses per million"))]


class StepUp(Shape):
    """Community beds for people who come from home."""

    enabled: bool
    stay_days: Days
    stay_cv: Variation
    places_per_million: PlacesPerMillion
    onward: Shares


class Community(Shape):
    """Parameters of care at home and near it."""

    rates_per_million: Rates
    nursing: Nursing
    urgent: Urgent
    avoidance: Avoidance
    virtual_ward: VirtualWard
    step_up: StepUp


@dataclass(frozen=True)
class CommunityDemand:
    """Who comes, a day, and in what pattern.

    Parameters
    ----------
    nursing, urgent : float
        Referrals at home that would not have ended in an admission.
    avoidable : float
        People who would have been admitted and are offered care at home; take them out of the emergencies first
        (`avoidable_split`).
    shape : DemandShape
    attributes : dict, optional
        Shares of attributes, as a source of a network file has them.
    """

    nursing: float
    urgent: float
    avoidable: float
    shape: DemandShape
    attributes: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class CommunitySizes:
    """Capacity: visits in the unit of the taper, teams on duty, places, nurses who monitor, beds."""

    nursing_visits: int
    urgent_teams: int
    virtual_places: int
    virtual_nurses: int
    step_up_beds: int


def read_community(source: Mapping[str, Any] | Path | str = COMMUNITY_FILE) -> Community:
    """Read and check the parameters; raises FaultsError with every fault."""
    return read_section(Community, source, "community")


def demand_for(people: float, avoidable: float, care: Community, shape: DemandShape) -> CommunityDemand:
    """Demand of an area with so many people and, a day, so many avoidable admissions."""
    rates, millions = care.rates_per_million, people / 1e6
    return CommunityDemand(rates.nursing.value * millions, rates.urgent.value * millions, avoidable, shape)


def avoidable_split(emergencies_per_day: float, care: Community) -> tuple[float, float]:
    """Emergencies a day that come to hospital as ever, and those who are offered care at home; their sum is kept."""
    offered = emergencies_per_day * care.avoidance.offered_share.value if care.avoidance.enabled else 0.0
    return emergencies_per_day - offered, offered


def sizes_for(people: float, demand: CommunityDemand, care: Community) -> CommunitySizes:
    """Sizes where none are known: visits for the load with some spare, teams for the standard, places by population."""
    millions, nursing, urgent, virtual = people / 1e6, care.nursing, care.urgent, care.virtual_ward
    referrals = demand.nursing + demand.urgent * (urgent.needs_nursing.value if urgent.enabled else 0.0)
    visits = referrals * held_days(_lognormal(nursing.stay_days, nursing.stay_cv, "d"), nursing.visits.as_held())
    return CommunitySizes(
        nursing_visits=max(nursing.visits.steps[0].amount, math.ceil(visits * nursing.spare.value)),
        urgent_teams=_teams(demand, urgent),
        virtual_places=round(virtual.places_per_million.value * millions),
        virtual_nurses=math.ceil(virtual.nurses_per_million.value * millions),
        step_up_beds=round(care.step_up.places_per_million.value * millions),
    )


def _teams(demand: CommunityDemand, urgent: Urgent) -> int:
    """Fewest teams that see the standard share within the limit in the busiest hour (M/M/c)."""
    weights = demand.shape.hour
    rate = (demand.urgent + demand.avoidable) / 24 * max(weights) / (sum(weights) / len(weights))  # an hour
    service = 60 / urgent.visit_minutes.value
    teams = math.floor(rate / service) + 1
    late = 1 - urgent.within_limit.value
    while rate > 0 and mmc_wait_over(teams, rate, service, urgent.limit_hours.value) > late:
        teams += 1
    return teams


def community(
    site: str,
    demand: CommunityDemand,
    sizes: CommunitySizes,
    care: Community,
    *,
    front: str,
    routes: list[dict[str, Any]] | None = None,
) -> Part:
    """Return everything that is switched on.

    Parameters
    ----------
    site : str
    demand : CommunityDemand
    sizes : CommunitySizes
    care : Community
    front : str
        Station where people come who go to hospital after all.
    routes : list of dict, optional
        Rules for those who leave a step-up bed, such as `pathways.ways_out` makes of `step_up.onward`; home if none.

    Notes
    -----
    Where nothing is there to avoid an admission, avoidable people go straight to `front`, so that nobody is lost.
    """
    parts = []
    if care.nursing.enabled:
        parts.append(community_nursing(site, demand, sizes.nursing_visits, care.nursing, front))
    if care.virtual_ward.enabled:
        parts.append(virtual_ward(site, sizes.virtual_places, sizes.virtual_nurses, care.virtual_ward, front))
    if care.step_up.enabled:
        parts.append(step_up_beds(site, sizes.step_up_beds, care.step_up, routes))
    if care.urgent.enabled:
        instead = [f"{site}_virtual_ward"] * care.virtual_ward.enabled + [f"{site}_step_up"] * care.step_up.enabled
        nursing = f"{site}_nursing" if care.nursing.enabled else None
        parts.append(urgent_response(site, demand, sizes.urgent_teams, care.urgent, front, instead, nursing))
    elif demand.avoidable > 0:
        source = demand.shape.source(AVOIDABLE, front, demand.avoidable, _attributes(demand))
        parts.append(Part(sources={f"{site}_avoidable": source}))
    return together(parts)


def community_nursing(site: str, demand: CommunityDemand, visits: int, care: Nursing, front: str) -> Part:
    """Return the caseload of community nursing: no limit of people, but of visits, which a stay holds and gives back.

    Parameters
    ----------
    visits : int
        Visits that teams can make, in the unit of the taper.
    """
    name, pool = f"{site}_nursing", f"{site}_nursing_visits"
    station: dict[str, Any] = {
        "places": "inf",
        "holds": {pool: care.visits.as_held()},
        "service": _lognormal(care.stay_days, care.stay_cv, "d"),
    }
    if care.gives_up.enabled:
        after = {"kind": "exponential", "mean": f"{care.gives_up.after_days.value!r} d"}
        station["patience"] = [{"after": after, "then": front}]
    sources = {}
    if demand.nursing > 0:
        sources[name] = demand.shape.source(AT_HOME, name, demand.nursing, _attributes(demand))
    return Part(sources=sources, stations={name: station}, pools={pool: {"places": visits}})


def urgent_response(
    site: str,
    demand: CommunityDemand,
    teams: int,
    care: Urgent,
    front: str,
    instead: list[str],
    nursing: str | None = None,
) -> Part:
    """Return teams on duty by day with a clock of two hours, from the call to the start of the visit.

    Parameters
    ----------
    instead : list of str
        Stations that may take somebody who would have been admitted, in order; whoever finds none free goes to `front`.
    nursing : str, optional
        Station of those who go on to be visited.
    """
    name, limit = f"{site}_urgent_response", f"{care.limit_hours.value!r} h"
    avoided: dict[str, Any] = {"to": [*instead, front], "choose": "first_free"} if instead else {"to": {front: 1.0}}
    on = care.needs_nursing.value if nursing else 0.0
    home = {"to": {nursing: on, LEAVE: 1 - on}} if on > 0 else {"to": {LEAVE: 1.0}}
    hours = {"hours": list(care.hours.hours), "weekdays": list(care.hours.weekdays), "places": teams}
    after = {"kind": "deterministic", "mean": f"{care.goes_to_hospital_after_hours.value!r} h"}
    station = {
        "places": 0,
        "timetable": [hours],
        "service": _lognormal(care.visit_minutes, care.visit_cv, "min"),
        "patience": [{"where": {"class": [AVOIDABLE]}, "after": after, "then": front}],
        "routes": [{"where": {"class": [AVOIDABLE]}, **avoided}, home],
    }
    rates = {f"{site}_avoidable": (AVOIDABLE, demand.avoidable), f"{site}_urgent": (AT_HOME, demand.urgent)}
    return Part(
        sources={k: demand.shape.source(c, name, r, _attributes(demand)) for k, (c, r) in rates.items() if r > 0},
        stations={name: station},
        clocks={f"{site} urgent response": {"station": name, "until": "started", "within": limit}},
    )


def virtual_ward(site: str, places: int, nurses: int, care: VirtualWard, front: str) -> Part:
    """Return places at home, each of which needs its part of a nurse's attention.

    Nobody waits there: who is sent from a hospital bed keeps the bed until there is a place.
    """
    name, pool = f"{site}_virtual_ward", f"{site}_monitoring"
    worse = care.to_hospital_share.value
    station: dict[str, Any] = {
        "places": places,
        "waiting_room": 0,
        "holds": {pool: 1},
        "service": _lognormal(care.stay_days, care.stay_cv, "d"),
        "routes": [{"to": {front: worse, LEAVE: 1 - worse} if worse > 0 else {LEAVE: 1.0}}],
    }
    watched = math.floor(nurses * care.patients_per_nurse.value)
    return Part(stations={name: station}, pools={pool: {"places": watched}})


def step_up_beds(site: str, beds: int, care: StepUp, routes: list[dict[str, Any]] | None = None) -> Part:
    """Return community beds for people who come from home; they are blocked in turn by the services after them."""
    station = {
        "places": beds,
        "waiting_room": 0,
        "service": _lognormal(care.stay_days, care.stay_cv, "d"),
        "routes": routes or [{"to": {LEAVE: 1.0}}],
    }
    return Part(stations={f"{site}_step_up": station})


def _lognormal(mean: Figure, cv: Figure, unit: str) -> dict[str, Any]:
    return {"kind": "lognormal", "mean": f"{mean.value!r} {unit}", "cv": cv.value}


def _attributes(demand: CommunityDemand) -> dict[str, Any] | None:
    return dict(demand.attributes) if demand.attributes else None
