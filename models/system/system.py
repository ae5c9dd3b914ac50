"""From a footprint to a network: hospitals, community services, the flows between them, and what a plan changes.

Each hospital is one pool of beds made of its named wards, which take one another's patients; people change hospital
only by an explicit route (there is none here), and leave for services of their own catchment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.care.delays import transition_days
from models.care.pathways import Classes, plain
from models.care.pressure import Pressure, Watched, day_of_four_years, pressure
from models.care.shocks import Steps, closed_beds, combined, share_closed, shock_steps
from models.care.slow import Around
from models.care.slow import stocks_around as slow_stocks
from models.care.stock_part import StockPart, stocks_together
from models.care.supply import Piece, Service, Site, constant_places, driven_stations, places_of
from models.footprint.footprint import HOME, Footprint, inside_beds
from models.plans import months_after
from models.plans.schedule import Schedule
from models.settings.fit import Fit
from models.settings.future import Future
from models.system.demand import flows, pathway_shares
from models.system.roles import Roles
from models.system.sizes import beds_out_of_reach, community_places, offered_places, season_beds, sizes_of
from models.system.ways_between import Between, open_ways
from models.system.winter import level_of
from sim import Network, load_network
from sim.clock import Calendar

__all__ = ["AT_HOME", "EMERGENCY_CLASSES", "RETURNING", "System", "answers_on", "build"]
__all__ += ["network_data", "pathway_station", "stocks_around", "ward"]

EMERGENCY_CLASSES = ("emergency", "direct")
AT_HOME = "at_home"  #: emergencies that a plan keeps at home: they need a place there instead of a bed
RETURNING = "coming_back"  #: excess of readmissions after early discharge
CLASSES = (*EMERGENCY_CLASSES, "elective", AT_HOME)
WAITING_PLACES = Classes((*EMERGENCY_CLASSES, "elective"), (AT_HOME,))  #: who keeps the bed, and who waits at home
FOUR_HOURS, TWELVE_HOURS = "4 h", "12 h"


def ward(site: str) -> str:
    """Name of a hospital's station."""
    return f"{site}_ward"


def pathway_station(site: str, pathway: str) -> str:
    """Name of a community service's station in a hospital's catchment."""
    return f"{site}_{pathway}"


@dataclass(frozen=True)
class System:
    """A footprint as a network, with the figures that plans and measures need.

    Parameters
    ----------
    network : Network
    footprint : Footprint
    inside : dict
        Community beds that lie inside the counted hospital beds, by site.
    beds : dict
        Hospital beds open by site and April quarter (1 to 4), community beds inside the count left out.
    places : dict
        Places of each community service by site and pathway, before any plan.
    roles : Roles
        What its stations and classes mean.
    around : StockPart, optional
        Stocks around the network; none when nothing is on.
    driven : frozenset of str
        Stations whose places the stocks set.
    kept : tuple of str
        Stations of which every replication is written down; all when empty.
    winters : tuple of str
        Financial years in whose winters waves of illness come.
    shut : steps
        Share of hospital beds that waves shut, from day to day.
    """

    network: Network
    footprint: Footprint
    inside: dict[str, int]
    beds: dict[str, dict[int, int]]
    places: dict[tuple[str, str], int]
    roles: Roles
    around: StockPart | None = None
    driven: frozenset[str] = frozenset()
    kept: tuple[str, ...] = ()
    winters: tuple[str, ...] = ()
    shut: Steps = ()

    def with_places(self, site: str, pathway: str) -> list[str]:
        """Stations that a place of a service is made of: neither hours of home care nor what follows the service."""
        return [piece.pool for piece in self.roles.made_of[site, pathway] if piece.pool in self.network.stations]

    @property
    def sizes(self) -> dict[tuple[str, str], float]:
        """Beds (mean of the quarters) and places that there are before any plan, by (setting, site)."""
        return sizes_of(self.beds, self.places)

    def follows(self, station: str) -> bool:
        """Whether the stocks know a station of a service."""
        return self.around is not None and station in self.around.dimensions.get("service", ())

    def has_parameter(self, name: str) -> bool:
        """Whether the stocks have a parameter of this name, by service or by site."""
        return self.around is not None and any(p.partition("[")[0] == name for p in self.around.parameters)


