"""Pools, rooms, diversions, batches and clocks that meet: each case is worked by hand from ``docs/semantics.md``.

The comments give the course of events in hours; p1, p2, … are people in the order in which they come.
"""

from typing import Any

import pytest

from sim.clock import HOUR
from tests.sim.by_hand import Outcome, arriving, lasting, network, station


def test_amounts_that_step_down_let_another_station_start() -> None:
    # Two nurses. p1: A 1-7, two nurses until 3, then one. q1 waits for a nurse 2-3, B 3-8. p2 needs two: waits 4-8,
    # A 8-14. q2 waits 9-10, B 10-15.
    steps = [{"after": "0 h", "amount": 2}, {"after": "2 h", "amount": 1}]
    seen = Outcome(
        network(
            {"A": station(3, 6, holds={"nurses": steps}), "B": station(1, 5, holds={"nurses": 1})},
            arriving("A", [1, 4]),
            arriving("B", [2, 9]),
            pools={"nurses": {"places": 2}},
        )
    )
    assert seen.flows("A") == {"arrived": 2, "started": 2, "waited": 1, "served": 2, "left": 2}
    assert seen.hours("A") == {"waiting": 4, "in_service": 12}
    assert seen.flows("B") == {"arrived": 2, "started": 2, "waited": 2, "served": 2, "left": 2}
    assert seen.hours("B") == {"waiting": 2, "in_service": 10}
    assert [seen.of_pool(name, "held_area") for name in ("A", "B", "nurses")] == [[12], [10], [8 + 5 + 8 + 5]]
    assert seen.snapshots("nurses", "occupied")[:9] == [0, 0, 2, 2, 2, 2, 2, 2, 1]
    assert seen.snapshots("nurses", "waiting") == [0] * 24  # of a shared pool, nobody's


def test_batches_larger_than_the_waiting_room() -> None:
    # Five at 1: one starts, two wait, two are lost. Five at 6, when one is in service and one waits: one waits, four
    # are lost. Stays 1-5, 5-9, 9-13, 13-17.
    seen = Outcome(network({"ward": station(1, 4, waiting_room=2)}, arriving("ward", [1, 6], batch=5)))
    assert seen.flows("ward") == {"arrived": 10, "lost": 6, "started": 4, "waited": 3, "served": 4, "left": 4}
    assert seen.hours("ward") == {"waiting": 4 + 8 + 7, "in_service": 16}
    assert seen.waits("ward") == 19
    assert seen.seen["events"] == 10 + 4


@pytest.mark.parametrize("end", [None, "leave"])
def test_diversion_when_all_are_full(end: str | None) -> None:
    # p1 A 1-11, p2 to B 2-12, p3 to C 3-13, p4 at 4 finds all full: lost at A. p5: U 5-6, then blocked for A until 11,
    # A 11-21; where the chain ends with `leave`, it is lost at A instead.
    tiny: dict[str, Any] = {"waiting_room": 0}
    last = {"divert": end} if end else {}
    seen = Outcome(
        network(
            {
                "U": station(1, 1, "A"),
                "A": station(1, 10, **tiny, divert="B"),
                "B": station(1, 10, **tiny, divert="C"),
                "C": station(1, 10, **tiny, **last),
            },
            arriving("A", [1, 2, 3, 4]),
            arriving("U", [5]),
        )
    )
    blocked, served = (0, 1) if end else (1, 2)
    assert seen.flows("A") == {
        "arrived": 4, "transferred_in": 1, "started": served, "served": served, "left": served, "diverted": 2,
        "lost": 3 - served,
    }  # fmt: skip
    for name in ("B", "C"):
        assert seen.flows(name) == {"transferred_in": 1, "started": 1, "served": 1, "left": 1}
    expected = {"arrived": 1, "started": 1, "served": 1, "transferred_out": 1, "delayed": blocked}
    assert seen.flows("U") == {flow: n for flow, n in expected.items() if n}
    assert seen.hours("U") == ({"in_service": 1} if end else {"in_service": 1, "blocked": 5})


