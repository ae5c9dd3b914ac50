"""Ways out of hospital that need a place: support at home (P1), a community bed (P2), a care home (P3).

`plain` has one station for each, as the footprint model has. `detailed` says what they are made of: reablement and home
care, which holds funded hours that step down; assessment beds and lasting places in care homes; people who pay for
themselves; waiting for the home of choice; places bought while many wait. Every service may be blocked by the next.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from models.care.demand_shape import DemandShape
from models.care.part import Part
from models.care.pathway_figures import Choice, HomeCare, Pathways, read_pathways
from models.care.taper import held_days
from models.figures.figures import Figure, Shares

__all__ = ["LOADED", "Arrivals", "Classes", "Pathways", "arrivals_for", "detailed", "loads_of"]
__all__ += ["payer_shares", "places_for", "plain", "read_pathways", "ways_out"]

HOME, LEAVE = "home", "leave"
SOON = 0.01  #: days; a transition cannot be nothing, and in the present model is never shorter
PLAIN_FLOOR = 0.5  #: least share of usual stay in the present model
#: what has a capacity of its own: places, or hours a week
LOADED = ("reablement", "funded_hours", "self_hours", "p2", "p3", "care_home", "care_home_self")


@dataclass(frozen=True)
class Arrivals:
    """People a day from hospital by pathway, and new lasting packages of people who were not there."""

    p1: float
    p2: float
    p3: float
    community: float = 0.0


@dataclass(frozen=True)
class Classes:
    """Classes of people: those who keep their bed until there is a place, and those who wait at home."""

    inside: tuple[str, ...] = ("emergency", "direct", "elective")
    outside: tuple[str, ...] = ("community",)

    @property
    def waiting_room(self) -> dict[str, Any]:
        """Return the waiting room by class."""
        return dict.fromkeys(self.inside, 0) | dict.fromkeys(self.outside, "inf")


class Service(Protocol):
    """What is asked of a service outside hospital: its figures, and where people go on to."""

    @property
    def service_days(self) -> Figure: ...
    @property
    def service_cv(self) -> Figure: ...
    @property
    def flex_elasticity(self) -> Figure: ...
    @property
    def flex_scale(self) -> Figure: ...
    @property
    def onward(self) -> Shares | None: ...


def arrivals_for(people: float, care: Pathways) -> Arrivals:
    """Arrivals of an area with so many people."""
    rates, millions = care.arrivals_per_million, people / 1e6
    p1, p2, p3 = rates.p1.value * millions, rates.p2.value * millions, rates.p3.value * millions
    return Arrivals(p1, p2, p3, care.home_care.community_per_million.value * millions)


def payer_shares(care: Pathways) -> dict[str, float]:
    """Shares of the attribute `payer` for the sources of a network."""
    return {"council": 1 - care.self_share, "self": care.self_share}


def plain(
    site: str,
    pathways: Mapping[str, Service],
    places: Mapping[str, int],
    start: dt.date,
    classes: Classes = Classes(),
    openings: Mapping[str, Sequence[tuple[dt.date, int]]] | None = None,
) -> Part:
    """Return one station a pathway: the default detail, and the present model of a footprint.

    Parameters
    ----------
    pathways : dict
        Figures of the footprint by pathway.
    places : dict
        Places by pathway before any plan.
    openings : dict, optional
        Places opened in all from a day on, by pathway.
    """
    stations: dict[str, Any] = {}
    for name, pathway in pathways.items():
        steps = [{"from": start, "places": places[name]}]
        steps += [{"from": day, "places": places[name] + n} for day, n in (openings or {}).get(name, ())]
        service = {"kind": "lognormal", "mean": f"{pathway.service_days.value!r} d", "cv": pathway.service_cv.value}
        scale = pathway.flex_scale.value * places[name]
        station = {
            "places": steps,
            "waiting_room": classes.waiting_room,
            "service": service,
            "flex": {"elasticity": pathway.flex_elasticity.value, "scale": scale, "floor": PLAIN_FLOOR},
        }
        if pathway.onward:
            station["routes"] = ways_out(site, pathway.onward.shares)
        stations[f"{site}_{name}"] = station
    return Part(stations=stations)


def ways_out(
    site: str,
    shares: Mapping[str, float],
    transition_days: float = 0.0,
    care: Pathways | None = None,
    where: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Return the rules by which people leave a station for pathways; the last holds for everyone in `where`.

    Parameters
    ----------
    shares : dict
        Share by pathway; `home` leaves.
    transition_days : float
        Mean days in the old place before somebody may ask for the new one (clock a to c); exponential.
    care : Pathways, optional
        For the detailed stations; the plain ones unless given.
    where : dict, optional
        Who it is for.
    """
    rules = []
    if care is not None and care.self_share > 0 and shares.get("p3", 0) > 0:
        own = {**(where or {}), "payer": "self"}
        rules.append({"where": own, "to": _destinations(site, shares, transition_days, care, "self")})
    rule: dict[str, Any] = {"to": _destinations(site, shares, transition_days, care, "council")}
    return [*rules, {"where": dict(where), **rule} if where else rule]