def build(
    footprint: Footprint,
    fit: Fit,
    future: Future,
    horizon: dt.date,
    feedback: Pressure | None = None,
    slow: Around | None = None,
    planned: bool = False,
    between: Iterable[Between] = (),
) -> System:
    """Build the network of a footprint under a future, and the stocks around it.

    What a plan changes is not in it: it is done while a replication runs (:mod:`models.transition.levers`).

    Parameters
    ----------
    feedback : Pressure, optional
        Answers of stays to pressure; with any of them on, the stocks set stays day by day.
    slow : Around, optional
        Staff, social care, buildings and habits; with any of them on, the stocks may set beds and places.
    planned : bool
        Whether there are ways in for people whom a plan keeps at home.
    between : iterable of (service, site, site)
        Services that a plan moves to another site, to which people need a way.
    """
    data = network_data(footprint, fit, future, horizon, feedback=feedback, kept_at_home=planned)
    shut = share_closed(future.shocks)
    places = community_places(footprint, fit)
    roles = _roles(footprint, places, planned and future.admissions_effect.value < 0)
    open_ways(data, roles, between)
    beds = season_beds(footprint)
    around = stocks_around(footprint, fit, feedback, slow=slow, shut=shut)
    if around:
        data["stations"] = constant_places(data["stations"], around)
    driven = frozenset(driven_stations(around)) if around else frozenset()
    network = load_network(data)
    waves = {"winters": future.bad_winters, "shut": shut}
    return System(network, footprint, inside_beds(footprint), beds, places, roles, around, driven, **waves)


def _roles(footprint: Footprint, places: dict[tuple[str, str], int], kept_at_home: bool) -> Roles:
    wards = {site: (ward(site),) for site in footprint.sites}
    return Roles(
        wards=wards,
        bed_shares={station: 1.0 for stations in wards.values() for station in stations},
        entries=wards,
        services={(s, p): (pathway_station(s, p),) for s in footprint.sites for p in footprint.pathways},
        made_of={(s, p): (Piece(pathway_station(s, p), n),) for (s, p), n in places.items()},
        emergency_sources={s: tuple(f"{s}_{cls}" for cls in EMERGENCY_CLASSES) for s in footprint.sites},
        home_sources={s: (f"{s}_{AT_HOME}",) if kept_at_home else () for s in footprint.sites},
        emergencies=EMERGENCY_CLASSES,
        planned=("elective",),
        at_home=AT_HOME,
    )


def network_data(
    footprint: Footprint,
    fit: Fit,
    future: Future,
    horizon: dt.date,
    plan: Schedule | None = None,
    feedback: Pressure | None = None,
    kept_at_home: bool = False,
) -> dict[str, Any]:
    """Return the network of :func:`build` as data, in the words of a network file, before it is read and checked.

    With a plan, its openings and its effect on demand are steps of the network; closures are not in it.
    """
    answers = answers_on(feedback)
    early = answers is not None and answers.early_discharge.enabled
    calendar = Calendar(footprint.start, 1)
    places = community_places(footprint, fit)
    beds = season_beds(footprint)
    routes = _routes(footprint)
    stations, shocks = dict[str, Any](), future.shocks
    for site in footprint.sites:
        stations[ward(site)] = _ward(footprint, fit, site, beds[site], routes, horizon)
        if shocks:
            steps = [(step["from"], step["places"]) for step in stations[ward(site)]["places"]]
            stations[ward(site)]["places"] = closed_beds(steps, shocks, footprint.start)
        if answers:
            del stations[ward(site)]["multiplier"]
        here = {name: places[site, name] for name in footprint.pathways}
        openings = {} if plan is None else {p: plan.opened(p).get(site, []) for p in plan.services}
        stations |= plain(site, footprint.pathways, here, footprint.start, WAITING_PLACES, openings).stations
    return {
        "name": footprint.name,
        "start": footprint.start,
        "horizon": f"{calendar.ms(horizon) // 86_400_000} d",
        "classes": list(CLASSES),
        "attributes": {"cohort": list(footprint.cohorts)},
        "noise": {
            "demand": {
                "variance": footprint.demand.noise_variance.value,
                "correlation": footprint.demand.noise_correlation.value,
            }
        },
        "sources": _sources(footprint, fit, future, plan, kept_at_home) | (_returns(footprint) if early else {}),
        "stations": stations,
        "census": _census(footprint, fit, beds, places),
        "observe": {"wait_over": [FOUR_HOURS, TWELVE_HOURS]},
    }


