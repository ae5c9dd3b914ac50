"""Patience and preemption in the reference program (sections 14 and 17)."""

import math
from typing import Any

import numpy as np
import pytest

from sim.clock import HOUR
from sim.kernel.draws import pair
from sim.kernel.layout import STATES
from sim.rates import stream
from tests.sim.twin.twin_timelines import REPLICATION, SEED, Run, build, exactly, identity, ward


def after(hours: float, then: Any, state: str = "waiting", **more: Any) -> dict[str, Any]:
    return {"after": exactly(hours), "then": then, "state": state, **more}


LEFT_W = {"period": "40 h", "clocks": {"at W": {"station": "W", "within": "4 h"}}}


# -- patience ---------------------------------------------------------------------------------------------------------


def test_reneging_makes_room_for_the_blocked() -> None:
    # g0: W 1-11. g1 waits 2-5 and gives up. g2 is blocked 3-5, waits 5-8 and gives up.
    stations = {"W": ward(1, 10, waiting_room=1, patience=[after(3, "leave")])}
    run = Run(build(stations, [(1, "a", "W"), (2, "a", "W"), (3, "a", "W")], observe=LEFT_W))
    assert run.flows("W") == {"transferred_in": 3, "started": 1, "served": 1, "left": 1, "reneged": 2}
    assert run.area("gate 2", "blocked") == 2
    assert run.area("W", "waiting") == 6
    assert run.seen["events"] == 3 + 1 + 2
    assert run.clock("at W") == (3, 1, 10 + 3 + 3)


def test_dying_while_blocked_frees_the_place_upstream() -> None:
    # p0: W 0.5-20.5. p1: A 1-2, blocked 2-5, dies. p2 waits at A 3-5, A 5-6, blocked 6-9, dies.
    stations = {
        "A": ward(1, 1, "W", patience=[after(3, "die", "blocked")]),
        "W": ward(1, 20, waiting_room=0),
    }
    run = Run(build(stations, outside=[(0.5, "a", "W"), (1, "a", "A"), (3, "a", "A")]))
    assert run.flows("A") == {"arrived": 2, "started": 2, "served": 2, "delayed": 2, "waited": 1, "died": 2}
    assert run.area("A", "blocked") == run.area("W", "awaited") == 6
    assert run.waited("A") == 2
    assert run.pool("A", "held") == (5 - 1) + (9 - 5)


def test_end_of_service_comes_before_the_end_of_patience() -> None:
    # p0: W 1-5. p1 has patience until 5 h, and the place is free at 5 h.
    stations = {"gate": ward("inf", 1, "W"), "W": ward(1, 4, patience=[after(3, "leave")])}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W")]))
    assert run.flow("W", "reneged") == 0
    assert run.waited("W") == 3


@pytest.mark.parametrize("room", [0, 1])
def test_going_elsewhere(room: int) -> None:
    # p0: W 1-11. p1 waits 2-5, then V takes it, and p2 (3-6) finds V held: it waits there or is lost.
    stations = {"W": ward(1, 10, patience=[after(3, "V")]), "V": ward(1, 10, waiting_room=room)}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W"), (3, "a", "W")]))
    assert run.flow("W", "reneged") == run.flow("V", "transferred_in") == 2
    assert (run.flow("V", "started"), run.flow("V", "lost")) == ((1, 1), (2, 0))[room]
    assert run.waited("V") == 9 * room
    assert run.flow("W", "transferred_out") == 0


def test_going_elsewhere_from_upstream() -> None:
    # p1: A 1-2, blocked 2-3, goes to V (3-4).
    stations = {
        "A": ward(1, 1, "W", patience=[after(1, "V", "blocked")]),
        "W": ward(0, 1, waiting_room=0),
        "V": ward(1, 1),
    }
    run = Run(build(stations, outside=[(1, "a", "A"), (2, "a", "A")]))
    assert run.flow("A", "reneged") == run.flow("V", "started") == 2
    assert run.waited("A") == 1
    assert run.snapshot("V", "in_service")[:7] == [0, 0, 0, 0, 1, 0, 1]


