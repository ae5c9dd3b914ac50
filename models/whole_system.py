"""The whole care system of a footprint as the main job runs it: a future's growth, a plan's openings, stocks around it.

:mod:`models.care.whole` says what the care system is; here its network gets what :func:`models.system.build` gives the
network of beds, and says in the same words (:mod:`models.roles`) which of its stations are what. Growth of overnight
demand, the day's factor and the answers to pressure are those of the main job in every detail; contacts without a night
(A&E of those not admitted, community care, mental health) stand still, as no figure of their growth is in a footprint.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator
from typing import Any

from models.care.demand import load_demand
from models.care.pathways import Arrivals, loads_of
from models.care.population import load_population
from models.care.pressure import Pressure
from models.care.shocks import Steps, combined
from models.care.whole import CONFIGS, Assembled, assembled
from models.care.whole_frame import AT_HOME, EMERGENCY, booked, door
from models.care.whole_settings import Care, read_care
from models.footprint import Footprint
from models.plan import Fit, Future, Schedule
from models.roles import Roles
from models.system import RETURNING, System, answers_on, avoided, inside_beds, stocks_around
from models.whole_roles import roles_of
from sim import load_network

__all__ = ["build_whole"]

YEAR = 365.25


def build_whole(
    footprint: Footprint,
    fit: Fit,
    future: Future,
    horizon: dt.date,
    plan: Schedule | None = None,
    feedback: Pressure | None = None,
) -> System:
    """Build the whole care system in the detail of the fit; arguments as in :func:`models.system.build`.

    Raises
    ------
    FaultsError
        When the cohorts are no needs that settings know, or the network does not read.
    """
    demand, population, care = _presets()
    if fit.detail == "full":  # waits from the decision to admit begin where people board, at a station of its own
        care = care.switched("full", triage="stations")
    made = assembled(footprint, fit, care, fit.detail, horizon, demand, population)
    data, roles = made.data, roles_of(made)
    _same_as_of_beds(data, footprint, future, made)
    answers = answers_on(feedback)
    if answers is not None:
        for station in roles.in_all(roles.wards):
            data["stations"][station].pop("multiplier", None)
        if answers.early_discharge.enabled:
            data["sources"] |= _returns(made)
    places = {key: _first(data["stations"][stations[0]]["places"]) for key, stations in roles.services.items()}
    _open_to_home(data, roles)
    for site in footprint.sites:
        _plan_at(data, made, roles, site, plan, future)
    return System(
        network=load_network(data),
        footprint=footprint,
        inside=inside_beds(footprint),
        beds={site: sizes.beds for site, (_, sizes) in made.hospitals.items()},
        places=places,
        roles=roles,
        around=stocks_around(footprint, fit, feedback, wards=roles.wards),
        kept=_read(roles),
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
    growth, figures = footprint.demand.growth[future.growth].value, footprint.demand
    middle = dt.date(
        int(footprint.baseline_year[:4]), 10, 1
    )  # the figures are those of the middle of the baseline year
    back = (1 + growth) ** -((middle - footprint.start).days / YEAR)
    for source in data["sources"].values():
        if source["class"] in (*EMERGENCY, *booked(made.frame)):
            source["growth_per_year"], source["rate_per_day"] = growth, source["rate_per_day"] * back
    data["noise"] = {
        name: {"variance": figures.noise_variance.value, "correlation": figures.noise_correlation.value}
        for name in data["noise"]
    }


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


# -- a plan ----------------------------------------------------------------------------------------------------------


def _plan_at(
    data: dict[str, Any], made: Assembled, roles: Roles, site: str, plan: Schedule | None, future: Future
) -> None:
    """Open the plan's places at home in one catchment, with the emergencies that they keep out of hospital."""
    if plan is None or site not in plan.openings:
        return
    for kind, name, factor in _home(made, site):
        _open(data[kind][name], made.frame.start, [(day, round(n * factor)) for day, n in plan.openings[site]])
    level = tuple((step["from"], step["value"]) for step in avoided(future, plan, site))
    if not level:
        return
    effect = -future.admissions_effect.value
    kept = ((dt.date(made.frame.start.year, 1, 1), 0.0), *((day, (1 - value) / effect) for day, value in level))
    to = _shares_of_home(made, roles, site)
    for name, source in list(data["sources"].items()):
        if source["class"] in EMERGENCY and "rate_per_day" in source and _site_of(name, made) == site:
            usual = tuple((step["from"], step["value"]) for step in source.get("level", []))
            source["level"] = _level(usual, level)
            if effect > 0:
                data["sources"] |= dict(_kept_at_home(name, source, _level(usual, kept), effect, to, made))


def _site_of(name: str, made: Assembled) -> str:
    """Hospital to which a source belongs, by the beginning of its name."""
    return max((site for site in made.hospitals if name.startswith(f"{site}_")), key=len)


def _kept_at_home(
    name: str, source: dict[str, Any], level: Any, effect: float, to: dict[str, float], made: Assembled
) -> Iterator[tuple[str, Any]]:
    """Those of one source whom the plan keeps at home; each asks for one service there."""
    overnight = 1.0
    needs = source.get("attributes", {}).get("need", {})
    if isinstance(needs, dict):
        overnight -= needs.get("zero_day", 0.0)  # who would not have stayed a night is no load of these services
    rate = source["rate_per_day"] * effect * overnight
    for station, share in to.items():
        of = {**source, "class": AT_HOME, "to": station, "rate_per_day": rate * share, "level": level}
        if rate * share > 0:
            yield f"{name}_kept_{station}", of


def _shares_of_home(made: Assembled, roles: Roles, site: str) -> dict[str, float]:
    stations = roles.services[site, "p1"]
    if made.frame.paths is None:
        return {stations[0]: 1.0}
    share = made.frame.paths.reablement.share_of_p1.value
    return dict(zip(stations, (share, 1 - share), strict=True))


def _home(made: Assembled, site: str) -> Iterator[tuple[str, str, float]]:
    """What a place at home is made of: kind, name, and how many of it a place needs.

    Where ways out are detailed, a place serves as many people a day as one of the footprint's service, one over its
    mean stay, by reablement and by hours of home care with the lasting packages that follow.
    """
    if made.frame.paths is None:
        yield "stations", f"{site}_p1", 1.0
        return
    a_day = 1 / made.frame.footprint.pathways["p1"].service_days.value
    load = loads_of(Arrivals(a_day, 0.0, 0.0), made.frame.paths)
    yield "stations", f"{site}_reablement", load["reablement"]
    yield "pools", f"{site}_funded_hours", load["funded_hours"]


def _open(station: dict[str, Any], start: dt.date, steps: list[tuple[dt.date, int]]) -> None:
    before = _first(station["places"])
    opened = [{"from": day, "places": before + n} for day, n in steps]
    station["places"] = [{"from": start, "places": before}, *opened]


def _level(*levels: Steps) -> list[dict[str, Any]]:
    return [{"from": day, "value": value} for day, value in combined(*levels)]


def _first(places: Any) -> int:
    return int(places[0]["places"]) if isinstance(places, list) else places
