"""Care at home and near it: visits that taper, a clock of two hours, and what happens when places are full."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from models.care.community import (
    Community,
    CommunityDemand,
    CommunitySizes,
    avoidable_split,
    community,
    demand_for,
    read_community,
    sizes_for,
)
from models.care.demand_shape import DemandShape
from models.care.part import Part
from models.care.pathways import Arrivals, Classes, arrivals_for, detailed, payer_shares, read_pathways, ways_out
from models.care.taper import held_days
from sim import load_network
from sim.errors import FaultsError
from sim.load import offered_load
from sim.results import Results, simulate
from sim.theory import erlang_b

CARE = read_community()
FLAT = DemandShape((1.0,) * 24)
DAYTIME = DemandShape(tuple(float(8 <= h < 20) for h in range(24)))
ENOUGH = CommunitySizes(10_000, 50, 500, 50, 500)
ROUND_THE_CLOCK = {"urgent.hours.hours": [0, 24]}
OFF = {f"{name}.enabled": False for name in ("nursing", "urgent", "virtual_ward", "step_up", "avoidance")}


def changed(care: Community, changes: dict[str, Any]) -> Community:
    """Copy of the parameters with figures and switches set by their dotted names."""
    data = care.model_dump(mode="json")
    for key, value in changes.items():
        *path, last = key.split(".")
        there = data
        for part in path:
            there = there[part]
        if isinstance(there[last], dict) and "value" in there[last]:
            there[last] |= {"value": value, "low": None, "high": None}
        else:
            there[last] = value
    return read_community(data)


def network(part: Part, days: int = 1000, warm_up: int = 200, hospital: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a part brings, with a hospital behind it."""
    stay = {"kind": "exponential", "mean": "5 d"}
    return {
        "start": dt.date(2018, 4, 1),
        "horizon": f"{days} d",
        "warm_up": f"{warm_up} d",
        "classes": ["emergency", "community"],
        "sources": part.sources,
        "stations": {"hospital": {"places": "inf", "service": stay, **(hospital or {})}, **part.stations},
        "pools": part.pools,
        "observe": {"clocks": part.clocks},
    }


def value(results: Results, name: str, measure: str) -> float:
    return results.figure(name, measure).value


def test_everything_together_reads_without_faults():
    care = changed(CARE, {"virtual_ward.enabled": True, "nursing.gives_up.enabled": True})
    demand = demand_for(300_000, 3.0, care, DAYTIME)
    part = community("x", demand, sizes_for(300_000, demand, care), care, front="hospital")
    found = load_network(network(part))
    assert list(found.stations) == ["hospital", "x_nursing", "x_virtual_ward", "x_step_up", "x_urgent_response"]
    assert list(found.observe.clocks) == ["x urgent response"]


def test_visits_taper_and_are_held_as_the_offered_load():
    """2 visits a day for 3 days, 1 for a week, then 0.3: mean visits held = rate x mean amount-days (Little's law)."""
    steps = CARE.nursing.visits.as_held()
    assert [s["amount"] / 10 for s in steps] == [2.0, 1.0, 0.3]
    fixed = {"kind": "deterministic", "mean": "30 d"}
    assert held_days(fixed, steps) == pytest.approx(20 * 3 + 10 * 7 + 3 * 20)
    only = changed(CARE, {**OFF, "nursing.enabled": True})
    demand = CommunityDemand(20.0, 0.0, 0.0, FLAT)
    read = load_network(network(community("x", demand, ENOUGH, only, front="hospital"), 1500))
    stay = {"kind": "lognormal", "mean": "30 d", "cv": 1.2}
    want = 20 * held_days(stay, steps)
    loads = {load.name: load.offered for load in offered_load(read) or []}
    assert loads["x_nursing_visits"] == pytest.approx(want, rel=2e-3)
    results = simulate(read, 3, 1)
    assert value(results, "x_nursing_visits", "places_occupied") == pytest.approx(want, rel=0.02)
    assert value(results, "x_nursing", "number_waiting") == 0