def test_diversion_of_a_transfer_into_a_waiting_room() -> None:
    # p1 A 1-11. p2: U 1-2, A is full, waits at B from 2 (B is held 1-4 by q): B 4-7.
    seen = Outcome(
        network(
            {
                "U": station(1, 1, "A"),
                "A": station(1, 10, waiting_room=0, divert="B"),
                "B": station(1, 3, waiting_room=1),
            },
            arriving("A", [1]),
            arriving("U", [1]),
            arriving("B", [1]),
        )
    )
    assert seen.flows("A") == {"arrived": 1, "started": 1, "served": 1, "left": 1, "transferred_in": 1, "diverted": 1}
    assert seen.flows("B") == {
        "arrived": 1, "transferred_in": 1, "started": 2, "waited": 1, "served": 2, "left": 2,
    }  # fmt: skip
    assert seen.hours("B") == {"waiting": 2, "in_service": 6}


def test_timetable_over_a_plan() -> None:
    # One place, two from 9 to 12, and three by the plan from 10 on, which holds when the timetable is over. Five come
    # at 1, for 4 h each: 1-5, 5-9, 9-13, 9-13, 12-16.
    plan = [{"from": "0 h", "places": 1}, {"from": "10 h", "places": 3}]
    ward = station(plan, 4, timetable=[{"hours": [9, 12], "places": 2}])
    seen = Outcome(network({"ward": ward}, arriving("ward", [1], batch=5)))
    assert seen.of_pool("ward", "places_area") == [9 + 3 * 2 + 12 * 3]
    assert seen.hours("ward") == {"waiting": 4 + 8 + 8 + 11, "in_service": 20}
    assert seen.snapshots("ward", "places")[8:14] == [1, 1, 2, 2, 2, 3]


def test_timetable_at_the_start_and_places_that_drain_by_it() -> None:
    # Two places from midnight to 2, then one. p1, p2 1-5: one drains 2-5. p3, p4 wait from 3: 5-9, 9-13.
    ward = station(1, 4, timetable=[{"hours": [0, 2], "places": 2}])
    seen = Outcome(network({"ward": ward}, arriving("ward", [1, 3], batch=2)))
    assert seen.of_pool("ward", "places_area") == [2 * 2 + 22]
    assert seen.of_pool("ward", "draining_area") == [3]
    assert seen.hours("ward") == {"waiting": 2 + 6, "in_service": 16}


@pytest.mark.parametrize(("choose", "to_x", "to_y"), [("shortest", 3, 3), ("first_free", 4, 2), ("least_loaded", 2, 4)])
def test_destination_by_its_state(choose: str, to_x: int, to_y: int) -> None:
    # One an hour. X has one place, Y two, for long stays. Shortest: X, X, Y, Y, Y, X (queues 0-0, 0-0, 1-0, 1-0, 1-0,
    # 1-1). First free: X, Y, Y, and then X, which has room. Least loaded: X, Y, Y, X (1 and 2/2), Y (2 and 2/2),
    # Y (2 and 3/2).
    seen = Outcome(
        network(
            {
                "front": station("inf", 1) | {"routes": [{"to": ["X", "Y"], "choose": choose}]},
                "X": station(1, 48),
                "Y": station(2, 48),
            },
            arriving("front", [1, 2, 3, 4, 5, 6]),
        )
    )
    assert seen.flows("X") == {"transferred_in": to_x, "started": 1}
    assert seen.flows("Y") == {"transferred_in": to_y, "started": 2}


