"""What lies beyond the hospitals: ways out and community services of each, and mental health of the whole footprint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from models.care.community import avoidable_split, community, demand_for, sizes_for
from models.care.demand_shape import DemandShape
from models.care.front_door import spare_places
from models.care.mental_health import MENTAL_HEALTH, Footprint, mental_health
from models.care.part import Part
from models.care.pathways import Arrivals, Classes, detailed, places_for, plain, ways_out
from models.footprint.footprint import inside_beds
from models.system.sizes import community_places
from models.system.whole.demand import SiteDemand
from models.system.whole.frame import AT_HOME, Frame, Hospitals, door
from models.system.whole.front import crisis
from models.system.whole.hospital import pathway_flows

__all__ = ["community_part", "mental_health_part", "pathway_part", "turned"]

FLAT = DemandShape(hour=(1.0,) * 24)  #: crisis comes at any hour
MILLION = 1e6
#: what the fitted factor on the places of a pathway multiplies where ways out are detailed; hours of home care stay as
#: they are, since most of them go to packages that last for years, and no queue of one year tells their number
FITTED = {"reablement": "p1", "p2": "p2", "p3": "p3"}


def turned(frame: Frame, demand: SiteDemand) -> tuple[SiteDemand, float]:
    """Emergencies who come to hospital as ever, and those a day who are offered care at home."""
    if not frame.on.community:
        return demand, 0.0
    kept, _ = avoidable_split(1.0, frame.care.community)
    fewer = replace(demand, emergency=demand.emergency * kept, direct=demand.direct * kept)
    return fewer, (demand.emergency + demand.direct) * (1 - kept)


def community_part(frame: Frame, site: str, demand: SiteDemand) -> Part:
    """Community services of a hospital's catchment, as far as they are on."""
    if not frame.on.community:
        return Part()
    _, avoidable = turned(frame, demand)
    people, care = demand.millions * MILLION, frame.care.community
    of = replace(
        demand_for(people, avoidable, care, frame.attendance), attributes=frame.attributes(demand.needs) or None
    )
    beyond = None
    if care.step_up.enabled:
        beyond = ways_out(site, care.step_up.onward.shares, 0.0, frame.paths)
    return community(site, of, sizes_for(people, of, care), care, front=door(frame, site), routes=beyond)


def pathway_part(frame: Frame, site: str, demand: SiteDemand) -> Part:
    """Ways out of a hospital that need a place."""
    classes = Classes(frame.inside, (AT_HOME,) if AT_HOME in frame.classes else ())
    places = {p: n for (s, p), n in community_places(frame.footprint, frame.fit).items() if s == site}
    if frame.paths is None:
        return plain(site, frame.footprint.pathways, places, frame.start, classes)
    flow, step_up = pathway_flows(frame, demand), _stepped_up(frame, demand)
    arrivals = Arrivals(
        *(flow.get(p, 0.0) + step_up.get(p, 0.0) for p in ("p1", "p2", "p3")),
        community=frame.paths.home_care.community_per_million.value * demand.millions,
    )
    size = places_for(arrivals, frame.paths)
    fitted = {name: max(1, round(size[name] * frame.fit.capacity_factor[p])) for name, p in FITTED.items()}
    fitted["p2"] = max(fitted["p2"], inside_beds(frame.footprint)[site])  # at least those inside the hospital count
    return detailed(site, arrivals, frame.paths, fitted, classes, frame.attendance)


def _stepped_up(frame: Frame, demand: SiteDemand) -> dict[str, float]:
    """People a day who leave full step-up beds by each pathway."""
    care = frame.care.community.step_up
    if not care.enabled:
        return {}
    leaving = care.places_per_million.value * demand.millions / care.stay_days.value
    offered = turned(frame, demand)[1]
    return {name: min(leaving, offered) * share for name, share in care.onward.shares.items()}


def mental_health_part(frame: Frame, hospitals: Hospitals) -> dict[str, Part]:
    """Mental-health beds of the footprint, by place; people in crisis hold cubicles of the hospitals' A&E."""
    if not frame.on.mental_health:
        return {}
    care, name = frame.care.mental_health, frame.footprint.name
    millions = sum(demand.millions for demand, _ in hospitals.values())
    part = mental_health(Footprint(name, millions, FLAT), care)
    if not (frame.people and care.crisis.enabled):
        return {name: part}
    door_name = next(s for s in part.stations if s.endswith("crisis_assessment"))
    stations = {k: v for k, v in part.stations.items() if k != door_name}
    sources: dict[str, Any] = {k: v for k, v in part.sources.items() if v["to"] != door_name}
    out = {}
    for site, (demand, sizes) in hospitals.items():
        if sizes.front is not None:
            rate = millions * care.admissions.value * care.crisis.through_ae.value * demand.millions / millions
            source = FLAT.source(MENTAL_HEALTH, f"{site}_crisis", rate)
            spare = 0 if frame.on.triage == "merged" else spare_places(frame.care.front_door, sizes.front)
            own = crisis(site, name, care, spare)
            out[site] = replace(own, sources={f"{site}_{MENTAL_HEALTH}_crisis": source})
    return {**out, name: replace(part, stations=stations, sources=sources)}