def _destinations(
    site: str, shares: Mapping[str, float], days: float, care: Pathways | None, payer: str
) -> dict[str, Any]:
    to: dict[str, Any] = {}
    for name, share in shares.items():
        if name == HOME:
            to[LEAVE] = share
        elif care is None or name == "p2":
            to[f"{site}_{name}"] = _way(share, days)
        elif name == "p1":
            reablement = care.reablement.share_of_p1.value
            to[f"{site}_reablement"] = _way(share * reablement, days)
            to[f"{site}_home_care"] = _way(share * (1 - reablement), days)
        elif payer == "self":
            arranging = care.self_funders.arranging_days.value
            to[f"{site}_care_home_self"] = _way(share, days + arranging, care.choice)
        else:
            to[f"{site}_{name}"] = _way(share, days)
    return to


def _way(share: float, days: float, choice: Choice | None = None) -> Any:
    """Return the share with its transition delay, longer for those who wait for the home of their choice."""
    if choice is not None and choice.mean_days > 0:
        usual, chosen = max(days, SOON), max(days, SOON) + choice.extra_days.value
        parts = [_exponential(usual) | {"share": 1 - choice.share.value}]
        parts.append(_exponential(chosen) | {"share": choice.share.value})
        return {"share": share, "transition": {"kind": "mixture", "parts": parts}}
    return {"share": share, "transition": _exponential(days)} if days > 0 else share


def _exponential(days: float) -> dict[str, Any]:
    return {"kind": "exponential", "mean": f"{days!r} d"}


def _flows(arrivals: Arrivals, care: Pathways) -> dict[str, float]:
    """People a day at each station of the detailed model, when nobody is turned away."""
    onward, after = care.community_bed.onward.shares, care.care_home.after_assessment.shares
    p1 = arrivals.p1 + arrivals.p2 * onward.get("p1", 0.0)
    p3 = arrivals.p3 + arrivals.p2 * onward.get("p3", 0.0)
    reablement, assessed = p1 * care.reablement.share_of_p1.value, p3 * (1 - care.self_share)
    return {
        "reablement": reablement,
        "home_care": p1 - reablement,
        "lasting_of_either": reablement * care.reablement.lasting_share.value + arrivals.community,
        "lasting_assessed": assessed * after.get("home_care", 0.0),
        "p2": arrivals.p2,
        "p3": assessed,
        "care_home": assessed * after.get("care_home", 0.0),
        "care_home_self": p3 * care.self_share,
    }


def loads_of(arrivals: Arrivals, care: Pathways) -> dict[str, float]:
    """Offered load by the names of `LOADED`: places, or hours a week, held if there were always some free.

    Time blocked is not in it; time of choosing and arranging is, since it holds the place before.
    """
    flow, home_care = _flows(arrivals, care), care.home_care
    to_self = care.community_bed.onward.shares.get("p3", 0.0) * care.self_share
    chosen = care.choice.mean_days
    community_bed = care.community_bed.stay_days.value
    if to_self:
        community_bed += to_self * (care.self_funders.arranging_days.value + chosen)
    assessment = care.care_home.assessment_days.value + care.care_home.after_assessment.shares["care_home"] * chosen
    lasting = home_care.lasting_hours.value * home_care.lasting_days.value
    either = flow["home_care"] * held_days(_package(home_care), home_care.hours.as_held())
    either += flow["lasting_of_either"] * lasting
    return {
        "reablement": flow["reablement"] * care.reablement.stay_days.value,
        "funded_hours": either * (1 - care.self_share) + flow["lasting_assessed"] * lasting,
        "self_hours": either * care.self_share,
        "p2": flow["p2"] * community_bed,
        "p3": flow["p3"] * assessment,
        "care_home": flow["care_home"] * care.care_home.lasting_days.value,
        "care_home_self": flow["care_home_self"] * care.care_home.lasting_days.value,
    }


