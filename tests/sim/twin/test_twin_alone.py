"""The reference program on networks small enough to be worked by hand from ``docs/semantics.md``: the oldest rules.

People are let in by gates (see ``tests.sim.twin.twin_timelines``), which stand last in the file unless a test is about
their order.
"""

import math
from typing import Any

import numpy as np
import pytest
from scipy import special

from sim.clock import HOUR
from sim.errors import ConservationError
from sim.kernel.draws import _words, pair
from sim.kernel.layout import FLOWS, STATES, WAIT_EDGES
from sim.network.load import load_network
from sim.network.schema import Service
from sim.rates import stream
from sim.services import EXPONENTIAL, WEIBULL, mean_ms, resolve
from sim.twin import Twin
from sim.twin.quantiles import inverse_normal, quantile
from tests.sim.twin.twin_timelines import REPLICATION, SEED, WORD, Run, build, exactly, ward


def test_blocking_cascades_through_two_stations() -> None:
    # p0: A 1-2, B 2-3, C 3-9. p1: A 2-3, blocked for 0 ms (A counts before B), B 3-4, blocked at B until 9, C 9-15.
    # p2: A 3-4, blocked at A 4-9, B 9-10, blocked at B 10-15, C 15-21. p3: waits 5-9, A 9-10, blocked at A 10-15,
    # B 15-16, blocked at B 16-21, C 21-27.
    stations = {"A": ward(1, 1, "B"), "B": ward(1, 1, "C", waiting_room=0), "C": ward(1, 6, waiting_room=0)}
    run = Run(build(stations, [(1, "a", "A"), (2, "a", "A"), (3, "a", "A"), (5, "a", "A")]))
    assert [run.area("A", s) for s in STATES] == [4, 4, 10, 0, 0]
    assert [run.area("B", s) for s in STATES] == [0, 4, 15, 0, 10]
    assert [run.area("C", s) for s in STATES] == [0, 24, 0, 0, 15]
    through = {"transferred_in": 4, "started": 4, "served": 4}
    assert run.flows("A") == {**through, "transferred_out": 4, "delayed": 3, "waited": 1}
    assert run.flows("B") == {**through, "transferred_out": 4, "delayed": 3}
    assert run.flows("C") == {**through, "left": 4}
    assert run.waited("A") == 4
    at_four_hours = WAIT_EDGES.tolist().index(4 * HOUR)
    assert run.seen["wait_hist"][0, 0].nonzero()[0].tolist() == [at_four_hours]
    assert run.seen["wait_over"][0, 0, 0].tolist() == [1, 0]  # strictly above 0 h, not above 4 h
    assert run.seen["events"] == 4 + 12


def test_blocked_moves_into_the_waiting_room() -> None:
    # B holds one, one may wait. q0: B 1-11. q1 waits 2-11. q2 (A 2-3) is blocked 3-11, joins the room at 11.
    stations = {"A": ward(1, 1, "B"), "B": ward(1, 10, waiting_room=1)}
    run = Run(build(stations, [(1, "a", "B"), (2, "a", "B"), (2, "a", "A")]))
    assert run.area("A", "blocked") == run.area("B", "awaited") == 8
    assert run.area("B", "waiting") == 9 + 10
    assert run.waited("B") == 9 + 10
    assert run.flow("B", "waited") == 2
    assert run.flow("A", "transferred_out") == 1


def test_closing_places_drain() -> None:
    # Three are in service for 4, 5 and 8 h more; places are 3, from 2 h on 1, from 6 h on 2. One waits from 3 to 6 h.
    plan = [{"from": "0 h", "places": 3}, {"from": "2 h", "places": 1}, {"from": "6 h", "places": 2}]
    here = [{"station": "W", "class": "a", "count": 1, "elapsed": f"{10 - left} h"} for left in (4, 5, 8)]
    run = Run(build({"W": ward(plan, 10)}, [(3, "a", "W")], census=here))
    assert run.seen["places_area"][0, 0] == (3 * 2 + 1 * 4 + 2 * 34) * HOUR
    assert run.seen["draining_area"][0, 0] == (2 * 2 + 1 * 1) * HOUR
    assert run.waited("W") == 3
    assert run.area("W", "in_service") == 4 + 5 + 8 + 10
    assert run.flows("W") == {"transferred_in": 1, "started": 1, "served": 4, "left": 4, "waited": 1}
    assert run.snapshot("W", "places")[:8] == [3, 3, 3, 1, 1, 1, 1, 2]  # taken before changes


