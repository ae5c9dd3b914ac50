"""Rules that meet: each case is worked by hand from ``docs/semantics.md`` and run by both programs.

The comments give the course of events in hours; p1, p2, … are people in the order in which they come.
"""

import pytest

from sim.clock import HOUR
from sim.rates import stream
from tests.sim.by_hand import Outcome, arriving, lasting, network, station


def test_reneging_while_blocked() -> None:
    # p1: A 1-3, B 3-13. p2: waits 2-3, A 3-5, blocked, out of patience at 8. p3: waits 6-8, A 8-10, blocked; B is
    # free at 13, the instant at which p3's patience ends: a service ends before patience does (section 2).
    seen = Outcome(
        network(
            {
                "A": station(1, 2, "B", patience=[{"state": "blocked", "after": lasting(3), "then": "leave"}]),
                "B": station(1, 10, waiting_room=0),
            },
            arriving("A", [1, 2, 6]),
        )
    )
    assert seen.flows("A") == {
        "arrived": 3, "started": 3, "served": 3, "transferred_out": 2, "delayed": 2, "waited": 2, "reneged": 1,
    }  # fmt: skip
    assert seen.flows("B") == {"transferred_in": 2, "started": 2, "served": 2, "left": 2}
    assert seen.hours("A") == {"waiting": 3, "in_service": 6, "blocked": 6}
    assert seen.hours("B") == {"in_service": 20, "awaited": 6}
    assert seen.waits("A") == 3
    assert seen.of_pool("A", "held_area") == [12]


@pytest.mark.parametrize(
    ("urgent", "how", "flows", "hours"),
    [
        # a: 1-3, preempted, joins at 3, out of patience at 7
        (10, "resume", {"reneged": 1}, {"waiting": 4, "in_service": 2}),
        # b is done at 6; a resumes for the 8 h that are left, or starts its 10 h again; its patience no longer counts
        (3, "resume", {"resumed": 1, "waited": 1, "served": 1, "left": 1}, {"waiting": 3, "in_service": 10}),
        (3, "restart", {"resumed": 1, "waited": 1, "served": 1, "left": 1}, {"waiting": 3, "in_service": 12}),
        (3, "resample", {"resumed": 1, "waited": 1, "served": 1, "left": 1}, {"waiting": 3, "in_service": 12}),
        # b is done at 7, when a's patience ends: the service end comes first
        (4, "resume", {"resumed": 1, "waited": 1, "served": 1, "left": 1}, {"waiting": 4, "in_service": 10}),
    ],
)
def test_preempted_and_then_out_of_patience(
    urgent: float, how: str, flows: dict[str, int], hours: dict[str, float]
) -> None:
    ward = station(1, 10, preempt=how, priority={"a": 1, "b": 0}, patience=[{"after": lasting(4), "then": "leave"}]) | {
        "service": [{"where": {"class": "b"}, "use": lasting(urgent)}, {"use": lasting(10)}]
    }
    seen = Outcome(network({"ward": ward}, arriving("ward", [1]), arriving("ward", [3], "b")))
    assert seen.flows("ward", "a") == {"arrived": 1, "started": 1, "preempted": 1, **flows}
    assert seen.flows("ward", "b") == {"arrived": 1, "started": 1, "served": 1, "left": 1}
    assert seen.hours("ward", "a") == hours
    assert seen.hours("ward", "b") == {"in_service": urgent}
    assert seen.waits("ward") == (hours["waiting"] if "waited" in flows else 0)


def test_preempting_on_transfer() -> None:
    # a: ward 1-3. b: front 1-3, preempts at 3, ward 3-5. a resumes 5-13.
    ward = station(1, 10, preempt="resume", priority={"a": 1}, waiting_room=0)
    ward["service"] = [{"where": {"class": "b"}, "use": lasting(2)}, {"use": lasting(10)}]
    seen = Outcome(
        network({"front": station(1, 2, "ward"), "ward": ward}, arriving("ward", [1]), arriving("front", [1], "b"))
    )
    assert seen.flows("front") == {"arrived": 1, "started": 1, "served": 1, "transferred_out": 1}
    assert seen.flows("ward", "b") == {"transferred_in": 1, "started": 1, "served": 1, "left": 1}
    assert seen.flows("ward", "a") == {
        "arrived": 1, "started": 1, "preempted": 1, "resumed": 1, "waited": 1, "served": 1, "left": 1,
    }  # fmt: skip
    assert seen.hours("ward", "a") == {"waiting": 2, "in_service": 10}


