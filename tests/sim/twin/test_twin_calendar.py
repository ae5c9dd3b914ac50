"""Timetables, slots and escalation in the reference program (section 15)."""

from typing import Any

import pytest

from sim.clock import HOUR
from sim.twin import Twin
from tests.sim.twin.twin_timelines import REPLICATION, SEED, Run, build, exactly, ward

# The start, 1 April 2018, is a Sunday (weekday 6).


def open_hours(first: int, last: int, places: int, **more: Any) -> dict[str, Any]:
    return {"hours": [first, last], "places": places, **more}


def offered(run: Run, station: str) -> int:
    return int(run.seen["slots_offered"][:, list(run.network.stations).index(station)].sum())


# -- timetables -------------------------------------------------------------------------------------------------------


def test_places_open_by_the_timetable() -> None:
    # Two places from 8 to 16 h, none otherwise. p0 waits 1-8, stays 8-12. p1: 14-18, draining from 16 h on.
    # p2 waits 17-32 (8 h of Monday), stays 32-36.
    run = Run(
        build(
            {"W": ward(0, 4, timetable=[open_hours(8, 16, 2)])},
            outside=[(1, "a", "W"), (14, "a", "W"), (17, "a", "W")],
        )
    )
    assert run.waited("W") == 7 + 15
    assert run.pool("W", "places") == 2 * 8 + 2 * 8
    assert run.pool("W", "draining") == 2
    assert run.snapshot("W", "places")[7:10] == [0, 0, 2]  # taken before changes


def test_timetable_holds_at_the_start_and_the_first_entry_that_fits() -> None:
    entries = [open_hours(0, 24, 3, weekdays=[6]), open_hours(0, 2, 1)]
    run = Run(build({"W": ward(9, 1, timetable=entries)}))
    assert run.snapshot("W", "places")[0] == 3
    assert run.pool("W", "places") == 3 * 24 + 1 * 2 + 9 * 14  # Sunday, two hours of Monday, and the planned number


def test_planned_change_under_a_timetable_is_kept_for_later() -> None:
    plan = [{"from": "0 h", "places": 1}, {"from": "10 h", "places": 3}, {"from": "16 h", "places": 4}]
    run = Run(build({"W": ward(plan, 1, timetable=[open_hours(8, 16, 2)])}, horizon="20 h"))
    assert run.snapshot("W", "places") == [1] * 9 + [2] * 8 + [4] * 3


def test_pools_with_more_places_are_granted_together() -> None:
    # At 8 h W and the nurses open. The stay at W needs a nurse; V, whose place is there already, needs one, too, and
    # somebody has waited there for longer, but W's own pool is listed first.
    day = [open_hours(8, 16, 1)]
    stations = {
        "W": ward(0, 3, timetable=day, holds={"nurse": 1}),
        "V": ward(1, 3, holds={"nurse": 1}),
    }
    pools = {"nurse": {"places": 0, "timetable": day}}
    run = Run(build(stations, outside=[(2, "a", "W"), (1, "a", "V")], pools=pools))
    assert (run.waited("W"), run.waited("V")) == (8 - 2, 11 - 1)


# -- slots ------------------------------------------------------------------------------------------------------------


def test_slots_are_the_only_way_to_start() -> None:
    # Two slots at 9 and at 10 h each day. Five wait; two start at 9, two at 10, and the fifth with the next at 33 h.
    # Who comes at 10 h comes too late for the offer of 10 h.
    slots = [{"hours": [9, 11], "each_hour": 2}]
    people = [(1, "a", "W"), (2, "a", "W"), (3, "a", "W"), (4, "b", "W"), (10, "a", "W")]
    run = Run(build({"W": ward(9, 1, slots=slots)}, outside=people))
    assert run.waited("W") == (9 - 1) + (9 - 2) + (10 - 3) + (10 - 4) + (33 - 10)
    assert offered(run, "W") == 2 * 4
    assert run.flow("W", "waited") == run.flow("W", "started") == 5


