"""The front door of a hospital: exact queues, blocking of cubicles, clocks, switches, and England's two years."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from models.care.crowding import cubicle_load, size
from models.care.demand_shape import DemandShape
from models.care.front_door import FrontDemand, FrontSize, Onward, four_hour_clocks, front_door, spare_places, staffed
from models.care.front_door_figures import FrontDoor, read_front_door
from sim.errors import FaultsError
from sim.network.load import load_network
from sim.results import Results, simulate

# fmt: off
HOUR = (0.020, 0.015, 0.012, 0.010, 0.009, 0.009, 0.011, 0.021, 0.040, 0.064, 0.074, 0.074,
        0.069, 0.066, 0.065, 0.064, 0.063, 0.061, 0.056, 0.052, 0.046, 0.040, 0.033, 0.026)
MONTH = (1.0108, 1.0248, 1.0316, 0.9774, 0.9893, 0.9900, 0.9884, 0.9520, 0.9865, 1.0041, 1.0253, 1.0198)
# fmt: on
WEEKDAY = (1.12, 1.01, 1.01, 1.01, 1.01, 0.92, 0.92)
FLAT = DemandShape((1.0,) * 24)
DAILY = DemandShape(HOUR)
FULL = DemandShape(HOUR, WEEKDAY, MONTH, noise="day")
NEED = {"zero_day": 0.38, "one_night": 0.18, "medium": 0.34, "long": 0.10}
ATTRIBUTES = {"emergency": {"need": NEED}, "direct": {"need": NEED}}
EVEN = {"year": "not applicable", "basis": "national", "unit": "index", "values": [1.0] * 24}
AMPLE = FrontSize(1000, 1000, 1000, 1000)
#: (attendances a day, conversion, direct admissions a day) of England's mean acute trust; 137 of them
ENGLAND = {"2011/12": (281.9, 0.2558, 28.7), "2018/19": (313.6, 0.2991, 32.05)}


def with_(care: FrontDoor, **values: Any) -> FrontDoor:
    """The same with other numbers or switches, by path (``sdec__share=0.5``)."""
    data = care.model_dump()
    for path, value in values.items():
        *way, last = path.split("__")
        part = data
        for key in way:
            part = part[key]
        plain = isinstance(value, (int, float)) and not isinstance(value, bool)
        part[last] = {**part[last], "value": value, "low": None, "high": None} if plain else value
    return read_front_door(data)


def network(part_of: tuple[FrontDemand, FrontDoor, FrontSize], beds: int | str = "inf", **keys: Any) -> dict[str, Any]:
    """A front door with one station of ward beds behind it."""
    part = front_door("a", *part_of, Onward(wards=({"to": {"ward": 1.0}},)))
    stays = {"medium": ("4.4 d", 1.0), "long": ("18.8 d", 1.2)}
    rules = [{"where": {"need": n}, "use": _lognormal(*stay)} for n, stay in stays.items()]
    service = [*rules, {"use": _lognormal("1 d", 0.5)}]
    ward = {"places": beds, "service": service, "window": {"hours": [10, 20]}} | ({} if beds == "inf" else CLOSED)
    return {
        "horizon": "365 d",
        "warm_up": "60 d",
        "unit": "h",
        "classes": ["attendance", "emergency", "direct"],
        "attributes": {"need": list(NEED)},
        "noise": {"day": {"variance": 0.003, "correlation": 0.9}},
        "sources": part.sources,
        "pools": part.pools,
        "stations": {**part.stations, "ward": ward},
        "observe": {"clocks": part.clocks},
    } | keys


CLOSED = {"waiting_room": 0}


def _lognormal(mean: str, cv: float) -> dict[str, Any]:
    return {"kind": "lognormal", "mean": mean, "cv": cv}


def front_demand(
    care: FrontDoor, attendances: float, direct: float, shape: DemandShape, conversion: float | None = None
):
    """Demand from type-1 attendances a day, by the share admitted; all with one pattern."""
    share = care.conversion.value if conversion is None else conversion
    return FrontDemand(attendances * (1 - share), attendances * share, direct, shape, shape, ATTRIBUTES)


def four_hours(results: Results) -> float:
    ended = [results.figure(clock, "ended_total", cls).value for clock, cls in four_hour_clocks("a")]
    within = [results.figure(clock, "share_within", cls).value for clock, cls in four_hour_clocks("a")]
    return float(np.average(within, weights=ended))


def value(results: Results, name: str, measure: str, row: str = "all") -> float:
    return results.figure(name, measure, row).value


@pytest.fixture(scope="module")
def care() -> FrontDoor:
    return read_front_door()


@pytest.fixture(scope="module")
def demand(care: FrontDoor) -> FrontDemand:
    return front_demand(care, 100, 15, FULL)


@pytest.fixture(scope="module")
def crowded(care: FrontDoor, demand: FrontDemand) -> dict[int, Results]:
    """A small hospital with ever fewer ward beds, the same people each time."""
    places = size(care, demand)
    return {beds: simulate(network((demand, care, places), beds), replications=3) for beds in (300, 145, 135, 125)}


def plain(care: FrontDoor, **values: Any) -> FrontDoor:
    """Nobody by ambulance, no minors, nobody leaves unseen or comes back; the same staff at all hours."""
    none = {f"ambulance__share__{cls}": 0.0 for cls in ("attendance", "emergency")}
    none |= {"triage__minors": 0.0, "left_unseen__enabled": False, "reattendance__share": 0.0}
    return with_(care, **none | {"cubicle__staffing": EVEN, "minors__staffing": EVEN} | values)


def one_cubicle(care: FrontDoor) -> Results:
    """Ten people a day who go home, and one cubicle."""
    demand = FrontDemand(9.0, 0.0, 0.0, FLAT, FLAT)
    file = network((demand, care, FrontSize(1, 1, 1, 1)), 10, horizon="20000 d", warm_up="50 d")
    return simulate(file, replications=4)


def second_moment(care: FrontDoor) -> tuple[float, float]:
    """Mean and second moment of the time in a cubicle of those who go home, in hours."""
    mean = care.cubicle.attendance.minutes / 60
    return mean, mean**2 * (1 + care.cubicle.attendance.variation.value**2)


def test_one_cubicle_is_pollaczek_khinchine(care: FrontDoor) -> None:
    care = plain(care, triage__priority=False, triage__urgent__attendance=0.0)
    mean, square = second_moment(care)
    rate = 9 / 24
    exact = rate * square / 2 / (1 - rate * mean)
    found = one_cubicle(care).figure("a_ed_standard_walk_in", "wait_mean")
    assert abs(found.value - exact) < 0.03 * exact
    assert abs(found.value - exact) < 3 * found.half_width


@pytest.mark.parametrize("first", [True, False])
def test_triage_priority_is_cobham(care: FrontDoor, first: bool) -> None:
    care = plain(care, triage__urgent__attendance=0.4, triage__priority=first)
    mean, square = second_moment(care)
    rate = 9 / 24
    residual, urgent, load = rate * square / 2, 0.4 * rate * mean, rate * mean
    exact = [residual / (1 - urgent), residual / (1 - urgent) / (1 - load)] if first else [residual / (1 - load)] * 2
    results = one_cubicle(care)
    found = [value(results, f"a_ed_{urgency}_walk_in", "wait_mean") for urgency in ("urgent", "standard")]
    assert found == pytest.approx(exact, rel=0.04)


def test_ambulances_wait_outside_in_the_same_line(care: FrontDoor) -> None:
    """Half by ambulance: they wait blocked at handover, on average as long as the queue of one cubicle says."""
    even = plain(care, ambulance__share__attendance=0.5, ambulance__first=False, triage__urgent__attendance=0.0)
    mean, square = second_moment(even)
    rate = 9 / 24
    exact = rate * square / 2 / (1 - rate * mean)
    results = one_cubicle(even)
    assert value(results, "a_ed_standard_ambulance", "number_waiting") == 0
    assert value(results, "a_handover", "capacity_delay") == pytest.approx(exact, rel=0.04)
    assert value(results, "a_ed_standard_walk_in", "wait_mean") == pytest.approx(exact, rel=0.04)
    first = one_cubicle(with_(even, ambulance__first=True))
    assert value(first, "a_handover", "capacity_delay") == pytest.approx(
        exact * (1 - rate * mean) / (1 - rate * mean / 2), rel=0.04
    )


def test_offered_load_by_hour(care: FrontDoor) -> None:
    care = with_(care, reattendance__share=0.0)
    demand = front_demand(care, 300, 0, DAILY)
    load = cubicle_load(care, demand)
    times = {cls: getattr(care.cubicle, cls).minutes / 1440 for cls in ("attendance", "emergency")}
    seen = 1 - care.triage.minors.value * (1 - care.ambulance.share.attendance.value)
    little = demand.attendance * seen * times["attendance"] + demand.emergency * times["emergency"]
    assert load.mean() == pytest.approx(little, rel=1e-4)
    file = network((demand, care, AMPLE), horizon="130 d", warm_up="10 d")
    results = simulate(file | {"observe": {"period": "1 h"}}, replications=4)
    block = results.periods("stations")
    at = [i for i, name in enumerate(block.names) if "_ed_" in name]
    number = block.value[block.measures.index("number_in_service"), 240:, at, 0].sum(axis=0)
    assert number.reshape(-1, 24).mean(axis=0) == pytest.approx(load, rel=0.04)


def test_ample_places_leave_only_handover_and_service(care: FrontDoor) -> None:
    demand = front_demand(care, 300, 30, DAILY)
    results = simulate(network((demand, care, AMPLE), horizon="200 d"), replications=2)
    handover = care.ambulance.handover
    spread = np.log1p(handover.variation.value**2)
    law = stats.lognorm(np.sqrt(spread), scale=handover.minutes * np.exp(-spread / 2))
    assert value(results, "a_handover_15min", "share_within") == pytest.approx(law.cdf(15), abs=0.01)
    assert value(results, "a_handover", "number_blocked") == 0
    assert value(results, "a_boarding", "number_at_station") < 1.0  # same-day care is closed by night, the unit is not
    assert value(results, "a_bed_4h", "share_within") == 1.0


def test_attendances_hold_with_and_without_those_who_come_back(care: FrontDoor, demand: FrontDemand) -> None:
    for share in (0.0, 0.083):
        part = demand, with_(care, reattendance__share=share), AMPLE
        results = simulate(network(part), replications=4)
        ended = results.figure("a_departure_4h", "ended_total", "attendance")
        assert ended.value == pytest.approx(305 * demand.attendance, rel=0.025)


def test_who_waits_for_a_bed_keeps_the_cubicle(care: FrontDoor, crowded: dict[int, Results]) -> None:
    places = size(care, front_demand(care, 100, 15, FULL))
    for results in crowded.values():
        # nobody ever steps out of the cubicle to wait for a bed, and never more cubicles are held than are staffed
        assert value(results, "a_boarding", "number_waiting") == 0
        assert max(n for n, _ in results.distribution("occupied", "a_cubicles")) <= places.cubicles
        rate, mean = value(results, "a_boarding", "throughput"), value(results, "a_bed_4h", "mean")
        assert value(results, "a_boarding", "number_at_station") == pytest.approx(rate * mean, rel=0.03)
    full = value(crowded[125], "a_cubicles", "places_occupied")
    inside = sum(value(crowded[125], f"a_ed_{u}_{w}", "number_in_service") for u in URGENCY for w in WAYS)
    assert full == pytest.approx(inside + value(crowded[125], "a_boarding", "number_at_station"), rel=1e-9)


URGENCY, WAYS = ("urgent", "standard"), ("walk_in", "ambulance")


@pytest.mark.parametrize(
    ("name", "measure", "row", "sign"),
    [
        ("a_departure_4h", "share_within", "attendance", -1),
        ("a_admitted_4h", "share_within", "emergency", -1),
        ("a_bed_4h", "share_within", "emergency", -1),
        ("a_bed_12h", "share_within", "emergency", -1),
        ("a_handover_15min", "share_within", "all", -1),
        ("a_handover_60min", "share_within", "all", -1),
        ("a_direct_4h", "share_within", "direct", -1),
        ("a_boarding", "number_at_station", "all", 1),
        ("a_ed_standard_walk_in", "reneged_total", "attendance", 1),
        ("a_assessment", "number_blocked", "all", 1),
    ],
)
def test_fewer_ward_beds_fill_the_front_door(
    crowded: dict[int, Results], name: str, measure: str, row: str, sign: int
) -> None:
    found = [value(results, name, measure, row) for results in crowded.values()]
    assert (np.diff(found) * sign >= -1e-3).all()
    assert (found[-1] - found[0]) * sign > 0


def test_urgent_people_wait_less_and_limits_are_in_order(crowded: dict[int, Results]) -> None:
    results = crowded[135]
    waits = [value(results, f"a_ed_{urgency}_walk_in", "wait_mean_of_all_who_came") for urgency in URGENCY]
    assert waits[0] < waits[1]
    within = [value(results, f"a_handover_{limit}min", "share_within") for limit in (15, 30, 60)]
    assert within == sorted(within)


def test_nobody_leaves_unseen_when_switched_off(care: FrontDoor, demand: FrontDemand) -> None:
    lost = []
    for patience in (2.0, 8.0, None):
        chosen = with_(
            care, left_unseen__enabled=patience is not None, **({"left_unseen__mean": patience} if patience else {})
        )
        results = simulate(network((demand, chosen, size(care, demand)), 130), replications=2)
        lost.append(sum(value(results, f"a_ed_{u}_walk_in", "reneged_total") for u in URGENCY))
    assert lost[0] > lost[1] > lost[2] == 0


def test_same_day_care_by_day_only(care: FrontDoor, demand: FrontDemand) -> None:
    """Without assessment beds to overflow to, same-day care takes nobody in at night; the unit helps out otherwise."""
    alone = with_(care, sdec__share=1.0, assessment__bypass=1.0)
    only = {cls: {"need": {"zero_day": 1.0}} for cls in ("emergency", "direct")}
    people = replace(demand, attributes=only, shape=DAILY, direct_shape=DAILY)
    file = network((people, alone, replace(AMPLE, assessment=0)), horizon="60 d", warm_up="10 d")
    results = simulate(file | {"observe": {"period": "1 h"}}, replications=2)
    block = results.periods("stations")
    started = block.value[block.measures.index("started_rate"), 240:, block.names.index("a_sdec"), 0]
    by_hour = started.reshape(-1, 24).sum(axis=0)
    assert (by_hour[8:20] > 0).all()
    assert not by_hour[:8].any()
    assert not by_hour[20:].any()
    helped = simulate(network((people, alone, AMPLE)), replications=1)
    assert 0.1 < value(helped, "a_sdec", "share_overflowed") < 0.5
    assert value(helped, "a_bed_4h", "share_within") == 1.0


def test_without_same_day_care_the_unit_takes_all(care: FrontDoor, demand: FrontDemand) -> None:
    without = with_(care, sdec__enabled=False)
    assert "a_sdec" not in network((demand, without, AMPLE))["stations"]
    assert size(without, demand).assessment > size(care, demand).assessment
    results = simulate(network((demand, without, AMPLE)), replications=2)
    came = value(results, "a_assessment", "arrived_rate") + value(results, "a_assessment", "transferred_in_rate")
    stay_longer = 1 - NEED["zero_day"] - NEED["one_night"]
    expected = (demand.emergency + demand.direct) * (1 - stay_longer * care.assessment.bypass.value)
    assert 24 * came == pytest.approx(expected, rel=0.03)


def test_places_by_hour(care: FrontDoor, demand: FrontDemand) -> None:
    places = FrontSize(20, 5, 10, 4)
    file = network((demand, care, places), 100)
    pool, spare = file["pools"]["a_cubicles"], spare_places(care, places)
    by_hour = [e["places"] for e in pool["timetable"] for _ in range(*e["hours"])]
    assert by_hour == [n + spare for n in staffed(care.cubicle.staffing, 20)]
    assert max(by_hour) == 20 + spare
    even = with_(care, cubicle__staffing=EVEN)
    assert network((demand, even, places))["pools"]["a_cubicles"] == {"places": 21}


def test_wards_by_rule(care: FrontDoor, demand: FrontDemand) -> None:
    """Routes of the caller are kept within each need, and shares sum to one."""
    rules = ({"where": {"need": "long"}, "to": {"old": 1.0}}, {"to": {"ward": 0.7, "old": 0.3}})
    home = ({"where": {"need": ["one_night", "medium"]}, "to": {"leave": 0.9, "p1": 0.1}}, {"to": {"leave": 1.0}})
    part = front_door("a", demand, care, AMPLE, Onward(rules, home))
    more = {name: {"places": 10, "service": _lognormal("5 d", 1)} | CLOSED for name in ("ward", "old", "p1")}
    read = load_network(network((demand, care, AMPLE)) | {"stations": {**part.stations, **more}})
    for station in read.stations.values():
        for rule in station.routes:
            assert sum(d.share for d in rule.to.values() if isinstance(d.share, float)) == pytest.approx(1)
    after = part.stations["a_assessment"]["routes"]
    night = next(rule for rule in after if rule["where"] == {"need": ["one_night"]} and "p1" in rule["to"])
    assert night["to"] == pytest.approx({"leave": 0.72, "p1": 0.08, "ward": 0.14, "old": 0.06})


def test_faults_come_at_once(care: FrontDoor) -> None:
    wrong = FrontDemand(-1.0, 20.0, 5.0, FLAT, FLAT)
    with pytest.raises(FaultsError) as raised:
        front_door("a", wrong, care, FrontSize(-3, 1, 1, 1), Onward(({"to": {"ward": 1.0}},)))
    keys = [fault.key for fault in raised.value.faults]
    assert keys == ["a.attendance", "a.cubicles", "a.attributes.emergency.need", "a.attributes.direct.need"]


def test_faults_of_the_file_come_at_once(care: FrontDoor) -> None:
    data = care.model_dump()
    data["triage"]["minors"]["value"] = 1.5
    data["left_unseen"]["mean"]["unit"] = "days"
    data["cubicle"]["staffing"]["values"] = [1.0] * 23
    data["sdeck"] = {}
    with pytest.raises(FaultsError) as raised:
        read_front_door(data)
    keys = " ".join(fault.key for fault in raised.value.faults)
    assert all(key in keys for key in ("triage.minors", "left_unseen.mean", "cubicle.staffing", "sdeck"))


# -- England ---------------------------------------------------------------------------------------------------------


def england(care: FrontDoor, year: str, beds: int) -> Results:
    """The mean acute trust of a year, sized from its attendances, with `beds` behind its front door."""
    attendances, conversion, direct = ENGLAND[year]
    demand = front_demand(care, attendances, direct, FULL, conversion)
    return simulate(
        network((demand, care, size(care, demand)), beds, horizon="1275 d", warm_up="180 d"), replications=6
    )


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("year", "share", "beds", "over_4h"),
    [("2011/12", 0.949, (380, 500), 0.0296), ("2018/19", 0.815, (440, 600), 0.131)],
)
def test_ward_beds_alone_reach_the_national_share(
    care: FrontDoor, year: str, share: float, beds: tuple[int, int], over_4h: float
) -> None:
    """With cubicles sized alike in both years, boarders move the share; waits for a bed then come out as published."""
    few, many = beds
    assert four_hours(england(care, year, few)) < share < four_hours(england(care, year, many))
    while many - few > 1:
        middle = (few + many) // 2
        if four_hours(england(care, year, middle)) < share:
            few = middle
        else:
            many = middle
    results = england(care, year, many)
    assert four_hours(results) == pytest.approx(share, abs=0.01)
    over = 1 - value(results, "a_bed_4h", "share_within")
    assert over_4h / 2 < over < 1.5 * over_4h
