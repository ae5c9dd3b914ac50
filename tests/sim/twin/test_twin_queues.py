"""Rooms, diversion, order, choice, census and clocks in the reference program (sections 5 to 7, 10 and 11)."""

from typing import Any

import numpy as np
import pytest

from sim.clock import HOUR
from sim.twin.clocks import FINE_BINS, fine_bin
from tests.sim.twin.twin_timelines import Run, build, exactly, ward


def test_those_inside_have_a_room_of_their_own() -> None:
    # g0 starts at 1 h. p0 waits outside from 2 h on, p1 is lost at 4. g1 waits inside from 3 h on, g2 is blocked from 5
    # on: when p0 starts (11 h) no room becomes free inside; when g1 starts (21 h), g2 moves up.
    run = Run(
        build(
            {"W": ward(1, 10, waiting_room=1, inside_room=1)},
            [(1, "a", "W"), (3, "a", "W"), (5, "a", "W")],
            outside=[(2, "a", "W"), (4, "a", "W")],
        )
    )
    assert run.flow("W", "lost") == 1
    assert run.area("gate 2", "blocked") == 21 - 5
    assert run.waited("W") == (11 - 2) + (21 - 3) + (31 - 21)


def test_return_visits_wait_outside() -> None:
    # p0 comes through V and returns at 4 h: the room outside is taken by p1, the one inside is empty.
    back = [{"probability": 1, "after": exactly(1), "to": "W"}]
    stations = {"W": ward(1, 10, waiting_room=1, inside_room=9), "V": ward("inf", 2, returns=back)}
    run = Run(build(stations, outside=[(1, "a", "V"), (2, "a", "W"), (3, "a", "W")]))
    assert run.flow("W", "returned") == run.flow("W", "lost") == 1


# -- diversion --------------------------------------------------------------------------------------------------------


def chain(end: str | None) -> dict[str, Any]:
    last = {} if end is None else {"divert": end}
    return {
        "A": ward(1, 30, waiting_room=0, divert="B"),
        "B": ward(1, 30, waiting_room=0, divert="C"),
        "C": ward(1, 30, waiting_room=1, **last),
    }


@pytest.mark.parametrize("end", [None, "leave"])
def test_chain_of_diversions(end: str | None) -> None:
    # One starts at A, one at B, one at C, one waits at C, the last is lost at A.
    run = Run(build(chain(end), outside=[(hour, "a", "A") for hour in (1, 2, 3, 4, 5)]))
    assert run.flows("A") == {"arrived": 5, "started": 1, "served": 1, "left": 1, "diverted": 3, "lost": 1}
    assert run.flow("B", "transferred_in") == run.flow("B", "started") == 1
    assert run.flow("C", "transferred_in") == 2
    assert (run.flow("C", "started"), run.area("C", "waiting")) == (2, 33 - 4)
    assert run.flow("A", "transferred_out") == run.flow("B", "diverted") == 0


def test_transfers_are_diverted_too() -> None:
    # p0 to p3 fill the chain. Through gates: the first is lost at A (way out at the end of the chain).
    full = [(hour, "a", "A") for hour in (1, 2, 3, 4)]
    run = Run(build(chain("leave"), [(5, "a", "A")], outside=full))
    assert run.flows("gate 0") == {"served": 1, "transferred_out": 1}
    assert (run.flow("A", "transferred_in"), run.flow("A", "lost")) == (1, 1)
    assert run.area("gate 0", "blocked") == 0

    run = Run(build(chain("leave"), [(5, "a", "A")], outside=full[:2]))
    assert (run.flow("A", "transferred_in"), run.flow("A", "diverted")) == (1, 2)
    assert (run.flow("C", "transferred_in"), run.flow("C", "started")) == (1, 1)

    run = Run(build(chain(None), [(5, "a", "A")], outside=full))
    assert run.area("A", "awaited") == 31 - 5
    assert run.flow("A", "diverted") == 3