def test_slots_that_nobody_takes_lapse() -> None:
    # There is one place. The slot of 9 h is taken until 11 h, that of 10 h lapses; p1 starts with the next day's first.
    slots = [{"hours": [9, 11], "each_hour": 1}]
    run = Run(build({"W": ward(1, 2, slots=slots)}, outside=[(1, "a", "W"), (2, "a", "W")]))
    assert run.waited("W") == (9 - 1) + (33 - 2)
    assert offered(run, "W") == 4


def test_entries_of_slots_add_up() -> None:
    slots = [{"hours": [9, 10], "each_hour": 1}, {"hours": [8, 10], "each_hour": 2}, {"weekdays": [0], "each_hour": 5}]
    run = Run(build({"W": ward(9, 1, slots=slots)}, horizon="24 h"))
    assert offered(run, "W") == 2 + 3


def test_slots_count_for_the_blocked_too() -> None:
    # Nobody may wait: p0, from upstream, is blocked until the slot of 9 h. It frees its place to p1.
    stations = {"A": ward(1, 1, "W"), "W": ward(1, 1, waiting_room=0, slots=[{"hours": [9, 11], "each_hour": 1}])}
    run = Run(build(stations, outside=[(1, "a", "A"), (2, "a", "A")]))
    assert run.area("A", "blocked") == (9 - 2) + (33 - 10)
    assert run.waited("A") == 9 - 2


# -- escalation -------------------------------------------------------------------------------------------------------


def escalation(**given: Any) -> dict[str, Any]:
    return {"places": 1, "check_every": "1 h", **given}


def test_extra_places_after_a_lead_until_they_stand_down() -> None:
    # p0: W 0.5-10.5. p1 waits from 1.5, p2 from 2.5 h on: at 3 h a place is called, which opens at 5 h (p1: 5-15).
    # p2 starts at 10.5 h (until 20.5). At 11 h nobody is queued, but two are held of one normal place; p1 leaves at
    # 15 h, after the check. At 16 h the extra place closes.
    rule = escalation(trigger={"queued": 2}, lead="2 h")
    people = [(0.5, "a", "W"), (1.5, "a", "W"), (2.5, "a", "W")]
    run = Run(build({"W": ward(1, 10, escalation=rule)}, outside=people))
    assert run.waited("W") == (5 - 1.5) + (10.5 - 2.5)
    assert run.pool("W", "places") == 40 + (16 - 5)
    assert run.pool("W", "draining") == 0


def test_nothing_is_checked_at_the_opening() -> None:
    # Called at 2 h, the place opens at 4 h, when nobody is queued any more; it closes at 5 h.
    rule = escalation(trigger={"queued": 1}, lead="2 h")
    run = Run(build({"W": ward(1, 3, escalation=rule)}, outside=[(0.5, "a", "W"), (1.5, "a", "W")]))
    assert run.waited("W") == 2
    assert run.pool("W", "places") == 40 + (5 - 4)


def test_closing_extra_places_drain_and_may_be_called_again() -> None:
    # One is held of one place at 1 h: a second opens at once. At 2 h two are held, not above twice the normal number,
    # and nobody is queued: it closes, and drains. At 3 h it is called again, and so on, every other hour.
    rule = escalation(trigger={"occupancy": 1.0, "queued": 9}, stand_down={"occupancy": 2.0})
    run = Run(build({"W": ward(1, 10, escalation=rule)}, outside=[(0.5, "a", "W"), (1.5, "a", "W")], horizon="8 h"))
    assert run.waited("W") == 0
    assert run.pool("W", "places") == 8 + 4
    assert run.pool("W", "draining") == 3