def stocks_around(
    footprint: Footprint,
    fit: Fit,
    feedback: Pressure | None,
    sites: Iterable[str] | None = None,
    slow: Around | None = None,
    roles: Roles | None = None,
    beds: Mapping[str, Mapping[int, int]] | None = None,
    shut: Steps = (),
) -> StockPart | None:
    """Return the stocks around some hospitals (all unless given): answers of stays, and slow mechanisms; or none.

    `roles` say which stations are wards and services, `beds` how many are open by site and April quarter; those of the
    network of beds unless given. `shut` is the share of beds that waves of illness close.
    """
    answers, names = answers_on(feedback), list(footprint.sites if sites is None else sites)
    roles, parts = roles or _roles(footprint, community_places(footprint, fit), False), []
    start_day = day_of_four_years(footprint.start)
    if answers is not None:
        watched = _watched(footprint, fit, answers.early_discharge.enabled)
        here = {s: replace(watched[s], station=_one_or_all(roles.wards[s])) for s in names}
        parts.append(pressure(here, answers, start_day=start_day))
    if slow is not None and slow.any:
        beds = beds or season_beds(footprint)
        known = {s: _known(footprint, fit, roles, s, beds[s]) for s in names}
        days = [((day - footprint.start).days, share) for day, share in shut]
        part = slow_stocks(known, slow, start_day=start_day, shut=days)
        parts += [part] if part else []
    return stocks_together(parts) if parts else None


def _one_or_all(stations: tuple[str, ...]) -> str | tuple[str, ...]:
    return stations[0] if len(stations) == 1 else stations


def _known(footprint: Footprint, fit: Fit, roles: Roles, site: str, beds: Mapping[int, int]) -> Site:
    """A hospital as the slow mechanisms know it: its wards and the services of its catchment."""
    shared = [roles.beds_by_ward(site, beds[q]) for q in (1, 2, 3, 4)]
    return Site(
        {ward: [one[ward] for one in shared] for ward in roles.wards[site]},
        fit.usual_pressure[site],
        {p: _service(roles, site, p) for p in footprint.pathways},
        roles.emergency_sources[site],
    )


def _service(roles: Roles, site: str, pathway: str) -> Service:
    """A service as the slow mechanisms know it, whether its places are one station's or made of several things."""
    pieces, name = roles.made_of[site, pathway], roles.in_stocks(site, pathway)
    if len(pieces) == 1:
        return Service(name, pieces[0].before)
    return Service(name, places_of(pieces), pieces, roles.services[site, pathway])


def answers_on(feedback: Pressure | None) -> Pressure | None:
    """Return the answers to pressure, or none when all are switched off."""
    return feedback if feedback is not None and feedback.any else None


def _watched(footprint: Footprint, fit: Fit, early: bool) -> dict[str, Watched]:
    season = tuple(footprint.demand.stay_season.values)
    return {
        site: Watched(
            ward(site), fit.usual_pressure[site], season, EMERGENCY_CLASSES, f"{site}_{RETURNING}" if early else None
        )
        for site in footprint.sites
    }


def _returns(footprint: Footprint) -> dict[str, Any]:
    """Ways in for people who come back because they left a full hospital early; they need some days (assumption)."""
    come = {"class": "direct", "driven": "24 h", "attributes": {"cohort": "medium"}}
    return {f"{site}_{RETURNING}": {**come, "to": ward(site)} for site in footprint.sites}


