"""The front door of a hospital: ambulances, A&E, same-day emergency care and the assessment unit, person by person.

::

    ambulance --> handover --+
                             +--> cubicle --> departure (home)
    walk-in ----> triage ----+       |
                     |               +--> boarding (waits for a bed, keeps the cubicle)
                     +--> minors              |
                                              +--> same-day emergency care --> home
    sent by a GP --> direct ------------------+--> assessment unit --> home, or a ward
                                              +--> a ward

Who waits for a bed keeps the cubicle (blocking after service), so a lack of beds fills A&E, then the waiting room and
the ambulances outside. Cubicles are a shared pool. Going from assessment to boarding asks for a second cubicle for an
instant; so that it is always there, the pool has places beyond the cubicles, which ``reserve`` keeps from newcomers:
take :func:`spare_places` off the places that a run reports. Sizes are worked out in :mod:`models.care.crowding`.

Stations that follow must have no room for those transferred in (``inside_room: 0``); otherwise people would leave the
cubicle to wait there, and the clocks would stop too soon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from models.care.demand_shape import DemandShape
from models.care.front_door_figures import CubicleTime, FrontDoor, Time
from models.care.part import Part
from models.figures.figures import Profile
from sim.errors import Fault, FaultsError

__all__ = [
    "ARRIVALS",
    "FrontDemand",
    "FrontSize",
    "Onward",
    "four_hour_clocks",
    "front_door",
    "spare_places",
    "staffed",
]

INSTANT = {"kind": "deterministic", "mean": "0 min"}
ARRIVALS = ("attendance", "emergency")  #: classes of people in A&E: those who go home, those who are admitted
Routes = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class FrontDemand:
    """Who comes to the front door of one hospital.

    Parameters
    ----------
    attendance, emergency, direct : float
        People a day: those who go home from type-1 A&E (reattendances included), those admitted through it, and those
        sent in by a GP or a clinic.
    shape : DemandShape
        Pattern of arrivals at A&E.
    direct_shape : DemandShape
        Pattern of those sent in.
    attributes : dict
        By class, the attributes of those who come, as in a source; ``need`` of `emergency` and `direct` must be shares.
    """

    attendance: float
    emergency: float
    direct: float
    shape: DemandShape
    direct_shape: DemandShape
    attributes: Mapping[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class FrontSize:
    """Places of a front door: cubicles and rooms for minors in the busiest hours, assessment beds, same-day places."""

    cubicles: int
    minors: int
    assessment: int
    sdec: int


@dataclass(frozen=True)
class Onward:
    """Where people go after the front door: routes in the words of a network file, the last for everyone."""

    wards: Routes
    home: Routes = ({"to": {"leave": 1.0}},)


def front_door(site: str, demand: FrontDemand, care: FrontDoor, places: FrontSize, onward: Onward) -> Part:
    """Build the front door of one hospital as a part of a network.

    Needs the classes ``attendance``, ``emergency`` and ``direct`` and the attribute ``need``.

    Parameters
    ----------
    site : str
        Name of the hospital, before the names of all stations, sources, pools and clocks.
    demand, care, places, onward
        Who comes, parameters, places, and where people go next.

    Raises
    ------
    FaultsError
        When a rate is negative or the need of those admitted is not known.
    """
    faults = [
        Fault(f"{site}.{key}", value, "must be at least 0.")
        for key, value in [*vars(demand).items(), *vars(places).items()]
        if isinstance(value, (int, float)) and value < 0
    ]
    for cls in ("emergency", "direct"):
        if getattr(demand, cls) > 0 and not isinstance(demand.attributes.get(cls, {}).get("need"), dict):
            faults.append(Fault(f"{site}.attributes.{cls}.need", None, "give the shares of need of those admitted."))
    if faults:
        raise FaultsError(faults, "front door")
    cubicles = [n + spare_places(care, places) for n in staffed(care.cubicle.staffing, places.cubicles)]
    return Part(
        sources=_sources(site, demand, care),
        stations=_emergency_department(site, care, places, onward) | _admission(site, care, places, onward),
        pools={f"{site}_cubicles": _timetable(cubicles)},
        clocks=_clocks(site, care),
    )


def spare_places(care: FrontDoor, places: FrontSize) -> int:
    """Places of the pool of cubicles beyond those staffed, at any hour: enough for one to move while all are held."""
    open_ = staffed(care.cubicle.staffing, places.cubicles)
    return max(open_) - min(open_) + 1


def four_hour_clocks(site: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Clocks and classes whose ``ended_total`` and ``share_within`` together give the type-1 four-hour share."""
    return (f"{site}_departure_4h", "attendance"), (f"{site}_admitted_4h", "emergency")


