"""Three hospitals that stand for a country's, with the services outside them and the stocks around them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.care.around import hybrid
from models.care.demand_shape import DemandShape
from models.care.part import Part, together
from models.care.pathways import Classes, plain, ways_out
from models.care.pressure import Pressure, Watched, pressure
from models.care.wards import POOLED, Hospital, Wards, ward, wards
from models.figures.figures import Figure, Shares
from models.footprint.footprint import HOME, Demand
from models.hindcast.parameters import Hindcast
from models.hindcast.told import Told
from sim.hybrid import Hybrid
from sim.network.load import load_network

__all__ = ["ELECTIVE", "EMERGENCY", "SITES", "THRESHOLDS_H", "Care", "Service", "country"]

SITES = ("roomier", "middle", "fuller")
THRESHOLDS_H = (0.5, 1, 1.5, 2, 3, 4, 6, 8, 12)  #: hours of waiting for a bed above which people are counted
EMERGENCY, ELECTIVE = "emergency", "elective"
YEARS_TO_BASE = 2.5  #: from the first day to the middle of the first full year, to which places are stated


@dataclass(frozen=True)
class Service:
    """A service outside hospital: what :func:`models.care.pathways.plain` asks of one."""

    service_days: Figure
    service_cv: Figure
    flex_elasticity: Figure
    flex_scale: Figure
    onward: Shares | None


@dataclass(frozen=True)
class Care:
    """Figures of England that the hospitals are made of.

    Parameters
    ----------
    wards : Wards
        Stays and discharge; one pool a hospital.
    demand : Demand
        Patterns of arrivals.
    services : dict
        Services outside hospital.
    shares : dict
        Share of overnight stays by need.
    ways : dict
        Share of each need's emergencies that leave by each service.
    transition_days : float
        Mean days from medically ready to countable as delayed.
    feedback : Pressure
        How stays answer to pressure.
    """

    wards: Wards
    demand: Demand
    services: Mapping[str, Service]
    shares: Mapping[str, float]
    ways: Mapping[str, Mapping[str, float]]
    transition_days: float
    feedback: Pressure


def country(setup: Hindcast, care: Care, told: Told, fitted: Mapping[str, float], *, beds_limit: bool = True) -> Hybrid:
    """Return the three hospitals and what is around them.

    Parameters
    ----------
    fitted : mapping
        A value for every name of ``parameters.FITTED``.
    beds_limit : bool
        Whether the beds that were open limit who can be in hospital; without, what demand offers is seen.
    """
    demands = (1 - fitted["spread"], 1.0, 1 + fitted["spread"])
    whole = together(
        _hospital(site, demand, setup, care, told, fitted, beds_limit)
        for site, demand in zip(SITES, demands, strict=True)
    )
    noise = {"variance": care.demand.noise_variance.value, "correlation": care.demand.noise_correlation.value}
    network = {
        "name": setup.name,
        "start": setup.start,
        "horizon": f"{(told.end - setup.start).days} d",
        "classes": [EMERGENCY, ELECTIVE],
        "attributes": {"need": list(care.wards.stays)},
        "noise": dict.fromkeys(SITES, noise),
        "sources": whole.sources,
        "stations": whole.stations,
        "census": whole.census,
        "observe": {"wait_over": [f"{h:g} h" for h in THRESHOLDS_H]},
    }
    feedback = care.feedback if beds_limit else care.feedback.switched(bed_limited_response=False, speed_up=False)
    answer = feedback.bed_limited_response
    season = told.stay_season(answer.elasticity.value if answer.enabled else 0.0)
    watched = {site: Watched(ward(site), told.usual_pressure, season, (EMERGENCY,)) for site in SITES}
    return hybrid(load_network(network), pressure(watched, feedback, start_day=0), setup.name)


def _hospital(
    site: str, demand: float, setup: Hindcast, care: Care, told: Told, fitted: Mapping[str, float], beds_limit: bool
) -> Part:
    per_day = _per_day(setup, told, demand)
    load = _load(care, per_day[EMERGENCY])
    places = {name: round(load[name] * fitted["community_places"]) for name in load}
    beds = [round(b / setup.hospitals.value) for b in told.beds]
    routes = [
        ways_out(site, shares, care.transition_days, where={"class": EMERGENCY, "need": need})[-1]
        for need, shares in care.ways.items()
        if set(shares) != {HOME}
    ]
    rules: dict[str, Any] = {"waiting_room": {ELECTIVE: 0}}
    steps: Any = "inf"
    if beds_limit:
        rules["reserve"] = {EMERGENCY: round(float(np.mean(beds)) * fitted["out_of_reach"])}
        rules["turnaround"] = {"kind": "exponential", "mean": f"{setup.turnaround_hours.value!r} h"}
        steps = [{"from": day, "places": n} for day, n in zip(told.starts, beds, strict=True)]
    hospital = Hospital(
        site, {POOLED: steps}, [*routes, {"to": {"leave": 1.0}}], fitted["stay_factor"], rules={POOLED: rules}
    )
    services = {
        name: replace(s, flex_elasticity=s.flex_elasticity.model_copy(update={"value": fitted["flex_elasticity"]}))
        for name, s in care.services.items()
    }
    outside = plain(
        site,
        services,
        places,
        setup.start,
        Classes((EMERGENCY,), ()),
        {
            name: _openings(setup, told, fitted, load[name] / sum(load.values()), n, demand)
            for name, n in places.items()
        },
    )
    arrivals = Part(sources=_sources(site, care, told, fitted, per_day))
    census = [
        {"station": ward(site), "class": cls, "attributes": {"need": need}, "count": int(n)}
        for cls, rate in per_day.items()
        for need, n in _present(care, rate, fitted["stay_factor"]).items()
    ]
    census += [
        {"station": f"{site}_{name}", "class": EMERGENCY, "count": int(min(load[name] * 0.95, places[name]))}
        for name in places
    ]
    inside = sum(row["count"] for row in census if row["station"] == ward(site))
    if beds_limit and inside > beds[0]:  # the first day begins with no more people than beds
        census = [
            {**row, "count": int(row["count"] * beds[0] / inside)} if row["station"] == ward(site) else row
            for row in census
        ]
    return together([wards(hospital, care.wards), outside, arrivals, Part(census=census)])


def _per_day(setup: Hindcast, told: Told, demand: float) -> dict[str, float]:
    """Overnight admissions a day of one hospital in the first full year."""
    emergencies = told.base_admissions * setup.overnight_share.value * demand
    elective = setup.elective_overnight_per_day.value * demand
    return {EMERGENCY: emergencies / setup.hospitals.value, ELECTIVE: elective / setup.hospitals.value}


def _sources(
    site: str, care: Care, told: Told, fitted: Mapping[str, float], per_day: Mapping[str, float]
) -> dict[str, Any]:
    patterns, share = care.demand, fitted["overnight_growth"]
    level = tuple(
        (day, 1 + share * (a / told.base_admissions - 1)) for day, a in zip(told.starts, told.admissions, strict=True)
    )
    first, last = patterns.elective_hours.hours
    shapes = {
        EMERGENCY: DemandShape(
            tuple(patterns.decision_hour.values),
            tuple(patterns.weekday_emergency.values),
            told.month_index,
            noise=site,
            level=level,
        ),
        ELECTIVE: DemandShape(
            tuple(float(first <= h < last) for h in range(24)), tuple(patterns.weekday_elective.values)
        ),
    }
    needs = {"need": dict(care.shares)}
    return {f"{site}_{cls}": shapes[cls].source(cls, ward(site), per_day[cls], needs) for cls in shapes}


def _load(care: Care, emergencies: float) -> dict[str, float]:
    """Places that each service would fill: arrivals a day, those who come on from others too, times days of service."""
    arrivals = dict.fromkeys(care.services, 0.0)
    for need, shares in care.ways.items():
        for name, share in shares.items():
            if name != HOME:
                arrivals[name] += emergencies * care.shares[need] * share
    for name, service in care.services.items():
        for to, share in (service.onward.shares if service.onward else {}).items():
            if to != HOME:
                arrivals[to] += arrivals[name] * share
    return {name: rate * care.services[name].service_days.value for name, rate in arrivals.items()}


def _present(care: Care, per_day: float, stay_factor: float) -> dict[str, float]:
    return {
        need: per_day * share * care.wards.stays[need].mean_days.value * stay_factor
        for need, share in care.shares.items()
    }


def _openings(
    setup: Hindcast, told: Told, fitted: Mapping[str, float], part: float, places: int, demand: float
) -> list[tuple[dt.date, int]]:
    """Places of a service above those of the first day, by quarter: its growth, and its part of what was announced."""
    out, base = [], setup.start
    for day in told.starts[1:]:
        years = (day - base).days / 365.25
        more = places * float(np.expm1(fitted["community_growth"] * (years - YEARS_TO_BASE)))
        for drive in (d for d in setup.announced.values() if d.enabled):
            done = np.clip((day - drive.begins).days / (drive.complete - drive.begins).days, 0.0, 1.0)
            aimed = drive.beds_aimed.value * drive.realised.value / setup.hospitals.value
            more += aimed * part * float(done) * demand
        out.append((day, round(more)))
    return out
