"""Stations that block one another in the reference program, and the swap that frees them (section 16)."""

from typing import Any

import pytest

from sim.network.schema import Network
from sim.twin.deadlock import may_lock_up
from tests.sim.twin.twin_timelines import Run, build, exactly, ward

OBSERVE = {"period": "40 h", "clocks": {"A": {"station": "A", "within": "4 h"}}, "wait_quantiles": True}


def ring(classes: dict[str, str], hours: float = 4, **more: Any) -> dict[str, Any]:
    """Station of one place without a waiting room, from which each class named goes on and the others leave."""
    routes = [{"where": {"class": cls}, "to": {to: 1}} for cls, to in classes.items()]
    return {
        "places": 1,
        "waiting_room": 0,
        "service": exactly(hours),
        "routes": [*routes, {"to": {"leave": 1}}],
        **more,
    }


def test_two_stations_swap() -> None:
    # p0 (a): A 1-5, blocked for B. p1 (b): B 2-6, bound for A. At 6 h they swap, and leave at 10 h.
    stations = {"A": ring({"a": "B"}), "B": ring({"b": "A"})}
    run = Run(build(stations, outside=[(1, "a", "A"), (2, "b", "B")], observe=OBSERVE))
    for name in ("A", "B"):
        moved = {"transferred_in": 1, "transferred_out": 1, "swapped": 1, "delayed": 1}
        assert run.flows(name) == {"arrived": 1, "started": 2, "served": 2, "left": 1, **moved}
        assert run.pool(name, "held") == 10 - (1 if name == "A" else 2)
        assert run.pool(name, "draining") == 0
    assert (run.area("A", "blocked"), run.area("B", "blocked")) == (1, 0)
    assert run.seen["events"] == 2 + 4
    assert run.clock("A") == (2, 1, 5 + 4)  # p0 until the swap, p1 from then on
    assert run.seen["wait_fine"][:, :, 0].sum() == 4


def test_three_stations_swap() -> None:
    # p0: A 1-5 for B. p1: B 2-6 for C. p2: C 3-7 for A. All move at 7 h. p3, blocked for B from 5.5 h on, does not.
    stations = {
        "A": ring({"a": "B"}),
        "B": ring({"b": "C"}),
        "C": ring({"c": "A"}),
        "D": ring({"a": "B"}, 1),
    }
    people = [(1, "a", "A"), (2, "b", "B"), (3, "c", "C"), (4.5, "a", "D")]
    run = Run(build(stations, outside=people, classes=["a", "b", "c"]))
    assert [run.flow(name, "swapped") for name in stations] == [1, 1, 1, 0]
    assert [run.area(name, "blocked") for name in stations] == [2, 1, 0, 11 - 5.5]


def test_the_longest_blocked_moves() -> None:
    # A has two places; p0 is blocked for B from 5 h on, p1 from 5.5 h on. p2 (b) at B asks for A at 6 h: p0 moves.
    # p1 moves when p0 has left B at 10 h, and leaves its place at A free.
    stations = {"A": ring({"a": "B"}, places=2), "B": ring({"b": "A"})}
    run = Run(build(stations, outside=[(1, "a", "A"), (1.5, "a", "A"), (2, "b", "B")]))
    assert run.flow("A", "swapped") == run.flow("B", "swapped") == 1
    assert run.area("A", "blocked") == (6 - 5) + (10 - 5.5)


def test_somebody_in_service_keeps_a_station_alive() -> None:
    # A has two places, the other of which is held until 20 h by somebody who goes on to B; nobody swaps before that.
    service = [{"where": {"class": "c"}, "use": exactly(19)}, {"use": exactly(4)}]
    stations = {"A": {**ring({"a": "B", "c": "B"}, places=2), "service": service}, "B": ring({"b": "A"})}
    run = Run(build(stations, outside=[(1, "a", "A"), (1, "c", "A"), (2, "b", "B")], classes=["a", "b", "c"]))
    assert run.flow("A", "swapped") == 1
    assert run.area("A", "blocked", 0) == 20 - 5
    assert run.area("B", "blocked", 1) == 20 - 6