def _sources(site: str, demand: FrontDemand, care: FrontDoor) -> dict[str, Any]:
    out = {}
    for cls in ARRIVALS:
        by_ambulance = getattr(care.ambulance.share, cls).value
        rate = getattr(demand, cls)
        if cls == "attendance":
            rate *= 1 - care.reattendance.share.value
        for way, share, to in (("walk_in", 1 - by_ambulance, "triage"), ("ambulance", by_ambulance, "handover")):
            name = f"{site}_{cls}_{way}"
            out[name] = demand.shape.source(cls, f"{site}_{to}", rate * share, demand.attributes.get(cls))
    direct = demand.direct_shape.source("direct", f"{site}_direct", demand.direct, demand.attributes.get("direct"))
    return out | {f"{site}_direct": direct}


def _emergency_department(site: str, care: FrontDoor, places: FrontSize, onward: Onward) -> dict[str, Any]:
    """Handover, triage, the four queues for a cubicle, boarding, minors and departure."""
    out: dict[str, Any] = {
        f"{site}_handover": _unlimited(_lognormal(care.ambulance.handover), _sorted(site, care, "ambulance")),
        f"{site}_triage": _unlimited(_lognormal(care.triage.time), _sorted(site, care, "walk_in")),
    }
    for way in ("ambulance", "walk_in"):
        for urgency in ("urgent", "standard"):
            out[f"{site}_ed_{urgency}_{way}"] = _queue(site, care, places, way, urgency)
    minors = _timetable(staffed(care.minors.staffing, places.minors))
    minors |= {"service": _lognormal(care.minors.time), "routes": [{"to": {f"{site}_departure": 1.0}}]}
    boarding = _unlimited(INSTANT, _from_emergency(site, care, onward)) | {"holds": {f"{site}_cubicles": 1}}
    departure = _unlimited(INSTANT, [{"to": {"leave": 1.0}}])
    back = {"kind": "exponential", "mean": f"{care.reattendance.days.value} d"}
    if care.reattendance.share.value > 0:
        again = {"where": {"class": "attendance"}, "probability": care.reattendance.share.value, "after": back}
        departure["returns"] = [again | {"to": f"{site}_triage"}]
    out[f"{site}_minors"] = minors | _leaving(site, care)
    return out | {f"{site}_boarding": boarding, f"{site}_departure": departure}


def _queue(site: str, care: FrontDoor, places: FrontSize, way: str, urgency: str) -> dict[str, Any]:
    """One queue for a cubicle, and the time in it until home or the decision to admit."""
    later = care.triage.priority and urgency == "standard"
    behind = care.ambulance.first and way == "walk_in"
    service = [{"where": {"class": "emergency"}, "use": _lognormal(care.cubicle.emergency)}]
    routes = [{"where": {"class": "emergency"}, "to": {f"{site}_boarding": 1.0}}]
    out = {
        "places": "inf",
        "holds": {f"{site}_cubicles": 1},
        "reserve": dict.fromkeys(ARRIVALS, spare_places(care, places)),
        "priority": dict.fromkeys(ARRIVALS, 2 * later + behind),
        "first": "longest",
        "service": [*service, {"use": _lognormal(care.cubicle.attendance)}],
        "routes": [*routes, {"to": {f"{site}_departure": 1.0}}],
    }
    # who comes by ambulance finds no waiting room, and so waits in the ambulance
    return out | ({"waiting_room": 0} if way == "ambulance" else _leaving(site, care))


def _sorted(site: str, care: FrontDoor, way: str) -> list[dict[str, Any]]:
    """Where triage (or the handover) sends people, by class."""
    rules = []
    for cls in ARRIVALS:
        urgent = getattr(care.triage.urgent, cls).value
        minors = care.triage.minors.value if (cls, way) == ("attendance", "walk_in") else 0.0
        shares = {"minors": minors, f"ed_urgent_{way}": urgent * (1 - minors)}
        shares[f"ed_standard_{way}"] = 1 - sum(shares.values())
        rules.append({"where": {"class": cls}, "to": _some({f"{site}_{k}": v for k, v in shares.items()})})
    rules[-1].pop("where")
    return rules


def _leaving(site: str, care: FrontDoor) -> dict[str, Any]:
    if not care.left_unseen.enabled:
        return {}
    unseen = {"where": {"class": "attendance"}, "after": _lognormal(care.left_unseen)}
    return {"patience": [unseen | {"then": f"{site}_departure"}]}


def _from_emergency(site: str, care: FrontDoor, onward: Onward) -> list[dict[str, Any]]:
    """First places of those to be admitted: same-day care, the assessment unit, or straight to a ward."""
    sdec, unit = ({"to": {f"{site}_{name}": 1.0}} for name in ("sdec", "assessment"))
    same_day = care.sdec.share.value if care.sdec.enabled else 0.0
    rules = _mixed({"need": "zero_day"}, (same_day, (sdec,)), (1 - same_day, (unit,)))
    rules += _mixed({"need": "one_night"}, (1.0, (unit,)))
    bypass = care.assessment.bypass.value
    return rules + _mixed({}, (bypass, onward.wards), (1 - bypass, (unit,)))