def test_patience_sends_elsewhere_and_ends_in_death() -> None:
    # p1 S 1-11. p2 waits 2-4, then D 4-7. p3 waits 3-5, then waits for D 5-7, D 7-10. q (b) waits 3.5-4.5 and dies.
    ward = station(1, 10)
    ward["patience"] = [
        {"where": {"class": "b"}, "after": lasting(1), "then": "die"},
        {"after": lasting(2), "then": "D"},
    ]
    seen = Outcome(network({"S": ward, "D": station(1, 3)}, arriving("S", [1, 2, 3]), arriving("S", [3.5], "b")))
    assert seen.flows("S", "a") == {"arrived": 3, "started": 1, "served": 1, "left": 1, "reneged": 2}
    assert seen.flows("S", "b") == {"arrived": 1, "died": 1}
    assert seen.flows("D") == {"transferred_in": 2, "started": 2, "waited": 1, "served": 2, "left": 2}
    assert seen.hours("S") == {"waiting": 2 + 2 + 1, "in_service": 10}
    assert seen.hours("D") == {"waiting": 2, "in_service": 6}


def test_room_for_those_inside_is_counted_apart() -> None:
    # p1 S 1-11. p2 waits from 2; p3 at 3 finds no room outside: lost. q1 (U 3-4) waits inside from 4; q2 (U 4-5) finds
    # no room inside: blocked. At 11 p2 starts, S 11-21, and the room inside is still full; at 21 q1 starts and q2 moves
    # into the room.
    seen = Outcome(
        network(
            {"U": station("inf", 1, "S"), "S": station(1, 10, waiting_room=1, inside_room=1)},
            arriving("S", [1, 2, 3]),
            arriving("U", [3, 4]),
        )
    )
    assert seen.flows("S") == {
        "arrived": 3, "transferred_in": 2, "started": 3, "waited": 2, "served": 2, "left": 2, "lost": 1,
    }  # fmt: skip
    assert seen.flows("U") == {"arrived": 2, "started": 2, "served": 2, "delayed": 1, "transferred_out": 2}
    assert seen.hours("S") == {"waiting": 9 + 17 + 3, "in_service": 10 + 10 + 3, "awaited": 16}
    assert seen.hours("U") == {"in_service": 2, "blocked": 16}
    assert seen.waits("S") == 26


@pytest.mark.parametrize(
    ("first", "blocked_at", "waits_from", "b_is_first"),
    [("waiting", 2, 3, True), ("blocked", 3, 2, False), ("longest", 2, 3, False), ("longest", 3, 2, True)],
)
def test_who_is_first_among_waiting_and_blocked(
    first: str, blocked_at: float, waits_from: float, b_is_first: bool
) -> None:
    # S is held 1-7. p (a) is blocked for it in U, q (b) waits. The first starts at 7, the other at 13.
    seen = Outcome(
        network(
            {"U": station("inf", 1, "S"), "S": station(1, 6, waiting_room={"a": 0, "b": 1}, first=first)},
            arriving("S", [1]),
            arriving("U", [blocked_at - 1]),
            arriving("S", [waits_from], "b"),
        )
    )
    a, b = (13, 7) if b_is_first else (7, 13)
    assert seen.hours("U") == {"in_service": 1, "blocked": a - blocked_at}
    assert seen.hours("S", "b") == {"waiting": b - waits_from, "in_service": 6}


def test_census_of_those_who_wait() -> None:
    # Two places. One is in service until 6, three wait: one starts at 0, two at 6, whatever the room of one. p1 at 1
    # finds two waiting: lost. p2 waits 7-12, 12-18.
    rows = [
        {"station": "ward", "class": "a", "count": 1, "elapsed": "0 h"},
        {"station": "ward", "class": "a", "count": 3, "state": "waiting"},
    ]
    seen = Outcome(network({"ward": station(2, 6, waiting_room=1)}, arriving("ward", [1, 7]), census=rows))
    assert seen.flows("ward") == {"arrived": 2, "lost": 1, "started": 4, "waited": 4, "served": 5, "left": 5}
    assert seen.hours("ward") == {"waiting": 12 + 5, "in_service": 5 * 6}
    assert seen.waits("ward") == 17
    assert (seen.snapshots("ward", "waiting")[0], seen.snapshots("ward", "in_service")[0]) == (2, 2)