def test_places_close_while_all_are_held_and_some_wait() -> None:
    # Places 2, from 4 one, from 10 none, from 12 one. p1 1-7, p2 2-8, p3 waits 3-8, 8-14, p4 waits 9-14, 14-20.
    plan = [{"from": f"{at} h", "places": n} for at, n in ((0, 2), (4, 1), (10, 0), (12, 1))]
    seen = Outcome(network({"ward": station(plan, 6)}, arriving("ward", [1, 2, 3, 9])))
    assert seen.flows("ward") == {"arrived": 4, "started": 4, "waited": 2, "served": 4, "left": 4}
    assert seen.hours("ward") == {"waiting": 10, "in_service": 24}
    assert seen.of_pool("ward", "places_area") == [2 * 4 + 6 + 12]
    assert seen.of_pool("ward", "draining_area") == [3 + 2]
    assert seen.of_pool("ward", "held_area") == [24]
    assert seen.snapshots("ward", "places")[3:13] == [2, 2, 1, 1, 1, 1, 1, 1, 0, 0]  # as they were before the change


def test_a_closed_place_drains_for_years() -> None:
    # In service from day 10 to day 810; the place closes on day 30. The second one waits in vain from day 20.
    plan = [{"from": "0 d", "places": 1}, {"from": "30 d", "places": 0}]
    seen = Outcome(
        network(
            {"ward": station(plan, 800 * 24)},
            arriving("ward", [240, 480]),
            horizon="1000 d",
            observe={"period": "365 d", "snapshot_every": "100 d"},
        )
    )
    days = 24.0
    assert seen.of_pool("ward", "draining_area") == [335 * days, 365 * days, 80 * days]
    assert seen.of_pool("ward", "places_area") == [30 * days, 0, 0]
    assert seen.hours("ward") == {"waiting": 980 * days, "in_service": 800 * days}
    assert seen.flows("ward") == {"arrived": 2, "started": 1, "served": 1, "left": 1}
    assert seen.snapshots("ward", "occupied") == [0, 1, 1, 1, 1, 1, 1, 1, 1, 0]


def test_class_changes_while_waiting() -> None:
    # p1 (a) 1-7. p2 (a, from 2) is b from 6 on and stands before p4 (b, from 5): 7-13. p3 (a, from 3) is b from 7 on,
    # after the place was granted (a service end comes before patience): 13-19. p4 19-.
    ward = station(1, 6, priority={"a": 1, "b": 0})
    ward["patience"] = [{"where": {"class": "a"}, "after": lasting(4), "then": {"class": "b"}}]
    seen = Outcome(network({"ward": ward}, arriving("ward", [1, 2, 3]), arriving("ward", [5], "b")))
    assert seen.flows("ward", "a") == {"arrived": 3, "started": 1, "served": 1, "left": 1, "reclassified_out": 2}
    assert seen.flows("ward", "b") == {
        "arrived": 1, "started": 3, "waited": 3, "served": 2, "left": 2, "reclassified_in": 2,
    }  # fmt: skip
    assert seen.hours("ward", "a") == {"waiting": 4 + 4, "in_service": 6}
    assert seen.hours("ward", "b") == {"waiting": 1 + 6 + 14, "in_service": 6 + 6 + 5}
    assert seen.waits("ward", "b") == 5 + 10 + 14  # each from its own joining


def test_class_changes_while_blocked() -> None:
    # B is held 1-7. p1 (a): A 1-2, blocked from 2, b from 5 on. p2 (b): A 3-4, blocked from 4. At 7 both are of class
    # b; p1 was blocked first: B 7-13. p2: B 13-19.
    front = station(2, 1, "B")
    front["patience"] = [{"where": {"class": "a"}, "state": "blocked", "after": lasting(3), "then": {"class": "b"}}]
    seen = Outcome(
        network(
            {"A": front, "B": station(1, 6, waiting_room=0, priority={"a": 1, "b": 0})},
            arriving("B", [1], "b"),
            arriving("A", [1], "a"),
            arriving("A", [3], "b"),
        )
    )
    assert seen.flows("A", "a") == {"arrived": 1, "started": 1, "served": 1, "delayed": 1, "reclassified_out": 1}
    assert seen.flows("A", "b") == {
        "arrived": 1, "started": 1, "served": 1, "delayed": 1, "reclassified_in": 1, "transferred_out": 2,
    }  # fmt: skip
    assert seen.flows("B", "b") == {"arrived": 1, "transferred_in": 2, "started": 3, "served": 3, "left": 3}
    assert seen.hours("A", "a") == {"in_service": 1, "blocked": 3}
    assert seen.hours("A", "b") == {"in_service": 1, "blocked": 2 + 9}
    assert (seen.hours("B", "a"), seen.hours("B", "b")["awaited"]) == ({"awaited": 3}, 11)