def _sources(
    footprint: Footprint, fit: Fit, future: Future, plan: Schedule | None, kept_at_home: bool
) -> dict[str, Any]:
    demand = footprint.demand
    cohorts = {name: cohort.share.value for name, cohort in footprint.cohorts.items()}
    total = sum(cohorts.values())
    cohorts = {name: share / total for name, share in cohorts.items()}
    growth, shocks = future.growth_of(footprint).value, future.shocks
    middle = dt.date(
        int(footprint.baseline_year[:4]), 10, 1
    )  # the figures are those of the middle of the baseline year
    back = (1 + growth) ** -((middle - footprint.start).days / 365.25)
    first, last = demand.elective_hours.hours
    common = {"growth_per_year": growth, "noise": "demand", "attributes": {"cohort": cohorts}}
    emergency: dict[str, Any] = {
        "hour": demand.decision_hour.values,
        "weekday": demand.weekday_emergency.values,
        "month": demand.month_index.values,
    }
    planned: dict[str, Any] = {
        "hour": [float(first <= h < last) for h in range(24)],
        "weekday": demand.weekday_elective.values,
    }
    if shocks:
        reported = footprint.delays.reported_share.value
        asked = {name: c.share.value * c.mean_at(reported) for name, c in footprint.cohorts.items()}
        emergency["level"] = _steps(level_of(shocks, asked))
        planned["level"] = _steps(shock_steps(shocks, "elective"))
    sources: dict[str, Any] = {}
    for site, flow in flows(footprint, fit).items():
        level = _avoided(future, plan, site, footprint.population.england_equivalents.value)
        for cls, rate, shape in (
            ("emergency", flow.emergency, _fewer(emergency, level)),
            ("direct", flow.direct, _fewer(emergency, level)),
            ("elective", flow.elective, planned),
        ):
            one = {"class": cls, "to": ward(site), "rate_per_day": rate * back, **common, **shape}
            if cls == "elective":
                del one["noise"]  # planned admissions are booked, not Cox
            sources[f"{site}_{cls}"] = one
        effect = -future.admissions_effect.value
        if effect > 0 and (level or kept_at_home):
            rate = (flow.emergency + flow.direct) * effect * back
            home = {"class": AT_HOME, "to": pathway_station(site, "p1"), "rate_per_day": rate, **common, **emergency}
            if level:
                steps = [{"from": step["from"], "value": (1 - step["value"]) / effect} for step in level]
                home |= _fewer(emergency, [{"from": footprint.start, "value": 0.0}, *steps])
            sources[f"{site}_{AT_HOME}"] = home
    return sources


def _steps(level: Steps) -> list[dict[str, Any]]:
    return [{"from": day, "value": value} for day, value in level]


def _fewer(shape: dict[str, Any], level: list[dict[str, Any]]) -> dict[str, Any]:
    """A pattern of arrivals of which a plan keeps some at home, on top of what waves of illness bring."""
    if not shape.get("level"):
        return shape | {"level": level}
    both = ([(step["from"], step["value"]) for step in one] for one in (shape["level"], level))
    return shape | {"level": _steps(combined(*both))}


def _avoided(future: Future, plan: Schedule | None, site: str, people: float) -> list[dict[str, Any]]:
    """Return the level of emergencies that still come: fewer as places at home open; the others are cared for there."""
    if plan is None or site not in plan.openings or not future.admissions_effect.value:
        return []
    steps = plan.openings[site]
    whole = steps[-1][1] or 1
    effect = future.admissions_effect.value * future.reach(plan.places_at_home, people)
    return [{"from": day, "value": 1 + effect * n / whole} for day, n in steps]


def _routes(footprint: Footprint) -> list[dict[str, float]]:
    """Shares of the route rules of every ward: one rule a cohort that needs pathways, then everybody else."""
    return [shares for shares in pathway_shares(footprint).values() if len(shares) > 1]