def places_for(arrivals: Arrivals, care: Pathways) -> dict[str, int]:
    """Capacity where none is known: the offered load with some spare, by the names of `LOADED`."""
    spare = {name: care.spare.value for name in LOADED}
    spare |= dict.fromkeys(("self_hours", "care_home_self"), care.self_funders.spare.value)
    least = {name: 1 for name in LOADED} | dict.fromkeys(("funded_hours", "self_hours"), _most_hours(care.home_care))
    return {k: max(least[k], math.ceil(v * spare[k])) for k, v in loads_of(arrivals, care).items()}


def detailed(
    site: str,
    arrivals: Arrivals,
    care: Pathways,
    places: Mapping[str, int] | None = None,
    classes: Classes = Classes(),
    shape: DemandShape | None = None,
) -> Part:
    """Return the services that the pathways are made of, with who is there on the first day.

    Parameters
    ----------
    arrivals : Arrivals
        For the census, and for capacity where `places` gives none.
    places : dict, optional
        Capacity by the names of `LOADED`.
    classes : Classes
    shape : DemandShape, optional
        Pattern of the packages of people who were not in hospital; none come unless given.

    Notes
    -----
    While self-funders are told apart the network must declare the attribute `payer` with the levels of `PAYERS`.
    """
    size = places_for(arrivals, care) | dict(places or {})
    flow, homes, home_care = _flows(arrivals, care), care.care_home, care.home_care
    build = _Builder(site, care, size, classes)
    build.station("reablement", care.reablement.stay_days, care.reablement.stay_cv, care.reablement.elasticity)
    lasting = care.reablement.lasting_share.value
    build.routes("reablement", {f"{site}_home_care_lasting": lasting, LEAVE: 1 - lasting})
    people = flow["home_care"] * _mean_days(_package(home_care))
    build.hours("home_care", _package(home_care), home_care.hours.as_held(), people)
    lasting_rate = flow["lasting_of_either"] + flow["lasting_assessed"]
    hours = [{"after": "0 d", "amount": round(home_care.lasting_hours.value)}]
    stay = _exponential(home_care.lasting_days.value)
    build.hours("home_care_lasting", stay, hours, lasting_rate * home_care.lasting_days.value)
    build.station("p2", care.community_bed.stay_days, care.community_bed.stay_cv, care.community_bed.elasticity)
    build.part.stations[f"{site}_p2"]["routes"] = ways_out(site, care.community_bed.onward.shares, 0.0, care)
    build.station("p3", homes.assessment_days, homes.assessment_cv, homes.elasticity)
    after = {LEAVE if k == HOME else f"{site}_{k}": v for k, v in homes.after_assessment.shares.items()}
    lasting_care = after.pop(f"{site}_home_care", 0.0)
    after |= {f"{site}_home_care_lasting": lasting_care} if lasting_care else {}
    after[f"{site}_care_home"] = _way(after[f"{site}_care_home"], 0.0, care.choice)
    build.routes("p3", after)
    build.station("care_home", homes.lasting_days, None, homes.lasting_elasticity)
    if care.self_share > 0:
        build.station("care_home_self", homes.lasting_days, None, homes.lasting_elasticity)
    build.pools(people + lasting_rate * home_care.lasting_days.value)
    build.census(loads_of(arrivals, care), flow)
    if shape is not None and arrivals.community > 0 and classes.outside:
        payers = {"payer": payer_shares(care)} if care.self_share > 0 else None
        name = f"{site}_home_care_lasting"
        build.part.sources[name] = shape.source(classes.outside[0], name, arrivals.community, payers)
    return build.part


def _package(care: HomeCare) -> dict[str, Any]:
    """Stays of packages after hospital: most are short, some last."""
    short = {"kind": "lognormal", "mean": f"{care.short_days.value!r} d", "cv": care.short_cv.value}
    share = care.lasting_share.value
    if share == 0:
        return short
    lasting = _exponential(care.lasting_days.value) | {"share": share}
    return {"kind": "mixture", "parts": [short | {"share": 1 - share}, lasting]}


def _mean_days(stay: dict[str, Any]) -> float:
    return held_days(stay, [{"after": "0 d", "amount": 1}])