def test_full_waiting_room_turns_visitors_away() -> None:
    # Three leave their gates and come back half an hour later: one starts, one waits, one is lost.
    stations = {"W": ward(1, 10, waiting_room=1)}
    gates = [{"probability": 1, "after": exactly(0.5), "to": "W"}]
    network = {f"door {i}": ward("inf", i, returns=gates) for i in (1, 2, 3)}
    rows = [{"station": name, "class": "a", "count": 1, "elapsed": "0 h"} for name in network]
    run = Run(build({**stations, **network}, census=rows))
    assert run.flows("W") == {"returned": 3, "started": 2, "served": 2, "left": 2, "lost": 1, "waited": 1}
    assert run.area("W", "waiting") == 9
    assert run.flow("door 3", "left") == 1


def test_room_limits_are_per_class() -> None:
    # The waiting room takes nobody of class a (p1 is blocked in its gate from 1 h) but anyone of class b (from 2 h).
    # At 5 h the one who waits goes before the one who is blocked, though the other has been there longer.
    stations = {"W": ward(1, 5, waiting_room={"a": 0})}
    run = Run(build(stations, [(0, "a", "W"), (1, "a", "W"), (2, "b", "W")]))
    assert run.area("W", "waiting", 1) == 3
    assert run.area("gate 1", "blocked") == 9
    assert run.area("W", "awaited", 0) == 9


def test_priority_goes_before_patience() -> None:
    stations = {"W": ward(1, 5, priority={"a": 1})}
    run = Run(build(stations, [(0, "a", "W"), (1, "a", "W"), (2, "b", "W")]))
    assert run.waited("W", 1) == 3
    assert run.waited("W", 0) == 9
    assert run.seen["wait_over"][0, 0].tolist() == [[1, 1], [1, 0]]


def test_reserve_keeps_the_last_place_free() -> None:
    # a0: 1-5. a1 asks at 2: 1 + 1 < 2 fails. b asks at 3 and may: 3-7. a1 must see the station empty: starts at 7.
    run = Run(build({"W": ward(2, 4, reserve={"a": 1})}, [(1, "a", "W"), (2, "a", "W"), (3, "b", "W")]))
    assert run.waited("W", 0) == 5
    assert run.flow("W", "waited", 1) == 0
    assert run.snapshot("W", "in_service")[:12] == [0, 0, 1, 1, 2, 2, 1, 1, 1, 1, 1, 1]


def test_discharge_window_holds_departures_back() -> None:
    # The start, 1 April 2018, is a Sunday. Doors are open from 10 to 12.
    window = {"weekdays": [0, 6], "hours": [10, 12]}
    run = Run(build({"W": ward("inf", 0, window=window)}, [(3, "a", "W"), (11.5, "a", "W"), (12, "a", "W")]))

    def moved(person: int, hours: int) -> int:
        _, b = pair(SEED, REPLICATION, 4, np.uint64(stream(f"census:{person}") << 40), 2)
        return hours * HOUR + math.floor(b * 2 * HOUR)

    held = (moved(0, 10) - 3 * HOUR) + (moved(2, 34) - 12 * HOUR)
    assert run.seen["area"][0, 0, 0, STATES.index("in_transition")] == held
    assert run.seen["events"] == 3 + 3 + 2  # at 11:30 one leaves at once


def test_open_hours_run_over_midnight_and_the_week() -> None:
    window = [{"weekdays": [6], "hours": [22, 24]}, {"weekdays": [0], "hours": [0, 1]}]
    run = Run(build({"W": ward("inf", 0, window=window)}, [(3, "a", "W")]))
    _, b = pair(SEED, REPLICATION, 4, np.uint64(stream("census:0") << 40), 2)
    held = 19 * HOUR + math.floor(b * 3 * HOUR)
    assert run.seen["area"][0, 0, 0, STATES.index("in_transition")] == held


def test_transition_keeps_the_place() -> None:
    # p0: A 1-2, in transition 2-5, B 5-6. p1 waits 1-5 (gate order), A 5-6, in transition 6-9, B 9-10.
    route = [{"to": {"B": {"share": 1, "transition": exactly(3)}}}]
    run = Run(build({"A": {**ward(1, 1), "routes": route}, "B": ward(1, 1)}, [(1, "a", "A"), (1, "a", "A")]))
    assert [run.area("A", s) for s in STATES] == [4, 2, 0, 6, 0]
    assert run.area("B", "in_service") == 2
    assert run.snapshot("A", "in_transition")[:7] == [0, 0, 0, 1, 1, 1, 0]


