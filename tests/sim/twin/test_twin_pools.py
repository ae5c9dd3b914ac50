"""Shared pools, steps, turnaround, overflow and repatriation in the reference program (sections 5 and 6)."""

import math
from typing import Any

import numpy as np
import pytest

from sim.clock import HOUR
from sim.errors import ConservationError
from sim.kernel.draws import pair
from sim.twin import Twin
from tests.sim.twin.twin_timelines import REPLICATION, SEED, Run, build, exactly, identity, ward


def falling(*steps: tuple[float, int]) -> list[dict[str, Any]]:
    return [{"after": f"{hours} h", "amount": amount} for hours, amount in steps]


def test_stations_share_a_pool() -> None:
    # p0: A 1-5 with both nurses. p1 has a place at B at 2 h and no nurse: it waits until 5, B 5-8.
    stations = {"A": ward(1, 4, holds={"nurses": 2}), "B": ward(3, 3, holds={"nurses": 1})}
    run = Run(build(stations, outside=[(1, "a", "A"), (2, "a", "B")], pools={"nurses": {"places": 2}}))
    assert run.waited("B") == 3
    assert run.pool("nurses", "held") == 2 * 4 + 3
    assert run.pool("nurses", "places") == 2 * 40
    assert [run.pool(name, "held") for name in ("A", "B")] == [4, 3]
    assert run.snapshot("nurses", "occupied")[:10] == [0, 0, 2, 2, 2, 2, 1, 1, 1, 0]
    assert set(run.snapshot("nurses", "waiting")) == {0}


def test_what_is_held_depends_on_the_first_rule_that_fits() -> None:
    holds = [{"where": {"class": "a"}, "pools": {"nurses": 2}}, {"pools": {}}]
    people = [(1, "a", "A"), (2, "a", "A"), (3, "b", "A")]
    run = Run(build({"A": ward(3, 4, holds=holds)}, outside=people, pools={"nurses": {"places": 3}}))
    assert run.waited("A", 0) == 3
    assert run.waited("A", 1) == 0


def test_reserve_counts_in_shared_pools_too() -> None:
    # Class a leaves one nurse free: p1 (1 + 1 + 1 > 2) waits until p0 has left; b takes the second nurse at once.
    stations = {"A": ward(9, 4, holds={"nurses": 1}, reserve={"a": 1})}
    people = [(1, "a", "A"), (2, "a", "A"), (3, "b", "A")]
    run = Run(build(stations, outside=people, pools={"nurses": {"places": 2}}))
    assert run.waited("A", 0) == 7 - 2  # at 5 h b is still there
    assert run.flow("A", "waited", 1) == 0


def test_amounts_step_down_and_free_several_pools() -> None:
    # p0: A 1-7, nurses 3, from 3 h on 1, from 6 h on 0; the chair until 3 h. p1 (2 nurses) and p2 (the chair) wait
    # from 2 to 3 h, p3 (3 nurses) until p1 has left at 8 h.
    pools = {"nurses": {"places": 3}, "chair": {"places": 1}}
    stations = {
        "A": ward(1, 6, holds={"chair": falling((0, 1), (2, 0)), "nurses": falling((0, 3), (2, 1), (5, 0))}),
        "B": ward(1, 5, holds={"nurses": 2}),
        "C": ward(1, 5, holds={"chair": 1}),
        "D": ward(1, 5, holds={"nurses": 3}),
    }
    run = Run(build(stations, outside=[(1, "a", "A"), (2, "a", "B"), (2, "a", "C"), (2, "a", "D")], pools=pools))
    assert [run.waited(name) for name in "ABCD"] == [0, 1, 1, 6]
    assert run.pool("nurses", "held") == 3 * 2 + 1 * 3 + 2 * 5 + 3 * 5
    assert run.pool("chair", "held") == 2 + 5
    assert run.seen["events"] == 4 + 4 + 2  # arrivals, ends of service, and two steps of p0


def test_step_at_the_end_of_the_stay_does_not_happen() -> None:
    # p0: A 1-3, two nurses, from 2 h on one, which it keeps while it is blocked (until 8 h); B 8-13.
    stations = {
        "A": ward(1, 2, "B", holds={"nurses": falling((0, 2), (1, 1), (2, 0))}),
        "B": ward(1, 5, waiting_room=0),
        "C": ward(1, 7, "B", holds={"nurses": 1}),
    }
    run = Run(build(stations, outside=[(1, "a", "A"), (2.5, "a", "B")], pools={"nurses": {"places": 2}}))
    assert run.area("A", "blocked") == 7.5 - 3
    assert run.pool("nurses", "held") == 2 * 1 + 1 * 1 + 1 * 4.5
    assert run.seen["events"] == 2 + 3 + 1