@pytest.mark.parametrize("share", [0.95, 0.85])
def test_a_taper_carries_more_people_than_visits_that_stay(share):
    """With the same visits, people whose visits do not step down wait longer."""
    only = changed(CARE, {**OFF, "nursing.enabled": True})
    flat = only.model_dump(mode="json")
    flat["nursing"]["visits"]["steps"] = [{"after_days": 0, "amount": 10}]
    demand = CommunityDemand(5.0, 0.0, 0.0, FLAT)
    visits = round(
        5 * held_days({"kind": "lognormal", "mean": "30 d", "cv": 1.2}, only.nursing.visits.as_held()) / share
    )
    size = CommunitySizes(visits, 1, 1, 1, 1)
    waits = [
        value(simulate(network(community("x", demand, size, c, front="hospital")), 2, 1), "x_nursing", "number_waiting")
        for c in (only, read_community(flat))
    ]
    assert waits[0] < 0.1 * waits[1]


def test_too_few_visits_send_people_to_hospital_only_where_that_is_switched_on():
    demand = CommunityDemand(5.0, 0.0, 0.0, FLAT)
    arrived = {}
    for on in (False, True):
        care = changed(CARE, {**OFF, "nursing.enabled": True, "nursing.gives_up.enabled": on})
        for visits in (500, 700, 2000):
            size = CommunitySizes(visits, 1, 1, 1, 1)
            results = simulate(network(community("x", demand, size, care, front="hospital")), 2, 1)
            arrived[on, visits] = value(results, "hospital", "transferred_in_rate")
    assert arrived[False, 500] == arrived[False, 700] == arrived[True, 2000] == 0
    assert arrived[True, 500] > arrived[True, 700] > 0


@pytest.mark.parametrize(("rate", "places"), [(4.0, 20), (4.0, 32), (2.0, 20)])
def test_admission_avoidance_takes_exactly_those_for_whom_a_place_is_free(rate, places):
    """Erlang B: visits without a queue send on a Poisson stream, and who finds no place goes to hospital."""
    care = changed(CARE, {**OFF, **ROUND_THE_CLOCK, "urgent.enabled": True, "virtual_ward.enabled": True})
    care = changed(care, {"virtual_ward.to_hospital_share": 0.0})
    demand = CommunityDemand(0.0, 0.0, rate, FLAT)
    part = community("x", demand, CommunitySizes(1, 50, places, 50, 0), care, front="hospital")
    results = simulate(network(part, 4000), 3, 1)
    to_hospital = value(results, "hospital", "transferred_in_rate") / rate
    assert to_hospital == pytest.approx(erlang_b(places, rate * 8), rel=0.05)


def test_nurses_limit_places_that_are_open():
    """Monitoring is staffed: 20 places with one nurse for 10 are 10 places."""
    care = changed(CARE, {**OFF, **ROUND_THE_CLOCK, "urgent.enabled": True, "virtual_ward.enabled": True})
    demand = CommunityDemand(0.0, 0.0, 3.0, FLAT)
    busy = []
    for nurses in (1, 2, 5):
        part = community("x", demand, CommunitySizes(1, 50, 20, nurses, 0), care, front="hospital")
        assert part.pools["x_monitoring"]["places"] == 10 * nurses
        busy.append(value(simulate(network(part), 2, 1), "x_virtual_ward", "number_in_service"))
    assert busy[0] == pytest.approx(24 * (1 - erlang_b(10, 24)), rel=0.05)
    assert busy[1] == pytest.approx(24 * (1 - erlang_b(20, 24)), rel=0.05)
    assert busy[2] == busy[1]


def test_step_up_beds_overflow_after_the_virtual_ward():
    """First a place at home, then a bed, then hospital; each further place keeps somebody out of hospital."""
    care = changed(
        CARE, {**OFF, **ROUND_THE_CLOCK, "urgent.enabled": True, "virtual_ward.enabled": True, "step_up.enabled": True}
    )
    care = changed(care, {"virtual_ward.to_hospital_share": 0.0})
    demand = CommunityDemand(0.0, 0.0, 3.0, FLAT)
    admitted = []
    for home, beds in ((0, 0), (10, 0), (10, 20), (30, 20), (60, 60)):
        part = community("x", demand, CommunitySizes(1, 50, home, 50, beds), care, front="hospital")
        admitted.append(value(simulate(network(part), 2, 1), "hospital", "transferred_in_rate"))
    assert admitted == sorted(admitted, reverse=True)
    assert admitted[0] == pytest.approx(3.0, rel=0.06)
    assert admitted[-1] < 0.01