def test_escalation_of_a_shared_pool_looks_at_all_its_queues() -> None:
    # One nurse, held from 0.5 h on. One waits at each of two stations; at 3 h there are two.
    stations = {name: ward(9, 10, holds={"nurse": 1}) for name in ("A", "B")}
    pools = {"nurse": {"places": 1, "escalation": escalation(trigger={"queued": 2}, lead="0 h")}}
    people = [(0.5, "a", "A"), (1.5, "a", "A"), (2.5, "a", "B")]
    run = Run(build(stations, outside=people, pools=pools))
    assert run.waited("A") == 3 - 1.5
    assert run.waited("B") == 10.5 - 2.5


def test_rules_of_one_pool_act_side_by_side() -> None:
    # Queued: one from 1.5 h on, two from 1.8 h on. At 2 h the first rule is called and the second opens at once, for
    # both who wait. At 3.5 h the first one opens, between two checks. Neither closes while three are held.
    rules = [
        escalation(trigger={"queued": 1}, lead="90 min"),
        escalation(trigger={"queued": 2}, places=2, check_every="2 h"),
    ]
    people = [(0.5, "a", "W"), (1.5, "a", "W"), (1.8, "a", "W")]
    run = Run(build({"W": ward(1, 30, escalation=rules)}, outside=people, horizon="6 h"))
    assert run.waited("W") == pytest.approx(0.5 + 0.2)
    assert run.snapshot("W", "places") == [1, 1, 1, 3, 4, 4]
    assert run.pool("W", "places") == 2 * 1 + 4 * 3 + (6 - 3.5) * 1


def test_normal_places_change_under_escalation() -> None:
    # The extra place comes on top of the timetable: 1 + 1 until 8 h, 2 + 1 from then on.
    rule = escalation(trigger={"queued": 1}, lead="0 h")
    station = ward(1, 30, escalation=rule, timetable=[open_hours(8, 24, 2)])
    people = [(hour, "a", "W") for hour in (0.5, 1.5, 2.5, 3.5)]
    run = Run(build({"W": station}, outside=people, horizon="12 h"))
    assert run.snapshot("W", "places") == [1, 1, 1, *[2] * 6, *[3] * 3]
    assert run.waited("W") == (2 - 1.5) + (8 - 2.5)


# -- changing the plan between calls ----------------------------------------------------------------------------------


def test_controller_changes_the_planned_number() -> None:
    network = build({"W": ward(1, 4, timetable=[open_hours(8, 16, 2)])}, pools={"nurses": {"places": 2}})
    twin = Twin(network, SEED, REPLICATION)
    twin.advance(9 * HOUR)
    twin.change(10 * HOUR, "places", "W", 5)
    twin.change(10 * HOUR, "places", "nurses", 3)
    with pytest.raises(ValueError, match="nobody"):
        twin.change(10 * HOUR, "places", "nobody", 5)
    twin.advance(40 * HOUR)
    seen = twin.observations()["places_area"][0] / HOUR
    assert seen.tolist() == [1 * 8 + 2 * 8 + 5 * 16 + 2 * 8, 2 * 10 + 3 * 30]


def test_cutting_a_run_changes_nothing() -> None:
    rule = escalation(trigger={"queued": 1}, lead="90 min")
    stations = {
        "W": ward(1, 3, escalation=rule, timetable=[open_hours(8, 16, 2)], turnaround=exactly(0.5)),
        "S": ward(2, 5, "W", slots=[{"hours": [9, 20], "each_hour": 1}]),
    }
    sources = {f"to {name}": {"class": "a", "to": name, "rate_per_day": 9} for name in stations}
    network = build(stations, sources=sources)
    whole, cut = Twin(network, SEED, REPLICATION), Twin(network, SEED, REPLICATION)
    whole.advance(40 * HOUR)
    for at in (0, 1, HOUR - 1, HOUR, HOUR + 1, 9 * HOUR, 9 * HOUR + 1, 31 * HOUR, 40 * HOUR):
        cut.advance(at)
    a, b = whole.observations(), cut.observations()
    assert all((a[name] == b[name]).all() for name in a if name not in ("events", "fingerprint"))
    assert (a["events"], a["fingerprint"]) == (b["events"], b["fingerprint"])
    assert a["events"] > 30