def test_ties() -> None:
    # The place opens at 2 (rank 2), both come at 2 (rank 8) in the order of their identities, one is turned away.
    # The first stay ends at 5 (rank 3), when the next one comes.
    plan = [{"from": "0 h", "places": 0}, {"from": "2 h", "places": 1}]
    seen = Outcome(
        network({"ward": station(plan, 3, waiting_room=0)}, arriving("ward", [2, 5], "a"), arriving("ward", [2], "b"))
    )
    first = "a" if stream("in 0") < stream("in 1") else "b"
    came = {"a": 2, "b": 1}
    started = {"a": 1 + (first == "a"), "b": int(first == "b")}
    for cls in ("a", "b"):
        n = started[cls]
        expected = {"arrived": came[cls], "started": n, "served": n, "left": n, "lost": came[cls] - n}
        assert seen.flows("ward", cls) == {flow: k for flow, k in expected.items() if k}
    assert seen.snapshots("ward", "occupied")[:7] == [0, 0, 0, 1, 1, 1, 1]  # as it was before the instant


def test_deadlock_while_places_close() -> None:
    # A (2 h, one place, none from 5 on) and B (3 h, one place) lead to each other. At 4, 7 and 10 both are blocked and
    # change places, also where the place is closed: occupied does not change.
    plan = [{"from": "0 h", "places": 1}, {"from": "5 h", "places": 0}]
    seen = Outcome(
        network(
            {"A": station(plan, 2, "B", waiting_room=0), "B": station(1, 3, "A", waiting_room=0)},
            arriving("A", [1]),
            arriving("B", [1]),
            horizon="11 h",
        )
    )
    for name in ("A", "B"):
        assert seen.flows(name) == {
            "arrived": 1, "started": 4, "served": 3, "delayed": 3, "swapped": 3, "transferred_in": 3,
            "transferred_out": 3,
        }  # fmt: skip
    assert seen.hours("A") == {"in_service": 7, "blocked": 3}
    assert seen.hours("B") == {"in_service": 10, "awaited": 3}
    assert seen.of_pool("A", "places_area") == [5]
    assert seen.of_pool("A", "draining_area") == [6]


def test_window_closes_while_blocked() -> None:
    # Departure from 9 to 10. p1: A 8.5-9, B 9-12. p2: A 9-9.5, asks at 9.5, blocked until 12: granted places are taken
    # whatever the hour. p3: A 13-13.5, ready between 33 and 34.
    seen = Outcome(
        network(
            {"A": station(1, 0.5, "B", window={"hours": [9, 10]}), "B": station(1, 3, waiting_room=0)},
            arriving("A", [8.5, 9, 13]),
        )
    )
    assert seen.flows("A") == {"arrived": 3, "started": 3, "served": 3, "transferred_out": 2, "delayed": 1}
    assert seen.hours("A") == {"in_service": 1.5, "blocked": 2.5, "in_transition": 10.5}
    assert seen.hours("B") == {"in_service": 6, "awaited": 2.5}


def test_the_preempted_exceed_the_waiting_room() -> None:
    # p1 (a) 1-3, preempted by b (3-5), before p2 in a room of one that p2 fills: p3 at 4 is lost, and p4 at 6 too,
    # when p2 alone waits. p1 resumes 5-13, p2 13-23.
    ward = station(1, 10, preempt="resume", priority={"a": 1}, waiting_room=1)
    ward["service"] = [{"where": {"class": "b"}, "use": lasting(2)}, {"use": lasting(10)}]
    seen = Outcome(network({"ward": ward}, arriving("ward", [1, 2, 4, 6]), arriving("ward", [3], "b")))
    assert seen.flows("ward", "a") == {
        "arrived": 4, "started": 2, "preempted": 1, "resumed": 1, "waited": 2, "lost": 2, "served": 2, "left": 2,
    }  # fmt: skip
    assert seen.hours("ward", "a") == {"waiting": 11 + 2, "in_service": 20}
    assert seen.snapshots("ward", "waiting")[2:7] == [0, 1, 2, 2, 1]
    assert seen.waits("ward", "a") == 13


