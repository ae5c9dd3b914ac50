"""The whole care system of a footprint as the main job runs it: a future's growth, what a plan changes, stocks around.

:mod:`models.system.whole.network` says what the care system is; here its network gets what
:func:`models.system.system.build` gives the network of beds, and says in the same words (:mod:`models.system.roles`)
which of its stations are what. Growth of overnight demand, the day's factor and the answers to pressure are those of
the main job in every detail; contacts without a night (A&E of those not admitted, community care, mental health) stand
still, but for attendances at A&E where a future says how they grow or how access to general practice changes.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from models import CONFIGS
from models.care.demand import Demand, load_demand
from models.care.general_practice import gp_steps
from models.care.pathways import Arrivals, loads_of
from models.care.population import load_population
from models.care.pressure import Pressure
from models.care.shocks import Steps, combined, share_closed
from models.care.slow import Around
from models.care.supply import Piece, constant_places, driven_stations, places_of
from models.footprint.footprint import Footprint, inside_beds
from models.history.data import year_after
from models.settings.fit import Fit
from models.settings.future import Future
from models.system.roles import Roles
from models.system.system import RETURNING, System, answers_on, stocks_around
from models.system.ways_between import Between, open_ways
from models.system.whole.frame import AT_HOME, EMERGENCY, booked, door
from models.system.whole.network import Assembled, assembled
from models.system.whole.roles import roles_of
from models.system.whole.settings import Care, read_care
from sim import load_network

__all__ = ["build_whole"]

YEAR = 365.25
ATTENDANCE = "attendance"  #: class of those who go home from A&E


def build_whole(
    footprint: Footprint,
    fit: Fit,
    future: Future,
    horizon: dt.date,
    feedback: Pressure | None = None,
    slow: Around | None = None,
    planned: bool = False,
    between: Iterable[Between] = (),
) -> System:
    """Build the whole care system in the detail of the fit; arguments as in :func:`models.system.system.build`.

    Raises
    ------
    FaultsError
        When the cohorts are no needs that settings know, or the network does not read.
    """
    demand, population, care = _presets()
    if future.winter:
        demand = demand.model_copy(update={"shocks": demand.shocks | future.winter.shocks()})
    if fit.detail == "full":  # waits from the decision to admit begin where people board, at a station of its own
        care = care.switched("full", triage="stations")
    made = assembled(footprint, fit, care, fit.detail, horizon, demand, population)
    data = made.data
    made_of = {(s, p): _pieces(made, s, p) for s in footprint.sites for p in footprint.pathways}
    ways_in = {"emergency_sources": _sources(made, EMERGENCY)}
    ways_in |= {"attendances": _sources(made, (ATTENDANCE,))} if made.frame.people else {}
    roles = replace(roles_of(made), made_of=made_of, **ways_in)
    _same_as_of_beds(data, footprint, future, made)
    _attending(data, footprint, future, demand)
    answers = answers_on(feedback)
    if answers is not None:
        for station in roles.in_all(roles.wards):
            data["stations"][station].pop("multiplier", None)
        if answers.early_discharge.enabled:
            data["sources"] |= _returns(made)
    _open_to_home(data, roles)
    open_ways(data, roles, between)
    if planned and future.admissions_effect.value < 0:
        roles = replace(roles, home_sources=_kept_at_home(made, roles, -future.admissions_effect.value))
    beds = {site: sizes.beds for site, (_, sizes) in made.hospitals.items()}
    shut = share_closed(future.shocks)
    around = stocks_around(footprint, fit, feedback, slow=slow, roles=roles, beds=beds, shut=shut)
    if around:
        data["stations"] = constant_places(data["stations"], around)
    return System(
        network=load_network(data),
        footprint=footprint,
        inside=inside_beds(footprint),
        beds=beds,
        places={key: places_of(pieces) for key, pieces in made_of.items()},
        roles=roles,
        around=around,
        driven=frozenset(driven_stations(around)) if around else frozenset(),
        kept=_read(roles),
        winters=future.bad_winters,
        shut=shut,
    )


@functools.cache
def _presets() -> tuple[Any, Any, Care]:
    demand = load_demand(CONFIGS / "demand" / "england_2018_19.yaml")
    return demand, load_population(CONFIGS / "care" / "population.yaml"), read_care()


def _read(roles: Roles) -> tuple[str, ...]:
    """Stations that measures read; the others would fill memory only."""
    named = [*roles.in_all(roles.wards), *roles.in_all(roles.entries), *roles.lists.values()]
    named += [station for station, _ in roles.beside.values()]
    return tuple(dict.fromkeys([*named, *(s for stations in roles.services.values() for s in stations)]))


def _same_as_of_beds(data: dict[str, Any], footprint: Footprint, future: Future, made: Assembled) -> None:
    """Give hospital demand the future's growth, and all demand the footprint's day factor."""
    figures = footprint.demand
    for source in data["sources"].values():
        if source["class"] in (*EMERGENCY, *booked(made.frame)):
            _grow(source, future.growth_of(footprint).value, footprint)
    data["noise"] = {
        name: {"variance": figures.noise_variance.value, "correlation": figures.noise_correlation.value}
        for name in data["noise"]
    }


def _grow(source: dict[str, Any], growth: float, footprint: Footprint) -> None:
    """Let a source grow, its rate being that of the middle of the baseline year."""
    middle = dt.date(int(footprint.baseline_year[:4]), 10, 1)
    back = (1 + growth) ** -((middle - footprint.start).days / YEAR)
    source["growth_per_year"], source["rate_per_day"] = growth, source["rate_per_day"] * back


def _attending(data: dict[str, Any], footprint: Footprint, future: Future, demand: Demand) -> None:
    """Give attendances at A&E the future's growth, and what changed access to general practice does to them."""
    steps: Steps = ()
    if future.general_practice is not None:
        changing = year_after(year_after(footprint.baseline_year))  # the year before it is the check of the baseline
        since = dt.date(int(changing[:4]), 4, 1)
        steps = gp_steps(future.general_practice.access(demand.gp_access, since), ATTENDANCE)
    for source in data["sources"].values():
        if source["class"] != ATTENDANCE:
            continue
        if future.attendances is not None:
            _grow(source, future.attendances.value, footprint)
        if steps:
            usual = tuple((step["from"], step["value"]) for step in source.get("level", ()))
            source["level"] = [{"from": day, "value": value} for day, value in combined(usual, steps)]


