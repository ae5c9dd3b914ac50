"""One hospital with its community services, with mechanisms of the model switched off one by one.

Switches change the data of the network before it is read; draws are addressed by person and purpose, so the same
people come, need and stay the same under every switch. For a later year of a plan the plan is moved back to the
baseline year: the same calendar, the same chance events, and only what the plan and demand have changed by then.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Any

from models.care.around import hybrid
from models.care.pressure import Pressure
from models.footprint.footprint import Footprint
from models.plans.schedule import Schedule
from models.settings.fit import Fit
from models.settings.future import Future
from models.system.demand import flows
from models.system.sizes import community_places
from models.system.system import network_data, pathway_station, stocks_around, ward
from sim import Lowered, load_network, lower
from sim.clock import DAY, duration_ms
from sim.hybrid import Ready, ready

__all__ = ["Basis", "Mechanisms", "load_of", "network_of", "offered_load", "site_data", "with_beds"]

PATTERNS = ("hour", "weekday", "month", "noise", "growth_per_year")
UNLIMITED = "inf"


@dataclass(frozen=True)
class Mechanisms:
    """Which mechanisms of the model are on.

    Parameters
    ----------
    random : bool
        Chance in arrivals and stays. Without it nobody can be unlucky: the hospital has beds without limit, and the
        mean number of people in them is the answer.
    patterns : bool
        Hour, weekday, month, growth within the year, day-to-day swings, seasons of stays, hours of discharge.
    blocking : bool
        Delay between medically ready and asking for a place, limited community services, beds out of reach.
    transition : bool
        Openings and community closures of a plan, on their dates; demand of its years.
    feedback : bool
        Answers of stays to pressure.
    """

    random: bool = True
    patterns: bool = True
    blocking: bool = True
    transition: bool = True
    feedback: bool = True


@dataclass(frozen=True)
class Basis:
    """What every step rests on.

    Parameters
    ----------
    schedule : Schedule, optional
        A plan laid out on a timeline; none when nothing changes.
    feedback : Pressure, optional
        Answers of stays to pressure.
    planned_wait : bool
        Planned admissions without a bed wait for one, first come first served with emergencies (True), or are cancelled
        as in the main job (False), which would hide a part of the need.
    """

    footprint: Footprint
    fit: Fit
    future: Future
    feedback: Pressure | None = None
    schedule: Schedule | None = None
    planned_wait: bool = True

    @property
    def horizon(self) -> dt.date:
        """First day after the baseline year."""
        return dt.date(int(self.footprint.baseline_year[:4]) + 1, 4, 1)

    @property
    def growth(self) -> float:
        """Growth of demand a year, as a share."""
        return self.future.growth_of(self.footprint).value

    @property
    def feeds_back(self) -> bool:
        """Whether any answer to pressure is on."""
        return self.feedback is not None and self.feedback.any

    @property
    def plan_years(self) -> range:
        """Years of the plan, counted from the baseline year; the year after its end, when all is done, included."""
        if self.schedule is None:
            return range(0)
        base = int(self.footprint.baseline_year[:4])
        return range(self.schedule.plan.starts.year - base, self.schedule.end.year - base + 1)


def offered_load(footprint: Footprint, fit: Fit, site: str) -> tuple[float, float]:
    """Return a hospital's admissions a day and its mean days from admission to medically ready, from the figures."""
    flow = flows(footprint, fit)[site]
    reported = footprint.delays.reported_share.value
    whole = sum(c.share.value for c in footprint.cohorts.values())
    stay = sum(c.share.value / whole * c.mean_at(reported) for c in footprint.cohorts.values())
    return flow.emergency + flow.direct + flow.elective, stay * fit.stay_factor[site]


def load_of(data: dict[str, Any], site: str) -> float:
    """Return the mean load of a hospital's beds as its network has it; arrivals must be at a constant rate."""
    service = data["stations"][ward(site)]["service"]
    rules = {rule.get("where", {}).get("cohort"): rule["use"]["mean"] for rule in service}
    total = 0.0
    for source in data["sources"].values():
        if source["to"] == ward(site) and "rate_per_day" in source:
            stay = sum(
                share * duration_ms(rules.get(cohort, rules[None])) / DAY
                for cohort, share in source["attributes"]["cohort"].items()
            )
            total += source["rate_per_day"] * stay
    return total


def network_of(basis: Basis, site: str, on: Mechanisms, year: int = 0, *, as_open: bool = False) -> Lowered | Ready:
    """Return a hospital with its community services ready to run, as it is so many years after the baseline year."""
    network = load_network(site_data(basis, site, on, year, as_open=as_open))
    if not (on.feedback and basis.feeds_back):
        return lower(network)
    around = stocks_around(basis.footprint, basis.fit, basis.feedback, [site])
    assert around is not None  # noqa: S101 - some answer is on
    return ready(hybrid(network, around))


def with_beds(network: Lowered | Ready, site: str, beds: int) -> Lowered | Ready:
    """Return the same with so many beds in the hospital."""
    if isinstance(network, Ready):
        changed = with_beds(network.network, site, beds)
        assert isinstance(changed, Lowered)  # noqa: S101
        again = dataclasses.replace(network, network=changed)
        vars(again)["compiled"] = network.compiled  # the same stocks: what is compiled serves both
        return again
    places = network.places.copy()
    places[network.pools.index(ward(site))] = beds
    return dataclasses.replace(network, places=places)