def test_change_of_class_keeps_the_time_of_joining() -> None:
    # p0: W 1-11. p1 (a) waits from 2 h on, is b from 6 h on, and stands before p2 (b), who has waited since 3 h.
    patience = [after(4, {"class": "b"}, where={"class": "a"})]
    stations = {"W": ward(1, 10, priority={"a": 1}, patience=patience)}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W"), (3, "b", "W")]))
    assert (run.area("W", "waiting", 0), run.area("W", "waiting", 1)) == (4, 5 + 18)
    assert run.waited("W", 1) == 9 + 18
    assert run.flow("W", "reclassified_out", 0) == run.flow("W", "reclassified_in", 1) == 1
    assert run.flow("W", "started", 1) == 2


def test_change_of_class_makes_room_for_the_blocked() -> None:
    # One of each class may wait. g1 waits from 2 h on, g2 is blocked from 3 h on; at 4 h g1 becomes b, and g2 moves up.
    patience = [after(2, {"class": "b"}, where={"class": "a"})]
    stations = {"W": ward(1, 20, waiting_room=1, patience=patience)}
    run = Run(build(stations, [(1, "a", "W"), (2, "a", "W"), (3, "a", "W")], horizon="5 h"))
    assert run.area("gate 2", "blocked") == 1
    assert (run.area("W", "waiting", 0), run.area("W", "waiting", 1)) == (2 + 1, 1)


def test_rules_of_the_new_class_count_from_joining() -> None:
    # p1 becomes b at 6 h; class b gives up 3 h after joining, which is past: it does so in the same instant, as another
    # event. p2 (b) gives up at 6 h, too, p3 (b) at 8 h.
    patience = [after(4, {"class": "b"}, where={"class": "a"}), after(3, "leave", where={"class": "b"})]
    people = [(1, "a", "W"), (2, "a", "W"), (3, "b", "W"), (5, "b", "W")]
    run = Run(build({"W": ward(1, 10, patience=patience)}, outside=people))
    assert run.flow("W", "reneged", 1) == 3
    assert run.area("W", "waiting") == 4 + 3 + 3
    assert run.seen["events"] == 4 + 1 + 3 + 1


def test_what_follows_from_a_change_of_class_comes_before_the_next_rule() -> None:
    # As class b, p1 may have the place that class a leaves free. It starts at 6 h, before it could give up.
    patience = [after(4, {"class": "b"}, where={"class": "a"}), after(3, "leave", where={"class": "b"})]
    run = Run(build({"W": ward(2, 10, reserve={"a": 1}, patience=patience)}, outside=[(1, "a", "W"), (2, "a", "W")]))
    assert run.flow("W", "reneged") == 0
    assert run.waited("W", 1) == 4


def test_rule_acts_once_in_a_spell() -> None:
    # p1 is a from 2 h, b from 3, a from 4, and a it remains.
    patience = [
        after(1, {"class": "b"}, where={"class": "a"}),
        after(2, {"class": "a"}, where={"class": "b"}),
    ]
    run = Run(build({"W": ward(1, 10, patience=patience)}, outside=[(1, "a", "W"), (2, "a", "W")]))
    assert (run.area("W", "waiting", 0), run.area("W", "waiting", 1)) == (1 + 7, 1)
    assert run.flow("W", "reclassified_in", 0) == run.flow("W", "reclassified_in", 1) == 1


def test_of_equal_deadlines_the_lower_number_acts_first() -> None:
    leave, die = after(2, "leave"), after(2, "die")
    for patience, flow in (([leave, die], "reneged"), ([die, leave], "died")):
        run = Run(build({"W": ward(0, 1, patience=patience)}, outside=[(1, "a", "W")]))
        assert run.flows("W") == {"arrived": 1, flow: 1}