def test_staying_on_brings_the_amounts_back_without_asking() -> None:
    # p0 goes round A from 1 h on, each stay 2 h, two nurses and then one. p1 takes the free nurse at 2 h, V 2-5.
    # From 3 to 4 h three are held; at 5 h A comes before V, so nothing is short for any time.
    stations = {"A": ward(1, 2, "A", holds={"nurses": falling((0, 2), (1, 1))}), "V": ward(1, 3, holds={"nurses": 1})}
    people = [(1, "a", "A"), (2, "a", "V")]
    run = Run(build(stations, outside=people, pools={"nurses": {"places": 2}}, horizon="9 h"))
    assert run.waited("V") == 0
    assert run.pool("nurses", "draining") == 1
    assert run.pool("nurses", "held") == 4 * (2 + 1) + 3


def test_shared_pool_changes_by_plan_and_on_the_way() -> None:
    plan = [{"from": "0 h", "places": 1}, {"from": "4 h", "places": 2}]
    stations = {"A": ward(9, 30, holds={"nurses": 1})}
    people = [(1, "a", "A"), (2, "a", "A"), (3, "a", "A")]
    twin = Twin(build(stations, outside=people, pools={"nurses": {"places": plan}}), SEED, REPLICATION)
    twin.advance(5 * HOUR)
    twin.change(6 * HOUR, "places", "nurses", 3)
    twin.advance(40 * HOUR)
    seen = twin.observations()
    assert seen["wait_total"].sum() == (2 + 3) * HOUR
    assert seen["places_area"][0].tolist() == [9 * 40 * HOUR, (4 + 2 * 2 + 3 * 34) * HOUR]


# -- turnaround -------------------------------------------------------------------------------------------------------


def test_turnaround_keeps_the_place_from_the_next() -> None:
    # p0: 1-3, turnaround 3-4. p1 waits 2-4, 4-6, turnaround 6-7.
    run = Run(build({"W": ward(1, 2, turnaround=exactly(1))}, outside=[(1, "a", "W"), (2, "a", "W")]))
    assert run.waited("W") == 2
    assert (run.pool("W", "held"), run.pool("W", "turnaround")) == (4, 2)
    assert run.snapshot("W", "occupied")[:9] == [0, 0, 1, 1, 1, 1, 1, 1, 0]
    assert run.seen["events"] == 2 + 2 + 2


def test_turnaround_is_drawn_by_who_leaves() -> None:
    run = Run(build({"W": ward(1, 2, turnaround={"kind": "exponential", "mean": "1 h"})}, outside=[(1, "a", "W")]))
    u, _ = pair(SEED, REPLICATION, 9, np.uint64(identity(0)), 1)
    assert run.seen["turnaround_area"].sum() == math.floor(-HOUR * math.log(u) + 0.5)


def test_one_entity_leaves_two_places_in_one_instant() -> None:
    # Stays at W and V take no time, so whoever goes W, V, W leaves two places at W in turnaround, which end together.
    stations = {
        "W": {**ward(99, 0, turnaround=exactly(1)), "routes": [{"to": {"V": 0.5, "leave": 0.5}}]},
        "V": ward("inf", 0, "W"),
    }
    run = Run(build(stations, outside=[(i, "a", "W") for i in range(20)]))
    assert run.flow("W", "served") > 25
    assert run.pool("W", "turnaround") == run.flow("W", "served")


def test_leaving_for_itself_needs_no_turnaround() -> None:
    run = Run(build({"W": ward(1, 2, "W", turnaround=exactly(1))}, outside=[(1, "a", "W")]))
    assert run.pool("W", "turnaround") == 0


# -- overflow ---------------------------------------------------------------------------------------------------------


def test_outlier_comes_home_and_frees_its_place() -> None:
    # p0: W 1-11. p1 lodges at O from 2 h on, comes home at 11, leaves at 12. p2 waits at O 3-11, O 11-21.
    stations = {"W": ward(1, 10, overflow={"to": ["O"]}), "O": ward(1, 10)}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W"), (3, "a", "O")]))
    once = {"overflowed": 1, "repatriated": 1}
    assert run.flows("W") == {"arrived": 2, "started": 2, "served": 2, "left": 2, **once}
    assert run.flows("O") == {"arrived": 1, "started": 1, "served": 1, "left": 1, "waited": 1}
    assert run.pool("W", "outlying") == 9
    assert (run.pool("W", "held"), run.pool("O", "held")) == (10 + 1, 9 + 10)
    assert run.area("W", "in_service") == 20
    assert run.waited("O") == 8


def test_outlier_stays_where_nobody_fetches_it() -> None:
    stations = {"W": ward(1, 10, overflow={"to": ["O"], "repatriate": False}), "O": ward(1, 10)}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W"), (3, "a", "O")]))
    assert run.waited("O") == 12 - 3
    assert run.pool("W", "outlying") == 10


def test_the_place_lodged_in_has_its_own_turnaround() -> None:
    stations = {"W": ward(1, 10, overflow={"to": ["O"]}), "O": ward(1, 10, turnaround=exactly(0.5))}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W"), (3, "a", "O")]))
    assert run.waited("O") == 11.5 - 3
    assert run.pool("O", "turnaround") == 0.5 + 0.5  # after p1 and after p2