@pytest.mark.parametrize(
    ("warm_up", "ended", "over", "total", "bins"),
    [
        ("0 h", [3, 3], [2, 2], [2 + 5 + 8, 4 + 7 + 10], {0: 1, 617: 1, 649: 1}),
        ("8 h", [1, 2], [1, 2], [8, 7 + 10], {649: 1}),
    ],
)
def test_clocks_and_fine_waits(
    warm_up: str, ended: list[int], over: list[int], total: list[int], bins: dict[int, int]
) -> None:
    # p1: A 1-3, B 3-7. p2: A 2-4, waits to 7, B 7-11. p3: A 3-5, waits to 11, B 11-15. Waits of 0, 3 and 6 h: 3 h are
    # 10,800,000 ms, between 2^23 and 2^24, 41 steps of 2^18: bin 64 + 32 * 17 + 41 mod 32.
    clocks = {
        "door to bed": {"station": "B", "since": "visit", "until": "started", "within": "4 h"},
        "at B": {"station": "B", "until": "left", "within": "5 h"},
    }
    seen = Outcome(
        network(
            {"A": station("inf", 2, "B"), "B": station(1, 4)},
            arriving("A", [1, 2, 3]),
            warm_up=warm_up,
            observe={"period": "24 h", "clocks": clocks, "wait_quantiles": True},
        )
    )
    assert seen.seen["clock_ended"].sum(axis=(0, 2)).tolist() == ended
    assert seen.seen["clock_over"].sum(axis=(0, 2)).tolist() == over
    assert (seen.seen["clock_total"].sum(axis=(0, 2)) / HOUR).tolist() == total
    fine = seen.seen["wait_fine"].sum(axis=1)
    assert {b: int(n) for b, n in enumerate(fine[1]) if n} == bins
    assert {b: int(n) for b, n in enumerate(fine[0]) if n} == ({0: 3} if warm_up == "0 h" else {})


def test_clock_ends_when_somebody_gives_up() -> None:
    # p1: S 1-11. p2 waits 2-4 and leaves: 2 h, though it never started. p3 at 3 is lost: no clock.
    ward = station(1, 10, waiting_room=1, patience=[{"after": lasting(2), "then": "leave"}])
    clocks = {
        "there": {"station": "S", "within": "3 h"},
        "start": {"station": "S", "until": "started", "within": "0 h"},
    }
    observe = {"period": "24 h", "clocks": clocks}
    seen = Outcome(network({"S": ward}, arriving("S", [1, 2, 3]), observe=observe))
    assert seen.seen["clock_ended"].sum(axis=(0, 2)).tolist() == [2, 1]
    assert seen.seen["clock_over"].sum(axis=(0, 2)).tolist() == [1, 0]
    assert (seen.seen["clock_total"].sum(axis=(0, 2)) / HOUR).tolist() == [12, 0]


def test_diverted_to_where_one_comes_from() -> None:
    # A is held 0.5-20.5 and diverts to B. B has two places and leads to A. p1: B 1-3, finds A full, waits at B, where
    # its own place is free again: B 3-5, and so on. p2 does the same from 1.5. Nobody ever waits.
    seen = Outcome(
        network(
            {"A": station(1, 20, waiting_room=0, divert="B"), "B": station(2, 2, "A")},
            arriving("A", [0.5]),
            arriving("B", [1, 1.5]),
            horizon="10 h",
        )
    )
    turns = 4 + 4  # at 3, 5, 7, 9 and at 3.5, 5.5, 7.5, 9.5
    assert seen.flows("A") == {"arrived": 1, "started": 1, "transferred_in": turns, "diverted": turns}
    assert seen.flows("B") == {
        "arrived": 2, "started": 2 + turns, "served": turns, "transferred_out": turns, "transferred_in": turns,
        "waited": turns,
    }  # fmt: skip
    assert seen.hours("B") == {"in_service": 9 + 8.5}


