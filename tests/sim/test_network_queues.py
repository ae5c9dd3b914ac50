"""Rules about places, queues and rings of stations, each broken alone in a network that uses everything."""

from typing import Any

import pytest
import yaml

from sim.network.load import load_network
from tests.sim.network_file import changed, faults_of, only

HOUR = {"kind": "deterministic", "mean": "1 h"}
NOTHING = {"kind": "deterministic", "mean": "0 h"}
RICH: dict[str, Any] = {
    "horizon": "20 d",
    "classes": ["young", "old"],
    "attributes": {"frail": ["no", "yes"]},
    "services": {"short": {"kind": "exponential", "mean": "1 d"}},
    "pools": {
        "nurses": {"places": 8, "timetable": [{"hours": [0, 6], "places": 4}]},
        "porters": {"places": "inf"},
        "funds": {"places": [{"from": "0 d", "places": 3}], "escalation": {"places": 2, "trigger": {"occupancy": 1}}},
    },
    "sources": {"door": {"class": "old", "to": "front", "every": "short", "batch": {1: 0.5, 2: 0.5}, "attend": 0.9}},
    "stations": {
        "front": {
            "places": 3,
            "service": "short",
            "holds": [{"where": {"frail": "yes"}, "pools": {"nurses": 2, "porters": 1}}, {"pools": {"nurses": 1}}],
            "overflow": {"to": ["side"]},
            "timetable": [{"weekdays": [0, 1], "hours": [8, 20], "places": 5}],
            "escalation": [{"places": 2, "trigger": {"queued": 4}, "stand_down": {"queued": 1}}],
            "turnaround": HOUR,
            "patience": [
                {"after": "short", "then": "leave"},
                {"state": "blocked", "after": "short", "then": "die"},
                {"where": {"class": "young"}, "after": "short", "then": {"class": "old"}},
                {"after": "short", "then": "side"},
            ],
            "routes": [{"where": {"class": "old"}, "to": {"back": 1}}, {"to": ["back", "side"], "choose": "shortest"}],
        },
        "side": {"places": 2, "service": "short", "waiting_room": 3, "inside_room": "inf", "divert": "back"},
        "back": {"places": 2, "service": "short", "divert": "leave", "preempt": "resume", "priority": {"old": 1}},
        "clinic": {"places": "inf", "service": HOUR, "slots": [{"hours": [9, 12], "each_hour": 2}]},
    },
    "census": [{"station": "front", "class": "old", "count": 2, "attributes": {"frail": "yes"}}],
}
RICH["pools"]["funds"]["escalation"]["stand_down"] = {"occupancy": 0.5}

