"""One hospital of the whole: its front door, wards, critical care, theatre lists, and the ways out of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from models.care.delays import transition_days
from models.care.front_door import FrontDemand, FrontSize, Onward, front_door
from models.care.front_door_figures import CubicleTime, FrontDoor
from models.care.outcomes import death_while_waiting, deaths, readmissions, with_deaths
from models.care.part import Part
from models.care.pathways import ways_out
from models.care.planned import Beds, Referrals, bed_rules, planned, theatre_list
from models.care.shocks import closed_beds
from models.care.wards import POOLED, Hospital, Wards, critical_care, divide, quarters, stay_rules, ward, wards
from models.footprint.footprint import HOME, Footprint
from models.system.demand import pathway_shares
from models.system.sizes import beds_out_of_reach
from models.system.whole.demand import SiteDemand, age_of
from models.system.whole.frame import (
    EMERGENCY,
    Frame,
    SiteSize,
    booked,
    door,
    front_demand_of,
    planned_group,
    with_mean,
)
from models.system.whole.front import merged
from models.system.whole.reading import decision_clocks

__all__ = ["half_days", "hospital", "pathway_flows", "transition"]

LEAST = 0.02  #: share of a group's emergencies at the least, when planned patients fill it (assumption)
SHORTEST = 0.25  #: of a stay that is left on a ward when the assessment unit takes its part (assumption)
DAY = 24 * 60  #: minutes


def hospital(frame: Frame, site: str, demand: SiteDemand, sizes: SiteSize) -> dict[str, Part]:
    """Parts of one hospital by setting: front door (or admissions), wards, planned care, deaths."""
    care = _wards_of(frame)
    to_wards = _to_wards(frame, site, demand, care, sizes)
    parts = {"wards": _wards(frame, site, care, sizes), "deaths": deaths(site, frame.care.outcomes)}
    if sizes.front is not None:
        parts["front_door"] = _front(frame, site, demand, sizes.front, to_wards)
    else:
        parts["admissions"] = _admissions(frame, site, demand, to_wards)
    return parts | {"planned": _planned(frame, site, demand, care)}


# -- wards ---------------------------------------------------------------------------------------------------------


def _wards_of(frame: Frame) -> Wards:
    """Wards whose stays are those of the footprint's cohorts."""
    reported, stays = frame.footprint.delays.reported_share.value, dict(frame.care.wards.stays)
    for name, cohort in frame.footprint.cohorts.items():
        stays[name] = with_mean(stays[name], cohort.mean_at(reported))
    return frame.care.wards.model_copy(update={"stays": stays})


def _after_assessment(frame: Frame, care: Wards, factor: float) -> Wards:
    """Stays on a ward after the assessment unit, so that both together are the stay (times the fitted factor)."""
    unit, stays = frame.care.front_door.assessment, dict(care.stays)
    before = (1 - unit.bypass.value) * unit.longer.minutes / DAY / factor
    for name in ("medium", "long"):
        mean = stays[name].mean_days.value
        stays[name] = with_mean(stays[name], max(SHORTEST * mean, mean - before))
    return care.model_copy(update={"stays": stays})


def _wards(frame: Frame, site: str, care: Wards, sizes: SiteSize) -> Part:
    factor = frame.fit.stay_factor[site]
    hosts = Hospital(
        site,
        _beds(frame, care, sizes),
        routes=_ways_out(frame, site),
        stay_factor=factor,
        multiplier=quarters(frame.start, frame.horizon, frame.footprint.demand.stay_season.values),
        rules=_out_of_reach(frame, site, care, sizes, _planned_rules(frame, care, sizes)),
    )
    part = wards(hosts, care, sizes.critical, sizes.extra)
    for group in care.names:
        station = part.stations[ward(site, group)]
        if sizes.front is not None:  # planned patients do not pass the assessment unit
            classes = list(booked(frame))
            own = [{**rule, "where": {**rule.get("where", {}), "class": classes}} for rule in station["service"]]
            station["service"] = own + stay_rules(_after_assessment(frame, care, factor), group, factor)
        back = readmissions(frame.care.outcomes, door(frame, site), EMERGENCY)
        if back:
            station["returns"] = back
    return part


def _beds(frame: Frame, care: Wards, sizes: SiteSize) -> dict[str, Any]:
    """Beds of each group by quarter; fewer while shocks that are on close some."""
    split = {q: divide(n, care) for q, n in sizes.beds.items()}
    shocks = [s for s in frame.demand.shocks.values() if s.enabled and s.beds_closed is not None]
    out = {}
    for group in care.names:
        plan = quarters(frame.start, frame.horizon, [max(1, split[q][group]) for q in (1, 2, 3, 4)], "places")
        if shocks:
            plan = closed_beds([(step["from"], step["places"]) for step in plan], shocks, frame.start)
        out[group] = plan
    return out


