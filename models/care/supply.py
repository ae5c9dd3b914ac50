"""Beds and places that are open: what is planned, less what is closed, unusable, unstaffed or no longer offered.

The stocks around the network may limit beds and places for several reasons at once, but each station has one owner of
its places. Here planned numbers come in, every mechanism gives its limit, and one number a station goes out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.care.pressure import april_quarters, by_quarter, watched_inputs
from models.care.stock_part import StockPart, stocks_together
from sim.errors import Fault, FaultsError

__all__ = ["Piece", "Service", "Site", "constant_places", "driven_stations", "fullest_beds", "mean_beds", "opened"]
__all__ += ["place_lever", "places_of", "planned"]

QUARTERS = 4
MOST_TIMES = 1000  #: times its places to which a plan may enlarge a service


@dataclass(frozen=True)
class Piece:
    """One of the things a place of a service is made of.

    Parameters
    ----------
    pool : str
        A station, or a pool that stations share.
    before : int
        Its places before any plan.
    per_place : float
        How much of it each further place of the service needs.
    """

    pool: str
    before: int
    per_place: float = 1.0


def places_of(pieces: Sequence[Piece]) -> int:
    """Places of a service before any plan: as many as there is the first thing for that each is made of."""
    return round(pieces[0].before / pieces[0].per_place)


@dataclass(frozen=True)
class Service:
    """A community service in a hospital's catchment.

    Parameters
    ----------
    station : str
        Its name; that of its station, unless a place is made of several things.
    places : int
        Before any plan.
    made_of : sequence of Piece
        What a place is made of; its one station unless given.
    seen : sequence of str
        Stations where its people are or wait; its one station unless given.
    """

    station: str
    places: int
    made_of: Sequence[Piece] = ()
    seen: Sequence[str] = ()

    @property
    def stations(self) -> list[str]:
        """Stations where its people are or wait."""
        return list(self.seen) or [self.station]

    @property
    def counted(self) -> str:
        """Station whose people stand for all that staff care for: that of the first thing of which a place is made."""
        return self.made_of[0].pool if self.made_of else self.station


@dataclass(frozen=True)
class Site:
    """A hospital and the services of its catchment, as the stocks around the network know them.

    Parameters
    ----------
    wards : mapping
        Planned beds by April quarter (the April quarter first) of every station of wards.
    usual_pressure : float
        People in beds and waiting, over beds open.
    services : mapping
        Community services by pathway.
    sources : sequence of str
        Emergencies that a new model of care may avoid.
    """

    wards: Mapping[str, Sequence[int]]
    usual_pressure: float
    services: Mapping[str, Service] = field(default_factory=dict)
    sources: Sequence[str] = ()


def mean_beds(site: Site) -> float:
    """Planned beds, mean of the quarters."""
    return sum(sum(beds) for beds in site.wards.values()) / QUARTERS


def fullest_beds(site: Site) -> int:
    """Planned beds of the quarter that has most."""
    return max(sum(beds[q] for beds in site.wards.values()) for q in range(QUARTERS))


def planned(sites: Mapping[str, Site], start_day: int) -> StockPart:
    """Return beds and places as planned from day to day, with closures, and what the network tells of hospitals.

    ``closed_beds[site]``, ``mothballed_beds[site]`` of these, ``escalation_beds[site]``, ``closed_places[service]`` and
    ``added_places[service]`` are parameters, 0 at the start: whoever closes or opens in the course of a run sets them,
    and open beds and staff posts follow; posts of beds that stand mothballed stay.

    Parameters
    ----------
    sites : mapping
    start_day : int
        As for :func:`models.care.pressure.april_quarters`.
    """
    faults = list(_faults(sites))
    if faults:
        raise FaultsError(faults, "stocks around the network")
    watched = watched_inputs(
        {name: list(s.wards) for name, s in sites.items()}, {name: s.usual_pressure for name, s in sites.items()}
    )
    beds = {ward: list(given) for s in sites.values() for ward, given in s.wards.items()}
    number = {name: fullest_beds(s) for name, s in sites.items()}
    part = StockPart(
        dimensions={"ward": list(beds)},
        parameters={
            **{
                f"planned_beds_q{q + 1}[ward]": {"value": {w: b[q] for w, b in beds.items()}, "unit": "place"}
                for q in range(QUARTERS)
            },
            "fullest_beds[site]": {"value": number, "unit": "place", "about": "planned beds of the fullest quarter"},
            "mean_beds[site]": {"value": {name: mean_beds(s) for name, s in sites.items()}, "unit": "place"},
            "closed_beds[site]": {
                "value": dict.fromkeys(sites, 0),
                "unit": "place",
                "range": [-MOST_TIMES * max(number.values()), max(number.values())],
                "about": "beds that a plan has closed so far, less those that it has opened",
            },
            "mothballed_beds[site]": {
                "value": dict.fromkeys(sites, 0),
                "unit": "place",
                "range": [0, max(number.values())],
                "about": "of the closed beds, those that can reopen: their staff are still there",
            },
            "escalation_beds[site]": {
                "value": dict.fromkeys(sites, 0),
                "unit": "place",
                "range": [0, max(number.values())],
                "about": "beds that a plan's rule keeps open for now, as far as there are staff; without posts",
            },
        },
        auxiliaries={
            "planned_beds[ward]": by_quarter("planned_beds"),
            "usual_people[site]": {
                "equation": "usual_pressure * mean_beds",
                "about": "people who usually are in beds or wait for one",
            },
            "beds_planned[site]": {
                "equation": {name: " + ".join(f"planned_beds[{w}]" for w in s.wards) for name, s in sites.items()}
            },
            "beds_called[site]": {
                "unit": "place",
                "equation": "MAX(0, beds_planned - closed_beds) + escalation_beds",
                "about": "beds of the season, less closures, and escalation beds",
            },
            "posts_for[site]": {
                "equation": "MAX(0, fullest_beds - closed_beds + mothballed_beds)",
                "about": "beds for which staff have posts: those of the fullest quarter, less those closed for good",
            },
        },
    )
    services = [service for s in sites.values() for service in s.services.values()]
    return stocks_together([april_quarters(start_day), watched, part, *([_places(services)] if services else [])])


def _places(services: Sequence[Service]) -> StockPart:
    """Places of services as planned."""
    levers = {
        "closed_places": "places that a plan has closed so far",
        "added_places": "places that a plan has opened so far",
    }
    part = StockPart(
        dimensions={"service": [s.station for s in services]},
        parameters={
            "full_places[service]": {"value": {s.station: s.places for s in services}, "unit": "place"},
            **{f"{name}[service]": place_lever(services, about) for name, about in levers.items()},
        },
    )
    wanted = "MAX(0, full_places + added_places - closed_places)"
    part.auxiliaries["places_wanted[service]"] = {"equation": wanted, "unit": "place"}
    part.auxiliaries["old_places[service]"] = {
        "equation": "MIN(places_wanted, MAX(0, full_places - closed_places))",
        "about": "those of the wanted places that were there before the plan",
    }
    return part


def place_lever(services: Sequence[Service], about: str) -> dict[str, Any]:
    """Return a parameter of places by service that is 0 until somebody sets it."""
    most = MOST_TIMES * max(s.places for s in services)
    return {"value": {s.station: 0 for s in services}, "unit": "place", "range": [0, most], "about": about}


def opened(
    sites: Mapping[str, Site],
    *,
    staffed: bool = False,
    usable: bool = False,
    limits: Mapping[str, Collection[str]] | None = None,
    shut: Sequence[tuple[int, float]] = (),
) -> StockPart:
    """Return the drives of beds and places, with what they are computed from (:func:`planned` must be beside it).

    Parameters
    ----------
    sites : mapping
    staffed : bool
        Beds open are at most ``beds_staffed[site]``.
    usable : bool
        ``beds_out_of_use[site]`` are taken off.
    limits : mapping, optional
        By pathway the shares of what is wanted, of which the least says how many places are open: variables of
        ``{site}`` or of ``{service}``, such as ``market_share[{site}]``.
    shut : sequence of (int, float)
        Share of the beds that would be open which is shut for illness, by the day of the run from which it holds; its
        staff are there and wait.
    """
    part = StockPart()
    if staffed or usable:
        wanted = "MAX(0, beds_called - beds_out_of_use)" if usable else "beds_called"
        equation = f"MIN({wanted}, beds_staffed)" if staffed else wanted
        if shut:
            points = [[shut[0][0] - 1, 0], *([day, share] for day, share in shut)]
            part.lookups["share_shut"] = {
                "points": points,
                "outside": "discrete",
                "unit_x": "day",
                "about": "beds shut for illness, as a share of those that would be open",
            }
            equation = f"({equation}) * (1 - share_shut(TIME))"
        part.auxiliaries["beds_to_open[site]"] = {"equation": equation, "unit": "place"}
        part.auxiliaries["staffed_beds[ward]"] = {
            "equation": dict(_shared(part, sites)),
            "about": "beds open: a hospital's wards share what it has in proportion to their planned beds",
        }
        for ward in (ward for site in sites.values() for ward in site.wards):
            part.drives.append(
                {"variable": f"staffed_beds[{ward}]", "sets": "places", "station": ward, "rounding": "down"}
            )
    _opened_places(part, sites, limits or {})
    return part


def _shared(part: StockPart, sites: Mapping[str, Site]) -> Iterator[tuple[str, str]]:
    """Equations of the beds open in each ward: whole beds that sum to the hospital's, largest remainders first."""
    if all(len(site.wards) == 1 for site in sites.values()):
        yield from (
            (ward, f"ZIDZ(planned_beds[{ward}] * beds_to_open[{name}], beds_planned[{name}])")
            for name, site in sites.items()
            for ward in site.wards
        )
        return
    exact, ahead, over = dict[str, str](), dict[str, str](), dict[str, str]()
    for name, site in sites.items():
        wards = list(site.wards)
        exact |= {w: f"ZIDZ(planned_beds[{w}] * FLOOR(beds_to_open[{name}]), beds_planned[{name}])" for w in wards}
        for number, ward in enumerate(wards):
            larger = [f"IF(bed_rest[{other}] >= bed_rest[{ward}], 1, 0)" for other in wards[:number]]
            larger += [f"IF(bed_rest[{other}] > bed_rest[{ward}], 1, 0)" for other in wards[number + 1 :]]
            ahead[ward] = " + ".join(larger) or "0"
            yield ward, f"FLOOR(beds_by_share[{ward}]) + IF(rests_ahead[{ward}] < beds_over[{name}], 1, 0) * one_place"
        whole = " - ".join(f"FLOOR(beds_by_share[{ward}])" for ward in wards)
        over[name] = f"(FLOOR(beds_to_open[{name}]) - {whole}) / one_place"
    shared = {
        "beds_by_share[ward]": {"equation": exact, "unit": "place"},
        "bed_rest[ward]": {"equation": "beds_by_share - FLOOR(beds_by_share)", "unit": "place"},
        "rests_ahead[ward]": {
            "equation": ahead,
            "unit": "dimensionless",
            "about": "wards with larger rests",
        },
        "beds_over[site]": {"equation": over, "unit": "dimensionless", "about": "beds that rounding down leaves over"},
    }
    part.auxiliaries.update(shared)