def test_diversion_is_no_transfer_inside() -> None:
    # A is full. g0 is diverted to B, which has no place; it counts among those outside, where there is room for one.
    stations = {
        "A": ward(1, 30, waiting_room=0, divert="B"),
        "B": ward(0, 1, waiting_room=1, inside_room=0, divert="leave"),
    }
    run = Run(build(stations, [(2, "a", "A"), (3, "a", "A")], outside=[(1, "a", "A")]))
    assert run.flow("B", "transferred_in") == 1
    assert run.flow("A", "lost") == 1


# -- order ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order", "waits"), [("joined", 7 + 14), ("visit", 4 + 17)])
def test_order_by_visit(order: str, waits: int) -> None:
    # p0: W 1-11. p1 comes at 2 h to X, from there to W at 7. p2 comes to W at 4.
    stations = {"W": ward(1, 10, order=order), "X": ward("inf", 5, "W")}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "X"), (4, "b", "W")]))
    assert run.waited("W") == waits
    assert run.waited("W", 0) == {"joined": 14, "visit": 4}[order]


@pytest.mark.parametrize("cls", ["a", "b"])
def test_order_by_visit_within_a_class_and_between_classes(cls: str) -> None:
    # At 7 h p1, who has been about since 2 h, goes before p2, who has waited since 4 h; p3 comes before both.
    stations = {"W": ward(1, 10, order="visit"), "X": ward("inf", 5, "W"), "Y": ward("inf", 7.5, "W")}
    people = [(1, "a", "W"), (2, "a", "X"), (4, cls, "W"), (1.5, "a", "Y")]
    run = Run(build(stations, outside=people))
    assert run.snapshot("W", "waiting")[10:13] == [3, 3, 2]
    assert run.waited("W") == (11 - 9) + (21 - 7) + (31 - 4)
    assert run.waited("W", 0) == (11 - 9) + (21 - 7) + (0 if cls == "b" else 27)


@pytest.mark.parametrize(
    ("first", "waiter", "blocker", "winner"),
    [
        ("waiting", 2, 1, "waiter"),
        ("blocked", 1, 2, "blocker"),
        ("longest", 2, 1, "blocker"),
        ("longest", 1, 2, "waiter"),
    ],
)
def test_who_is_first(first: str, waiter: int, blocker: int, winner: str) -> None:
    # W is held until 5 h; class b may wait, class a is blocked. The stay takes 5 h.
    stations = {"W": ward(1, 5, waiting_room={"a": 0}, first=first)}
    run = Run(build(stations, [(0, "a", "W"), (waiter, "b", "W"), (blocker, "a", "W")]))
    start = {"waiter": 5 if winner == "waiter" else 10, "blocker": 10 if winner == "waiter" else 5}
    assert run.waited("W") == start["waiter"] - waiter
    assert run.area("W", "awaited") == start["blocker"] - blocker


# -- choice of destination --------------------------------------------------------------------------------------------


def chosen(choose: str, to: list[str], stations: dict[str, Any], people: int) -> Run:
    """Everybody comes to G, a tenth of an hour apart, and chooses an hour later."""
    gate = {"places": "inf", "service": exactly(1), "routes": [{"to": to, "choose": choose}]}
    return Run(build({"G": gate, **stations}, outside=[(i / 10, "a", "G") for i in range(people)]))


def test_shortest_queue() -> None:
    # A starts one, and one waits there; B starts one, and one waits there; A again.
    run = chosen("shortest", ["A", "B"], {"A": ward(1, 30), "B": ward(1, 30)}, 5)
    assert (run.flow("A", "transferred_in"), run.flow("B", "transferred_in")) == (3, 2)
    assert run.area("A", "waiting") == pytest.approx((31 - 1.1) + (40 - 1.4))