def test_return_visit_and_fingerprint() -> None:
    # One entity ends its stay at 2 h, is away 3 h, and is served for 2 h as a new identity; nobody comes back twice
    # before the end, because the next return is due at the horizon.
    back = [{"probability": 1, "after": exactly(3), "to": "W"}]
    rows = [{"station": "W", "class": "b", "count": 1, "elapsed": "0 h"}]
    run = Run(build({"W": ward(1, 2, returns=back)}, census=rows, horizon="10 h"))
    identity = stream("census:0") << 40
    key = np.uint64(REPLICATION * 256 + 6)
    again = int(_words(np.uint64(identity), np.uint64(0), np.uint64(SEED), key)[0]) | 1 << 63
    f = 0
    for hour, rank, who in ((2, 3, identity), (5, 5, again), (7, 3, again)):
        f = ((f ^ hour * HOUR) * 0x9E3779B97F4A7C15) & WORD
        f = ((f ^ who ^ rank << 56) * 0xD1B54A32D192ED03) & WORD
        f ^= f >> 29
    assert (run.seen["events"], run.seen["fingerprint"]) == (3, f)
    assert run.flows("W") == {"returned": 1, "started": 1, "served": 2, "left": 2}
    assert run.area("W", "in_service", 1) == 4
    assert run.twin.world.away == 1


@pytest.mark.parametrize("gates_first", [False, True])
def test_stations_of_one_instant_go_in_the_order_of_the_file(gates_first: bool) -> None:
    # At 2 h one stay ends at W and another person asks for the place: who comes first depends on the file alone.
    run = Run(build({"W": ward(1, 1, waiting_room=1)}, [(1, "a", "W"), (2, "a", "W")], gates_first))
    assert run.flow("W", "waited") == int(gates_first)  # the wait of 0 ms of one who asked too early
    assert run.waited("W") == 0
    assert run.seen["wait_over"].sum() == 0


def test_identities_of_one_instant_go_in_order() -> None:
    # Two leave the same gate at 1 h for one place; the lower identity gets it, whatever the order of the rows.
    rows = [{"station": "gate", "class": cls, "count": 1, "elapsed": "0 h"} for cls in ("a", "b")]
    run = Run(build({"W": ward(1, 5), "gate": ward("inf", 1, "W")}, census=rows))
    later = int(stream("census:1") > stream("census:0"))
    assert run.waited("W", later) == 5
    assert run.waited("W", 1 - later) == 0


def test_stay_of_no_time_is_over_in_the_same_instant() -> None:
    run = Run(build({"W": ward(1, 0), "V": ward(1, 0, "W")}, [(1, "a", "V"), (1, "a", "V")]))
    assert run.flows("W") == {"transferred_in": 2, "started": 2, "served": 2, "left": 2}
    # the stay of the first at V (rank 3, station V) ends before the second gate, which stands after V, opens
    assert run.flow("V", "waited") == 0
    assert run.seen["events"] == 6


def test_transfer_to_itself_keeps_the_place() -> None:
    # Who is in a station that only leads to itself never gives its place to those who wait.
    run = Run(build({"W": ward(1, 10, "W")}, [(0, "a", "W"), (1, "a", "W")]))
    assert run.flows("W") == {"transferred_in": 2 + 3, "transferred_out": 3, "started": 4, "served": 3}
    assert run.area("W", "waiting") == 39


def test_flex_and_multiplier_are_fixed_when_a_stay_starts() -> None:
    # One occupies W for 4 h; two wait. At 4 h the first of them leaves one behind: 4 h * (1 + 1)**-1 = 2 h, so 4-6.
    # From 6 h on stays take twice as long, and the second has nobody behind it: 8 h, so 6-14.
    flex = {"elasticity": 1, "scale": 1, "floor": 0.3}
    station = ward(1, 4, flex=flex, multiplier=[{"from": "6 h", "value": 2}])
    here = [{"station": "W", "class": "a", "count": 1, "elapsed": "0 h"}]
    run = Run(build({"W": station}, [(1, "a", "W"), (2, "a", "W")], census=here))
    assert run.waited("W") == (4 - 1) + (6 - 2)
    assert run.area("W", "in_service") == 4 + 2 + 8


def test_flex_has_a_floor() -> None:
    station = ward(1, 4, flex={"elasticity": 1, "scale": 1, "floor": 0.75})
    run = Run(build({"W": station}, [(1, "a", "W"), (2, "a", "W"), (2, "a", "W")]))
    # 1-5, then with one behind 0.75 * 4 h: 5-8, then 8-12
    assert run.area("W", "in_service") == 4 + 3 + 4