def test_change_of_class_while_blocked() -> None:
    # p0: W 0.5-10.5. p1 (A 0.9-1.9) and p2 (B 1-2) are blocked for W. At 5 h p2 becomes b, who goes first.
    stations = {
        "A": ward(1, 1, "W"),
        "B": ward(1, 1, "W", patience=[after(3, {"class": "b"}, "blocked")]),
        "W": ward(1, 10, waiting_room=0, priority={"a": 1}),
    }
    run = Run(build(stations, outside=[(0.5, "a", "W"), (0.9, "a", "A"), (1, "a", "B")]))
    assert run.area("A", "blocked") == pytest.approx(20.5 - 1.9)
    assert (run.area("B", "blocked", 0), run.area("B", "blocked", 1)) == (3, 5.5)
    assert run.area("W", "awaited", 1) == 5.5
    assert run.flows("B")["reclassified_out"] == run.flows("B")["reclassified_in"] == 1
    assert run.flow("W", "reclassified_in") == 0


def test_change_of_class_may_open_the_way() -> None:
    # Class a leaves two places free, class b none: p1 starts in the instant in which it becomes b.
    stations = {"W": ward(2, 10, reserve={"a": 1}, patience=[after(3, {"class": "b"})])}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W")]))
    assert run.waited("W", 1) == 3


def test_whoever_waits_at_the_start_is_impatient_from_then_on() -> None:
    row = {"station": "W", "class": "a", "count": 1, "state": "waiting"}
    run = Run(build({"W": ward(0, 1, patience=[after(3, "leave")])}, census=[row]))
    assert run.area("W", "waiting") == 3
    assert run.flows("W") == {"reneged": 1}


def test_deadlines_are_drawn_by_spell_and_rule() -> None:
    # p0: A 0-1, waits at W (spell 1). p1: B 0.2-1.2, is blocked (spell 1) until p0 gives up, waits (spell 2).
    patience = [
        after(1, "leave", where={"class": "b"}),
        {"after": {"kind": "exponential", "mean": "1 h"}, "then": "leave"},
    ]
    stations = {
        "A": ward(1, 1, "W"),
        "B": ward(1, 1, "W"),
        "W": ward(0, 1, inside_room=1, patience=patience),
    }
    run = Run(build(stations, outside=[(0, "a", "A"), (0.2, "a", "B")]))

    def time(person: int, k: int) -> int:
        u, _ = pair(SEED, REPLICATION, 10, np.uint64(identity(person)), k)
        return math.floor(-HOUR * math.log(u) + 0.5)

    first, second = time(0, 8 * 1 + 1), time(1, 8 * 2 + 1)
    assert first > 0.2 * HOUR  # so that p1 is blocked before p0 gives up
    assert run.seen["area"][0, 2, 0, STATES.index("waiting")] == first + second
    assert run.seen["area"][0, 1, 0, STATES.index("blocked")] == first - 0.2 * HOUR


def test_when_the_first_gives_up_the_next_is_considered() -> None:
    # The nurse is at V until 4 h. p1, first at W, needs two nurses; p2, behind it, needs one. p1 gives up at 5 h.
    holds = [{"where": {"kind": "big"}, "pools": {"nurses": 2}}, {"pools": {"nurses": 1}}]
    sources = {
        name: {"class": "a", "to": to, "times": [f"{hour} h"], "attributes": {"kind": kind}}
        for name, hour, kind, to in (("p0", 1, "small", "V"), ("p1", 2, "big", "W"), ("p2", 3, "small", "W"))
    }
    stations = {
        "W": ward(9, 1, holds=holds, patience=[after(3, "leave", where={"kind": "big"})]),
        "V": ward(9, 3, holds=holds),
    }
    pools = {"nurses": {"places": 1}}
    run = Run(build(stations, sources=sources, pools=pools, attributes={"kind": ["small", "big"]}))
    assert run.waited("W") == 2
    assert run.flow("W", "reneged") == 1