def _admission(site: str, care: FrontDoor, places: FrontSize, onward: Onward) -> dict[str, Any]:
    """Direct admissions, same-day emergency care and the assessment unit."""
    unit, home = care.assessment, care.assessment.home.value
    needs = [{"where": {"need": n}, "use": _lognormal(getattr(unit, n))} for n in ("zero_day", "one_night")]
    beds = {
        "places": places.assessment,
        "waiting_room": 0,
        "service": [*needs, {"use": _lognormal(unit.longer)}],
        "routes": _mixed({"need": "zero_day"}, (1.0, onward.home))
        + _mixed({"need": "one_night"}, (home, onward.home), (1 - home, onward.wards))
        + _mixed({}, (1.0, onward.wards)),
    }
    out = {f"{site}_direct": _unlimited(INSTANT, _from_emergency(site, care, onward))}
    if care.sdec.enabled:
        out[f"{site}_sdec"] = _same_day(site, care, places, onward)
    return out | {f"{site}_assessment": beds}


def _same_day(site: str, care: FrontDoor, places: FrontSize, onward: Onward) -> dict[str, Any]:
    hours = {"hours": list(care.sdec.open.hours), "weekdays": care.sdec.open.weekdays, "places": places.sdec}
    admitted = care.sdec.admitted.value
    return {
        "places": 0,
        "timetable": [hours],
        "waiting_room": 0,
        # closed or full: a bed of the assessment unit, when nobody waits for one
        "overflow": {"to": [f"{site}_assessment"], "repatriate": False},
        "service": _lognormal(care.sdec.time),
        "routes": _mixed({}, (admitted, onward.wards), (1 - admitted, onward.home)),
    }


def _clocks(site: str, care: FrontDoor) -> dict[str, Any]:
    limits, visit = care.standards, {"since": "visit", "within": f"{care.standards.departure.value} h"}
    out: dict[str, Any] = {
        f"{site}_departure_4h": {"station": f"{site}_departure"} | visit,
        f"{site}_admitted_4h": {"station": f"{site}_boarding"} | visit,
    }
    for name, limit in limits.bed.items():
        out[f"{site}_bed_{name}"] = {"station": f"{site}_boarding", "within": f"{limit.value} h"}
        out[f"{site}_direct_{name}"] = {"station": f"{site}_direct", "within": f"{limit.value} h"}
    for name, limit in limits.handover.items():
        out[f"{site}_handover_{name}"] = {"station": f"{site}_handover", "within": f"{limit.value} min"}
    return out


def staffed(staffing: Profile, most: int) -> list[int]:
    """Places open in each hour of the day when `most` are open in the busiest."""
    peak = max(staffing.values)
    return [max(round(most * value / peak), min(most, 1)) for value in staffing.values]


def _timetable(places: list[int]) -> dict[str, Any]:
    entries, hour = [], 0
    for number, run in groupby(places):
        end = hour + len(list(run))
        entries.append({"hours": [hour, end], "places": number})
        hour = end
    return {"places": max(places)} | ({"timetable": entries} if len(entries) > 1 else {})


def _unlimited(service: dict[str, Any], routes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"places": "inf", "service": service, "routes": routes}


def _lognormal(time: Time | CubicleTime) -> dict[str, Any]:
    return {"kind": "lognormal", "mean": f"{time.minutes} min", "cv": time.variation.value}


def _some(shares: Mapping[str, float]) -> dict[str, float]:
    return {name: share for name, share in shares.items() if share > 0}


def _mixed(where: Mapping[str, Any], *parts: tuple[float, Routes]) -> list[dict[str, Any]]:
    """Rules of a route that follows each list of rules with its share; all of them within `where`."""
    found: list[tuple[dict[str, Any], dict[str, float]]] = [(dict(where), {})]
    for share, rules in ((s, r) for s, r in parts if s > 0):
        found = [
            (both, {**to, **{n: to.get(n, 0.0) + share * p for n, p in rule["to"].items()}})
            for held, to in found
            for rule in rules
            if (both := _both(held, rule.get("where", {}))) is not None
        ]
    return [({"where": held} if held else {}) | {"to": _some(to)} for held, to in found]


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any] | None:
    """Selection of those whom both name, or none."""
    out = dict(one)
    for key, given in other.items():
        wanted = [given] if isinstance(given, str) else list(given)
        held = out.get(key, wanted)
        out[key] = [level for level in wanted if level in ([held] if isinstance(held, str) else held)]
        if not out[key]:
            return None
    return out
