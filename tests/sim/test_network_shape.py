"""What may stand at a key: each fault of shape and range in plain words, with key, value and nearest choice."""

import copy
from typing import Any

import pytest
import yaml

from sim.errors import FaultsError
from sim.network.examples import example_of
from sim.network.load import load_network
from sim.network.schema import Network, Observe
from sim.reading.shape import shape_faults
from tests.sim.network_file import GOOD, only

# -- shape and range: (path, value, key, value shown, rule contains) --------------------------------------------------

DURATION = "give a duration with its unit (ms, s, min, h, d, w), for example '4 h'."
INSTANT = "an instant is a date (2019-04-01) or a duration from the start ('30 d')."
FORMS: list[tuple[str, Any, str, Any, str]] = [
    ("horizon", 20, "horizon", 20, DURATION),
    ("horizon", "20", "horizon", "20", DURATION),
    ("horizon", "20 days", "horizon", "20 days", DURATION),
    ("horizon", "1.2.3 d", "horizon", "1.2.3 d", DURATION),
    ("horizon", "1e400 d", "horizon", "1e400 d", DURATION),
    ("horizon", "-1 d", "horizon", "-1 d", "must be 0 or more."),
    ("start", "2018-13-01", "start", "2018-13-01", "give a date (2019-04-01)."),
    ("classes", [], "classes", None, "has 0 entries, needs at least 1."),
    ("classes", "old", "classes", "old", "give a list."),
    ("classes", [1, "old"], "classes.0", 1, "give text."),
    ("stations", {}, "stations", None, "has 0 entries, needs at least 1."),
    ("stations", ["ward"], "stations", None, "give a mapping of keys."),
    ("attributes/frail", [], "attributes.frail", None, "has 0 entries, needs at least 1."),
    ("noise/weather/variance", 5, "noise.weather.variance", 5, "must be 4 or less."),
    ("noise/weather/correlation", 1, "noise.weather.correlation", 1, "must be below 1."),
    ("services/short", "quick", "services.short", "quick", "give a mapping of keys."),
    ("services/short/mean", 4, "services.short.mean", 4, DURATION),
    ("services/short/mean", "4", "services.short.mean", "4", DURATION),
    ("sources/door/rate_per_day", -1, "sources.door.rate_per_day", -1, "must be 0 or more."),
    ("sources/door/rate_per_day", "many", "sources.door.rate_per_day", "many", "give a number."),
    ("sources/door/hour", [1, 2], "sources.door.hour", None, "has 2 entries, needs at least 24."),
    ("sources/door/hour", [1] * 25, "sources.door.hour", None, "has 25 entries, takes at most 24."),
    ("sources/door/weekday", [1] * 6, "sources.door.weekday", None, "needs at least 7."),
    ("sources/door/month", [1] * 13, "sources.door.month", None, "takes at most 12."),
    ("sources/door/week", [1] * 167, "sources.door.week", None, "needs at least 168."),
    ("sources/door/hour", [-1] + [1] * 23, "sources.door.hour.0", -1, "must be 0 or more."),
    ("sources/door/growth_per_year", -1, "sources.door.growth_per_year", -1, "must be above -1."),
    ("sources/door/begin", 3, "sources.door.begin", 3, INSTANT),
    ("sources/door/begin", "soon", "sources.door.begin", "soon", INSTANT),
    ("sources/door/level", [{"from": "x", "value": 1}], "sources.door.level.0.from", "x", INSTANT),
    ("sources/door/level", [{"from": "1 d", "value": -1}], "sources.door.level.0.value", -1, "must be 0 or more."),
    ("sources/door/attributes/frail", 4, "sources.door.attributes.frail", 4, "give a mapping of keys or text."),
    ("sources/door/attributes/frail", {"no": 2}, "sources.door.attributes.frail.no", 2, "must be 1 or less."),
    ("stations/ward/places", "many", "stations.ward.places", "many", "give a whole number, 'inf' or a list."),
    ("stations/ward/places", 2.5, "stations.ward.places", 2.5, "give a whole number, 'inf' or a list."),
    ("stations/ward/places", {"a": 1}, "stations.ward.places", None, "give a whole number, 'inf' or a list."),
    (
        "stations/ward/places",
        [{"from": "0 d", "places": -1}],
        "stations.ward.places.0.places",
        -1,
        "must be 0 or more.",
    ),
    ("stations/ward/waiting_room", "no", "stations.ward.waiting_room", "no", "'inf' or a mapping of keys."),
    (
        "stations/ward/waiting_room",
        {"old": "no"},
        "stations.ward.waiting_room.old",
        "no",
        "give a whole number or 'inf'.",
    ),
    ("stations/ward/priority", {"old": 1.5}, "stations.ward.priority.old", 1.5, "give a whole number."),
    ("stations/ward/reserve", {"old": -1}, "stations.ward.reserve.old", -1, "must be 0 or more."),
    ("stations/ward/service", 7, "stations.ward.service", 7, "give a list, a mapping of keys or text."),
    ("stations/ward/service", [{"use": 5}], "stations.ward.service.0.use", 5, "give a mapping of keys or text."),
    (
        "stations/ward/service",
        [{"use": {"kind": "exponential", "mean": 4}}],
        "stations.ward.service.0.use.mean",
        4,
        DURATION,
    ),
    (
        "stations/ward/service",
        {"kind": "weibull", "mean": "1 d", "shape": 0.01},
        "stations.ward.service.shape",
        0.01,
        "must be above 0.1.",
    ),
    (
        "stations/ward/service",
        [{"where": {"class": 3}, "use": "short"}],
        "stations.ward.service.0.where.class",
        3,
        "give text or a list.",
    ),
    ("stations/ward/multiplier", 3, "stations.ward.multiplier", 3, "give a list or a mapping of keys."),
    (
        "stations/ward/multiplier",
        {"old": [{"from": "0 d", "value": -1}]},
        "stations.ward.multiplier.old.0.value",
        -1,
        "must be 0 or more.",
    ),
    ("stations/ward/window", {"hours": [9, 25]}, "stations.ward.window.hours.1", 25, "must be 24 or less."),
    (
        "stations/ward/window",
        [{"weekdays": [7], "hours": [9, 10]}],
        "stations.ward.window.0.weekdays.0",
        7,
        "must be 6 or less.",
    ),
    ("stations/ward/flex", {"elasticity": 9, "scale": 1}, "stations.ward.flex.elasticity", 9, "must be 5 or less."),
    ("stations/ward/flex", {"elasticity": 1, "scale": 0}, "stations.ward.flex.scale", 0, "must be above 0."),
    ("stations/ward/routes", {"to": {"leave": 1}}, "stations.ward.routes", None, "give a list."),
    ("stations/ward/routes/0/to/home", 1.5, "stations.ward.routes.0.to.home", 1.5, "must be 1 or less."),
    ("stations/ward/routes/0/to/home", "x", "stations.ward.routes.0.to.home", "x", "give a number or a list."),
    (
        "stations/ward/routes/0/to/home",
        {"share": 0.5, "transition": {"kind": "exponential", "mean": 2}},
        "stations.ward.routes.0.to.home.transition.mean",
        2,
        DURATION,
    ),
    (
        "stations/ward/returns",
        [{"probability": 2, "after": "short", "to": "ward"}],
        "stations.ward.returns.0.probability",
        2,
        "must be 1 or less.",
    ),
    ("census/0/count", -1, "census.0.count", -1, "must be 0 or more."),
    ("census/0/elapsed", "soon", "census.0.elapsed", "soon", "give 'stationary' or a duration with its unit"),
    ("census/0/elapsed", "-1 d", "census.0.elapsed", "-1 d", "must be 0 or more."),
    ("warm_up", 3, "warm_up", 3, DURATION),
    ("unit", "days", "unit", "days", "give 'min', 'h', 'd' or 'w'."),
    ("sources/door/times", "soon", "sources.door.times", "soon", "give a list or a mapping of keys."),
    ("sources/door/times", ["soon"], "sources.door.times.0", "soon", INSTANT),
    ("sources/door/batch", 0, "sources.door.batch", 0, "must be 1 or more."),
    ("sources/door/batch", 1.5, "sources.door.batch", 1.5, "give a whole number or a mapping of keys."),
    ("sources/door/batch", {"two": 1}, "sources.door.batch.two", "two", "the key must be a whole number."),
    ("sources/door/attend", 1.5, "sources.door.attend", 1.5, "must be 1 or less."),
    ("pools/nurses", 4, "pools.nurses", 4, "give a mapping of keys."),
    ("pools/nurses", {"places": "some"}, "pools.nurses.places", "some", "give a whole number, 'inf' or a list."),
    (
        "stations/ward/timetable",
        [{"hours": [9, 17], "places": -1}],
        "stations.ward.timetable.0.places",
        -1,
        "must be 0 or more.",
    ),
    (
        "stations/ward/escalation",
        {"places": 0, "trigger": {"queued": 1}},
        "stations.ward.escalation.places",
        0,
        "must be 1 or more.",
    ),
    (
        "stations/ward/escalation",
        [{"places": 1, "trigger": {"occupancy": 3}}],
        "stations.ward.escalation.0.trigger.occupancy",
        3,
        "must be 2 or less.",
    ),
    ("stations/ward/holds", {"nurses": -1}, "stations.ward.holds.nurses", -1, "must be 0 or more."),
    ("stations/ward/holds", {"nurses": "two"}, "stations.ward.holds.nurses", "two", "give a list."),
    ("stations/ward/holds", ["nurses"], "stations.ward.holds.0", "nurses", "give a mapping of keys."),
    (
        "stations/ward/holds",
        [{"pools": {"nurses": [{"after": 0, "amount": 1}]}}],
        "stations.ward.holds.0.pools.nurses.0.after",
        0,
        DURATION,
    ),
    ("stations/ward/overflow", {"to": []}, "stations.ward.overflow.to", None, "has 0 entries, needs at least 1."),
    ("stations/ward/inside_room", "no", "stations.ward.inside_room", "no", "give a whole number or 'inf'."),
    ("stations/ward/order", "age", "stations.ward.order", "age", "give 'joined' or 'visit'."),
    ("stations/ward/first", "old", "stations.ward.first", "old", "give 'waiting', 'blocked' or 'longest'."),
    ("stations/ward/preempt", True, "stations.ward.preempt", True, "give 'resume', 'restart' or 'resample'."),
    ("stations/ward/slots", [{"each_hour": -1}], "stations.ward.slots.0.each_hour", -1, "must be 0 or more."),
    ("stations/ward/patience", [{}] * 9, "stations.ward.patience", None, "has 9 entries, takes at most 8."),
    (
        "stations/ward/patience",
        [{"after": "short", "then": 3}],
        "stations.ward.patience.0.then",
        3,
        "give text or a mapping of keys.",
    ),
    ("stations/ward/routes/0/choose", "best", "stations.ward.routes.0.choose", "best", "or 'least_loaded'."),
    ("stations/ward/routes/0/to", "home", "stations.ward.routes.0.to", "home", "give a mapping of keys."),
    ("census/0/state", "asleep", "census.0.state", "asleep", "give 'in_service' or 'waiting'."),
    ("observe/clocks", {"a": {"station": "ward", "within": 4}}, "observe.clocks.a.within", 4, DURATION),
    ("observe/period", "year", "observe.period", "year", "give 'month' or a duration with its unit"),
    ("observe/snapshot_every", 6, "observe.snapshot_every", 6, DURATION),
    ("observe/wait_over", ["4"], "observe.wait_over.0", "4", DURATION),
]