# -- preemption -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "again"), [("resume", 4), ("restart", 6), ("resample", 6)])
def test_giving_way_and_going_on(mode: str, again: int) -> None:
    # p0 (a): W 1-3, waits until p1 (b, 3-9) has left, then goes on.
    stations = {"W": ward(1, 6, priority={"a": 1}, preempt=mode)}
    run = Run(build(stations, outside=[(1, "a", "W"), (3, "b", "W")], observe=LEFT_W))
    assert run.area("W", "in_service", 0) == 2 + again
    assert run.area("W", "in_service", 1) == 6
    counted = {"arrived": 2, "started": 2, "served": 2, "left": 2, "waited": 1, "preempted": 1, "resumed": 1}
    assert run.flows("W") == counted
    assert run.waited("W", 0) == 6
    assert run.clock("at W") == (2, 2, (9 + again - 1) + 6)
    assert run.seen["events"] == 4


@pytest.mark.parametrize("mode", ["restart", "resample"])
def test_only_resampling_raises_the_stay_number(mode: str) -> None:
    service = {"kind": "exponential", "mean": "9 h"}
    services = [{"where": {"class": "b"}, "use": exactly(1)}, {"use": service}]
    station = {"places": 1, "service": services, "priority": {"a": 1}, "preempt": mode}
    run = Run(build({"W": station}, outside=[(1, "a", "W"), (1.001, "b", "W")], horizon="100 d"))
    first, second = (pair(SEED, REPLICATION, 3, np.uint64(identity(0)), v)[0] for v in (1, 2))
    again = math.floor(-9 * HOUR * math.log(first if mode == "restart" else second) + 0.5)
    assert run.flow("W", "preempted") == 1
    assert run.seen["area"][:, 0, 0, STATES.index("in_service")].sum() == 3600 + again


def test_who_gives_way() -> None:
    # Three places: a from 1 h on, b from 2 and from 3 h on; they are equally urgent, and c is more so. The higher class
    # gives way first, and within it the one that started last. For the fourth of class c there is nobody left.
    stations = {"W": ward(3, 30, priority={"a": 1, "b": 1}, preempt="resume")}
    people = [(1, "a", "W"), (2, "b", "W"), (3, "b", "W"), *((hour, "c", "W") for hour in (4, 5, 6, 7))]
    run = Run(build(stations, outside=people, classes=["a", "b", "c"], horizon="30 h"))
    assert [run.flow("W", "preempted", cls) for cls in range(3)] == [1, 2, 0]
    assert [run.area("W", "in_service", cls) for cls in (0, 1)] == [6 - 1, (4 - 3) + (5 - 2)]
    assert run.area("W", "waiting", 2) == 30 - 7


def test_last_started_gives_way_and_the_last_to_give_way_goes_on_first() -> None:
    # p0 (1 h) and p1 (2 h) of class a; p2 (b, 4 h) takes the place of p1, p3 (b, 5 h) that of p0, who stands in front.
    # p2 leaves at 14 h: p0 goes on 14-20; p3 leaves at 15 h: p1 goes on 15-23.
    stations = {"W": ward(2, 10, priority={"a": 1}, preempt="resume")}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W"), (4, "b", "W"), (5, "b", "W")]))
    assert run.waited("W", 0) == (14 - 5) + (15 - 4)
    assert run.snapshot("W", "in_service")[19:25] == [2, 2, 1, 1, 1, 0]


def test_giving_way_and_giving_up() -> None:
    # p0: W 1-3, gives way, and gives up two hours later.
    stations = {"W": ward(1, 6, priority={"a": 1}, preempt="resume", patience=[after(2, "leave")])}
    run = Run(build(stations, outside=[(1, "a", "W"), (3, "b", "W")], observe=LEFT_W))
    assert run.flow("W", "reneged", 0) == 1
    assert run.area("W", "in_service", 0) == run.area("W", "waiting", 0) == 2
    assert run.clock("at W") == (2, 1, 4 + 6)
    assert run.flow("W", "served", 0) == 0