def _returns(made: Assembled) -> dict[str, Any]:
    """Ways in for people who come back because they left a full hospital early; they need some days (assumption)."""
    frame = made.frame
    come = {"class": "direct", "driven": "24 h", "attributes": frame.attributes({"medium": 1.0})}
    return {f"{site}_{RETURNING}": {**come, "to": door(frame, site)} for site in made.hospitals}


def _open_to_home(data: dict[str, Any], roles: Roles) -> None:
    """Let people whom a plan keeps at home wait there for a place, under every arm alike."""
    if AT_HOME not in data["classes"]:
        data["classes"].append(AT_HOME)
    for stations in roles.services.values():
        for station in stations:
            data["stations"][station]["waiting_room"] |= {AT_HOME: "inf"}


# -- what a plan changes ---------------------------------------------------------------------------------------------


def _sources(made: Assembled, classes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Ways in of some classes by hospital; those who come back early apart, since they are driven."""
    found: dict[str, list[str]] = {site: [] for site in made.hospitals}
    for name, source in made.data["sources"].items():
        if source["class"] in classes and "rate_per_day" in source:
            found[_site_of(name, made)].append(name)
    return {site: tuple(names) for site, names in found.items()}


def _site_of(name: str, made: Assembled) -> str:
    """Hospital to which a source belongs, by the beginning of its name."""
    return max((site for site in made.hospitals if name.startswith(f"{site}_")), key=len)


def _kept_at_home(made: Assembled, roles: Roles, effect: float) -> dict[str, tuple[str, ...]]:
    """Add ways in for a share of emergencies whom a plan keeps at home; each asks for one service there."""
    found: dict[str, tuple[str, ...]] = {}
    for site, names in roles.emergency_sources.items():
        added: dict[str, Any] = {}
        for name in names:
            source = made.data["sources"][name]
            needs = source.get("attributes", {}).get("need", {})
            none = needs.get("zero_day", 0.0) if isinstance(needs, dict) else float(needs == "zero_day")
            overnight = 1.0 - none  # who would not have stayed a night is no load of services
            for station, share in _shares_of_home(made, roles, site).items():
                rate = source["rate_per_day"] * effect * overnight * share
                if rate > 0:
                    to = {"class": AT_HOME, "to": station, "rate_per_day": rate}
                    added[f"{name}_kept_{station}"] = {**source, **to}
        made.data["sources"] |= added
        found[site] = tuple(added)
    return found


def _shares_of_home(made: Assembled, roles: Roles, site: str) -> dict[str, float]:
    stations = roles.services[site, "p1"]
    if made.frame.paths is None:
        return {stations[0]: 1.0}
    share = made.frame.paths.reablement.share_of_p1.value
    return dict(zip(stations, (share, 1 - share), strict=True))


def _pieces(made: Assembled, site: str, pathway: str) -> tuple[Piece, ...]:
    """What a place of a service is made of.

    Where ways out are detailed, a place at home serves as many people a day as one of the footprint's service, one over
    its mean stay, by reablement and by hours of home care with the lasting packages that follow: those that councils
    pay for, and those that people pay for themselves.
    """
    stations, paths = made.data["stations"], made.frame.paths
    if paths is None or pathway != "p1":
        name = f"{site}_{pathway}"
        return (Piece(name, _first(stations[name]["places"])),)
    load = loads_of(Arrivals(1 / made.frame.footprint.pathways["p1"].service_days.value, 0.0, 0.0), paths)
    hours = ("funded_hours", "self_hours") if paths.self_share > 0 else ("funded_hours",)
    pools = made.data["pools"]
    return (
        Piece(f"{site}_reablement", _first(stations[f"{site}_reablement"]["places"]), load["reablement"]),
        *(Piece(f"{site}_{name}", _first(pools[f"{site}_{name}"]["places"]), load[name]) for name in hours),
    )


def _first(places: Any) -> int:
    return int(places[0]["places"]) if isinstance(places, list) else places