def _ward(
    footprint: Footprint, fit: Fit, site: str, beds: dict[int, int], routes: list[dict[str, float]], horizon: dt.date
) -> dict[str, Any]:
    reported = footprint.delays.reported_share.value
    service = [
        {"where": {"cohort": name}, "use": _stay(name, cohort.mean_at(reported) * fit.stay_factor[site])}
        for name, cohort in footprint.cohorts.items()
    ]
    service[-1].pop("where")
    quarters = _quarters(footprint.start, horizon)
    delay = {"kind": "exponential", "mean": f"{_transition_days(footprint)!r} d"}
    needing = [name for name, shares in pathway_shares(footprint).items() if len(shares) > 1]
    rules = [
        {
            "where": {"class": list(EMERGENCY_CLASSES), "cohort": cohort},
            "to": {
                "leave" if to == HOME else pathway_station(site, to): share
                if to == HOME
                else {"share": share, "transition": delay}
                for to, share in shares.items()
            },
        }
        for cohort, shares in zip(needing, routes, strict=True)
    ]
    season = footprint.demand.stay_season.values
    kept = beds_out_of_reach(fit, site, beds)
    return {
        "places": [{"from": day, "places": beds[q]} for day, q in quarters],
        **({"reserve": dict.fromkeys(EMERGENCY_CLASSES, kept)} if kept else {}),
        "waiting_room": {"elective": 0},
        "service": service,
        "multiplier": [{"from": day, "value": season[q - 1]} for day, q in quarters],
        "window": {"hours": list(footprint.discharge.hours), "weekdays": footprint.discharge.weekdays},
        "routes": [*rules, {"to": {"leave": 1.0}}],
    }


def _stay(cohort: str, mean_days: float) -> dict[str, Any]:
    """Stays are exponential within a cohort; a single night varies little (assumption, cv 0.4)."""
    if cohort == "one_night":
        return {"kind": "lognormal", "mean": f"{mean_days!r} d", "cv": 0.4}
    return {"kind": "exponential", "mean": f"{mean_days!r} d"}


def _transition_days(footprint: Footprint) -> float:
    """Mean days from medically ready to countable as delayed, from the share of all delay that is reported.

    Delay in all is reported delay over the reported share (clock a to d); what is not reported (a to c) is spread over
    those who leave by a pathway.
    """
    delays, conversion = footprint.delays, footprint.delays.host_conversion
    beds = delays.acute_beds.value * (conversion.value if conversion else 1.0)
    leavers = sum(pathway.arrivals_per_day.value for pathway in footprint.pathways.values())
    return transition_days(beds, delays.reported_share.value, leavers)


def _quarters(start: dt.date, horizon: dt.date) -> list[tuple[dt.date, int]]:
    """First day and number of every April quarter from the start to the horizon."""
    day, out = dt.date(start.year, (start.month - 1) // 3 * 3 + 1, 1), []
    while day < horizon:
        out.append((max(day, start), Calendar.april_quarter(day)))
        day = months_after(day, 3)
    return out


def _census(
    footprint: Footprint, fit: Fit, beds: dict[str, dict[int, int]], places: dict[tuple[str, str], int]
) -> list[dict[str, Any]]:
    """Who is where on the first day: each cohort's offered load, as far as places go; a year of warm-up follows."""
    rows: list[dict[str, Any]] = []
    reported = footprint.delays.reported_share.value
    for site, flow in flows(footprint, fit).items():
        loads = {
            (cls, name): rate * cohort.share.value * cohort.mean_at(reported) * fit.stay_factor[site]
            for cls, rate in (("emergency", flow.emergency), ("direct", flow.direct), ("elective", flow.elective))
            for name, cohort in footprint.cohorts.items()
        }
        scale = min(1.0, min(beds[site].values()) / sum(loads.values()))
        rows += [
            {"station": ward(site), "class": cls, "attributes": {"cohort": name}, "count": int(load * scale)}
            for (cls, name), load in loads.items()
        ]
        for name in footprint.pathways:
            load = offered_places(footprint, fit)[site, name]
            count = min(places[site, name], int(load))
            rows.append({"station": pathway_station(site, name), "class": "emergency", "count": count})
    return rows