def test_first_free_place_then_room_then_the_first() -> None:
    stations = {"A": ward(1, 30, waiting_room=1), "B": ward(1, 30, waiting_room=1)}
    run = chosen("first_free", ["A", "B"], stations, 5)
    assert (run.flow("A", "started"), run.flow("B", "started")) == (2, 2)
    assert run.area("A", "awaited") == pytest.approx(31 - 1.4)
    assert run.area("B", "awaited") == 0


def test_least_loaded() -> None:
    # Z has no place, so it is the last resort; A has three, B two: A, B, A, B, A, and at 3/3 = 2/2 the first again.
    stations = {"Z": ward(0, 1), "A": ward(3, 30), "B": ward(2, 30)}
    run = chosen("least_loaded", ["Z", "A", "B"], stations, 6)
    assert [run.flow(name, "transferred_in") for name in "ZAB"] == [0, 4, 2]
    run = chosen("least_loaded", ["A", "B", "Y"], {**stations, "Y": ward("inf", 30)}, 4)
    assert [run.flow(name, "transferred_in") for name in "ABY"] == [1, 1, 2]


def test_least_loaded_where_all_are_closed() -> None:
    run = chosen("least_loaded", ["Z", "X"], {"Z": ward(0, 1), "X": ward(0, 1)}, 2)
    assert [run.flow(name, "transferred_in") for name in "ZX"] == [2, 0]


# -- blocked, and the hour --------------------------------------------------------------------------------------------


def test_window_closes_while_somebody_is_blocked() -> None:
    # The doors of W are open from 10 to 12 h. p0 asks at 11 and is blocked until 15 h, when V is free.
    stations = {"W": ward(1, 10, "V", window={"hours": [10, 12]}), "V": ward(1, 14, waiting_room=0)}
    run = Run(build(stations, outside=[(1, "a", "W"), (1, "a", "V")]))
    assert run.area("W", "blocked") == 4
    assert run.area("V", "in_service") == 14 + 14


# -- waiting at the start ---------------------------------------------------------------------------------------------


def test_census_of_those_who_wait() -> None:
    # Two places, no room. One is in service until 5 h; of three who wait one starts before anything else happens.
    rows = [
        {"station": "W", "class": "a", "count": 2, "state": "waiting"},
        {"station": "W", "class": "b", "count": 1, "elapsed": "5 h"},
        {"station": "W", "class": "a", "count": 1, "state": "waiting"},
    ]
    run = Run(build({"W": ward(2, 10, waiting_room=0)}, census=rows))
    assert run.snapshot("W", "in_service")[0] == 2
    assert run.flows("W") == {"started": 3, "served": 4, "left": 4, "waited": 3}
    assert run.waited("W") == 0 + 5 + 10
    assert run.seen["wait_over"][0, 0].sum(axis=0).tolist() == [2, 2]
    assert run.area("W", "in_service") == 5 + 3 * 10


# -- clocks -----------------------------------------------------------------------------------------------------------

CLOCKS = {
    "to start": {"station": "W", "until": "started", "within": "3 h"},
    "at W": {"station": "W", "within": "6 h"},
    "visit": {"station": "X", "since": "visit", "within": "10 h"},
}


@pytest.mark.parametrize(
    ("warm_up", "expected", "waits"),
    [
        (0, [(3, 1, 0 + 3 + 6), (3, 2, 4 + 7 + 10), (3, 1, 7 + 10 + 13)], [0, 3, 6]),
        (9, [(1, 1, 6), (2, 2, 7 + 10), (2, 1, 10 + 13)], [6]),
    ],
)
def test_clocks(warm_up: int, expected: list[tuple[int, int, float]], waits: list[int]) -> None:
    # p0: W 1-5, X 5-8. p1: waits 2-5, W 5-9, X 9-12. p2: waits 3-9, W 9-13, X 13-16. At 9 h the warm-up is over.
    observe = {"period": "40 h", "clocks": CLOCKS, "wait_quantiles": True}
    stations = {"W": ward(1, 4, "X"), "X": ward("inf", 3)}
    people = [(1, "a", "W"), (2, "a", "W"), (3, "b", "W")]
    run = Run(build(stations, outside=people, observe=observe, warm_up=f"{warm_up} h"))
    assert [run.clock(name) for name in CLOCKS] == expected
    assert run.seen["clock_ended"].shape == (2 if warm_up else 1, 3, 2)
    fine = run.seen["wait_fine"][0].sum(axis=0)
    assert fine.nonzero()[0].tolist() == [fine_bin(wait * HOUR) for wait in waits]
    assert run.seen["wait_fine"].sum() == len(waits) + (2 if warm_up else 3)  # at X everybody starts at once