def site_data(basis: Basis, site: str, on: Mechanisms, year: int = 0, *, as_open: bool = False) -> dict[str, Any]:
    """Return the network of one hospital and its community services as data.

    Parameters
    ----------
    year : int
        Years after the baseline year whose demand (and whose state of the plan) is moved to the baseline year.
    as_open : bool
        Keep beds as they were open by quarter, and cancel planned admissions that find none, as in the main job.
    """
    plan = basis.schedule.earlier(12 * year) if on.transition and basis.schedule else None
    feedback = basis.feedback if on.feedback else None
    data = network_data(basis.footprint, basis.fit, basis.future, basis.horizon, plan, feedback)
    names = [ward(site), *(pathway_station(site, name) for name in basis.footprint.pathways)]
    data["stations"] = {name: data["stations"][name] for name in names}
    data["sources"] = {k: s for k, s in data["sources"].items() if s["to"] in names}
    data["census"] = [row for row in data["census"] if row["station"] in names]
    for source in data["sources"].values():
        if "rate_per_day" in source:
            source["rate_per_day"] *= (1 + basis.growth) ** year
    if plan:
        _close_community(data, basis, site, plan)
        _within_run(data, basis)
    if not on.patterns:
        _without_patterns(data, basis, site)
    if not on.blocking:
        _without_blocking(data, basis, site)
    if as_open:
        return data
    hospital = data["stations"][ward(site)]
    there = sum(row["count"] for row in data["census"] if row["station"] == ward(site))
    hospital["places"] = max(1, there) if on.random else UNLIMITED  # the search sets the number
    if basis.planned_wait:
        del hospital["waiting_room"]
    return data


def _without_patterns(data: dict[str, Any], basis: Basis, site: str) -> None:
    """Arrivals at the mean rate of the baseline year, stays without a season, leaving at any hour."""
    footprint = basis.footprint
    middle = dt.date(int(footprint.baseline_year[:4]), 10, 1)
    forward = (1 + basis.growth) ** ((middle - footprint.start).days / 365.25)
    for source in data["sources"].values():
        for key in PATTERNS:
            source.pop(key, None)
        if "rate_per_day" in source:
            source["rate_per_day"] *= forward
    data["noise"] = {}
    for key in ("window", "multiplier"):
        data["stations"][ward(site)].pop(key, None)


def _without_blocking(data: dict[str, Any], basis: Basis, site: str) -> None:
    """Community services take everybody at once, and nothing has to be arranged first."""
    for rule in data["stations"][ward(site)]["routes"]:
        rule["to"] = {to: d["share"] if isinstance(d, dict) else d for to, d in rule["to"].items()}
    data["stations"][ward(site)].pop("reserve", None)  # beds out of reach are no need before something blocks them
    for name in basis.footprint.pathways:
        data["stations"][pathway_station(site, name)]["places"] = UNLIMITED


def _close_community(data: dict[str, Any], basis: Basis, site: str, plan: Schedule) -> None:
    """Community beds close on their dates; those who would have used them go home with support instead."""
    beds, home = pathway_station(site, "p2"), pathway_station(site, "p1")
    before, closed, left = community_places(basis.footprint, basis.fit)[site, "p2"], 0, []
    for step in plan.closures:
        if step.tranche.setting == "p2" and step.site == site:
            closed += step.beds
            left.append((step.due, max(0, before - closed)))
    if not left:
        return
    data["stations"][beds]["places"] += [{"from": day, "places": n} for day, n in left]
    for rule in data["stations"][ward(site)]["routes"]:
        to = rule["to"]
        if beds in to and home in to:
            shares = {name: _share(to[name]) for name in (beds, home)}
            moved = [(basis.footprint.start, 0.0)] + [(day, shares[beds] * (1 - n / before)) for day, n in left]
            for name, sign in ((beds, -1), (home, 1)):
                steps = [{"from": day, "value": shares[name] + sign * gone} for day, gone in moved]
                to[name] = (to[name] if isinstance(to[name], dict) else {}) | {"share": steps}


def _share(destination: Any) -> float:
    return destination["share"] if isinstance(destination, dict) else destination


def _within_run(data: dict[str, Any], basis: Basis) -> None:
    """Make steps that lie before the start hold from the start, and leave out those that come after the end."""
    start, end = basis.footprint.start, basis.horizon

    def cut(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
        latest: dict[dt.date, dict[str, Any]] = {}
        for step in sorted(steps, key=lambda s: s["from"]):
            latest[max(start, step["from"])] = step | {"from": max(start, step["from"])}
        return [step for day, step in latest.items() if day < end]

    for source in data["sources"].values():
        if source.get("level"):
            source["level"] = cut(source["level"])
    for station in data["stations"].values():
        if isinstance(station["places"], list):
            station["places"] = cut(station["places"])
        for rule in station.get("routes", []):
            for to in rule["to"].values():
                if isinstance(to, dict) and isinstance(to.get("share"), list):
                    to["share"] = cut(to["share"])
    for row in data["census"]:  # nobody can be in a place that is closed from the start
        row["count"] = min(row["count"], data["stations"][row["station"]]["places"][0]["places"])