F, B, C = "stations/front", "stations/back", "stations/clinic"
RING = {"places": 1, "waiting_room": 0, "service": "short", "routes": [{"to": {"b": 0.5, "leave": 0.5}}]}
RINGS: dict[str, Any] = {
    "stations/a": RING,
    "stations/b": {**RING, "routes": [{"to": {"a": 0.5, "b": 0.2, "leave": 0.3}}]},
}
STEPS = [{"after": "0 h", "amount": 2}, {"after": "2 h", "amount": 1}]
RULES: list[tuple[dict[str, Any], str, Any, str, str]] = [
    # places
    ({"pools/nurses/places": -1}, "pools.nurses.places", -1, "cannot be negative", ""),
    ({"pools/funds/places": []}, "pools.funds.places", [], "at least one step", ""),
    ({"pools/nurses/timetable/0/hours": [6, 6]}, "pools.nurses.timetable.0.hours", [6, 6], "begins before it ends", ""),
    ({f"{F}/timetable/0/weekdays": []}, "stations.front.timetable.0.weekdays", [], "at least one weekday", ""),
    ({f"{F}/timetable/0/places": 2 * 10**9}, "stations.front.timetable.0.places", 2 * 10**9, "at most", ""),
    ({f"{C}/timetable": [{"places": 3}]}, "stations.clinic.timetable", None, "timetable has no meaning", ""),
    ({f"{C}/escalation": {"places": 1, "trigger": {"queued": 1}}}, "stations.clinic.escalation", None,
     "escalation has no meaning", ""),
    ({f"{C}/turnaround": "short"}, "stations.clinic.turnaround", None, "turnaround has no meaning", ""),
    ({"pools/porters/timetable": [{"places": 3}]}, "pools.porters.timetable", None, "timetable has no meaning", ""),
    ({f"{F}/turnaround": "shrt"}, "stations.front.turnaround", "shrt", "no such service", "short"),
    ({f"{F}/escalation/0/trigger": {}}, "stations.front.escalation.0.trigger", None, "queued or occupancy", ""),
    ({f"{F}/escalation/0/stand_down": {"queued": 4}}, "stations.front.escalation.0.stand_down.queued", 4,
     "stand_down.queued must be below trigger.queued, 4", ""),
    ({"pools/funds/escalation/stand_down": {"queued": 3}}, "pools.funds.escalation.stand_down.occupancy", 1.0,
     "stand_down.occupancy must be below trigger.occupancy, 1", ""),
    ({f"{F}/escalation/0/check_every": "0 h"}, "stations.front.escalation.0.check_every", "0 h", "above zero", ""),
    ({f"{F}/escalation/0/check_every": "1.5 ms"}, "stations.front.escalation.0.check_every", "1.5 ms", "whole", ""),
    # what a stay holds
    ({f"{F}/holds/1/pools": {"nurse": 1}}, "stations.front.holds.1.pools.nurse", "nurse", "no such pool", "nurses"),
    ({f"{F}/holds": {"back": 1}}, "stations.front.holds.back", "back", "this is a station", ""),
    ({f"{F}/holds/0/where": {"frial": "yes"}}, "stations.front.holds.0.where.frial", "frial", "no such attribute",
     "frail"),
    ({f"{F}/holds": {"nurses": []}}, "stations.front.holds.nurses", None, "the first step of an amount is after 0", ""),
    ({f"{F}/holds": {"nurses": STEPS[1:]}}, "stations.front.holds.nurses", None, "is after 0 h", ""),
    ({f"{F}/holds": {"nurses": [*STEPS, {"after": "2 h", "amount": 0}]}}, "stations.front.holds.nurses", None,
     "must follow one another", ""),
    ({f"{F}/holds": {"nurses": [*STEPS, {"after": "3 h", "amount": 1}]}}, "stations.front.holds.nurses", [2, 1, 1],
     "amounts fall", ""),
    ({f"{F}/holds": {"nurses": 2 * 10**9}, "census": []}, "stations.front.holds.nurses", 2 * 10**9, "at most", ""),
    # names
    ({"stations/a\nb": {"places": 1, "service": "short"}}, "stations.a\nb", "a\nb", "one line of text", ""),
    # overflow
    ({f"{F}/overflow/to": ["sied"]}, "stations.front.overflow.to", "sied", "no such station", "side"),
    ({f"{F}/overflow/to": ["front"]}, "stations.front.overflow.to", "front", "into itself", ""),
    ({f"{F}/overflow/to": ["side", "side"]}, "stations.front.overflow.to", ["side", "side"], "must differ", ""),
    ({f"{F}/overflow/to": ["clinic"]}, "stations.front.overflow.to", "clinic", "unlimited places cannot serve", ""),
    ({"stations/clinic/overflow": {"to": ["side"]}}, "stations.clinic.overflow", None, "nobody overflows", ""),
    (
        {"stations/side/inside_room": 0},
        "stations.front.overflow.to",
        "side",
        "could wait for the place that it holds",
        "",
    ),
    # who may come and wait
    ({f"{F}/divert": "sied"}, "stations.front.divert", "sied", "no such station", "side"),
    ({f"{F}/divert": "leav"}, "stations.front.divert", "leav", "no such station", "leave"),
    ({f"{F}/divert": "front"}, "stations.front.divert", "front", "front → front", ""),
    ({f"{B}/divert": "side"}, "stations.side.divert", "back", "side → back → side", ""),
    ({"stations/side/divert": "front", f"{F}/divert": "back", f"{B}/divert": "side"}, "stations.front.divert", "back",
     "front → back → side → front", ""),
    ({f"{C}/slots/0/hours": [12, 9]}, "stations.clinic.slots.0.hours", [12, 9], "begins before it ends", ""),
    ({f"{B}/slots": [{"each_hour": 1}]}, "stations.back.preempt", "resume", "both preempt and slots", ""),
    ({f"{B}/holds": {"nurses": 1}}, "stations.back.preempt", "resume", "both preempt and holds", ""),
    ({f"{B}/overflow": {"to": ["side"]}}, "stations.back.preempt", "resume", "both preempt and overflow", ""),
    ({f"{F}/patience/0/where": {"class": "odl"}}, "stations.front.patience.0.where.class", "odl", "no such class",
     "old"),
    ({f"{F}/patience/0/after": "shrt"}, "stations.front.patience.0.after", "shrt", "no such service", "short"),
    ({f"{F}/patience/0/then": "leaves"}, "stations.front.patience.0.then", "leaves", "no such station", "leave"),
    ({f"{F}/patience/0/then": "dye"}, "stations.front.patience.0.then", "dye", "known: leave, die, front", "die"),
    ({f"{F}/patience/0/then": {}}, "stations.front.patience.0.then", None, "or {class: name}", ""),
    ({f"{F}/patience/0/then": {"class": "odl"}}, "stations.front.patience.0.then.class", "odl", "no such class", "old"),
    ({f"{F}/patience/0/then": {"clas": "old"}}, "stations.front.patience.0.then.clas", None, "unknown key", "class"),
    # routes by the state of their destinations
    ({f"{F}/routes/1/to": []}, "stations.front.routes.1.to", None, "at least one destination", ""),
    ({f"{F}/routes/1/to": ["back", "leave"]}, "stations.front.routes.1.to", "leave", "compares stations", ""),
    ({f"{F}/routes/1/to": ["back", "sied"]}, "stations.front.routes.1.to.sied", "sied", "no such station", "side"),
    ({f"{F}/routes/1/to": {"back": 1, "side": {}}}, "stations.front.routes.1.to.back", None, "has no share", ""),
    ({f"{F}/routes/1/choose": "shares", f"{F}/routes/1/to": {"back": 1, "side": {}}}, "stations.front.routes.1.to.side",
     None, "a share is missing", ""),
    # rings that could lock up
    ({**RINGS, "stations/a/reserve": {"old": 1}}, "stations.a.reserve", None, "a, b lead to one another", ""),
    ({**RINGS, "stations/a/holds": {"nurses": 1}}, "stations.a.holds", None, "cannot use holds", ""),
    ({**RINGS, "stations/b/overflow": {"to": ["side"]}}, "stations.b.overflow", None, "cannot use overflow", ""),
    ({**RINGS, "stations/b/slots": [{"each_hour": 1}]}, "stations.b.slots", None, "cannot use slots", ""),
    ({**RINGS, f"{F}/overflow/to": ["side", "a"]}, "stations.front.overflow.to", "a", "cannot be used as overflow", ""),
    # instants without end
    ({"stations/x": {"places": 1, "service": NOTHING, "patience": [{"after": NOTHING, "then": "x"}]}}, "stations", "x",
     "for ever without time passing", ""),
]  # fmt: skip