def test_the_first_to_start_comes_home_first() -> None:
    # p1 lodges at O, p2 at P, as O is full. At 11 h p1 comes home; at 12 h it leaves, and p2 comes home.
    stations = {"W": ward(1, 10, overflow={"to": ["O", "P"]}), "O": ward(1, 1), "P": ward(1, 1)}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W"), (4, "a", "W")]))
    assert run.flow("W", "repatriated") == 2
    assert (run.pool("O", "held"), run.pool("P", "held")) == (11 - 2, 12 - 4)


def test_waiting_goes_before_coming_home() -> None:
    # p0: W 1-11. p1 lodges at O 2-12, p2 waits from 3 h on and takes the place at W at 11; p1 never comes home.
    stations = {"W": ward(1, 10, overflow={"to": ["O"]}), "O": ward(1, 10)}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W"), (3, "a", "W")]))
    assert run.waited("W") == 8
    assert run.flow("W", "repatriated") == 0


def test_who_queues_for_the_other_station_goes_first() -> None:
    # O has two places, but its stays need the nurse, who comes at 5 h. p1 may not lodge at O at 2 h, because p2 waits
    # there. At 5 h p2 starts, and p1 might lodge at O now; but none of its pools is listed until p0 leaves at 11 h.
    plan = [{"from": "0 h", "places": 0}, {"from": "5 h", "places": 1}]
    stations = {"W": ward(1, 10, overflow={"to": ["O"]}), "O": ward(2, 10, holds={"nurse": 1})}
    people = [(1, "a", "W"), (2, "a", "W"), (1, "a", "O")]
    run = Run(build(stations, outside=people, pools={"nurse": {"places": plan}}))
    assert run.waited("O") == 4
    assert run.waited("W") == 9
    assert run.flow("W", "overflowed") == 0


def test_place_freed_elsewhere_is_granted_to_those_who_overflow() -> None:
    # Both stations are full until O frees its place at 5 h; p2 waits at W from 3 h on and lodges at O then.
    stations = {"W": ward(1, 10, overflow={"to": ["O"]}), "O": ward(1, 4)}
    run = Run(build(stations, outside=[(1, "a", "O"), (2, "a", "W"), (3, "a", "W")]))
    assert run.waited("W") == 2
    assert run.pool("O", "held") == 4 + (12 - 5)  # home at 12 h, when p1 leaves


def test_reserve_is_for_the_own_pool_only() -> None:
    # W keeps one of its two places from class a, so p1 lodges at O although W is not full.
    stations = {"W": ward(2, 10, overflow={"to": ["O"], "repatriate": False}, reserve={"a": 1}), "O": ward(1, 10)}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W")]))
    assert run.flow("W", "overflowed") == 1


def test_outlier_that_stays_on_overflows_again() -> None:
    # p1 lodges at O from 2 h on and goes round W, each stay 2 h: stays start at 2, 4 and 6 h.
    stations = {"W": ward(1, 2, "W", overflow={"to": ["O"]}), "O": ward(1, 1)}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W")], horizon="8 h"))
    assert run.flow("W", "overflowed") == 3
    assert run.pool("W", "outlying") == 6


def test_blocked_outlier_is_not_fetched() -> None:
    # p1 (class b) lodges at O, ends at 6 h and is blocked for X until 20 h. W has been empty since 11 h.
    service = [{"where": {"class": "a"}, "use": exactly(10)}, {"use": exactly(4)}]
    routes = [{"where": {"class": "a"}, "to": {"leave": 1}}, {"to": {"X": 1}}]
    stations = {
        "W": {"places": 1, "service": service, "routes": routes, "overflow": {"to": ["O"]}},
        "O": ward(1, 1),
        "X": ward(1, 19, waiting_room=0),
    }
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "b", "W"), (1, "a", "X")]))
    assert run.flow("W", "repatriated") == 0
    assert run.area("W", "blocked") == 20 - 6
    assert run.pool("W", "outlying") == 20 - 2


def test_invented_turnarounds_are_noticed() -> None:
    twin = Twin(build({"W": ward(2, 4)}, outside=[(1, "a", "W")]), SEED, REPLICATION)
    twin.world.turnarounds.append(0)
    with pytest.raises(ConservationError, match="turnarounds"):
        twin.advance(40 * HOUR)


def test_forgotten_amounts_are_noticed() -> None:
    network = build({"A": ward(2, 9, holds={"nurses": 1})}, outside=[(1, "a", "A")], pools={"nurses": {"places": 2}})
    twin = Twin(network, SEED, REPLICATION)
    twin.advance(3 * HOUR)
    next(iter(twin.world.entities.values())).held.clear()
    with pytest.raises(ConservationError, match="pool 1"):
        twin._end_period()