@pytest.mark.parametrize("places", [1, 0])
def test_deadlock_that_a_cut_brings_about(places: int) -> None:
    # A has two places until 3 h, then one or none. p0 is blocked for B from 5 h on, p1 at B for A from 6 h on. p2 (c)
    # leaves A at 10.5 h; its place is closed, so that the two are locked up, and swap then, even into a closed place.
    plan = [{"from": "0 h", "places": 2}, {"from": "3 h", "places": places}]
    service = [{"where": {"class": "c"}, "use": exactly(9)}, {"use": exactly(4)}]
    stations = {"A": {**ring({"a": "B"}, places=plan), "service": service}, "B": ring({"b": "A"})}
    run = Run(build(stations, outside=[(1, "a", "A"), (1.5, "c", "A"), (2, "b", "B")], classes=["a", "b", "c"]))
    assert run.flow("A", "swapped") == run.flow("B", "swapped") == 1
    assert (run.area("A", "blocked"), run.area("B", "blocked")) == (10.5 - 5, 10.5 - 6)
    draining = (10.5 - 3) + (14.5 - 3 if places == 0 else 0)  # p2 until 10.5 h, p0 and then p1 until 14.5 h
    assert run.pool("A", "draining") == draining


def test_deadlock_that_a_planned_change_brings_about() -> None:
    # A had two places until 6 h: p0 (a) is blocked for B, p1 (c) for N, which is full until its second place opens at
    # 12 h. p2 (b) is blocked at B for A. When p1 moves to N, p0 and p2 are locked up: they swap at 12 h.
    plan_a = [{"from": "0 h", "places": 2}, {"from": "6 h", "places": 1}]
    plan_n = [{"from": "0 h", "places": 1}, {"from": "12 h", "places": 2}]
    stations = {
        "A": ring({"a": "B", "c": "N"}, places=plan_a),
        "B": ring({"b": "A"}),
        "N": ward(plan_n, 30, waiting_room=0),
    }
    people = [(0.5, "c", "N"), (1, "a", "A"), (1, "c", "A"), (2, "b", "B")]
    run = Run(build(stations, outside=people, classes=["a", "b", "c"]))
    assert run.flow("A", "swapped") == run.flow("B", "swapped") == 1
    assert run.area("A", "blocked", 0) == 12 - 5
    assert run.flow("N", "started") == 2


def test_turnaround_keeps_a_station_alive_and_a_swap_has_none() -> None:
    # A has two places; one is in turnaround 5.5-8.5 h. p0 and p2 wait for that: p2 gets the place, nobody swaps.
    stations = {"A": ring({"a": "B"}, places=2, turnaround=exactly(3)), "B": ring({"b": "A"}, turnaround=exactly(9))}
    run = Run(build(stations, outside=[(1, "a", "A"), (1.5, "b", "A"), (2, "b", "B")]))
    assert run.flow("A", "swapped") == 0
    assert run.area("B", "blocked") == 8.5 - 6

    stations = {"A": ring({"a": "B"}, turnaround=exactly(3)), "B": ring({"b": "A"}, turnaround=exactly(3))}
    run = Run(build(stations, outside=[(1, "a", "A"), (2, "b", "B")]))
    assert run.flow("A", "swapped") == 1
    assert run.pool("A", "turnaround") == 3  # after the end, at 10 h


def test_patience_of_those_who_swap_is_over() -> None:
    patience = [{"after": exactly(1.5), "then": "leave", "state": "blocked"}]
    stations = {"A": ring({"a": "B"}, patience=patience), "B": ring({"b": "A"})}
    run = Run(build(stations, outside=[(1, "a", "A"), (2, "b", "B")]))
    assert run.flow("A", "reneged") == run.flow("B", "reneged") == 0
    assert run.flow("B", "left") == 1


def test_waiting_rooms_fill_up_before_a_swap() -> None:
    # B has a waiting room for one: p0 waits there from 5 h on and starts at 6 h, when p1 has moved to A at once.
    stations = {"A": ring({"a": "B"}), "B": ring({"b": "A"}, waiting_room=1)}
    run = Run(build(stations, outside=[(1, "a", "A"), (2, "b", "B")]))
    assert run.flow("A", "swapped") == 0
    assert run.waited("B") == 1


@pytest.mark.parametrize(
    ("change", "locks"),
    [
        ({}, True),
        ({"waiting_room": {"b": 3}}, True),
        ({"places": "inf"}, False),
        ({"waiting_room": "inf"}, False),
        ({"inside_room": "inf"}, False),
        ({"routes": []}, False),
    ],
)
def test_networks_that_may_lock_up(change: dict[str, Any], locks: bool) -> None:
    stations = {"A": {**ring({"a": "B"}), **change}, "B": ring({"b": "A"}), "C": ring({"a": "A", "b": "C"})}
    network = {"horizon": "1 d", "classes": ["a", "b"], "stations": stations}
    assert may_lock_up(Network.model_validate(network)) == locks
