"""The front door with fewer events for each person, and people in crisis in its cubicles.

Triage and the handover have no limit of staff, so people who come are only delayed by them; boarding and departure take
no time. :func:`merged` has none of them as a station. Sources lead straight to the queues (a random share of Poisson
arrivals is Poisson), limits of clocks are less by the mean of what is left out, who is not admitted goes home from the
cubicle, and who is waits there for a bed. A person who is not admitted then takes two events instead of four, one who
is admitted three instead of five until the ward.

What is lost: the spread of triage and handover within the clocks; those who left unseen among those who come back; the
minutes by which arrivals would be later; and waits from the decision to admit. Waits for a bed are then seen as time
blocked in the cubicles (means), and in the clocks from arrival (4 and 12 hours).
"""

from __future__ import annotations

from typing import Any

from models.care.front_door import FrontSize, four_hour_clocks, spare_places
from models.care.front_door_figures import FrontDoor
from models.care.mental_health import MENTAL_HEALTH, MentalHealth, crisis_patience, crisis_stay, mh_ward
from models.care.part import Part

__all__ = ["QUEUES", "crisis", "four_hour", "merged"]

QUEUES = ("ed_urgent_ambulance", "ed_standard_ambulance", "ed_urgent_walk_in", "ed_standard_walk_in", "minors")
HOME, ADMITTED = "attendance", "emergency"  #: classes of those who go home, and of those who are admitted
LONG = 12  #: hours from arrival


def four_hour(site: str, is_merged: bool) -> list[tuple[str, str]]:
    """Clocks and classes which together give the type-1 four-hour share of a hospital."""
    if not is_merged:
        return list(four_hour_clocks(site))
    return [(_clock(site, queue, "4h"), cls) for queue in QUEUES for cls in (HOME, ADMITTED)]


def merged(site: str, part: Part, care: FrontDoor, places: FrontSize) -> Part:
    """Return the front door without triage, handover, boarding and departure as stations of their own.

    Parameters
    ----------
    site : str
    part : Part
        As :func:`models.care.front_door.front_door` builds it.
    care : FrontDoor
    places : FrontSize
    """
    stations = dict(part.stations)
    ways = {f"{site}_{name}": stations.pop(f"{site}_{name}")["routes"] for name in ("triage", "handover")}
    back = stations.pop(f"{site}_departure").get("returns", [])
    to_bed = stations.pop(f"{site}_boarding")["routes"]
    for queue in QUEUES:
        stations[f"{site}_{queue}"] = _queue(site, queue, stations[f"{site}_{queue}"], back, to_bed)
    sources: dict[str, Any] = {}
    for name, source in part.sources.items():
        sources |= _sorted(site, name, source, ways[source["to"]]) if source["to"] in ways else {name: source}
    spare = spare_places(care, places)  # nobody moves from one cubicle to another now
    pools = {name: _fewer(pool, spare) for name, pool in part.pools.items()}
    return Part(sources, stations, pools, _clocks(site, part.clocks, care), part.census)


def _queue(
    site: str, queue: str, station: dict[str, Any], back: list[dict[str, Any]], to_bed: list[dict[str, Any]]
) -> dict[str, Any]:
    """Queue from whose cubicles people go home or to a bed; who comes back is of the same urgency, on foot."""
    departure, out = f"{site}_departure", {k: v for k, v in station.items() if k not in ("waiting_room", "reserve")}
    out["routes"] = [{"to": {"leave": 1.0}}]
    if queue != "minors":
        admitted = [{**rule, "where": {**rule.get("where", {}), "class": ADMITTED}} for rule in to_bed]
        out["routes"] = [*admitted, *out["routes"]]
    if "patience" in station:
        then = {departure: "leave"}
        out["patience"] = [rule | {"then": then.get(rule["then"], rule["then"])} for rule in station["patience"]]
    if back:
        out["returns"] = [rule | {"to": f"{site}_{queue.replace('ambulance', 'walk_in')}"} for rule in back]
    return out


def _fewer(pool: dict[str, Any], spare: int) -> dict[str, Any]:
    out = pool | {"places": pool["places"] - spare}
    if "timetable" in pool:
        out["timetable"] = [entry | {"places": entry["places"] - spare} for entry in pool["timetable"]]
    return out


def _sorted(site: str, name: str, source: dict[str, Any], routes: list[dict[str, Any]]) -> dict[str, Any]:
    """Sources of one stream, one to each queue."""
    rule = next(r for r in routes if r.get("where", {}).get("class", source["class"]) == source["class"])
    return {
        f"{name}_{to.removeprefix(f'{site}_').removeprefix('ed_').split('_')[0]}": source
        | {"to": to, "rate_per_day": source["rate_per_day"] * share}
        for to, share in rule["to"].items()
    }


def _clock(site: str, queue: str, limit: str) -> str:
    return f"{site}_departure_{limit}_{queue}"


def _clocks(site: str, clocks: dict[str, Any], care: FrontDoor) -> dict[str, Any]:
    """Clocks from arrival of everybody, by queue; waits for the ambulance crew; and those of people sent in."""
    before = {"ambulance": care.ambulance.handover.minutes, "walk_in": care.triage.time.minutes}
    out = {name: clock for name, clock in clocks.items() if clock["station"] == f"{site}_direct"}
    for queue in QUEUES:
        less = before["ambulance" if queue.endswith("ambulance") else "walk_in"]
        for hours in (care.standards.departure.value, LONG):
            if queue != "minors" or hours != LONG:
                within = f"{max(0.0, hours * 60 - less)!r} min"
                name = _clock(site, queue, f"{LONG}h" if hours == LONG else "4h")
                out[name] = {"station": f"{site}_{queue}", "since": "visit", "within": within}
    for name, allowed in care.standards.handover.items():
        for urgency in ("urgent", "standard"):
            within = f"{max(0.0, allowed.value - before['ambulance'])!r} min"
            clock = {"station": f"{site}_ed_{urgency}_ambulance", "until": "started", "within": within}
            out[f"{site}_handover_{name}_{urgency}"] = clock
    return out


def crisis(site: str, name: str, care: MentalHealth, spare: int) -> Part:
    """Return the queue of people in crisis for a cubicle, in which they are assessed and wait for a mental-health bed.

    Parameters
    ----------
    site : str
    name : str
        Prefix of the stations of mental health.
    care : MentalHealth
    spare : int
        Places of the pool of cubicles that must stay free of newcomers.
    """
    station: dict[str, Any] = {
        "places": "inf",
        "holds": {f"{site}_cubicles": 1},
        **({"reserve": {MENTAL_HEALTH: spare}} if spare else {}),
        "priority": {MENTAL_HEALTH: 1},
        "first": "longest",
        "service": crisis_stay(care),
        "routes": [{"to": {mh_ward(name): 1.0}}],
    }
    patience = crisis_patience(name, care)
    return Part(stations={f"{site}_crisis": station | ({"patience": patience} if patience else {})})