def test_lodging_is_found_before_the_old_place_is_given_up() -> None:
    # D is held 0.5-20.5 and overflows into S, then O. p1: S 1-3; S, which it holds, is full when it asks: D in O 3-23.
    # p2: S 3.5-5.5, finds S and O full, blocked until D is free at 20.5.
    seen = Outcome(
        network(
            {
                "S": station(1, 2, "D"),
                "O": station(1, 5),
                "D": station(1, 20, waiting_room=0, overflow={"to": ["S", "O"], "repatriate": False}),
            },
            arriving("D", [0.5]),
            arriving("S", [1, 3.5]),
        )
    )
    assert seen.flows("D") == {
        "arrived": 1, "transferred_in": 2, "started": 3, "overflowed": 1, "served": 2, "left": 2,
    }  # fmt: skip
    assert seen.hours("S") == {"in_service": 4, "blocked": 15}
    assert [seen.of_pool(name, "held_area") for name in "SO"] == [[2 + 17], [20]]


def test_every_stay_in_a_place_elsewhere_overflows() -> None:
    # p1: S 1-. p2: in O 2-8, and stays on there for stays at S 8-14, 14-20, 20-.
    ward = station(1, 10, overflow={"to": ["O"]})
    ward["service"] = [{"where": {"class": "b"}, "use": lasting(6)}, {"use": lasting(30)}]
    ward["routes"] = [{"to": {"S": 1}}]
    seen = Outcome(network({"S": ward, "O": station(1, 3)}, arriving("S", [1]), arriving("S", [2], "b")))
    assert seen.flows("S", "b") == {
        "arrived": 1, "started": 4, "overflowed": 4, "served": 3, "transferred_in": 3, "transferred_out": 3,
    }  # fmt: skip
    assert seen.of_station("S", "outlying_area") == [22 * HOUR]


def test_a_stay_again_at_the_same_station_makes_one_of_those_inside() -> None:
    # p1 (a): S 1-3, and again from 3, preempted 4-8 by q (b): it waits as one who came by transfer, so that p2 finds
    # the room outside free at 5, and p3 at 6 does not. p1 resumes 8-9 and leaves; p2 S 9-11.
    ward = station(1, 2, waiting_room=1, inside_room=0, preempt="resume", priority={"a": 1})
    ward["service"] = [{"where": {"class": "b"}, "use": lasting(4)}, {"use": lasting(2)}]
    steps = [{"from": "0 h", "value": 1}, {"from": "4 h", "value": 0}]
    ward["routes"] = [{"to": {"S": {"share": steps}, "leave": {"share": [{"from": "4 h", "value": 1}]}}}]
    seen = Outcome(network({"S": ward}, arriving("S", [1, 5, 6]), arriving("S", [4], "b")))
    assert seen.flows("S", "a") == {
        "arrived": 3, "transferred_in": 1, "transferred_out": 1, "started": 3, "served": 3, "left": 2, "lost": 1,
        "preempted": 1, "resumed": 1, "waited": 2,
    }  # fmt: skip
    assert seen.hours("S", "a") == {"waiting": 4 + 4, "in_service": 2 + 2 + 2}


def test_slots_that_offer_nothing_let_nobody_start() -> None:
    slots = [{"hours": [9, 10], "each_hour": 0}]
    seen = Outcome(network({"A": station(3, 1, slots=slots)}, arriving("A", [1, 9])))
    assert seen.flows("A") == {"arrived": 2}
    assert seen.hours("A") == {"waiting": 23 + 15}


def test_stations_that_share_a_pool_are_served_in_one_line() -> None:
    # One nurse. p1 at A 1-3. q1 waits for it from 2, p2 from 2.5: it serves q1 3-5 at B, then p2 5-7 at A.
    stations = {"A": station("inf", 2, holds={"nurse": 1}), "B": station("inf", 2, holds={"nurse": 1})}
    given = network(stations, arriving("A", [1, 2.5]), arriving("B", [2]), pools={"nurse": {"places": 1}})
    seen = Outcome(given)
    assert seen.hours("A") == {"waiting": 2.5, "in_service": 4}
    assert seen.hours("B") == {"waiting": 1, "in_service": 2}