def test_who_gave_way_starts_anew_elsewhere() -> None:
    # p0: W 1-3, gives way, goes to V at 5 h: a stay of its own, not the rest of the old one.
    stations = {"W": ward(1, 6, priority={"a": 1}, preempt="resume", patience=[after(2, "V")]), "V": ward(1, 5)}
    run = Run(build(stations, outside=[(1, "a", "W"), (3, "b", "W")]))
    assert run.flow("V", "started") == 1
    assert run.area("V", "in_service") == 5
    assert run.flow("W", "resumed") == 0


def test_waiting_room_overfull_with_those_who_gave_way() -> None:
    # One of each class may wait. g0 (a): W 1-3; g1 (a) waits from 2 h on; g2 (b) takes the place at 3 h, and g0 waits
    # in front of g1. g3 (a) is blocked from 4 h on. At 9 h g0 goes on until 13; there still is no room for g3. At 13 h
    # g1 starts (until 19) and g3 moves up.
    stations = {"W": ward(1, 6, waiting_room=1, priority={"a": 1}, preempt="resume")}
    run = Run(build(stations, [(1, "a", "W"), (2, "a", "W"), (3, "b", "W"), (4, "a", "W")]))
    assert run.waited("W", 0) == (9 - 3) + (13 - 2) + (19 - 13)
    assert run.area("gate 3", "blocked") == 13 - 4
    assert run.flow("W", "preempted") == run.flow("W", "resumed") == 1


def test_change_of_class_leaves_those_in_front_who_gave_way() -> None:
    # p0 (b) gives way to p2 (c) at 5 h and stands in front of p1 (b, from 3 h on). p3 joins class b at 6 h, having
    # waited since 4 h: it stands behind p1, the last who is not later. So p0 goes on at 15 h (6 h are left), then p1
    # starts, then p3.
    patience = [after(2, {"class": "b"}, where={"class": "a"})]
    station = ward(1, 10, priority={"a": 1, "b": 1}, preempt="resume", patience=patience)
    people = [(1, "b", "W"), (3, "b", "W"), (5, "c", "W"), (4, "a", "W")]
    run = Run(build({"W": station}, outside=people, classes=["a", "b", "c"]))
    assert run.waited("W", 1) == (15 - 5) + (21 - 3) + (31 - 4)
    assert run.snapshot("W", "waiting")[14:33] == [3, 3, *[2] * 6, *[1] * 10, 0]


def test_reserve_and_closed_places_forbid_preemption() -> None:
    for more in ({"reserve": {"b": 1}}, {"places": [{"from": "0 h", "places": 1}, {"from": "2 h", "places": 0}]}):
        station = {**ward(1, 6, priority={"a": 1}, preempt="resume"), **more}
        run = Run(build({"W": station}, outside=[(1, "a", "W"), (3, "b", "W")]))
        assert run.flow("W", "preempted") == 0
        assert run.area("W", "in_service", 0) == 6


def test_nobody_gives_way_when_a_class_changes() -> None:
    # p1 (a) becomes b while it waits behind p0 (a).
    stations = {"W": ward(1, 6, priority={"a": 1}, preempt="resume", patience=[after(1, {"class": "b"})])}
    run = Run(build(stations, outside=[(1, "a", "W"), (2, "a", "W")]))
    assert run.flow("W", "preempted") == 0
    assert run.waited("W") == 5


def test_census_gives_way_with_the_stay_it_had() -> None:
    # Two hours are left at the start, one at 1 h; with restart it is two again.
    row = {"station": "W", "class": "a", "count": 1, "elapsed": "4 h"}
    stations = {"W": ward(1, 6, priority={"a": 1}, preempt="restart")}
    run = Run(build(stations, outside=[(1, "b", "W")], census=[row]))
    assert run.area("W", "in_service", 0) == 1 + 2
    assert run.flow("W", "served", 0) == 1
    assert stream("census:0") << 40 not in run.twin.world.entities