def test_switched_off_everybody_goes_to_hospital():
    part = community("x", CommunityDemand(0.0, 0.0, 3.0, FLAT), ENOUGH, changed(CARE, OFF), front="hospital")
    assert part == Part(sources={"x_avoidable": FLAT.source("emergency", "hospital", 3.0)})
    off = changed(CARE, OFF)
    assert avoidable_split(120.0, off) == (120.0, 0.0)
    stay, offered = avoidable_split(120.0, CARE)
    assert stay + offered == pytest.approx(120.0) and offered == pytest.approx(3.6)


def test_teams_that_are_sized_for_the_standard_keep_it():
    care = changed(CARE, {**OFF, "urgent.enabled": True})
    for rate in (6.0, 30.0, 80.0):
        demand = CommunityDemand(0.0, rate, 0.0, DemandShape(tuple(float(9 <= h < 18) for h in range(24))))
        teams = sizes_for(1e6, demand, care).urgent_teams
        shares = []
        for n in (max(1, teams - 1), teams, teams + 2):
            part = community("x", demand, CommunitySizes(1, n, 1, 1, 1), care, front="hospital")
            shares.append(value(simulate(network(part, 400, 50), 2, 1), "x urgent response", "share_within"))
        assert shares == sorted(shares)
        assert shares[1] >= care.urgent.within_limit.value


def test_who_is_not_seen_goes_to_hospital():
    """Nights have no team: avoidable people of the night come to hospital, others wait for the morning."""
    care = changed(CARE, {**OFF, "urgent.enabled": True, "step_up.enabled": True})
    night = DemandShape(tuple(float(h == 22) for h in range(24)))
    part = community("x", CommunityDemand(0.0, 4.0, 4.0, night), ENOUGH, care, front="hospital")
    results = simulate(network(part), 2, 1)
    assert value(results, "hospital", "transferred_in_rate") == pytest.approx(4.0, rel=0.1)
    assert value(results, "x_step_up", "number_at_station") == 0
    assert value(results, "x_urgent_response", "started_rate") == pytest.approx(4.0, rel=0.1)


def test_step_up_beds_are_blocked_by_home_care_and_care_homes():
    pathways = read_pathways()
    care = changed(CARE, {**OFF, **ROUND_THE_CLOCK, "urgent.enabled": True, "step_up.enabled": True})
    arrivals = arrivals_for(150_000, pathways)
    classes = Classes(("emergency",), ("community",))
    blocked = []
    for places in ({"reablement": 32, "p3": 17}, {"reablement": 2, "p3": 1}):
        services = detailed("x", Arrivals(2.0, arrivals.p2, arrivals.p3), pathways, places, classes)
        routes = ways_out("x", care.step_up.onward.shares, 0.0, pathways)
        demand = CommunityDemand(0.0, 0.0, 1.5, FLAT, {"payer": payer_shares(pathways)})
        part = community("x", demand, CommunitySizes(1, 50, 0, 0, 40), care, front="hospital", routes=routes)
        data = network(part, 500, 100)
        data["attributes"] = {"payer": ["council", "self"]}
        data["stations"] |= services.stations
        data["pools"] |= services.pools
        data["census"] = services.census
        blocked.append(value(simulate(data, 2, 1), "x_step_up", "number_blocked"))
    assert blocked[1] > blocked[0] + 1


def test_faults_are_named():
    data = CARE.model_dump(mode="json")
    data["nursing"]["visits"]["steps"] = [{"after_days": 0, "amount": 3}, {"after_days": 3, "amount": 5}]
    data["urgent"]["limit_hours"]["unit"] = "minutes"
    data["virtual_ward"]["to_hospital_share"] |= {"value": 1.5, "high": None}
    with pytest.raises(FaultsError) as caught:
        read_community(data)
    text = str(caught.value)
    for part in ("amounts fall", "urgent.limit_hours", "virtual_ward.to_hospital_share"):
        assert part in text