def test_turnaround_while_somebody_is_blocked() -> None:
    # p1: A 1-2, B 2-6, turnaround to 8. p2: A 3-4, blocked to 8, B 8-12, turnaround to 14. p3: waits 5-8, A 8-9,
    # blocked to 14, B 14-18, turnaround to 20.
    seen = Outcome(
        network(
            {"A": station(1, 1, "B"), "B": station(1, 4, waiting_room=0, turnaround=lasting(2))},
            arriving("A", [1, 3, 5]),
        )
    )
    assert seen.hours("A") == {"waiting": 3, "in_service": 3, "blocked": 4 + 5}
    assert seen.hours("B") == {"in_service": 12, "awaited": 9}
    assert seen.of_pool("B", "held_area") == [12]
    assert seen.of_pool("B", "turnaround_area") == [6]
    assert seen.snapshots("B", "occupied")[6:10] == [1, 1, 1, 1]
    assert seen.snapshots("B", "in_service")[6:10] == [1, 0, 0, 1]
    assert seen.snapshots("B", "occupied")[-4:] == [1, 0, 0, 0]


def test_overflow_then_home_then_blocked() -> None:
    # p1: S 1-7, T 7-15. p2 from 3 in O, home at 7, ends at 9, blocked to 15, T 15-23. q (of O) waits 4-7, O 7-10.
    # p3 comes at 8, finds S and O full, starts in O at 10, comes home at 15, ends at 16, blocked to 23, T 23-.
    seen = Outcome(
        network(
            {
                "S": station(1, 6, "T", overflow={"to": ["O"]}),
                "O": station(1, 3),
                "T": station(1, 8, waiting_room=0),
            },
            arriving("S", [1, 3, 8]),
            arriving("O", [4]),
        )
    )
    assert seen.flows("S") == {
        "arrived": 3, "started": 3, "served": 3, "waited": 1, "overflowed": 2, "repatriated": 2, "delayed": 2,
        "transferred_out": 3,
    }  # fmt: skip
    assert seen.flows("O") == {"arrived": 1, "started": 1, "waited": 1, "served": 1, "left": 1}
    assert seen.hours("S") == {"waiting": 2, "in_service": 18, "blocked": 6 + 7}
    assert seen.hours("O") == {"waiting": 3, "in_service": 3}
    assert seen.hours("T") == {"in_service": 8 + 8 + 1, "awaited": 13}
    assert seen.of_station("S", "outlying_area") == [(4 + 5) * HOUR]
    assert [seen.of_pool(name, "held_area") for name in "SOT"] == [[22], [12], [17]]


def test_extra_places_open_while_the_queue_gives_up() -> None:
    # p1 0.5-10.5. p2 waits from 1.5, p3 from 2.5: at the check at 3 two are queued, one more place opens at 5. p2 gives
    # up at 4.5; p3 starts at 5, until 15. At 6 to 10 two places are held, more than the normal one; at 11 one is, and
    # the place closes. p4 waits 11.5-14.5 and gives up. p5 16.5-.
    rule = {"places": 1, "trigger": {"queued": 2}, "lead": "2 h", "check_every": "1 h"}
    patience = [{"after": lasting(3), "then": "leave"}]
    seen = Outcome(
        network(
            {"ward": station(1, 10, escalation=rule, patience=patience)}, arriving("ward", [0.5, 1.5, 2.5, 11.5, 16.5])
        )
    )
    assert seen.flows("ward") == {"arrived": 5, "started": 3, "waited": 1, "reneged": 2, "served": 2, "left": 2}
    assert seen.hours("ward") == {"waiting": 3 + 2.5 + 3, "in_service": 27.5}
    assert seen.of_pool("ward", "places_area") == [24 + 6]
    assert seen.of_pool("ward", "draining_area") == [0]


def test_slots_go_by_the_start_of_the_visit() -> None:
    # p1: front 1-7, joins the clinic at 7. p2 joins it at 6, p3 at 8, p4 at 11.5, each from outside. One slot at 9, 10
    # and 11: p1 is first, its visit began first; then p2, p3. p4 waits for another day; nobody starts but on a slot.
    clinic = station(5, 2, order="visit", slots=[{"hours": [9, 12], "each_hour": 1}])
    seen = Outcome(
        network(
            {"front": station("inf", 6, "clinic"), "clinic": clinic},
            arriving("front", [1], "a"),
            arriving("clinic", [6, 8, 11.5], "a"),
        )
    )
    assert seen.hours("clinic") == {"waiting": 2 + 4 + 3 + 12.5, "in_service": 6}
    assert seen.waits("clinic") == 9
    assert seen.of_station("clinic", "slots_offered") == [3]
    assert seen.snapshots("clinic", "in_service")[9:14] == [0, 1, 1 + 1, 1 + 1, 1]
