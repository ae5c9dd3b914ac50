"""The whole care system of a footprint as one network, put together from the settings.

::

    whole(footprint, fit, care, detail="default")   people who may use an overnight bed, A&E counted by crowding
    whole(footprint, fit, care, detail="full")      every contact an individual

Which settings are on in which detail says ``configs/care/settings.yaml``; each can be switched off
(:meth:`~models.system.whole.settings.Care.switched`) and the network still reads. Sizes are the settings' own; rates
are those of the footprint, in the middle of its baseline year; patterns and growth are those of a preset of demand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models import CONFIGS
from models.care.demand import Demand, demand_shape, load_demand, noise_groups
from models.care.part import Part, together
from models.care.planned import CRITICAL
from models.care.population import BANDS, NEEDS, Population, load_population
from models.footprint.footprint import Footprint
from models.settings.fit import Fit
from models.system.whole.beyond import community_part, mental_health_part, pathway_part, turned
from models.system.whole.census import census
from models.system.whole.demand import blended, prior_fit, site_demand, streams
from models.system.whole.frame import Frame, Hospitals, site_sizes
from models.system.whole.front import four_hour
from models.system.whole.hospital import hospital
from models.system.whole.settings import Care, read_care
from sim import Network, load_network
from sim.errors import Fault, FaultsError

__all__ = ["FOUR_HOURS", "TWELVE_HOURS", "YEARS", "Assembled", "Care", "Whole", "assembled", "prior_fit"]
__all__ += ["read_care", "whole"]

YEARS = 15  #: length of a run after its warm-up, unless a horizon is given
FOUR_HOURS, TWELVE_HOURS = "4 h", "12 h"


@dataclass(frozen=True)
class Whole:
    """The care system of a footprint.

    Parameters
    ----------
    network : Network
    footprint : Footprint
    detail : str
    care : Care
        Parameters with the switches applied.
    hospitals : dict
        Demand and sizes by site.
    settings : dict
        Stations of each setting.
    four_hour : dict
        By site, clocks and classes which together give the type-1 four-hour share; empty where A&E is counted by
        crowding (:mod:`models.measures.whole`).
    """

    network: Network
    footprint: Footprint
    detail: str
    care: Care
    hospitals: Hospitals
    settings: dict[str, list[str]] = field(default_factory=dict)
    four_hour: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Assembled:
    """The same before the network is read: its data, in the words of a network file, and what they were made from."""

    data: dict[str, Any]
    frame: Frame
    hospitals: Hospitals
    settings: dict[str, list[str]]
    four_hour: dict[str, list[tuple[str, str]]]


def whole(
    footprint: Footprint,
    fit: Fit | None = None,
    care: Care | None = None,
    detail: str = "default",
    horizon: dt.date | None = None,
    demand: Demand | None = None,
    population: Population | None = None,
) -> Whole:
    """Build the whole care system of a footprint.

    Parameters
    ----------
    footprint : Footprint
    fit : Fit, optional
        Fitted figures; what balances the beds in use (:func:`prior_fit`) unless given.
    care : Care, optional
        Parameters and switches; those of ``configs/care`` unless given.
    detail : {"default", "full"}
    horizon : date, optional
        End of the run; 15 years after the warm-up unless given.
    demand : Demand, optional
        Patterns and growth; England in 2018/19, standing still, unless given.
    population : Population, optional
        Ages; England's, per million, unless given.

    Raises
    ------
    FaultsError
        When the detail is unknown, the cohorts are no needs that settings know, or the network does not read.
    """
    made = assembled(footprint, fit, care, detail, horizon, demand, population)
    network = load_network(made.data)
    return Whole(network, footprint, detail, made.frame.care, made.hospitals, made.settings, made.four_hour)


def assembled(
    footprint: Footprint,
    fit: Fit | None = None,
    care: Care | None = None,
    detail: str = "default",
    horizon: dt.date | None = None,
    demand: Demand | None = None,
    population: Population | None = None,
) -> Assembled:
    """Put the whole care system together as data; arguments and faults as in :func:`whole`."""
    frame, hospitals = _frame(
        footprint, fit or prior_fit(footprint), care or read_care(), detail, horizon, demand, population
    )
    parts = _parts(frame, hospitals)
    part = together(parts.values())
    clocks = {site: four_hour(site, frame.on.triage == "merged") for site in hospitals} if frame.people else {}
    by_setting: dict[str, list[str]] = {}
    for (setting, _), one in parts.items():
        by_setting.setdefault(setting, []).extend(one.stations)
    data = _network(frame, part)
    counted = {row["station"] for row in part.census}
    data["census"] = [*part.census, *census(load_network(data), without=counted)]
    return Assembled(data, frame, hospitals, by_setting, clocks)


def _frame(
    footprint: Footprint,
    fit: Fit,
    care: Care,
    detail: str,
    horizon: dt.date | None,
    demand: Demand | None,
    population: Population | None,
) -> tuple[Frame, Hospitals]:
    on, care = care.applied(detail)
    unknown = [c for c in footprint.cohorts if c not in NEEDS]
    if unknown:
        rule = f"settings know the needs {', '.join(NEEDS)}."
        raise FaultsError([Fault(f"cohorts.{name}", None, rule) for name in unknown], footprint.name)
    demand = demand or load_demand(CONFIGS / "demand" / "england_2018_19.yaml")
    population = population or load_population(CONFIGS / "care" / "population.yaml")
    start = footprint.start
    end = horizon or (start + dt.timedelta(days=footprint.warm_up_days)).replace(year=_year_after(footprint) + YEARS)
    middle = dt.date(int(footprint.baseline_year[:4]), 10, 1)
    demands = site_demand(footprint, fit, on.front_door == "people")

    def shape(stream: str) -> Any:
        return blended([(demand_shape(demand, population, stream, start, end), 1.0)], start, middle)

    attendance = shape("attendance")

    def of(hour: Any = None) -> dict[str, Any]:
        return {s: streams(demand, population, d.needs, (start, end), middle, hour) for s, d in demands.items()}

    frame = Frame(
        footprint,
        fit,
        demand,
        population,
        care,
        on,
        start,
        end,
        of(),
        of(attendance.hour),
        attendance,
        shape("elective"),
    )
    return frame, site_sizes(frame, demands)


def _year_after(footprint: Footprint) -> int:
    return (footprint.start + dt.timedelta(days=footprint.warm_up_days)).year


def _parts(frame: Frame, hospitals: Hospitals) -> dict[tuple[str, str], Part]:
    """Every part, by setting and place."""
    out: dict[tuple[str, str], Part] = {}
    for site, (demand, sizes) in hospitals.items():
        for setting, part in hospital(frame, site, turned(frame, demand)[0], sizes).items():
            out[setting, site] = part
        out["community", site] = community_part(frame, site, demand)
        out["pathways", site] = pathway_part(frame, site, demand)
    for place, part in mental_health_part(frame, hospitals).items():
        out["mental_health", place] = part
    return out


def _network(frame: Frame, part: Part) -> dict[str, Any]:
    attributes: dict[str, list[str]] = {"need": list(NEEDS)}
    attributes |= {"age": list(BANDS)} if frame.on.ages else {}
    attributes |= {"payer": ["council", "self"]} if frame.paths and frame.paths.self_share else {}
    attributes |= {CRITICAL: ["no", "yes"]} if _asks_for_critical(part.sources) else {}
    return {
        "name": f"{frame.footprint.name} ({'every contact' if frame.people else 'overnight beds'})",
        "start": frame.start,
        "horizon": f"{(frame.horizon - frame.start).days} d",
        "warm_up": f"{min(frame.footprint.warm_up_days, (frame.horizon - frame.start).days - 1)} d",
        "classes": frame.classes,
        "attributes": attributes,
        "noise": noise_groups(frame.demand),
        "sources": part.sources,
        "pools": part.pools,
        "stations": part.stations,
        "observe": {"wait_over": [FOUR_HOURS, TWELVE_HOURS], "clocks": part.clocks},
    }


def _asks_for_critical(sources: Mapping[str, Any]) -> bool:
    return any(CRITICAL in source.get("attributes", {}) for source in sources.values())