def test_planned_changes_between_calls() -> None:
    network = build({"W": ward(1, 4)}, [(1, "a", "W"), (2, "b", "W"), (3, "b", "W")])
    twin = Twin(network, SEED, REPLICATION)
    twin.advance(3 * HOUR)
    twin.change(4 * HOUR, "multiplier", ("W", "b"), 3.0)
    twin.change(4 * HOUR, "places", "W", 3)
    twin.change(4 * HOUR, "places", "W", 2)
    with pytest.raises(ValueError, match="clock"):
        twin.change(2 * HOUR, "places", "W", 2)
    twin.advance(40 * HOUR)
    seen = twin.observations()
    # places change before multipliers: both start at 4 h and stay 4 h; from then on one of three places drains
    assert seen["wait_total"][0, 0].tolist() == [0, (2 + 1) * HOUR]
    assert seen["area"][0, 0, 1, STATES.index("in_service")] == 8 * HOUR
    assert seen["draining_area"][0, 0] == 1 * HOUR  # three are there from 4 h to 5 h
    assert seen["places_area"][0, 0] == (4 + 2 * 36) * HOUR


def test_shares_change_with_time() -> None:
    to = {
        "leave": {"share": [{"from": "0 h", "value": 1}, {"from": "5 h", "value": 0}]},
        "V": {"share": [{"from": "5 h", "value": 1}]},
    }
    stations = {"W": {**ward("inf", 1), "routes": [{"to": to}]}, "V": ward("inf", 1)}
    run = Run(build(stations, [(1, "a", "W"), (4, "a", "W"), (5, "a", "W")]))
    assert run.flow("W", "left") == 1  # at 2 h; the stay that ends at 5 h sees the new shares
    assert run.flow("V", "transferred_in") == 2


RICH: dict[str, Any] = {
    "start": "2018-04-27",
    "horizon": "11 d",
    "classes": ["elective", "urgent"],
    "attributes": {"age": ["young", "old"], "frail": ["no", "yes"], "site": ["x", "y", "z"]},
    "services": {
        "long": {"kind": "lognormal", "mean": "1.5 d", "cv": 1.2},
        "mix": {
            "kind": "mixture",
            "parts": [
                {"kind": "exponential", "mean": "2 h", "share": 0.3},
                {"kind": "gamma", "mean": "1 d", "shape": 2, "share": 0.7},
            ],
        },
    },
    "noise": {"weather": {"variance": 0.2, "correlation": 0.5}},
    "sources": {
        "doctor": {
            "class": "elective",
            "to": "ward",
            "rate_per_day": 6,
            "attributes": {"age": "old", "site": {"z": 0.4, "x": 0.6}},
        },
        "door": {
            "class": "urgent",
            "to": "hall",
            "rate_per_day": 20,
            "noise": "weather",
            "attributes": {"age": {"young": 0.3, "old": 0.7}, "frail": {"no": 0.5, "yes": 0.5}},
        },
    },
    "stations": {
        "hall": {
            "places": 4,
            "waiting_room": {"urgent": 6},
            "service": {"kind": "weibull", "mean": "3 h", "shape": 1.4},
            "flex": {"elasticity": 0.4, "scale": 3},
            "routes": [
                {"where": {"frail": "yes"}, "to": {"ward": 0.9, "leave": 0.1}},
                {"to": {"ward": {"share": 0.5, "transition": {"kind": "exponential", "mean": "1 h"}}, "leave": 0.5}},
            ],
        },
        "ward": {
            "places": [{"from": "0 d", "places": 24}, {"from": "3 d", "places": 20}, {"from": "6 d", "places": 27}],
            "waiting_room": {"elective": "inf", "urgent": 2},
            "priority": {"elective": 1},
            "reserve": {"elective": 1},
            "multiplier": {"urgent": [{"from": "4 d", "value": 1.3}]},
            "service": [{"where": {"frail": "yes"}, "use": "long"}, {"use": "mix"}],
            "window": [{"weekdays": [0, 1, 2, 3, 4], "hours": [9, 18]}, {"hours": [11, 15]}],
            "routes": [{"to": {"home care": 0.4, "ward": 0.05, "leave": 0.55}}],
            "returns": [{"probability": 0.2, "after": {"kind": "exponential", "mean": "1 d"}, "to": "hall"}],
        },
        "home care": {
            "places": 12,
            "waiting_room": 0,
            "service": {"kind": "erlang", "mean": "2 d", "shape": 3},
            "returns": [
                {
                    "where": {"age": "old"},
                    "probability": 0.3,
                    "after": {"kind": "deterministic", "mean": "5 h"},
                    "to": "hall",
                }
            ],
        },
    },
    "census": [
        {"station": "ward", "class": "urgent", "count": 17, "attributes": {"frail": "yes"}},
        {"station": "home care", "class": "elective", "count": 9, "elapsed": "1 d"},
    ],
    "observe": {"period": "month", "snapshot_every": "6 h", "wait_over": ["4 h"], "by": ["frail", "site"]},
}