def _planned_rules(frame: Frame, care: Wards, sizes: SiteSize) -> dict[str, dict[str, Any]]:
    """Rules of the wards of planned patients; without lists, who finds no bed is sent home, as in the plain model."""
    group = planned_group(care)
    if not frame.on.planned:
        return {group: {"waiting_room": {"elective": 0}}}
    beds = min(divide(n, care)[group] for n in sizes.beds.values())
    return {group: bed_rules(frame.care.planned, frame.unplanned, beds)}


def _out_of_reach(
    frame: Frame, site: str, care: Wards, sizes: SiteSize, rules: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Keep the beds out of reach from the unplanned, on top of those ring-fenced for planned patients."""
    if not frame.fit.out_of_reach.get(site):
        return rules
    out = {group: dict(rules.get(group, {})) for group in care.names}
    for group, rule in out.items():
        kept = beds_out_of_reach(frame.fit, site, {q: divide(n, care)[group] for q, n in sizes.beds.items()})
        fenced = rule.get("reserve", {})
        rule["reserve"] = {cls: fenced.get(cls, 0) + kept for cls in frame.unplanned}
    return out


# -- ways out ------------------------------------------------------------------------------------------------------


def transition(footprint: Footprint) -> float:
    """Mean days from medically ready to countable as delayed (clock a to c)."""
    delays = footprint.delays
    beds = delays.acute_beds.value * (delays.host_conversion.value if delays.host_conversion else 1.0)
    leavers = sum(p.arrivals_per_day.value for p in footprint.pathways.values())
    return transition_days(beds, delays.reported_share.value, leavers)


def pathway_flows(frame: Frame, demand: SiteDemand) -> dict[str, float]:
    """People a day from one hospital by pathway."""
    shares = pathway_shares(frame.footprint)
    return {
        name: demand.overnight * sum(demand.nights[c] * shares[c].get(name, 0.0) for c in shares)
        for name in frame.footprint.pathways
    }


def _ways_out(frame: Frame, site: str) -> list[dict[str, Any]]:
    """Ways out of a ward: by need to the pathways, others home; some die, who are no part of those for the pathways."""
    rules: list[dict[str, Any]] = []
    for need, shares in pathway_shares(frame.footprint).items():
        if len(shares) > 1:
            living = 1 - _dying(frame, need)
            to = {name: share / living for name, share in shares.items() if name != HOME}
            to[HOME] = max(0.0, 1 - sum(to.values()))
            where = {"class": frame.unplanned, "need": need}
            rules += ways_out(site, to, transition(frame.footprint), frame.paths, where)
    rules.append({"to": {"leave": 1.0}})
    return with_deaths(site, rules, frame.care.outcomes, frame.unplanned, frame.on.ages)


def _dying(frame: Frame, need: str) -> float:
    """Share of stays of one need that end in death, over all ages."""
    care = frame.care.outcomes.death
    if not care.enabled or need not in care.share:
        return 0.0
    risk = 1.0
    if frame.on.ages and care.age:
        first = next(iter(frame.emergencies.values()))
        needs = {n: share * stream.part for stream in first for n, share in stream.needs.items()}
        ages = age_of(frame.demand, frame.population, needs)
        risk = sum(share * (care.age[age].value if age in care.age else 1.0) for age, share in ages.items())
    return care.share[need].value * risk


# -- coming in -----------------------------------------------------------------------------------------------------


def _to_wards(frame: Frame, site: str, demand: SiteDemand, care: Wards, sizes: SiteSize) -> dict[str, float]:
    """Where emergencies go who need a ward: critical care, or a group of wards such that all are equally loaded."""
    critical = care.critical_care.share_of_emergencies.value if sizes.critical else 0.0
    if sizes.front is not None:  # the share is of those who stay a night; some of them go home from assessment
        unit, none = frame.care.front_door.assessment, demand.needs.get("zero_day", 0.0)
        critical /= 1 - demand.needs.get("one_night", 0.0) / (1 - none) * unit.home.value
    shares = {ward(site, g): s * (1 - critical) for g, s in _groups(demand, care).items()}
    return {critical_care(site): critical, **shares} if critical else shares


def _groups(demand: SiteDemand, care: Wards) -> dict[str, float]:
    """Shares of emergencies by group of wards: beds, less the load of planned patients, over stays."""
    if care.groups == "one":
        return {POOLED: 1.0}
    stay = sum(share * care.stays[need].mean_days.value for need, share in demand.nights.items())
    urgent, planned_load = demand.overnight * stay, demand.planned * stay
    weight = {}
    for group, beds in care.split.shares.items():
        factor = care.group_factor[group].value if group in care.group_factor else 1.0
        load = beds * (urgent + planned_load) - (planned_load * factor if group == planned_group(care) else 0.0)
        weight[group] = max(LEAST, load / urgent / factor)
    return {group: w / sum(weight.values()) for group, w in weight.items()}


def _front(frame: Frame, site: str, demand: SiteDemand, places: FrontSize, to_wards: dict[str, float]) -> Part:
    """The front door with its sources: attendances, and every stream of emergencies."""
    care = _paced(frame, site)
    home = with_deaths(site, [{"to": {"leave": 1.0}}], frame.care.outcomes, EMERGENCY, frame.on.ages)
    onward = Onward(wards=({"to": to_wards},), home=tuple(home))

    def built(of: FrontDemand) -> Part:
        part = front_door(site, of, care, places, onward)
        return merged(site, part, care, places) if frame.on.triage == "merged" else part

    usual = front_demand_of(frame, site, demand)
    part = built(replace(usual, shape=frame.attendance, emergency=0.0, direct=0.0))
    sources = {k: source for k, source in part.sources.items() if source["class"] not in EMERGENCY}
    for stream, decided in zip(frame.at_the_door[site], frame.emergencies[site], strict=True):
        of = FrontDemand(
            attendance=0.0,
            emergency=demand.emergency * stream.part,
            direct=demand.direct * decided.part,
            shape=stream.shape,
            direct_shape=decided.shape,
            attributes={cls: {"need": stream.needs} for cls in EMERGENCY},
        )
        for name, source in built(of).sources.items():
            if source["class"] in EMERGENCY and source["rate_per_day"] > 0:
                sources[f"{name}{stream.name}"] = source | {"attributes": frame.attributes(stream.needs)}
    return replace(part, sources=sources)


def _paced(frame: Frame, site: str) -> FrontDoor:
    """Front door with the fitted factor on the time in a cubicle; cubicles are those of the usual time."""
    care, factor = frame.care.front_door, frame.fit.cubicle_time.get(site, 1.0)
    if factor == 1.0:
        return care
    cubicle = care.cubicle
    paced = {cls: _times(getattr(cubicle, cls), factor) for cls in ("attendance", "emergency")}
    return care.model_copy(update={"cubicle": cubicle.model_copy(update=paced)})


def _times(time: CubicleTime, factor: float) -> CubicleTime:
    parts = {name: getattr(time, name) for name in ("assessment", "investigation", "decision")}
    scaled = {n: part.model_copy(update={"value": part.value * factor}) for n, part in parts.items()}
    return time.model_copy(update=scaled)


def _admissions(frame: Frame, site: str, demand: SiteDemand, to_wards: dict[str, float]) -> Part:
    """Emergencies at the instant of the decision to admit: a source for each way and each station they go to."""
    sources = {}
    for stream in frame.emergencies[site]:
        own = frame.attributes(stream.needs)
        for cls in EMERGENCY:
            for station, share in to_wards.items():
                rate = getattr(demand, cls) * stream.part * share
                where = "" if len(to_wards) == 1 else f"_{station.removeprefix(f'{site}_')}"
                if rate > 0:
                    sources[f"{site}_{cls}{where}{stream.name}"] = stream.shape.source(cls, station, rate, own)
    return Part(sources=sources)


def half_days(slots: list[dict[str, Any]], hours: tuple[int, int]) -> list[dict[str, Any]]:
    """Offer the slots of each half of the sessions together, at its beginning; as many a day as before."""
    first, last = hours
    middle, out = (first + last + 1) // 2, {}
    for slot in slots:
        for day in slot["weekdays"]:
            for hour in range(*slot["hours"]):
                at = (day, first if hour < middle else middle)
                out[at] = out.get(at, 0) + slot["each_hour"]
    return [{"weekdays": [day], "hours": [h, h + 1], "each_hour": n} for (day, h), n in sorted(out.items())]


def _planned(frame: Frame, site: str, demand: SiteDemand, care: Wards) -> Part:
    """Planned care with lists, or planned patients on their day."""
    to = ward(site, planned_group(care))
    if not frame.on.planned:
        source = frame.planned.source("elective", to, demand.planned, frame.attributes(demand.nights))
        return Part(sources={f"{site}_elective": source})
    critical = critical_care(site) if care.critical_care.enabled else None
    referrals = Referrals(demand.planned, frame.planned, demand.nights)
    part = planned(site, referrals, frame.care.planned, Beds(to, critical))
    station = part.stations[theatre_list(site)]
    station["patience"] += death_while_waiting(frame.care.outcomes)
    if frame.on.lists == "half_day":
        station["slots"] = half_days(station["slots"], frame.care.planned.theatre.sessions.hours)
    if frame.care.planned.referral.enabled:
        return part
    return replace(part, clocks=decision_clocks(site, part.clocks))
