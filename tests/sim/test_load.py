"""Offered load by the traffic equations, and what is said of networks without a steady state."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim import load_network
from sim.load import Load, offered_load, steadiness
from sim.load.averages import Averages
from sim.load.steady import trends
from sim.network.schema import Network
from sim.results import simulate
from sim.results.document import document


def stay(mean: str, kind: str = "exponential") -> dict[str, Any]:
    return {"kind": kind, "mean": mean}


def station(places: Any, mean: str = "1 d", to: dict[str, float] | None = None, **more: Any) -> dict[str, Any]:
    return {"places": places, "service": stay(mean), **({"routes": [{"to": to}]} if to else {}), **more}


def build(stations: dict[str, Any], sources: dict[str, Any], **more: Any) -> Network:
    """Network as its shape says; not checked, so that features may be combined freely."""
    return Network.model_validate({"horizon": "100 d", "stations": stations, "sources": sources, **more})


def loads(network: Network) -> dict[str, Load]:
    found = offered_load(network)
    assert found is not None
    return {load.name: load for load in found}


def test_traffic_equations_of_an_open_network() -> None:
    """Jackson network of A&E, acute and community beds: the loads are known."""
    routing = {"AE": {"acute": 0.3, "community": 0.02}, "acute": {"AE": 0.02, "community": 0.25}}
    routing["community"] = {"AE": 0.03, "acute": 0.06}
    means, places = {"AE": "0.125 d", "acute": "6 d", "community": "20 d"}, {"AE": 16, "acute": 300, "community": 345}
    stations = {n: station(places[n], means[n], {**to, "leave": 1 - sum(to.values())}) for n, to in routing.items()}
    rates = {"AE": 100, "acute": 12, "community": 3}
    found = loads(load_network(build(stations, {f"to {n}": {"to": n, "rate_per_day": r} for n, r in rates.items()})))
    assert found["AE"].offered == pytest.approx(12.667883039689547)
    assert found["AE"].utilisation == pytest.approx(0.7917426899805967)
    assert found["acute"].offered == pytest.approx(260.12912267473666)
    assert not any(load.overloaded for load in found.values())
    assert all(load.exact and load.endless for load in found.values())


def test_returns_classes_and_attributes_count() -> None:
    stations = {
        "ward": {
            "places": 50,
            "service": [{"where": {"age": "old"}, "use": stay("4 d")}, {"use": stay("2 d")}],
            "routes": [{"where": {"class": "urgent"}, "to": {"home": 0.5, "leave": 0.5}}, {"to": {"leave": 1}}],
            "returns": [{"where": {"age": "old"}, "probability": 0.2, "after": stay("9 d"), "to": "ward"}],
        },
        "home": station("inf", "3 d"),
    }
    sources = {
        "a": {"class": "urgent", "to": "ward", "rate_per_day": 10, "attributes": {"age": {"young": 0.4, "old": 0.6}}},
        "b": {"class": "planned", "to": "ward", "rate_per_day": 5},
    }
    found = loads(build(stations, sources, classes=["urgent", "planned"], attributes={"age": ["young", "old"]}))
    old = 6 / (1 - 0.2 * 0.5)  # half of them leave from the ward, of whom a fifth come back
    assert found["ward"].offered == pytest.approx(4 * old + 2 * (4 + 5))
    assert found["home"].offered == pytest.approx(3 * 0.5 * (old + 4))
    assert found["home"].places == math.inf
    assert found["home"].utilisation == 0


def test_delays_turnaround_and_windows_hold_places_too() -> None:
    to = {"leave": {"share": 1, "transition": stay("6 h", "deterministic")}}
    ward = {"places": 30, "service": stay("1 d"), "turnaround": stay("3 h"), "routes": [{"to": to}]}
    assert loads(build({"ward": ward}, {"d": {"to": "ward", "rate_per_day": 16}}))["ward"].offered == pytest.approx(
        16 * (1 + 0.25 + 0.125)
    )
    # open from 10 to 20: of 24 hours 14 are closed; ready then means half of them and half of the opening hours later
    windowed = {"places": 30, "service": stay("1 d"), "window": {"hours": [10, 20]}}
    held = 1 + 14 / 24 * (7 + 5) / 24
    found = loads(build({"ward": windowed}, {"d": {"to": "ward", "rate_per_day": 16}}))
    assert found["ward"].offered == pytest.approx(16 * held)


def test_shared_pools_with_amounts_that_fall() -> None:
    steps = {"after": "0 h", "amount": 3}, {"after": "12 h", "amount": 1}
    stations = {
        "a": station(10, "1 d", holds={"staff": list(steps)}),
        "b": {"places": "inf", "service": stay("2 d", "deterministic"), "holds": {"staff": 2}},
    }
    sources = {"s": {"to": "a", "rate_per_day": 4}, "t": {"to": "b", "rate_per_day": 1}}
    pool = loads(build(stations, sources, pools={"staff": {"places": 12}}))["staff"]
    first = 1 - math.exp(-0.5)  # days before 12 h of a stay of one day on average
    assert pool.offered == pytest.approx(4 * (3 * first + 1 - first) + 4, rel=2e-3)
    assert pool.utilisation == pytest.approx(pool.offered / 12)
    assert pool.endless


@pytest.mark.parametrize(
    ("source", "a_day"),
    [
        ({"every": stay("2 h")}, 12),
        ({"every": stay("2 h"), "attend": 0.75}, 9),
        ({"every": stay("2 h"), "end": "50 d"}, 6),
        ({"rate_per_day": 10, "batch": 3}, 30),
        ({"rate_per_day": 10, "batch": {1: 0.5, 2: 0.5}}, 15),
        ({"rate_per_day": 10, "level": [{"from": "75 d", "value": 2}]}, 12.5),
        ({"rate_per_day": 10, "begin": "90 d"}, 1),
        ({"times": [f"{k} d" for k in range(25)]}, 0.25),
        ({"rate_per_day": 0}, 0),
    ],
)
def test_mean_rates_of_sources(source: dict[str, Any], a_day: float) -> None:
    network = build({"w": station(1)}, {"s": {"to": "w", **source}})
    assert Averages(network).rates()["s"] * 86_400_000 == pytest.approx(a_day)


def test_mean_places_follow_plan_and_timetable() -> None:
    plan = [{"from": "0 d", "places": 20}, {"from": "75 d", "places": 16}]
    hours = [{"hours": [8, 20], "places": 30}]
    ward = {**station(plan), "timetable": hours, "escalation": {"places": 2, "trigger": {"queued": 5}}}
    network = build({"w": station(plan), "v": ward}, {"s": {"to": "v", "rate_per_day": 27}})
    found = loads(network)
    assert found["w"].places == pytest.approx(19)
    assert found["v"].places == pytest.approx((30 + 19) / 2)
    assert found["v"].utilisation == pytest.approx(27 / 24.5)
    assert found["v"].strain == pytest.approx(27 / 26.5)


# -- what is said -----------------------------------------------------------------------------------------------------

OVER = {"ward": station(30)}
DOOR = {"door": {"to": "ward", "rate_per_day": 40}}


def test_an_overloaded_queue_is_reported() -> None:
    results = simulate(_file(OVER, DOOR), 3)
    found = steadiness(results.axes.network, results.queues)
    assert found.warnings == [
        "no steady state at 'ward': offered load 1.33 of its places (40.0 for 30 places); the queue grows without end "
        "and the means below are those of this horizon only"
    ]
    written = document(results, found)
    assert written["warnings"] == found.warnings
    assert (written["steady"]["steady"], written["steady"]["overloaded"]) == (False, ["ward"])
    ward = written["steady"]["stations"]["ward"]
    assert (ward["offered_load"], ward["places"], ward["utilisation"]) == (40, 30, 1.33333)
    assert ward["growing"]
    assert ward["queue_last_third"] > 2 * ward["queue_first_third"]


def _file(stations: dict[str, Any], sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"horizon": "100 d", "stations": stations, "sources": sources, **more}


@pytest.mark.parametrize(
    "more",
    [
        {"waiting_room": 5},
        {"patience": [{"after": stay("2 h"), "then": "leave"}]},
        {"places": "inf"},
        {"flex": {"elasticity": 1, "scale": 10, "floor": 0.5}},
        {"escalation": {"places": 20, "trigger": {"queued": 5}}},
    ],
)
def test_a_load_that_something_limits_is_no_overload(more: dict[str, Any]) -> None:
    assert steadiness(build({"ward": station(30) | more}, DOOR)).warnings == []


def test_a_queue_behind_a_loss_is_not_judged_by_its_offered_load() -> None:
    stations = {"door": station(5, waiting_room=0, to={"ward": 1}), "ward": station(30)}
    found = loads(build(stations, {"s": {"to": "door", "rate_per_day": 40}}))
    assert not found["ward"].exact
    assert not found["ward"].overloaded


def test_what_an_overloaded_station_passes_on_is_limited_by_its_places() -> None:
    stations = {"first": station(10, to={"second": 1}), "second": station(20)}
    found = loads(build(stations, {"s": {"to": "first", "rate_per_day": 25}}))
    assert found["first"].utilisation == pytest.approx(2.5)
    assert found["second"].offered == pytest.approx(10)
    assert [name for name, load in found.items() if load.overloaded] == ["first"]


def test_a_station_that_only_blocks_overloads_what_stands_before_it() -> None:
    stations = {"ward": station(100, to={"care": 0.5, "leave": 0.5}), "care": station(10, waiting_room=0)}
    network = load_network(_file(stations, DOOR))
    assert steadiness(network).overloaded == ["care"]
    results = simulate(network, 3)
    assert steadiness(network, results.queues).growing == ["ward"]  # at most 100 can be blocked


def test_blocking_that_overloads_is_seen_in_the_queue() -> None:
    """Both stations are below their places, but blocked people take them up."""
    stations = {"ward": station(22, to={"care": 0.2, "leave": 0.8}), "care": station(4, "1 d", waiting_room=0)}
    file = _file(stations, {"door": {"to": "ward", "rate_per_day": 19.6}})
    network = load_network(file | {"horizon": "300 d"})
    assert steadiness(network).steady
    results = simulate(network, 6, workers=2)
    found = steadiness(network, results.queues)
    assert "ward" in found.growing
    assert any("grew from" in text and "too much load or blocking" in text for text in found.warnings)


def test_no_steady_state_is_expected_where_the_file_changes_with_time() -> None:
    growing = {"door": {"to": "ward", "rate_per_day": 40, "growth_per_year": 0.5}}
    found = steadiness(build(OVER, growing))
    assert found.changes == ["growth_per_year of source 'door'"]
    assert "over the measured time" in found.warnings[0]
    assert "growth_per_year of source 'door' changes in it" in found.warnings[0]
    morning = {"door": {"to": "ward", "rate_per_day": 4, "hour": [1] * 12 + [3] * 12}}
    assert steadiness(build(OVER, morning)).changes == []  # a hundred days are many cycles of a day
    assert steadiness(build(OVER, morning, horizon="3 d")).changes == ["hour of source 'door'"]


def test_appointments_limit_a_station() -> None:
    clinic = {"places": 100, "service": stay("20 min"), "slots": [{"hours": [9, 17], "each_hour": 2}]}
    found = steadiness(build({"clinic": clinic}, {"s": {"to": "clinic", "rate_per_day": 20}}))
    assert found.warnings[0].startswith("no steady state at 'clinic': 1.25 visits for each appointment offered")


def test_closed_networks_and_those_without_a_way_out() -> None:
    ring = {"up": station("inf", to={"repair": 1}), "repair": station(2, to={"up": 1})}
    census = [{"station": "up", "class": "all", "count": 10}]
    closed = build(ring, {}, census=census)
    assert math.isnan(loads(closed)["repair"].offered)
    assert steadiness(closed).warnings == []
    fed = build(ring, {"s": {"to": "up", "rate_per_day": 1}}, census=census)
    assert "those who come to 'up' can never leave" in steadiness(fed).warnings[0]


def test_a_load_of_exactly_one_has_no_steady_state() -> None:
    found = loads(build({"w": station(30)}, {"s": {"to": "w", "rate_per_day": 30}}))
    assert found["w"].overloaded


def test_trends_need_growth_that_is_sure_and_matters() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 0.1, (10, 4, 3))
    queues = np.array([[1, 1, 1], [1, 2, 3], [0.01, 0.1, 0.2], [10, 10, 11]]) + np.abs(noise)
    names = ["still", "growing", "tiny", "hardly"]
    found = trends(names, list(queues))
    assert [n for n in names if found[n].growing] == ["growing"]
    assert trends(names, list(queues[:1])) == {}
    equal = trends(["a"], [np.array([[0.0, 0, 0]])] * 3)
    assert not equal["a"].growing


def test_circles_that_may_lock_up_are_noted() -> None:
    stations = {
        "a": station(2, to={"b": 0.5, "leave": 0.5}, waiting_room=1),
        "b": station(2, to={"a": 0.5, "c": 0.5}, waiting_room=0),
        "c": station(2, to={"c": 0.5, "leave": 0.5}, waiting_room=0),
    }
    network = build(stations, {"s": {"to": "a", "rate_per_day": 1}})
    assert steadiness(network).notes[0].startswith("stations a, b can block one another in a circle")
    stations["a"]["waiting_room"] = "inf"
    assert steadiness(build(stations, {})).notes == []


@pytest.mark.nightly
def test_rules_that_tell_too_many_kinds_apart_are_left_alone() -> None:
    names = [f"x{k}" for k in range(4)]
    levels = [str(k) for k in range(40)]
    where = {name: "1" for name in names}
    ward = {"places": 1, "service": [{"where": where, "use": stay("1 d")}, {"use": stay("1 d")}]}
    network = build({"w": ward}, {"s": {"to": "w", "rate_per_day": 1}}, attributes=dict.fromkeys(names, levels))
    assert offered_load(network) is None
    assert "not worked out" in steadiness(network).notes[0]