def test_the_rich_network_is_good() -> None:
    assert set(load_network(RICH).pools) == {"nurses", "porters", "funds"}


@pytest.mark.parametrize(("changes", "key", "value", "rule", "nearest"), RULES)
def test_rule(changes: dict[str, Any], key: str, value: Any, rule: str, nearest: str) -> None:
    fault = only(changes, RICH)
    assert (fault.key, fault.nearest) == (key, nearest)
    assert rule in fault.rule
    if value is not None:
        assert fault.value == value
    assert yaml.safe_load(fault.example)


ALLOWED: list[dict[str, Any]] = [
    RINGS,
    {**RINGS, "stations/a/reserve": {"old": 0}, "stations/a/turnaround": HOUR, "stations/a/preempt": "restart"},
    # no ring where there is room, where places are without limit, or where the way leads one way only
    {**RINGS, "stations/a/waiting_room": "inf", "stations/a/holds": {"nurses": 1}},
    {**RINGS, "stations/a/inside_room": "inf", "stations/b/slots": [{"each_hour": 1}]},
    {**RINGS, "stations/a/waiting_room": {"old": "inf"}, "stations/b/reserve": {"old": 1}},
    {**RINGS, "stations/a/places": "inf", "stations/b/reserve": {"old": 1}},
    {**RINGS, "stations/a/routes": [{"to": {"leave": 1}}], "stations/b/reserve": {"old": 1}},
    # patience that nobody needs, long chains of diversion, places that reserve more than there are
    {f"{C}/patience": [{"after": "short", "then": "leave"}]},
    {f"{F}/divert": "side", f"{B}/divert": "clinic"},
    {f"{F}/reserve": {"old": 9}},
    # time passes somewhere on the way
    {"stations/x": {"places": 1, "service": NOTHING, "patience": [{"after": "short", "then": "x"}]}},
    {"stations/x": {"places": "inf", "service": HOUR, "patience": [{"after": NOTHING, "then": "x"}]}},
    {"stations/x": {"places": 1, "service": HOUR, "patience": [{"after": NOTHING, "then": "front"}]}},
]


@pytest.mark.parametrize("changes", ALLOWED)
def test_what_is_allowed(changes: dict[str, Any]) -> None:
    load_network(changed(changes, RICH))


def test_room_for_some_class_only_makes_a_ring() -> None:
    rooms = {
        **RINGS,
        "stations/a/waiting_room": {"old": 0},
        "stations/b/inside_room": 0,
        "stations/b/slots": [{"each_hour": 1}],
    }
    assert only(rooms, RICH).key == "stations.b.slots"


def test_two_rings_are_told_apart() -> None:
    other = {"stations/c": {**RING, "routes": [{"to": {"d": 1}}]}, "stations/d": {**RING, "routes": [{"to": {"c": 1}}]}}
    found = faults_of({**RINGS, **other, "stations/a/reserve": {"old": 1}, "stations/d/reserve": {"old": 1}}, RICH)
    assert {f.key: f.rule[:4] for f in found} == {"stations.a.reserve": "a, b", "stations.d.reserve": "c, d"}