def test_cutting_a_run_at_odd_instants_changes_nothing() -> None:
    network = load_network(RICH)
    horizon = int(network.horizon)
    whole, cut = Twin(network, SEED, 0), Twin(network, SEED, 0)
    whole.advance(horizon)
    for at in (0, 1, HOUR - 1, HOUR, HOUR + 1, 4 * 24 * HOUR, 4 * 24 * HOUR, 7_777_777 * 60, 13 * 24 * HOUR):
        cut.advance(at)
    a, b = whole.observations(), cut.observations()
    assert a.keys() == b.keys()
    for name in a:
        assert np.array_equal(a[name], b[name]), name
    assert a["area"].shape == (2, 3, 12, 5)
    assert a["flow"].sum(axis=(0, 2)).min(axis=0)[FLOWS.index("started")] > 0
    for name in ("lost", "delayed", "waited", "returned"):  # the network is rich: everything happens in it
        assert a["flow"][..., FLOWS.index(name)].sum() > 0, name
    assert a["draining_area"].sum() > 0
    assert a["events"] > 500


def test_replications_differ_and_repeat() -> None:
    network = load_network(RICH)

    def mark(seed: int, replication: int) -> int:
        twin = Twin(network, seed, replication)
        twin.advance(2 * 24 * HOUR)
        return twin.observations()["fingerprint"]

    assert mark(1, 0) == mark(1, 0)
    assert len({mark(1, 0), mark(1, 1), mark(2, 0)}) == 3


def test_arrivals_follow_rate_and_shares() -> None:
    network = load_network(
        {
            "horizon": "100 d",
            "classes": ["a"],
            "attributes": {"one": ["x", "y"], "two": ["x", "y"]},
            "sources": {
                "s": {"class": "a", "to": "W", "rate_per_day": 40, "attributes": {"two": {"x": 0.2, "y": 0.8}}}
            },
            "stations": {"W": {"places": "inf", "service": exactly(1)}},
            "observe": {"by": ["one", "two"], "period": "100 d"},
        }
    )
    run = Run(network)
    arrived = run.seen["flow"][0, 0, :, FLOWS.index("arrived")]
    assert arrived.sum() == pytest.approx(4000, abs=5 * math.sqrt(4000))
    assert arrived.tolist()[2:] == [0, 0]  # an attribute that the source leaves out is at its first level
    assert arrived[1] == pytest.approx(0.8 * 4000, abs=5 * math.sqrt(3200))
    assert run.snapshot("W", "places")[0] == -1
    assert run.seen["places_area"].sum() == 0


def test_lost_entities_are_noticed() -> None:
    twin = Twin(build({"W": ward(2, 4)}, [(1, "a", "W"), (2, "a", "W")]), SEED, REPLICATION)
    twin.advance(3 * HOUR)
    twin.world.entities.popitem()
    with pytest.raises(ConservationError):
        twin._end_period()


def test_invented_places_are_noticed() -> None:
    twin = Twin(build({"W": ward(2, 4)}, [(1, "a", "W")]), SEED, REPLICATION)
    twin.world.pools[0].occupied += 1
    with pytest.raises(ConservationError, match="places are held"):
        twin.advance(40 * HOUR)


def test_inverse_normal() -> None:
    p = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 2001), np.logspace(-16, -2, 50)])
    assert np.allclose([inverse_normal(float(x)) for x in p], special.ndtri(p), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "exponential", "mean": "3 h"},
        {"kind": "lognormal", "mean": "3 h", "cv": 1.5},
        {"kind": "weibull", "mean": "3 h", "shape": 0.8},
        {"kind": "deterministic", "mean": "3 h"},
        {"kind": "gamma", "mean": "3 h", "shape": 0.7},
        RICH["services"]["mix"],
    ],
    ids=lambda given: given["kind"],
)
def test_quantiles_have_the_mean_asked_for(given: dict[str, Any]) -> None:
    service = resolve(Service.model_validate(given))
    u = (np.arange(20_000) + 0.5) / 20_000
    x = [quantile(service, float(share)) for share in u]
    assert np.mean(x) == pytest.approx(mean_ms(service), rel=5e-3)
    # exponential and Weibull are written in -log(u), so that a small u means a long time
    assert x == sorted(x, reverse=service.kind in (EXPONENTIAL, WEIBULL))