def _opened_places(part: StockPart, sites: Mapping[str, Site], limits: Mapping[str, Collection[str]]) -> None:
    equations, limited = dict[str, str](), list[Service]()
    for name, site in sites.items():
        for pathway, service in site.services.items():
            shares = [limit.format(site=name, service=service.station) for limit in limits.get(pathway, ())]
            if shares:
                least = shares[0] if len(shares) == 1 else f"MIN({', '.join(shares)})"
                equations[service.station] = f"places_wanted[{service.station}] * {least}"
                limited.append(service)
    for service in limited:
        if not service.made_of:
            name = service.station
            part.drives.append({"variable": f"open_places[{name}]", "sets": "places", "station": name})
    _pieces(part, [service for service in limited if service.made_of])
    if equations:
        everywhere = [service.station for site in sites.values() for service in site.services.values()]
        rest = {} if len(equations) == len(everywhere) else {"else": "places_wanted[service]"}
        part.auxiliaries["open_places[service]"] = {"equation": equations | rest, "unit": "place"}


def _pieces(part: StockPart, services: Sequence[Service]) -> None:
    """Drive what places are made of: as much more or less of it as places are open beyond those before the plan."""
    if not services:
        return
    pieces = {piece.pool: (piece, service.station) for service in services for piece in service.made_of}
    part.dimensions["piece"] = list(pieces)
    before, per_place = ({k: getattr(p, f) for k, (p, _) in pieces.items()} for f in ("before", "per_place"))
    part.parameters["piece_before[piece]"] = {"value": before, "unit": "place"}
    part.parameters["piece_per_place[piece]"] = {"value": per_place, "unit": "dimensionless"}
    more = "(open_places[{service}] - full_places[{service}]) * piece_per_place[{pool}]"
    part.auxiliaries["open_pieces[piece]"] = {
        "equation": {
            pool: f"MAX(0, piece_before[{pool}] + {more.format(service=service, pool=pool)})"
            for pool, (_, service) in pieces.items()
        },
        "unit": "place",
        "about": "what the places of a service that is no single station are made of",
    }
    part.drives.extend({"variable": f"open_pieces[{pool}]", "sets": "places", "station": pool} for pool in pieces)