@pytest.mark.parametrize(("path", "given", "key", "shown", "rule"), FORMS)
def test_fault_of_shape(path: str, given: Any, key: str, shown: Any, rule: str) -> None:
    fault = only({path: given})
    assert (fault.key, fault.value) == (key, shown)
    assert fault.rule.endswith(rule) or rule in fault.rule
    assert "input should" not in str(fault).lower()
    assert yaml.safe_load(fault.example)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("horizon", "horizon"),
        ("stations/ward/service", "stations.ward.service"),
        ("sources/door/to", "sources.door.to"),
        ("census/0/class", "census.0.class"),
    ],
)
def test_missing_key(path: str, key: str) -> None:
    data = copy.deepcopy(GOOD)
    *way, last = path.split("/")
    inner: Any = data
    for part in way:
        inner = inner[int(part)] if isinstance(inner, list) else inner[part]
    del inner[last]
    with pytest.raises(FaultsError) as caught:
        load_network(data)
    assert [(f.key, f.rule) for f in caught.value.faults] == [(key, "this key is missing.")]


@pytest.mark.parametrize(
    ("path", "key", "nearest"),
    [
        ("stationz", "stationz", "stations"),
        ("sources/door/rate", "sources.door.rate", "rate_per_day"),
        ("stations/ward/beds", "stations.ward.beds", ""),
        ("stations/ward/waitingroom", "stations.ward.waitingroom", "waiting_room"),
        ("services/short/men", "services.short.men", "mean"),
        ("observe/periods", "observe.periods", "period"),
        ("census/0/clas", "census.0.clas", "class"),
        ("stations/ward/routes/0/wher", "stations.ward.routes.0.wher", "where"),
        ("stations/ward/room", "stations.ward.room", "inside_room"),
        ("stations/ward/place", "stations.ward.place", "places"),
    ],
)
def test_unknown_key_and_its_nearest_choice(path: str, key: str, nearest: str) -> None:
    fault = only({path: 1})
    assert (fault.key, fault.nearest) == (key, nearest)
    assert fault.rule.startswith("unknown key; known here: ")


def test_nearest_kind_of_service() -> None:
    fault = only({"stations/ward/service": {"kind": "exponental", "mean": "1 d"}})
    assert (fault.key, fault.value, fault.nearest) == ("stations.ward.service.kind", "exponental", "exponential")


@pytest.mark.parametrize("given", [[1], "text", None, 3])
def test_not_a_mapping(given: Any) -> None:
    with pytest.raises(FaultsError, match="a network is a mapping"):
        load_network(given) if not isinstance(given, str) else shape_or_raise(given)


def shape_or_raise(given: Any) -> None:
    raise FaultsError(shape_faults(Network, given, "network")[1])


def test_name_that_is_not_text() -> None:
    data = copy.deepcopy(GOOD)
    data["stations"][7] = {"places": 1, "service": "short"}
    with pytest.raises(FaultsError, match="a name must be text"):
        load_network(data)


def test_shape_faults_of_any_model() -> None:
    model, faults = shape_faults(Observe, {"by": 3}, "observe", example=example_of)
    assert model is None
    assert [str(f) for f in faults] == ["by = 3: give a list. For example: by: [severity]"]
    assert shape_faults(Observe, {"by": ["a"]}, "observe") == (Observe(by=["a"]), [])