def _most_hours(care: HomeCare) -> int:
    return max(care.hours.steps[0].amount, round(care.lasting_hours.value))


class _Builder:
    """Stations of one site with what they have in common."""

    def __init__(self, site: str, care: Pathways, size: Mapping[str, int], classes: Classes):
        self.site, self.care, self.size, self.classes, self.part = site, care, size, classes, Part()

    def station(self, name: str, days: Figure, cv: Figure | None, elasticity: Figure) -> None:
        stay = _exponential(days.value) if cv is None else {"kind": "lognormal", "mean": f"{days.value!r} d"}
        stay |= {} if cv is None else {"cv": cv.value}
        places = self.size[name]
        station = {"places": places, **self._queue(places, elasticity.value), "service": stay}
        self.part.stations[f"{self.site}_{name}"] = station | self._bought(places, places)

    def hours(self, name: str, stay: dict[str, Any], steps: list[dict[str, Any]], people: float) -> None:
        """Home care has no limit of people; its hours have."""
        holds: list[dict[str, Any]] = [{"pools": {f"{self.site}_funded_hours": steps}}]
        if self.care.self_share > 0:
            holds.insert(0, {"where": {"payer": "self"}, "pools": {f"{self.site}_self_hours": steps}})
        queue = self._queue(people, self.care.home_care.elasticity.value)
        self.part.stations[f"{self.site}_{name}"] = {"places": "inf", "holds": holds, **queue, "service": stay}

    def routes(self, name: str, to: Mapping[str, Any]) -> None:
        self.part.stations[f"{self.site}_{name}"]["routes"] = [{"to": dict(to)}]

    def pools(self, people: float) -> None:
        """Hours a week; spot purchase is called by people who wait, not by hours."""
        shares = {"funded_hours": 1 - self.care.self_share, "self_hours": self.care.self_share}
        for name, share in shares.items():
            if share > 0:
                pool = {"places": self.size[name]} | self._bought(self.size[name], people * share)
                self.part.pools[f"{self.site}_{name}"] = pool

    def _queue(self, capacity: float, elasticity: float) -> dict[str, Any]:
        """Whoever has been queued longest is next, at home or in a bed."""
        out: dict[str, Any] = {"waiting_room": self.classes.waiting_room, "first": "longest"}
        if elasticity > 0 and capacity > 0:
            scale = self.care.flex_scale.value * capacity
            out["flex"] = {"elasticity": elasticity, "scale": scale, "floor": self.care.flex_floor.value}
        return out

    def _bought(self, amount: float, people: float) -> dict[str, Any]:
        spot = self.care.spot_purchase
        extra = round(spot.share.value * amount)
        if not spot.enabled or extra < 1:
            return {}
        queued = max(1, round(spot.queue.value * people))
        rule = {"places": extra, "trigger": {"queued": queued}, "lead": f"{spot.lead_days.value!r} d"}
        return {"escalation": rule | {"check_every": "1 d"}}

    def census(self, loads: Mapping[str, float], flow: Mapping[str, float]) -> None:
        """Who is there on the first day: the offered load, as far as capacity goes.

        People of the census hold the first amount of a taper for the rest of their stay, so there are so many of them
        that the hours are right.
        """
        care, lasting = self.care.home_care, self.care.home_care.lasting_days.value
        for name in ("reablement", "p2", "p3", "care_home", "care_home_self"):
            self._there(name, min(self.size[name], loads[name]))
        package = flow["home_care"] * held_days(_package(care), care.hours.as_held()) / care.hours.steps[0].amount
        for payer, share in payer_shares(self.care).items():
            assessed = flow["lasting_assessed"] if payer == "council" else 0.0
            free = self.size["funded_hours" if payer == "council" else "self_hours"]
            people = (flow["lasting_of_either"] * share + assessed) * lasting
            people = min(people, free / round(care.lasting_hours.value))
            self._there("home_care_lasting", people, payer)
            free -= int(people) * round(care.lasting_hours.value)
            self._there("home_care", min(package * share, free / care.hours.steps[0].amount), payer)

    def _there(self, name: str, people: float, payer: str = "council") -> None:
        station = f"{self.site}_{name}"
        if station in self.part.stations and int(people) > 0:
            row = {"station": station, "class": self.classes.inside[0], "count": int(people)}
            own = {"attributes": {"payer": "self"}} if payer == "self" else {}
            self.part.census.append(row | own)