def driven_stations(part: StockPart) -> tuple[str, ...]:
    """Stations and pools whose places the stocks set: in the network these must be one number from the start on."""
    return tuple(drive["station"] for drive in part.drives if drive["sets"] == "places")


def constant_places(stations: Mapping[str, Mapping[str, Any]], part: StockPart) -> dict[str, dict[str, Any]]:
    """Return stations of a network file in which planned steps of driven places have become their first number.

    The stocks hold the plan of these stations (:func:`planned`) and set it from the first instant on.
    """
    driven, out = set(driven_stations(part)), {}
    for name, station in stations.items():
        places = station.get("places")
        first = {"places": places[0]["places"]} if isinstance(places, list) and places and name in driven else {}
        out[name] = dict(station) | first
    return out


def _faults(sites: Mapping[str, Site]) -> Iterator[Fault]:
    if not sites:
        yield Fault("sites", None, "at least one hospital is needed.")
    for name, site in sites.items():
        if not site.wards:
            yield Fault(f"{name}.wards", None, "a hospital has at least one station of wards.")
        if site.usual_pressure <= 0:
            yield Fault(f"{name}.usual_pressure", site.usual_pressure, "must lie above 0.")
        for ward, beds in site.wards.items():
            if len(beds) != QUARTERS or min(beds, default=0) < 0:
                yield Fault(f"{name}.wards.{ward}", list(beds), "give beds for each of the four April quarters.")
        for pathway, service in site.services.items():
            if service.places < 1:
                yield Fault(f"{name}.services.{pathway}.places", service.places, "a service has at least one place.")