def test_clock_of_one_who_was_blocked_runs_from_the_place() -> None:
    # g1 is blocked for W 2-5 h, then it takes the place at once.
    observe = {"period": "40 h", "clocks": CLOCKS, "wait_quantiles": True}
    stations = {"W": ward(1, 4, waiting_room=0), "X": ward(1, 1)}
    run = Run(build(stations, [(1, "a", "W"), (2, "a", "W")], observe=observe))
    assert run.clock("to start") == (2, 0, 0)
    assert run.clock("at W") == (2, 0, 8)
    assert run.seen["wait_fine"][0, 0, 0] == 2


def test_clock_runs_on_through_a_transfer_to_the_same_station() -> None:
    # p0 goes round W once: 1-5, 5-9. The second stay is in no clock until a start, nor among the waits.
    observe = {"period": "40 h", "clocks": CLOCKS, "wait_quantiles": True}
    again = {"share": [{"from": "0 h", "value": 1}, {"from": "7 h", "value": 0}]}
    leave = {"share": [{"from": "7 h", "value": 1}]}
    stations = {"W": {**ward(1, 4), "routes": [{"to": {"W": again, "leave": leave}}]}, "X": ward(1, 1)}
    run = Run(build(stations, outside=[(1, "a", "W")], observe=observe))
    assert run.flow("W", "started") == 2
    assert run.clock("to start") == (1, 0, 0)
    assert run.clock("at W") == (1, 1, 8)
    assert run.seen["wait_fine"].sum() == 1


def test_fine_waits_are_written_down_on_demand() -> None:
    assert Run(build({"W": ward(1, 4)}, outside=[(1, "a", "W")])).seen["wait_fine"].shape == (1, 2, 0)


def test_lost_on_coming_ends_no_clock() -> None:
    observe = {"period": "40 h", "clocks": CLOCKS}
    stations = {"W": ward(1, 4, waiting_room=0), "X": ward(1, 1)}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W")], observe=observe))
    assert run.flow("W", "lost") == 1
    assert run.clock("at W") == (1, 0, 4)


def test_periods_are_cut_at_the_warm_up() -> None:
    observe = {"period": "6 h"}
    network = build({"W": ward("inf", 9)}, outside=[(1, "a", "W")], observe=observe, horizon="12 h", warm_up="4 h")
    run = Run(network)
    assert (run.seen["area"][:, 0, 0, 1] / HOUR).tolist() == [3, 2, 4]


@pytest.mark.parametrize(
    ("wait", "found"),
    [(0, 0), (63, 63), (64, 64), (65, 64), (66, 65), (127, 95), (128, 96), (131, 96), (132, 97), (2**60, 1151)],
)
def test_fine_bins(wait: int, found: int) -> None:
    assert fine_bin(wait) == found


def test_fine_bins_are_narrow() -> None:
    waits = np.unique(np.geomspace(1, 2**38, 5000).astype(int)).tolist()
    bins = [fine_bin(wait) for wait in waits]
    assert bins == sorted(bins)
    assert max(bins) < FINE_BINS
    lowest = dict(zip(reversed(bins), reversed(waits), strict=True))
    assert all(wait < lowest[b] * (1 + 1 / 32) or wait == lowest[b] for wait, b in zip(waits, bins, strict=True))
